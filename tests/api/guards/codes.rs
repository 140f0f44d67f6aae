//! Codes of territories have one form, and whoever filters by one takes every one that the API hands out.

use conum::app::document;
use conum::platform::codes::{CommuneCode, DepartementCode, EpciSiren, RegionCode};
use serde_json::Value;

use super::operations;
use super::{looked_at, none, source};
use crate::support::App;

/// The pattern that a parameter or member of this name has.
fn pattern_of(name: &str) -> Option<&'static str> {
    let name = name.strip_suffix('s').unwrap_or(name);
    let ends = |word: &str| name == word || name.ends_with(&format!("_{word}"));
    if ends("departement_code") {
        Some(DepartementCode::PATTERN)
    } else if ends("region_code") {
        Some(RegionCode::PATTERN)
    } else if ends("commune_code") {
        Some(CommuneCode::PATTERN)
    } else if ends("epci_siren") {
        Some(EpciSiren::PATTERN)
    } else {
        None
    }
}

/// Patterns of the texts in a schema, through references, lists and alternatives.
fn patterns<'a>(document: &'a Value, schema: &'a Value) -> Vec<Option<&'a str>> {
    if let Some(path) = schema["$ref"].as_str() {
        return patterns(document, document.pointer(path.trim_start_matches('#')).expect("what is referred to"));
    }
    if let Some(options) = ["oneOf", "anyOf", "allOf"].iter().find_map(|word| schema[*word].as_array()) {
        let some = options.iter().filter(|option| option["type"] != "null");
        return some.flat_map(|option| patterns(document, option)).collect();
    }
    if schema.get("items").is_some() {
        return patterns(document, &schema["items"]);
    }
    vec![schema["pattern"].as_str()]
}

/// Every object's members in the document, with the name of what holds them.
fn members<'a>(value: &'a Value, place: &str, found: &mut Vec<(String, &'a str, &'a Value)>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                if name == "example" || name == "examples" {
                    continue;
                }
                if name == "properties" {
                    let known = inner.as_object().into_iter().flatten();
                    found.extend(known.map(|(member, schema)| (place.to_owned(), member.as_str(), schema)));
                }
                members(inner, &format!("{place}/{name}"), found);
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| members(inner, place, found)),
        _ => {}
    }
}

#[test]
fn a_code_has_its_one_form_wherever_it_stands() {
    let document = document::build().expect("a document");
    let mut found = Vec::new();
    members(&document, "", &mut found);
    let operations = operations::all(&document);
    for operation in &operations {
        for parameter in operation.parameters() {
            found.push((operation.id.clone(), parameter["name"].as_str().expect("a name"), &parameter["schema"]));
        }
    }
    let (mut count, mut wrong) = (0, Vec::new());
    for (place, name, schema) in found {
        let Some(pattern) = pattern_of(name) else { continue };
        count += 1;
        let known = patterns(&document, schema);
        if known.iter().any(|known| *known != Some(pattern)) || known.is_empty() {
            wrong.push(format!("{place}: {name} is {known:?}, not {pattern}"));
        }
    }
    looked_at(count, "parameters and members that are codes");
    none(&wrong, "codes of another form");
}

#[test]
fn no_form_of_a_code_is_typed_by_hand() {
    let (mut count, mut wrong) = (0, Vec::new());
    let forms = [DepartementCode::PATTERN, RegionCode::PATTERN, CommuneCode::PATTERN, "^[0-9]{2}$", "[0-9AB]"];
    for file in source::files() {
        count += 1;
        if file.name() == "platform::codes" {
            continue;
        }
        let lines: Vec<&str> = file.text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            // The SIREN shares its digits with those of structures: what counts there is what the line below declares.
            let siren =
                line.contains(EpciSiren::PATTERN) && lines.get(at + 1).is_some_and(|next| next.contains("epci"));
            if siren || forms.iter().any(|form| line.contains(form)) {
                wrong.push(format!("{}: {}", file.name(), line.trim()));
            }
        }
    }
    looked_at(count, "sources");
    none(&wrong, "patterns of codes typed by hand: use the types of platform::codes");
}

/// Every code of a list of territories.
fn listed(app: &App, list: &str) -> Vec<String> {
    let page = app.get(&format!("/api/v1/{list}")).query("limit", "500").expect(200);
    assert_eq!(page.at("/meta/total"), page.values("/data", "/code").len(), "{list} fits one page");
    page.values("/data", "/code")
}

#[test]
fn every_territory_that_is_listed_can_be_filtered_by_one_or_several() {
    let app = App::start();
    let (departements, regions) = (listed(&app, "departements"), listed(&app, "regions"));
    let (mut calls, mut filters, mut wrong) = (0, 0, Vec::new());
    for operation in operations::all(&app.document()).iter().filter(|o| o.method == "GET") {
        for parameter in operation.parameters().filter(|p| p["in"] == "query") {
            let name = parameter["name"].as_str().expect("a name");
            let codes = match name {
                "departement_code" => &departements,
                "region_code" => &regions,
                _ => continue,
            };
            filters += 1;
            if parameter["schema"]["type"] != "array" {
                wrong.push(format!("{}: {name} takes one value only", operation.id));
            }
            let several = codes.join(",");
            // A list takes at most a hundred values at once.
            let most = parameter["schema"]["maxItems"].as_u64().unwrap_or(1) as usize;
            let several = if codes.len() > most { codes[..most].join(",") } else { several };
            for asked in codes.iter().chain([&several]) {
                let answer = operation.admitted_call(&app, &operation.path()).query(name, asked).send();
                calls += 1;
                if answer.status == 400 {
                    wrong.push(format!("{}?{name}={asked}: {}", operation.id, answer.describe()));
                }
            }
        }
    }
    looked_at(filters, &format!("filters by territory, in {calls} calls"));
    none(&wrong, "territories that a filter refuses");
}
