//! Lists whose rows are also read alone: `view=full` shows all of each row. Which lists these are, and what it adds, follows
//! from the document: a list at `/posts` and a detail at `/posts/{id}`.

use serde_json::{Value, json};

use crate::platform::contract::ONLY_IN_FULL;

/// Declares the parameter and the members. Of a list and its detail.
pub fn add(document: &mut Value) {
    let lists: Vec<(String, String, String)> = paths(document).filter_map(|path| pair(document, path)).collect();
    for (path, item, detail) in lists {
        let parameters = &mut document["paths"][&path]["get"]["parameters"];
        if !parameters.is_array() {
            *parameters = json!([]);
        }
        if let Some(parameters) = parameters.as_array_mut() {
            parameters.push(json!({"name": "view", "in": "query", "required": false,
                "description": "How much is told of each row: what a list tells, or all members of its detail and its `transitions` too (`full`, a hundred rows a page at most; files are whole), for those who may read it alone.",
                "schema": {"type": "string", "enum": ["row", "full"], "default": "row"}, "example": "row"}));
        }
        if item != detail {
            add_members(document, &item, &detail);
        }
    }
}

fn paths(document: &Value) -> impl Iterator<Item = &String> {
    document["paths"].as_object().into_iter().flatten().map(|(path, _)| path)
}

/// Names of the schemas of a list's rows and of their detail.
fn pair(document: &Value, path: &str) -> Option<(String, String, String)> {
    let name = |schema: &Value| Some(schema["$ref"].as_str()?.strip_prefix("#/components/schemas/")?.to_owned());
    let json = |path: &str| {
        let content = &document["paths"][path]["get"]["responses"]["200"]["content"];
        name(&content["application/json"]["schema"])
    };
    let page = json(path)?;
    let item = name(&document["components"]["schemas"][page]["properties"]["data"]["items"])?;
    Some((path.to_owned(), item, json(&format!("{path}/{{id}}"))?))
}

/// What only the detail has is an optional member of the row; what both have in different forms may have either.
fn add_members(document: &mut Value, item: &str, detail: &str) {
    let schemas = &mut document["components"]["schemas"];
    let members = schemas[detail]["properties"].as_object().cloned().unwrap_or_default();
    for (name, member) in members {
        let own = &mut schemas[item]["properties"][&name];
        if own.is_null() {
            let said = member["description"].as_str().unwrap_or_default();
            let mut added = member.clone();
            added["description"] = json!(format!("{said} With `view=full` only.").trim());
            added[ONLY_IN_FULL] = json!("full");
            *own = added;
        } else if !is_within(&member, own) {
            let mut options: Vec<Value> = Vec::new();
            for option in [&*own, &member].into_iter().flat_map(options_of) {
                if !options.contains(&option) {
                    options.push(option);
                }
            }
            *own = json!({"oneOf": options, "description": "With `view=full` as the detail tells it."});
        }
    }
}

/// What a schema may be.
fn options_of(schema: &Value) -> Vec<Value> {
    schema["oneOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()])
}

/// Whether a member as the detail tells it is one that the list may tell.
fn is_within(detail: &Value, own: &Value) -> bool {
    let bare = |schema: &Value| {
        let mut schema = schema.clone();
        if let Some(members) = schema.as_object_mut() {
            for words in ["description", "example", "examples"] {
                members.shift_remove(words);
            }
        }
        schema
    };
    let (detail, own) = (bare(detail), bare(own));
    detail == own || own["oneOf"].as_array().is_some_and(|options| options.contains(&detail))
}
