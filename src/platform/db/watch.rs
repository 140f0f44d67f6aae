//! Asks PostgreSQL for an answer all the time, so that a database that hangs is known to hang, and left.
//!
//! A refused connection tells by itself; a frozen server or a network that swallows packets only
//! shows in answers that do not come. One session of its own asks; when an answer is overdue,
//! callers get their 503 at once instead of waiting with the others, and another thread looks for a primary that answers.
//! The same session tells what makes a server unfit to work: its clock, and the version of the schema.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use diesel::PgConnection;

use super::lineage;
use super::migrations::{self, Schema};
use super::primary::{Opened, Primary};
use super::true_time::{self, Offset};
use crate::platform::clock::Clock;

/// Pause between two questions.
const EVERY: Duration = Duration::from_millis(150);
/// How often the overdue is looked for.
const LOOK: Duration = Duration::from_millis(50);
/// A database is left no earlier than after so long: a new session takes time as well.
const LEFT_AFTER_MS: u64 = 1000;
/// How many questions are asked between two about the schema.
const SCHEMA_EVERY: u32 = 12;
/// Pause between two looks at the other servers of the address.
const SURVEY_EVERY_MS: u64 = 5000;
/// Longer than libpq's limit for connecting.
const SURVEY_TAKES_MS: u64 = 2500;

/// What is known of the database's answers.
pub struct Watch {
    started: Instant,
    /// When an answer is overdue.
    patience_ms: u64,
    /// Milliseconds since `started`; an answer that is awaited was asked for after the last one came.
    asked_at: AtomicU64,
    answered_at: AtomicU64,
    findings: Mutex<Findings>,
}

/// What the last answers said.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// How far this machine's clock is from the database's.
    pub clock: Option<Offset>,
    pub schema: Option<Schema>,
}

#[expect(clippy::disallowed_methods, reason = "measures how long an answer takes, not the legal time")]
fn now() -> Instant {
    Instant::now()
}

impl Watch {
    pub fn new(patience: Duration) -> Arc<Self> {
        let patience_ms = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        Arc::new(Self {
            started: now(),
            patience_ms,
            asked_at: AtomicU64::new(0),
            answered_at: AtomicU64::new(0),
            findings: Mutex::default(),
        })
    }

    /// Whether an answer is overdue. Never, before the watch has started.
    pub fn is_stalled(&self) -> bool {
        self.is_late_by(self.patience_ms)
    }

    /// Whether the watch asks at all: commands have none.
    pub fn has_started(&self) -> bool {
        self.asked_at.load(Ordering::Relaxed) > 0
    }

    pub fn findings(&self) -> Findings {
        self.found().clone()
    }

    fn found(&self) -> MutexGuard<'_, Findings> {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_late_by(&self, patience_ms: u64) -> bool {
        let asked = self.asked_at.load(Ordering::Relaxed);
        asked > self.answered_at.load(Ordering::Relaxed) && self.elapsed_ms() > asked + patience_ms
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn asks(&self) {
        self.asked_at.store(self.elapsed_ms().max(1), Ordering::Relaxed);
    }

    fn is_answered(&self) {
        self.answered_at.store(self.elapsed_ms().max(1), Ordering::Relaxed);
    }

    /// Starts asking, on threads that end with the last user of the database.
    pub fn start(watch: &Arc<Self>, primary: &Arc<Primary>, clock: &Clock) {
        let (asking, asked, clock) = (Arc::downgrade(watch), primary.clone(), clock.clone());
        let (looking, looked_at) = (Arc::downgrade(watch), primary.clone());
        let threads = [
            std::thread::Builder::new().name("database-watch".to_owned()).spawn(move || ask(&asking, &asked, &clock)),
            std::thread::Builder::new().name("database-leave".to_owned()).spawn(move || look(&looking, &looked_at)),
        ];
        for error in threads.into_iter().filter_map(Result::err) {
            log::error!("the database is not watched: {error}");
        }
    }
}

/// Looks for a primary that answers while the one in use does not, and at the other servers from time to time.
fn look(watch: &Weak<Watch>, primary: &Arc<Primary>) {
    let mut surveyed_at = 0;
    loop {
        std::thread::sleep(LOOK);
        let Some(watch) = watch.upgrade() else { return };
        let (hangs, long) = (|| watch.is_stalled(), watch.patience_ms.max(LEFT_AFTER_MS));
        if hangs() {
            // The search begins at once; what answers by the time that something was found is not left.
            if primary.leave_for_another(&hangs, &|| watch.is_late_by(long)) {
                watch.is_answered();
            }
        } else if primary.has_others() && watch.elapsed_ms() >= surveyed_at + SURVEY_EVERY_MS {
            let begun = watch.elapsed_ms();
            primary.survey(&|| !hangs() && watch.elapsed_ms() < begun + SURVEY_TAKES_MS);
            surveyed_at = watch.elapsed_ms();
        }
    }
}

fn ask(watch: &Weak<Watch>, primary: &Arc<Primary>, clock: &Clock) {
    let mut session: Option<Opened> = None;
    let mut schema_in = 0;
    loop {
        {
            let Some(watch) = watch.upgrade() else { return };
            watch.asks();
        }
        let answer = match &mut session {
            Some(opened) => question(&mut opened.session, primary, clock, schema_in == 0),
            None => primary.open().map(|opened| {
                (session, schema_in) = (Some(opened), 0);
                Answer::default()
            }),
        };
        let Some(watch) = watch.upgrade() else { return };
        let was_stalled = watch.is_stalled();
        // A refusal is an answer as well: the pools find out by themselves.
        watch.is_answered();
        if was_stalled {
            log::warn!("PostgreSQL answers again after a pause");
        }
        match answer {
            Ok(answer) => {
                if let Some(offset) = answer.clock {
                    note_clock(&watch, offset);
                    schema_in = if schema_in == 0 { SCHEMA_EVERY } else { schema_in - 1 };
                }
                if let Some(schema) = answer.schema {
                    note_schema(&watch, schema);
                }
            }
            Err(_) => session = None,
        }
        drop(watch);
        std::thread::sleep(EVERY);
    }
}

/// What one question found.
#[derive(Default)]
struct Answer {
    clock: Option<Offset>,
    schema: Option<Schema>,
}

/// Whether the server is still the one to speak to, how far its clock is from ours, and from time to time its schema. All
/// of it counts as one question: a session may hang in any part.
fn question(session: &mut PgConnection, primary: &Primary, clock: &Clock, schema: bool) -> Result<Answer, String> {
    let offset = true_time::measure(session, clock).map_err(|e| e.to_string())?;
    let found = lineage::read(session).map_err(|e| e.to_string())?;
    primary.still(found)?;
    let schema = if schema { Some(migrations::schema(session).map_err(|e| e.to_string())?) } else { None };
    Ok(Answer { clock: Some(offset), schema })
}

fn note_clock(watch: &Watch, offset: Offset) {
    let before = watch.found().clock.replace(offset);
    let was_off = before.is_some_and(Offset::is_off);
    if offset.is_off() && !was_off {
        log::error!("{}: no jobs are run, and the server is not ready", offset.told());
    } else if was_off && !offset.is_off() {
        log::warn!("the clock of this machine is right again: jobs are run");
    }
}

fn note_schema(watch: &Watch, schema: Schema) {
    let before = watch.found().schema.replace(schema.clone());
    if before.as_ref() != Some(&schema) {
        match &schema {
            Schema::Fits => log::info!("the schema is the one that this version needs"),
            other => log::error!("not ready: {other}"),
        }
    }
}
