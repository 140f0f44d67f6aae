//! Bank details: written by the employer, read whole by the Banque des Territoires only.

use crate::features::structures::model::StructureStatus;
use crate::features::structures::service as structures;
use crate::features::subsidies::dto::BankDetailsInput;
use crate::features::subsidies::store::bank::{self, BankDetails, NewRow};
use crate::platform::auth::Actor;
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, FaultCode, Problem, Result};
use crate::platform::events::{self, BankDetailsEvent};
use crate::platform::ids::StructureId;
use crate::platform::transitions::{Expected, require_version};
use crate::platform::{formats, text};

/// Bank details as a caller may see them.
pub struct BankFile {
    pub details: BankDetails,
    /// The whole number, for whom it is open to.
    pub iban: Option<String>,
}

pub fn find_bank_details(reader: &mut Reader<'_>, id: StructureId) -> Result<BankFile> {
    structures::require(reader, id)?;
    let details = bank::find(reader.conn(), id)?.ok_or_else(Problem::not_found)?;
    let iban = match reader.actor() {
        Actor::Bdt => bank::number(reader.conn(), id)?,
        _ => None,
    };
    Ok(BankFile { details, iban })
}

/// Instalments that are ordered keep the account that they were ordered to.
pub fn set_bank_details(
    tx: &mut Tx<'_>,
    id: StructureId,
    version: Option<Expected>,
    input: &BankDetailsInput,
) -> Result<BankFile> {
    let structure = structures::require(&mut tx.reader(), id)?;
    // What is still owed to a structure that has left goes to an account that works.
    if structure.status == StructureStatus::Withdrawn && !bank::is_owed(tx, id)? {
        return Err(Problem::new(Code::StructureNotLive).with("status", structure.status));
    }
    let iban =
        formats::iban_canonical(&input.iban).ok_or_else(|| Problem::invalid_field("iban", FaultCode::InvalidIban))?;
    let bic = match input.bic.as_deref() {
        Some(bic) => {
            Some(formats::bic_canonical(bic).ok_or_else(|| Problem::invalid_field("bic", FaultCode::InvalidBic))?)
        }
        None => None,
    };
    let before = bank::lock(tx, id)?;
    require_version(version, before.map_or(0, |details| details.version))?;
    let (holder, masked) = (text::canonical(&input.holder), masked(&iban));
    tx.as_service(|tx| {
        let row = NewRow { structure_id: id, holder: &holder, iban: &iban, iban_masked: &masked, bic: bic.as_deref() };
        bank::put(tx, &row)
    })?;
    let place = Some((Some(id), structure.departement_code.as_str(), structure.region_code.as_str()));
    events::emit(tx, BankDetailsEvent::Set, id.uuid(), place)?;
    let details = bank::find(tx.conn(), id)?.ok_or_else(Problem::not_found)?;
    Ok(BankFile { details, iban: None })
}

/// What of an account number tells it from others without telling it.
fn masked(iban: &str) -> String {
    let shown = 4.min(iban.len());
    let hidden = iban.len().saturating_sub(shown + 3);
    format!("{}{}{}", &iban[..shown], "*".repeat(hidden), &iban[shown + hidden..])
}
