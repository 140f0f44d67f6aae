//! Nobody is hired, kept, or written to against their will.

use conum::platform::auth::Actor;
use serde_json::{Value, json};

use crate::candidates::end;
use crate::recruitments::{Scene, path, renewal, scene, submit_with};
use crate::support::App;
use crate::support::builders::{
    Candidate, candidate, candidate_form, candidate_from, contract, counsellor_of, recruited, step, submitted,
    token_to, transition, validate,
};

fn status(app: &App, person: &Candidate) -> String {
    app.get(&format!("/api/v1/candidates/{}", person.id)).by(&Actor::Anct).expect(200).text_at("/status")
}

fn leave(app: &App, person: &Candidate) -> crate::support::Answer {
    let token = token_to(app, &person.email, "/candidats/desinscription");
    app.post("/api/v1/candidates/unsubscribe").json(&json!({"token": token, "reason": "plus_interesse"})).expect(200)
}

#[test]
fn a_pair_that_was_matched_contracts_only_once_both_have_agreed() {
    let Scene { app, employer, posts } = scene(1);
    let person = candidate(&app);
    let wanted = json!({"candidate_id": person.id});
    let id = app.post("/api/v1/matches").by(&employer.actor).json(&wanted).expect(201).id();
    let file = format!("/api/v1/matches/{id}");
    let body = contract(&app, &posts[0], &person.id);
    let refused = submit_with(&app, &employer, &body).problem("match_not_agreed");
    assert!(refused.text_at("/detail").contains("proposed"), "{}", refused.describe());
    step(&app, &person.actor, &file, "accept").expect(200);
    app.post("/api/v1/recruitments").by(&employer.actor).query("dry_run", "true").json(&body).expect(200);
    step(&app, &person.actor, &file, "decline").json(&json!({})).expect(200);
    submit_with(&app, &employer, &body).problem("match_not_agreed");
    // Nobody else's post is out of reach for it, and theirs is free.
    let post = app.get(&format!("/api/v1/posts/{}", posts[0])).by(&employer.actor).expect(200);
    assert_eq!(post.at("/available"), true);
    // Somebody brought along needs no match.
    submitted(&app, &employer, &posts[0], &candidate(&app).id);
}

#[test]
fn a_mutual_agreement_that_has_lapsed_is_none() {
    let Scene { app, employer, posts } = scene(1);
    let person = candidate(&app);
    let id = app.post("/api/v1/matches").by(&employer.actor).json(&json!({"candidate_id": person.id})).expect(201).id();
    step(&app, &person.actor, &format!("/api/v1/matches/{id}"), "accept").expect(200);
    app.advance(chrono::TimeDelta::days(61));
    submit_with(&app, &employer, &contract(&app, &posts[0], &person.id)).problem("match_not_agreed");
}

#[test]
fn who_worked_there_before_may_be_hired_again() {
    let Scene { app, employer, posts } = scene(2);
    let person = candidate(&app);
    let id = app.post("/api/v1/matches").by(&employer.actor).json(&json!({"candidate_id": person.id})).expect(201).id();
    step(&app, &person.actor, &format!("/api/v1/matches/{id}"), "accept").expect(200);
    let first = recruited(&app, &employer, &posts[0], &person.id);
    end(&app, &employer, &first);
    app.advance(chrono::TimeDelta::days(1));
    submitted(&app, &employer, &posts[1], &person.id);
}

#[test]
fn a_candidate_declines_a_contract_that_was_submitted_in_their_name() {
    let Scene { app, employer, posts } = scene(1);
    let (person, stranger) = (candidate(&app), candidate(&app));
    let id = submitted(&app, &employer, &posts[0], &person.id);
    for (by, code) in [(&employer.actor, "role_not_allowed"), (&stranger.actor, "not_found")] {
        app.post(&format!("{}/decline", path(&id))).by(by).if_match("\"v1\"").problem(code);
    }
    let declined = step(&app, &person.actor, &path(&id), "decline").expect(200);
    assert_eq!(declined.at("/status"), "declined");
    let post = app.get(&format!("/api/v1/posts/{}", posts[0])).by(&employer.actor).expect(200);
    assert_eq!((post.at("/status"), post.at("/available")), (json!("vacant"), json!(true)));
    let letter =
        app.emails().into_iter().rfind(|e| e["template"] == "recruitment_declined_to_structure").expect("a letter");
    assert_eq!(letter["resource_id"], id.as_str());
    let told = app.get("/api/v1/events?type=recruitment.declined").by(&employer.actor);
    app.let_events_be_published();
    assert_eq!(told.expect(200).values("/data", "/resource_id"), std::slice::from_ref(&id));
    step(&app, &person.actor, &path(&id), "decline").problem("transition_not_allowed");
    app.post(&format!("{}/validate", path(&id)))
        .by(&Actor::Anct)
        .if_match("*")
        .json(&crate::support::builders::terms(&app, &id))
        .problem("transition_not_allowed");
    // Both are free for others.
    let other = submitted(&app, &employer, &posts[0], &stranger.id);
    validate(&app, &other).expect(200);
    assert_eq!(status(&app, &person), "active");
    // Once validated it is a contract like any other.
    step(&app, &stranger.actor, &path(&other), "decline").problem("transition_not_allowed");
}

#[test]
fn a_declined_renewal_leaves_the_running_contract_alone() {
    let Scene { app, employer, posts } = scene(1);
    let person = candidate(&app);
    let id = recruited(&app, &employer, &posts[0], &person.id);
    let next = renewal(&app, &employer, &id).expect(201).id();
    step(&app, &person.actor, &path(&next), "decline").expect(200);
    let running = app.get(&path(&id)).by(&employer.actor).expect(200);
    assert_eq!((running.at("/status"), running.at("/renewal_id")), (json!("validated"), Value::Null));
    renewal(&app, &employer, &id).expect(201);
}

#[test]
fn nothing_is_validated_without_its_papers() {
    let Scene { app, employer, posts } = scene(1);
    let person = candidate(&app);
    let mut body = contract(&app, &posts[0], &person.id);
    body["documents"] = json!(["fiche_de_poste", "cv"]);
    let id = submit_with(&app, &employer, &body).expect(201).id();
    let file = app.get(&path(&id)).by(&Actor::Bdt).expect(200);
    let announced = file.at("/transitions").as_array().unwrap().clone();
    let announced = announced.into_iter().find(|t| t["name"] == "validate_recruitment").unwrap();
    assert_eq!(announced["refusal"], "documents_missing");
    let refused = validate(&app, &id).problem("documents_missing");
    assert_eq!(refused.at("/documents_missing"), json!(["contrat_signe", "piece_identite"]));
    let whole = json!({"documents": crate::support::builders::PAPERS});
    app.patch(&path(&id)).by(&employer.actor).if_match(&file.etag()).json(&whole).expect(200);
    validate(&app, &id).expect(200);
    // A renewal has a file of its own.
    let bare = json!({"contract_type": "cdd", "ends_on": "2025-12-31", "gross_monthly_salary_cents": 200_000});
    let next = step(&app, &employer.actor, &path(&id), "renew").json(&bare).expect(201).id();
    validate(&app, &next).problem("documents_missing");
}

#[test]
fn who_is_let_in_again_stands_where_they_stood() {
    let app = App::start();
    let reason = json!({"reason": "Inscription sous un faux nom."});
    for before in ["active", "unavailable", "unsubscribed"] {
        let person = candidate(&app);
        let path = format!("/api/v1/candidates/{}", person.id);
        match before {
            "unavailable" => drop(step(&app, &person.actor, &path, "pause").expect(200)),
            "unsubscribed" => drop(leave(&app, &person)),
            _ => {}
        }
        transition(&app, &path, "block").json(&reason).expect(200);
        let back = transition(&app, &path, "unblock").expect(200);
        assert_eq!(back.at("/status"), before);
        // Whoever confirmed once may sign in again, if only to read what is kept.
        app.post("/api/v1/login-links").json(&json!({"email": person.email})).expect(202);
        assert!(
            app.emails().iter().any(|e| e["recipient"] == person.email.as_str() && e["resource"] == "accounts"),
            "{before}"
        );
        if before == "unsubscribed" {
            assert_eq!(back.at("/unsubscribe_reason"), "plus_interesse", "{}", back.describe());
        }
    }
    // Who leaves while blocked is gone when the block is lifted.
    let person = candidate(&app);
    let path = format!("/api/v1/candidates/{}", person.id);
    transition(&app, &path, "block").json(&reason).expect(200);
    assert_eq!(leave(&app, &person).at("/status"), "blocked");
    assert_eq!(transition(&app, &path, "unblock").expect(200).at("/status"), "unsubscribed");
}

#[test]
fn the_link_to_leave_always_works() {
    let Scene { app, employer, posts } = scene(3);
    // Under contract: the contract goes on, and its end is the leaving.
    let person = candidate(&app);
    let id = recruited(&app, &employer, &posts[0], &person.id);
    assert_eq!(leave(&app, &person).at("/status"), "recruited");
    counsellor_of(&app, &id);
    end(&app, &employer, &id);
    assert_eq!(status(&app, &person), "unsubscribed");
    // Submitted and refused: the same.
    let person = candidate(&app);
    let id = submitted(&app, &employer, &posts[1], &person.id);
    assert_eq!(leave(&app, &person).at("/status"), "unavailable");
    let why = json!({"reason": "Le contrat n'est pas signé."});
    transition(&app, &path(&id), "refuse").json(&why).expect(200);
    assert_eq!(status(&app, &person), "unsubscribed");
    // Submitted and validated: it still may be, and the wish is kept.
    let person = candidate_from(&app, &candidate_form(&app, "82112", "82200", Some(40)));
    let id = submitted(&app, &employer, &posts[2], &person.id);
    leave(&app, &person);
    validate(&app, &id).expect(200);
    assert_eq!(status(&app, &person), "recruited");
    end(&app, &employer, &id);
    assert_eq!(status(&app, &person), "unsubscribed");
    app.advance(chrono::TimeDelta::days(1));
    // Who changes their mind before the decision stays.
    let person = candidate(&app);
    let file = format!("/api/v1/candidates/{}", person.id);
    let id = submitted(&app, &employer, &posts[0], &person.id);
    leave(&app, &person);
    step(&app, &person.actor, &file, "resume").expect(200);
    step(&app, &employer.actor, &path(&id), "cancel").expect(200);
    assert_eq!(status(&app, &person), "active");
}
