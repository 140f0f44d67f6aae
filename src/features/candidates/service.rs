//! Use cases of candidates.
//!
//! Links and contacts are the service's own business: what touches them runs as the service itself.

use uuid::Uuid;

use super::dto::{CandidatePatch, NewCandidate};
use super::mails;
use super::model::{
    CONFIRMATION, CandidateStatus, FREE_TEXT, LINK, LINKS, LINKS_WITHIN, OWN_DOMAIN, REMIND_AFTER, RETENTION, STEPS,
    UNCONFIRMED, UnsubscribeReason,
};
use super::store::{self, Candidate, Change, Fields};
use crate::features::accounts;
use crate::features::territories::service as territories;
use crate::platform::auth::policy::Permission;
use crate::platform::auth::{Actor, Role, can};
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, Fault, FaultCode, Problem, Result};
use crate::platform::events::{self, Event};
use crate::platform::ids::{AccountId, CandidateId};
use crate::platform::mail::Email;
use crate::platform::transitions::{Transition, after, require_version};
use crate::platform::{formats, mail, secret, text};

const CONFIRM: &str = "confirm_candidate";
const CHANGE_EMAIL: &str = "change_candidate_email";
const UNSUBSCRIBE: &str = "unsubscribe_candidate";
const REMIND: &str = "remind_candidate";
/// Candidates reminded in one day at most.
const REMINDERS: i64 = 2000;

/// A candidate as its file shows it.
pub struct File {
    pub candidate: Candidate,
    /// Whether the ANCT's own remarks are shown.
    pub for_anct: bool,
    pub transitions: Vec<Transition>,
}

/// A candidate whom the caller may know of.
pub fn require(reader: &mut Reader<'_>, id: CandidateId) -> Result<Candidate> {
    let actor = reader.actor().clone();
    store::find(reader.conn(), &actor, id)?.ok_or_else(Problem::not_found)
}

/// The same, locked until the end of the transaction.
fn lock(tx: &mut Tx<'_>, id: CandidateId, version: Option<i32>) -> Result<Candidate> {
    let candidate = store::lock(tx, &tx.actor().clone(), id)?.ok_or_else(Problem::not_found)?;
    require_version(version, candidate.version)?;
    Ok(candidate)
}

/// Locks a candidate whatever the caller may know: for rules that look beyond it.
pub fn lock_any(tx: &mut Tx<'_>, id: CandidateId) -> Result<Candidate> {
    store::lock(tx, &Actor::System, id)?.ok_or_else(Problem::not_found)
}

/// A candidate whatever the caller may know, not locked. Runs as the service itself.
pub fn find_any(tx: &mut Tx<'_>, id: CandidateId) -> Result<Candidate> {
    store::find(tx.conn(), &Actor::System, id)?.ok_or_else(Problem::not_found)
}

pub fn file(reader: &Reader<'_>, candidate: Candidate) -> File {
    let principal = reader.principal();
    let check = |event| after(STEPS, candidate.status, event).map(|_| ());
    let transitions = vec![
        Transition::new(can::pause_candidate::LINE, principal, check("pause")),
        Transition::new(can::resume_candidate::LINE, principal, check("resume")),
        Transition::new(can::block_candidate::LINE, principal, check_leave(&candidate, "block")),
        Transition::new(can::unblock_candidate::LINE, principal, check("unblock")),
        Transition::new(can::erase_candidate::LINE, principal, check_leave(&candidate, "erase")),
    ];
    File { for_anct: *reader.actor() == Actor::Anct, candidate, transitions }
}

/// Nobody leaves, or is made to leave, while a recruitment of theirs is under way.
fn check_leave(candidate: &Candidate, event: &str) -> Result<()> {
    after(STEPS, candidate.status, event)?;
    if candidate.in_recruitment {
        return Err(Problem::new(Code::CandidateInRecruitment));
    }
    Ok(())
}

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
            emit(tx, "candidate.registered", &candidate)?;
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

fn tell_registered(tx: &mut Tx<'_>, id: CandidateId, email: &str) -> Result<()> {
    if written_enough(tx, UNSUBSCRIBE, id)? {
        return Ok(());
    }
    let front_url = &tx.site().front_url;
    send(tx, id, |leave| mails::already_registered(front_url, id, email, leave))
}

/// Whoever asks over and over fills nobody's mailbox, and keeps nobody out for longer than a day.
fn written_enough(tx: &mut Tx<'_>, purpose: &'static str, id: CandidateId) -> Result<bool> {
    let since = tx.now().instant() - LINKS_WITHIN;
    Ok(store::count_links(tx, purpose, id, since)? >= LINKS)
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

/// Sends an e-mail to a candidate, with a link to leave that is its own.
fn send(tx: &mut Tx<'_>, id: CandidateId, write: impl FnOnce(&str) -> Email) -> Result<()> {
    let leave = secret::generate();
    store::insert_link(tx, UNSUBSCRIBE, id, None, secret::hash(&leave), LINK)?;
    mail::send(tx, &write(&leave))
}

/// Writes to a candidate on behalf of a feature above: the e-mail is made with a link to leave. Nobody is written to
/// who has no address any more.
pub fn write_to(tx: &mut Tx<'_>, candidate: &Candidate, write: impl FnOnce(&str, &str) -> Email) -> Result<()> {
    let Some(email) = candidate.email.clone() else { return Ok(()) };
    tx.as_service(|tx| send(tx, candidate.id, |leave| write(&email, leave)))
}

/// A token to leave by for each of these candidates, to be mailed. Runs as the service itself.
pub fn leave_tokens(tx: &mut Tx<'_>, ids: &[CandidateId]) -> Result<Vec<String>> {
    let tokens: Vec<String> = ids.iter().map(|_| secret::generate()).collect();
    let hashes = tokens.iter().map(|token| secret::hash(token)).collect();
    store::insert_leave_links(tx, UNSUBSCRIBE, ids, hashes, LINK)?;
    Ok(tokens)
}

/// The address under which a candidate leaves, with a token of its own.
pub fn leave_link(front_url: &str, token: &str) -> String {
    mails::leave_link(front_url, token)
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
            emit(tx, "candidate.confirmed", &candidate)?;
            candidate.email.clone().ok_or_else(|| Problem::internal("a candidate without an address"))?
        }
    };
    store::end_links(tx, id, &[CONFIRM, CHANGE_EMAIL])?;
    let account = accounts::service::open_personal_account(tx, Role::Candidate, id.uuid(), &email)?;
    Ok((lock_any(tx, id)?, account))
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
    emit(tx, "candidate.updated", candidate)?;
    Ok(new.to_owned())
}

/// Changes a candidate's own file.
pub fn update(tx: &mut Tx<'_>, id: CandidateId, version: Option<i32>, patch: &CandidatePatch) -> Result<File> {
    let before = lock(tx, id, version)?;
    if !matches!(before.status, CandidateStatus::Active | CandidateStatus::Unavailable | CandidateStatus::Recruited) {
        return Err(Problem::new(Code::TransitionNotAllowed)
            .with("transition", "update")
            .with("status", before.status));
    }
    let fields = merged(&mut tx.reader(), &before, patch)?;
    let phone = match &patch.phone {
        Some(phone) => phone.as_deref().map(e164).transpose()?,
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
        ask_new_address(tx, &before, &text::canonical_email(email))?;
    }
    let candidate = lock(tx, id, None)?;
    emit(tx, "candidate.updated", &candidate)?;
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

fn fields_of(reader: &mut Reader<'_>, new: &NewCandidate) -> Result<(Fields, Option<String>)> {
    let is = |flag: Option<bool>| flag.unwrap_or(false);
    let mut faults = Vec::new();
    let commune = commune(reader, &new.commune_code, &new.postal_code, &mut faults)?;
    let phone =
        new.phone.as_deref().map(e164).transpose().map_err(|problem| collect(problem, &mut faults)).ok().flatten();
    address_faults(&new.email, &mut faults);
    let anywhere = is(new.anywhere);
    if anywhere == new.max_distance_km.is_some() {
        faults.push(Fault::field("max_distance_km", FaultCode::DistanceOrAnywhere));
    }
    if new.available_from < reader.today() {
        faults.push(Fault::field("available_from", FaultCode::InThePast));
    }
    let situation = [new.job_seeker, new.employed, new.in_training, new.graduated, new.experienced].map(is);
    situation_faults(situation, new.diploma_name.is_some(), &mut faults);
    let (Some(commune), true) = (commune, faults.is_empty()) else { return Err(Problem::invalid(faults)) };
    let [job_seeker, employed, in_training, graduated, experienced] = situation;
    let fields = Fields {
        first_name: text::canonical(&new.first_name),
        last_name: text::canonical(&new.last_name),
        postal_code: new.postal_code.clone(),
        commune,
        max_distance_km: new.max_distance_km.map(|radius| radius.km()),
        anywhere,
        available_from: new.available_from,
        job_seeker,
        employed,
        in_training,
        graduated,
        experienced,
        diploma_name: new.diploma_name.as_deref().map(text::canonical),
    };
    Ok((fields, phone))
}

/// The candidate's fields after a merge patch.
fn merged(reader: &mut Reader<'_>, before: &Candidate, patch: &CandidatePatch) -> Result<Fields> {
    let mut faults = Vec::new();
    let commune_code = patch.commune_code.clone().unwrap_or_else(|| before.commune_code.clone());
    let postal_code = patch.postal_code.clone().unwrap_or_else(|| before.postal_code.clone());
    let commune = commune(reader, &commune_code, &postal_code, &mut faults)?;
    if let Some(email) = &patch.email {
        address_faults(email, &mut faults);
    }
    if let Some(Some(phone)) = &patch.phone {
        let _ = e164(phone).map_err(|problem| collect(problem, &mut faults));
    }
    let (max_distance_km, anywhere) = match (patch.max_distance_km, patch.anywhere) {
        (Some(Some(radius)), None | Some(false)) => (Some(radius.km()), false),
        (None | Some(None), Some(true)) => (None, true),
        (None, None) => (before.max_distance_km, before.anywhere),
        (None, Some(false)) if !before.anywhere => (before.max_distance_km, false),
        _ => {
            faults.push(Fault::field("max_distance_km", FaultCode::DistanceOrAnywhere));
            (None, true)
        }
    };
    if patch.available_from.is_some_and(|day| day < reader.today()) {
        faults.push(Fault::field("available_from", FaultCode::InThePast));
    }
    let situation = [
        patch.job_seeker.unwrap_or(before.job_seeker),
        patch.employed.unwrap_or(before.employed),
        patch.in_training.unwrap_or(before.in_training),
        patch.graduated.unwrap_or(before.graduated),
        patch.experienced.unwrap_or(before.experienced),
    ];
    let mut diploma_name = patch.diploma_name.clone().unwrap_or_else(|| before.diploma_name.clone());
    if patch.graduated == Some(false) && patch.diploma_name.is_none() {
        diploma_name = None;
    }
    situation_faults(situation, diploma_name.is_some(), &mut faults);
    let (Some(commune), true) = (commune, faults.is_empty()) else { return Err(Problem::invalid(faults)) };
    let [job_seeker, employed, in_training, graduated, experienced] = situation;
    Ok(Fields {
        first_name: patch.first_name.as_deref().map_or_else(|| before.first_name.clone(), text::canonical),
        last_name: patch.last_name.as_deref().map_or_else(|| before.last_name.clone(), text::canonical),
        postal_code,
        commune,
        max_distance_km,
        anywhere,
        available_from: patch.available_from.unwrap_or(before.available_from),
        job_seeker,
        employed,
        in_training,
        graduated,
        experienced,
        diploma_name: diploma_name.as_deref().map(text::canonical),
    })
}

fn commune(
    reader: &mut Reader<'_>,
    commune_code: &str,
    postal_code: &str,
    faults: &mut Vec<Fault>,
) -> Result<Option<territories::Commune>> {
    match territories::require_commune(reader, commune_code, postal_code, "") {
        Ok(commune) => Ok(Some(commune)),
        Err(problem) if problem.code() == Code::ValidationFailed => {
            collect(problem, faults);
            Ok(None)
        }
        Err(problem) => Err(problem),
    }
}

fn collect(problem: Problem, faults: &mut Vec<Fault>) {
    faults.extend(problem.into_faults());
}

fn address_faults(email: &str, faults: &mut Vec<Fault>) {
    if text::canonical_email(email).ends_with(OWN_DOMAIN) {
        faults.push(Fault::field("email", FaultCode::ProfessionalAddress));
    }
}

fn situation_faults(situation: [bool; 5], diploma: bool, faults: &mut Vec<Fault>) {
    let graduated = situation[3];
    if !situation.contains(&true) {
        faults.push(Fault::field("job_seeker", FaultCode::SituationMissing));
    }
    if graduated && !diploma {
        faults.push(Fault::field("diploma_name", FaultCode::Required));
    }
    if diploma && !graduated {
        faults.push(Fault::field("diploma_name", FaultCode::MustBeEmpty).with("because", "graduated = false"));
    }
}

fn e164(phone: &str) -> Result<String> {
    formats::phone_e164(phone).ok_or_else(|| Problem::invalid_field("phone", FaultCode::InvalidPhone))
}

/// Is not to be matched for the time being.
pub fn pause(tx: &mut Tx<'_>, id: CandidateId, version: Option<i32>) -> Result<Candidate> {
    let candidate = lock(tx, id, version)?;
    after(STEPS, candidate.status, "pause")?;
    store::change(tx, id, &Change::Paused)?;
    emit(tx, "candidate.paused", &candidate)?;
    Ok(candidate)
}

/// Is available again.
pub fn resume(tx: &mut Tx<'_>, id: CandidateId, version: Option<i32>) -> Result<File> {
    let candidate = lock(tx, id, version)?;
    after(STEPS, candidate.status, "resume")?;
    store::change(tx, id, &Change::Resumed)?;
    emit(tx, "candidate.resumed", &candidate)?;
    shown(tx, id)
}

/// Keeps a candidate out; its account is withdrawn.
pub fn block(tx: &mut Tx<'_>, id: CandidateId, version: Option<i32>, reason: &str) -> Result<Candidate> {
    let candidate = lock(tx, id, version)?;
    check_leave(&candidate, "block")?;
    store::change(tx, id, &Change::Blocked { reason: &text::canonical(reason) })?;
    close_door(tx, id)?;
    emit(tx, "candidate.blocked", &candidate)?;
    Ok(candidate)
}

/// Lets a candidate in again, as it was before: somebody who never confirmed still has to.
pub fn unblock(tx: &mut Tx<'_>, id: CandidateId, version: Option<i32>) -> Result<File> {
    let candidate = lock(tx, id, version)?;
    let confirmed = after(STEPS, candidate.status, "unblock")?;
    let to = if candidate.confirmed_at.is_some() { confirmed } else { CandidateStatus::PendingConfirmation };
    store::change(tx, id, &Change::Unblocked { to })?;
    if let (Some(email), CandidateStatus::Active) = (&candidate.email, to) {
        tx.as_service(|tx| {
            accounts::service::open_personal_account(tx, Role::Candidate, id.uuid(), email).map(|_| ())
        })?;
    }
    emit(tx, "candidate.unblocked", &candidate)?;
    shown(tx, id)
}

/// Leaves by the link that every e-mail carries. Leaving twice is no error.
pub fn unsubscribe(tx: &mut Tx<'_>, token: &str, reason: Option<UnsubscribeReason>) -> Result<(Candidate, bool)> {
    tx.widen()?;
    let link =
        store::use_link(tx, &[UNSUBSCRIBE], secret::hash(token))?.ok_or_else(|| Problem::new(Code::InvalidLink))?;
    let candidate = lock_any(tx, link.candidate_id)?;
    if candidate.status == CandidateStatus::Unsubscribed {
        return Ok((candidate, false));
    }
    check_leave(&candidate, "unsubscribe")?;
    store::change(tx, candidate.id, &Change::Unsubscribed { reason })?;
    store::end_links(tx, candidate.id, &[REMIND, CONFIRM, CHANGE_EMAIL])?;
    accounts::service::close_personal_account(tx, Role::Candidate, candidate.id.uuid())?;
    emit(tx, "candidate.unsubscribed", &candidate)?;
    Ok((lock_any(tx, candidate.id)?, true))
}

/// Answers a reminder: still available, or not any more. Tells whether the candidate has just become unavailable.
pub fn answer_reminder(tx: &mut Tx<'_>, token: &str, available: bool) -> Result<(Candidate, bool)> {
    tx.widen()?;
    let link = store::use_link(tx, &[REMIND], secret::hash(token))?.ok_or_else(|| Problem::new(Code::InvalidLink))?;
    let candidate = lock_any(tx, link.candidate_id)?;
    let (change, event) = match (candidate.status, available) {
        (CandidateStatus::Active, false) => (Some(Change::Paused), "candidate.paused"),
        (CandidateStatus::Unavailable, true) => (Some(Change::Resumed), "candidate.resumed"),
        (CandidateStatus::Active | CandidateStatus::Unavailable, _) => (None, "candidate.updated"),
        _ => return Err(Problem::new(Code::InvalidLink)),
    };
    match &change {
        Some(change) => store::change(tx, candidate.id, change)?,
        None => store::heard_from(tx, candidate.id)?,
    }
    emit(tx, event, &candidate)?;
    let paused = matches!(change, Some(Change::Paused));
    Ok((lock_any(tx, candidate.id)?, paused))
}

/// Forgets who a candidate is.
pub fn erase(tx: &mut Tx<'_>, id: CandidateId, version: Option<i32>) -> Result<Candidate> {
    let candidate = lock(tx, id, version)?;
    check_leave(&candidate, "erase")?;
    tx.as_service(|tx| erase_all(tx, vec![id.uuid()]))?;
    // After all that was written to them is gone: the last letter is the only one left.
    if let Some(email) = &candidate.email {
        mail::send(tx, &mails::erased(email))?;
    }
    emit(tx, "candidate.erased", &candidate)?;
    Ok(candidate)
}

fn erase_all(tx: &mut Tx<'_>, ids: Vec<Uuid>) -> Result<()> {
    accounts::service::erase_personal_accounts(tx, ids.clone())?;
    store::erase(tx, ids)
}

fn close_door(tx: &mut Tx<'_>, id: CandidateId) -> Result<()> {
    tx.as_service(|tx| {
        store::end_links(tx, id, &[CONFIRM, CHANGE_EMAIL, REMIND])?;
        accounts::service::close_personal_account(tx, Role::Candidate, id.uuid())
    })
}

/// The candidate as the caller sees it now.
pub fn shown(tx: &mut Tx<'_>, id: CandidateId) -> Result<File> {
    let candidate = require(&mut tx.reader(), id)?;
    Ok(file(&tx.reader(), candidate))
}

/// Refuses a candidate whom nobody may recruit now.
pub fn require_recruitable(candidate: &Candidate) -> Result<()> {
    match candidate.status {
        CandidateStatus::Active | CandidateStatus::Unavailable => Ok(()),
        CandidateStatus::Recruited => Err(Problem::new(Code::CandidateAlreadyRecruited)),
        status => Err(Problem::new(Code::CandidateNotAvailable).with("status", status)),
    }
}

/// A recruitment of a locked candidate is validated.
pub fn recruit(tx: &mut Tx<'_>, candidate: &Candidate) -> Result<()> {
    after(STEPS, candidate.status, "recruit")?;
    tx.as_service(|tx| store::change(tx, candidate.id, &Change::Recruited))?;
    emit(tx, "candidate.recruited", candidate)
}

/// The last recruitment of a locked candidate has ended.
pub fn release(tx: &mut Tx<'_>, candidate: &Candidate) -> Result<()> {
    after(STEPS, candidate.status, "release")?;
    tx.as_service(|tx| store::change(tx, candidate.id, &Change::Released))?;
    emit(tx, "candidate.released", candidate)
}

/// Asks those whom nobody was proposed to, and who have been silent, whether they still look for a post. Once a day.
pub fn remind(tx: &mut Tx<'_>) -> Result<usize> {
    let silent_before = tx.now().instant() - REMIND_AFTER;
    let reminded = store::take_reminders(tx, silent_before, REMINDERS)?;
    for person in &reminded {
        let token = secret::generate();
        store::insert_link(tx, REMIND, person.id, None, secret::hash(&token), LINK)?;
        let front_url = &tx.site().front_url;
        send(tx, person.id, |leave| mails::reminder(front_url, person.id, &person.email, &token, leave))?;
    }
    Ok(reminded.len())
}

/// What retention asks for, once a day: registrations never confirmed, people not heard from for two years, free
/// texts after six months. Tells how many people and texts.
pub fn forget(tx: &mut Tx<'_>) -> Result<(usize, usize)> {
    let now = tx.now().instant();
    let overdue = store::lock_overdue(tx, now - UNCONFIRMED, now - RETENTION)?;
    let erased = overdue.len();
    erase_all(tx, overdue)?;
    let texts = store::forget_motivations(tx, now - FREE_TEXT)?;
    Ok((erased, texts))
}

pub(super) fn emit(tx: &mut Tx<'_>, kind: &'static str, candidate: &Candidate) -> Result<()> {
    // Where a candidate lives is told within that territory; no structure is concerned.
    let place = Some((None, candidate.departement_code.as_str(), candidate.region_code.as_str()));
    events::emit(tx, &Event { kind, resource: "candidates", id: candidate.id.uuid(), place })
}
