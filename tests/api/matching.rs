//! Matching: runs, explanations, answers of both sides.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use conum::app::jobs;
use conum::platform::auth::Actor;
use serde_json::{Value, json};

use crate::candidates::job;
use crate::support::builders::{
    Employer, candidate, candidate_form, candidate_from, open_call, posts_of, prefecture, recruited, retained,
    retained_at, step, transition,
};
use crate::support::{Answer, App};

fn run(app: &App, by: &Actor, body: &Value) -> Answer {
    app.post("/api/v1/matching-runs").by(by).json(body).expect(201)
}

/// A match of two sides, proposed by a run.
fn proposed(app: &App) -> (Employer, crate::support::builders::Candidate, String) {
    open_call(app);
    let employer = retained(app, 1, 2);
    let person = candidate(app);
    run(app, &Actor::Anct, &json!({}));
    let list = app.get("/api/v1/matches").by(&employer.actor).expect(200);
    assert_eq!(list.at("/meta/total"), 1, "{}", list.describe());
    (employer, person, list.text_at("/data/0/id"))
}

#[test]
fn a_run_proposes_writes_to_both_sides_and_repeats_nothing() {
    let app = App::start();
    open_call(&app);
    let employer = retained(&app, 1, 2);
    let (near, far) = (candidate(&app), candidate_from(&app, &candidate_form(&app, "82121", "82000", Some(10))));
    let preview =
        app.post("/api/v1/matching-runs").by(&Actor::Anct).query("dry_run", "true").json(&json!({})).expect(200);
    assert_eq!(preview.at("/proposed_count"), 1);
    assert_eq!(preview.text_at("/proposals/0/candidate_id"), near.id);
    assert_eq!(app.get("/api/v1/matches").by(&Actor::Anct).expect(200).at("/meta/total"), 0);
    let first = run(&app, &Actor::Anct, &json!({}));
    assert_eq!((first.at("/proposed_count"), first.at("/structures_count")), (json!(1), json!(1)));
    assert_eq!(first.at("/proposals/0/distance_km"), preview.at("/proposals/0/distance_km"));
    let second = run(&app, &Actor::Anct, &json!({}));
    assert_eq!(second.at("/proposed_count"), 0, "{}", second.describe());
    let report = app.get(&format!("/api/v1/matching-runs/{}", first.id())).by(&Actor::Anct).expect(200);
    assert_eq!(report.at("/candidates_count"), 2);
    let of_run = app.get(&format!("/api/v1/matches?run_id={}", first.id())).by(&Actor::Anct).expect(200);
    assert_eq!(of_run.at("/meta/total"), 1);
    let templates: Vec<String> = app
        .emails()
        .iter()
        .filter_map(|e| e["template"].as_str())
        .filter(|t| t.starts_with("match_"))
        .map(ToOwned::to_owned)
        .collect();
    assert_eq!(templates, ["match_proposed_to_candidate", "match_proposed_to_structure"]);
    let letter = app.emails().into_iter().find(|e| e["template"] == "match_proposed_to_candidate").unwrap();
    assert_eq!(letter["recipient"], near.email.as_str());
    assert!(letter["text_body"].as_str().unwrap().contains("Commune de Moissac, Moissac"), "{letter}");
    // The far one's radius does not reach; the explanation says so, with the distance.
    let why = app
        .get(&format!("/api/v1/matches/explain?candidate_id={}&structure_id={}", far.id, employer.id))
        .by(&Actor::Anct)
        .expect(200);
    assert_eq!(why.at("/eligible"), false);
    let unmet: Vec<String> = why
        .at("/conditions")
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| c["holds"] == false)
        .map(|c| c["condition"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(unmet, ["distance"]);
    let km = why.at("/distance_km").as_f64().unwrap();
    assert!((20.0..30.0).contains(&km), "{km}");
}

#[test]
fn the_nightly_run_happens_once_however_many_servers_there_are() {
    let app = App::start();
    open_call(&app);
    retained(&app, 1, 2);
    candidate(&app);
    let workers: Vec<_> = (0..4).map(|_| app.service.start_worker().expect("a worker")).collect();
    for _ in 0..300 {
        std::thread::sleep(std::time::Duration::from_millis(100));
        let done = app.database.owner().rows("select 1 from job_runs where job = 'tidy' and finished_at is not null");
        if !done.is_empty() {
            break;
        }
    }
    workers.into_iter().for_each(|worker| worker.stop());
    let runs = app.get("/api/v1/matching-runs").by(&Actor::Anct).expect(200);
    assert_eq!((runs.at("/meta/total"), runs.at("/data/0/role")), (json!(1), json!("system")), "{}", runs.describe());
    assert_eq!(app.get("/api/v1/matches").by(&Actor::Anct).expect(200).at("/meta/total"), 1);
}

#[test]
fn an_employer_runs_the_matching_for_its_own_structure_only() {
    let app = App::start();
    open_call(&app);
    let (own, other) = (retained(&app, 1, 1), retained_at(&app, "Commune de Figeac", "46102", "46100", 1));
    candidate(&app);
    candidate_from(&app, &candidate_form(&app, "46102", "46100", Some(5)));
    let foreign = json!({"structure_id": other.id});
    app.post("/api/v1/matching-runs").by(&own.actor).json(&foreign).problem("validation_failed");
    let ran = run(&app, &own.actor, &json!({}));
    assert_eq!((ran.at("/scope"), ran.at("/structure_id")), (json!("structure"), json!(own.id)));
    assert_eq!(ran.at("/proposed_count"), 1);
    assert_eq!(app.get("/api/v1/matches").by(&other.actor).expect(200).at("/meta/total"), 0);
    assert_eq!(app.get("/api/v1/matching-runs").by(&other.actor).expect(200).at("/meta/total"), 0);
    app.get(&format!("/api/v1/matching-runs/{}", ran.id())).by(&other.actor).problem("not_found");
    app.get(&format!("/api/v1/matching-runs/{}", ran.id())).by(&own.actor).expect(200);
}

#[test]
fn islands_are_matched_within_themselves_only() {
    let app = App::start();
    open_call(&app);
    // Saint-Barthélemy and Saint-Martin lie 30 km from each other; Corsica belongs to the mainland.
    let barth = retained_at(&app, "Collectivité de Saint-Barthélemy", "97701", "97133", 1);
    let martin = candidate_from(&app, &candidate_form(&app, "97801", "97150", Some(100)));
    let anywhere = candidate_from(&app, &candidate_form(&app, "75056", "75001", None));
    let ran = run(&app, &Actor::Anct, &json!({}));
    assert_eq!(ran.at("/proposed_count"), 1);
    assert_eq!(ran.text_at("/proposals/0/candidate_id"), anywhere.id);
    let why = app
        .get(&format!("/api/v1/matches/explain?candidate_id={}&structure_id={}", martin.id, barth.id))
        .by(&martin.actor)
        .expect(200);
    assert_eq!((why.at("/candidate_territory"), why.at("/structure_territory")), (json!("978"), json!("977")));
    let unmet: Vec<Value> =
        why.at("/conditions").as_array().unwrap().iter().filter(|c| c["holds"] == false).cloned().collect();
    assert_eq!(unmet, [json!({"condition": "same_territory", "holds": false})]);
    let other = app.get(&format!("/api/v1/matches/explain?candidate_id={}&structure_id={}", anywhere.id, barth.id));
    other.by(&martin.actor).problem("not_found");
}

#[test]
fn both_sides_agree_meet_and_choose() {
    let app = App::start();
    let (employer, person, id) = proposed(&app);
    let path = format!("/api/v1/matches/{id}");
    let closed = |actor: &Actor| {
        let seen = app.get(&path).by(actor).expect(200);
        (seen.at("/candidate/email"), seen.at("/structure/contact_email"))
    };
    assert_eq!(closed(&employer.actor).0, Value::Null);
    assert_eq!(closed(&person.actor).1, Value::Null);
    step(&app, &employer.actor, &path, "accept").expect(200);
    step(&app, &employer.actor, &path, "accept").problem("match_already_accepted");
    assert_eq!(closed(&employer.actor).0, Value::Null);
    let mutual = step(&app, &person.actor, &path, "accept").expect(200);
    assert_eq!(mutual.at("/status"), "mutual");
    assert_eq!(closed(&employer.actor).0, person.email.as_str());
    assert!(closed(&person.actor).1.as_str().unwrap().starts_with("contact-"));
    step(&app, &employer.actor, &path, "select").problem("transition_not_allowed");
    let future = json!({"met_on": app.today() + TimeDelta::days(1)});
    step(&app, &employer.actor, &path, "meeting").json(&future).problem("validation_failed");
    step(&app, &employer.actor, &path, "meeting").json(&json!({})).expect(200);
    step(&app, &person.actor, &path, "select").problem("role_not_allowed");
    let selected = step(&app, &employer.actor, &path, "select").expect(200);
    assert_eq!(selected.at("/status"), "selected");
    assert_eq!(closed(&employer.actor).0, person.email.as_str());
    let templates: BTreeSet<String> =
        app.emails().iter().filter_map(|e| e["template"].as_str().map(ToOwned::to_owned)).collect();
    for template in ["match_mutual_to_candidate", "match_mutual_to_structure", "match_selected"] {
        assert!(templates.contains(template), "{template} in {templates:?}");
    }
}

#[test]
fn a_refusal_is_final_and_its_reasons_stay_with_its_side() {
    let app = App::start();
    let (employer, person, id) = proposed(&app);
    let path = format!("/api/v1/matches/{id}");
    step(&app, &employer.actor, &path, "accept").expect(200);
    let why = json!({"reason": "trop_loin", "comment": "Je préfère rester à Montauban."});
    let own = step(&app, &person.actor, &path, "decline").json(&why).expect(200);
    assert_eq!((own.at("/declined_by"), own.at("/refusal_reason")), (json!("candidate"), json!("trop_loin")));
    let theirs = app.get(&path).by(&employer.actor).expect(200);
    assert_eq!((theirs.at("/status"), theirs.at("/declined_by")), (json!("declined"), json!("candidate")));
    assert_eq!((theirs.at("/refusal_reason"), theirs.at("/refusal_comment")), (Value::Null, Value::Null));
    assert_eq!(theirs.at("/candidate/motivation"), Value::Null);
    assert_eq!(app.get(&path).by(&Actor::Anct).expect(200).at("/refusal_comment"), why["comment"]);
    let told = app.emails().into_iter().rfind(|e| e["template"] == "match_ended_to_structure").unwrap();
    assert!(!told["text_body"].as_str().unwrap().contains("Montauban"));
    // Neither a run nor the structure by hand brings the pair together again.
    assert_eq!(run(&app, &Actor::Anct, &json!({})).at("/proposed_count"), 0);
    let again = json!({"candidate_id": person.id});
    app.post("/api/v1/matches").by(&employer.actor).json(&again).problem("match_exists");
    step(&app, &employer.actor, &path, "accept").problem("transition_not_allowed");
    // The database itself keeps the reasons from the other side.
    let seen = |actor: &str, reach: &str, value: &str| {
        let mut session = app.database.application(&[("actor", actor), ("reach", reach), ("reach_value", value)]);
        session.rows("select count(*)::int as n from match_refusals")[0]["n"].clone()
    };
    assert_eq!(
        (seen("employer", "structure", &employer.id), seen("candidate", "candidate", &person.id)),
        (json!(0), json!(1))
    );
}

#[test]
fn matches_are_seen_by_their_two_sides() {
    let app = App::start();
    let (_, _, id) = proposed(&app);
    let path = format!("/api/v1/matches/{id}");
    let (stranger, other) = (candidate(&app), retained_at(&app, "Commune de Figeac", "46102", "46100", 1));
    for actor in [&stranger.actor, &other.actor] {
        app.get(&path).by(actor).problem("not_found");
        assert_eq!(app.get("/api/v1/matches").by(actor).expect(200).at("/meta/total"), 0);
        app.post(&format!("{path}/accept")).by(actor).if_match("\"v1\"").problem("not_found");
    }
    app.get(&path).by(&prefecture("82")).problem("role_not_allowed");
}

#[test]
fn caps_count_open_matches_of_both_sides() {
    let app = App::start();
    open_call(&app);
    let employer = retained(&app, 1, 2);
    let people: Vec<_> = (0..5).map(|_| candidate(&app)).collect();
    let add =
        |rank: usize| app.post("/api/v1/matches").by(&employer.actor).json(&json!({"candidate_id": people[rank].id}));
    let first = add(0).expect(201);
    add(1).expect(201);
    assert_eq!(run(&app, &Actor::Anct, &json!({})).at("/proposed_count"), 1);
    let refused = add(4).problem("match_cap_reached");
    assert!(refused.text_at("/detail").contains("structure"), "{}", refused.describe());
    // One that ends makes room for another.
    step(&app, &people[0].actor, &format!("/api/v1/matches/{}", first.id()), "decline").json(&json!({})).expect(200);
    add(4).expect(201);
    // The candidate's side.
    let (a, b, c) = (
        retained_at(&app, "Commune de Castelsarrasin", "82033", "82100", 1),
        retained_at(&app, "Commune de Valence", "82186", "82400", 1),
        retained_at(&app, "Commune de Montauban", "82121", "82000", 1),
    );
    let wanted = json!({"candidate_id": people[1].id});
    app.post("/api/v1/matches").by(&a.actor).json(&wanted).expect(201);
    app.post("/api/v1/matches").by(&b.actor).json(&wanted).expect(201);
    let refused = app.post("/api/v1/matches").by(&c.actor).json(&wanted).problem("match_cap_reached");
    assert!(refused.text_at("/detail").contains("candidate"), "{}", refused.describe());
}

#[test]
fn proposals_expire_and_matches_close_with_their_sides() {
    let app = App::start();
    let (employer, person, id) = proposed(&app);
    let path = format!("/api/v1/matches/{id}");
    app.advance(TimeDelta::days(30));
    assert_eq!(job(&app, "run_matching", jobs::run_matching)["expired"], 0);
    app.advance(TimeDelta::days(1));
    assert_eq!(job(&app, "run_matching", jobs::run_matching)["expired"], 1);
    assert_eq!(app.get(&path).by(&person.actor).expect(200).at("/status"), "expired");
    // The other's posts are all taken: what it had open is closed with the last one.
    let (second, third) = (candidate(&app), candidate(&app));
    run(&app, &employer.actor, &json!({}));
    let posts = posts_of(&app, &employer);
    let of_second = app.get("/api/v1/matches?status=proposed").by(&second.actor).expect(200).text_at("/data/0/id");
    for side in [&employer.actor, &second.actor] {
        step(&app, side, &format!("/api/v1/matches/{of_second}"), "accept").expect(200);
    }
    recruited(&app, &employer, &posts[0], &second.id);
    let before = app.get("/api/v1/matches?status=proposed").by(&third.actor).expect(200);
    assert_eq!(before.at("/meta/total"), 1);
    let fourth = candidate(&app);
    recruited(&app, &employer, &posts[1], &fourth.id);
    let after = app.get("/api/v1/matches?status=closed").by(&third.actor).expect(200);
    assert_eq!(after.at("/meta/total"), 1);
}

#[test]
fn every_transition_of_every_state_does_what_the_match_announces() {
    let app = App::start();
    open_call(&app);
    let mut tried = 0;
    let states = ["proposed", "accepted", "mutual", "met", "selected", "not_selected", "declined", "expired", "closed"];
    let operations = [
        ("accept", "accept_match"),
        ("decline", "decline_match"),
        ("meeting", "record_meeting"),
        ("select", "select_match"),
        ("reject", "reject_match"),
    ];
    for (rank, state) in states.into_iter().enumerate() {
        let employer = retained(&app, 10 + rank as i32, 1);
        let person = candidate(&app);
        let made =
            app.post("/api/v1/matches").by(&employer.actor).json(&json!({"candidate_id": person.id})).expect(201);
        let path = format!("/api/v1/matches/{}", made.id());
        // Put where it is wanted behind the service's back: how it gets there is told elsewhere.
        let sets = match state {
            "proposed" => "structure_accepted_at = null",
            "accepted" => "structure_accepted_at = now()",
            "mutual" => "status = 'mutual', candidate_accepted_at = now()",
            "met" => "status = 'met', candidate_accepted_at = now(), met_on = current_date",
            "selected" => "status = 'selected', candidate_accepted_at = now(), met_on = current_date, ended_at = now()",
            "not_selected" => {
                "status = 'not_selected', candidate_accepted_at = now(), met_on = current_date, ended_at = now()"
            }
            "declined" => "status = 'declined', declined_by = 'candidate', ended_at = now()",
            "expired" => "status = 'expired', ended_at = now()",
            _ => "status = 'closed', ended_at = now()",
        };
        app.database.owner().run(&format!("update matches set {sets} where id = '{}'", made.id()));
        for actor in [&employer.actor, &person.actor, &Actor::Anct] {
            for (segment, name) in operations {
                let file = app.get(&path).by(actor).expect(200);
                let announced = file.at("/transitions").as_array().unwrap().clone();
                let announced = announced.into_iter().find(|t| t["name"] == name).expect("an announcement");
                let call =
                    app.post(&format!("{path}/{segment}")).by(actor).if_match(&file.etag()).query("dry_run", "true");
                let call = if matches!(segment, "accept" | "select") { call } else { call.json(&json!({})) };
                let answer = call.send();
                answer.agrees_with(&file);
                assert_eq!(announced["allowed"], answer.status == 200, "{state} {name}: {}", answer.describe());
                if answer.status != 200 {
                    assert_eq!(announced["refusal"], answer.at("/code"), "{state} {name}");
                }
                tried += 1;
            }
        }
        app.database.owner().run(&format!("update candidates set status = 'unavailable' where id = '{}'", person.id));
        let structure = format!(
            "update structures set status = 'withdrawn', withdrawn_on = current_date where id = '{}'",
            employer.id
        );
        app.database.owner().run(&structure);
        app.database.owner().run("update structures set siret = null, ridet = (1000000 + floor(random() * 8999999))::text where status = 'withdrawn'");
    }
    assert_eq!(tried, 135);
}

#[test]
fn a_match_by_hand_and_a_run_never_overrun_the_cap_together() {
    let app = App::start();
    open_call(&app);
    let employer = retained(&app, 1, 2);
    let people: Vec<_> = (0..8).map(|_| candidate(&app)).collect();
    std::thread::scope(|scope| {
        for person in &people {
            let (app, employer) = (&app, &employer);
            scope.spawn(move || {
                app.post("/api/v1/matches").by(&employer.actor).json(&json!({"candidate_id": person.id})).send();
            });
            scope.spawn(move || {
                app.post("/api/v1/matching-runs").by(&employer.actor).json(&json!({})).send();
            });
        }
    });
    let open = app.get("/api/v1/matches?status=proposed").by(&employer.actor).expect(200);
    assert_eq!(open.at("/meta/total"), 3);
    // A candidate who pauses while the matching runs is left with nothing open.
    std::thread::scope(|scope| {
        for person in &people[3..] {
            let app = &app;
            scope.spawn(move || {
                step(app, &person.actor, &format!("/api/v1/candidates/{}", person.id), "pause").send();
            });
        }
        let (app, anct) = (&app, Actor::Anct);
        scope.spawn(move || transition(app, &format!("/api/v1/structures/{}", employer.id), "cancel").send());
        app.post("/api/v1/matching-runs").by(&anct).json(&json!({})).send();
    });
    let left = app.database.owner().rows(
        "select count(*)::int as n from matches m join candidates c on c.id = m.candidate_id
         where c.status <> 'active' and m.status in ('proposed', 'mutual', 'met')",
    );
    assert_eq!(left[0]["n"], 0);
}
