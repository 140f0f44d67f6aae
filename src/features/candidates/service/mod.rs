//! Use cases of candidates: the file, and who may be matched or recruited.
//!
//! Links and contacts are the service's own business: what touches them runs as the service itself.

mod form;
mod leaving;
mod letters;
mod registration;

pub use leaving::{erase, forget, unsubscribe};
pub use letters::{answer_reminder, leave_link, leave_tokens, remind, write_to};
pub use registration::{confirm, register, update};

use super::model::{CandidateStatus, STEPS};
use super::store::{self, Candidate, Change};
use crate::features::accounts;
use crate::platform::auth::policy::Permission;
use crate::platform::auth::{Actor, Role, can};
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, Problem, Result};
use crate::platform::events::{self, CandidateEvent};
use crate::platform::ids::CandidateId;
use crate::platform::text;
use crate::platform::transitions::{Act, Expected, Transition, after, require_version};

const CONFIRM: &str = "confirm_candidate";
const CHANGE_EMAIL: &str = "change_candidate_email";
const UNSUBSCRIBE: &str = "unsubscribe_candidate";
const REMIND: &str = "remind_candidate";

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
fn lock(tx: &mut Tx<'_>, id: CandidateId, version: Option<Expected>) -> Result<Candidate> {
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
    let by_state = |line| Transition::of_state(line, principal, STEPS, candidate.status);
    let transitions = vec![
        by_state(can::pause_candidate::LINE),
        by_state(can::resume_candidate::LINE),
        Transition::new(can::block_candidate::LINE, principal, check_leave(&candidate, can::block_candidate::LINE)),
        by_state(can::unblock_candidate::LINE),
        Transition::new(can::erase_candidate::LINE, principal, check_leave(&candidate, can::erase_candidate::LINE)),
    ];
    File { for_anct: *reader.actor() == Actor::Anct, candidate, transitions }
}

/// Nobody leaves, or is made to leave, while a recruitment of theirs is under way.
fn check_leave(candidate: &Candidate, act: impl Into<Act>) -> Result<()> {
    after(STEPS, candidate.status, act)?;
    if candidate.in_recruitment {
        return Err(Problem::new(Code::CandidateInRecruitment));
    }
    Ok(())
}

/// Is not to be matched for the time being.
pub fn pause(tx: &mut Tx<'_>, id: CandidateId, version: Option<Expected>) -> Result<Candidate> {
    let candidate = lock(tx, id, version)?;
    after(STEPS, candidate.status, can::pause_candidate::LINE)?;
    store::change(tx, id, &Change::Paused)?;
    emit(tx, CandidateEvent::Paused, &candidate)?;
    Ok(candidate)
}

/// Is available again.
pub fn resume(tx: &mut Tx<'_>, id: CandidateId, version: Option<Expected>) -> Result<File> {
    let candidate = lock(tx, id, version)?;
    after(STEPS, candidate.status, can::resume_candidate::LINE)?;
    store::change(tx, id, &Change::Resumed)?;
    emit(tx, CandidateEvent::Resumed, &candidate)?;
    shown(tx, id)
}

/// Keeps a candidate out; its account is withdrawn.
pub fn block(tx: &mut Tx<'_>, id: CandidateId, version: Option<Expected>, reason: &str) -> Result<Candidate> {
    let candidate = lock(tx, id, version)?;
    check_leave(&candidate, can::block_candidate::LINE)?;
    store::change(tx, id, &Change::Blocked { reason: &text::canonical(reason) })?;
    close_door(tx, id)?;
    emit(tx, CandidateEvent::Blocked, &candidate)?;
    Ok(candidate)
}

/// Lets a candidate in again, as they were before: who had left, paused or never confirmed is not written to for it.
pub fn unblock(tx: &mut Tx<'_>, id: CandidateId, version: Option<Expected>) -> Result<File> {
    let candidate = lock(tx, id, version)?;
    after(STEPS, candidate.status, can::unblock_candidate::LINE)?;
    let to = candidate.returns_to.ok_or_else(|| Problem::internal("a blocked candidate from nowhere"))?;
    store::change(tx, id, &Change::Unblocked { to })?;
    if let (Some(email), true) = (&candidate.email, candidate.confirmed_at.is_some()) {
        tx.as_service(|tx| {
            accounts::service::open_personal_account(tx, Role::Candidate, id.uuid(), email).map(|_| ())
        })?;
    }
    emit(tx, CandidateEvent::Unblocked, &candidate)?;
    shown(tx, id)
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
    emit(tx, CandidateEvent::Recruited, candidate)
}

/// The last recruitment of a locked candidate has ended. Who asked to leave meanwhile is gone.
pub fn release(tx: &mut Tx<'_>, candidate: &Candidate) -> Result<()> {
    after(STEPS, candidate.status, "release")?;
    if asked_to_leave(candidate) {
        return let_go(tx, candidate);
    }
    tx.as_service(|tx| store::change(tx, candidate.id, &Change::Released))?;
    emit(tx, CandidateEvent::Released, candidate)
}

/// A recruitment of a locked candidate came to nothing: who asked to leave meanwhile is gone.
pub fn not_recruited(tx: &mut Tx<'_>, candidate: &Candidate) -> Result<()> {
    if asked_to_leave(candidate) { let_go(tx, candidate) } else { Ok(()) }
}

fn asked_to_leave(candidate: &Candidate) -> bool {
    candidate.returns_to == Some(CandidateStatus::Unsubscribed)
}

fn let_go(tx: &mut Tx<'_>, candidate: &Candidate) -> Result<()> {
    tx.as_service(|tx| store::change(tx, candidate.id, &Change::Left))?;
    emit(tx, CandidateEvent::Unsubscribed, candidate)
}

fn emit(tx: &mut Tx<'_>, kind: CandidateEvent, candidate: &Candidate) -> Result<()> {
    // Where a candidate lives is told within that territory; no structure is concerned.
    let place = Some((None, candidate.departement_code.as_str(), candidate.region_code.as_str()));
    events::emit(tx, kind, candidate.id.uuid(), place)
}
