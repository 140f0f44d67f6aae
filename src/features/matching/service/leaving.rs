//! Candidates who leave, for a while or for good: what they had open is closed with it.

use super::super::mails;
use super::super::store::matches::{self, Ended};
use crate::features::candidates::model::UnsubscribeReason;
use crate::features::candidates::service::{self as candidates, File};
use crate::features::candidates::store::Candidate;
use crate::features::structures::service as structures;
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::platform::events::{self, MatchEvent};
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

/// Closes the open matches of a candidate, whose row is locked; tells those structures that had agreed.
fn close(tx: &mut Tx<'_>, candidate: &Candidate, by: Option<StructureId>) -> Result<()> {
    let id = candidate.id;
    tx.as_service(|tx| {
        for ended in matches::close_of_candidate(tx, id, by)? {
            tell(tx, candidate, &ended, by != Some(ended.structure_id))?;
        }
        Ok(())
    })
}

fn tell(tx: &mut Tx<'_>, candidate: &Candidate, ended: &Ended, is_news: bool) -> Result<()> {
    let structure = structures::require_any(tx, ended.structure_id)?;
    let place = Some((Some(structure.id), structure.departement_code.as_str(), structure.region_code.as_str()));
    events::emit(tx, MatchEvent::Closed, ended.id.uuid(), place)?;
    if ended.agreed
        && is_news
        && let Some(address) = structures::contact_email(tx, structure.id)?
    {
        mail::send(tx, &mails::ended_to_structure(&candidate.reference, &address, ended.id))?;
    }
    Ok(())
}
