//! Credit notes: repaid, or settled by an instalment to come.

use chrono::NaiveDate;

use crate::features::subsidies::model::{CREDIT_STEPS, InstalmentStatus, LedgerKind};
use crate::features::subsidies::store::credits::{self, CreditNote};
use crate::features::subsidies::store::ledger::{self, About};
use crate::features::subsidies::store::{agreements, instalments};
use crate::platform::auth::can;
use crate::platform::auth::policy::Permission;
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, Fault, FaultCode, Problem, Result};
use crate::platform::events::{self, CreditNoteEvent, InstalmentEvent};
use crate::platform::ids::{CreditNoteId, InstalmentId};
use crate::platform::transitions::{Expected, Transition, after, require_version};

/// A credit note with what may be done with it.
pub struct CreditFile {
    pub note: CreditNote,
    pub transitions: Vec<Transition>,
}

pub fn find_credit_note(reader: &mut Reader<'_>, id: CreditNoteId) -> Result<CreditFile> {
    let note = require(reader, id)?;
    let principal = reader.principal();
    let by_state = |line| Transition::of_state(line, principal, CREDIT_STEPS, note.status);
    let transitions = vec![by_state(can::repay_credit_note::LINE), by_state(can::offset_credit_note::LINE)];
    Ok(CreditFile { note, transitions })
}

fn require(reader: &mut Reader<'_>, id: CreditNoteId) -> Result<CreditNote> {
    let actor = reader.actor().clone();
    credits::find(reader.conn(), &actor, id)?.ok_or_else(Problem::not_found)
}

/// Locks the agreements of a credit note and of the instalment that is to settle it, then the note.
fn lock(
    tx: &mut Tx<'_>,
    id: CreditNoteId,
    version: Option<Expected>,
    other: Option<crate::platform::ids::AgreementId>,
) -> Result<CreditNote> {
    let seen = require(&mut tx.reader(), id)?;
    require_version(version, seen.version)?;
    let of: Vec<_> = [Some(seen.agreement_id), other].into_iter().flatten().collect();
    agreements::lock_all(tx, &of)?;
    let note = credits::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    require_version(version, note.version)?;
    Ok(note)
}

/// The money has come back.
pub fn repay(
    tx: &mut Tx<'_>,
    id: CreditNoteId,
    version: Option<Expected>,
    on: NaiveDate,
    bank_reference: &str,
) -> Result<CreditFile> {
    let note = lock(tx, id, version, None)?;
    after(CREDIT_STEPS, note.status, can::repay_credit_note::LINE)?;
    if on > tx.today() {
        return Err(Problem::invalid_field("repaid_on", FaultCode::InTheFuture));
    }
    if on < note.issued_on {
        return Err(Problem::invalid(vec![
            Fault::field("repaid_on", FaultCode::TooSmall).with("limit", note.issued_on),
        ]));
    }
    credits::repay(tx, id, on, bank_reference)?;
    let about = About { credit_note: Some(id), ..About::default() };
    ledger::book(tx, LedgerKind::Repayment, note.amount_cents, &note.owner(), about, on)?;
    told(tx, CreditNoteEvent::Repaid, id)
}

/// An instalment to come pays that much less.
pub fn offset(
    tx: &mut Tx<'_>,
    id: CreditNoteId,
    version: Option<Expected>,
    against: InstalmentId,
) -> Result<CreditFile> {
    let actor = tx.actor().clone();
    require(&mut tx.reader(), id)?;
    let unknown = || Problem::invalid_field("instalment_id", FaultCode::UnknownId);
    let seen = instalments::find(tx.conn(), &actor, against)?.ok_or_else(unknown)?;
    let note = lock(tx, id, version, Some(seen.agreement_id))?;
    after(CREDIT_STEPS, note.status, can::offset_credit_note::LINE)?;
    let instalment = instalments::find(tx.conn(), &actor, against)?.ok_or_else(unknown)?;
    let open = matches!(instalment.status, InstalmentStatus::Planned | InstalmentStatus::Due);
    if instalment.structure_id != note.structure_id || !open {
        return Err(Problem::invalid_field("instalment_id", FaultCode::InvalidValue));
    }
    let remaining = instalment.amount_cents - instalment.offset_cents;
    if note.amount_cents >= remaining {
        return Err(Problem::new(Code::OffsetTooLarge).with("remaining", remaining));
    }
    credits::offset(tx, id, against)?;
    instalments::set_offset(tx, against, instalment.offset_cents + note.amount_cents)?;
    let place = Some((Some(note.structure_id), note.departement_code.as_str(), note.region_code.as_str()));
    events::emit(tx, InstalmentEvent::Changed, against.uuid(), place)?;
    told(tx, CreditNoteEvent::Offset, id)
}

fn told(tx: &mut Tx<'_>, kind: CreditNoteEvent, id: CreditNoteId) -> Result<CreditFile> {
    let file = find_credit_note(&mut tx.reader(), id)?;
    let note = &file.note;
    let place = Some((Some(note.structure_id), note.departement_code.as_str(), note.region_code.as_str()));
    events::emit(tx, kind, id.uuid(), place)?;
    Ok(file)
}
