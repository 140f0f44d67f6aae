//! Use cases of the matching.
//!
//! Locks are taken in one order: the matching's own, structure, candidate, match.

mod answers;
mod endings;
mod explain;
mod file;
mod leaving;
mod runs;

pub use answers::{accept, create, decline, record_meeting, reject, select};
pub use endings::{follow, remind};
pub use explain::{Explanation, explain};
pub use file::{File, find};
pub use leaving::{
    answer_reminder, block_candidate, close_of_recruited, erase_candidate, pause_candidate, unsubscribe,
};
pub use runs::{RunFile, find_run, run, target_of};

use super::model::MatchStatus;
use super::store::matches;
use crate::platform::db::Tx;
use crate::platform::error::{Code, Problem, Result};
use crate::platform::ids::{CandidateId, MatchId, StructureId};

/// The match of a pair, if there ever was one. Nobody is hired against their will: where the pair was matched, both sides
/// must have agreed, and neither have left since.
pub fn consented(tx: &mut Tx<'_>, candidate: CandidateId, structure: StructureId) -> Result<Option<MatchId>> {
    let Some(pair) = tx.as_service(|tx| matches::of_pair(tx, candidate, structure))? else { return Ok(None) };
    let agreed = matches!(pair.status, MatchStatus::Mutual | MatchStatus::Met | MatchStatus::Selected);
    // Whoever worked there before agreed then; every contract can be declined.
    if !pair.hired && (!agreed || pair.expires_on < tx.today()) {
        return Err(Problem::new(Code::MatchNotAgreed).with("status", pair.status).with("date", pair.expires_on));
    }
    Ok(Some(pair.id))
}
