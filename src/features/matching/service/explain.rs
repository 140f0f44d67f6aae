//! Why a pair is, or is not, proposed.

use chrono::NaiveDate;

use crate::features::candidates::model::CandidateStatus;
use crate::features::matching::model::MatchCondition;
use crate::features::matching::store::explain::{self, Facts};
use crate::features::structures::model::StructureStatus;
use crate::platform::auth::Actor;
use crate::platform::db::Reader;
use crate::platform::error::{Problem, Result};
use crate::platform::ids::{CandidateId, StructureId};

/// Every condition with its verdict, and the values behind it.
pub struct Explanation {
    pub facts: Facts,
    pub needed_by: NaiveDate,
    pub conditions: Vec<(MatchCondition, bool)>,
}

/// Explains a pair: to the ANCT any, to a structure or a candidate only its own side.
pub fn explain(reader: &mut Reader<'_>, candidate: CandidateId, structure: StructureId) -> Result<Explanation> {
    let is_own = match reader.actor() {
        Actor::Candidate(own) => *own == candidate,
        Actor::Employer(own) => *own == structure,
        _ => true,
    };
    if !is_own {
        return Err(Problem::not_found());
    }
    let today = reader.today();
    // The conditions look at all matches of both sides; of them only the numbers are told.
    reader.widen()?;
    let facts = explain::facts(reader.conn(), candidate, structure, today)?
        .filter(|facts| facts.candidate_status != CandidateStatus::Erased)
        .ok_or_else(Problem::not_found)?;
    Ok(judge(facts, today))
}

fn judge(facts: Facts, today: NaiveDate) -> Explanation {
    use MatchCondition as C;
    let needed_by = facts.wanted_start_on.map_or(today, |wanted| wanted.max(today));
    let cap = i64::from(facts.match_cap);
    let within = facts.max_distance_km.is_none_or(|km| facts.distance_m <= km * 1000);
    let conditions = vec![
        (C::CandidateActive, facts.candidate_status == CandidateStatus::Active),
        (C::StructureRetained, facts.structure_status == StructureStatus::Retained),
        (C::VacantPost, facts.vacant_posts > 0),
        (C::Availability, facts.available_from <= needed_by),
        (C::Distance, facts.anywhere || within),
        (C::SameTerritory, facts.anywhere || facts.candidate_territory == facts.structure_territory),
        (C::NoEarlierMatch, facts.match_id.is_none()),
        (C::CandidateCap, facts.candidate_open_matches < cap),
        (C::StructureCap, facts.structure_open_matches < cap),
    ];
    Explanation { facts, needed_by, conditions }
}
