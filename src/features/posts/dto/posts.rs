//! Shapes of posts and of their history.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::features::posts::model::{EndReason, Phase, PostChange, PostStatus};
use crate::features::posts::service::{File, Move};
use crate::features::posts::store::history::Happening;
use crate::features::posts::store::posts::{Post, PostSort, Search};
use crate::page_of;
use crate::platform::codes::{CommuneCode, DepartementCode, EpciSiren, RegionCode};
use crate::platform::ids::{ApplicationId, PostId, RecruitmentId, ReservationId, StructureId, uuids};
use crate::platform::transitions::Transition;

/// Where a post goes.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct PostTransfer {
    /// Another structure, registered or retained.
    pub structure_id: StructureId,
    /// First day with the new structure: not before the post came to the present one, today at the latest and by
    /// default.
    #[schema(example = "2021-09-01")]
    pub effective_on: Option<NaiveDate>,
}

impl PostTransfer {
    pub fn to(&self) -> Move {
        Move { structure_id: self.structure_id, effective_on: self.effective_on }
    }
}

/// More time to recruit.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct DeadlineExtension {
    /// New last day to recruit: after the present one, today at the earliest.
    #[schema(example = "2021-12-31")]
    pub until_on: NaiveDate,
    #[schema(
        min_length = 10,
        max_length = 1000,
        format = "text",
        example = "Deux candidats reçus, le recrutement aboutit en décembre."
    )]
    pub reason: String,
}

/// A post in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PostItem {
    pub id: PostId,
    #[schema(example = "CN-P-000123")]
    pub reference: String,
    pub structure_id: StructureId,
    #[schema(example = "CN-S-000123")]
    pub structure_reference: String,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    pub commune_code: CommuneCode,
    #[schema(example = "Moissac")]
    pub commune_name: String,
    pub epci_siren: Option<EpciSiren>,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    /// The application that it was granted for.
    pub application_id: ApplicationId,
    /// The reservation that it was taken from.
    pub reservation_id: Option<ReservationId>,
    pub granted_on: NaiveDate,
    /// Wave of the committee that granted it.
    #[schema(minimum = 1, maximum = 99, example = 2)]
    pub wave: i32,
    pub phase: Phase,
    /// For a counsellor who coordinates others.
    pub coordinator: bool,
    pub status: PostStatus,
    /// Vacant, and held by no submitted recruitment.
    pub available: bool,
    /// First day of the contract that runs on it, or of the one that is validated and is to begin.
    #[schema(example = "2021-09-01")]
    pub occupied_from: Option<NaiveDate>,
    /// Last day to recruit.
    #[schema(example = "2021-09-16")]
    pub recruitment_deadline: NaiveDate,
    /// When the deadline was extended, if ever.
    pub deadline_extended_at: Option<DateTime<Utc>>,
    pub returned_on: Option<NaiveDate>,
    pub return_reason: Option<EndReason>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

/// A post.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PostView {
    pub id: PostId,
    #[schema(example = "CN-P-000123")]
    pub reference: String,
    pub structure_id: StructureId,
    #[schema(example = "CN-S-000123")]
    pub structure_reference: String,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    pub commune_code: CommuneCode,
    #[schema(example = "Moissac")]
    pub commune_name: String,
    pub epci_siren: Option<EpciSiren>,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    /// The application that it was granted for.
    pub application_id: ApplicationId,
    /// The reservation that it was taken from.
    pub reservation_id: Option<ReservationId>,
    pub granted_on: NaiveDate,
    /// Wave of the committee that granted it.
    #[schema(minimum = 1, maximum = 99, example = 2)]
    pub wave: i32,
    pub phase: Phase,
    /// For a counsellor who coordinates others.
    pub coordinator: bool,
    pub status: PostStatus,
    /// Vacant, and held by no submitted recruitment.
    pub available: bool,
    /// First day of the contract that runs on it, or of the one that is validated and is to begin.
    #[schema(example = "2021-09-01")]
    pub occupied_from: Option<NaiveDate>,
    /// Last day to recruit.
    #[schema(example = "2021-09-16")]
    pub recruitment_deadline: NaiveDate,
    /// When the deadline was extended, if ever.
    pub deadline_extended_at: Option<DateTime<Utc>>,
    pub deadline_extension_reason: Option<String>,
    pub returned_on: Option<NaiveDate>,
    pub return_reason: Option<EndReason>,
    /// Whether a request to give it back waits for a decision.
    pub return_pending: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// What may be done with it now, and by whom.
    pub transitions: Vec<Transition>,
}

/// Something that happened to a post, with the structure that held it then.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PostHistoryItem {
    pub change: PostChange,
    pub occurred_at: DateTime<Utc>,
    /// Who did it, as a role.
    #[schema(example = "anct")]
    pub role: String,
    /// The structure that holds the post after the change, or held it last.
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    pub departement_code: DepartementCode,
    /// First day with this structure.
    pub attached_from_on: NaiveDate,
    /// Last day with this structure; null while it holds the post.
    pub attached_to_on: Option<NaiveDate>,
    /// Why: of an extension in words, of an end by its code.
    #[schema(example = "difficulte_recrutement")]
    pub reason: Option<String>,
    /// The contract that began (`occupied`) or ended (`vacated`).
    pub recruitment_id: Option<RecruitmentId>,
}

page_of! {
    /// A page of posts.
    PostPage of PostItem
}
page_of! {
    /// A page of a post's history.
    PostHistoryPage of PostHistoryItem
}

/// Filters of posts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PostFilter {
    /// These, by their identifiers: what the feed of events told of.
    #[param(inline)]
    pub id: Option<Vec<PostId>>,
    /// Part of the structure's name, or of a reference of the post or of the structure.
    #[param(max_length = 100, format = "line", example = "moissac")]
    pub q: Option<String>,
    /// Codes of départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Codes of regions.
    #[param(inline)]
    pub region_code: Option<Vec<RegionCode>>,
    /// SIREN of the intercommunal body.
    #[param(inline)]
    pub epci_siren: Option<EpciSiren>,
    /// INSEE code of the commune; a city's holds its arrondissements.
    #[param(inline)]
    pub commune_code: Option<CommuneCode>,
    /// The structure that holds the post, or held it last.
    pub structure_id: Option<StructureId>,
    /// States.
    #[param(inline)]
    pub status: Option<Vec<PostStatus>>,
    /// Vacant and held by no submitted recruitment, or not.
    #[param(example = true)]
    pub available: Option<bool>,
    /// Phase of the scheme.
    #[param(inline)]
    pub phase: Option<Phase>,
    /// For counsellors who coordinate others, or not.
    #[param(example = false)]
    pub coordinator: Option<bool>,
    /// Wave of the committee.
    #[param(minimum = 1, maximum = 99, example = 2)]
    pub wave: Option<i32>,
    /// Vacant past the recruitment deadline today, or not.
    #[param(example = true)]
    pub overdue: Option<bool>,
    /// Granted on this day or later.
    #[param(example = "2021-01-01")]
    pub granted_from: Option<NaiveDate>,
    /// Granted before this day.
    #[param(example = "2022-01-01")]
    pub granted_before: Option<NaiveDate>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-updated_at` by default.
    #[param(inline)]
    pub sort: Option<Vec<PostSort>>,
}

impl PostFilter {
    pub fn search(&self) -> Search {
        Search {
            ids: self.id.as_deref().map(uuids),
            text: self.q.clone(),
            departements: self.departement_code.clone(),
            region: self.region_code.clone(),
            epci: self.epci_siren.clone(),
            commune: self.commune_code.clone(),
            structure: self.structure_id,
            statuses: self.status.clone(),
            available: self.available,
            phase: self.phase,
            coordinator: self.coordinator,
            wave: self.wave,
            overdue: self.overdue,
            granted_from: self.granted_from,
            granted_before: self.granted_before,
            updated_since: self.updated_since,
        }
    }
}

impl From<Post> for PostItem {
    fn from(row: Post) -> Self {
        Self {
            id: row.id,
            reference: row.reference,
            structure_id: row.structure_id,
            structure_reference: row.structure_reference,
            structure_name: row.structure_name,
            commune_code: row.commune_code,
            commune_name: row.commune_name,
            epci_siren: row.epci_siren,
            departement_code: row.departement_code,
            region_code: row.region_code,
            application_id: row.application_id,
            reservation_id: row.reservation_id,
            granted_on: row.granted_on,
            wave: row.wave,
            phase: row.phase,
            coordinator: row.coordinator,
            status: row.shown_status,
            available: row.available,
            occupied_from: row.occupied_from,
            recruitment_deadline: row.recruitment_deadline,
            deadline_extended_at: row.deadline_extended_at,
            returned_on: row.returned_on,
            return_reason: row.return_reason,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

impl From<File> for PostView {
    fn from(file: File) -> Self {
        let row = file.post;
        Self {
            id: row.id,
            reference: row.reference,
            structure_id: row.structure_id,
            structure_reference: row.structure_reference,
            structure_name: row.structure_name,
            commune_code: row.commune_code,
            commune_name: row.commune_name,
            epci_siren: row.epci_siren,
            departement_code: row.departement_code,
            region_code: row.region_code,
            application_id: row.application_id,
            reservation_id: row.reservation_id,
            granted_on: row.granted_on,
            wave: row.wave,
            phase: row.phase,
            coordinator: row.coordinator,
            status: row.shown_status,
            available: row.available,
            occupied_from: row.occupied_from,
            recruitment_deadline: row.recruitment_deadline,
            deadline_extended_at: row.deadline_extended_at,
            deadline_extension_reason: row.deadline_extension_reason,
            returned_on: row.returned_on,
            return_reason: row.return_reason,
            return_pending: row.return_pending,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
            transitions: file.transitions,
        }
    }
}

impl From<Happening> for PostHistoryItem {
    fn from(row: Happening) -> Self {
        Self {
            change: row.change,
            occurred_at: row.occurred_at,
            role: row.role,
            structure_id: row.structure_id,
            structure_name: row.structure_name,
            departement_code: row.departement_code,
            attached_from_on: row.attached_from_on,
            attached_to_on: row.attached_to_on,
            reason: row.reason,
            recruitment_id: row.recruitment_id,
        }
    }
}
