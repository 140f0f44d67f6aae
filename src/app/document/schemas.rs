//! The schemas: the problem's own, and what holds for all.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::platform::contract::days;
use crate::platform::transitions::POSSIBLE;

/// The problem, which may name operations that change states.
pub fn problem(operations: &BTreeSet<&str>) -> Value {
    json!({"type": "object", "description": "Why a request was not carried out (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code", "request_id", "errors"],
    "properties": {
        "type": {"type": "string", "description": "Address of the page about this code.", "example": "/problems/validation_failed"},
        "title": {"type": "string", "description": "What happened, in general.", "example": "Données incorrectes"},
        "status": {"type": "integer", "description": "HTTP status.", "minimum": 400, "maximum": 599, "example": 422},
        "detail": {"type": "string", "description": "What happened this time.", "example": "Une ou plusieurs valeurs sont incorrectes."},
        "code": {"type": "string", "description": "Stable code: one of those that `ProblemCode` lists; further ones may come.", "example": "validation_failed"},
        "request_id": {"type": "string", "description": "Identifier of the request, to report it.", "example": "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f"},
        "errors": {"type": "array", "maxItems": 100, "description": "Every fault found, all at once: the first hundred of them.", "items": {"$ref": "#/components/schemas/ProblemFault"}},
        "errors_omitted_count": {"type": "integer", "description": "Faults beyond those listed, as far as they were counted; absent where there are none.", "minimum": 1, "maximum": 9_007_199_254_740_991_i64, "example": 12},
        POSSIBLE: {"type": "array", "maxItems": 50, "description": "Of a 409 that speaks of a state: names of the operations that this state allows, as `transitions[].name` of the resource names them, whoever may call them. What this caller may do now stands in `transitions`.",
            "items": {"type": "string", "enum": operations, "description": "Name of an operation."}, "example": ["withdraw_application"]},
    }})
}

pub fn fault() -> Value {
    json!({"type": "object", "description": "One fault of a request.", "required": ["code", "detail"],
    "properties": {
        "pointer": {"type": "string", "description": "JSON Pointer into the body.", "example": "/siret"},
        "parameter": {"type": "string", "description": "Name of a parameter.", "example": "departement_code"},
        "header": {"type": "string", "description": "Name of a header.", "example": "If-Match"},
        "code": {"type": "string", "description": "Stable code.", "example": "invalid_siret"},
        "detail": {"type": "string", "description": "What is wrong, and what is expected.", "example": "SIRET incorrect : 14 chiffres avec une clé de contrôle."},
    }})
}

/// Requests refuse what they do not know; answers always have all their members.
pub fn finish(document: &mut Value) {
    let mut requested = BTreeSet::new();
    for operation in document["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(_, item)| item.as_object().into_iter().flatten().map(|(_, o)| o))
    {
        collect_refs(document, &operation["requestBody"], &mut requested);
    }
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    for (name, schema) in schemas.iter_mut() {
        bound_integers(schema);
        join_null(schema);
        lift_descriptions(schema);
        if name.starts_with("Problem") {
            continue;
        }
        let Some(properties) = schema["properties"].as_object() else { continue };
        if requested.contains(name) {
            bound_days(schema);
            schema["additionalProperties"] = json!(false);
        } else {
            schema["required"] = properties.keys().cloned().collect();
        }
    }
    schemas.sort_keys();
}

/// Every day that is asked for has bounds: its own, or the usual ones.
fn bound_days(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("format").is_some_and(|format| format == "date") {
                let bounds = members.entry(days::BOUNDS).or_insert_with(days::usual);
                let edge = |name: &str| bounds[name].as_str().unwrap_or_default().to_owned();
                let told =
                    format!("Between {} and {}.", edge("from"), edge("to").replace("today+", "today + ") + " days");
                let told = told.replace("today days", "today");
                let text = members.get("description").and_then(Value::as_str).map(|text| format!("{text} {told}"));
                members.insert("description".to_owned(), json!(text.unwrap_or(told)));
            }
            members.values_mut().for_each(bound_days);
        }
        Value::Array(items) => items.iter_mut().for_each(bound_days),
        _ => {}
    }
}

fn collect_refs(document: &Value, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(name) =
                members.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/components/schemas/"))
                && found.insert(name.to_owned())
            {
                collect_refs(document, &document["components"]["schemas"][name], found);
            }
            members.values().for_each(|member| collect_refs(document, member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_refs(document, item, found)),
        _ => {}
    }
}

/// A schema written in place that may be null says so in its own type.
fn join_null(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(join_null);
            let Some([Value::Object(one), other]) = members.get("oneOf").and_then(Value::as_array).map(Vec::as_slice)
            else {
                return;
            };
            if one.contains_key("$ref") || other != &json!({"type": "null"}) || !one["type"].is_string() {
                return;
            }
            let mut joined = one.clone();
            joined["type"] = json!([one["type"], "null"]);
            if let Some(values) = joined.get_mut("enum").and_then(Value::as_array_mut) {
                values.push(Value::Null);
            }
            members.shift_remove("oneOf");
            for (name, value) in joined {
                members.entry(name).or_insert(value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(join_null),
        _ => {}
    }
}

/// What is said of a reference that may be null is said of both cases.
fn lift_descriptions(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let options = members.get_mut("oneOf").and_then(Value::as_array_mut);
            let option = options.and_then(|o| o.iter_mut().find(|o| o.get("$ref").is_some()));
            if let Some(description) = option.and_then(|o| o.as_object_mut()?.shift_remove("description")) {
                members.entry("description").or_insert(description);
            }
            members.values_mut().for_each(lift_descriptions);
        }
        Value::Array(items) => items.iter_mut().for_each(lift_descriptions),
        _ => {}
    }
}

fn bound_integers(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let integer = match members.get("type") {
                Some(Value::String(kind)) => kind == "integer",
                Some(Value::Array(kinds)) => kinds.iter().any(|k| k == "integer"),
                _ => false,
            };
            if integer && !members.contains_key("enum") {
                let wide = members.get("format").is_some_and(|f| f == "int64");
                let (low, high) = if wide {
                    (-9_007_199_254_740_991_i64, 9_007_199_254_740_991)
                } else {
                    (i64::from(i32::MIN), i64::from(i32::MAX))
                };
                members.entry("minimum").or_insert(json!(low));
                members.entry("maximum").or_insert(json!(high));
            }
            members.values_mut().for_each(bound_integers);
        }
        Value::Array(items) => items.iter_mut().for_each(bound_integers),
        _ => {}
    }
}
