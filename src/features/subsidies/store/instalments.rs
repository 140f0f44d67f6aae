//! SQL of instalments.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use super::known_to;
use crate::features::posts::model::Phase;
use crate::features::subsidies::model::{Added, AgreementStatus, Condition, InstalmentStatus, Next, RejectionReason};
use crate::platform::auth::Actor;
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::instalments;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{AgreementId, AgreementPostId, InstalmentId, PaymentBatchId, PostId, StructureId, uuids};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = instalments)]
pub struct Instalment {
    pub id: InstalmentId,
    pub reference: String,
    pub agreement_id: AgreementId,
    pub agreement_post_id: AgreementPostId,
    pub structure_id: StructureId,
    pub post_id: PostId,
    pub phase: Phase,
    pub rank: i32,
    pub amount_cents: i64,
    pub offset_cents: i64,
    pub conditions: Vec<String>,
    pub months_elapsed: i32,
    pub settlement: bool,
    pub status: InstalmentStatus,
    pub unmet: Vec<String>,
    pub waived: Vec<String>,
    pub expected_on: Option<NaiveDate>,
    pub due_on: Option<NaiveDate>,
    pub paid_on: Option<NaiveDate>,
    pub bank_reference: Option<String>,
    pub cancelled_on: Option<NaiveDate>,
    pub rejections_count: i32,
    pub last_rejection: Option<RejectionReason>,
    pub waiver_reason: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    #[diesel(sql_type = st::Text)]
    pub agreement_reference: String,
    #[diesel(sql_type = st::Text)]
    pub agreement_status: AgreementStatus,
    #[diesel(sql_type = st::Text)]
    pub post_reference: String,
    #[diesel(sql_type = st::Text)]
    pub structure_name: String,
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
    /// Half-days of training that whoever works on the post missed without an excuse.
    #[diesel(sql_type = st::BigInt)]
    pub unjustified_absences_count: i64,
    /// The batch that holds it, or paid it.
    #[diesel(sql_type = st::Nullable<st::Uuid>)]
    pub batch_id: Option<PaymentBatchId>,
}

sortable! {
    /// Sort keys of instalments.
    pub enum InstalmentSort {
        "updated_at" = "i.updated_at"::"timestamptz",
        "expected_on" = "coalesce(i.expected_on, date '2100-01-01')"::"date",
        "reference" = "i.reference"::"text",
    }
}

/// What instalments are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub ids: Option<Vec<Uuid>>,
    pub statuses: Option<Vec<InstalmentStatus>>,
    pub blocked: Option<bool>,
    pub agreement: Option<AgreementId>,
    pub post: Option<PostId>,
    pub structure: Option<StructureId>,
    pub phase: Option<Phase>,
    pub departements: Option<Vec<DepartementCode>>,
    pub region: Option<Vec<RegionCode>>,
    pub batch: Option<PaymentBatchId>,
    pub absence: Option<bool>,
    pub expected_before: Option<NaiveDate>,
    pub updated_since: Option<DateTime<Utc>>,
}

/// Half-days missed without an excuse by whoever works on the post of the row named `i`.
const ABSENCES: &str = "(select count(*) from recruitments r join counsellors k on k.candidate_id = r.candidate_id \
    join enrolments e on e.counsellor_id = k.id join attendances t on t.enrolment_id = e.id \
    where r.post_id = i.post_id and not r.waiting and r.status in ('validated', 'termination_requested') \
        and t.status = 'unjustified_absence')";
/// Its months are over, and something else keeps it from falling due.
const BLOCKED: &str = "(i.status = 'planned' and i.unmet <> '{}' and not 'months_elapsed' = any (i.unmet))";
const TABLES: &str = "instalments i left join structures s on s.id = i.structure_id left join posts p on p.id = i.post_id \
    join agreements a on a.id = i.agreement_id";

fn columns() -> Sql {
    sql!(
        "i.*, a.reference as agreement_reference, a.status as agreement_status, p.reference as post_reference,
         s.name as structure_name, s.departement_code, s.region_code, {} as unjustified_absences_count,
         (select l.batch_id from payment_lines l where l.instalment_id = i.id and l.status <> 'rejected') as batch_id",
        Sql::raw(ABSENCES)
    )
}

fn conditions(list: &mut Listing, actor: &Actor, search: &Search) {
    list.filter(known_to(actor, false))
        .filter_some(search.ids.clone(), |ids| sql!("i.id = any({})", ids))
        .filter_some(search.statuses.clone(), |statuses| sql!("i.status = any({})", statuses))
        .filter_some(search.blocked, |blocked| sql!("{} = {}", Sql::raw(BLOCKED), blocked))
        .filter_some(search.agreement, |id| sql!("i.agreement_id = {}", id))
        .filter_some(search.post, |id| sql!("i.post_id = {}", id))
        .filter_some(search.structure, |id| sql!("i.structure_id = {}", id))
        .filter_some(search.phase, |phase| sql!("i.phase = {}", phase))
        .filter_some(search.departements.clone(), |codes| sql!("s.departement_code = any({})", codes))
        .filter_some(search.region.clone(), |codes| sql!("s.region_code = any({})", codes))
        .filter_some(search.batch, |id| {
            sql!("exists (select from payment_lines l where l.instalment_id = i.id and l.batch_id = {})", id)
        })
        .filter_some(search.absence, |absent| sql!("({} > 0) = {}", Sql::raw(ABSENCES), absent))
        .filter_some(search.expected_before, |day| sql!("i.expected_on < {}", day))
        .filter_some(search.updated_since, |since| sql!("i.updated_at >= {}", since));
}

pub fn list(conn: &mut PgConnection, actor: &Actor, search: &Search, page: &PageSpec) -> Result<Rows<Instalment>> {
    let mut list = Listing::selecting(columns(), Sql::raw(TABLES), "i.id", "uuid");
    conditions(&mut list, actor, search);
    list.page(conn, page)
}

pub fn find(conn: &mut PgConnection, actor: &Actor, id: InstalmentId) -> Result<Option<Instalment>> {
    sql!("select {} from {} where i.id = {} and {}", columns(), Sql::raw(TABLES), id, known_to(actor, false))
        .first(conn)
}

/// Sums of instalments of one state in one phase.
#[derive(Clone, Debug, QueryableByName)]
pub struct Sum {
    #[diesel(sql_type = st::Text)]
    pub phase: Phase,
    #[diesel(sql_type = st::Text)]
    pub status: InstalmentStatus,
    #[diesel(sql_type = st::BigInt)]
    pub instalments_count: i64,
    #[diesel(sql_type = st::BigInt)]
    pub amount_cents: i64,
}

/// Sums over structures: `reach` is a condition over the row named `s`.
pub fn sums(
    conn: &mut PgConnection,
    reach: Sql,
    departements: Option<Vec<DepartementCode>>,
    structure: Option<StructureId>,
) -> Result<Vec<Sum>> {
    let within = departements.map_or(Sql::raw("true"), |codes| sql!("s.departement_code = any({})", codes));
    sql!(
        "select i.phase, i.status, count(*) as instalments_count, sum(i.amount_cents)::bigint as amount_cents
         from instalments i join structures s on s.id = i.structure_id
         where {} and {} and ({}::uuid is null or s.id = {})
         group by i.phase, i.status order by i.phase, i.status",
        reach,
        within,
        structure,
        structure
    )
    .load(conn)
}

/// An instalment that is not cancelled, as the books need it.
#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = instalments)]
pub struct Live {
    pub id: InstalmentId,
    pub agreement_post_id: AgreementPostId,
    pub structure_id: StructureId,
    pub rank: i32,
    pub amount_cents: i64,
    pub offset_cents: i64,
    pub conditions: Vec<String>,
    pub months_elapsed: i32,
    pub settlement: bool,
    pub status: InstalmentStatus,
    pub unmet: Vec<String>,
    pub waived: Vec<String>,
    pub expected_on: Option<NaiveDate>,
    /// The bank refused its account, and the account is still the same.
    #[diesel(sql_type = st::Bool)]
    pub account_refused: bool,
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
}

/// The instalments of agreements that are not cancelled, by post and rank.
pub fn live(conn: &mut PgConnection, agreements: &[AgreementId]) -> Result<Vec<Live>> {
    sql!(
        "select i.*, s.departement_code, s.region_code, exists (
            select from payment_lines l join payment_line_accounts a on a.line_id = l.id
                join bank_account_numbers n on n.structure_id = i.structure_id and n.iban = a.iban
                join bank_details d on d.structure_id = i.structure_id
            where l.instalment_id = i.id and l.status = 'rejected' and l.rejection = any({})
                and d.updated_at <= l.answered_at) as account_refused
         from instalments i join structures s on s.id = i.structure_id
         where i.agreement_id = any({}) and i.status <> 'cancelled' order by i.agreement_post_id, i.rank",
        RejectionReason::of_accounts(),
        uuids(agreements)
    )
    .load(conn)
}

/// An instalment with its structure and the place of it.
#[derive(QueryableByName)]
pub struct Placed {
    #[diesel(sql_type = st::Uuid)]
    pub id: InstalmentId,
    #[diesel(sql_type = st::Uuid)]
    pub structure_id: StructureId,
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
}

/// Instalments of posts on which somebody worked, or works, who missed a training without an excuse.
pub fn with_absences(conn: &mut PgConnection, posts: &[Uuid]) -> Result<Vec<Placed>> {
    sql!(
        "select i.id, i.structure_id, s.departement_code, s.region_code
         from instalments i join structures s on s.id = i.structure_id
         where i.post_id = any({}) and exists (
            select from recruitments r join counsellors k on k.candidate_id = r.candidate_id
                join enrolments e on e.counsellor_id = k.id join attendances t on t.enrolment_id = e.id
            where r.post_id = i.post_id and t.status = 'unjustified_absence') order by i.id",
        posts.to_vec()
    )
    .load(conn)
}

/// Ranks that live instalments of posts have, under whatever agreement.
pub fn ranks(conn: &mut PgConnection, posts: &[Uuid]) -> Result<Vec<(PostId, Phase, i32)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::Uuid)]
        post_id: PostId,
        #[diesel(sql_type = st::Text)]
        phase: Phase,
        #[diesel(sql_type = st::Integer)]
        rank: i32,
    }
    let rows: Vec<Row> = sql!(
        "select i.post_id, i.phase, i.rank from instalments i where i.post_id = any({}) and i.status <> 'cancelled'",
        posts.to_vec()
    )
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.post_id, row.phase, row.rank)).collect())
}

/// Whose an instalment is.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    pub agreement_id: AgreementId,
    pub agreement_post_id: AgreementPostId,
    pub structure_id: StructureId,
    pub post_id: PostId,
    pub phase: Phase,
}

pub fn insert(tx: &mut Tx<'_>, id: InstalmentId, owner: &Owner, added: &Added) -> Result<()> {
    let due = added.unmet.is_empty();
    let today = tx.today();
    sql!(
        "insert into instalments (id, agreement_id, agreement_post_id, structure_id, post_id, phase, rank, amount_cents,
            conditions, months_elapsed, settlement, status, unmet, expected_on, due_on)
         values ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
        id,
        owner.agreement_id,
        owner.agreement_post_id,
        owner.structure_id,
        owner.post_id,
        owner.phase,
        added.line.rank,
        added.line.amount_cents,
        added.line.conditions.clone(),
        added.line.months_elapsed,
        added.settlement,
        if due { InstalmentStatus::Due } else { InstalmentStatus::Planned },
        added.unmet.clone(),
        added.expected_on,
        due.then_some(today)
    )
    .run(tx.conn())
    .map(|_| ())
}

/// Cancels an open instalment.
pub fn cancel(tx: &mut Tx<'_>, id: InstalmentId) -> Result<()> {
    let today = tx.today();
    sql!(
        "update instalments set status = 'cancelled', cancelled_on = {}, unmet = array[]::text[], offset_cents = 0 where id = {}",
        today,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}

/// What an open instalment becomes. What had fallen due waits again where a fact on which it stood no longer holds.
pub fn revise(tx: &mut Tx<'_>, next: &Next) -> Result<()> {
    let today = tx.today();
    let due = next.unmet.is_empty();
    sql!(
        "update instalments set amount_cents = {}, conditions = {}, settlement = {}, status = {}, unmet = {},
            expected_on = {}, due_on = case when {} then coalesce(due_on, {}) end where id = {}",
        next.amount_cents,
        next.conditions.clone(),
        next.settlement,
        if due { InstalmentStatus::Due } else { InstalmentStatus::Planned },
        next.unmet.clone(),
        next.expected_on,
        due,
        today,
        next.id
    )
    .run(tx.conn())
    .map(|_| ())
}

/// A condition is asked for no more.
pub fn waive(tx: &mut Tx<'_>, id: InstalmentId, condition: Condition, reason: &str) -> Result<()> {
    sql!("update instalments set waived = {}, waiver_reason = {} where id = {}", vec![condition], reason, id)
        .run(tx.conn())
        .map(|_| ())
}

/// Sets what a credit note settles of an instalment.
pub fn set_offset(tx: &mut Tx<'_>, id: InstalmentId, cents: i64) -> Result<()> {
    sql!("update instalments set offset_cents = {} where id = {}", cents, id).run(tx.conn()).map(|_| ())
}

pub fn pay(tx: &mut Tx<'_>, id: InstalmentId, on: NaiveDate, bank_reference: &str) -> Result<()> {
    sql!(
        "update instalments set status = 'paid', paid_on = {}, bank_reference = {} where id = {} and status = 'ordered'",
        on,
        bank_reference,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}

/// The bank did not pay: due again.
pub fn reject(tx: &mut Tx<'_>, id: InstalmentId, reason: RejectionReason) -> Result<()> {
    sql!(
        "update instalments set status = 'due', rejections_count = rejections_count + 1, last_rejection = {}
         where id = {} and status = 'ordered'",
        reason,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}
