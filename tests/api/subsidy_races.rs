//! Money under concurrency: batches, results against terminations, signatures around the envelope's limit.

use std::sync::Barrier;

use chrono::TimeDelta;
use conum::platform::auth::Actor;
use serde_json::{Value, json};

use crate::recruitments::{Scene, ask_termination, path as recruitment_path, scene};
use crate::subsidies::{answer, instructed, key, lines, order, paid, previewed, sign, signed, sums, violations};
use crate::support::builders::{Employer, candidate, open_call, recruited, retained_at};
use crate::support::{Answer, App};

/// Sends calls at the same moment.
fn together(calls: Vec<Box<dyn FnOnce() -> Answer + Send + '_>>) -> Vec<Answer> {
    let barrier = Barrier::new(calls.len());
    std::thread::scope(|scope| {
        let threads: Vec<_> = calls
            .into_iter()
            .map(|call| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    call()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    })
}

#[test]
fn a_hundred_batches_at_once_order_each_instalment_once() {
    let Scene { app, employer, posts } = scene(12);
    signed(&app, &employer);
    for post in &posts {
        recruited(&app, &employer, post, &candidate(&app).id);
    }
    let token = app.token(&Actor::Bdt);
    let body = previewed(&app, &json!({"execution_on": crate::subsidies::bank_day(&app), "lines_max": 4}));
    let calls = (0..100)
        .map(|_| {
            let (app, token, body) = (&app, &token, &body);
            let send = move || app.post("/api/v1/payment-batches").bearer(token).key(&key()).json(body).send();
            Box::new(send) as Box<dyn FnOnce() -> Answer + Send>
        })
        .collect();
    let answers = together(calls);
    let made: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 201).collect();
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert!(
            matches!((answer.status, answer.at("/code").as_str()), (409, Some("nothing_due")) | (503, _)),
            "{}",
            answer.describe()
        );
    }
    let ordered: i64 = made.iter().map(|batch| batch.at("/lines_count").as_i64().unwrap()).sum();
    assert_eq!(ordered, 12);
    let seen =
        app.database.owner().rows("select instalment_id from payment_lines group by instalment_id having count(*) > 1");
    assert!(seen.is_empty(), "{seen:?}");
    assert_eq!(violations(&app), Vec::<Value>::new());
}

#[test]
fn one_key_makes_one_batch_however_often_it_is_sent() {
    let Scene { app, employer, posts } = scene(3);
    signed(&app, &employer);
    for post in &posts {
        recruited(&app, &employer, post, &candidate(&app).id);
    }
    let (token, same) = (app.token(&Actor::Bdt), key());
    let body = previewed(&app, &json!({"execution_on": crate::subsidies::bank_day(&app)}));
    let calls = (0..40)
        .map(|_| {
            let (app, token, body, same) = (&app, &token, &body, &same);
            let send = move || app.post("/api/v1/payment-batches").bearer(token).key(same).json(body).send();
            Box::new(send) as Box<dyn FnOnce() -> Answer + Send>
        })
        .collect();
    let answers = together(calls);
    let first = answers.iter().find(|answer| answer.status == 201).expect("a batch");
    for answer in &answers {
        match answer.status {
            201 => assert_eq!(answer.body, first.body),
            _ => assert_eq!(answer.at("/code"), "idempotency_in_flight", "{}", answer.describe()),
        }
    }
    assert_eq!(app.database.owner().number("select count(*) from payment_batches"), 1);
}

#[test]
fn results_and_terminations_in_any_order_agree_to_the_cent() {
    let mut orders = [0, 0];
    for round in 0..12 {
        let Scene { app, employer, posts } = scene(1);
        let id = signed(&app, &employer);
        let contract = recruited(&app, &employer, &posts[0], &candidate(&app).id);
        let batch = order(&app).id();
        app.advance(TimeDelta::days(30));
        ask_termination(&app, &employer, &contract);
        let etag = app.get(&recruitment_path(&contract)).by(&Actor::Anct).expect(200).etag();
        let results = json!([paid(&app, &lines(&app, &batch)[0])]);
        let terminate = || {
            if round % 2 == 0 {
                std::thread::sleep(std::time::Duration::from_millis(round / 2));
            }
            app.post(&format!("{}/terminate", recruitment_path(&contract))).by(&Actor::Anct).if_match(&etag).send()
        };
        let pay = || answer(&app, &batch, &results).send();
        let answers = together(vec![Box::new(terminate), Box::new(pay)]);
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
        assert_eq!(sums(&app, &id), (208_333, 1_000_000, 791_667));
        assert_eq!(violations(&app), Vec::<Value>::new());
        let first = app.database.owner().column(
            "select kind from ledger_entries where kind = 'payment' or amount_cents < 0 order by sequence limit 1",
        );
        orders[usize::from(first == ["payment"])] += 1;
    }
    assert_eq!(orders[0] + orders[1], 12, "{orders:?}");
}

#[test]
fn signatures_at_once_never_overrun_the_envelope() {
    let app = App::start();
    open_call(&app);
    let houses: Vec<Employer> =
        (0..12).map(|rank| retained_at(&app, &format!("Commune n° {rank}"), "82112", "82200", 1)).collect();
    let ids: Vec<String> = houses.iter().map(|house| instructed(&app, house, "v1")).collect();
    // Room for five of twelve.
    app.put("/api/v1/envelopes/posts").by(&Actor::Anct).json(&json!({"allotted_cents": 27_000_000})).expect(200);
    let calls = ids
        .iter()
        .map(|id| {
            let app = &app;
            let send = move || sign(app, id).send();
            Box::new(send) as Box<dyn FnOnce() -> Answer + Send>
        })
        .collect();
    let answers = together(calls);
    let signed = answers.iter().filter(|answer| answer.status == 200).count();
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(answer.at("/code"), "envelope_exceeded", "{}", answer.describe());
    }
    assert_eq!(signed, 5);
    assert_eq!(violations(&app), Vec::<Value>::new());
    assert_eq!(app.database.owner().number("select committed_cents from envelopes where code = 'posts'"), 25_000_000);
}
