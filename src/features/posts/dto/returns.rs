//! Shapes of requests to give posts back.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::features::posts::model::{PostReturnStatus, ReturnReason};
use crate::features::posts::service::ReturnFile;
use crate::features::posts::store::returns::{PostReturn, PostReturnSort, Search};
use crate::page_of;
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::ids::{PostId, PostReturnId, StructureId, uuids};
use crate::platform::transitions::Transition;

/// An employer asks to give a post back.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewPostReturn {
    /// A vacant post of the structure that no submitted recruitment holds.
    pub post_id: PostId,
    pub reason: ReturnReason,
    #[schema(
        min_length = 1,
        max_length = 1000,
        format = "text",
        example = "Trois annonces sont restées sans réponse."
    )]
    pub comment: Option<String>,
}

/// Why the post stays.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct PostReturnRefusal {
    /// Told to the structure.
    #[schema(
        min_length = 10,
        max_length = 1000,
        format = "text",
        example = "Un candidat proche de votre commune vient de s'inscrire."
    )]
    pub reason: String,
}

/// A request to give a post back, in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PostReturnItem {
    pub id: PostReturnId,
    pub post_id: PostId,
    #[schema(example = "CN-P-000123")]
    pub post_reference: String,
    /// The structure that asked.
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    pub reason: ReturnReason,
    pub comment: Option<String>,
    pub status: PostReturnStatus,
    pub decided_at: Option<DateTime<Utc>>,
    pub refusal_reason: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

/// A request to give a post back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PostReturnView {
    pub id: PostReturnId,
    pub post_id: PostId,
    #[schema(example = "CN-P-000123")]
    pub post_reference: String,
    /// The structure that asked.
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    pub reason: ReturnReason,
    pub comment: Option<String>,
    pub status: PostReturnStatus,
    pub decided_at: Option<DateTime<Utc>>,
    pub refusal_reason: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// What may be done with it now, and by whom.
    pub transitions: Vec<Transition>,
}

page_of! {
    /// A page of requests to give posts back.
    PostReturnPage of PostReturnItem
}

/// Filters of requests to give posts back.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PostReturnFilter {
    /// These, by their identifiers: what the feed of events told of.
    #[param(inline)]
    pub id: Option<Vec<PostReturnId>>,
    /// States.
    #[param(inline)]
    pub status: Option<Vec<PostReturnStatus>>,
    /// The post.
    pub post_id: Option<PostId>,
    /// The structure that asked.
    pub structure_id: Option<StructureId>,
    /// Codes of départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Codes of regions.
    #[param(inline)]
    pub region_code: Option<Vec<RegionCode>>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-updated_at` by default.
    #[param(inline)]
    pub sort: Option<Vec<PostReturnSort>>,
}

impl PostReturnFilter {
    pub fn search(&self) -> Search {
        Search {
            ids: self.id.as_deref().map(uuids),
            statuses: self.status.clone(),
            post: self.post_id,
            structure: self.structure_id,
            departements: self.departement_code.clone(),
            region: self.region_code.clone(),
            updated_since: self.updated_since,
        }
    }
}

impl From<PostReturn> for PostReturnItem {
    fn from(row: PostReturn) -> Self {
        Self {
            id: row.id,
            post_id: row.post_id,
            post_reference: row.post_reference,
            structure_id: row.structure_id,
            structure_name: row.structure_name,
            departement_code: row.departement_code,
            region_code: row.region_code,
            reason: row.reason,
            comment: row.comment,
            status: row.status,
            decided_at: row.decided_at,
            refusal_reason: row.refusal_reason,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

impl From<ReturnFile> for PostReturnView {
    fn from(file: ReturnFile) -> Self {
        let row = file.request;
        Self {
            id: row.id,
            post_id: row.post_id,
            post_reference: row.post_reference,
            structure_id: row.structure_id,
            structure_name: row.structure_name,
            departement_code: row.departement_code,
            region_code: row.region_code,
            reason: row.reason,
            comment: row.comment,
            status: row.status,
            decided_at: row.decided_at,
            refusal_reason: row.refusal_reason,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
            transitions: file.transitions,
        }
    }
}
