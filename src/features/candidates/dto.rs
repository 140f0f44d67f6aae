//! Shapes of requests and answers about candidates.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::model::{CandidateStatus, Radius, UnsubscribeReason};
use super::service::File;
use super::store::{self, Candidate, CandidateSort};
use crate::page_of;
use crate::platform::codes::{CommuneCode, DepartementCode, EpciSiren, RegionCode};
use crate::platform::http::patch;
use crate::platform::ids::{CandidateId, uuids};
use crate::platform::transitions::Transition;

/// A person registers as a candidate.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"first_name": "Camille", "last_name": "Exemple", "email": "camille@example.org",
    "phone": "06 12 34 56 78", "postal_code": "82200", "commune_code": "82112", "max_distance_km": 40,
    "available_from": "2030-09-01", "job_seeker": true, "motivation": "Aider chacun à faire seul ses démarches."}))]
pub struct NewCandidate {
    #[schema(min_length = 1, max_length = 100, format = "line", example = "Camille")]
    pub first_name: String,
    #[schema(min_length = 1, max_length = 100, format = "line", example = "Exemple")]
    pub last_name: String,
    /// A personal address, stored in lower case; not one of `@conseiller-numerique.fr`.
    #[schema(max_length = 254, format = "email", example = "camille@example.org")]
    pub email: String,
    /// National or international form, French or overseas; stored as E.164.
    #[schema(max_length = 40, format = "phone", example = "06 12 34 56 78")]
    pub phone: Option<String>,
    /// One of the commune's.
    #[schema(pattern = "^[0-9]{5}$", example = "82200")]
    pub postal_code: String,
    /// INSEE code of the commune where the candidate lives.
    pub commune_code: CommuneCode,
    /// How far from there the candidate would work, in kilometres. Either this or `anywhere`.
    #[schema(inline, example = 40)]
    pub max_distance_km: Option<Radius>,
    /// Would work anywhere in France.
    pub anywhere: Option<bool>,
    /// First day on which the candidate can start: today at the earliest.
    #[schema(example = "2030-09-01")]
    pub available_from: NaiveDate,
    /// Looks for a job. At least one of the five situations must be true.
    pub job_seeker: Option<bool>,
    /// Has a job.
    pub employed: Option<bool>,
    /// Is in training.
    pub in_training: Option<bool>,
    /// Holds a diploma in digital mediation: needs `diploma_name`.
    pub graduated: Option<bool>,
    /// Has worked in digital mediation.
    pub experienced: Option<bool>,
    /// Given if, and only if, `graduated` is true.
    #[schema(min_length = 1, max_length = 250, format = "line")]
    pub diploma_name: Option<String>,
    /// In the candidate's own words; forgotten six months after the last contact.
    #[schema(min_length = 1, max_length = 2500, format = "text", example = "Aider chacun à faire seul ses démarches.")]
    pub motivation: Option<String>,
}

/// What is answered to every registration, whether the address is known or not.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CandidateRegistered {
    /// `check_your_mail`.
    #[schema(example = "check_your_mail")]
    pub status: &'static str,
    /// Days for which the mailed link is valid.
    #[schema(minimum = 1, maximum = 366, example = 180)]
    pub valid_days: i64,
}

/// The token of a mailed link.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct CandidateConfirmation {
    /// From the link in the e-mail.
    #[schema(
        min_length = 20,
        max_length = 100,
        pattern = "^[A-Za-z0-9_-]+$",
        example = "pQ4xq0c8m1n2b3v4c5x6z7l8k9j0h1g2f3d4s5a6p7o"
    )]
    pub token: String,
}

/// The candidate's address is theirs, and their account is open.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CandidateConfirmed {
    pub candidate_id: CandidateId,
    #[schema(example = "CN-C-000123")]
    pub reference: String,
    /// Access token of the candidate's account, valid for an hour.
    #[schema(example = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiJ9.e30.c2ln")]
    pub access_token: String,
    /// `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds.
    #[schema(minimum = 1, maximum = 3600, example = 3600)]
    pub expires_in: i64,
}

/// A candidate leaves.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Unsubscription {
    /// From the link to leave, which every e-mail to a candidate carries.
    #[schema(
        min_length = 20,
        max_length = 100,
        pattern = "^[A-Za-z0-9_-]+$",
        example = "pQ4xq0c8m1n2b3v4c5x6z7l8k9j0h1g2f3d4s5a6p7o"
    )]
    pub token: String,
    /// Why, if the candidate says so.
    pub reason: Option<UnsubscribeReason>,
}

/// An answer to the reminder of availability.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct AvailabilityAnswer {
    /// From the link in the reminder.
    #[schema(
        min_length = 20,
        max_length = 100,
        pattern = "^[A-Za-z0-9_-]+$",
        example = "pQ4xq0c8m1n2b3v4c5x6z7l8k9j0h1g2f3d4s5a6p7o"
    )]
    pub token: String,
    /// Whether the candidate still looks for a post.
    #[schema(example = true)]
    pub available: bool,
}

/// What became of a candidate who answered by a link.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CandidateAnswered {
    #[schema(example = "CN-C-000123")]
    pub reference: String,
    pub status: CandidateStatus,
}

/// Why a candidate is blocked.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct CandidateBlock {
    #[schema(
        min_length = 10,
        max_length = 1000,
        format = "text",
        example = "Inscription sous un faux nom, signalée par deux structures."
    )]
    pub reason: String,
}

/// Changes of a candidate; absent members stay, null erases.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"max_distance_km": 20, "available_from": "2030-10-01"}))]
#[serde(deny_unknown_fields)]
pub struct CandidatePatch {
    #[schema(min_length = 1, max_length = 100, format = "line", nullable = false)]
    pub first_name: Option<String>,
    #[schema(min_length = 1, max_length = 100, format = "line", nullable = false)]
    pub last_name: Option<String>,
    /// Takes effect once the new address has confirmed by the link mailed to it.
    #[schema(max_length = 254, format = "email", nullable = false)]
    pub email: Option<String>,
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(max_length = 40, format = "phone")]
    pub phone: Option<Option<String>>,
    #[schema(pattern = "^[0-9]{5}$", nullable = false)]
    pub postal_code: Option<String>,
    #[schema(nullable = false)]
    pub commune_code: Option<CommuneCode>,
    /// Kilometres: a radius replaces `anywhere`; null only together with `anywhere`.
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(value_type = Option<Radius>, inline)]
    pub max_distance_km: Option<Option<Radius>>,
    /// `true` replaces the radius.
    #[schema(nullable = false)]
    pub anywhere: Option<bool>,
    /// Today at the earliest.
    #[schema(nullable = false)]
    pub available_from: Option<NaiveDate>,
    #[schema(nullable = false)]
    pub job_seeker: Option<bool>,
    #[schema(nullable = false)]
    pub employed: Option<bool>,
    #[schema(nullable = false)]
    pub in_training: Option<bool>,
    #[schema(nullable = false)]
    pub graduated: Option<bool>,
    #[schema(nullable = false)]
    pub experienced: Option<bool>,
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(min_length = 1, max_length = 250, format = "line")]
    pub diploma_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(min_length = 1, max_length = 2500, format = "text")]
    pub motivation: Option<Option<String>>,
}

/// A candidate in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CandidateItem {
    pub id: CandidateId,
    #[schema(example = "CN-C-000123")]
    pub reference: String,
    #[schema(example = "Camille")]
    pub first_name: String,
    #[schema(example = "Exemple")]
    pub last_name: String,
    /// Null for those to whom contact data is closed.
    #[schema(example = "camille@example.org")]
    pub email: Option<String>,
    /// E.164; null without a phone, and for those to whom contact data is closed.
    #[schema(example = "+33612345678")]
    pub phone: Option<String>,
    #[schema(example = "82200")]
    pub postal_code: String,
    pub commune_code: CommuneCode,
    #[schema(example = "Moissac")]
    pub commune_name: String,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    /// Kilometres; null for anywhere.
    #[schema(minimum = 5, maximum = 100, example = 40)]
    pub max_distance_km: Option<i32>,
    pub anywhere: bool,
    #[schema(example = "2021-09-01")]
    pub available_from: NaiveDate,
    pub job_seeker: bool,
    pub employed: bool,
    pub in_training: bool,
    pub graduated: bool,
    pub experienced: bool,
    pub status: CandidateStatus,
    /// Matches that wait for an answer, a meeting or a choice.
    #[schema(minimum = 0, example = 2)]
    pub open_matches_count: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

/// A candidate.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CandidateView {
    pub id: CandidateId,
    #[schema(example = "CN-C-000123")]
    pub reference: String,
    #[schema(example = "Camille")]
    pub first_name: String,
    #[schema(example = "Exemple")]
    pub last_name: String,
    /// Null for those to whom contact data is closed: a structure sees it once both have agreed.
    #[schema(example = "camille@example.org")]
    pub email: Option<String>,
    /// E.164; null without a phone, and for those to whom contact data is closed.
    #[schema(example = "+33612345678")]
    pub phone: Option<String>,
    #[schema(example = "82200")]
    pub postal_code: String,
    pub commune_code: CommuneCode,
    #[schema(example = "Moissac")]
    pub commune_name: String,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    /// Kilometres; null for anywhere.
    #[schema(minimum = 5, maximum = 100, example = 40)]
    pub max_distance_km: Option<i32>,
    pub anywhere: bool,
    #[schema(example = "2021-09-01")]
    pub available_from: NaiveDate,
    pub job_seeker: bool,
    pub employed: bool,
    pub in_training: bool,
    pub graduated: bool,
    pub experienced: bool,
    #[schema(example = "BPJEPS numérique")]
    pub diploma_name: Option<String>,
    /// Null once forgotten, and for those who may not read it.
    #[schema(example = "Aider chacun à faire seul ses démarches.")]
    pub motivation: Option<String>,
    pub status: CandidateStatus,
    pub confirmed_at: Option<DateTime<Utc>>,
    /// Why the ANCT blocked the candidate; null for all but the ANCT.
    pub block_reason: Option<String>,
    pub unsubscribe_reason: Option<UnsubscribeReason>,
    /// Matches that wait for an answer, a meeting or a choice.
    #[schema(minimum = 0, example = 2)]
    pub open_matches_count: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// What may be done with it now, and by whom.
    pub transitions: Vec<Transition>,
}

page_of! {
    /// A page of candidates.
    CandidatePage of CandidateItem
}

/// Filters of candidates.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CandidateFilter {
    /// These, by their identifiers: what the feed of events told of.
    #[param(inline)]
    pub id: Option<Vec<CandidateId>>,
    /// Part of the name, or a reference; accents, case and hyphens do not matter.
    #[param(max_length = 100, format = "line", example = "exemple")]
    pub q: Option<String>,
    /// States.
    #[param(inline)]
    pub status: Option<Vec<CandidateStatus>>,
    /// Codes of the départements where candidates live.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Codes of the regions where candidates live.
    #[param(inline)]
    pub region_code: Option<Vec<RegionCode>>,
    /// INSEE code of the commune where candidates live; a city's holds its arrondissements.
    #[param(inline)]
    pub commune_code: Option<CommuneCode>,
    /// SIREN of the intercommunal body where candidates live.
    #[param(inline)]
    pub epci_siren: Option<EpciSiren>,
    /// Who would work anywhere, or within a radius.
    #[param(example = false)]
    pub anywhere: Option<bool>,
    /// Available before this day.
    #[param(example = "2021-09-01")]
    pub available_before: Option<NaiveDate>,
    /// With, or without, an open match.
    #[param(example = false)]
    pub matched: Option<bool>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-updated_at` by default.
    #[param(inline)]
    pub sort: Option<Vec<CandidateSort>>,
}

impl CandidateFilter {
    pub fn search(&self) -> store::Search {
        store::Search {
            ids: self.id.as_deref().map(uuids),
            text: self.q.clone(),
            statuses: self.status.clone(),
            departements: self.departement_code.clone(),
            region: self.region_code.clone(),
            commune: self.commune_code.clone(),
            epci: self.epci_siren.clone(),
            anywhere: self.anywhere,
            available_before: self.available_before,
            matched: self.matched,
            updated_since: self.updated_since,
        }
    }
}

impl From<Candidate> for CandidateItem {
    fn from(row: Candidate) -> Self {
        Self {
            id: row.id,
            reference: row.reference,
            first_name: row.first_name,
            last_name: row.last_name,
            email: row.email,
            phone: row.phone,
            postal_code: row.postal_code,
            commune_code: row.commune_code,
            commune_name: row.commune_name,
            departement_code: row.departement_code,
            region_code: row.region_code,
            max_distance_km: row.max_distance_km,
            anywhere: row.anywhere,
            available_from: row.available_from,
            job_seeker: row.job_seeker,
            employed: row.employed,
            in_training: row.in_training,
            graduated: row.graduated,
            experienced: row.experienced,
            status: row.status,
            open_matches_count: row.open_matches,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

impl From<File> for CandidateView {
    fn from(file: File) -> Self {
        let row = file.candidate;
        Self {
            id: row.id,
            reference: row.reference,
            first_name: row.first_name,
            last_name: row.last_name,
            email: row.email,
            phone: row.phone,
            postal_code: row.postal_code,
            commune_code: row.commune_code,
            commune_name: row.commune_name,
            departement_code: row.departement_code,
            region_code: row.region_code,
            max_distance_km: row.max_distance_km,
            anywhere: row.anywhere,
            available_from: row.available_from,
            job_seeker: row.job_seeker,
            employed: row.employed,
            in_training: row.in_training,
            graduated: row.graduated,
            experienced: row.experienced,
            diploma_name: row.diploma_name,
            motivation: row.motivation,
            status: row.status,
            confirmed_at: row.confirmed_at,
            block_reason: row.block_reason.filter(|_| file.for_anct),
            unsubscribe_reason: row.unsubscribe_reason,
            open_matches_count: row.open_matches,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
            transitions: file.transitions,
        }
    }
}
