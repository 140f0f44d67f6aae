//! The change feed: nothing missed, nothing doubled, nothing beyond reach.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use conum::platform::auth::Actor;
use serde_json::{Value, json};

use crate::recruitments::{Scene, scene};
use crate::subsidies::{pay_all, signed, terminate};
use crate::support::App;
use crate::support::builders::{
    candidate, moissac, open_call, posts_of, prefecture, recruited, retained_at, transition,
};

/// Everything from a place on, and the place reached.
fn follow(app: &App, actor: &Actor, next: String) -> (Vec<Value>, String) {
    app.let_events_be_published();
    follow_so_far(app, actor, next)
}

/// What is published already from a place on, and the place reached.
fn follow_so_far(app: &App, actor: &Actor, mut next: String) -> (Vec<Value>, String) {
    let mut events = Vec::new();
    loop {
        let page = app.get(&next).by(actor).expect(200);
        events.extend(page.at("/data").as_array().unwrap().iter().cloned());
        next = page.text_at("/links/next");
        if page.at("/meta/has_more") == false {
            return (events, next);
        }
    }
}

fn types(events: &[Value]) -> Vec<String> {
    events.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_copy_is_made_of_a_list_and_the_feed() {
    let Scene { app, employer, posts } = scene(2);
    app.let_events_be_published();
    let first = app.get("/api/v1/posts?limit=1").by(&Actor::Bdt).expect(200);
    let cursor = first.text_at("/meta/events_cursor");
    let start = format!("/api/v1/events?cursor={cursor}&limit=2");
    let (nothing, again) = follow(&app, &Actor::Bdt, start.clone());
    assert!(nothing.is_empty());
    signed(&app, &employer);
    let contract = recruited(&app, &employer, &posts[0], &candidate(&app).id);
    pay_all(&app);
    let (events, end) = follow(&app, &Actor::Bdt, again);
    let told = types(&events);
    for kind in [
        "agreement.signed",
        "instalment.planned",
        "recruitment.validated",
        "post.occupied",
        "instalment.fell_due",
        "instalment.paid",
    ] {
        assert!(told.contains(&kind.to_owned()), "{kind}: {told:?}");
    }
    // The same from the list's own cursor, and nothing twice.
    assert_eq!(follow(&app, &Actor::Bdt, start.clone()).0, events);
    let ids: std::collections::BTreeSet<String> = events.iter().map(|event| event["id"].to_string()).collect();
    assert_eq!(ids.len(), events.len());
    assert!(follow(&app, &Actor::Bdt, end.clone()).0.is_empty());
    terminate(&app, &employer, &contract);
    assert!(types(&follow(&app, &Actor::Bdt, end).0).contains(&"recruitment.terminated".to_owned()));
    // Filters, whatever cursor one has.
    let only = app.get(&format!("{start}&resource=agreements")).by(&Actor::Bdt).expect(200);
    assert!(only.values("/data", "/resource").iter().all(|resource| resource == "agreements"));
    app.get(&format!("/api/v1/posts?cursor={cursor}")).by(&Actor::Bdt).problem("invalid_cursor");
    app.get("/api/v1/events?cursor=abc").by(&Actor::Bdt).problem("invalid_cursor");
}

#[test]
fn everybody_learns_of_their_own_and_of_what_they_may_read() {
    let Scene { app, employer, posts } = scene(1);
    let stranger = retained_at(&app, "Commune de Figeac", "46102", "46100", 1);
    signed(&app, &employer);
    recruited(&app, &employer, &posts[0], &candidate(&app).id);
    let of = |actor: &Actor| follow(&app, actor, "/api/v1/events?limit=500".to_owned()).0;
    let resources = |actor: &Actor| {
        let mut names: Vec<String> =
            of(actor).iter().map(|event| event["resource"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names.dedup();
        names
    };
    assert!(!resources(&Actor::Bdt).contains(&"candidates".to_owned()));
    assert!(!resources(&prefecture("82")).contains(&"instalments".to_owned()));
    assert!(resources(&prefecture("82")).contains(&"agreements".to_owned()));
    assert!(resources(&employer.actor).contains(&"instalments".to_owned()));
    let posts_seen = |actor: &Actor| of(actor).iter().filter(|event| event["resource"] == "posts").count();
    assert!(posts_seen(&prefecture("82")) > 0 && posts_seen(&prefecture("31")) == 0);
    let own: Vec<Value> = of(&stranger.actor);
    assert!(own.iter().all(|event| event["resource_id"] != posts[0].as_str()), "{own:?}");
    app.get("/api/v1/events").by(&Actor::Observer(None)).problem("role_not_allowed");
    // A post that moves is told of on both sides.
    let (_, left) = follow(&app, &prefecture("82"), "/api/v1/events?limit=500".to_owned());
    let (_, came) = follow(&app, &prefecture("46"), "/api/v1/events?limit=500".to_owned());
    app.advance(chrono::TimeDelta::days(3));
    transition(&app, &format!("/api/v1/posts/{}", posts[0]), "transfer")
        .json(&json!({"structure_id": stranger.id}))
        .expect(200);
    for (code, from) in [("82", left), ("46", came)] {
        assert!(types(&follow(&app, &prefecture(code), from).0).contains(&"post.transferred".to_owned()), "{code}");
    }
}

#[test]
fn a_mirror_equals_its_source_while_others_write() {
    let app = App::start();
    open_call(&app);
    let houses: Vec<_> =
        (0..4).map(|rank| retained_at(&app, &format!("Commune n° {rank}"), "82112", "82200", 4)).collect();
    houses.iter().for_each(|house| drop(signed(&app, house)));
    let people: Vec<Vec<String>> = houses.iter().map(|_| (0..4).map(|_| candidate(&app).id).collect()).collect();
    let lists = ["posts", "recruitments", "agreements", "instalments"];
    let done = AtomicBool::new(false);
    let mut copy: BTreeMap<(String, String), Value> = BTreeMap::new();
    std::thread::scope(|scope| {
        // Transactions that hold an event back while later ones commit.
        let held = scope.spawn(|| {
            let mut session = app.database.owner();
            let mut held = 0;
            while !done.load(Ordering::Relaxed) {
                session.run("begin; insert into events (id, type, resource, resource_id, occurred_at) values (gen_random_uuid(), 'post.held', 'posts', gen_random_uuid(), now())");
                std::thread::sleep(std::time::Duration::from_millis(120));
                session.run("commit");
                held += 1;
            }
            held
        });
        let writers: Vec<_> = houses
            .iter()
            .zip(&people)
            .map(|(house, people)| {
                let app = &app;
                scope.spawn(move || {
                    for (post, person) in posts_of(app, house).iter().zip(people) {
                        recruited(app, house, post, person);
                    }
                })
            })
            .collect();
        // The mirror: a first listing with its cursor, then the feed.
        let mut next = None;
        for list in lists {
            let mut page = app.get(&format!("/api/v1/{list}?limit=5&sort=reference")).by(&Actor::Bdt).expect(200);
            next.get_or_insert_with(|| {
                format!("/api/v1/events?limit=50&cursor={}", page.text_at("/meta/events_cursor"))
            });
            loop {
                for row in page.at("/data").as_array().unwrap() {
                    copy.insert((list.to_owned(), row["id"].as_str().unwrap().to_owned()), row.clone());
                }
                let Some(link) = page.at("/links/next").as_str().map(ToOwned::to_owned) else { break };
                page = app.get(&link).by(&Actor::Bdt).expect(200);
            }
        }
        let mut next = next.expect("a place");
        let mut seen = std::collections::BTreeSet::new();
        let mut apply = |events: Vec<Value>, copy: &mut BTreeMap<(String, String), Value>| {
            for event in events {
                assert!(seen.insert(event["id"].to_string()), "twice: {event}");
                let (resource, id) = (event["resource"].as_str().unwrap(), event["resource_id"].as_str().unwrap());
                if !lists.contains(&resource) || event["type"] == "post.held" {
                    continue;
                }
                // Read anew, as the list shows it.
                let found = row(&app, resource, id);
                copy.insert((resource.to_owned(), id.to_owned()), found);
            }
        };
        while writers.iter().any(|writer| !writer.is_finished()) {
            let (events, place) = follow_so_far(&app, &Actor::Bdt, next);
            apply(events, &mut copy);
            next = place;
        }
        writers.into_iter().for_each(|writer| writer.join().expect("a writer"));
        done.store(true, Ordering::Relaxed);
        assert!(held.join().expect("a holder") > 0);
        let (events, _) = follow(&app, &Actor::Bdt, next);
        apply(events, &mut copy);
    });
    let mut source: BTreeMap<(String, String), Value> = BTreeMap::new();
    for list in lists {
        for row in
            app.get(&format!("/api/v1/{list}?limit=500")).by(&Actor::Bdt).expect(200).at("/data").as_array().unwrap()
        {
            source.insert((list.to_owned(), row["id"].as_str().unwrap().to_owned()), row.clone());
        }
    }
    assert_eq!(copy.len(), source.len());
    for (key, row) in &source {
        assert_eq!(copy.get(key), Some(row), "{key:?}");
    }
    assert!(source.len() > 80, "{}", source.len());
    assert!(moissac(&app).id.len() == 36);
}

/// One row as its list shows it.
fn row(app: &App, resource: &str, id: &str) -> Value {
    app.get(&format!("/api/v1/{resource}?id={id}")).by(&Actor::Bdt).expect(200).at("/data/0")
}

/// Events whose resource is gone, or has just left the reader: told so that a copy forgets it.
const FAREWELLS: [&str; 2] = ["webhook.deleted", "structure.left_reach"];

#[test]
fn whoever_is_told_of_something_may_read_it() {
    use crate::guards::operations;
    use conum::platform::auth::policy;
    let Scene { app, employer, posts } = scene(3);
    signed(&app, &employer);
    recruited(&app, &employer, &posts[0], &candidate(&app).id);
    pay_all(&app);
    let elsewhere = retained_at(&app, "Commune de Cahors", "46042", "46000", 1);
    let actors =
        [Actor::Anct, Actor::Bdt, prefecture("82"), prefecture("46"), employer.actor.clone(), elsewhere.actor.clone()];
    for (rank, actor) in actors.iter().enumerate() {
        // Of each their own account, client and webhook, one of which goes again.
        let me = app.get("/api/v1/me").by(actor).expect(200);
        let mut account = json!({"role": me.at("/role"), "email": format!("a{rank}@example.org")});
        for member in ["departement_code", "structure_id"] {
            account[member] = me.at(&format!("/perimeter/{member}"));
        }
        app.post("/api/v1/accounts").by(actor).json(&account).expect(201);
        let mut client = account.clone();
        client.as_object_mut().unwrap().remove("email");
        client["name"] = json!("c");
        client["scopes"] = json!(["posts:read"]);
        app.post("/api/v1/api-clients").by(actor).json(&client).expect(201);
        let hook = json!({"name": "w", "url": "https://example.org/hook"});
        app.post("/api/v1/webhooks").by(actor).json(&hook).expect(201);
        let gone = app.post("/api/v1/webhooks").by(actor).json(&hook).expect(201);
        let path = format!("/api/v1/webhooks/{}", gone.text_at("/webhook/id"));
        app.delete(&path).by(actor).if_match(&gone.etag()).expect(204);
    }
    // A draft is its applicant's only.
    crate::support::builders::draft(&app, &moissac(&app), 1);
    let operations = operations::all(&app.document());
    let (mut followed, mut wrong) = (0, Vec::new());
    for actor in &actors {
        let (events, _) = follow(&app, actor, "/api/v1/events?limit=500".to_owned());
        assert!(events.len() > 3, "{actor:?}: {events:?}");
        let seen: std::collections::BTreeSet<(String, String)> = events
            .iter()
            .filter(|event| !FAREWELLS.contains(&event["type"].as_str().unwrap()))
            .map(|event| {
                (event["resource"].as_str().unwrap().to_owned(), event["resource_id"].as_str().unwrap().to_owned())
            })
            .collect();
        let deleted: Vec<&str> = events
            .iter()
            .filter(|event| event["type"] == "webhook.deleted")
            .map(|event| event["resource_id"].as_str().unwrap())
            .collect();
        assert_eq!(deleted.len(), usize::from(events.iter().any(|e| e["resource"] == "webhooks")), "{actor:?}");
        for (resource, id) in seen.iter().filter(|(_, id)| !deleted.contains(&id.as_str())) {
            let template = format!("/api/v1/{resource}/{{id}}");
            let Some(operation) = operations.iter().find(|o| o.method == "GET" && o.template == template) else {
                continue;
            };
            let role = actor.role().unwrap();
            if !policy::find(&operation.id).is_some_and(|line| line.admits(role)) {
                continue;
            }
            let answer = app.get(&format!("/api/v1/{resource}/{id}")).by(actor).send();
            followed += 1;
            if answer.status != 200 {
                wrong.push(format!("{role:?}: {}", answer.describe()));
            }
        }
    }
    assert!(followed > 100, "{followed}");
    assert!(wrong.is_empty(), "{} of {followed}:\n{}", wrong.len(), wrong.join("\n"));
}
