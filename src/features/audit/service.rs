//! What the journals forget.

use chrono::{DateTime, Utc};

use super::store;
use crate::platform::db::Tx;
use crate::platform::db::purge::Purge;
use crate::platform::error::Result;

/// Forgets who read whose data before an instant; tells how many lines. As the service itself.
pub fn forget(tx: &mut Tx<'_>, before: DateTime<Utc>) -> Result<usize> {
    tx.purge(Purge::of("accesses", "accesses"), |tx| store::forget(tx, before))
}
