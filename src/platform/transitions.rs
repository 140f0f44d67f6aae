//! States and what leads from one to another: a table that the calls obey and the answers tell.

use serde::Serialize;
use utoipa::ToSchema;

use super::auth::policy::Line;
use super::auth::{Principal, Role};
use super::db::text_enum::TextEnum;
use super::error::{Code, Problem, Result};
pub use super::http::etag::Expected;

/// What leads from one state to another.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// An operation on the resource itself.
    Call(&'static Line),
    /// What happens in the course of something else: an operation on another resource, a mailed link, a night.
    Course(&'static str),
}

impl Act {
    /// Name of the operation, or a word of the table's own.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call(line) => line.operation,
            Self::Course(word) => word,
        }
    }
}

impl From<&'static Line> for Act {
    fn from(line: &'static Line) -> Self {
        Self::Call(line)
    }
}

impl From<&'static str> for Act {
    fn from(word: &'static str) -> Self {
        Self::Course(word)
    }
}

/// One line of a table of states: in `from`, `by` leads to `to`.
#[derive(Clone, Copy, Debug)]
pub struct Step<S: 'static> {
    pub from: S,
    pub by: Act,
    pub to: S,
}

impl<S> Step<S> {
    /// An operation on the resource leads from one state to the other.
    pub const fn call(from: S, line: &'static Line, to: S) -> Self {
        Self { from, by: Act::Call(line), to }
    }

    /// Something else does, of which this is a part.
    pub const fn course(from: S, word: &'static str, to: S) -> Self {
        Self { from, by: Act::Course(word), to }
    }
}

/// The state that `act` leads to, or why it does not.
pub fn after<S: TextEnum + PartialEq>(table: &[Step<S>], from: S, act: impl Into<Act>) -> Result<S> {
    let act = act.into();
    let leads = |step: &&Step<S>| step.from == from && step.by.name() == act.name();
    table.iter().find(leads).map(|step| step.to).ok_or_else(|| refusal(table, from, act))
}

/// Why a state does not allow an act, with what it does allow.
pub fn refusal<S: TextEnum + PartialEq>(table: &[Step<S>], from: S, act: impl Into<Act>) -> Problem {
    Problem::new(Code::TransitionNotAllowed)
        .with("transition", act.into().name())
        .with("status", from.as_str())
        .extension(POSSIBLE, possible(table, from))
}

/// Member of a problem: operations that the state allows.
pub const POSSIBLE: &str = "transitions_possible";

/// Names of the operations that a state allows, as `transitions` names them, whoever may call them.
pub fn possible<S: TextEnum + PartialEq>(table: &[Step<S>], from: S) -> Vec<&'static str> {
    let call = |step: &Step<S>| match step.by {
        Act::Call(line) if step.from == from => Some(line.operation),
        Act::Call(_) | Act::Course(_) => None,
    };
    let mut names: Vec<&'static str> = table.iter().filter_map(call).collect();
    // One operation may lead to several states.
    names.dedup();
    names
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

    /// The same where the state alone decides.
    pub fn of_state<S: TextEnum + PartialEq>(
        line: &'static Line,
        principal: &Principal,
        table: &[Step<S>],
        from: S,
    ) -> Self {
        Self::new(line, principal, after(table, from, line).map(|_| ()))
    }
}

/// Refuses a version that is not among those that the caller named.
pub fn require_version(expected: Option<Expected>, current: i32) -> Result<()> {
    if expected.is_none_or(|expected| expected.admits(current)) {
        Ok(())
    } else {
        Err(Problem::new(Code::PreconditionFailed))
    }
}
