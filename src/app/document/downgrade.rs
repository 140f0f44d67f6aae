//! The same document for generators that do not read 3.1 yet.

use serde_json::{Value, json};

/// The document in OpenAPI 3.0, for generators that do not read 3.1 yet.
pub fn downgrade(document: &Value) -> Value {
    let mut old = document.clone();
    downgrade_value(&mut old, &document["components"]["schemas"]);
    old["openapi"] = json!("3.0.3");
    if let Some(license) = old["info"]["license"].as_object_mut() {
        license.remove("identifier");
        license.insert("url".into(), json!("https://www.apache.org/licenses/LICENSE-2.0"));
    }
    old
}

fn downgrade_value(value: &mut Value, schemas: &Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::Array(kinds)) = members.get("type").cloned() {
                let named: Vec<Value> = kinds.iter().filter(|k| *k != "null").cloned().collect();
                if named.len() < kinds.len() {
                    members.insert("nullable".into(), json!(true));
                }
                if let Some(kind) = named.first() {
                    members.insert("type".into(), kind.clone());
                }
            }
            if let Some(Value::Array(options)) = members.get("oneOf").cloned()
                && options.iter().any(|o| o["type"] == "null")
            {
                let named: Vec<Value> = options.into_iter().filter(|o| o["type"] != "null").collect();
                members.remove("oneOf");
                // 3.0 has no null without a type beside it.
                let target = named
                    .first()
                    .and_then(|n| n["$ref"].as_str())
                    .and_then(|r| r.strip_prefix("#/components/schemas/"));
                if let Some(kind) = target.filter(|_| named.len() == 1).and_then(|name| schemas[name].get("type")) {
                    members.insert("type".into(), kind.clone());
                }
                let together = if named.len() == 1 { "allOf" } else { "oneOf" };
                members.insert(together.into(), Value::Array(named));
                members.insert("nullable".into(), json!(true));
            }
            // Beside $ref, 3.0 reads nothing.
            if members.len() > 1
                && members.get("$ref").is_some_and(Value::is_string)
                && let Some(target) = members.remove("$ref")
            {
                members.insert("allOf".into(), json!([{"$ref": target}]));
            }
            if let Some(only) = members.remove("const") {
                members.insert("enum".into(), json!([only]));
            }
            for (exclusive, limit) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
                if let Some(value) = members.get(exclusive).filter(|v| v.is_number()).cloned() {
                    members.insert(limit.into(), value);
                    members.insert(exclusive.into(), json!(true));
                }
            }
            if members.contains_key("type")
                && let Some(Value::Array(examples)) = members.remove("examples")
                && let Some(first) = examples.first()
            {
                members.insert("example".into(), first.clone());
            }
            members.values_mut().for_each(|member| downgrade_value(member, schemas));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| downgrade_value(item, schemas)),
        _ => {}
    }
}
