//! Shapes of runs.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::matches::km;
use crate::features::matching::model::{MatchCondition, RunScope, Target};
use crate::features::matching::service::RunFile;
use crate::features::matching::store::runs::{Proposal, Run, RunSort};
use crate::page_of;
use crate::platform::ids::{CandidateId, MatchingRunId, StructureId};

/// What a run looks at: the whole country by default, or one side.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"structure_id": "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f"}))]
pub struct NewMatchingRun {
    /// Only this structure; an employer's own by default, and no other.
    pub structure_id: Option<StructureId>,
    /// Only this candidate; ANCT only.
    pub candidate_id: Option<CandidateId>,
}

/// How many were left out of a run, and why.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SkippedCount {
    /// `candidate`, `structure` or `pair`.
    #[schema(example = "structure")]
    pub subject: String,
    /// The condition that was not met.
    pub condition: MatchCondition,
    #[schema(minimum = 0, example = 12)]
    pub count: i64,
}

/// A pair that a run proposes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProposalItem {
    pub candidate_id: CandidateId,
    #[schema(example = "CN-C-000123")]
    pub candidate_reference: String,
    pub structure_id: StructureId,
    #[schema(example = "CN-S-000123")]
    pub structure_reference: String,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    #[schema(example = "Moissac")]
    pub commune_name: String,
    /// Great-circle distance, in kilometres.
    #[schema(minimum = 0, example = 12.345)]
    pub distance_km: f64,
}

/// A run in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MatchingRunItem {
    pub id: MatchingRunId,
    pub scope: RunScope,
    pub structure_id: Option<StructureId>,
    pub candidate_id: Option<CandidateId>,
    /// Who started it, as a role; `system` for the nightly run.
    #[schema(example = "system")]
    pub role: String,
    /// Proposals made.
    #[schema(minimum = 0, example = 42)]
    pub proposed_count: i32,
    /// Unanswered proposals that expired.
    #[schema(minimum = 0, example = 3)]
    pub expired_count: i32,
    /// Matches closed because one side is no longer eligible.
    #[schema(minimum = 0, example = 1)]
    pub closed_count: i32,
    pub created_at: DateTime<Utc>,
}

/// The report of a run.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MatchingRunView {
    pub id: MatchingRunId,
    pub scope: RunScope,
    pub structure_id: Option<StructureId>,
    pub candidate_id: Option<CandidateId>,
    /// Who started it, as a role; `system` for the nightly run.
    #[schema(example = "system")]
    pub role: String,
    /// Open matches that each side may have at a time.
    #[schema(minimum = 1, maximum = 1000, example = 3)]
    pub match_cap: i32,
    /// Candidates who could be matched.
    #[schema(minimum = 0, example = 312)]
    pub candidates_count: i32,
    /// Structures that could be matched.
    #[schema(minimum = 0, example = 16)]
    pub structures_count: i32,
    /// Eligible pairs that were weighed against each other: the nearest of each structure.
    #[schema(minimum = 0, example = 256)]
    pub pairs_count: i32,
    /// Proposals made.
    #[schema(minimum = 0, example = 42)]
    pub proposed_count: i32,
    /// Unanswered proposals that expired.
    #[schema(minimum = 0, example = 3)]
    pub expired_count: i32,
    /// Matches closed because one side is no longer eligible.
    #[schema(minimum = 0, example = 1)]
    pub closed_count: i32,
    /// Who and what was left out, and why.
    pub skipped: Vec<SkippedCount>,
    /// The first 200 pairs proposed, nearest first, as the run itself answers them; afterwards they are the matches with
    /// this `run_id`.
    pub proposals: Vec<ProposalItem>,
    pub created_at: DateTime<Utc>,
}

page_of! {
    /// A page of runs.
    MatchingRunPage of MatchingRunItem
}

/// Filters of runs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MatchingRunFilter {
    /// What they looked at.
    #[param(inline)]
    pub scope: Option<Vec<RunScope>>,
    /// Only runs at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-created_at` by default.
    #[param(inline)]
    pub sort: Option<Vec<RunSort>>,
}

impl From<Run> for MatchingRunItem {
    fn from(row: Run) -> Self {
        Self {
            id: row.id,
            scope: row.scope,
            structure_id: row.structure_id,
            candidate_id: row.candidate_id,
            role: row.role,
            proposed_count: row.proposed_count,
            expired_count: row.expired_count,
            closed_count: row.closed_count,
            created_at: row.created_at,
        }
    }
}

impl From<Proposal> for ProposalItem {
    fn from(row: Proposal) -> Self {
        Self {
            candidate_id: row.candidate_id,
            candidate_reference: row.candidate_reference,
            structure_id: row.structure_id,
            structure_reference: row.structure_reference,
            structure_name: row.structure_name,
            commune_name: row.commune_name,
            distance_km: km(row.distance_m),
        }
    }
}

impl From<RunFile> for MatchingRunView {
    fn from(file: RunFile) -> Self {
        let row = file.run;
        Self {
            id: row.id,
            scope: row.scope,
            structure_id: row.structure_id,
            candidate_id: row.candidate_id,
            role: row.role,
            match_cap: row.match_cap,
            candidates_count: row.candidates_count,
            structures_count: row.structures_count,
            pairs_count: row.pairs_count,
            proposed_count: row.proposed_count,
            expired_count: row.expired_count,
            closed_count: row.closed_count,
            skipped: serde_json::from_value(row.skipped).unwrap_or_default(),
            proposals: file.proposals.into_iter().map(Into::into).collect(),
            created_at: row.created_at,
        }
    }
}

impl NewMatchingRun {
    /// One side at most.
    pub fn target(&self) -> Option<Target> {
        match (self.structure_id, self.candidate_id) {
            (None, None) => Some(Target::Country),
            (Some(id), None) => Some(Target::Structure(id)),
            (None, Some(id)) => Some(Target::Candidate(id)),
            (Some(_), Some(_)) => None,
        }
    }
}
