//! What stands beside the API: health, problem pages, the document itself, Swagger UI.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::platform::auth::{Caller, can};
use crate::platform::db::Db;
use crate::platform::error::{Code, Problem};
use crate::platform::http::front::Spoken;
use crate::platform::http::{Answer, PathParams, Reply};
use crate::platform::mail::escape;
use crate::platform::problems::{Language, in_general};

pub fn configure(config: &mut ServiceConfig) {
    config.service(health_live).service(health_ready).service(find_problem);
}

/// The documents, rendered once.
pub struct Documents {
    pub current: String,
    pub old: String,
    pub etag: String,
}

impl Documents {
    pub fn new(document: &Value) -> Self {
        use sha2::Digest;
        let current = document.to_string();
        let hash = sha2::Sha256::digest(current.as_bytes());
        let etag = hash[..8].iter().map(|b| format!("{b:02x}")).collect::<String>();
        Self { old: super::document::downgrade(document).to_string(), current, etag: format!("\"{etag}\"") }
    }
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

/// Every code that this version may answer.
pub struct ProblemCode;

impl utoipa::PartialSchema for ProblemCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("Every code of a problem that this version of the service may answer."))
            .enum_values(Some(Code::ALL.iter().map(|code| code.as_str())))
            .into()
    }
}

impl ToSchema for ProblemCode {}

/// What a problem code means.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemPage {
    /// Stable code.
    #[schema(value_type = ProblemCode, example = "call_closed")]
    pub code: &'static str,
    /// HTTP status it comes with.
    #[schema(minimum = 400, maximum = 599, example = 409)]
    pub status: u16,
    /// What happened.
    #[schema(example = "Appel fermé")]
    pub title: &'static str,
    /// What is said of it; `…` stands for a value.
    #[schema(example = "Aucune fenêtre n'est ouverte aujourd'hui au public « … ».")]
    pub detail: String,
    /// What to do about it.
    #[schema(example = "Attendez l'ouverture d'une fenêtre : GET /api/v1/call-windows.")]
    pub remedy: &'static str,
}

/// Explain a problem code.
///
/// The address that `type` of every problem document names; a page for people, or JSON.
#[utoipa::path(tag = "service",
    params(("code" = String, Path, description = "Code of the problem.", pattern = "^[a-z0-9_]{1,60}$", example = "call_closed")),
    responses((status = 200, description = "What it means and what to do.", content(
        (ProblemPage = "application/json"), (String = "text/html", example = "<!doctype html>")))))]
#[get("/problems/{code}")]
pub async fn find_problem(
    _caller: Caller<can::find_problem>,
    code: PathParams<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    use actix_web::{HttpMessage, Responder};
    let code = Code::parse(&code.0).ok_or_else(Problem::not_found)?;
    let language = request.extensions().get::<Spoken>().map(|s| s.language).unwrap_or_default();
    let text = code.text(language);
    let wants_page = request
        .headers()
        .get(actix_web::http::header::ACCEPT)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    if !wants_page {
        let page = ProblemPage {
            code: code.as_str(),
            status: code.status(),
            title: text.title,
            detail: in_general(text.detail),
            remedy: text.remedy,
        };
        return Ok(Reply::ok(&page)?.public().respond_to(&request));
    }
    let (lang, remedy) = match language {
        Language::French => ("fr", "Que faire"),
        Language::English => ("en", "What to do"),
    };
    let html = format!(
        "<!doctype html><html lang=\"{lang}\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <style>body{{font:18px/1.5 system-ui,sans-serif;max-width:40em;margin:3em auto;padding:0 1em;color:#161616}}code{{background:#eee}}</style></head>\
         <body><h1>{title}</h1><p><code>{code}</code> · HTTP {status}</p><p>{detail}</p><h2>{remedy}</h2><p>{text}</p></body></html>",
        title = escape(text.title),
        code = code.as_str(),
        status = code.status(),
        detail = escape(&in_general(text.detail)),
        text = escape(text.remedy),
    );
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(html))
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

#[get("/openapi.json")]
async fn openapi(request: HttpRequest, documents: Data<Documents>) -> HttpResponse {
    json_document(&request, &documents.current, &documents.etag)
}

#[get("/openapi-3.0.json")]
async fn openapi_old(request: HttpRequest, documents: Data<Documents>) -> HttpResponse {
    json_document(&request, &documents.old, &documents.etag)
}

fn json_document(request: &HttpRequest, text: &str, etag: &str) -> HttpResponse {
    use actix_web::http::header;
    let held = request.headers().get(header::IF_NONE_MATCH).is_some_and(|v| v.as_bytes() == etag.as_bytes());
    let mut response = if held { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((header::ETAG, etag)).insert_header((header::CACHE_CONTROL, "public, max-age=300"));
    if held { response.finish() } else { response.content_type("application/json").body(text.to_owned()) }
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
async fn dashboard(file: Path<String>) -> Result<HttpResponse, Problem> {
    let (media, text) = match file.as_str() {
        "" | "index.html" => ("text/html; charset=utf-8", include_str!("dashboard/index.html")),
        "dashboard.css" => ("text/css; charset=utf-8", include_str!("dashboard/dashboard.css")),
        "dashboard.js" => ("text/javascript; charset=utf-8", include_str!("dashboard/dashboard.js")),
        _ => return Err(Problem::not_found()),
    };
    Ok(HttpResponse::Ok()
        .content_type(media)
        .insert_header(("Cache-Control", "public, max-age=300"))
        .insert_header((
            "Content-Security-Policy",
            "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'self'",
        ))
        .body(text))
}

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
async fn swagger_ui(file: Path<String>) -> Result<HttpResponse, Problem> {
    let file = file.into_inner();
    if file.is_empty() || file == "index.html" {
        return Ok(HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .insert_header(("Content-Security-Policy", SWAGGER_POLICY))
            .body(SWAGGER_PAGE));
    }
    if file == "conum.js" {
        return Ok(HttpResponse::Ok().content_type("text/javascript; charset=utf-8").body(SWAGGER_SCRIPT));
    }
    let config = Arc::new(utoipa_swagger_ui::Config::from("/openapi.json"));
    match utoipa_swagger_ui::serve(&file, config) {
        Ok(Some(found)) => Ok(HttpResponse::Ok().content_type(found.content_type).body(found.bytes.into_owned())),
        _ => Err(Problem::not_found()),
    }
}
