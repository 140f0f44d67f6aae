//! Matches that end by themselves, and who is told.

use uuid::Uuid;

use super::super::mails::{self, Side};
use super::super::store::endings::{self, Ended, Ending};
use crate::features::candidates::service as candidates;
use crate::features::matching::model::{MatchStatus, Target};
use crate::features::structures::service as structures;
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::platform::events::{Kind, PostEvent, StructureEvent, Told};
use crate::platform::ids::{CandidateId, StructureId};
use crate::platform::mail::{self, Email};

/// Reminders of one night at most; the others follow the next.
const REMINDERS: i64 = 5000;

/// Ends what is overdue and what has no future, and tells those who had said yes. How many of each.
pub(super) fn end_all(tx: &mut Tx<'_>, target: Target) -> Result<(usize, usize)> {
    let expired = endings::expire(tx, target)?;
    for ended in expired.iter().filter(|ended| !ended.hired) {
        if ended.candidate_accepted {
            to_candidate(tx, ended.candidate_id, |front, to, leave| {
                mails::lapsed_to_candidate(front, ended, to, leave)
            })?;
        }
        if ended.structure_accepted {
            to_structure(tx, ended.structure_id, |to| mails::lapsed_to_structure(ended, to))?;
        }
    }
    let closed = endings::close(tx, target)?;
    tell_closed(tx, &closed)?;
    Ok((expired.len(), closed.len()))
}

/// Whoever had said yes learns that the other side cannot go on.
fn tell_closed(tx: &mut Tx<'_>, closed: &[Ended]) -> Result<()> {
    for ended in closed.iter().filter(|ended| !ended.hired) {
        match ended.without_post {
            true if ended.candidate_accepted => {
                to_candidate(tx, ended.candidate_id, |front, to, leave| {
                    mails::post_gone_to_candidate(front, ended, to, leave)
                })?;
            }
            false if ended.structure_accepted => {
                to_structure(tx, ended.structure_id, |to| {
                    mails::ended_to_structure(&ended.candidate_reference, to, ended.id)
                })?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// What posts and structures come to closes matches in the same transaction: nobody is led on until the night.
pub fn follow(tx: &mut Tx<'_>, told: &[Told]) -> Result<()> {
    let frees_nothing = |told: &&Told| {
        matches!(
            told.kind,
            Kind::Post(PostEvent::Occupied | PostEvent::Returned | PostEvent::TakenBack | PostEvent::Transferred)
                | Kind::Structure(
                    StructureEvent::Withdrawn
                        | StructureEvent::Cancelled
                        | StructureEvent::Merged
                        | StructureEvent::Updated
                )
        )
    };
    let about: Vec<Uuid> = told.iter().filter(frees_nothing).map(|told| told.id).collect();
    if about.is_empty() {
        return Ok(());
    }
    let closed = endings::close_without_post(tx, about)?;
    tell_closed(tx, &closed)
}

/// Reminds both sides of matches that are about to end. Once a day; tells how many matches.
pub fn remind(tx: &mut Tx<'_>) -> Result<usize> {
    let ending = endings::take_ending(tx, REMINDERS)?;
    for found in &ending {
        remind_of(tx, found)?;
    }
    Ok(ending.len())
}

/// Of a proposal whoever has not answered is reminded; later both, since either may take the next step or leave.
fn remind_of(tx: &mut Tx<'_>, found: &Ending) -> Result<()> {
    let proposed = found.status == MatchStatus::Proposed;
    if !(proposed && found.candidate_accepted) {
        to_candidate(tx, found.candidate_id, |front, to, leave| {
            mails::ending(front, found, Side::Candidate { leave_token: leave }, to)
        })?;
    }
    if !(proposed && found.structure_accepted) {
        let front_url = &tx.site().front_url;
        to_structure(tx, found.structure_id, |to| mails::ending(front_url, found, Side::Structure, to))?;
    }
    Ok(())
}

fn to_candidate(tx: &mut Tx<'_>, id: CandidateId, write: impl FnOnce(&str, &str, &str) -> Email) -> Result<()> {
    let front_url = &tx.site().front_url;
    let candidate = tx.as_service(|tx| candidates::find_any(tx, id))?;
    candidates::write_to(tx, &candidate, |to, leave| write(front_url, to, leave))
}

fn to_structure(tx: &mut Tx<'_>, id: StructureId, write: impl FnOnce(&str) -> Email) -> Result<()> {
    match tx.as_service(|tx| structures::contact_email(tx, id))? {
        Some(address) => mail::send(tx, &write(&address)),
        None => Ok(()),
    }
}
