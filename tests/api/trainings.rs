//! Training: bodies, paths, sessions, enrolments, attendance, certifications, calendars, figures.

use std::sync::Barrier;

use chrono::{NaiveDate, TimeDelta};
use conum::app::jobs;
use conum::platform::auth::{Actor, Territory};
use conum::platform::ids::TrainingBodyId;
use serde_json::{Value, json};

use crate::candidates::job;
use crate::recruitments::{Scene, scene};
use crate::subsidies::{instalments, pay_all, signed, terminate};
use crate::support::builders::{candidate, counsellor_of, prefecture, recruited, retained_at, siret, step};
use crate::support::{Answer, App};

/// A training body; as somebody who signs in for it.
pub fn training_body(app: &App) -> Actor {
    let body = json!({"name": format!("Organisme {} (essai)", siret()), "siret": siret()});
    let id = app.post("/api/v1/training-bodies").by(&Actor::Bdt).json(&body).expect(201).id();
    Actor::TrainingBody(TrainingBodyId::from_uuid(id.parse().unwrap()))
}

/// A path; its id.
pub fn training_path(app: &App, kind: &str, hours: i32) -> String {
    let body = json!({"name": format!("Parcours {kind} {}", siret()), "kind": kind, "hours": hours});
    app.post("/api/v1/training-paths").by(&Actor::Anct).json(&body).expect(201).id()
}

/// Mornings and afternoons of so many days from a day on.
pub fn half_days(from: NaiveDate, days: i64) -> Vec<String> {
    (0..days).flat_map(|day| ["am", "pm"].map(|half| format!("{}-{half}", from + TimeDelta::days(day)))).collect()
}

/// A session of so many days; its id.
#[track_caller]
pub fn session(app: &App, body: &Actor, path: &str, from: NaiveDate, days: i64, capacity: i32) -> String {
    let new = json!({"path_id": path, "region_code": "76", "place": "Montauban", "half_days": half_days(from, days), "capacity": capacity});
    app.post("/api/v1/training-sessions").by(body).json(&new).expect(201).id()
}

pub fn enrol<'a>(app: &'a App, by: &Actor, counsellor: &Actor, session: &str) -> crate::support::Call<'a> {
    let Actor::Counsellor(id) = counsellor else { panic!("a counsellor") };
    app.post("/api/v1/enrolments").by(by).json(&json!({"counsellor_id": id, "session_id": session}))
}

pub fn path(enrolment: &str) -> String {
    format!("/api/v1/enrolments/{enrolment}")
}

pub fn night(app: &App) -> Value {
    job(app, "settle_enrolments", jobs::settle_enrolments)
}

fn attend<'a>(app: &'a App, by: &Actor, enrolment: &str, half_day: &str, status: &str) -> crate::support::Call<'a> {
    app.put(&format!("{}/attendance/{half_day}", path(enrolment))).by(by).json(&json!({"status": status}))
}

/// Leads an enrolment to its end, present at every half-day but those of `absences`.
#[track_caller]
fn follow(app: &App, body: &Actor, enrolment: &str, absences: &[(usize, &str)]) {
    step(app, body, &path(enrolment), "confirm").expect(200);
    let view = app.get(&path(enrolment)).by(body).expect(200);
    let end: NaiveDate = view.text_at("/ends_on").parse().unwrap();
    app.advance(end - app.today());
    night(app);
    for (rank, half_day) in view.values("/attendance", "/half_day").iter().enumerate() {
        let status = absences.iter().find(|(at, _)| *at == rank).map_or("present", |(_, status)| status);
        attend(app, body, enrolment, half_day, status).expect(200);
    }
}

/// A counsellor in post since today.
pub fn counsellor(
    app: &App,
    scene_posts: &[String],
    at: usize,
    employer: &crate::support::builders::Employer,
) -> (Actor, String) {
    let contract = recruited(app, employer, &scene_posts[at], &candidate(app).id);
    (counsellor_of(app, &contract), contract)
}

#[test]
fn a_counsellor_is_enrolled_attends_and_is_certified() {
    let Scene { app, employer, posts } = scene(1);
    signed(&app, &employer);
    let (person, _) = counsellor(&app, &posts, 0, &employer);
    pay_all(&app);
    let (body, initial) = (training_body(&app), training_path(&app, "initial", 105));
    let course = session(&app, &body, &initial, app.today() + TimeDelta::days(20), 3, 2);
    let enrolment = enrol(&app, &employer.actor, &person, &course).expect(201);
    let id = enrolment.id();
    assert_eq!((enrolment.at("/status"), enrolment.at("/kind")), (json!("proposed"), json!("initial")));
    assert_eq!(app.get(&format!("/api/v1/training-sessions/{course}")).by(&person).expect(200).at("/seats_taken"), 1);
    let told = format!("select type from events where resource_id = '{course}' order by sequence");
    assert_eq!(app.database.owner().column(&told), ["training_session.created", "training_session.updated"]);
    step(&app, &body, &path(&id), "complete").problem("transition_not_allowed");
    step(&app, &body, &path(&id), "confirm").expect(200);
    attend(&app, &body, &id, "2021-02-11-am", "present").problem("transition_not_allowed");
    app.advance(TimeDelta::days(20));
    assert_eq!(night(&app), json!({"started": 1, "cancelled": 0}));
    assert_eq!(night(&app), json!({"started": 0, "cancelled": 0}));
    let half_days = app.get(&path(&id)).by(&body).expect(200).values("/attendance", "/half_day");
    attend(&app, &body, &id, &half_days[2], "present").problem("half_day_to_come");
    attend(&app, &body, &id, "2021-01-01-am", "present").problem("not_found");
    attend(&app, &body, &id, &half_days[0], "unjustified_absence").expect(200);
    step(&app, &body, &path(&id), "complete").problem("session_not_over");
    app.advance(TimeDelta::days(2));
    step(&app, &body, &path(&id), "complete").problem("attendance_missing");
    for half_day in &half_days[1..] {
        attend(&app, &body, &id, half_day, "present").expect(200);
    }
    // Each is told under a type that the feed lists: a program may ask for it alone, and a webhook too.
    let recorded = "/api/v1/events?type=enrolment.attendance_recorded";
    let recorded = app.get(recorded).by(&employer.actor).expect(200).values("/data", "/resource_id");
    assert_eq!(recorded, vec![id.clone(); half_days.len()]);
    // The Banque des Territoires sees the absence on the instalments of the post.
    let flagged = instalments(&app, "&absence_flag=true&status=planned");
    assert_eq!((flagged.at("/meta/total"), flagged.at("/data/0/unjustified_absences_count")), (json!(2), json!(1)));
    let done = step(&app, &body, &path(&id), "complete").expect(200);
    assert_eq!(
        (done.at("/status"), done.at("/completed_on"), done.at("/absence_flag")),
        (json!("completed"), json!(app.today()), json!(true))
    );
    attend(&app, &body, &id, &half_days[0], "present").problem("transition_not_allowed");
    // What waited for the training waits for months only.
    let waiting = instalments(&app, "&status=planned");
    assert_eq!(waiting.at("/data/0/unmet"), json!(["months_elapsed"]));
    // A certification within six months, or it is late.
    let due: NaiveDate = done.text_at("/certification_due_on").parse().unwrap();
    app.advance(due - app.today() + TimeDelta::days(1));
    assert_eq!(app.get(&path(&id)).by(&person).expect(200).at("/certification_late"), true);
    let Actor::Counsellor(counsellor) = person else { panic!("a counsellor") };
    let certify = |result: &str, by: &Actor| {
        let new = json!({"counsellor_id": counsellor, "kind": "ccp1", "result": result, "held_on": app.today()});
        app.post("/api/v1/certifications").by(by).json(&new)
    };
    assert_eq!(certify("failed", &body).expect(201).at("/attempt"), 1);
    assert_eq!(certify("passed", &Actor::Bdt).expect(201).at("/attempt"), 2);
    certify("passed", &Actor::Anct).problem("certification_passed");
    certify("passed", &employer.actor).problem("role_not_allowed");
    assert_eq!(app.get(&path(&id)).by(&person).expect(200).at("/certification_late"), false);
    assert_eq!(app.get("/api/v1/certifications").by(&employer.actor).expect(200).at("/meta/total"), 2);
    assert_eq!(app.get("/api/v1/certifications").by(&body).expect(200).at("/meta/total"), 1);
    assert_eq!(app.get("/api/v1/certifications").by(&prefecture("31")).expect(200).at("/meta/total"), 0);
}

#[test]
fn completing_the_initial_training_lets_the_instalment_fall_due() {
    let Scene { app, employer, posts } = scene(1);
    signed(&app, &employer);
    let (person, _) = counsellor(&app, &posts, 0, &employer);
    pay_all(&app);
    let (body, initial) = (training_body(&app), training_path(&app, "initial", 70));
    let course = session(&app, &body, &initial, app.today() + TimeDelta::days(200), 1, 1);
    let id = enrol(&app, &Actor::Bdt, &person, &course).expect(201).id();
    follow(&app, &body, &id, &[]);
    job(&app, "settle_instalments", jobs::settle_instalments);
    assert_eq!(instalments(&app, "&blocked=true").at("/meta/total"), 1);
    let rehearsed = step(&app, &body, &path(&id), "complete").query("dry_run", "true").expect(200);
    assert!(
        rehearsed.values("/effects", "/name").contains(&"instalment.fell_due".to_owned()),
        "{}",
        rehearsed.describe()
    );
    step(&app, &body, &path(&id), "complete").expect(200);
    let due = instalments(&app, "&status=due");
    assert_eq!((due.at("/meta/total"), due.at("/data/0/rank")), (json!(1), json!(2)));
}

#[test]
fn an_exemption_counts_as_a_training() {
    let Scene { app, employer, posts } = scene(1);
    signed(&app, &employer);
    let (person, _) = counsellor(&app, &posts, 0, &employer);
    let initial = training_path(&app, "initial", 175);
    let Actor::Counsellor(counsellor) = person else { panic!("a counsellor") };
    let body = json!({"counsellor_id": counsellor, "path_id": initial});
    let id = app.post("/api/v1/enrolments").by(&employer.actor).json(&body).expect(201).id();
    step(&app, &Actor::Bdt, &path(&id), "confirm").problem("enrolment_needs_session");
    let proof = json!({"proof": "Titre REMN obtenu en 2020, copie au dossier."});
    step(&app, &employer.actor, &path(&id), "exempt").json(&proof).problem("role_not_allowed");
    step(&app, &Actor::Anct, &path(&id), "exempt").json(&json!({"proof": "court"})).problem("validation_failed");
    let done = step(&app, &Actor::Anct, &path(&id), "exempt").json(&proof).expect(200);
    assert_eq!(done.at("/status"), "exempted");
    assert_eq!(instalments(&app, "&status=planned").at("/data/0/unmet"), json!(["months_elapsed"]));
    // One initial training a person.
    app.post("/api/v1/enrolments").by(&employer.actor).json(&body).problem("initial_training_exists");
}

#[test]
fn who_may_be_enrolled_where() {
    let Scene { app, employer, posts } = scene(2);
    let (first, contract) = counsellor(&app, &posts, 0, &employer);
    let other = retained_at(&app, "Commune de Castelsarrasin", "82033", "82100", 1);
    let body = training_body(&app);
    let (initial, module, pix) = (
        training_path(&app, "initial", 105),
        training_path(&app, "continuing", 14),
        training_path(&app, "continuing", 7),
    );
    let soon = app.today() + TimeDelta::days(10);
    let course = session(&app, &body, &initial, soon, 2, 5);
    // Not beyond reach, not twice, not at the same time.
    enrol(&app, &other.actor, &first, &course).problem("validation_failed");
    enrol(&app, &training_body(&app), &first, &course).problem("validation_failed");
    enrol(&app, &employer.actor, &first, &course).expect(201);
    enrol(&app, &employer.actor, &first, &course).problem("sessions_overlap");
    let same_time = session(&app, &body, &module, soon + TimeDelta::days(1), 1, 5);
    enrol(&app, &Actor::Bdt, &first, &same_time).problem("sessions_overlap");
    let later = session(&app, &body, &initial, soon + TimeDelta::days(30), 2, 5);
    enrol(&app, &first, &first, &later).problem("initial_training_exists");
    // One continuing module a civil year.
    let (spring, autumn) = (
        session(&app, &body, &module, soon + TimeDelta::days(60), 1, 5),
        session(&app, &body, &pix, soon + TimeDelta::days(90), 1, 5),
    );
    let next_year = session(&app, &body, &pix, soon + TimeDelta::days(400), 1, 5);
    let taken = enrol(&app, &Actor::Bdt, &first, &spring).expect(201).id();
    enrol(&app, &Actor::Bdt, &first, &autumn).problem("continuing_module_exists");
    enrol(&app, &Actor::Bdt, &first, &next_year).expect(201);
    step(&app, &Actor::Bdt, &path(&taken), "cancel").expect(200);
    enrol(&app, &Actor::Bdt, &first, &autumn).expect(201);
    // A contract must cover the first day.
    let far = session(&app, &body, &module, app.today() + TimeDelta::days(731), 1, 5);
    enrol(&app, &Actor::Bdt, &first, &far).problem("no_contract_on_that_day");
    // What nobody can attend any more is cancelled by night, and the seat is free.
    app.advance(TimeDelta::days(5));
    terminate(&app, &employer, &contract);
    assert_eq!(night(&app), json!({"started": 0, "cancelled": 3}));
    let free = app.get(&format!("/api/v1/training-sessions/{course}")).by(&body).expect(200);
    assert_eq!((free.at("/seats_taken"), free.at("/status")), (json!(0), json!("scheduled")));
    let faults = |changes: Value| {
        let mut new = json!({"path_id": initial, "half_days": half_days(soon, 1), "capacity": 5});
        for (name, value) in changes.as_object().unwrap() {
            new[name] = value.clone();
        }
        app.post("/api/v1/training-sessions").by(&body).json(&new).problem("validation_failed").faults()
    };
    assert_eq!(
        faults(json!({"half_days": ["2026-02-30-am", "2026-03-02-am", "2026-03-02-am"]})),
        ["/half_days/0: invalid_date", "/half_days/2: not_unique"]
    );
    assert_eq!(faults(json!({"region_code": "99"})), ["/region_code: unknown_id"]);
    assert_eq!(faults(json!({"capacity": 0})), ["/capacity: too_small"]);
    let bad = json!({"name": "Trop court", "kind": "initial", "hours": 71});
    app.post("/api/v1/training-paths").by(&Actor::Anct).json(&bad).problem("validation_failed");
}

#[test]
fn sixty_four_enrolments_take_the_last_seat_once() {
    let Scene { app, employer, posts } = scene(64);
    let body = training_body(&app);
    let course = session(&app, &body, &training_path(&app, "initial", 105), app.today() + TimeDelta::days(20), 1, 1);
    let people: Vec<Actor> = (0..64).map(|at| counsellor(&app, &posts, at, &employer).0).collect();
    let barrier = Barrier::new(people.len());
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let calls: Vec<_> = people
            .iter()
            .map(|person| {
                let (app, barrier, course) = (&app, &barrier, &course);
                scope.spawn(move || {
                    let call = enrol(app, &Actor::Bdt, person, course);
                    barrier.wait();
                    call.send()
                })
            })
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.at("/code"), "session_full", "{}", answer.describe());
    }
    let owner = &mut app.database.owner();
    assert_eq!(owner.number("select seats_taken from training_sessions"), 1);
    assert_eq!(owner.number("select count(*) from enrolments"), 1);
    // Never fewer seats than taken, whoever asks.
    assert!(owner.try_run("update training_sessions set seats_taken = 2").is_err());
    let etag = app.get(&format!("/api/v1/training-sessions/{course}")).by(&body).expect(200).etag();
    let fewer = app
        .patch(&format!("/api/v1/training-sessions/{course}"))
        .by(&body)
        .if_match(&etag)
        .body("application/merge-patch+json", r#"{"capacity":3}"#);
    assert_eq!(fewer.expect(200).at("/capacity"), 3);
}

#[test]
fn every_transition_of_every_state_does_what_the_enrolment_announces() {
    let mut tried = 0;
    for state in [
        "proposed",
        "waiting",
        "confirmed",
        "in_progress",
        "over",
        "completed",
        "dropped_out",
        "cancelled",
        "exempted",
        "too_late",
    ] {
        let Scene { app, employer, posts } = scene(1);
        let (person, _) = counsellor(&app, &posts, 0, &employer);
        let (body, initial) = (training_body(&app), training_path(&app, "initial", 105));
        let course = session(&app, &body, &initial, app.today() + TimeDelta::days(3), 2, 5);
        let Actor::Counsellor(counsellor) = &person else { panic!("a counsellor") };
        let id = if state == "waiting" {
            app.post("/api/v1/enrolments").by(&person).json(&json!({"path_id": initial})).expect(201).id()
        } else {
            enrol(&app, &employer.actor, &person, &course).expect(201).id()
        };
        let proof = json!({"proof": "Titre REMN obtenu en 2020."});
        match state {
            "confirmed" => drop(step(&app, &body, &path(&id), "confirm").expect(200)),
            "cancelled" => drop(step(&app, &body, &path(&id), "cancel").expect(200)),
            "exempted" => drop(step(&app, &Actor::Bdt, &path(&id), "exempt").json(&proof).expect(200)),
            "too_late" => app.advance(TimeDelta::days(4)),
            "in_progress" | "dropped_out" => {
                step(&app, &body, &path(&id), "confirm").expect(200);
                app.advance(TimeDelta::days(3));
                night(&app);
                if state == "dropped_out" {
                    step(&app, &body, &path(&id), "drop-out").expect(200);
                }
            }
            "over" | "completed" => {
                follow(&app, &body, &id, &[(1, "justified_absence")]);
                if state == "completed" {
                    step(&app, &body, &path(&id), "complete").expect(200);
                }
            }
            _ => {}
        }
        assert!(!counsellor.to_string().is_empty());
        for actor in [&Actor::Bdt, &body, &employer.actor, &person, &Actor::Anct, &prefecture("82")] {
            for (segment, name) in [
                ("confirm", "confirm_enrolment"),
                ("cancel", "cancel_enrolment"),
                ("drop-out", "drop_out_enrolment"),
                ("complete", "complete_enrolment"),
                ("exempt", "exempt_enrolment"),
            ] {
                let case = format!("{state} {name} by {}", actor.name());
                tried += 1;
                let file = app.get(&path(&id)).by(actor).send();
                if state == "waiting" && matches!(actor, Actor::TrainingBody(_)) {
                    // Nobody's session: not theirs to see.
                    assert_eq!(file.status, 404, "{case}");
                    continue;
                }
                let announced = file.at("/transitions").as_array().unwrap().clone();
                let announced = announced.into_iter().find(|t| t["name"] == name).expect("an announcement");
                let call = app
                    .post(&format!("{}/{segment}", path(&id)))
                    .by(actor)
                    .query("dry_run", "true")
                    .if_match(&file.etag());
                let answer = if segment == "exempt" { call.json(&proof) } else { call }.send();
                answer.agrees_with(&file);
                assert_eq!(announced["allowed"], answer.status == 200, "{case}: {}", answer.describe());
                if answer.status != 200 {
                    assert_eq!(announced["refusal"], answer.at("/code"), "{case}");
                }
            }
        }
    }
    assert_eq!(tried, 300);
}

#[test]
fn a_cancelled_session_takes_its_enrolments_with_it() {
    let Scene { app, employer, posts } = scene(2);
    let (body, initial) = (training_body(&app), training_path(&app, "initial", 105));
    let course = session(&app, &body, &initial, app.today() + TimeDelta::days(20), 1, 5);
    let ids: Vec<String> = (0..2)
        .map(|at| enrol(&app, &employer.actor, &counsellor(&app, &posts, at, &employer).0, &course).expect(201).id())
        .collect();
    step(&app, &body, &path(&ids[0]), "confirm").expect(200);
    let resource = format!("/api/v1/training-sessions/{course}");
    let reason = json!({"reason": "Trop peu d'inscrits à cette date."});
    step(&app, &training_body(&app), &resource, "cancel").json(&reason).problem("not_found");
    let before = app.emails().len();
    let cancelled = step(&app, &body, &resource, "cancel").json(&reason).expect(200);
    assert_eq!((cancelled.at("/status"), cancelled.at("/seats_taken")), (json!("cancelled"), json!(0)));
    for id in &ids {
        assert_eq!(app.get(&path(id)).by(&Actor::Bdt).expect(200).at("/status"), "cancelled");
    }
    // Structure and person are told of each.
    assert_eq!(app.emails().len(), before + 4);
    step(&app, &body, &resource, "cancel").json(&reason).problem("transition_not_allowed");
}

#[test]
fn enrolments_are_seen_within_reach_and_no_further() {
    let Scene { app, employer, posts } = scene(1);
    let stranger = retained_at(&app, "Commune de Figeac", "46102", "46100", 1);
    let (person, _) = counsellor(&app, &posts, 0, &employer);
    let (body, other_body) = (training_body(&app), training_body(&app));
    let course = session(&app, &body, &training_path(&app, "initial", 105), app.today() + TimeDelta::days(20), 1, 5);
    let id = enrol(&app, &employer.actor, &person, &course).expect(201).id();
    for actor in [&Actor::Anct, &Actor::Bdt, &prefecture("82"), &employer.actor, &person, &body] {
        assert_eq!(app.get(&path(&id)).by(actor).expect(200).at("/last_name"), "Exemple", "{}", actor.name());
    }
    for actor in [&prefecture("31"), &stranger.actor, &other_body] {
        app.get(&path(&id)).by(actor).problem("not_found");
        assert_eq!(app.get("/api/v1/enrolments").by(actor).expect(200).at("/meta/total"), 0, "{}", actor.name());
    }
    // The database itself shows as little: of contracts, contacts and other people nothing to a training body.
    let (Actor::TrainingBody(own), Actor::TrainingBody(other)) = (&body, &other_body) else { panic!("bodies") };
    let count = |actor: &str, reach: &str, value: &str, table: &str| {
        let mut session = app.database.application(&[("actor", actor), ("reach", reach), ("reach_value", value)]);
        session.number(&format!("select count(*) from {table}"))
    };
    for table in ["enrolments", "counsellors", "candidates"] {
        assert_eq!(count("training_body", "training_body", &own.to_string(), table), 1, "{table}");
        assert_eq!(count("training_body", "training_body", &other.to_string(), table), 0, "{table}");
    }
    for table in ["recruitments", "candidate_contacts", "structure_contacts", "agreements"] {
        assert_eq!(count("training_body", "training_body", &own.to_string(), table), 0, "{table}");
    }
    assert_eq!(count("observer", "country", "", "enrolments"), 0);
}

#[test]
fn a_calendar_holds_every_half_day_in_local_time() {
    let Scene { app, employer, posts } = scene(1);
    let (person, _) = counsellor(&app, &posts, 0, &employer);
    let body = training_body(&app);
    // Over the change to summer time of 28 March 2021.
    let course = session(&app, &body, &training_path(&app, "initial", 70), "2021-03-27".parse().unwrap(), 3, 5);
    enrol(&app, &employer.actor, &person, &course).expect(201);
    let Actor::Counsellor(counsellor) = &person else { panic!("a counsellor") };
    let session_calendar = format!("/api/v1/training-sessions/{course}/calendar.ics");
    let text = app.get(&session_calendar).by(&person).expect(200);
    assert!(text.header("content-type").starts_with("text/calendar"), "{}", text.header("content-type"));
    assert!(text.header("content-disposition").contains(".ics\""));
    let text = text.text();
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 6);
    assert!(text.contains("DTSTART:20210327T080000Z") && text.contains("DTSTART:20210329T070000Z"), "{text}");
    assert!(text.lines().all(|line| line.len() <= 76), "{text}");
    for (calendar, actor) in [
        (format!("/api/v1/counsellors/{counsellor}/calendar.ics"), &person),
        (format!("/api/v1/counsellors/{counsellor}/calendar.ics"), &employer.actor),
        (format!("/api/v1/structures/{}/calendar.ics", employer.id), &employer.actor),
    ] {
        let text = app.get(&calendar).by(actor).expect(200).text();
        assert_eq!(text.matches("BEGIN:VEVENT").count(), 6, "{calendar}");
        assert!(text.contains("Exemple"));
    }
    app.get(&format!("/api/v1/counsellors/{counsellor}/calendar.ics")).by(&prefecture("31")).problem("not_found");
}

/// Values of a property of a calendar's events.
fn property(calendar: &str, name: &str) -> Vec<String> {
    let plain = calendar.replace("\r\n ", "");
    plain.lines().filter_map(|line| line.strip_prefix(&format!("{name}:"))).map(ToOwned::to_owned).collect()
}

#[test]
fn a_calendar_follows_its_place_and_every_change_and_names_nobody_by_its_identifiers() {
    let Scene { app, employer, posts } = scene(1);
    let (person, _) = counsellor(&app, &posts, 0, &employer);
    let body = training_body(&app);
    let path_id = training_path(&app, "initial", 70);
    let day = app.today() + TimeDelta::days(30);
    for (region, hour) in [
        (Some("01"), 13),
        (Some("02"), 13),
        (Some("03"), 12),
        (Some("04"), 5),
        (Some("06"), 6),
        (Some("988"), 22),
        (Some("76"), if day.to_string().as_str() < "2021-03-28" { 8 } else { 7 }),
        (None, if day.to_string().as_str() < "2021-03-28" { 8 } else { 7 }),
    ] {
        let mut new = json!({"path_id": path_id, "half_days": [format!("{day}-am")], "capacity": 5});
        if let Some(region) = region {
            new["region_code"] = json!(region);
            new["place"] = json!("Salle 1");
        }
        let made = app.post("/api/v1/training-sessions").by(&body).json(&new).expect(201);
        let text =
            app.get(&format!("/api/v1/training-sessions/{}/calendar.ics", made.id())).by(&body).expect(200).text();
        let starts = property(&text, "DTSTART").concat();
        assert!(starts.ends_with(&format!("T{hour:02}0000Z")), "{region:?}: {starts}");
        assert!(property(&text, "PRODID").concat().contains("conum"), "{text}");
    }
    let course = session(&app, &body, &path_id, day, 1, 5);
    enrol(&app, &employer.actor, &person, &course).expect(201);
    let own = format!("/api/v1/structures/{}/calendar.ics", employer.id);
    let before = app.get(&own).by(&employer.actor).expect(200).text();
    assert!(property(&before, "UID").iter().all(|uid| !uid.to_lowercase().contains("exemple")), "{before}");
    let at = format!("/api/v1/training-sessions/{course}");
    app.advance(TimeDelta::hours(1));
    let etag = app.get(&at).by(&body).expect(200).etag();
    app.patch(&at).by(&body).if_match(&etag).json(&json!({"place": "Salle 2"})).expect(200);
    let after = app.get(&own).by(&employer.actor).expect(200).text();
    assert_eq!(property(&before, "UID"), property(&after, "UID"));
    let sequence = |text: &str| property(text, "SEQUENCE").concat().parse::<i32>().unwrap_or(-1);
    assert!(sequence(&before) >= 0 && sequence(&after) > sequence(&before), "{before}{after}");
    assert!(property(&after, "LAST-MODIFIED") > property(&before, "LAST-MODIFIED"), "{after}");
}

#[test]
fn the_figures_are_those_of_a_recount() {
    let Scene { app, employer, posts } = scene(4);
    let (body, initial) = (training_body(&app), training_path(&app, "initial", 105));
    let start = app.today();
    let course = session(&app, &body, &initial, start + TimeDelta::days(30), 2, 5);
    let people: Vec<Actor> = (0..4).map(|at| counsellor(&app, &posts, at, &employer).0).collect();
    let ids: Vec<String> =
        people.iter().map(|person| enrol(&app, &employer.actor, person, &course).expect(201).id()).collect();
    step(&app, &body, &path(&ids[3]), "cancel").expect(200);
    for id in &ids[..3] {
        step(&app, &body, &path(id), "confirm").expect(200);
    }
    app.advance(TimeDelta::days(31));
    night(&app);
    let half_days = app.get(&path(&ids[0])).by(&body).expect(200).values("/attendance", "/half_day");
    for (id, present) in [(&ids[0], 4), (&ids[1], 3)] {
        for (rank, half_day) in half_days.iter().enumerate() {
            attend(&app, &body, id, half_day, if rank < present { "present" } else { "unjustified_absence" })
                .expect(200);
        }
        step(&app, &body, &path(id), "complete").expect(200);
    }
    step(&app, &body, &path(&ids[2]), "drop-out").expect(200);
    let figures =
        |actor: &Actor, query: &str| app.get(&format!("/api/v1/statistics/training{query}")).by(actor).expect(200);
    let all = figures(&Actor::Bdt, "");
    let count = |name: &str| all.at(&format!("/figures/0/{name}"));
    assert_eq!(
        (count("enrolments_count"), count("ended_count"), count("completed_count")),
        (json!(3), json!(3), json!(2))
    );
    assert_eq!(count("completion_rate"), 66.7);
    assert_eq!(
        (count("half_days_recorded_count"), count("half_days_attended_count"), count("attendance_rate")),
        (json!(8), json!(7), json!(87.5))
    );
    // 105 hours over four half-days: 1,575 minutes each.
    assert_eq!(count("delivered_minutes"), 7 * 1575);
    assert_eq!(count("days_to_training"), 30.0);
    for (actor, query, rows) in [
        (&prefecture("82"), "", 1),
        (&prefecture("31"), "", 0),
        (&body, "", 1),
        (&training_body(&app), "", 0),
        (&Actor::Observer(Some(Territory::Region("76".to_owned()))), "", 1),
        (&Actor::Bdt, "?from_on=2099-01-01", 0),
        (&Actor::Bdt, "?region_code=84", 0),
    ] {
        let found = figures(actor, query).at("/figures");
        assert_eq!(found.as_array().unwrap().len(), rows, "{} {query}", actor.name());
    }
}

/// A scene in which a counsellor who is enrolled moves with the post to another structure; both structures, the counsellor.
pub fn moved_scene() -> (App, Actor, Actor, Actor, String) {
    let Scene { app, employer, posts } = scene(1);
    let other = retained_at(&app, "Commune de Figeac", "46102", "46100", 1);
    let (person, _) = counsellor(&app, &posts, 0, &employer);
    let (body, initial) = (training_body(&app), training_path(&app, "initial", 105));
    let course = session(&app, &body, &initial, app.today() + TimeDelta::days(60), 3, 2);
    let enrolment = enrol(&app, &employer.actor, &person, &course).expect(201).id();
    step(&app, &body, &path(&enrolment), "confirm").expect(200);
    app.advance(TimeDelta::days(10));
    let to = json!({"structure_id": other.id, "effective_on": app.today()});
    crate::support::builders::transition(&app, &format!("/api/v1/posts/{}", posts[0]), "transfer")
        .json(&to)
        .expect(200);
    (app, employer.actor, other.actor, person, enrolment)
}

#[test]
fn a_training_follows_its_counsellor_to_the_employer_of_the_day() {
    let (app, former, current, person, enrolment) = moved_scene();
    let list = |actor: &Actor| {
        let page = app.get("/api/v1/enrolments").by(actor).expect(200);
        (page.at("/meta/total"), page.values("/data", "/id"))
    };
    assert_eq!(list(&former), (json!(0), Vec::new()));
    app.get(&path(&enrolment)).by(&former).problem("not_found");
    assert_eq!(list(&prefecture("82")), (json!(0), Vec::new()));
    for actor in [&current, &person, &prefecture("46"), &Actor::Anct, &Actor::Bdt] {
        assert_eq!(list(actor), (json!(1), vec![enrolment.clone()]), "{actor:?}");
        let Actor::Employer(structure) = &current else { panic!("an employer") };
        let view = app.get(&path(&enrolment)).by(actor).expect(200);
        assert_eq!((view.at("/structure_id"), view.at("/departement_code")), (json!(structure), json!("46")));
    }
}
