//! Shapes of sessions.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::features::trainings::model::{PathKind, SessionStatus};
use crate::features::trainings::service::SessionFile;
use crate::features::trainings::store::sessions::{Search, Session, SessionSort};
use crate::page_of;
use crate::platform::codes::RegionCode;
use crate::platform::http::patch;
use crate::platform::ids::{TrainingBodyId, TrainingPathId, TrainingSessionId, uuids};
use crate::platform::transitions::Transition;

/// A session to be held.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"path_id": "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f", "body_id": "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e70",
    "region_code": "76", "place": "Montauban", "capacity": 12, "half_days": ["2026-12-07-am", "2026-12-07-pm", "2026-12-08-am"]}))]
pub struct NewTrainingSession {
    pub path_id: TrainingPathId,
    /// The body that holds it; a training body may leave it out.
    pub body_id: Option<TrainingBodyId>,
    /// Where it is held; without a region, at a distance.
    pub region_code: Option<RegionCode>,
    #[schema(min_length = 1, max_length = 250, format = "line", example = "Montauban")]
    pub place: Option<String>,
    /// Half-days: a date with `-am` or `-pm`, from 17 November 2020 on.
    #[schema(min_items = 1, max_items = 200, inline)]
    pub half_days: Vec<String>,
    /// Seats.
    #[schema(minimum = 1, maximum = 500, example = 12)]
    pub capacity: i32,
}

/// Changes of a session that has not begun; absent members stay, null erases.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"capacity": 14}))]
pub struct TrainingSessionPatch {
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(min_length = 1, max_length = 250, format = "line")]
    pub place: Option<Option<String>>,
    /// Seats: at least those taken.
    #[schema(minimum = 1, maximum = 500, nullable = false)]
    pub capacity: Option<i32>,
}

/// Why a session is cancelled.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct SessionCancellation {
    #[schema(min_length = 10, max_length = 1000, format = "text", example = "Trop peu d'inscrits à cette date.")]
    pub reason: String,
}

/// A session in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TrainingSessionItem {
    pub id: TrainingSessionId,
    #[schema(example = "CN-SF-000123")]
    pub reference: String,
    pub status: SessionStatus,
    pub path_id: TrainingPathId,
    #[schema(example = "Formation initiale, 105 heures")]
    pub path_name: String,
    pub kind: PathKind,
    #[schema(minimum = 1, maximum = 420, example = 105)]
    pub hours: i32,
    pub body_id: TrainingBodyId,
    #[schema(example = "Organisme de formation A (démonstration)")]
    pub body_name: String,
    /// Null at a distance.
    pub region_code: Option<RegionCode>,
    #[schema(example = "Montauban")]
    pub place: Option<String>,
    #[schema(example = "2026-12-07")]
    pub starts_on: NaiveDate,
    #[schema(example = "2026-12-18")]
    pub ends_on: NaiveDate,
    #[schema(minimum = 1, maximum = 500, example = 12)]
    pub capacity: i32,
    #[schema(minimum = 0, maximum = 500, example = 9)]
    pub seats_taken: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

/// A session.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TrainingSessionView {
    pub id: TrainingSessionId,
    #[schema(example = "CN-SF-000123")]
    pub reference: String,
    pub status: SessionStatus,
    pub path_id: TrainingPathId,
    #[schema(example = "Formation initiale, 105 heures")]
    pub path_name: String,
    pub kind: PathKind,
    #[schema(minimum = 1, maximum = 420, example = 105)]
    pub hours: i32,
    pub body_id: TrainingBodyId,
    #[schema(example = "Organisme de formation A (démonstration)")]
    pub body_name: String,
    /// Null at a distance.
    pub region_code: Option<RegionCode>,
    #[schema(example = "Montauban")]
    pub place: Option<String>,
    #[schema(example = "2026-12-07")]
    pub starts_on: NaiveDate,
    #[schema(example = "2026-12-18")]
    pub ends_on: NaiveDate,
    /// In order; mornings are from 9:00 to 12:30, afternoons from 13:30 to 17:00, in Paris.
    #[schema(example = json!(["2026-12-07-am", "2026-12-07-pm"]))]
    pub half_days: Vec<String>,
    #[schema(minimum = 1, maximum = 500, example = 12)]
    pub capacity: i32,
    #[schema(minimum = 0, maximum = 500, example = 9)]
    pub seats_taken: i32,
    pub cancellation_reason: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// What may be done with it now, and by whom.
    pub transitions: Vec<Transition>,
}

page_of! {
    /// A page of sessions.
    TrainingSessionPage of TrainingSessionItem
}

/// Filters of sessions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TrainingSessionFilter {
    /// These, by their identifiers: what the feed of events told of.
    #[param(inline)]
    pub id: Option<Vec<TrainingSessionId>>,
    /// States.
    #[param(inline)]
    pub status: Option<Vec<SessionStatus>>,
    /// The training body.
    pub body_id: Option<TrainingBodyId>,
    /// The path.
    pub path_id: Option<TrainingPathId>,
    /// Kind of path.
    #[param(inline)]
    pub kind: Option<PathKind>,
    /// Regions in which it is held.
    #[param(inline)]
    pub region_code: Option<Vec<RegionCode>>,
    /// Whether it is held at a distance.
    pub remote: Option<bool>,
    /// Whether it has seats left.
    pub has_seats: Option<bool>,
    /// Beginning on or after this day.
    #[param(example = "2026-12-01")]
    pub starts_from: Option<NaiveDate>,
    /// Beginning before this day.
    #[param(example = "2027-01-01")]
    pub starts_before: Option<NaiveDate>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `starts_on` by default.
    #[param(inline)]
    pub sort: Option<Vec<SessionSort>>,
}

impl TrainingSessionFilter {
    pub fn search(&self) -> Search {
        Search {
            ids: self.id.as_deref().map(uuids),
            statuses: self.status.clone(),
            body: self.body_id,
            path: self.path_id,
            kind: self.kind,
            region: self.region_code.clone(),
            remote: self.remote,
            free: self.has_seats,
            starts_from: self.starts_from,
            starts_before: self.starts_before,
            updated_since: self.updated_since,
        }
    }
}

impl From<Session> for TrainingSessionItem {
    fn from(row: Session) -> Self {
        Self {
            id: row.id,
            reference: row.reference,
            status: row.status,
            path_id: row.path_id,
            path_name: row.path_name,
            kind: row.kind,
            hours: row.hours,
            body_id: row.body_id,
            body_name: row.body_name,
            region_code: row.region_code,
            place: row.place,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            capacity: row.capacity,
            seats_taken: row.seats_taken,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

impl From<SessionFile> for TrainingSessionView {
    fn from(file: SessionFile) -> Self {
        let row = file.session;
        Self {
            id: row.id,
            reference: row.reference,
            status: row.status,
            path_id: row.path_id,
            path_name: row.path_name,
            kind: row.kind,
            hours: row.hours,
            body_id: row.body_id,
            body_name: row.body_name,
            region_code: row.region_code,
            place: row.place,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            half_days: row.half_days,
            capacity: row.capacity,
            seats_taken: row.seats_taken,
            cancellation_reason: row.cancellation_reason,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
            transitions: file.transitions,
        }
    }
}
