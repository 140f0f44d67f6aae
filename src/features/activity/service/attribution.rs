//! Reports follow their contract: when dates of contracts change, each report counts under the one that covers its day.

use uuid::Uuid;

use crate::features::activity::store::{attribution, reports};
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::platform::events::{Kind, Told};

/// Acts on what happened to contracts, in the transaction in which it happened.
pub fn follow(tx: &mut Tx<'_>, told: &[Told]) -> Result<()> {
    let recruitments: Vec<Uuid> =
        told.iter().filter(|told| matches!(told.kind, Kind::Recruitment(_))).map(|told| told.id).collect();
    if recruitments.is_empty() {
        return Ok(());
    }
    let astray = attribution::astray(tx.conn(), &recruitments)?;
    if astray.is_empty() {
        return Ok(());
    }
    reports::revise(tx, astray.iter().map(|report| (report.counsellor_id, report.id)))?;
    attribution::put_right(tx, &recruitments)
}
