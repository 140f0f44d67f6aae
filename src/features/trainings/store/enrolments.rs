//! SQL of enrolments and attendance.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use super::known_to;
use crate::features::trainings::model::{AttendanceStatus, EnrolmentStatus, PathKind};
use crate::platform::auth::Actor;
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::{attendances, enrolments};
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{
    CandidateId, CounsellorId, EnrolmentId, RecruitmentId, StructureId, TrainingBodyId, TrainingPathId,
    TrainingSessionId,
};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = enrolments)]
pub struct Enrolment {
    pub id: EnrolmentId,
    pub reference: String,
    pub counsellor_id: CounsellorId,
    pub recruitment_id: RecruitmentId,
    /// Who employs the counsellor now, or did last: the training follows its counsellor to whoever takes over the post.
    #[diesel(sql_type = st::Uuid)]
    pub employer_id: StructureId,
    pub path_id: TrainingPathId,
    pub kind: PathKind,
    pub session_id: Option<TrainingSessionId>,
    pub body_id: Option<TrainingBodyId>,
    pub starts_on: Option<NaiveDate>,
    pub ends_on: Option<NaiveDate>,
    pub status: EnrolmentStatus,
    pub completed_on: Option<NaiveDate>,
    pub dropped_out_on: Option<NaiveDate>,
    pub exempted_on: Option<NaiveDate>,
    pub exemption_proof: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    #[diesel(sql_type = st::Text)]
    pub path_name: String,
    #[diesel(sql_type = st::Integer)]
    pub hours: i32,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub session_reference: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub body_name: Option<String>,
    #[diesel(sql_type = st::Text)]
    pub counsellor_reference: String,
    #[diesel(sql_type = st::Uuid)]
    pub candidate_id: CandidateId,
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
    #[diesel(sql_type = st::BigInt)]
    pub half_days_count: i64,
    #[diesel(sql_type = st::BigInt)]
    pub attended_count: i64,
    #[diesel(sql_type = st::BigInt)]
    pub recorded_count: i64,
    #[diesel(sql_type = st::BigInt)]
    pub unjustified_count: i64,
    /// A certification was passed since the start.
    #[diesel(sql_type = st::Bool)]
    pub is_certified: bool,
}

/// Whether somebody attended a half-day.
#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = attendances)]
pub struct Attendance {
    pub half_day: String,
    pub status: AttendanceStatus,
}

const COLUMNS: &str = "e.*, k.structure_id as employer_id, p.name as path_name, p.hours, t.reference as session_reference, b.name as body_name, \
    k.reference as counsellor_reference, k.candidate_id, c.first_name, c.last_name, s.name as structure_name, s.departement_code, s.region_code, \
    coalesce(cardinality(t.half_days), 0)::bigint as half_days_count, \
    (select count(*) from attendances x where x.enrolment_id = e.id) as recorded_count, \
    (select count(*) from attendances x where x.enrolment_id = e.id and x.status = 'present') as attended_count, \
    (select count(*) from attendances x where x.enrolment_id = e.id and x.status = 'unjustified_absence') as unjustified_count, \
    exists (select from certifications x where x.counsellor_id = e.counsellor_id and x.result = 'passed' \
        and (e.starts_on is null or x.held_on >= e.starts_on)) as is_certified";
const TABLES: &str = "enrolments e left join training_paths p on p.id = e.path_id join counsellors k on k.id = e.counsellor_id \
    join candidates c on c.id = k.candidate_id left join structures s on s.id = k.structure_id \
    left join training_sessions t on t.id = e.session_id left join training_bodies b on b.id = e.body_id";

sortable! {
    /// Sort keys of enrolments.
    pub enum EnrolmentSort {
        "updated_at" = "e.updated_at"::"timestamptz",
        "created_at" = "e.created_at"::"timestamptz",
        "starts_on" = "coalesce(e.starts_on, date '2100-01-01')"::"date",
        "reference" = "e.reference"::"text",
    }
}

/// What enrolments are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub ids: Option<Vec<Uuid>>,
    pub statuses: Option<Vec<EnrolmentStatus>>,
    pub kind: Option<PathKind>,
    pub counsellor: Option<CounsellorId>,
    pub structure: Option<StructureId>,
    pub session: Option<TrainingSessionId>,
    pub path: Option<TrainingPathId>,
    pub body: Option<TrainingBodyId>,
    pub departements: Option<Vec<DepartementCode>>,
    pub absence: Option<bool>,
    pub updated_since: Option<DateTime<Utc>>,
}

pub fn list(conn: &mut PgConnection, actor: &Actor, search: &Search, page: &PageSpec) -> Result<Rows<Enrolment>> {
    let mut list = Listing::new(COLUMNS, Sql::raw(TABLES), "e.id", "uuid");
    list.filter(known_to(actor, "e"))
        .filter_some(search.ids.clone(), |ids| sql!("e.id = any({})", ids))
        .filter_some(search.statuses.clone(), |statuses| sql!("e.status = any({})", statuses))
        .filter_some(search.kind, |kind| sql!("e.kind = {}", kind))
        .filter_some(search.counsellor, |id| sql!("e.counsellor_id = {}", id))
        .filter_some(search.structure, |id| sql!("k.structure_id = {}", id))
        .filter_some(search.session, |id| sql!("e.session_id = {}", id))
        .filter_some(search.path, |id| sql!("e.path_id = {}", id))
        .filter_some(search.body, |id| sql!("e.body_id = {}", id))
        .filter_some(search.departements.clone(), |codes| sql!("s.departement_code = any({})", codes))
        .filter_some(search.absence, |absent| {
            sql!(
                "exists (select from attendances x where x.enrolment_id = e.id and x.status = 'unjustified_absence') = {}",
                absent
            )
        })
        .filter_some(search.updated_since, |since| sql!("e.updated_at >= {}", since));
    list.page(conn, page)
}

pub fn find(conn: &mut PgConnection, actor: &Actor, id: EnrolmentId) -> Result<Option<Enrolment>> {
    sql!("select {} from {} where e.id = {} and {}", Sql::raw(COLUMNS), Sql::raw(TABLES), id, known_to(actor, "e"))
        .first(conn)
}

/// Locks the row until the end of the transaction, then reads it.
pub fn lock(tx: &mut Tx<'_>, actor: &Actor, id: EnrolmentId) -> Result<Option<Enrolment>> {
    sql!("select 1 from enrolments where id = {} for no key update", id).run(tx.conn())?;
    find(tx.conn(), actor, id)
}

/// The enrolments of a session that hold a seat.
pub fn seated(conn: &mut PgConnection, session: TrainingSessionId) -> Result<Vec<EnrolmentId>> {
    ids(
        sql!(
            "select e.id from enrolments e where e.session_id = {} and e.status in ('proposed', 'confirmed', 'in_progress') order by e.id",
            session
        ),
        conn,
    )
}

/// Confirmed enrolments whose session has begun.
pub fn to_start(conn: &mut PgConnection, today: NaiveDate) -> Result<Vec<EnrolmentId>> {
    ids(
        sql!("select e.id from enrolments e where e.status = 'confirmed' and e.starts_on <= {} order by e.id", today),
        conn,
    )
}

/// Enrolments not begun of people whom no contract covers on the first day any more.
pub fn uncovered(conn: &mut PgConnection, today: NaiveDate) -> Result<Vec<EnrolmentId>> {
    ids(
        sql!(
            "select e.id from enrolments e join counsellors k on k.id = e.counsellor_id
             where e.status in ('proposed', 'confirmed') and not ({}) order by e.id",
            covers(Sql::raw("k.candidate_id"), sql!("coalesce(e.starts_on, {})", today))
        ),
        conn,
    )
}

/// Proposed enrolments, of one counsellor or all, whose session has begun without their being confirmed.
pub fn lapsed(conn: &mut PgConnection, of: Option<CounsellorId>, today: NaiveDate) -> Result<Vec<EnrolmentId>> {
    ids(
        sql!(
            "select e.id from enrolments e where e.status = 'proposed' and e.starts_on <= {}
                and ({}::uuid is null or e.counsellor_id = {}) order by e.id",
            today,
            of,
            of
        ),
        conn,
    )
}

/// The enrolment of a counsellor in a path that waits for a session, locked.
pub fn waiting(tx: &mut Tx<'_>, counsellor: CounsellorId, path: TrainingPathId) -> Result<Option<EnrolmentId>> {
    let found = ids(
        sql!(
            "select e.id from enrolments e where e.counsellor_id = {} and e.path_id = {} and e.session_id is null
                and e.status = 'proposed' order by e.id limit 1 for no key update",
            counsellor,
            path
        ),
        tx.conn(),
    )?;
    Ok(found.first().copied())
}

/// Whether a counsellor has a continuing module in the civil year of a day: by its session, or asked for in that year.
pub fn has_continuing(tx: &mut Tx<'_>, counsellor: CounsellorId, on: NaiveDate) -> Result<bool> {
    sql!(
        "select exists (select from enrolments e where e.counsellor_id = {} and e.kind = 'continuing'
            and e.status in ('proposed', 'confirmed', 'in_progress', 'completed')
            and extract(year from coalesce(e.starts_on, (e.created_at at time zone 'Europe/Paris')::date))
                = extract(year from {}::date)) as yes",
        counsellor,
        on
    )
    .holds(tx.conn())
}

/// Gives an enrolment that waited a session, under the contract that covers it.
pub fn take_session(
    tx: &mut Tx<'_>,
    id: EnrolmentId,
    (session, body, first, last): (TrainingSessionId, TrainingBodyId, NaiveDate, NaiveDate),
    recruitment: RecruitmentId,
    structure: StructureId,
) -> Result<()> {
    sql!(
        "update enrolments set session_id = {}, body_id = {}, starts_on = {}, ends_on = {}, recruitment_id = {}, structure_id = {}
         where id = {}",
        session,
        body,
        first,
        last,
        recruitment,
        structure,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}

/// Whether a validated contract of a candidate covers a day.
fn covers(candidate: Sql, day: Sql) -> Sql {
    sql!(
        "exists (select from recruitments r where r.candidate_id = {} and r.status in ('validated', 'termination_requested')
            and r.starts_on <= {} and (r.last_on is null or r.last_on >= {}))",
        candidate,
        day.clone(),
        day
    )
}

fn ids(statement: Sql, conn: &mut PgConnection) -> Result<Vec<EnrolmentId>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::Uuid)]
        id: EnrolmentId,
    }
    Ok(statement.load::<Row>(conn)?.into_iter().map(|row| row.id).collect())
}

/// The contract of a counsellor that covers a day, locked.
pub fn lock_contract(
    tx: &mut Tx<'_>,
    counsellor: CounsellorId,
    on: NaiveDate,
) -> Result<Option<(RecruitmentId, StructureId)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::Uuid)]
        id: RecruitmentId,
        #[diesel(sql_type = st::Uuid)]
        structure_id: StructureId,
    }
    let row: Option<Row> = sql!(
        "select r.id, r.structure_id from recruitments r join counsellors k on k.candidate_id = r.candidate_id
         where k.id = {} and r.status in ('validated', 'termination_requested') and r.starts_on <= {}
            and (r.last_on is null or r.last_on >= {})
         order by r.starts_on desc limit 1 for no key update of r",
        counsellor,
        on,
        on
    )
    .first(tx.conn())?;
    Ok(row.map(|row| (row.id, row.structure_id)))
}

/// An enrolment to be written.
pub struct NewRow {
    pub id: EnrolmentId,
    pub counsellor_id: CounsellorId,
    pub recruitment_id: RecruitmentId,
    pub structure_id: StructureId,
    pub path_id: TrainingPathId,
    pub kind: PathKind,
    /// Session, its body, its first and last day.
    pub session: Option<(TrainingSessionId, TrainingBodyId, NaiveDate, NaiveDate)>,
}

pub fn insert(tx: &mut Tx<'_>, row: &NewRow) -> Result<()> {
    sql!(
        "insert into enrolments (id, counsellor_id, recruitment_id, structure_id, path_id, kind, session_id, body_id, starts_on, ends_on)
         values ({}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
        row.id,
        row.counsellor_id,
        row.recruitment_id,
        row.structure_id,
        row.path_id,
        row.kind,
        row.session.map(|session| session.0),
        row.session.map(|session| session.1),
        row.session.map(|session| session.2),
        row.session.map(|session| session.3)
    )
    .run(tx.conn())
    .map(|_| ())
}

/// A change of state with what goes with it.
pub enum Change<'a> {
    Confirmed,
    Started,
    Completed { on: NaiveDate },
    DroppedOut,
    Cancelled,
    Exempted { proof: &'a str },
}

pub fn change(tx: &mut Tx<'_>, id: EnrolmentId, change: &Change<'_>) -> Result<()> {
    let (now, today) = (tx.now().instant(), tx.today());
    match change {
        Change::Confirmed => {
            sql!("update enrolments set status = 'confirmed', confirmed_at = {} where id = {}", now, id)
        }
        Change::Started => sql!("update enrolments set status = 'in_progress' where id = {}", id),
        Change::Completed { on } => {
            sql!("update enrolments set status = 'completed', completed_on = {} where id = {}", *on, id)
        }
        Change::DroppedOut => {
            sql!("update enrolments set status = 'dropped_out', dropped_out_on = {} where id = {}", today, id)
        }
        Change::Cancelled => {
            sql!("update enrolments set status = 'cancelled', cancelled_at = {} where id = {}", now, id)
        }
        Change::Exempted { proof } => sql!(
            "update enrolments set status = 'exempted', exempted_on = {}, exemption_proof = {} where id = {}",
            today,
            *proof,
            id
        ),
    }
    .run(tx.conn())
    .map(|_| ())
}

/// Moves the version: what it shows has changed.
pub fn touch(tx: &mut Tx<'_>, id: EnrolmentId) -> Result<()> {
    sql!("update enrolments set status = status where id = {}", id).run(tx.conn()).map(|_| ())
}

pub fn attendance(conn: &mut PgConnection, id: EnrolmentId) -> Result<Vec<Attendance>> {
    sql!("select x.half_day, x.status from attendances x where x.enrolment_id = {} order by x.half_day", id).load(conn)
}

pub fn record(tx: &mut Tx<'_>, id: EnrolmentId, half_day: &str, status: AttendanceStatus) -> Result<()> {
    sql!(
        "insert into attendances (enrolment_id, half_day, status) values ({}, {}, {})
         on conflict (enrolment_id, half_day) do update set status = excluded.status",
        id,
        half_day,
        status
    )
    .run(tx.conn())
    .map(|_| ())
}
