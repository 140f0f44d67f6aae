//! Starts the service and stops it in order.

use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::{Compress, from_fn};
use actix_web::web::Data;
use actix_web::{App, HttpResponse, HttpServer, get};
use utoipa_actix_web::AppExt;

use super::config::{Config, Mailer};
use super::pages::{Documents, Stopping};
use super::{document, pages, routes};
use crate::platform::auth::issuer::Issuer;
use crate::platform::auth::local_issuer::{self, LocalIssuer};
use crate::platform::auth::token::{Authenticator, Directory};
use crate::platform::clock::Clock;
use crate::platform::contract::Contract;
use crate::platform::db::{CHECKOUT, Db, Settings};
use crate::platform::http::cors::{Origins, cors};
use crate::platform::http::delivery;
use crate::platform::http::export::Socket;
use crate::platform::http::front::{Door, Limits, door, last_word};
use crate::platform::http::page::CursorKey;
use crate::platform::http::rate_limit::RateLimit;
use crate::platform::mail::Carrier;
use crate::platform::metrics::Metrics;

/// Where development keeps its own signing key.
const DEVELOPMENT_KEY: &str = ".data/signing-key.pem";

/// Everything that one process shares.
#[derive(Clone)]
pub struct Service {
    pub db: Db,
    pub local_issuer: Data<LocalIssuer>,
    door: Data<Door>,
    limits: Data<Limits>,
    documents: Data<Documents>,
    cursor_key: Data<CursorKey>,
    origins: Data<Origins>,
    stopping: Data<Stopping>,
    carrier: Arc<Carrier>,
    config: Arc<Config>,
}

/// The local issuer that the configuration describes.
pub fn local_issuer(config: &Config) -> Result<LocalIssuer, String> {
    let pems: Vec<String> = if config.signing_keys.is_empty() {
        vec![local_issuer::load_or_generate(std::path::Path::new(DEVELOPMENT_KEY))?]
    } else {
        let read =
            |path: &std::path::PathBuf| std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()));
        config.signing_keys.iter().map(read).collect::<Result<_, _>>()?
    };
    if config.is_production() && pems.iter().any(|pem| local_issuer::is_for_development(pem)) {
        return Err("CONUM_SIGNING_KEYS: a key that development made for itself is refused in production".to_owned());
    }
    LocalIssuer::new(&config.public_url, &config.audience, &pems)
}

impl Service {
    /// Puts the service together; reaches for nothing yet.
    pub fn assemble(config: Config, clock: Clock, limits: Limits) -> Result<Self, String> {
        let settings = Settings {
            url: config.database_url.clone(),
            pool_size: config.pool_size,
            checkout: CHECKOUT,
            queue: config.queue,
            stall: std::time::Duration::from_millis(config.stall_millis),
            pace: config.pace,
        };
        let db = Db::new(&settings, clock, config.site());
        let local = local_issuer(&config)?;
        let mut issuers = vec![Issuer::local(&local, &config.audience)];
        issuers.extend(config.trusted_issuers.iter().cloned().map(Issuer::remote));
        let directory: Arc<dyn Directory> = Arc::new(crate::features::accounts::Accounts);
        let document = document::build()?;
        let cursor_key = if config.cursor_key.is_empty() {
            b"conum development cursor key".to_vec()
        } else {
            config.cursor_key.clone()
        };
        let door = Door {
            contract: Contract::from_document(&document)?,
            authenticator: Arc::new(Authenticator::new(issuers, directory, db.clone(), !config.is_production())),
            limits: limits.clone(),
            public_forms: RateLimit::new(config.public_forms_per_minute, db.clone(), &cursor_key),
            behind_proxy: config.behind_proxy,
            metrics: Metrics::new().map_err(|e| e.to_string())?,
        };
        let carrier = match &config.mailer {
            Mailer::Folder(folder) => Carrier::folder(folder)?,
            Mailer::Smtp(address) => Carrier::smtp(address)?,
        };
        let origins = Origins::new(&document, &config.cors_origins, !config.is_production())?;
        Ok(Self {
            db,
            origins: Data::new(origins),
            local_issuer: Data::new(local),
            door: Data::new(door),
            limits: Data::new(limits),
            documents: Data::new(Documents::new(&document, &config.public_url)),
            cursor_key: Data::new(CursorKey(cursor_key)),
            stopping: Data::new(Stopping::default()),
            carrier: Arc::new(carrier),
            config: Arc::new(config),
        })
    }

    /// Starts listening. The answer runs until the service is told to stop.
    pub fn listen(&self) -> Result<(actix_web::dev::Server, Vec<std::net::SocketAddr>), String> {
        self.db.watch();
        let service = self.clone();
        let per_worker = (self.config.pool_size as usize).div_ceil(self.config.workers).max(1);
        let server = HttpServer::new(move || {
            let service = service.clone();
            let (app, _) = App::new()
                .into_utoipa_app()
                .app_data(service.door.clone())
                .app_data(service.limits.clone())
                .app_data(service.documents.clone())
                .app_data(service.cursor_key.clone())
                .app_data(service.origins.clone())
                .app_data(service.stopping.clone())
                .app_data(service.local_issuer.clone())
                .app_data(Data::from(service.config.clone()))
                .app_data(Data::new(service.db.clone()))
                .app_data(Data::new(super::DETAILS))
                .configure(routes::configure)
                .map(|app| {
                    app.configure(pages::configure_pages)
                        .wrap(from_fn(door))
                        .wrap(from_fn(delivery::parts))
                        .wrap(Compress::default())
                        .wrap(from_fn(delivery::tags))
                        .wrap(from_fn(cors))
                        .wrap(from_fn(last_word))
                })
                .split_for_parts();
            app
        })
        // Who takes a file too slowly loses the connection.
        .on_connect(|connection, data| {
            if let Some(socket) = connection.downcast_ref().and_then(Socket::of) {
                data.insert(socket);
            }
        })
        .workers(self.config.workers)
        // As many threads as connections: more only wait for each other.
        .worker_max_blocking_threads(per_worker)
        .client_request_timeout(Duration::from_secs(10))
        .client_disconnect_timeout(Duration::from_secs(2))
        .keep_alive(Duration::from_secs(75))
        .max_connections(10_000)
        .shutdown_timeout(self.config.shutdown_seconds)
        .disable_signals()
        .bind(&self.config.listen)
        .map_err(|e| format!("cannot listen on {}: {e}", self.config.listen))?;
        let addresses = server.addrs();
        Ok((server.run(), addresses))
    }

    /// Serves until SIGTERM or Ctrl-C: first not ready any more, then no new connection, then
    /// whatever is under way ends.
    pub async fn run(&self) -> Result<(), String> {
        let (server, addresses) = self.listen()?;
        let handle = server.handle();
        let mut server = Box::pin(server);
        let worker = super::worker::Worker::new(self.db.clone(), self.carrier.clone(), &self.config.mail_from)?;
        let background = worker.start();
        let figures = self.metrics_server()?;
        for address in &addresses {
            log::info!(address:% = address, environment:? = self.config.environment; "listening");
        }
        let stopped_by_itself = tokio::select! {
            result = &mut server => Some(result),
            () = told_to_stop() => None,
        };
        let result = match stopped_by_itself {
            Some(result) => result,
            None => {
                log::info!("stopping");
                self.stopping.start();
                // Load balancers see "not ready" before connections are refused.
                if self.config.is_production() {
                    tokio::time::sleep(Duration::from_secs(2)).await;
                }
                let (_, result) = tokio::join!(handle.stop(true), server);
                result
            }
        };
        if let Some(figures) = figures {
            figures.stop(false).await;
        }
        background.stop();
        result.map_err(|e| format!("server: {e}"))
    }

    /// Starts delivering e-mails and doing jobs, for tests that do not `run`.
    pub fn start_worker(&self) -> Result<super::worker::Running, String> {
        Ok(super::worker::Worker::new(self.db.clone(), self.carrier.clone(), &self.config.mail_from)?.start())
    }

    fn metrics_server(&self) -> Result<Option<actix_web::dev::ServerHandle>, String> {
        let Some(address) = &self.config.metrics_listen else { return Ok(None) };
        let door = self.door.clone();
        let server = HttpServer::new(move || App::new().app_data(door.clone()).service(metrics))
            .workers(1)
            .disable_signals()
            .bind(address)
            .map_err(|e| format!("cannot listen on {address}: {e}"))?
            .run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Ok(Some(handle))
    }
}

#[get("/metrics")]
async fn metrics(door: Data<Door>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(door.metrics.render())
}

async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
