//! SQL of agreements and amendments.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use super::known_to;
use crate::features::posts::model::Phase;
use crate::features::structures::model::{StructureKind, StructureStatus};
use crate::features::subsidies::model::{AgreementDocument, AgreementStatus, Category, LegalForm};
use crate::platform::auth::Actor;
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::{agreement_amendments, agreements};
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{AgreementId, StructureId, uuids};
use crate::platform::text::{like_literal, search_key};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = agreements)]
pub struct Agreement {
    pub id: AgreementId,
    pub reference: String,
    pub structure_id: StructureId,
    pub phase: Phase,
    pub category: Category,
    pub legal_form: LegalForm,
    pub documents: Vec<String>,
    pub status: AgreementStatus,
    pub instructed_at: Option<DateTime<Utc>>,
    pub signed_on: Option<NaiveDate>,
    pub closed_on: Option<NaiveDate>,
    pub abandoned_on: Option<NaiveDate>,
    pub abandonment_reason: Option<String>,
    pub amendments_count: i32,
    pub amount_cents: i64,
    pub paid_cents: i64,
    pub credited_cents: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    #[diesel(sql_type = st::Text)]
    pub structure_reference: String,
    #[diesel(sql_type = st::Text)]
    pub structure_name: String,
    #[diesel(sql_type = st::Text)]
    pub structure_status: StructureStatus,
    #[diesel(sql_type = st::Text)]
    pub structure_kind: StructureKind,
    /// Under which it is signed with.
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub siret: Option<String>,
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
    /// Whether the structure lies in a priority area.
    #[diesel(sql_type = st::Bool)]
    pub priority_area: bool,
    #[diesel(sql_type = st::BigInt)]
    pub posts_count: i64,
    /// Posts that came, or are occupied again, since what is agreed was last signed.
    #[diesel(sql_type = st::Bool)]
    pub amendment_needed: bool,
    #[diesel(sql_type = st::Bool)]
    pub has_bank_details: bool,
}

/// What an amendment changed.
#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = agreement_amendments)]
pub struct Amendment {
    pub number: i32,
    pub signed_on: NaiveDate,
    pub posts_added: i32,
    pub posts_restored: i32,
    pub amount_before_cents: i64,
    pub amount_after_cents: i64,
}

sortable! {
    /// Sort keys of agreements.
    pub enum AgreementSort {
        "updated_at" = "a.updated_at"::"timestamptz",
        "created_at" = "a.created_at"::"timestamptz",
        "reference" = "a.reference"::"text",
    }
}

/// What agreements are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub ids: Option<Vec<Uuid>>,
    pub text: Option<String>,
    pub statuses: Option<Vec<AgreementStatus>>,
    pub structure: Option<StructureId>,
    pub phase: Option<Phase>,
    pub category: Option<Category>,
    pub departements: Option<Vec<DepartementCode>>,
    pub region: Option<Vec<RegionCode>>,
    pub amendment_needed: Option<bool>,
    pub updated_since: Option<DateTime<Utc>>,
}

/// Posts that belong under an agreement named `a`: those of its phase that its structure holds, and older ones on which a
/// contract of its phase runs.
pub(super) const BELONGS: &str =
    "p.structure_id = a.structure_id and p.status <> 'returned' and (p.phase = a.phase or exists (
    select from recruitments r where r.post_id = p.id and r.phase = a.phase and not r.waiting
        and r.status in ('validated', 'termination_requested')))";
/// Whether somebody works on the post of the `agreement_posts` row named `c` under the phase of the agreement.
pub(super) const WORKED_ON: &str =
    "exists (select from recruitments r where r.post_id = c.post_id and r.phase = c.phase
    and r.structure_id = c.structure_id and not r.waiting and r.status in ('validated', 'termination_requested'))";

const TABLES: &str = "agreements a join structures s on s.id = a.structure_id";

fn needed() -> Sql {
    sql!(
        "(a.status in ('signed', 'amended') and (
            exists (select from posts p where {} and not exists (
                select from agreement_posts c where c.post_id = p.id and c.phase = a.phase and c.removed_on is null))
            or exists (select from agreement_posts c where c.agreement_id = a.id and c.removed_on is null
                and c.amount_cents < c.full_cents and {})))",
        Sql::raw(BELONGS),
        Sql::raw(WORKED_ON)
    )
}

fn columns() -> Sql {
    sql!(
        "a.*, s.reference as structure_reference, s.name as structure_name, s.status as structure_status, s.kind as structure_kind,
         s.siret, s.departement_code, s.region_code, (s.zrr or s.qpv) as priority_area,
         case when a.status in ('draft', 'under_instruction')
            then (select count(*) from posts p where {})
            else (select count(*) from agreement_posts c where c.agreement_id = a.id and c.removed_on is null) end as posts_count,
         {} as amendment_needed,
         exists (select from bank_details d where d.structure_id = a.structure_id) as has_bank_details",
        Sql::raw(BELONGS),
        needed()
    )
}

pub fn list(conn: &mut PgConnection, actor: &Actor, search: &Search, page: &PageSpec) -> Result<Rows<Agreement>> {
    Listing::selecting(columns(), Sql::raw(TABLES), "a.id", "uuid")
        .filter(known_to(actor, true))
        .filter_some(search.ids.clone(), |ids| sql!("a.id = any({})", ids))
        .filter_some(search.text.as_deref(), |text| {
            let reference = format!("%{}%", like_literal(&text.trim().to_uppercase()));
            let key = Some(search_key(text)).filter(|key| !key.is_empty());
            sql!(
                "(s.search_key like {} or a.reference like {})",
                key.map(|key| format!("%{}%", like_literal(&key))),
                reference
            )
        })
        .filter_some(search.statuses.clone(), |statuses| sql!("a.status = any({})", statuses))
        .filter_some(search.structure, |id| sql!("a.structure_id = {}", id))
        .filter_some(search.phase, |phase| sql!("a.phase = {}", phase))
        .filter_some(search.category, |category| sql!("a.category = {}", category))
        .filter_some(search.departements.clone(), |codes| sql!("s.departement_code = any({})", codes))
        .filter_some(search.region.clone(), |codes| sql!("s.region_code = any({})", codes))
        .filter_some(search.amendment_needed, |wanted| sql!("{} = {}", needed(), wanted))
        .filter_some(search.updated_since, |since| sql!("a.updated_at >= {}", since))
        .page(conn, page)
}

pub fn find(conn: &mut PgConnection, actor: &Actor, id: AgreementId) -> Result<Option<Agreement>> {
    sql!("select {} from {} where a.id = {} and {}", columns(), Sql::raw(TABLES), id, known_to(actor, true)).first(conn)
}

/// Locks rows in order of their identifiers until the end of the transaction.
pub fn lock_all(tx: &mut Tx<'_>, ids: &[AgreementId]) -> Result<()> {
    sql!("select 1 from agreements where id = any({}) order by id for no key update", uuids(ids))
        .run(tx.conn())
        .map(|_| ())
}

/// Agreements whose money is followed, in order of their identifiers: those with something to pay, or those that cover or
/// covered one of these posts. A closed one is followed too: the past may be corrected.
pub fn in_force(conn: &mut PgConnection, posts: Option<&[Uuid]>) -> Result<Vec<AgreementId>> {
    let covering = match posts {
        None => Sql::raw(
            "exists (select from instalments i where i.agreement_id = a.id and i.status in ('planned', 'due'))",
        ),
        Some(posts) => sql!(
            "exists (select from agreement_posts c where c.agreement_id = a.id and c.post_id = any({}))",
            posts.to_vec()
        ),
    };
    ids(
        sql!(
            "select a.id from agreements a where a.status in ('signed', 'amended', 'closed') and {} order by a.id",
            covering
        ),
        conn,
    )
}

/// Agreements that are not over, of structures of these identifiers, or that hold or held one of these posts.
pub fn around(conn: &mut PgConnection, structures: &[Uuid], posts: &[Uuid]) -> Result<Vec<AgreementId>> {
    ids(
        sql!(
            "select a.id from agreements a where a.status not in ('closed', 'abandoned') and (a.structure_id = any({})
                or a.structure_id in (select t.structure_id from post_attachments t where t.post_id = any({})))
             order by a.id",
            structures.to_vec(),
            posts.to_vec()
        ),
        conn,
    )
}

/// Agreements that show what would be agreed on today: those to be signed or amended, in order of their identifiers.
pub fn estimated(conn: &mut PgConnection) -> Result<Vec<AgreementId>> {
    ids(
        sql!(
            "select a.id from agreements a where a.status in ('draft', 'under_instruction') or {} order by a.id",
            needed()
        ),
        conn,
    )
}

/// Keeps a digest of what an agreement shows of others than itself. Tells whether it was another one before.
pub fn keep_borrowed(tx: &mut Tx<'_>, id: AgreementId, facts: &str) -> Result<bool> {
    let changed = sql!(
        "insert into agreement_borrowings as b (agreement_id, digest) values ({}, encode(sha256(convert_to({}, 'UTF8')), 'hex'))
         on conflict (agreement_id) do update set digest = excluded.digest where b.digest <> excluded.digest",
        id,
        facts
    )
    .run(tx.conn())?;
    Ok(changed > 0)
}

/// A structure has become public or private before the signature.
pub fn recategorise(tx: &mut Tx<'_>, id: AgreementId, category: Category, form: LegalForm) -> Result<()> {
    sql!("update agreements set category = {}, legal_form = {} where id = {}", category, form, id)
        .run(tx.conn())
        .map(|_| ())
}

fn ids(statement: Sql, conn: &mut PgConnection) -> Result<Vec<AgreementId>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::Uuid)]
        id: AgreementId,
    }
    Ok(statement.load::<Row>(conn)?.into_iter().map(|row| row.id).collect())
}

/// An agreement to be written.
pub struct NewRow {
    pub id: AgreementId,
    pub structure_id: StructureId,
    pub phase: Phase,
    pub category: Category,
    pub legal_form: LegalForm,
    pub documents: Vec<AgreementDocument>,
}

pub fn insert(tx: &mut Tx<'_>, row: &NewRow) -> Result<()> {
    sql!(
        "insert into agreements (id, structure_id, phase, category, legal_form, documents) values ({}, {}, {}, {}, {}, {})",
        row.id,
        row.structure_id,
        row.phase,
        row.category,
        row.legal_form,
        row.documents.clone()
    )
    .run(tx.conn())
    .map(|_| ())
}

pub fn update(tx: &mut Tx<'_>, id: AgreementId, form: LegalForm, documents: &[AgreementDocument]) -> Result<()> {
    sql!("update agreements set legal_form = {}, documents = {} where id = {}", form, documents.to_vec(), id)
        .run(tx.conn())
        .map(|_| ())
}

/// A change of state with what goes with it.
pub enum Change<'a> {
    Instructed,
    Signed { on: NaiveDate },
    Amended,
    Closed,
    Abandoned { reason: &'a str },
}

pub fn change(tx: &mut Tx<'_>, id: AgreementId, change: &Change<'_>) -> Result<()> {
    let (now, today) = (tx.now().instant(), tx.today());
    match change {
        Change::Instructed => {
            sql!("update agreements set status = 'under_instruction', instructed_at = {} where id = {}", now, id)
        }
        Change::Signed { on } => sql!("update agreements set status = 'signed', signed_on = {} where id = {}", *on, id),
        Change::Amended => {
            sql!("update agreements set status = 'amended', amendments_count = amendments_count + 1 where id = {}", id)
        }
        Change::Closed => sql!("update agreements set status = 'closed', closed_on = {} where id = {}", today, id),
        Change::Abandoned { reason } => sql!(
            "update agreements set status = 'abandoned', abandoned_on = {}, abandonment_reason = {} where id = {}",
            today,
            *reason,
            id
        ),
    }
    .run(tx.conn())
    .map(|_| ())
}

/// Adds to what is agreed, paid and credited.
pub fn book(tx: &mut Tx<'_>, id: AgreementId, agreed: i64, paid: i64, credited: i64) -> Result<()> {
    sql!(
        "update agreements set amount_cents = amount_cents + {}, paid_cents = paid_cents + {},
            credited_cents = credited_cents + {} where id = {}",
        agreed,
        paid,
        credited,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}

/// Moves the version: what its detail shows has changed.
pub fn touch(tx: &mut Tx<'_>, id: AgreementId) -> Result<()> {
    sql!("update agreements set status = status where id = {}", id).run(tx.conn()).map(|_| ())
}

/// What keeps an agreement from being closed: instalments to be paid, and credit notes that nobody has settled, or that
/// an instalment is to settle that is not paid yet.
pub fn unsettled(conn: &mut PgConnection, id: AgreementId) -> Result<i64> {
    sql!(
        "select (select count(*) from instalments i where i.agreement_id = {} and i.status in ('planned', 'due', 'ordered'))
            + (select count(*) from credit_notes n where n.agreement_id = {} and (n.status = 'issued' or exists (
                select from instalments i where i.id = n.offset_instalment_id and i.status <> 'paid'))) as n",
        id,
        id
    )
    .count(conn)
}

pub fn insert_amendment(tx: &mut Tx<'_>, id: AgreementId, amendment: &Amendment) -> Result<()> {
    sql!(
        "insert into agreement_amendments (id, agreement_id, number, signed_on, posts_added, posts_restored,
            amount_before_cents, amount_after_cents) values ({}, {}, {}, {}, {}, {}, {}, {})",
        Uuid::now_v7(),
        id,
        amendment.number,
        amendment.signed_on,
        amendment.posts_added,
        amendment.posts_restored,
        amendment.amount_before_cents,
        amendment.amount_after_cents
    )
    .run(tx.conn())
    .map(|_| ())
}

pub fn amendments(conn: &mut PgConnection, id: AgreementId) -> Result<Vec<Amendment>> {
    sql!("select m.* from agreement_amendments m where m.agreement_id = {} order by m.number", id).load(conn)
}
