//! Use cases of the activity.

mod editions;
mod figures;
mod import;
mod public;
mod reports;

pub use editions::{Published, Waiting, check_editions, last_edition, publish, publish_when_due};
pub use figures::{Asked, Cell, Statistics, Totals, statistics};
pub use import::{ImportStatus, Imported, ImportedLine, ReportSheet, import};
pub use reports::{File, create, delete, find, forget, update};

use crate::features::activity::store::tally;
use crate::platform::db::Tx;
use crate::platform::error::Result;

/// Makes all figures anew from the reports.
pub fn rebuild(tx: &mut Tx<'_>) -> Result<()> {
    tally::rebuild(tx.conn())
}

/// Rows of figures that differ from what the reports give: each table with how many.
pub fn drift(tx: &mut Tx<'_>) -> Result<Vec<(&'static str, i64)>> {
    tally::drift(tx.conn())
}
