//! Shapes of the minimum wages.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::features::recruitments::store::wages::{MinimumWage, WageSort};
use crate::page_of;

/// The minimum wage from a day on.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct MinimumWageInput {
    /// Gross, a month of 35 hours a week, in euro cents.
    #[schema(minimum = 100_000, maximum = 1_000_000, example = 180_180)]
    pub gross_monthly_cents: i64,
}

/// A minimum wage (SMIC), in force until the next one starts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MinimumWageItem {
    #[schema(example = "2024-11-01")]
    pub starts_on: NaiveDate,
    /// Gross, a month of 35 hours a week, in euro cents.
    #[schema(minimum = 100_000, maximum = 1_000_000, example = 180_180)]
    pub gross_monthly_cents: i64,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

page_of! {
    /// A page of minimum wages.
    MinimumWagePage of MinimumWageItem
}

/// Filters of minimum wages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MinimumWageFilter {
    /// Only the one in force on this day.
    #[param(example = "2021-07-01")]
    pub in_force_on: Option<NaiveDate>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-starts_on` by default.
    #[param(inline)]
    pub sort: Option<Vec<WageSort>>,
}

impl From<MinimumWage> for MinimumWageItem {
    fn from(row: MinimumWage) -> Self {
        Self {
            starts_on: row.starts_on,
            gross_monthly_cents: row.gross_monthly_cents,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
