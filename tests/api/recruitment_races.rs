//! Recruitments: whoever comes first wins, and the others learn why not.

use chrono::{NaiveDate, TimeDelta};
use conum::platform::auth::Actor;
use serde_json::json;

use crate::recruitments::{Scene, ask_termination, path, scene, submit_with};
use crate::support::builders::{candidate, contract, open_call, posts_of, recruited, retained_at, step, validate_by};
use crate::support::{Answer, App};

/// How many of the answers had each status; all others than 201 and 200 carry the code.
fn race(calls: Vec<Box<dyn FnOnce() -> Answer + Send + '_>>) -> Vec<(u16, String)> {
    std::thread::scope(|scope| {
        let handles: Vec<_> = calls.into_iter().map(|call| scope.spawn(call)).collect();
        handles
            .into_iter()
            .map(|handle| {
                let answer = handle.join().expect("an answer");
                let code = if answer.status >= 400 { answer.text_at("/code") } else { String::new() };
                (answer.status, code)
            })
            .collect()
    })
}

/// What must never be, asked of the database itself.
fn violations(app: &App) -> Vec<String> {
    app.database.owner().column(
        "select 'two live recruitments of a candidate' from recruitments
            where status in ('submitted', 'validated', 'termination_requested') and not waiting
            group by candidate_id having count(*) > 1
         union all select 'two live recruitments of a post' from recruitments
            where status in ('submitted', 'validated', 'termination_requested') and not waiting
            group by post_id having count(*) > 1
         union all select 'occupied without a contract: ' || p.id from posts p where (p.status = 'occupied') <> exists (
            select from recruitments r where r.post_id = p.id and not r.waiting and r.status in ('validated', 'termination_requested'))
         union all select 'held without a submission: ' || p.id from posts p where p.status = 'vacant' and p.available = exists (
            select from recruitments r where r.post_id = p.id and not r.waiting and r.status = 'submitted')
         union all select 'returned with a contract: ' || p.id from posts p where p.status = 'returned' and exists (
            select from recruitments r where r.post_id = p.id and r.status in ('submitted', 'validated', 'termination_requested'))
         union all select 'recruited without a contract: ' || c.id from candidates c where (c.status = 'recruited') <> exists (
            select from recruitments r where r.candidate_id = c.id and not r.waiting and r.status in ('validated', 'termination_requested'))
         union all select 'extended beyond its end: ' || r.id from recruitments r
            where r.status = 'terminated' and r.ended_on is distinct from r.terminates_on
         union all select 'pending on an ended contract: ' || x.id from extensions x join recruitments r on r.id = x.recruitment_id
            where x.status = 'requested' and r.status in ('terminated', 'completed')",
    )
}

#[test]
fn sixty_four_employers_submit_one_candidate() {
    let app = App::start();
    open_call(&app);
    let houses: Vec<_> = (0..64).map(|n| retained_at(&app, &format!("Commune {n}"), "82112", "82200", 1)).collect();
    let posts: Vec<_> = houses.iter().map(|house| posts_of(&app, house).remove(0)).collect();
    let person = candidate(&app);
    let calls = houses.iter().zip(&posts).map(|(house, post)| {
        let (app, person) = (&app, &person);
        Box::new(move || submit_with(app, house, &contract(app, post, &person.id)).send())
            as Box<dyn FnOnce() -> Answer + Send>
    });
    let mut answers = race(calls.collect());
    // Whoever was turned away at the queue asks again.
    for (rank, answer) in answers.iter_mut().enumerate().filter(|(_, a)| a.0 == 503) {
        let again = submit_with(&app, &houses[rank], &contract(&app, &posts[rank], &person.id)).send();
        *answer = (again.status, again.text_at("/code"));
    }
    assert_eq!(answers.iter().filter(|a| a.0 == 201).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|a| a.1 == "candidate_already_recruited").count(), 63, "{answers:?}");
    assert_eq!(violations(&app), Vec::<String>::new());
}

#[test]
fn sixty_four_submissions_on_the_last_vacant_post() {
    let Scene { app, employer, posts } = scene(1);
    let people: Vec<_> = (0..64).map(|_| candidate(&app)).collect();
    let calls = people.iter().map(|person| {
        let (app, employer, post) = (&app, &employer, &posts[0]);
        Box::new(move || submit_with(app, employer, &contract(app, post, &person.id)).send())
            as Box<dyn FnOnce() -> Answer + Send>
    });
    let answers = race(calls.collect());
    assert_eq!(answers.iter().filter(|a| a.0 == 201).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|a| a.0 == 201 || a.1 == "post_not_vacant" || a.0 == 503), "{answers:?}");
    assert_eq!(violations(&app), Vec::<String>::new());
}

/// Rounds of each race of two.
const ROUNDS: usize = 200;

#[test]
fn submission_and_validation_race_a_return_of_the_same_post() {
    let Scene { app, employer, posts } = scene(ROUNDS as i32);
    let person = candidate(&app);
    let (mut returned, mut hired) = (0, 0);
    for (round, post) in posts.iter().enumerate() {
        let back = json!({"post_id": post, "reason": "capacite_financiere"});
        let back = app.post("/api/v1/post-returns").by(&employer.actor).json(&back).expect(201);
        let back = (format!("/api/v1/post-returns/{}", back.id()), back.etag());
        let accept = || app.post(&format!("{}/accept", back.0)).by(&Actor::Anct).if_match(&back.1).send();
        let body = contract(&app, post, &person.id);
        let answers = race(vec![Box::new(accept), Box::new(|| submit_with(&app, &employer, &body).send())]);
        match (answers[0].0, answers[1].0) {
            (200, 409 | 422) => returned += 1,
            (409, 201) => {
                let list = format!("/api/v1/recruitments?post_id={post}&status=submitted");
                let id = app.get(&list).by(&employer.actor).expect(200).text_at("/data/0/id");
                let validate = || validate_by(&app, &Actor::Bdt, &id).send();
                let answers = race(vec![Box::new(accept), Box::new(validate)]);
                assert_eq!(
                    (answers[0].1.as_str(), answers[1].0),
                    ("post_not_vacant", 200),
                    "round {round}: {answers:?}"
                );
                hired += 1;
                ask_termination(&app, &employer, &id);
                step(&app, &Actor::Anct, &path(&id), "terminate").expect(200);
                app.advance(TimeDelta::days(1));
            }
            _ => panic!("round {round}: {answers:?}"),
        }
        assert_eq!(violations(&app), Vec::<String>::new(), "round {round}");
    }
    println!("{ROUNDS} rounds: {returned} returned, {hired} hired");
    assert_eq!(returned + hired, ROUNDS);
}

#[test]
fn a_termination_races_an_extension() {
    let Scene { app, employer, posts } = scene(1);
    let person = candidate(&app);
    let mut id = recruited(&app, &employer, &posts[0], &person.id);
    let (mut extended, mut ended) = (0, 0);
    for round in 0..ROUNDS {
        let end: NaiveDate = app.get(&path(&id)).by(&Actor::Anct).expect(200).text_at("/ends_on").parse().unwrap();
        let later = json!({"ends_on": end + TimeDelta::days(1)});
        let asked = app.post(&format!("{}/extensions", path(&id))).by(&employer.actor).json(&later).expect(201);
        let extension = format!("/api/v1/extensions/{}", asked.id());
        let body = json!({"terminates_on": app.today(), "reason": "demission"});
        let etag = app.get(&path(&id)).by(&employer.actor).expect(200).etag();
        let validate = || app.post(&format!("{extension}/validate")).by(&Actor::Bdt).if_match(&asked.etag()).send();
        let request = || {
            app.post(&format!("{}/request-termination", path(&id)))
                .by(&employer.actor)
                .if_match(&etag)
                .json(&body)
                .send()
        };
        let answers = race(vec![Box::new(validate), Box::new(request)]);
        // The one that comes second sees the other's version, or its state.
        match (answers[0].0, answers[1].0) {
            (200, 412) => extended += 1,
            (409 | 200, 200) => {
                if answers[0].0 == 200 {
                    extended += 1
                }
                let terminate = || step(&app, &Actor::Anct, &path(&id), "terminate").send();
                let again = || step(&app, &Actor::Bdt, &extension, "validate").send();
                let answers = race(vec![Box::new(terminate), Box::new(again)]);
                assert_eq!(answers[0].0, 200, "round {round}: {answers:?}");
                assert_ne!(answers[1].0, 200, "round {round}: {answers:?}");
                ended += 1;
                app.advance(TimeDelta::days(1));
                id = recruited(&app, &employer, &posts[0], &person.id);
            }
            _ => panic!("round {round}: {answers:?}"),
        }
        assert_eq!(violations(&app), Vec::<String>::new(), "round {round}");
    }
    println!("{ROUNDS} rounds: {extended} extended, {ended} broken off");
    assert!(ended > 0 && ended + extended >= ROUNDS);
}
