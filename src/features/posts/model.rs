//! What a post is, and the life it may lead.

use chrono::{Months, NaiveDate};

use crate::platform::auth::policy::{Permission, can};
use crate::platform::transitions::Step;
use crate::text_enum;

text_enum! {
    /// Phase of the scheme under which a post was granted.
    pub enum Phase "phases" ["posts.phase", "committees.phase", "recruitments.phase", "subsidy_scales.phase",
        "agreements.phase", "agreement_posts.phase", "instalments.phase"] {
        V1 "v1" "Première phase (V1)" "First phase (V1)",
        V2 "v2" "Seconde phase (V2)" "Second phase (V2)",
    }
}

text_enum! {
    /// State of a post.
    pub enum PostStatus "post_statuses" ["posts.status"] {
        Vacant "vacant" "Vacant" "Vacant",
        StartsLater "starts_later" "Pourvu, prise de poste à venir" "Filled, starts later",
        Occupied "occupied" "Occupé" "Occupied",
        Returned "returned" "Rendu" "Returned",
    }
}

text_enum! {
    /// Why an employer gives a post back.
    pub enum ReturnReason "post_return_reasons" ["post_returns.reason"] {
        BesoinPlusJustifie "besoin_plus_justifie" "Le besoin n'est plus justifié" "The need is no longer justified",
        DifficulteRecrutement "difficulte_recrutement" "Difficulté à recruter" "Difficulty in recruiting",
        CapaciteFinanciere "capacite_financiere" "Capacité financière insuffisante" "Insufficient funds",
        ManqueVisibilite "manque_visibilite" "Manque de visibilité" "Lack of visibility",
        FinSubventionnement "fin_subventionnement" "Fin du subventionnement" "End of the subsidy",
    }
}

text_enum! {
    /// Why a post left its structure for good: returned by the employer or taken back.
    pub enum EndReason "post_end_reasons" ["posts.return_reason"] {
        BesoinPlusJustifie "besoin_plus_justifie" "Le besoin n'est plus justifié" "The need is no longer justified",
        DifficulteRecrutement "difficulte_recrutement" "Difficulté à recruter" "Difficulty in recruiting",
        CapaciteFinanciere "capacite_financiere" "Capacité financière insuffisante" "Insufficient funds",
        ManqueVisibilite "manque_visibilite" "Manque de visibilité" "Lack of visibility",
        FinSubventionnement "fin_subventionnement" "Fin du subventionnement" "End of the subsidy",
        DelaiDepasse "delai_depasse" "Délai de recrutement dépassé" "Recruitment deadline passed",
    }
}

text_enum! {
    /// State of a request to give a post back.
    pub enum PostReturnStatus "post_return_statuses" ["post_returns.status"] {
        Requested "requested" "Demandé" "Requested",
        Accepted "accepted" "Accepté" "Accepted",
        Refused "refused" "Refusé" "Refused",
    }
}

text_enum! {
    /// How a post came to a structure.
    pub enum AttachmentReason "post_attachment_reasons" ["post_attachments.reason"] {
        Granted "granted" "Accordé" "Granted",
        Transferred "transferred" "Transféré" "Transferred",
    }
}

text_enum! {
    /// How a post left a structure.
    pub enum AttachmentEnd "post_attachment_ends" ["post_attachments.ended_by"] {
        Transferred "transferred" "Transféré" "Transferred",
        Returned "returned" "Rendu" "Returned",
        TakenBack "taken_back" "Repris" "Taken back",
    }
}

text_enum! {
    /// What happened to a post.
    pub enum PostChange "post_changes" [] {
        Granted "granted" "Accordé" "Granted",
        Transferred "transferred" "Transféré" "Transferred",
        DeadlineExtended "deadline_extended" "Délai prolongé" "Deadline extended",
        Occupied "occupied" "Occupé" "Occupied",
        Vacated "vacated" "Libéré" "Vacated",
        Returned "returned" "Rendu" "Returned",
        TakenBack "taken_back" "Repris" "Taken back",
    }
}

impl From<ReturnReason> for EndReason {
    fn from(reason: ReturnReason) -> Self {
        match reason {
            ReturnReason::BesoinPlusJustifie => EndReason::BesoinPlusJustifie,
            ReturnReason::DifficulteRecrutement => EndReason::DifficulteRecrutement,
            ReturnReason::CapaciteFinanciere => EndReason::CapaciteFinanciere,
            ReturnReason::ManqueVisibilite => EndReason::ManqueVisibilite,
            ReturnReason::FinSubventionnement => EndReason::FinSubventionnement,
        }
    }
}

use PostReturnStatus as R;
use PostStatus as P;

/// The life of a post. `fill`, `occupy` and `vacate` follow from recruitments and their first and last days, `return` from
/// an accepted request.
pub const STEPS: &[Step<PostStatus>] = &[
    Step::call(P::Vacant, can::transfer_post::LINE, P::Vacant),
    Step::call(P::Vacant, can::extend_post_deadline::LINE, P::Vacant),
    Step::call(P::Vacant, can::take_back_post::LINE, P::Returned),
    Step::call(P::Vacant, can::request_post_return::LINE, P::Vacant),
    Step::course(P::Vacant, "return", P::Returned),
    Step::course(P::Vacant, "occupy", P::Occupied),
    Step::course(P::Vacant, "fill", P::StartsLater),
    Step::course(P::StartsLater, "occupy", P::Occupied),
    Step::course(P::StartsLater, "vacate", P::Vacant),
    Step::call(P::Occupied, can::transfer_post::LINE, P::Occupied),
    Step::course(P::Occupied, "vacate", P::Vacant),
];

/// The life of a request to give a post back.
pub const RETURN_STEPS: &[Step<PostReturnStatus>] = &[
    Step::call(R::Requested, can::accept_post_return::LINE, R::Accepted),
    Step::call(R::Requested, can::refuse_post_return::LINE, R::Refused),
];

/// Months that a structure has to recruit on a post it has just received.
const RECRUITMENT_MONTHS: Months = Months::new(3);

/// Last day to recruit on a post that a structure holds from `start` on.
pub fn recruitment_deadline(start: NaiveDate) -> NaiveDate {
    start.checked_add_months(RECRUITMENT_MONTHS).unwrap_or(start)
}
