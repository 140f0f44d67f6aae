//! Shapes of allotments.

use crate::platform::codes::{DepartementCode, RegionCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::features::posts::store::counters::{Allotment, AllotmentSort};
use crate::page_of;

/// The ceiling of a département.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct AllotmentInput {
    /// Posts at most; null lifts the ceiling.
    #[schema(required = true, minimum = 0, maximum = 100_000, example = 40)]
    pub posts_ceiling: Option<i32>,
}

/// What is allotted to a département.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AllotmentItem {
    pub departement_code: DepartementCode,
    #[schema(example = "Tarn-et-Garonne")]
    pub departement_name: String,
    pub region_code: RegionCode,
    /// Posts at most; null without a ceiling of its own.
    #[schema(minimum = 0, maximum = 100_000, example = 40)]
    pub posts_ceiling: Option<i32>,
    /// Live posts, and posts that reservations still hold.
    #[schema(minimum = 0, example = 18)]
    pub posts_committed: i32,
    /// Posts below the ceiling; null without one.
    #[schema(minimum = 0, example = 22)]
    pub posts_remaining: Option<i32>,
    /// Number in the entity tag `"v…"`, for If-Match; 0 before anything was written.
    #[schema(minimum = 0, example = 1)]
    pub version: i32,
    /// Null before anything was written.
    pub updated_at: Option<DateTime<Utc>>,
}

page_of! {
    /// A page of allotments.
    AllotmentPage of AllotmentItem
}

/// Filters of allotments.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AllotmentFilter {
    /// Codes of départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Codes of regions.
    #[param(inline)]
    pub region_code: Option<Vec<RegionCode>>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `departement_code` by default.
    #[param(inline)]
    pub sort: Option<Vec<AllotmentSort>>,
}

impl From<Allotment> for AllotmentItem {
    fn from(row: Allotment) -> Self {
        Self {
            posts_remaining: row.posts_ceiling.map(|ceiling| ceiling - row.posts_committed),
            departement_code: row.departement_code,
            departement_name: row.departement_name,
            region_code: row.region_code,
            posts_ceiling: row.posts_ceiling,
            posts_committed: row.posts_committed,
            version: row.version,
            updated_at: row.updated_at,
        }
    }
}
