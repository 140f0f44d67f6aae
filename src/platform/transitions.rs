//! States and what leads from one to another: a table that the calls obey and the answers tell.

use serde::Serialize;
use utoipa::ToSchema;

use super::auth::policy::Line;
use super::auth::{Principal, Role};
use super::db::text_enum::TextEnum;
use super::error::{Code, Problem, Result};

/// One line of a table of states: in `from`, `event` leads to `to`.
#[derive(Clone, Copy, Debug)]
pub struct Step<S: 'static> {
    pub from: S,
    pub event: &'static str,
    pub to: S,
}

/// The state that `event` leads to, or why it does not.
pub fn after<S: TextEnum + PartialEq>(table: &[Step<S>], from: S, event: &str) -> Result<S> {
    table.iter().find(|step| step.from == from && step.event == event).map(|step| step.to).ok_or_else(|| {
        let possible: Vec<&str> = table.iter().filter(|step| step.from == from).map(|step| step.event).collect();
        Problem::new(Code::TransitionNotAllowed)
            .with("transition", event)
            .with("status", from.as_str())
            .extension("transitions_possible", possible)
    })
}

/// A transition as an answer tells it: what it announces is what the call then does.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Transition {
    /// Name of the operation.
    #[schema(example = "submit_application")]
    pub name: &'static str,
    /// Whether this caller may do it now.
    pub allowed: bool,
    /// Code of the problem that the call would answer; null when allowed.
    #[schema(example = "transition_not_allowed")]
    pub refusal: Option<&'static str>,
    /// Roles that may do it when the state allows.
    pub roles: Vec<Role>,
}

impl Transition {
    /// From the policy's line and the very check that the call makes.
    pub fn new(line: &'static Line, principal: &Principal, check: Result<()>) -> Self {
        let refusal = line.authorise(principal).and(check).err().map(|problem| problem.code());
        Self {
            name: line.operation,
            allowed: refusal.is_none(),
            refusal: refusal.map(Code::as_str),
            roles: line.roles.to_vec(),
        }
    }
}

/// Refuses a version that is not the row's.
pub fn require_version(given: Option<i32>, current: i32) -> Result<()> {
    match given {
        Some(given) if given != current => Err(Problem::new(Code::PreconditionFailed)),
        _ => Ok(()),
    }
}
