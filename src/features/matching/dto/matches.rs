//! Shapes of matches, and why a pair is one.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::features::candidates::model::CandidateStatus;
use crate::features::matching::model::{DeclineReason, MatchCondition, MatchOrigin, MatchSide, MatchStatus};
use crate::features::matching::service::{Explanation, File};
use crate::features::matching::store::matches::{Match, MatchSort, Search};
use crate::features::structures::model::StructureStatus;
use crate::page_of;
use crate::platform::codes::DepartementCode;
use crate::platform::ids::{CandidateId, MatchId, MatchingRunId, StructureId, uuids};
use crate::platform::transitions::Transition;

/// A structure adds a candidate by hand.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewMatch {
    /// The identifier that the candidate gives you.
    pub candidate_id: CandidateId,
}

/// A side declines, or does not select: the reasons stay with it and the ANCT.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "trop_loin"}))]
pub struct MatchRefusal {
    /// Never shown to the other side.
    pub reason: Option<DeclineReason>,
    /// In your own words; never shown to the other side.
    #[schema(min_length = 1, max_length = 1000, format = "text")]
    pub comment: Option<String>,
}

/// A meeting took place.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Meeting {
    /// The day of the meeting: not before the match, today at the latest and by default.
    #[schema(example = "2021-07-05")]
    pub met_on: Option<NaiveDate>,
}

/// The candidate of a match.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MatchedCandidate {
    pub id: CandidateId,
    #[schema(example = "CN-C-000123")]
    pub reference: String,
    #[schema(example = "Camille")]
    pub first_name: String,
    #[schema(example = "Exemple")]
    pub last_name: String,
    #[schema(example = "Moissac")]
    pub commune_name: String,
    #[schema(example = "2021-09-01")]
    pub available_from: NaiveDate,
    pub graduated: bool,
    pub experienced: bool,
    /// Null once forgotten, and once the match has ended.
    pub motivation: Option<String>,
    /// Null until both sides have agreed, and once the match has ended without a choice.
    #[schema(example = "camille@example.org")]
    pub email: Option<String>,
    /// As for `email`; null without a phone.
    #[schema(example = "+33612345678")]
    pub phone: Option<String>,
}

/// The structure of a match.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MatchedStructure {
    pub id: StructureId,
    #[schema(example = "CN-S-000123")]
    pub reference: String,
    #[schema(example = "Commune de Moissac")]
    pub name: String,
    #[schema(example = "Moissac")]
    pub commune_name: String,
    pub departement_code: DepartementCode,
    /// The contact's first name; null until both sides have agreed, and once the match has ended without a choice.
    #[schema(example = "Dominique")]
    pub contact_first_name: Option<String>,
    /// As for `contact_first_name`.
    #[schema(example = "Exemple")]
    pub contact_last_name: Option<String>,
    /// As for `contact_first_name`.
    #[schema(example = "mairie@example.org")]
    pub contact_email: Option<String>,
    /// As for `contact_first_name`.
    #[schema(example = "+33563000000")]
    pub contact_phone: Option<String>,
}

/// A match in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MatchItem {
    pub id: MatchId,
    #[schema(example = "CN-M-000123")]
    pub reference: String,
    pub status: MatchStatus,
    pub origin: MatchOrigin,
    pub candidate: MatchedCandidate,
    pub structure: MatchedStructure,
    /// Great-circle distance between both, in kilometres.
    #[schema(minimum = 0, example = 12.345)]
    pub distance_km: f64,
    pub candidate_accepted_at: Option<DateTime<Utc>>,
    pub structure_accepted_at: Option<DateTime<Utc>>,
    /// Last day of the state it is in: to answer, to meet, to choose, to submit the contract. Past, nothing but its end
    /// follows, unless a contract of the pair is submitted or runs.
    #[schema(example = "2021-07-30")]
    pub expires_on: NaiveDate,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

/// A match.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MatchView {
    pub id: MatchId,
    #[schema(example = "CN-M-000123")]
    pub reference: String,
    pub status: MatchStatus,
    pub origin: MatchOrigin,
    /// The run that proposed it.
    pub run_id: Option<MatchingRunId>,
    pub candidate: MatchedCandidate,
    pub structure: MatchedStructure,
    /// Great-circle distance between both, in kilometres.
    #[schema(minimum = 0, example = 12.345)]
    pub distance_km: f64,
    pub candidate_accepted_at: Option<DateTime<Utc>>,
    pub structure_accepted_at: Option<DateTime<Utc>>,
    /// The side that declined; why stays with that side.
    pub declined_by: Option<MatchSide>,
    /// Your own side's reason for declining or not selecting.
    pub refusal_reason: Option<DeclineReason>,
    /// Your own side's words for it.
    pub refusal_comment: Option<String>,
    pub met_on: Option<NaiveDate>,
    /// When it came to its end: a choice, a refusal, its last day, or one side no longer eligible.
    pub ended_at: Option<DateTime<Utc>>,
    /// Last day of the state it is in: to answer, to meet, to choose, to submit the contract. Past, nothing but its end
    /// follows, unless a contract of the pair is submitted or runs.
    #[schema(example = "2021-07-30")]
    pub expires_on: NaiveDate,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// What may be done with it now, and by whom.
    pub transitions: Vec<Transition>,
}

/// A condition of the matching for one pair.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExplainedCondition {
    pub condition: MatchCondition,
    pub holds: bool,
}

/// Why a pair is, or is not, proposed: every condition, and the values behind it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MatchExplanation {
    pub candidate_id: CandidateId,
    pub structure_id: StructureId,
    /// Whether all conditions hold. A run may still prefer nearer pairs.
    pub eligible: bool,
    pub conditions: Vec<ExplainedCondition>,
    pub candidate_status: CandidateStatus,
    pub structure_status: StructureStatus,
    /// Vacant posts of the structure that no submitted recruitment holds.
    #[schema(minimum = 0, example = 1)]
    pub vacant_posts_count: i64,
    #[schema(example = "2021-09-01")]
    pub available_from: NaiveDate,
    /// The day by which a candidate must be available: the later of today and the structure's wanted start.
    #[schema(example = "2021-09-01")]
    pub needed_by_on: NaiveDate,
    /// Great-circle distance, in kilometres, exact to the metre.
    #[schema(minimum = 0, example = 12.345)]
    pub distance_km: f64,
    /// Null for a candidate who would work anywhere.
    #[schema(minimum = 5, maximum = 100, example = 40)]
    pub max_distance_km: Option<i32>,
    pub anywhere: bool,
    /// `metropole`, or the code of the overseas territory.
    #[schema(example = "metropole")]
    pub candidate_territory: String,
    /// `metropole`, or the code of the overseas territory.
    #[schema(example = "974")]
    pub structure_territory: String,
    /// The match that the pair has, or had.
    pub match_id: Option<MatchId>,
    pub match_status: Option<MatchStatus>,
    #[schema(minimum = 0, example = 1)]
    pub candidate_open_matches_count: i64,
    #[schema(minimum = 0, example = 2)]
    pub structure_open_matches_count: i64,
    /// Open matches that each side may have at a time.
    #[schema(minimum = 1, maximum = 1000, example = 3)]
    pub match_cap: i32,
}

page_of! {
    /// A page of matches.
    MatchPage of MatchItem
}

/// Filters of matches.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MatchFilter {
    /// These, by their identifiers: what the feed of events told of.
    #[param(inline)]
    pub id: Option<Vec<MatchId>>,
    /// States.
    #[param(inline)]
    pub status: Option<Vec<MatchStatus>>,
    /// How they came about.
    pub origin: Option<MatchOrigin>,
    /// The structure.
    pub structure_id: Option<StructureId>,
    /// The candidate.
    pub candidate_id: Option<CandidateId>,
    /// The run that proposed them.
    pub run_id: Option<MatchingRunId>,
    /// Codes of the structures' départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-updated_at` by default.
    #[param(inline)]
    pub sort: Option<Vec<MatchSort>>,
}

/// The pair to explain.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MatchPair {
    /// The candidate: oneself, for a candidate.
    #[param(example = "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f")]
    pub candidate_id: CandidateId,
    /// The structure: one's own, for an employer.
    #[param(example = "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f")]
    pub structure_id: StructureId,
}

impl MatchFilter {
    pub fn search(&self) -> Search {
        Search {
            ids: self.id.as_deref().map(uuids),
            statuses: self.status.clone(),
            origin: self.origin,
            structure: self.structure_id,
            candidate: self.candidate_id,
            run: self.run_id,
            departements: self.departement_code.clone(),
            updated_since: self.updated_since,
        }
    }
}

pub(super) fn km(metres: i32) -> f64 {
    f64::from(metres) / 1000.0
}

/// Both sides of a match, as the row holds them for the caller.
fn sides(row: &Match) -> (MatchedCandidate, MatchedStructure) {
    let candidate = MatchedCandidate {
        id: row.candidate_id,
        reference: row.candidate_reference.clone(),
        first_name: row.first_name.clone(),
        last_name: row.last_name.clone(),
        commune_name: row.candidate_commune_name.clone(),
        available_from: row.available_from,
        graduated: row.graduated,
        experienced: row.experienced,
        motivation: row.motivation.clone(),
        email: row.candidate_email.clone(),
        phone: row.candidate_phone.clone(),
    };
    let structure = MatchedStructure {
        id: row.structure_id,
        reference: row.structure_reference.clone(),
        name: row.structure_name.clone(),
        commune_name: row.structure_commune_name.clone(),
        departement_code: row.departement_code.clone(),
        contact_first_name: row.contact_first_name.clone(),
        contact_last_name: row.contact_last_name.clone(),
        contact_email: row.contact_email.clone(),
        contact_phone: row.contact_phone.clone(),
    };
    (candidate, structure)
}

impl From<Match> for MatchItem {
    fn from(row: Match) -> Self {
        let (candidate, structure) = sides(&row);
        Self {
            candidate,
            structure,
            id: row.id,
            reference: row.reference,
            status: row.status,
            origin: row.origin,
            distance_km: km(row.distance_m),
            candidate_accepted_at: row.candidate_accepted_at,
            structure_accepted_at: row.structure_accepted_at,
            expires_on: row.expires_on,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

impl From<File> for MatchView {
    fn from(file: File) -> Self {
        let row = file.found;
        let (candidate, structure) = sides(&row);
        Self {
            candidate,
            structure,
            id: row.id,
            reference: row.reference,
            status: row.status,
            origin: row.origin,
            run_id: row.run_id,
            distance_km: km(row.distance_m),
            candidate_accepted_at: row.candidate_accepted_at,
            structure_accepted_at: row.structure_accepted_at,
            declined_by: row.declined_by,
            refusal_reason: row.refusal_reason,
            refusal_comment: row.refusal_comment,
            met_on: row.met_on,
            ended_at: row.ended_at,
            expires_on: row.expires_on,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
            transitions: file.transitions,
        }
    }
}

impl From<Explanation> for MatchExplanation {
    fn from(explanation: Explanation) -> Self {
        let facts = explanation.facts;
        Self {
            eligible: explanation.conditions.iter().all(|(_, holds)| *holds),
            conditions: explanation
                .conditions
                .into_iter()
                .map(|(condition, holds)| ExplainedCondition { condition, holds })
                .collect(),
            candidate_id: facts.candidate_id,
            structure_id: facts.structure_id,
            candidate_status: facts.candidate_status,
            structure_status: facts.structure_status,
            vacant_posts_count: facts.vacant_posts,
            available_from: facts.available_from,
            needed_by_on: explanation.needed_by,
            distance_km: km(facts.distance_m),
            max_distance_km: facts.max_distance_km,
            anywhere: facts.anywhere,
            candidate_territory: facts.candidate_territory,
            structure_territory: facts.structure_territory,
            match_id: facts.match_id,
            match_status: facts.match_status,
            candidate_open_matches_count: facts.candidate_open_matches,
            structure_open_matches_count: facts.structure_open_matches,
            match_cap: facts.match_cap,
        }
    }
}
