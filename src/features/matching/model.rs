//! What a match is, the life it may lead, and what a run looks at.

use chrono::{NaiveDate, TimeDelta};

use crate::platform::auth::policy::{Permission, can};
use crate::platform::ids::{CandidateId, StructureId};
use crate::platform::transitions::Step;
use crate::text_enum;

text_enum! {
    /// State of a match.
    pub enum MatchStatus "match_statuses" ["matches.status"] {
        Proposed "proposed" "Proposée" "Proposed",
        Mutual "mutual" "Acceptée des deux côtés" "Accepted by both sides",
        Met "met" "Entretien tenu" "Met",
        Selected "selected" "Candidat choisi" "Selected",
        NotSelected "not_selected" "Candidat non choisi" "Not selected",
        Declined "declined" "Déclinée" "Declined",
        Expired "expired" "Expirée sans suite" "Expired without a next step",
        Closed "closed" "Close" "Closed",
    }
}

text_enum! {
    /// A side of a match.
    pub enum MatchSide "match_sides" ["matches.declined_by", "match_refusals.side"] {
        Candidate "candidate" "Candidat" "Candidate",
        Structure "structure" "Structure" "Structure",
    }
}

text_enum! {
    /// How a match came about.
    pub enum MatchOrigin "match_origins" ["matches.origin"] {
        Run "run" "Proposée automatiquement" "Proposed by a run",
        Manual "manual" "Ajoutée par la structure" "Added by the structure",
    }
}

text_enum! {
    /// Why a side declines, or does not select.
    pub enum DeclineReason "match_decline_reasons" ["match_refusals.reason"] {
        TropLoin "trop_loin" "Trop loin" "Too far",
        ProfilInadapte "profil_inadapte" "Profil inadapté" "Profile does not fit",
        PosteInadapte "poste_inadapte" "Poste inadapté" "Post does not fit",
        DejaPourvu "deja_pourvu" "Poste déjà pourvu" "Post filled already",
        PlusDisponible "plus_disponible" "N'est plus disponible" "No longer available",
        SansReponse "sans_reponse" "Sans réponse" "No answer",
        Autre "autre" "Autre" "Other",
    }
}

text_enum! {
    /// What a run of the matching looks at.
    pub enum RunScope "matching_scopes" ["matching_runs.scope"] {
        Country "country" "Tout le pays" "The whole country",
        Structure "structure" "Une structure" "One structure",
        Candidate "candidate" "Un candidat" "One candidate",
    }
}

text_enum! {
    /// A condition that a pair must meet to be proposed.
    pub enum MatchCondition "match_conditions" [] {
        CandidateActive "candidate_active" "Le candidat est disponible et confirmé" "The candidate is active and confirmed",
        StructureRetained "structure_retained" "La structure est retenue" "The structure is retained",
        VacantPost "vacant_post" "La structure a un poste vacant, libre de tout recrutement" "The structure has a vacant post that no recruitment holds",
        Availability "availability" "Le candidat est disponible à la date souhaitée" "The candidate is available by the wanted date",
        Distance "distance" "La structure est dans le rayon du candidat" "The structure lies within the candidate's radius",
        SameTerritory "same_territory" "Même territoire d'outre-mer, ou métropole" "Same overseas territory, or the mainland",
        NoEarlierMatch "no_earlier_match" "La paire n'a pas encore été mise en relation" "The pair has no earlier match",
        CandidateCap "candidate_cap" "Le candidat a moins de mises en relation ouvertes que le plafond" "The candidate has fewer open matches than the cap",
        StructureCap "structure_cap" "La structure a moins de mises en relation ouvertes que le plafond" "The structure has fewer open matches than the cap",
    }
}

/// Which candidates and structures a run looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Country,
    Structure(StructureId),
    Candidate(CandidateId),
}

impl Target {
    pub fn scope(self) -> RunScope {
        match self {
            Target::Country => RunScope::Country,
            Target::Structure(_) => RunScope::Structure,
            Target::Candidate(_) => RunScope::Candidate,
        }
    }

    pub fn structure(self) -> Option<StructureId> {
        match self {
            Target::Structure(id) => Some(id),
            _ => None,
        }
    }

    pub fn candidate(self) -> Option<CandidateId> {
        match self {
            Target::Candidate(id) => Some(id),
            _ => None,
        }
    }
}

use MatchStatus as S;

/// The life of a match. The first `accept` leaves it proposed; `expire` and `close` come from the service. Either side may
/// leave until a contract is submitted.
pub const STEPS: &[Step<MatchStatus>] = &[
    Step::call(S::Proposed, can::accept_match::LINE, S::Mutual),
    Step::call(S::Proposed, can::decline_match::LINE, S::Declined),
    Step::call(S::Mutual, can::record_meeting::LINE, S::Met),
    Step::call(S::Mutual, can::decline_match::LINE, S::Declined),
    Step::call(S::Mutual, can::reject_match::LINE, S::NotSelected),
    Step::call(S::Met, can::select_match::LINE, S::Selected),
    Step::call(S::Met, can::decline_match::LINE, S::Declined),
    Step::call(S::Met, can::reject_match::LINE, S::NotSelected),
    Step::call(S::Selected, can::decline_match::LINE, S::Declined),
    Step::call(S::Selected, can::reject_match::LINE, S::NotSelected),
    Step::course(S::Proposed, "expire", S::Expired),
    Step::course(S::Expired, "propose_again", S::Proposed),
    Step::course(S::Closed, "propose_again", S::Proposed),
    Step::course(S::NotSelected, "propose_again", S::Proposed),
    Step::course(S::Mutual, "expire", S::Expired),
    Step::course(S::Met, "expire", S::Expired),
    Step::course(S::Proposed, "close", S::Closed),
    Step::course(S::Mutual, "close", S::Closed),
    Step::course(S::Met, "close", S::Closed),
    Step::course(S::Selected, "close", S::Closed),
];

/// Days within which both sides answer a proposal.
pub const ANSWER_DAYS: i64 = 30;
/// Days within which they meet, once both have agreed.
pub const MEETING_DAYS: i64 = 60;
/// Days within which the structure chooses, after the meeting.
pub const CHOICE_DAYS: i64 = 60;
/// Days within which the contract of somebody chosen is submitted.
pub const CONTRACT_DAYS: i64 = 90;
/// Both sides are reminded so many days before.
pub const REMIND_DAYS: i64 = 7;

/// The last day of a state that is entered today.
pub fn last_day(status: MatchStatus, today: NaiveDate) -> NaiveDate {
    let days = match status {
        S::Mutual => MEETING_DAYS,
        S::Met => CHOICE_DAYS,
        S::Selected => CONTRACT_DAYS,
        S::Proposed | S::NotSelected | S::Declined | S::Expired | S::Closed => ANSWER_DAYS,
    };
    today + TimeDelta::days(days)
}
