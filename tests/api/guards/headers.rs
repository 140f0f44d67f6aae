//! What headers promise: the document names all of them, pages of other origins may read them, and versions are read as
//! RFC 9110 says.

use std::collections::BTreeSet;

use serde_json::Value;

use super::operations;
use super::{looked_at, none};
use crate::support::App;

/// What answers carry whatever they are: HTTP itself, and what browsers obey.
const EVERYWHERE: [&str; 16] = [
    "accept-ranges",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "allow",
    "cache-control",
    "connection",
    "content-length",
    "content-security-policy",
    "content-type",
    "date",
    "referrer-policy",
    "transfer-encoding",
    "vary",
    "www-authenticate",
    "x-content-type-options",
    "x-frame-options",
];

fn declared(document: &Value, response: &Value) -> BTreeSet<String> {
    let response = match response["$ref"].as_str().and_then(|r| r.strip_prefix("#/components/responses/")) {
        Some(name) => &document["components"]["responses"][name],
        None => response,
    };
    response["headers"].as_object().into_iter().flatten().map(|(name, _)| name.to_ascii_lowercase()).collect()
}

#[test]
fn every_header_of_an_answer_is_documented_and_readable_from_a_page() {
    let front = "https://front.example.org";
    let app = App::configured(&[("CONUM_CORS_ORIGINS", front)], Default::default());
    conum::app::demo::load(&app.database.url).expect("demonstration data");
    app.set_now(&chrono::Utc::now().to_rfc3339());
    let document = app.document();
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    for operation in operations::all(&document) {
        for format in [None, Some("csv")] {
            let files = operation.parameters().any(|p| p["name"] == "format");
            if format.is_some() && !files {
                continue;
            }
            let call = operation.admitted_call(&app, &operation.path()).header("Origin", front);
            let call = format.map_or(call.header("Accept", "*/*"), |format| {
                operation.admitted_call(&app, &operation.path()).query("format", format).header("Origin", front)
            });
            let answer = call.send();
            let names = declared(&document, &operation.raw["responses"][answer.status.to_string()]);
            let exposed = answer.header("access-control-expose-headers").to_owned();
            let exposed: BTreeSet<&str> = exposed.split(", ").collect();
            for name in answer.headers.keys().map(|name| name.as_str()).filter(|name| !EVERYWHERE.contains(name)) {
                seen.insert(name.to_owned());
                if !names.contains(name) {
                    wrong.push(format!("{}: {} answers {name}, undocumented", operation.id, answer.status));
                }
                if !exposed.contains(name) {
                    wrong.push(format!("{}: {name} cannot be read from a page", operation.id));
                }
            }
            for name in &names {
                if !exposed.contains(name.as_str()) {
                    wrong.push(format!("{}: {name} is documented and cannot be read from a page", operation.id));
                }
            }
        }
    }
    println!("{seen:?}");
    looked_at(seen.len(), "headers of answers");
    none(&wrong, "headers that nobody is told of");
}

#[test]
fn what_is_open_to_all_is_open_to_every_page_and_nothing_else_is() {
    let app = App::in_production(&[("CONUM_CORS_ORIGINS", "https://front.example.org")]);
    let (mut open, mut closed, mut wrong) = (0, 0, Vec::new());
    for operation in operations::all(&app.document()) {
        for (origin, listed) in [("https://front.example.org", true), ("https://mairie.example.org", false)] {
            let path = operation.path();
            let asked = app
                .call("OPTIONS", &path)
                .header("Origin", origin)
                .header("Access-Control-Request-Method", &operation.method)
                .send_raw();
            let told = asked.header("access-control-allow-origin");
            let expected = match (operation.line.anonymous, listed) {
                (true, _) => "*",
                (false, true) => origin,
                (false, false) => "",
            };
            if told != expected || !asked.header("access-control-allow-credentials").is_empty() {
                wrong.push(format!("{} from {origin}: {told:?}", operation.id));
            }
            if expected.is_empty() {
                closed += 1;
                if (asked.status, asked.at("/code")) != (403, "origin_not_allowed".into()) {
                    wrong.push(format!("{}: {}", operation.id, asked.describe()));
                }
            } else if asked.status != 204 {
                wrong.push(format!("{}: {}", operation.id, asked.describe()));
            }
        }
        open += usize::from(operation.line.anonymous);
    }
    looked_at(open, "operations open to all");
    looked_at(closed, "refused questions of browsers");
    none(&wrong, "wrong answers to browsers");
}
