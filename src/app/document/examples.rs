//! Examples of bodies, made of the examples of their members.

use serde_json::{Value, json};

use crate::platform::contract::ONLY_IN_FULL;

/// Every body has an example, made of the examples of its members.
pub fn add(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let contents = document["paths"].as_object_mut().into_iter().flatten().flat_map(|(_, item)| {
        item.as_object_mut().into_iter().flatten().flat_map(|(_, operation)| {
            let operation = operation.as_object_mut();
            operation
                .into_iter()
                .flatten()
                .filter(|(name, _)| matches!(name.as_str(), "requestBody" | "responses"))
                .flat_map(|(name, part)| {
                    if name == "requestBody" {
                        vec![part]
                    } else {
                        part.as_object_mut().into_iter().flatten().map(|(_, r)| r).collect()
                    }
                })
        })
    });
    for part in contents {
        for (_, media) in part.get_mut("content").and_then(Value::as_object_mut).into_iter().flatten() {
            if media.get("example").is_none() && media.get("examples").is_none() {
                media["example"] = example(&schemas, &media["schema"], 0);
            }
        }
    }
}

/// Formats whose texts nobody can guess.
const HAVE_A_FORM: [&str; 4] = ["siret", "ridet", "iban", "bic"];

/// An example of a schema: its own, or one built of its parts.
fn example(schemas: &Value, schema: &Value, depth: usize) -> Value {
    if let Some(own) = schema.get("example") {
        return own.clone();
    }
    if let Some(own) = schema["examples"].as_array().and_then(|e| e.first()) {
        return own.clone();
    }
    if depth > 16 {
        return Value::Null;
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/components/schemas/")) {
        return example(schemas, &schemas[name], depth + 1);
    }
    if let Some(option) = ["oneOf", "anyOf", "allOf"].iter().find_map(|k| schema[*k].as_array()) {
        let some = option.iter().find(|o| o["type"] != "null");
        return some.map_or(Value::Null, |o| example(schemas, o, depth + 1));
    }
    if let Some(first) = schema["enum"].as_array().and_then(|e| e.first()) {
        return first.clone();
    }
    let kind = schema["type"].as_str().map(ToOwned::to_owned).or_else(|| {
        schema["type"]
            .as_array()
            .and_then(|t| t.iter().find(|t| *t != "null"))
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
    });
    match kind.as_deref() {
        Some("object") => {
            // An optional member of a form that nothing here could guess is better left out.
            let needed = |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|r| r == name));
            let closed = |s: &Value| {
                s.get("pattern").is_some() || s["format"].as_str().is_some_and(|format| HAVE_A_FORM.contains(&format))
            };
            let guessable = |s: &Value| !closed(s) || s.get("example").or(s.get("examples")).is_some();
            let members = schema["properties"].as_object().into_iter().flatten();
            let members = members.filter(|(name, s)| needed(name) || guessable(s));
            let members = members.filter(|(_, s)| s[ONLY_IN_FULL] != "full");
            Value::Object(members.map(|(name, s)| (name.clone(), example(schemas, s, depth + 1))).collect())
        }
        Some("array") => Value::Array(vec![example(schemas, &schema["items"], depth + 1)]),
        Some("integer") => schema["minimum"].as_i64().filter(|m| *m >= 0).unwrap_or(1).into(),
        Some("number") => json!(1.5),
        Some("boolean") => json!(false),
        Some("string") => match schema["format"].as_str() {
            Some("uuid") => json!("0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f"),
            Some("date") => json!("2021-06-16"),
            Some("date-time") => json!("2021-06-16T08:00:00Z"),
            Some("email") => json!("contact@example.org"),
            _ => json!("texte"),
        },
        _ => Value::Null,
    }
}
