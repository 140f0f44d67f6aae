//! Shapes of bank details.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::features::subsidies::service::BankFile;
use crate::platform::ids::StructureId;

/// Where a structure is paid.
#[derive(Clone, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"holder": "Commune de Moissac (démonstration)", "iban": "FR76 3000 6000 0112 3456 7890 189", "bic": "AGRIFRPP"}))]
pub struct BankDetailsInput {
    /// Holder of the account.
    #[schema(min_length = 1, max_length = 70, format = "line", example = "Commune de Moissac (démonstration)")]
    pub holder: String,
    /// Account number of the SEPA area, with or without spaces.
    #[schema(max_length = 42, format = "iban", example = "FR76 3000 6000 0112 3456 7890 189")]
    pub iban: String,
    /// Code of the bank, 8 or 11 characters; banks of the SEPA area do without.
    #[schema(max_length = 11, format = "bic", example = "AGRIFRPP")]
    pub bic: Option<String>,
}

/// Where a structure is paid.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BankDetailsView {
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac (démonstration)")]
    pub holder: String,
    /// First four and last three characters of the account number.
    #[schema(example = "FR76********************189")]
    pub iban_masked: String,
    /// The whole account number: for the Banque des Territoires only, whose reading is recorded; null for others.
    #[schema(example = "FR7630006000011234567890189")]
    pub iban: Option<String>,
    #[schema(example = "AGRIFRPP")]
    pub bic: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<BankFile> for BankDetailsView {
    fn from(file: BankFile) -> Self {
        let row = file.details;
        Self {
            structure_id: row.structure_id,
            holder: row.holder,
            iban_masked: row.iban_masked,
            iban: file.iban,
            bic: row.bic,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
