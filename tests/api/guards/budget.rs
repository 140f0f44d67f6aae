//! What somebody sends bounds what it costs: the answer, and the memory that checking takes.

use conum::platform::contract::{Contract, Operation as Taken};
use serde_json::{Value, json};

use super::operations::{self, Operation};
use super::{looked_at, none};
use crate::support::{App, peak_of};

/// Bytes of an answer for each byte of its request, and beside that.
const RATIO: usize = 16;
const FLOOR: usize = 64 * 1024;
/// Bytes that checking one body may take at its peak, the body apart.
const MEMORY: usize = 64 * 1024 * 1024;

/// What fills lists and members that expect something else.
const JUNK: [&str; 7] = ["\"\"", "0", "null", "{}", "[]", "{\"a\":1}", "\"\\u0001\""];

fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    match schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/components/schemas/")) {
        Some(name) => &document["components"]["schemas"][name],
        None => schema["oneOf"]
            .as_array()
            .and_then(|o| o.iter().find(|o| o["type"] != "null"))
            .map_or(schema, |some| resolved(document, some)),
    }
}

/// A body around the place that a path of members leads to.
fn around(path: &[String], inner: &str) -> String {
    path.iter().rev().fold(inner.to_owned(), |inner, name| match name.as_str() {
        "[]" => format!("[{inner}]"),
        name => format!("{{\"{name}\":{inner}}}"),
    })
}

/// The paths of all members of a schema; `[]` is an item of a list.
fn members(document: &Value, schema: &Value, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, bool)>) {
    let schema = resolved(document, schema);
    let list = schema["items"].is_object();
    found.push((path.clone(), list));
    if list {
        path.push("[]".to_owned());
        members(document, &schema["items"], path, found);
        path.pop();
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        path.push(name.clone());
        members(document, member, path, found);
        path.pop();
    }
}

/// Bodies of about this many bytes that are as wrong as can be, at every place of the schema.
fn hostile(document: &Value, schema: &Value, bytes: usize) -> Vec<String> {
    let mut places = Vec::new();
    members(document, schema, &mut Vec::new(), &mut places);
    let many = |junk: &str| vec![junk; (bytes / (junk.len() + 1)).max(1)].join(",");
    let unknown = |length: usize| {
        let name = |rank: usize| format!("\"{rank:0length$}\":0");
        (0..bytes / (length + 5)).map(name).collect::<Vec<_>>().join(",")
    };
    let mut bodies = vec![format!("[{}]", many("[]")), format!("{{\"{}\":1}}", "x".repeat(bytes.saturating_sub(10)))];
    for (path, list) in places {
        bodies.push(around(&path, &format!("{{{}}}", unknown(1))));
        bodies.push(around(&path, &format!("{{{}}}", unknown(60))));
        bodies.push(around(&path, &format!("\"{}\"", "é".repeat(bytes / 2))));
        if list {
            bodies.extend(JUNK.iter().map(|junk| around(&path, &format!("[{}]", many(junk)))));
        } else {
            bodies.push(around(&path, &format!("[{}]", many("{\"a\":[]}"))));
        }
    }
    bodies
}

fn json_schema(operation: &Operation) -> Option<(String, Value)> {
    let content = operation.raw["requestBody"]["content"].as_object()?;
    let (media, content) = content.iter().find(|(media, _)| media.contains("json") && !media.contains("ndjson"))?;
    Some((media.clone(), content["schema"].clone()))
}

#[test]
fn no_answer_is_much_longer_than_its_request() {
    let app = App::start();
    let document = app.document();
    let (mut calls, mut worst, mut wrong) = (0, (0.0, String::new()), Vec::new());
    let mut judge = |operation: &Operation, sent: usize, answer: &crate::support::Answer| {
        calls += 1;
        let (got, room) = (answer.text().len(), RATIO * sent + FLOOR);
        let ratio = got as f64 / sent as f64;
        if got > FLOOR && ratio > worst.0 {
            worst = (ratio, format!("{} {sent} -> {got}", operation.id));
        }
        if got > room {
            wrong.push(format!("{}: {sent} bytes are answered by {got}: {:.200}", operation.id, answer.text()));
        }
        assert!(answer.status < 500, "{}: {}", operation.id, answer.describe());
    };
    for operation in &operations::all(&document) {
        let path = operation.path();
        let by = |call: crate::support::Call| match operation.some_caller() {
            Some(actor) => call.by(&actor).send(),
            None => call.send(),
        };
        let address = format!("{path}?{}", (0..2_000).map(|n| format!("{n}")).collect::<Vec<_>>().join("&"));
        let address = &address[..address.len().min(8_000)];
        judge(operation, address.len(), &by(app.call(&operation.method, address)));
        if let Some((media, schema)) = json_schema(operation) {
            for bytes in [300, 12_000] {
                for body in hostile(&document, &schema, bytes) {
                    let sent = body.len();
                    judge(operation, sent, &by(operation.call_with(&app, &path, Some((media.clone(), body)))));
                }
            }
        } else if let Some((media, _)) = operation.body() {
            for line in ["{}\n", "\n", "a\n", "a,b\n", ",,\n", ";", "=&", "[]\n"] {
                let body = line.repeat(30_000 / line.len());
                let sent = body.len();
                judge(operation, sent, &by(operation.call_with(&app, &path, Some((media.clone(), body)))));
            }
        }
    }
    println!("the longest answer for its request: {:.1} times, {}", worst.0, worst.1);
    looked_at(calls, "hostile calls");
    none(&wrong, "answers out of proportion");
}

#[test]
fn checking_a_body_takes_bounded_memory() {
    let document = conum::app::document::build().expect("a document");
    let contract = Contract::from_document(&document).expect("a contract");
    let today = chrono::NaiveDate::from_ymd_opt(2021, 1, 11).expect("a day");
    let (mut checked, mut worst, mut wrong) = (0, (0, String::new()), Vec::new());
    for operation in &operations::all(&document) {
        let Some((_, schema)) = json_schema(operation) else { continue };
        let taken: Vec<&Taken> =
            contract.operations().map(|(_, known)| known.as_ref()).filter(|known| known.id == operation.id).collect();
        let body = taken.first().and_then(|taken| taken.body.as_ref()).expect("a body");
        // A quarter of what an import may be, with a quarter of its room: enough to see how it grows.
        let (longest, room) = if body.is_long() { (2 << 20, MEMORY / 4) } else { (64 << 10, MEMORY) };
        for text in hostile(&document, &schema, longest) {
            let (faults, peak) =
                peak_of(|| body.check(text.as_bytes(), today).err().map_or(0, |p| p.fault_list().len()));
            checked += 1;
            if peak > worst.0 {
                worst = (peak, format!("{}: {:.60}", operation.id, text));
            }
            if peak > room || faults > 100 {
                wrong.push(format!("{}: {peak} bytes, {faults} faults for {:.60}", operation.id, text));
            }
        }
    }
    println!("at most {} KiB: {}", worst.0 / 1024, worst.1);
    looked_at(checked, "bodies checked");
    none(&wrong, "bodies that take too much memory");
}

#[test]
fn a_list_of_words_is_told_once_and_faults_beyond_a_hundred_are_counted() {
    let app = App::start();
    let kinds: Vec<Value> = (0..50).map(|n| json!(format!("no.{n}"))).collect();
    let body = json!({"name": "x", "url": "https://example.org", "types": kinds});
    let answer = app.post("/api/v1/webhooks").by(&conum::platform::auth::Actor::Anct).json(&body).expect(422);
    let details = answer.values("/errors", "/detail");
    assert_eq!(details.len(), 50, "{}", answer.describe());
    assert!(details[0].contains("post.granted") && details[1].contains("/types/0"), "{details:?}");

    let lines: Vec<Value> = (0..5_000).map(|_| json!({"post_id": 1})).collect();
    let body = json!({"resource": "posts", "suffix_length": 1, "rows": lines});
    let anybody = operations::actor(conum::platform::auth::Role::Bdt);
    let answer = app.post("/api/v1/reconciliations").by(&anybody).json(&body).expect(422);
    assert_eq!(answer.values("/errors", "/code").len(), 100, "{}", answer.describe());
    assert!(answer.at("/errors_omitted_count").as_i64().is_some_and(|more| more >= 4_900), "{}", answer.describe());
}
