//! What people write: taken where it can mean only one thing, refused in words otherwise, never understood as something else.

use conum::platform::auth::Actor;
use serde_json::{Value, json};

use crate::support::builders::{candidate_form, candidate_from, employer, form, retained_at};
use crate::support::{Answer, App};

const PLACES: &str = "/api/v1/places";

fn place(name: &str, commune: &str, postal: &str, changes: Value) -> Value {
    let mut new = json!({"name": name, "address": "1 rue de la Mairie", "postal_code": postal, "commune_code": commune, "services": ["demarches"]});
    for (member, value) in changes.as_object().expect("members") {
        new[member] = value.clone();
    }
    new
}

/// A service, and the employer that writes.
fn started() -> (App, Actor) {
    let app = App::start();
    let actor = employer(&app, "Commune de Périgueux", "commune", "24322", "24000").actor;
    (app, actor)
}

fn write(app: &App, by: &Actor, changes: Value) -> Answer {
    let name = format!("Lieu {}", uuid::Uuid::new_v4());
    app.post(PLACES).by(by).json(&place(&name, "24322", "24000", changes)).send()
}

#[test]
fn phones_are_dialled_where_the_commune_lies() {
    let (app, by) = started();
    for (commune, postal, written, stored) in [
        ("98818", "98800", "24 15 41", "+687241541"),
        ("98817", "98809", "41 43 19", "+687414319"),
        ("97611", "97600", "0269 61 00 00", "+262269610000"),
        ("97502", "97500", "05 08 41 10 50", "+508411050"),
        ("97701", "97133", "0590 27 65 00", "+590590276500"),
        ("24322", "24000", "39 49", "3949"),
    ] {
        let new = place(&format!("Lieu {stored}"), commune, postal, json!({"phone": written}));
        let made = app.post(PLACES).by(&by).json(&new).expect(201);
        assert_eq!(made.at("/phone"), stored, "{written} in {commune}");
        // The commune alone moves no number that stands.
        let path = format!("{PLACES}/{}", made.id());
        let again = app.patch(&path).by(&by).if_match(&made.etag()).json(&json!({"phone": written})).expect(200);
        assert_eq!(again.at("/phone"), stored);
    }
    // Six digits may be of several islands: not guessed at.
    assert_eq!(write(&app, &by, json!({"phone": "41 43 19"})).faults(), ["/phone: invalid_phone"]);
    // The contact of a structure, and candidates, the same.
    let mut noumea = form("Commune de Nouméa", "commune", "98818", "98800");
    noumea["siret"] = Value::Null;
    noumea["ridet"] = json!("1234567.001");
    noumea["contact"]["phone"] = json!("24 15 41");
    let made = app.post("/api/v1/structures").json(&noumea).expect(201);
    assert_eq!((made.at("/contact/phone"), made.at("/ridet")), (json!("+687241541"), json!("1234567001")));
    let mut person = candidate_form(&app, "97611", "97600", Some(20));
    person["phone"] = json!("0269 61 00 00");
    let made = candidate_from(&app, &person);
    let seen = app.get(&format!("/api/v1/candidates/{}", made.id)).by(&Actor::Anct).expect(200);
    assert_eq!(seen.at("/phone"), "+262269610000");
}

#[test]
fn points_lie_near_their_commune() {
    let (app, by) = started();
    for (commune, postal, longitude, latitude, code) in [
        ("33063", "33000", 44.84, -0.58, "coordinates_swapped"),
        ("33063", "33000", 0.0, 0.0, "coordinates_far"),
        ("33063", "33000", 166.44, -22.27, "coordinates_far"),
        ("97411", "97400", -20.88, 55.45, "coordinates_swapped"),
        ("98818", "98800", 2.35, 48.85, "coordinates_far"),
    ] {
        let far = json!({"longitude": longitude, "latitude": latitude});
        let refused =
            app.post(PLACES).by(&by).json(&place("X", commune, postal, far.clone())).problem("validation_failed");
        assert_eq!(refused.faults(), [format!("/longitude: {code}"), format!("/latitude: {code}")]);
        let mut structure = form("X", "commune", commune, postal);
        structure["longitude"] = far["longitude"].clone();
        structure["latitude"] = far["latitude"].clone();
        if commune != "98818" {
            let refused = app.post("/api/v1/structures").json(&structure).problem("validation_failed");
            assert_eq!(refused.faults().len(), 2, "{}", refused.describe());
        }
    }
    // The wide communes of Guyane and the archipelagos, and the next town.
    for (commune, postal, longitude, latitude) in
        [("97353", "97319", -53.0, 3.0), ("33063", "33000", -0.58, 44.84), ("98735", "98735", -151.4, -16.8)]
    {
        let near = json!({"longitude": longitude, "latitude": latitude});
        let sent = app.post(PLACES).by(&by).json(&place("Y", commune, postal, near)).query("dry_run", "true").send();
        assert!(!sent.faults().iter().any(|fault| fault.contains("coordinates")), "{}", sent.describe());
    }
    // A change is judged as well, and of what moves the point goes to the town hall.
    let made = write(&app, &by, json!({}));
    let path = format!("{PLACES}/{}", made.id());
    let far = json!({"longitude": 45.04, "latitude": 0.36});
    app.patch(&path).by(&by).if_match(&made.etag()).json(&far).problem("validation_failed");
    let own = app.get("/api/v1/structures").by(&by).expect(200).text_at("/data/0/id");
    let etag = app.get(&format!("/api/v1/structures/{own}")).by(&by).expect(200).etag();
    let patch = app.patch(&format!("/api/v1/structures/{own}")).by(&by).if_match(&etag);
    patch.json(&far).problem("validation_failed");
}

#[test]
fn hours_are_what_was_written_or_nothing() {
    let (app, by) = started();
    let sent = |text: &str| write(&app, &by, json!({"opening_hours_osm": text}));
    for (text, spans, kept) in [
        (
            "Tu, Th, Fr 13:30-18:00; We, Sa 10:30-12:30, 13:30-18:00",
            Some(7),
            "Tu,Th,Fr 13:30-18:00; We,Sa 10:30-12:30,13:30-18:00",
        ),
        ("Mo-Fr 09:00-17 :00", Some(5), "Mo-Fr 09:00-17:00"),
        ("Mo-Fr 09:00-12:00;", Some(5), "Mo-Fr 09:00-12:00"),
        ("Mo–Fr 09:00–12:00", Some(5), "Mo-Fr 09:00-12:00"),
        ("Mo-Fr 14h00-19h00", Some(5), "Mo-Fr 14:00-19:00"),
        ("Lu-Ve 09:00-12:00", Some(5), "Mo-Fr 09:00-12:00"),
        ("\"sur rendez-vous\"", None, "\"sur rendez-vous\""),
        ("Mo-Fr \"sur rendez-vous\"", None, "Mo-Fr \"sur rendez-vous\""),
    ] {
        let made = sent(text);
        assert_eq!(made.status, 201, "{text}: {}", made.describe());
        assert_eq!(made.at("/opening_hours").as_array().map(Vec::len), spans, "{text}");
        assert_eq!(made.at("/opening_hours_osm"), kept);
    }
    for (text, position) in [("Mo-Fr", "1"), ("Mo-Fr 09:00-12:00,11:00-17:00", "1"), ("Sa 09:00-12:00; le matin", "17")]
    {
        let refused = sent(text);
        assert_eq!(refused.faults(), ["/opening_hours_osm: invalid_opening_hours"], "{text}");
        let told = refused.text_at("/errors/0/detail");
        assert!(told.contains(&format!("caractère {position}")) && told.contains("Mo-Fr"), "{text}: {told}");
    }
}

#[test]
fn addresses_identifiers_and_empty_cells_are_read_as_people_write_them() {
    let (app, by) = started();
    let made = write(
        &app,
        &by,
        json!({"website": "www.ville.fr", "booking_url": "HTTPS://WWW.LORMONT.FR", "siret": "401 092 267 00020 ", "phone": "", "email": "", "kind": "bib",
            "address_complement": "", "opening_hours_osm": "", "presentation": "x".repeat(2440)}),
    );
    assert_eq!(made.status, 201, "{}", made.describe());
    for (member, value) in [
        ("website", json!("https://www.ville.fr")),
        ("booking_url", json!("https://www.lormont.fr")),
        ("siret", json!("40109226700020")),
        ("phone", Value::Null),
        ("email", Value::Null),
        ("kind", json!("bib")),
        ("opening_hours_osm", Value::Null),
    ] {
        assert_eq!(made.at(&format!("/{member}")), value, "{member}");
    }
    for (member, value, code) in [
        ("website", "http://https://www.x.fr/", "invalid_url"),
        ("website", "http://www,x.fr", "invalid_url"),
        ("website", "https://user:pw@x.fr/", "invalid_url"),
        ("email", "mairie.liéhon@example.org", "invalid_email"),
        ("siret", "401 092 267 00021", "invalid_siret"),
        ("kind", "mairie", "not_in_list"),
    ] {
        let refused = write(&app, &by, json!({member: value}));
        assert_eq!(refused.faults(), [format!("/{member}: {code}")], "{value}: {}", refused.describe());
    }
    // What a patch sends empty is erased; what must be there is asked for.
    let path = format!("{PLACES}/{}", made.id());
    let erased =
        app.patch(&path).by(&by).if_match(&made.etag()).json(&json!({"website": "", "kind": null})).expect(200);
    assert_eq!((erased.at("/website"), erased.at("/kind")), (Value::Null, Value::Null));
    assert_eq!(write(&app, &by, json!({"address": ""})).status, 422);
    // As printed, in paths too.
    let new = form("Commune de Sarlat", "commune", "24520", "24200");
    let siret = new["siret"].as_str().unwrap().to_owned();
    app.post("/api/v1/structures").json(&new).expect(201);
    let spaced = format!("{}%20{}%20{}%20{}", &siret[..3], &siret[3..6], &siret[6..9], &siret[9..]);
    let found = app.get(&format!("/api/v1/structures/by-identifier/siret/{spaced}")).by(&Actor::Anct).expect(200);
    assert_eq!(found.at("/siret"), siret.as_str());
    // All faults at once.
    let many = json!({"phone": "41 43 19", "longitude": 0.0, "latitude": 0.0, "postal_code": "33000"});
    let refused = write(&app, &by, many);
    let told = [
        "postal_code: postal_code_mismatch",
        "longitude: coordinates_far",
        "latitude: coordinates_far",
        "phone: invalid_phone",
    ];
    assert_eq!(refused.faults(), told.map(|fault| format!("/{fault}")));
}

#[test]
fn a_dry_run_draws_no_number() {
    let (app, by) = started();
    let first = write(&app, &by, json!({})).text_at("/reference");
    for _ in 0..3 {
        let tried = app
            .post(PLACES)
            .by(&by)
            .query("dry_run", "true")
            .json(&place("Essai", "24322", "24000", json!({})))
            .expect(200);
        assert_ne!(tried.text_at("/reference"), first);
    }
    let second = write(&app, &by, json!({})).text_at("/reference");
    let number = |reference: &str| reference.rsplit('-').next().unwrap().parse::<i64>().unwrap();
    assert_eq!(number(&second), number(&first) + 1, "{first} {second}");
}

#[test]
fn a_box_may_cross_the_180th_meridian() {
    let (app, by) = started();
    for (name, commune, postal) in
        [("Nouméa", "98818", "98800"), ("Wallis", "98613", "98600"), ("Périgueux", "24322", "24000")]
    {
        app.post(PLACES).by(&by).json(&place(name, commune, postal, json!({}))).expect(201);
    }
    for (bbox, found) in
        [("160,-25,-170,-10", 2), ("160,-25,180,-10", 1), ("-180,-25,-170,-10", 1), ("-10,40,10,50", 1)]
    {
        assert_eq!(app.get(&format!("{PLACES}?bbox={bbox}")).expect(200).at("/meta/total"), found, "{bbox}");
        let map = app.get(&format!("/api/v1/maps/places?bbox={bbox}")).expect(200);
        assert_eq!(map.at("/features").as_array().map(Vec::len), Some(found), "{bbox}");
    }
    for wrong in ["160,-10,-170,-25", "181,-25,-170,-10", "0,-91,1,0"] {
        app.get(&format!("{PLACES}?bbox={wrong}")).problem("invalid_parameter");
    }
}

#[test]
fn kinds_of_places_are_filtered_and_published() {
    let app = App::start();
    crate::support::builders::open_call(&app);
    let by = retained_at(&app, "Commune de Moissac", "82112", "82200", 1).actor;
    let long = "Accompagnement numérique ".repeat(40);
    let told = json!({"kind": "bib", "presentation": long, "phone": "3949", "name": "@tout Clic"});
    app.post(PLACES).by(&by).json(&place("x", "82112", "82200", told)).expect(201);
    app.post(PLACES)
        .by(&by)
        .json(&place("Sans genre", "82112", "82200", json!({"siret": "21820112700014"})))
        .expect(201);
    for (filter, found) in [("kind=bib", 1), ("kind=bib,muni", 1), ("kind=muni", 0), ("", 2)] {
        assert_eq!(app.get(&format!("{PLACES}?{filter}")).expect(200).at("/meta/total"), found, "{filter}");
    }
    let labels = app.get("/api/v1/vocabularies/place_kinds").send();
    assert!(labels.status == 404 || labels.text().contains("Bibliothèque"), "{}", labels.describe());
    let csv = app.get("/api/v1/open-data/places").header("Accept", "text/csv").expect(200).text();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let head = reader.headers().unwrap().clone();
    assert_eq!(head.len(), 32);
    let at =
        |row: &csv::StringRecord, name: &str| row[head.iter().position(|column| column == name).unwrap()].to_owned();
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.unwrap()).collect();
    let structure = app.get("/api/v1/structures").by(&by).expect(200).text_at("/data/0/siret");
    assert_eq!((at(&rows[0], "pivot"), at(&rows[1], "pivot")), (structure, "21820112700014".to_owned()));
    assert_eq!((at(&rows[0], "nom"), at(&rows[0], "typologie")), ("@tout Clic".to_owned(), "BIB".to_owned()));
    let summary = at(&rows[0], "presentation_resume");
    assert!(summary.chars().count() <= 280 && summary.ends_with('…'), "{summary}");
    assert_eq!(at(&rows[0], "presentation_detail"), long.trim());
    assert_eq!(at(&rows[0], "telephone"), "", "the schema knows no short numbers");
}
