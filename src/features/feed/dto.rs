//! Shapes of the feed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::model::{EventResource, EventType};
use super::store::Happening;
use crate::platform::http::PageLinks;

/// What happened to what. Read the resource to learn how it is now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventItem {
    /// The same however often it is read.
    pub id: Uuid,
    /// Number of the event. Numbers grow, but not in the order of the feed.
    #[schema(minimum = 1, example = 4821)]
    pub sequence: i64,
    /// One of the types of `EventType`; further ones may come.
    #[serde(rename = "type")]
    #[schema(rename = "type", example = "instalment.paid")]
    pub kind: String,
    /// Path segment of the resource.
    #[schema(example = "instalments")]
    pub resource: String,
    pub resource_id: Uuid,
    pub occurred_at: DateTime<Utc>,
}

/// How much of the feed this is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventMeta {
    /// Events a page at most.
    #[schema(minimum = 1, maximum = 500, example = 50)]
    pub limit: i64,
    /// Whether more is there already.
    pub has_more: bool,
    /// Cursor to go on from, for `cursor`: always there. The same as in `links.next`.
    pub next_cursor: String,
}

/// Events in the order in which they are to be applied.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventFeed {
    pub data: Vec<EventItem>,
    /// `next` is always there: follow it now, or later to learn what is new.
    pub links: PageLinks,
    pub meta: EventMeta,
}

/// What of the feed is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventFilter {
    /// Path segments of resources.
    #[param(example = json!(["instalments", "agreements"]))]
    pub resource: Option<Vec<EventResource>>,
    /// Types of events.
    #[param(example = json!(["instalment.paid"]))]
    pub r#type: Option<Vec<EventType>>,
}

impl From<Happening> for EventItem {
    fn from(row: Happening) -> Self {
        Self {
            id: row.id,
            sequence: row.sequence,
            kind: row.kind,
            resource: row.resource,
            resource_id: row.resource_id,
            occurred_at: row.occurred_at,
        }
    }
}
