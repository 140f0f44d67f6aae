//! Whether this server can serve, and if not, why.

use std::time::Duration;

use super::migrations::Schema;
use super::pool::Pool;
use super::{Db, busy};
use crate::platform::error::{Problem, Result};

/// How long the first answers are waited for after the start.
const FIRST: Duration = Duration::from_secs(1);
const LOOK_UP: Duration = Duration::from_millis(20);

/// Why a server is not ready: a word for programs, and a text for the log.
fn unfit(reason: &'static str, cause: &str) -> Problem {
    busy(cause).extension("reason", reason)
}

impl Db {
    /// Whether requests can be served now: the clock is right, the schema is the one that this version needs, and both
    /// pools have sessions with a server that takes writes. Waits in no queue: a server that is only busy stays ready.
    pub async fn ready(&self) -> Result<()> {
        self.await_findings().await;
        self.check_findings()?;
        let db = self.clone();
        let asked = actix_web::web::block(move || {
            ask(&db.0.readers, "readers_unavailable").and_then(|()| ask(&db.0.writers, "writers_unavailable"))
        });
        // Threads that wait for a lock do not make the server unfit: the watch has its answers.
        match tokio::time::timeout(FIRST, asked).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Problem::internal("a database thread panicked")),
            Err(_) => self.check_findings(),
        }
    }

    /// Whether this server may do by itself what the clock tells it to.
    pub fn may_work(&self) -> bool {
        let off = self.0.watch.findings().clock.is_some_and(|offset| offset.is_off());
        !off && !self.0.watch.is_stalled()
    }

    async fn await_findings(&self) {
        let mut waited = Duration::ZERO;
        while waited < FIRST && self.0.watch.has_started() && !self.0.watch.is_stalled() {
            let findings = self.0.watch.findings();
            if findings.clock.is_some() && findings.schema.is_some() {
                return;
            }
            tokio::time::sleep(LOOK_UP).await;
            waited += LOOK_UP;
        }
    }

    fn check_findings(&self) -> Result<()> {
        if self.0.watch.is_stalled() {
            return Err(unfit("database_away", "the database does not answer"));
        }
        let findings = self.0.watch.findings();
        match findings.clock {
            Some(offset) if offset.is_off() => return Err(unfit("clock_off", &offset.told())),
            _ => {}
        }
        match findings.schema {
            Some(Schema::Fits) => Ok(()),
            Some(schema @ Schema::Behind { .. }) => Err(unfit("schema_behind", &schema.to_string())),
            Some(schema @ Schema::Ahead { .. }) => Err(unfit("schema_ahead", &schema.to_string())),
            None => Err(unfit("database_away", "the database has not answered yet")),
        }
    }
}

/// Asks a session of a pool, as the next request would.
fn ask(pool: &Pool, reason: &'static str) -> Result<()> {
    let mut conn = pool.get().map_err(|problem| problem.extension("reason", reason))?;
    let answer = crate::sql!("select not pg_is_in_recovery() as yes").holds(&mut conn.inner);
    match answer {
        Ok(true) => Ok(()),
        Ok(false) => {
            conn.broken = true;
            Err(unfit("standby", "the database is a standby"))
        }
        Err(problem) => {
            pool.lost(&conn);
            conn.broken = true;
            Err(problem.extension("reason", reason))
        }
    }
}
