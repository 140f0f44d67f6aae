//! Who is erased is nowhere any more: not in stored answers, not in the outbox, not in any table. And nobody reads all there
//! is: a day has a quota.

use conum::platform::auth::Actor;
use serde_json::{Value, json};

use crate::recruitments::{Scene, scene};
use crate::support::App;
use crate::support::builders::{Candidate, Employer, candidate_form, contract, token_to};

/// People whose whole life in the scheme is played, and then erased.
const PEOPLE: usize = 12;

/// A person with a name that stands nowhere else.
fn planted(app: &App, rank: usize) -> (Candidate, [String; 4]) {
    let marks = [
        format!("Zephyrine{rank:03}"),
        format!("Quetzal{rank:03}"),
        format!("zq{rank:03}@example.org"),
        format!("Mirabelle{rank:03}"),
    ];
    let mut form = candidate_form(app, "82112", "82200", Some(40));
    form["first_name"] = json!(marks[0]);
    form["last_name"] = json!(marks[1]);
    form["email"] = json!(marks[2]);
    form["motivation"] = json!(marks[3]);
    app.post("/api/v1/candidates").key(&format!("register-{rank}")).json(&form).expect(202);
    let token = token_to(app, &marks[2], "/candidats/confirmation");
    let confirmed = app
        .post("/api/v1/candidates/confirm")
        .key(&format!("confirm-{rank}"))
        .json(&json!({"token": token}))
        .expect(200);
    let id = confirmed.text_at("/candidate_id");
    let actor = Actor::Candidate(conum::platform::ids::CandidateId::from_uuid(id.parse().expect("an id")));
    (Candidate { id, email: marks[2].clone(), actor, token: confirmed.text_at("/access_token") }, marks)
}

/// Every step by a key of its own: what is answered is kept.
fn keyed(app: &App, by: &Actor, resource: &str, name: &str, body: Option<&Value>) -> String {
    let etag = app.get(resource).by(by).expect(200).etag();
    let call = app.post(&format!("{resource}/{name}")).by(by).if_match(&etag).key(&format!("{resource}-{name}"));
    match body {
        Some(body) => call.json(body).expect(200),
        None => call.expect(200),
    };
    format!("{resource}/{name}")
}

fn live(app: &App, employer: &Employer, post: &str, person: &Candidate) -> String {
    let own = format!("/api/v1/candidates/{}", person.id);
    keyed(app, &person.actor, &own, "pause", None);
    keyed(app, &person.actor, &own, "resume", None);
    let body = json!({"candidate_id": person.id});
    let made =
        app.post("/api/v1/matches").by(&employer.actor).key(&format!("match-{}", person.id)).json(&body).expect(201);
    let path = format!("/api/v1/matches/{}", made.id());
    keyed(app, &person.actor, &path, "accept", None);
    keyed(app, &employer.actor, &path, "meeting", Some(&json!({"met_on": app.today()})));
    keyed(app, &employer.actor, &path, "select", None);
    let key = format!("contract-{}", person.id);
    let body = contract(app, post, &person.id);
    let submitted = app.post("/api/v1/recruitments").by(&employer.actor).key(&key).json(&body).expect(201);
    let path = format!("/api/v1/recruitments/{}", submitted.id());
    keyed(app, &employer.actor, &path, "cancel", None);
    keyed(app, &Actor::Anct, &own, "block", Some(&json!({"reason": format!("Doublon de Quetzal, {}", person.id)})));
    keyed(app, &Actor::Anct, &own, "unblock", None);
    key
}

/// Tables of the database with a row that holds one of these texts, as text or as bytes.
fn found(app: &App, marks: &[String]) -> Vec<String> {
    let mut owner = app.database.owner();
    let tables = owner.column(
        "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
            and not relispartition order by 1",
    );
    assert!(tables.len() > 50, "{tables:?}");
    let mut holding = Vec::new();
    for table in tables {
        for mark in marks {
            let hex: String = mark.bytes().map(|byte| format!("{byte:02x}")).collect();
            let rows = owner.number(&format!(
                "select count(*) from {table} t where t::text ilike '%{mark}%' or t::text like '%{hex}%'"
            ));
            if rows > 0 {
                holding.push(format!("{table}: {mark} in {rows} rows"));
            }
        }
    }
    holding
}

#[test]
fn who_is_erased_stands_nowhere_any_more() {
    let Scene { app, employer, posts } = scene(1);
    let (mut marks, mut keys) = (Vec::new(), Vec::new());
    for rank in 0..PEOPLE {
        let (person, own) = planted(&app, rank);
        let key = live(&app, &employer, &posts[0], &person);
        marks.extend(own);
        keys.push((person, key));
    }
    let held = found(&app, &marks);
    assert!(held.iter().any(|line| line.starts_with("idempotency_keys")), "nothing was kept to be forgotten: {held:?}");
    for (person, _) in &keys {
        let path = format!("/api/v1/candidates/{}", person.id);
        let etag = app.get(&path).by(&person.actor).expect(200).etag();
        app.post(&format!("{path}/erase")).by(&person.actor).if_match(&etag).key(&format!("erase-{path}")).expect(200);
    }
    // The last letter leaves, and its address with it.
    let _worker = app.service.start_worker().expect("a worker");
    let mut queued = 1;
    while queued > 0 {
        std::thread::sleep(std::time::Duration::from_millis(20));
        queued = app.database.owner().number("select count(*) from emails where status = 'queued'");
    }
    let left = found(&app, &marks);
    assert!(left.is_empty(), "{} places still hold who was erased:\n{}", left.len(), left.join("\n"));

    // The keys still know that the effect was had.
    let (person, key) = &keys[0];
    let body = contract(&app, &posts[0], &person.id);
    let again = app.post("/api/v1/recruitments").by(&employer.actor).key(key).json(&body).problem("answer_forgotten");
    assert_eq!(again.status, 410, "{}", again.describe());
    assert!(again.text_at("/location").starts_with("/api/v1/recruitments/"), "{}", again.describe());
    assert_eq!(again.header("location"), again.text_at("/location"));
}

#[test]
fn keys_are_apart_by_perimeter_and_strangers_do_not_meet() {
    let Scene { app, employer, .. } = scene(1);
    let other = crate::support::builders::retained_at(&app, "Commune de Lauzerte", "82094", "82110", 1);
    let one = app.post("/api/v1/matching-runs").by(&employer.actor).key("run-1").json(&json!({})).expect(201);
    // The same person, as the tests sign, for another structure: another key, and an effect of its own.
    let two = app.post("/api/v1/matching-runs").by(&other.actor).key("run-1").json(&json!({})).expect(201);
    assert_eq!(two.header("idempotency-replayed"), "", "{}", two.describe());
    assert_ne!(one.id(), two.id());
    assert_eq!(app.database.owner().number("select count(*) from matching_runs"), 2);
    let replay = app.post("/api/v1/matching-runs").by(&other.actor).key("run-1").json(&json!({})).expect(201);
    assert_eq!((replay.id(), replay.header("idempotency-replayed")), (two.id(), "true"));

    let form = |rank: u32| {
        let mut form = candidate_form(&app, "82112", "82200", Some(40));
        form["email"] = json!(format!("inconnu-{rank}@example.org"));
        form
    };
    app.post("/api/v1/candidates").key("1").json(&form(1)).expect(202);
    let second = app.post("/api/v1/candidates").key("1").json(&form(2)).expect(202);
    assert_eq!(second.header("idempotency-replayed"), "", "{}", second.describe());
    let first = app.post("/api/v1/candidates").key("1").json(&form(1)).expect(202);
    assert_eq!(first.header("idempotency-replayed"), "true");
    assert_eq!(app.database.owner().number("select count(*) from candidates"), 2);
}

#[test]
fn nobody_is_shown_more_people_than_a_day_allows() {
    let app = App::configured(&[("CONUM_READING_QUOTA", "3")], Default::default());
    let ids: Vec<String> = (0..2)
        .map(|rank| {
            let (person, _) = planted(&app, rank);
            person.id
        })
        .collect();
    let list = || app.get("/api/v1/candidates").by(&Actor::Anct);
    assert_eq!(list().expect(200).at("/meta/total"), 2);
    app.get(&format!("/api/v1/candidates/{}", ids[0])).by(&Actor::Anct).expect(200);
    // The fourth is one too many, however it is asked for; what shows nobody goes on.
    for path in [format!("/api/v1/candidates/{}", ids[1]), "/api/v1/candidates".to_owned()] {
        let refused = app.get(&path).by(&Actor::Anct).problem("reading_quota_reached");
        assert!(refused.status == 429 && !refused.text().contains("Quetzal"), "{}", refused.describe());
        assert!(!refused.header("retry-after").is_empty());
    }
    app.get("/api/v1/structures").by(&Actor::Anct).expect(200);
    app.get("/api/v1/candidates?format=csv").by(&Actor::Anct).problem("reading_quota_reached");
    assert_eq!(app.database.owner().number("select people from reading_counts"), 3, "a refusal counts nobody");
    app.advance(chrono::TimeDelta::days(1));
    list().expect(200);
}
