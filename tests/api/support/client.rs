//! Calls, and what is expected of their answers.

use std::io::{Read, Write};
use std::sync::OnceLock;

use conum::platform::auth::Actor;
use serde_json::Value;
use ureq::http::{HeaderMap, Method, Request};

use super::app::App;

/// A call in the making: `app.post("/api/v1/structures").by(&anct).json(&body).expect(201)`.
#[must_use]
pub struct Call<'a> {
    app: &'a App,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl<'a> Call<'a> {
    pub fn new(app: &'a App, method: Method, path: &str) -> Self {
        Self { app, method, path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    /// Signed in as this actor, with all scopes of its role.
    pub fn by(self, actor: &Actor) -> Self {
        let token = self.app.token(actor);
        self.bearer(&token)
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn if_match(self, etag: &str) -> Self {
        self.header("If-Match", etag)
    }

    pub fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    /// Adds a query parameter.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        let joint = if self.path.contains('?') { '&' } else { '?' };
        let encode = conum::platform::http::params::percent_encode;
        self.path = format!("{}{joint}{}={}", self.path, encode(name), encode(value));
        self
    }

    /// A JSON body: a merge patch if the method is PATCH.
    pub fn json(self, body: &Value) -> Self {
        let media = if self.method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
        self.body(media, body.to_string())
    }

    pub fn body(mut self, media: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("Content-Type", media)
    }

    /// Sends it. Whatever the answer is, it must have the form of all answers.
    #[track_caller]
    pub fn send(self) -> Answer {
        let is_head = self.method == Method::HEAD;
        let answer = self.send_raw();
        answer.check_form(is_head);
        answer
    }

    /// Sends it and takes the answer as it is.
    #[track_caller]
    pub fn send_raw(self) -> Answer {
        let mut request = Request::builder().method(&self.method).uri(format!("{}{}", self.app.url, self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let bodiless = self.body.is_empty() && !matches!(self.method.as_str(), "POST" | "PUT" | "PATCH");
        let response = if bodiless {
            self.app.agent.run(request.body(()).expect("a request"))
        } else {
            self.app.agent.run(request.body(self.body).expect("a request"))
        };
        let call = format!("{} {}", self.method, self.path);
        let (parts, mut body) = response.unwrap_or_else(|error| panic!("{call}: {error}")).into_parts();
        let body =
            body.with_config().limit(100_000_000).read_to_vec().unwrap_or_else(|error| panic!("{call}: {error}"));
        Answer { call, status: parts.status.as_u16(), headers: parts.headers, body, parsed: OnceLock::new() }
    }

    /// Sends it and expects this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        let answer = self.send();
        assert_eq!(answer.status, status, "{}", answer.describe());
        answer
    }

    /// Sends it and expects this status, whatever the form of the answer.
    #[track_caller]
    pub fn expect_raw(self, status: u16) -> Answer {
        let answer = self.send_raw();
        assert_eq!(answer.status, status, "{}", answer.describe());
        answer
    }

    /// Sends it and expects the problem of this code.
    #[track_caller]
    pub fn problem(self, code: &str) -> Answer {
        let answer = self.send();
        assert!(answer.status >= 400, "expected {code}: {}", answer.describe());
        assert_eq!(answer.at("/code"), code, "{}", answer.describe());
        for name in answer.at("/transitions_possible").as_array().into_iter().flatten() {
            let known = conum::platform::auth::policy::find(name.as_str().unwrap_or_default());
            assert!(known.is_some(), "{name} is no operation: {}", answer.describe());
        }
        answer
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    call: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// The body as JSON, read on the first question.
    parsed: OnceLock<Value>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// That a refusal names, of what the state allows, the very operations that `transitions` of the resource announces:
    /// what is allowed is among them, and what is among them is not refused for the state.
    #[track_caller]
    pub fn agrees_with(&self, resource: &Self) {
        let Some(possible) = self.at("/transitions_possible").as_array().cloned() else { return };
        let announced = resource.at("/transitions").as_array().expect("transitions").clone();
        for name in &possible {
            let found = announced.iter().find(|transition| transition["name"] == *name);
            let found = found.unwrap_or_else(|| panic!("{name} is no name of a transition: {}", self.describe()));
            assert_ne!(found["refusal"], self.at("/code"), "{name} is told as possible: {}", self.describe());
        }
        for transition in announced.iter().filter(|transition| transition["allowed"] == true) {
            assert!(possible.contains(&transition["name"]), "{} is left out: {}", transition["name"], self.describe());
        }
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        self.parsed().clone()
    }

    #[track_caller]
    fn parsed(&self) -> &Value {
        let parse =
            || serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.describe()));
        self.parsed.get_or_init(parse)
    }

    /// The member at a JSON pointer; null where there is none.
    #[track_caller]
    pub fn at(&self, pointer: &str) -> Value {
        self.parsed().pointer(pointer).cloned().unwrap_or_default()
    }

    /// The text at a JSON pointer.
    #[track_caller]
    pub fn text_at(&self, pointer: &str) -> String {
        let value = self.at(pointer);
        value.as_str().unwrap_or_else(|| panic!("no text at {pointer}: {}", self.describe())).to_owned()
    }

    #[track_caller]
    pub fn id(&self) -> String {
        self.text_at("/id")
    }

    /// A header's value; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[track_caller]
    pub fn etag(&self) -> String {
        assert!(!self.header("etag").is_empty(), "no ETag: {}", self.describe());
        self.header("etag").to_owned()
    }

    /// The texts at `pointer` in each row of a list: `values("/data", "/name")`.
    #[track_caller]
    pub fn values(&self, list: &str, pointer: &str) -> Vec<String> {
        let text = |row: &Value| match row.pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            other => other.cloned().unwrap_or_default().to_string(),
        };
        let rows = self.parsed().pointer(list).and_then(Value::as_array);
        rows.unwrap_or_else(|| panic!("no list: {}", self.describe())).iter().map(text).collect()
    }

    /// `place: code` of each fault of a problem, where the place is a pointer, parameter or header.
    #[track_caller]
    pub fn faults(&self) -> Vec<String> {
        let errors = self.at("/errors");
        let describe = |error: &Value| {
            let place = ["pointer", "parameter", "header"].iter().find_map(|kind| error[*kind].as_str());
            format!("{}: {}", place.unwrap_or("?"), error["code"].as_str().unwrap_or("?"))
        };
        errors.as_array().into_iter().flatten().map(describe).collect()
    }

    pub fn describe(&self) -> String {
        let text: String = self.text().chars().take(2000).collect();
        format!("{} answered {}\n{text}", self.call, self.status)
    }

    /// What `api.md` promises of every answer.
    #[track_caller]
    fn check_form(&self, is_head: bool) {
        assert!(!self.header("x-request-id").is_empty(), "no request id: {}", self.describe());
        assert_ne!(self.status, 500, "{}", self.describe());
        if is_head {
            assert!(self.body.is_empty(), "HEAD with a body: {}", self.describe());
        } else if self.status >= 400 {
            assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.describe());
            assert_eq!(self.at("/status"), self.status, "{}", self.describe());
            assert_eq!(self.at("/request_id"), self.header("x-request-id"), "{}", self.describe());
            for member in ["/type", "/title", "/detail", "/code"] {
                assert!(!self.text_at(member).is_empty(), "no {member}: {}", self.describe());
            }
        }
    }
}

/// A conversation in bytes, for what no decent client would send.
pub struct Raw(std::net::TcpStream);

impl Raw {
    pub fn open(app: &App) -> Self {
        let stream = std::net::TcpStream::connect(app.url.trim_start_matches("http://")).expect("a connection");
        stream.set_read_timeout(Some(std::time::Duration::from_secs(15))).expect("a time limit");
        Self(stream)
    }

    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes);
    }

    /// Says that nothing more will be sent.
    pub fn shut(&mut self) {
        let _ = self.0.shutdown(std::net::Shutdown::Write);
    }

    /// All that comes until the service closes the connection.
    pub fn finish(mut self) -> String {
        let mut bytes = Vec::new();
        let _ = self.0.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
