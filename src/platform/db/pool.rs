//! Pools of sessions that are set up once and dropped when they break.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::PgConnection;
use diesel::connection::SimpleConnection;

use super::primary::{Opened, Primary};
use super::sockets::Socket;
use crate::platform::error::{Code, Problem, Result};

/// The role that owns nothing: row-level security and revoked rights bind it.
pub const APPLICATION_ROLE: &str = "conum_app";

/// How long a caller of the service waits for a connection.
pub const CHECKOUT: Duration = Duration::from_millis(400);
/// While PostgreSQL is away, how often one caller may try for all the others.
const PROBE_EVERY_MS: u64 = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    ReadOnly,
    ReadWrite,
}

/// A session, and whether it is known to be broken.
pub struct Session {
    pub inner: PgConnection,
    pub broken: bool,
    generation: u64,
    epoch: u64,
    /// Dropped last, so that the server is told goodbye first.
    _socket: Option<Arc<Socket>>,
}

pub struct Pool {
    primary: Arc<Primary>,
    sessions: r2d2::Pool<Manager>,
    size: u32,
    started: Instant,
    /// Milliseconds since `started` of the last failure to connect; 0 while all is well.
    failed_at: AtomicU64,
    /// Sessions of earlier generations are not used any more.
    generation: Arc<AtomicU64>,
}

impl Pool {
    #[expect(clippy::disallowed_methods, reason = "measures how long an outage lasts, not the legal time")]
    pub fn new(primary: &Arc<Primary>, size: u32, checkout: Duration, access: Access) -> Self {
        let generation = Arc::new(AtomicU64::new(0));
        let sessions = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(size))
            .connection_timeout(checkout)
            // A test at each checkout costs a third of the throughput; broken sessions are
            // dropped on their first failure instead.
            .test_on_check_out(false)
            .build_unchecked(Manager { primary: primary.clone(), access, generation: generation.clone() });
        let (primary, failed_at) = (primary.clone(), AtomicU64::new(0));
        Self { primary, sessions, size, started: Instant::now(), failed_at, generation }
    }

    pub fn size(&self) -> u32 {
        self.size
    }

    /// A session was lost: those made before it are gone the same way, and each would be found out
    /// only after a time limit of its own.
    pub fn lost(&self, session: &Session) {
        let _ = self.generation.compare_exchange(
            session.generation,
            session.generation + 1,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
    }

    /// A session of the present generation; a 503 at once while PostgreSQL is known to be away.
    pub fn get(&self) -> Result<r2d2::PooledConnection<Manager>> {
        loop {
            let mut session = self.checkout()?;
            let generation = self.generation.load(Ordering::Relaxed);
            if session.generation == generation && session.epoch == self.primary.epoch() {
                return Ok(session);
            }
            session.broken = true;
        }
    }

    #[expect(clippy::disallowed_methods, reason = "this is where connections come from")]
    fn checkout(&self) -> Result<r2d2::PooledConnection<Manager>> {
        let failed_at = self.failed_at.load(Ordering::Relaxed);
        if failed_at != 0 {
            let now = self.elapsed_ms();
            let probe = now >= failed_at + PROBE_EVERY_MS
                && self.failed_at.compare_exchange(failed_at, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
            if !probe {
                return self.sessions.try_get().map_or_else(
                    || Err(away("no session")),
                    |session| {
                        self.failed_at.store(0, Ordering::Relaxed);
                        Ok(session)
                    },
                );
            }
        }
        match self.sessions.get() {
            Ok(session) => {
                self.found(failed_at);
                Ok(session)
            }
            Err(error) => {
                // A pool that is only busy has sessions; one that is cut off has none.
                if self.sessions.state().connections == 0 {
                    if failed_at == 0 {
                        log::error!("PostgreSQL cannot be reached: callers get 503 until it is back");
                    }
                    self.failed_at.store(self.elapsed_ms().max(1), Ordering::Relaxed);
                }
                Err(away(error))
            }
        }
    }

    /// Ends an outage that was noted at `failed_at`.
    fn found(&self, failed_at: u64) {
        if failed_at != 0 && self.failed_at.swap(0, Ordering::Relaxed) != 0 {
            log::info!("PostgreSQL is back");
        }
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

fn away(cause: impl ToString) -> Problem {
    Problem::new(Code::ServiceUnavailable).header("Retry-After", 1).caused_by(cause)
}

pub struct Manager {
    primary: Arc<Primary>,
    access: Access,
    generation: Arc<AtomicU64>,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Session;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Session, Self::Error> {
        let generation = self.generation.load(Ordering::Relaxed);
        let refused = |text| diesel::r2d2::Error::ConnectionError(diesel::ConnectionError::BadConnection(text));
        let Opened { session: mut inner, epoch, socket } = self.primary.open().map_err(refused)?;
        // Before anything is read or written: this may be a copy of the database that the last session was on.
        super::feed::settle(&mut inner).map_err(diesel::r2d2::Error::QueryError)?;
        inner.batch_execute(&self.set_up()).map_err(diesel::r2d2::Error::QueryError)?;
        Ok(Session { inner, broken: false, generation, epoch, _socket: socket })
    }

    fn is_valid(&self, session: &mut Session) -> Result<(), Self::Error> {
        session.inner.batch_execute("select 1").map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, session: &mut Session) -> bool {
        session.broken || std::thread::panicking()
    }
}

impl Manager {
    fn set_up(&self) -> String {
        let read_only = match self.access {
            Access::ReadOnly => "on",
            Access::ReadWrite => "off",
        };
        // A read waits for nothing but a change of the schema, and must not hold a thread for it.
        let lock_timeout = match self.access {
            Access::ReadOnly => "500ms",
            Access::ReadWrite => "4s",
        };
        // Calls are short and many: compiling a statement, or starting processes for it, takes longer than running it, and
        // takes the processors that the other calls need.
        // Refusals without a code of Diesel's own are told apart by their English text.
        format!(
            "do $$ begin perform set_config('lc_messages', 'C', false); exception when others then null; end $$;
             set role {APPLICATION_ROLE};
             set default_transaction_read_only = {read_only};
             set statement_timeout = '10s';
             set lock_timeout = '{lock_timeout}';
             set idle_in_transaction_session_timeout = '15s';
             set client_min_messages = 'warning';
             set jit = off;
             set max_parallel_workers_per_gather = 0"
        )
    }
}

/// Adds the network time limits that the address does not set itself.
pub fn with_timeouts(url: &str) -> String {
    let defaults = [
        ("connect_timeout", "2"),
        ("tcp_user_timeout", "5000"),
        ("keepalives_idle", "15"),
        ("keepalives_interval", "5"),
        ("keepalives_count", "3"),
        ("application_name", "conum"),
    ];
    let is_uri = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let missing =
        defaults.iter().filter(|(name, _)| !url.contains(name)).map(|(name, value)| format!("{name}={value}"));
    if is_uri {
        let mut url = url.to_owned();
        for setting in missing {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&setting);
        }
        url
    } else {
        std::iter::once(url.to_owned()).chain(missing).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_limits_are_added_and_never_replaced() {
        let url = with_timeouts("postgres://u@h/db?connect_timeout=9");
        assert!(url.contains("connect_timeout=9&") && url.contains("tcp_user_timeout=5000"), "{url}");
        assert!(with_timeouts("host=h dbname=d").ends_with("application_name=conum"));
    }
}
