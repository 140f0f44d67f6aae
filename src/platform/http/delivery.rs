//! How answers travel: parts of large public ones, and compression that keeps entity tags true.

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;

use super::etag;

/// Below this many bytes compression gains nothing.
const SMALL: u64 = 1024;
/// Says to the compression that follows that an answer goes out as it is.
const AS_IT_IS: HeaderValue = HeaderValue::from_static("identity");
/// What is compressed already.
const PACKED: [&str; 3] = ["application/vnd.openxmlformats-officedocument.", "image/", "font/"];

/// Inside of the compression: parts of what is public, and what is not worth compressing.
pub async fn parts<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let text = |name: &HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let held = text(&header::IF_RANGE).map(ToOwned::to_owned);
    let wanted = text(&header::RANGE).map(ToOwned::to_owned).filter(|_| request.method() == Method::GET);
    let mut response = next.call(request).await?.map_into_boxed_body();
    let BodySize::Sized(length) = response.response().body().size() else {
        if is_packed(response.headers()) {
            response.headers_mut().insert(header::CONTENT_ENCODING, AS_IT_IS);
        }
        return Ok(response);
    };
    if is_shared(&response) {
        response.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        let current = held.is_none_or(|held| tag_of(response.headers()).is_some_and(|tag| etag::is_same(&held, tag)));
        if let Some((first, last)) = wanted.filter(|_| current).and_then(|wanted| range(&wanted, length)) {
            return Ok(part(response, first, last, length));
        }
    }
    if length < SMALL || is_packed(response.headers()) {
        response.headers_mut().insert(header::CONTENT_ENCODING, AS_IT_IS);
    }
    Ok(response)
}

/// Outside of the compression: a tag stands for the bytes that were sent, or is weak.
pub async fn tags<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let mut response = next.call(request).await?.map_into_boxed_body();
    let headers = response.headers_mut();
    match headers.get(header::CONTENT_ENCODING) {
        Some(encoding) if encoding == AS_IT_IS => drop(headers.remove(header::CONTENT_ENCODING)),
        Some(_) => {
            headers.remove(header::ACCEPT_RANGES);
            let weak = tag_of(headers).map(etag::weakened).and_then(|tag| HeaderValue::from_str(&tag).ok());
            if let Some(weak) = weak {
                headers.insert(header::ETAG, weak);
            }
        }
        None => {}
    }
    let varies = |value: &HeaderValue| value.to_str().is_ok_and(|v| v.to_ascii_lowercase().contains("accept-encoding"));
    if !headers.get_all(header::VARY).any(varies) {
        headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    Ok(response)
}

fn tag_of(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ETAG).and_then(|tag| tag.to_str().ok())
}

fn is_packed(headers: &HeaderMap) -> bool {
    let media = headers.get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    PACKED.iter().any(|packed| media.starts_with(packed))
}

/// Whether it is a whole answer that caches may share: the same for everybody, so that parts of it fit together.
fn is_shared(response: &ServiceResponse<BoxBody>) -> bool {
    let cached = response.headers().get(header::CACHE_CONTROL).and_then(|value| value.to_str().ok());
    response.status() == StatusCode::OK && cached.is_some_and(|value| value.starts_with("public"))
}

/// One range of bytes; whatever else is asked for is answered whole, as RFC 9110 (14.2) allows.
fn range(wanted: &str, length: u64) -> Option<(u64, u64)> {
    let (first, last) = wanted.strip_prefix("bytes=")?.trim().split_once('-')?;
    let end = length.checked_sub(1)?;
    let (first, last) = match (first.trim(), last.trim()) {
        ("", suffix) => (length.saturating_sub(suffix.parse::<u64>().ok().filter(|count| *count > 0)?), end),
        (first, "") => (first.parse().ok()?, end),
        (first, last) => (first.parse().ok()?, last.parse::<u64>().ok()?.min(end)),
    };
    (first <= last).then_some((first, last))
}

/// The same answer with these bytes of its body.
fn part(response: ServiceResponse<BoxBody>, first: u64, last: u64, length: u64) -> ServiceResponse<BoxBody> {
    let (request, response) = response.into_parts();
    let (head, body) = response.into_parts();
    let whole = match body.try_into_bytes() {
        Ok(bytes) => bytes,
        Err(body) => return ServiceResponse::new(request, head.set_body(body)),
    };
    let (from, to) = (usize::try_from(first).unwrap_or(usize::MAX), usize::try_from(last).unwrap_or(usize::MAX));
    if to >= whole.len() || from > to {
        return ServiceResponse::new(request, head.set_body(BoxBody::new(whole)));
    }
    let mut part: HttpResponse = head.set_body(BoxBody::new(whole.slice(from..=to)));
    *part.status_mut() = StatusCode::PARTIAL_CONTENT;
    if let Ok(told) = HeaderValue::from_str(&format!("bytes {first}-{last}/{length}")) {
        part.headers_mut().insert(header::CONTENT_RANGE, told);
    }
    ServiceResponse::new(request, part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_read_and_everything_else_is_whole() {
        for (wanted, found) in [
            ("bytes=0-9", Some((0, 9))),
            ("bytes=90-", Some((90, 99))),
            ("bytes=-10", Some((90, 99))),
            ("bytes=-1000", Some((0, 99))),
            ("bytes=50-1000", Some((50, 99))),
            ("bytes=100-", None),
            ("bytes=9-0", None),
            ("bytes=-0", None),
            ("bytes=0-1,5-6", None),
            ("lines=0-9", None),
            ("bytes=a-b", None),
        ] {
            assert_eq!(range(wanted, 100), found, "{wanted}");
        }
        assert_eq!(range("bytes=0-", 0), None);
    }
}
