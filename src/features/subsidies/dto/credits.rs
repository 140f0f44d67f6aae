//! Shapes of credit notes.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::features::posts::model::Phase;
use crate::features::subsidies::model::{CreditReason, CreditStatus};
use crate::features::subsidies::service::CreditFile;
use crate::features::subsidies::store::credits::{CreditNote, CreditSort, Search};
use crate::page_of;
use crate::platform::codes::DepartementCode;
use crate::platform::ids::{AgreementId, CreditNoteId, InstalmentId, PostId, StructureId, uuids};
use crate::platform::transitions::Transition;

/// The money has come back.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Repayment {
    /// From the day of the credit note to today.
    #[schema(example = "2022-02-01")]
    pub repaid_on: NaiveDate,
    /// The bank's reference.
    #[schema(min_length = 1, max_length = 35, format = "line", example = "VIR-20220201-17")]
    pub bank_reference: String,
}

/// The instalment that is to pay that much less.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Offset {
    /// A planned or due instalment of the same structure, larger than the credit note.
    pub instalment_id: InstalmentId,
}

/// A credit note in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreditNoteItem {
    pub id: CreditNoteId,
    #[schema(example = "CN-AV-000123")]
    pub reference: String,
    pub status: CreditStatus,
    pub agreement_id: AgreementId,
    #[schema(example = "CN-V-000123")]
    pub agreement_reference: String,
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    pub departement_code: DepartementCode,
    pub post_id: PostId,
    #[schema(example = "CN-P-000123")]
    pub post_reference: String,
    pub phase: Phase,
    pub reason: CreditReason,
    /// Euro cents.
    #[schema(minimum = 1, example = 583_333)]
    pub amount_cents: i64,
    #[schema(example = "2021-10-31")]
    pub issued_on: NaiveDate,
    pub repaid_on: Option<NaiveDate>,
    /// The instalment that settles it.
    pub offset_instalment_id: Option<InstalmentId>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

/// A credit note.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreditNoteView {
    pub id: CreditNoteId,
    #[schema(example = "CN-AV-000123")]
    pub reference: String,
    pub status: CreditStatus,
    pub agreement_id: AgreementId,
    #[schema(example = "CN-V-000123")]
    pub agreement_reference: String,
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    pub departement_code: DepartementCode,
    pub post_id: PostId,
    #[schema(example = "CN-P-000123")]
    pub post_reference: String,
    pub phase: Phase,
    pub reason: CreditReason,
    /// Euro cents.
    #[schema(minimum = 1, example = 583_333)]
    pub amount_cents: i64,
    #[schema(example = "2021-10-31")]
    pub issued_on: NaiveDate,
    pub repaid_on: Option<NaiveDate>,
    #[schema(example = "VIR-20220201-17")]
    pub bank_reference: Option<String>,
    /// The instalment that settles it.
    pub offset_instalment_id: Option<InstalmentId>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// What may be done with it now, and by whom.
    pub transitions: Vec<Transition>,
}

page_of! {
    /// A page of credit notes.
    CreditNotePage of CreditNoteItem
}

/// Filters of credit notes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CreditNoteFilter {
    /// These, by their identifiers: what the feed of events told of.
    #[param(inline)]
    pub id: Option<Vec<CreditNoteId>>,
    /// States.
    #[param(inline)]
    pub status: Option<Vec<CreditStatus>>,
    /// The agreement.
    pub agreement_id: Option<AgreementId>,
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
    pub sort: Option<Vec<CreditSort>>,
}

impl CreditNoteFilter {
    pub fn search(&self) -> Search {
        Search {
            ids: self.id.as_deref().map(uuids),
            statuses: self.status.clone(),
            agreement: self.agreement_id,
            structure: self.structure_id,
            departements: self.departement_code.clone(),
            updated_since: self.updated_since,
        }
    }
}

impl From<CreditNote> for CreditNoteItem {
    fn from(row: CreditNote) -> Self {
        Self {
            id: row.id,
            reference: row.reference,
            status: row.status,
            agreement_id: row.agreement_id,
            agreement_reference: row.agreement_reference,
            structure_id: row.structure_id,
            structure_name: row.structure_name,
            departement_code: row.departement_code,
            post_id: row.post_id,
            post_reference: row.post_reference,
            phase: row.phase,
            reason: row.reason,
            amount_cents: row.amount_cents,
            issued_on: row.issued_on,
            repaid_on: row.repaid_on,
            offset_instalment_id: row.offset_instalment_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

impl From<CreditFile> for CreditNoteView {
    fn from(file: CreditFile) -> Self {
        let row = file.note;
        Self {
            id: row.id,
            reference: row.reference,
            status: row.status,
            agreement_id: row.agreement_id,
            agreement_reference: row.agreement_reference,
            structure_id: row.structure_id,
            structure_name: row.structure_name,
            departement_code: row.departement_code,
            post_id: row.post_id,
            post_reference: row.post_reference,
            phase: row.phase,
            reason: row.reason,
            amount_cents: row.amount_cents,
            issued_on: row.issued_on,
            repaid_on: row.repaid_on,
            bank_reference: row.bank_reference,
            offset_instalment_id: row.offset_instalment_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
            transitions: file.transitions,
        }
    }
}
