//! The official geographic code, as callers search it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Answer, App};

const COMMUNES: &str = "/api/v1/communes";

fn names(app: &App, query: &[(&str, &str)]) -> Vec<String> {
    search(app, query).values("/data", "/name")
}

fn search(app: &App, query: &[(&str, &str)]) -> Answer {
    query.iter().fold(app.get(COMMUNES), |call, (name, value)| call.query(name, value)).expect(200)
}

#[test]
fn communes_are_found_as_people_write_them() {
    let app = App::start();
    for (written, name) in [
        ("st nicolas de la grave", "Saint-Nicolas-de-la-Grave"),
        ("SAINT-NICOLAS-DE-LA-GRAVE", "Saint-Nicolas-de-la-Grave"),
        ("St. Nicolas de la Grave", "Saint-Nicolas-de-la-Grave"),
        ("ste maxime", "Sainte-Maxime"),
        ("l'abergement clemenciat", "L'Abergement-Clémenciat"),
        ("l’abergement-clémenciat", "L'Abergement-Clémenciat"),
        ("iles saint paul", "Îles Saint-Paul et Nouvelle-Amsterdam"),
        // Names that a commune took over.
        ("cran gevrier", "Annecy"),
        ("Annecy-le-Vieux", "Annecy"),
    ] {
        assert_eq!(names(&app, &[("q", written)]).first().map(String::as_str), Some(name), "{written}");
    }
    // The name itself comes before names that start with it or hold it.
    assert_eq!(names(&app, &[("q", "saint nicolas")])[0], "Saint-Nicolas");
    // What LIKE would read as a wildcard is text.
    for wildcard in ["mois%c", "moiss_c", "moissa\\c", "%moissac%x"] {
        assert_eq!(search(&app, &[("q", wildcard)]).at("/meta/total"), 0, "{wildcard}");
    }
}

#[test]
fn a_postal_code_names_all_its_communes_wherever_they_lie() {
    let app = App::start();
    let moissac = search(&app, &[("postal_code", "82200")]);
    let listed: BTreeSet<String> = moissac.values("/data", "/name").into_iter().collect();
    assert!(listed.contains("Moissac") && listed.contains("Malause"), "{listed:?}");
    assert_eq!(moissac.at("/meta/total"), listed.len());

    for (postal_code, departement) in [("20000", "2A"), ("97150", "978"), ("97133", "977")] {
        let codes = search(&app, &[("postal_code", postal_code)]).values("/data", "/departement_code");
        assert!(!codes.is_empty() && codes.iter().all(|code| code == departement), "{postal_code}: {codes:?}");
    }
    app.get(COMMUNES).query("postal_code", "8220").problem("invalid_parameter");
}

#[test]
fn departements_are_known_by_their_code_on_the_mainland_in_corsica_and_overseas() {
    let app = App::start();
    for (code, name, region) in [
        ("82", "Tarn-et-Garonne", "76"),
        ("01", "Ain", "84"),
        ("2A", "Corse-du-Sud", "94"),
        ("2B", "Haute-Corse", "94"),
        ("971", "Guadeloupe", "01"),
        ("976", "Mayotte", "06"),
        ("978", "Saint-Martin", "978"),
        ("988", "Nouvelle-Calédonie", "988"),
    ] {
        let found = app.get(&format!("/api/v1/departements/{code}")).expect(200);
        assert_eq!((found.text_at("/name"), found.text_at("/region_code")), (name.to_owned(), region.to_owned()));
    }
    for unknown in ["20", "96", "99", "2AB", "970"] {
        app.get(&format!("/api/v1/departements/{unknown}")).expect(404);
    }
    assert_eq!(app.get("/api/v1/departements").query("limit", "500").expect(200).at("/meta/total"), 109);
    assert_eq!(app.get("/api/v1/regions").expect(200).at("/meta/total"), 26);
    assert_eq!(app.get("/api/v1/epcis").query("limit", "1").expect(200).at("/meta/total"), 1255);
    let guadeloupe = app.get("/api/v1/departements").query("region_code", "01").expect(200);
    assert_eq!(guadeloupe.values("/data", "/code"), ["971"]);
    let sicoval = app.get("/api/v1/epcis").query("q", "sicoval").query("departement_code", "31").expect(200);
    assert_eq!(sicoval.at("/meta/total"), 1, "{}", sicoval.describe());
}

#[test]
fn the_code_of_a_commune_that_is_no_more_leads_to_its_heir() {
    let app = App::start();
    let annecy = app.get("/api/v1/communes/74093").expect(200);
    assert_eq!(annecy.at("/code"), "74010");
    let taken_over = ["Annecy-le-Vieux", "Cran-Gevrier", "Meythet", "Pringy", "Seynod"];
    assert_eq!(annecy.at("/former_names"), serde_json::json!(taken_over));
    app.get("/api/v1/communes/99999").problem("not_found");
}

#[test]
fn the_nearest_communes_come_first() {
    let app = App::start();
    let around = search(&app, &[("near", "1.355,44.018"), ("within_km", "20"), ("limit", "500")]);
    let km: Vec<f64> = around.values("/data", "/distance_km").iter().map(|km| km.parse().unwrap()).collect();
    assert_eq!(around.at("/data/0/name"), "Montauban");
    assert!(km.is_sorted() && km.iter().all(|km| *km <= 20.0) && km.len() > 20, "{km:?}");
    assert_eq!(around.at("/meta/total"), km.len());
    // The poles and the date line are places like others.
    for odd in ["0,90", "180,-90", "-180,0", "-176.2,-13.3"] {
        app.get(COMMUNES).query("near", odd).expect(200);
    }
    for wrong in ["44.018", "1.3,44.0,3", "200,44", "1.3;44", "NaN,1", "1,91"] {
        app.get(COMMUNES).query("near", wrong).problem("invalid_parameter");
    }
    let alone = app.get(COMMUNES).query("within_km", "20").problem("invalid_parameter");
    assert_eq!(alone.faults(), ["near: required"]);
}

/// Walks a list from its first page to its last and back.
fn walk(app: &App, first: &str) -> (Vec<String>, usize) {
    let (mut forth, mut pages) = (Vec::new(), 0);
    let mut page = app.get(first).expect(200);
    let total = page.at("/meta/total");
    loop {
        pages += 1;
        forth.extend(page.values("/data", "/code"));
        assert_eq!(page.at("/meta/total"), total, "the total changed on the way");
        match page.at("/links/next") {
            Value::String(next) => page = app.get(&next).expect(200),
            _ => break,
        }
    }
    assert_eq!(total, forth.len(), "{first}");
    let mut back: Vec<String> = Vec::new();
    loop {
        back.splice(0..0, page.values("/data", "/code"));
        match page.at("/links/prev") {
            Value::String(previous) => page = app.get(&previous).expect(200),
            _ => break,
        }
    }
    assert_eq!(forth, back, "{first}: the way back is another one");
    (forth, pages)
}

#[test]
fn walking_all_communes_meets_each_one_once_both_ways() {
    let app = App::start();
    let known = |condition: &str| -> BTreeSet<String> {
        let query = format!("select code from communes where {condition}");
        app.database.owner().column(&query).into_iter().collect()
    };
    let (country, corsica) = (known("true"), known("region_code = '94'"));
    assert_eq!((country.len(), corsica.len()), (35_014, 360));
    // Most communes share their population with another one.
    for sort in ["name", "-population"] {
        let (codes, pages) = walk(&app, &format!("{COMMUNES}?limit=500&sort={sort}"));
        assert_eq!((codes.len(), pages), (35_014, 71), "{sort}");
        assert_eq!(codes.into_iter().collect::<BTreeSet<_>>(), country, "{sort}");
    }
    let sorts = ["code", "-code", "-name", "population,-name", "-population,code", "distance_km", "relevance,-code"];
    for sort in sorts {
        let (codes, pages) = walk(&app, &format!("{COMMUNES}?region_code=94&limit=29&sort={sort}"));
        assert_eq!((codes.len(), pages), (360, 13), "{sort}");
        assert_eq!(codes.into_iter().collect::<BTreeSet<_>>(), corsica, "{sort}");
    }
    for search in ["q=saint&departement_code=82", "near=1.355,44.018&within_km=30", "q=mont&near=1.355,44.018"] {
        let (codes, pages) = walk(&app, &format!("{COMMUNES}?limit=7&{search}"));
        assert!(codes.len() > 20 && pages > 3, "{search}: {} in {pages}", codes.len());
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len(), "{search}");
    }
}

#[test]
fn a_cursor_serves_only_the_list_it_comes_from() {
    let app = App::start();
    let first = app.get(COMMUNES).query("limit", "10").query("departement_code", "82").expect(200);
    let next = first.text_at("/links/next");
    let cursor = next.split("cursor=").nth(1).unwrap();
    assert!(first.header("link").contains("rel=\"next\""), "{}", first.header("link"));
    assert_eq!(first.at("/links/prev"), Value::Null);
    // The size of the page may change on the way; filters and sort may not.
    app.get(&format!("{COMMUNES}?departement_code=82&limit=20&cursor={cursor}")).expect(200);
    for other in ["departement_code=81", "departement_code=82&sort=code", "departement_code=82&q=saint", "limit=10"] {
        app.get(&format!("{COMMUNES}?{other}&cursor={cursor}")).problem("invalid_cursor");
    }
    app.get(&format!("/api/v1/departements?departement_code=82&cursor={cursor}")).expect(400);
    app.get(&format!("/api/v1/epcis?departement_code=82&cursor={cursor}")).problem("invalid_cursor");
    let forged = format!("{}{}", if cursor.starts_with('A') { "B" } else { "A" }, &cursor[1..]);
    for forged in [forged.as_str(), "x", "e30", &cursor[..cursor.len() - 2], &cursor.repeat(2)] {
        app.get(&format!("{COMMUNES}?departement_code=82&cursor={forged}")).problem("invalid_cursor");
    }
}
