//! Webhooks: signed, within reach, retried, disabled after a day, replayed, and never sent inside.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use conum::features::webhooks::model::PER_PERIMETER;
use conum::features::webhooks::sender::{Sender, Senders};
use conum::platform::auth::Actor;
use conum::platform::http::front::Limits;
use serde_json::{Value, json};

use crate::support::builders::{form, moissac, open_call, prefecture, step};
use crate::support::{Answer, App};

const WEBHOOKS: &str = "/api/v1/webhooks";

/// What a receiver got: headers in lower case, and the body.
pub type Received = Arc<Mutex<Vec<(Vec<(String, String)>, String)>>>;

/// A receiver on this machine that answers every call with a status.
pub fn receiver(status: Arc<Mutex<u16>>) -> (String, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let received = Received::default();
    let log = received.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            let mut headers = Vec::new();
            let mut line = String::new();
            while stream.read_line(&mut line).expect("a line") > 2 {
                if let Some((name, value)) = line.trim().split_once(": ") {
                    headers.push((name.to_lowercase(), value.to_owned()));
                }
                line.clear();
            }
            let length = headers
                .iter()
                .find(|(name, _)| name == "content-length")
                .map_or(0, |(_, value)| value.parse().unwrap());
            let mut body = vec![0; length];
            stream.read_exact(&mut body).expect("a body");
            log.lock().unwrap().push((headers, String::from_utf8(body).unwrap()));
            let status = *status.lock().unwrap();
            let _ = stream.get_mut().write_all(
                format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\nLocation: /x\r\n\r\n")
                    .as_bytes(),
            );
        }
    });
    (address, received)
}

fn app() -> App {
    let app = App::configured(&[("CONUM_PRIVATE_WEBHOOKS", "true")], Limits::default());
    open_call(&app);
    app
}

pub fn make(app: &App, by: &Actor, url: &str, changes: Value) -> Answer {
    let mut new = json!({"name": "Essai", "url": url});
    for (name, value) in changes.as_object().unwrap() {
        new[name] = value.clone();
    }
    app.post(WEBHOOKS).by(by).json(&new).expect(201)
}

/// Lets the sender do all that there is to do now: two rounds without anything to send.
pub fn send_all(app: &App) {
    app.let_events_be_published();
    let mut sender = Sender::new(app.service.db.clone());
    let mut rounds = 0;
    while rounds < 2 {
        if !sender.turn().expect("a turn") {
            rounds += 1;
        }
    }
}

pub fn path(made: &Answer) -> String {
    format!("{WEBHOOKS}/{}", made.text_at("/webhook/id"))
}

#[test]
fn events_are_sent_signed_and_within_reach() {
    let app = app();
    let (address, received) = receiver(Arc::new(Mutex::new(204)));
    let (elsewhere, nothing) = receiver(Arc::new(Mutex::new(204)));
    let made = make(&app, &prefecture("82"), &address, json!({"resources": ["structures"]}));
    make(&app, &prefecture("31"), &elsewhere, json!({}));
    let secret = made.text_at("/secret");
    assert!(app.get(&path(&made)).by(&prefecture("82")).expect(200).text().find(&secret).is_none());
    app.get(&path(&made)).by(&prefecture("31")).expect(404);
    app.get(&path(&made)).by(&Actor::Anct).expect(404);
    let employer = moissac(&app);
    send_all(&app);
    let calls = received.lock().unwrap().clone();
    let types: Vec<Value> =
        calls.iter().map(|(_, body)| serde_json::from_str::<Value>(body).unwrap()["type"].clone()).collect();
    assert_eq!(types, ["structure.registered", "structure.confirmed"]);
    // Of another département; only its own webhook, which it may read.
    let elsewhere = nothing.lock().unwrap().clone();
    assert!(elsewhere.iter().all(|(_, body)| body.contains("webhook.created")), "{elsewhere:?}");
    assert_eq!(elsewhere.len(), 1, "{elsewhere:?}");
    let signer = standardwebhooks::Webhook::new(&secret).unwrap();
    for (headers, body) in &calls {
        let header = |name: &str| headers.iter().find(|(known, _)| known == name).unwrap().1.clone();
        let signature =
            signer.sign(&header("webhook-id"), header("webhook-timestamp").parse().unwrap(), body.as_bytes()).unwrap();
        assert_eq!(header("webhook-signature"), signature);
        let told: Value = serde_json::from_str(body).unwrap();
        assert_eq!(
            (&told["data"]["event_id"], &told["data"]["resource_id"]),
            (&json!(header("webhook-id")), &json!(employer.id))
        );
    }
    // Nothing twice, but for what is asked for again.
    send_all(&app);
    assert_eq!(received.lock().unwrap().len(), 2);
    let since = json!({"since": app.now() - TimeDelta::hours(1)});
    step(&app, &prefecture("82"), &path(&made), "replay").json(&since).expect(200);
    send_all(&app);
    assert_eq!(received.lock().unwrap().len(), 4);
    step(&app, &prefecture("82"), &path(&made), "test").expect(200);
    send_all(&app);
    assert!(received.lock().unwrap()[4].1.contains("webhook.test"));
    let log = app.get(&format!("{}/deliveries", path(&made))).by(&prefecture("82")).expect(200);
    assert_eq!(
        (log.at("/meta/total"), log.at("/data/0/status"), log.at("/data/0/answer_status")),
        (json!(3), json!("delivered"), json!(204))
    );
    let etag = app.get(&path(&made)).by(&prefecture("82")).expect(200).etag();
    app.delete(&path(&made)).by(&prefecture("82")).if_match(&etag).expect(204);
    app.post("/api/v1/structures").json(&form("Commune de Castelsarrasin", "commune", "82033", "82100")).expect(201);
    send_all(&app);
    assert_eq!(received.lock().unwrap().len(), 5);
}

#[test]
fn a_receiver_that_fails_for_a_day_is_disabled_and_goes_on_where_it_stopped() {
    let app = app();
    let status = Arc::new(Mutex::new(500));
    let (address, received) = receiver(status.clone());
    let made = make(&app, &Actor::Bdt, &address, json!({"types": ["structure.registered"]}));
    moissac(&app);
    let mut attempts = 0;
    for _ in 0..40 {
        send_all(&app);
        let now = received.lock().unwrap().len();
        attempts = now.max(attempts);
        app.advance(TimeDelta::hours(1));
    }
    assert!((8..20).contains(&attempts), "{attempts} attempts in a day");
    let view = app.get(&path(&made)).by(&Actor::Bdt).expect(200);
    assert_eq!((view.at("/status"), view.at("/queued_count")), (json!("disabled"), json!(0)));
    assert!(!view.at("/failing_since").is_null());
    app.let_events_be_published();
    let told = app.get("/api/v1/events?resource=webhooks&limit=500").by(&Actor::Bdt).expect(200);
    assert!(told.values("/data", "/type").contains(&"webhook.disabled".to_owned()));
    // A redirect is no success either.
    *status.lock().unwrap() = 302;
    let active = json!({"status": "active"});
    app.patch(&path(&made)).by(&Actor::Bdt).if_match(&view.etag()).json(&active).expect(200);
    app.post("/api/v1/structures").json(&form("Commune de Castelsarrasin", "commune", "82033", "82100")).expect(201);
    send_all(&app);
    let log = app.get(&format!("{}/deliveries?status=queued", path(&made))).by(&Actor::Bdt).expect(200);
    assert_eq!((log.at("/meta/total"), log.at("/data/0/last_error")), (json!(1), json!("answered 302")));
    *status.lock().unwrap() = 200;
    app.advance(TimeDelta::minutes(1));
    send_all(&app);
    let view = app.get(&path(&made)).by(&Actor::Bdt).expect(200);
    assert_eq!((view.at("/queued_count"), view.at("/failing_since")), (json!(0), Value::Null));
}

#[test]
fn what_never_happens_or_may_not_be_read_cannot_be_waited_for() {
    let app = App::start();
    let ask = |wanted: Value| {
        let mut body = json!({"name": "x", "url": "https://example.org/hook"});
        body.as_object_mut().unwrap().extend(wanted.as_object().unwrap().clone());
        app.post(WEBHOOKS).by(&prefecture("82")).json(&body)
    };
    for (wanted, fault) in [
        (json!({"resources": ["posts", "post"]}), "/resources/1: not_in_list"),
        (json!({"types": ["post.grante"]}), "/types/0: not_in_list"),
        (json!({"resources": ["bank-details"]}), "/resources/0: not_in_list"),
    ] {
        let told = ask(wanted.clone()).problem("validation_failed");
        assert_eq!(told.faults(), [fault], "{wanted}");
    }
    let made = ask(json!({"resources": ["posts"], "types": ["post.granted"]})).expect(201);
    assert_eq!(made.at("/webhook/types"), json!(["post.granted"]));
    let changed = |body: Value| app.patch(&path(&made)).by(&prefecture("82")).if_match(&made.etag()).json(&body);
    assert_eq!(changed(json!({"resources": ["instalments"]})).problem("validation_failed").status, 422);
    let all = changed(json!({"resources": null})).expect(200);
    assert_eq!((all.at("/resources"), all.at("/types")), (Value::Null, json!(["post.granted"])));
    app.get("/api/v1/events?type=post.grante").by(&Actor::Bdt).problem("invalid_parameter");
    app.get("/api/v1/events?resource=post").by(&Actor::Bdt).problem("invalid_parameter");
}

#[test]
fn internal_addresses_are_refused_and_never_reached() {
    let app = App::start();
    open_call(&app);
    for url in [
        "http://example.org/hook",
        "https://localhost/hook",
        "https://intranet/hook",
        "https://127.0.0.1/hook",
        "https://10.0.0.1/hook",
        "https://[::1]/hook",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest",
        "https://user@example.org/",
        "ftp://example.org/",
    ] {
        let told =
            app.post(WEBHOOKS).by(&Actor::Bdt).json(&json!({"name": "x", "url": url})).problem("validation_failed");
        assert_eq!(told.values("/errors", "/pointer"), ["/url"], "{url}");
    }
    // A name that leads inside is found out when it is resolved: here it was written around the check.
    let made = make(&app, &Actor::Bdt, "https://example.org/hook", json!({}));
    let (address, received) = receiver(Arc::new(Mutex::new(204)));
    app.database.owner().run(&format!("update webhooks set url = '{}'", address.replace("127.0.0.1", "localhost")));
    step(&app, &Actor::Bdt, &path(&made), "test").expect(200);
    send_all(&app);
    assert!(received.lock().unwrap().is_empty());
    let log = app.get(&format!("{}/deliveries", path(&made))).by(&Actor::Bdt).expect(200);
    // The first of what waits was tried, and the rest waits for it.
    assert!(
        log.values("/data", "/last_error").contains(&"no public address has this name".to_owned()),
        "{}",
        log.describe()
    );
}

/// A receiver that takes connections and never answers.
fn black_hole() -> (String, Arc<Mutex<Vec<std::net::TcpStream>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let held = Arc::new(Mutex::new(Vec::new()));
    let keep = held.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            keep.lock().unwrap().push(stream.expect("a connection"));
        }
    });
    (address, held)
}

/// As a server's thread does, until told to stop.
fn serve(app: &App, stop: &Arc<AtomicBool>) -> std::thread::JoinHandle<()> {
    let (db, stop) = (app.service.db.clone(), stop.clone());
    std::thread::spawn(move || {
        let mut senders = Senders::start(db);
        while !stop.load(Ordering::Relaxed) {
            if !senders.turn().expect("a turn") {
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    })
}

#[test]
fn who_never_answers_delays_nobody_else_and_two_servers_send_nothing_twice() {
    let app = app();
    let holes: Vec<_> = (0..3).map(|_| black_hole()).collect();
    let (good, received) = receiver(Arc::new(Mutex::new(204)));
    for (url, _) in &holes {
        // Two webhooks of the same receiver: it is tried once at a time all the same.
        make(&app, &Actor::Anct, url, json!({}));
        make(&app, &Actor::Bdt, url, json!({}));
    }
    make(&app, &Actor::Bdt, &good, json!({"resources": ["structures"]}));
    let names = ["82033", "82112", "82121"];
    for (rank, commune) in names.iter().enumerate() {
        let form = form(&format!("Commune n° {rank}"), "commune", commune, "82200");
        app.post("/api/v1/structures").json(&form).send();
    }
    let expected = app.database.owner().number("select count(*) from events where resource = 'structures'");
    assert!(expected > 0);
    app.let_events_be_published();
    let stop = Arc::new(AtomicBool::new(false));
    let servers = [serve(&app, &stop), serve(&app, &stop)];
    let begun = Instant::now();
    while (received.lock().unwrap().len() as i64) < expected {
        assert!(begun.elapsed() < Duration::from_secs(5), "{} of {expected}", received.lock().unwrap().len());
        std::thread::sleep(Duration::from_millis(20));
    }
    let later = form("Commune de Valence", "commune", "82186", "82400");
    app.post("/api/v1/structures").json(&later).expect(201);
    app.let_events_be_published();
    let again = Instant::now();
    while received.lock().unwrap().len() as i64 == expected {
        assert!(again.elapsed() < Duration::from_secs(5), "an event of later");
        std::thread::sleep(Duration::from_millis(20));
    }
    // Past the time that an answer is waited for: the holes rest, nothing has come twice, and in its order.
    std::thread::sleep(Duration::from_secs(11).saturating_sub(begun.elapsed()));
    for (_, held) in &holes {
        assert_eq!(held.lock().unwrap().len(), 1, "once at a time, by whichever server");
    }
    stop.store(true, Ordering::Relaxed);
    for server in servers {
        server.join().expect("a server that stops");
    }
    let ids: Vec<String> = received
        .lock()
        .unwrap()
        .iter()
        .map(|(headers, _)| headers.iter().find(|(name, _)| name == "webhook-id").unwrap().1.clone())
        .collect();
    let feed = app
        .database
        .owner()
        .column("select id from events where resource = 'structures' order by transaction, sequence");
    assert_eq!(ids, feed);
    let silent = app
        .database
        .owner()
        .number("select count(*) from webhook_receivers where silences > 0 and resting_until > now()");
    assert!(silent <= 3);
}

#[test]
fn what_comes_after_a_failure_waits_for_it() {
    let app = app();
    let status = Arc::new(Mutex::new(500));
    let (address, received) = receiver(status.clone());
    make(&app, &Actor::Bdt, &address, json!({"resources": ["structures"]}));
    moissac(&app);
    send_all(&app);
    assert_eq!(received.lock().unwrap().len(), 1, "the second waits");
    *status.lock().unwrap() = 200;
    app.advance(TimeDelta::minutes(1));
    send_all(&app);
    let types: Vec<Value> = received
        .lock()
        .unwrap()
        .iter()
        .map(|(_, body)| serde_json::from_str::<Value>(body).unwrap()["type"].clone())
        .collect();
    assert_eq!(types, ["structure.registered", "structure.registered", "structure.confirmed"]);
}

#[test]
fn a_perimeter_has_so_many_webhooks_and_no_more_however_many_are_made_at_once() {
    let app = App::start();
    let body = json!({"name": "Essai", "url": "https://example.org/hook"});
    let token = app.token(&prefecture("82"));
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let call = || app.post(WEBHOOKS).bearer(&token).json(&body).send();
        let threads: Vec<_> = (0..30).map(|_| scope.spawn(call)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let limit = usize::try_from(PER_PERIMETER).unwrap();
    assert_eq!(made, limit);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!((answer.status, answer.at("/code")), (409, json!("webhook_limit_reached")), "{}", answer.describe());
    }
    // Others have their own.
    app.post(WEBHOOKS).by(&prefecture("31")).json(&body).expect(201);
    let first = answers.iter().find(|answer| answer.status == 201).unwrap();
    let etag = app.get(&path(first)).by(&prefecture("82")).expect(200).etag();
    app.delete(&path(first)).by(&prefecture("82")).if_match(&etag).expect(204);
    app.post(WEBHOOKS).by(&prefecture("82")).json(&body).expect(201);
    app.post(WEBHOOKS).by(&prefecture("82")).json(&body).problem("webhook_limit_reached");
    assert!(
        app.document()["paths"]["/api/v1/webhooks"]["post"]["description"]
            .as_str()
            .unwrap()
            .contains(&format!("{PER_PERIMETER} webhooks at most"))
    );
}
