//! No place in the feed is told without the epoch that it belongs to.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::Value;

use super::operations;
use super::{looked_at, none};
use crate::support::builders::{moissac, open_call};
use crate::support::{Answer, App};

/// What a cursor of the feed says, before its signature.
fn says(cursor: &str) -> Value {
    let bytes = BASE64.decode(cursor).expect("a cursor");
    serde_json::from_slice(&bytes[..bytes.len() - 16]).expect("a place")
}

fn fault(name: &str, cursor: &str, epoch: &str) -> Option<String> {
    let place = says(cursor);
    let whole = place["e"] == epoch && ["n", "t", "s"].iter().all(|part| place["p"][*part].is_i64());
    (!whole).then(|| format!("{name}: {place}"))
}

#[test]
fn every_place_that_is_told_names_its_epoch() {
    let app = App::start();
    open_call(&app);
    moissac(&app);
    app.let_events_be_published();
    let document = app.document();
    let epoch = app.database.owner().column("select id::text from feed_epochs order by number desc limit 1").remove(0);
    let lists = operations::all(&document).into_iter().filter(|o| {
        let answer = o.raw["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].as_str();
        let page = answer.and_then(|page| page.rsplit('/').next()).map(|name| &document["components"]["schemas"][name]);
        page.is_some_and(|page| page["properties"]["meta"]["$ref"] == "#/components/schemas/PageMeta")
    });
    let (mut places, mut wrong) = (0, Vec::new());
    let mut told = |name: &str, cursor: &str| {
        places += 1;
        wrong.extend(fault(name, cursor, &epoch));
    };
    for list in lists {
        let answer: Answer = list.admitted_call(&app, &list.path()).send();
        // What belongs to a resource that is not there has no list.
        if answer.status != 200 || answer.at("/meta/events_cursor").is_null() {
            continue;
        }
        told(&list.id, &answer.text_at("/meta/events_cursor"));
        let file = list.admitted_call(&app, &list.path()).query("format", "csv").send();
        if !file.header("x-events-cursor").is_empty() {
            told(&format!("{} as a file", list.id), file.header("x-events-cursor"));
        }
    }
    // Wherever the feed itself leads: with events, without any, from the beginning and from a place.
    let anct = conum::platform::auth::Actor::Anct;
    for query in ["limit=1", "resource=payment-batches", "limit=500"] {
        let page = app.get(&format!("/api/v1/events?{query}")).by(&anct).expect(200);
        let next = page.text_at("/links/next");
        told(query, next.split("cursor=").nth(1).expect("a cursor"));
        let on = app.get(&next).by(&anct).expect(200).text_at("/links/next");
        told(query, on.split("cursor=").nth(1).expect("a cursor"));
    }
    looked_at(places, "places in the feed");
    assert!(places > 40, "only {places}: lists are not recognised");
    none(&wrong, "places without an epoch");
}

#[test]
fn the_service_cannot_say_where_in_the_feed_an_event_lies() {
    let app = App::start();
    let mut service = app.database.application(&[("reach", "country"), ("actor", "system")]);
    let columns = app.database.owner().column(
        "select attname::text from pg_attribute where attrelid = 'events'::regclass and attnum > 0
            and attname in ('epoch', 'transaction', 'sequence')",
    );
    assert_eq!(columns.len(), 3);
    for column in &columns {
        let value = if column == "transaction" { "'1'::xid8" } else { "1" };
        let refused = service.try_run(&format!(
            "insert into events (id, type, resource, resource_id, occurred_at, {column})
             values (gen_random_uuid(), 'post.granted', 'posts', gen_random_uuid(), now(), {value})"
        ));
        // A number that is always drawn is refused before rights are looked at.
        let told = refused.expect_err(column);
        assert!(told.contains("permission denied") || told.contains("non-DEFAULT"), "{column}: {told}");
    }
    let refused = service.try_run("insert into feed_epochs select number + 1 from feed_epochs");
    assert!(refused.is_err_and(|e| e.contains("permission denied")));
    looked_at(columns.len(), "columns that only the database fills");
}
