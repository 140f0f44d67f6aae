//! Operations on webhooks.

use actix_web::{delete, get, patch, post};
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::*;
use super::service;
use super::store::{self, DeliverySort, Webhook, WebhookSort};
use crate::platform::auth::{Caller, can};
use crate::platform::http::page::PageParams;
use crate::platform::http::{Answer, Body, Paging, PathParams, Query, Reply};
use crate::platform::ids::WebhookId;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_webhooks)
        .service(create_webhook)
        .service(find_webhook)
        .service(update_webhook)
        .service(delete_webhook)
        .service(test_webhook)
        .service(replay_webhook)
        .service(list_webhook_deliveries);
}

fn view(webhook: Webhook) -> Answer {
    let version = webhook.version;
    Reply::resource(&WebhookView::from(webhook), version)
}

/// List your webhooks.
#[utoipa::path(tag = "webhooks", params(WebhookFilter, PageParams),
    responses((status = 200, description = "A page of webhooks.", body = WebhookPage)))]
#[get("/webhooks")]
pub async fn list_webhooks(caller: Caller<can::list_webhooks>, filter: Query<WebhookFilter>, paging: Paging) -> Answer {
    let page = paging.spec(WebhookSort::order(filter.sort.as_deref(), "-updated_at"))?;
    caller
        .read_private(move |reader| {
            let rows = store::list(reader.conn(), filter.status, &page)?;
            WebhookPage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Have events sent to an address.
///
/// The same thin events as the feed, within your role, perimeter and scopes, from now on: `POST` with the headers
/// `webhook-id`, `webhook-timestamp` and `webhook-signature` of Standard Webhooks. Any answer 2xx is a success; anything else is
/// tried again with growing pauses for 24 hours, then the webhook is disabled, and its account is told. A webhook gets one event
/// at a time, in the order of the feed; what comes after one that fails waits for it. A receiver (host and port) that does not
/// answer rests for up to ten minutes, with all webhooks that name it, and delays nobody else. Events may come twice:
/// `webhook-id` names the event, and the feed holds what was missed. Internal addresses are refused, and redirects are not
/// followed. A perimeter has 20 webhooks at most: 409 `webhook_limit_reached`. Should the database be restored, or another
/// server take over, the receiver is sent `feed.restarted` whatever types it asked for: it lists anew what it follows, and what
/// happens from then on is sent.
#[utoipa::path(tag = "webhooks", request_body = NewWebhook,
    responses((status = 201, description = "Made; with its secret, shown this once.", body = WebhookCreated)))]
#[post("/webhooks")]
pub async fn create_webhook(caller: Caller<can::create_webhook>, body: Body<NewWebhook>) -> Answer {
    caller
        .write(move |tx| {
            let webhook = service::create(tx, &body)?;
            let (id, version, secret) = (webhook.id, webhook.version, webhook.secret.clone());
            let made = WebhookCreated { webhook: webhook.into(), secret };
            Ok(Reply::created(format!("/api/v1/webhooks/{id}"), &made, version)?.secret(&["secret"]))
        })
        .await
}

/// Find a webhook of yours.
#[utoipa::path(tag = "webhooks", responses((status = 200, description = "The webhook.", body = WebhookView)))]
#[get("/webhooks/{id}")]
pub async fn find_webhook(caller: Caller<can::find_webhook>, id: PathParams<WebhookId>) -> Answer {
    caller.read_private(move |reader| view(service::find(reader, id.0)?)).await
}

/// Change a webhook.
///
/// One that was disabled is made active again, and goes on where it stopped.
#[utoipa::path(tag = "webhooks",
    request_body(content = WebhookPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The webhook as it is now.", body = WebhookView)))]
#[patch("/webhooks/{id}")]
pub async fn update_webhook(
    caller: Caller<can::update_webhook>,
    id: PathParams<WebhookId>,
    body: Body<WebhookPatch>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| view(service::update(tx, id.0, version, &body)?)).await
}

/// Delete a webhook.
#[utoipa::path(tag = "webhooks", responses((status = 204, description = "Deleted, with what waited for it.")))]
#[delete("/webhooks/{id}")]
pub async fn delete_webhook(caller: Caller<can::delete_webhook>, id: PathParams<WebhookId>) -> Answer {
    let version = caller.version();
    caller
        .write(move |tx| {
            service::delete(tx, id.0, version)?;
            Ok(Reply::no_content())
        })
        .await
}

/// Send an event of no meaning, `webhook.test`.
#[utoipa::path(tag = "webhooks", responses((status = 200, description = "Queued.", body = WebhookView)))]
#[post("/webhooks/{id}/test")]
pub async fn test_webhook(caller: Caller<can::test_webhook>, id: PathParams<WebhookId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| view(service::test(tx, id.0, version)?)).await
}

/// Send again what happened since an instant.
///
/// Of all that this database holds, also from before the feed last began anew.
#[utoipa::path(tag = "webhooks", request_body = WebhookReplay,
    responses((status = 200, description = "They follow.", body = WebhookView)))]
#[post("/webhooks/{id}/replay")]
pub async fn replay_webhook(
    caller: Caller<can::replay_webhook>,
    id: PathParams<WebhookId>,
    body: Body<WebhookReplay>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| view(service::replay(tx, id.0, version, body.since)?)).await
}

/// List what was sent to a webhook, and with what success.
///
/// Kept for 30 days.
#[utoipa::path(tag = "webhooks", params(WebhookDeliveryFilter, PageParams),
    responses((status = 200, description = "A page of deliveries.", body = WebhookDeliveryPage)))]
#[get("/webhooks/{id}/deliveries")]
pub async fn list_webhook_deliveries(
    caller: Caller<can::list_webhook_deliveries>,
    id: PathParams<WebhookId>,
    filter: Query<WebhookDeliveryFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(DeliverySort::order(filter.sort.as_deref(), "-queued_at"))?;
    caller
        .read_private(move |reader| {
            service::open(reader, id.0)?;
            let rows = store::deliveries(reader.conn(), id.0, filter.status, &page)?;
            WebhookDeliveryPage::reply(&paging, rows.map(Into::into))
        })
        .await
}
