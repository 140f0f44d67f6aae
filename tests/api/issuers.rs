//! Tokens of an issuer elsewhere, served by the test itself.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use conum::platform::auth::local_issuer::{self, LocalIssuer};
use conum::platform::auth::{Actor, Principal};
use serde_json::{Value, json};

use crate::accounts::prefecture;
use crate::support::App;

/// An OIDC issuer: discovery and keys over HTTP, on a thread.
struct Elsewhere {
    url: String,
    jwks: Arc<Mutex<Value>>,
    up: Arc<AtomicBool>,
    fetches: Arc<AtomicUsize>,
}

impl Elsewhere {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let elsewhere = Self {
            url: url.clone(),
            jwks: Arc::new(Mutex::new(json!({"keys": []}))),
            up: Arc::new(AtomicBool::new(true)),
            fetches: Arc::default(),
        };
        let (jwks, up, fetches) = (elsewhere.jwks.clone(), elsewhere.up.clone(), elsewhere.fetches.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let mut request = [0; 4096];
                let read = stream.read(&mut request).unwrap_or(0);
                if !up.load(Ordering::SeqCst) {
                    continue;
                }
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                let body = if request.starts_with("GET /.well-known/openid-configuration ") {
                    json!({"issuer": url, "jwks_uri": format!("{url}/keys")})
                } else {
                    fetches.fetch_add(1, Ordering::SeqCst);
                    jwks.lock().expect("keys").clone()
                }
                .to_string();
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all((head + &body).as_bytes());
            }
        });
        elsewhere
    }

    /// A new key that signs in this issuer's name; published if asked.
    fn key(&self, audience: &str, published: bool) -> LocalIssuer {
        let pem = local_issuer::generate_key().expect("a key");
        let signer = LocalIssuer::new(&self.url, audience, &[pem]).expect("a signer");
        if published {
            *self.jwks.lock().expect("keys") = serde_json::to_value(signer.jwks()).expect("keys");
        }
        signer
    }

    fn app(&self, identity: &str) -> App {
        let trusted = json!([{"issuer": self.url, "identity": identity}]).to_string();
        App::configured(&[("CONUM_TRUSTED_ISSUERS", &trusted)], Default::default())
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

#[test]
fn claims_of_a_trusted_issuer_give_role_and_perimeter() {
    let elsewhere = Elsewhere::start();
    let signer = elsewhere.key("conum", true);
    let app = elsewhere.app("claims");
    let token = app.token_with(&prefecture("82"), &["posts:read".to_owned()], &signer);
    let me = app.get("/api/v1/me").bearer(&token).expect(200);
    assert_eq!(me.at("/role"), "prefecture");
    assert_eq!(me.at("/issuer"), elsewhere.url);
    assert_eq!(me.at("/scopes"), json!(["posts:read"]));
    // Other audiences, other keys and other issuers are not believed.
    let other_audience = app.token_with(&Actor::Anct, &[], &elsewhere.key("other", false));
    app.get("/api/v1/me").bearer(&other_audience).problem("invalid_token");
    let pem = local_issuer::generate_key().expect("a key");
    let stranger = LocalIssuer::new("https://stranger.example", "conum", &[pem]).expect("a signer");
    app.get("/api/v1/me").bearer(&app.token_with(&Actor::Anct, &[], &stranger)).problem("invalid_token");
    // Nor does it speak for our own issuer.
    let borrowed = LocalIssuer::new("http://conum.test", "conum", &[local_issuer::generate_key().expect("a key")]);
    let borrowed = app.token_with(&Actor::Anct, &[], &borrowed.expect("a signer"));
    app.get("/api/v1/me").bearer(&borrowed).problem("invalid_token");
}

#[test]
fn unknown_keys_are_asked_for_rarely_and_known_ones_outlive_an_outage() {
    let elsewhere = Elsewhere::start();
    let signer = elsewhere.key("conum", true);
    let app = elsewhere.app("claims");
    assert_eq!(elsewhere.fetches(), 0, "nothing is fetched before it is needed");
    app.get("/api/v1/me").bearer(&app.token_with(&Actor::Bdt, &[], &signer)).expect(200);
    assert_eq!(elsewhere.fetches(), 1);
    for _ in 0..10 {
        let unknown = app.token_with(&Actor::Anct, &[], &elsewhere.key("conum", false));
        app.get("/api/v1/me").bearer(&unknown).problem("invalid_token");
    }
    assert_eq!(elsewhere.fetches(), 1, "made-up keys make us hammer the issuer");
    elsewhere.up.store(false, Ordering::SeqCst);
    let started = Instant::now();
    app.get("/api/v1/me").bearer(&app.token_with(&Actor::Anct, &[], &signer)).expect(200);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn keys_may_rotate_while_the_service_runs() {
    let elsewhere = Elsewhere::start();
    let first = elsewhere.key("conum", true);
    let trusted = json!([{"issuer": elsewhere.url, "identity": "claims", "refresh_seconds": 0}]).to_string();
    let app = App::configured(&[("CONUM_TRUSTED_ISSUERS", &trusted)], Default::default());
    let me = |token: &str| app.get("/api/v1/me").bearer(token).send().status;
    assert_eq!(me(&app.token_with(&Actor::Bdt, &[], &first)), 200);
    // A new key is published beside the old one, then alone.
    let second = elsewhere.key("conum", false);
    let both = json!({"keys": [first.jwks().keys[0], second.jwks().keys[0]]});
    *elsewhere.jwks.lock().expect("keys") = both;
    assert_eq!(me(&app.token_with(&Actor::Bdt, &[], &second)), 200);
    assert_eq!(me(&app.token_with(&Actor::Observer(None), &[], &first)), 200);
    let third = elsewhere.key("conum", true);
    assert_eq!(me(&app.token_with(&Actor::Bdt, &[], &third)), 200);
    assert_eq!(
        me(&app.token_with(&prefecture("82"), &[], &first)),
        401,
        "a key withdrawn by its issuer is still believed"
    );
    assert_eq!(elsewhere.fetches(), 4, "one fetch for each key that was not known");
}

#[test]
fn an_issuer_that_was_never_reached_makes_nobody_wait_long() {
    let elsewhere = Elsewhere::start();
    let signer = elsewhere.key("conum", true);
    elsewhere.up.store(false, Ordering::SeqCst);
    let app = elsewhere.app("claims");
    let started = Instant::now();
    app.get("/api/v1/me").bearer(&app.token_with(&Actor::Bdt, &[], &signer)).problem("invalid_token");
    assert!(started.elapsed() < Duration::from_secs(10));
    app.get("/api/v1/me").by(&Actor::Bdt).expect(200);
}

#[test]
fn people_of_an_issuer_that_knows_no_roles_come_in_by_their_accounts() {
    let elsewhere = Elsewhere::start();
    let signer = elsewhere.key("conum", true);
    let app = elsewhere.app("accounts");
    let token = |subject: &str, role: Actor| {
        // What the token says of roles is not believed.
        let principal = Principal { actor: role, subject: subject.to_owned(), ..Principal::anonymous() };
        let now = conum::platform::clock::Now::at(app.now());
        signer.sign(&principal, &[], chrono::TimeDelta::hours(1), now).expect("a token")
    };
    let camille = token("camille", Actor::Anct);
    app.get("/api/v1/me").bearer(&camille).problem("invalid_token");
    let tie = |body: Value| {
        let made = app.post("/api/v1/accounts").by(&Actor::Anct).json(&body).expect(201);
        app.patch(&format!("/api/v1/accounts/{}", made.id()))
            .by(&Actor::Anct)
            .if_match(&made.etag())
            .json(&json!({"issuer": elsewhere.url, "subject": "camille"}))
            .expect(200)
            .id()
    };
    let first = tie(json!({"role": "prefecture", "email": "c@example.org", "departement_code": "82"}));
    app.advance(chrono::TimeDelta::seconds(1));
    let second = tie(json!({"role": "bdt", "email": "c@example.org"}));
    let started = Instant::now();
    while app.get("/api/v1/me").bearer(&camille).send().status != 200 {
        assert!(started.elapsed() < Duration::from_secs(20), "an account is never found");
        std::thread::sleep(Duration::from_millis(50));
    }
    let me = app.get("/api/v1/me").bearer(&camille).expect(200);
    assert_eq!((me.at("/role"), me.at("/account_id")), (json!("prefecture"), json!(first)));
    let me = app.get("/api/v1/me").bearer(&camille).header("X-Account", &second).expect(200);
    assert_eq!((me.at("/role"), me.at("/account_id")), (json!("bdt"), json!(second)));
    let unknown = uuid::Uuid::now_v7().to_string();
    app.get("/api/v1/me").bearer(&camille).header("X-Account", &unknown).problem("invalid_token");
    app.get("/api/v1/me").bearer(&token("claude", Actor::Anct)).problem("invalid_token");

    let etag = app.get(&format!("/api/v1/accounts/{first}")).by(&Actor::Anct).expect(200).etag();
    app.post(&format!("/api/v1/accounts/{first}/revoke")).by(&Actor::Anct).if_match(&etag).expect(200);
    let started = Instant::now();
    while app.get("/api/v1/me").bearer(&camille).header("X-Account", &first).send().status != 401 {
        assert!(started.elapsed() < Duration::from_secs(20), "a withdrawn account is still let in");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_key_that_is_not_for_verifying_opens_nothing() {
    let elsewhere = Elsewhere::start();
    let signer = elsewhere.key("conum", true);
    let published = elsewhere.jwks.lock().expect("keys").clone();
    for (name, value, status) in [
        ("key_ops", json!(["encrypt"]), 401),
        ("key_ops", json!(["sign"]), 401),
        ("use", json!("enc"), 401),
        ("alg", json!("ES384"), 401),
        ("alg", json!("RS256"), 401),
        ("crv", json!("P-384"), 401),
        ("key_ops", json!(["verify"]), 200),
    ] {
        let mut keys = published.clone();
        keys["keys"][0][name] = value.clone();
        // A key of a kind that nobody knows yet stands beside it.
        keys["keys"]
            .as_array_mut()
            .expect("keys")
            .push(json!({"kty": "AKP", "kid": "new", "alg": "ML-DSA-44", "pub": "x"}));
        *elsewhere.jwks.lock().expect("keys") = keys;
        let app = elsewhere.app("claims");
        let answer = app.get("/api/v1/me").bearer(&app.token_with(&Actor::Bdt, &[], &signer)).send();
        assert_eq!(answer.status, status, "{name} {value}: {}", answer.describe());
    }
}

#[test]
fn production_takes_no_persona_of_a_trusted_issuer_either() {
    let elsewhere = Elsewhere::start();
    let signer = elsewhere.key("conum", true);
    let trusted = json!([{"issuer": elsewhere.url, "identity": "claims"}]).to_string();
    let app = App::in_production(&[("CONUM_TRUSTED_ISSUERS", &trusted)]);
    let now = conum::platform::clock::Now::at(app.now());
    let persona = conum::app::personas::token(&signer, Actor::Bdt, &[], now).expect("a token");
    app.get("/api/v1/me").bearer(&persona).problem("invalid_token");
    app.get("/api/v1/me").bearer(&app.token_with(&Actor::Bdt, &[], &signer)).expect(200);
}
