//! Made-up things to work with, brought about through HTTP as their users would.

use std::sync::atomic::{AtomicU32, Ordering};

use conum::platform::auth::{Actor, Territory};
use conum::platform::ids::StructureId;
use serde_json::{Value, json};

use super::{Answer, App};

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
