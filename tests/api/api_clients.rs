//! API clients and the tokens they get.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::TimeDelta;
use conum::platform::auth::Actor;
use serde_json::{Value, json};

use crate::accounts::{prefecture, structure, time_until_refused};
use crate::support::{Answer, App};

const FORM: &str = "application/x-www-form-urlencoded";

/// A client of the prefecture of Tarn-et-Garonne: identifier and secret.
fn client(app: &App) -> (String, String) {
    let body = json!({"name": "Tableau de bord", "role": "prefecture", "departement_code": "82",
        "scopes": ["structures:read", "posts:read"]});
    let made = app.post("/api/v1/api-clients").by(&Actor::Anct).json(&body).expect(201);
    (made.id(), made.text_at("/client_secret"))
}

fn ask(app: &App, id: &str, secret: &str, more: &str) -> Answer {
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}{more}");
    app.post("/oauth/token").body(FORM, form).send()
}

#[test]
fn a_client_gets_a_token_by_header_or_form() {
    let app = App::start();
    let (id, secret) = client(&app);
    let answer = ask(&app, &id, &secret, "");
    assert_eq!(answer.status, 200, "{}", answer.describe());
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.at("/token_type"), "Bearer");
    assert_eq!(answer.at("/expires_in"), 3600);
    assert_eq!(answer.at("/scope"), "structures:read posts:read");
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}")));
    let answer = app
        .post("/oauth/token")
        .header("Authorization", &basic)
        .body(FORM, "grant_type=client_credentials&scope=posts:read&unknown=ignored")
        .expect(200);
    let token = answer.text_at("/access_token");
    let me = app.get("/api/v1/me").bearer(&token).expect(200);
    assert_eq!(me.at("/api_client_id"), id);
    assert_eq!(me.at("/perimeter/departement_code"), "82");
    assert_eq!(me.at("/scopes"), json!(["posts:read"]));
    let found = app.get(&format!("/api/v1/api-clients/{id}")).by(&Actor::Anct).expect(200);
    assert_ne!(found.at("/last_used_at"), Value::Null);
    assert_eq!(found.at("/client_secret"), Value::Null);
    assert!(!found.text().contains("hash"));

    // Narrowed: what its role may do, the token may not.
    let narrowed = app.get("/api/v1/structures").bearer(&token).problem("insufficient_scope");
    assert_eq!(narrowed.at("/scopes_required"), json!(["structures:read"]));
    app.get("/api/v1/accounts").bearer(&token).problem("insufficient_scope");
}

#[test]
fn refusals_are_problems_with_the_names_of_the_standard() {
    let app = App::start();
    let (id, secret) = client(&app);
    for (more, status, error) in [
        ("&scope=posts:read%20committees:read", 400, "invalid_scope"),
        ("&scope=accounts:write", 400, "invalid_scope"),
        ("&scope=posts:read&scope=posts:read", 400, "invalid_request"),
        ("&x=%zz", 400, "invalid_request"),
    ] {
        let answer = ask(&app, &id, &secret, more);
        assert_eq!((answer.status, answer.at("/error")), (status, json!(error)), "{more}");
    }
    let unknown = uuid::Uuid::now_v7().to_string();
    let wrong = ask(&app, &id, "wrong", "");
    for answer in [&wrong, &ask(&app, &unknown, &secret, ""), &ask(&app, "not-a-uuid", &secret, "")] {
        assert_eq!((answer.status, answer.at("/error")), (401, json!("invalid_client")));
        assert_eq!(answer.at("/detail"), wrong.at("/detail"), "it tells which part was wrong");
    }
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:wrong")));
    let form = "grant_type=client_credentials";
    let answer = app.post("/oauth/token").header("Authorization", &basic).body(FORM, form).expect(401);
    assert!(answer.header("www-authenticate").starts_with("Basic "));
    let both = format!("grant_type=client_credentials&client_secret={secret}");
    let answer = app.post("/oauth/token").header("Authorization", &basic).body(FORM, both).expect(400);
    assert_eq!(answer.at("/error"), "invalid_request");
    let password = app.post("/oauth/token").body(FORM, "grant_type=password&username=a&password=b").expect(400);
    assert_eq!(password.at("/error"), "unsupported_grant_type");
    app.post("/oauth/token").json(&json!({"grant_type": "client_credentials"})).problem("unsupported_media_type");
    app.post("/oauth/token").body(FORM, "a=".to_owned() + &"b".repeat(70_000)).problem("payload_too_large");
}

#[test]
fn a_rotated_secret_works_on_for_its_grace() {
    let app = App::start();
    let (id, first) = client(&app);
    let path = format!("/api/v1/api-clients/{id}");
    let rotate = |body: Value| {
        let etag = app.get(&path).by(&Actor::Anct).expect(200).etag();
        app.post(&format!("{path}/rotate")).by(&Actor::Anct).if_match(&etag).json(&body).expect(200)
    };
    let second = rotate(json!({})).text_at("/client_secret");
    assert_eq!(ask(&app, &id, &first, "").status, 200);
    assert_eq!(ask(&app, &id, &second, "").status, 200);
    app.advance(TimeDelta::hours(24));
    assert_eq!(ask(&app, &id, &first, "").status, 401);
    assert_eq!(ask(&app, &id, &second, "").status, 200);
    let rotated = rotate(json!({"grace_hours": 0}));
    assert_eq!(rotated.at("/previous_secret_until"), Value::Null);
    assert_eq!(ask(&app, &id, &second, "").status, 401);
    assert_eq!(ask(&app, &id, &rotated.text_at("/client_secret"), "").status, 200);
    let etag = app.get(&path).by(&Actor::Anct).expect(200).etag();
    let long = app.post(&format!("{path}/rotate")).by(&Actor::Anct).if_match(&etag).json(&json!({"grace_hours": 169}));
    assert_eq!(long.problem("validation_failed").faults(), ["/grace_hours: too_large"]);
}

#[test]
fn a_revoked_or_expired_client_is_refused_within_five_seconds() {
    let app = App::start();
    let (id, secret) = client(&app);
    let path = format!("/api/v1/api-clients/{id}");
    let token = ask(&app, &id, &secret, "").text_at("/access_token");
    app.get("/api/v1/me").bearer(&token).expect(200);
    let etag = app.get(&path).by(&Actor::Anct).expect(200).etag();
    let revoked = app.post(&format!("{path}/revoke")).by(&Actor::Anct).if_match(&etag).expect(200);
    assert_eq!(revoked.at("/status"), "revoked");
    assert_eq!(ask(&app, &id, &secret, "").status, 401);
    time_until_refused(&app, &token);
    let late = app.patch(&path).by(&Actor::Anct).if_match(&revoked.etag()).json(&json!({"name": "x"}));
    late.problem("transition_not_allowed");

    let (id, secret) = client(&app);
    app.advance(TimeDelta::days(365));
    assert_eq!(ask(&app, &id, &secret, "").status, 401);
    let found = app.get(&format!("/api/v1/api-clients/{id}")).by(&Actor::Anct).expect(200);
    assert_eq!(found.at("/status"), "expired");
}

#[test]
fn a_secret_is_shown_once() {
    let app = App::start();
    let body = json!({"name": "c", "role": "bdt", "scopes": ["posts:read"]});
    let create = |query: &str, key: &str| {
        app.post(&format!("/api/v1/api-clients{query}")).by(&Actor::Anct).key(key).json(&body).send()
    };
    assert_eq!(create("?dry_run=true", "k").at("/client_secret"), "***");
    let secret = create("", "k").text_at("/client_secret");
    assert_eq!(create("", "k").at("/code"), "secret_shown_once");
    let mut owner = app.database.owner();
    assert_eq!(owner.column("select count(*) from api_clients"), ["1"]);
    assert_eq!(owner.column("select count(*) from idempotency_keys where body is null"), ["1"]);
    let dump = owner.rows("select * from api_clients").into_iter().chain(owner.rows("select * from idempotency_keys"));
    assert!(!dump.map(|row| row.to_string()).any(|row| row.contains(&secret)), "the secret is kept");
}

#[test]
fn clients_keep_to_what_their_maker_may() {
    let app = App::start();
    let moissac = structure(&app);
    let make = |by: &Actor, body: Value| app.post("/api/v1/api-clients").by(by).json(&body).send();
    let own = json!({"name": "c", "role": "employer", "structure_id": moissac, "scopes": ["posts:read"]});
    assert_eq!(make(&Actor::Employer(moissac), own).status, 201);
    let foreign = json!({"name": "c", "role": "prefecture", "departement_code": "31", "scopes": ["posts:read"]});
    assert_eq!(make(&prefecture("82"), foreign).at("/code"), "perimeter_not_yours");
    for (more, fault) in [
        (json!({"scopes": ["committees:write"]}), "/scopes/0: not_in_list"),
        (json!({"scopes": ["nothing:read"]}), "/scopes/0: not_in_list"),
        (json!({"scopes": ["posts:read", "posts:read"]}), "/scopes: not_unique"),
        (json!({"scopes": []}), "/scopes: too_few"),
        (json!({"expires_at": "2022-01-11T09:00:01Z"}), "/expires_at: too_large"),
        (json!({"expires_at": "2021-01-11T09:00:00Z"}), "/expires_at: not_after"),
    ] {
        let mut body = json!({"name": "c", "role": "bdt", "scopes": ["posts:read"]});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        assert_eq!(make(&Actor::Anct, body).faults(), [fault]);
    }
    // A narrowed token passes on no more than it has.
    let narrow = ["api-clients:write".to_owned(), "posts:read".to_owned()];
    let token = app.token_with(&Actor::Bdt, &narrow, &app.service.local_issuer);
    let make = |scopes: Value| {
        let body = json!({"name": "c", "role": "bdt", "scopes": scopes});
        app.post("/api/v1/api-clients").bearer(&token).json(&body).send()
    };
    assert_eq!(make(json!(["posts:read"])).status, 201);
    assert_eq!(make(json!(["posts:read", "structures:read"])).at("/code"), "insufficient_scope");
    let seen = |by: &Actor| app.get("/api/v1/api-clients").by(by).expect(200).at("/meta/total");
    assert_eq!((seen(&Actor::Anct), seen(&Actor::Bdt), seen(&prefecture("82"))), (json!(2), json!(1), json!(0)));
}
