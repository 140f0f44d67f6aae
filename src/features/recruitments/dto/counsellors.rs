//! Shapes of counsellors.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::features::posts::model::Phase;
use crate::features::recruitments::model::CounsellorStatus;
use crate::features::recruitments::store::counsellors::{Counsellor, CounsellorSort, Search};
use crate::page_of;
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::http::patch;
use crate::platform::ids::{CandidateId, CounsellorId, PostId, RecruitmentId, StructureId, uuids};

/// Changes of a counsellor's professional contact; absent members stay, null erases.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"professional_email": "camille.exemple@example.org"}))]
#[serde(deny_unknown_fields)]
pub struct CounsellorPatch {
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(max_length = 254, format = "email")]
    pub professional_email: Option<Option<String>>,
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(max_length = 40, format = "phone")]
    pub professional_phone: Option<Option<String>>,
}

/// A counsellor: in a list and alone.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CounsellorView {
    pub id: CounsellorId,
    #[schema(example = "CN-CN-000123")]
    pub reference: String,
    pub candidate_id: CandidateId,
    #[schema(example = "Camille")]
    pub first_name: String,
    #[schema(example = "Exemple")]
    pub last_name: String,
    pub status: CounsellorStatus,
    /// The running contract, or the last one.
    pub recruitment_id: RecruitmentId,
    pub post_id: PostId,
    pub phase: Phase,
    /// Coordinates other counsellors.
    pub coordinator: bool,
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    /// In post without a break since this day.
    #[schema(example = "2021-09-01")]
    pub since_on: NaiveDate,
    /// Last day of the contract; null for an open-ended one.
    #[schema(example = "2023-08-31")]
    pub contract_ends_on: Option<NaiveDate>,
    /// Last day in post, once left.
    pub left_on: Option<NaiveDate>,
    #[schema(example = "camille.exemple@example.org")]
    pub professional_email: Option<String>,
    /// E.164.
    #[schema(example = "+33563000000")]
    pub professional_phone: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

page_of! {
    /// A page of counsellors.
    CounsellorPage of CounsellorView
}

/// Filters of counsellors.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CounsellorFilter {
    /// These, by their identifiers: what the feed of events told of.
    #[param(inline)]
    pub id: Option<Vec<CounsellorId>>,
    /// Part of the counsellor's or the structure's name, or a reference; accents, case and hyphens do not matter.
    #[param(max_length = 100, format = "line", example = "moissac")]
    pub q: Option<String>,
    /// States.
    #[param(inline)]
    pub status: Option<Vec<CounsellorStatus>>,
    /// The structure.
    pub structure_id: Option<StructureId>,
    /// Codes of départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Codes of regions.
    #[param(inline)]
    pub region_code: Option<Vec<RegionCode>>,
    /// Coordinators, or others.
    #[param(example = false)]
    pub coordinator: Option<bool>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-updated_at` by default.
    #[param(inline)]
    pub sort: Option<Vec<CounsellorSort>>,
}

impl CounsellorFilter {
    pub fn search(&self) -> Search {
        Search {
            ids: self.id.as_deref().map(uuids),
            text: self.q.clone(),
            statuses: self.status.clone(),
            structure: self.structure_id,
            departements: self.departement_code.clone(),
            region: self.region_code.clone(),
            coordinator: self.coordinator,
            updated_since: self.updated_since,
        }
    }
}

impl From<Counsellor> for CounsellorView {
    fn from(row: Counsellor) -> Self {
        Self {
            id: row.id,
            reference: row.reference,
            candidate_id: row.candidate_id,
            first_name: row.first_name,
            last_name: row.last_name,
            status: row.status,
            recruitment_id: row.recruitment_id,
            post_id: row.post_id,
            phase: row.phase,
            coordinator: row.coordinator,
            structure_id: row.structure_id,
            structure_name: row.structure_name,
            departement_code: row.departement_code,
            region_code: row.region_code,
            since_on: row.since_on,
            contract_ends_on: row.contract_ends_on,
            left_on: row.left_on,
            professional_email: row.professional_email,
            professional_phone: row.professional_phone,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}
