//! SQL of the subsidies.

pub mod agreements;
pub mod bank;
pub mod batches;
pub mod covered;
pub mod credits;
pub mod envelopes;
pub mod instalments;
pub mod ledger;
pub mod mirrors;
pub mod scales;

use crate::platform::auth::{Actor, Reach};
use crate::platform::db::sql::Sql;

/// What hangs on structures, and whom it opens to, as a condition over the `structures` row named `s`.
fn known_to(actor: &Actor, prefectures: bool) -> Sql {
    match actor {
        Actor::System | Actor::Anct | Actor::Bdt => Sql::raw("true"),
        Actor::Employer(_) => Reach::over(&actor.reach(), "s"),
        Actor::Prefecture(_) if prefectures => Reach::over(&actor.reach(), "s"),
        Actor::Prefecture(_)
        | Actor::Observer(_)
        | Actor::Candidate(_)
        | Actor::Counsellor(_)
        | Actor::Anonymous
        | Actor::Coordinator(_)
        | Actor::TrainingBody(_) => Sql::raw("false"),
    }
}
