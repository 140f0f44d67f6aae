//! The database is put back from a copy, or taken over: partners learn of it, and converge.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use conum::platform::auth::Actor;
use conum::platform::http::front::Limits;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};

use crate::subsidies::signed;
use crate::support::builders::{Employer, candidate, open_call, posts_of, recruited, retained_at, step};
use crate::support::{Answer, App, Database, Server, Session, scratch};
use crate::webhooks::{Received, make, path, receiver, send_all};

const LISTS: [&str; 4] = ["posts", "recruitments", "agreements", "instalments"];
type Rows = BTreeMap<(String, String), Value>;

/// A partner's copy: a first listing, then the feed.
struct Mirror {
    rows: Rows,
    next: String,
    seen: BTreeSet<String>,
}

impl Mirror {
    fn new(app: &App) -> Self {
        let (rows, next) = listed(app);
        Self { rows, next, seen: BTreeSet::new() }
    }

    /// Applies what has happened; a problem is handed back. Tells how many events it read.
    fn follow(&mut self, app: &App) -> Result<usize, Box<Answer>> {
        app.let_events_be_published();
        let mut count = 0;
        loop {
            let page = app.get(&self.next).by(&Actor::Bdt).send();
            if page.status != 200 {
                return Err(page.into());
            }
            for event in page.at("/data").as_array().unwrap() {
                assert!(self.seen.insert(event["id"].to_string()), "twice: {event}");
                count += 1;
                let (list, id) = (event["resource"].as_str().unwrap(), event["resource_id"].as_str().unwrap());
                if LISTS.contains(&list) {
                    let row = app.get(&format!("/api/v1/{list}?id={id}")).by(&Actor::Bdt).expect(200).at("/data/0");
                    self.rows.insert((list.to_owned(), id.to_owned()), row);
                }
            }
            self.next = page.text_at("/links/next");
            if page.at("/meta/has_more") == false {
                return Ok(count);
            }
        }
    }

    /// What the problem says is to be done: list anew, replace, go on from there.
    fn begin_anew(&mut self, app: &App) {
        (self.rows, self.next) = listed(app);
    }

    #[track_caller]
    fn equals(&self, app: &App) -> usize {
        let (source, _) = listed(app);
        let keys: BTreeSet<_> = source.keys().chain(self.rows.keys()).collect();
        for key in keys {
            assert_eq!(self.rows.get(key), source.get(key), "{key:?}");
        }
        source.len()
    }

    fn has(&self, list: &str, id: &str) -> bool {
        self.rows.contains_key(&(list.to_owned(), id.to_owned()))
    }
}

/// All rows, and where to follow from.
fn listed(app: &App) -> (Rows, String) {
    let (mut rows, mut start) = (Rows::new(), None);
    for list in LISTS {
        let mut page = app.get(&format!("/api/v1/{list}?limit=20&sort=reference")).by(&Actor::Bdt).expect(200);
        start.get_or_insert_with(|| page.text_at("/meta/events_cursor"));
        loop {
            for row in page.at("/data").as_array().unwrap() {
                rows.insert((list.to_owned(), row["id"].as_str().unwrap().to_owned()), row.clone());
            }
            let Some(link) = page.at("/links/next").as_str().map(ToOwned::to_owned) else { break };
            page = app.get(&link).by(&Actor::Bdt).expect(200);
        }
    }
    (rows, format!("/api/v1/events?limit=7&cursor={}", start.expect("a place")))
}

fn ids_from_the_beginning(app: &App) -> Vec<String> {
    app.let_events_be_published();
    let (mut ids, mut next) = (Vec::new(), "/api/v1/events?limit=25".to_owned());
    loop {
        let page = app.get(&next).by(&Actor::Bdt).expect(200);
        ids.extend(page.values("/data", "/id"));
        next = page.text_at("/links/next");
        if page.at("/meta/has_more") == false {
            return ids;
        }
    }
}

fn on(database: Database) -> App {
    App::on(database, &[("CONUM_PRIVATE_WEBHOOKS", "true")], Limits::default())
}

/// An employer with an agreement and as many contracts as posts but two.
fn house(app: &App) -> (Employer, Vec<String>) {
    open_call(app);
    let house = retained_at(app, "Commune de Moissac", "82112", "82200", 5);
    signed(app, &house);
    let posts = posts_of(app, &house);
    posts[..3].iter().for_each(|post| drop(recruited(app, &house, post, &candidate(app).id)));
    (house, posts)
}

fn newest(session: &mut Session) -> (i64, String, String) {
    let row = session.rows("select number, id, reason from feed_epochs order by number desc limit 1").remove(0);
    let text = |name: &str| row[name].as_str().unwrap().to_owned();
    (row["number"].as_i64().unwrap(), text("id"), text("reason"))
}

/// Types of what a receiver got, and the identifiers.
fn got(received: &Received) -> Vec<(String, String)> {
    let calls = received.lock().unwrap().clone();
    let told = |(headers, body): &(Vec<(String, String)>, String)| {
        let id = headers.iter().find(|(name, _)| name == "webhook-id").unwrap().1.clone();
        (serde_json::from_str::<Value>(body).unwrap()["type"].as_str().unwrap().to_owned(), id)
    };
    calls.iter().map(told).collect()
}

/// A webhook after an epoch has begun: told once, first; then what is new, nothing of before. Tells how many events came.
#[track_caller]
fn goes_on(app: &App, hook: &str, received: &Received, before: &[(String, String)]) -> usize {
    send_all(app);
    let after = got(received).split_off(before.len());
    assert_eq!(after[0].0, "feed.restarted", "{after:?}");
    let known: BTreeSet<&String> = before.iter().map(|(_, id)| id).collect();
    for (kind, id) in &after[1..] {
        assert!(kind != "feed.restarted" && !known.contains(id), "again: {kind} {id}");
    }
    let epoch = newest(&mut app.database.owner());
    assert_eq!(after[0].1, epoch.1);
    let query = format!(
        "select id::text from events where epoch = {} and resource = 'recruitments' order by transaction, sequence",
        epoch.0
    );
    let of_epoch = app.database.owner().column(&query);
    assert_eq!(after[1..].iter().map(|(_, id)| id.clone()).collect::<Vec<_>>(), of_epoch, "missed or out of order");
    let view = app.get(hook).by(&Actor::Bdt).expect(200);
    assert!(!view.at("/feed_restarted_at").is_null() && view.at("/queued_count") == 0, "{}", view.describe());
    of_epoch.len()
}

/// Waits until reading, reading privately and being ready all work: sessions were lost.
fn wait_until_served(app: &App) {
    let deadline = Instant::now() + Duration::from_secs(120);
    let served = |path: &str| app.get(path).by(&Actor::Bdt).send().status == 200;
    while !(served("/api/v1/regions") && served("/api/v1/posts") && served("/health/ready")) {
        assert!(Instant::now() < deadline, "it does not heal");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A cursor as they were given out before places had epochs.
fn without_epoch() -> String {
    let payload = br#"{"b":false,"k":["745","12"]}"#;
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"conum development cursor key").unwrap();
    [&b"/api/v1/events"[..], b"?", b"", b"\0", payload].iter().for_each(|part| mac.update(part));
    BASE64.encode([&payload[..], &mac.finalize().into_bytes()[..16]].concat())
}

#[test]
fn a_dump_in_a_fresh_cluster_goes_on() {
    let begun = Instant::now();
    let source = Database::new();
    // Numbers that the fresh cluster does not reach: what was published once must stay so.
    source.owner().run("do $$ begin for i in 1..20000 loop perform pg_current_xact_id(); commit; end loop; end $$");
    let app = on(source);
    let (house, posts) = house(&app);
    let (address, received) = receiver(Arc::new(Mutex::new(204)));
    let hook = path(&make(&app, &Actor::Bdt, &address, json!({"resources": ["recruitments"]})));
    let mut mirror = Mirror::new(&app);
    let link = app.get("/api/v1/posts?limit=2").by(&Actor::Bdt).expect(200).text_at("/links/next");
    let file = app.get("/api/v1/posts?format=ndjson").by(&Actor::Bdt).expect(200).header("x-events-cursor").to_owned();
    recruited(&app, &house, &posts[3], &candidate(&app).id);
    mirror.follow(&app).expect("events");
    send_all(&app);
    let sent_before = got(&received).len();
    assert!(sent_before >= 2);
    let dump = scratch().join(format!("dump-{}.sql", std::process::id()));
    let history = ids_from_the_beginning(&app);
    // What waits to be sent when the dump is made is sent by the server that goes on.
    step(&app, &Actor::Bdt, &hook, "test").expect(200);
    app.database.dump(&dump);
    let lost = recruited(&app, &house, &posts[4], &candidate(&app).id);
    mirror.follow(&app).expect("events");
    send_all(&app);
    let before = got(&received);
    assert!(before.len() > sent_before && mirror.has("recruitments", &lost));

    let fresh = Server::start("restored");
    let restoring = Instant::now();
    fresh.restore(&dump);
    std::fs::remove_file(&dump).expect("the dump");
    let restored = restoring.elapsed();
    let hidden = fresh
        .as_it_is()
        .owner()
        .number("select count(*) from events where transaction >= pg_snapshot_xmin(pg_current_snapshot())");
    assert!(hidden > 50, "{hidden}: the fresh cluster has come as far as the old one");
    // Two servers at once agree.
    let apps: Vec<App> = std::thread::scope(|scope| {
        let start = || scope.spawn(|| on(fresh.as_it_is()));
        [start(), start()].map(|thread| thread.join().expect("an app")).into()
    });
    std::thread::scope(|scope| {
        apps.iter().for_each(|app| drop(scope.spawn(|| app.get("/api/v1/regions").expect(200))));
    });
    let epochs = fresh.as_it_is().owner().column("select reason from feed_epochs order by number");
    assert_eq!(epochs[epochs.len() - 1], "cluster");
    assert_eq!(epochs.iter().filter(|reason| *reason == "cluster").count(), 1, "{epochs:?}");
    apps.iter().for_each(|new| new.set_now(&app.now().to_rfc3339()));

    for new in &apps {
        for query in ["", "&resource=posts", "&type=post.granted&limit=1"] {
            let told = new.get(&format!("{}{query}", mirror.next.replace("limit=7&", ""))).by(&Actor::Bdt);
            assert_eq!(told.problem("feed_restarted").status, 410);
        }
        for cursor in [&file, &without_epoch()] {
            let told = new.get(&format!("/api/v1/events?cursor={cursor}")).by(&Actor::Bdt).problem("feed_restarted");
            assert!(told.text_at("/detail").len() > 50 && told.status == 410);
        }
        new.get("/api/v1/events?cursor=abc").by(&Actor::Bdt).problem("invalid_cursor");
        // A page of a list is no place in the feed.
        new.get(&link).by(&Actor::Bdt).expect(200);
    }
    let [one, two] = &apps[..] else { panic!("two apps") };
    let told = mirror.follow(one).expect_err("an earlier epoch");
    assert_eq!(told.status, 410);
    mirror.begin_anew(two);
    assert!(!mirror.has("recruitments", &lost), "a phantom");
    assert_eq!(ids_from_the_beginning(one), history);
    let cursor =
        one.get("/api/v1/posts?format=ndjson").by(&Actor::Bdt).expect(200).header("x-events-cursor").to_owned();
    one.get(&format!("/api/v1/events?cursor={cursor}&resource=posts")).by(&Actor::Bdt).expect(200);
    recruited(one, &house, &posts[4], &candidate(one).id);
    let came = mirror.follow(two).expect("events of the new epoch");
    assert!(came > 0);
    let rows = mirror.equals(one);
    let all = ids_from_the_beginning(two);
    assert_eq!((&all[..history.len()], all.len()), (&history[..], history.len() + came));
    let sent = goes_on(one, &hook, &received, &before);
    assert!(sent > 0);
    replay_spans_epochs(one, &hook, &received);
    println!(
        "dump: {rows} rows, {} events before and {came} after, {hidden} would be hidden, webhook {sent}; restored in {restored:?}, all in {:?}",
        history.len(),
        begun.elapsed()
    );
}

/// What is asked for again comes from all that is there, also from before.
fn replay_spans_epochs(app: &App, hook: &str, received: &Received) {
    let before = got(received).len();
    step(app, &Actor::Bdt, hook, "replay").json(&json!({"since": "2020-01-01T00:00:00Z"})).expect(200);
    send_all(app);
    let again = got(received).split_off(before);
    let all = app.database.owner().column("select id::text from events where resource = 'recruitments'");
    let ids: BTreeSet<String> = again.iter().map(|(_, id)| id.clone()).collect();
    assert_eq!(ids, all.into_iter().collect());
    let epochs =
        app.database.owner().number("select count(distinct epoch) from events where resource = 'recruitments'");
    assert!(epochs > 1, "one epoch only");
}

/// `conum restored`, as an operator calls it.
fn tell_restored(database: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_conum"))
        .arg("restored")
        .current_dir(scratch())
        .env("DATABASE_URL", database)
        .output()
        .expect("the command");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_physical_copy_that_is_put_back_goes_on() {
    let begun = Instant::now();
    let server = Server::start("put-back");
    let app = on(server.filled_database());
    let (house, posts) = house(&app);
    let (address, received) = receiver(Arc::new(Mutex::new(204)));
    let hook = path(&make(&app, &Actor::Bdt, &address, json!({"resources": ["recruitments"]})));
    let mut mirror = Mirror::new(&app);
    recruited(&app, &house, &posts[3], &candidate(&app).id);
    mirror.follow(&app).expect("events");
    send_all(&app);
    let first = newest(&mut app.database.owner());
    server.keep_copy();
    wait_until_served(&app);

    let (mut known, mut stale) = (BTreeSet::from([first.1.clone()]), mirror.next.clone());
    for way in ["lost_tail", "restored", "timeline"] {
        // Sent, read by the mirror, then lost.
        let lost = signed(&app, &retained_at(&app, "Commune de Castelsarrasin", "82033", "82100", 2));
        mirror.follow(&app).expect("events of the lost tail");
        send_all(&app);
        let before = got(&received);
        assert!(mirror.has("agreements", &lost));
        server.put_copy_back(way == "timeline");
        wait_until_served(&app);
        if way == "restored" {
            // The same numbers again, with other content, before anybody says so.
            drop(candidate(&app));
            let said = tell_restored(&app.database.url);
            assert!(said.contains(&format!("epoch {}", first.0 + 1)) && said.contains("410 feed_restarted"), "{said}");
        }
        let told = mirror.follow(&app).expect_err(way);
        assert_eq!((told.status, told.text_at("/code")), (410, "feed_restarted".to_owned()), "{way}");
        let epoch = newest(&mut app.database.owner());
        // The number comes again, in a history that begins alike; the epoch does not.
        assert_eq!((epoch.0, epoch.2.as_str()), (first.0 + 1, way));
        assert!(known.insert(epoch.1));
        app.get(&stale).by(&Actor::Bdt).problem("feed_restarted");
        mirror.begin_anew(&app);
        assert!(!mirror.has("agreements", &lost), "{way}: a phantom");
        mirror.equals(&app);
        recruited(&app, &house, &posts[4], &candidate(&app).id);
        let came = mirror.follow(&app).expect(way);
        let rows = mirror.equals(&app);
        let sent = goes_on(&app, &hook, &received, &before);
        assert!(came > 0 && sent > 0);
        stale = mirror.next.clone();
        println!("{way}: {rows} rows equal, {came} events followed, {sent} sent by the webhook");
    }
    println!("physical: {:?}", begun.elapsed());
}
