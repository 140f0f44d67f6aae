//! SQL of what is committed: the programme's one line and the départements' allotments.

use std::collections::BTreeMap;

use diesel::prelude::*;

use crate::platform::db::Tx;
use crate::platform::db::schema::{allotments, programme};
use crate::platform::error::Result;
use crate::sql;

/// The programme's line.
#[derive(Clone, Copy, Debug, QueryableByName)]
#[diesel(table_name = programme)]
pub struct Programme {
    pub posts_cap: i32,
    /// Live posts plus what reservations still hold.
    pub posts_committed: i32,
}

/// A département's counters.
#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = allotments)]
pub struct Counters {
    pub departement_code: String,
    pub posts_ceiling: Option<i32>,
    pub posts_committed: i32,
    pub version: i32,
}

/// Locks the programme's line until the end of the transaction.
pub fn lock_programme(tx: &mut Tx<'_>) -> Result<Programme> {
    sql!("select posts_cap, posts_committed from programme where id = 1 for update").one(tx.conn())
}

/// Locks the allotments of these départements, in order of code; those without a line have neither ceiling nor posts.
pub fn lock_allotments(tx: &mut Tx<'_>, departements: Vec<String>) -> Result<Vec<Counters>> {
    sql!(
        "select departement_code, posts_ceiling, posts_committed, version from allotments
         where departement_code = any({}) order by departement_code for update",
        departements
    )
    .load(tx.conn())
}

/// Adds to the counters; the programme's line and the allotments are locked already.
pub fn commit(tx: &mut Tx<'_>, total: i32, deltas: &BTreeMap<&str, i32>) -> Result<()> {
    let deltas = serde_json::json!(deltas);
    if total != 0 {
        sql!("update programme set posts_committed = posts_committed + {} where id = 1", total).run(tx.conn())?;
    }
    sql!(
        "insert into allotments (departement_code) select jsonb_object_keys({}) order by 1
         on conflict (departement_code) do nothing",
        deltas.clone()
    )
    .run(tx.conn())?;
    sql!(
        "update allotments a set posts_committed = a.posts_committed + d.delta::int
         from jsonb_each_text({}) as d (code, delta) where a.departement_code = d.code",
        deltas
    )
    .run(tx.conn())
    .map(|_| ())
}
