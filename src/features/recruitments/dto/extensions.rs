//! Shapes of extensions.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::features::recruitments::model::ExtensionStatus;
use crate::features::recruitments::service::ExtensionFile;
use crate::features::recruitments::store::extensions::{Extension, ExtensionSort, Search};
use crate::page_of;
use crate::platform::codes::DepartementCode;
use crate::platform::ids::{ExtensionId, RecruitmentId, StructureId, uuids};
use crate::platform::transitions::Transition;

/// A contract is to last longer.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewExtension {
    /// New last day: after the present one.
    #[schema(example = "2024-06-30")]
    pub ends_on: NaiveDate,
    /// From the extension on, in euro cents; the present one by default. At least the minimum wage in force on the day
    /// after the present end.
    #[schema(minimum = 100_000, maximum = 2_000_000, example = 190_000)]
    pub gross_monthly_salary_cents: Option<i64>,
}

/// Why an extension is refused.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct ExtensionRefusal {
    #[schema(
        min_length = 10,
        max_length = 1000,
        format = "text",
        example = "La convention prend fin avant cette date."
    )]
    pub reason: String,
}

/// An extension in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExtensionItem {
    pub id: ExtensionId,
    pub recruitment_id: RecruitmentId,
    #[schema(example = "CN-E-000123")]
    pub recruitment_reference: String,
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    pub departement_code: DepartementCode,
    /// New last day.
    #[schema(example = "2024-06-30")]
    pub ends_on: NaiveDate,
    /// Last day before.
    #[schema(example = "2023-08-31")]
    pub previous_ends_on: NaiveDate,
    /// Euro cents; null for prefectures.
    #[schema(minimum = 100_000, maximum = 2_000_000, example = 190_000)]
    pub gross_monthly_salary_cents: Option<i64>,
    /// Euro cents before; null for prefectures.
    #[schema(minimum = 100_000, maximum = 2_000_000, example = 185_000)]
    pub previous_gross_monthly_salary_cents: Option<i64>,
    pub status: ExtensionStatus,
    pub decided_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

/// A request to extend a contract.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExtensionView {
    pub id: ExtensionId,
    pub recruitment_id: RecruitmentId,
    #[schema(example = "CN-E-000123")]
    pub recruitment_reference: String,
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    pub departement_code: DepartementCode,
    /// New last day.
    #[schema(example = "2024-06-30")]
    pub ends_on: NaiveDate,
    /// Last day before.
    #[schema(example = "2023-08-31")]
    pub previous_ends_on: NaiveDate,
    /// Euro cents; null for prefectures.
    #[schema(minimum = 100_000, maximum = 2_000_000, example = 190_000)]
    pub gross_monthly_salary_cents: Option<i64>,
    /// Euro cents before; null for prefectures.
    #[schema(minimum = 100_000, maximum = 2_000_000, example = 185_000)]
    pub previous_gross_monthly_salary_cents: Option<i64>,
    pub status: ExtensionStatus,
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
    /// A page of extensions.
    ExtensionPage of ExtensionItem
}

/// Filters of extensions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExtensionFilter {
    /// These, by their identifiers: what the feed of events told of.
    #[param(inline)]
    pub id: Option<Vec<ExtensionId>>,
    /// States.
    #[param(inline)]
    pub status: Option<Vec<ExtensionStatus>>,
    /// The recruitment.
    pub recruitment_id: Option<RecruitmentId>,
    /// The structure.
    pub structure_id: Option<StructureId>,
    /// Codes of the structures' départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-updated_at` by default.
    #[param(inline)]
    pub sort: Option<Vec<ExtensionSort>>,
}

impl ExtensionFilter {
    pub fn search(&self) -> Search {
        Search {
            ids: self.id.as_deref().map(uuids),
            statuses: self.status.clone(),
            recruitment: self.recruitment_id,
            structure: self.structure_id,
            departements: self.departement_code.clone(),
            updated_since: self.updated_since,
        }
    }
}

impl ExtensionItem {
    pub fn new(row: Extension, shows_pay: bool) -> Self {
        Self {
            id: row.id,
            recruitment_id: row.recruitment_id,
            recruitment_reference: row.recruitment_reference,
            structure_id: row.structure_id,
            structure_name: row.structure_name,
            departement_code: row.departement_code,
            ends_on: row.ends_on,
            previous_ends_on: row.previous_ends_on,
            gross_monthly_salary_cents: shows_pay.then_some(row.gross_monthly_salary_cents),
            previous_gross_monthly_salary_cents: shows_pay.then_some(row.previous_gross_monthly_salary_cents),
            status: row.status,
            decided_at: row.decided_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

impl From<ExtensionFile> for ExtensionView {
    fn from(file: ExtensionFile) -> Self {
        let (row, shows_pay) = (file.extension, file.shows_pay);
        Self {
            id: row.id,
            recruitment_id: row.recruitment_id,
            recruitment_reference: row.recruitment_reference,
            structure_id: row.structure_id,
            structure_name: row.structure_name,
            departement_code: row.departement_code,
            ends_on: row.ends_on,
            previous_ends_on: row.previous_ends_on,
            gross_monthly_salary_cents: shows_pay.then_some(row.gross_monthly_salary_cents),
            previous_gross_monthly_salary_cents: shows_pay.then_some(row.previous_gross_monthly_salary_cents),
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
