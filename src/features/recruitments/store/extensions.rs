//! SQL of requests to extend contracts.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use crate::features::recruitments::model::{ExtensionStatus, RecruitmentStatus};
use crate::platform::auth::{Actor, Reach};
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::extensions;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{ExtensionId, RecruitmentId, StructureId};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = extensions)]
pub struct Extension {
    pub id: ExtensionId,
    pub recruitment_id: RecruitmentId,
    pub ends_on: NaiveDate,
    pub gross_monthly_salary_cents: i64,
    pub previous_ends_on: NaiveDate,
    pub previous_gross_monthly_salary_cents: i64,
    pub status: ExtensionStatus,
    pub decided_at: Option<DateTime<Utc>>,
    pub refusal_reason: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    #[diesel(sql_type = st::Text)]
    pub recruitment_reference: String,
    #[diesel(sql_type = st::Text)]
    pub recruitment_status: RecruitmentStatus,
    #[diesel(sql_type = st::Bool)]
    pub renewed: bool,
    #[diesel(sql_type = st::Uuid)]
    pub structure_id: StructureId,
    #[diesel(sql_type = st::Text)]
    pub structure_name: String,
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
}

const COLUMNS: &str = "x.*, r.reference as recruitment_reference, r.status as recruitment_status, \
    exists (select from recruitments n where n.previous_id = r.id and n.waiting) as renewed, \
    s.id as structure_id, s.name as structure_name, s.departement_code, s.region_code";
const TABLES: &str =
    "extensions x join recruitments r on r.id = x.recruitment_id join structures s on s.id = r.structure_id";

sortable! {
    /// Sort keys of extensions.
    pub enum ExtensionSort {
        "updated_at" = "x.updated_at"::"timestamptz",
        "created_at" = "x.created_at"::"timestamptz",
    }
}

/// What extensions are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub ids: Option<Vec<Uuid>>,
    pub statuses: Option<Vec<ExtensionStatus>>,
    pub recruitment: Option<RecruitmentId>,
    pub structure: Option<StructureId>,
    pub departements: Option<Vec<DepartementCode>>,
    pub updated_since: Option<DateTime<Utc>>,
}

fn known_to(actor: &Actor) -> Sql {
    match actor.reach() {
        reach @ (Reach::Country | Reach::Territory(_) | Reach::Structure(_)) => Reach::over(&reach, "s"),
        Reach::Candidate(_) | Reach::Counsellor(_) | Reach::TrainingBody(_) | Reach::Nothing => Sql::raw("false"),
    }
}

pub fn list(conn: &mut PgConnection, actor: &Actor, search: &Search, page: &PageSpec) -> Result<Rows<Extension>> {
    Listing::new(COLUMNS, Sql::raw(TABLES), "x.id", "uuid")
        .filter(known_to(actor))
        .filter_some(search.statuses.clone(), |statuses| sql!("x.status = any({})", statuses))
        .filter_some(search.recruitment, |id| sql!("x.recruitment_id = {}", id))
        .filter_some(search.structure, |id| sql!("r.structure_id = {}", id))
        .filter_some(search.departements.clone(), |codes| sql!("s.departement_code = any({})", codes))
        .filter_some(search.ids.clone(), |ids| sql!("x.id = any({})", ids))
        .filter_some(search.updated_since, |since| sql!("x.updated_at >= {}", since))
        .page(conn, page)
}

pub fn find(conn: &mut PgConnection, actor: &Actor, id: ExtensionId) -> Result<Option<Extension>> {
    sql!("select {} from {} where x.id = {} and {}", Sql::raw(COLUMNS), Sql::raw(TABLES), id, known_to(actor))
        .first(conn)
}

/// Locks the row until the end of the transaction; its recruitment is locked already.
pub fn lock(tx: &mut Tx<'_>, id: ExtensionId) -> Result<Option<Extension>> {
    sql!("select 1 from extensions where id = {} for no key update", id).run(tx.conn())?;
    let actor = tx.actor().clone();
    find(tx.conn(), &actor, id)
}

/// The request on a locked recruitment that waits for a decision.
pub fn pending(tx: &mut Tx<'_>, recruitment: RecruitmentId) -> Result<Option<Extension>> {
    sql!(
        "select {} from {} where x.recruitment_id = {} and x.status = 'requested'",
        Sql::raw(COLUMNS),
        Sql::raw(TABLES),
        recruitment
    )
    .first(tx.conn())
}

/// A request to be written.
pub struct NewRow {
    pub id: ExtensionId,
    pub recruitment_id: RecruitmentId,
    pub ends_on: NaiveDate,
    pub gross_monthly_salary_cents: i64,
    pub previous_ends_on: NaiveDate,
    pub previous_gross_monthly_salary_cents: i64,
}

pub fn insert(tx: &mut Tx<'_>, row: &NewRow) -> Result<()> {
    sql!(
        "insert into extensions (id, recruitment_id, ends_on, gross_monthly_salary_cents, previous_ends_on,
            previous_gross_monthly_salary_cents) values ({}, {}, {}, {}, {}, {})",
        row.id,
        row.recruitment_id,
        row.ends_on,
        row.gross_monthly_salary_cents,
        row.previous_ends_on,
        row.previous_gross_monthly_salary_cents
    )
    .run(tx.conn())
    .map(|_| ())
}

pub fn validate(tx: &mut Tx<'_>, id: ExtensionId) -> Result<()> {
    let now = tx.now().instant();
    sql!("update extensions set status = 'validated', decided_at = {} where id = {}", now, id)
        .run(tx.conn())
        .map(|_| ())
}

pub fn refuse(tx: &mut Tx<'_>, id: ExtensionId, reason: &str) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "update extensions set status = 'refused', decided_at = {}, refusal_reason = {} where id = {}",
        now,
        reason,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}
