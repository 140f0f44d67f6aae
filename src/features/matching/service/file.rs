//! A match as it is shown, and the checks behind every transition of it.

use chrono::NaiveDate;

use crate::features::candidates::model::CandidateStatus;
use crate::features::matching::model::{MatchSide, STEPS};
use crate::features::matching::store::matches::{self, Match};
use crate::features::structures::model::StructureStatus;
use crate::platform::auth::policy::{Line, Permission};
use crate::platform::auth::{Actor, can};
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, Problem, Result};
use crate::platform::events::{self, MatchEvent};
use crate::platform::ids::MatchId;
use crate::platform::transitions::{Expected, Transition, after, require_version};

/// A match with what may be done with it.
pub struct File {
    pub found: Match,
    pub transitions: Vec<Transition>,
}

pub fn find(reader: &mut Reader<'_>, id: MatchId) -> Result<File> {
    let actor = reader.actor().clone();
    let today = reader.today();
    let found = matches::find(reader.conn(), &actor, today, id)?.ok_or_else(Problem::not_found)?;
    Ok(file(reader, found))
}

/// A match of the caller's own, locked until the end of the transaction.
pub(super) fn lock(tx: &mut Tx<'_>, id: MatchId, version: Option<Expected>) -> Result<Match> {
    let found = matches::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    require_version(version, found.version)?;
    Ok(found)
}

fn file(reader: &Reader<'_>, found: Match) -> File {
    let principal = reader.principal();
    let side = side(reader.actor());
    let today = reader.today();
    let leave = |line| Transition::new(line, principal, check_leave(&found, line, today));
    let step = |line| Transition::new(line, principal, check_step(&found, line, today));
    let transitions = vec![
        Transition::new(can::accept_match::LINE, principal, check_accept(&found, side, today)),
        leave(can::decline_match::LINE),
        step(can::record_meeting::LINE),
        step(can::select_match::LINE),
        leave(can::reject_match::LINE),
    ];
    File { found, transitions }
}

/// The side that a caller answers for.
pub(super) fn side(actor: &Actor) -> Option<MatchSide> {
    match actor {
        Actor::Candidate(_) => Some(MatchSide::Candidate),
        Actor::Employer(_) => Some(MatchSide::Structure),
        _ => None,
    }
}

/// Once a side, and as long as the pair could still be proposed.
pub(super) fn check_accept(found: &Match, side: Option<MatchSide>, today: NaiveDate) -> Result<()> {
    let line = can::accept_match::LINE;
    after(STEPS, found.status, line)?;
    let answered = match side {
        Some(MatchSide::Candidate) => found.candidate_accepted_at.is_some(),
        Some(MatchSide::Structure) => found.structure_accepted_at.is_some(),
        None => false,
    };
    if answered {
        return Err(Problem::new(Code::MatchAlreadyAccepted));
    }
    check_step(found, line, today)
}

/// A step further: in time, and with both sides as eligible as when the pair was proposed.
pub(super) fn check_step(found: &Match, line: &'static Line, today: NaiveDate) -> Result<()> {
    after(STEPS, found.status, line)?;
    require_in_time(found, today)?;
    if found.structure_status != StructureStatus::Retained {
        return Err(Problem::new(Code::StructureNotRetained).with("status", found.structure_status));
    }
    if found.candidate_status != CandidateStatus::Active {
        return Err(Problem::new(Code::CandidateNotAvailable).with("status", found.candidate_status));
    }
    if found.vacant_posts == 0 {
        return Err(Problem::new(Code::NoVacantPost));
    }
    Ok(())
}

/// Either side may leave until a contract is submitted: then it is the contract that has to be taken back.
pub(super) fn check_leave(found: &Match, line: &'static Line, today: NaiveDate) -> Result<()> {
    after(STEPS, found.status, line)?;
    require_in_time(found, today)?;
    if found.contracted {
        return Err(Problem::new(Code::CandidateInRecruitment));
    }
    Ok(())
}

/// The date decides, and not the night that writes it down.
fn require_in_time(found: &Match, today: NaiveDate) -> Result<()> {
    if found.expires_on < today && !found.contracted {
        return Err(Problem::new(Code::DeadlinePassed).with("date", found.expires_on));
    }
    Ok(())
}

pub(super) fn emit(tx: &mut Tx<'_>, kind: MatchEvent, found: &Match) -> Result<()> {
    let place = Some((Some(found.structure_id), found.departement_code.as_str(), found.region_code.as_str()));
    events::emit(tx, kind, found.id.uuid(), place)
}
