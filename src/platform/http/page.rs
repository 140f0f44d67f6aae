//! Pages of lists: parameters, signed cursors, links.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use utoipa::{IntoParams, ToSchema};

use super::front::Admitted;
use super::params::percent_encode;
use super::reply::full;
use crate::platform::db::feed::FeedPlace;
use crate::platform::db::listing::{PageSpec, Position, Rows, SortKey, Whole};
use crate::platform::error::{Code, Fault, FaultCode, Problem, Result};

const DEFAULT_LIMIT: i64 = 50;

/// Parameters of every list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read from the checked parameters; declared for the document")]
pub struct PageParams {
    /// Rows a page.
    #[param(minimum = 1, maximum = 500, default = 50, example = 50)]
    limit: Option<i64>,
    /// Where the page starts: from `links.next` or `links.prev` of another page with the same filters and sort.
    #[param(max_length = 4000)]
    cursor: Option<String>,
}

/// Addresses of this page and of its neighbours.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PageLinks {
    /// This page.
    #[serde(rename = "self")]
    #[schema(rename = "self", example = "/api/v1/posts?limit=50")]
    pub this: String,
    /// The next page, or null on the last one.
    pub next: Option<String>,
    /// The page before, or null on the first one.
    pub prev: Option<String>,
}

impl PageLinks {
    /// The same as an RFC 8288 `Link` header.
    pub fn header(&self) -> String {
        [("self", Some(&self.this)), ("next", self.next.as_ref()), ("prev", self.prev.as_ref())]
            .into_iter()
            .filter_map(|(rel, link)| link.map(|link| format!("<{link}>; rel=\"{rel}\"")))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// Size of this page and of the whole list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PageMeta {
    /// Rows a page at most.
    #[schema(minimum = 1, maximum = 500, example = 50)]
    pub limit: i64,
    /// Rows of the whole list within the caller's reach, exactly.
    #[schema(minimum = 0, example = 18)]
    pub total: i64,
    /// Cursor of the next page, for `cursor`; null on the last one. The same as in `links.next`.
    pub next_cursor: Option<String>,
    /// Cursor of `/events` from which to follow what this page shows: take that of the first page, before you read the
    /// others.
    pub events_cursor: Option<String>,
}

/// Whose cursors hold whatever the filters: a place in the feed is one for all of it.
const FEED: &str = "/api/v1/events";

/// Key under which cursors are signed, the same on every server.
#[derive(Clone)]
pub struct CursorKey(pub Vec<u8>);

/// What this request asks of a list.
#[derive(Clone)]
pub struct Paging {
    path: String,
    /// Filters and sort as they came, for the links.
    filters: String,
    limit: i64,
    explicit_limit: bool,
    cursor: Option<String>,
    start: Option<Start>,
    /// Set where the list is asked for as a file.
    whole: Option<Arc<Whole>>,
    key: CursorKey,
}

/// What a cursor says: a row of a list, or a place in the feed.
#[derive(Clone)]
enum Start {
    Row(Position),
    Place(FeedPlace),
}

#[derive(Serialize, Deserialize)]
struct Payload_ {
    b: bool,
    k: Vec<String>,
}

impl Paging {
    /// The page's specification in a given order.
    pub fn spec(&self, order: Vec<SortKey>) -> Result<PageSpec> {
        let start = match &self.start {
            // One value a sort key, and the id.
            Some(Start::Row(row)) if row.values.len() == order.len() + 1 => Some(row.clone()),
            None => None,
            Some(_) => return Err(Problem::new(Code::InvalidCursor)),
        };
        Ok(PageSpec { limit: self.limit, order, start, whole: self.whole.clone() })
    }

    /// Whether the list is asked for as a file.
    pub fn is_whole(&self) -> bool {
        self.whole.is_some()
    }

    pub fn meta<T>(&self, rows: &Rows<T>) -> PageMeta {
        let next_cursor = rows.next.as_ref().map(|next| self.sign(next));
        PageMeta { limit: self.limit, total: rows.total, next_cursor, events_cursor: self.followed_from(rows) }
    }

    /// Where the feed goes on from what these rows show.
    pub fn followed_from<T>(&self, rows: &Rows<T>) -> Option<String> {
        rows.present.as_ref().map(|place| seal(&self.key, FEED, "", place))
    }

    /// The cursor of a place in the feed.
    pub fn at(&self, place: &FeedPlace) -> String {
        seal(&self.key, FEED, "", place)
    }

    pub fn limit(&self) -> i64 {
        self.limit
    }

    /// The place in the feed that the cursor names.
    pub fn place(&self) -> Option<FeedPlace> {
        match self.start {
            Some(Start::Place(place)) => Some(place),
            _ => None,
        }
    }

    /// Links of a feed: there is always a place to go on from.
    pub fn onward(&self, place: &FeedPlace) -> PageLinks {
        let next = self.link(Some(&seal(&self.key, FEED, "", place)));
        PageLinks { this: self.link(self.cursor.as_deref()), next: Some(next), prev: None }
    }

    pub fn links<T>(&self, rows: &Rows<T>) -> PageLinks {
        let to = |position: &Option<Position>| position.as_ref().map(|p| self.link(Some(&self.sign(p))));
        PageLinks { this: self.link(self.cursor.as_deref()), next: to(&rows.next), prev: to(&rows.prev) }
    }

    fn link(&self, cursor: Option<&str>) -> String {
        let limit = self.explicit_limit.then(|| format!("limit={}", self.limit));
        let cursor = cursor.map(|cursor| format!("cursor={cursor}"));
        let filters = Some(self.filters.clone()).filter(|f| !f.is_empty());
        let query: Vec<String> = [filters, limit, cursor].into_iter().flatten().collect();
        if query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, query.join("&")) }
    }

    fn sign(&self, position: &Position) -> String {
        let payload = Payload_ { b: position.backwards, k: position.values.clone() };
        seal(&self.key, &self.path, self.bound(), &payload)
    }

    /// The filters that cursors belong to.
    fn bound(&self) -> &str {
        if self.path == FEED { "" } else { &self.filters }
    }

    fn verify(&self, cursor: &str) -> Result<Start> {
        let payload = self.signed(cursor).ok_or_else(|| Problem::new(Code::InvalidCursor))?;
        if self.path == FEED {
            // What we signed and cannot read was given out before places had epochs.
            let place = serde_json::from_slice(&payload).map_err(|_| Problem::new(Code::FeedRestarted))?;
            return Ok(Start::Place(place));
        }
        let payload: Payload_ = serde_json::from_slice(&payload).map_err(|_| Problem::new(Code::InvalidCursor))?;
        Ok(Start::Row(Position { backwards: payload.b, values: payload.k }))
    }

    /// What a cursor of ours says.
    fn signed(&self, cursor: &str) -> Option<Vec<u8>> {
        let mut bytes = BASE64.decode(cursor).ok()?;
        let tag = bytes.split_off(bytes.len().checked_sub(16)?);
        // The tag is no secret of a person; a difference in time tells nothing useful.
        (tag_of(&self.key, &self.path, self.bound(), &bytes)[..] == tag[..]).then_some(bytes)
    }
}

/// A cursor that only this list, with these filters, takes.
fn seal(key: &CursorKey, path: &str, filters: &str, says: &impl Serialize) -> String {
    let mut bytes = serde_json::to_vec(says).unwrap_or_default();
    let tag = tag_of(key, path, filters, &bytes);
    bytes.extend_from_slice(&tag);
    BASE64.encode(bytes)
}

fn tag_of(key: &CursorKey, path: &str, filters: &str, payload: &[u8]) -> [u8; 16] {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).unwrap_or_else(|_| unreachable!("HMAC takes any key"));
    for part in [path.as_bytes(), b"?", filters.as_bytes(), b"\0", payload] {
        mac.update(part);
    }
    let full = mac.finalize().into_bytes();
    let mut tag = [0; 16];
    tag.copy_from_slice(&full[..16]);
    tag
}

impl FromRequest for Paging {
    type Error = Problem;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request))
    }
}

fn read(request: &HttpRequest) -> Result<Paging> {
    let extensions = request.extensions();
    let admitted = extensions.get::<Admitted>().ok_or_else(|| Problem::internal("a page read before the door"))?;
    let key = request.app_data::<Data<CursorKey>>().ok_or_else(|| Problem::internal("no key for cursors"))?;
    let mut filters: Vec<String> = admitted
        .given
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "limit" | "cursor"))
        .map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)))
        .collect();
    filters.sort();
    let limit = admitted.query.get("limit").and_then(serde_json::Value::as_i64);
    if admitted.full.is_some() && limit.is_some_and(|limit| limit > full::MOST) {
        let fault = Fault::parameter("limit", FaultCode::TooLarge).with("limit", full::MOST);
        return Err(Problem::new(Code::InvalidParameter).faults(vec![fault]));
    }
    let mut paging = Paging {
        path: request.path().to_owned(),
        filters: filters.join("&"),
        limit: limit.unwrap_or(DEFAULT_LIMIT),
        explicit_limit: limit.is_some(),
        cursor: admitted.query.get("cursor").and_then(|c| c.as_str()).map(ToOwned::to_owned),
        start: None,
        whole: admitted.export.as_ref().map(|export| export.whole.clone()),
        key: key.as_ref().clone(),
    };
    if let Some(cursor) = &paging.cursor {
        paging.start = Some(paging.verify(cursor)?);
    }
    Ok(paging)
}

/// Declares the concrete page of a list: generic schemas break generated clients.
#[macro_export]
macro_rules! page_of {
    ($(#[$doc:meta])* $page:ident of $item:ty) => {
        $(#[$doc])*
        #[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
        pub struct $page {
            /// The rows of this page.
            pub data: Vec<$item>,
            /// Addresses of this page and of its neighbours.
            pub links: $crate::platform::http::PageLinks,
            /// Size of this page and of the whole list.
            pub meta: $crate::platform::http::PageMeta,
        }

        impl $page {
            /// The answer to a list's request.
            pub fn reply(
                paging: &$crate::platform::http::Paging,
                rows: $crate::platform::db::listing::Rows<$item>,
            ) -> $crate::platform::http::Answer {
                if paging.is_whole() {
                    let cursor = paging.followed_from(&rows);
                    return $crate::platform::http::Reply::batch(&rows.rows, rows.next, cursor);
                }
                let links = paging.links(&rows);
                let page = Self { links, meta: paging.meta(&rows), data: rows.rows };
                $crate::platform::http::Reply::page(&page, &page.links)
            }
        }
    };
}
