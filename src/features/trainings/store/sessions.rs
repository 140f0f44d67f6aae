//! SQL of sessions.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use crate::features::trainings::model::{PathKind, SessionStatus};
use crate::platform::codes::RegionCode;
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::training_sessions;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{TrainingBodyId, TrainingPathId, TrainingSessionId};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = training_sessions)]
pub struct Session {
    pub id: TrainingSessionId,
    pub reference: String,
    pub path_id: TrainingPathId,
    pub body_id: TrainingBodyId,
    pub region_code: Option<RegionCode>,
    pub place: Option<String>,
    pub half_days: Vec<String>,
    pub starts_on: NaiveDate,
    pub ends_on: NaiveDate,
    pub capacity: i32,
    pub seats_taken: i32,
    pub status: SessionStatus,
    pub cancellation_reason: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    #[diesel(sql_type = st::Text)]
    pub path_name: String,
    #[diesel(sql_type = st::Text)]
    pub kind: PathKind,
    #[diesel(sql_type = st::Integer)]
    pub hours: i32,
    #[diesel(sql_type = st::Text)]
    pub body_name: String,
}

const COLUMNS: &str = "t.*, p.name as path_name, p.kind, p.hours, b.name as body_name";
const TABLES: &str =
    "training_sessions t join training_paths p on p.id = t.path_id join training_bodies b on b.id = t.body_id";

sortable! {
    /// Sort keys of sessions.
    pub enum SessionSort {
        "starts_on" = "t.starts_on"::"date",
        "updated_at" = "t.updated_at"::"timestamptz",
        "reference" = "t.reference"::"text",
    }
}

/// What sessions are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub ids: Option<Vec<Uuid>>,
    pub statuses: Option<Vec<SessionStatus>>,
    pub body: Option<TrainingBodyId>,
    pub path: Option<TrainingPathId>,
    pub kind: Option<PathKind>,
    pub region: Option<Vec<RegionCode>>,
    pub remote: Option<bool>,
    pub free: Option<bool>,
    pub starts_from: Option<NaiveDate>,
    pub starts_before: Option<NaiveDate>,
    pub updated_since: Option<DateTime<Utc>>,
}

pub fn list(conn: &mut PgConnection, search: &Search, page: &PageSpec) -> Result<Rows<Session>> {
    Listing::new(COLUMNS, Sql::raw(TABLES), "t.id", "uuid")
        .filter_some(search.statuses.clone(), |statuses| sql!("t.status = any({})", statuses))
        .filter_some(search.body, |id| sql!("t.body_id = {}", id))
        .filter_some(search.path, |id| sql!("t.path_id = {}", id))
        .filter_some(search.kind, |kind| sql!("p.kind = {}", kind))
        .filter_some(search.region.clone(), |codes| sql!("t.region_code = any({})", codes))
        .filter_some(search.remote, |remote| sql!("(t.region_code is null) = {}", remote))
        .filter_some(search.free, |free| sql!("(t.status = 'scheduled' and t.seats_taken < t.capacity) = {}", free))
        .filter_some(search.starts_from, |day| sql!("t.starts_on >= {}", day))
        .filter_some(search.starts_before, |day| sql!("t.starts_on < {}", day))
        .filter_some(search.ids.clone(), |ids| sql!("t.id = any({})", ids))
        .filter_some(search.updated_since, |since| sql!("t.updated_at >= {}", since))
        .page(conn, page)
}

pub fn find(conn: &mut PgConnection, id: TrainingSessionId) -> Result<Option<Session>> {
    sql!("select {} from {} where t.id = {}", Sql::raw(COLUMNS), Sql::raw(TABLES), id).first(conn)
}

/// Locks the row until the end of the transaction, then reads it.
pub fn lock(tx: &mut Tx<'_>, id: TrainingSessionId) -> Result<Option<Session>> {
    sql!("select 1 from training_sessions where id = {} for no key update", id).run(tx.conn())?;
    find(tx.conn(), id)
}

/// A session to be written.
pub struct NewRow {
    pub id: TrainingSessionId,
    pub path_id: TrainingPathId,
    pub body_id: TrainingBodyId,
    pub region_code: Option<RegionCode>,
    pub place: Option<String>,
    pub half_days: Vec<String>,
    pub starts_on: NaiveDate,
    pub ends_on: NaiveDate,
    pub capacity: i32,
}

pub fn insert(tx: &mut Tx<'_>, row: &NewRow) -> Result<()> {
    sql!(
        "insert into training_sessions (id, path_id, body_id, region_code, place, half_days, starts_on, ends_on, capacity)
         values ({}, {}, {}, {}, {}, {}, {}, {}, {})",
        row.id,
        row.path_id,
        row.body_id,
        &row.region_code,
        &row.place,
        row.half_days.clone(),
        row.starts_on,
        row.ends_on,
        row.capacity
    )
    .run(tx.conn())
    .map(|_| ())
}

pub fn update(tx: &mut Tx<'_>, id: TrainingSessionId, place: Option<&str>, capacity: i32) -> Result<()> {
    sql!("update training_sessions set place = {}, capacity = {} where id = {}", place, capacity, id)
        .run(tx.conn())
        .map(|_| ())
}

pub fn cancel(tx: &mut Tx<'_>, id: TrainingSessionId, reason: &str) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "update training_sessions set status = 'cancelled', cancelled_at = {}, cancellation_reason = {}, seats_taken = 0 where id = {}",
        now,
        reason,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}

/// Takes seats of a locked session, or gives them back; the database never lets it be oversold.
pub fn take_seats(tx: &mut Tx<'_>, id: TrainingSessionId, seats: i32) -> Result<()> {
    sql!("update training_sessions set seats_taken = seats_taken + {} where id = {}", seats, id)
        .run(tx.conn())
        .map(|_| ())
}
