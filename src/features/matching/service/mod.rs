//! Use cases of the matching.
//!
//! Locks are taken in one order: the matching's own, structure, candidate, match.

mod answers;
mod explain;
mod file;
mod leaving;
mod runs;

pub use answers::{accept, create, decline, record_meeting, reject, select};
pub use explain::{Explanation, explain};
pub use file::{File, find};
pub use leaving::{
    answer_reminder, block_candidate, close_of_recruited, erase_candidate, pause_candidate, unsubscribe,
};
pub use runs::{RunFile, find_run, run, target_of};

use super::store::matches;
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::platform::ids::{CandidateId, MatchId, StructureId};

/// The match of a pair, if there ever was one.
pub fn of_pair(tx: &mut Tx<'_>, candidate: CandidateId, structure: StructureId) -> Result<Option<MatchId>> {
    matches::of_pair(tx, candidate, structure)
}
