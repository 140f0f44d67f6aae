//! Activity reports: written, checked, imported.

use chrono::{NaiveDate, TimeDelta};
use conum::features::activity;
use conum::platform::auth::Actor;
use conum::platform::db::{Outcome, Request};
use serde_json::{Value, json};

use crate::support::builders::{Employer, candidate, counsellor_of, open_call, posts_of, recruited, retained_at};
use crate::support::{Answer, App};

pub const REPORTS: &str = "/api/v1/activity-reports";

/// A counsellor in post since the first of January 2021 and the structure that employs them.
pub struct Post {
    pub employer: Employer,
    pub counsellor: Actor,
    pub id: String,
    pub recruitment: String,
}

/// Counsellors of Moissac, Ajaccio and Saint-Denis de La Réunion, a year and a half later.
pub fn country() -> (App, Vec<Post>) {
    let app = App::start();
    open_call(&app);
    let towns = [
        ("Commune de Moissac", "82112", "82200"),
        ("Commune d'Ajaccio", "2A004", "20000"),
        ("Commune de Saint-Denis", "97411", "97400"),
    ];
    let employers: Vec<Employer> =
        towns.iter().map(|(name, code, postal)| retained_at(&app, name, code, postal, 2)).collect();
    let posts = employers
        .into_iter()
        .map(|employer| {
            let post = posts_of(&app, &employer).remove(0);
            let recruitment = recruited(&app, &employer, &post, &candidate(&app).id);
            let counsellor = counsellor_of(&app, &recruitment);
            let Actor::Counsellor(id) = counsellor else { panic!("a counsellor") };
            Post { employer, counsellor, id: id.to_string(), recruitment }
        })
        .collect();
    app.advance(TimeDelta::days(400));
    (app, posts)
}

pub fn report(on: NaiveDate) -> Value {
    json!({"held_on": on, "activity": "ponctuel", "channel": "distance", "duration_minutes": 30,
        "ages": {"plus_60": 1}, "statuses": {"retraite": 1}, "themes": ["internet"]})
}

pub fn with(mut report: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().expect("members") {
        report[name] = value.clone();
    }
    report
}

pub fn totals(app: &App, by: Option<&Actor>, query: &str) -> Answer {
    let call = app.get(&format!("/api/v1/statistics/activity?{query}"));
    match by {
        Some(actor) => call.by(actor),
        None => call,
    }
    .expect(200)
}

pub fn drift(app: &App) -> i64 {
    let found =
        app.service.db.write_now(&Request::job("check"), &|tx| activity::service::drift(tx).map(Outcome::Discard));
    found.expect("a comparison").iter().map(|(_, rows)| rows).sum()
}

#[test]
fn a_report_is_written_counted_changed_and_deleted() {
    let (app, posts) = country();
    let Post { counsellor, employer, .. } = &posts[0];
    let today = app.today();
    let made = app.post(REPORTS).by(counsellor).json(&report(today)).expect(201);
    assert_eq!(made.at("/report/commune_code"), "82112", "at a distance: where the employer lies");
    assert_eq!(made.at("/report/structure_id"), employer.id.as_str());
    let path = format!("{REPORTS}/{}", made.text_at("/report/id"));
    let count = |query: &str| totals(&app, Some(&Actor::Anct), query).at("/totals/reports_count");
    assert_eq!((count(""), count("departement_code=82"), count("departement_code=2A")), (json!(1), json!(1), json!(0)));
    // Nobody else reads it.
    app.get(&path).by(&posts[1].counsellor).expect(404);
    app.get(&path).by(&employer.actor).problem("role_not_allowed");
    let workshop = json!({"activity": "collectif", "participants_count": 6, "returning_count": 2, "ages": {"35_60": 2, "plus_60": 4},
        "statuses": {"en_emploi": 2, "retraite": 4}, "channel": "autre_lieu", "commune_code": "2A004", "duration_minutes": 90,
        "note": "À revoir."});
    let changed = app.patch(&path).by(counsellor).if_match(&made.etag()).json(&workshop).expect(200);
    assert_eq!(
        (changed.at("/report/participants_count"), changed.at("/revisions/0/content/participants")),
        (json!(6), json!(1))
    );
    assert_eq!(changed.at("/report/departement_code"), "2A");
    app.patch(&path).by(counsellor).if_match(&made.etag()).json(&workshop).problem("precondition_failed");
    let now = totals(&app, Some(counsellor), "group_by=age");
    assert_eq!(
        (now.at("/totals/supports_count"), now.at("/totals/people_count"), now.at("/totals/minutes")),
        (json!(6), json!(4), json!(90))
    );
    assert_eq!(now.at("/denominator"), 6);
    // The list that proves the figure.
    let proof = app.get(&now.text_at("/reports_link")).by(counsellor).expect(200);
    assert_eq!(proof.at("/meta/total"), now.at("/totals/reports_count"));
    assert_eq!((count("departement_code=82"), count("departement_code=2A")), (json!(0), json!(1)));
    assert_eq!(count("departement_code=82&territory_of=structure"), 1);
    app.delete(&path).by(counsellor).if_match(&changed.etag()).expect(204);
    app.get(&path).by(counsellor).expect(404);
    assert_eq!((count(""), drift(&app)), (json!(0), 0));
    let row = app.database.owner().rows("select deleted_at is null as live, note from activity_reports");
    assert_eq!(row, [json!({"live": false, "note": null})]);
}

#[test]
fn all_faults_of_a_report_are_told_at_once() {
    let (app, posts) = country();
    let counsellor = &posts[0].counsellor;
    let wrong = with(
        report(app.today() + TimeDelta::days(1)),
        json!({"participants_count": 3, "returning_count": 2, "ages": {"plus_60": 2}, "sub_themes": ["sante.espace_sante"],
            "follow_ups": {"individual_count": 4}, "redirections": [{"body": "caf", "people_count": 9}], "channel": "autre_lieu"}),
    );
    let told = app.post(REPORTS).by(counsellor).json(&wrong).problem("validation_failed");
    let pointers = told.values("/errors", "/pointer");
    for expected in [
        "/held_on",
        "/participants_count",
        "/ages",
        "/statuses",
        "/sub_themes",
        "/follow_ups/individual_count",
        "/redirections",
        "/commune_code",
    ] {
        assert!(pointers.contains(&expected.to_owned()), "{expected}: {}", told.describe());
    }
    for (on, changes, code) in [
        ("2019-12-31", json!({}), "/held_on: too_small"),
        ("2020-12-31", json!({}), "/held_on: not_covered"),
        ("2021-06-01", json!({"place_id": "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f"}), "/place_id: must_be_empty"),
        (
            "2021-06-01",
            json!({"channel": "rattachement", "place_id": "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f"}),
            "/place_id: unknown_id",
        ),
        ("2021-06-01", json!({"channel": "autre_lieu", "commune_code": "99999"}), "/commune_code: unknown_commune"),
        ("2021-06-01", json!({"themes": ["internet", "internet"]}), "/themes: not_unique"),
    ] {
        let told = app
            .post(REPORTS)
            .by(counsellor)
            .json(&with(report(on.parse().unwrap()), changes))
            .problem("validation_failed");
        assert!(told.faults().iter().any(|fault| fault == code), "{code}: {:?}", told.faults());
    }
    // The database refuses the same by itself.
    let mut owner = app.database.owner();
    app.post(REPORTS).by(counsellor).json(&report(app.today())).expect(201);
    for (change, constraint) in [
        ("participants = 2, age_plus_60 = 2, status_retraite = 2", "activity_reports_alone_check"),
        ("age_plus_60 = 0", "activity_reports_ages_check"),
        ("status_retraite = 0", "activity_reports_statuses_check"),
        ("returning_participants = 2", "activity_reports_returning_participants_check"),
        ("redirections = '{\"caf\": 1}'", "activity_reports_redirections_check"),
        ("follow_up_workshop = 2", "activity_reports_follow_up_workshop_check"),
        ("themes = '{}'", "activity_reports_themes_check"),
        ("themes = '{internet,internet}'", "activity_reports_themes_check"),
        ("themes = '{cuisine}'", "activity_reports_themes_check"),
        ("duration_minutes = 1440", "activity_reports_duration_minutes_check"),
        ("channel = 'rattachement'", "activity_reports_place_check"),
        ("held_on = '2019-12-31'", "activity_reports_held_on_check"),
    ] {
        let refused = owner.try_run(&format!("update activity_reports set {change}")).expect_err(change);
        assert!(refused.contains(constraint), "{change}: {refused}");
    }
}

#[test]
fn a_file_is_imported_line_by_line_and_again_without_effect() {
    let (app, posts) = country();
    let Post { counsellor, employer, id, .. } = &posts[0];
    let day: NaiveDate = "2021-06-16".parse().unwrap();
    let line = |name: &str, changes: Value| with(with(report(day), json!({"external_id": name})), changes).to_string();
    let file = [
        line("a", json!({})),
        line("b", json!({"ages": {"plus_60": 2}})),
        "{".to_owned(),
        line("c", json!({"held_on": "2021-06-17"})),
        line("a", json!({})),
    ]
    .join("\n");
    let send = |by: &Actor, media: &str, file: &str, query: &str| {
        app.post(&format!("{REPORTS}/import{query}"))
            .by(by)
            .key(&uuid::Uuid::new_v4().to_string())
            .body(media, file.to_owned())
            .expect(200)
    };
    let counts = |answer: &Answer| {
        ["created", "updated", "unchanged", "refused"]
            .map(|status| answer.at(&format!("/{status}_count")).as_i64().unwrap())
    };
    const NDJSON: &str = "application/x-ndjson";
    assert_eq!(counts(&send(counsellor, NDJSON, &file, "?dry_run=true")), [2, 0, 0, 3]);
    assert_eq!(app.get(REPORTS).by(counsellor).expect(200).at("/meta/total"), 0);
    let done = send(counsellor, NDJSON, &file, "");
    assert_eq!(counts(&done), [2, 0, 0, 3]);
    assert_eq!(
        (done.at("/lines/1/line"), done.at("/lines/1/faults/0/pointer"), done.at("/lines/1/faults/0/code")),
        (json!(2), json!("/ages"), json!("sum_differs"))
    );
    assert_eq!(done.at("/lines/4/faults/0/code"), "repeated");
    assert_eq!(counts(&send(counsellor, NDJSON, &file, "")), [0, 0, 2, 3]);
    let changed = line("a", json!({"duration_minutes": 45}));
    assert_eq!(counts(&send(counsellor, NDJSON, &changed, "")), [0, 1, 0, 0]);
    // What is exported may be imported.
    let csv = app.get(&format!("{REPORTS}?format=csv")).by(counsellor).expect(200).text();
    assert_eq!(counts(&send(counsellor, "text/csv", &csv, "")), [0, 0, 2, 0]);
    let semicolons = csv.lines().next().unwrap().replace(',', ";") + "\r\n";
    app.post(&format!("{REPORTS}/import"))
        .by(counsellor)
        .key("empty")
        .body("text/csv", semicolons)
        .problem("malformed_request");
    // Employers import for their own counsellors only.
    let named = |counsellor: &str| line("z", json!({"counsellor_id": counsellor}));
    assert_eq!(counts(&send(&employer.actor, NDJSON, &named(id), "")), [1, 0, 0, 0]);
    assert_eq!(counts(&send(&employer.actor, NDJSON, &named(&posts[1].id), "")), [0, 0, 0, 1]);
    assert_eq!(counts(&send(counsellor, NDJSON, &named(&posts[1].id), "")), [0, 0, 0, 1]);
    app.get(REPORTS).by(&employer.actor).problem("role_not_allowed");
    assert_eq!((totals(&app, Some(&employer.actor), "").at("/totals/reports_count"), drift(&app)), (json!(3), 0));
    // A name is taken once, also outside of imports.
    app.post(REPORTS).by(counsellor).json(&with(report(day), json!({"external_id": "a"}))).problem("report_exists");
}
