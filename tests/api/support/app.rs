//! The service, running on a port and a database of one test's own.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use conum::app::config::Config;
use conum::app::server::Service;
use conum::platform::auth::local_issuer::{self, LocalIssuer};
use conum::platform::auth::policy::scopes_of;
use conum::platform::auth::{Actor, Principal};
use conum::platform::clock::Clock;
use conum::platform::http::front::Limits;
use serde_json::Value;
use ureq::http::Method;

use super::client::Call;
use super::database::Database;

/// When the clock of a test starts: a Monday morning before the first committees.
const START: &str = "2021-01-11T09:00:00Z";

pub struct App {
    /// `http://127.0.0.1:…`
    pub url: String,
    pub database: Database,
    pub service: Service,
    pub agent: ureq::Agent,
    /// Where e-mails go once the worker runs.
    pub mail_folder: PathBuf,
    now: Arc<Mutex<DateTime<Utc>>>,
    /// How wrong the machine's clock is.
    error: Arc<Mutex<TimeDelta>>,
    stop: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl App {
    pub fn start() -> Self {
        Self::configured(&[], Limits::default())
    }

    /// With variables of the environment and limits of one's own.
    pub fn configured(variables: &[(&str, &str)], limits: Limits) -> Self {
        Self::on(Database::new(), variables, limits)
    }

    /// As in production, with a signing key of its own.
    pub fn in_production(variables: &[(&str, &str)]) -> Self {
        let key = scratch().join(format!("production-key-{}.pem", uuid::Uuid::new_v4()));
        std::fs::write(&key, local_issuer::generate_key().expect("a key")).expect("a file");
        let fixed = [
            ("CONUM_ENV", "production"),
            ("CONUM_SIGNING_KEYS", key.to_str().expect("a path")),
            ("CONUM_PUBLIC_URL", "https://conum.test"),
            ("CONUM_CURSOR_KEY", "0123456789012345678901234567890123456789"),
            ("CONUM_MAIL", "smtp://localhost:1"),
            ("CONUM_MAIL_FROM", "conum <conum@example.org>"),
        ];
        let app = Self::configured(&[variables, &fixed].concat(), Limits::default());
        std::fs::remove_file(&key).expect("the key's file");
        app
    }

    pub fn on(database: Database, variables: &[(&str, &str)], limits: Limits) -> Self {
        let mail_folder = scratch().join("mail").join(uuid::Uuid::new_v4().to_string());
        let mail = format!("dir:{}", mail_folder.display());
        let key = signing_key();
        let defaults = [
            ("DATABASE_URL", database.url.as_str()),
            ("CONUM_LISTEN", "127.0.0.1:0"),
            ("CONUM_PUBLIC_URL", "http://conum.test"),
            ("CONUM_FRONT_URL", "https://front.test"),
            ("CONUM_SIGNING_KEYS", key),
            ("CONUM_WORKERS", "2"),
            ("CONUM_POOL_SIZE", "2"),
            // Many tests share few cores: a late answer is no outage.
            ("CONUM_STALL_MS", "10000"),
            ("CONUM_PUBLIC_FORMS_PER_MINUTE", "0"),
            ("CONUM_MAIL", mail.as_str()),
        ];
        let read = |name: &str| {
            let found = variables.iter().chain(&defaults).find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let config = Config::read(&read).expect("a configuration");
        let now = Arc::new(Mutex::new(START.parse().expect("an instant")));
        let told = now.clone();
        let error = Arc::new(Mutex::new(TimeDelta::zero()));
        let wrong = error.clone();
        let clock = Clock::driven_by(move || *told.lock().expect("the clock"))
            .on_machine(move || Utc::now() + *wrong.lock().expect("the error"));
        let service = Service::assemble(config, clock, limits).expect("a service");
        let (stop, address, thread) = serve(service.clone());
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // What is compressed carries another entity tag: tests ask for it where they mean it.
            .accept_encoding("")
            .timeout_global(Some(Duration::from_secs(30)))
            .max_idle_connections_per_host(64)
            .build()
            .into();
        Self {
            url: format!("http://{address}"),
            database,
            service,
            agent,
            mail_folder,
            now,
            error,
            stop,
            thread: Some(thread),
        }
    }

    /// The service's time. It stands still until a test moves it.
    pub fn now(&self) -> DateTime<Utc> {
        *self.now.lock().expect("the clock")
    }

    pub fn today(&self) -> NaiveDate {
        conum::platform::clock::Now::at(self.now()).today()
    }

    /// From here on whoever asks the service's clock panics.
    pub fn break_clock(&self) {
        let clock = self.now.clone();
        let broken = std::thread::spawn(move || {
            let _held = clock.lock();
            panic!("the test breaks the clock");
        });
        assert!(broken.join().is_err());
    }

    pub fn set_now(&self, instant: &str) {
        *self.now.lock().expect("the clock") = instant.parse().expect("an instant");
    }

    pub fn advance(&self, by: TimeDelta) {
        *self.now.lock().expect("the clock") += by;
    }

    /// Puts the machine's own clock so far ahead of the true time; the service's time stays where the test has put it.
    pub fn put_machine_ahead(&self, by: TimeDelta) {
        *self.error.lock().expect("the error") = by;
    }

    /// Waits until the service says whether it is ready, and if not, for this reason; `None` is ready.
    #[track_caller]
    pub fn await_readiness(&self, reason: Option<&str>) {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            let answer = self.get("/health/ready").send();
            let fits = match reason {
                None => answer.status == 200,
                Some(reason) => answer.status == 503 && answer.at("/reason") == reason,
            };
            if fits {
                return;
            }
            assert!(Instant::now() < deadline, "never {reason:?}: {}", answer.describe());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A token of this actor with every scope that its role may use, valid for an hour of the service's time.
    pub fn token(&self, actor: &Actor) -> String {
        let scopes = actor.role().map(scopes_of).unwrap_or_default();
        self.token_with(actor, &scopes, &self.service.local_issuer)
    }

    pub fn token_with(&self, actor: &Actor, scopes: &[String], issuer: &LocalIssuer) -> String {
        let principal =
            Principal { actor: actor.clone(), subject: format!("test-{}", actor.name()), ..Principal::anonymous() };
        let now = conum::platform::clock::Now::at(self.now());
        issuer.sign(&principal, scopes, TimeDelta::hours(1), now).expect("a token")
    }

    pub fn get(&self, path: &str) -> Call<'_> {
        Call::new(self, Method::GET, path)
    }

    pub fn post(&self, path: &str) -> Call<'_> {
        Call::new(self, Method::POST, path)
    }

    pub fn put(&self, path: &str) -> Call<'_> {
        Call::new(self, Method::PUT, path)
    }

    pub fn patch(&self, path: &str) -> Call<'_> {
        Call::new(self, Method::PATCH, path)
    }

    pub fn delete(&self, path: &str) -> Call<'_> {
        Call::new(self, Method::DELETE, path)
    }

    pub fn call(&self, method: &str, path: &str) -> Call<'_> {
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
        Call::new(self, method, path)
    }

    /// Waits until the feed publishes all that has happened. It holds events back while an older transaction runs anywhere
    /// on the server, and other tests have theirs there: copying a database is a long one.
    pub fn let_events_be_published(&self) {
        let mut session = self.database.owner();
        let now = session.column("select pg_current_xact_id()::text").remove(0);
        let published = format!("select (pg_snapshot_xmin(pg_current_snapshot()) > '{now}'::xid8)::int");
        let deadline = Instant::now() + Duration::from_secs(600);
        while session.number(&published) == 0 {
            assert!(Instant::now() < deadline, "a transaction is still running after ten minutes");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The e-mails written so far, oldest first.
    pub fn emails(&self) -> Vec<Value> {
        self.database.owner().rows(
            "select template, recipient, subject, text_body, html_body, status, resource, resource_id
             from emails order by created_at, id",
        )
    }

    /// The document as this service serves it.
    pub fn document(&self) -> Value {
        self.get("/openapi.json").expect(200).json()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // The order is given at once; what it answers is of no use here.
        drop(self.stop.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let _ = std::fs::remove_dir_all(&self.mail_folder);
    }
}

fn serve(service: Service) -> (ServerHandle, std::net::SocketAddr, JoinHandle<()>) {
    let (started, wait) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let (server, addresses) = service.listen().expect("a port");
            drop(service);
            started.send((server.handle(), addresses[0])).expect("a test that waits");
            server.await.expect("a server");
        });
    });
    let (stop, address) = wait.recv().expect("a started server");
    (stop, address, thread)
}

/// A folder for what tests write, out of the way of all else.
pub fn scratch() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}

/// One key for all services of this process.
fn signing_key() -> &'static str {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(|| {
        let file = scratch().join("signing-key.pem");
        local_issuer::load_or_generate(&file).expect("a signing key");
        file.display().to_string()
    })
}
