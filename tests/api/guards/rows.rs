//! Rows of lists can be acted on: they carry their version, and with `view=full` all that their detail says, to everybody who
//! may read it, on pages and in files alike.

use std::collections::BTreeSet;

use conum::app::document;
use conum::platform::auth::policy::{self, Line};
use conum::platform::auth::{Actor, Role, Territory};
use conum::platform::ids::{CandidateId, CounsellorId, StructureId, TrainingBodyId};
use serde_json::{Value, json};

use super::operations::{self, Operation};
use super::{looked_at, none};
use crate::support::App;

fn named<'d>(document: &'d Value, schema: &Value) -> &'d Value {
    let name = schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/components/schemas/")).expect("a named schema");
    &document["components"]["schemas"][name]
}

fn body<'d>(document: &'d Value, operation: &Value) -> &'d Value {
    named(document, &operation["responses"]["200"]["content"]["application/json"]["schema"])
}

/// Lists whose rows are also read alone, with the policy of the detail.
fn lists(document: &Value) -> Vec<(Operation, &'static Line)> {
    let detail = |operation: &Operation| {
        let id = document["paths"][format!("{}/{{id}}", operation.template)]["get"]["operationId"].as_str()?;
        policy::find(id)
    };
    let all = operations::all(document).into_iter().filter(|o| o.method == "GET" && o.id.starts_with("list_"));
    all.filter_map(|operation| detail(&operation).map(|line| (operation, line))).collect()
}

#[test]
fn every_row_that_may_be_changed_names_its_version() {
    let document = document::build().expect("a document");
    let all = operations::all(&document);
    let takes_version = |o: &&Operation| o.parameters().any(|p| p["name"] == "If-Match");
    let changed: BTreeSet<&str> =
        all.iter().filter(takes_version).filter_map(|o| o.template.split_once("/{").map(|(base, _)| base)).collect();
    let mut wrong = Vec::new();
    let mut count = 0;
    for operation in all.iter().filter(|o| o.method == "GET" && changed.contains(o.template.as_str())) {
        let item = named(&document, &body(&document, &operation.raw)["properties"]["data"]["items"]);
        count += 1;
        if item["properties"]["version"]["type"] != "integer"
            || !item["required"].as_array().unwrap().contains(&json!("version"))
        {
            wrong.push(format!("{}: rows without version", operation.id));
        }
    }
    looked_at(count, "lists of what may be changed");
    none(&wrong, "rows that cannot be acted on");
}

#[test]
fn no_member_exists_only_one_by_one() {
    let document = document::build().expect("a document");
    let (lists, mut wrong) = (lists(&document), Vec::new());
    for (operation, _) in &lists {
        if !operation.parameters().any(|p| p["name"] == "view") {
            wrong.push(format!("{}: no view=full", operation.id));
        }
        let item = named(&document, &body(&document, &operation.raw)["properties"]["data"]["items"]);
        let detail = body(&document, &document["paths"][format!("{}/{{id}}", operation.template)]["get"]);
        for name in detail["properties"].as_object().expect("members").keys() {
            if item["properties"].get(name).is_none() {
                wrong.push(format!("{}: {name} stands in the detail only", operation.id));
            }
        }
    }
    looked_at(lists.len(), "lists with a detail");
    none(&wrong, "members that lists do not have");
}

/// Somebody of each role who has something in the demonstration.
pub fn actor(app: &App, role: Role) -> Option<Actor> {
    let first = |sql: &str| app.database.owner().column(sql).into_iter().next().and_then(|id| id.parse().ok());
    Some(match role {
        Role::Employer => Actor::Employer(StructureId::from_uuid(first(
            "select structure_id::text from recruitments group by 1 order by count(*) desc, 1 limit 1",
        )?)),
        Role::Candidate => Actor::Candidate(CandidateId::from_uuid(first(
            "select candidate_id::text from matches group by 1 order by count(*) desc, 1 limit 1",
        )?)),
        Role::Counsellor => Actor::Counsellor(CounsellorId::from_uuid(first(
            "select counsellor_id::text from activity_reports group by 1 order by count(*) desc, 1 limit 1",
        )?)),
        Role::TrainingBody => Actor::TrainingBody(TrainingBodyId::from_uuid(first(
            "select id::text from training_bodies order by reference limit 1",
        )?)),
        Role::Coordinator => Actor::Coordinator(Territory::Departement("82".to_owned())),
        Role::Observer => Actor::Observer(None),
        other => operations::actor(other),
    })
}

fn read<'a>(app: &'a App, path: &str, by: Option<&Actor>) -> crate::support::Call<'a> {
    match by {
        Some(actor) => app.get(path).by(actor),
        None => app.get(path),
    }
}

#[test]
fn full_rows_say_what_their_details_say_on_pages_and_in_files() {
    let app = App::start();
    conum::app::demo::load(&app.database.url).expect("demonstration data");
    app.set_now(&chrono::Utc::now().to_rfc3339());
    let document = app.document();
    let (mut rows, mut refused, mut covered, mut wrong) = (0, 0, BTreeSet::new(), Vec::new());
    for (operation, line) in lists(&document) {
        let members: BTreeSet<String> = {
            let detail = body(&document, &document["paths"][format!("{}/{{id}}", operation.template)]["get"]);
            detail["properties"].as_object().expect("members").keys().cloned().collect()
        };
        let signed = operation.line.roles.iter().filter_map(|role| actor(&app, *role)).map(Some);
        for by in signed.chain(operation.line.anonymous.then_some(None)) {
            let who = by.as_ref().map_or("-", Actor::name);
            let may =
                by.as_ref().and_then(Actor::role).map_or(line.anonymous, |role| line.admits(role) || line.anonymous);
            let page = read(&app, &operation.template, by.as_ref()).query("view", "full").query("limit", "12").send();
            if !may {
                refused += 1;
                if ![401, 403].contains(&page.status) {
                    wrong.push(format!("{} by {who}: {}", operation.id, page.status));
                }
                continue;
            }
            if page.status != 200 {
                wrong.push(format!("{} by {who}: {}", operation.id, page.describe()));
                continue;
            }
            let data = page.at("/data");
            let file = read(&app, &operation.template, by.as_ref())
                .query("view", "full")
                .query("format", "ndjson")
                .expect(200);
            let lines: Vec<Value> = file.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            for (rank, row) in data.as_array().expect("rows").iter().enumerate() {
                (rows, _) = (rows + 1, covered.insert(operation.id.clone()));
                let id = row["id"].as_str().expect("an id");
                let alone = read(&app, &format!("{}/{id}", operation.template), by.as_ref()).expect(200).json();
                let differing: Vec<&String> =
                    members.iter().filter(|name| row.get(name.as_str()) != alone.get(name.as_str())).collect();
                if !differing.is_empty() {
                    wrong.push(format!("{} by {who}: {differing:?} of {id}", operation.id));
                }
                if lines.get(rank) != Some(row) {
                    wrong.push(format!("{} by {who}: the file tells {id} otherwise", operation.id));
                }
            }
            let csv =
                read(&app, &operation.template, by.as_ref()).query("view", "full").query("format", "csv").expect(200);
            let head = csv.text().lines().next().unwrap_or_default().to_owned();
            let columns: BTreeSet<&str> =
                head.split(',').map(|name| name.split('.').next().unwrap_or_default()).collect();
            for name in members.iter().filter(|name| !columns.contains(name.as_str())) {
                wrong.push(format!("{} by {who}: no column {name}", operation.id));
            }
            let plain = read(&app, &operation.template, by.as_ref()).query("limit", "12").expect(200);
            let item = named(&document, &body(&document, &operation.raw)["properties"]["data"]["items"]);
            let only = item["properties"]
                .as_object()
                .expect("members")
                .iter()
                .filter(|(_, member)| member["x-view"] == "full");
            for (name, _) in only.filter(|(name, _)| plain.at(&format!("/data/0/{name}")) != Value::Null) {
                wrong.push(format!("{} by {who}: {name} without view=full", operation.id));
            }
        }
        let wide =
            operation.admitted_call(&app, &operation.template).query("view", "full").query("limit", "101").send();
        if document["paths"][&operation.template]["get"]["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .any(|p| p["name"] == "view")
            && wide.status == 200
            && item_differs(&document, &operation)
        {
            wrong.push(format!("{}: a page of 101 whole rows", operation.id));
        }
    }
    looked_at(rows, "full rows");
    looked_at(refused, "roles that may read lists and no detail");
    println!("rows of {covered:?}");
    none(&wrong, "full rows that are not");
}

fn item_differs(document: &Value, operation: &Operation) -> bool {
    let item = named(document, &body(document, &operation.raw)["properties"]["data"]["items"]);
    item["properties"].as_object().expect("members").values().any(|member| member["x-view"] == "full")
}

#[test]
fn whoever_is_shown_in_a_full_row_is_in_the_journal() {
    let app = App::start();
    conum::app::demo::load(&app.database.url).expect("demonstration data");
    app.set_now(&chrono::Utc::now().to_rfc3339());
    let people = |operation: &str| {
        app.database.owner().number(&format!("select count(*) from accesses where operation = '{operation}'"))
    };
    for (path, operation) in
        [("recruitments", "list_recruitments"), ("enrolments", "list_enrolments"), ("matches", "list_matches")]
    {
        let by = if path == "matches" { actor(&app, Role::Employer).expect("an employer") } else { Actor::Anct };
        let before = people(operation);
        let page = app.get(&format!("/api/v1/{path}?view=full&limit=5")).by(&by).expect(200);
        assert!(!page.at("/data").as_array().expect("rows").is_empty(), "{path}");
        assert!(people(operation) > before, "{path}");
    }
}
