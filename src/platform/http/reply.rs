//! What a use case answers, before it becomes an HTTP response.

pub mod full;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, Responder, body::BoxBody};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::mpsc::Receiver;
use uuid::Uuid;

use super::etag;
use super::export::Chunk;
use super::page::PageLinks;
use super::rehearsal;
use crate::platform::db::Effect;
use crate::platform::db::listing::Position;
use crate::platform::error::{Problem, Result};
use crate::platform::journal::Shown;

pub type Answer = Result<Reply>;

/// Of answers that nobody keeps.
const UNKEPT: &str = "no-store";

/// How long an answer takes that must not tell what was found.
const STEADY: Duration = Duration::from_millis(250);

/// Answers no earlier than [`STEADY`]: the time taken must not tell either.
pub async fn steady(work: impl Future<Output = Answer>) -> Answer {
    let (answer, ()) = tokio::join!(work, tokio::time::sleep(STEADY));
    answer
}

/// A finished answer: status, headers, bytes.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    content_type: &'static str,
    /// Another name of the same media type, for those who ask for it.
    also: Option<&'static str>,
    etag: Option<String>,
    location: Option<String>,
    link: Option<String>,
    /// Name under which a file is saved.
    file_name: Option<String>,
    events_cursor: Option<String>,
    cache: &'static str,
    body: Option<Vec<u8>>,
    replayed: bool,
    secrets: &'static [&'static str],
    /// Rows of a list that is read whole.
    batch: Option<Batch>,
    /// Whom it is about, for the journal.
    shown: Option<Shown>,
    /// What is sent while it is read.
    stream: Option<Stream>,
}

/// Some rows of a list, and where the next ones start.
#[derive(Clone, Debug)]
pub struct Batch {
    pub rows: Vec<Value>,
    pub next: Option<Position>,
    /// Where the feed of events goes on from what these rows show.
    pub events_cursor: Option<String>,
}

/// Taken once, by the response.
type Stream = Arc<Mutex<Option<Receiver<Chunk>>>>;

impl Reply {
    fn new(status: u16, body: Option<Vec<u8>>) -> Self {
        Self {
            status,
            content_type: "application/json",
            also: None,
            etag: None,
            location: None,
            link: None,
            file_name: None,
            events_cursor: None,
            cache: "private, no-cache",
            body,
            replayed: false,
            secrets: &[],
            batch: None,
            shown: None,
            stream: None,
        }
    }

    pub fn ok(body: &impl Serialize) -> Result<Self> {
        Ok(Self::new(200, Some(bytes(body)?)))
    }

    /// A resource, with the version that its ETag carries.
    pub fn resource(body: &impl Serialize, version: i32) -> Result<Self> {
        Ok(Self::ok(body)?.version(version))
    }

    /// A page of a list, with the same links in its `Link` header.
    pub fn page(body: &impl Serialize, links: &PageLinks) -> Result<Self> {
        Ok(Self { link: Some(links.header()), ..Self::ok(body)? })
    }

    pub fn created(location: String, body: &impl Serialize, version: i32) -> Result<Self> {
        Ok(Self { location: Some(location), ..Self::new(201, Some(bytes(body)?)).version(version) })
    }

    /// Rows of a list that is read whole, for the export that asks for them.
    pub fn batch(rows: &[impl Serialize], next: Option<Position>, events_cursor: Option<String>) -> Result<Self> {
        let value = |row| serde_json::to_value(row).map_err(|e| Problem::internal(format!("cannot write a row: {e}")));
        let batch = Batch { rows: rows.iter().map(value).collect::<Result<_>>()?, next, events_cursor };
        Ok(Self { batch: Some(batch), ..Self::new(200, None) })
    }

    /// The rows of a list that is read whole, and whom they are about.
    pub fn into_batch(self) -> Option<(Batch, Option<Shown>)> {
        self.batch.map(|batch| (batch, self.shown))
    }

    /// An answer that shows these people (as candidates), of which the journal is told before the caller sees it: a page of a
    /// list, or one resource.
    pub fn shows(self, resource: &'static str, id: Option<Uuid>, people: Vec<Uuid>) -> Self {
        Self { shown: Some(Shown { resource, id, people }).filter(|shown| !shown.people.is_empty()), ..self }
    }

    /// Whom this answer shows.
    pub fn shown(&self) -> Option<&Shown> {
        self.shown.as_ref()
    }

    /// A file that is sent while it is made.
    pub fn stream(
        content_type: &'static str,
        name: String,
        chunks: Receiver<Chunk>,
        events_cursor: Option<String>,
    ) -> Self {
        let stream = Some(Arc::new(Mutex::new(Some(chunks))));
        let file_name = Some(name);
        Self { content_type, file_name, events_cursor, cache: UNKEPT, stream, ..Self::new(200, None) }
    }

    /// A file of another media type, to be saved under a name of ours.
    pub fn file(content_type: &'static str, name: String, text: String) -> Self {
        Self { content_type, file_name: Some(name), cache: UNKEPT, ..Self::new(200, Some(text.into_bytes())) }
    }

    /// A collection of features (RFC 7946); `application/json` to whoever accepts that name alone.
    pub fn geo(self) -> Self {
        Self { content_type: "application/geo+json", also: Some("application/json"), ..self }
    }

    /// A page for people.
    pub fn html(text: String) -> Self {
        Self { content_type: "text/html; charset=utf-8", ..Self::new(200, Some(text.into_bytes())) }
    }

    pub fn accepted(body: &impl Serialize) -> Result<Self> {
        Ok(Self::new(202, Some(bytes(body)?)))
    }

    pub fn no_content() -> Self {
        Self::new(204, None)
    }

    pub fn replayed(status: u16, etag: Option<String>, location: Option<String>, body: Option<Vec<u8>>) -> Self {
        let body = body.filter(|body| !body.is_empty());
        Self { etag, location, replayed: true, ..Self::new(status, body) }
    }

    /// Public data that caches may keep for an hour.
    pub fn public(self) -> Self {
        Self { cache: "public, max-age=3600, stale-while-revalidate=86400", ..self }
    }

    /// Public figures that caches may keep for a minute.
    pub fn brief(self) -> Self {
        Self { cache: "public, max-age=60, stale-while-revalidate=600", ..self }
    }

    /// Whether the answer to a reading has an entity tag: what is not kept has none, and a page of a list neither, which
    /// differs with each place of the feed.
    fn is_tagged(&self) -> bool {
        self.status == 200 && self.body.is_some() && self.link.is_none() && self.cache != UNKEPT
    }

    /// An answer some of whose members are secrets shown this once: nobody keeps it, a repeated
    /// call does not get it again, and a dry run does not get it at all.
    pub fn secret(self, members: &'static [&'static str]) -> Self {
        Self { cache: UNKEPT, secrets: members, ..self }
    }

    /// Whether the body must not be kept.
    pub fn is_secret(&self) -> bool {
        !self.secrets.is_empty()
    }

    fn version(self, version: i32) -> Self {
        let tag = etag::of(Some(version), self.body.as_deref().unwrap_or_default());
        Self { etag: Some(tag), ..self }
    }

    /// The answer of a dry run: what would be, and what else would happen; of people only what the caller saw before, or
    /// sent.
    pub fn rehearsed(self, effects: &[Effect], before: Option<&Reply>, sent: Option<&Value>) -> Self {
        let mut body = self.json().unwrap_or_else(|| json!({}));
        rehearsal::veil(&mut body, before.and_then(Self::json).as_ref(), sent);
        let body = match body {
            Value::Object(mut members) => {
                for secret in self.secrets {
                    members.insert((*secret).to_owned(), json!("***"));
                }
                members.insert("effects".to_owned(), json!(effects));
                Value::Object(members)
            }
            other => other,
        };
        Self { shown: self.shown, ..Self::new(200, Some(body.to_string().into_bytes())) }
    }

    fn json(&self) -> Option<Value> {
        serde_json::from_slice(self.body.as_deref()?).ok()
    }

    pub fn status(&self) -> u16 {
        self.status
    }

    pub fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }
}

fn bytes(body: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(body).map_err(|e| Problem::internal(format!("cannot write the answer: {e}")))
}

impl Responder for Reply {
    type Body = BoxBody;

    fn respond_to(mut self, request: &HttpRequest) -> HttpResponse {
        let reads = request.method() == Method::GET;
        if reads && self.etag.is_none() && self.is_tagged() {
            self.etag = Some(etag::of(None, self.body.as_deref().unwrap_or_default()));
        }
        let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let accepts = |media: &str| accept.to_ascii_lowercase().contains(media);
        if let Some(also) = self.also.filter(|also| accepts(also) && !accepts(self.content_type)) {
            self.content_type = also;
        }
        let not_modified = reads && self.etag.as_deref().is_some_and(|tag| etag::is_held(request.headers(), tag));
        let status = if not_modified { 304 } else { self.status };
        let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::OK));
        response.insert_header((header::CACHE_CONTROL, self.cache));
        response.insert_header((header::VARY, "Accept, Accept-Language, Authorization, X-Account"));
        let optional = [(header::ETAG, &self.etag), (header::LOCATION, &self.location), (header::LINK, &self.link)];
        for (name, value) in optional {
            if let Some(value) = value.as_deref().and_then(|v| HeaderValue::from_str(v).ok()) {
                response.insert_header((name, value));
            }
        }
        if let Some(name) = &self.file_name {
            response.insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
        }
        if let Some(cursor) = &self.events_cursor {
            response.insert_header(("X-Events-Cursor", cursor.as_str()));
        }
        if self.replayed {
            response.insert_header(("Idempotency-Replayed", "true"));
        }
        let chunks = self.stream.and_then(|stream| stream.lock().ok().and_then(|mut stream| stream.take()));
        if let Some(mut chunks) = chunks {
            let stream = futures_util::stream::poll_fn(move |context| chunks.poll_recv(context));
            return response.content_type(self.content_type).streaming(stream);
        }
        match self.body {
            Some(body) if !not_modified => response.content_type(self.content_type).body(body),
            _ => response.finish(),
        }
    }
}
