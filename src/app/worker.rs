//! Work beside the requests: e-mails to deliver, deadlines that pass. Any number of servers may
//! run it: rows are taken with SKIP LOCKED, jobs once a legal day.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::Duration as Span;
use lettre::message::Mailbox;

use crate::features::webhooks::sender::Senders;
use crate::platform::db::{Db, Outcome, Request, Tx};
use crate::platform::error::Result;
use crate::platform::mail::{Carrier, Stored};
use crate::sql;

/// How often the outbox is looked at.
const EVERY: Duration = Duration::from_millis(500);
/// After so many failures an e-mail is given up.
const ATTEMPTS: i32 = 12;

pub struct Worker {
    db: Db,
    carrier: Arc<Carrier>,
    from: Mailbox,
}

/// A worker under way.
pub struct Running {
    stop: Arc<AtomicBool>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Running {
    /// Ends after the piece of work in hand.
    pub fn stop(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Worker {
    pub fn new(db: Db, carrier: Arc<Carrier>, from: &str) -> Result<Self, String> {
        let from = from.parse().map_err(|_| "CONUM_MAIL_FROM: not an address")?;
        Ok(Self { db, carrier, from })
    }

    /// Runs on threads of its own, which block without harm to requests; webhooks on others, because a slow receiver must
    /// hold up neither letters nor other receivers.
    pub fn start(self) -> Running {
        let stop = Arc::new(AtomicBool::new(false));
        let (db, mut senders) = (self.db.clone(), Senders::start(self.db.clone()));
        let threads = [
            keep_turning("worker", db.clone(), stop.clone(), move || self.turn()),
            keep_turning("webhooks", db, stop.clone(), move || senders.turn()),
        ];
        Running { stop, threads: threads.into_iter().flatten().collect() }
    }

    /// One turn; tells whether there may be more to do at once. One e-mail a turn, so that a stop
    /// waits for one delivery at most.
    fn turn(&self) -> Result<bool> {
        self.daily("end_reservations", crate::app::jobs::end_reservations)?;
        // Contracts end before the matching looks for posts, and whoever is matched needs no reminder.
        self.daily("complete_recruitments", crate::app::jobs::complete_recruitments)?;
        self.daily("settle_enrolments", crate::app::jobs::settle_enrolments)?;
        self.daily("settle_instalments", crate::app::jobs::settle_instalments)?;
        self.daily("run_matching", crate::app::jobs::run_matching)?;
        self.daily("remind_matches", crate::app::jobs::remind_matches)?;
        self.daily("remind_deciders", crate::app::jobs::remind_deciders)?;
        self.daily("remind_candidates", crate::app::jobs::remind_candidates)?;
        self.daily("publish_figures", crate::app::jobs::publish_figures)?;
        self.daily("tidy", crate::app::jobs::tidy)?;
        self.deliver()
    }

    /// Runs a job once a legal day, on whichever server comes first.
    fn daily(&self, job: &'static str, work: fn(&mut Tx<'_>) -> Result<serde_json::Value>) -> Result<()> {
        let today = self.db.clock().now().today();
        let done = self.db.read_now(&crate::platform::auth::Principal::system(job), &|reader| {
            sql!("select exists (select from job_runs where job = {} and day = {}) as yes", job, today)
                .holds(reader.conn())
        })?;
        if done {
            return Ok(());
        }
        self.db.write_now(&Request::job(job), &|tx| {
            let mine = sql!("insert into job_runs (job, day) values ({}, {}) on conflict do nothing", job, today)
                .run(tx.conn())?;
            if mine == 1 {
                let report = work(tx)?;
                let now = tx.now().instant();
                sql!(
                    "update job_runs set finished_at = {}, report = {} where job = {} and day = {}",
                    now,
                    report,
                    job,
                    today
                )
                .run(tx.conn())?;
            }
            Ok(Outcome::Keep(()))
        })
    }

    /// Delivers the next e-mail that is due; tells whether there was one. The network is reached
    /// outside any transaction: the e-mail is first put off for longer than a delivery may take,
    /// then sent, then marked and emptied, because it may hold a link that signs somebody in; a crash in between repeats it with the same Message-ID.
    fn deliver(&self) -> Result<bool> {
        let job = Request::job("deliver_emails");
        let taken: Vec<Stored> = self.db.write_now(&job, &|tx| {
            let now = tx.now().instant();
            sql!(
                "update emails set attempts = attempts + 1, next_attempt_at = {} + greatest(interval '5 minutes',
                    least(interval '6 hours', interval '30 seconds' * power(2, attempts)))
                 where id = (select id from emails where status = 'queued' and next_attempt_at <= {}
                             order by next_attempt_at, id limit 1 for update skip locked)
                 returning id, recipient, subject, text_body, html_body, template, resource_id, attempts",
                now,
                now
            )
            .load(tx.conn())
            .map(Outcome::Keep)
        })?;
        let Some(email) = taken.into_iter().next() else { return Ok(false) };
        let result = self.carrier.deliver(&self.from, &email);
        self.db.write_now(&job, &|tx| {
            let now = tx.now().instant();
            match &result {
                Ok(()) => {
                    sql!(
                        "update emails set status = 'sent', sent_at = {}, last_error = null, text_body = '', html_body = '',
                            recipient = case when last_word then '' else recipient end where id = {}",
                        now,
                        email.id
                    )
                }
                Err(error) => sql!(
                    "update emails set last_error = {}, status = case when attempts >= {} then 'failed' else status end,
                        recipient = case when last_word and attempts >= {} then '' else recipient end
                     where id = {}",
                    error,
                    ATTEMPTS,
                    ATTEMPTS,
                    email.id
                ),
            }
            .run(tx.conn())?;
            Ok(Outcome::Keep(()))
        })?;
        if let Err(error) = result {
            log::warn!(email:% = email.id, attempt = email.attempts; "e-mail not delivered: {error}");
        }
        Ok(true)
    }
}

/// Takes turn after turn until it is told to stop, while the clock is right and the database answers.
fn keep_turning(
    name: &str,
    db: Db,
    stop: Arc<AtomicBool>,
    mut turn: impl FnMut() -> Result<bool> + Send + 'static,
) -> Option<std::thread::JoinHandle<()>> {
    let work = move || {
        while !stop.load(Ordering::Relaxed) {
            // By a wrong clock nothing is done; each transaction of a job is refused by the database as well.
            if !db.may_work() {
                std::thread::sleep(EVERY);
                continue;
            }
            match turn() {
                Ok(true) => {}
                Ok(false) => std::thread::sleep(EVERY),
                Err(problem) => {
                    log::warn!("worker: {problem}");
                    std::thread::sleep(EVERY * 4);
                }
            }
        }
    };
    std::thread::Builder::new().name(name.to_owned()).spawn(work).ok()
}

/// How far back idempotency keys and links are kept once expired.
pub fn long_gone(now: crate::platform::clock::Now) -> chrono::DateTime<chrono::Utc> {
    now.instant() - Span::days(28)
}
