//! Shapes of payment batches.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::features::posts::model::Phase;
use crate::features::subsidies::model::{BatchStatus, LineStatus, RejectionReason};
use crate::features::subsidies::store::batches::{Batch, BatchSort, Line, LineSort};
use crate::page_of;
use crate::platform::codes::DepartementCode;
use crate::platform::ids::{AgreementId, InstalmentId, PaymentBatchId, PaymentLineId, StructureId};
use crate::text_enum;

/// Orders what is due: everything, or what the choice says.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"execution_on": "2026-12-15", "phase": "v1", "expected_cents": 1_000_000, "expected_count": 1}))]
pub struct NewPaymentBatch {
    /// What is ordered, in euro cents, as it was read: `amount_cents` of the same call with `dry_run=true`. Required but in a
    /// dry run; another amount is 412 `amount_changed`.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64, example = 1_000_000)]
    pub expected_cents: Option<i64>,
    /// How many lines it has, as it was read: `lines_count` of the same call with `dry_run=true`. Required but in a dry run;
    /// another number is 412 `amount_changed`.
    #[schema(minimum = 0, maximum = 10_000, example = 1)]
    pub expected_count: Option<i32>,
    /// Day on which the bank is to pay: today at the earliest.
    #[schema(example = "2026-12-15")]
    pub execution_on: NaiveDate,
    /// These instalments, all of which must be due.
    #[schema(min_items = 1, max_items = 500)]
    pub instalment_ids: Option<Vec<InstalmentId>>,
    pub phase: Option<Phase>,
    /// Of structures in these départements.
    #[schema(min_items = 1, max_items = 110, inline, example = json!(["82"]))]
    pub departement_codes: Option<Vec<DepartementCode>>,
    pub structure_id: Option<StructureId>,
    /// So many lines at most, the oldest first.
    #[schema(minimum = 1, maximum = 10_000, example = 500)]
    pub lines_max: Option<i32>,
}

text_enum! {
    /// What the bank says of a line.
    pub enum PaymentOutcome "payment_outcomes" [] {
        Paid "paid" "Payée" "Paid",
        Rejected "rejected" "Rejetée" "Rejected",
    }
}

/// What the bank says of one instalment.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct PaymentResult {
    pub instalment_id: InstalmentId,
    pub outcome: PaymentOutcome,
    /// Of a payment: the day on which the money left; from the batch's day to today.
    #[schema(example = "2026-12-15")]
    pub paid_on: Option<NaiveDate>,
    /// Of a payment: the bank's reference.
    #[schema(min_length = 1, max_length = 35, format = "line", example = "BDT-20261215-000123")]
    pub bank_reference: Option<String>,
    /// Of a rejection: why.
    pub rejection: Option<RejectionReason>,
}

/// The bank's answers, for some or all lines of a batch.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"results": [
    {"instalment_id": "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f", "outcome": "paid", "paid_on": "2026-12-15", "bank_reference": "BDT-20261215-000123"},
    {"instalment_id": "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e70", "outcome": "rejected", "rejection": "ac04"}]}))]
pub struct PaymentResults {
    #[schema(min_items = 1, max_items = 10_000)]
    pub results: Vec<PaymentResult>,
}

/// Instalments paid together.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PaymentBatchView {
    pub id: PaymentBatchId,
    #[schema(example = "CN-LP-000123")]
    pub reference: String,
    pub status: BatchStatus,
    #[schema(example = "2026-12-15")]
    pub execution_on: NaiveDate,
    #[schema(example = "Banque des Territoires (démonstration)")]
    pub payer_name: String,
    #[schema(minimum = 1, example = 120)]
    pub lines_count: i32,
    /// Money to move, in euro cents.
    #[schema(minimum = 1, example = 120_000_000)]
    pub amount_cents: i64,
    #[schema(minimum = 0, example = 119)]
    pub paid_count: i32,
    #[schema(minimum = 0, example = 119_000_000)]
    pub paid_cents: i64,
    #[schema(minimum = 0, example = 1)]
    pub rejected_count: i32,
    #[schema(minimum = 0, example = 1_000_000)]
    pub rejected_cents: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// One line of a batch.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PaymentLineItem {
    pub id: PaymentLineId,
    pub batch_id: PaymentBatchId,
    #[schema(minimum = 1, example = 1)]
    pub number: i32,
    /// What the bank gives back with its answer.
    #[schema(example = "CN-LP-000123-00001")]
    pub end_to_end_id: String,
    pub instalment_id: InstalmentId,
    #[schema(example = "CN-T-000123")]
    pub instalment_reference: String,
    pub agreement_id: AgreementId,
    #[schema(example = "CN-V-000123")]
    pub agreement_reference: String,
    #[schema(example = "CN-P-000123")]
    pub post_reference: String,
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    #[schema(example = "21820112500017")]
    pub siret: Option<String>,
    /// Money to move, in euro cents: the instalment, less what credit notes settle.
    #[schema(minimum = 1, example = 1_000_000)]
    pub amount_cents: i64,
    pub status: LineStatus,
    #[schema(example = "2026-12-15")]
    pub paid_on: Option<NaiveDate>,
    #[schema(example = "BDT-20261215-000123")]
    pub bank_reference: Option<String>,
    pub rejection: Option<RejectionReason>,
    pub answered_at: Option<DateTime<Utc>>,
}

page_of! {
    /// A page of payment batches.
    PaymentBatchPage of PaymentBatchView
}

page_of! {
    /// A page of payment lines.
    PaymentLinePage of PaymentLineItem
}

/// Filters of payment batches.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PaymentBatchFilter {
    /// States.
    #[param(inline)]
    pub status: Option<Vec<BatchStatus>>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-created_at` by default.
    #[param(inline)]
    pub sort: Option<Vec<BatchSort>>,
}

/// Filters of payment lines.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PaymentLineFilter {
    /// States.
    #[param(inline)]
    pub status: Option<Vec<LineStatus>>,
    /// Order; `number` by default.
    #[param(inline)]
    pub sort: Option<Vec<LineSort>>,
}

impl From<Batch> for PaymentBatchView {
    fn from(row: Batch) -> Self {
        Self {
            id: row.id,
            reference: row.reference,
            status: row.status,
            execution_on: row.execution_on,
            payer_name: row.payer_name,
            lines_count: row.lines_count,
            amount_cents: row.amount_cents,
            paid_count: row.paid_count,
            paid_cents: row.paid_cents,
            rejected_count: row.rejected_count,
            rejected_cents: row.rejected_cents,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<Line> for PaymentLineItem {
    fn from(row: Line) -> Self {
        Self {
            end_to_end_id: row.end_to_end_id(),
            id: row.id,
            batch_id: row.batch_id,
            number: row.number,
            instalment_id: row.instalment_id,
            instalment_reference: row.instalment_reference,
            agreement_id: row.agreement_id,
            agreement_reference: row.agreement_reference,
            post_reference: row.post_reference,
            structure_id: row.structure_id,
            structure_name: row.structure_name,
            siret: row.siret,
            amount_cents: row.amount_cents,
            status: row.status,
            paid_on: row.paid_on,
            bank_reference: row.bank_reference,
            rejection: row.rejection,
            answered_at: row.answered_at,
        }
    }
}
