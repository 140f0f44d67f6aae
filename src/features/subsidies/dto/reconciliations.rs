//! Shapes of reconciliations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::features::subsidies::service::{Comparison, Difference, DifferenceKind};
use crate::features::subsidies::store::mirrors::{Bucket, Row};
use crate::text_enum;

text_enum! {
    /// What may be compared.
    pub enum ReconciledResource "reconciled_resources" [] {
        Posts "posts" "Postes" "Posts",
        Recruitments "recruitments" "Recrutements" "Recruitments",
        Enrolments "enrolments" "Inscriptions en formation" "Enrolments",
        Agreements "agreements" "Conventions" "Agreements",
        Instalments "instalments" "Tranches" "Instalments",
        CreditNotes "credit_notes" "Avoirs" "Credit notes",
    }
}

/// Rows of one state whose identifiers end alike, counted and summed up.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct BucketInput {
    /// Last characters of the identifiers, `suffix_length` of them.
    #[schema(min_length = 1, max_length = 4, pattern = "^[0-9a-f]{1,4}$", example = "3f")]
    pub suffix: String,
    /// State of the rows.
    #[schema(min_length = 1, max_length = 40, format = "line", example = "paid")]
    pub status: String,
    #[schema(minimum = 0, example = 12)]
    pub rows_count: i64,
    /// Sum of their amounts in euro cents: `amount_cents`, of recruitments the salary, of posts and enrolments zero.
    #[schema(minimum = -1_000_000_000_000_i64, maximum = 1_000_000_000_000_i64, example = 12_000_000)]
    pub amount_cents: i64,
    /// Sum of their versions, the numbers of their entity tags.
    #[schema(minimum = 0, example = 30)]
    pub versions_sum: i64,
}

/// One row of the copy.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct RowInput {
    pub id: Uuid,
    #[schema(min_length = 1, max_length = 40, format = "line", example = "paid")]
    pub status: String,
    #[schema(minimum = -1_000_000_000_000_i64, maximum = 1_000_000_000_000_i64, example = 1_000_000)]
    pub amount_cents: i64,
    #[schema(minimum = 0, example = 3)]
    pub version: i32,
}

/// What a copy holds, to be compared with what is here.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"resource": "instalments", "suffix_length": 1,
    "buckets": [{"suffix": "3", "status": "paid", "rows_count": 12, "amount_cents": 12_000_000, "versions_sum": 36}]}))]
pub struct NewReconciliation {
    pub resource: ReconciledResource,
    /// Characters at the end of identifiers by which rows are put into buckets.
    #[schema(minimum = 1, maximum = 4, example = 2)]
    pub suffix_length: i32,
    /// Every bucket of the copy; a bucket that is left out counts as empty.
    #[schema(max_items = 20_000)]
    pub buckets: Vec<BucketInput>,
    /// The copy's rows in the buckets that differed, to learn which of them differ.
    #[schema(max_items = 20_000)]
    pub rows: Option<Vec<RowInput>>,
}

/// A bucket that differs, as it is here.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BucketView {
    #[schema(example = "3f")]
    pub suffix: String,
    #[schema(example = "paid")]
    pub status: String,
    /// None where only the copy has such rows.
    #[schema(minimum = 0, example = 12)]
    pub rows_count: i64,
    #[schema(example = 12_000_000)]
    pub amount_cents: i64,
    #[schema(minimum = 0, example = 30)]
    pub versions_sum: i64,
}

/// A row that differs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DifferenceView {
    pub id: Uuid,
    pub kind: DifferenceKind,
    /// State here; null where the row is not here.
    #[schema(example = "paid")]
    pub status: Option<String>,
    #[schema(example = 1_000_000)]
    pub amount_cents: Option<i64>,
    #[schema(minimum = 1, example = 3)]
    pub version: Option<i32>,
}

/// What a comparison finds: nothing, where copy and source agree.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReconciliationView {
    pub resource: ReconciledResource,
    /// Whether every bucket agrees.
    pub agrees: bool,
    #[schema(minimum = 0, example = 80)]
    pub buckets_compared_count: i64,
    /// Buckets that differ.
    pub buckets: Vec<BucketView>,
    /// Identifiers here in the buckets that differ, 10,000 at most: send your rows of these buckets to learn which differ.
    pub ids: Vec<Uuid>,
    /// Rows that differ; null where no rows were sent.
    pub differences: Option<Vec<DifferenceView>>,
}

impl ReconciliationView {
    pub fn new(resource: ReconciledResource, found: Comparison) -> Self {
        Self {
            resource,
            agrees: found.buckets.is_empty(),
            buckets_compared_count: i64::try_from(found.buckets_compared).unwrap_or(i64::MAX),
            buckets: found.buckets.into_iter().map(Into::into).collect(),
            ids: found.ids,
            differences: found.differences.map(|found| found.into_iter().map(Into::into).collect()),
        }
    }
}

impl From<Bucket> for BucketView {
    fn from(row: Bucket) -> Self {
        Self {
            suffix: row.suffix,
            status: row.status,
            rows_count: row.rows_count,
            amount_cents: row.amount_cents,
            versions_sum: row.versions_sum,
        }
    }
}

impl From<Difference> for DifferenceView {
    fn from(found: Difference) -> Self {
        let source: Option<Row> = found.source;
        Self {
            id: found.id,
            kind: found.kind,
            status: source.as_ref().map(|row| row.status.clone()),
            amount_cents: source.as_ref().map(|row| row.amount_cents),
            version: source.map(|row| row.version),
        }
    }
}
