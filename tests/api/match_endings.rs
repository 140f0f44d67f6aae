//! Every match ends: by date, with its sides, or by their own will; contact data closes with it, and both sides are told.

use chrono::TimeDelta;
use conum::app::jobs;
use conum::platform::auth::Actor;
use serde_json::{Value, json};

use crate::candidates::job;
use crate::support::builders::{
    Candidate, Employer, candidate, open_call, posts_of, recruited, retained, retained_at, step, submitted, transition,
};
use crate::support::{Answer, App};

/// A structure with so many posts, and somebody that it has added; both said yes.
fn mutual(app: &App, posts: i32) -> (Employer, Candidate, String) {
    open_call(app);
    let employer = retained(app, 1, posts);
    let person = candidate(app);
    let id = agreed(app, &employer, &person);
    (employer, person, id)
}

fn agreed(app: &App, employer: &Employer, person: &Candidate) -> String {
    let wanted = json!({"candidate_id": person.id});
    let id = app.post("/api/v1/matches").by(&employer.actor).json(&wanted).expect(201).id();
    step(app, &person.actor, &path(&id), "accept").expect(200);
    id
}

fn path(id: &str) -> String {
    format!("/api/v1/matches/{id}")
}

fn found(app: &App, by: &Actor, id: &str) -> Answer {
    app.get(&path(id)).by(by).expect(200)
}

/// Leads a mutual match as far as `state`.
fn lead(app: &App, employer: &Employer, id: &str, state: &str) {
    if state != "mutual" {
        step(app, &employer.actor, &path(id), "meeting").json(&json!({})).expect(200);
    }
    if state == "selected" {
        step(app, &employer.actor, &path(id), "select").expect(200);
    }
}

/// What was written about a match, by template and recipient's side.
fn letters(app: &App, id: &str) -> Vec<String> {
    let about = |email: &Value| email["resource_id"] == id;
    app.emails().iter().filter(|e| about(e)).filter_map(|e| e["template"].as_str().map(ToOwned::to_owned)).collect()
}

fn night(app: &App) {
    job(app, "run_matching", jobs::run_matching);
    job(app, "remind_matches", jobs::remind_matches);
}

/// What each side reads of the other's address.
fn contacts(app: &App, employer: &Employer, person: &Candidate, id: &str) -> (Value, Value) {
    let candidate = found(app, &employer.actor, id).at("/candidate/email");
    (candidate, found(app, &person.actor, id).at("/structure/contact_email"))
}

#[test]
fn each_open_state_ends_by_its_date_whether_or_not_the_night_has_seen_it() {
    for (state, days, end) in [("mutual", 60, "expired"), ("met", 60, "expired"), ("selected", 90, "closed")] {
        let app = App::start();
        let (employer, person, id) = mutual(&app, 2);
        lead(&app, &employer, &id, state);
        let entered = app.today();
        assert_eq!(
            found(&app, &employer.actor, &id).text_at("/expires_on"),
            (entered + TimeDelta::days(days)).to_string()
        );
        // A week before, both sides are told; once.
        app.advance(TimeDelta::days(days - 7));
        night(&app);
        app.advance(TimeDelta::days(1));
        night(&app);
        let told = letters(&app, &id);
        for template in ["match_ending_to_candidate", "match_ending_to_structure"] {
            assert_eq!(told.iter().filter(|t| *t == template).count(), 1, "{state}: {told:?}");
        }
        // Its last day is a whole one.
        app.advance(TimeDelta::days(6));
        night(&app);
        assert_eq!(found(&app, &employer.actor, &id).at("/status"), state);
        assert_ne!(contacts(&app, &employer, &person, &id).0, Value::Null);
        // The day after, the date decides before the night has run.
        app.advance(TimeDelta::days(1));
        assert_eq!(contacts(&app, &employer, &person, &id), (Value::Null, Value::Null), "{state}");
        let of_file = app.get(&format!("/api/v1/candidates/{}", person.id)).by(&employer.actor).expect(200);
        assert_eq!((of_file.at("/email"), of_file.at("/motivation")), (Value::Null, Value::Null), "{state}");
        for (by, operation) in [
            (&employer.actor, "meeting"),
            (&employer.actor, "select"),
            (&employer.actor, "reject"),
            (&person.actor, "decline"),
        ] {
            let call = step(&app, by, &path(&id), operation);
            let call = if operation == "select" { call } else { call.json(&json!({})) };
            let answer = call.expect(409);
            let code = answer.text_at("/code");
            assert!(matches!(code.as_str(), "deadline_passed" | "transition_not_allowed"), "{}", answer.describe());
        }
        night(&app);
        assert_eq!(found(&app, &person.actor, &id).at("/status"), end);
        let told = letters(&app, &id);
        for template in ["match_lapsed_to_candidate", "match_lapsed_to_structure"] {
            assert_eq!(told.iter().filter(|t| *t == template).count(), 1, "{state}: {told:?}");
        }
    }
}

#[test]
fn a_proposal_is_answered_in_time_or_not_at_all() {
    let app = App::start();
    open_call(&app);
    let (employer, person) = (retained(&app, 1, 1), candidate(&app));
    let id = app.post("/api/v1/matches").by(&employer.actor).json(&json!({"candidate_id": person.id})).expect(201).id();
    app.advance(TimeDelta::days(24));
    night(&app);
    // The structure has answered with adding them: only the candidate is reminded.
    let told = letters(&app, &id);
    assert!(told.contains(&"match_ending_to_candidate".to_owned()), "{told:?}");
    assert!(!told.contains(&"match_ending_to_structure".to_owned()), "{told:?}");
    app.advance(TimeDelta::days(7));
    step(&app, &person.actor, &path(&id), "accept").problem("deadline_passed");
    // It takes nobody's room any more, by date.
    let why = format!("/api/v1/matches/explain?candidate_id={}&structure_id={}", person.id, employer.id);
    assert_eq!(app.get(&why).by(&Actor::Anct).expect(200).at("/candidate_open_matches_count"), 0);
    night(&app);
    let told = letters(&app, &id);
    assert!(told.contains(&"match_lapsed_to_structure".to_owned()), "{told:?}");
    assert!(!told.contains(&"match_lapsed_to_candidate".to_owned()), "{told:?}");
    // Nobody refused: the structure may ask again, under the same identifier.
    let again = app.post("/api/v1/matches").by(&employer.actor).json(&json!({"candidate_id": person.id})).expect(201);
    assert_eq!((again.id(), again.at("/status")), (id.clone(), json!("proposed")));
    app.post("/api/v1/matches").by(&employer.actor).json(&json!({"candidate_id": person.id})).problem("match_exists");
    step(&app, &person.actor, &path(&id), "accept").expect(200);
    assert_eq!(found(&app, &employer.actor, &id).at("/status"), "mutual");
}

#[test]
fn either_side_may_leave_until_a_contract_is_submitted() {
    for state in ["mutual", "met", "selected"] {
        for (by_candidate, operation, end) in
            [(true, "decline", "declined"), (false, "decline", "declined"), (false, "reject", "not_selected")]
        {
            let app = App::start();
            let (employer, person, id) = mutual(&app, 1);
            lead(&app, &employer, &id, state);
            let by = if by_candidate { &person.actor } else { &employer.actor };
            let left = step(&app, by, &path(&id), operation).json(&json!({})).expect(200);
            assert_eq!(left.at("/status"), end, "{state} {operation}");
            assert_eq!(contacts(&app, &employer, &person, &id), (Value::Null, Value::Null));
            let told = if by_candidate { "match_ended_to_structure" } else { "match_ended_to_candidate" };
            assert!(letters(&app, &id).contains(&told.to_owned()), "{state} {operation}: {:?}", letters(&app, &id));
        }
        let app = App::start();
        let (employer, person, id) = mutual(&app, 1);
        lead(&app, &employer, &id, state);
        submitted(&app, &employer, &posts_of(&app, &employer)[0], &person.id);
        for by in [&person.actor, &employer.actor] {
            step(&app, by, &path(&id), "decline").json(&json!({})).problem("candidate_in_recruitment");
        }
        // The contract decides now, and not the date of the match.
        app.advance(TimeDelta::days(120));
        night(&app);
        assert_eq!(found(&app, &employer.actor, &id).at("/status"), state);
    }
}

#[test]
fn the_later_steps_ask_what_the_first_asked() {
    let app = App::start();
    open_call(&app);
    let employer = retained(&app, 1, 1);
    let (person, rival) = (candidate(&app), candidate(&app));
    let id = agreed(&app, &employer, &person);
    let other = submitted(&app, &employer, &posts_of(&app, &employer)[0], &rival.id);
    // The only post is held.
    let file = found(&app, &employer.actor, &id);
    let announced = file.at("/transitions").as_array().unwrap().clone();
    let meeting = announced.into_iter().find(|t| t["name"] == "record_meeting").unwrap();
    assert_eq!((&meeting["allowed"], &meeting["refusal"]), (&json!(false), &json!("no_vacant_post")));
    step(&app, &employer.actor, &path(&id), "meeting").json(&json!({})).problem("no_vacant_post");
    step(&app, &employer.actor, &format!("/api/v1/recruitments/{other}"), "cancel").expect(200);
    step(&app, &employer.actor, &path(&id), "meeting").json(&json!({})).expect(200);
    let other = submitted(&app, &employer, &posts_of(&app, &employer)[0], &rival.id);
    step(&app, &employer.actor, &path(&id), "select").problem("no_vacant_post");
    // Filled by somebody else: closed at once, and the candidate is told.
    crate::support::builders::validate(&app, &other).expect(200);
    assert_eq!(found(&app, &person.actor, &id).at("/status"), "closed");
    assert_eq!(contacts(&app, &employer, &person, &id), (Value::Null, Value::Null));
    assert!(letters(&app, &id).contains(&"match_post_gone_to_candidate".to_owned()), "{:?}", letters(&app, &id));
}

#[test]
fn a_structure_that_leaves_takes_its_matches_with_it() {
    for (state, end) in
        [("proposed", "returned"), ("mutual", "returned"), ("selected", "returned"), ("met", "transferred")]
    {
        let app = App::start();
        open_call(&app);
        let (employer, person) = (retained(&app, 1, 1), candidate(&app));
        let wanted = json!({"candidate_id": person.id});
        let id = app.post("/api/v1/matches").by(&employer.actor).json(&wanted).expect(201).id();
        if state != "proposed" {
            step(&app, &person.actor, &path(&id), "accept").expect(200);
            lead(&app, &employer, &id, state);
        }
        let post = posts_of(&app, &employer)[0].clone();
        if end == "returned" {
            let ask = json!({"post_id": post, "reason": "besoin_plus_justifie"});
            let asked = app.post("/api/v1/post-returns").by(&employer.actor).json(&ask).expect(201).id();
            transition(&app, &format!("/api/v1/post-returns/{asked}"), "accept").expect(200);
        } else {
            let other = retained_at(&app, "Commune de Castelsarrasin", "82033", "82100", 1);
            transition(&app, &format!("/api/v1/posts/{post}"), "transfer")
                .json(&json!({"structure_id": other.id}))
                .expect(200);
        }
        let seen = found(&app, &person.actor, &id);
        assert_eq!(seen.at("/status"), "closed", "{state} {end}");
        assert_eq!(contacts(&app, &employer, &person, &id), (Value::Null, Value::Null));
        step(&app, &person.actor, &path(&id), "decline").json(&json!({})).problem("transition_not_allowed");
        let told = letters(&app, &id).contains(&"match_post_gone_to_candidate".to_owned());
        assert_eq!(told, state != "proposed", "{state}: {:?}", letters(&app, &id));
    }
}

#[test]
fn a_structure_that_said_yes_learns_that_the_candidate_is_gone() {
    let reason = json!({"reason": "Inscription sous un faux nom."});
    for how in ["pause", "block", "erase", "unsubscribe", "hired"] {
        let app = App::start();
        open_call(&app);
        let (employer, person) = (retained(&app, 1, 1), candidate(&app));
        // It has said yes by adding them; they have not answered.
        let wanted = json!({"candidate_id": person.id});
        let id = app.post("/api/v1/matches").by(&employer.actor).json(&wanted).expect(201).id();
        let file = format!("/api/v1/candidates/{}", person.id);
        match how {
            "block" => drop(step(&app, &Actor::Anct, &file, "block").json(&reason).expect(200)),
            "unsubscribe" => {
                let token = crate::support::builders::token_to(&app, &person.email, "/candidats/desinscription");
                app.post("/api/v1/candidates/unsubscribe").json(&json!({"token": token})).expect(200);
            }
            "hired" => {
                let other = retained_at(&app, "Commune de Castelsarrasin", "82033", "82100", 1);
                recruited(&app, &other, &posts_of(&app, &other)[0], &person.id);
            }
            _ => drop(step(&app, &person.actor, &file, how).expect(200)),
        }
        assert_eq!(found(&app, &employer.actor, &id).at("/status"), "closed", "{how}");
        assert!(letters(&app, &id).contains(&"match_ended_to_structure".to_owned()), "{how}: {:?}", letters(&app, &id));
    }
}

#[test]
fn somebody_chosen_beside_the_one_who_was_hired_is_let_go() {
    let app = App::start();
    open_call(&app);
    let employer = retained(&app, 1, 1);
    let (first, second) = (candidate(&app), candidate(&app));
    let (one, two) = (agreed(&app, &employer, &first), agreed(&app, &employer, &second));
    for id in [&one, &two] {
        lead(&app, &employer, id, "selected");
    }
    recruited(&app, &employer, &posts_of(&app, &employer)[0], &first.id);
    assert_eq!(found(&app, &employer.actor, &one).at("/status"), "selected");
    assert_eq!(found(&app, &employer.actor, &two).at("/status"), "closed");
    assert_eq!(found(&app, &employer.actor, &two).at("/candidate/email"), Value::Null);
}
