//! Activity reports: written, imported, counted exactly, and told to everybody only in part.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, TimeDelta};
use conum::features::activity;
use conum::platform::auth::Actor;
use conum::platform::db::{Outcome, Request};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::places::place;
use crate::support::builders::{
    Employer, candidate, counsellor_of, open_call, posts_of, prefecture, recruited, retained_at, step,
};
use crate::support::{Answer, App};

const REPORTS: &str = "/api/v1/activity-reports";

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

fn with(mut report: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().expect("members") {
        report[name] = value.clone();
    }
    report
}

fn totals(app: &App, by: Option<&Actor>, query: &str) -> Answer {
    let call = app.get(&format!("/api/v1/statistics/activity?{query}"));
    match by {
        Some(actor) => call.by(actor),
        None => call,
    }
    .expect(200)
}

fn drift(app: &App) -> i64 {
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

/// A report as the test remembers it.
#[derive(Clone, Debug)]
struct Remembered {
    path: String,
    post: usize,
    on: NaiveDate,
    departement: &'static str,
    commune: &'static str,
    place: Option<String>,
    activity: &'static str,
    channel: &'static str,
    minutes: i64,
    people: i64,
    returning: i64,
    old: i64,
    themes: Vec<&'static str>,
    caf: i64,
}

impl Remembered {
    fn random(rng: &mut StdRng, posts: &[Post], places: &[String], today: NaiveDate) -> Self {
        let post = rng.random_range(0..posts.len());
        let activity = ["individuel", "collectif", "ponctuel"][rng.random_range(0..3)];
        let people = if activity == "collectif" { rng.random_range(1..12) } else { 1 };
        // Moissac, Ajaccio, Saint-Denis; and a commune of Ain by the code that it had before it was merged.
        let towns = [("82112", "82"), ("2A004", "2A"), ("97411", "974"), ("01340", "01")];
        let town = towns[rng.random_range(0..4)];
        let (channel, commune, departement, place) = match rng.random_range(0..3) {
            0 => ("autre_lieu", town.0, town.1, None),
            1 => ("distance", towns[post].0, towns[post].1, None),
            _ => ("rattachement", towns[post].0, towns[post].1, Some(places[post].clone())),
        };
        let returning = rng.random_range(0..=people);
        let all = ["internet", "securite", "sante", "courriel"];
        let themes = all.into_iter().filter(|_| rng.random_bool(0.4)).collect::<Vec<_>>();
        Self {
            path: String::new(),
            post,
            on: today - TimeDelta::days(rng.random_range(0..120)),
            departement,
            commune,
            place,
            activity,
            channel,
            minutes: rng.random_range(5..300),
            people,
            returning,
            old: rng.random_range(0..=people),
            themes: if themes.is_empty() { vec!["autre"] } else { themes },
            caf: rng.random_range(0..=1),
        }
    }

    fn json(&self) -> Value {
        let redirections = if self.caf > 0 { json!([{"body": "caf", "people_count": self.caf}]) } else { json!([]) };
        let mut report = json!({"held_on": self.on, "activity": self.activity, "channel": self.channel, "duration_minutes": self.minutes,
            "participants_count": self.people, "returning_count": self.returning, "ages": {"plus_60": self.old, "18_35": self.people - self.old},
            "statuses": {"retraite": self.old, "en_emploi": self.people - self.old}, "themes": self.themes, "redirections": redirections});
        match (&self.place, self.channel) {
            (Some(place), _) => report["place_id"] = json!(place),
            (None, "autre_lieu") => report["commune_code"] = json!(self.commune),
            _ => {}
        }
        report
    }
}

type Tally = BTreeMap<String, i64>;

/// What the test itself counts, by key; the sums under `""`.
fn naive(reports: &[&Remembered], group_by: &str) -> (Tally, [i64; 5]) {
    let mut tally = Tally::new();
    let mut add = |key: String, count: i64| *tally.entry(key).or_default() += count;
    for report in reports {
        match group_by {
            "activity" => add(report.activity.into(), 1),
            "channel" => add(report.channel.into(), 1),
            "month" => add(report.on.format("%Y-%m").to_string(), 1),
            "departement" => add(report.departement.into(), 1),
            "age" => {
                add("plus_60".into(), report.old);
                add("18_35".into(), report.people - report.old);
            }
            "status" => {
                add("retraite".into(), report.old);
                add("en_emploi".into(), report.people - report.old);
            }
            "theme" => report.themes.iter().for_each(|theme| add((*theme).into(), 1)),
            "mission" => {
                let mission = |theme: &&str| match *theme {
                    "internet" | "courriel" | "autre" => "usages_quotidiens",
                    "securite" => "usages_critiques",
                    _ => "demarches",
                };
                let missions: std::collections::BTreeSet<_> = report.themes.iter().map(mission).collect();
                missions.into_iter().for_each(|mission| add(mission.into(), 1));
            }
            "duration_band" => add(
                match report.minutes {
                    0..30 => "moins_30",
                    30..60 => "30_60",
                    60..120 => "60_120",
                    _ => "plus_120",
                }
                .into(),
                1,
            ),
            "redirection_body" => add("caf".into(), report.caf),
            "region" => add(
                match report.departement {
                    "82" => "76",
                    "2A" => "94",
                    "974" => "04",
                    _ => "84",
                }
                .into(),
                1,
            ),
            _ => {}
        }
    }
    let sum = |value: fn(&Remembered) -> i64| reports.iter().map(|report| value(report)).sum::<i64>();
    (tally, [reports.len() as i64, sum(|r| r.people), sum(|r| r.returning), sum(|r| r.minutes), sum(|r| r.caf)])
}

#[test]
fn figures_equal_a_naive_recount_after_every_kind_of_change() {
    let (app, posts) = country();
    let places: Vec<String> = posts.iter().map(|post| place(&app, &post.employer.actor)).collect();
    let mut rng = StdRng::seed_from_u64(5);
    let mut reports: Vec<Remembered> = Vec::new();
    let today = app.today();
    for _ in 0..220 {
        let mut fresh = Remembered::random(&mut rng, &posts, &places, today);
        match rng.random_range(0..10) {
            0..6 => {
                let made = app.post(REPORTS).by(&posts[fresh.post].counsellor).json(&fresh.json()).expect(201);
                fresh.path = format!("{REPORTS}/{}", made.text_at("/report/id"));
                reports.push(fresh);
            }
            // Another day, month, year, place: everything moves.
            6..9 if !reports.is_empty() => {
                let at = rng.random_range(0..reports.len());
                let old = reports[at].clone();
                let (post, path) = (old.post, old.path.clone());
                while fresh.post != post {
                    fresh = Remembered::random(&mut rng, &posts, &places, today);
                }
                fresh.path = path.clone();
                let etag = app.get(&path).by(&posts[post].counsellor).expect(200).etag();
                let mut patch = fresh.json();
                // A merge patch keeps what it does not name.
                if patch.get("place_id").is_none() {
                    patch["place_id"] = Value::Null;
                }
                if patch.get("commune_code").is_none() {
                    patch["commune_code"] = Value::Null;
                }
                app.patch(&path).by(&posts[post].counsellor).if_match(&etag).json(&patch).expect(200);
                reports[at] = fresh;
            }
            9 if !reports.is_empty() => {
                let gone = reports.swap_remove(rng.random_range(0..reports.len()));
                let counsellor = &posts[gone.post].counsellor;
                let etag = app.get(&gone.path).by(counsellor).expect(200).etag();
                app.delete(&gone.path).by(counsellor).if_match(&etag).expect(204);
            }
            _ => {}
        }
    }
    assert!(reports.len() > 50);
    assert_eq!(drift(&app), 0, "rows of figures that differ from the reports");
    // The same from nothing.
    app.service
        .db
        .write_now(&Request::job("rebuild"), &|tx| activity::service::rebuild(tx).map(Outcome::Keep))
        .expect("a rebuild");
    assert_eq!(drift(&app), 0);
    let anct = Actor::Anct;
    let periods = [
        (today - TimeDelta::days(400), today),
        (today - TimeDelta::days(97), today - TimeDelta::days(5)),
        (today - TimeDelta::days(20), today - TimeDelta::days(20)),
        (today.with_day(1).unwrap(), today),
    ];
    let groups = [
        "activity",
        "channel",
        "theme",
        "mission",
        "duration_band",
        "age",
        "status",
        "redirection_body",
        "month",
        "departement",
        "region",
    ];
    let mut compared = 0;
    for (from, to) in periods {
        let within: Vec<&Remembered> = reports.iter().filter(|report| from <= report.on && report.on <= to).collect();
        let towns = ["82", "2A", "974"];
        // Who asks, for what, and which reports that is.
        let mut scopes: Vec<(Actor, String, Vec<&Remembered>)> = vec![(anct.clone(), String::new(), within.clone())];
        for code in ["82", "2A", "974", "01", "93"] {
            let there = within.iter().filter(|report| report.departement == code).copied().collect();
            scopes.push((anct.clone(), format!("&departement_code={code}"), there));
        }
        for (rank, post) in posts.iter().enumerate() {
            let own: Vec<&Remembered> = within.iter().filter(|report| report.post == rank).copied().collect();
            scopes.push((post.counsellor.clone(), String::new(), own.clone()));
            scopes.push((post.employer.actor.clone(), String::new(), own.clone()));
            scopes.push((anct.clone(), format!("&structure_id={}", post.employer.id), own.clone()));
            scopes.push((
                anct.clone(),
                format!("&territory_of=structure&departement_code={}", towns[rank]),
                own.clone(),
            ));
            let at = own.iter().filter(|report| report.place.is_some()).copied().collect();
            scopes.push((anct.clone(), format!("&place_id={}", places[rank]), at));
            let there = within.iter().filter(|report| report.departement == towns[rank]).copied().collect();
            scopes.push((prefecture(towns[rank]), String::new(), there));
        }
        for (actor, query, expected) in &scopes {
            for group in groups {
                // By the employer's territory, groups by territory mean that one.
                if query.contains("territory_of=structure") && matches!(group, "departement" | "region") {
                    continue;
                }
                let people =
                    matches!(actor, Actor::Counsellor(_) | Actor::Employer(_)) || query.contains("structure_id");
                if people && matches!(group, "departement" | "region") {
                    continue;
                }
                let answer = totals(&app, Some(actor), &format!("from_on={from}&to_on={to}&group_by={group}{query}"));
                let (tally, sums) = naive(expected, group);
                let told = ["reports_count", "supports_count", "returning_count", "minutes", "redirected_count"]
                    .map(|name| answer.at(&format!("/totals/{name}")).as_i64().unwrap());
                assert_eq!(told, sums, "{from} {to} {query} {group} by {actor:?}");
                let rows = answer.at("/groups");
                let found: Tally = rows
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|row| (row["key"].as_str().unwrap().to_owned(), row["count"].as_i64().unwrap()))
                    .filter(|(_, count)| *count != 0)
                    .collect();
                let tally: Tally = tally.into_iter().filter(|(_, count)| *count != 0).collect();
                assert_eq!(found, tally, "{from} {to} {query} {group} by {actor:?}");
                compared += 1;
            }
        }
        // Départements add up to the country, whichever meaning; those without activity stand with zero.
        for of in ["place", "structure"] {
            let all: Vec<i64> = app
                .get("/api/v1/departements?limit=500")
                .expect(200)
                .values("/data", "/code")
                .iter()
                .map(|code| {
                    totals(
                        &app,
                        Some(&anct),
                        &format!("from_on={from}&to_on={to}&territory_of={of}&departement_code={code}"),
                    )
                    .at("/totals/supports_count")
                    .as_i64()
                    .unwrap()
                })
                .collect();
            assert_eq!(all.iter().sum::<i64>(), naive(&within, "").1[1], "{of}");
            if from != today.with_day(1).unwrap() {
                break;
            }
        }
        let rows = totals(&app, Some(&anct), &format!("from_on={from}&to_on={to}&group_by=departement")).at("/groups");
        assert_eq!(rows.as_array().unwrap().len(), 109);
    }
    println!("{compared} answers compared with a naive recount of {} reports", reports.len());
}

#[test]
fn those_who_left_stay_counted_where_they_worked() {
    let (app, posts) = country();
    let Post { counsellor, employer, recruitment, .. } = &posts[0];
    for day in 0..3 {
        app.post(REPORTS).by(counsellor).json(&report(app.today() - TimeDelta::days(day))).expect(201);
    }
    crate::recruitments::ask_termination(&app, employer, recruitment);
    step(&app, &Actor::Anct, &crate::recruitments::path(recruitment), "terminate").expect(200);
    app.advance(TimeDelta::days(1));
    let told = app.post(REPORTS).by(counsellor).json(&report(app.today())).problem("validation_failed");
    assert_eq!(told.faults(), ["/held_on: not_covered"]);
    for (by, query) in [(&Actor::Anct, "departement_code=82"), (&employer.actor, ""), (counsellor, "")] {
        assert_eq!(totals(&app, Some(by), query).at("/totals/reports_count"), 3);
    }
    // A structure or counsellor of others is not there.
    app.get(&format!("/api/v1/statistics/activity?structure_id={}", employer.id)).by(&prefecture("31")).expect(404);
    app.get("/api/v1/statistics/activity?departement_code=31").by(&prefecture("82")).expect(404);
    app.get(&format!("/api/v1/statistics/activity?structure_id={}", employer.id))
        .by(&posts[1].employer.actor)
        .expect(404);
    app.get("/api/v1/statistics/activity?group_by=structure").by(&Actor::Anct).problem("invalid_parameter");
    let there = place(&app, &employer.actor);
    app.get(&format!("/api/v1/statistics/activity?place_id={there}")).by(&prefecture("31")).expect(404);
    app.get("/api/v1/statistics/activity?commune_code=82112").by(&prefecture("31")).expect(404);
    app.get(&format!("/api/v1/statistics/activity?place_id={there}")).by(&prefecture("82")).expect(200);
    let by_structure = totals(&app, Some(&prefecture("82")), "group_by=structure");
    assert_eq!(
        (by_structure.at("/groups/0/label"), by_structure.at("/groups/0/count")),
        (json!("Commune de Moissac"), json!(3))
    );
}

#[test]
fn the_public_is_told_no_small_cell_and_none_by_difference() {
    let (app, posts) = country();
    let today = app.today();
    let workshop = |on: NaiveDate, old: i64, young: i64| {
        with(
            report(on),
            json!({"activity": "collectif", "participants_count": old + young, "ages": {"plus_60": old, "moins_12": young},
            "statuses": {"retraite": old, "scolarise": young}}),
        )
    };
    let month = |back: i64| (today - TimeDelta::days(31 * back)).with_day(3).unwrap();
    let send = |post: usize, body: Value| app.post(REPORTS).by(&posts[post].counsellor).json(&body).expect(201);
    send(0, workshop(month(2), 20, 3));
    send(0, workshop(month(3), 30, 10));
    // Three people in a month of Corsica.
    send(1, workshop(month(2), 2, 1));
    send(1, workshop(month(3), 12, 0));
    let (from, to) = (month(3).with_day(1).unwrap(), month(1).with_day(1).unwrap() - TimeDelta::days(1));
    let all = totals(&app, None, &format!("from_on={from}&to_on={to}&group_by=departement"));
    assert_eq!((all.at("/totals/supports_count"), all.at("/masked")), (json!(75), json!(true)), "{}", all.describe());
    let corsica = totals(&app, None, &format!("from_on={from}&to_on={to}&departement_code=2A&group_by=month"));
    assert_eq!(corsica.at("/totals/supports_count"), 12);
    assert_eq!(
        (corsica.at("/groups/1/count"), corsica.at("/groups/1/masked")),
        (Value::Null, json!(true)),
        "{}",
        corsica.describe()
    );
    // The three children of Moissac are not the difference of anything: their neighbours are missing too.
    let ages = totals(
        &app,
        None,
        &format!("from_on={}&to_on={to}&departement_code=82&group_by=age", month(2).with_day(1).unwrap()),
    );
    assert_eq!(
        (ages.at("/totals/supports_count"), ages.at("/denominator")),
        (json!(23), json!(0)),
        "{}",
        ages.describe()
    );
    let longer = totals(&app, None, &format!("from_on={from}&to_on={to}&departement_code=82&group_by=age"));
    assert_eq!(
        (longer.at("/denominator"), longer.at("/groups/0/count"), longer.at("/groups/4/count")),
        (json!(40), json!(10), json!(30))
    );
    // Sums of territories are those of the country.
    let sum: i64 =
        all.at("/groups").as_array().unwrap().iter().filter_map(|row| row["totals"]["supports_count"].as_i64()).sum();
    assert_eq!(sum, 75);
    // Days, structures and people are for those who sign in.
    app.get(&format!("/api/v1/statistics/activity?from_on={}", month(2))).problem("invalid_parameter");
    app.get(&format!("/api/v1/statistics/activity?structure_id={}", posts[0].employer.id)).problem("unauthenticated");
    app.get("/api/v1/statistics/activity?group_by=counsellor").problem("unauthenticated");
    let series = app.get(&format!("/api/v1/statistics/activity/series?from_on={from}&to_on={to}")).expect(200);
    assert_eq!(series.at("/groups").as_array().unwrap().len(), 2);
    assert!(series.header("cache-control").contains("public") && !series.etag().is_empty());
    assert_eq!(
        app.get(&format!("/api/v1/statistics/activity/series?from_on={from}&to_on={to}"))
            .header("If-None-Match", &series.etag())
            .expect(304)
            .body
            .len(),
        0
    );
}

#[test]
fn writers_at_once_are_all_counted() {
    let (app, posts) = country();
    let today = app.today();
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let (app, posts) = (&app, &posts);
            scope.spawn(move || {
                for rank in 0..12 {
                    let by = &posts[(writer + rank) % 3].counsellor;
                    let on = today - TimeDelta::days(rank as i64 % 4);
                    let made = app.post(REPORTS).by(by).json(&report(on)).expect(201);
                    let path = format!("{REPORTS}/{}", made.text_at("/report/id"));
                    if rank % 3 == 0 {
                        let moved = json!({"held_on": on - TimeDelta::days(40), "channel": "autre_lieu", "commune_code": "82112"});
                        app.patch(&path).by(by).if_match(&made.etag()).json(&moved).expect(200);
                    } else if rank % 4 == 1 {
                        app.delete(&path).by(by).if_match(&made.etag()).expect(204);
                    }
                }
            });
        }
    });
    assert_eq!(drift(&app), 0);
    assert_eq!(totals(&app, Some(&Actor::Anct), "").at("/totals/reports_count"), 8 * 10);
}
