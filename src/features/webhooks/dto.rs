//! Shapes of webhooks.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::model::{DeliveryStatus, WebhookStatus};
use super::store::{Delivery, DeliverySort, Webhook, WebhookSort};
use crate::features::feed::model::{EventResource, EventType};
use crate::page_of;
use crate::platform::http::patch;
use crate::platform::ids::{WebhookDeliveryId, WebhookId};

/// Where events are to be sent to.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Tableau de bord", "url": "https://example.org/conum", "resources": ["posts", "instalments"]}))]
pub struct NewWebhook {
    #[schema(min_length = 1, max_length = 100, format = "line", example = "Tableau de bord")]
    pub name: String,
    /// An `https` address on the public internet.
    #[schema(max_length = 500, pattern = "^https?://[^ ]+$", example = "https://example.org/conum")]
    pub url: String,
    /// The resources wanted, of those that you may read; all of them where absent.
    #[schema(min_items = 1, max_items = 50, example = json!(["posts", "instalments"]))]
    pub resources: Option<Vec<EventResource>>,
    /// Types of events wanted; all of them where absent.
    #[schema(min_items = 1, max_items = 50, example = json!(["instalment.paid"]))]
    pub types: Option<Vec<EventType>>,
}

/// Changes of a webhook; absent members stay, null erases.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"status": "active"}))]
pub struct WebhookPatch {
    #[schema(min_length = 1, max_length = 100, format = "line", nullable = false)]
    pub name: Option<String>,
    #[schema(max_length = 500, pattern = "^https?://[^ ]+$", nullable = false)]
    pub url: Option<String>,
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(min_items = 1, max_items = 50)]
    pub resources: Option<Option<Vec<EventResource>>>,
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(min_items = 1, max_items = 50)]
    pub types: Option<Option<Vec<EventType>>>,
    /// `active` again after it was disabled; what was missed meanwhile follows.
    #[schema(nullable = false)]
    pub status: Option<WebhookStatus>,
}

/// From when on to send again.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct WebhookReplay {
    /// Everything that happened at or after this instant.
    #[schema(example = "2021-06-16T00:00:00Z")]
    pub since: DateTime<Utc>,
}

/// A webhook.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookView {
    pub id: WebhookId,
    #[schema(example = "Tableau de bord")]
    pub name: String,
    #[schema(example = "https://example.org/conum")]
    pub url: String,
    /// Null: all that you may read.
    pub resources: Option<Vec<String>>,
    /// Null: all of them.
    pub types: Option<Vec<String>>,
    pub status: WebhookStatus,
    /// Since when nothing could be delivered; null while all is well.
    pub failing_since: Option<DateTime<Utc>>,
    /// When it was disabled: after 24 hours of failures, or by yourself.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When the feed last began anew under this webhook (the database was restored, or another server took over): its receiver
    /// was sent `feed.restarted`, and has to list anew what it follows. Null if never.
    pub feed_restarted_at: Option<DateTime<Utc>>,
    /// Events that wait to be delivered.
    #[schema(minimum = 0, example = 0)]
    pub queued_count: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

/// A webhook that was just made, with its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookCreated {
    pub webhook: WebhookView,
    /// Shown this once: with it you check `webhook-signature` as Standard Webhooks says.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub secret: String,
}

/// An event on its way.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookDeliveryItem {
    pub id: WebhookDeliveryId,
    /// `webhook-id` of every attempt: the event's identifier in the feed.
    pub event_id: Uuid,
    #[serde(rename = "type")]
    #[schema(rename = "type", example = "instalment.paid")]
    pub kind: String,
    pub status: DeliveryStatus,
    #[schema(minimum = 0, example = 1)]
    pub attempts_count: i32,
    pub queued_at: DateTime<Utc>,
    /// When it is tried next, while it is queued.
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub delivered_at: Option<DateTime<Utc>>,
    /// HTTP status of the last answer; null without one.
    #[schema(minimum = 100, maximum = 599, example = 204)]
    pub answer_status: Option<i32>,
    /// What went wrong at the last attempt.
    #[schema(example = "no answer in time")]
    pub last_error: Option<String>,
}

page_of! {
    /// A page of webhooks.
    WebhookPage of WebhookView
}
page_of! {
    /// A page of deliveries.
    WebhookDeliveryPage of WebhookDeliveryItem
}

/// Filters of webhooks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WebhookFilter {
    /// State.
    #[param(inline)]
    pub status: Option<WebhookStatus>,
    /// Order; `-updated_at` by default.
    #[param(inline)]
    pub sort: Option<Vec<WebhookSort>>,
}

/// Filters of deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WebhookDeliveryFilter {
    /// State.
    #[param(inline)]
    pub status: Option<DeliveryStatus>,
    /// Order; `-queued_at` by default.
    #[param(inline)]
    pub sort: Option<Vec<DeliverySort>>,
}

impl From<Webhook> for WebhookView {
    fn from(row: Webhook) -> Self {
        Self {
            id: row.id,
            name: row.name,
            url: row.url,
            resources: row.resources,
            types: row.types,
            status: row.status,
            failing_since: row.failing_since,
            disabled_at: row.disabled_at,
            feed_restarted_at: row.feed_restarted_at,
            queued_count: row.queued,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

impl From<Delivery> for WebhookDeliveryItem {
    fn from(row: Delivery) -> Self {
        Self {
            id: row.id,
            event_id: row.event_id,
            kind: row.type_,
            next_attempt_at: Some(row.next_attempt_at).filter(|_| row.status == DeliveryStatus::Queued),
            status: row.status,
            attempts_count: row.attempts,
            queued_at: row.queued_at,
            delivered_at: row.delivered_at,
            answer_status: row.answer_status,
            last_error: row.last_error,
        }
    }
}
