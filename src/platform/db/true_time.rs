//! Whether this machine's clock can be trusted: compared with the database's.
//!
//! Deadlines pass and data is erased by the clock. A server whose clock is years ahead would erase in seconds what was to
//! be kept for years. All servers share the database, so that its clock decides which of them are off.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use diesel::prelude::*;
use diesel::sql_types as st;

use crate::platform::clock::Clock;
use crate::platform::error::Result;
use crate::sql;

/// How far apart two clocks may be.
pub const TOLERANCE: TimeDelta = TimeDelta::seconds(5);

/// How far this machine's clock is from the database's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// Positive where ours is ahead, as if the answer had been given half-way.
    pub ahead: TimeDelta,
    /// The true distance is no further from it than this.
    pub doubt: TimeDelta,
}

impl Offset {
    /// Whether the clocks are further apart than is tolerated, beyond doubt.
    pub fn is_off(self) -> bool {
        self.ahead.abs() - self.doubt > TOLERANCE
    }

    /// For the log.
    pub fn told(self) -> String {
        let (seconds, side) =
            (self.ahead.abs().as_seconds_f64(), if self.ahead > TimeDelta::zero() { "ahead of" } else { "behind" });
        format!("the clock of this machine is {seconds:.1} s {side} the database's")
    }
}

/// Asks the database for its time. What counts is the machine's clock, also where a test or a demonstration has moved
/// the legal time on purpose.
pub fn measure(conn: &mut PgConnection, clock: &Clock) -> Result<Offset> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::Timestamptz)]
        instant: DateTime<Utc>,
    }
    let before = clock.machine();
    let row: Row = sql!("select clock_timestamp() as instant").one(conn)?;
    let after = clock.machine();
    let doubt = ((after - before) / 2).max(TimeDelta::zero());
    Ok(Offset { ahead: before + doubt - row.instant, doubt })
}

/// What the database says in the middle of a job that is begun at a wrong time.
pub const REFUSAL: &str = "conum clock: ";

/// A statement that fails where `machine` is further from the database's time than is tolerated: put at the beginning of
/// a job's transaction, it judges the very instant that the job goes by.
pub fn condition(machine: DateTime<Utc>) -> String {
    format!(
        "do $conum$ begin
            if abs(extract(epoch from clock_timestamp() - timestamptz '{}')) > {} then
                raise exception '{REFUSAL}the machine is % away', clock_timestamp() - timestamptz '{}';
            end if;
         end $conum$; ",
        machine.to_rfc3339(),
        TOLERANCE.num_seconds(),
        machine.to_rfc3339()
    )
}
