//! Codes and names of territories, as they are and as they were; and the arrondissements, which belong to their city.

use conum::platform::auth::Actor;
use serde_json::{Value, json};

use crate::activity::{REPORTS, country, report, with};
use crate::support::builders::{employer, form, open_call, prefecture, retained_at};
use crate::support::{Answer, App};

fn total(app: &App, path: &str) -> Value {
    app.get(path).by(&Actor::Anct).expect(200).at("/meta/total")
}

fn commune(app: &App, code: &str) -> Answer {
    app.get(&format!("/api/v1/communes/{code}")).expect(200)
}

#[test]
fn every_arrondissement_has_its_city_and_the_body_of_its_city() {
    let app = App::start();
    for (city, count) in [("75056", 20), ("69123", 9), ("13055", 16)] {
        let siren = commune(&app, city).text_at("/epci_siren");
        let inside = app.get("/api/v1/communes").query("epci_siren", &siren).query("limit", "500").expect(200);
        let rows = inside.at("/data");
        let parts: Vec<&Value> = rows.as_array().unwrap().iter().filter(|row| row["city_code"] == city).collect();
        assert_eq!(parts.len(), count, "{city}");
        assert!(parts.iter().all(|row| row["kind"] == "arrondissement" && row["epci_siren"] == siren.as_str()));
    }
    assert_eq!(commune(&app, "75056").at("/city_code"), Value::Null);
}

#[test]
fn what_lies_in_an_arrondissement_lies_in_its_city() {
    let app = App::start();
    open_call(&app);
    let paris = "200054781";
    let before = app.get("/api/v1/statistics/coverage").query("region_code", "11").expect(200);
    let city = retained_at(&app, "Association du cinquième", "75105", "75005", 1);
    let structure = app.get(&format!("/api/v1/structures/{}", city.id)).by(&Actor::Anct).expect(200);
    assert_eq!((structure.at("/commune_code"), structure.at("/epci_siren")), (json!("75105"), json!(paris)));
    let place = json!({"name": "Point numérique", "address": "1 rue X", "postal_code": "75005", "commune_code": "75105", "services": ["demarches"]});
    app.post("/api/v1/places").by(&city.actor).json(&place).expect(201);
    for (list, count) in [("structures", 1), ("posts", 1), ("places", 1), ("applications", 1)] {
        for (filter, found) in [
            ("commune_code=75056", count),
            ("commune_code=75105", count),
            ("commune_code=75106", 0),
            ("commune_code=82112", 0),
            (&format!("epci_siren={paris}"), count),
            ("epci_siren=243100518", 0),
        ] {
            assert_eq!(total(&app, &format!("/api/v1/{list}?{filter}")), found, "{list} {filter}");
        }
    }
    // It covers its city, and the body of its city.
    let after = app.get("/api/v1/statistics/coverage").query("region_code", "11").expect(200);
    let covered = |answer: &Answer| {
        let rows = answer.at("/departements");
        let found = rows.as_array().unwrap().iter().find(|row| row["departement_code"] == "75").cloned().unwrap();
        (found["communes_count"].clone(), found["communes_covered_count"].clone())
    };
    assert_eq!((covered(&before), covered(&after)), ((json!(1), json!(0)), (json!(1), json!(1))));
    let uncovered = |kind: &str| {
        let path = format!("/api/v1/statistics/coverage/uncovered?departement_code=75&kind={kind}");
        app.get(&path).by(&Actor::Anct).expect(200).values("/data", "/code")
    };
    assert_eq!(uncovered("commune"), Vec::<String>::new());
    assert!(!uncovered("epci").contains(&paris.to_owned()));
    // A reservation for the body serves who lies in the arrondissement.
    let whole = json!({"name": "Paris", "epci_siren": paris, "lead_departement_code": "75", "posts_reserved": 1});
    let reservation = app.post("/api/v1/reservations").by(&Actor::Anct).json(&whole).expect(201);
    assert_eq!(reservation.at("/departement_code"), "75");
}

#[test]
fn activity_of_an_arrondissement_counts_for_its_city_and_the_body() {
    let (app, posts) = country();
    let author = &posts[0].counsellor;
    for code in ["69381", "69387", "69123", "69266"] {
        let elsewhere = json!({"channel": "autre_lieu", "commune_code": code});
        app.post(REPORTS).by(author).json(&with(report(app.today()), elsewhere)).expect(201);
    }
    let count = |by: &Actor, query: &str| {
        app.get(&format!("/api/v1/statistics/activity?{query}")).by(by).expect(200).at("/totals/reports_count")
    };
    for (query, found) in [
        ("commune_code=69123", 3),
        ("commune_code=69381", 1),
        ("commune_code=69382", 0),
        ("epci_siren=200046977", 4),
        ("epci_siren=200054781", 0),
    ] {
        assert_eq!(count(&Actor::Anct, query), found, "{query}");
        assert_eq!(count(author, query), found, "{query} of the author");
        assert_eq!(app.get(&format!("{REPORTS}?{query}")).by(author).expect(200).at("/meta/total"), found, "{query}");
        let months = app.get(&format!("/api/v1/statistics/activity/series?{query}")).by(&Actor::Anct).expect(200);
        let sum: i64 = months
            .at("/data")
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|row| row["totals"]["reports_count"].as_i64())
            .sum();
        assert!(months.at("/data").is_null() || sum == found, "{query}: {}", months.describe());
    }
    // Of a body that lies elsewhere a prefecture is told what lies with it.
    assert_eq!(count(&prefecture("82"), "epci_siren=200046977"), 0);
    assert_eq!(count(&prefecture("69"), "epci_siren=200046977"), 4);
    app.get("/api/v1/statistics/activity?epci_siren=200046977").expect(401);
    app.get("/api/v1/statistics/activity?epci_siren=999999999").by(&Actor::Anct).problem("invalid_parameter");
}

#[test]
fn every_name_that_a_commune_had_finds_it() {
    let app = App::start();
    for (written, code) in [
        ("Cherbourg-Octeville", "50129"),
        ("Château-du-Loir", "72071"),
        ("Contres", "41059"),
        ("Cloyes-sur-le-Loir", "28103"),
        ("Ouzouer-le-Marché", "41173"),
        ("Montreuil-sur-Mer", "62588"),
        ("AJACCIO CEDEX 01", "2A004"),
        ("Chalon s/Saône", "71076"),
        ("Mairie de Lormont", "33249"),
        ("COMMUNE DE GONFREVILLE L ORCHER", "76305"),
        ("Paris 05", "75105"),
        ("LYON 1", "69381"),
    ] {
        let found = app.get("/api/v1/communes").query("q", written).expect(200).values("/data", "/code");
        let first = found.iter().position(|known| known == code);
        assert!(first.is_some_and(|rank| rank < 2), "{written}: {found:?}");
    }
    // All of them: those of the delegated communes that kept the code of the chief town, and what later editions renamed.
    let names = include_str!("../../data/territories/former_names.csv");
    let names: Vec<(&str, &str)> = names.lines().skip(1).filter_map(|line| line.split_once(',')).collect();
    assert!(names.len() > 500);
    for (code, name) in names.iter().step_by(7) {
        let found = app.get("/api/v1/communes").query("q", name.trim_matches('"')).query("limit", "500").expect(200);
        assert!(found.values("/data", "/code").contains(&(*code).to_owned()), "{name} {code}");
    }
    let regions = app.get("/api/v1/regions").query("q", "midi pyrenees").expect(200);
    assert_eq!(regions.values("/data", "/code"), ["76"]);
}

#[test]
fn every_code_that_was_valid_is_read_as_that_of_today() {
    let app = App::start();
    for (former, today) in [
        ("97123", "97701"),
        ("97127", "97801"),
        ("98511", "97611"),
        ("20004", "2A004"),
        ("2a004", "2A004"),
        ("74093", "74010"),
    ] {
        assert_eq!(commune(&app, former).at("/code"), today, "{former}");
    }
    assert_eq!(app.get("/api/v1/departements/2a").expect(200).at("/code"), "2A");
    assert_eq!(app.get("/api/v1/departements/985").expect(200).at("/code"), "976");
    // In bodies and filters as well.
    let made =
        app.post("/api/v1/structures").json(&form("Commune de Saint-Martin", "commune", "97127", "97150")).expect(201);
    assert_eq!((made.at("/commune_code"), made.at("/departement_code")), (json!("97801"), json!("978")));
    employer(&app, "Commune d'Ajaccio", "commune", "2a004", "20000");
    for (filter, found) in [
        ("commune_code=97127", 1),
        ("departement_code=2a", 1),
        ("departement_code=2a,978", 2),
        ("commune_code=20004", 1),
        ("region_code=978", 1),
        ("departement_code=985", 0),
    ] {
        assert_eq!(total(&app, &format!("/api/v1/structures?{filter}")), found, "{filter}");
    }
    assert_eq!(total(&app, "/api/v1/departements?region_code=73"), 13);
}
