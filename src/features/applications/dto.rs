//! Shapes of requests and answers about applications.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::{Validate, ValidationError};

use super::model::{ApplicationKind, ApplicationStatus, CoordinatorTime, OpinionKind};
use super::service::File;
use super::store::{self, Application, ApplicationSort};
use crate::page_of;
use crate::platform::codes::{CommuneCode, DepartementCode, EpciSiren, RegionCode};
use crate::platform::http::patch;
use crate::platform::ids::{ApplicationId, CommitteeId, StructureId, uuids};
use crate::platform::transitions::Transition;

/// A structure asks for posts.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewApplication {
    /// Your own structure when absent; the ANCT names one.
    pub structure_id: Option<StructureId>,
    /// `initial` while the structure holds no posts, `additional` once it does.
    pub kind: ApplicationKind,
    #[schema(minimum = 1, maximum = 500, example = 2)]
    pub posts_requested: i32,
    /// When the counsellors should start; today or later.
    #[schema(example = "2026-12-01")]
    pub wanted_start_on: NaiveDate,
    /// Whether the structure already knows a candidate.
    pub has_candidate: bool,
    #[schema(
        min_length = 1,
        max_length = 2500,
        format = "text",
        example = "Le territoire n'a aucun lieu d'accompagnement numérique."
    )]
    pub motivation: String,
    /// Must be true: free service, hiring within the deadline, time off for training, equipment.
    #[validate(custom(function = "accepted"))]
    #[schema(example = true)]
    pub pledge: bool,
    /// Where the post is a coordinator's: its working time.
    pub coordinator: Option<CoordinatorTime>,
}

fn accepted(pledge: &bool) -> Result<(), ValidationError> {
    if *pledge { Ok(()) } else { Err(ValidationError::new("must_be_true")) }
}

/// Changes of a draft; absent members stay.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"posts_requested": 3}))]
#[serde(deny_unknown_fields)]
pub struct ApplicationPatch {
    #[schema(minimum = 1, maximum = 500, nullable = false)]
    pub posts_requested: Option<i32>,
    /// Today or later.
    #[schema(nullable = false)]
    pub wanted_start_on: Option<NaiveDate>,
    #[schema(nullable = false)]
    pub has_candidate: Option<bool>,
    #[schema(min_length = 1, max_length = 2500, format = "text", nullable = false)]
    pub motivation: Option<String>,
    #[serde(default, deserialize_with = "patch::member")]
    pub coordinator: Option<Option<CoordinatorTime>>,
}

/// What the prefecture thinks of an application.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct OpinionInput {
    pub opinion: OpinionKind,
    #[schema(
        min_length = 10,
        max_length = 1000,
        format = "text",
        example = "Territoire rural sans autre point d'accueil."
    )]
    pub comment: String,
    /// A structure of the same territory that could give posts up instead.
    pub donor_structure_id: Option<StructureId>,
}

/// An application in a list: no free text.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApplicationItem {
    pub id: ApplicationId,
    #[schema(example = "CN-A-000123")]
    pub reference: String,
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    pub commune_code: CommuneCode,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    pub kind: ApplicationKind,
    #[schema(minimum = 1, maximum = 500, example = 2)]
    pub posts_requested: i32,
    #[schema(example = "2026-12-01")]
    pub wanted_start_on: NaiveDate,
    pub has_candidate: bool,
    pub coordinator: Option<CoordinatorTime>,
    pub status: ApplicationStatus,
    pub opinion: Option<OpinionKind>,
    pub submitted_at: Option<DateTime<Utc>>,
    /// Committee on whose agenda it stands, or that decided it.
    pub committee_id: Option<CommitteeId>,
    pub decided_on: Option<NaiveDate>,
    #[schema(minimum = 1, maximum = 500, example = 1)]
    pub posts_granted: Option<i32>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

/// The prefecture's opinion on an application.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OpinionView {
    pub opinion: OpinionKind,
    #[schema(example = "Territoire rural sans autre point d'accueil.")]
    pub comment: String,
    pub donor_structure_id: Option<StructureId>,
    /// Département of the prefecture, or null when the region's gave it.
    pub departement_code: Option<DepartementCode>,
    pub region_code: Option<RegionCode>,
    pub given_at: DateTime<Utc>,
}

/// An application in full.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApplicationView {
    pub id: ApplicationId,
    #[schema(example = "CN-A-000123")]
    pub reference: String,
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    pub commune_code: CommuneCode,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    pub kind: ApplicationKind,
    #[schema(minimum = 1, maximum = 500, example = 2)]
    pub posts_requested: i32,
    #[schema(example = "2026-12-01")]
    pub wanted_start_on: NaiveDate,
    pub has_candidate: bool,
    #[schema(example = "Le territoire n'a aucun lieu d'accompagnement numérique.")]
    pub motivation: String,
    pub coordinator: Option<CoordinatorTime>,
    pub status: ApplicationStatus,
    pub opinion: Option<OpinionView>,
    pub submitted_at: Option<DateTime<Utc>>,
    /// Committee on whose agenda it stands, or that decided it.
    pub committee_id: Option<CommitteeId>,
    pub decided_on: Option<NaiveDate>,
    #[schema(minimum = 1, maximum = 500, example = 1)]
    pub posts_granted: Option<i32>,
    /// How often a committee asked for further examination.
    #[schema(minimum = 0, example = 0)]
    pub further_examinations: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// What may be done with it now, and by whom.
    pub transitions: Vec<Transition>,
}

page_of! {
    /// A page of applications.
    ApplicationPage of ApplicationItem
}

/// Filters of applications.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ApplicationFilter {
    /// These, by their identifiers: what the feed of events told of.
    #[param(inline)]
    pub id: Option<Vec<ApplicationId>>,
    /// Part of the structure's name; accents, case and hyphens do not matter.
    #[param(max_length = 100, format = "line", example = "moissac")]
    pub q: Option<String>,
    /// States.
    #[param(inline)]
    pub status: Option<Vec<ApplicationStatus>>,
    /// Kinds.
    #[param(inline)]
    pub kind: Option<Vec<ApplicationKind>>,
    /// Codes of départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Codes of regions.
    #[param(inline)]
    pub region_code: Option<Vec<RegionCode>>,
    /// INSEE code of the commune; a city's holds its arrondissements.
    #[param(inline)]
    pub commune_code: Option<CommuneCode>,
    /// SIREN of the intercommunal body.
    #[param(inline)]
    pub epci_siren: Option<EpciSiren>,
    /// Identifier of the structure.
    pub structure_id: Option<StructureId>,
    /// Identifier of the committee.
    pub committee_id: Option<CommitteeId>,
    /// Whether the prefecture has given its opinion.
    pub has_opinion: Option<bool>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-updated_at` by default.
    #[param(inline)]
    pub sort: Option<Vec<ApplicationSort>>,
}

impl ApplicationFilter {
    pub fn search(&self) -> store::Search {
        store::Search {
            ids: self.id.as_deref().map(uuids),
            structure_name: self.q.clone(),
            statuses: self.status.clone(),
            kinds: self.kind.clone(),
            departements: self.departement_code.clone(),
            region: self.region_code.clone(),
            commune: self.commune_code.clone(),
            epci: self.epci_siren.clone(),
            structure: self.structure_id,
            committee: self.committee_id,
            has_opinion: self.has_opinion,
            updated_since: self.updated_since,
        }
    }
}

impl From<Application> for ApplicationItem {
    fn from(row: Application) -> Self {
        Self {
            id: row.id,
            reference: row.reference,
            structure_id: row.structure_id,
            structure_name: row.structure_name,
            commune_code: row.commune_code,
            departement_code: row.departement_code,
            region_code: row.region_code,
            kind: row.kind,
            posts_requested: row.posts_requested,
            wanted_start_on: row.wanted_start_on,
            has_candidate: row.has_candidate,
            coordinator: row.coordinator,
            status: row.status,
            opinion: row.opinion,
            submitted_at: row.submitted_at,
            committee_id: row.committee_id,
            decided_on: row.decided_on,
            posts_granted: row.posts_granted,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

impl From<store::Opinion> for OpinionView {
    fn from(row: store::Opinion) -> Self {
        Self {
            opinion: row.opinion,
            comment: row.comment,
            donor_structure_id: row.donor_structure_id,
            departement_code: row.departement_code,
            region_code: row.region_code,
            given_at: row.given_at,
        }
    }
}

impl From<File> for ApplicationView {
    fn from(file: File) -> Self {
        let row = file.application;
        Self {
            id: row.id,
            reference: row.reference,
            structure_id: row.structure_id,
            structure_name: row.structure_name,
            commune_code: row.commune_code,
            departement_code: row.departement_code,
            region_code: row.region_code,
            kind: row.kind,
            posts_requested: row.posts_requested,
            wanted_start_on: row.wanted_start_on,
            has_candidate: row.has_candidate,
            motivation: row.motivation,
            coordinator: row.coordinator,
            status: row.status,
            opinion: file.opinion.map(Into::into),
            submitted_at: row.submitted_at,
            committee_id: row.committee_id,
            decided_on: row.decided_on,
            posts_granted: row.posts_granted,
            further_examinations: row.further_examinations,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
            transitions: file.transitions,
        }
    }
}
