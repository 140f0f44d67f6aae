//! Ceilings of posts by département.

use crate::features::posts::store::counters::{self, Allotment};
use crate::platform::db::Tx;
use crate::platform::error::{Code, Problem, Result};
use crate::platform::transitions::{Expected, require_version};

/// Sets or lifts the ceiling of a département: never below what is committed already.
pub fn set_allotment(
    tx: &mut Tx<'_>,
    code: &str,
    version: Option<Expected>,
    ceiling: Option<i32>,
) -> Result<Allotment> {
    // The programme's line comes first, so that a département's first line is never made twice at once.
    counters::lock_programme(tx)?;
    counters::lock_allotments(tx, vec![code.into()])?;
    let before = require(tx, code)?;
    require_version(version, before.version)?;
    if ceiling.is_some_and(|ceiling| ceiling < before.posts_committed) {
        return Err(Problem::new(Code::AllotmentBelowCommitted).with("committed", before.posts_committed));
    }
    counters::put_ceiling(tx, code, ceiling)?;
    require(tx, code)
}

fn require(tx: &mut Tx<'_>, code: &str) -> Result<Allotment> {
    let reach = tx.reach();
    counters::find_allotment(tx.conn(), &reach, code)?.ok_or_else(Problem::not_found)
}
