//! A match as it is shown, and the checks behind every transition of it.

use crate::features::matching::model::{MatchSide, STEPS};
use crate::features::matching::store::matches::{self, Match};
use crate::features::structures::model::StructureStatus;
use crate::platform::auth::policy::Permission;
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
    let found = matches::find(reader.conn(), &actor, id)?.ok_or_else(Problem::not_found)?;
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
    let by_state = |line| Transition::of_state(line, principal, STEPS, found.status);
    let transitions = vec![
        Transition::new(can::accept_match::LINE, principal, check_accept(&found, side)),
        by_state(can::decline_match::LINE),
        by_state(can::record_meeting::LINE),
        by_state(can::select_match::LINE),
        by_state(can::reject_match::LINE),
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

/// Once a side, and only with a structure that is still in the scheme.
pub(super) fn check_accept(found: &Match, side: Option<MatchSide>) -> Result<()> {
    after(STEPS, found.status, can::accept_match::LINE)?;
    let answered = match side {
        Some(MatchSide::Candidate) => found.candidate_accepted_at.is_some(),
        Some(MatchSide::Structure) => found.structure_accepted_at.is_some(),
        None => false,
    };
    if answered {
        return Err(Problem::new(Code::MatchAlreadyAccepted));
    }
    if found.structure_status != StructureStatus::Retained {
        return Err(Problem::new(Code::StructureNotRetained).with("status", found.structure_status));
    }
    Ok(())
}

pub(super) fn emit(tx: &mut Tx<'_>, kind: MatchEvent, found: &Match) -> Result<()> {
    let place = Some((Some(found.structure_id), found.departement_code.as_str(), found.region_code.as_str()));
    events::emit(tx, kind, found.id.uuid(), place)
}
