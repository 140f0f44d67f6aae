//! Which history of the database a session speaks to.
//!
//! A cluster is told by its system identifier, made by `initdb` and kept by every copy. Its history is told by the
//! timeline, which grows with each promotion: of two servers that both take writes the one of the older timeline was left.

use diesel::PgConnection;
use diesel::prelude::*;
use diesel::sql_types as st;

use crate::platform::error::Result;
use crate::sql;

/// A history: two servers with the same one hold the same rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lineage {
    pub system_identifier: i64,
    pub timeline: i64,
}

impl std::fmt::Display for Lineage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "timeline {} of system {}", self.timeline, self.system_identifier)
    }
}

/// What the server of a session is. Any role may ask.
///
/// The timeline is read from the name of the segment that is written now: the one in the control file only changes with
/// the checkpoint after a promotion.
pub fn read(conn: &mut PgConnection) -> Result<Option<Lineage>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::BigInt)]
        system_identifier: i64,
        #[diesel(sql_type = st::Nullable<st::BigInt>)]
        timeline: Option<i64>,
    }
    let row: Row = sql!(
        "select s.system_identifier, case when not pg_is_in_recovery()
            then ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint end as timeline
         from pg_control_system() s"
    )
    .one(conn)?;
    Ok(row.timeline.map(|timeline| Lineage { system_identifier: row.system_identifier, timeline }))
}
