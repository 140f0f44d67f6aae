//! SQL of counsellors.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use crate::features::posts::model::Phase;
use crate::features::recruitments::model::CounsellorStatus;
use crate::platform::auth::{Actor, Reach};
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::counsellors;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{CandidateId, CounsellorId, PostId, RecruitmentId, StructureId};
use crate::platform::text::{like_literal, search_key};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = counsellors)]
pub struct Counsellor {
    pub id: CounsellorId,
    pub reference: String,
    pub candidate_id: CandidateId,
    pub recruitment_id: RecruitmentId,
    pub structure_id: StructureId,
    pub status: CounsellorStatus,
    pub since_on: NaiveDate,
    pub left_on: Option<NaiveDate>,
    pub professional_email: Option<String>,
    pub professional_phone: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    #[diesel(sql_type = st::Text)]
    pub first_name: String,
    #[diesel(sql_type = st::Text)]
    pub last_name: String,
    #[diesel(sql_type = st::Text)]
    pub structure_name: String,
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
    #[diesel(sql_type = st::Uuid)]
    pub post_id: PostId,
    #[diesel(sql_type = st::Text)]
    pub phase: Phase,
    #[diesel(sql_type = st::Bool)]
    pub coordinator: bool,
    #[diesel(sql_type = st::Nullable<st::Date>)]
    pub contract_ends_on: Option<NaiveDate>,
}

/// What a counsellor is on a day, whether or not the night has told of it.
fn status_on(today: NaiveDate) -> Sql {
    sql!(
        "case when k.status = 'left' or k.until_on < {} then 'left' when k.since_on > {} then 'starts_later'
            else 'in_post' end",
        today,
        today
    )
}

fn columns(today: NaiveDate) -> Sql {
    sql!(
        "{}, {} as status, coalesce(k.left_on, case when k.until_on < {} then k.until_on end) as left_on",
        Sql::raw(COLUMNS),
        status_on(today),
        today
    )
}

const COLUMNS: &str = "k.id, k.reference, k.candidate_id, k.recruitment_id, k.structure_id, k.since_on, k.professional_email, \
    k.professional_phone, k.created_at, k.updated_at, k.version, c.first_name, c.last_name, s.name as structure_name, s.departement_code, s.region_code, \
    q.post_id, q.phase, q.coordinator, q.ends_on as contract_ends_on";
/// The contract is read as a whole for whoever may see the counsellor.
const TABLES: &str = "counsellors k join candidates c on c.id = k.candidate_id join structures s on s.id = k.structure_id \
    join lateral conum_contract(k.recruitment_id) q on true";

sortable! {
    /// Sort keys of counsellors.
    pub enum CounsellorSort {
        "updated_at" = "k.updated_at"::"timestamptz",
        "since_on" = "k.since_on"::"date",
        "name" = "c.search_key"::"text",
        "reference" = "k.reference"::"text",
    }
}

/// What counsellors are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub ids: Option<Vec<Uuid>>,
    pub text: Option<String>,
    pub statuses: Option<Vec<CounsellorStatus>>,
    pub structure: Option<StructureId>,
    pub departements: Option<Vec<DepartementCode>>,
    pub region: Option<Vec<RegionCode>>,
    pub coordinator: Option<bool>,
    pub updated_since: Option<DateTime<Utc>>,
}

/// The counsellors that an actor may see.
fn known_to(actor: &Actor) -> Sql {
    match actor {
        Actor::System | Actor::Anct | Actor::Bdt => Sql::raw("true"),
        Actor::Prefecture(_) | Actor::Coordinator(_) | Actor::Employer(_) => Reach::over(&actor.reach(), "s"),
        Actor::Counsellor(id) => sql!("k.id = {}", *id),
        Actor::Anonymous | Actor::Candidate(_) | Actor::TrainingBody(_) | Actor::Observer(_) => Sql::raw("false"),
    }
}

pub fn list(
    conn: &mut PgConnection,
    actor: &Actor,
    today: NaiveDate,
    search: &Search,
    page: &PageSpec,
) -> Result<Rows<Counsellor>> {
    Listing::selecting(columns(today), Sql::raw(TABLES), "k.id", "uuid")
        .filter(known_to(actor))
        .filter_some(search.text.as_deref(), |text| {
            let reference = format!("%{}%", like_literal(&text.trim().to_uppercase()));
            let key = Some(search_key(text)).filter(|key| !key.is_empty());
            let pattern = key.map(|key| format!("%{}%", like_literal(&key)));
            sql!(
                "(c.search_key like {} or s.search_key like {} or k.reference like {})",
                pattern.clone(),
                pattern,
                reference
            )
        })
        .filter_some(search.statuses.clone(), |statuses| sql!("{} = any({})", status_on(today), statuses))
        .filter_some(search.structure, |id| sql!("k.structure_id = {}", id))
        .filter_some(search.departements.clone(), |codes| sql!("s.departement_code = any({})", codes))
        .filter_some(search.region.clone(), |codes| sql!("s.region_code = any({})", codes))
        .filter_some(search.coordinator, |coordinator| sql!("q.coordinator = {}", coordinator))
        .filter_some(search.ids.clone(), |ids| sql!("k.id = any({})", ids))
        .filter_some(search.updated_since, |since| sql!("k.updated_at >= {}", since))
        .page(conn, page)
}

pub fn find(conn: &mut PgConnection, actor: &Actor, today: NaiveDate, id: CounsellorId) -> Result<Option<Counsellor>> {
    sql!("select {} from {} where k.id = {} and {}", columns(today), Sql::raw(TABLES), id, known_to(actor)).first(conn)
}

/// Locks the row until the end of the transaction, then reads it.
pub fn lock(tx: &mut Tx<'_>, id: CounsellorId) -> Result<Option<Counsellor>> {
    sql!("select 1 from counsellors where id = {} for no key update", id).run(tx.conn())?;
    let actor = tx.actor().clone();
    let today = tx.today();
    find(tx.conn(), &actor, today, id)
}

/// The person of a recruitment that begins: a new counsellor, or one who comes back. As the service itself.
pub fn begin(
    tx: &mut Tx<'_>,
    candidate: CandidateId,
    recruitment: RecruitmentId,
    structure: StructureId,
    since: NaiveDate,
) -> Result<CounsellorId> {
    let today = tx.today();
    #[derive(QueryableByName)]
    struct Begun {
        #[diesel(sql_type = st::Uuid)]
        id: CounsellorId,
    }
    let row: Begun = sql!(
        "insert into counsellors as k (id, candidate_id, recruitment_id, structure_id, status, since_on)
         values ({}, {}, {}, {}, case when {} > {} then 'starts_later' else 'in_post' end, {})
         on conflict (candidate_id) do update set recruitment_id = excluded.recruitment_id,
            structure_id = excluded.structure_id,
            status = case when k.status = 'in_post' then 'in_post' else excluded.status end,
            since_on = case when k.status = 'in_post' then k.since_on else excluded.since_on end, left_on = null,
            professional_email = case when k.structure_id = excluded.structure_id then k.professional_email end,
            professional_phone = case when k.structure_id = excluded.structure_id then k.professional_phone end
         returning k.id",
        CounsellorId::new(),
        candidate,
        recruitment,
        structure,
        since,
        today,
        since
    )
    .one(tx.conn())?;
    Ok(row.id)
}

/// The counsellor of a candidate leaves, and is no longer reached at work. As the service itself.
pub fn leave(tx: &mut Tx<'_>, candidate: CandidateId, on: NaiveDate) -> Result<Option<CounsellorId>> {
    #[derive(QueryableByName)]
    struct Left {
        #[diesel(sql_type = st::Uuid)]
        id: CounsellorId,
    }
    let row: Option<Left> = sql!(
        "update counsellors set status = 'left', left_on = {}, until_on = null, professional_email = null,
            professional_phone = null
         where candidate_id = {} and status <> 'left' returning id",
        on,
        candidate
    )
    .first(tx.conn())?;
    Ok(row.map(|row| row.id))
}

/// The dates of a counsellor after a correction of their contract: the first day of the contracts that follow each other
/// without a day between, and the last one of whoever has left. As the service itself.
pub fn rectify(
    tx: &mut Tx<'_>,
    before: &super::recruitments::Recruitment,
    starts_on: NaiveDate,
    ended_on: Option<NaiveDate>,
) -> Result<()> {
    let today = tx.today();
    sql!(
        "update counsellors k set since_on = case when k.since_on = {} then {} else k.since_on end,
            left_on = case when k.status = 'left' and k.left_on = {} then {} else k.left_on end,
            status = case when k.status = 'left' then 'left'
                when (case when k.since_on = {} then {} else k.since_on end) > {} then 'starts_later' else 'in_post' end
         where k.candidate_id = {}",
        before.starts_on,
        starts_on,
        before.ended_on,
        ended_on,
        before.starts_on,
        starts_on,
        today,
        before.candidate_id
    )
    .run(tx.conn())
    .map(|_| ())
}

pub fn update(tx: &mut Tx<'_>, id: CounsellorId, email: Option<&str>, phone: Option<&str>) -> Result<()> {
    sql!("update counsellors set professional_email = {}, professional_phone = {} where id = {}", email, phone, id)
        .run(tx.conn())
        .map(|_| ())
}
