//! Shapes of training bodies, paths and certifications.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::features::trainings::model::{CertificationKind, CertificationResult, PathKind};
use crate::features::trainings::store::catalogue::{Body, BodySort, Path, PathSort};
use crate::features::trainings::store::certifications::{Certification, CertificationSort, Search};
use crate::page_of;
use crate::platform::ids::{CertificationId, CounsellorId, TrainingBodyId, TrainingPathId, uuids};

/// An organisation that trains counsellors.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewTrainingBody {
    #[schema(min_length = 1, max_length = 250, format = "line", example = "Organisme de formation A (démonstration)")]
    pub name: String,
    #[schema(format = "siret", example = "13002603200016")]
    pub siret: String,
}

/// A training body.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TrainingBodyView {
    pub id: TrainingBodyId,
    #[schema(example = "CN-OF-000001")]
    pub reference: String,
    #[schema(example = "Organisme de formation A (démonstration)")]
    pub name: String,
    #[schema(example = "13002603200016")]
    pub siret: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What counsellors may be trained in.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewTrainingPath {
    #[schema(min_length = 1, max_length = 250, format = "line", example = "Formation initiale, 105 heures")]
    pub name: String,
    pub kind: PathKind,
    /// Hours; of an initial path 70, 105, 175, 280, 315, 350 or 420, by the level of whoever follows it.
    #[schema(minimum = 1, maximum = 420, example = 105)]
    pub hours: i32,
    /// What it leads to: of a certification, and only of one.
    pub certification: Option<CertificationKind>,
}

/// A training path.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TrainingPathView {
    pub id: TrainingPathId,
    #[schema(example = "CN-PF-000001")]
    pub reference: String,
    #[schema(example = "Formation initiale, 105 heures")]
    pub name: String,
    pub kind: PathKind,
    #[schema(minimum = 1, maximum = 420, example = 105)]
    pub hours: i32,
    pub certification: Option<CertificationKind>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The result of a counsellor's next attempt.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewCertification {
    pub counsellor_id: CounsellorId,
    pub kind: CertificationKind,
    pub result: CertificationResult,
    /// Day of the examination: today at the latest.
    #[schema(example = "2022-03-15")]
    pub held_on: NaiveDate,
}

/// A counsellor's attempt at a certification.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CertificationView {
    pub id: CertificationId,
    #[schema(example = "CN-CF-000123")]
    pub reference: String,
    pub counsellor_id: CounsellorId,
    #[schema(example = "CN-CN-000123")]
    pub counsellor_reference: String,
    #[schema(example = "Camille")]
    pub first_name: String,
    #[schema(example = "Exemple")]
    pub last_name: String,
    pub kind: CertificationKind,
    /// First attempt, second, and so on.
    #[schema(minimum = 1, maximum = 20, example = 1)]
    pub attempt: i32,
    pub result: CertificationResult,
    #[schema(example = "2022-03-15")]
    pub held_on: NaiveDate,
    /// The training body that recorded it, if one did.
    pub body_id: Option<TrainingBodyId>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

page_of! {
    /// A page of training bodies.
    TrainingBodyPage of TrainingBodyView
}

page_of! {
    /// A page of training paths.
    TrainingPathPage of TrainingPathView
}

page_of! {
    /// A page of certifications.
    CertificationPage of CertificationView
}

/// Filters of training bodies.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TrainingBodyFilter {
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `name` by default.
    #[param(inline)]
    pub sort: Option<Vec<BodySort>>,
}

/// Filters of training paths.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TrainingPathFilter {
    /// Kind of path.
    #[param(inline)]
    pub kind: Option<PathKind>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `name` by default.
    #[param(inline)]
    pub sort: Option<Vec<PathSort>>,
}

/// Filters of certifications.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CertificationFilter {
    /// These, by their identifiers: what the feed of events told of.
    #[param(inline)]
    pub id: Option<Vec<CertificationId>>,
    /// The counsellor.
    pub counsellor_id: Option<CounsellorId>,
    /// The certification.
    #[param(inline)]
    pub kind: Option<CertificationKind>,
    /// Passed or failed.
    #[param(inline)]
    pub result: Option<CertificationResult>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-held_on` by default.
    #[param(inline)]
    pub sort: Option<Vec<CertificationSort>>,
}

impl CertificationFilter {
    pub fn search(&self) -> Search {
        Search {
            ids: self.id.as_deref().map(uuids),
            counsellor: self.counsellor_id,
            kind: self.kind,
            result: self.result,
            updated_since: self.updated_since,
        }
    }
}

impl From<Body> for TrainingBodyView {
    fn from(row: Body) -> Self {
        Self {
            id: row.id,
            reference: row.reference,
            name: row.name,
            siret: row.siret,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<Path> for TrainingPathView {
    fn from(row: Path) -> Self {
        Self {
            id: row.id,
            reference: row.reference,
            name: row.name,
            kind: row.kind,
            hours: row.hours,
            certification: row.certification,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<Certification> for CertificationView {
    fn from(row: Certification) -> Self {
        Self {
            id: row.id,
            reference: row.reference,
            counsellor_id: row.counsellor_id,
            counsellor_reference: row.counsellor_reference,
            first_name: row.first_name,
            last_name: row.last_name,
            kind: row.kind,
            attempt: row.attempt,
            result: row.result,
            held_on: row.held_on,
            body_id: row.body_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
