//! Structures: registration, confirmation, files, states.

use conum::platform::auth::Actor;
use serde_json::{Value, json};

use crate::support::App;
use crate::support::builders::*;

#[test]
fn all_faults_of_a_registration_are_told_at_once() {
    let app = App::start();
    let mut wrong = form("Commune de Moissac", "commune", "82112", "82200");
    wrong["kind"] = json!("mairie");
    wrong["siret"] = json!("21820112700018");
    wrong["postal_code"] = json!("8220");
    wrong["name"] = json!("a\u{202e}b");
    wrong["contact"]["email"] = json!("mairie@");
    wrong["contact"]["phone"] = json!("12");
    wrong["nom"] = json!("Moissac");
    wrong.as_object_mut().unwrap().remove("commune_code");
    let answer = app.post("/api/v1/structures").json(&wrong).problem("validation_failed");
    let mut faults = answer.faults();
    faults.sort();
    assert_eq!(
        faults,
        [
            "/commune_code: required",
            "/contact/email: invalid_email",
            "/contact/phone: invalid_phone",
            "/kind: not_in_list",
            "/name: invalid_text",
            "/nom: unknown",
            "/postal_code: invalid_format",
            "/siret: invalid_siret",
        ]
    );
    assert!(!answer.text().contains("mairie@"), "a rejected value is not echoed");
}

#[test]
fn a_structure_lies_where_its_commune_lies() {
    let app = App::start();
    let register = |commune: &str, postal_code: &str| {
        app.post("/api/v1/structures").json(&form("Structure", "commune", commune, postal_code))
    };
    for (commune, postal_code, departement, region) in [
        ("2A004", "20000", "2A", "94"),
        ("2B096", "20250", "2B", "94"),
        ("97801", "97150", "978", "978"),
        ("97701", "97133", "977", "977"),
        ("97415", "97460", "974", "04"),
    ] {
        let answer = register(commune, postal_code).expect(201);
        assert_eq!(
            (answer.at("/departement_code"), answer.at("/region_code")),
            (json!(departement), json!(region)),
            "{commune}"
        );
    }
    assert_eq!(
        register("82112", "82000").problem("validation_failed").faults(),
        ["/postal_code: postal_code_mismatch"]
    );
    assert_eq!(register("99999", "82000").problem("validation_failed").faults(), ["/commune_code: unknown_commune"]);
    // A former code leads to the commune of today.
    assert_eq!(register("74093", "74000").send().at("/commune_code"), "74010");
    let mut caledonian = form("Province", "collectivite", "98818", "98800");
    caledonian.as_object_mut().unwrap().remove("siret");
    caledonian["ridet"] = json!("1234567");
    assert_eq!(app.post("/api/v1/structures").json(&caledonian).expect(201).at("/departement_code"), "988");
    caledonian["siret"] = json!(siret());
    assert_eq!(
        app.post("/api/v1/structures").json(&caledonian).problem("validation_failed").faults(),
        ["/siret: exactly_one_identifier"]
    );
}

#[test]
fn a_siret_is_confirmed_once_however_many_try() {
    let app = App::start();
    let body = form("Commune de Moissac", "commune", "82112", "82200");
    let registered: Vec<String> = (0..8)
        .map(|rank| {
            let mut body = body.clone();
            body["contact"]["email"] = json!(format!("contact-{rank}@example.org"));
            app.post("/api/v1/structures").json(&body).expect(201).id()
        })
        .collect();
    let tokens: Vec<String> = registered.iter().map(|id| mailed_token(&app, id)).collect();
    let barrier = std::sync::Barrier::new(tokens.len());
    let codes: Vec<u16> = std::thread::scope(|scope| {
        let racers: Vec<_> = tokens
            .iter()
            .map(|token| {
                let (app, barrier) = (&app, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    app.post("/api/v1/structures/confirm").json(&json!({"token": token})).send().status
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    assert_eq!(codes.iter().filter(|code| **code == 200).count(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == 410).count(), 7, "{codes:?}");
    app.post("/api/v1/structures").json(&body).problem("structure_exists");
}

#[test]
fn an_address_is_confirmed_once_and_opens_an_account() {
    let app = App::start();
    let id =
        app.post("/api/v1/structures").json(&form("Commune de Moissac", "commune", "82112", "82200")).expect(201).id();
    let token = mailed_token(&app, &id);
    assert!(
        !app.database.owner().rows("select * from mail_links")[0].to_string().contains(&token),
        "only the hash is kept"
    );
    let confirm = || app.post("/api/v1/structures/confirm").json(&json!({"token": token}));
    app.post("/api/v1/structures/confirm").json(&json!({"token": "x".repeat(43)})).problem("invalid_link");
    let barrier = std::sync::Barrier::new(16);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    confirm().send()
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    let confirmed: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!((confirmed.len(), answers.iter().filter(|answer| answer.status == 410).count()), (1, 15));
    let access = confirmed[0].text_at("/access_token");
    let own = app.get(&format!("/api/v1/structures/{id}")).bearer(&access).expect(200);
    assert_eq!((own.at("/status"), own.at("/contact/phone")), (json!("registered"), json!("+33563000000")));

    let late =
        app.post("/api/v1/structures").json(&form("Commune de Parisot", "commune", "82137", "82160")).expect(201).id();
    let token = mailed_token(&app, &late);
    app.advance(chrono::TimeDelta::days(181));
    app.post("/api/v1/structures/confirm").json(&json!({"token": token})).problem("invalid_link");
}

#[test]
fn a_file_is_changed_with_its_version_and_keeps_its_history() {
    let app = App::start();
    let employer = moissac(&app);
    let path = format!("/api/v1/structures/{}", employer.id);
    let etag = app.get(&path).by(&employer.actor).expect(200).etag();
    let change = |body: Value| app.patch(&path).by(&employer.actor).json(&body);
    change(json!({"name": "Ville de Moissac"})).problem("precondition_required");
    change(json!({"kind": "epci"})).if_match(&etag).problem("validation_failed");
    let new = change(json!({"address": "3 place Roger Delthil", "contact": {"email": "Nouvelle@Example.org"}}))
        .if_match(&etag)
        .expect(200);
    assert_eq!(new.at("/contact/email"), "nouvelle@example.org");
    change(json!({"name": "Trop tard"})).if_match(&etag).problem("precondition_failed");
    let erased = change(json!({"address": null})).if_match(&new.etag()).expect(200);
    assert_eq!(erased.at("/address"), Value::Null);
    let history = app.database.owner().rows("select field, new_value from structure_identity_changes");
    assert_eq!(history, [json!({"field": "email", "new_value": "nouvelle@example.org"})]);
    // Each caller's own representation answers 304 to whoever holds its tag.
    for actor in [Actor::Anct, prefecture("82"), employer.actor.clone()] {
        let own = app.get(&path).by(&actor).expect(200).etag();
        let answer = app.get(&path).by(&actor).header("If-None-Match", &own).send_raw();
        assert_eq!((answer.status, answer.body.len()), (304, 0));
    }
    // Who only reads figures learns no name.
    let observed = app.get(&path).by(&Actor::Observer(None)).expect(200);
    assert_eq!((observed.at("/contact"), observed.at("/name")), (Value::Null, json!("Commune de Moissac")));
}

#[test]
fn what_transitions_announce_is_what_the_calls_do() {
    let app = App::start();
    open_call(&app);
    let fresh = app.post("/api/v1/structures").json(&form("Inscrite", "commune", "82112", "82200")).expect(201).id();
    let confirmed = moissac(&app);
    let applying = moissac(&app);
    apply(&app, &applying, 1);
    let holding = retained(&app, 1, 1);
    let other = moissac(&app);
    let mut looked_at = 0;
    for id in [&fresh, &confirmed.id, &applying.id, &holding.id] {
        let path = format!("/api/v1/structures/{id}");
        for (name, body) in [("cancel", None), ("merge", Some(json!({"into_id": other.id})))] {
            for actor in [Actor::Anct, prefecture("82"), applying.actor.clone()] {
                let seen = app.get(&path).by(&actor).send();
                if seen.status == 404 {
                    continue;
                }
                let operation = format!("{name}_structure");
                let transitions = seen.at("/transitions");
                let told =
                    transitions.as_array().unwrap().iter().find(|t| t["name"] == operation.as_str()).unwrap().clone();
                let call = app.post(&format!("{path}/{name}?dry_run=true")).by(&actor).if_match(&seen.etag());
                let answer = body
                    .as_ref()
                    .map_or_else(
                        || app.post(&format!("{path}/{name}?dry_run=true")).by(&actor).if_match(&seen.etag()),
                        |body| call.json(body),
                    )
                    .send();
                answer.agrees_with(&seen);
                assert_eq!(told["allowed"], answer.status == 200, "{operation}: {}", answer.describe());
                assert_eq!(told["refusal"], answer.at("/code"), "{operation}: {}", answer.describe());
                looked_at += 1;
            }
        }
    }
    assert_eq!(looked_at, 4 * 2 * 2 + 2, "transitions compared with calls");
}

#[test]
fn duplicates_are_merged_and_their_siret_stays_taken() {
    let app = App::start();
    let (kept, double) = (moissac(&app), moissac(&app));
    let path = format!("/api/v1/structures/{}", double.id);
    let siret = app.get(&path).by(&Actor::Anct).expect(200).text_at("/siret");
    let etag = app.get(&path).by(&Actor::Anct).expect(200).etag();
    let merge = |into: &str| {
        app.post(&format!("{path}/merge")).by(&Actor::Anct).if_match(&etag).json(&json!({"into_id": into}))
    };
    merge(&double.id).problem("merge_into_itself");
    merge(&uuid::Uuid::now_v7().to_string()).problem("validation_failed");
    let merged = merge(&kept.id).expect(200);
    assert_eq!((merged.at("/status"), merged.at("/merged_into_id")), (json!("duplicate"), json!(kept.id)));
    let mut again = form("Commune de Moissac", "commune", "82112", "82200");
    again["siret"] = json!(siret);
    app.post("/api/v1/structures").json(&again).problem("structure_exists");
    let found = app.get(&format!("/api/v1/structures/by-identifier/siret/{siret}")).by(&Actor::Anct).expect(200);
    assert_eq!((found.id(), found.at("/merged_into_id")), (double.id, json!(kept.id)));
}

#[test]
fn a_corrected_address_voids_the_link_sent_to_the_wrong_one() {
    let app = App::start();
    let id =
        app.post("/api/v1/structures").json(&form("Commune de Moissac", "commune", "82112", "82200")).expect(201).id();
    let stale = mailed_token(&app, &id);
    let path = format!("/api/v1/structures/{id}");
    let etag = app.get(&path).by(&Actor::Anct).expect(200).etag();
    let right = json!({"contact": {"email": "mairie@example.org"}});
    app.patch(&path).by(&Actor::Anct).if_match(&etag).json(&right).expect(200);
    app.post("/api/v1/structures/confirm").json(&json!({"token": stale})).problem("invalid_link");
    let emails = app.emails();
    let to: Vec<_> = emails.iter().map(|email| (email["template"].clone(), email["recipient"].clone())).collect();
    assert!(to.contains(&(json!("structure_confirm_address"), json!("mairie@example.org"))), "{to:?}");
    let fresh = emails.iter().find(|e| e["recipient"] == "mairie@example.org").unwrap()["text_body"]
        .as_str()
        .unwrap()
        .to_owned();
    let token = fresh.split_once("#jeton=").unwrap().1.split_whitespace().next().unwrap();
    app.post("/api/v1/structures/confirm").json(&json!({"token": token})).expect(200);
}

#[test]
fn an_applicant_does_not_choose_its_prefecture() {
    let app = App::start();
    open_call(&app);
    let employer = moissac(&app);
    apply(&app, &employer, 1);
    let path = format!("/api/v1/structures/{}", employer.id);
    let etag = app.get(&path).by(&employer.actor).expect(200).etag();
    let elsewhere = json!({"commune_code": "31555", "postal_code": "31000"});
    app.patch(&path).by(&employer.actor).if_match(&etag).json(&elsewhere).problem("structure_has_open_application");
    let nearby = json!({"commune_code": "82033", "postal_code": "82100"});
    app.patch(&path).by(&employer.actor).if_match(&etag).json(&nearby).expect(200);
}

#[test]
fn null_erases_what_may_be_empty_and_is_refused_elsewhere() {
    let app = App::start();
    let employer = moissac(&app);
    let path = format!("/api/v1/structures/{}", employer.id);
    let etag = app.get(&path).by(&employer.actor).expect(200).etag();
    let patch = |body: Value| app.patch(&path).by(&employer.actor).if_match(&etag).json(&body);
    let faults =
        patch(json!({"name": null, "contact": {"email": null}, "zrr": null})).problem("validation_failed").faults();
    assert_eq!(faults.len(), 3, "{faults:?}");
    patch(json!({"network": null, "address": null})).expect(200);
}

#[test]
fn a_search_for_punctuation_finds_nothing() {
    let app = App::start();
    moissac(&app);
    for q in ["%", "_", "\\", "*"] {
        let found = app.get("/api/v1/structures").by(&Actor::Anct).query("q", q).expect(200);
        assert_eq!(found.at("/meta/total"), 0, "{q}");
    }
    assert_eq!(app.get("/api/v1/communes").query("q", "%%").expect(200).at("/meta/total"), 0);
}
