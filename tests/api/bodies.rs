//! Bodies that come slowly, and calls that come several times at once.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use conum::platform::auth::Actor;
use conum::platform::http::front::Limits;
use serde_json::json;

use crate::support::{Answer, App, Raw};

const WINDOWS: &str = "/api/v1/call-windows";

fn window(app: &App) -> serde_json::Value {
    let document = app.document();
    document["paths"][WINDOWS]["post"]["requestBody"]["content"]["application/json"]["example"].clone()
}

fn count(app: &App) -> i64 {
    app.database.owner().number("select count(*) from call_windows")
}

#[test]
fn a_body_that_comes_too_slowly_is_given_up() {
    let app = App::configured(&[], Limits { body_millis: 300, ..Limits::default() });
    let token = app.token(&Actor::Anct);
    let started = Instant::now();
    let mut raw = Raw::open(&app);
    let head = format!(
        "POST {WINDOWS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: 1000\r\nConnection: close\r\n\r\n{{\"audi"
    );
    raw.send(head.as_bytes());
    let answer = raw.finish();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"code\":\"request_timeout\""), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    assert_eq!(count(&app), 0);
}

/// Calls from 64 threads at once.
fn race(call: impl Fn(usize) -> Answer + Sync) -> Vec<Answer> {
    let start = Barrier::new(64);
    std::thread::scope(|scope| {
        let racers: Vec<_> = (0..64)
            .map(|rank| {
                let (start, call) = (&start, &call);
                scope.spawn(move || {
                    start.wait();
                    call(rank)
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().expect("a racer")).collect()
    })
}

#[test]
fn a_key_used_by_64_callers_at_once_has_one_effect() {
    let app = App::start();
    let body = window(&app);
    let token = app.token(&Actor::Anct);
    let answers = race(|_| app.post(WINDOWS).bearer(&token).key("race-1").json(&body).send());
    assert_eq!(count(&app), 1);

    let made: Vec<&Answer> = answers.iter().filter(|a| a.status == 201).collect();
    let first = made.iter().filter(|a| a.header("idempotency-replayed").is_empty()).count();
    assert_eq!(first, 1, "one of them had the effect");
    let shown: BTreeSet<_> = made.iter().map(|a| (a.text(), a.header("location"), a.header("etag"))).collect();
    assert_eq!(shown.len(), 1, "{shown:?}");
    for other in answers.iter().filter(|a| a.status != 201) {
        assert_eq!((other.status, other.at("/code")), (409, json!("idempotency_in_flight")), "{}", other.describe());
        assert!(!other.header("retry-after").is_empty());
    }
    let again = app.post(WINDOWS).bearer(&token).key("race-1").json(&body).expect(201);
    assert_eq!((again.text(), again.header("idempotency-replayed")), (made[0].text(), "true"));
    assert_eq!(count(&app), 1);
}

#[test]
fn a_key_stands_for_one_body_of_one_caller_for_a_week() {
    let app = App::start();
    let body = window(&app);
    let first = app.post(WINDOWS).by(&Actor::Anct).key("k").json(&body).expect(201);
    // The same members in other words are another body: the key was given for those bytes.
    app.post(WINDOWS)
        .by(&Actor::Anct)
        .key("k")
        .body("application/json", format!(" {body}"))
        .problem("idempotency_key_reused");
    app.post(WINDOWS).by(&Actor::Bdt).key("k").json(&body).problem("role_not_allowed");
    assert_eq!(app.post(WINDOWS).by(&Actor::Anct).key("k").json(&body).expect(201).body, first.body);
    // What failed leaves no trace: the key is free for the right body.
    app.post(WINDOWS).by(&Actor::Anct).key("k2").json(&json!({"surprise": 1})).problem("validation_failed");
    for wrong in ["", "a b", "é"] {
        app.post(WINDOWS).by(&Actor::Anct).key(wrong).json(&body).problem("invalid_parameter");
    }
    // A dry run keeps nothing, not even its key.
    let before = count(&app);
    let dry = app.post(WINDOWS).by(&Actor::Anct).key("k3").query("dry_run", "true").json(&body).send();
    assert!(dry.status == 200 || dry.status == 409, "{}", dry.describe());
    assert_eq!((count(&app), before), (1, 1));
    assert_eq!(app.database.owner().number("select count(*) from idempotency_keys"), 1);
}
