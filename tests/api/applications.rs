//! Call windows, applications, opinions.

use conum::features::applications::model::{ApplicationStatus, STEPS};
use conum::platform::auth::{Actor, Territory};
use conum::platform::db::text_enum::TextEnum;
use serde_json::{Value, json};

use crate::support::App;
use crate::support::builders::*;

fn new(kind: &str, posts: i32) -> Value {
    json!({"kind": kind, "posts_requested": posts, "wanted_start_on": "2021-09-01", "has_candidate": true,
        "motivation": "Un lieu\nd'accompagnement.", "pledge": true})
}

#[test]
fn windows_of_one_audience_never_overlap_however_many_open_at_once() {
    let app = App::start();
    let barrier = std::sync::Barrier::new(16);
    let codes: Vec<u16> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..16)
            .map(|day| {
                let (app, barrier) = (&app, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    let body = json!({"audience": "public", "opens_on": format!("2021-01-{:02}", day + 1)});
                    app.post("/api/v1/call-windows").by(&Actor::Anct).json(&body).send().status
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    assert_eq!(codes.iter().filter(|code| **code == 201).count(), 1, "{codes:?}");
    let wrong = json!({"audience": "private", "opens_on": "2021-02-01", "closes_on": "2021-01-01"});
    assert_eq!(
        app.post("/api/v1/call-windows").by(&Actor::Anct).json(&wrong).problem("validation_failed").faults(),
        ["/closes_on: not_after"]
    );
}

#[test]
fn an_application_needs_an_open_window_a_pledge_and_the_right_kind() {
    let app = App::start();
    let employer = moissac(&app);
    let create = |body: &Value| app.post("/api/v1/applications").by(&employer.actor).json(body);
    create(&new("initial", 1)).problem("call_closed");
    let window = app
        .post("/api/v1/call-windows")
        .by(&Actor::Anct)
        .json(&json!({"audience": "public", "opens_on": "2021-01-01", "closes_on": "2021-01-31"}))
        .expect(201);
    let mut wrong = new("initial", 501);
    wrong["pledge"] = json!(false);
    wrong["motivation"] = json!(" ");
    assert_eq!(
        create(&wrong).problem("validation_failed").faults(),
        ["/posts_requested: too_large", "/motivation: invalid_text"]
    );
    let mut unpledged = new("initial", 1);
    unpledged["pledge"] = json!(false);
    assert_eq!(create(&unpledged).problem("validation_failed").faults(), ["/pledge: must_be_true"]);
    let mut past = new("initial", 1);
    past["wanted_start_on"] = json!("2021-01-10");
    assert_eq!(create(&past).problem("validation_failed").faults(), ["/wanted_start_on: in_the_past"]);
    create(&new("additional", 1)).problem("additional_needs_posts");
    let draft = create(&new("initial", 2)).expect(201);
    create(&new("initial", 1)).problem("application_exists");
    // The window closes before the draft is submitted.
    let path = format!("/api/v1/call-windows/{}", window.id());
    app.set_now("2021-01-20T08:00:00Z");
    app.patch(&path).by(&Actor::Anct).if_match(&window.etag()).json(&json!({"closes_on": "2021-01-19"})).expect(200);
    app.post(&format!("/api/v1/applications/{}/submit", draft.id()))
        .by(&employer.actor)
        .if_match(&draft.etag())
        .problem("call_closed");
    let unconfirmed =
        app.post("/api/v1/structures").json(&form("Sans adresse", "commune", "82112", "82200")).expect(201).id();
    let mut early = new("initial", 1);
    early["structure_id"] = json!(unconfirmed);
    app.post("/api/v1/applications").by(&Actor::Anct).json(&early).problem("structure_not_ready");
    // Nobody applies for somebody else.
    let mut foreign = new("initial", 1);
    foreign["structure_id"] = json!(moissac(&app).id);
    assert_eq!(create(&foreign).problem("validation_failed").faults(), ["/structure_id: unknown_id"]);
}

#[test]
fn once_it_holds_posts_a_structure_asks_for_additional_ones() {
    let app = App::start();
    open_call(&app);
    let employer = retained(&app, 1, 1);
    let create = |kind: &str| app.post("/api/v1/applications").by(&employer.actor).json(&new(kind, 1));
    create("initial").problem("initial_needs_no_posts");
    let draft = create("additional").expect(201);
    app.post(&format!("/api/v1/applications/{}/submit", draft.id()))
        .by(&employer.actor)
        .if_match(&draft.etag())
        .expect(200);
    let committee = session(&app, 2, 1, &[draft.id()]);
    retain(&app, &committee, &draft.id(), 1);
    transition(&app, &format!("/api/v1/committees/{committee}"), "close").expect(200);
    let posts = app.get("/api/v1/posts?sort=reference").by(&employer.actor).expect(200);
    // Three months for the first posts, six for the additional ones.
    assert_eq!(posts.values("/data", "/recruitment_deadline"), ["2021-04-11", "2021-07-11"]);
}

#[test]
fn only_its_own_prefectures_give_an_opinion() {
    let app = App::start();
    open_call(&app);
    let employer = moissac(&app);
    let draft = draft(&app, &employer, 1);
    let path = format!("/api/v1/applications/{}", draft.id());
    let opinion = json!({"opinion": "favourable", "comment": "Utile au maillage."});
    let give =
        |territory: Territory| app.put(&format!("{path}/opinion")).by(&Actor::Prefecture(territory)).json(&opinion);
    let departement = |code: &str| Territory::Departement(code.to_owned());
    let region = |code: &str| Territory::Region(code.to_owned());
    // A draft is its author's business.
    give(departement("82")).problem("not_found");
    app.get(&path).by(&prefecture("82")).problem("not_found");
    app.post(&format!("{path}/submit")).by(&employer.actor).if_match(&draft.etag()).expect(200);
    give(departement("31")).problem("not_found");
    give(region("84")).problem("not_found");
    assert_eq!(give(departement("82")).expect(200).at("/status"), "opinion_given");
    let replaced = give(region("76")).expect(200);
    assert_eq!(
        (replaced.at("/opinion/region_code"), replaced.at("/opinion/departement_code")),
        (json!("76"), Value::Null)
    );
    assert_eq!(
        app.put(&format!("{path}/opinion"))
            .by(&prefecture("82"))
            .json(&json!({"opinion": "favourable", "comment": "court"}))
            .problem("validation_failed")
            .faults(),
        ["/comment: too_short"]
    );
    // The observer reads the list, which holds no free text, and no single application.
    let listed = app.get("/api/v1/applications").by(&Actor::Observer(None)).expect(200);
    assert!(listed.at("/data/0/motivation").is_null() && listed.at("/meta/total") == 1, "{}", listed.text());
    app.get(&path).by(&Actor::Observer(None)).problem("role_not_allowed");
}

/// Brings an application into each state; the structure's actor and the path.
fn in_state(app: &App, number: i32, status: ApplicationStatus) -> (Employer, String) {
    use ApplicationStatus::{Draft, OnAgenda, OpinionGiven, Refused, Retained, Submitted, Withdrawn};
    let employer = moissac(app);
    let id = if status == Draft { draft(app, &employer, 1).id() } else { apply(app, &employer, 1) };
    let path = format!("/api/v1/applications/{id}");
    let decide = |outcome: Value| {
        let committee = session(app, number, 1, std::slice::from_ref(&id));
        app.put(&format!("/api/v1/committees/{committee}/decisions/{id}")).by(&Actor::Anct).json(&outcome).expect(200);
        transition(app, &format!("/api/v1/committees/{committee}"), "close").expect(200);
    };
    match status {
        Draft | Submitted => {}
        OpinionGiven => drop(give_opinion(app, &id, "82")),
        OnAgenda => drop(session(app, number, 1, std::slice::from_ref(&id))),
        Retained => decide(json!({"outcome": "retained", "posts_granted": 1, "without_opinion": true})),
        Refused => decide(json!({"outcome": "refused", "without_opinion": true})),
        Withdrawn => drop(transition(app, &path, "withdraw").expect(200)),
    }
    assert_eq!(app.get(&path).by(&Actor::Anct).expect(200).at("/status"), status.as_str());
    (employer, path)
}

#[test]
fn every_state_allows_what_its_table_says_and_nothing_else() {
    let app = App::start();
    open_call(&app);
    let mut pairs = 0;
    for (rank, status) in ApplicationStatus::ALL.iter().enumerate() {
        let (employer, path) = in_state(&app, rank as i32 + 1, *status);
        for event in ["submit", "withdraw", "give_opinion"] {
            let expected = STEPS.iter().find(|step| step.from == *status && step.by.name().starts_with(event));
            for actor in [Actor::Anct, employer.actor.clone(), prefecture("82")] {
                let seen = app.get(&path).by(&actor).send();
                let opinion = json!({"opinion": "unfavourable", "comment": "Un autre lieu existe."});
                let answer = match event {
                    "give_opinion" => app.put(&format!("{path}/opinion?dry_run=true")).by(&actor).json(&opinion).send(),
                    _ => {
                        let call = app.post(&format!("{path}/{event}?dry_run=true")).by(&actor);
                        call.if_match(if seen.status == 200 { seen.header("etag") } else { "\"v1\"" }).send()
                    }
                };
                let admitted = if event == "give_opinion" {
                    matches!(actor, Actor::Prefecture(_))
                } else {
                    !matches!(actor, Actor::Prefecture(_))
                };
                let visible = seen.status == 200;
                let wanted = match (admitted, visible, expected) {
                    (false, _, _) => 403,
                    (true, false, _) => 404,
                    (true, true, Some(_)) => 200,
                    (true, true, None) => 409,
                };
                assert_eq!(answer.status, wanted, "{status} {event} {}: {}", actor.name(), answer.describe());
                if let (200, Some(step)) = (answer.status, expected) {
                    assert_eq!(answer.at("/status"), step.to.as_str(), "{status} {event}");
                }
                if visible {
                    let operation =
                        if event == "give_opinion" { event.to_owned() } else { format!("{event}_application") };
                    let transitions = seen.at("/transitions");
                    let told = transitions
                        .as_array()
                        .unwrap()
                        .iter()
                        .find(|t| t["name"] == operation.as_str())
                        .unwrap()
                        .clone();
                    answer.agrees_with(&seen);
                    assert_eq!(told["allowed"], wanted == 200, "{status} {operation} {}", actor.name());
                    assert_eq!(told["refusal"], answer.at("/code"), "{status} {operation} {}", actor.name());
                }
                pairs += 1;
            }
        }
    }
    println!("{pairs} pairs of state and event, by role");
    assert_eq!(pairs, 7 * 3 * 3);
}

#[test]
fn a_coordinators_post_is_asked_for_and_granted_alone() {
    let app = App::start();
    open_call(&app);
    let employer = moissac(&app);
    let mut body = json!({
        "kind": "initial", "posts_requested": 3, "wanted_start_on": app.today() + chrono::TimeDelta::days(60),
        "has_candidate": false, "motivation": "Coordonner le territoire.", "pledge": true, "coordinator": "full_time",
    });
    let send = |body: &Value| app.post("/api/v1/applications").by(&employer.actor).json(body);
    assert_eq!(send(&body).problem("validation_failed").faults(), ["/posts_requested: too_large"]);
    body["posts_requested"] = json!(1);
    let id = send(&body).expect(201).id();
    step(&app, &employer.actor, &format!("/api/v1/applications/{id}"), "submit").expect(200);
    let committee = session(&app, 1, 1, std::slice::from_ref(&id));
    let many = json!({"outcome": "retained", "posts_granted": 3, "without_opinion": true, "beyond_request": true});
    let decision = format!("/api/v1/committees/{committee}/decisions/{id}");
    let refused = app.put(&decision).by(&Actor::Anct).json(&many).problem("validation_failed");
    assert_eq!(refused.faults(), ["/posts_granted: too_large"]);
}

#[test]
fn further_posts_fall_with_the_last_post() {
    let app = App::start();
    open_call(&app);
    let employer = retained(&app, 1, 1);
    let body = json!({
        "kind": "additional", "posts_requested": 2, "wanted_start_on": app.today() + chrono::TimeDelta::days(60),
        "has_candidate": false, "motivation": "Un second lieu.", "pledge": true,
    });
    let id = app.post("/api/v1/applications").by(&employer.actor).json(&body).expect(201).id();
    step(&app, &employer.actor, &format!("/api/v1/applications/{id}"), "submit").expect(200);
    let ask = json!({"post_id": posts_of(&app, &employer)[0], "reason": "besoin_plus_justifie"});
    let asked = app.post("/api/v1/post-returns").by(&employer.actor).json(&ask).expect(201).id();
    transition(&app, &format!("/api/v1/post-returns/{asked}"), "accept").expect(200);
    let fell = app.get(&format!("/api/v1/applications/{id}")).by(&employer.actor).expect(200);
    assert_eq!(fell.at("/status"), "withdrawn");
    assert!(app.emails().iter().any(|email| email["template"] == "application_fell"));
}

#[test]
fn a_structure_that_got_a_post_meanwhile_gets_further_ones() {
    let app = App::start();
    open_call(&app);
    let (giver, asking) = (retained(&app, 1, 2), moissac(&app));
    let application = apply(&app, &asking, 1);
    let committee = session(&app, 2, 1, std::slice::from_ref(&application));
    retain(&app, &committee, &application, 1);
    let post = format!("/api/v1/posts/{}", posts_of(&app, &giver)[0]);
    transition(&app, &post, "transfer").json(&json!({"structure_id": asking.id})).expect(200);
    transition(&app, &format!("/api/v1/committees/{committee}"), "close").expect(200);
    let posts =
        app.get(&format!("/api/v1/posts?structure_id={}&sort=reference", asking.id)).by(&Actor::Anct).expect(200);
    let deadlines = posts.values("/data", "/recruitment_deadline");
    let six = app.today().checked_add_months(chrono::Months::new(6)).unwrap();
    assert!(deadlines.contains(&six.to_string()), "{deadlines:?}");
}
