//! The only way to PostgreSQL: sessions, transactions, retries, and what to do when it is away.

mod address;
mod constraints;
pub mod feed;
pub mod lies;
pub mod lineage;
pub mod listing;
pub mod migrations;
pub mod pool;
mod primary;
pub mod print_schema;
#[allow(clippy::disallowed_methods, reason = "waits for a process of its own; no legal time")]
pub mod private_cluster;
pub mod purge;
mod ready;
pub mod reminders;
#[rustfmt::skip]
pub mod schema;
mod sockets;
pub mod sql;
pub mod text_enum;
mod true_time;
pub mod tx;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use tokio::sync::Semaphore;

pub use self::pool::CHECKOUT;
use self::pool::{Access, Pool};
use self::primary::Primary;
pub use self::tx::{Effect, Reader, Request, Tx};
use self::watch::Watch;
use crate::platform::auth::Principal;
use crate::platform::clock::Clock;
use crate::platform::error::{Code, Problem, Result, Retry};
use crate::platform::events::Follower;
use crate::platform::spool::{Exports, Pace, Place};

/// How often a piece of work that lost a race with another is tried in all.
const ATTEMPTS: u32 = 4;
/// Longest wait for the database before the caller gets a 503.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often a caller who waits asks whether it makes sense.
const LOOK_UP: Duration = Duration::from_millis(50);

/// The database, shared by all of the service.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    readers: Pool,
    writers: Pool,
    /// Places in the queue for a thread: beyond them callers are refused at once.
    admission: Semaphore,
    /// Exports at a time: each holds a connection while its file is made.
    exports: Exports,
    watch: Arc<Watch>,
    primary: Arc<Primary>,
    clock: Clock,
    site: Site,
}

/// What use cases need to know of where they run.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Address of the front-end, for links in e-mails; no final slash.
    pub front_url: String,
    /// Features that act on what happens in those below them.
    pub followers: &'static [Follower],
    /// Whose account pays subsidies.
    pub payer: Option<Payer>,
    /// Whether webhooks may name addresses within this network: for development.
    pub private_webhooks: bool,
    /// People whom a caller who reaches a territory or the country may be shown in a day; 0 sets no limit.
    pub reading_quota: i64,
    /// How much retention may remove without asking, and what a person has confirmed.
    pub purges: purge::Purges,
}

/// An account that pays.
#[derive(Clone, Debug)]
pub struct Payer {
    pub name: String,
    pub iban: String,
    pub bic: Option<String>,
}

/// How to reach PostgreSQL.
#[derive(Clone, Debug)]
pub struct Settings {
    pub url: String,
    /// Connections of each of the two pools (reading, writing).
    pub pool_size: u32,
    /// Requests that may wait for a connection before further ones get a 503.
    pub queue: usize,
    /// How long each of them waits for one.
    pub checkout: Duration,
    /// After how long without an answer the database counts as away.
    pub stall: Duration,
    /// How lists as files may be taken.
    pub pace: Pace,
}

impl Settings {
    /// One connection, for commands: nobody else waits behind them, so they wait longer themselves.
    pub fn single(url: &str) -> Self {
        let checkout = Duration::from_secs(10);
        Self { url: url.to_owned(), pool_size: 1, queue: 1, checkout, stall: PATIENCE, pace: Pace::default() }
    }
}

/// What a use case answers, and whether it is to stay.
pub enum Outcome<T> {
    Keep(T),
    /// Rolled back: a dry run.
    Discard(T),
}

impl Db {
    pub fn new(settings: &Settings, clock: Clock, site: Site) -> Self {
        let primary = Primary::new(&settings.url);
        Self(Arc::new(Inner {
            readers: Pool::new(&primary, settings.pool_size, settings.checkout, Access::ReadOnly),
            writers: Pool::new(&primary, settings.pool_size, settings.checkout, Access::ReadWrite),
            admission: Semaphore::new(settings.queue),
            exports: Exports::new(settings.pool_size, settings.pace),
            watch: Watch::new(settings.stall),
            primary,
            clock,
            site,
        }))
    }

    /// Starts watching over the database's answers: for servers, not for commands.
    pub fn watch(&self) {
        Watch::start(&self.0.watch, &self.0.primary, &self.0.clock);
    }

    pub fn site(&self) -> &Site {
        &self.0.site
    }

    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Reads with one statement, or with several that need not agree.
    pub async fn read<T: Send + 'static>(
        &self,
        principal: Arc<Principal>,
        work: impl Fn(&mut Reader<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.blocking(move |db| db.read_now(&principal, &work)).await
    }

    /// Reads tables that row-level security guards, in one snapshot, as this principal.
    pub async fn read_private<T: Send + 'static>(
        &self,
        principal: Arc<Principal>,
        work: impl Fn(&mut Reader<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.blocking(move |db| db.read_private_now(&principal, &work)).await
    }

    /// Ends an epoch of the feed that a place has proved to be over.
    pub async fn end_feed_epoch(&self, end: feed::EpochEnd) -> Result<()> {
        self.write(Request::job("end_feed_epoch"), move |tx| feed::end(tx.conn(), &end).map(Outcome::Keep)).await
    }

    /// Runs a whole use case in one transaction.
    pub async fn write<T: Send + 'static>(
        &self,
        request: Request,
        work: impl Fn(&mut Tx<'_>) -> Result<Outcome<T>> + Send + 'static,
    ) -> Result<T> {
        self.blocking(move |db| db.write_now(&request, &work)).await
    }

    /// [`Db::read`] on the calling thread, which may block.
    pub fn read_now<T>(&self, principal: &Principal, work: &dyn Fn(&mut Reader<'_>) -> Result<T>) -> Result<T> {
        let now = self.0.clock.now();
        self.attempt_read(&|conn: &mut PgConnection| work(&mut Reader::new(conn, principal, now)))
    }

    /// [`Db::read_private`] on the calling thread, which may block.
    pub fn read_private_now<T>(&self, principal: &Principal, work: &dyn Fn(&mut Reader<'_>) -> Result<T>) -> Result<T> {
        let now = self.0.clock.now();
        let begin = tx::begin_read(principal, now);
        self.attempt_read(&|conn: &mut PgConnection| {
            conn.batch_execute(&begin)?;
            let answer = work(&mut Reader::new(conn, principal, now));
            let end = conn.batch_execute("COMMIT");
            let answer = answer?;
            end?;
            Ok(answer)
        })
    }

    /// A place among the exports, or a refusal where there are enough already.
    pub fn export_place(&self, holder: &str, public: bool) -> Result<Place> {
        if self.0.watch.is_stalled() {
            return Err(busy("the database does not answer"));
        }
        self.0.exports.place(holder, public)
    }

    pub fn exports(&self) -> &Exports {
        &self.0.exports
    }

    /// Reads in one snapshot, however long it takes; never begun again, because what was read may have been sent.
    pub fn snapshot_now(
        &self,
        principal: &Principal,
        work: &mut dyn FnMut(&mut Reader<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut conn = self.0.readers.get()?;
        let now = self.0.clock.now();
        let begun = conn.inner.batch_execute(&tx::begin_read(principal, now)).map_err(Problem::from);
        let outcome = begun.and_then(|()| work(&mut Reader::new(&mut conn.inner, principal, now)));
        let ended = conn.inner.batch_execute(if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" });
        if let Err(problem) = &outcome
            && problem.retry() == Retry::ConnectionLost
        {
            self.0.readers.lost(&conn);
        }
        if ended.is_err() {
            conn.broken = true;
        }
        outcome
    }

    /// [`Db::write`] on the calling thread, which may block.
    pub fn write_now<T>(&self, request: &Request, work: &dyn Fn(&mut Tx<'_>) -> Result<Outcome<T>>) -> Result<T> {
        let pool = &self.0.writers;
        let mut attempt = 1;
        loop {
            let mut conn = pool.get()?;
            let mut committing = false;
            let result = self.attempt_write(&mut conn.inner, request, work, &mut committing);
            let Err(problem) = &result else { return result };
            let lost = problem.retry() == Retry::ConnectionLost;
            if lost {
                pool.lost(&conn);
            }
            if lost || conn.inner.batch_execute("ROLLBACK").is_err() {
                conn.broken = true;
            }
            // Once COMMIT is sent only the server knows: the caller's key tells it apart.
            let again = (lost && !committing && attempt <= pool.size())
                || (problem.retry() == Retry::Again && attempt < ATTEMPTS);
            if !again {
                return result;
            }
            drop(conn);
            if !lost {
                std::thread::sleep(Duration::from_millis(u64::from(attempt) * 3 + rand::random_range(0..5)));
            }
            attempt += 1;
        }
    }

    fn attempt_write<T>(
        &self,
        conn: &mut PgConnection,
        request: &Request,
        work: &dyn Fn(&mut Tx<'_>) -> Result<Outcome<T>>,
        committing: &mut bool,
    ) -> Result<T> {
        let (now, machine) = self.0.clock.sample();
        let mut begin = tx::begin_write(request, now);
        if request.is_job() {
            begin.push_str("; ");
            begin.push_str(&true_time::condition(machine));
        }
        conn.batch_execute(&begin)?;
        let mut tx = Tx::new(conn, request, now, &self.0.site);
        let outcome = work(&mut tx)?;
        tx.settle()?;
        match outcome {
            Outcome::Keep(answer) => {
                *committing = true;
                conn.batch_execute("COMMIT")?;
                Ok(answer)
            }
            Outcome::Discard(answer) => {
                conn.batch_execute("ROLLBACK")?;
                Ok(answer)
            }
        }
    }

    /// Reads may be repeated: a connection lost underneath is replaced once for each that the
    /// pool holds, so that a restart of PostgreSQL goes unseen.
    fn attempt_read<T>(&self, work: &dyn Fn(&mut PgConnection) -> Result<T>) -> Result<T> {
        let pool = &self.0.readers;
        let mut attempt = 0;
        loop {
            let mut conn = pool.get()?;
            let result = work(&mut conn.inner);
            let Err(problem) = &result else { return result };
            let lost = problem.retry() == Retry::ConnectionLost;
            if lost {
                pool.lost(&conn);
            }
            if lost || conn.inner.batch_execute("ROLLBACK").is_err() {
                conn.broken = true;
            }
            attempt += 1;
            let again = (lost && attempt <= pool.size()) || (problem.retry() == Retry::Again && attempt < ATTEMPTS);
            if !again {
                return result;
            }
        }
    }

    /// Runs blocking work on actix's threads, or refuses when too many wait already.
    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce(&Db) -> Result<T> + Send + 'static) -> Result<T> {
        let Ok(_place) = self.0.admission.try_acquire() else {
            return Err(busy("the queue for the database is full"));
        };
        if self.0.watch.is_stalled() {
            return Err(busy("the database does not answer"));
        }
        let db = self.clone();
        let mut answer = std::pin::pin!(actix_web::web::block(move || work(&db)));
        let mut waited = Duration::ZERO;
        // The work goes on by itself: what is given up is only the waiting for it.
        while waited < PATIENCE && !self.0.watch.is_stalled() {
            match tokio::time::timeout(LOOK_UP, &mut answer).await {
                Ok(Ok(result)) => return result,
                Ok(Err(_)) => return Err(Problem::internal("a database thread panicked")),
                Err(_) => waited += LOOK_UP,
            }
        }
        Err(busy("the database did not answer in time"))
    }
}

fn busy(cause: &str) -> Problem {
    Problem::new(Code::ServiceUnavailable).header("Retry-After", 1).caused_by(cause)
}
