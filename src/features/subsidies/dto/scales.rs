//! Shapes of scales.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::features::posts::model::Phase;
use crate::features::subsidies::model::{Category, Condition, ScaleTerritory};
use crate::features::subsidies::service::ScaleFile;
use crate::features::subsidies::store::scales::{PlanRow, ScaleSort, Search, parse_all};
use crate::page_of;
use crate::platform::codes::DepartementCode;
use crate::platform::error::Result;
use crate::platform::ids::SubsidyScaleId;

/// One payment of a scale's plan.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct PlannedInstalmentInput {
    /// Euro cents.
    #[schema(minimum = 1, maximum = 100_000_000, example = 1_500_000)]
    pub amount_cents: i64,
    /// What must hold before it falls due.
    #[schema(min_items = 1, max_items = 4)]
    pub conditions: Vec<Condition>,
    /// Months that must have been worked on the post: with the condition `months_elapsed`, and only with it.
    #[schema(minimum = 0, maximum = 60, example = 6)]
    pub months_elapsed: Option<i32>,
}

/// A scale: what a post is paid from a day on. It never changes; another one follows it.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"phase": "v2", "category": "public", "territory": "any", "months": 36, "valid_from": "2026-12-01",
    "instalments": [
        {"amount_cents": 1_800_000, "conditions": ["agreement_signed", "recruitment_validated"]},
        {"amount_cents": 1_250_000, "conditions": ["recruitment_validated", "months_elapsed"], "months_elapsed": 12}]}))]
pub struct NewScale {
    pub phase: Phase,
    pub category: Category,
    /// Added to the base where the structure lies in a priority area (`zrr` or `qpv`); false by default.
    pub bonus: Option<bool>,
    pub territory: ScaleTerritory,
    /// With the territory `departements`, and only with it.
    #[schema(max_items = 110, inline, example = json!(["971", "972"]))]
    pub departement_codes: Option<Vec<DepartementCode>>,
    /// Months that the whole amount pays for.
    #[schema(minimum = 1, maximum = 60, example = 36)]
    pub months: i32,
    /// First day in force, for agreements and amendments signed from then on.
    #[schema(example = "2026-12-01")]
    pub valid_from: NaiveDate,
    /// The plan, in order.
    #[schema(min_items = 1, max_items = 12)]
    pub instalments: Vec<PlannedInstalmentInput>,
}

/// One payment of a plan.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlannedInstalment {
    /// First, second, and so on.
    #[schema(minimum = 1, maximum = 12, example = 2)]
    pub rank: i32,
    /// Euro cents.
    #[schema(minimum = 1, maximum = 100_000_000, example = 1_500_000)]
    pub amount_cents: i64,
    /// What must hold before it falls due.
    pub conditions: Vec<Condition>,
    /// Months that must have been worked on the post.
    #[schema(minimum = 0, maximum = 60, example = 6)]
    pub months_elapsed: i32,
}

/// What a post is paid, by phase, category and territory.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ScaleItem {
    pub id: SubsidyScaleId,
    #[schema(example = "CN-B-000001")]
    pub reference: String,
    pub phase: Phase,
    pub category: Category,
    /// Added to the base where the structure lies in a priority area.
    pub bonus: bool,
    pub territory: ScaleTerritory,
    /// Codes, where the territory lists them.
    #[schema(example = json!(["971", "972", "973"]))]
    pub departement_codes: Vec<DepartementCode>,
    /// Months that the whole amount pays for.
    #[schema(minimum = 1, maximum = 60, example = 24)]
    pub months: i32,
    /// The whole amount, in euro cents.
    #[schema(minimum = 1, maximum = 100_000_000, example = 5_000_000)]
    pub amount_cents: i64,
    #[schema(example = "2020-11-17")]
    pub valid_from: NaiveDate,
    /// The plan, in order; it adds up to the amount.
    pub instalments: Vec<PlannedInstalment>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

page_of! {
    /// A page of scales.
    ScalePage of ScaleItem
}

/// Filters of scales.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ScaleFilter {
    /// Phase of the scheme.
    #[param(inline)]
    pub phase: Option<Phase>,
    /// Public or private.
    #[param(inline)]
    pub category: Option<Category>,
    /// Only those in force on this day.
    #[param(example = "2021-07-01")]
    pub in_force_on: Option<NaiveDate>,
    /// Only those that may apply in one of these départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Only what was added at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-valid_from` by default.
    #[param(inline)]
    pub sort: Option<Vec<ScaleSort>>,
}

impl ScaleFilter {
    pub fn search(&self) -> Search {
        Search {
            phase: self.phase,
            category: self.category,
            in_force_on: self.in_force_on,
            departements: self.departement_code.clone(),
            updated_since: self.updated_since,
        }
    }
}

impl ScaleItem {
    pub fn new(file: ScaleFile) -> Result<Self> {
        let scale = file.scale;
        Ok(Self {
            id: scale.id,
            reference: scale.reference,
            phase: scale.phase,
            category: scale.category,
            bonus: scale.bonus,
            territory: scale.territory,
            departement_codes: scale.departement_codes,
            months: scale.months,
            amount_cents: scale.amount_cents,
            valid_from: scale.valid_from,
            instalments: file.plan.iter().map(PlannedInstalment::new).collect::<Result<_>>()?,
            created_at: scale.created_at,
            updated_at: scale.updated_at,
        })
    }
}

impl PlannedInstalment {
    fn new(row: &PlanRow) -> Result<Self> {
        Ok(Self {
            rank: row.rank,
            amount_cents: row.amount_cents,
            conditions: parse_all(&row.conditions)?,
            months_elapsed: row.months_elapsed,
        })
    }
}
