//! Recruitments: submitted, validated, extended, renewed, broken off, completed, transferred.

use chrono::{NaiveDate, TimeDelta};
use conum::app::jobs;
use conum::platform::auth::{Actor, Territory};
use serde_json::{Value, json};

use crate::candidates::job;
use crate::support::builders::{
    Candidate, Employer, PAPERS, candidate, contract, counsellor_of, open_call, posts_of, prefecture, recruited,
    retained, retained_at, step, submitted, token_to, transition, validate, validate_by,
};
use crate::support::{Answer, App};

pub struct Scene {
    pub app: App,
    pub employer: Employer,
    pub posts: Vec<String>,
}

/// A structure of Moissac with so many vacant posts.
pub fn scene(posts: i32) -> Scene {
    let app = App::start();
    open_call(&app);
    let employer = retained(&app, 1, posts);
    let posts = posts_of(&app, &employer);
    Scene { app, employer, posts }
}

pub fn path(id: &str) -> String {
    format!("/api/v1/recruitments/{id}")
}

fn post(app: &App, id: &str) -> (Value, Value) {
    let post = app.get(&format!("/api/v1/posts/{id}")).by(&Actor::Anct).expect(200);
    (post.at("/status"), post.at("/available"))
}

fn status(app: &App, id: &str) -> String {
    app.get(&path(id)).by(&Actor::Anct).expect(200).text_at("/status")
}

fn candidate_status(app: &App, person: &Candidate) -> String {
    app.get(&format!("/api/v1/candidates/{}", person.id)).by(&Actor::Anct).expect(200).text_at("/status")
}

/// Asks to break the contract off today.
pub fn ask_termination(app: &App, employer: &Employer, id: &str) -> Answer {
    let body = json!({"terminates_on": app.today(), "reason": "demission", "comment": "Départ pour une autre région."});
    step(app, &employer.actor, &path(id), "request-termination").json(&body).expect(200)
}

/// Every job of the night, in its order.
pub fn night(app: &App) -> Value {
    job(app, "complete_recruitments", jobs::complete_recruitments)
}

#[test]
fn a_candidate_becomes_a_counsellor() {
    let Scene { app, employer, posts } = scene(2);
    let other = retained_at(&app, "Commune de Castelsarrasin", "82033", "82100", 1);
    let person = candidate(&app);
    for house in [&employer, &other] {
        let wanted = json!({"candidate_id": person.id});
        let made = app.post("/api/v1/matches").by(&house.actor).json(&wanted).expect(201);
        step(&app, &person.actor, &format!("/api/v1/matches/{}", made.id()), "accept").expect(200);
    }
    let id = submitted(&app, &employer, &posts[0], &person.id);
    assert_eq!(post(&app, &posts[0]), (json!("vacant"), json!(false)));
    assert_eq!(candidate_status(&app, &person), "active");
    let view = app.get(&path(&id)).by(&employer.actor).expect(200);
    assert_eq!(view.at("/documents_missing"), json!([]));
    assert!(view.at("/match_id").is_string());
    let refused = submit_with(&app, &employer, &contract(&app, &posts[1], &person.id));
    refused.problem("candidate_already_recruited");
    let validated = validate_by(&app, &Actor::Bdt, &id).expect(200);
    assert_eq!(validated.at("/status"), "validated");
    assert_eq!(post(&app, &posts[0]), (json!("occupied"), json!(false)));
    assert_eq!(candidate_status(&app, &person), "recruited");
    // What was open with the others is closed.
    assert_eq!(app.get("/api/v1/matches").by(&other.actor).expect(200).at("/data/0/status"), "closed");
    // The counsellor signs in with the same address, and sees their contract.
    app.post("/api/v1/login-links").json(&json!({"email": person.email})).expect(202);
    let links: Vec<String> = app
        .emails()
        .iter()
        .filter(|e| e["recipient"] == person.email.as_str() && e["template"] == "account_sign_in")
        .map(|e| e["text_body"].as_str().unwrap().to_owned())
        .collect();
    assert!(links.iter().any(|text| text.contains("« Conseiller »")), "{links:?}");
    let counsellor = counsellor_of(&app, &id);
    let own = app.get("/api/v1/recruitments").by(&counsellor).expect(200);
    assert_eq!((own.at("/meta/total"), own.at("/data/0/gross_monthly_salary_cents")), (json!(1), json!(190_000)));
    let list = app.get("/api/v1/counsellors").by(&employer.actor).expect(200);
    assert_eq!((list.at("/data/0/last_name"), list.at("/data/0/status")), (json!("Exemple"), json!("in_post")));
    let templates: Vec<String> = app
        .emails()
        .iter()
        .filter_map(|e| e["template"].as_str().map(ToOwned::to_owned))
        .filter(|t| t.starts_with("recruitment_"))
        .collect();
    assert_eq!(
        templates,
        ["recruitment_submitted", "recruitment_validated_to_structure", "recruitment_validated_to_candidate"]
    );
    // The history of the post names the contract.
    let history = app.get(&format!("/api/v1/posts/{}/history", posts[0])).by(&Actor::Anct).expect(200);
    assert_eq!(history.values("/data", "/change"), ["granted", "occupied"]);
    assert_eq!(history.at("/data/1/recruitment_id"), id.as_str());
}

pub fn submit_with<'a>(app: &'a App, employer: &Employer, body: &Value) -> crate::support::Call<'a> {
    app.post("/api/v1/recruitments").by(&employer.actor).json(body)
}

#[test]
fn all_faults_of_a_contract_are_told_at_once() {
    let Scene { app, employer, posts } = scene(1);
    let person = candidate(&app);
    let submit = |changes: Value| {
        let mut body = contract(&app, &posts[0], &person.id);
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        submit_with(&app, &employer, &body)
    };
    let faults = |changes: Value| submit(changes).problem("validation_failed").faults();
    assert_eq!(
        faults(json!({"starts_on": "2020-09-30", "ends_on": "2020-09-30", "gross_monthly_salary_cents": 153_941})),
        ["/starts_on: too_small", "/ends_on: not_after", "/gross_monthly_salary_cents: below_minimum_wage"]
    );
    assert_eq!(faults(json!({"ends_on": null})), ["/ends_on: required"]);
    assert_eq!(faults(json!({"contract_type": "cdi"})), ["/ends_on: must_be_empty"]);
    assert_eq!(faults(json!({"post_id": person.id})), ["/post_id: unknown_id"]);
    assert_eq!(faults(json!({"candidate_id": posts[0]})), ["/candidate_id: unknown_id"]);
    app.set_now("2021-06-01T09:00:00Z");
    // The wage is the one in force on the first day: 1,554.58 € until September 2021, 1,589.47 € from October on.
    let paid = |starts: &str, cents: i64| {
        submit(json!({"starts_on": starts, "ends_on": "2023-08-31", "gross_monthly_salary_cents": cents}))
            .query("dry_run", "true")
            .send()
            .status
    };
    assert_eq!((paid("2021-09-30", 155_458), paid("2021-09-30", 155_457)), (200, 422));
    assert_eq!((paid("2021-10-01", 158_947), paid("2021-10-01", 158_946)), (200, 422));
    // The next decree.
    let wage = json!({"gross_monthly_cents": 200_000});
    app.put("/api/v1/minimum-wages/2022-10-01").by(&employer.actor).json(&wage).problem("role_not_allowed");
    app.put("/api/v1/minimum-wages/2022-10-01").by(&Actor::Anct).json(&wage).expect(200);
    app.set_now("2022-06-01T09:00:00Z");
    assert_eq!((paid("2022-10-01", 200_000), paid("2022-10-01", 199_999)), (200, 422));
    let list = app.get("/api/v1/minimum-wages?in_force_on=2021-12-31").expect(200);
    assert_eq!((list.at("/meta/total"), list.at("/data/0/gross_monthly_cents")), (json!(1), json!(158_947)));
}

#[test]
fn who_may_be_hired_by_whom() {
    let Scene { app, employer, posts } = scene(2);
    let other = retained_at(&app, "Commune de Castelsarrasin", "82033", "82100", 1);
    let person = candidate(&app);
    // Not on a post of somebody else, whether it exists or not.
    let foreign = contract(&app, &posts_of(&app, &other)[0], &person.id);
    assert_eq!(submit_with(&app, &employer, &foreign).problem("validation_failed").faults(), ["/post_id: unknown_id"]);
    // Not somebody blocked, nor gone.
    let blocked = candidate(&app);
    let reason = json!({"reason": "Inscription sous un faux nom."});
    step(&app, &Actor::Anct, &format!("/api/v1/candidates/{}", blocked.id), "block").json(&reason).expect(200);
    submit_with(&app, &employer, &contract(&app, &posts[0], &blocked.id)).problem("candidate_not_available");
    let gone = candidate(&app);
    let token = token_to(&app, &gone.email, "/candidats/desinscription");
    app.post("/api/v1/candidates/unsubscribe").json(&json!({"token": token})).expect(200);
    submit_with(&app, &employer, &contract(&app, &posts[0], &gone.id)).problem("candidate_not_available");
    // Not while the structure holds no posts any more.
    let id = submitted(&app, &employer, &posts[0], &person.id);
    submit_with(&app, &employer, &contract(&app, &posts[0], &candidate(&app).id)).problem("post_not_vacant");
    let taken = format!("/api/v1/posts/{}", posts_of(&app, &other)[0]);
    let back = json!({"post_id": posts_of(&app, &other)[0], "reason": "capacite_financiere"});
    let back = app.post("/api/v1/post-returns").by(&other.actor).json(&back).expect(201).id();
    transition(&app, &format!("/api/v1/post-returns/{back}"), "accept").expect(200);
    assert_eq!(app.get(&taken).by(&Actor::Anct).expect(200).at("/status"), "returned");
    let late = contract(&app, taken.rsplit('/').next().unwrap(), &candidate(&app).id);
    submit_with(&app, &other, &late).problem("structure_not_retained");
    // A held post is neither taken back nor given back.
    let held = json!({"post_id": posts[0], "reason": "capacite_financiere"});
    app.post("/api/v1/post-returns").by(&employer.actor).json(&held).problem("post_not_vacant");
    step(&app, &employer.actor, &path(&id), "cancel").expect(200);
    assert_eq!(post(&app, &posts[0]), (json!("vacant"), json!(true)));
}

#[test]
fn a_recruitment_is_seen_within_reach_and_no_further() {
    let Scene { app, employer, posts } = scene(1);
    let person = candidate(&app);
    let id = recruited(&app, &employer, &posts[0], &person.id);
    let stranger = retained_at(&app, "Commune de Figeac", "46102", "46100", 1);
    for actor in [&stranger.actor, &prefecture("31"), &candidate(&app).actor] {
        app.get(&path(&id)).by(actor).problem("not_found");
        assert_eq!(app.get("/api/v1/recruitments").by(actor).expect(200).at("/meta/total"), 0, "{}", actor.name());
    }
    let pay = |actor: &Actor| app.get(&path(&id)).by(actor).expect(200).at("/gross_monthly_salary_cents");
    assert_eq!((pay(&prefecture("82")), pay(&Actor::Bdt)), (Value::Null, json!(190_000)));
    assert_eq!(pay(&person.actor), 190_000);
    for observer in [Actor::Observer(None), Actor::Observer(Some(Territory::Departement("82".to_owned())))] {
        let list = app.get("/api/v1/recruitments").by(&observer).expect(200);
        assert_eq!(list.at("/meta/total"), 1);
        for member in ["candidate_id", "candidate_first_name", "candidate_last_name", "gross_monthly_salary_cents"] {
            assert_eq!(list.at(&format!("/data/0/{member}")), Value::Null, "{member}");
        }
        app.get(&path(&id)).by(&observer).problem("role_not_allowed");
        let sought = format!("/api/v1/recruitments?candidate_id={}", stranger.id);
        assert_eq!(app.get(&sought).by(&observer).expect(200).at("/meta/total"), 1);
    }
    let elsewhere = Actor::Observer(Some(Territory::Region("84".to_owned())));
    assert_eq!(app.get("/api/v1/recruitments").by(&elsewhere).expect(200).at("/meta/total"), 0);
    // Counsellors: those of the territory, and oneself.
    let coordinator = |code: &str| Actor::Coordinator(Territory::Departement(code.to_owned()));
    let count = |actor: &Actor| app.get("/api/v1/counsellors").by(actor).expect(200).at("/meta/total");
    let own = counsellor_of(&app, &id);
    for (actor, expected) in [
        (&Actor::Anct, 1),
        (&Actor::Bdt, 1),
        (&prefecture("82"), 1),
        (&prefecture("31"), 0),
        (&coordinator("82"), 1),
        (&coordinator("31"), 0),
        (&employer.actor, 1),
        (&stranger.actor, 0),
        (&own, 1),
    ] {
        assert_eq!(count(actor), expected, "{}", actor.name());
    }
    // The database itself shows as little.
    let seen = |actor: &str, reach: &str, value: &str, table: &str| {
        let mut session = app.database.application(&[("actor", actor), ("reach", reach), ("reach_value", value)]);
        session.rows(&format!("select count(*)::int as n from {table}"))[0]["n"].clone()
    };
    let Actor::Counsellor(own) = own else { panic!("a counsellor") };
    for (actor, reach, value, rows) in [
        ("bdt", "country", "", 1),
        ("observer", "country", "", 0),
        ("prefecture", "departement", "82", 1),
        ("prefecture", "departement", "31", 0),
        ("employer", "structure", employer.id.as_str(), 1),
        ("employer", "structure", stranger.id.as_str(), 0),
        ("candidate", "candidate", person.id.as_str(), 1),
        ("counsellor", "counsellor", own.to_string().as_str(), 1),
        ("counsellor", "counsellor", person.id.as_str(), 0),
    ] {
        assert_eq!(seen(actor, reach, value, "recruitments"), rows, "{actor} {value}");
    }
    // And the Banque des Territoires never reads a candidate's words.
    assert_eq!(seen("bdt", "country", "", "candidate_motivations"), 0);
    assert_eq!(seen("bdt", "country", "", "candidates"), 1);
}

#[test]
fn a_contract_is_broken_off_by_the_anct_only() {
    let Scene { app, employer, posts } = scene(2);
    let person = candidate(&app);
    let id = recruited(&app, &employer, &posts[0], &person.id);
    let counsellor = counsellor_of(&app, &id);
    let day = |days: i64| json!({"terminates_on": app.today() + TimeDelta::days(days), "reason": "demission"});
    let ask = |days: i64| step(&app, &employer.actor, &path(&id), "request-termination").json(&day(days));
    assert_eq!(ask(-1).problem("validation_failed").faults(), ["/terminates_on: too_small"]);
    assert_eq!(ask(731).problem("validation_failed").faults(), ["/terminates_on: too_large"]);
    ask(10).expect(200);
    step(&app, &Actor::Bdt, &path(&id), "terminate").problem("role_not_allowed");
    step(&app, &employer.actor, &path(&id), "terminate").problem("role_not_allowed");
    step(&app, &Actor::Anct, &path(&id), "terminate").problem("termination_not_due");
    step(&app, &employer.actor, &path(&id), "cancel-termination").expect(200);
    assert_eq!(status(&app, &id), "validated");
    ask(10).expect(200);
    app.advance(TimeDelta::days(10));
    let ended = step(&app, &Actor::Anct, &path(&id), "terminate").expect(200);
    assert_eq!((ended.at("/status"), ended.at("/ended_on")), (json!("terminated"), json!(app.today())));
    assert_eq!(post(&app, &posts[0]), (json!("vacant"), json!(true)));
    let deadline = app.get(&format!("/api/v1/posts/{}", posts[0])).by(&Actor::Anct).expect(200);
    assert!(deadline.text_at("/recruitment_deadline") > app.today().to_string());
    assert_eq!(candidate_status(&app, &person), "active");
    assert_eq!(app.get("/api/v1/counsellors").by(&counsellor).expect(200).at("/data/0/status"), "left");
    // The same pair may be hired again, from the day after on.
    let early = contract(&app, &posts[0], &person.id);
    let faults = submit_with(&app, &employer, &early).problem("validation_failed").faults();
    assert_eq!(faults, ["/starts_on: not_after"]);
    app.advance(TimeDelta::days(1));
    let again = recruited(&app, &employer, &posts[0], &person.id);
    assert_eq!(counsellor_of(&app, &again), counsellor);
    assert_eq!(app.get("/api/v1/counsellors").by(&counsellor).expect(200).at("/data/0/status"), "in_post");
}

#[test]
fn a_contract_is_extended_once_at_a_time() {
    let Scene { app, employer, posts } = scene(2);
    let id = recruited(&app, &employer, &posts[0], &candidate(&app).id);
    let end: NaiveDate = app.get(&path(&id)).by(&Actor::Anct).expect(200).text_at("/ends_on").parse().unwrap();
    let ask = |days: i64, cents: Option<i64>| {
        let body = json!({"ends_on": end + TimeDelta::days(days), "gross_monthly_salary_cents": cents});
        app.post(&format!("{}/extensions", path(&id))).by(&employer.actor).json(&body)
    };
    assert_eq!(
        ask(0, Some(150_000)).problem("validation_failed").faults(),
        ["/ends_on: not_after", "/gross_monthly_salary_cents: below_minimum_wage"]
    );
    let first = ask(90, Some(200_000)).expect(201);
    ask(90, None).problem("extension_exists");
    let extension = format!("/api/v1/extensions/{}", first.id());
    let reason = json!({"reason": "La convention prend fin avant."});
    step(&app, &employer.actor, &extension, "validate").problem("role_not_allowed");
    step(&app, &Actor::Bdt, &extension, "refuse").json(&reason).expect(200);
    step(&app, &Actor::Bdt, &extension, "validate").problem("transition_not_allowed");
    let second = ask(90, Some(200_000)).expect(201);
    transition(&app, &format!("/api/v1/extensions/{}", second.id()), "validate").expect(200);
    let view = app.get(&path(&id)).by(&employer.actor).expect(200);
    assert_eq!(view.at("/ends_on"), json!(end + TimeDelta::days(90)));
    assert_eq!(
        (view.at("/gross_monthly_salary_cents"), view.at("/pending_extension_id")),
        (json!(200_000), Value::Null)
    );
    let list = app.get("/api/v1/extensions?status=refused,validated").by(&employer.actor).expect(200);
    assert_eq!(list.at("/meta/total"), 2);
    // What is still asked for falls with the contract, and whoever copies it learns so.
    let third = ask(180, None).expect(201).id();
    ask_termination(&app, &employer, &id);
    step(&app, &Actor::Anct, &path(&id), "terminate").expect(200);
    let told = format!("select type from events where resource_id = '{third}' order by sequence");
    assert_eq!(app.database.owner().column(&told), ["extension.requested", "extension.refused"]);
    // A contract without an end has none to put off.
    let mut open = contract(&app, &posts[1], &candidate(&app).id);
    open["contract_type"] = json!("cdi");
    open["ends_on"] = Value::Null;
    let open = submit_with(&app, &employer, &open).expect(201).id();
    validate(&app, &open).expect(200);
    let later = json!({"ends_on": "2029-01-01"});
    app.post(&format!("{}/extensions", path(&open))).by(&employer.actor).json(&later).problem("contract_open_ended");
    step(&app, &employer.actor, &path(&open), "renew")
        .json(&json!({"contract_type": "cdd", "ends_on": "2029-01-01", "gross_monthly_salary_cents": 200_000}))
        .problem("contract_open_ended");
}

pub fn renewal<'a>(app: &'a App, employer: &Employer, id: &str) -> crate::support::Call<'a> {
    let body = json!({"contract_type": "cdd", "ends_on": "2025-12-31", "gross_monthly_salary_cents": 200_000, "documents": PAPERS});
    step(app, &employer.actor, &path(id), "renew").json(&body)
}

#[test]
fn a_renewal_begins_where_the_contract_ends() {
    let Scene { app, employer, posts } = scene(1);
    let person = candidate(&app);
    let id = recruited(&app, &employer, &posts[0], &person.id);
    let counsellor = counsellor_of(&app, &id);
    let next = renewal(&app, &employer, &id).expect(201);
    let end: NaiveDate = app.get(&path(&id)).by(&Actor::Anct).expect(200).text_at("/ends_on").parse().unwrap();
    assert_eq!(next.at("/starts_on"), json!(end + TimeDelta::days(1)));
    assert_eq!((next.at("/waiting"), next.at("/previous_id")), (json!(true), json!(id)));
    renewal(&app, &employer, &id).problem("renewal_exists");
    let later = json!({"ends_on": "2024-01-01"});
    app.post(&format!("{}/extensions", path(&id))).by(&employer.actor).json(&later).problem("renewal_exists");
    validate(&app, &next.id()).expect(200);
    assert_eq!(post(&app, &posts[0]), (json!("occupied"), json!(false)));
    // It cannot be broken off before it begins.
    let ask = json!({"terminates_on": "2024-01-01", "reason": "demission"});
    step(&app, &employer.actor, &path(&next.id()), "request-termination").json(&ask).problem("renewal_waits");
    app.advance(TimeDelta::days(730));
    assert_eq!(night(&app)["completed"], 0);
    app.advance(TimeDelta::days(1));
    assert_eq!(night(&app)["completed"], 1);
    assert_eq!((status(&app, &id), status(&app, &next.id())), ("completed".to_owned(), "validated".to_owned()));
    assert_eq!(post(&app, &posts[0]), (json!("occupied"), json!(false)));
    assert_eq!(candidate_status(&app, &person), "recruited");
    let own = app.get("/api/v1/counsellors").by(&counsellor).expect(200);
    assert_eq!(own.at("/data/0/recruitment_id"), json!(next.id()));
    assert_eq!(own.at("/data/0/since_on"), json!("2021-01-11"));
    let running = app.get(&path(&next.id())).by(&employer.actor).expect(200);
    assert_eq!(running.at("/waiting"), false);
    ask_termination(&app, &employer, &next.id());
}

#[test]
fn a_renewal_that_waits_keeps_the_post_held() {
    let Scene { app, employer, posts } = scene(1);
    let person = candidate(&app);
    let id = recruited(&app, &employer, &posts[0], &person.id);
    let next = renewal(&app, &employer, &id).expect(201).id();
    app.advance(TimeDelta::days(731));
    assert_eq!(night(&app)["completed"], 1);
    assert_eq!(post(&app, &posts[0]), (json!("vacant"), json!(false)));
    assert!(letter(&app, "recruitment_completed").contains("reste réservé au renouvellement déposé"));
    assert_eq!(candidate_status(&app, &person), "active");
    submit_with(&app, &employer, &contract(&app, &posts[0], &candidate(&app).id)).problem("post_not_vacant");
    validate(&app, &next).expect(200);
    assert_eq!(post(&app, &posts[0]), (json!("occupied"), json!(false)));
    assert_eq!(candidate_status(&app, &person), "recruited");
}

/// The text of the latest letter of a kind.
fn letter(app: &App, template: &str) -> String {
    let letters = app.emails();
    let last = letters.iter().rfind(|e| e["template"] == template).unwrap_or_else(|| panic!("no {template}"));
    last["text_body"].as_str().expect("a text").to_owned()
}

#[test]
fn the_person_learns_of_every_decision_and_where_they_stand() {
    let Scene { app, employer, posts } = scene(1);
    let person = candidate(&app);
    let reason = json!({"reason": "Le contrat n'est pas signé."});
    let first = submitted(&app, &employer, &posts[0], &person.id);
    assert!(letter(&app, "recruitment_submitted").contains("a déposé votre recrutement"));
    transition(&app, &path(&first), "refuse").json(&reason).expect(200);
    let told = letter(&app, "recruitment_refused_to_candidate");
    assert!(told.contains("Votre candidature n'est pas modifiée.") && !told.contains("signé"), "{told}");
    assert!(letter(&app, "recruitment_refused_to_structure").contains("Le contrat n'est pas signé."));
    let id = recruited(&app, &employer, &posts[0], &person.id);
    assert!(letter(&app, "recruitment_validated_to_candidate").contains("bienvenue"));
    // A renewal is called by its name, and what runs goes on whatever becomes of it.
    let next = renewal(&app, &employer, &id).expect(201).id();
    assert!(letter(&app, "recruitment_submitted").contains("a déposé le renouvellement de votre contrat"));
    transition(&app, &path(&next), "refuse").json(&reason).expect(200);
    let told = letter(&app, "recruitment_refused_to_candidate");
    assert!(told.contains("le renouvellement") && told.contains("Votre contrat actuel n'est pas modifié."), "{told}");
    let next = renewal(&app, &employer, &id).expect(201).id();
    validate(&app, &next).expect(200);
    let told = letter(&app, "recruitment_validated_to_candidate");
    assert!(told.contains("Le renouvellement de votre contrat") && !told.contains("bienvenue"), "{told}");
}

#[test]
fn what_was_to_follow_falls_with_a_contract_that_is_broken_off() {
    let Scene { app, employer, posts } = scene(1);
    let person = candidate(&app);
    let id = recruited(&app, &employer, &posts[0], &person.id);
    let next = renewal(&app, &employer, &id).expect(201).id();
    validate(&app, &next).expect(200);
    ask_termination(&app, &employer, &id);
    step(&app, &Actor::Anct, &path(&id), "terminate").expect(200);
    assert_eq!((status(&app, &id), status(&app, &next)), ("terminated".to_owned(), "cancelled".to_owned()));
    assert_eq!(post(&app, &posts[0]), (json!("vacant"), json!(true)));
    assert_eq!(candidate_status(&app, &person), "active");
}

#[test]
fn contracts_end_by_night() {
    let Scene { app, employer, posts } = scene(1);
    let person = candidate(&app);
    let id = recruited(&app, &employer, &posts[0], &person.id);
    app.advance(TimeDelta::days(731));
    assert_eq!(night(&app)["completed"], 1);
    assert_eq!(night(&app)["completed"], 0);
    assert_eq!(status(&app, &id), "completed");
    assert_eq!(post(&app, &posts[0]), (json!("vacant"), json!(true)));
    assert_eq!(candidate_status(&app, &person), "active");
    let templates: Vec<Value> = app.emails().iter().map(|e| e["template"].clone()).collect();
    assert!(templates.contains(&json!("recruitment_completed")), "{templates:?}");
    // The last post returned: the structure leaves.
    let back = json!({"post_id": posts[0], "reason": "fin_subventionnement"});
    let back = app.post("/api/v1/post-returns").by(&employer.actor).json(&back).expect(201).id();
    transition(&app, &format!("/api/v1/post-returns/{back}"), "accept").expect(200);
    let file = app.get(&format!("/api/v1/structures/{}", employer.id)).by(&Actor::Anct).expect(200);
    assert_eq!(file.at("/status"), "withdrawn");
}

#[test]
fn an_occupied_post_moves_with_its_counsellor() {
    let Scene { app, employer, posts } = scene(1);
    let target = retained_at(&app, "Commune de Figeac", "46102", "46100", 1);
    let person = candidate(&app);
    let id = recruited(&app, &employer, &posts[0], &person.id);
    let counsellor = counsellor_of(&app, &id);
    let resource = format!("/api/v1/posts/{}", posts[0]);
    app.advance(TimeDelta::days(30));
    let to = |days: i64| json!({"structure_id": target.id, "effective_on": app.today() - TimeDelta::days(days)});
    assert_eq!(
        transition(&app, &resource, "transfer").json(&to(30)).problem("validation_failed").faults(),
        ["/effective_on: not_after"]
    );
    // Nothing moves while a decision is awaited.
    ask_termination(&app, &employer, &id);
    transition(&app, &resource, "transfer").json(&to(0)).problem("occupant_may_not_move");
    step(&app, &employer.actor, &path(&id), "cancel-termination").expect(200);
    let moved = transition(&app, &resource, "transfer").json(&to(5)).expect(200);
    assert_eq!((moved.at("/structure_id"), moved.at("/status")), (json!(target.id), json!("occupied")));
    assert_eq!(status(&app, &id), "completed");
    let list =
        app.get(&format!("/api/v1/recruitments?post_id={}&status=validated", posts[0])).by(&target.actor).expect(200);
    assert_eq!((list.at("/meta/total"), list.at("/data/0/origin")), (json!(1), json!("transfer")));
    assert_eq!(list.at("/data/0/gross_monthly_salary_cents"), 190_000);
    let own = app.get("/api/v1/counsellors").by(&counsellor).expect(200);
    assert_eq!((own.at("/data/0/structure_id"), own.at("/data/0/status")), (json!(target.id), json!("in_post")));
    assert_eq!(
        app.get(&format!("/api/v1/structures/{}", employer.id)).by(&Actor::Anct).expect(200).at("/status"),
        "withdrawn"
    );
    let history = app.get(&format!("{resource}/history")).by(&Actor::Anct).expect(200);
    assert_eq!(history.values("/data", "/change"), ["granted", "occupied", "transferred", "vacated", "occupied"]);
}
