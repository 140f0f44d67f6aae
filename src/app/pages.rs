//! What stands beside the API: health, the document itself, Swagger UI, the dashboard.

use std::sync::Arc;

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use moka::sync::Cache;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::document::tailor::{self, Audience};
use crate::platform::auth::{Caller, Role, can};
use crate::platform::db::Db;
use crate::platform::db::text_enum::TextEnum;
use crate::platform::error::{Code, Fault, FaultCode, Problem};
use crate::platform::http::etag;
use crate::platform::http::params::pairs;
use crate::platform::http::{Answer, Reply};

pub fn configure(config: &mut ServiceConfig) {
    config.service(health_live).service(health_ready);
    super::problem_pages::configure(config);
}

/// The document, and what of it was asked for, rendered once each.
pub struct Documents {
    whole: Value,
    rendered: Cache<Audience, (String, Bytes)>,
}

/// Renderings that are kept: those of generators and of each role are asked for now and then.
const KEPT_DOCUMENTS: u64 = 8;

impl Documents {
    /// `address` is where callers see the service.
    pub fn new(document: &Value, address: &str) -> Self {
        Self { whole: tailor::at(document, address), rendered: Cache::new(KEPT_DOCUMENTS) }
    }

    /// Entity tag and text of the document for an audience.
    fn render(&self, audience: Audience) -> (String, Bytes) {
        self.rendered.get_with(audience, || {
            let text = tailor::tailored(&self.whole, audience).to_string();
            (etag::exact(text.as_bytes()), Bytes::from(text))
        })
    }
}

/// The audience that the query of a document names.
fn audience(request: &HttpRequest, old: bool) -> Result<Audience, Problem> {
    let mut audience = Audience { old, ..Audience::default() };
    let given = pairs(request.query_string()).ok_or_else(|| {
        Problem::new(Code::MalformedRequest).with("reason", "the query is not valid UTF-8 in percent-encoding")
    })?;
    let mut faults = Vec::new();
    for (name, value) in given {
        match (name.as_str(), value.as_str()) {
            ("for", "clients") => audience.clients = true,
            ("for", _) => faults.push(Fault::parameter("for", FaultCode::NotInList).with("allowed", "clients")),
            ("role", role) => match Role::parse(role) {
                Some(role) => audience.role = Some(role),
                None => {
                    let roles = Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
                    faults.push(Fault::parameter("role", FaultCode::NotInList).with("allowed", roles));
                }
            },
            _ => faults.push(Fault::parameter(&name, FaultCode::UnknownNoGuess).with("known", "for, role")),
        }
    }
    if faults.is_empty() { Ok(audience) } else { Err(Problem::new(Code::InvalidParameter).faults(faults)) }
}

/// Whether the service takes requests: false once it is asked to stop.
#[derive(Clone, Default)]
pub struct Stopping(Arc<std::sync::atomic::AtomicBool>);

impl Stopping {
    pub fn start(&self) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    pub fn is_on(&self) -> bool {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }
}

/// State of the service.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    pub status: &'static str,
    /// Version of the service.
    #[schema(example = "0.1.0")]
    pub version: &'static str,
}

const HEALTHY: Health = Health { status: "ok", version: env!("CARGO_PKG_VERSION") };

/// Tell whether the process runs.
#[utoipa::path(tag = "service", responses((status = 200, description = "It runs.", body = Health)))]
#[get("/health/live")]
pub async fn health_live(_caller: Caller<can::health_live>) -> Answer {
    Reply::ok(&HEALTHY)
}

/// Tell whether requests can be served.
///
/// The database takes reads and writes, its schema is the one of this version, the machine's clock is within five seconds of
/// the database's, and no stop is under way. Otherwise `reason` of the problem is `database_away`, `standby`,
/// `readers_unavailable`, `writers_unavailable`, `schema_behind`, `schema_ahead`, `clock_off` or `stopping`.
#[utoipa::path(tag = "service", responses((status = 200, description = "It serves.", body = Health)))]
#[get("/health/ready")]
pub async fn health_ready(_caller: Caller<can::health_ready>, db: Data<Db>, stopping: Data<Stopping>) -> Answer {
    if stopping.is_on() {
        return Err(Problem::new(Code::ServiceUnavailable)
            .header("Retry-After", 5)
            .extension("reason", "stopping")
            .caused_by("stopping"));
    }
    db.ready().await?;
    Reply::ok(&HEALTHY)
}

/// Pages that are no operations: the document, its user interface, the way there.
pub fn configure_pages(config: &mut actix_web::web::ServiceConfig) {
    config
        .service(openapi)
        .service(openapi_old)
        .service(swagger_ui)
        .service(swagger_ui_without_slash)
        .service(dashboard)
        .service(dashboard_without_slash)
        .service(home)
        .service(super::personas::demo_personas);
}

/// The document; `for=clients` offers JSON only, `role=…` what that role may call.
#[get("/openapi.json")]
async fn openapi(request: HttpRequest, documents: Data<Documents>) -> Result<HttpResponse, Problem> {
    let (tag, text) = documents.render(audience(&request, false)?);
    Ok(asset(&request, "application/json", &tag, text))
}

/// The same in OpenAPI 3.0.
#[get("/openapi-3.0.json")]
async fn openapi_old(request: HttpRequest, documents: Data<Documents>) -> Result<HttpResponse, Problem> {
    let (tag, text) = documents.render(audience(&request, true)?);
    Ok(asset(&request, "application/json", &tag, text))
}

/// A page or what it loads: the same for everybody, kept for a while and asked for again by its tag.
fn asset(request: &HttpRequest, media: &str, tag: &str, bytes: impl Into<Bytes>) -> HttpResponse {
    let held = etag::is_held(request.headers(), tag);
    let mut response = if held { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((header::ETAG, tag)).insert_header((header::CACHE_CONTROL, "public, max-age=300"));
    if held { response.finish() } else { response.content_type(media).body(bytes.into()) }
}

/// The same with what the page may run and load.
fn page(request: &HttpRequest, media: &str, text: &'static str, policy: &'static str) -> HttpResponse {
    let mut response = asset(request, media, &etag::exact(text.as_bytes()), text);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

#[get("/")]
async fn home() -> HttpResponse {
    HttpResponse::SeeOther().insert_header(("Location", "/swagger-ui/")).finish()
}

#[get("/dashboard")]
async fn dashboard_without_slash() -> HttpResponse {
    HttpResponse::MovedPermanently().insert_header(("Location", "/dashboard/")).finish()
}

/// The public dashboard: its files are part of the program, and ask nothing of any other origin.
#[get("/dashboard/{file:.*}")]
async fn dashboard(request: HttpRequest, file: Path<String>) -> Result<HttpResponse, Problem> {
    let (media, text) = match file.as_str() {
        "" | "index.html" => ("text/html; charset=utf-8", include_str!("dashboard/index.html")),
        "accessibilite.html" => ("text/html; charset=utf-8", include_str!("dashboard/accessibilite.html")),
        "dashboard.css" => ("text/css; charset=utf-8", include_str!("dashboard/dashboard.css")),
        "dashboard.js" => ("text/javascript; charset=utf-8", include_str!("dashboard/dashboard.js")),
        _ => return Err(Problem::not_found()),
    };
    Ok(page(&request, media, text, DASHBOARD_POLICY))
}

const DASHBOARD_POLICY: &str =
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'self'";

#[get("/swagger-ui")]
async fn swagger_ui_without_slash() -> HttpResponse {
    HttpResponse::MovedPermanently().insert_header(("Location", "/swagger-ui/")).finish()
}

const SWAGGER_PAGE: &str = include_str!("swagger.html");
const SWAGGER_SCRIPT: &str = include_str!("swagger.js");
/// Only our own files run, and only this origin is asked. Swagger UI writes styles into the page.
const SWAGGER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

#[get("/swagger-ui/{file:.*}")]
async fn swagger_ui(request: HttpRequest, file: Path<String>) -> Result<HttpResponse, Problem> {
    let file = file.into_inner();
    match file.as_str() {
        "" | "index.html" => return Ok(page(&request, "text/html; charset=utf-8", SWAGGER_PAGE, SWAGGER_POLICY)),
        "conum.js" => return Ok(page(&request, "text/javascript; charset=utf-8", SWAGGER_SCRIPT, SWAGGER_POLICY)),
        _ => {}
    }
    let config = Arc::new(utoipa_swagger_ui::Config::from("/openapi.json"));
    match utoipa_swagger_ui::serve(&file, config) {
        Ok(Some(found)) => {
            let tag = etag::exact(&found.bytes);
            Ok(asset(&request, &found.content_type, &tag, found.bytes.into_owned()))
        }
        _ => Err(Problem::not_found()),
    }
}
