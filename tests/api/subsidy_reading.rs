//! What is signed, amended, validated and ordered is what was read.

use conum::platform::auth::Actor;
use serde_json::{Value, json};

use crate::recruitments::{Scene, path as recruitment_path, scene};
use crate::subsidies::{agreement, bank, instalments, instructed, key, path, previewed, read, signed};
use crate::support::builders::{
    Employer, apply, candidate, employer, open_call, posts_of, recruited, retain, retained_at, session, submitted,
    terms, transition,
};
use crate::support::{Answer, App};

const BATCHES: &str = "/api/v1/payment-batches";

/// A structure with posts of a phase, and its agreement under instruction.
fn under_instruction(app: &App, phase: &str) -> (Employer, String) {
    if phase == "v1" {
        let house = retained_at(app, "Commune de Moissac", "82112", "82200", 2);
        let id = instructed(app, &house, "v1");
        return (house, id);
    }
    let house = employer(app, "Commune de Moissac", "commune", "82112", "82200");
    let application = apply(app, &house, 2);
    let body = json!({"number": 62, "wave": 9, "held_on": app.today(), "phase": "v2"});
    let committee = app.post("/api/v1/committees").by(&Actor::Anct).json(&body).expect(201).id();
    app.put(&format!("/api/v1/committees/{committee}/agenda/{application}")).by(&Actor::Anct).expect(200);
    transition(app, &format!("/api/v1/committees/{committee}"), "open").expect(200);
    retain(app, &committee, &application, 2);
    transition(app, &format!("/api/v1/committees/{committee}"), "close").expect(200);
    app.set_now("2022-12-01T09:00:00Z");
    let id = instructed(app, &house, "v2");
    (house, id)
}

fn patch(app: &App, house: &Employer, changes: &Value) {
    let path = format!("/api/v1/structures/{}", house.id);
    let etag = app.get(&path).by(&Actor::Anct).expect(200).etag();
    app.patch(&path)
        .by(&Actor::Anct)
        .if_match(&etag)
        .body("application/merge-patch+json", changes.to_string())
        .expect(200);
}

fn scale(app: &App, phase: &str) {
    let body = json!({"phase": phase, "category": "public", "territory": "metropolitan", "months": 24,
        "valid_from": app.today(), "instalments": [{"amount_cents": 100, "conditions": ["agreement_signed"]}]});
    app.post("/api/v1/subsidy-scales").by(&Actor::Anct).json(&body).expect(201);
}

fn move_post(app: &App, post: &str, to: &Employer) {
    let body = json!({"structure_id": to.id});
    transition(app, &format!("/api/v1/posts/{post}"), "transfer").json(&body).expect(200);
}

fn give_back(app: &App, house: &Employer) {
    let body = json!({"post_id": posts_of(app, house)[0], "reason": "besoin_plus_justifie"});
    let back = app.post("/api/v1/post-returns").by(&house.actor).json(&body).expect(201).id();
    transition(app, &format!("/api/v1/post-returns/{back}"), "accept").expect(200);
}

fn grant(app: &App, house: &Employer) {
    let body = json!({"kind": "additional", "posts_requested": 3, "wanted_start_on": app.today() + chrono::TimeDelta::days(60),
        "has_candidate": false, "motivation": "Un second lieu d'accompagnement, à vingt kilomètres.", "pledge": true});
    let draft = app.post("/api/v1/applications").by(&house.actor).json(&body).expect(201);
    let application = draft.id();
    app.post(&format!("/api/v1/applications/{application}/submit"))
        .by(&house.actor)
        .if_match(&draft.etag())
        .expect(200);
    let committee = session(app, 77, 7, std::slice::from_ref(&application));
    retain(app, &committee, &application, 3);
    transition(app, &format!("/api/v1/committees/{committee}"), "close").expect(200);
}

/// What happens between the reading and the signature.
fn happen(app: &App, house: &Employer, other: &Employer, what: &str, phase: &str) {
    match what {
        "posts granted" => grant(app, house),
        "zone" => patch(app, house, &json!({"zrr": true})),
        "scale" => scale(app, phase),
        "kind" => patch(app, house, &json!({"kind": "prive"})),
        "siret" => patch(app, house, &json!({"siret": crate::support::builders::siret()})),
        "post comes" => move_post(app, &posts_of(app, other)[0], house),
        "post goes" => move_post(app, &posts_of(app, house)[0], other),
        "post returned" => give_back(app, house),
        "envelope" => {
            let none = json!({"allotted_cents": 1});
            drop(app.put("/api/v1/envelopes/posts").by(&Actor::Anct).json(&none).expect(200));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn whatever_an_agreement_shows_moves_its_version_and_another_amount_is_not_signed() {
    let cases = [
        ("posts granted", "v1", true),
        ("zone", "v2", true),
        ("scale", "v1", true),
        ("kind", "v1", true),
        ("siret", "v1", false),
        ("post comes", "v1", true),
        ("post goes", "v1", true),
        ("post returned", "v1", true),
        ("envelope", "v1", false),
    ];
    for (what, phase, amount_moves) in cases {
        let app = App::start();
        open_call(&app);
        let (house, id) = under_instruction(&app, phase);
        let other = retained_at(&app, "Commune de Castelsarrasin", "82033", "82100", 2);
        let seen = agreement(&app, &id);
        assert_eq!(seen.etag(), agreement(&app, &id).etag());
        let expected = read(&app, &id);
        happen(&app, &house, &other, what, phase);
        let sign = |etag: &str, body: &Value| {
            app.post(&format!("{}/sign", path(&id))).by(&Actor::Bdt).if_match(etag).key(&key()).json(body).send()
        };
        assert_eq!(sign(&seen.etag(), &expected).at("/code"), "precondition_failed", "{what}");
        // Who does not look at the version has named the amount all the same.
        let now = agreement(&app, &id);
        assert_ne!(now.at("/estimate_cents"), Value::Null, "{what}");
        assert_eq!(now.at("/estimate_cents") != seen.at("/estimate_cents"), amount_moves, "{what}");
        if amount_moves && what != "kind" {
            let refused = sign("*", &expected);
            assert_eq!((refused.status, refused.at("/code")), (412, json!("amount_changed")), "{what}");
            assert_eq!(refused.at("/expected_cents"), seen.at("/estimate_cents"), "{what}");
            assert_eq!(refused.at("/actual_cents"), now.at("/estimate_cents"), "{what}");
            assert_eq!(agreement(&app, &id).at("/status"), "under_instruction", "{what}");
            let signed = sign(&now.etag(), &read(&app, &id));
            assert_eq!(signed.status, 200, "{what}: {}", signed.describe());
            assert_eq!(signed.at("/amount_cents"), now.at("/estimate_cents"), "{what}");
            assert_eq!(agreement(&app, &id).etag(), signed.etag(), "{what}: the answer's tag is the detail's");
        }
        if what == "kind" {
            assert_eq!((now.at("/category"), now.at("/legal_form")), (json!("private"), json!("association")));
            assert_eq!(now.at("/estimate_cents"), 6_400_000);
        }
    }
}

#[test]
fn what_has_nothing_to_do_with_it_leaves_the_version() {
    let app = App::start();
    open_call(&app);
    let (house, id) = under_instruction(&app, "v1");
    // The version in the tag; what else is in it stands for the answer, which shows the name.
    let version = |app: &App| agreement(app, &id).etag().split('-').next().map(str::to_owned);
    let seen = version(&app);
    let elsewhere = retained_at(&app, "Commune de Castelsarrasin", "82033", "82100", 1);
    instructed(&app, &elsewhere, "v1");
    scale(&app, "v2");
    patch(&app, &house, &json!({"name": "Ville de Moissac"}));
    assert_eq!(version(&app), seen);
}

#[test]
fn an_amendment_names_the_whole_amount() {
    let Scene { app, employer, .. } = scene(1);
    let id = signed(&app, &employer);
    assert_eq!(agreement(&app, &id).at("/estimate_cents"), Value::Null);
    let other = retained_at(&app, "Commune de Castelsarrasin", "82033", "82100", 3);
    move_post(&app, &posts_of(&app, &other)[0], &employer);
    let seen = agreement(&app, &id);
    assert_eq!((seen.at("/amendment_needed"), seen.at("/estimate_cents")), (json!(true), json!(10_000_000)));
    let amend = |etag: &str, body: &Value| {
        app.post(&format!("{}/amend", path(&id))).by(&Actor::Bdt).if_match(etag).json(body).send()
    };
    let expected = read(&app, &id);
    move_post(&app, &posts_of(&app, &other)[0], &employer);
    assert_eq!(amend(&seen.etag(), &expected).at("/code"), "precondition_failed");
    let refused = amend("*", &expected);
    assert_eq!((refused.status, refused.at("/actual_cents")), (412, json!(15_000_000)));
    assert_eq!(amend("*", &json!({})).at("/errors/0/code"), "required");
    assert_eq!(agreement(&app, &id).at("/amount_cents"), 5_000_000);
    let seen = agreement(&app, &id).etag();
    scale(&app, "v1");
    assert_eq!(amend(&seen, &read(&app, &id)).at("/code"), "precondition_failed");
    let amended = amend("*", &read(&app, &id));
    assert_eq!((amended.status, amended.at("/amount_cents")), (200, json!(5_000_200)), "{}", amended.describe());
}

#[test]
fn a_signature_of_an_earlier_day_names_the_amount_of_that_day() {
    let app = App::start();
    open_call(&app);
    let (_, id) = under_instruction(&app, "v1");
    let drafted = app.today();
    app.advance(chrono::TimeDelta::days(5));
    scale(&app, "v1");
    let calculation = |query: &str| {
        app.get(&format!("{}/calculation{query}", path(&id))).by(&Actor::Bdt).expect(200).at("/amount_cents")
    };
    assert_eq!(calculation(""), 200);
    let then = calculation(&format!("?signed_on={drafted}"));
    assert_eq!(then, 10_000_000);
    let sign = |cents: &Value| {
        let body = json!({"expected_cents": cents, "signed_on": drafted});
        app.post(&format!("{}/sign", path(&id))).by(&Actor::Bdt).if_match("*").key(&key()).json(&body).send()
    };
    assert_eq!(sign(&json!(200)).at("/code"), "amount_changed");
    assert_eq!(sign(&then).at("/amount_cents"), 10_000_000);
}

#[test]
fn a_batch_orders_what_was_read() {
    let Scene { app, employer, posts } = scene(2);
    signed(&app, &employer);
    recruited(&app, &employer, &posts[0], &candidate(&app).id);
    let order = |body: &Value| app.post(BATCHES).by(&Actor::Bdt).key(&key()).json(body).send();
    let bare = json!({"execution_on": crate::subsidies::bank_day(&app)});
    let told: Answer = order(&bare);
    assert_eq!(told.faults(), ["/expected_cents: required", "/expected_count: required"]);
    let body = previewed(&app, &bare);
    assert_eq!((&body["expected_cents"], &body["expected_count"]), (&json!(1_000_000), &json!(1)));
    recruited(&app, &employer, &posts[1], &candidate(&app).id);
    let refused = order(&body);
    assert_eq!((refused.status, refused.at("/code")), (412, json!("amount_changed")));
    let members = ["/expected_cents", "/actual_cents", "/expected_count", "/actual_count"].map(|name| refused.at(name));
    assert_eq!(members, [json!(1_000_000), json!(2_000_000), json!(1), json!(2)]);
    assert_eq!(instalments(&app, "&status=due").at("/meta/total"), 2);
    // The same amount of other lines is not what was read either.
    let mut halves = previewed(&app, &bare);
    halves["expected_count"] = json!(1);
    assert_eq!(order(&halves).status, 412);
    // A dry run that names an amount answers as the call would.
    let rehearsed = app.post(BATCHES).query("dry_run", "true").by(&Actor::Bdt).key(&key()).json(&body).send();
    assert_eq!(rehearsed.at("/code"), "amount_changed");
    assert_eq!(order(&previewed(&app, &bare)).status, 201);
}

#[test]
fn a_contract_is_validated_as_it_was_read() {
    let Scene { app, employer, posts } = scene(1);
    signed(&app, &employer);
    bank(&app, &employer);
    let id = submitted(&app, &employer, &posts[0], &candidate(&app).id);
    let seen = terms(&app, &id);
    let validate = |body: &Value| {
        app.post(&format!("{}/validate", recruitment_path(&id))).by(&Actor::Bdt).if_match("*").json(body).send()
    };
    assert_eq!(validate(&json!({})).status, 422);
    let end = app.today() + chrono::TimeDelta::days(900);
    let changes = json!({"ends_on": end, "gross_monthly_salary_cents": 210_000});
    let etag = app.get(&recruitment_path(&id)).by(&employer.actor).expect(200).etag();
    app.patch(&recruitment_path(&id))
        .by(&employer.actor)
        .if_match(&etag)
        .body("application/merge-patch+json", changes.to_string())
        .expect(200);
    let refused = validate(&seen);
    assert_eq!((refused.status, refused.at("/code")), (412, json!("terms_changed")));
    assert_eq!(refused.at("/actual"), json!({"ends_on": end, "gross_monthly_salary_cents": 210_000}));
    assert_eq!(refused.at("/expected/gross_monthly_salary_cents"), 190_000);
    assert_eq!(instalments(&app, "&status=due").at("/meta/total"), 0);
    assert_eq!(validate(&terms(&app, &id)).at("/status"), "validated");
    assert_eq!(instalments(&app, "&status=due").at("/meta/total"), 1);
}
