//! Accounts: invited, changed, revoked, signed in by mailed links.

use std::time::{Duration, Instant};

use conum::platform::auth::{Actor, Territory};
use conum::platform::ids::StructureId;
use serde_json::{Value, json};

use crate::support::builders::siret;
use crate::support::{App, Session};

pub fn prefecture(code: &str) -> Actor {
    Actor::Prefecture(Territory::Departement(code.to_owned()))
}

/// A retained structure of Moissac, put there behind the service's back.
pub fn structure(app: &App) -> StructureId {
    let id = StructureId::new();
    app.database.owner().run(&format!(
        "insert into structures (id, kind, name, search_key, siret, postal_code, commune_code, departement_code,
            region_code, longitude, latitude, status, confirmed_at, retained_on, retained_wave)
         values ('{id}', 'commune', 'Moissac', 'moissac', '{}', '82200', '82112', '82', '76', 1.08, 44.1,
            'retained', '2021-01-02T00:00:00Z', '2021-01-05', 1)",
        siret()
    ));
    id
}

fn invite(app: &App, by: &Actor, body: Value) -> String {
    app.post("/api/v1/accounts").by(by).json(&body).expect(201).id()
}

/// The tokens in the links mailed so far, oldest first.
fn mailed_tokens(app: &App) -> Vec<String> {
    let texts = app.emails().into_iter().map(|email| email["text_body"].as_str().unwrap_or_default().to_owned());
    texts
        .filter_map(|text| {
            let (_, rest) = text.split_once("https://front.test/connexion#jeton=")?;
            rest.split_whitespace().next().map(ToOwned::to_owned)
        })
        .collect()
}

/// Asks until the token is refused; how long that took.
pub fn time_until_refused(app: &App, token: &str) -> Duration {
    let started = Instant::now();
    while app.get("/api/v1/me").bearer(token).send().status != 401 {
        assert!(started.elapsed() < Duration::from_secs(20), "a withdrawn caller is still let in");
        std::thread::sleep(Duration::from_millis(50));
    }
    started.elapsed()
}

#[test]
fn an_invitation_mails_a_link_that_signs_in_once() {
    let app = App::start();
    let body = json!({"role": "prefecture", "email": " Pref@Example.org ", "departement_code": "82"});
    let created = app.post("/api/v1/accounts").by(&Actor::Anct).json(&body).expect(201);
    assert_eq!(created.at("/email"), "pref@example.org");
    assert_eq!(created.at("/status"), "invited");
    let token = mailed_tokens(&app).pop().expect("a link");
    let hashes = app.database.owner().column("select encode(token_hash, 'escape') from mail_links");
    assert!(!hashes.contains(&token), "the link itself is kept");

    let answer = app.post("/api/v1/login-links/exchange").json(&json!({"token": token})).expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let me = app.get("/api/v1/me").bearer(&answer.text_at("/access_token")).expect(200);
    assert_eq!(me.at("/role"), "prefecture");
    assert_eq!(me.at("/perimeter/departement_code"), "82");
    assert_eq!(me.at("/account_id"), created.id());
    assert!(me.values("/operations", "").contains(&"give_opinion".to_owned()));
    assert!(!me.values("/operations", "").contains(&"close_committee".to_owned()));

    app.post("/api/v1/login-links/exchange").json(&json!({"token": token})).problem("invalid_link");
    let found = app.get(&format!("/api/v1/accounts/{}", created.id())).by(&Actor::Anct).expect(200);
    assert_eq!(found.at("/status"), "active");
}

#[test]
fn a_link_is_used_once_however_many_try() {
    let app = App::configured(&[("CONUM_POOL_SIZE", "8")], Default::default());
    invite(&app, &Actor::Anct, json!({"role": "bdt", "email": "bdt@example.org"}));
    let token = mailed_tokens(&app).pop().expect("a link");
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| app.post("/api/v1/login-links/exchange").json(&json!({"token": token})).send().status)
            })
            .collect();
        calls.into_iter().map(|call| call.join().expect("a call")).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 410).count(), 15, "{statuses:?}");
}

#[test]
fn a_dry_run_gives_no_token_and_keeps_the_link() {
    let app = App::start();
    invite(&app, &Actor::Anct, json!({"role": "bdt", "email": "bdt@example.org"}));
    let token = mailed_tokens(&app).pop().expect("a link");
    let dry = app.post("/api/v1/login-links/exchange?dry_run=true").json(&json!({"token": token})).expect(200);
    assert_eq!(dry.at("/access_token"), "***");
    let first = app.post("/api/v1/login-links/exchange").key("k").json(&json!({"token": token}));
    first.expect(200);
    let again = app.post("/api/v1/login-links/exchange").key("k").json(&json!({"token": token}));
    again.problem("secret_shown_once");
}

#[test]
fn asking_for_a_link_tells_nobody_who_is_known() {
    let app = App::start();
    invite(&app, &Actor::Anct, json!({"role": "bdt", "email": "bdt@example.org"}));
    let ask = |email: &str, query: &str| {
        let started = Instant::now();
        let answer = app.post(&format!("/api/v1/login-links{query}")).json(&json!({"email": email})).send();
        assert!(started.elapsed() >= Duration::from_millis(250));
        (answer.status, answer.text())
    };
    for query in ["", "?dry_run=true"] {
        assert_eq!(ask("bdt@example.org", query), ask("nobody@example.org", query), "{query}");
    }
    assert_eq!(ask("BDT@example.org", "").0, 202);
    let mailed = app.emails().iter().filter(|email| email["template"] == "account_sign_in").count();
    assert_eq!(mailed, 2, "a dry run mails nothing, an unknown address gets nothing");
    for _ in 0..8 {
        ask("bdt@example.org", "");
    }
    let open = app.database.owner().column("select count(*) from mail_links where used_at is null");
    assert_eq!(open, ["5"], "an address is not flooded");
}

#[test]
fn links_expire_and_end_with_the_address() {
    let app = App::start();
    let id = invite(&app, &Actor::Anct, json!({"role": "bdt", "email": "bdt@example.org"}));
    app.post("/api/v1/login-links").json(&json!({"email": "bdt@example.org"})).expect(202);
    let tokens = mailed_tokens(&app);
    app.advance(chrono::TimeDelta::minutes(31));
    app.post("/api/v1/login-links/exchange").json(&json!({"token": tokens[1]})).problem("invalid_link");
    let etag = app.get(&format!("/api/v1/accounts/{id}")).by(&Actor::Anct).expect(200).etag();
    let changed = app
        .patch(&format!("/api/v1/accounts/{id}"))
        .by(&Actor::Anct)
        .if_match(&etag)
        .json(&json!({"email": "new@example.org"}))
        .expect(200);
    assert_eq!(changed.at("/email"), "new@example.org");
    app.post("/api/v1/login-links/exchange").json(&json!({"token": tokens[0]})).problem("invalid_link");
    assert!(
        app.emails().iter().any(|e| e["template"] == "account_address_changed" && e["recipient"] == "bdt@example.org")
    );
}

#[test]
fn others_than_the_anct_give_only_what_they_are() {
    let app = App::start();
    let moissac = structure(&app);
    let employer = Actor::Employer(moissac);
    invite(&app, &prefecture("82"), json!({"role": "prefecture", "email": "a@example.org", "departement_code": "82"}));
    invite(&app, &employer, json!({"role": "employer", "email": "e@example.org", "structure_id": moissac}));
    invite(&app, &Actor::Bdt, json!({"role": "bdt", "email": "b@example.org"}));
    for (by, body) in [
        (prefecture("82"), json!({"role": "prefecture", "email": "x@example.org", "departement_code": "31"})),
        (prefecture("82"), json!({"role": "observer", "email": "x@example.org", "departement_code": "82"})),
        (employer.clone(), json!({"role": "anct", "email": "x@example.org"})),
        (employer.clone(), json!({"role": "employer", "email": "x@example.org", "structure_id": StructureId::new()})),
        (Actor::Bdt, json!({"role": "observer", "email": "x@example.org"})),
    ] {
        app.post("/api/v1/accounts").by(&by).json(&body).problem("perimeter_not_yours");
    }
    for body in [
        json!({"role": "prefecture", "email": "x@example.org"}),
        json!({"role": "anct", "email": "x@example.org", "departement_code": "82"}),
        json!({"role": "candidate", "email": "x@example.org"}),
        json!({"role": "employer", "email": "x@example.org", "structure_id": StructureId::new()}),
    ] {
        assert_eq!(app.post("/api/v1/accounts").by(&Actor::Anct).json(&body).send().status, 422, "{body}");
    }
    let again = json!({"role": "bdt", "email": "B@example.org"});
    app.post("/api/v1/accounts").by(&Actor::Anct).json(&again).problem("account_exists");

    let seen = |by: &Actor| app.get("/api/v1/accounts?sort=email").by(by).expect(200).values("/data", "/email");
    assert_eq!(seen(&prefecture("82")), ["a@example.org"]);
    assert_eq!(seen(&prefecture("31")), Vec::<String>::new());
    assert_eq!(seen(&employer), ["e@example.org"]);
    assert_eq!(seen(&Actor::Bdt), ["b@example.org"]);
    assert_eq!(seen(&Actor::Anct).len(), 3);
}

#[test]
fn a_revoked_account_is_refused_within_five_seconds() {
    let app = App::start();
    let id = invite(&app, &Actor::Anct, json!({"role": "bdt", "email": "bdt@example.org"}));
    let link = mailed_tokens(&app).pop().expect("a link");
    let answer = app.post("/api/v1/login-links/exchange").json(&json!({"token": link})).expect(200);
    let token = answer.text_at("/access_token");
    app.get("/api/v1/me").bearer(&token).expect(200);
    let path = format!("/api/v1/accounts/{id}");
    let found = app.get(&path).by(&Actor::Anct).expect(200);
    assert_eq!(found.at("/transitions/0/allowed"), true);
    let revoked = app.post(&format!("{path}/revoke")).by(&Actor::Anct).if_match(&found.etag()).expect(200);
    assert_eq!(revoked.at("/transitions/0/refusal"), "transition_not_allowed");
    time_until_refused(&app, &token);
    let again = app.post(&format!("{path}/revoke")).by(&Actor::Anct).if_match(&revoked.etag());
    again.problem("transition_not_allowed");
    // A revoked account frees its place, and gets no more links.
    app.post("/api/v1/login-links").json(&json!({"email": "bdt@example.org"})).expect(202);
    assert_eq!(mailed_tokens(&app).len(), 1);
    invite(&app, &Actor::Anct, json!({"role": "bdt", "email": "bdt@example.org"}));
}

#[test]
fn only_the_anct_ties_an_account_to_a_person() {
    let app = App::start();
    let id = invite(&app, &Actor::Anct, json!({"role": "bdt", "email": "bdt@example.org"}));
    let path = format!("/api/v1/accounts/{id}");
    let patch = |by: &Actor, body: Value| {
        let etag = app.get(&path).by(by).expect(200).etag();
        app.patch(&path).by(by).if_match(&etag).json(&body).send()
    };
    let identity = json!({"issuer": "https://id.example.org", "subject": "s-1"});
    assert_eq!(patch(&Actor::Bdt, identity.clone()).status, 403);
    assert_eq!(patch(&Actor::Anct, json!({"subject": "s-1"})).faults(), ["/issuer: required"]);
    assert_eq!(patch(&Actor::Anct, identity).at("/subject"), "s-1");
    assert_eq!(patch(&Actor::Anct, json!({"issuer": null, "subject": null})).at("/issuer"), Value::Null);
    app.patch(&path).by(&Actor::Anct).if_match("\"v1\"").json(&json!({})).problem("precondition_failed");
}

#[test]
fn the_database_alone_keeps_accounts_and_clients_apart() {
    let app = App::start();
    invite(&app, &Actor::Anct, json!({"role": "prefecture", "email": "a@example.org", "departement_code": "82"}));
    invite(&app, &Actor::Anct, json!({"role": "bdt", "email": "b@example.org"}));
    let client = json!({"name": "c", "role": "prefecture", "departement_code": "82", "scopes": ["posts:read"]});
    app.post("/api/v1/api-clients").by(&Actor::Anct).json(&client).expect(201);
    let count = |session: &mut Session, table: &str| -> String {
        session.column(&format!("select count(*) from {table}")).remove(0)
    };
    for (settings, accounts, clients) in [
        (vec![], "0", "0"),
        (vec![("actor", "anonymous"), ("reach", "nothing")], "0", "0"),
        (vec![("actor", "prefecture"), ("reach", "departement"), ("reach_value", "82")], "1", "1"),
        (vec![("actor", "prefecture"), ("reach", "departement"), ("reach_value", "31")], "0", "0"),
        (vec![("actor", "observer"), ("reach", "departement"), ("reach_value", "82")], "0", "0"),
        (vec![("actor", "bdt"), ("reach", "country")], "1", "0"),
        (vec![("actor", "anct"), ("reach", "country")], "2", "1"),
    ] {
        let mut session = app.database.application(&settings);
        assert_eq!(count(&mut session, "accounts"), accounts, "{settings:?}");
        assert_eq!(count(&mut session, "api_clients"), clients, "{settings:?}");
        assert_eq!(count(&mut session, "mail_links"), "0", "{settings:?}");
    }
    let mut session =
        app.database.application(&[("actor", "prefecture"), ("reach", "departement"), ("reach_value", "31")]);
    session.run("update accounts set status = 'revoked', revoked_at = now(); delete from api_clients;");
    assert_eq!(count(&mut app.database.owner(), "accounts where status <> 'revoked'"), "2");
    assert_eq!(count(&mut app.database.owner(), "api_clients"), "1");
    let insert = "insert into accounts (id, role, email) values (gen_random_uuid(), 'anct', 'x@example.org')";
    assert!(session.try_run(insert).is_err(), "a prefecture made an account of the ANCT");
}

#[test]
fn the_journal_tells_who_changed_what_and_never_values() {
    let app = App::start();
    let id = invite(&app, &Actor::Anct, json!({"role": "bdt", "email": "bdt@example.org"}));
    let list = app
        .get("/api/v1/audit-entries?table_name=accounts&operation=invite_account&role=anct")
        .by(&Actor::Anct)
        .query("row_id", &id)
        .expect(200);
    assert_eq!(list.at("/meta/total"), 1);
    assert_eq!(list.at("/data/0/action"), "insert");
    assert_eq!(list.at("/data/0/subject"), "test-anct");
    assert!(list.at("/data/0/changed_columns").as_array().is_some_and(|all| all.contains(&json!("email"))));
    assert!(!list.text().contains("bdt@example.org"));
    let later = app.get("/api/v1/audit-entries").by(&Actor::Anct).query("occurred_from", "2030-01-01T00:00:00Z");
    assert_eq!(later.expect(200).at("/meta/total"), 0);
    app.get("/api/v1/audit-entries").by(&Actor::Bdt).problem("role_not_allowed");
}

#[test]
fn vocabularies_speak_both_languages() {
    let app = App::start();
    let page = app.get("/api/v1/vocabularies?limit=500").expect(200);
    assert!(page.values("/data", "/name").contains(&"roles".to_owned()));
    let roles = app.get("/api/v1/vocabularies/roles").header("Accept-Language", "en").expect(200);
    assert_eq!(roles.at("/terms/2/code"), "prefecture");
    assert_eq!(roles.at("/terms/2/label"), "Prefecture");
    assert_eq!(roles.at("/terms/2/label_fr"), "Préfecture");
    app.get("/api/v1/vocabularies/none").problem("not_found");
}

#[test]
fn personas_exist_outside_production_only() {
    let app = App::start();
    let moissac = structure(&app);
    let personas = app.get("/demo/personas").expect(200).json();
    let personas = personas.as_array().expect("a list");
    assert_eq!(personas.len(), 6);
    for persona in personas {
        let me = app.get("/api/v1/me").bearer(persona["token"].as_str().expect("a token")).expect(200);
        assert_eq!(me.at("/role"), persona["role"]);
    }
    let employer = personas[5]["token"].as_str().expect("a token");
    let me = app.get("/api/v1/me").bearer(employer).expect(200);
    assert_eq!(me.at("/perimeter/structure_id"), moissac.to_string());
    let production = App::in_production(&[]);
    production.get("/demo/personas").problem("not_found");
}

#[test]
fn the_first_account_of_production_comes_by_a_link() {
    use conum::app::bootstrap;
    use conum::app::config::{Config, Mailer};
    let app = App::in_production(&[]);
    let mut config =
        Config::read(&|name| (name == "DATABASE_URL").then(|| "unused".to_owned())).expect("a configuration");
    config.mailer = Mailer::Smtp("smtp://localhost:1".to_owned());
    let open = |email: &str, print, force| bootstrap::open(&app.service.db, &config, email, print, force);
    assert!(open("not an address", false, false).is_err());
    // With a mail server the link is in the letter only.
    let said = open("Premiere@Example.org", false, false).expect("a word");
    let mailed = mailed_tokens(&app).pop().expect("a link");
    assert!(!said.contains(&mailed), "{said}");
    // The letter was lost: the same address gets another link, and the former one ends.
    let said = open("premiere@example.org", true, false).expect("a word");
    let (_, rest) = said.split_once("https://front.test/connexion#jeton=").expect("a link");
    let printed = rest.split_whitespace().next().expect("a token");
    assert_eq!(mailed_tokens(&app).len(), 1, "what is printed is not mailed");
    app.post("/api/v1/login-links/exchange").json(&json!({"token": mailed})).problem("invalid_link");
    assert!(open("other@example.org", true, false).is_err(), "somebody is invited already");
    let answer = app.post("/api/v1/login-links/exchange").json(&json!({"token": printed})).expect(200);
    let token = answer.text_at("/access_token");
    assert_eq!(app.get("/api/v1/me").bearer(&token).expect(200).at("/role"), "anct");
    // It invites the others, and nobody comes in by the command any more unless forced.
    app.post("/api/v1/accounts").bearer(&token).json(&json!({"role": "bdt", "email": "b@example.org"})).expect(201);
    for email in ["premiere@example.org", "other@example.org"] {
        assert!(open(email, true, false).is_err(), "{email}");
    }
    assert!(open("other@example.org", true, true).is_ok());
    let anct = app.database.owner().number("select count(*) from accounts where role = 'anct' and status <> 'revoked'");
    assert_eq!(anct, 2);
    let journal = "select count(*) from audit_entries where table_name = 'accounts' and operation = 'bootstrap'";
    assert_eq!(app.database.owner().number(journal), 2);
}
