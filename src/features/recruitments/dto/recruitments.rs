//! Shapes of recruitments.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::features::posts::model::Phase;
use crate::features::recruitments::model::{
    ContractType, RecruitmentDocument, RecruitmentOrigin, RecruitmentStatus, TerminationReason,
};
use crate::features::recruitments::service::File;
use crate::features::recruitments::store::recruitments::{Recruitment, RecruitmentSort, Search};
use crate::features::recruitments::store::rectifications::Former;
use crate::page_of;
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::http::patch;
use crate::platform::ids::{
    CandidateId, CounsellorId, ExtensionId, MatchId, PostId, RecruitmentId, StructureId, uuids,
};
use crate::platform::transitions::Transition;

/// An employer hires a candidate on one of its vacant posts.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"post_id": "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f", "candidate_id": "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f",
    "contract_type": "cdd", "starts_on": "2021-09-01", "ends_on": "2023-08-31", "gross_monthly_salary_cents": 185_000,
    "documents": ["contrat_signe", "fiche_de_poste", "piece_identite"]}))]
pub struct NewRecruitment {
    /// A vacant post of your own.
    pub post_id: PostId,
    /// The candidate: of a match, or whoever gave you their identifier.
    pub candidate_id: CandidateId,
    pub contract_type: ContractType,
    /// First day of work: 1 October 2020 at the earliest.
    #[schema(example = "2021-09-01")]
    pub starts_on: NaiveDate,
    /// Last day, after the first: required, but for a CDI, which has none.
    #[schema(example = "2023-08-31")]
    pub ends_on: Option<NaiveDate>,
    /// Gross, full time, in euro cents: at least the minimum wage in force on the first day.
    #[schema(minimum = 100_000, maximum = 2_000_000, example = 185_000)]
    pub gross_monthly_salary_cents: i64,
    /// Papers of the file that you hold.
    #[schema(max_items = 6)]
    pub documents: Option<Vec<RecruitmentDocument>>,
}

/// Changes of a submitted recruitment; absent members stay, null erases.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"gross_monthly_salary_cents": 190_000}))]
#[serde(deny_unknown_fields)]
pub struct RecruitmentPatch {
    #[schema(nullable = false)]
    pub contract_type: Option<ContractType>,
    /// Not of a renewal, which starts on the day after the contract that it renews.
    #[schema(nullable = false)]
    pub starts_on: Option<NaiveDate>,
    #[serde(default, deserialize_with = "patch::member")]
    pub ends_on: Option<Option<NaiveDate>>,
    #[schema(minimum = 100_000, maximum = 2_000_000, nullable = false)]
    pub gross_monthly_salary_cents: Option<i64>,
    #[schema(max_items = 6, nullable = false)]
    pub documents: Option<Vec<RecruitmentDocument>>,
}

/// A recruitment is validated: the terms that decide what is paid, and when, as they were read.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"expected_starts_on": "2021-09-01", "expected_ends_on": "2023-08-31",
    "expected_gross_monthly_salary_cents": 185_000}))]
pub struct RecruitmentValidation {
    /// `starts_on` of the recruitment: months are counted, and subsidies fall due, from then on.
    #[schema(example = "2021-09-01")]
    pub expected_starts_on: NaiveDate,
    /// `ends_on` of the recruitment; null, or left out, of a CDI.
    #[schema(example = "2023-08-31")]
    pub expected_ends_on: Option<NaiveDate>,
    /// `gross_monthly_salary_cents` of the recruitment.
    #[schema(minimum = 0, maximum = 2_000_000, example = 185_000)]
    pub expected_gross_monthly_salary_cents: i64,
}

impl RecruitmentValidation {
    /// The terms of a recruitment as it shows them.
    pub fn of(recruitment: &Recruitment) -> Self {
        Self {
            expected_starts_on: recruitment.starts_on,
            expected_ends_on: recruitment.ends_on,
            expected_gross_monthly_salary_cents: recruitment.gross_monthly_salary_cents,
        }
    }
}

/// Why a recruitment is refused.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct RecruitmentRefusal {
    #[schema(
        min_length = 10,
        max_length = 1000,
        format = "text",
        example = "Le contrat signé ne porte pas sur un temps plein."
    )]
    pub reason: String,
}

/// What a validated contract should have said; absent members stay.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"starts_on": "2021-09-06", "reason": "Le contrat signé porte le 6 septembre."}))]
pub struct Rectification {
    /// First day: not before the structure holds the post, six months ahead at most. Not of a contract that follows another.
    #[schema(example = "2021-09-06")]
    pub starts_on: Option<NaiveDate>,
    /// Last day agreed: not of a CDI, nor of a contract that is renewed.
    #[schema(example = "2023-09-05")]
    pub ends_on: Option<NaiveDate>,
    /// Last day in fact, of a contract that is over.
    #[schema(example = "2022-03-31")]
    pub ended_on: Option<NaiveDate>,
    /// Gross, full time, in euro cents.
    #[schema(minimum = 100_000, maximum = 2_000_000, example = 185_000)]
    pub gross_monthly_salary_cents: Option<i64>,
    /// Why: kept with what the contract said before, and told to the structure.
    #[schema(min_length = 10, max_length = 1000, format = "text", example = "Le contrat signé porte le 6 septembre.")]
    pub reason: String,
}

/// What a contract said until it was corrected.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FormerTerms {
    pub rectified_at: DateTime<Utc>,
    pub reason: String,
    #[schema(example = "2021-09-01")]
    pub starts_on: NaiveDate,
    /// Null for a CDI.
    #[schema(example = "2023-08-31")]
    pub ends_on: Option<NaiveDate>,
    /// Last day in fact, if it was over.
    pub ended_on: Option<NaiveDate>,
    /// Gross, in euro cents; null for prefectures.
    #[schema(minimum = 100_000, maximum = 2_000_000, example = 185_000)]
    pub gross_monthly_salary_cents: Option<i64>,
}

/// A contract is to be broken off.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct TerminationRequest {
    /// Last day of work: within the contract.
    #[schema(example = "2022-03-31")]
    pub terminates_on: NaiveDate,
    pub reason: TerminationReason,
    #[schema(min_length = 1, max_length = 1000, format = "text")]
    pub comment: Option<String>,
}

/// A new contract on the same post, from the day after the running one.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Renewal {
    pub contract_type: ContractType,
    /// Last day: required, but for a CDI, which has none.
    #[schema(example = "2026-08-31")]
    pub ends_on: Option<NaiveDate>,
    /// Gross, full time, in euro cents: at least the minimum wage in force on the first day.
    #[schema(minimum = 100_000, maximum = 2_000_000, example = 200_000)]
    pub gross_monthly_salary_cents: i64,
    /// Phase of the scheme: that of the post by default.
    pub phase: Option<Phase>,
    /// Papers of the file that you hold.
    #[schema(max_items = 6)]
    pub documents: Option<Vec<RecruitmentDocument>>,
}

/// A recruitment in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecruitmentItem {
    pub id: RecruitmentId,
    #[schema(example = "CN-E-000123")]
    pub reference: String,
    pub status: RecruitmentStatus,
    pub origin: RecruitmentOrigin,
    pub post_id: PostId,
    #[schema(example = "CN-P-000123")]
    pub post_reference: String,
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    /// Null for observers.
    pub candidate_id: Option<CandidateId>,
    /// Null for observers.
    #[schema(example = "Camille")]
    pub candidate_first_name: Option<String>,
    /// Null for observers.
    #[schema(example = "Exemple")]
    pub candidate_last_name: Option<String>,
    pub phase: Phase,
    /// For a counsellor who coordinates others.
    pub coordinator: bool,
    pub contract_type: ContractType,
    #[schema(example = "2021-09-01")]
    pub starts_on: NaiveDate,
    /// Null for a CDI.
    #[schema(example = "2023-08-31")]
    pub ends_on: Option<NaiveDate>,
    /// Last day in fact, once it is over.
    pub ended_on: Option<NaiveDate>,
    /// Gross, in euro cents; null for prefectures and observers.
    #[schema(minimum = 100_000, maximum = 2_000_000, example = 185_000)]
    pub gross_monthly_salary_cents: Option<i64>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

/// A recruitment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecruitmentView {
    pub id: RecruitmentId,
    #[schema(example = "CN-E-000123")]
    pub reference: String,
    pub status: RecruitmentStatus,
    pub origin: RecruitmentOrigin,
    pub post_id: PostId,
    #[schema(example = "CN-P-000123")]
    pub post_reference: String,
    pub structure_id: StructureId,
    #[schema(example = "CN-S-000123")]
    pub structure_reference: String,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    pub candidate_id: CandidateId,
    #[schema(example = "CN-C-000123")]
    pub candidate_reference: String,
    #[schema(example = "Camille")]
    pub candidate_first_name: Option<String>,
    #[schema(example = "Exemple")]
    pub candidate_last_name: Option<String>,
    /// The person as a counsellor, from the first validation on.
    pub counsellor_id: Option<CounsellorId>,
    /// The match that led to it, if there was one.
    pub match_id: Option<MatchId>,
    /// The recruitment that this one renews, or follows after a transfer of the post.
    pub previous_id: Option<RecruitmentId>,
    /// A renewal whose predecessor still runs.
    pub waiting: bool,
    /// The renewal that waits for this one's end.
    pub renewal_id: Option<RecruitmentId>,
    /// The extension that waits for a decision.
    pub pending_extension_id: Option<ExtensionId>,
    pub phase: Phase,
    /// For a counsellor who coordinates others.
    pub coordinator: bool,
    pub contract_type: ContractType,
    #[schema(example = "2021-09-01")]
    pub starts_on: NaiveDate,
    /// Null for a CDI.
    #[schema(example = "2023-08-31")]
    pub ends_on: Option<NaiveDate>,
    /// Gross, in euro cents; null for prefectures.
    #[schema(minimum = 100_000, maximum = 2_000_000, example = 185_000)]
    pub gross_monthly_salary_cents: Option<i64>,
    /// Papers that the employer holds.
    pub documents: Vec<RecruitmentDocument>,
    /// Papers that every file needs and that are not there yet.
    pub documents_missing: Vec<RecruitmentDocument>,
    pub validated_at: Option<DateTime<Utc>>,
    pub refusal_reason: Option<String>,
    pub termination_requested_at: Option<DateTime<Utc>>,
    /// Last day that the employer asks for.
    pub terminates_on: Option<NaiveDate>,
    pub termination_reason: Option<TerminationReason>,
    /// Null for prefectures.
    pub termination_comment: Option<String>,
    /// Last day in fact, once it is over.
    pub ended_on: Option<NaiveDate>,
    /// What it said before it was corrected, the newest first.
    pub rectifications: Vec<FormerTerms>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// What may be done with it now, and by whom.
    pub transitions: Vec<Transition>,
}

page_of! {
    /// A page of recruitments.
    RecruitmentPage of RecruitmentItem
}

/// Filters of recruitments.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RecruitmentFilter {
    /// These, by their identifiers: what the feed of events told of.
    #[param(inline)]
    pub id: Option<Vec<RecruitmentId>>,
    /// Part of the structure's name, or of a reference of the recruitment or of the post.
    #[param(max_length = 100, format = "line", example = "moissac")]
    pub q: Option<String>,
    /// States.
    #[param(inline)]
    pub status: Option<Vec<RecruitmentStatus>>,
    /// The structure.
    pub structure_id: Option<StructureId>,
    /// The post.
    pub post_id: Option<PostId>,
    /// The candidate; ignored where an observer asks.
    pub candidate_id: Option<CandidateId>,
    /// Kinds of contract.
    #[param(inline)]
    pub contract_type: Option<Vec<ContractType>>,
    /// Phase of the scheme.
    pub phase: Option<Phase>,
    /// Codes of départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Codes of regions.
    #[param(inline)]
    pub region_code: Option<Vec<RegionCode>>,
    /// Starting on or after this day.
    #[param(example = "2021-09-01")]
    pub starts_from: Option<NaiveDate>,
    /// Starting before this day.
    #[param(example = "2022-01-01")]
    pub starts_before: Option<NaiveDate>,
    /// Ending, or ended, before this day.
    #[param(example = "2023-01-01")]
    pub ends_before: Option<NaiveDate>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-updated_at` by default.
    #[param(inline)]
    pub sort: Option<Vec<RecruitmentSort>>,
}

impl RecruitmentFilter {
    pub fn search(&self) -> Search {
        Search {
            ids: self.id.as_deref().map(uuids),
            text: self.q.clone(),
            statuses: self.status.clone(),
            structure: self.structure_id,
            post: self.post_id,
            candidate: self.candidate_id,
            contract_types: self.contract_type.clone(),
            phase: self.phase,
            departements: self.departement_code.clone(),
            region: self.region_code.clone(),
            starts_from: self.starts_from,
            starts_before: self.starts_before,
            ends_before: self.ends_before,
            updated_since: self.updated_since,
        }
    }
}

/// What of a recruitment a caller is shown.
#[derive(Clone, Copy, Debug)]
pub struct Shows {
    pub people: bool,
    pub pay: bool,
}

impl RecruitmentItem {
    pub fn new(row: Recruitment, shows: Shows) -> Self {
        Self {
            id: row.id,
            reference: row.reference,
            status: row.status,
            origin: row.origin,
            post_id: row.post_id,
            post_reference: row.post_reference,
            structure_id: row.structure_id,
            structure_name: row.structure_name,
            departement_code: row.departement_code,
            region_code: row.region_code,
            candidate_id: shows.people.then_some(row.candidate_id),
            candidate_first_name: row.first_name.filter(|_| shows.people),
            candidate_last_name: row.last_name.filter(|_| shows.people),
            phase: row.phase,
            coordinator: row.coordinator,
            contract_type: row.contract_type,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            ended_on: row.ended_on,
            gross_monthly_salary_cents: shows.pay.then_some(row.gross_monthly_salary_cents),
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

impl FormerTerms {
    fn new(row: Former, shows: Shows) -> Self {
        Self {
            rectified_at: row.created_at,
            reason: row.reason,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            ended_on: row.ended_on,
            gross_monthly_salary_cents: shows.pay.then_some(row.gross_monthly_salary_cents),
        }
    }
}

impl From<File> for RecruitmentView {
    fn from(file: File) -> Self {
        let (row, shows) = (file.recruitment, file.shows);
        Self {
            documents_missing: row.documents_missing(),
            documents: row.papers(),
            id: row.id,
            reference: row.reference,
            status: row.status,
            origin: row.origin,
            post_id: row.post_id,
            post_reference: row.post_reference,
            structure_id: row.structure_id,
            structure_reference: row.structure_reference,
            structure_name: row.structure_name,
            departement_code: row.departement_code,
            region_code: row.region_code,
            candidate_id: row.candidate_id,
            candidate_reference: row.candidate_reference,
            candidate_first_name: row.first_name,
            candidate_last_name: row.last_name,
            counsellor_id: row.counsellor_id,
            match_id: row.match_id,
            previous_id: row.previous_id,
            waiting: row.waiting,
            renewal_id: row.renewal_id,
            pending_extension_id: row.pending_extension_id,
            phase: row.phase,
            coordinator: row.coordinator,
            contract_type: row.contract_type,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            gross_monthly_salary_cents: shows.pay.then_some(row.gross_monthly_salary_cents),
            validated_at: row.validated_at,
            refusal_reason: row.refusal_reason,
            termination_requested_at: row.termination_requested_at,
            terminates_on: row.terminates_on,
            termination_reason: row.termination_reason,
            termination_comment: row.termination_comment.filter(|_| shows.pay),
            ended_on: row.ended_on,
            rectifications: file.former.into_iter().map(|former| FormerTerms::new(former, shows)).collect(),
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
            transitions: file.transitions,
        }
    }
}
