//! What a use case holds while it runs: a session, the caller, the time.

use std::fmt::Write as _;
use std::sync::Arc;

use chrono::{NaiveDate, SecondsFormat};
use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use serde::Serialize;

use super::Site;
use super::purge::Held;
use crate::platform::auth::{Actor, Principal, Reach};
use crate::platform::clock::Now;
use crate::platform::error::Result;
use crate::platform::events::Told;

/// The call on whose behalf a transaction runs: what the journal says of it.
#[derive(Clone, Debug)]
pub struct Request {
    pub principal: Arc<Principal>,
    /// The operation's name, or the job's.
    pub operation: &'static str,
    pub request_id: String,
}

impl Request {
    /// Work of the service itself.
    pub fn job(name: &'static str) -> Self {
        Self { principal: Arc::new(Principal::system(name)), operation: name, request_id: String::new() }
    }

    /// Whether the service itself works, by the clock and not because somebody asks.
    pub fn is_job(&self) -> bool {
        self.principal.actor == Actor::System
    }
}

/// What a use case would do beside its answer, told to a dry run.
#[derive(Clone, Debug, Serialize)]
pub struct Effect {
    /// `event` or `email`.
    pub kind: &'static str,
    /// Type of the event, or template of the e-mail.
    pub name: String,
    /// What it is about.
    pub resource: String,
}

/// A session that only reads.
pub struct Reader<'a> {
    conn: &'a mut PgConnection,
    principal: &'a Principal,
    now: Now,
}

impl<'a> Reader<'a> {
    pub(super) fn new(conn: &'a mut PgConnection, principal: &'a Principal, now: Now) -> Self {
        Self { conn, principal, now }
    }

    pub fn conn(&mut self) -> &mut PgConnection {
        self.conn
    }

    pub fn actor(&self) -> &Actor {
        &self.principal.actor
    }

    pub fn principal(&self) -> &'a Principal {
        self.principal
    }

    pub fn reach(&self) -> Reach {
        self.principal.actor.reach()
    }

    pub fn today(&self) -> NaiveDate {
        self.now.today()
    }

    pub fn now(&self) -> Now {
        self.now
    }

    /// From here on row-level security lets a private read see the whole country: for what the caller may know of
    /// a row that it was shown to reach. Without effect outside `read_private`.
    pub fn widen(&mut self) -> Result<()> {
        widen(self.conn)
    }
}

fn widen(conn: &mut PgConnection) -> Result<()> {
    Ok(conn.batch_execute(
        "select set_config('conum.reach', 'country', true), set_config('conum.actor', 'system', true)",
    )?)
}

/// A transaction that may write. Nothing is stored without one.
pub struct Tx<'a> {
    conn: &'a mut PgConnection,
    request: &'a Request,
    now: Now,
    site: &'a Site,
    effects: Vec<Effect>,
    /// What happened and nobody has followed yet.
    told: Vec<Told>,
    /// Whether row-level security lets everything through.
    wide: bool,
    /// Purges that were not carried out.
    held: Vec<Held>,
}

impl<'a> Tx<'a> {
    pub(super) fn new(conn: &'a mut PgConnection, request: &'a Request, now: Now, site: &'a Site) -> Self {
        Self { conn, request, now, site, effects: Vec::new(), told: Vec::new(), wide: false, held: Vec::new() }
    }

    pub fn conn(&mut self) -> &mut PgConnection {
        self.conn
    }

    /// From here on this is a dry run, which will be rolled back: it draws no numbers for references.
    pub fn rehearse(&mut self) -> Result<()> {
        Ok(self.conn.batch_execute("select set_config('conum.rehearsal', 'on', true)")?)
    }

    /// The same transaction, for what only reads.
    pub fn reader(&mut self) -> Reader<'_> {
        Reader::new(self.conn, &self.request.principal, self.now)
    }

    pub fn actor(&self) -> &'a Actor {
        &self.request.principal.actor
    }

    pub fn principal(&self) -> &'a Principal {
        &self.request.principal
    }

    pub fn request(&self) -> &'a Request {
        self.request
    }

    pub fn reach(&self) -> Reach {
        self.request.principal.actor.reach()
    }

    pub fn now(&self) -> Now {
        self.now
    }

    pub fn today(&self) -> NaiveDate {
        self.now.today()
    }

    pub fn site(&self) -> &'a Site {
        self.site
    }

    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    pub fn note(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Remembers what happened for those who follow it.
    pub fn tell(&mut self, told: Told) {
        self.told.push(told);
    }

    /// Lets the followers act on what has happened so far. Done before COMMIT, and earlier by whoever needs to know all
    /// effects; what followers tell of is followed no further.
    pub fn settle(&mut self) -> Result<()> {
        let told = std::mem::take(&mut self.told);
        if told.is_empty() || self.site.followers.is_empty() {
            return Ok(());
        }
        self.as_service(|tx| tx.site.followers.iter().try_for_each(|follow| follow(tx, &told)))?;
        self.told.clear();
        Ok(())
    }

    /// How much was noted and told so far, to go back to.
    pub(super) fn mark(&self) -> (usize, usize) {
        (self.effects.len(), self.told.len())
    }

    pub(super) fn back_to(&mut self, (effects, told): (usize, usize)) {
        self.effects.truncate(effects);
        self.told.truncate(told);
    }

    pub(super) fn note_held(&mut self, held: Held) {
        self.held.push(held);
    }

    /// The purges that were not carried out.
    pub fn held(&self) -> &[Held] {
        &self.held
    }

    /// Forgets the effects noted so far: a dry run must not betray who is known.
    pub fn hide_effects(&mut self) {
        self.effects.clear();
    }

    /// From here on row-level security lets the use case see the whole country: for rules that
    /// look beyond the caller's perimeter (is this link known?) after the caller was admitted. The
    /// journal still names the caller.
    pub fn widen(&mut self) -> Result<()> {
        self.wide = true;
        widen(self.conn)
    }
}

impl Tx<'_> {
    /// Does one thing as the service itself, then goes on as before.
    pub fn as_service<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.wide {
            return work(self);
        }
        self.widen()?;
        let done = work(self)?;
        self.wide = false;
        let mut batch = String::from("select ");
        push_settings(&mut batch, &reach_settings(&self.request.principal));
        self.conn.batch_execute(&batch)?;
        Ok(done)
    }
}

pub(super) fn begin_read(principal: &Principal) -> String {
    let mut batch = String::from("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; select ");
    let settings = reach_settings(principal);
    push_settings(&mut batch, &settings);
    batch
}

pub(super) fn begin_write(request: &Request, now: Now) -> String {
    let principal = &request.principal;
    let mut batch = String::from("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; select ");
    let mut settings = reach_settings(principal);
    settings.extend([
        ("now", now.instant().to_rfc3339_opts(SecondsFormat::Micros, true)),
        ("role", principal.actor.name().to_owned()),
        ("issuer", principal.issuer.clone()),
        ("subject", principal.subject.clone()),
        ("account", principal.account.map(|id| id.to_string()).unwrap_or_default()),
        ("api_client", principal.api_client.map(|id| id.to_string()).unwrap_or_default()),
        ("operation", request.operation.to_owned()),
        ("request", request.request_id.clone()),
    ]);
    push_settings(&mut batch, &settings);
    batch
}

fn reach_settings(principal: &Principal) -> Vec<(&'static str, String)> {
    let (kind, value) = principal.actor.reach().as_setting();
    vec![("reach", kind.to_owned()), ("reach_value", value), ("actor", principal.actor.name().to_owned())]
}

fn push_settings(batch: &mut String, settings: &[(&str, String)]) {
    for (rank, (name, value)) in settings.iter().enumerate() {
        let comma = if rank == 0 { "" } else { ", " };
        // Doubled quotes are all that a literal needs under standard_conforming_strings.
        let value = value.replace('\'', "''").replace('\0', "");
        let _ = write!(batch, "{comma}set_config('conum.{name}', '{value}', true)");
    }
}
