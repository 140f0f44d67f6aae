//! Every date that a body takes has bounds.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::operations::{self, Operation};
use super::{looked_at, none};
use crate::support::App;

/// Where days stand in a schema: the members that lead to each, `0` for the first item of a list.
fn days(document: &Value, schema: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    if let Some(name) = schema["$ref"].as_str() {
        return days(document, document.pointer(name.trim_start_matches('#')).expect("a schema"), path, found);
    }
    if schema["format"] == "date" {
        found.push(path.clone());
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        path.push(name.clone());
        days(document, member, path, found);
        path.pop();
    }
    let parts = ["allOf", "anyOf", "oneOf"].iter().filter_map(|kind| schema[*kind].as_array()).flatten();
    parts.for_each(|part| days(document, part, path, found));
    if schema["items"].is_object() {
        path.push("0".to_owned());
        days(document, &schema["items"], path, found);
        path.pop();
    }
}

/// The example of an operation's body with a day put where `path` leads.
fn with_day(operation: &Operation, path: &[String], day: &str) -> Option<(String, String)> {
    let (media, text) = operation.body()?;
    let mut body: Value = serde_json::from_str(&text).ok()?;
    let mut at = &mut body;
    for name in path {
        at = match name.parse::<usize>() {
            Ok(rank) => {
                let list = at.as_array_mut()?;
                if list.is_empty() {
                    list.push(json!({}));
                }
                list.get_mut(rank)?
            }
            Err(_) => at.as_object_mut()?.entry(name.clone()).or_insert(json!({})),
        };
    }
    *at = json!(day);
    Some((media, body.to_string()))
}

#[test]
fn no_day_of_a_body_lies_before_the_scheme_nor_where_nobody_plans() {
    let app = App::start();
    let document = app.document();
    let (mut seen, mut wrong) = (0, Vec::new());
    for operation in operations::all(&document).iter().filter(|operation| operation.takes_json()) {
        let content = operation.raw["requestBody"]["content"].as_object().expect("content");
        let schema = content.iter().find(|(media, _)| media.contains("json")).map(|(_, content)| &content["schema"]);
        let mut found = Vec::new();
        days(&document, schema.expect("a schema"), &mut Vec::new(), &mut found);
        for path in &found {
            seen += 1;
            let pointer = format!("/{}", path.join("/"));
            for day in ["1900-01-01", "2019-12-31", "2099-12-31", "2060-01-01"] {
                let body = with_day(operation, path, day);
                assert!(body.is_some(), "{}: no place for {pointer}", operation.id);
                let call = operation.call_with(&app, &operation.path(), body);
                let call = match operation.some_caller() {
                    Some(actor) => call.by(&actor),
                    None => call,
                };
                let answer = call.send();
                let told = answer.status == 422
                    && answer.faults().iter().any(|fault| fault.starts_with(&format!("{pointer}: ")));
                if !told {
                    wrong.push(format!("{} {pointer} = {day}: {}", operation.id, answer.describe()));
                }
            }
        }
    }
    looked_at(seen, "days in bodies");
    assert!(seen >= 30, "{seen}");
    none(&wrong, "days without bounds");
}

#[test]
fn every_day_says_its_bounds_in_the_document() {
    let document = App::start().document();
    let mut seen = 0;
    for operation in operations::all(&document).iter().filter(|operation| operation.takes_json()) {
        let text = operation.raw["requestBody"].to_string();
        for name in document["components"]["schemas"].as_object().expect("schemas").keys() {
            if !text.contains(&format!("#/components/schemas/{name}\"")) {
                continue;
            }
            let members = document["components"]["schemas"][name]["properties"].as_object();
            for (member, schema) in members.into_iter().flatten().filter(|(_, schema)| schema["format"] == "date") {
                let bounds = &schema["x-days"];
                let edge = |name: &str| bounds[name].as_str().unwrap_or_default().to_owned();
                let is_edge = |text: &str| text.starts_with("today") || text.parse::<NaiveDate>().is_ok();
                assert!(is_edge(&edge("from")) && is_edge(&edge("to")), "{name}.{member}: {bounds}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 25, "{seen}");
}
