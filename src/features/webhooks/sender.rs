//! Sends what is due: signed as Standard Webhooks says, to public addresses only.

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
use crate::platform::error::Result;
use crate::platform::ids::WebhookId;

/// How long an answer is waited for.
const TIMEOUT: Duration = Duration::from_secs(10);

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

/// Sends deliveries.
pub struct Sender {
    agent: ureq::Agent,
    db: Db,
    /// The webhook that was looked at last.
    last: Option<WebhookId>,
}

impl Sender {
    pub fn new(db: Db) -> Self {
        let private = db.site().private_webhooks;
        let config = ureq::Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .user_agent("conum-webhooks")
            .build();
        let resolver = PublicOnly { inner: DefaultResolver::default(), private };
        Self { agent: ureq::Agent::with_parts(config, DefaultConnector::default(), resolver), db, last: None }
    }

    /// One turn: queues what one webhook has to be told, and sends one delivery. Tells whether there may be more at once.
    pub fn turn(&mut self) -> Result<bool> {
        let (job, last) = (Request::job("send_webhooks"), self.last);
        self.last = self.db.write_now(&job, &|tx| service::collect(tx, last).map(Outcome::Keep))?;
        let due = self.db.write_now(&job, &|tx| service::take_due(tx).map(Outcome::Keep))?;
        let Some(due) = due else { return Ok(self.last.is_some()) };
        let now = self.db.clock().now().instant().timestamp();
        let outcome = self.send(&due, now);
        self.db.write_now(&job, &|tx| service::settle(tx, &due, &outcome).map(Outcome::Keep))?;
        if let Err((status, _)) = &outcome {
            log::info!(webhook:% = due.webhook_id, status:? = status, attempt = due.attempts; "webhook not delivered");
        }
        Ok(true)
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
