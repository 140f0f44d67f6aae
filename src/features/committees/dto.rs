//! Shapes of requests and answers about committees.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::model::{CommitteeStatus, Outcome};
use super::service::{File, ImportedLine};
use super::store::{Committee, CommitteeSort, DecisionSort, Item, Search};
use crate::features::applications::model::{ApplicationKind, OpinionKind};
use crate::features::posts::model::Phase;
use crate::page_of;
use crate::platform::codes::DepartementCode;
use crate::platform::ids::{ApplicationId, CommitteeId, ReservationId, StructureId, uuids};
use crate::platform::transitions::Transition;

/// Prepares a session.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewCommittee {
    /// Number that no other session has.
    #[schema(minimum = 1, maximum = 9999, example = 12)]
    pub number: i32,
    /// Wave that the session belongs to.
    #[schema(minimum = 1, maximum = 99, example = 2)]
    pub wave: i32,
    /// Phase of the scheme whose posts it grants; `v1` by default.
    pub phase: Option<Phase>,
    /// Day of the session: the scheme's first day at the earliest, a year ahead at most. Once it is opened and decides, not
    /// in the future, and not before the youngest application on its agenda was submitted.
    #[schema(example = "2021-06-16", extensions(("x-days" = json!({"from": "2020-11-17", "to": "today+366"}))))]
    pub held_on: NaiveDate,
}

/// Changes of a session in preparation; absent members stay.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"held_on": "2021-06-17"}))]
#[serde(deny_unknown_fields)]
pub struct CommitteePatch {
    #[schema(minimum = 1, maximum = 9999, nullable = false)]
    pub number: Option<i32>,
    #[schema(minimum = 1, maximum = 99, nullable = false)]
    pub wave: Option<i32>,
    #[schema(nullable = false)]
    pub phase: Option<Phase>,
    #[schema(nullable = false, extensions(("x-days" = json!({"from": "2020-11-17", "to": "today+366"}))))]
    pub held_on: Option<NaiveDate>,
}

/// What the committee decides of an application.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct DecisionInput {
    pub outcome: Outcome,
    /// Required when retained, absent otherwise; more than requested only with `beyond_request`.
    #[schema(minimum = 1, maximum = 500, example = 1)]
    pub posts_granted: Option<i32>,
    #[schema(
        min_length = 1,
        max_length = 2000,
        format = "text",
        example = "Maillage à compléter dans l'est du département."
    )]
    pub observations: Option<String>,
    /// Marks the structure as a priority.
    pub priority: Option<bool>,
    /// Confirms that more posts are granted than were requested.
    pub beyond_request: Option<bool>,
    /// Confirms that the decision is taken without a prefecture's opinion.
    pub without_opinion: Option<bool>,
    /// Takes the posts from this reservation, within its territory.
    pub reservation_id: Option<ReservationId>,
}

/// A session of the selection committee.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CommitteeItem {
    pub id: CommitteeId,
    #[schema(example = "CN-K-000012")]
    pub reference: String,
    #[schema(minimum = 1, maximum = 9999, example = 12)]
    pub number: i32,
    #[schema(minimum = 1, maximum = 99, example = 2)]
    pub wave: i32,
    pub phase: Phase,
    #[schema(example = "2021-06-16")]
    pub held_on: NaiveDate,
    pub status: CommitteeStatus,
    pub opened_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    /// Applications on its agenda.
    #[schema(minimum = 0, example = 6)]
    pub agenda_count: i64,
    /// Of which decided.
    #[schema(minimum = 0, example = 6)]
    pub decided_count: i64,
    /// Of which retained; null until closed, except for the ANCT.
    #[schema(minimum = 0, example = 6)]
    pub retained_count: Option<i64>,
    /// Posts granted; null until closed, except for the ANCT.
    #[schema(minimum = 0, example = 7)]
    pub posts_granted_count: Option<i64>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

/// A session in full.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CommitteeView {
    pub id: CommitteeId,
    #[schema(example = "CN-K-000012")]
    pub reference: String,
    #[schema(minimum = 1, maximum = 9999, example = 12)]
    pub number: i32,
    #[schema(minimum = 1, maximum = 99, example = 2)]
    pub wave: i32,
    pub phase: Phase,
    #[schema(example = "2021-06-16")]
    pub held_on: NaiveDate,
    pub status: CommitteeStatus,
    pub opened_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    /// Applications on its agenda.
    #[schema(minimum = 0, example = 6)]
    pub agenda_count: i64,
    /// Of which decided.
    #[schema(minimum = 0, example = 6)]
    pub decided_count: i64,
    /// Of which retained; null until closed, except for the ANCT.
    #[schema(minimum = 0, example = 6)]
    pub retained_count: Option<i64>,
    /// Posts granted; null until closed, except for the ANCT.
    #[schema(minimum = 0, example = 7)]
    pub posts_granted_count: Option<i64>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// What may be done with it now, and by whom.
    pub transitions: Vec<Transition>,
}

/// A line of the agenda, with its decision once there is one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DecisionView {
    pub committee_id: CommitteeId,
    pub application_id: ApplicationId,
    #[schema(example = "CN-A-000123")]
    pub application_reference: String,
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    pub departement_code: DepartementCode,
    pub kind: ApplicationKind,
    #[schema(minimum = 1, maximum = 500, example = 2)]
    pub posts_requested: i32,
    pub opinion: Option<OpinionKind>,
    /// Null until decided.
    pub outcome: Option<Outcome>,
    #[schema(minimum = 1, maximum = 500, example = 1)]
    pub posts_granted: Option<i32>,
    /// Null for observers.
    #[schema(example = "Maillage à compléter dans l'est du département.")]
    pub observations: Option<String>,
    pub priority: bool,
    /// More posts than requested, on purpose.
    pub beyond_request: bool,
    /// Decided without a prefecture's opinion, on purpose.
    pub without_opinion: bool,
    pub reservation_id: Option<ReservationId>,
    pub decided_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What became of a line of an imported file.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DecisionImportLine {
    /// Line in the file; the header is line 1.
    #[schema(minimum = 2, example = 2)]
    pub line: u64,
    #[schema(example = "CN-A-000123")]
    pub application_reference: String,
    pub outcome: Outcome,
    #[schema(minimum = 1, maximum = 500, example = 1)]
    pub posts_granted: Option<i32>,
}

/// Report of an import: every line was recorded.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DecisionImport {
    /// Lines recorded.
    #[schema(minimum = 1, example = 6)]
    pub recorded_count: usize,
    /// One entry a line.
    pub lines: Vec<DecisionImportLine>,
}

page_of! {
    /// A page of committees.
    CommitteePage of CommitteeItem
}
page_of! {
    /// A page of decisions.
    DecisionPage of DecisionView
}

/// Filters of committees.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CommitteeFilter {
    /// These, by their identifiers: what the feed of events told of.
    #[param(inline)]
    pub id: Option<Vec<CommitteeId>>,
    /// States.
    #[param(inline)]
    pub status: Option<Vec<CommitteeStatus>>,
    /// Wave.
    #[param(minimum = 1, maximum = 99, example = 2)]
    pub wave: Option<i32>,
    /// Number.
    #[param(minimum = 1, maximum = 9999, example = 12)]
    pub number: Option<i32>,
    /// Held on this day or later.
    #[param(example = "2021-01-01")]
    pub held_from: Option<NaiveDate>,
    /// Held before this day.
    #[param(example = "2022-01-01")]
    pub held_before: Option<NaiveDate>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-number` by default.
    #[param(inline)]
    pub sort: Option<Vec<CommitteeSort>>,
}

/// Filters of decisions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DecisionFilter {
    /// Outcomes.
    #[param(inline)]
    pub outcome: Option<Vec<Outcome>>,
    /// Codes of départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Order; `structure_name` by default.
    #[param(inline)]
    pub sort: Option<Vec<DecisionSort>>,
}

impl CommitteeFilter {
    pub fn search(&self) -> Search {
        Search {
            ids: self.id.as_deref().map(uuids),
            statuses: self.status.clone(),
            wave: self.wave,
            number: self.number,
            held_from: self.held_from,
            held_before: self.held_before,
            updated_since: self.updated_since,
        }
    }
}

impl CommitteeItem {
    /// `inside`: whether the reader is the ANCT, which sees decisions before the session is closed.
    pub fn new(row: Committee, inside: bool) -> Self {
        let told = inside || row.status == CommitteeStatus::Closed;
        Self {
            id: row.id,
            reference: row.reference,
            number: row.number,
            wave: row.wave,
            phase: row.phase,
            held_on: row.held_on,
            status: row.status,
            opened_at: row.opened_at,
            closed_at: row.closed_at,
            agenda_count: row.agenda,
            decided_count: row.decided,
            retained_count: told.then_some(row.retained),
            posts_granted_count: told.then_some(row.granted),
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

impl CommitteeView {
    pub fn new(file: File, inside: bool) -> Self {
        let item = CommitteeItem::new(file.committee, inside);
        Self {
            id: item.id,
            reference: item.reference,
            number: item.number,
            wave: item.wave,
            phase: item.phase,
            held_on: item.held_on,
            status: item.status,
            opened_at: item.opened_at,
            closed_at: item.closed_at,
            agenda_count: item.agenda_count,
            decided_count: item.decided_count,
            retained_count: item.retained_count,
            posts_granted_count: item.posts_granted_count,
            created_at: item.created_at,
            updated_at: item.updated_at,
            version: item.version,
            transitions: file.transitions,
        }
    }
}

impl From<Item> for DecisionView {
    fn from(row: Item) -> Self {
        Self {
            committee_id: row.committee_id,
            application_id: row.application_id,
            application_reference: row.reference,
            structure_id: row.structure_id,
            structure_name: row.structure_name,
            departement_code: row.departement_code,
            kind: row.kind,
            posts_requested: row.posts_requested,
            opinion: row.opinion,
            outcome: row.outcome,
            posts_granted: row.posts_granted,
            observations: row.observations,
            priority: row.priority,
            beyond_request: row.beyond_request,
            without_opinion: row.without_opinion,
            reservation_id: row.reservation_id,
            decided_at: row.decided_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl DecisionView {
    /// `figures_only`: whether the reader sees lists without free text.
    pub fn seen(row: Item, figures_only: bool) -> Self {
        let view = Self::from(row);
        if figures_only { Self { observations: None, ..view } } else { view }
    }
}

impl From<Vec<ImportedLine>> for DecisionImport {
    fn from(lines: Vec<ImportedLine>) -> Self {
        let lines: Vec<DecisionImportLine> = lines
            .into_iter()
            .map(|line| DecisionImportLine {
                line: line.line,
                application_reference: line.application_reference,
                outcome: line.outcome,
                posts_granted: line.posts_granted,
            })
            .collect();
        Self { recorded_count: lines.len(), lines }
    }
}
