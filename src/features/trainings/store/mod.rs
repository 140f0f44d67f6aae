//! SQL of the training.

pub mod catalogue;
pub mod certifications;
pub mod enrolments;
pub mod figures;
pub mod sessions;

use crate::platform::auth::{Actor, Reach};
use crate::platform::db::sql::Sql;
use crate::sql;

/// What is about counsellors, as a condition over the row named `row`, which names counsellor and training body, and the
/// `structures` row named `s`.
fn known_to(actor: &Actor, row: &'static str) -> Sql {
    let column = |name: &str| Sql::raw(format!("{row}.{name}"));
    match actor {
        Actor::System | Actor::Anct | Actor::Bdt => Sql::raw("true"),
        Actor::Prefecture(_) | Actor::Employer(_) => Reach::over(&actor.reach(), "s"),
        Actor::Counsellor(id) => sql!("{} = {}", column("counsellor_id"), *id),
        Actor::TrainingBody(id) => sql!("{} = {}", column("body_id"), *id),
        Actor::Anonymous | Actor::Candidate(_) | Actor::Coordinator(_) | Actor::Observer(_) => Sql::raw("false"),
    }
}
