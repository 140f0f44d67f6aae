//! Personal data has a purpose, an end, and the database's own wall around it.

use std::collections::BTreeSet;

use conum::platform::auth::Actor;
use serde_json::json;

use super::{looked_at, none, operations};
use crate::places::place;
use crate::recruitments::{Scene, scene};
use crate::support::builders::{candidate_form, candidate_from, counsellor_of, recruited, step};
use crate::support::{App, Database};
use crate::trainings::{enrol, session, training_body, training_path};

const REGISTRY: &str = include_str!("../../../docs/personal-data.csv");

/// Free texts of decisions stand beside the decision; they name nobody by design.
const WITHOUT_A_WALL: [&str; 3] = ["agenda_items", "post_returns", "posts"];

#[test]
fn every_column_is_in_the_registry_of_personal_data() {
    let database = Database::new();
    let mut owner = database.owner();
    let columns: BTreeSet<String> = owner
        .column(
            "select c.relname || ',' || a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
             where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0
                and not a.attisdropped and a.atttypid <> 'xid8'::regtype and c.relname not like '\\_\\_diesel%'",
        )
        .into_iter()
        .collect();
    let walled: BTreeSet<String> =
        owner.column("select relname::text from pg_class where relrowsecurity").into_iter().collect();
    let mut registered = BTreeSet::new();
    let mut wrong = Vec::new();
    for line in REGISTRY.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [table, column, personal, purpose, retention] = cells[..] else {
            wrong.push(format!("five cells a line: {line}"));
            continue;
        };
        registered.insert(format!("{table},{column}"));
        if personal == "yes" {
            if purpose.is_empty() || retention.is_empty() {
                wrong.push(format!("{table}.{column}: no purpose or no end"));
            }
            if !walled.contains(table) && !WITHOUT_A_WALL.contains(&table) {
                wrong.push(format!("{table}.{column}: no row-level security"));
            }
        }
    }
    wrong.extend(columns.difference(&registered).map(|c| format!("{c}: not in docs/personal-data.csv")));
    wrong.extend(registered.difference(&columns).map(|c| format!("{c}: in docs/personal-data.csv only")));
    looked_at(columns.len(), "columns");
    none(&wrong, "gaps of the registry");
}

#[test]
fn what_has_served_its_purpose_is_forgotten() {
    use conum::platform::db::{Outcome, Request};
    let app = App::start();
    let form = crate::support::builders::form("Jamais confirmée", "commune", "82112", "82200");
    let id = app.post("/api/v1/structures").json(&form).expect(201).id();
    let invitation = serde_json::json!({"role": "bdt", "email": "personne@example.org"});
    app.post("/api/v1/accounts").by(&conum::platform::auth::Actor::Anct).json(&invitation).expect(201);
    let tidy = || {
        app.service
            .db
            .write_now(&Request::job("tidy"), &|tx| conum::app::jobs::tidy(tx).map(Outcome::Keep))
            .expect("a report")
    };
    assert_eq!(tidy()["contacts"], 0);
    app.database.owner().run("update emails set status = 'sent', sent_at = created_at");
    app.advance(chrono::TimeDelta::days(184));
    let report = tidy();
    assert_eq!((&report["registrations_cancelled"], &report["contacts"]), (&1.into(), &1.into()), "{report}");
    assert_eq!((&report["invitations_revoked"], &report["emails"]), (&1.into(), &2.into()), "{report}");
    app.advance(chrono::TimeDelta::days(366));
    assert_eq!(tidy()["accounts_forgotten"], 1);
    let left = app.database.owner().rows("select (select count(*) from structure_contacts) as contacts, (select email from accounts) as email, (select status from structures) as status");
    assert_eq!(left[0]["contacts"], 0);
    assert_eq!(left[0]["status"], "cancelled");
    assert!(left[0]["email"].as_str().unwrap().ends_with("@example.invalid"));
    assert!(!id.is_empty());
}

#[test]
fn whoever_is_shown_a_name_is_in_the_journal() {
    let Scene { app, employer, posts } = scene(2);
    let mut form = candidate_form(&app, "82112", "82200", Some(40));
    form["last_name"] = json!("Inoubliable");
    let person = candidate_from(&app, &form);
    let met =
        app.post("/api/v1/matches").by(&employer.actor).json(&json!({"candidate_id": person.id})).expect(201).id();
    step(&app, &person.actor, &format!("/api/v1/matches/{met}"), "accept").expect(200);
    let contract = recruited(&app, &employer, &posts[0], &person.id);
    let own = counsellor_of(&app, &contract);
    let Actor::Counsellor(counsellor) = own else { panic!("a counsellor") };
    let (body, initial) = (training_body(&app), training_path(&app, "initial", 105));
    let course = session(&app, &body, &initial, app.today() + chrono::TimeDelta::days(20), 3, 2);
    let enrolment = enrol(&app, &employer.actor, &own, &course).expect(201).id();
    let passed = json!({"counsellor_id": counsellor, "kind": "ccp1", "result": "passed", "held_on": app.today()});
    app.post("/api/v1/certifications").by(&Actor::Anct).json(&passed).expect(201);
    let library = place(&app, &employer.actor);
    let there = format!("/api/v1/places/{library}/counsellors/{counsellor}");
    app.put(&there).by(&employer.actor).json(&json!({"main": true})).expect(200);
    let counsellor = counsellor.to_string();
    let ids = [person.id, met, contract, counsellor, enrolment, course, library, posts[0].clone(), employer.id];
    let readings = |operation: &str| {
        let query = format!("select count(*) from accesses where operation = '{operation}'");
        app.database.owner().number(&query)
    };
    let (mut shown, mut wrong) = (BTreeSet::new(), Vec::new());
    for operation in operations::all(&app.document()).iter().filter(|operation| operation.method == "GET") {
        let paths: BTreeSet<String> = ids.iter().map(|id| operation.path_with(&[("id", id)])).collect();
        for path in paths {
            let before = readings(&operation.id);
            let answer = operation.with_required(app.get(&path)).by(&Actor::Anct).send();
            if answer.status == 200 && answer.text().contains("Inoubliable") {
                shown.insert(operation.id.clone());
                if readings(&operation.id) != before + 1 {
                    wrong.push(format!("{}: {path}", operation.id));
                }
            }
        }
    }
    let known = [
        "find_candidate",
        "find_match",
        "find_enrolment",
        "find_place",
        "list_candidates",
        "list_counsellors",
        "list_certifications",
        "download_structure_calendar",
    ];
    assert!(known.iter().all(|name| shown.contains(*name)), "{shown:?}");
    looked_at(shown.len(), "operations that show a name");
    none(&wrong, "readings that nobody would know of");
}
