//! What an application is, and the way it goes.

use crate::platform::auth::policy::{Permission, can};
use crate::platform::transitions::Step;
use crate::text_enum;

text_enum! {
    /// Whether the structure asks for its first posts or for more.
    pub enum ApplicationKind "application_kinds" ["applications.kind"] {
        Initial "initial" "Demande initiale" "Initial application",
        Additional "additional" "Demande complémentaire" "Additional application",
    }
}

text_enum! {
    /// State of an application.
    pub enum ApplicationStatus "application_statuses" ["applications.status"] {
        Draft "draft" "Brouillon" "Draft",
        Submitted "submitted" "Déposée" "Submitted",
        OpinionGiven "opinion_given" "Avis rendu" "Opinion given",
        OnAgenda "on_agenda" "À l'ordre du jour" "On the agenda",
        Retained "retained" "Retenue" "Retained",
        Refused "refused" "Refusée" "Refused",
        Withdrawn "withdrawn" "Retirée" "Withdrawn",
    }
}

text_enum! {
    /// Working time of a coordinator's post.
    pub enum CoordinatorTime "coordinator_times" ["applications.coordinator"] {
        FullTime "full_time" "Temps plein" "Full time",
        PartTime "part_time" "Temps partiel" "Part time",
    }
}

text_enum! {
    /// What a prefecture thinks of an application.
    pub enum OpinionKind "opinions" ["opinions.opinion"] {
        Favourable "favourable" "Favorable" "Favourable",
        Unfavourable "unfavourable" "Défavorable" "Unfavourable",
    }
}

use ApplicationStatus as S;

/// The way of an application. `put_on_agenda`, `remove_from_agenda` and the outcomes follow from
/// the committee; one that needs further examination goes back to `submitted`.
pub const STEPS: &[Step<ApplicationStatus>] = &[
    Step::call(S::Draft, can::submit_application::LINE, S::Submitted),
    Step::call(S::Draft, can::withdraw_application::LINE, S::Withdrawn),
    Step::call(S::Submitted, can::withdraw_application::LINE, S::Withdrawn),
    Step::call(S::OpinionGiven, can::withdraw_application::LINE, S::Withdrawn),
    Step::call(S::OnAgenda, can::withdraw_application::LINE, S::Withdrawn),
    Step::call(S::Submitted, can::give_opinion::LINE, S::OpinionGiven),
    Step::call(S::OpinionGiven, can::give_opinion::LINE, S::OpinionGiven),
    Step::call(S::OnAgenda, can::give_opinion::LINE, S::OnAgenda),
    Step::course(S::Submitted, "put_on_agenda", S::OnAgenda),
    Step::course(S::OpinionGiven, "put_on_agenda", S::OnAgenda),
    Step::course(S::OnAgenda, "remove_from_agenda", S::Submitted),
    Step::course(S::OnAgenda, "retain", S::Retained),
    Step::course(S::OnAgenda, "refuse", S::Refused),
    Step::course(S::OnAgenda, "examine_further", S::Submitted),
];
