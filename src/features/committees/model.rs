//! What a committee is, and what it may decide.

use chrono::{Months, NaiveDate};

use crate::features::applications::model::ApplicationKind;
use crate::platform::auth::policy::{Permission, can};
use crate::platform::transitions::Step;
use crate::text_enum;

text_enum! {
    /// State of a committee.
    pub enum CommitteeStatus "committee_statuses" ["committees.status"] {
        Preparation "preparation" "En préparation" "In preparation",
        InSession "in_session" "En séance" "In session",
        Closed "closed" "Clos" "Closed",
    }
}

text_enum! {
    /// What the committee decides of an application.
    pub enum Outcome "outcomes" ["agenda_items.outcome"] {
        Retained "retained" "Retenue" "Retained",
        Refused "refused" "Refusée" "Refused",
        FurtherExamination "further_examination" "Examen complémentaire" "Further examination",
    }
}

use CommitteeStatus as S;

/// The life of a committee.
pub const STEPS: &[Step<CommitteeStatus>] = &[
    Step::call(S::Preparation, can::open_committee::LINE, S::InSession),
    Step::call(S::InSession, can::close_committee::LINE, S::Closed),
];

/// Day until which a granted post is to be filled: three months, six for additional posts.
pub fn recruitment_deadline(kind: ApplicationKind, closed_on: NaiveDate) -> NaiveDate {
    let months = match kind {
        ApplicationKind::Initial => 3,
        ApplicationKind::Additional => 6,
    };
    closed_on.checked_add_months(Months::new(months)).unwrap_or(closed_on)
}
