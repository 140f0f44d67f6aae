//! Figures: exact after every kind of change, and told to everybody only in part.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, TimeDelta};
use conum::features::activity;
use conum::platform::auth::Actor;
use conum::platform::db::{Outcome, Request};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::activity::{Post, REPORTS, country, drift, report, totals};
use crate::places::place;
use crate::support::builders::{prefecture, step};

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
