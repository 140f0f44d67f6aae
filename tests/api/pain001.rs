//! The message for the bank: valid by the schema that ISO 20022 publishes, and true.

use conum::platform::auth::Actor;
use serde_json::{Value, json};
use uppsala::{XsdValidator, parse};

use crate::recruitments::{Scene, scene};
use crate::subsidies::{IBAN, answer, bank, lines, order, signed};
use crate::support::builders::{candidate, recruited};

const SCHEMA: &str = include_str!("../data/pain.001.001.09.xsd");

/// What the schema says of a message.
fn faults(message: &str) -> Vec<String> {
    let schema = parse(SCHEMA).expect("a schema");
    let validator = XsdValidator::from_schema(&schema).expect("a validator");
    let message = parse(message).expect("well-formed XML");
    validator.validate(&message).iter().map(ToString::to_string).collect()
}

/// The text between the first pair of tags of this name after a place.
fn inside<'m>(message: &'m str, name: &str) -> Vec<&'m str> {
    message.split(&format!("<{name}>")).skip(1).filter_map(|rest| rest.split(&format!("</{name}>")).next()).collect()
}

#[test]
fn a_batch_is_a_valid_message_with_the_right_sums() {
    let Scene { app, employer, posts } = scene(3);
    signed(&app, &employer);
    for post in &posts {
        recruited(&app, &employer, post, &candidate(&app).id);
    }
    let batch = order(&app);
    let path = format!("/api/v1/payment-batches/{}/pain.001.xml", batch.id());
    let answered = app.get(&path).by(&Actor::Bdt).expect(200);
    assert_eq!(answered.header("content-type"), "application/xml");
    let message = answered.text();
    assert_eq!(faults(&message), Vec::<String>::new());
    // The validator does look: what is missing or malformed is found.
    for (right, wrong) in
        [("<NbOfTxs>3</NbOfTxs>", ""), ("<CtrlSum>", "<CtrlSum>abc"), ("</CdtTrfTxInf>", "</CdtTrfTxInf><X/>")]
    {
        assert!(message.contains(right), "{right}");
        assert!(!faults(&message.replacen(right, wrong, 1)).is_empty(), "{right}");
    }
    assert!(inside(&message, "CtrlSum").iter().all(|sum| *sum == "30000.00"), "{message}");
    assert_eq!(
        inside(&message, "EndToEndId"),
        lines(&app, &batch.id())
            .as_array()
            .unwrap()
            .iter()
            .map(|l| l["end_to_end_id"].as_str().unwrap())
            .collect::<Vec<_>>()
    );
    assert_eq!(inside(&message, "IBAN").iter().filter(|iban| **iban == IBAN).count(), 3);
    // The same at each call, also after the structure has another account.
    let other = json!({"holder": "Autre titulaire", "iban": "DE89370400440532013000"});
    app.put(&format!("/api/v1/structures/{}/bank-details", employer.id)).by(&employer.actor).json(&other).expect(200);
    assert_eq!(app.get(&path).by(&Actor::Bdt).expect(200).text(), message);
    app.get(&path).by(&Actor::Anct).problem("role_not_allowed");
    // What the bank could not deliver goes to the new account.
    let line = &lines(&app, &batch.id())[0];
    answer(
        &app,
        &batch.id(),
        &json!([{"instalment_id": line["instalment_id"], "outcome": "rejected", "rejection": "ac04"}]),
    )
    .expect(200);
    let again = order(&app).id();
    let message = app.get(&format!("/api/v1/payment-batches/{again}/pain.001.xml")).by(&Actor::Bdt).expect(200).text();
    assert!(message.contains("DE89370400440532013000") && message.contains("Autre titulaire"));
    assert_eq!(faults(&message), Vec::<String>::new());
}

#[test]
fn every_reading_of_an_account_number_is_recorded() {
    let Scene { app, employer, posts } = scene(1);
    signed(&app, &employer);
    recruited(&app, &employer, &posts[0], &candidate(&app).id);
    let batch = order(&app).id();
    let readings = || app.get("/api/v1/accesses").by(&Actor::Anct).expect(200);
    let before = readings().at("/meta/total").as_i64().unwrap();
    let details = format!("/api/v1/structures/{}/bank-details", employer.id);
    bank(&app, &employer);
    app.get(&details).by(&employer.actor).expect(200);
    assert_eq!(readings().at("/meta/total"), before);
    app.get(&details).by(&Actor::Bdt).expect(200);
    app.get(&format!("/api/v1/payment-batches/{batch}/pain.001.xml")).by(&Actor::Bdt).expect(200);
    let list = readings();
    assert_eq!(list.at("/meta/total"), before + 2);
    assert_eq!(list.values("/data", "/resource")[..2], ["payment-batches", "bank-details"]);
    assert_eq!((list.at("/data/1/role"), list.at("/data/1/resource_id")), (json!("bdt"), json!(employer.id)));
    assert!(!list.text().contains(&IBAN[8..]));
    app.get("/api/v1/accesses").by(&Actor::Bdt).problem("role_not_allowed");
}

#[test]
fn people_learn_who_read_their_data() {
    let Scene { app, employer, posts } = scene(1);
    let person = candidate(&app);
    let contract = recruited(&app, &employer, &posts[0], &person.id);
    let own = crate::support::builders::counsellor_of(&app, &contract);
    let seen = |actor: &Actor| app.get("/api/v1/me/accesses").by(actor).expect(200);
    let before = seen(&person.actor).at("/meta/total").as_i64().unwrap();
    let path = format!("/api/v1/recruitments/{contract}");
    app.get(&path).by(&crate::support::builders::prefecture("82")).expect(200);
    app.get(&path).by(&person.actor).expect(200);
    app.get(&path).by(&crate::support::builders::prefecture("31")).problem("not_found");
    for actor in [&person.actor, &own] {
        let list = seen(actor);
        assert_eq!(list.at("/meta/total"), before + 1, "{}", actor.name());
        assert_eq!((list.at("/data/0/role"), list.at("/data/0/perimeter")), (json!("prefecture"), json!("82")));
        assert_eq!(
            (list.at("/data/0/operation"), list.at("/data/0/subject")),
            (json!("find_recruitment"), Value::Null)
        );
    }
    assert_eq!(seen(&candidate(&app).actor).at("/meta/total"), 0);
    // A page of a list is a reading of all whom it shows, and so is a file; not of those beyond one's reach.
    let (near, far) = (crate::support::builders::prefecture("82"), crate::support::builders::prefecture("31"));
    for (rank, (list, by)) in [
        ("candidates?format=csv", &near),
        ("candidates?limit=1&sort=reference", &near),
        ("recruitments", &employer.actor),
        ("counsellors?format=ndjson", &Actor::Anct),
    ]
    .into_iter()
    .enumerate()
    {
        for actor in [&far, &Actor::Observer(None), &person.actor] {
            app.get(&format!("/api/v1/{list}")).by(actor).send();
        }
        app.get(&format!("/api/v1/{list}")).by(by).expect(200);
        let readings = seen(&person.actor);
        assert_eq!(readings.at("/meta/total"), before + 2 + rank as i64, "{list}");
        let resource = list.split('?').next().unwrap();
        assert_eq!(
            (readings.at("/data/0/operation"), readings.at("/data/0/resource"), readings.at("/data/0/role")),
            (json!(format!("list_{resource}")), json!(resource), json!(by.name()))
        );
        assert!(readings.at("/data/0/resource_id").is_null());
    }
    // After a year they are forgotten.
    app.advance(chrono::TimeDelta::days(366));
    let report = crate::candidates::job(&app, "tidy", conum::app::jobs::tidy);
    assert!(report["accesses"].as_i64().unwrap() > before, "{report}");
    assert_eq!(app.database.owner().number("select count(*) from accesses"), 0);
}
