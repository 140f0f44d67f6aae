//! What webhooks send, as a document of its own: inside the main one it breaks generated clients.

use serde_json::{Value, json};

use crate::features::webhooks::model::NOTICES;
use crate::platform::events::RESOURCES;

/// The call that a receiver gets: an event, or what is only said to webhooks.
fn call(operation: &str, summary: &str, description: &str, example: &Value) -> Value {
    let header = |name: &str, description: &str, example: &str| json!({"name": name, "in": "header", "required": true, "description": description, "schema": {"type": "string", "example": example}});
    json!({"post": {
        "operationId": operation,
        "summary": summary,
        "description": description,
        "parameters": [
            header("webhook-id", "Identifier of the event, the same at each attempt.", "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f"),
            header("webhook-timestamp", "Seconds since 1970 at which it was sent; refuse what is older than five minutes.", "1623844800"),
            header("webhook-signature", "`v1,` and the HMAC-SHA256 of `id.timestamp.body` in Base64.", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ],
        "requestBody": {"required": true, "content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/WebhookEvent"},
            "example": example,
        }}},
        "responses": {"2XX": {"description": "Received."}},
    }})
}

fn example(kind: &str, resource: &str) -> Value {
    json!({"type": kind, "timestamp": "2021-06-16T10:00:00.000000Z",
        "data": {"event_id": "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f", "resource": resource, "resource_id": "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e70"}})
}

/// Every call: events, and each notice by its type.
fn calls() -> Value {
    let event = call(
        "receive_event",
        "Receive an event",
        "Answer any 2xx within ten seconds. The same event may come twice, and events out of order.",
        &example("instalment.paid", "instalments"),
    );
    let notices = NOTICES.iter().map(|(kind, meaning)| {
        let name = kind.replace('.', "_");
        let told = call(&format!("receive_{name}"), &format!("Receive `{kind}`"), meaning, &example(kind, "webhooks"));
        (name, told)
    });
    Value::Object(std::iter::once(("event".to_owned(), event)).chain(notices).collect())
}

pub fn document() -> Value {
    let resources: Vec<&str> = RESOURCES.iter().map(|resource| resource.segment).collect();
    let notices = NOTICES.iter().map(|(kind, _)| format!("`{kind}`")).collect::<Vec<_>>().join(" and ");
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "conum: webhooks",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Events sent to the addresses given to POST /api/v1/webhooks, signed as Standard Webhooks says.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "webhooks": calls(),
        "components": {"schemas": {"WebhookEvent": {
            "type": "object",
            "description": "What happened to what. Read the resource to learn how it is now.",
            "required": ["type", "timestamp", "data"],
            "properties": {
                "type": {"type": "string", "description": format!("Type of the event, of those that `EventType` of the main document lists; further ones may come. {notices} are sent to webhooks only, whatever types they ask for."), "example": "instalment.paid"},
                "timestamp": {"type": "string", "format": "date-time", "description": "When it happened."},
                "data": {"type": "object", "description": "What it happened to; of a notice, the webhook itself.", "required": ["event_id", "resource", "resource_id"], "properties": {
                    "event_id": {"type": "string", "format": "uuid", "description": "The event in the feed; of a notice, what it says once."},
                    "resource": {"type": "string", "enum": resources, "description": "Path segment of the resource."},
                    "resource_id": {"type": "string", "format": "uuid", "description": "Identifier of the resource."},
                }},
            },
        }}},
    })
}
