//! Leaving, being erased, being forgotten in time.

use uuid::Uuid;

use super::{CONFIRM, REMIND, UNSUBSCRIBE, check_leave, emit, lock, lock_any};
use crate::features::accounts;
use crate::features::candidates::mails;
use crate::features::candidates::model::{
    CandidateStatus, FREE_TEXT, RETENTION, STEPS, UNCONFIRMED, UnsubscribeReason,
};
use crate::features::candidates::store::{self, Candidate, Change};
use crate::platform::auth::policy::{Permission, can};
use crate::platform::db::Tx;
use crate::platform::db::purge::Purge;
use crate::platform::error::{Code, Problem, Result};
use crate::platform::events::CandidateEvent;
use crate::platform::http::idempotency;
use crate::platform::ids::CandidateId;
use crate::platform::transitions::{Expected, after};
use crate::platform::{mail, secret};

/// Leaves by the link that every e-mail carries; it always works. Beside a contract or a block, which are not ended by it,
/// nothing else is proposed any more, and its end is the leaving. Leaving twice is no error. Tells whether what they had
/// open ends with it. The account stays: whoever has left may still read and erase what is kept of them.
pub fn unsubscribe(tx: &mut Tx<'_>, token: &str, reason: Option<UnsubscribeReason>) -> Result<(Candidate, bool)> {
    tx.widen()?;
    let link =
        store::use_link(tx, &[UNSUBSCRIBE], secret::hash(token))?.ok_or_else(|| Problem::new(Code::InvalidLink))?;
    let candidate = lock_any(tx, link.candidate_id)?;
    if candidate.status == CandidateStatus::Unsubscribed {
        return Ok((candidate, false));
    }
    let to = after(STEPS, candidate.status, "unsubscribe")?;
    let (change, event) = match to {
        CandidateStatus::Unsubscribed if !candidate.in_recruitment => {
            (Change::Unsubscribed { reason }, CandidateEvent::Unsubscribed)
        }
        _ => (Change::Leaving { reason }, CandidateEvent::Updated),
    };
    store::change(tx, candidate.id, &change)?;
    store::end_links(tx, candidate.id, &[REMIND, CONFIRM])?;
    emit(tx, event, &candidate)?;
    Ok((lock_any(tx, candidate.id)?, true))
}

/// Forgets who a candidate is.
pub fn erase(tx: &mut Tx<'_>, id: CandidateId, version: Option<Expected>) -> Result<Candidate> {
    let candidate = lock(tx, id, version)?;
    check_leave(&candidate, can::erase_candidate::LINE)?;
    tx.as_service(|tx| erase_all(tx, vec![id.uuid()]))?;
    // After all that was written to them is gone: the last letter is the only one left.
    if let Some(email) = &candidate.email {
        mail::send_last(tx, &mails::erased(email))?;
    }
    emit(tx, CandidateEvent::Erased, &candidate)?;
    Ok(candidate)
}

fn erase_all(tx: &mut Tx<'_>, ids: Vec<Uuid>) -> Result<()> {
    accounts::service::erase_personal_accounts(tx, ids.clone())?;
    let names = store::names_of(tx, ids.clone())?;
    idempotency::forget(tx, &names)?;
    store::erase(tx, ids)
}

/// What retention asks for, once a day: registrations never confirmed, people not heard from for two years, free
/// texts after six months. Tells how many people and texts.
pub fn forget(tx: &mut Tx<'_>) -> Result<(usize, usize)> {
    let now = tx.now().instant();
    let erased = tx.purge(Purge::of("candidates", "candidates"), |tx| {
        let overdue = store::lock_overdue(tx, now - UNCONFIRMED, now - RETENTION)?;
        let count = overdue.len();
        erase_all(tx, overdue).map(|()| count)
    })?;
    let texts = tx.purge(Purge::of("motivations", "candidate_motivations"), |tx| {
        store::forget_motivations(tx, now - FREE_TEXT)
    })?;
    Ok((erased, texts))
}
