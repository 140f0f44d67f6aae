//! Who is told what: dry runs show nothing that a reading would not, and open operations tell roles that they do not list
//! what they tell the public.

use std::collections::{BTreeMap, BTreeSet};

use conum::platform::auth::{Actor, Role};
use serde_json::{Value, json};

use super::operations::{self, Operation};
use super::{looked_at, none};
use crate::places::place;
use crate::recruitments::{Scene, scene};
use crate::support::builders::{
    candidate_form, candidate_from, contract, counsellor_of, recruited, retained_at, step, submitted,
};
use crate::support::{Answer, App};
use crate::trainings::{enrol, session, training_body, training_path};

/// A row of each resource that names people, whose names are found wherever they stand.
struct World {
    app: App,
    /// Values that stand for a path's or a member's identifier.
    ids: BTreeMap<&'static str, Vec<String>>,
    callers: Vec<Actor>,
    /// What would betray somebody.
    canaries: Vec<String>,
    posts: Vec<String>,
}

fn world() -> World {
    let Scene { app, employer, posts } = scene(3);
    let other = retained_at(&app, "Commune de Lauzerte", "82094", "82110", 1);
    let mut canaries = Vec::new();
    let mut person = |name: &str| {
        let mut form = candidate_form(&app, "82112", "82200", Some(40));
        form["first_name"] = json!(format!("Prenom{name}"));
        form["last_name"] = json!(format!("Nom{name}"));
        form["email"] = json!(format!("courriel-{}@example.org", name.to_lowercase()));
        form["motivation"] = json!(format!("Envie{name}"));
        canaries.extend([format!("Prenom{name}"), format!("Nom{name}"), format!("courriel-{}", name.to_lowercase())]);
        canaries.push(format!("Envie{name}"));
        candidate_from(&app, &form)
    };
    // One match waits for the structure, whose turn it is since the candidate accepted; the other for the candidate.
    let wooed = person("Un");
    app.post("/api/v1/matching-runs").by(&Actor::Anct).json(&json!({})).expect(201);
    let mut matches = app.get("/api/v1/matches").by(&employer.actor).expect(200).values("/data", "/id");
    assert_eq!(matches.len(), 1, "{matches:?}");
    step(&app, &wooed.actor, &format!("/api/v1/matches/{}", matches[0]), "accept").expect(200);
    let wooing = person("Deux");
    let made = json!({"candidate_id": wooing.id});
    matches.push(app.post("/api/v1/matches").by(&employer.actor).json(&made).expect(201).id());
    let (hired, waiting) = (person("Quatre"), person("Cinq"));
    // Nobody knows this one yet.
    let stranger = person("Trois");
    let hired_by = recruited(&app, &employer, &posts[0], &hired.id);
    let asked_by = submitted(&app, &employer, &posts[1], &waiting.id);
    let own = counsellor_of(&app, &hired_by);
    let Actor::Counsellor(counsellor) = own else { panic!("a counsellor") };
    let (body, initial) = (training_body(&app), training_path(&app, "initial", 105));
    let course = session(&app, &body, &initial, app.today() + chrono::TimeDelta::days(20), 3, 5);
    let enrolment = enrol(&app, &employer.actor, &own, &course).expect(201).id();
    let library = place(&app, &other.actor);
    let people = [&wooed, &wooing, &stranger, &hired, &waiting].map(|person| person.id.clone()).to_vec();
    let ids = BTreeMap::from([
        ("matches", matches),
        ("candidates", people),
        ("recruitments", vec![hired_by, asked_by]),
        ("counsellors", vec![counsellor.to_string()]),
        ("enrolments", vec![enrolment]),
        ("places", vec![library]),
        ("structures", vec![employer.id.clone(), other.id.clone()]),
        ("training-sessions", vec![course]),
        ("posts", posts.clone()),
    ]);
    let callers = vec![employer.actor, other.actor, wooed.actor, wooing.actor, stranger.actor, own, body, Actor::Bdt];
    World { app, ids, callers, canaries, posts }
}

impl World {
    fn told(&self, answer: &Answer) -> BTreeSet<&str> {
        let text = answer.text();
        self.canaries.iter().map(String::as_str).filter(|canary| text.contains(canary)).collect()
    }

    /// Everything that this caller reads of people, in details and lists.
    fn readable(&self, operations: &[Operation], actor: &Actor) -> BTreeSet<&str> {
        let mut known = BTreeSet::new();
        let admits = |line: &conum::platform::auth::policy::Line| actor.role().is_some_and(|role| line.admits(role));
        for operation in operations.iter().filter(|o| o.method == "GET" && admits(o.line)) {
            for path in self.paths(operation) {
                let answer = operation.with_required(self.app.get(&path)).by(actor).send();
                known.extend(self.told(&answer).into_iter().filter(|_| answer.status == 200));
            }
        }
        known
    }

    /// The paths of an operation, to each of the rows that it could be about.
    fn paths(&self, operation: &Operation) -> Vec<String> {
        let resource = operation.template.split('/').nth(3).unwrap_or_default();
        let Some(ids) = self.ids.get(resource).filter(|_| operation.template.contains("{id}")) else {
            return vec![operation.path()];
        };
        let counsellor = self.ids["counsellors"][0].as_str();
        ids.iter().map(|id| operation.path_with(&[("id", id), ("counsellor_id", counsellor)])).collect()
    }

    /// The example of a body, for each person and post that it could be about.
    fn bodies(&self, operation: &Operation) -> Vec<Option<(String, String)>> {
        let Some((media, example)) = operation.body() else { return vec![None] };
        let Ok(example) = serde_json::from_str::<Value>(&example) else { return vec![Some((media, example))] };
        let people = self.ids["candidates"].iter();
        let about = people.map(|person| {
            let mut body = match operation.id.as_str() {
                "submit_recruitment" => contract(&self.app, &self.posts[2], person),
                _ => example.clone(),
            };
            let own = [("candidate_id", person), ("counsellor_id", &self.ids["counsellors"][0])];
            for (name, value) in own.into_iter().chain([("session_id", &self.ids["training-sessions"][0])]) {
                if let Some(member) = body.get_mut(name) {
                    *member = json!(value);
                }
            }
            Some((media.clone(), body.to_string()))
        });
        about.collect()
    }
}

#[test]
fn a_dry_run_shows_no_more_of_people_than_a_reading_and_is_noted() {
    let world = world();
    let app = &world.app;
    let operations = operations::all(&app.document());
    let (mut rehearsed, mut shown, mut wrong) = (BTreeSet::new(), 0, Vec::new());
    for actor in &world.callers {
        let known = world.readable(&operations, actor);
        let admitted = |o: &&Operation| o.writes() && actor.role().is_some_and(|role| o.line.admits(role));
        for operation in operations.iter().filter(admitted) {
            for path in world.paths(operation) {
                for body in world.bodies(operation) {
                    let query = format!("select count(*) from accesses where operation = '{}'", operation.id);
                    let before = app.database.owner().number(&query);
                    let answer = operation.call_with(app, &path, body).by(actor).if_match("*").send();
                    if answer.status != 200 {
                        continue;
                    }
                    rehearsed.insert(operation.id.clone());
                    let told = world.told(&answer);
                    wrong.extend(
                        told.difference(&known)
                            .map(|canary| format!("{} {path} by {}: {canary}", operation.id, actor.name())),
                    );
                    let own = matches!(actor, Actor::Candidate(_) | Actor::Counsellor(_));
                    if !told.is_empty() && !own {
                        shown += 1;
                        if app.database.owner().number(&query) != before + 1 {
                            wrong.push(format!("{} {path} by {} is not noted", operation.id, actor.name()));
                        }
                    }
                }
            }
        }
    }
    let expected = ["accept_match", "create_match", "submit_recruitment", "join_place", "update_recruitment"];
    let missing: Vec<_> = expected.iter().filter(|id| !rehearsed.contains(**id)).collect();
    assert!(missing.is_empty(), "{missing:?} were never rehearsed: {rehearsed:?}");
    looked_at(rehearsed.len(), "operations rehearsed");
    looked_at(shown, "rehearsals that show people");
    none(&wrong, "rehearsals that show too much, or leave no trace");
}

#[test]
fn an_attempt_to_look_by_a_dry_run_is_noted_even_where_it_shows_nobody() {
    let world = world();
    let (app, employer, stranger) = (&world.app, &world.callers[0], &world.ids["candidates"][2]);
    let made = json!({"candidate_id": stranger});
    let answer = app.post("/api/v1/matches").by(employer).query("dry_run", "true").json(&made).send();
    assert!(world.told(&answer).is_empty(), "{}", answer.describe());
    let noted = "select count(*) from accesses where operation = 'create_match' and role = 'employer'";
    assert_eq!(
        app.database.owner().number(&format!("{noted} and '{stranger}' = any(people)")),
        i64::from(answer.status == 200)
    );
}

/// What an answer says, without what is never the same twice.
fn said(answer: &Answer) -> (u16, String) {
    let mut text = answer.text().to_owned();
    if let Ok(Value::Object(mut members)) = serde_json::from_str::<Value>(&text) {
        for volatile in ["request_id", "computed_at", "id", "reference", "effects"] {
            members.remove(volatile);
        }
        text = Value::Object(members).to_string();
    }
    (answer.status, text)
}

#[test]
fn an_open_operation_tells_roles_that_it_does_not_list_what_it_tells_the_public() {
    let world = world();
    let app = &world.app;
    let everybody = |role: &Role| {
        let same = world.callers.iter().find(|actor| actor.role() == Some(*role)).cloned();
        same.unwrap_or_else(|| operations::actor(*role))
    };
    let (mut compared, mut wrong) = (0, Vec::new());
    for operation in operations::all(&app.document()).iter().filter(|operation| operation.line.anonymous) {
        let strangers: Vec<Actor> =
            operations::roles().iter().filter(|role| !operation.line.admits(**role)).map(everybody).collect();
        let mut queries = vec![Vec::new()];
        for parameter in operation.parameters().filter(|p| p["in"] == "query" && p["name"] != "dry_run") {
            let example = match &parameter["example"] {
                Value::Array(items) => items.first().cloned().unwrap_or_default(),
                one => one.clone(),
            };
            let text = example.as_str().map_or_else(|| example.to_string(), ToOwned::to_owned);
            queries.push(vec![(parameter["name"].as_str().expect("a name").to_owned(), text)]);
        }
        for query in &queries {
            let call = || {
                let call = operation.call(app, &world.paths(operation)[0]);
                query.iter().fold(call, |call, (name, value)| call.query(name, value))
            };
            let public = said(&call().send());
            for actor in &strangers {
                compared += 1;
                let answer = call().by(actor).send();
                if said(&answer) != public {
                    wrong.push(format!("{} {query:?} by {}: {}", operation.id, actor.name(), answer.describe()));
                }
            }
        }
    }
    looked_at(compared, "answers to roles that are not listed");
    none(&wrong, "answers that differ from the public's");
}
