//! Candidates who leave, for a while or for good: what they had open is closed with it.

use super::super::mails;
use super::super::store::endings::{self, Ended};
use super::super::store::matches;
use crate::features::candidates::model::UnsubscribeReason;
use crate::features::candidates::service::{self as candidates, File};
use crate::features::candidates::store::Candidate;
use crate::features::structures::service as structures;
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::platform::ids::{CandidateId, StructureId};
use crate::platform::mail;
use crate::platform::transitions::Expected;

pub fn pause_candidate(tx: &mut Tx<'_>, id: CandidateId, version: Option<Expected>) -> Result<File> {
    let candidate = candidates::pause(tx, id, version)?;
    close(tx, &candidate, None)?;
    candidates::shown(tx, id)
}

pub fn block_candidate(tx: &mut Tx<'_>, id: CandidateId, version: Option<Expected>, reason: &str) -> Result<File> {
    let candidate = candidates::block(tx, id, version, reason)?;
    close(tx, &candidate, None)?;
    candidates::shown(tx, id)
}

pub fn erase_candidate(tx: &mut Tx<'_>, id: CandidateId, version: Option<Expected>) -> Result<File> {
    let candidate = candidates::erase(tx, id, version)?;
    close(tx, &candidate, None)?;
    tx.as_service(|tx| matches::forget_refusals(tx, vec![id.uuid()]))?;
    candidates::shown(tx, id)
}

pub fn unsubscribe(tx: &mut Tx<'_>, token: &str, reason: Option<UnsubscribeReason>) -> Result<Candidate> {
    let (candidate, left) = candidates::unsubscribe(tx, token, reason)?;
    if left {
        close(tx, &candidate, None)?;
    }
    Ok(candidate)
}

pub fn answer_reminder(tx: &mut Tx<'_>, token: &str, available: bool) -> Result<Candidate> {
    let (candidate, paused) = candidates::answer_reminder(tx, token, available)?;
    if paused {
        close(tx, &candidate, None)?;
    }
    Ok(candidate)
}

/// The candidate is recruited by a structure: what they had open is closed, but for its own choice.
pub fn close_of_recruited(tx: &mut Tx<'_>, candidate: &Candidate, by: StructureId) -> Result<()> {
    close(tx, candidate, Some(by))
}

/// Closes the open matches of a candidate, whose row is locked; tells those structures that had said yes.
fn close(tx: &mut Tx<'_>, candidate: &Candidate, by: Option<StructureId>) -> Result<()> {
    let id = candidate.id;
    tx.as_service(|tx| {
        for ended in endings::close_of_candidate(tx, id, by)? {
            // Whoever has hired the candidate knows.
            if ended.structure_accepted && by != Some(ended.structure_id) {
                tell(tx, &ended)?;
            }
        }
        Ok(())
    })
}

fn tell(tx: &mut Tx<'_>, ended: &Ended) -> Result<()> {
    match structures::contact_email(tx, ended.structure_id)? {
        Some(address) => mail::send(tx, &mails::ended_to_structure(&ended.candidate_reference, &address, ended.id)),
        None => Ok(()),
    }
}
