//! Documents for one reader, the list of problems, and pages that clients turn by themselves.

use std::collections::BTreeSet;

use conum::platform::auth::{Actor, Role, policy};
use conum::platform::db::text_enum::TextEnum;
use conum::platform::error::Code;
use serde_json::Value;

use crate::guards::operations;
use crate::support::App;

fn refs(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(ToOwned::to_owned));
            members.values().for_each(|member| refs(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| refs(item, found)),
        _ => {}
    }
}

/// Every reference leads somewhere, and every schema is referred to.
fn is_closed(document: &Value) {
    let mut found = BTreeSet::new();
    refs(document, &mut found);
    for target in &found {
        assert!(document.pointer(&target[1..]).is_some(), "{target} leads nowhere");
    }
    for name in document["components"]["schemas"].as_object().expect("schemas").keys() {
        assert!(found.contains(&format!("#/components/schemas/{name}")), "{name} is of no use");
    }
}

#[test]
fn clients_are_offered_json_only() {
    let app = App::start();
    let whole = app.document();
    for path in ["/openapi.json?for=clients", "/openapi-3.0.json?for=clients"] {
        let document = app.get(path).expect(200).json();
        is_closed(&document);
        let offered = operations::all(&document);
        for operation in &offered {
            let answers = operation.raw["responses"].as_object().expect("responses").values();
            let contents = answers.map(|answer| &answer["content"]).chain([&operation.raw["requestBody"]["content"]]);
            for media in contents.filter_map(Value::as_object).flat_map(|content| content.keys()) {
                assert!(media == "application/json" || media.ends_with("+json"), "{}: {media}", operation.id);
            }
            assert!(!operation.parameters().any(|p| p["name"] == "format"), "{}", operation.id);
        }
        let kept: BTreeSet<&str> = offered.iter().map(|operation| operation.id.as_str()).collect();
        let left: Vec<String> =
            operations::all(&whole).into_iter().map(|o| o.id).filter(|id| !kept.contains(id.as_str())).collect();
        assert!(
            left.iter().all(|id| id.starts_with("import_")
                || id.starts_with("download_")
                || id.contains("open_data")
                || id.contains("message")
                || id.starts_with("export_")
                || id == "issue_token"),
            "{left:?}"
        );
        assert!(kept.contains("list_posts") && kept.contains("create_payment_batch"));
    }
}

#[test]
fn a_role_is_told_what_it_may_call() {
    let app = App::start();
    let all = operations::all(&app.document());
    for role in Role::ALL {
        let document = app.get(&format!("/openapi.json?role={role}")).expect(200).json();
        is_closed(&document);
        let told: BTreeSet<String> = operations::all(&document).into_iter().map(|operation| operation.id).collect();
        let expected = all.iter().filter(|o| o.line.anonymous || o.line.admits(*role)).map(|o| o.id.clone()).collect();
        assert_eq!(told, expected, "{role}");
        let scopes = &document["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["scopes"];
        let scopes: Vec<String> = scopes.as_object().expect("scopes").keys().cloned().collect();
        assert!(policy::scopes_of(*role).iter().all(|scope| scopes.contains(scope)), "{role}");
    }
    let both = app.get("/openapi.json?role=bdt&for=clients").expect(200);
    assert_ne!(both.etag(), app.get("/openapi.json?role=bdt").expect(200).etag());
    for (query, code) in [("role=maire", "not_in_list"), ("for=people", "not_in_list"), ("rôle=bdt", "unknown_name")] {
        let refused = app.get(&format!("/openapi.json?{query}").replace('ô', "%C3%B4")).problem("invalid_parameter");
        assert_eq!((refused.status, refused.values("/errors", "/code")), (400, vec![code.to_owned()]), "{query}");
    }
}

#[test]
fn documents_say_where_they_are_served_and_how_to_sign_in() {
    let app = App::start();
    let document = app.document();
    assert_eq!(document["servers"][0]["url"], "http://conum.test");
    let flow = &document["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"];
    assert_eq!(flow["tokenUrl"], "http://conum.test/oauth/token");
    for operation in operations::all(&document) {
        let ways = operation.raw["security"].as_array().expect("ways");
        let first = ways.iter().find_map(|way| way.as_object()?.keys().next());
        assert!(first.is_none_or(|first| first == "bearer"), "{}: {first:?}", operation.id);
        for parameter in operation.parameters() {
            let schema = &parameter["schema"];
            assert!(
                schema["enum"].is_null() && schema["items"]["enum"].is_null(),
                "{}: {}",
                operation.id,
                parameter["name"]
            );
        }
    }
}

#[test]
fn every_problem_is_listed_and_explained() {
    let app = App::start();
    let list = app.get("/problems").expect(200);
    let codes: BTreeSet<String> = list.values("/data", "/code").into_iter().collect();
    assert_eq!(codes, Code::ALL.iter().map(|code| code.as_str().to_owned()).collect());
    for language in ["fr", "en"] {
        let index = app
            .get("/problems")
            .header("Accept", "text/html")
            .header("Accept-Language", language)
            .expect_raw(200)
            .text();
        for line in list.at("/data").as_array().expect("lines") {
            let (link, code) = (line["link"].as_str().unwrap(), line["code"].as_str().unwrap());
            assert!(index.contains(&format!("href=\"{link}\"")), "{code} is not in the list for people");
            assert_ne!(line["title_fr"], line["title_en"], "{code}");
            let page =
                app.get(link).header("Accept", "text/html").header("Accept-Language", language).expect_raw(200).text();
            assert!(
                page.contains("name=\"viewport\"") && page.contains("<main>") && page.contains("href=\"/problems\""),
                "{code}"
            );
            assert!(page.contains(&format!("lang=\"{language}\"")), "{code}");
            let said = page.split("</style>").nth(1).unwrap();
            assert!(!said.contains('{') || said.contains("/api/v1/"), "{code}: {said}");
        }
    }
}

#[test]
fn pages_are_turned_by_their_cursor() {
    let app = App::start();
    let whole = app.get("/api/v1/communes?departement_code=82&limit=500").expect(200);
    assert_eq!(whole.at("/meta/next_cursor"), Value::Null);
    let (mut cursor, mut codes) = (None::<String>, Vec::new());
    loop {
        let call = app.get("/api/v1/communes?departement_code=82&limit=60");
        let page = match &cursor {
            Some(cursor) => call.query("cursor", cursor).expect(200),
            None => call.expect(200),
        };
        codes.extend(page.values("/data", "/code"));
        cursor = page.at("/meta/next_cursor").as_str().map(ToOwned::to_owned);
        let Some(next) = &cursor else { break };
        assert!(page.text_at("/links/next").ends_with(&format!("cursor={next}")));
    }
    assert_eq!(codes, whole.values("/data", "/code"));
    let feed = app.get("/api/v1/events?limit=1").by(&Actor::Anct).expect(200);
    assert!(feed.text_at("/links/next").ends_with(&format!("cursor={}", feed.text_at("/meta/next_cursor"))));
}
