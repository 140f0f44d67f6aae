//! Made-up things to work with, brought about through HTTP as their users would.

use std::sync::atomic::{AtomicU32, Ordering};

use conum::platform::auth::{Actor, Territory};
use conum::platform::ids::{CandidateId, CounsellorId, StructureId};
use serde_json::{Value, json};

use super::{Answer, App, Call};

/// A SIRET with a right key that no real establishment has, another one at each call.
pub fn siret() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let siren = with_key(format!("99{number:06}"));
    with_key(format!("{siren}0001"))
}

/// A structure with a confirmed address.
#[derive(Clone, Debug)]
pub struct Employer {
    pub id: String,
    pub name: String,
    pub actor: Actor,
    /// Access token that the confirmation answered.
    pub token: String,
}

pub fn prefecture(departement: &str) -> Actor {
    Actor::Prefecture(Territory::Departement(departement.to_owned()))
}

/// Opens the call to everybody, from long ago.
pub fn open_call(app: &App) {
    app.post("/api/v1/call-windows")
        .by(&Actor::Anct)
        .json(&json!({"audience": "all", "opens_on": "2020-01-01"}))
        .expect(201);
}

/// The form of a structure of this kind in this commune.
pub fn form(name: &str, kind: &str, commune: &str, postal_code: &str) -> Value {
    json!({
        "kind": kind, "name": name, "siret": siret(), "commune_code": commune, "postal_code": postal_code,
        "contact": {"first_name": "Camille", "last_name": "Exemple", "job": "Responsable",
            "email": format!("contact-{}@example.org", siret()), "phone": "05 63 00 00 00"},
    })
}

/// The one-use token in the latest e-mail about a resource.
#[track_caller]
pub fn mailed_token(app: &App, resource_id: &str) -> String {
    let emails = app.emails();
    let email = emails.iter().rev().find(|email| email["resource_id"] == resource_id).expect("an e-mail");
    let text = email["text_body"].as_str().expect("a text");
    let (_, rest) = text.split_once("#jeton=").expect("a link");
    rest.split_whitespace().next().expect("a token").to_owned()
}

/// Registers and confirms a structure.
#[track_caller]
pub fn employer(app: &App, name: &str, kind: &str, commune: &str, postal_code: &str) -> Employer {
    let id = app.post("/api/v1/structures").json(&form(name, kind, commune, postal_code)).expect(201).id();
    let token = mailed_token(app, &id);
    let confirmed = app.post("/api/v1/structures/confirm").json(&json!({"token": token})).expect(200);
    let actor = Actor::Employer(StructureId::from_uuid(id.parse().expect("an id")));
    Employer { token: confirmed.text_at("/access_token"), id, name: name.to_owned(), actor }
}

/// A public structure of Moissac, confirmed.
#[track_caller]
pub fn moissac(app: &App) -> Employer {
    employer(app, "Commune de Moissac", "commune", "82112", "82200")
}

/// The draft of a first application.
#[track_caller]
pub fn draft(app: &App, employer: &Employer, posts: i32) -> Answer {
    let body = json!({
        "kind": "initial", "posts_requested": posts, "wanted_start_on": app.today() + chrono::TimeDelta::days(60),
        "has_candidate": false, "motivation": "Aucun lieu d'accompagnement à moins de vingt kilomètres.", "pledge": true,
    });
    app.post("/api/v1/applications").by(&employer.actor).json(&body).expect(201)
}

/// Applies and submits; the application's id.
#[track_caller]
pub fn apply(app: &App, employer: &Employer, posts: i32) -> String {
    let draft = draft(app, employer, posts);
    let path = format!("/api/v1/applications/{}/submit", draft.id());
    app.post(&path).by(&employer.actor).if_match(&draft.etag()).expect(200);
    draft.id()
}

#[track_caller]
pub fn give_opinion(app: &App, application: &str, departement: &str) -> Answer {
    app.put(&format!("/api/v1/applications/{application}/opinion"))
        .by(&prefecture(departement))
        .json(&json!({"opinion": "favourable", "comment": "Le territoire n'a pas d'autre point d'accueil."}))
        .expect(200)
}

/// A committee held today with these applications on its agenda, in session.
#[track_caller]
pub fn session(app: &App, number: i32, wave: i32, applications: &[String]) -> String {
    let body = json!({"number": number, "wave": wave, "held_on": app.today()});
    let id = app.post("/api/v1/committees").by(&Actor::Anct).json(&body).expect(201).id();
    for application in applications {
        app.put(&format!("/api/v1/committees/{id}/agenda/{application}")).by(&Actor::Anct).expect(200);
    }
    transition(app, &format!("/api/v1/committees/{id}"), "open").expect(200);
    id
}

/// A decision taken whatever the prefecture says.
#[track_caller]
pub fn retain(app: &App, committee: &str, application: &str, posts: i32) -> Answer {
    app.put(&format!("/api/v1/committees/{committee}/decisions/{application}"))
        .by(&Actor::Anct)
        .json(&json!({"outcome": "retained", "posts_granted": posts, "without_opinion": true}))
        .expect(200)
}

/// A transition by the ANCT on the current version of a resource.
pub fn transition<'a>(app: &'a App, resource: &str, name: &str) -> super::Call<'a> {
    let etag = app.get(resource).by(&Actor::Anct).expect(200).etag();
    app.post(&format!("{resource}/{name}")).by(&Actor::Anct).if_match(&etag)
}

/// A structure of Moissac that holds so many posts.
#[track_caller]
pub fn retained(app: &App, number: i32, posts: i32) -> Employer {
    let employer = moissac(app);
    let application = apply(app, &employer, posts);
    let committee = session(app, number, 1, std::slice::from_ref(&application));
    retain(app, &committee, &application, posts);
    transition(app, &format!("/api/v1/committees/{committee}"), "close").expect(200);
    employer
}

/// A candidate with a confirmed address.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub id: String,
    pub email: String,
    pub actor: Actor,
    /// Access token that the confirmation answered.
    pub token: String,
}

/// The form of a candidate of this commune, with this radius or anywhere.
pub fn candidate_form(app: &App, commune: &str, postal_code: &str, radius: Option<i32>) -> Value {
    let mut form = json!({
        "first_name": "Dominique", "last_name": "Exemple", "email": format!("candidat-{}@example.org", siret()),
        "phone": "06 12 34 56 78", "commune_code": commune, "postal_code": postal_code,
        "available_from": app.today(), "job_seeker": true, "motivation": "Aider chacun à faire ses démarches.",
    });
    match radius {
        Some(km) => form["max_distance_km"] = json!(km),
        None => form["anywhere"] = json!(true),
    }
    form
}

/// The one-use token behind `path` in the latest e-mail to an address.
#[track_caller]
pub fn token_to(app: &App, recipient: &str, path: &str) -> String {
    let emails = app.emails();
    let of = |email: &&Value| {
        email["recipient"] == recipient && email["text_body"].as_str().is_some_and(|t| t.contains(path))
    };
    let email = emails.iter().rev().find(of).unwrap_or_else(|| panic!("no e-mail with {path}: {emails:?}"));
    let (_, rest) = email["text_body"].as_str().expect("a text").split_once(&format!("{path}#jeton=")).expect("a link");
    rest.split_whitespace().next().expect("a token").to_owned()
}

/// Registers and confirms a candidate.
#[track_caller]
pub fn candidate_from(app: &App, form: &Value) -> Candidate {
    app.post("/api/v1/candidates").json(form).expect(202);
    let email = form["email"].as_str().expect("an address").to_lowercase();
    let token = token_to(app, &email, "/candidats/confirmation");
    let confirmed = app.post("/api/v1/candidates/confirm").json(&json!({"token": token})).expect(200);
    let id = confirmed.text_at("/candidate_id");
    let actor = Actor::Candidate(CandidateId::from_uuid(id.parse().expect("an id")));
    Candidate { token: confirmed.text_at("/access_token"), id, email, actor }
}

/// A confirmed candidate of Moissac who would work within 40 km.
#[track_caller]
pub fn candidate(app: &App) -> Candidate {
    candidate_from(app, &candidate_form(app, "82112", "82200", Some(40)))
}

/// The posts of a structure, oldest first.
pub fn posts_of(app: &App, employer: &Employer) -> Vec<String> {
    let query = format!("/api/v1/posts?structure_id={}&sort=reference&limit=500", employer.id);
    app.get(&query).by(&Actor::Anct).expect(200).values("/data", "/id")
}

/// A transition by somebody on the current version of a resource, as they see it.
pub fn step<'a>(app: &'a App, by: &Actor, resource: &str, name: &str) -> super::Call<'a> {
    let etag = app.get(resource).by(by).expect(200).etag();
    app.post(&format!("{resource}/{name}")).by(by).if_match(&etag)
}

/// The papers that every file needs.
pub const PAPERS: [&str; 3] = ["contrat_signe", "fiche_de_poste", "piece_identite"];

/// A contract of two years from today on, with its papers.
pub fn contract(app: &App, post: &str, candidate: &str) -> Value {
    let today = app.today();
    json!({"post_id": post, "candidate_id": candidate, "contract_type": "cdd", "starts_on": today,
        "ends_on": today + chrono::TimeDelta::days(730), "gross_monthly_salary_cents": 190_000, "documents": PAPERS})
}

/// Submits a recruitment; the recruitment's id.
#[track_caller]
pub fn submitted(app: &App, employer: &Employer, post: &str, candidate: &str) -> String {
    let body = contract(app, post, candidate);
    app.post("/api/v1/recruitments").by(&employer.actor).json(&body).expect(201).id()
}

/// Validates a recruitment as the ANCT, naming the terms that it shows.
pub fn validate<'a>(app: &'a App, id: &str) -> Call<'a> {
    validate_by(app, &Actor::Anct, id)
}

pub fn validate_by<'a>(app: &'a App, actor: &Actor, id: &str) -> Call<'a> {
    step(app, actor, &format!("/api/v1/recruitments/{id}"), "validate").json(&terms(app, id))
}

/// The terms that a recruitment shows, as its validation expects them.
pub fn terms(app: &App, id: &str) -> Value {
    let seen = app.get(&format!("/api/v1/recruitments/{id}")).by(&Actor::Anct).expect(200);
    json!({"expected_starts_on": seen.at("/starts_on"), "expected_ends_on": seen.at("/ends_on"),
        "expected_gross_monthly_salary_cents": seen.at("/gross_monthly_salary_cents")})
}

/// Submits and validates a recruitment; the recruitment's id.
#[track_caller]
pub fn recruited(app: &App, employer: &Employer, post: &str, candidate: &str) -> String {
    let id = submitted(app, employer, post, candidate);
    validate(app, &id).expect(200);
    id
}

/// The counsellor of a recruitment.
pub fn counsellor_of(app: &App, recruitment: &str) -> Actor {
    let found = app.get(&format!("/api/v1/recruitments/{recruitment}")).by(&Actor::Anct).expect(200);
    Actor::Counsellor(CounsellorId::from_uuid(found.text_at("/counsellor_id").parse().expect("an id")))
}

/// A retained structure of any commune that holds so many posts: granted by a committee of its own.
#[track_caller]
pub fn retained_at(app: &App, name: &str, commune: &str, postal_code: &str, posts: i32) -> Employer {
    static NUMBER: AtomicU32 = AtomicU32::new(100);
    let employer = employer(app, name, "commune", commune, postal_code);
    let application = apply(app, &employer, posts);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed) as i32;
    let committee = session(app, number, 1, std::slice::from_ref(&application));
    retain(app, &committee, &application, posts);
    transition(app, &format!("/api/v1/committees/{committee}"), "close").expect(200);
    employer
}

/// Appends the digit that makes the Luhn sum a multiple of 10.
fn with_key(digits: String) -> String {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(rank, byte)| match (rank % 2, u32::from(byte - b'0') * 2) {
            (0, double) if double > 9 => double - 9,
            (0, double) => double,
            (_, double) => double / 2,
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

#[test]
fn made_up_sirets_are_well_formed_and_differ() {
    let sirets: std::collections::BTreeSet<String> = (0..50).map(|_| siret()).collect();
    assert_eq!(sirets.len(), 50);
    for siret in sirets {
        assert!(conum::platform::formats::is_siret(&siret), "{siret}");
    }
}
