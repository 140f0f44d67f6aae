//! Closed lists in parameters: told once, as schemas that parameters refer to, so that clients have one type of each.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Refers to the schema of the same terms; one that no schema has gets a schema of its own, named after its operation.
pub fn share(document: &mut Value) {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        if let Some(terms) = terms(schema) {
            known.entry(terms).or_insert_with(|| name.clone());
        }
    }
    let mut added = Vec::new();
    let items = document["paths"].as_object_mut().into_iter().flatten().map(|(_, item)| item);
    for operation in items.flat_map(|item| item.as_object_mut().into_iter().flatten().map(|(_, operation)| operation)) {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap_or_default().to_owned();
            let schema = &mut parameter["schema"];
            let place = if schema["items"].is_object() { &mut schema["items"] } else { schema };
            let Some(found) = terms(place) else { continue };
            let target = known.entry(found).or_insert_with(|| {
                let target = own_name(&id, &name);
                added.push((target.clone(), without_default(place)));
                target
            });
            refer(place, target);
        }
    }
    for (name, schema) in added {
        document["components"]["schemas"][name] = schema;
    }
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.sort_keys();
    }
}

/// The terms of a closed list of texts.
fn terms(schema: &Value) -> Option<String> {
    let terms = schema["enum"].as_array().filter(|_| schema["type"] == "string")?;
    Some(Value::Array(terms.clone()).to_string())
}

fn without_default(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(members) = schema.as_object_mut() {
        members.shift_remove("default");
        members.entry("description").or_insert_with(|| json!("What the parameter may be."));
    }
    schema
}

/// A default stays beside the reference.
fn refer(place: &mut Value, target: &str) {
    let mut reference = json!({"$ref": format!("#/components/schemas/{target}")});
    if let Some(default) = place.get("default") {
        reference["default"] = default.clone();
    }
    *place = reference;
}

/// `list_posts` and `sort` make `ListPostsSort`; what every list has is named after itself.
fn own_name(operation: &str, parameter: &str) -> String {
    let shared = [("format", "ListFormat"), ("profile", "CsvProfile"), ("view", "RowView")];
    if let Some((_, name)) = shared.iter().find(|(name, _)| *name == parameter) {
        return (*name).to_owned();
    }
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
    };
    operation.split('_').chain(parameter.split('_')).map(capital).collect()
}
