//! What a candidate is, and the life it may lead.

use chrono::Duration;
use serde::Deserialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::platform::auth::policy::{Permission, can};
use crate::platform::transitions::Step;
use crate::text_enum;

text_enum! {
    /// State of a candidate.
    pub enum CandidateStatus "candidate_statuses" ["candidates.status"] {
        PendingConfirmation "pending_confirmation" "Adresse à confirmer" "Address to be confirmed",
        Active "active" "Disponible" "Active",
        Unavailable "unavailable" "Indisponible" "Unavailable",
        Recruited "recruited" "Recruté" "Recruited",
        Blocked "blocked" "Bloqué" "Blocked",
        Unsubscribed "unsubscribed" "Désinscrit" "Unsubscribed",
        Erased "erased" "Effacé" "Erased",
    }
}

text_enum! {
    /// Why a candidate leaves.
    pub enum UnsubscribeReason "unsubscribe_reasons" ["candidates.unsubscribe_reason"] {
        EmploiTrouve "emploi_trouve" "A trouvé un emploi" "Found a job",
        PlusInteresse "plus_interesse" "N'est plus intéressé" "No longer interested",
        PropositionsInadaptees "propositions_inadaptees" "Propositions inadaptées" "Unsuitable proposals",
        TropDeMessages "trop_de_messages" "Trop de messages" "Too many messages",
        Autre "autre" "Autre" "Other",
    }
}

use CandidateStatus as S;

/// The life of a candidate. `recruit` and `release` follow from recruitments. Who is let in again, or is free again, stands
/// where they stood, or where they have asked to stand since.
pub const STEPS: &[Step<CandidateStatus>] = &[
    Step::course(S::PendingConfirmation, "confirm", S::Active),
    Step::course(S::Unsubscribed, "confirm", S::Active),
    Step::call(S::Active, can::pause_candidate::LINE, S::Unavailable),
    Step::call(S::Unavailable, can::resume_candidate::LINE, S::Active),
    Step::course(S::Active, "recruit", S::Recruited),
    Step::course(S::Unavailable, "recruit", S::Recruited),
    Step::course(S::Recruited, "release", S::Active),
    Step::course(S::Recruited, "release", S::Unsubscribed),
    Step::call(S::PendingConfirmation, can::block_candidate::LINE, S::Blocked),
    Step::call(S::Active, can::block_candidate::LINE, S::Blocked),
    Step::call(S::Unavailable, can::block_candidate::LINE, S::Blocked),
    Step::call(S::Unsubscribed, can::block_candidate::LINE, S::Blocked),
    Step::call(S::Blocked, can::unblock_candidate::LINE, S::Active),
    Step::call(S::Blocked, can::unblock_candidate::LINE, S::Unavailable),
    Step::call(S::Blocked, can::unblock_candidate::LINE, S::Unsubscribed),
    Step::call(S::Blocked, can::unblock_candidate::LINE, S::PendingConfirmation),
    Step::course(S::PendingConfirmation, "unsubscribe", S::Unsubscribed),
    Step::course(S::Active, "unsubscribe", S::Unsubscribed),
    Step::course(S::Unavailable, "unsubscribe", S::Unsubscribed),
    Step::course(S::Recruited, "unsubscribe", S::Recruited),
    Step::course(S::Blocked, "unsubscribe", S::Blocked),
    Step::call(S::PendingConfirmation, can::erase_candidate::LINE, S::Erased),
    Step::call(S::Active, can::erase_candidate::LINE, S::Erased),
    Step::call(S::Unavailable, can::erase_candidate::LINE, S::Erased),
    Step::call(S::Blocked, can::erase_candidate::LINE, S::Erased),
    Step::call(S::Unsubscribed, can::erase_candidate::LINE, S::Erased),
];

/// A radius that a candidate may choose, in kilometres.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "i32")]
pub struct Radius(i32);

const RADII: [i32; 6] = [5, 10, 15, 20, 40, 100];

impl Radius {
    pub fn km(self) -> i32 {
        self.0
    }
}

impl TryFrom<i32> for Radius {
    type Error = &'static str;

    fn try_from(km: i32) -> Result<Self, Self::Error> {
        RADII.contains(&km).then_some(Self(km)).ok_or("not a radius of the list")
    }
}

impl PartialSchema for Radius {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .description(Some("Kilometres: 5, 10, 15, 20, 40 or 100."))
            .enum_values(Some(RADII))
            .into()
    }
}

impl ToSchema for Radius {}

/// Addresses of counsellors in post are no personal addresses.
pub const OWN_DOMAIN: &str = "@conseiller-numerique.fr";

/// How long the link that confirms an address is valid.
pub const CONFIRMATION: Duration = Duration::days(180);
/// How long a link to leave, or to answer a reminder, is valid.
pub const LINK: Duration = Duration::days(60);
/// Letters that others may cause a candidate to get: this many links of one purpose within `LINKS_WITHIN`.
pub const LINKS: i64 = 5;
pub const LINKS_WITHIN: Duration = Duration::days(1);
/// A candidate without a match is asked again whether they are available, this long after the last sign of life.
pub const REMIND_AFTER: Duration = Duration::days(60);
/// An unconfirmed registration is erased after this long.
pub const UNCONFIRMED: Duration = Duration::days(183);
/// Free text is forgotten this long after the last contact.
pub const FREE_TEXT: Duration = Duration::days(183);
/// A candidate is erased this long after the last contact.
pub const RETENTION: Duration = Duration::days(730);
