//! Who may call from a page of another origin (the Fetch standard's CORS), and what such a page may read of an answer.
//!
//! What is open to all is open to every page: no cookie signs anybody in, so that a page gets nothing that its visitor could
//! not get. Everything else is for the origins of the configuration; in development for every page on this machine too.

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use serde_json::Value;

use super::front::{Door, is_open_page};
use super::problem;
use crate::platform::contract::Found;
use crate::platform::error::{Code, Problem};

/// Headers of requests that no operation declares: they mean the same everywhere.
const EVERYWHERE: [&str; 8] =
    ["accept", "accept-language", "authorization", "content-type", "if-range", "range", "x-account", "x-request-id"];
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
/// Seconds for which a page may keep the answer to its question.
const KEPT: &str = "3600";

/// Whom the browsers let in, and what they show.
pub struct Origins {
    listed: Vec<String>,
    local: bool,
    /// Headers that requests may carry.
    taken: HeaderValue,
    /// Headers of answers that pages may read: all that the document names.
    shown: HeaderValue,
}

impl Origins {
    /// `local` lets every page in that comes from this machine.
    pub fn new(document: &Value, listed: &[String], local: bool) -> Result<Self, String> {
        let mut taken: BTreeSet<String> = EVERYWHERE.iter().map(ToString::to_string).collect();
        let mut shown = BTreeSet::new();
        collect(document, &mut taken, &mut shown);
        let joined = |names: BTreeSet<String>| {
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            HeaderValue::from_str(&names).map_err(|e| format!("headers of the document: {e}"))
        };
        let listed = listed.iter().map(|origin| origin.trim_end_matches('/').to_ascii_lowercase()).collect();
        Ok(Self { listed, local, taken: joined(taken)?, shown: joined(shown)? })
    }

    fn admits(&self, origin: &str) -> bool {
        let origin = origin.to_ascii_lowercase();
        self.listed.contains(&origin) || (self.local && is_local(&origin))
    }
}

/// Names of the headers that the document declares, of requests and of answers.
fn collect(value: &Value, taken: &mut BTreeSet<String>, shown: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let (Some("header"), Some(name)) =
                (members.get("in").and_then(Value::as_str), members.get("name").and_then(Value::as_str))
            {
                taken.insert(name.to_ascii_lowercase());
            }
            // Of a response: a description, and headers by their names.
            if let (Some(Value::Object(headers)), true) = (members.get("headers"), members.contains_key("description"))
            {
                shown.extend(headers.keys().map(|name| name.to_ascii_lowercase()));
            }
            members.values().for_each(|member| collect(member, taken, shown));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, taken, shown)),
        _ => {}
    }
}

/// Whether an origin is a page on this machine.
fn is_local(origin: &str) -> bool {
    let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")).unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]") || name.ends_with(".localhost")
}

/// The middleware: answers the questions of browsers, and marks what pages may read.
pub async fn cors<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let (door, origins) = match (request.app_data::<Data<Door>>(), request.app_data::<Data<Origins>>()) {
        (Some(door), Some(origins)) => (door.clone(), origins.clone()),
        _ => return Err(Problem::internal("no origins").into()),
    };
    let text = |name: &HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let origin = text(&header::ORIGIN).map(ToOwned::to_owned);
    let asked = text(&header::ACCESS_CONTROL_REQUEST_METHOD).and_then(|name| Method::from_bytes(name.as_bytes()).ok());
    let preflight = asked.filter(|_| request.method() == Method::OPTIONS && origin.is_some());
    let open = is_open(&door, preflight.as_ref().unwrap_or(request.method()), request.path());
    let admitted = origin.clone().filter(|origin| origins.admits(origin));
    if preflight.is_some() {
        let answer = answer(&request, &origins, open, admitted.as_deref(), origin.as_deref());
        return Ok(request.into_response(answer));
    }
    let mut response = next.call(request).await?.map_into_boxed_body();
    let headers = response.headers_mut();
    allow(headers, open, admitted.as_deref());
    if headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, origins.shown.clone());
    }
    Ok(response)
}

/// Whether anybody may call it, without a token.
fn is_open(door: &Door, method: &Method, path: &str) -> bool {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    match door.contract.find(method, path) {
        Found::Operation(operation, _) => operation.line.anonymous,
        Found::OtherMethods(_) => false,
        Found::Nothing => is_open_page(path),
    }
}

fn allow(headers: &mut HeaderMap, open: bool, admitted: Option<&str>) {
    if open {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        return;
    }
    // Whether a cache may hand it to another page depends on who asked.
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = admitted.and_then(|origin| HeaderValue::from_str(origin).ok()) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
}

/// The answer to a browser that asks before it calls.
fn answer(
    request: &ServiceRequest,
    origins: &Origins,
    open: bool,
    admitted: Option<&str>,
    origin: Option<&str>,
) -> HttpResponse {
    let mut response = if open || admitted.is_some() {
        HttpResponse::NoContent().finish()
    } else {
        let problem = Problem::new(Code::OriginNotAllowed).with("origin", origin.unwrap_or_default());
        let id = super::front::request_id(request.headers());
        let mut response = problem::response(&problem, problem::language(request.headers()), &id);
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
        }
        response
    };
    let headers = response.headers_mut();
    allow(headers, open, admitted);
    if headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, origins.taken.clone());
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(KEPT));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_on_this_machine_are_known_by_their_host() {
        for origin in ["http://localhost", "http://localhost:3000", "https://127.0.0.1:5173", "http://[::1]:80"] {
            assert!(is_local(origin), "{origin}");
        }
        for origin in [
            "http://localhost.example.org",
            "http://evil.org:80",
            "file://localhost",
            "null",
            "http://127.0.0.1.evil.org",
        ] {
            assert!(!is_local(origin), "{origin}");
        }
    }

    #[test]
    fn headers_come_from_the_document() {
        let document = serde_json::json!({"paths": {"/x": {"get": {
            "parameters": [{"name": "If-Match", "in": "header"}, {"name": "q", "in": "query"}],
            "responses": {"200": {"description": "Fine.", "headers": {"X-Events-Cursor": {}}}}}}}});
        let origins = Origins::new(&document, &["https://Front.example.org/".to_owned()], false).unwrap();
        assert_eq!(origins.shown, "x-events-cursor");
        assert!(origins.taken.to_str().unwrap().split(", ").any(|name| name == "if-match"));
        assert!(origins.admits("https://front.example.org") && !origins.admits("http://localhost:3000"));
    }
}
