//! The life of an agreement: drafted, instructed, signed, amended, closed or abandoned.

use chrono::NaiveDate;

use super::file::{File, check_amend, check_close, check_instruct, check_sign, estimate, lock, require, told};
use super::pricing::{Priced, price, require_amount, worth};
use super::revision::{Rise, revise_locked};
use crate::features::structures::model::StructureStatus;
use crate::features::structures::service as structures;
use crate::features::subsidies::dto::{AgreementPatch, NewAgreement, Signature};
use crate::features::subsidies::mails;
use crate::features::subsidies::model::{AGREEMENT_STEPS, AgreementDocument, Category, LegalForm};
use crate::features::subsidies::store::agreements::{self, Agreement, Amendment, Change, NewRow};
use crate::features::subsidies::store::covered;
use crate::features::subsidies::store::scales::parse_all;
use crate::platform::auth::Actor;
use crate::platform::auth::policy::{Permission, can};
use crate::platform::clock::Now;
use crate::platform::db::Tx;
use crate::platform::error::{Code, Fault, FaultCode, Named, Problem, Result};
use crate::platform::events::AgreementEvent;
use crate::platform::ids::{AgreementId, AgreementPostId};
use crate::platform::mail::Email;
use crate::platform::transitions::Expected;
use crate::platform::transitions::after;
use crate::platform::{mail, text};

pub fn create(tx: &mut Tx<'_>, new: &NewAgreement) -> Result<File> {
    let structure_id = match tx.actor() {
        Actor::Employer(own) => new.structure_id.unwrap_or(*own),
        _ => new.structure_id.ok_or_else(|| Problem::invalid_field("structure_id", FaultCode::Required))?,
    };
    let structure = structures::require(&mut tx.reader(), structure_id).named_by("structure_id")?;
    if structure.status != StructureStatus::Retained {
        return Err(Problem::new(Code::StructureNotRetained).with("status", structure.status));
    }
    let category = Category::of(structure.kind);
    let row = NewRow {
        id: AgreementId::new(),
        structure_id,
        phase: new.phase,
        category,
        legal_form: form(new.legal_form.unwrap_or(LegalForm::usual(category)), category)?,
        documents: distinct(new.documents.as_deref().unwrap_or_default())?,
    };
    agreements::insert(tx, &row)?;
    let file = told(tx, AgreementEvent::Drafted, row.id)?;
    if file.agreement.posts_count == 0 {
        return Err(Problem::new(Code::AgreementNeedsPosts));
    }
    Ok(file)
}

fn form(form: LegalForm, category: Category) -> Result<LegalForm> {
    if form.fits(category) { Ok(form) } else { Err(Problem::invalid_field("legal_form", FaultCode::InvalidValue)) }
}

fn distinct(documents: &[AgreementDocument]) -> Result<Vec<AgreementDocument>> {
    let twice = documents.iter().enumerate().any(|(rank, document)| documents[..rank].contains(document));
    if twice { Err(Problem::invalid_field("documents", FaultCode::NotUnique)) } else { Ok(documents.to_vec()) }
}

pub fn update(tx: &mut Tx<'_>, id: AgreementId, version: Option<Expected>, patch: &AgreementPatch) -> Result<File> {
    let agreement = lock(tx, id, version)?;
    after(AGREEMENT_STEPS, agreement.status, can::update_agreement::LINE)?;
    let legal_form = form(patch.legal_form.unwrap_or(agreement.legal_form), agreement.category)?;
    let documents = match &patch.documents {
        Some(documents) => distinct(documents)?,
        None => parse_all(&agreement.documents)?,
    };
    agreements::update(tx, id, legal_form, &documents)?;
    told(tx, AgreementEvent::Updated, id)
}

pub fn instruct(tx: &mut Tx<'_>, id: AgreementId, version: Option<Expected>) -> Result<File> {
    let agreement = lock(tx, id, version)?;
    check_instruct(&agreement)?;
    agreements::change(tx, id, &Change::Instructed)?;
    told(tx, AgreementEvent::Instructed, id)
}

/// Locks the structure, then the agreement: no post comes or goes meanwhile.
fn lock_with_posts(tx: &mut Tx<'_>, id: AgreementId, version: Option<Expected>) -> Result<Agreement> {
    let structure = require(&mut tx.reader(), id)?.structure_id;
    structures::lock_any(tx, structure)?;
    lock(tx, id, version)
}

/// Signs: what its posts are worth by the scales in force on that day is agreed, and their instalments are planned.
pub fn sign(tx: &mut Tx<'_>, id: AgreementId, version: Option<Expected>, signature: &Signature) -> Result<File> {
    let agreement = lock_with_posts(tx, id, version)?;
    check_sign(&agreement)?;
    let on = signature.signed_on.unwrap_or(tx.today());
    if on > tx.today() {
        return Err(Problem::invalid_field("signed_on", FaultCode::InTheFuture));
    }
    let first = Now::at(agreement.created_at).today();
    if on < first {
        return Err(Problem::invalid(vec![Fault::field("signed_on", FaultCode::TooSmall).with("limit", first)]));
    }
    let today = tx.today();
    let priced = price(tx.conn(), &agreement, on, today)?;
    require_amount(signature.expected_cents, worth(&priced))?;
    agreements::change(tx, id, &Change::Signed { on })?;
    cover(tx, &agreement, &priced, on)?;
    revise_locked(tx, &[id], &Rise::All)?;
    let file = told(tx, AgreementEvent::Signed, id)?;
    require_amount(signature.expected_cents, file.agreement.amount_cents)?;
    to_structure(tx, &file.agreement, |to| mails::signed(&file.agreement, to))?;
    Ok(file)
}

fn cover(tx: &mut Tx<'_>, agreement: &Agreement, priced: &[Priced], on: NaiveDate) -> Result<()> {
    for post in priced {
        let row = covered::NewRow {
            id: AgreementPostId::new(),
            agreement_id: agreement.id,
            structure_id: agreement.structure_id,
            post_id: post.newcomer.post_id,
            phase: agreement.phase,
            scale_id: post.scale.id,
            bonus_scale_id: post.bonus.as_ref().map(|bonus| bonus.id),
            added_on: on,
            term_thirtieths: post.term,
            worked_before_thirtieths: post.worked_before,
            counts_after: post.newcomer.counts_after,
            full_cents: post.full_cents,
        };
        covered::insert(tx, &row)?;
    }
    Ok(())
}

/// Takes posts in that have come, and agrees anew on those that are occupied again.
pub fn amend(tx: &mut Tx<'_>, id: AgreementId, version: Option<Expected>, expected_cents: i64) -> Result<File> {
    let agreement = lock_with_posts(tx, id, version)?;
    check_amend(&agreement)?;
    let today = tx.today();
    let estimated = estimate(&mut tx.reader(), &agreement)?.unwrap_or(agreement.amount_cents);
    require_amount(expected_cents, estimated)?;
    let priced = price(tx.conn(), &agreement, today, today)?;
    let before: Vec<_> = covered::of_agreements(tx.conn(), &[id])?;
    agreements::change(tx, id, &Change::Amended)?;
    cover(tx, &agreement, &priced, today)?;
    revise_locked(tx, &[id], &Rise::All)?;
    let now = covered::of_agreements(tx.conn(), &[id])?;
    let restored =
        before.iter().filter(|old| now.iter().any(|post| post.id == old.id && post.amount_cents > old.amount_cents));
    let restored = i32::try_from(restored.count()).unwrap_or(i32::MAX);
    let amendment = Amendment {
        number: agreement.amendments_count + 1,
        signed_on: today,
        posts_added: i32::try_from(priced.len()).unwrap_or(i32::MAX),
        posts_restored: restored,
        amount_before_cents: agreement.amount_cents,
        amount_after_cents: now.iter().map(|post| post.amount_cents).sum(),
    };
    agreements::insert_amendment(tx, id, &amendment)?;
    let file = told(tx, AgreementEvent::Amended, id)?;
    require_amount(expected_cents, file.agreement.amount_cents)?;
    to_structure(tx, &file.agreement, |to| mails::amended(&file.agreement, to))?;
    Ok(file)
}

/// Nothing is left to pay nor to be paid back, and none of its posts can move any more. Should the past be corrected, the
/// agreement stays closed and what is owed back becomes a credit note.
pub fn close(tx: &mut Tx<'_>, id: AgreementId, version: Option<Expected>) -> Result<File> {
    let agreement = lock(tx, id, version)?;
    check_close(&mut tx.reader(), &agreement)?;
    agreements::change(tx, id, &Change::Closed)?;
    told(tx, AgreementEvent::Closed, id)
}

pub fn abandon(tx: &mut Tx<'_>, id: AgreementId, version: Option<Expected>, reason: &str) -> Result<File> {
    let agreement = lock(tx, id, version)?;
    after(AGREEMENT_STEPS, agreement.status, can::abandon_agreement::LINE)?;
    let reason = text::canonical(reason);
    agreements::change(tx, id, &Change::Abandoned { reason: &reason })?;
    let file = told(tx, AgreementEvent::Abandoned, id)?;
    to_structure(tx, &file.agreement, |to| mails::abandoned(&file.agreement, &reason, to))?;
    Ok(file)
}

fn to_structure(tx: &mut Tx<'_>, agreement: &Agreement, write: impl FnOnce(&str) -> Email) -> Result<()> {
    let address = tx.as_service(|tx| structures::contact_email(tx, agreement.structure_id))?;
    match address {
        Some(address) => mail::send(tx, &write(&address)),
        None => Ok(()),
    }
}
