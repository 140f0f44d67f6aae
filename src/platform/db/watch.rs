//! Asks PostgreSQL for an answer all the time, so that a database that hangs is known to hang.
//!
//! A refused connection tells by itself; a frozen server or a network that swallows packets only
//! shows in answers that do not come. One session of its own asks; when an answer is overdue,
//! callers get their 503 at once instead of waiting with the others.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

/// Pause between two questions.
const EVERY: Duration = Duration::from_millis(150);

/// What is known of the database's answers.
pub struct Watch {
    started: Instant,
    /// When an answer is overdue.
    patience_ms: u64,
    /// Milliseconds since `started`; an answer that is awaited was asked for after the last one came.
    asked_at: AtomicU64,
    answered_at: AtomicU64,
}

#[expect(clippy::disallowed_methods, reason = "measures how long an answer takes, not the legal time")]
fn now() -> Instant {
    Instant::now()
}

impl Watch {
    pub fn new(patience: Duration) -> Arc<Self> {
        let patience_ms = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        Arc::new(Self { started: now(), patience_ms, asked_at: AtomicU64::new(0), answered_at: AtomicU64::new(0) })
    }

    /// Whether an answer is overdue. Never, before the watch has started.
    pub fn is_stalled(&self) -> bool {
        let asked = self.asked_at.load(Ordering::Relaxed);
        asked > self.answered_at.load(Ordering::Relaxed) && self.elapsed_ms() > asked + self.patience_ms
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Starts asking, on a thread that ends with the last user of the database.
    pub fn start(watch: &Arc<Self>, url: &str) {
        let (watch, url) = (Arc::downgrade(watch), super::pool::with_timeouts(url));
        let started = std::thread::Builder::new().name("database-watch".to_owned()).spawn(move || ask(&watch, &url));
        if let Err(error) = started {
            log::error!("the database is not watched: {error}");
        }
    }
}

fn ask(watch: &Weak<Watch>, url: &str) {
    let mut session: Option<PgConnection> = None;
    loop {
        {
            let Some(watch) = watch.upgrade() else { return };
            watch.asked_at.store(watch.elapsed_ms().max(1), Ordering::Relaxed);
        }
        let answer = match &mut session {
            Some(session) => session.batch_execute("select 1").map_err(|e| e.to_string()),
            None => PgConnection::establish(url).map(|made| session = Some(made)).map_err(|e| e.to_string()),
        };
        if answer.is_err() {
            session = None;
        }
        let Some(watch) = watch.upgrade() else { return };
        let was_stalled = watch.is_stalled();
        // A refusal is an answer as well: the pools find out by themselves.
        watch.answered_at.store(watch.elapsed_ms().max(1), Ordering::Relaxed);
        if was_stalled {
            log::warn!("PostgreSQL answers again after a pause");
        }
        drop(watch);
        std::thread::sleep(EVERY);
    }
}
