//! The front door: every request passes here once on its way in and once on its way out.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpResponse, ResponseError};
use futures_util::FutureExt;
use serde_json::{Map, Value};

use super::etag::Expected;
use super::export::{self, Export};
use super::idempotency;
use super::params;
use super::problem;
use super::rate_limit::RateLimit;
use crate::platform::auth::Principal;
use crate::platform::auth::token::{Authenticator, MAX_TOKEN};
use crate::platform::contract::{Contract, Found, Operation};
use crate::platform::error::{Code, Fault, FaultCode, Place, Problem, Result};
use crate::platform::problems::Language;

/// Limits on what a request may bring.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a JSON body.
    pub body: usize,
    /// Bytes of an imported file.
    pub import: usize,
    /// Milliseconds for a body to arrive.
    pub body_millis: u64,
    /// Bytes of an address.
    pub uri: usize,
    /// Bytes of all headers.
    pub headers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 64 * 1024, import: 8 * 1024 * 1024, body_millis: 10_000, uri: 8 * 1024, headers: 32 * 1024 }
    }
}

/// What the door needs to know.
pub struct Door {
    pub contract: Contract,
    pub authenticator: Arc<Authenticator>,
    pub limits: Limits,
    pub public_forms: RateLimit,
    /// Whether a proxy in front tells the caller's address.
    pub behind_proxy: bool,
    pub metrics: crate::platform::metrics::Metrics,
}

/// A request that was admitted: who, what, with which checked parameters.
#[derive(Clone)]
pub struct Admitted {
    pub operation: Arc<Operation>,
    pub principal: Arc<Principal>,
    pub request_id: String,
    pub path: Map<String, Value>,
    pub query: Map<String, Value>,
    /// Query parameters as they came.
    pub given: Vec<(String, String)>,
    /// What `If-Match` names.
    pub version: Option<Expected>,
    pub idempotency_key: Option<String>,
    pub dry_run: bool,
    /// Set where a list is asked for as a file.
    pub export: Option<Export>,
    /// Set where all of each row is asked for: the path of its detail.
    pub full: Option<String>,
}

/// Language and request id, for whatever renders an answer.
#[derive(Clone, Debug)]
pub struct Spoken {
    pub language: Language,
    pub request_id: String,
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Nothing of an answer runs, and nobody frames it.
const NOTHING_RUNS: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Paths outside the document: static pages and what they load.
const PAGES: [&str; 5] = ["/swagger-ui", "/dashboard", "/openapi.json", "/openapi-3.0.json", "/demo/personas"];

/// Pages that hold nothing but what this service is: every page of every origin may read them.
pub fn is_open_page(path: &str) -> bool {
    ["/openapi.json", "/openapi-3.0.json"].contains(&path)
}

/// The middleware.
#[expect(clippy::disallowed_methods, reason = "measures how long a request takes, not the legal time")]
pub async fn door<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = std::time::Instant::now();
    let door = request.app_data::<Data<Door>>().cloned().ok_or_else(|| Problem::internal("no door"))?;
    let spoken = Spoken { language: problem::language(request.headers()), request_id: request_id(request.headers()) };
    request.extensions_mut().insert(spoken.clone());
    let method = request.method().clone();
    // HEAD is GET without a body, which the server leaves out by itself.
    if method == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let mut noted = Noted::default();
    let admission = AssertUnwindSafe(door.admit(&mut request, &mut noted)).catch_unwind().await;
    let outcome = match admission.unwrap_or_else(|_| Err(Problem::internal("the admission panicked"))) {
        // The router needs the request for itself alone: nothing of it may be held here.
        Ok(Admission::Pass) => match AssertUnwindSafe(next.call(request)).catch_unwind().await {
            Ok(Ok(response)) => Ok(response.map_into_boxed_body()),
            Ok(Err(error)) => Err(error.as_error::<Problem>().cloned().unwrap_or_else(|| Problem::internal(error))),
            Err(_) => Err(Problem::internal("a handler panicked")),
        },
        Ok(Admission::Answer(answer)) => Ok(request.into_response(answer)),
        Err(problem) => {
            log_cause(&problem, &spoken.request_id);
            Ok(request.into_response(problem::response(&problem, spoken.language, &spoken.request_id)))
        }
    };
    let outcome = outcome.map(|mut response| {
        finish(&mut response, &spoken);
        response
    });
    let elapsed = started.elapsed();
    let status = match &outcome {
        Ok(response) => response.status().as_u16(),
        Err(problem) => problem.code().status(),
    };
    door.metrics.observe(noted.operation.as_deref().unwrap_or("none"), status, elapsed);
    // The query may name people; the path's template and the ids in it do not.
    log::info!(
        target: "access",
        method = method.as_str(), path = noted.path.as_deref().unwrap_or("-"), status,
        ms = elapsed.as_secs_f64() * 1000.0, role = noted.role, request_id = spoken.request_id.as_str();
        "request"
    );
    outcome.map_err(|problem| {
        log_cause(&problem, &spoken.request_id);
        Spoiled { problem, spoken }.into()
    })
}

/// Outside of everything: what is refused before the door (by CORS) leaves as a problem as well.
pub async fn last_word<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let mut response = next.call(request).await?.map_into_boxed_body();
    // What passed the door is finished; a preflight, and what CORS refuses, did not.
    if !response.headers().contains_key(&REQUEST_ID) {
        let headers = response.request().headers();
        let spoken = Spoken { language: problem::language(headers), request_id: request_id(headers) };
        finish(&mut response, &spoken);
    }
    Ok(response)
}

fn is_unexplained(response: &ServiceResponse<BoxBody>) -> bool {
    let explained = |media: &HeaderValue| media.as_bytes().starts_with(problem::MEDIA_TYPE.as_bytes());
    response.status().as_u16() >= 400 && !response.headers().get(header::CONTENT_TYPE).is_some_and(explained)
}

/// A failure without a request left to answer it through.
#[derive(Debug)]
struct Spoiled {
    problem: Problem,
    spoken: Spoken,
}

impl std::fmt::Display for Spoiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.problem.fmt(f)
    }
}

impl ResponseError for Spoiled {
    fn status_code(&self) -> StatusCode {
        self.problem.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = problem::response(&self.problem, self.spoken.language, &self.spoken.request_id);
        if let Ok(id) = HeaderValue::from_str(&self.spoken.request_id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }
}

#[derive(Default)]
struct Noted {
    operation: Option<String>,
    path: Option<String>,
    role: &'static str,
}

enum Admission {
    Pass,
    Answer(HttpResponse),
}

impl Door {
    async fn admit(&self, request: &mut ServiceRequest, noted: &mut Noted) -> Result<Admission> {
        self.check_size(request)?;
        let path = request.path().to_owned();
        let method = request.method().clone();
        let (operation, variables) = match self.contract.find(&method, &path) {
            Found::Operation(operation, variables) => {
                let variables: Vec<(String, String)> = variables.into_iter().map(|(n, v)| (n.to_owned(), v)).collect();
                (operation.clone(), variables)
            }
            Found::OtherMethods(methods) => return other_method(&method, &methods),
            Found::Nothing if PAGES.iter().any(|page| path.starts_with(page)) || path == "/" => {
                noted.path = Some("page".to_owned());
                return match method {
                    Method::GET => Ok(Admission::Pass),
                    _ => other_method(&method, &[&Method::GET]),
                };
            }
            Found::Nothing => return Err(Problem::not_found()),
        };
        noted.operation = Some(operation.id.clone());
        noted.path = Some(operation.path.clone());
        let principal = self.authenticate(request, &operation).await?;
        noted.role = principal.actor.name();
        operation.line.authorise(&principal)?;
        self.public_forms.check(operation.limited, &principal, self.address(request)).await?;
        let principal = operation.line.heard(principal);
        let given = params::pairs(request.query_string()).ok_or_else(|| {
            Problem::new(Code::MalformedRequest).with("reason", "the query is not valid UTF-8 in percent-encoding")
        })?;
        let (path_values, mut query_values) = parameters(&operation, &variables, &given)?;
        let full = full(&operation, &principal, &query_values)?;
        let export = export(request, &operation, &query_values, self.address(request));
        // Who names a format need not accept it as well.
        if export.is_none() || !query_values.contains_key("format") {
            negotiate(request, &operation)?;
        }
        let dry_run = query_values.shift_remove("dry_run").is_some_and(|v| v == true);
        let version = version(request, &operation)?;
        let idempotency_key = idempotency_key(request, &operation)?;
        let request_id = request.extensions().get::<Spoken>().map(|s| s.request_id.clone()).unwrap_or_default();
        request.extensions_mut().insert(Admitted {
            operation,
            principal,
            request_id,
            path: path_values,
            query: query_values,
            given,
            version,
            idempotency_key,
            dry_run,
            export,
            full,
        });
        Ok(Admission::Pass)
    }

    fn check_size(&self, request: &ServiceRequest) -> Result<()> {
        let uri = request.uri().path_and_query().map_or(0, |p| p.as_str().len());
        if uri > self.limits.uri {
            return Err(Problem::new(Code::UriTooLong).with("limit", self.limits.uri));
        }
        let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if headers > self.limits.headers {
            return Err(Problem::new(Code::HeadersTooLarge).with("limit", self.limits.headers));
        }
        Ok(())
    }

    /// An invalid token is refused even where none is needed.
    async fn authenticate(&self, request: &ServiceRequest, operation: &Operation) -> Result<Arc<Principal>> {
        let mut given = request.headers().get_all(header::AUTHORIZATION);
        let (first, second) = (given.next(), given.next());
        let Some(value) = first else {
            return if operation.line.anonymous {
                Ok(Arc::new(Principal::anonymous()))
            } else {
                Err(Problem::new(Code::Unauthenticated))
            };
        };
        // Client credentials may come as Basic: for the token operation to read.
        if operation.id == "issue_token" {
            return Ok(Arc::new(Principal::anonymous()));
        }
        let token = value
            .to_str()
            .ok()
            .filter(|_| second.is_none())
            .and_then(|text| text.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .filter(|token| token.len() <= MAX_TOKEN)
            .ok_or_else(|| Problem::new(Code::InvalidToken))?;
        let account = request.headers().get("x-account").and_then(|v| v.to_str().ok());
        self.authenticator.authenticate(token, account).await
    }

    fn address(&self, request: &ServiceRequest) -> IpAddr {
        // The proxy appends the address it saw: what stands before it is the caller's own word.
        let told = || {
            request.headers().get_all("x-forwarded-for").last()?.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
        };
        let real = self.behind_proxy.then(told).flatten();
        real.or_else(|| request.peer_addr().map(|peer| peer.ip())).unwrap_or(IpAddr::from([127, 0, 0, 1]))
    }
}

/// Parameters of path and query, checked; or what is wrong with any of them.
fn parameters(
    operation: &Operation,
    path: &[(String, String)],
    query: &[(String, String)],
) -> Result<(Map<String, Value>, Map<String, Value>)> {
    let path = operation.path_parameters.check(path.iter().map(|(n, v)| (n.as_str(), v.as_str())));
    let query = operation.query.check(query.iter().map(|(n, v)| (n.as_str(), v.as_str())));
    match (path, query) {
        (Ok(path), Ok(query)) => Ok((path, query)),
        (path, query) => {
            let faults = [path.err(), query.err()].into_iter().flatten().flatten().collect();
            Err(Problem::new(Code::InvalidParameter).faults(faults))
        }
    }
}

/// The detail of a list's rows, where all of each is asked for: for whoever may read it alone.
fn full(operation: &Operation, principal: &Principal, query: &Map<String, Value>) -> Result<Option<String>> {
    let Some(full) = operation.full.as_ref().filter(|_| query.get("view").is_some_and(|view| view == "full")) else {
        return Ok(None);
    };
    if principal.actor.role().is_none() && !full.line.anonymous {
        return Err(Problem::new(Code::Unauthenticated));
    }
    full.line.authorise(principal)?;
    // A list whose rows are whole already is read as it is.
    Ok((!full.same).then(|| full.path.clone()))
}

/// The list as a file, where the caller asks for one.
fn export(
    request: &ServiceRequest,
    operation: &Operation,
    query: &Map<String, Value>,
    address: IpAddr,
) -> Option<Export> {
    let whole = operation.full.as_ref().filter(|_| query.get("view").is_some_and(|view| view == "full"));
    let columns = whole.map_or_else(|| operation.columns.clone(), |full| Some(full.columns.clone()))?;
    let excel_fr = query.get("profile").is_some_and(|profile| profile == "excel-fr");
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let format = export::asked(query.get("format").and_then(Value::as_str), excel_fr, accept)?;
    let name = operation.path.split('/').rfind(|segment| !segment.starts_with('{')).unwrap_or("liste").to_owned();
    Some(Export { format, columns, name, whole: Arc::default(), address })
}

fn other_method(method: &Method, allowed: &[&Method]) -> Result<Admission> {
    let mut names: Vec<&str> = allowed.iter().map(|m| m.as_str()).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.push("OPTIONS");
    let allow = names.join(", ");
    if method == Method::OPTIONS {
        return Ok(Admission::Answer(HttpResponse::NoContent().insert_header((header::ALLOW, allow)).finish()));
    }
    Err(Problem::new(Code::MethodNotAllowed).with("method", method).header("Allow", allow))
}

/// Refuses early when none of the formats is acceptable to the caller.
fn negotiate(request: &ServiceRequest, operation: &Operation) -> Result<()> {
    let Some(accepted) = request.headers().get(header::ACCEPT) else { return Ok(()) };
    let accepted = accepted.to_str().unwrap_or_default();
    if operation.produces.is_empty() || accepted.trim().is_empty() {
        return Ok(());
    }
    let fits = accepted.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let refused = parts.any(|p| p.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q == 0.0)));
        let (kind, _) = media.split_once('/').unwrap_or((&media, ""));
        !refused
            && operation.produces.iter().any(|produced| {
                media == "*/*"
                    || media == *produced
                    || (media.ends_with("/*") && produced.starts_with(&format!("{kind}/")))
            })
    });
    if fits { Ok(()) } else { Err(Problem::new(Code::NotAcceptable).with("available", operation.produces.join(", "))) }
}

fn version(request: &ServiceRequest, operation: &Operation) -> Result<Option<Expected>> {
    if operation.needs_if_match && !request.headers().contains_key(header::IF_MATCH) {
        return Err(Problem::new(Code::PreconditionRequired));
    }
    Expected::read(request.headers())
}

fn idempotency_key(request: &ServiceRequest, operation: &Operation) -> Result<Option<String>> {
    if request.method() != Method::POST {
        return Ok(None);
    }
    let Some(value) = request.headers().get("idempotency-key") else {
        return if operation.needs_idempotency_key {
            Err(Problem::new(Code::IdempotencyKeyRequired))
        } else {
            Ok(None)
        };
    };
    let key = value.to_str().map(|key| key.trim().trim_matches('"').to_owned()).unwrap_or_default();
    if (1..=200).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(Some(key))
    } else {
        let fault = Fault::new(Place::Header("Idempotency-Key"), FaultCode::InvalidFormat)
            .with("format", idempotency::KEY_FORM);
        Err(Problem::new(Code::InvalidParameter).faults(vec![fault]))
    }
}

/// The caller's own identifier where it is harmless, or a new one.
pub(super) fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    match given {
        Some(id)
            if (1..=100).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b)) =>
        {
            id.to_owned()
        }
        _ => uuid::Uuid::now_v7().to_string(),
    }
}

/// Renders errors in the caller's language and adds what every answer carries.
fn finish(response: &mut ServiceResponse<BoxBody>, spoken: &Spoken) {
    let problem = response.response().error().map(|error| match error.as_error::<Problem>() {
        Some(problem) => problem.clone(),
        None => foreign(response.status(), error),
    });
    let problem = match problem {
        Some(problem) => Some(problem),
        None if is_unexplained(response) => Some(of_status(response.status())),
        None => None,
    };
    if let Some(problem) = problem {
        log_cause(&problem, &spoken.request_id);
        let rendered = problem::response(&problem, spoken.language, &spoken.request_id);
        *response.response_mut() = rendered;
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&spoken.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // A page that needs more says so itself.
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(NOTHING_RUNS));
    }
}

/// The framework's own errors, in our words.
fn foreign(status: StatusCode, error: &actix_web::Error) -> Problem {
    of_status(status).caused_by(error)
}

fn of_status(status: StatusCode) -> Problem {
    Problem::new(match status.as_u16() {
        404 => Code::NotFound,
        405 => Code::MethodNotAllowed,
        408 => Code::RequestTimeout,
        413 => return Problem::new(Code::PayloadTooLarge).with("limit", "the limit"),
        415 => return Problem::new(Code::UnsupportedMediaType).with("expected", "application/json"),
        400..=499 => return Problem::new(Code::MalformedRequest).with("reason", "the request cannot be read"),
        _ => Code::InternalError,
    })
}

fn log_cause(problem: &Problem, request_id: &str) {
    let code = problem.code();
    match problem.cause() {
        Some(cause) if code == Code::InternalError => log::error!(code = code.as_str(), request_id; "{cause}"),
        Some(cause) if code.status() >= 500 => log::warn!(code = code.as_str(), request_id; "{cause}"),
        // Whoever runs the service is asked why; callers are not told what would help them guess.
        Some(cause) if code == Code::InvalidToken => {
            log::info!(code = code.as_str(), request_id; "token refused: {cause}")
        }
        Some(cause) => log::debug!(code = code.as_str(), request_id; "{cause}"),
        None => {}
    }
}
