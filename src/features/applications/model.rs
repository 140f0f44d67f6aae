//! What an application is, and the way it goes.

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
    Step { from: S::Draft, event: "submit", to: S::Submitted },
    Step { from: S::Draft, event: "withdraw", to: S::Withdrawn },
    Step { from: S::Submitted, event: "withdraw", to: S::Withdrawn },
    Step { from: S::OpinionGiven, event: "withdraw", to: S::Withdrawn },
    Step { from: S::OnAgenda, event: "withdraw", to: S::Withdrawn },
    Step { from: S::Submitted, event: "give_opinion", to: S::OpinionGiven },
    Step { from: S::OpinionGiven, event: "give_opinion", to: S::OpinionGiven },
    Step { from: S::OnAgenda, event: "give_opinion", to: S::OnAgenda },
    Step { from: S::Submitted, event: "put_on_agenda", to: S::OnAgenda },
    Step { from: S::OpinionGiven, event: "put_on_agenda", to: S::OnAgenda },
    Step { from: S::OnAgenda, event: "remove_from_agenda", to: S::Submitted },
    Step { from: S::OnAgenda, event: "retain", to: S::Retained },
    Step { from: S::OnAgenda, event: "refuse", to: S::Refused },
    Step { from: S::OnAgenda, event: "examine_further", to: S::Submitted },
];
