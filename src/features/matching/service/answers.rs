//! What both sides do with a match.

use chrono::NaiveDate;

use super::file::{File, check_accept, check_leave, check_step, emit, find, lock, side};
use crate::features::candidates::model::CandidateStatus;
use crate::features::candidates::service as candidates;
use crate::features::matching::dto::MatchRefusal;
use crate::features::matching::mails;
use crate::features::matching::model::{MatchSide, MatchStatus, STEPS, last_day};
use crate::features::matching::store::matches::{self, Change, Match};
use crate::features::matching::store::{explain, runs};
use crate::features::structures::model::StructureStatus;
use crate::features::structures::service as structures;
use crate::platform::auth::Actor;
use crate::platform::auth::policy::{Permission, can};
use crate::platform::db::Tx;
use crate::platform::error::{Code, Fault, FaultCode, Named, Problem, Result};
use crate::platform::events::MatchEvent;
use crate::platform::ids::{CandidateId, MatchId};
use crate::platform::transitions::Expected;
use crate::platform::transitions::after;
use crate::platform::{mail, text};

/// A structure adds a candidate who gave it their identifier; its own answer is given with it.
pub fn create(tx: &mut Tx<'_>, candidate: CandidateId) -> Result<File> {
    let Actor::Employer(structure_id) = *tx.actor() else {
        return Err(Problem::internal("a match by hand of somebody else"));
    };
    runs::lock_shared(tx)?;
    let structure = structures::lock(tx, structure_id)?;
    if structure.status != StructureStatus::Retained {
        return Err(Problem::new(Code::StructureNotRetained).with("status", structure.status));
    }
    let found = candidates::lock_any(tx, candidate).named_by("candidate_id")?;
    match found.status {
        CandidateStatus::Active => {}
        CandidateStatus::Unavailable | CandidateStatus::Recruited => {
            return Err(Problem::new(Code::CandidateNotAvailable).with("status", found.status));
        }
        _ => return Err(Problem::invalid_field("candidate_id", FaultCode::UnknownId)),
    }
    let today = tx.today();
    let facts = tx
        .as_service(|tx| explain::facts(tx.conn(), candidate, structure_id, today))?
        .ok_or_else(|| Problem::internal("a pair without facts"))?;
    // What ended in time or for want of a post may be tried again; a refusal of the candidate is final.
    let again = match facts.match_id.zip(facts.match_status) {
        Some((id, status)) => {
            Some(after(STEPS, status, "propose_again").map(|_| id).map_err(|_| Problem::new(Code::MatchExists))?)
        }
        None => None,
    };
    if facts.vacant_posts == 0 {
        return Err(Problem::new(Code::NoVacantPost));
    }
    for (open, side) in
        [(facts.structure_open_matches, MatchSide::Structure), (facts.candidate_open_matches, MatchSide::Candidate)]
    {
        if open >= facts.match_cap.into() {
            return Err(Problem::new(Code::MatchCapReached).with("side", side).with("cap", facts.match_cap));
        }
    }
    let id = again.unwrap_or_else(MatchId::new);
    let expires_on = last_day(MatchStatus::Proposed, today);
    match again {
        Some(id) => matches::propose_again(tx, id, facts.distance_m, expires_on)?,
        None => matches::insert_manual(tx, id, candidate, structure_id, facts.distance_m, expires_on)?,
    }
    let file = find(&mut tx.reader(), id)?;
    emit(tx, MatchEvent::Proposed, &file.found)?;
    let front_url = &tx.site().front_url;
    candidates::write_to(tx, &found, |to, leave| mails::chosen_by_structure(front_url, &file.found, to, leave))?;
    Ok(file)
}

/// One side accepts; with the other's acceptance, contact data opens to both.
pub fn accept(tx: &mut Tx<'_>, id: MatchId, version: Option<Expected>) -> Result<File> {
    let before = lock(tx, id, version)?;
    let side = own_side(tx)?;
    check_accept(&before, Some(side), tx.today())?;
    matches::change(tx, id, &Change::Accepted(side))?;
    let file = find(&mut tx.reader(), id)?;
    let mutual = file.found.candidate_accepted_at.is_some() && file.found.structure_accepted_at.is_some();
    if !mutual {
        emit(tx, MatchEvent::Accepted, &file.found)?;
        return Ok(file);
    }
    emit(tx, MatchEvent::Mutual, &file.found)?;
    let front_url = &tx.site().front_url;
    to_candidate(tx, &file.found, |to, leave| mails::mutual_to_candidate(front_url, &file.found, to, leave))?;
    if let Some(address) = address_of_structure(tx, &file.found)? {
        mail::send(tx, &mails::mutual_to_structure(front_url, &file.found, &address))?;
    }
    Ok(file)
}

/// One side declines, for good. The other learns that it did, never why.
pub fn decline(tx: &mut Tx<'_>, id: MatchId, version: Option<Expected>, refusal: &MatchRefusal) -> Result<File> {
    let before = lock(tx, id, version)?;
    let side = own_side(tx)?;
    check_leave(&before, can::decline_match::LINE, tx.today())?;
    matches::change(tx, id, &Change::Declined(side))?;
    keep_refusal(tx, id, side, refusal)?;
    let file = find(&mut tx.reader(), id)?;
    emit(tx, MatchEvent::Declined, &file.found)?;
    let accepted = (before.candidate_accepted_at.is_some(), before.structure_accepted_at.is_some());
    // Whoever has not answered yet need not hear of it.
    match (side, accepted) {
        (MatchSide::Structure, (true, _)) => tell_candidate(tx, &before)?,
        (MatchSide::Candidate, (_, true)) => tell_structure(tx, &before)?,
        _ => {}
    }
    Ok(file)
}

/// The structure has met the candidate.
pub fn record_meeting(
    tx: &mut Tx<'_>,
    id: MatchId,
    version: Option<Expected>,
    met_on: Option<NaiveDate>,
) -> Result<File> {
    let before = lock(tx, id, version)?;
    check_step(&before, can::record_meeting::LINE, tx.today())?;
    let (today, first) = (tx.today(), crate::platform::clock::Now::at(before.created_at).today());
    let on = met_on.unwrap_or(today);
    if on > today {
        return Err(Problem::invalid(vec![Fault::field("met_on", FaultCode::TooLarge).with("limit", today)]));
    }
    if on < first {
        return Err(Problem::invalid(vec![Fault::field("met_on", FaultCode::TooSmall).with("limit", first)]));
    }
    matches::change(tx, id, &Change::Met { on })?;
    told(tx, MatchEvent::Met, id)
}

/// The structure chooses the candidate; the contract follows as a recruitment.
pub fn select(tx: &mut Tx<'_>, id: MatchId, version: Option<Expected>) -> Result<File> {
    let before = lock(tx, id, version)?;
    check_step(&before, can::select_match::LINE, tx.today())?;
    matches::change(tx, id, &Change::Selected)?;
    let front_url = &tx.site().front_url;
    to_candidate(tx, &before, |to, leave| mails::selected(&before, front_url, to, leave))?;
    told(tx, MatchEvent::Selected, id)
}

/// The structure does not choose the candidate.
pub fn reject(tx: &mut Tx<'_>, id: MatchId, version: Option<Expected>, refusal: &MatchRefusal) -> Result<File> {
    let before = lock(tx, id, version)?;
    check_leave(&before, can::reject_match::LINE, tx.today())?;
    matches::change(tx, id, &Change::NotSelected)?;
    keep_refusal(tx, id, MatchSide::Structure, refusal)?;
    tell_candidate(tx, &before)?;
    told(tx, MatchEvent::NotSelected, id)
}

fn own_side(tx: &Tx<'_>) -> Result<MatchSide> {
    side(tx.actor()).ok_or_else(|| Problem::internal("an answer of neither side"))
}

fn keep_refusal(tx: &mut Tx<'_>, id: MatchId, side: MatchSide, refusal: &MatchRefusal) -> Result<()> {
    let comment = refusal.comment.as_deref().map(text::canonical);
    matches::insert_refusal(tx, id, side, refusal.reason, comment.as_deref())
}

fn told(tx: &mut Tx<'_>, kind: MatchEvent, id: MatchId) -> Result<File> {
    let file = find(&mut tx.reader(), id)?;
    emit(tx, kind, &file.found)?;
    Ok(file)
}

/// Writes to the candidate of a match, whose address may be closed to the caller.
fn to_candidate(tx: &mut Tx<'_>, found: &Match, write: impl FnOnce(&str, &str) -> mail::Email) -> Result<()> {
    let candidate = tx.as_service(|tx| candidates::find_any(tx, found.candidate_id))?;
    candidates::write_to(tx, &candidate, write)
}

/// The address of the structure of a match, which may be closed to the caller.
fn address_of_structure(tx: &mut Tx<'_>, found: &Match) -> Result<Option<String>> {
    tx.as_service(|tx| structures::contact_email(tx, found.structure_id))
}

fn tell_candidate(tx: &mut Tx<'_>, found: &Match) -> Result<()> {
    let front_url = &tx.site().front_url;
    to_candidate(tx, found, |to, leave| mails::ended_to_candidate(front_url, found, to, leave))
}

fn tell_structure(tx: &mut Tx<'_>, found: &Match) -> Result<()> {
    if let Some(address) = address_of_structure(tx, found)? {
        mail::send(tx, &mails::ended_to_structure(&found.candidate_reference, &address, found.id))?;
    }
    Ok(())
}
