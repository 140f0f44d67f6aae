//! SQL of payment batches and their lines.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use crate::features::posts::model::Phase;
use crate::features::subsidies::model::{BatchStatus, LineStatus, RejectionReason};
use crate::platform::codes::DepartementCode;
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::{payment_batches, payment_line_accounts, payment_lines};
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{AgreementId, InstalmentId, PaymentBatchId, PaymentLineId, StructureId, uuids};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = payment_batches)]
pub struct Batch {
    pub id: PaymentBatchId,
    pub reference: String,
    pub execution_on: NaiveDate,
    pub status: BatchStatus,
    pub payer_name: String,
    pub payer_iban: String,
    pub payer_bic: Option<String>,
    pub lines_count: i32,
    pub amount_cents: i64,
    pub paid_count: i32,
    pub paid_cents: i64,
    pub rejected_count: i32,
    pub rejected_cents: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = payment_lines)]
pub struct Line {
    pub id: PaymentLineId,
    pub batch_id: PaymentBatchId,
    pub number: i32,
    pub instalment_id: InstalmentId,
    pub structure_id: StructureId,
    pub amount_cents: i64,
    pub status: LineStatus,
    pub paid_on: Option<NaiveDate>,
    pub bank_reference: Option<String>,
    pub rejection: Option<RejectionReason>,
    pub answered_at: Option<DateTime<Utc>>,
    pub version: i32,
    #[diesel(sql_type = st::Text)]
    pub batch_reference: String,
    #[diesel(sql_type = st::Text)]
    pub instalment_reference: String,
    #[diesel(sql_type = st::Uuid)]
    pub agreement_id: AgreementId,
    #[diesel(sql_type = st::Text)]
    pub agreement_reference: String,
    #[diesel(sql_type = st::Text)]
    pub post_reference: String,
    #[diesel(sql_type = st::Text)]
    pub structure_name: String,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub siret: Option<String>,
}

impl Line {
    /// What the bank gives back with its answer: batch and line.
    pub fn end_to_end_id(&self) -> String {
        format!("{}-{:05}", self.batch_reference, self.number)
    }
}

/// The account to which a line goes.
#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = payment_line_accounts)]
pub struct Account {
    pub line_id: PaymentLineId,
    pub holder: String,
    pub iban: String,
    pub bic: Option<String>,
}

sortable! {
    /// Sort keys of payment batches.
    pub enum BatchSort {
        "created_at" = "b.created_at"::"timestamptz",
        "updated_at" = "b.updated_at"::"timestamptz",
        "execution_on" = "b.execution_on"::"date",
    }
}

sortable! {
    /// Sort keys of payment lines.
    pub enum LineSort {
        "number" = "l.number"::"int",
        "amount_cents" = "l.amount_cents"::"bigint",
    }
}

pub fn list(
    conn: &mut PgConnection,
    statuses: Option<Vec<BatchStatus>>,
    since: Option<DateTime<Utc>>,
    page: &PageSpec,
) -> Result<Rows<Batch>> {
    Listing::new("b.*", Sql::raw("payment_batches b"), "b.id", "uuid")
        .filter_some(statuses, |statuses| sql!("b.status = any({})", statuses))
        .filter_some(since, |since| sql!("b.updated_at >= {}", since))
        .page(conn, page)
}

pub fn find(conn: &mut PgConnection, id: PaymentBatchId) -> Result<Option<Batch>> {
    sql!("select b.* from payment_batches b where b.id = {}", id).first(conn)
}

const LINE_COLUMNS: &str = "l.*, b.reference as batch_reference, i.reference as instalment_reference, i.agreement_id, \
    a.reference as agreement_reference, p.reference as post_reference, s.name as structure_name, s.siret";
const LINE_TABLES: &str = "payment_lines l join payment_batches b on b.id = l.batch_id join instalments i on i.id = l.instalment_id \
    join agreements a on a.id = i.agreement_id left join posts p on p.id = i.post_id left join structures s on s.id = l.structure_id";

pub fn list_lines(
    conn: &mut PgConnection,
    batch: PaymentBatchId,
    statuses: Option<Vec<LineStatus>>,
    page: &PageSpec,
) -> Result<Rows<Line>> {
    Listing::new(LINE_COLUMNS, Sql::raw(LINE_TABLES), "l.id", "uuid")
        .filter(sql!("l.batch_id = {}", batch))
        .filter_some(statuses, |statuses| sql!("l.status = any({})", statuses))
        .page(conn, page)
}

/// Every line of a batch, in order.
pub fn lines(conn: &mut PgConnection, batch: PaymentBatchId) -> Result<Vec<Line>> {
    sql!(
        "select {} from {} where l.batch_id = {} order by l.number",
        Sql::raw(LINE_COLUMNS),
        Sql::raw(LINE_TABLES),
        batch
    )
    .load(conn)
}

pub fn accounts(conn: &mut PgConnection, batch: PaymentBatchId) -> Result<Vec<Account>> {
    sql!(
        "select c.* from payment_line_accounts c join payment_lines l on l.id = c.line_id where l.batch_id = {} order by l.number",
        batch
    )
    .load(conn)
}

/// What a batch is to be made of.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    pub instalments: Option<Vec<Uuid>>,
    pub phase: Option<Phase>,
    pub departements: Option<Vec<DepartementCode>>,
    pub structure: Option<StructureId>,
    pub lines: i64,
}

fn chosen(choice: &Choice) -> Sql {
    sql!(
        "i.status = 'due' and ({}::uuid[] is null or i.id = any({})) and ({}::text is null or i.phase = {})
         and ({}::text[] is null or s.departement_code = any({})) and ({}::uuid is null or i.structure_id = {})",
        given(choice.instalments.clone()),
        choice.instalments.clone().unwrap_or_default(),
        choice.phase,
        choice.phase,
        given_texts(choice.departements.clone()),
        choice.departements.clone().unwrap_or_default(),
        choice.structure,
        choice.structure
    )
}

fn given(ids: Option<Vec<Uuid>>) -> Sql {
    ids.map_or_else(|| Sql::raw("null"), |ids| sql!("{}", ids))
}

fn given_texts(codes: Option<Vec<DepartementCode>>) -> Sql {
    codes.map_or_else(|| Sql::raw("null"), |codes| sql!("{}", codes))
}

/// The agreements of due instalments, in order of their identifiers.
pub fn agreements_due(conn: &mut PgConnection, choice: &Choice) -> Result<Vec<AgreementId>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::Uuid)]
        id: AgreementId,
    }
    let rows: Vec<Row> = sql!(
        "select distinct i.agreement_id as id from instalments i join structures s on s.id = i.structure_id where {} order by 1",
        chosen(choice)
    )
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Orders what is due of locked agreements, the oldest first, and makes the batch of it. Tells the instalments; without
/// any there is no batch.
pub fn order(
    tx: &mut Tx<'_>,
    id: PaymentBatchId,
    execution_on: NaiveDate,
    agreements: &[AgreementId],
    choice: &Choice,
) -> Result<Vec<Uuid>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::Uuid)]
        id: Uuid,
    }
    let Some(payer) = tx.site().payer.clone() else { return Ok(Vec::new()) };
    let due: Vec<Row> = sql!(
        "update instalments set status = 'ordered' where id in (
            select i.id from instalments i join structures s on s.id = i.structure_id
            where {} and i.agreement_id = any({}) order by i.due_on, i.reference limit {}) and status = 'due'
         returning id",
        chosen(choice),
        uuids(agreements),
        choice.lines
    )
    .load(tx.conn())?;
    let ids: Vec<Uuid> = due.into_iter().map(|row| row.id).collect();
    if ids.is_empty() {
        return Ok(ids);
    }
    sql!(
        "insert into payment_batches (id, execution_on, payer_name, payer_iban, payer_bic, lines_count, amount_cents)
         select {}, {}, {}, {}, {}, count(*), sum(i.amount_cents - i.offset_cents) from instalments i where i.id = any({})",
        id,
        execution_on,
        payer.name,
        payer.iban,
        payer.bic,
        ids.clone()
    )
    .run(tx.conn())?;
    let lines: Vec<Uuid> = ids.iter().map(|_| Uuid::now_v7()).collect();
    sql!(
        "insert into payment_lines (id, batch_id, number, instalment_id, structure_id, amount_cents)
         select n.id, {}, row_number() over (order by i.due_on, i.reference), i.id, i.structure_id, i.amount_cents - i.offset_cents
         from unnest({}, {}) as n (id, instalment_id) join instalments i on i.id = n.instalment_id",
        id,
        lines,
        ids.clone()
    )
    .run(tx.conn())?;
    sql!(
        "insert into payment_line_accounts (line_id, holder, iban, bic)
         select l.id, d.holder, n.iban, d.bic from payment_lines l join bank_details d on d.structure_id = l.structure_id
            join bank_account_numbers n on n.structure_id = l.structure_id where l.batch_id = {}",
        id
    )
    .run(tx.conn())?;
    Ok(ids)
}

/// What the bank answered for one line.
pub enum Answer<'a> {
    Paid { on: NaiveDate, bank_reference: &'a str },
    Rejected { reason: RejectionReason },
}

pub fn answer(tx: &mut Tx<'_>, line: PaymentLineId, answer: &Answer<'_>) -> Result<()> {
    let now = tx.now().instant();
    match answer {
        Answer::Paid { on, bank_reference } => sql!(
            "update payment_lines set status = 'paid', paid_on = {}, bank_reference = {}, answered_at = {} where id = {}",
            *on,
            *bank_reference,
            now,
            line
        ),
        Answer::Rejected { reason } => sql!(
            "update payment_lines set status = 'rejected', rejection = {}, answered_at = {} where id = {}",
            *reason,
            now,
            line
        ),
    }
    .run(tx.conn())
    .map(|_| ())
}

/// Locks a batch until the end of the transaction.
pub fn lock(tx: &mut Tx<'_>, id: PaymentBatchId) -> Result<Option<Batch>> {
    sql!("select b.* from payment_batches b where b.id = {} for no key update", id).first(tx.conn())
}

/// Counts a batch's answers anew.
pub fn tally(tx: &mut Tx<'_>, id: PaymentBatchId) -> Result<()> {
    sql!(
        "update payment_batches b set paid_count = t.paid, paid_cents = t.paid_cents, rejected_count = t.rejected,
            rejected_cents = t.rejected_cents,
            status = case when t.paid + t.rejected = b.lines_count then 'answered' else 'ordered' end
         from (select count(*) filter (where status = 'paid')::int as paid, count(*) filter (where status = 'rejected')::int as rejected,
                coalesce(sum(amount_cents) filter (where status = 'paid'), 0)::bigint as paid_cents,
                coalesce(sum(amount_cents) filter (where status = 'rejected'), 0)::bigint as rejected_cents
            from payment_lines where batch_id = {}) t
         where b.id = {}",
        id,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}
