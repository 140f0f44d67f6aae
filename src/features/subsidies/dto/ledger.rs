//! Shapes of the ledger.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::features::subsidies::model::{EnvelopeCode, LedgerKind};
use crate::features::subsidies::store::ledger::{Entry, LedgerSort, Search};
use crate::page_of;
use crate::platform::ids::{
    AgreementId, CreditNoteId, InstalmentId, LedgerEntryId, PaymentBatchId, PostId, StructureId,
};

/// A line of the ledger. Lines are only ever added.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LedgerEntryItem {
    pub id: LedgerEntryId,
    /// Order of booking.
    #[schema(minimum = 1, example = 42)]
    pub sequence: i64,
    pub kind: LedgerKind,
    /// Euro cents. Commitments that fall are negative; all else counts in the direction of its kind.
    #[schema(minimum = -1_000_000_000, maximum = 1_000_000_000, example = 1_000_000)]
    pub amount_cents: i64,
    pub envelope_code: EnvelopeCode,
    pub agreement_id: AgreementId,
    #[schema(example = "CN-V-000123")]
    pub agreement_reference: String,
    pub structure_id: StructureId,
    pub post_id: PostId,
    #[schema(example = "CN-P-000123")]
    pub post_reference: String,
    pub instalment_id: Option<InstalmentId>,
    pub credit_note_id: Option<CreditNoteId>,
    pub batch_id: Option<PaymentBatchId>,
    /// Operation, or job, that booked it.
    #[schema(example = "record_payment_results")]
    pub operation: String,
    #[schema(example = "2022-03-15")]
    pub booked_on: NaiveDate,
    pub created_at: DateTime<Utc>,
}

page_of! {
    /// A page of the ledger.
    LedgerEntryPage of LedgerEntryItem
}

/// Filters of the ledger.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LedgerEntryFilter {
    /// Kinds of lines.
    #[param(inline)]
    pub kind: Option<Vec<LedgerKind>>,
    /// The agreement.
    pub agreement_id: Option<AgreementId>,
    /// The structure.
    pub structure_id: Option<StructureId>,
    /// The post.
    pub post_id: Option<PostId>,
    /// The batch.
    pub batch_id: Option<PaymentBatchId>,
    /// Booked on or after this day.
    #[param(example = "2022-01-01")]
    pub booked_from: Option<NaiveDate>,
    /// Booked before this day.
    #[param(example = "2023-01-01")]
    pub booked_before: Option<NaiveDate>,
    /// Only what was added at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `sequence` by default.
    #[param(inline)]
    pub sort: Option<Vec<LedgerSort>>,
}

impl LedgerEntryFilter {
    pub fn search(&self) -> Search {
        Search {
            kinds: self.kind.clone(),
            agreement: self.agreement_id,
            structure: self.structure_id,
            post: self.post_id,
            batch: self.batch_id,
            booked_from: self.booked_from,
            booked_before: self.booked_before,
            updated_since: self.updated_since,
        }
    }
}

impl From<Entry> for LedgerEntryItem {
    fn from(row: Entry) -> Self {
        Self {
            id: row.id,
            sequence: row.sequence,
            kind: row.kind,
            amount_cents: row.amount_cents,
            envelope_code: row.envelope_code,
            agreement_id: row.agreement_id,
            agreement_reference: row.agreement_reference,
            structure_id: row.structure_id,
            post_id: row.post_id,
            post_reference: row.post_reference,
            instalment_id: row.instalment_id,
            credit_note_id: row.credit_note_id,
            batch_id: row.batch_id,
            operation: row.operation,
            booked_on: row.booked_on,
            created_at: row.created_at,
        }
    }
}
