//! Subsidies: which scale applies, who sees which numbers, what an envelope bears, what a partner compares.

use conum::platform::auth::{Actor, Territory};
use serde_json::{Value, json};

use crate::recruitments::{Scene, scene};
use crate::subsidies::{IBAN, agreement, bank, instalments, instructed, path, pay_all, plan, sign, signed, violations};
use crate::support::App;
use crate::support::builders::{
    Employer, candidate, employer, open_call, posts_of, prefecture, recruited, retained_at, transition,
};

#[test]
fn a_new_scale_changes_no_signed_agreement() {
    let Scene { app, employer, .. } = scene(1);
    let other = retained_at(&app, "Commune de Castelsarrasin", "82033", "82100", 1);
    let (old, new) = (signed(&app, &employer), instructed(&app, &other, "v1"));
    let before = app.get(&format!("{}/calculation", path(&old))).by(&Actor::Bdt).expect(200).json();
    let scale = json!({"phase": "v1", "category": "public", "territory": "metropolitan", "months": 12, "valid_from": app.today(),
        "instalments": [{"amount_cents": 1_200_000, "conditions": ["agreement_signed"]},
            {"amount_cents": 1_200_000, "conditions": ["recruitment_validated", "months_elapsed"], "months_elapsed": 6}]});
    app.post("/api/v1/subsidy-scales").by(&Actor::Bdt).json(&scale).problem("role_not_allowed");
    let added = app.post("/api/v1/subsidy-scales").by(&Actor::Anct).json(&scale).expect(201);
    assert_eq!(added.at("/amount_cents"), 2_400_000);
    app.post("/api/v1/subsidy-scales").by(&Actor::Anct).json(&scale).problem("scale_exists");
    assert_eq!(app.get(&format!("{}/calculation", path(&old))).by(&Actor::Bdt).expect(200).json(), before);
    assert_eq!(agreement(&app, &new).at("/estimate_cents"), 2_400_000);
    assert_eq!(sign(&app, &new).expect(200).at("/amount_cents"), 2_400_000);
    assert_eq!(plan(&app, &new), [(1, 1_200_000, "due".to_owned()), (2, 1_200_000, "planned".to_owned())]);
    // Nor may the owner's service change a row of it.
    let mut service = app.database.application(&[("actor", "system"), ("reach", "country")]);
    for table in ["subsidy_scales", "subsidy_scale_instalments", "ledger_entries", "agreement_amendments"] {
        assert!(service.try_run(&format!("delete from {table}")).is_err(), "{table}");
        assert!(service.try_run(&format!("update {table} set created_at = now()")).is_err(), "{table}");
    }
    let faults = |changes: Value| {
        let mut body = scale.clone();
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        app.post("/api/v1/subsidy-scales").by(&Actor::Anct).json(&body).problem("validation_failed").faults()
    };
    assert_eq!(faults(json!({"territory": "departements"})), ["/departement_codes: required"]);
    assert_eq!(faults(json!({"departement_codes": ["82"]})), ["/departement_codes: must_be_empty"]);
    let plan = json!([{"amount_cents": 1, "conditions": ["months_elapsed"]}, {"amount_cents": 1, "conditions": ["agreement_signed"], "months_elapsed": 6}]);
    assert_eq!(
        faults(json!({"instalments": plan})),
        ["/instalments/0/months_elapsed: required", "/instalments/1/months_elapsed: invalid_value"]
    );
}

#[test]
fn the_most_particular_scale_in_force_applies() {
    let app = App::start();
    open_call(&app);
    let estimate = |employer: &Employer, phase: &str| {
        let body = json!({"phase": phase});
        app.post("/api/v1/agreements")
            .by(&employer.actor)
            .json(&body)
            .query("dry_run", "true")
            .expect(200)
            .at("/estimate_cents")
    };
    for (name, commune, postal, cents) in [
        ("Commune de Corte", "2B096", "20250", json!(5_000_000)),
        ("Commune des Abymes", "97101", "97139", json!(7_000_000)),
        ("Commune de Saint-Paul", "97415", "97460", json!(6_750_000)),
        // No scale was ever published for it.
        ("Commune de Saint-Pierre", "97502", "97500", Value::Null),
    ] {
        assert_eq!(estimate(&retained_at(&app, name, commune, postal, 1), "v1"), cents, "{name}");
    }
    let house = retained_at(&app, "Commune de Figeac", "46102", "46100", 1);
    app.post("/api/v1/agreements").by(&house.actor).json(&json!({"phase": "v2"})).problem("agreement_needs_posts");
    let scales = |query: &str| app.get(&format!("/api/v1/subsidy-scales?{query}")).expect(200);
    assert_eq!(scales("").at("/meta/total"), 7);
    assert_eq!(scales("in_force_on=2021-06-01").at("/meta/total"), 4);
    assert_eq!(scales("phase=v1&category=public&departement_code=974").at("/meta/total"), 1);
}

#[test]
fn a_priority_area_adds_its_bonus() {
    let app = App::start();
    open_call(&app);
    let house = employer(&app, "Commune de Moissac", "commune", "82112", "82200");
    let etag = app.get(&format!("/api/v1/structures/{}", house.id)).by(&Actor::Anct).expect(200).etag();
    app.patch(&format!("/api/v1/structures/{}", house.id))
        .by(&Actor::Anct)
        .if_match(&etag)
        .body("application/merge-patch+json", json!({"zrr": true}).to_string())
        .expect(200);
    // A committee of the second phase.
    let application = crate::support::builders::apply(&app, &house, 1);
    let body = json!({"number": 62, "wave": 9, "held_on": app.today(), "phase": "v2"});
    let committee = app.post("/api/v1/committees").by(&Actor::Anct).json(&body).expect(201).id();
    app.put(&format!("/api/v1/committees/{committee}/agenda/{application}")).by(&Actor::Anct).expect(200);
    transition(&app, &format!("/api/v1/committees/{committee}"), "open").expect(200);
    crate::support::builders::retain(&app, &committee, &application, 1);
    transition(&app, &format!("/api/v1/committees/{committee}"), "close").expect(200);
    // Its scale came later.
    app.set_now("2022-12-01T09:00:00Z");
    let id = instructed(&app, &house, "v2");
    assert_eq!(sign(&app, &id).expect(200).at("/amount_cents"), 5_000_000);
    let amounts: Vec<i64> = plan(&app, &id).iter().map(|line| line.1).collect();
    assert_eq!(amounts, [2_000_000, 1_750_000, 1_250_000]);
    let lines = app.get(&format!("{}/calculation", path(&id))).by(&house.actor).expect(200);
    assert_eq!(lines.values("/posts/0/lines", "/kind"), ["base", "base", "base", "bonus", "bonus"]);
    assert_eq!(posts_of(&app, &house).len(), 1);
}

#[test]
fn an_account_number_opens_to_the_banque_des_territoires_only() {
    let Scene { app, employer, posts } = scene(1);
    let other = retained_at(&app, "Commune de Castelsarrasin", "82033", "82100", 1);
    let details = format!("/api/v1/structures/{}/bank-details", employer.id);
    app.get(&details).by(&employer.actor).problem("not_found");
    let put = |iban: &str| app.put(&details).by(&employer.actor).json(&json!({"holder": "Mairie", "iban": iban}));
    assert_eq!(put("FR7630006000011234567890188").problem("validation_failed").faults(), ["/iban: invalid_iban"]);
    assert_eq!(put("BR1500000000000010932840814P2").problem("validation_failed").faults(), ["/iban: invalid_iban"]);
    let set = bank(&app, &employer);
    assert_eq!((set.at("/iban"), set.at("/iban_masked")), (Value::Null, json!("FR76********************189")));
    let seen = |actor: &Actor| app.get(&details).by(actor).expect(200).at("/iban");
    assert_eq!((seen(&employer.actor), seen(&Actor::Bdt)), (Value::Null, json!(IBAN)));
    app.get(&details).by(&other.actor).problem("not_found");
    app.get(&details).by(&Actor::Anct).problem("role_not_allowed");
    // The database itself shows it to nobody else.
    let count = |actor: &str, reach: &str, value: &str, table: &str| {
        let mut session = app.database.application(&[("actor", actor), ("reach", reach), ("reach_value", value)]);
        session.number(&format!("select count(*) from {table}"))
    };
    signed(&app, &employer);
    recruited(&app, &employer, &posts[0], &candidate(&app).id);
    pay_all(&app);
    for table in ["bank_account_numbers", "payment_line_accounts"] {
        assert_eq!(count("bdt", "country", "", table), 1, "{table}");
        assert_eq!(count("anct", "country", "", table), 0, "{table}");
        assert_eq!(count("employer", "structure", &employer.id, table), 0, "{table}");
    }
    // Money is seen within reach and no further, also without the service.
    for table in ["agreements", "agreement_posts", "instalments", "ledger_entries", "bank_details"] {
        assert!(count("bdt", "country", "", table) > 0, "{table}");
        assert!(count("employer", "structure", &employer.id, table) > 0, "{table}");
        for (actor, reach, value) in [
            ("employer", "structure", other.id.as_str()),
            ("observer", "country", ""),
            ("prefecture", "departement", "31"),
            ("candidate", "candidate", employer.id.as_str()),
            ("training_body", "nothing", ""),
        ] {
            assert_eq!(count(actor, reach, value, table), 0, "{table} {actor}");
        }
    }
    assert_eq!(count("prefecture", "departement", "82", "agreements"), 1);
    assert_eq!(count("prefecture", "departement", "82", "instalments"), 0);
    assert_eq!(count("employer", "structure", &employer.id, "payment_lines"), 0);
    // And no account number is written anywhere else.
    let texts = app.database.owner().rows("select text_body from emails union all select subject from emails");
    assert!(!format!("{texts:?}").contains(&IBAN[4..]));
}

#[test]
fn prefectures_and_observers_see_sums_only() {
    let Scene { app, employer, posts } = scene(1);
    let id = signed(&app, &employer);
    recruited(&app, &employer, &posts[0], &candidate(&app).id);
    pay_all(&app);
    app.get("/api/v1/instalments").by(&prefecture("82")).problem("role_not_allowed");
    let sums = |actor: &Actor| app.get("/api/v1/instalments/summary").by(actor).expect(200);
    let own = sums(&prefecture("82"));
    assert_eq!(own.values("/sums", "/status"), ["paid", "planned"]);
    assert_eq!(own.at("/sums/1/amount_cents"), 4_000_000);
    assert_eq!(sums(&prefecture("31")).at("/sums"), json!([]));
    assert_eq!(app.get(&path(&id)).by(&prefecture("82")).expect(200).at("/paid_cents"), 1_000_000);
    app.get(&path(&id)).by(&prefecture("31")).problem("not_found");
    let region = Actor::Observer(Some(Territory::Region("76".to_owned())));
    let shares = app.get("/api/v1/envelopes/posts/departements?limit=200").by(&region).expect(200);
    assert_eq!(shares.at("/meta/total"), 13);
    let tarn = shares.at("/data").as_array().unwrap().iter().find(|d| d["departement_code"] == "82").cloned().unwrap();
    assert_eq!(
        (&tarn["committed_cents"], &tarn["paid_cents"], &tarn["remaining_cents"]),
        (&json!(5_000_000), &json!(1_000_000), &json!(4_000_000))
    );
    let envelopes = app.get("/api/v1/envelopes").by(&region).expect(200);
    let find =
        |code: &str| envelopes.at("/data").as_array().unwrap().iter().find(|e| e["code"] == code).cloned().unwrap();
    assert_eq!(
        (&find("posts")["committed_cents"], &find("programme")["committed_cents"]),
        (&json!(5_000_000), &json!(5_000_000))
    );
    assert_eq!(find("programme")["allotted_cents"], json!(25_000_000_000_i64));
}

#[test]
fn an_envelope_is_never_overrun() {
    let Scene { app, employer, .. } = scene(2);
    let set = |code: &str, cents: i64| {
        app.put(&format!("/api/v1/envelopes/{code}")).by(&Actor::Anct).json(&json!({"allotted_cents": cents}))
    };
    set("posts", 9_999_999).expect(200);
    let id = instructed(&app, &employer, "v1");
    let announced = agreement(&app, &id).at("/transitions");
    let sign_line = announced.as_array().unwrap().iter().find(|t| t["name"] == "sign_agreement").unwrap().clone();
    assert_eq!((&sign_line["allowed"], &sign_line["refusal"]), (&json!(false), &json!("envelope_exceeded")));
    sign(&app, &id).problem("envelope_exceeded");
    assert_eq!(agreement(&app, &id).at("/status"), "under_instruction");
    set("posts", 10_000_000).expect(200);
    sign(&app, &id).expect(200);
    set("posts", 9_999_999).problem("envelope_exceeded");
    set("kits", 24_990_000_001).problem("envelope_exceeded");
    set("programme", 4_000_000_000).problem("envelope_exceeded");
    app.put("/api/v1/envelopes/posts").by(&Actor::Bdt).json(&json!({"allotted_cents": 1})).problem("role_not_allowed");
    assert_eq!(violations(&app), Vec::<Value>::new());
}

#[test]
fn a_copy_is_compared_bucket_by_bucket_and_row_by_row() {
    let Scene { app, employer, .. } = scene(30);
    signed(&app, &employer);
    let mut copy: Vec<Value> = instalments(&app, "").at("/data").as_array().unwrap().clone();
    assert_eq!(copy.len(), 90);
    let ask = |copy: &[Value], rows: bool| {
        let mut buckets: std::collections::BTreeMap<(String, String), (i64, i64, i64)> = Default::default();
        for row in copy {
            let id = row["id"].as_str().unwrap();
            let bucket =
                buckets.entry((id[id.len() - 2..].to_owned(), row["status"].as_str().unwrap().to_owned())).or_default();
            bucket.0 += 1;
            bucket.1 += row["amount_cents"].as_i64().unwrap();
            bucket.2 += row["version"].as_i64().unwrap();
        }
        let buckets: Vec<Value> = buckets
            .into_iter()
            .map(|((suffix, status), (count, cents, versions))| {
                json!({"suffix": suffix, "status": status,
                "rows_count": count, "amount_cents": cents, "versions_sum": versions})
            })
            .collect();
        let mut body = json!({"resource": "instalments", "suffix_length": 2, "buckets": buckets});
        if rows {
            let row = |r: &Value| json!({"id": r["id"], "status": r["status"], "amount_cents": r["amount_cents"], "version": r["version"]});
            body["rows"] = copy.iter().map(row).collect();
        }
        app.post("/api/v1/reconciliations").by(&Actor::Bdt).json(&body).expect(200)
    };
    let same = ask(&copy, false);
    assert_eq!((same.at("/agrees"), same.at("/ids")), (json!(true), json!([])));
    // One row says something else, one is lost, one is made up.
    let changed = copy[3]["id"].clone();
    copy[3]["amount_cents"] = json!(1);
    let lost = copy.remove(50)["id"].clone();
    let made_up = json!("01890a5d-ac96-774b-bcce-b302099a8057");
    copy.push(json!({"id": made_up, "status": "due", "amount_cents": 5, "version": 1}));
    let differs = ask(&copy, false);
    assert_eq!((differs.at("/agrees"), differs.at("/differences")), (json!(false), Value::Null));
    let ids = differs.at("/ids");
    assert!(ids.as_array().unwrap().contains(&changed) && ids.as_array().unwrap().contains(&lost), "{ids}");
    let exact = ask(&copy, true).at("/differences");
    let found: Vec<(&Value, &Value)> = exact.as_array().unwrap().iter().map(|d| (&d["id"], &d["kind"])).collect();
    let mut expected = [(&changed, json!("different")), (&lost, json!("missing")), (&made_up, json!("unknown"))];
    expected.sort_by_key(|(id, _)| id.to_string());
    assert_eq!(found, expected.iter().map(|(id, kind)| (*id, kind)).collect::<Vec<_>>());
    app.post("/api/v1/reconciliations")
        .by(&employer.actor)
        .json(&json!({"resource": "posts", "suffix_length": 1, "buckets": []}))
        .problem("role_not_allowed");
}
