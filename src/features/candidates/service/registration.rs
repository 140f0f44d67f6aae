//! Registering, confirming an address, changing one's file.

use super::form::{e164, fields_of, merged};
use super::letters::{send, tell_registered, written_enough};
use super::{CHANGE_EMAIL, CONFIRM, File, emit, file, lock, lock_any};
use crate::features::accounts;
use crate::features::candidates::dto::{CandidatePatch, NewCandidate};
use crate::features::candidates::mails;
use crate::features::candidates::model::{CONFIRMATION, CandidateStatus, LINK, STEPS};
use crate::features::candidates::store::{self, Candidate, Change};
use crate::platform::auth::Role;
use crate::platform::auth::policy::{Gift, require_to_give};
use crate::platform::auth::policy::{Permission, can};
use crate::platform::db::Tx;
use crate::platform::error::{Code, Problem, Result};
use crate::platform::events::CandidateEvent;
use crate::platform::ids::{AccountId, CandidateId};
use crate::platform::transitions::{after, refusal};
use crate::platform::{mail, secret, text};

/// Registers somebody, or writes to those who are registered already: the answer never tells which.
pub fn register(tx: &mut Tx<'_>, new: &NewCandidate) -> Result<()> {
    let (fields, phone) = fields_of(&mut tx.reader(), new)?;
    let email = text::canonical_email(&new.email);
    let motivation = new.motivation.as_deref().map(text::canonical);
    tx.widen()?;
    store::lock_email(tx, &email)?;
    match store::find_by_email(tx, &email)? {
        Some(known) => register_again(tx, known, &email)?,
        None => {
            let id = CandidateId::new();
            store::insert(tx, id, &fields)?;
            store::put_contact(tx, id, &email, phone.as_deref())?;
            store::put_motivation(tx, id, motivation.as_deref())?;
            send_confirmation(tx, id, &email)?;
            let candidate = lock_any(tx, id)?;
            emit(tx, CandidateEvent::Registered, &candidate)?;
        }
    }
    tx.hide_effects();
    Ok(())
}

/// The address is known: its owner learns what was asked, and nobody else does. What is stored stays.
fn register_again(tx: &mut Tx<'_>, id: CandidateId, email: &str) -> Result<()> {
    let candidate = lock_any(tx, id)?;
    match candidate.status {
        CandidateStatus::PendingConfirmation | CandidateStatus::Unsubscribed => send_confirmation(tx, id, email),
        _ => tell_registered(tx, id, email),
    }
}

fn send_confirmation(tx: &mut Tx<'_>, id: CandidateId, email: &str) -> Result<()> {
    if written_enough(tx, CONFIRM, id)? {
        return Ok(());
    }
    let token = secret::generate();
    store::insert_link(tx, CONFIRM, id, None, secret::hash(&token), CONFIRMATION)?;
    let front_url = &tx.site().front_url;
    send(tx, id, |leave| mails::confirm_address(front_url, id, email, &token, leave))
}

/// Uses a mailed link: the address is the candidate's own.
pub fn confirm(tx: &mut Tx<'_>, token: &str) -> Result<(Candidate, AccountId)> {
    tx.widen()?;
    let invalid = || Problem::new(Code::InvalidLink);
    let link = store::use_link(tx, &[CONFIRM, CHANGE_EMAIL], secret::hash(token))?.ok_or_else(invalid)?;
    let id = link.candidate_id;
    let candidate = lock_any(tx, id)?;
    let email = match link.email {
        Some(new) => change_address(tx, &candidate, &new)?,
        None => {
            after(STEPS, candidate.status, "confirm").map_err(|_| invalid())?;
            store::change(tx, id, &Change::Confirmed)?;
            emit(tx, CandidateEvent::Confirmed, &candidate)?;
            candidate.email.clone().ok_or_else(|| Problem::internal("a candidate without an address"))?
        }
    };
    store::end_links(tx, id, &[CONFIRM, CHANGE_EMAIL])?;
    let account = accounts::service::open_personal_account(tx, Role::Candidate, id.uuid(), &email)?;
    Ok((lock_any(tx, id)?, account))
}

/// Changes a candidate's own file.
pub fn update(tx: &mut Tx<'_>, id: CandidateId, version: Option<i32>, patch: &CandidatePatch) -> Result<File> {
    let before = lock(tx, id, version)?;
    if !matches!(before.status, CandidateStatus::Active | CandidateStatus::Unavailable | CandidateStatus::Recruited) {
        return Err(refusal(STEPS, before.status, can::update_candidate::LINE));
    }
    let fields = merged(&mut tx.reader(), &before, patch)?;
    let phone = match &patch.phone {
        Some(phone) => phone.as_deref().map(|phone| e164(phone, &fields.commune.departement_code)).transpose()?,
        None => before.phone.clone(),
    };
    store::update(tx, id, &fields)?;
    if let Some(email) = before.email.as_deref().filter(|_| phone != before.phone) {
        store::put_contact(tx, id, email, phone.as_deref())?;
    }
    if let Some(motivation) = &patch.motivation {
        store::put_motivation(tx, id, motivation.as_deref().map(text::canonical).as_deref())?;
    }
    if let Some(email) = &patch.email {
        // Whoever answers at that address signs in.
        require_to_give(tx.principal(), Gift::Account)?;
        ask_new_address(tx, &before, &text::canonical_email(email))?;
    }
    let candidate = lock(tx, id, None)?;
    emit(tx, CandidateEvent::Updated, &candidate)?;
    Ok(file(&tx.reader(), candidate))
}

/// A new address has to answer first; whether it is somebody else's shows nowhere.
fn ask_new_address(tx: &mut Tx<'_>, candidate: &Candidate, email: &str) -> Result<()> {
    if candidate.email.as_deref() == Some(email) {
        return Ok(());
    }
    let id = candidate.id;
    tx.as_service(|tx| {
        if let Some(owner) = store::find_by_email(tx, email)? {
            return tell_registered(tx, owner, email);
        }
        if written_enough(tx, CHANGE_EMAIL, id)? {
            return Ok(());
        }
        let front_url = &tx.site().front_url;
        let token = secret::generate();
        store::insert_link(tx, CHANGE_EMAIL, id, Some(email), secret::hash(&token), LINK)?;
        mail::send(tx, &mails::confirm_new_address(front_url, id, email, &token))
    })
}

fn change_address(tx: &mut Tx<'_>, candidate: &Candidate, new: &str) -> Result<String> {
    let usable =
        matches!(candidate.status, CandidateStatus::Active | CandidateStatus::Unavailable | CandidateStatus::Recruited);
    store::lock_email(tx, new)?;
    // Somebody else may have registered with it meanwhile.
    if !usable || store::find_by_email(tx, new)?.is_some() {
        return Err(Problem::new(Code::InvalidLink));
    }
    let former = candidate.email.clone();
    store::put_contact(tx, candidate.id, new, candidate.phone.as_deref())?;
    store::heard_from(tx, candidate.id)?;
    accounts::service::change_personal_address(tx, candidate.id, new)?;
    if let Some(former) = former {
        mail::send(tx, &mails::address_changed(candidate.id, &former))?;
    }
    emit(tx, CandidateEvent::Updated, candidate)?;
    Ok(new.to_owned())
}
