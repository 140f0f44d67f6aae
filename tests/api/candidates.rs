//! Candidates: registered, confirmed, available or not, blocked, erased.

use chrono::TimeDelta;
use conum::app::jobs;
use conum::platform::auth::{Actor, Territory};
use conum::platform::db::{Outcome, Request, Tx};
use conum::platform::error::Result;
use conum::platform::ids::CandidateId;
use serde_json::{Value, json};

use crate::support::App;
use crate::support::builders::{
    candidate, candidate_form, open_call, posts_of, prefecture, recruited, retained, siret, step, submitted, token_to,
};

/// Runs a nightly job now.
pub fn job(app: &App, name: &'static str, work: fn(&mut Tx<'_>) -> Result<Value>) -> Value {
    app.service.db.write_now(&Request::job(name), &|tx| work(tx).map(Outcome::Keep)).expect("a report")
}

#[test]
fn a_registration_is_confirmed_once_and_opens_an_account() {
    let app = App::start();
    let form = candidate_form(&app, "82112", "82200", Some(40));
    let taken = app.post("/api/v1/candidates").json(&form).expect(202);
    assert_eq!(taken.at("/status"), "check_your_mail");
    let email = form["email"].as_str().unwrap().to_owned();
    let token = token_to(&app, &email, "/candidats/confirmation");
    let confirm = || app.post("/api/v1/candidates/confirm").json(&json!({"token": token}));
    let confirmed = confirm().expect(200);
    assert_eq!(confirm().problem("invalid_link").status, 410);
    let own = app.get("/api/v1/candidates").bearer(&confirmed.text_at("/access_token")).expect(200);
    assert_eq!(own.at("/meta/total"), 1);
    assert_eq!(own.at("/data/0/status"), "active");
    assert_eq!(own.at("/data/0/email"), email);
    assert_eq!(own.at("/data/0/phone"), "+33612345678");
    assert_eq!(own.at("/data/0/departement_code"), "82");
    // A link to sign in again comes to the same account.
    app.post("/api/v1/login-links").json(&json!({"email": email})).expect(202);
    let link = token_to(&app, &email, "/connexion");
    let again = app.post("/api/v1/login-links/exchange").json(&json!({"token": link})).expect(200);
    let me = app.get("/api/v1/me").bearer(&again.text_at("/access_token")).expect(200);
    assert_eq!(me.at("/role"), "candidate");
}

#[test]
fn nobody_learns_who_is_registered() {
    let app = App::start();
    let known = candidate(&app);
    let mut form = candidate_form(&app, "75056", "75001", None);
    let unknown = app.post("/api/v1/candidates").json(&form).expect(202);
    form["email"] = json!(known.email.to_uppercase());
    form["first_name"] = json!("Imposteur");
    let repeated = app.post("/api/v1/candidates").json(&form).expect(202);
    assert_eq!(unknown.body, repeated.body);
    let dry = app.post("/api/v1/candidates").query("dry_run", "true").json(&form).expect(200);
    assert_eq!(dry.at("/effects"), json!([]));
    // The owner is told, and nothing of theirs is changed.
    let told = app.emails().into_iter().rfind(|e| e["recipient"] == known.email.as_str()).unwrap();
    assert_eq!(told["template"], "candidate_already_registered");
    let file = app.get(&format!("/api/v1/candidates/{}", known.id)).by(&known.actor).expect(200);
    assert_eq!(file.at("/first_name"), "Dominique");
}

#[test]
fn sixty_four_registrations_of_one_address_make_one_candidate() {
    let app = App::start();
    let form = candidate_form(&app, "82112", "82200", Some(40));
    std::thread::scope(|scope| {
        let calls: Vec<_> =
            (0..64).map(|_| scope.spawn(|| app.post("/api/v1/candidates").json(&form).send().status)).collect();
        for call in calls {
            let status = call.join().unwrap();
            assert!(status == 202 || status == 503, "{status}");
        }
    });
    let rows = app.database.owner().rows("select count(*)::int as n from candidates");
    assert_eq!(rows[0]["n"], 1);
}

#[test]
fn all_faults_of_a_registration_are_told_at_once() {
    let app = App::start();
    let form = json!({
        "first_name": "A", "last_name": "B", "email": "a.b@conseiller-numerique.fr", "phone": "12",
        "commune_code": "82112", "postal_code": "75001", "available_from": "2020-01-01", "graduated": true,
    });
    let problem = app.post("/api/v1/candidates").json(&form).problem("validation_failed");
    assert_eq!(problem.faults(), ["/phone: invalid_phone"]);
    let mut form = form;
    form["phone"] = json!(null);
    form["diploma_name"] = json!(null);
    let mut faults = app.post("/api/v1/candidates").json(&form).problem("validation_failed").faults();
    faults.sort();
    assert_eq!(
        faults,
        [
            "/available_from: in_the_past",
            "/diploma_name: required",
            "/email: professional_address",
            "/max_distance_km: distance_or_anywhere",
            "/postal_code: postal_code_mismatch",
        ]
    );
    let mut form = candidate_form(&app, "82112", "82200", Some(40));
    form["job_seeker"] = json!(false);
    form["diploma_name"] = json!("Un titre");
    let problem = app.post("/api/v1/candidates").json(&form).problem("validation_failed");
    assert_eq!(problem.faults(), ["/job_seeker: situation_missing", "/diploma_name: must_be_empty"]);
    let mut form = candidate_form(&app, "82112", "82200", Some(40));
    form["max_distance_km"] = json!(7);
    app.post("/api/v1/candidates").json(&form).problem("validation_failed");
}

#[test]
fn a_candidate_changes_their_own_file_only() {
    let app = App::start();
    let (own, other) = (candidate(&app), candidate(&app));
    let path = format!("/api/v1/candidates/{}", own.id);
    let etag = app.get(&path).by(&own.actor).expect(200).etag();
    let patch = json!({"anywhere": true, "max_distance_km": null, "phone": null, "last_name": "N’Guyen-Å", "motivation": null,
        "graduated": true, "diploma_name": "BPJEPS"});
    app.patch(&path).by(&other.actor).if_match(&etag).json(&patch).problem("not_found");
    app.patch(&path).by(&Actor::Anct).if_match(&etag).json(&patch).problem("role_not_allowed");
    let changed = app.patch(&path).by(&own.actor).if_match(&etag).json(&patch).expect(200);
    assert_eq!((changed.at("/anywhere"), changed.at("/max_distance_km")), (json!(true), Value::Null));
    assert_eq!((changed.at("/phone"), changed.at("/motivation")), (Value::Null, Value::Null));
    assert_eq!(changed.at("/last_name"), "N’Guyen-Å");
    app.patch(&path).by(&own.actor).if_match(&etag).json(&patch).problem("precondition_failed");
    let both = json!({"max_distance_km": 10, "anywhere": true});
    let problem = app.patch(&path).by(&own.actor).if_match(&changed.etag()).json(&both).problem("validation_failed");
    assert_eq!(problem.faults(), ["/max_distance_km: distance_or_anywhere"]);
    let none = json!({"job_seeker": false, "graduated": false});
    let problem = app.patch(&path).by(&own.actor).if_match(&changed.etag()).json(&none).problem("validation_failed");
    assert_eq!(problem.faults(), ["/job_seeker: situation_missing"]);
}

#[test]
fn a_new_address_takes_effect_once_it_has_answered() {
    let app = App::start();
    let (own, other) = (candidate(&app), candidate(&app));
    let path = format!("/api/v1/candidates/{}", own.id);
    let patch = |email: &str| {
        let etag = app.get(&path).by(&own.actor).expect(200).etag();
        app.patch(&path).by(&own.actor).if_match(&etag).json(&json!({"email": email})).expect(200)
    };
    // An address of somebody else answers the same, and tells its owner.
    assert_eq!(patch(&other.email).at("/email"), own.email.as_str());
    let told = app.emails().into_iter().rfind(|e| e["recipient"] == other.email.as_str()).unwrap();
    assert_eq!(told["template"], "candidate_already_registered");
    let new = format!("nouvelle-{}@example.org", siret());
    assert_eq!(patch(&new).at("/email"), own.email.as_str());
    let token = token_to(&app, &new, "/candidats/confirmation");
    app.post("/api/v1/candidates/confirm").json(&json!({"token": token})).expect(200);
    assert_eq!(app.get(&path).by(&own.actor).expect(200).at("/email"), new.as_str());
    let former = app.emails().into_iter().rfind(|e| e["recipient"] == own.email.as_str()).unwrap();
    assert_eq!(former["template"], "candidate_address_changed");
    // The account has moved with it.
    app.post("/api/v1/login-links").json(&json!({"email": new})).expect(202);
    token_to(&app, &new, "/connexion");
}

#[test]
fn a_counsellors_account_moves_with_the_persons_address() {
    let app = App::start();
    open_call(&app);
    let employer = retained(&app, 1, 1);
    let person = candidate(&app);
    recruited(&app, &employer, &posts_of(&app, &employer)[0], &person.id);
    let links = |address: &str| app.emails().iter().filter(|e| is_sign_in(e, address)).count();
    app.post("/api/v1/login-links").json(&json!({"email": person.email})).expect(202);
    assert_eq!(links(&person.email), 2);
    let former = token_to(&app, &person.email, "/connexion");
    let new = format!("nouvelle-{}@example.org", siret());
    let path = format!("/api/v1/candidates/{}", person.id);
    let etag = app.get(&path).by(&person.actor).expect(200).etag();
    app.patch(&path).by(&person.actor).if_match(&etag).json(&json!({"email": new})).expect(200);
    let token = token_to(&app, &new, "/candidats/confirmation");
    app.post("/api/v1/candidates/confirm").json(&json!({"token": token})).expect(200);
    // Whoever reads the former mailbox gets in no more.
    app.post("/api/v1/login-links/exchange").json(&json!({"token": former})).problem("invalid_link");
    for address in [&person.email, &new] {
        app.post("/api/v1/login-links").json(&json!({"email": address})).expect(202);
    }
    assert_eq!((links(&person.email), links(&new)), (2, 2));
}

fn is_sign_in(email: &Value, address: &str) -> bool {
    email["recipient"] == address && email["template"] == "account_sign_in"
}

#[test]
fn nobody_fills_a_mailbox_or_locks_its_owner_out() {
    let app = App::start();
    let (known, other) = (candidate(&app), candidate(&app));
    let mut pending = candidate_form(&app, "82112", "82200", Some(40));
    pending["available_from"] = json!(app.today() + TimeDelta::days(30));
    let address = pending["email"].as_str().unwrap();
    let mut again = pending.clone();
    again["email"] = json!(known.email);
    let path = format!("/api/v1/candidates/{}", other.id);
    let letters = |to: &str, template: &str| {
        app.emails().iter().filter(|e| e["recipient"] == to && e["template"] == template).count()
    };
    for _ in 0..8 {
        app.post("/api/v1/candidates").json(&pending).expect(202);
        app.post("/api/v1/candidates").json(&again).expect(202);
        let etag = app.get(&path).by(&other.actor).expect(200).etag();
        app.patch(&path).by(&other.actor).if_match(&etag).json(&json!({"email": known.email})).expect(200);
    }
    assert_eq!(letters(address, "candidate_confirm_address"), 5);
    // The letter that confirmed the registration counts too.
    assert_eq!(letters(&known.email, "candidate_already_registered"), 4);
    app.advance(TimeDelta::days(1) + TimeDelta::seconds(1));
    app.post("/api/v1/candidates").json(&pending).expect(202);
    app.post("/api/v1/candidates").json(&again).expect(202);
    assert_eq!(letters(address, "candidate_confirm_address"), 6);
    assert_eq!(letters(&known.email, "candidate_already_registered"), 5);
}

#[test]
fn who_sees_what_of_a_candidate() {
    let app = App::start();
    open_call(&app);
    let employer = retained(&app, 1, 2);
    let person = candidate(&app);
    let path = format!("/api/v1/candidates/{}", person.id);
    // The prefecture of the place of residence: names, no contact, no file.
    let list = app.get("/api/v1/candidates").by(&prefecture("82")).expect(200);
    assert_eq!((list.at("/meta/total"), list.at("/data/0/last_name")), (json!(1), json!("Exemple")));
    assert_eq!((list.at("/data/0/email"), list.at("/data/0/phone")), (Value::Null, Value::Null));
    let region = Actor::Prefecture(Territory::Region("76".to_owned()));
    assert_eq!(app.get("/api/v1/candidates").by(&region).expect(200).at("/meta/total"), 1);
    assert_eq!(app.get("/api/v1/candidates").by(&prefecture("31")).expect(200).at("/meta/total"), 0);
    app.get(&path).by(&prefecture("82")).problem("role_not_allowed");
    // An employer: nothing before a match, a profile with it, contact once both agree.
    app.get(&path).by(&employer.actor).problem("not_found");
    assert_eq!(app.get("/api/v1/candidates").by(&employer.actor).expect(200).at("/meta/total"), 0);
    let made = app.post("/api/v1/matches").by(&employer.actor).json(&json!({"candidate_id": person.id})).expect(201);
    let seen = app.get(&path).by(&employer.actor).expect(200);
    assert_eq!(seen.at("/email"), Value::Null);
    assert_eq!(seen.at("/motivation"), "Aider chacun à faire ses démarches.");
    step(&app, &person.actor, &format!("/api/v1/matches/{}", made.id()), "accept").expect(200);
    assert_eq!(app.get(&path).by(&employer.actor).expect(200).at("/email"), person.email.as_str());
    // The Banque des Territoires and observers have no list at all.
    app.get("/api/v1/candidates").by(&Actor::Bdt).problem("role_not_allowed");
    app.get("/api/v1/candidates").by(&Actor::Observer(None)).problem("role_not_allowed");
    let all = app.get("/api/v1/candidates?q=exemple&departement_code=82&matched=true").by(&Actor::Anct).expect(200);
    assert_eq!(all.at("/meta/total"), 1);
}

#[test]
fn the_database_itself_closes_candidates() {
    let app = App::start();
    open_call(&app);
    let employer = retained(&app, 1, 2);
    let person = candidate(&app);
    app.post("/api/v1/matches").by(&employer.actor).json(&json!({"candidate_id": person.id})).expect(201);
    let seen = |actor: &str, reach: &str, value: &str, table: &str| {
        let mut session = app.database.application(&[("actor", actor), ("reach", reach), ("reach_value", value)]);
        session.rows(&format!("select count(*)::int as n from {table}"))[0]["n"].clone()
    };
    let (structure, own) = (employer.id.as_str(), person.id.as_str());
    for (actor, reach, value, candidates, contacts, matches) in [
        ("anct", "country", "", 1, 1, 1),
        ("bdt", "country", "", 0, 0, 0),
        ("observer", "country", "", 0, 0, 0),
        ("prefecture", "departement", "82", 1, 0, 0),
        ("prefecture", "departement", "31", 0, 0, 0),
        ("employer", "structure", structure, 1, 0, 1),
        ("employer", "structure", own, 0, 0, 0),
        ("candidate", "candidate", own, 1, 1, 1),
        ("candidate", "candidate", structure, 0, 0, 0),
        ("anonymous", "nothing", "", 0, 0, 0),
    ] {
        assert_eq!(seen(actor, reach, value, "candidates"), candidates, "{actor} {value}: candidates");
        assert_eq!(seen(actor, reach, value, "candidate_contacts"), contacts, "{actor} {value}: contacts");
        assert_eq!(seen(actor, reach, value, "matches"), matches, "{actor} {value}: matches");
    }
}

#[test]
fn a_reminder_is_answered_by_a_post() {
    let app = App::start();
    let (stays, pauses) = (candidate(&app), candidate(&app));
    assert_eq!(job(&app, "remind_candidates", jobs::remind_candidates)["reminded"], 0);
    app.advance(TimeDelta::days(61));
    assert_eq!(job(&app, "remind_candidates", jobs::remind_candidates)["reminded"], 2);
    assert_eq!(job(&app, "remind_candidates", jobs::remind_candidates)["reminded"], 0);
    let answer = |person: &crate::support::builders::Candidate, available: bool| {
        let token = token_to(&app, &person.email, "/candidats/disponibilite");
        app.get(&format!("/api/v1/candidates/availability?token={token}")).send();
        let body = json!({"token": token, "available": available});
        let answered = app.post("/api/v1/candidates/availability").json(&body).expect(200);
        app.post("/api/v1/candidates/availability").json(&body).problem("invalid_link");
        answered.text_at("/status")
    };
    assert_eq!(answer(&stays, true), "active");
    assert_eq!(answer(&pauses, false), "unavailable");
}

#[test]
fn every_transition_of_every_state_does_what_the_candidate_announces() {
    let app = App::start();
    open_call(&app);
    let employer = retained(&app, 1, 20);
    // Two contracts on one post need two days: every recruitment gets a post of its own.
    let mut posts = posts_of(&app, &employer).into_iter();
    let (anct, mut tried) = (Actor::Anct, 0);
    let reason = json!({"reason": "Inscription sous un faux nom."});
    let states = ["pending", "active", "unavailable", "blocked", "unsubscribed", "submitted", "recruited", "erased"];
    for state in &states {
        for operation in ["pause", "resume", "block", "unblock", "erase"] {
            for by_anct in [true, false] {
                if *state == "pending" && !by_anct {
                    // Whoever has not confirmed has no account yet.
                    continue;
                }
                let person = if *state == "pending" { unconfirmed(&app) } else { candidate(&app) };
                let path = format!("/api/v1/candidates/{}", person.id);
                match *state {
                    "unavailable" => drop(step(&app, &person.actor, &path, "pause").expect(200)),
                    "blocked" => drop(step(&app, &anct, &path, "block").json(&reason).expect(200)),
                    "erased" => drop(step(&app, &anct, &path, "erase").expect(200)),
                    "unsubscribed" => {
                        let token = token_to(&app, &person.email, "/candidats/desinscription");
                        app.post("/api/v1/candidates/unsubscribe").json(&json!({"token": token})).expect(200);
                    }
                    _ => {}
                }
                let engaged = match *state {
                    "submitted" => Some(submitted(&app, &employer, &posts.next().expect("a post"), &person.id)),
                    "recruited" => Some(recruited(&app, &employer, &posts.next().expect("a post"), &person.id)),
                    _ => None,
                };
                let actor = if by_anct { &anct } else { &person.actor };
                let file = app.get(&path).by(actor).expect(200);
                let announced = file.at("/transitions").as_array().unwrap().clone();
                let name = format!("{operation}_candidate");
                let announced = announced.into_iter().find(|t| t["name"] == name.as_str()).expect("an announcement");
                let call = app.post(&format!("{path}/{operation}")).by(actor).if_match(&file.etag());
                let call = if operation == "block" { call.json(&reason) } else { call };
                let answer = call.query("dry_run", "true").send();
                answer.agrees_with(&file);
                assert_eq!(announced["allowed"], answer.status == 200, "{state} {name}: {}", answer.describe());
                if answer.status != 200 {
                    assert_eq!(announced["refusal"], answer.at("/code"), "{state} {name}");
                }
                tried += 1;
                if let Some(id) = engaged {
                    end(&app, &employer, &id);
                }
            }
        }
    }
    assert_eq!(tried, 75);
}

/// A candidate who has not confirmed the address yet.
fn unconfirmed(app: &App) -> crate::support::builders::Candidate {
    let form = candidate_form(app, "82112", "82200", Some(40));
    app.post("/api/v1/candidates").json(&form).expect(202);
    let query = "/api/v1/candidates?status=pending_confirmation&sort=-created_at&limit=1";
    let id = app.get(query).by(&Actor::Anct).expect(200).text_at("/data/0/id");
    let actor = Actor::Candidate(CandidateId::from_uuid(id.parse().expect("an id")));
    let email = form["email"].as_str().expect("an address").to_owned();
    crate::support::builders::Candidate { id, email, token: String::new(), actor }
}

/// Frees the post of a recruitment, whatever its state.
pub fn end(app: &App, employer: &crate::support::builders::Employer, id: &str) {
    let path = format!("/api/v1/recruitments/{id}");
    if app.get(&path).by(&employer.actor).expect(200).at("/status") == "submitted" {
        step(app, &employer.actor, &path, "cancel").expect(200);
        return;
    }
    let body = json!({"terminates_on": app.today(), "reason": "demission"});
    step(app, &employer.actor, &path, "request-termination").json(&body).expect(200);
    step(app, &Actor::Anct, &path, "terminate").expect(200);
}
