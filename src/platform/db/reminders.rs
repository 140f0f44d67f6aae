//! What people are reminded of, once.

use chrono::Duration;
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use super::Tx;
use super::purge::Purge;
use super::sql::Sql;
use crate::platform::error::Result;
use crate::sql;

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = st::Uuid)]
    resource_id: Uuid,
}

/// Those of `due` (a statement that answers `id` and the `day` that the reminder is about) who were not reminded of that
/// day before. They count as reminded from here on. The row itself is left alone: nothing that it shows has changed.
pub fn take(tx: &mut Tx<'_>, kind: &'static str, due: Sql) -> Result<Vec<Uuid>> {
    let now = tx.now().instant();
    let rows: Vec<Due> = sql!(
        "insert into reminders (kind, resource_id, day, sent_at) select {}, d.id, d.day, {} from ({}) d order by d.day, d.id
         on conflict do nothing returning resource_id",
        kind,
        now,
        due
    )
    .load(tx.conn())?;
    Ok(rows.into_iter().map(|row| row.resource_id).collect())
}

/// A year later nobody asks any more. Tells how many.
pub fn forget(tx: &mut Tx<'_>) -> Result<usize> {
    let before = tx.now().instant() - Duration::days(365);
    tx.purge(Purge::of("reminders", "reminders"), |tx| {
        sql!("delete from reminders where sent_at < {}", before).run(tx.conn())
    })
}
