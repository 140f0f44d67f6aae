//! The schemas of the document, resolved and compiled.

use std::collections::HashMap;

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use crate::platform::formats;
use crate::platform::http::json::Shape;

/// A validator of one schema of the document.
pub fn compile(document: &Value, schema: Value) -> Result<Validator, String> {
    let mut components = Map::new();
    collect(document, &schema, &mut components);
    let root = json!({"allOf": [schema], "components": {"schemas": components}});
    let mut options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
    for (name, check) in formats::FORMATS {
        options = options.with_format(*name, check);
    }
    options.build(&root).map_err(|e| e.to_string())
}

/// The schemas that one schema speaks of, directly or not.
fn collect(document: &Value, schema: &Value, found: &mut Map<String, Value>) {
    match schema {
        Value::Object(members) => {
            if let Some(name) =
                members.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/components/schemas/"))
                && !found.contains_key(name)
            {
                let target = &document["components"]["schemas"][name];
                found.insert(name.to_owned(), target.clone());
                collect(document, target, found);
            }
            members.values().for_each(|member| collect(document, member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(document, item, found)),
        _ => {}
    }
}

/// The schema that a reference names, or the schema itself.
pub fn resolve<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    match schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/components/schemas/")) {
        Some(name) => &document["components"]["schemas"][name],
        None => schema,
    }
}

/// The names of all members that a schema has, nested ones too.
pub fn property_names(document: &Value, schema: &Value) -> Vec<String> {
    let mut components = Map::new();
    collect(document, schema, &mut components);
    let mut names: Vec<String> = components
        .values()
        .chain([schema])
        .flat_map(|s| s["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Whether some member of a schema, nested ones too, is of a kind.
pub fn any_property(document: &Value, schema: &Value, is: &dyn Fn(&Value) -> bool) -> bool {
    let mut components = Map::new();
    collect(document, schema, &mut components);
    let mut schemas = components.values().chain([schema]);
    schemas.any(|schema| schema["properties"].as_object().into_iter().flatten().any(|(_, member)| is(member)))
}

/// What a schema has a place for. Fails on a schema that does not tell: a list without a bound, an object without
/// a list of its members, a choice of several.
pub fn shape(document: &Value, schema: &Value) -> Result<Shape, String> {
    let schema = resolve(document, schema);
    let choices = ["oneOf", "anyOf", "allOf"].iter().filter_map(|name| schema[*name].as_array()).flatten();
    let some: Vec<&Value> = choices.filter(|choice| choice["type"] != "null").collect();
    match some.as_slice() {
        [] => {}
        // A choice between one form and nothing.
        [one] => {
            return shape(document, one).map(|shape| match shape {
                Shape::Text { canonical, .. } => Shape::Text { empty_is_null: true, canonical },
                other => other,
            });
        }
        _ => return Err("a choice of several forms".to_owned()),
    }
    let is = |kind: &str| match &schema["type"] {
        Value::String(one) => one == kind,
        Value::Array(several) => several.iter().any(|one| one == kind),
        _ => false,
    };
    if is("array") {
        let most =
            schema["maxItems"].as_u64().and_then(|most| usize::try_from(most).ok()).ok_or("a list without bound")?;
        return Ok(Shape::List { most, items: Box::new(shape(document, &schema["items"])?) });
    }
    if is("object") {
        let members = schema["properties"].as_object().filter(|_| schema["additionalProperties"] == false);
        let members = members.ok_or("an object that is open")?;
        let shapes = members.iter().map(|(name, member)| Ok((name.clone(), shape(document, member)?)));
        return Ok(Shape::Members(shapes.collect::<Result<HashMap<_, _>, String>>()?));
    }
    if is("string") {
        let canonical = schema["format"].as_str().and_then(formats::canonical);
        return Ok(Shape::Text { empty_is_null: is("null"), canonical });
    }
    Ok(Shape::Plain)
}
