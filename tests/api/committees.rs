//! Committees: agenda, decisions, closing under the cap.

use std::thread;

use conum::platform::auth::Actor;
use serde_json::{Value, json};

use crate::support::App;
use crate::support::builders::*;

fn committed(app: &App) -> (i64, i64) {
    let rows = app.database.owner().rows(
        "select posts_committed::bigint as told,
            (select count(*) from posts where status <> 'returned')
            + (select coalesce(sum(posts_reserved - posts_consumed), 0) from reservations where status = 'active') as counted
         from programme",
    );
    (rows[0]["told"].as_i64().unwrap(), rows[0]["counted"].as_i64().unwrap())
}

/// Committees in session, each about to grant one post to a structure of its own.
fn ready_committees(app: &App, count: i32) -> Vec<String> {
    (0..count)
        .map(|number| {
            let employer = employer(app, &format!("Commune n° {number}"), "commune", "82112", "82200");
            let application = apply(app, &employer, 1);
            let committee = session(app, number + 1, 1, std::slice::from_ref(&application));
            retain(app, &committee, &application, 1);
            committee
        })
        .collect()
}

/// Closes all committees at once; the codes of the answers.
fn close_at_once(app: &App, committees: &[String]) -> Vec<String> {
    let barrier = std::sync::Barrier::new(committees.len());
    thread::scope(|scope| {
        let racers: Vec<_> = committees
            .iter()
            .map(|id| {
                let path = format!("/api/v1/committees/{id}");
                let close = transition(app, &path, "close");
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    let answer = close.send();
                    if answer.status == 200 { "closed".to_owned() } else { answer.text_at("/code") }
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    })
}

#[test]
fn sixty_four_committees_closing_at_once_never_overrun_the_cap() {
    let app = App::start();
    open_call(&app);
    app.database.owner().run("update programme set posts_cap = 20");
    let committees = ready_committees(&app, 64);
    let answers = close_at_once(&app, &committees);
    assert_eq!(answers.iter().filter(|a| *a == "closed").count(), 20, "{answers:?}");
    assert_eq!(answers.iter().filter(|a| *a == "programme_cap_exceeded").count(), 44, "{answers:?}");
    assert_eq!(committed(&app), (20, 20));
}

#[test]
fn committees_closing_at_once_never_overrun_an_allotment() {
    let app = App::start();
    open_call(&app);
    app.put("/api/v1/allotments/82").by(&Actor::Anct).json(&json!({"posts_ceiling": 5})).expect(200);
    let committees = ready_committees(&app, 16);
    let answers = close_at_once(&app, &committees);
    assert_eq!(answers.iter().filter(|a| *a == "closed").count(), 5, "{answers:?}");
    assert_eq!(answers.iter().filter(|a| *a == "allotment_exceeded").count(), 11, "{answers:?}");
    assert_eq!(committed(&app), (5, 5));
}

#[test]
fn one_committee_closed_twice_at_once_grants_once() {
    let app = App::start();
    open_call(&app);
    let committee = ready_committees(&app, 1).remove(0);
    let answers = close_at_once(&app, &vec![committee; 16]);
    assert_eq!(answers.iter().filter(|a| *a == "closed").count(), 1, "{answers:?}");
    assert_eq!(committed(&app), (1, 1));
}

#[test]
fn a_closing_that_fails_names_each_line_and_changes_nothing() {
    let app = App::start();
    open_call(&app);
    app.put("/api/v1/allotments/82").by(&Actor::Anct).json(&json!({"posts_ceiling": 2})).expect(200);
    let names = ["Parisot", "Moissac", "Caussade"];
    let applications: Vec<String> =
        names.iter().map(|name| apply(&app, &employer(&app, name, "commune", "82112", "82200"), 1)).collect();
    let elsewhere = apply(&app, &employer(&app, "Labège", "commune", "31254", "31670"), 1);
    let committee = session(&app, 1, 1, &[applications.as_slice(), std::slice::from_ref(&elsewhere)].concat());
    let path = format!("/api/v1/committees/{committee}");
    for application in &applications {
        retain(&app, &committee, application, 1);
    }
    let undecided = transition(&app, &path, "close").problem("decision_missing");
    assert_eq!(undecided.values("/lines", "/structure_name"), ["Labège"]);
    retain(&app, &committee, &elsewhere, 1);
    let emails = app.emails().len();
    let over = transition(&app, &path, "close").problem("allotment_exceeded");
    let mut lines = over.values("/lines", "/structure_name");
    lines.sort();
    assert_eq!(lines, ["Caussade", "Moissac", "Parisot"]);
    assert_eq!(over.at("/departements/0/code"), "82");
    assert_eq!((committed(&app), app.emails().len()), ((0, 0), emails));
    assert_eq!(app.get(&path).by(&Actor::Anct).expect(200).at("/status"), "in_session");
}

#[test]
fn every_outcome_leads_where_it_should() {
    let app = App::start();
    open_call(&app);
    let employers: Vec<Employer> =
        ["A", "B", "C"].iter().map(|name| employer(&app, name, "commune", "82112", "82200")).collect();
    let applications: Vec<String> = employers.iter().map(|e| apply(&app, e, 2)).collect();
    let committee = session(&app, 1, 1, &applications);
    let decide = |application: &str, body: Value| {
        app.put(&format!("/api/v1/committees/{committee}/decisions/{application}")).by(&Actor::Anct).json(&body)
    };
    decide(&applications[0], json!({"outcome": "retained", "posts_granted": 2})).problem("opinion_missing");
    decide(&applications[0], json!({"outcome": "retained", "posts_granted": 3, "without_opinion": true}))
        .problem("beyond_request");
    let faults =
        decide(&applications[0], json!({"outcome": "retained", "without_opinion": true})).problem("validation_failed");
    assert_eq!(faults.faults(), ["/posts_granted: required"]);
    let faults = decide(&applications[1], json!({"outcome": "refused", "posts_granted": 1, "without_opinion": true}));
    assert_eq!(faults.problem("validation_failed").faults(), ["/posts_granted: must_be_empty"]);
    decide(
        &applications[0],
        json!({"outcome": "retained", "posts_granted": 3, "without_opinion": true, "beyond_request": true}),
    )
    .expect(200);
    decide(&applications[1], json!({"outcome": "refused", "without_opinion": true})).expect(200);
    decide(&applications[2], json!({"outcome": "further_examination"})).expect(200);

    // Before the closing nobody outside learns of the decisions, and the opinion is frozen.
    let decisions = format!("/api/v1/committees/{committee}/decisions");
    assert_eq!(app.get(&decisions).by(&prefecture("82")).expect(200).at("/meta/total"), 0);
    assert_eq!(app.get(&decisions).by(&Actor::Anct).expect(200).at("/meta/total"), 3);
    app.put(&format!("/api/v1/applications/{}/opinion", applications[0]))
        .by(&prefecture("82"))
        .json(&json!({"opinion": "unfavourable", "comment": "Trop tard pour un avis."}))
        .problem("opinion_frozen");

    let dry = app.post(&format!("/api/v1/committees/{committee}/close?dry_run=true"));
    let etag = app.get(&format!("/api/v1/committees/{committee}")).by(&Actor::Anct).expect(200).etag();
    let dry = dry.by(&Actor::Anct).if_match(&etag).expect(200);
    assert!(
        dry.values("/effects", "/name").iter().filter(|name| *name == "post.granted").count() == 3,
        "{}",
        dry.text()
    );
    assert_eq!(committed(&app), (0, 0));

    transition(&app, &format!("/api/v1/committees/{committee}"), "close").expect(200);
    let status = |application: &str| {
        app.get(&format!("/api/v1/applications/{application}")).by(&Actor::Anct).expect(200).text_at("/status")
    };
    assert_eq!(applications.iter().map(|a| status(a)).collect::<Vec<_>>(), ["retained", "refused", "submitted"]);
    assert_eq!(app.get(&decisions).by(&prefecture("82")).expect(200).at("/meta/total"), 3);
    assert_eq!(app.get(&decisions).by(&prefecture("31")).expect(200).at("/meta/total"), 0);
    // Looked at again by the next committee.
    let next = session(&app, 2, 1, &applications[2..]);
    retain(&app, &next, &applications[2], 1);
    transition(&app, &format!("/api/v1/committees/{next}"), "close").expect(200);
    assert_eq!(status(&applications[2]), "retained");
    assert_eq!(committed(&app), (4, 4));
}

#[test]
fn decisions_are_imported_all_or_none() {
    let app = App::start();
    open_call(&app);
    let employers: Vec<Employer> =
        ["A", "B"].iter().map(|name| employer(&app, name, "commune", "82112", "82200")).collect();
    let applications: Vec<String> = employers.iter().map(|e| apply(&app, e, 1)).collect();
    let committee = session(&app, 1, 1, &applications);
    let references: Vec<String> = applications
        .iter()
        .map(|id| app.get(&format!("/api/v1/applications/{id}")).by(&Actor::Anct).expect(200).text_at("/reference"))
        .collect();
    let path = format!("/api/v1/committees/{committee}/decisions/import");
    let send = |key: &str, query: &str, file: String| {
        app.post(&format!("{path}{query}")).by(&Actor::Anct).key(key).body("text/csv", file)
    };
    let wrong = format!(
        "application_reference;outcome;posts_granted;without_opinion\n{};retained;4;oui\nCN-A-999999;retained;1;oui\n{};perhaps;x;oui\n",
        references[0], references[1]
    );
    let answer = send("a", "", wrong).problem("import_failed");
    assert_eq!(
        answer.faults(),
        [
            "/2: refused",
            "/3/application_reference: unknown_id",
            "/4/outcome: not_in_list",
            "/4/posts_granted: not_integer"
        ]
    );
    for (posts, code) in [("0", "too_small"), ("-3", "too_small"), ("1.5", "not_integer"), ("501", "too_large")] {
        let file = format!(
            "application_reference,outcome,posts_granted,without_opinion\n{},retained,{posts},oui\n",
            references[0]
        );
        let told = send(&format!("posts-{posts}"), "", file).problem("import_failed").faults();
        assert_eq!(told, [format!("/2/posts_granted: {code}")], "{posts}");
    }
    assert_eq!(
        app.get(&format!("/api/v1/committees/{committee}")).by(&Actor::Anct).expect(200).at("/decided_count"),
        0
    );
    let right = format!(
        "\u{feff}application_reference,outcome,posts_granted,without_opinion,observations\n{},retained,1,true,\"Oui, d'accord\"\n{},refused,,true,\n",
        references[0], references[1]
    );
    send("b", "?dry_run=true", right.clone()).expect(200);
    assert_eq!(
        app.get(&format!("/api/v1/committees/{committee}")).by(&Actor::Anct).expect(200).at("/decided_count"),
        0
    );
    let report = send("b", "", right.clone()).expect(200);
    assert_eq!(report.at("/recorded_count"), 2);
    let again = send("b", "", right).expect(200);
    assert_eq!((again.header("idempotency-replayed"), again.text()), ("true", report.text()));
    app.post(&path).by(&Actor::Anct).body("text/csv", "x").problem("idempotency_key_required");
}

#[test]
fn posts_count_where_the_structure_lies_when_the_session_closes() {
    let app = App::start();
    open_call(&app);
    let anct = Actor::Anct;
    let reservation = app
        .post("/api/v1/reservations")
        .by(&anct)
        .json(
            &json!({"name": "Sicoval", "epci_siren": "243100633", "lead_departement_code": "31", "posts_reserved": 2}),
        )
        .expect(201)
        .id();
    let (mover, reserved) = (moissac(&app), employer(&app, "Labège", "commune", "31254", "31670"));
    let (a, b) = (apply(&app, &mover, 1), apply(&app, &reserved, 1));
    let committee = session(&app, 1, 1, &[a.clone(), b.clone()]);
    retain(&app, &committee, &a, 1);
    let decision =
        json!({"outcome": "retained", "posts_granted": 1, "without_opinion": true, "reservation_id": reservation});
    app.put(&format!("/api/v1/committees/{committee}/decisions/{b}")).by(&anct).json(&decision).expect(200);
    // Between decision and closing, both move.
    let relocate = |employer: &Employer, commune: &str, postal_code: &str| {
        let path = format!("/api/v1/structures/{}", employer.id);
        let etag = app.get(&path).by(&anct).expect(200).etag();
        let body = json!({"commune_code": commune, "postal_code": postal_code});
        app.patch(&path).by(&anct).if_match(&etag).json(&body).expect(200);
    };
    relocate(&mover, "46042", "46000");
    relocate(&reserved, "31555", "31000");
    let path = format!("/api/v1/committees/{committee}");
    let refused = transition(&app, &path, "close").problem("reservation_not_usable");
    assert_eq!(refused.values("/lines", "/structure_name"), ["Labège"]);
    retain(&app, &committee, &b, 1);
    transition(&app, &path, "close").expect(200);
    let rows = app
        .database
        .owner()
        .rows("select departement_code, posts_committed from allotments where posts_committed > 0 order by 1");
    // One post and the reservation's two in Haute-Garonne, one in the Lot, none in Tarn-et-Garonne.
    assert_eq!(
        rows,
        [
            json!({"departement_code": "31", "posts_committed": 3}),
            json!({"departement_code": "46", "posts_committed": 1})
        ]
    );
    assert_eq!(committed(&app), (4, 4));
}

#[test]
fn what_a_detail_shows_moves_its_version() {
    let app = App::start();
    open_call(&app);
    let employer = retained(&app, 1, 2);
    let path = format!("/api/v1/structures/{}", employer.id);
    let before = app.get(&path).by(&Actor::Anct).expect(200);
    let post = app.get("/api/v1/posts").by(&employer.actor).expect(200).text_at("/data/0/id");
    let post_path = format!("/api/v1/posts/{post}");
    let post_before = app.get(&post_path).by(&employer.actor).expect(200).etag();
    let body = json!({"post_id": post, "reason": "capacite_financiere"});
    let request = app.post("/api/v1/post-returns").by(&employer.actor).json(&body).expect(201);
    assert_ne!(app.get(&post_path).by(&employer.actor).expect(200).etag(), post_before);
    transition(&app, &format!("/api/v1/post-returns/{}", request.id()), "accept").expect(200);
    let after = app.get(&path).by(&Actor::Anct).expect(200);
    assert_eq!((before.at("/posts_count"), after.at("/posts_count")), (json!(2), json!(1)));
    assert_ne!(before.etag(), after.etag());
}

#[test]
fn a_session_decides_on_its_day_and_not_before_what_it_decides_of() {
    let app = App::start();
    open_call(&app);
    let employer = moissac(&app);
    let application = apply(&app, &employer, 1);
    let (yesterday, tomorrow) = (app.today() - chrono::TimeDelta::days(1), app.today() + chrono::TimeDelta::days(1));
    let refused = |number: i32, day: &str| {
        let body = json!({"number": number, "wave": 1, "held_on": day});
        app.post("/api/v1/committees").by(&Actor::Anct).json(&body).problem("validation_failed").faults()
    };
    for (day, code) in [
        ("1900-01-01", "too_small"),
        ("2020-11-16", "too_small"),
        ("2022-01-13", "too_large"),
        ("2099-12-31", "too_large"),
    ] {
        assert_eq!(refused(9, day), [format!("/held_on: {code}")], "{day}");
    }
    let made = |number: i32, day: chrono::NaiveDate| {
        let body = json!({"number": number, "wave": 1, "held_on": day});
        let id = app.post("/api/v1/committees").by(&Actor::Anct).json(&body).expect(201).id();
        app.put(&format!("/api/v1/committees/{id}/agenda/{application}")).by(&Actor::Anct).expect(200);
        format!("/api/v1/committees/{id}")
    };
    // Dated before the application was there.
    let early = made(1, yesterday);
    let told = app.get(&early).by(&Actor::Anct).expect(200).at("/transitions");
    assert_eq!(told[0]["refusal"], "committee_before_application", "{told}");
    transition(&app, &early, "open").problem("committee_before_application");
    let etag = app.get(&early).by(&Actor::Anct).expect(200).etag();
    app.patch(&early).by(&Actor::Anct).if_match(&etag).json(&json!({"held_on": tomorrow})).expect(200);
    // Not held yet.
    transition(&app, &early, "open").problem("committee_not_held_yet");
    app.advance(chrono::TimeDelta::days(1));
    transition(&app, &early, "open").expect(200);
    retain(&app, early.rsplit('/').next().unwrap(), &application, 1);
    // Something younger comes onto the agenda meanwhile.
    app.advance(chrono::TimeDelta::days(2));
    let other = employer_of_figeac(&app);
    let younger = apply(&app, &other, 1);
    app.put(&format!("{early}/agenda/{younger}")).by(&Actor::Anct).expect(200);
    retain(&app, early.rsplit('/').next().unwrap(), &younger, 1);
    transition(&app, &early, "close").problem("committee_before_application");
    let etag = app.get(&early).by(&Actor::Anct).expect(200).etag();
    app.delete(&format!("{early}/agenda/{younger}")).by(&Actor::Anct).if_match(&etag).expect(200);
    transition(&app, &early, "close").expect(200);
    let granted = app.get(&format!("/api/v1/posts?structure_id={}", employer.id)).by(&Actor::Anct).expect(200);
    assert_eq!(granted.at("/data/0/granted_on"), json!(tomorrow));
}

fn employer_of_figeac(app: &App) -> crate::support::builders::Employer {
    crate::support::builders::employer(app, "Commune de Figeac", "commune", "46102", "46100")
}

#[test]
fn prefectures_learn_what_was_decided_in_their_territory() {
    let app = App::start();
    open_call(&app);
    let invite = |email: &str, territory: Value| {
        let mut body = json!({"role": "prefecture", "email": email});
        body.as_object_mut().unwrap().extend(territory.as_object().unwrap().clone());
        app.post("/api/v1/accounts").by(&Actor::Anct).json(&body).expect(201);
    };
    invite("tarn-et-garonne@example.org", json!({"departement_code": "82"}));
    invite("occitanie@example.org", json!({"region_code": "76"}));
    invite("dordogne@example.org", json!({"departement_code": "24"}));
    app.database.owner().run("update accounts set status = 'active' where role = 'prefecture'");
    retained(&app, 1, 2);
    let told: Vec<String> = app
        .emails()
        .iter()
        .filter(|email| email["template"] == "committee_closed_to_prefecture")
        .map(|email| email["recipient"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(told, ["tarn-et-garonne@example.org", "occitanie@example.org"]);
    let letter = app.emails().into_iter().rfind(|e| e["template"] == "committee_closed_to_prefecture").unwrap();
    assert!(letter["text_body"].as_str().unwrap().contains("1 demande(s) retenue(s) pour 2 poste(s)"), "{letter}");
}
