//! Places: the national standard, shared, published with consent, drawn and downloaded.

use conum::platform::auth::Actor;
use serde_json::{Value, json};

use crate::activity::{Post, country};
use crate::support::builders::{prefecture, siret, step};
use crate::support::{Answer, App};

const PLACES: &str = "/api/v1/places";

fn form(name: &str, commune: &str, postal: &str) -> Value {
    json!({"name": name, "address": "1 rue de la Mairie", "postal_code": postal, "commune_code": commune, "services": ["demarches", "quotidien"]})
}

/// A place of an employer, in the commune of its structure; its id.
pub fn place(app: &App, employer: &Actor) -> String {
    let Actor::Employer(id) = employer else { panic!("an employer") };
    let structure = app.get(&format!("/api/v1/structures/{id}")).by(employer).expect(200);
    let new = form(
        &format!("Médiathèque {}", siret()),
        &structure.text_at("/commune_code"),
        &structure.text_at("/postal_code"),
    );
    app.post(PLACES).by(employer).json(&new).expect(201).id()
}

fn path(id: &str) -> String {
    format!("{PLACES}/{id}")
}

fn member<'a>(app: &'a App, by: &Actor, place: &str, counsellor: &str, body: Value) -> crate::support::Call<'a> {
    app.put(&format!("{PLACES}/{place}/counsellors/{counsellor}")).by(by).json(&body)
}

fn public(app: &App) -> Vec<String> {
    app.get(PLACES).expect(200).values("/data", "/id")
}

#[test]
fn a_place_is_created_shared_and_shown_with_consent() {
    let (app, posts) = country();
    let Post { employer, counsellor, id, .. } = &posts[0];
    let new = form("Médiathèque (essai)", "82112", "82200");
    let made = app.post(PLACES).by(&employer.actor).json(&new).expect(201);
    let place = made.id();
    assert_eq!((made.at("/is_public"), made.at("/longitude")), (json!(true), json!(1.08487)));
    // The same name at the same address, however written, is the same place.
    let again = form("MEDIATHEQUE  (Essai)", "82112", "82200");
    app.post(PLACES).by(&employer.actor).json(&again).problem("place_exists");
    let near = app.post(PLACES).by(counsellor).json(&form("Mairie (essai)", "82112", "82200")).expect(201);
    assert_eq!(near.at("/possible_duplicates"), json!([place]));
    assert_eq!(near.at("/counsellors/0/counsellor_id"), id.as_str());
    // Two counsellors share it; one main place each.
    member(&app, counsellor, &place, id, json!({"main": true})).expect(200);
    member(&app, counsellor, &near.id(), id, json!({"main": true})).expect(200);
    member(&app, &posts[1].counsellor, &place, &posts[1].id, json!({})).expect(200);
    let seen = app.get(&path(&place)).by(&employer.actor).expect(200);
    assert_eq!(seen.values("/counsellors", "/main"), ["false", "false"]);
    // Names are for the place's own, and for everybody with consent.
    assert_eq!(app.get(&path(&place)).expect(200).at("/counsellors/0/first_name"), Value::Null);
    member(&app, &employer.actor, &place, id, json!({"name_published": true})).problem("validation_failed");
    member(&app, counsellor, &place, id, json!({"name_published": true})).expect(200);
    let shown = app.get(&path(&place)).expect(200).at("/counsellors");
    assert_eq!(shown.as_array().unwrap().iter().filter(|row| row["first_name"].is_string()).count(), 1, "{shown}");
    // It is hidden once all who work there object, or its structure does.
    member(&app, counsellor, &place, id, json!({"objects": true})).expect(200);
    assert!(public(&app).contains(&place));
    member(&app, &posts[1].counsellor, &place, &posts[1].id, json!({"objects": true})).expect(200);
    assert!(!public(&app).contains(&place));
    app.get(&path(&place)).expect(404);
    app.get(&path(&place)).by(&prefecture("31")).expect(404);
    app.get(&path(&place)).by(&prefecture("82")).expect(200);
    let etag = app.get(&path(&place)).by(&posts[1].counsellor).expect(200).etag();
    app.delete(&format!("{PLACES}/{place}/counsellors/{}", posts[1].id))
        .by(&posts[1].counsellor)
        .if_match(&etag)
        .expect(204);
    member(&app, counsellor, &place, id, json!({"objects": false})).expect(200);
    assert!(public(&app).contains(&place));
    let etag = app.get(&path(&place)).by(&employer.actor).expect(200).etag();
    app.patch(&path(&place)).by(&employer.actor).if_match(&etag).json(&json!({"published": false})).expect(200);
    assert!(!public(&app).contains(&place));
    app.patch(&path(&place)).by(&posts[1].employer.actor).if_match(&etag).json(&json!({"name": "Pris"})).expect(404);
}

#[test]
fn duplicates_are_merged_and_their_people_move() {
    let (app, posts) = country();
    let Post { employer, counsellor, id, .. } = &posts[0];
    let (stays, goes) = (place(&app, &employer.actor), place(&app, &employer.actor));
    member(&app, counsellor, &goes, id, json!({"main": true})).expect(200);
    let merge = |into: &str| step(&app, &Actor::Anct, &path(&goes), "merge").json(&json!({"into_id": into}));
    merge(&goes).problem("merge_into_itself");
    let merged: Answer = merge(&stays).expect(200);
    assert_eq!((merged.at("/merged_into_id"), merged.at("/is_public")), (json!(stays), json!(false)));
    let kept = app.get(&path(&stays)).by(&employer.actor).expect(200);
    assert_eq!((kept.at("/counsellors/0/counsellor_id"), kept.at("/counsellors/0/main")), (json!(id), json!(true)));
    merge(&stays).problem("place_merged");
    assert!(!public(&app).contains(&goes));
    let report = json!({"held_on": app.today(), "activity": "ponctuel", "channel": "rattachement", "place_id": goes, "duration_minutes": 30,
        "ages": {"plus_60": 1}, "statuses": {"retraite": 1}, "themes": ["internet"]});
    app.post("/api/v1/activity-reports").by(counsellor).json(&report).problem("validation_failed");
}

#[test]
fn hours_are_a_week_or_the_text_of_openstreetmap() {
    let (app, posts) = country();
    let by = &posts[0].employer.actor;
    let with = |name: &str, member: &str, value: Value| {
        let mut new = form(name, "82112", "82200");
        new[member] = value;
        app.post(PLACES).by(by).json(&new)
    };
    let week = json!([{"day": "tu", "opens": "14:00", "closes": "17:00"}, {"day": "mo", "opens": "09:00", "closes": "12:00"}, {"day": "tu", "opens": "09:00", "closes": "12:00"}]);
    let made = with("A", "opening_hours", week).expect(201);
    assert_eq!(made.at("/opening_hours_osm"), "Mo 09:00-12:00; Tu 09:00-12:00,14:00-17:00");
    assert_eq!(made.values("/opening_hours", "/opens"), ["09:00", "09:00", "14:00"]);
    let text = with("B", "opening_hours_osm", json!("Mo-Fr 09:00-12:00,14:00-17:00; PH off")).expect(201);
    assert_eq!(text.at("/opening_hours").as_array().unwrap().len(), 10);
    let seasonal = with("C", "opening_hours_osm", json!("Jul-Aug Mo 09:00-12:00")).expect(201);
    assert_eq!(seasonal.at("/opening_hours"), Value::Null);
    for (member, value) in [
        ("opening_hours_osm", json!("le matin")),
        ("opening_hours", json!([{"day": "mo", "opens": "12:00", "closes": "09:00"}])),
        (
            "opening_hours",
            json!([{"day": "mo", "opens": "09:00", "closes": "12:00"}, {"day": "mo", "opens": "11:00", "closes": "14:00"}]),
        ),
        ("opening_hours", json!([{"day": "mo", "opens": "9:00", "closes": "12:00"}])),
    ] {
        with("D", member, value).problem("validation_failed");
    }
}

#[test]
fn public_places_are_drawn_and_downloaded_in_the_standard() {
    let (app, posts) = country();
    for post in &posts {
        place(&app, &post.employer.actor);
    }
    let mut formula = form("=HYPERLINK(\"x\")", "82112", "82200");
    formula["phone"] = json!("05 63 00 00 00");
    app.post(PLACES).by(&posts[0].employer.actor).json(&formula).expect(201);
    let map = app.get("/api/v1/maps/places").expect(200);
    assert_eq!((map.at("/type"), map.at("/features").as_array().unwrap().len()), (json!("FeatureCollection"), 4));
    let corsica = app.get("/api/v1/maps/places?bbox=8.0,41.0,10.0,43.5").expect(200);
    assert_eq!(corsica.values("/features", "/properties/departement_code"), ["2A"]);
    assert_eq!(app.get("/api/v1/maps/places").header("If-None-Match", &map.etag()).expect(304).body.len(), 0);
    assert!(map.header("cache-control").starts_with("public"));
    for path in ["/api/v1/maps/places", "/api/v1/maps/departements"] {
        for accept in ["application/geo+json", "application/json", "*/*"] {
            let answer = app.get(path).header("Accept", accept).expect(200);
            let told = if accept == "application/json" { accept } else { "application/geo+json" };
            assert_eq!(answer.header("content-type"), told, "{path} {accept}");
        }
    }
    app.get("/api/v1/maps/places?bbox=8,43,10,41").problem("invalid_parameter");
    assert_eq!(app.get(&format!("{PLACES}?bbox=55,-22,56,-20")).expect(200).at("/meta/total"), 1);
    let csv = app.get("/api/v1/open-data/places?departement_code=82").header("Accept", "text/csv").expect(200).text();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let head: Vec<String> = reader.headers().unwrap().iter().map(ToOwned::to_owned).collect();
    assert_eq!(
        &head[..8],
        ["id", "pivot", "nom", "commune", "code_postal", "code_insee", "adresse", "complement_adresse"]
    );
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.unwrap()).collect();
    assert_eq!(rows.len(), 2);
    let at =
        |row: &csv::StringRecord, name: &str| row[head.iter().position(|column| column == name).unwrap()].to_owned();
    assert_eq!(
        at(&rows[0], "services"),
        "Aide aux démarches administratives|Maîtrise des outils numériques du quotidien"
    );
    assert_eq!(
        (at(&rows[1], "nom"), at(&rows[1], "telephone")),
        ("=HYPERLINK(\"x\")".to_owned(), "+33563000000".to_owned()),
        "open data says what is, and guards nothing"
    );
    assert_eq!(at(&rows[0], "dispositif_programmes_nationaux"), "Conseillers numériques");
}
