//! Structures that are not, not yet, or no longer part of the scheme create nothing.

use diesel::QueryableByName;
use diesel::sql_types as st;

use super::auth::Actor;
use super::auth::policy::{Line, Permission, can};
use super::db::Tx;
use super::error::{Code, Problem, Result};
use super::ids::StructureId;
use crate::sql;

/// What a structure that has left the scheme may still create: the request to come back, and the account to which it is
/// still owed something.
const FROM_OUTSIDE: [&Line; 2] = [can::create_application::LINE, can::set_bank_details::LINE];

/// These say by themselves that only a retained structure hires, and in which state it is.
const ASK_FOR_MORE: [&Line; 3] = [can::create_match::LINE, can::submit_recruitment::LINE, can::create_agreement::LINE];

fn is_among(lines: &[&'static Line], line: &'static Line) -> bool {
    lines.iter().any(|known| std::ptr::eq(*known, line))
}

#[derive(QueryableByName)]
struct Standing {
    #[diesel(sql_type = st::Text)]
    status: String,
}

/// The state of a structure that is not live; none where it is, or is not known.
fn outside(tx: &mut Tx<'_>, id: StructureId) -> Result<Option<String>> {
    let found: Option<Standing> = sql!("select status from structures where id = {}", id).first(tx.conn())?;
    Ok(found.map(|found| found.status).filter(|status| !matches!(status.as_str(), "registered" | "retained")))
}

fn refusal(status: &str) -> Problem {
    Problem::new(Code::StructureNotLive).with("status", status)
}

/// Refuses a structure that something is to be created for.
pub fn require_live(tx: &mut Tx<'_>, id: StructureId) -> Result<()> {
    match outside(tx, id)? {
        Some(status) => Err(refusal(&status)),
        None => Ok(()),
    }
}

/// The same for the caller's own structure, whatever the operation: every call that creates something passes here.
pub fn admit(tx: &mut Tx<'_>, line: &'static Line) -> Result<()> {
    let Actor::Employer(own) = *tx.actor() else { return Ok(()) };
    if is_among(&ASK_FOR_MORE, line) {
        return Ok(());
    }
    match outside(tx, own)? {
        Some(status) if status == "withdrawn" && is_among(&FROM_OUTSIDE, line) => Ok(()),
        Some(status) => Err(refusal(&status)),
        None => Ok(()),
    }
}
