//! Sends what is due: signed as Standard Webhooks says, to public addresses only.

use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use standardwebhooks::Webhook;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::model::is_public;
use super::service;
use super::store::Due;
use crate::platform::db::{Db, Outcome, Request};
use crate::platform::error::{Problem, Result};
use crate::platform::ids::WebhookId;

/// How long an answer is waited for.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Receivers that are sent to at the same time.
const LANES: usize = 8;
/// Of them, those kept for receivers that answered last time.
const RESERVED: usize = 2;
/// How long a turn waits for somebody who is sending.
const WAIT: Duration = Duration::from_millis(500);

/// Resolves names to public addresses only: what is looked at is what is connected to.
#[derive(Debug)]
struct PublicOnly {
    inner: DefaultResolver,
    private: bool,
}

impl Resolver for PublicOnly {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> std::result::Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let mut kept = self.empty();
        for address in found.iter().filter(|address| self.private || is_public(address.ip())) {
            kept.push(*address);
        }
        if kept.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(kept) }
    }
}

/// Sends deliveries, one after the other.
pub struct Sender {
    carrier: Carrier,
    /// The webhook that was looked at last.
    last: Option<WebhookId>,
}

impl Sender {
    pub fn new(db: Db) -> Self {
        Self { carrier: Carrier::new(db), last: None }
    }

    /// One turn: queues what one webhook has to be told, and sends one delivery. Tells whether there may be more at once.
    pub fn turn(&mut self) -> Result<bool> {
        let more = self.collect()?;
        match self.take(false)? {
            Some(due) => self.carrier.deliver(&due).map(|()| true),
            None => Ok(more),
        }
    }

    /// Queues what the next webhook has to be told; tells whether there are others to look at.
    fn collect(&mut self) -> Result<bool> {
        let last = self.last;
        self.last = self.carrier.db.write_now(&job(), &|tx| service::collect(tx, last).map(Outcome::Keep))?;
        Ok(self.last.is_some())
    }

    fn take(&self, proven: bool) -> Result<Option<Due>> {
        self.carrier.db.write_now(&job(), &|tx| service::take_due(tx, proven).map(Outcome::Keep))
    }
}

fn job() -> Request {
    Request::job("send_webhooks")
}

/// Sends to several receivers at the same time, to each one delivery after the other: who does not answer delays nobody else.
pub struct Senders {
    sender: Sender,
    /// To the threads that send, none once it stops.
    work: Option<mpsc::Sender<Due>>,
    /// From them, once a delivery is settled.
    done: mpsc::Receiver<()>,
    busy: usize,
    threads: Vec<JoinHandle<()>>,
}

impl Senders {
    pub fn start(db: Db) -> Self {
        let sender = Sender::new(db);
        let (work, tasks) = mpsc::channel::<Due>();
        let (settled, done) = mpsc::channel();
        let tasks = Arc::new(Mutex::new(tasks));
        let threads = (0..LANES).filter_map(|_| {
            let (tasks, settled, carrier) = (tasks.clone(), settled.clone(), sender.carrier.clone());
            let work = move || {
                while let Some(due) = next(&tasks) {
                    if let Err(problem) = carrier.deliver(&due) {
                        log::warn!(webhook:% = due.webhook_id; "a delivery is not settled: {problem}");
                    }
                    if settled.send(()).is_err() {
                        return;
                    }
                }
            };
            std::thread::Builder::new().name("webhook".to_owned()).spawn(work).ok()
        });
        let threads = threads.collect();
        Self { sender, work: Some(work), done, busy: 0, threads }
    }

    /// One turn: queues what one webhook has to be told, and hands over what is due while anybody is free. Tells whether there
    /// may be more at once.
    pub fn turn(&mut self) -> Result<bool> {
        while self.done.try_recv().is_ok() {
            self.busy -= 1;
        }
        let more = self.sender.collect()?;
        let mut taken = false;
        while let Some(free) = self.threads.len().checked_sub(self.busy).filter(|free| *free > 0) {
            // The last ones are kept for receivers that are known to answer.
            let Some(due) = self.sender.take(free <= RESERVED)? else { break };
            let handed = self.work.as_ref().is_some_and(|work| work.send(due).is_ok());
            if !handed {
                return Err(Problem::internal("nobody sends webhooks"));
            }
            self.busy += 1;
            taken = true;
        }
        if more || taken || self.busy == 0 {
            return Ok(more || taken);
        }
        // Whoever is done may have more for the same receiver.
        if self.done.recv_timeout(WAIT).is_ok() {
            self.busy -= 1;
        }
        Ok(true)
    }
}

impl Drop for Senders {
    /// Waits for the deliveries in hand.
    fn drop(&mut self) {
        self.work = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// The next delivery; none once nobody hands over any more.
fn next(tasks: &Mutex<mpsc::Receiver<Due>>) -> Option<Due> {
    tasks.lock().ok()?.recv().ok()
}

/// Carries deliveries to their receivers.
#[derive(Clone)]
struct Carrier {
    agent: ureq::Agent,
    db: Db,
}

impl Carrier {
    fn new(db: Db) -> Self {
        let private = db.site().private_webhooks;
        let config = ureq::Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .user_agent("conum-webhooks")
            .build();
        let resolver = PublicOnly { inner: DefaultResolver::default(), private };
        Self { agent: ureq::Agent::with_parts(config, DefaultConnector::default(), resolver), db }
    }

    /// Sends a delivery that was taken, and settles what became of it.
    fn deliver(&self, due: &Due) -> Result<()> {
        let now = self.db.clock().now().instant().timestamp();
        let outcome = self.send(due, now);
        self.db.write_now(&job(), &|tx| service::settle(tx, due, &outcome).map(Outcome::Keep))?;
        if let Err((status, _)) = &outcome {
            log::info!(webhook:% = due.webhook_id, status:? = status, attempt = due.attempts; "webhook not delivered");
        }
        Ok(())
    }

    /// The status of a success, or what went wrong.
    fn send(&self, due: &Due, now: i64) -> std::result::Result<u16, (Option<u16>, String)> {
        let id = due.event_id.to_string();
        let signer = Webhook::new(&due.secret).map_err(|_| (None, "the secret cannot be read".to_owned()))?;
        let signature =
            signer.sign(&id, now, due.body.as_bytes()).map_err(|_| (None, "the body cannot be signed".to_owned()))?;
        let answer = self
            .agent
            .post(&due.url)
            .header("Content-Type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", &now.to_string())
            .header("webhook-signature", &signature)
            .send(due.body.as_str());
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(answer.status().as_u16()),
            Ok(answer) => Err((Some(answer.status().as_u16()), format!("answered {}", answer.status().as_u16()))),
            // What a library tells of an error may quote the address; the kind is enough.
            Err(ureq::Error::HostNotFound) => Err((None, "no public address has this name".to_owned())),
            Err(ureq::Error::Timeout(_)) => Err((None, "no answer in time".to_owned())),
            Err(_) => Err((None, "the connection failed".to_owned())),
        }
    }
}
