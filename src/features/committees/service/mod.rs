//! Use cases of committees.

mod closing;
mod decisions;
mod import;
mod sessions;

pub use closing::close;
pub use decisions::{decisions_in_reach, record_decision};
pub use import::{ImportedLine, import};
pub use sessions::{File, add_to_agenda, create, find, open, remove_from_agenda, update};

use super::store::{self, Committee};
use crate::platform::db::Tx;
use crate::platform::error::{Problem, Result};
use crate::platform::events::{self, CommitteeEvent};
use crate::platform::ids::CommitteeId;

fn lock(tx: &mut Tx<'_>, id: CommitteeId) -> Result<Committee> {
    store::lock(tx, id)?.ok_or_else(Problem::not_found)
}

fn emit(tx: &mut Tx<'_>, kind: CommitteeEvent, committee: &Committee) -> Result<()> {
    events::emit(tx, kind, committee.id.uuid(), None)
}
