//! What candidates are written, and how seldom.

use super::{REMIND, UNSUBSCRIBE, emit, lock_any};
use crate::features::candidates::mails;
use crate::features::candidates::model::{CandidateStatus, LINK, LINKS, LINKS_WITHIN, REMIND_AFTER};
use crate::features::candidates::store::{self, Candidate, Change};
use crate::platform::db::Tx;
use crate::platform::error::{Code, Problem, Result};
use crate::platform::events::CandidateEvent;
use crate::platform::ids::CandidateId;
use crate::platform::mail::Email;
use crate::platform::{mail, secret};

/// Candidates reminded in one day at most.
const REMINDERS: i64 = 2000;

pub(super) fn tell_registered(tx: &mut Tx<'_>, id: CandidateId, email: &str) -> Result<()> {
    if written_enough(tx, UNSUBSCRIBE, id)? {
        return Ok(());
    }
    let front_url = &tx.site().front_url;
    send(tx, id, |leave| mails::already_registered(front_url, id, email, leave))
}

/// Whoever asks over and over fills nobody's mailbox, and keeps nobody out for longer than a day.
pub(super) fn written_enough(tx: &mut Tx<'_>, purpose: &'static str, id: CandidateId) -> Result<bool> {
    let since = tx.now().instant() - LINKS_WITHIN;
    Ok(store::count_links(tx, purpose, id, since)? >= LINKS)
}

/// Sends an e-mail to a candidate, with a link to leave that is its own.
pub(super) fn send(tx: &mut Tx<'_>, id: CandidateId, write: impl FnOnce(&str) -> Email) -> Result<()> {
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

/// Answers a reminder: still available, or not any more. Tells whether the candidate has just become unavailable.
pub fn answer_reminder(tx: &mut Tx<'_>, token: &str, available: bool) -> Result<(Candidate, bool)> {
    tx.widen()?;
    let link = store::use_link(tx, &[REMIND], secret::hash(token))?.ok_or_else(|| Problem::new(Code::InvalidLink))?;
    let candidate = lock_any(tx, link.candidate_id)?;
    let (change, event) = match (candidate.status, available) {
        (CandidateStatus::Active, false) => (Some(Change::Paused), CandidateEvent::Paused),
        (CandidateStatus::Unavailable, true) => (Some(Change::Resumed), CandidateEvent::Resumed),
        (CandidateStatus::Active | CandidateStatus::Unavailable, _) => (None, CandidateEvent::Updated),
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
