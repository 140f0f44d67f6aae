//! Figures of the programme: proved by lists, reproducible on any day, told within reach.

use chrono::TimeDelta;
use conum::platform::auth::{Actor, Territory};
use serde_json::{Value, json};

use crate::activity::country;
use crate::places::place;
use crate::support::builders::{candidate, posts_of, prefecture, recruited, step};

const PROGRAMME: &str = "/api/v1/statistics/programme";

#[test]
fn figures_of_the_programme_are_proved_by_lists_and_kept_for_any_day() {
    let (app, posts) = country();
    let before = app.today();
    app.advance(TimeDelta::days(1));
    // A second counsellor in Moissac; the contract of Ajaccio is broken off, and its post given back.
    let second = posts_of(&app, &posts[0].employer).remove(1);
    recruited(&app, &posts[0].employer, &second, &candidate(&app).id);
    let ajaccio = &posts[1];
    crate::recruitments::ask_termination(&app, &ajaccio.employer, &ajaccio.recruitment);
    step(&app, &Actor::Anct, &crate::recruitments::path(&ajaccio.recruitment), "terminate").expect(200);
    for by in [Actor::Anct, Actor::Bdt, prefecture("2A"), prefecture("82")] {
        let now = app.get(PROGRAMME).by(&by).expect(200);
        let proofs = now.at("/proofs");
        assert_eq!(proofs.as_array().unwrap().len(), 8);
        for proof in proofs.as_array().unwrap() {
            let link = proof["link"].as_str().unwrap();
            let total = app.get(link).by(&by).expect(200).at("/meta/total");
            let figure = now.at(&format!("/totals/{}", proof["figure"].as_str().unwrap()));
            assert_eq!(figure, total, "{link} by {by:?}: {}", now.describe());
        }
    }
    let figures = |on: Value, place: &str| {
        let on = on.as_str().map(|on| format!("as_of={on}&")).unwrap_or_default();
        let answer = app.get(&format!("{PROGRAMME}?{on}{place}")).by(&Actor::Anct).expect(200);
        ["posts_granted_count", "posts_vacant_count", "posts_occupied_count", "counsellors_in_post_count"]
            .map(|name| answer.at(&format!("/totals/{name}")).as_i64().unwrap())
    };
    assert_eq!(figures(Value::Null, ""), [6, 3, 3, 3]);
    assert_eq!(figures(json!(before), ""), [6, 3, 3, 3]);
    assert_eq!(
        (figures(json!(before), "departement_code=2A"), figures(Value::Null, "departement_code=2A")),
        ([2, 1, 1, 1], [2, 2, 0, 0])
    );
    assert_eq!(
        (figures(json!(before), "departement_code=82"), figures(Value::Null, "departement_code=82")),
        ([2, 1, 1, 1], [2, 0, 2, 2])
    );
    assert_eq!(figures(json!("2020-12-31"), ""), [0, 0, 0, 0]);
    let groups = app.get(&format!("{PROGRAMME}?group_by=departement")).by(&Actor::Anct).expect(200).at("/groups");
    assert_eq!(groups.as_array().unwrap().len(), 109);
    let sum =
        |name: &str| groups.as_array().unwrap().iter().map(|row| row["figures"][name].as_i64().unwrap()).sum::<i64>();
    assert_eq!((sum("posts_granted_count"), sum("posts_occupied_count")), (6, 3));
    // Within reach, and with as much as each may know.
    app.get(&format!("{PROGRAMME}?departement_code=2A")).by(&prefecture("82")).expect(404);
    assert_eq!(app.get(PROGRAMME).by(&prefecture("82")).expect(200).at("/totals/posts_granted_count"), 2);
    let anybody = app.get(PROGRAMME).expect(200);
    assert_eq!(
        (
            anybody.at("/totals/posts_occupied_count"),
            anybody.at("/totals/counsellors_in_post_count"),
            anybody.at("/totals/agreed_cents")
        ),
        (json!(3), Value::Null, Value::Null)
    );
    // People are not counted to everybody: they would be found by asking twice. Nothing moves but the figures.
    assert_eq!(
        (anybody.at("/totals/recruitments_submitted_count"), anybody.at("/computed_at")),
        (Value::Null, Value::Null)
    );
    app.advance(TimeDelta::minutes(5));
    app.get(PROGRAMME).header("If-None-Match", &anybody.etag()).expect(304);
    app.get(&format!("{PROGRAMME}?as_of={}", app.today() + TimeDelta::days(1))).problem("invalid_parameter");
}

#[test]
fn coverage_shows_those_without_anything() {
    let (app, posts) = country();
    place(&app, &posts[0].employer.actor);
    let all = app.get("/api/v1/statistics/coverage").expect(200);
    let rows = all.at("/departements");
    let row =
        |code: &str| rows.as_array().unwrap().iter().find(|row| row["departement_code"] == code).cloned().unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 109);
    assert_eq!(
        (&row("82")["posts_count"], &row("82")["places_count"], &row("82")["communes_covered_count"]),
        (&json!(2), &json!(1), &json!(1))
    );
    assert_eq!((&row("93")["posts_count"], &row("93")["posts_per_10000"]), (&json!(0), &json!(0.0)));
    assert_eq!((&row("2A")["posts_count"], &row("974")["posts_count"]), (&json!(2), &json!(2)));
    let uncovered =
        |by: &Actor, query: &str| app.get(&format!("/api/v1/statistics/coverage/uncovered?{query}")).by(by).expect(200);
    let communes = row("82")["communes_count"].as_i64().unwrap();
    assert_eq!(uncovered(&prefecture("82"), "").at("/meta/total"), communes - 1);
    assert_eq!(uncovered(&prefecture("82"), "q=moissac").at("/meta/total"), 0);
    assert_eq!(uncovered(&Actor::Anct, "departement_code=82&sort=-population&limit=1").at("/data/0/name"), "Montauban");
    assert!(uncovered(&Actor::Anct, "kind=epci&departement_code=82").at("/meta/total").as_i64().unwrap() > 0);
    assert_eq!(uncovered(&Actor::Anct, "kind=structure").at("/meta/total"), 0);
    let region = Actor::Observer(Some(Territory::Region("94".to_owned())));
    assert!(
        uncovered(&region, "limit=500").values("/data", "/departement_code").iter().all(|code| code.starts_with('2'))
    );
    let map = app.get("/api/v1/maps/departements").expect(200);
    let features = map.at("/features");
    assert_eq!(features.as_array().unwrap().len(), 101);
    let moissac = features.as_array().unwrap().iter().find(|feature| feature["id"] == "82").unwrap();
    assert_eq!((&moissac["properties"]["posts_count"], &moissac["geometry"]["type"]), (&json!(2), &json!("Polygon")));
    assert_eq!(app.get("/api/v1/maps/departements").header("If-None-Match", &map.etag()).expect(304).body.len(), 0);
}
