//! Bodies: read within limits of size and time, strictly, and checked against the document.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::LazyLock;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::runtime::Runtime;
use validator::Validate;

use super::front::{Admitted, Limits};
use super::rehearsal::Sent;
use crate::platform::error::{Code, Fault, FaultCode, Place, Problem, Result};

/// Hash of the body as it came, for idempotency.
#[derive(Clone, Copy, Default)]
pub struct BodyHash(pub [u8; 32]);

/// A JSON body that fits its schema and the rules between its members.
#[derive(Clone, Debug)]
pub struct Body<T>(pub T);

/// A body of another kind (a CSV file, a form), as text.
#[derive(Clone, Debug)]
pub struct TextBody(pub String);

/// A body that has nothing to check beyond its schema.
pub trait Checked {
    /// Rules between members, which a schema cannot tell.
    fn check(&self) -> Result<()>;
}

impl<T: Validate> Checked for T {
    fn check(&self) -> Result<()> {
        self.validate().map_err(|errors| Problem::invalid(faults(&errors, "")))
    }
}

/// Only codes leave: the validator's own messages quote the rejected values.
fn faults(errors: &validator::ValidationErrors, path: &str) -> Vec<Fault> {
    use validator::ValidationErrorsKind;
    let mut found = Vec::new();
    for (field, kind) in errors.errors() {
        let pointer = if field == "__all__" { path.to_owned() } else { format!("{path}/{field}") };
        match kind {
            ValidationErrorsKind::Field(list) => {
                for error in list {
                    let code = FaultCode::ALL
                        .iter()
                        .copied()
                        .find(|c| c.as_str() == error.code)
                        .unwrap_or(FaultCode::InvalidValue);
                    let at = error
                        .params
                        .get("pointer")
                        .and_then(|p| p.as_str())
                        .map_or_else(|| pointer.clone(), |p| format!("{path}{p}"));
                    let mut fault = Fault::new(Place::Pointer(at), code);
                    for name in ["other", "because", "limit", "expected", "role"] {
                        if let Some(text) = error.params.get(name).and_then(|p| p.as_str()) {
                            fault = fault.with(name, text);
                        }
                    }
                    found.push(fault);
                }
            }
            ValidationErrorsKind::Struct(inner) => found.extend(faults(inner, &pointer)),
            ValidationErrorsKind::List(items) => {
                for (rank, inner) in items {
                    found.extend(faults(inner, &format!("{pointer}/{rank}")));
                }
            }
        }
    }
    found
}

impl<T> Deref for Body<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + Checked + Send + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            let bytes = receive(&request, &mut payload).await?;
            let admitted = request.extensions().get::<Admitted>().cloned();
            let admitted = admitted.ok_or_else(|| Problem::internal("a body read before the door"))?;
            let (hash, sent, body) = apart(bytes.len(), move || {
                let hash = BodyHash(Sha256::digest(&bytes).into());
                let value = checked(&admitted, &bytes)?;
                let body = typed(&value)?;
                Ok((hash, Some(Sent(value)).filter(|_| admitted.dry_run), body))
            })
            .await?;
            let mut extensions = request.extensions_mut();
            extensions.insert(hash);
            if let Some(sent) = sent {
                extensions.insert(sent);
            }
            Ok(Self(body))
        })
    }
}

/// What a body says, once it fits its schema.
fn checked(admitted: &Admitted, bytes: &[u8]) -> Result<Value> {
    let contract = admitted.operation.body.as_ref();
    contract.ok_or_else(|| Problem::internal("a body that the document does not have"))?.check(bytes)
}

/// A body that fits its schema, once it fits the rules between its members as well.
fn typed<T: DeserializeOwned + Checked>(value: &Value) -> Result<T> {
    let body: T = serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer = format!("/{}", error.path().to_string().replace('.', "/"));
        Problem::invalid(vec![Fault::new(Place::Pointer(pointer), FaultCode::InvalidValue)])
    })?;
    body.check()?;
    Ok(body)
}

/// Bodies up to this size are checked at once: that takes less than handing them over.
const SMALL: usize = 2 * 1024;
/// Bodies that are checked at a time. What is larger than a few kilobytes takes milliseconds and megabytes: never on a
/// thread that serves others.
const CHECKERS: usize = 2;

/// Does work on a body of this length apart from the threads that serve requests, and from those that wait for the
/// database.
pub(super) async fn apart<T: Send + 'static>(
    length: usize,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    static THREADS: LazyLock<Option<Runtime>> = LazyLock::new(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).max_blocking_threads(CHECKERS).thread_name("body").build().ok()
    });
    if length <= SMALL {
        return work();
    }
    let Some(threads) = THREADS.as_ref() else { return work() };
    threads
        .spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(Problem::internal("a thread that checks bodies panicked")))
}

impl FromRequest for TextBody {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            let bytes = receive(&request, &mut payload).await?;
            let given = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let given = given.unwrap_or_default().to_owned();
            let read = move || Ok((BodyHash(Sha256::digest(&bytes).into()), plain(bytes, &given)?));
            let length = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
            let (hash, text) = apart(length.unwrap_or(usize::MAX), read).await?;
            request.extensions_mut().insert(hash);
            Ok(Self(text))
        })
    }
}

/// The character set that a content type names; UTF-8 where it names none.
fn charset(given: &str) -> Option<&'static encoding_rs::Encoding> {
    let named = given.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    match named {
        None => Some(encoding_rs::UTF_8),
        Some(label) => encoding_rs::Encoding::for_label(label.as_bytes()),
    }
}

/// Character sets of files beside UTF-8: those in which a French Excel writes.
const CHARSETS: [&encoding_rs::Encoding; 3] =
    [encoding_rs::WINDOWS_1252, encoding_rs::ISO_8859_15, encoding_rs::MACINTOSH];

/// A text as it came, in the character set that the content type names.
pub(super) fn plain(mut bytes: Vec<u8>, given: &str) -> Result<String> {
    let refuse = |reason: &str| Problem::new(Code::MalformedRequest).with("reason", reason);
    // Spreadsheets put a byte order mark before UTF-8.
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        bytes.drain(..3);
    }
    let text = match charset(given).filter(|charset| CHARSETS.contains(charset)) {
        Some(charset) => charset.decode_without_bom_handling(&bytes).0.into_owned(),
        None => String::from_utf8(bytes).map_err(|_| refuse("the text is not UTF-8, and no other charset is named"))?,
    };
    if text.contains('\0') { Err(refuse("the character U+0000 is not accepted")) } else { Ok(text) }
}

/// Reads the whole body; media type, size and time are limited.
pub(super) async fn receive(request: &HttpRequest, payload: &mut Payload) -> Result<Vec<u8>> {
    let limits = request.app_data::<Data<Limits>>().map(|l| l.as_ref().clone()).unwrap_or_default();
    let (expected, long) = request
        .extensions()
        .get::<Admitted>()
        .and_then(|a| a.operation.body.as_ref().map(|b| (b.media_types.clone(), b.is_long())))
        .unwrap_or_default();
    let limit = if long { limits.import } else { limits.body };
    check_media_type(request, &expected)?;
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.parse::<usize>().ok());
    let too_large = || Problem::new(Code::PayloadTooLarge).with("limit", limit);
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let reading = async {
        let mut bytes = Vec::with_capacity(announced.unwrap_or(0).min(limit));
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Problem::new(Code::MalformedRequest).with("reason", "the body broke off"))?;
            if bytes.len() + chunk.len() > limit {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    };
    let bytes = tokio::time::timeout(Duration::from_millis(limits.body_millis), reading)
        .await
        .map_err(|_| Problem::new(Code::RequestTimeout).header("Connection", "close"))??;
    Ok(bytes)
}

fn check_media_type(request: &HttpRequest, expected: &[String]) -> Result<()> {
    let refuse = || {
        let mut problem = Problem::new(Code::UnsupportedMediaType).with("expected", expected.join(", "));
        if request.method() == actix_web::http::Method::PATCH {
            problem = problem.header("Accept-Patch", expected.join(", "));
        }
        Err(problem)
    };
    let encoding = request.headers().get(header::CONTENT_ENCODING).map(|v| v.as_bytes());
    if encoding.is_some_and(|encoding| encoding != b"identity") {
        return refuse();
    }
    let Some(given) = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()) else {
        return refuse();
    };
    let media = given.split(';').next().unwrap_or_default().trim();
    let table = media.eq_ignore_ascii_case("text/csv");
    let charset_fits =
        charset(given).is_some_and(|charset| charset == encoding_rs::UTF_8 || (table && CHARSETS.contains(&charset)));
    if charset_fits && expected.iter().any(|e| e.eq_ignore_ascii_case(media)) { Ok(()) } else { refuse() }
}
