//! The document for one reader: a generator of clients, a role, the address where it is served. Derived, so that it says of
//! what is left exactly what the whole one says.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::downgrade;
use crate::platform::auth::Role;
use crate::platform::auth::policy;

/// For whom a document is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Audience {
    /// Generators of clients: JSON in, JSON out. Four media types on each list break most of them.
    pub clients: bool,
    /// What this role may call, and everybody.
    pub role: Option<Role>,
    /// OpenAPI 3.0 instead of 3.1.
    pub old: bool,
}

/// The document where it is served, as tools need it: they do not know where it came from.
pub fn at(document: &Value, address: &str) -> Value {
    let address = address.trim_end_matches('/');
    let mut document = document.clone();
    document["servers"] = json!([{"url": address, "description": "This server."}]);
    let flow = &mut document["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"];
    flow["tokenUrl"] = json!(format!("{address}/oauth/token"));
    document
}

/// The part of the document that an audience is told.
pub fn tailored(document: &Value, audience: Audience) -> Value {
    let mut document = document.clone();
    if audience.clients {
        keep(&mut document, is_json_only);
    }
    if let Some(role) = audience.role {
        keep(&mut document, |operation| {
            let line = operation["operationId"].as_str().and_then(policy::find);
            line.is_some_and(|line| line.anonymous || line.admits(role))
        });
        keep_scopes(&mut document);
    }
    if audience != Audience::default() {
        prune(&mut document);
    }
    if audience.old { downgrade(&document) } else { document }
}

/// Keeps the operations of which `stays` says so, after it had a hand on them.
fn keep(document: &mut Value, stays: impl Fn(&mut Value) -> bool) {
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for item in paths.values_mut().filter_map(Value::as_object_mut) {
        item.retain(|_, operation| stays(operation));
    }
    paths.retain(|_, item| item.as_object().is_some_and(|item| !item.is_empty()));
}

/// Leaves nothing but JSON to an operation, if that leaves enough: what is only a file, or takes only a file, is no method of
/// a client.
fn is_json_only(operation: &mut Value) -> bool {
    let mut whole = match operation["requestBody"]["content"].as_object_mut() {
        Some(content) => only_json(content),
        None => true,
    };
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        if let Some(content) = response.get_mut("content").and_then(Value::as_object_mut) {
            whole &= only_json(content) || !status.starts_with('2');
        }
        if let Some(headers) = response.get_mut("headers").and_then(Value::as_object_mut) {
            headers.retain(|name, _| !matches!(name.as_str(), "X-Events-Cursor" | "Content-Disposition"));
        }
    }
    if let Some(parameters) = operation["parameters"].as_array_mut() {
        // They ask for files.
        parameters.retain(|p| p["in"] != "query" || (p["name"] != "format" && p["name"] != "profile"));
    }
    whole
}

/// Whether some JSON is left.
fn only_json(content: &mut Map<String, Value>) -> bool {
    content.retain(|media, _| media == "application/json" || media.ends_with("+json"));
    let plain = content.contains_key("application/json");
    content.retain(|media, _| !plain || media == "application/json");
    !content.is_empty()
}

/// Keeps the scopes that some operation asks for.
fn keep_scopes(document: &mut Value) {
    let operations = document["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(_, item)| item.as_object().into_iter().flatten());
    let asked: BTreeSet<String> = operations
        .filter_map(|(_, operation)| policy::find(operation["operationId"].as_str()?)?.scope)
        .map(ToOwned::to_owned)
        .collect();
    let flow = &mut document["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"];
    if let Some(scopes) = flow["scopes"].as_object_mut() {
        scopes.retain(|scope, _| asked.contains(scope));
    }
}

/// Drops tags, schemas and responses that nothing refers to any more.
fn prune(document: &mut Value) {
    let mut used = BTreeSet::new();
    refer(document, &document["paths"], &mut used);
    for kind in ["schemas", "responses"] {
        if let Some(components) = document["components"][kind].as_object_mut() {
            components.retain(|name, _| used.contains(&format!("#/components/{kind}/{name}")));
        }
    }
    let operations = document["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(_, item)| item.as_object().into_iter().flatten());
    let tags: BTreeSet<String> =
        operations.filter_map(|(_, operation)| operation["tags"][0].as_str().map(ToOwned::to_owned)).collect();
    if let Some(known) = document["tags"].as_array_mut() {
        known.retain(|tag| tag["name"].as_str().is_some_and(|name| tags.contains(name)));
    }
}

fn refer(document: &Value, value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            let target = members.get("$ref").and_then(Value::as_str);
            if let Some(target) = target.filter(|target| used.insert((*target).to_owned())) {
                let found = target.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
                refer(document, found.unwrap_or(&Value::Null), used);
            }
            members.values().for_each(|member| refer(document, member, used));
        }
        Value::Array(items) => items.iter().for_each(|item| refer(document, item, used)),
        _ => {}
    }
}
