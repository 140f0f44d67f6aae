//! The conventions of the API, proved for every operation of the document.

use std::collections::{BTreeMap, BTreeSet};

use conum::platform::auth::{Actor, Reach, Role, Territory};
use conum::platform::db::text_enum::TextEnum;
use conum::platform::ids::StructureId;
use serde_json::{Value, json};
use uuid::Uuid;

use super::operations::{self, Operation};
use super::{looked_at, none};
use crate::support::{App, builders};

fn open() -> (App, Vec<Operation>) {
    let app = App::start();
    let operations = operations::all(&app.document());
    looked_at(operations.len(), "operations");
    (app, operations)
}

#[test]
fn an_unknown_parameter_is_refused_everywhere() {
    let (app, operations) = open();
    for operation in &operations {
        let call = operation.admitted_call(&app, &operation.path()).query("surprise", "1");
        let answer = call.problem("invalid_parameter");
        assert_eq!((answer.status, answer.values("/errors", "/parameter")), (400, vec!["surprise".to_owned()]));
    }
}

#[test]
fn every_get_answers_head_alike_without_a_body() {
    let (app, operations) = open();
    let mut count = 0;
    for operation in operations.iter().filter(|o| o.method == "GET") {
        let get = operation.admitted_call(&app, &operation.path()).send();
        let head = operation.with_required(app.call("HEAD", &operation.path()));
        let head = match operation.some_caller() {
            Some(actor) => head.by(&actor).send(),
            None => head.send(),
        };
        assert_eq!(head.status, get.status, "HEAD {}", operation.template);
        for header in ["content-type", "etag", "link", "cache-control"] {
            assert_eq!(head.header(header), get.header(header), "HEAD {}: {header}", operation.template);
        }
        count += 1;
    }
    looked_at(count, "GET operations");
}

#[test]
fn every_path_names_its_methods_to_those_who_use_another() {
    let (app, operations) = open();
    let mut paths: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for operation in &operations {
        paths.entry(operation.path()).or_default().insert(operation.method.clone());
    }
    let mut refused = 0;
    for (path, methods) in &paths {
        let mut allowed = methods.clone();
        allowed.insert("OPTIONS".to_owned());
        if methods.contains("GET") {
            allowed.insert("HEAD".to_owned());
        }
        let named = |header: &str| header.split(", ").map(ToOwned::to_owned).collect::<BTreeSet<String>>();
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
            if allowed.contains(method) {
                continue;
            }
            let answer = app.call(method, path).expect(405);
            assert_eq!(named(answer.header("allow")), allowed, "{method} {path}");
            refused += 1;
        }
        assert_eq!(named(app.call("OPTIONS", path).expect(204).header("allow")), allowed, "OPTIONS {path}");
    }
    looked_at(refused, &format!("wrong methods on {} paths", paths.len()));
}

#[test]
fn a_format_that_is_not_offered_is_refused_everywhere() {
    let (app, operations) = open();
    let mut count = 0;
    for operation in operations.iter().filter(|o| o.declares(406)) {
        let answer = operation.admitted_call(&app, &operation.path()).header("Accept", "application/x-none").send();
        assert_eq!(answer.status, 406, "{}", answer.describe());
        count += 1;
    }
    looked_at(count, "operations that offer formats");
}

/// The body without what differs between any two answers.
fn comparable(answer: &crate::support::Answer) -> String {
    let mut body = answer.json();
    body["request_id"] = Value::Null;
    body.to_string()
}

/// Whose rows a table holds: columns that lead to a structure, a territory or a person, directly or by a parent.
const OWNERS: [&str; 9] = [
    "structure_id",
    "departement_code",
    "lead_structure_id",
    "candidate_id",
    "counsellor_id",
    "agreement_id",
    "post_id",
    "recruitment_id",
    "role",
];

/// The table of each resource that the document reads by its identifier, where its rows are somebody's.
fn owned_tables(app: &App, operations: &[Operation]) -> BTreeMap<String, String> {
    let mut owner = app.database.owner();
    let names = operations.iter().filter(|o| o.template.contains("{id}")).filter_map(|o| o.template.split('/').nth(3));
    let resources: BTreeSet<&str> = names.collect();
    let mut found = BTreeMap::new();
    for resource in resources {
        let table = resource.replace('-', "_");
        let columns = owner.column(&format!(
            "select attname::text from pg_attribute where attrelid = to_regclass('{table}') and attnum > 0"
        ));
        assert!(!columns.is_empty(), "{resource}: no table of that name");
        if table == "structures" || columns.iter().any(|column| OWNERS.contains(&column.as_str())) {
            found.insert(resource.to_owned(), table);
        }
    }
    found
}

/// Somebody of this role who reaches no row of the demonstration; none where the role reaches the country.
fn stranger(role: Role) -> Option<Actor> {
    let nowhere = || Territory::Departement("2A".to_owned());
    match operations::actor(role) {
        Actor::Prefecture(_) => Some(Actor::Prefecture(nowhere())),
        Actor::Observer(_) => Some(Actor::Observer(Some(Territory::Region("94".to_owned())))),
        Actor::Coordinator(_) => Some(Actor::Coordinator(nowhere())),
        actor if matches!(actor.reach(), Reach::Country) => None,
        actor => Some(actor),
    }
}

/// The latest rows of a table: of the demonstration, and none of them the stranger's.
fn some_rows(app: &App, table: &str) -> Vec<String> {
    app.database.owner().column(&format!("select id::text from {table} order by id desc limit 3"))
}

#[test]
fn what_is_missing_and_what_is_out_of_reach_answer_alike() {
    let (app, operations) = open();
    conum::app::demo::load(&app.database.url).expect("demonstration data");
    // The demonstration lives until today.
    app.set_now(&chrono::Utc::now().to_rfc3339());
    let owner = builders::employer(&app, "Commune de Lauzerte", "commune", "82094", "82110");
    let webhook =
        json!({"name": "Partenaire", "url": "https://partenaire.example.org/conum", "types": ["post.granted"]});
    app.post("/api/v1/webhooks").by(&owner.actor).json(&webhook).send();
    app.post("/api/v1/matching-runs").by(&owner.actor).json(&json!({})).send();
    let client = json!({"name": "Logiciel", "role": "employer", "structure_id": owner.id, "scopes": ["posts:read"]});
    app.post("/api/v1/api-clients").by(&owner.actor).json(&client).expect(201);
    let vacant = app.get("/api/v1/posts?status=vacant&limit=1").by(&Actor::Anct).expect(200);
    let giver = Actor::Employer(StructureId::from_uuid(vacant.text_at("/data/0/structure_id").parse().expect("an id")));
    let given = json!({"post_id": vacant.text_at("/data/0/id"), "reason": "difficulte_recrutement"});
    app.post("/api/v1/post-returns").by(&giver).json(&given).expect(201);
    let tables = owned_tables(&app, &operations);
    let (mut missing, mut foreign, mut tried, mut wrong) = (0, 0, BTreeSet::new(), Vec::new());
    // What everybody who is signed in may read is nobody's alone.
    let owned = |o: &&Operation| o.template.contains("{id}") && o.line.roles.len() < Role::ALL.len();
    for operation in operations.iter().filter(owned) {
        let mut said = BTreeSet::new();
        for actor in operation.line.roles.iter().map(|role| operations::actor(*role)) {
            let path = operation.path_with(&[("id", &Uuid::now_v7().to_string())]);
            let answer = operation.call(&app, &path).by(&actor).send();
            missing += 1;
            if answer.status == 404 {
                said.insert(comparable(&answer));
            } else {
                wrong.push(format!("{} by {}: {} for a missing row", operation.id, actor.name(), answer.describe()));
            }
        }
        if said.len() > 1 {
            wrong.push(format!("{}: a missing row is told in {} ways", operation.id, said.len()));
        }
        let resource = operation.template.split('/').nth(3).unwrap_or_default();
        let Some(table) = tables.get(resource) else { continue };
        let strangers: Vec<Actor> = operation.line.roles.iter().filter_map(|role| stranger(*role)).collect();
        for id in some_rows(&app, table) {
            for actor in &strangers {
                let answer = operation.call(&app, &operation.path_with(&[("id", &id)])).by(actor).send();
                (foreign, _) = (foreign + 1, tried.insert(resource));
                if answer.status != 404 || !said.contains(&comparable(&answer)) {
                    wrong.push(format!(
                        "{} by {}: a foreign row shows: {:.300}",
                        operation.id,
                        actor.name(),
                        answer.describe()
                    ));
                }
            }
        }
    }
    looked_at(missing, "calls for missing rows");
    looked_at(foreign, "calls for rows of others");
    looked_at(tried.len(), "resources with rows of others");
    let without: Vec<_> = tables.keys().filter(|resource| !tried.contains(resource.as_str())).collect();
    println!("of these nobody is a stranger, or there is no row: {without:?}");
    none(&wrong, "rows that are not hidden");
}

#[test]
fn bodies_that_are_no_good_json_are_refused_everywhere() {
    let (app, operations) = open();
    let mut count = 0;
    for operation in operations.iter().filter(|o| o.takes_json()) {
        let (media, example) = operation.body().expect("a body");
        let send = |media: &str, body: &str| {
            let call = operation.call_with(&app, &operation.path(), Some((media.to_owned(), body.to_owned())));
            match operation.some_caller() {
                Some(actor) => call.by(&actor),
                None => call,
            }
        };
        let first = serde_json::from_str::<Value>(&example).ok();
        let member = first.as_ref().and_then(|v| v.as_object()).and_then(|o| o.keys().next().cloned());
        let member = member.unwrap_or_else(|| panic!("{}: no member in the example", operation.id));
        let deep = format!("{{\"{member}\":{}{}}}", "[".repeat(20), "]".repeat(20));
        let twice = format!("{{\"{member}\":null,\"{member}\":null}}");
        let nul = format!("{{\"{member}\":\"a\\u0000b\"}}");
        for broken in ["", "{", "{}x", "nul", "{'a':1}", deep.as_str(), twice.as_str(), nul.as_str(), "\u{feff}{}"] {
            let answer = send(&media, broken).send();
            assert_eq!(answer.status, 400, "{broken:.40}: {}", answer.describe());
            assert_eq!(answer.at("/code"), "malformed_request", "{broken:.40}: {}", answer.describe());
        }
        // Positions do not fill members, nor does anything else that is no object.
        for shape in ["[]", "[1,2,3]", "null", "\"x\"", "12", "true"] {
            send(&media, shape).problem("validation_failed");
        }
        let unknown = send(&media, "{\"surprise\":1}").problem("validation_failed");
        assert!(unknown.values("/errors", "/pointer").contains(&"/surprise".to_owned()), "{}", unknown.describe());
        for wrong in ["text/plain", "application/xml", "application/json; charset=latin1", "multipart/form-data"] {
            assert_eq!(send(wrong, &example).problem("unsupported_media_type").status, 415, "{wrong}");
        }
        let packed = send(&media, &example).header("Content-Encoding", "gzip").problem("unsupported_media_type");
        if operation.method == "PATCH" {
            assert_eq!(packed.header("accept-patch"), media, "{}", operation.id);
        }
        // Some take as much as an import.
        let length =
            if ["reconcile", "record_payment_results"].contains(&operation.id.as_str()) { 9_000_000 } else { 70_000 };
        let large = format!("{{\"{member}\":\"{}\"}}", "a".repeat(length));
        assert_eq!(send(&media, &large).problem("payload_too_large").status, 413);
        count += 1;
    }
    looked_at(count, "operations with a JSON body");
}

#[test]
fn the_document_is_complete() {
    let (app, operations) = open();
    let document = app.document();
    let mut wrong = Vec::new();
    let mut ids = BTreeSet::new();
    for operation in &operations {
        let id = &operation.id;
        if !ids.insert(id.clone()) {
            wrong.push(format!("{id} stands twice"));
        }
        if operation.raw["tags"].as_array().map(Vec::len) != Some(1) {
            wrong.push(format!("{id}: not exactly one tag"));
        }
        for member in ["summary", "description"] {
            if operation.raw[member].as_str().unwrap_or_default().is_empty() {
                wrong.push(format!("{id}: no {member}"));
            }
        }
        for parameter in operation.parameters() {
            if parameter["description"].as_str().unwrap_or_default().is_empty() {
                wrong.push(format!("{id}: {} has no description", parameter["name"]));
            }
        }
        for (status, response) in operation.raw["responses"].as_object().expect("responses") {
            if resolved(&document, response)["description"].as_str().unwrap_or_default().is_empty() {
                wrong.push(format!("{id}: {status} has no description"));
            }
        }
        if let Some((media, example)) = operation.body() {
            let faults = body_faults(&document, operation, &media, &example);
            wrong.extend(faults.into_iter().map(|fault| format!("{id}: its example is refused: {fault}")));
        }
    }
    none(&wrong, "gaps of the document");
}

/// A response itself, or the shared one that it refers to.
fn resolved<'d>(document: &'d Value, response: &'d Value) -> &'d Value {
    match response["$ref"].as_str().and_then(|r| r.strip_prefix("#/components/responses/")) {
        Some(name) => &document["components"]["responses"][name],
        None => response,
    }
}

/// What the schema of a body has against its own example.
fn body_faults(document: &Value, operation: &Operation, media: &str, example: &str) -> Vec<String> {
    if !is_json(media) {
        return Vec::new();
    }
    let schema = &operation.raw["requestBody"]["content"][media]["schema"];
    faults(document, schema, &serde_json::from_str(example).expect("JSON"))
}

fn is_json(media: &str) -> bool {
    media == "application/json" || media.ends_with("+json")
}

fn faults(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let root = json!({"allOf": [schema], "components": document["components"]});
    let mut options = jsonschema::options().should_validate_formats(true);
    for (name, check) in conum::platform::formats::FORMATS {
        options = options.with_format(*name, check);
    }
    let validator = options.build(&root).expect("a schema");
    validator.iter_errors(value).map(|error| format!("{} at {}", error, error.instance_path())).collect()
}

#[test]
fn answers_have_the_shape_that_the_document_declares() {
    let (app, operations) = open();
    let document = app.document();
    let (mut checked, mut wrong) = (0, Vec::new());
    for operation in operations.iter().filter(|o| o.id != "issue_token") {
        let answer = operation.admitted_call(&app, &operation.path()).send();
        let media = answer.header("content-type").split(';').next().unwrap_or_default().to_owned();
        let declared = resolved(&document, &operation.raw["responses"][answer.status.to_string()]);
        if declared.is_null() {
            wrong.push(format!("{}: {} is not declared", operation.id, answer.status));
            continue;
        }
        let schema = &declared["content"][&media]["schema"];
        if schema.is_null() && !answer.body.is_empty() {
            wrong.push(format!("{}: {media} is not declared for {}", operation.id, answer.status));
        } else if is_json(&media) {
            checked += 1;
            let faults = faults(&document, schema, &answer.json());
            wrong.extend(faults.into_iter().map(|fault| format!("{}: {}: {fault}", operation.id, answer.status)));
        }
    }
    looked_at(checked, "answers held against their schemas");
    none(&wrong, "answers that differ from the document");
}
