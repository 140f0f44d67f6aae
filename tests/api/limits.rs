//! What anybody may call is limited, whoever calls, by all servers together; and so are the letters that it causes.

use chrono::TimeDelta;
use conum::platform::auth::Actor;
use conum::platform::contract::{Contract, Limited};
use serde_json::{Value, json};

use crate::accounts::structure;
use crate::guards::operations;
use crate::support::builders::{candidate_form, form, mailed_token, siret};
use crate::support::{App, Database};

/// Two servers on one database, each of which lets five calls a minute through.
fn two_servers() -> (App, App) {
    let first = App::configured(&[("CONUM_PUBLIC_FORMS_PER_MINUTE", "5")], Default::default());
    let same = Database::at(&first.database.url);
    let second = App::on(same, &[("CONUM_PUBLIC_FORMS_PER_MINUTE", "5")], Default::default());
    (first, second)
}

#[test]
fn servers_count_together_and_say_how_long_to_wait() {
    let (first, second) = two_servers();
    let ask = |app: &App| app.post("/api/v1/login-links").json(&json!({"email": "nobody@example.org"})).send();
    for _ in 0..4 {
        assert_eq!(ask(&first).status, 202);
    }
    assert_eq!(ask(&second).status, 202);
    let refused = ask(&second);
    assert_eq!((refused.status, refused.at("/code")), (429, json!("rate_limited")));
    let seconds: i64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=80).contains(&seconds), "{seconds}");
    second.advance(TimeDelta::seconds(seconds));
    assert_eq!(ask(&second).status, 202, "what Retry-After says is what comes");
    // Nothing of who called is kept.
    let kept = second.database.owner().column("select key from form_calls").join(" ");
    assert!(!kept.is_empty() && !kept.contains("127.0.0.1"), "{kept}");
    second.advance(TimeDelta::minutes(20));
    crate::candidates::job(&second, "tidy", conum::app::jobs::tidy);
    assert_eq!(second.database.owner().number("select count(*) from form_calls"), 0);
}

#[test]
fn signing_in_lifts_no_limit_and_every_guess_counts() {
    for path in ["/api/v1/login-links/exchange", "/api/v1/structures/confirm", "/api/v1/candidates/confirm"] {
        let app = App::configured(&[("CONUM_PUBLIC_FORMS_PER_MINUTE", "5")], Default::default());
        let token = app.token(&Actor::Observer(None));
        let guess = || app.post(path).bearer(&token).json(&json!({"token": "x".repeat(43)})).send();
        let said: Vec<u16> = (0..8).map(|_| guess().status).collect();
        assert_eq!(said, [410, 410, 410, 410, 410, 429, 429, 429], "{path}");
        // From the same address without a token as well, and for others elsewhere not at all.
        app.post(path).json(&json!({"token": "x".repeat(43)})).problem("rate_limited");
        app.get("/api/v1/me").bearer(&token).expect(200);
    }
}

#[test]
fn a_caller_is_limited_from_wherever_they_call() {
    let app =
        App::configured(&[("CONUM_PUBLIC_FORMS_PER_MINUTE", "5"), ("CONUM_BEHIND_PROXY", "true")], Default::default());
    let ask = |actor: Option<&Actor>, address: &str| {
        let call = app.post("/api/v1/login-links").header("X-Forwarded-For", address);
        let call = call.json(&json!({"email": "nobody@example.org"}));
        match actor {
            Some(actor) => call.by(actor).send().status,
            None => call.send().status,
        }
    };
    for last in 1..=5 {
        assert_eq!(ask(Some(&Actor::Bdt), &format!("192.0.2.{last}")), 202);
    }
    assert_eq!(ask(Some(&Actor::Bdt), "192.0.2.6"), 429);
    assert_eq!(ask(Some(&Actor::Anct), "192.0.2.7"), 202);
    // One subscriber holds a whole /64, and an address has one form.
    for last in 1..=5 {
        assert_eq!(ask(None, &format!("2001:db8:1:2::{last}")), 202);
        assert_eq!(ask(None, &format!("::ffff:198.51.100.{}", 1)), 202);
    }
    assert_eq!(
        (ask(None, "2001:db8:1:2:ffff::1"), ask(None, "198.51.100.1"), ask(None, "2001:db8:1:3::1")),
        (429, 429, 202)
    );
}

#[test]
fn what_is_limited_follows_from_who_may_call_and_what_is_taken() {
    let app = App::start();
    let document = app.document();
    let contract = Contract::from_document(&document).expect("a contract");
    let mut counts = [0; 3];
    for operation in operations::all(&document) {
        let limited = contract.operations().find(|(_, o)| o.id == operation.id).expect("an operation").1.limited;
        let sends = operation.line.anonymous && operation.method != "GET";
        assert_eq!(limited == Limited::Form, sends, "{}", operation.id);
        counts[limited as usize] += 1;
    }
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    for id in ["invite_account", "update_account", "update_candidate", "update_structure"] {
        let limited = contract.operations().find(|(_, o)| o.id == id).expect("an operation").1.limited;
        assert_eq!(limited, Limited::Letters, "{id}");
    }
}

/// Letters to a mailbox that others caused.
fn letters(app: &App, recipient: &str) -> usize {
    app.emails().iter().filter(|email| email["recipient"] == recipient).count()
}

#[test]
fn a_mailbox_gets_few_letters_whichever_form_causes_them() {
    let app = App::start();
    let victim = "victim@example.org";
    let employer = Actor::Employer(structure(&app));
    let Actor::Employer(structure_id) = employer else { unreachable!("an employer") };
    let invitation = json!({"role": "employer", "email": victim, "structure_id": structure_id});
    app.post("/api/v1/accounts").by(&employer).json(&invitation).expect(201);
    let storm = |rank: i64| {
        let mut registration = form("Commune", "commune", "82112", "82200");
        registration["contact"]["email"] = json!(if rank % 2 == 0 { victim } else { "victim+tag@example.org" });
        assert_eq!(app.post("/api/v1/structures").json(&registration).send().status, 201);
        let mut person = candidate_form(&app, "82112", "82200", Some(40));
        person["email"] = json!(victim);
        assert_eq!(app.post("/api/v1/candidates").json(&person).send().status, 202);
        assert_eq!(app.post("/api/v1/login-links").json(&json!({"email": victim})).send().status, 202);
    };
    let all = || letters(&app, victim) + letters(&app, "victim+tag@example.org");
    std::thread::scope(|scope| {
        let storm = &storm;
        (0..6).for_each(|rank| drop(scope.spawn(move || storm(rank))));
    });
    assert_eq!(all(), 5, "in an hour, however many at once");
    for hour in 1..=8 {
        app.advance(TimeDelta::minutes(61));
        storm(hour);
        storm(hour + 1);
    }
    assert_eq!(all(), 20, "in a day");
    assert_eq!(letters(&app, "other@example.org"), 0);
    // What became of an account is told all the same.
    let id = app.get("/api/v1/accounts").by(&employer).expect(200).values("/data", "/id").remove(0);
    let path = format!("/api/v1/accounts/{id}");
    let etag = app.get(&path).by(&employer).expect(200).etag();
    app.patch(&path).by(&employer).if_match(&etag).json(&json!({"email": "other@example.org"})).expect(200);
    assert!(app.emails().iter().any(|e| e["template"] == "account_address_changed" && e["recipient"] == victim));
    app.advance(TimeDelta::hours(25));
    storm(0);
    assert!(all() > 21, "the next day it may be written to again");
}

#[test]
fn letters_to_unproved_addresses_say_nothing_that_a_stranger_wrote() {
    let app = App::start();
    let planted = "Cliquez https://piege.example vite";
    let mut registration = form(planted, "commune", "82112", "82200");
    registration["address"] = json!(planted);
    for member in ["first_name", "last_name", "job"] {
        registration["contact"][member] = json!(planted);
    }
    let id = app.post("/api/v1/structures").json(&registration).expect(201).id();
    let mut person = candidate_form(&app, "82112", "82200", Some(40));
    for member in ["first_name", "last_name", "motivation"] {
        person[member] = json!(planted);
    }
    app.post("/api/v1/candidates").json(&person).expect(202);
    // Again: the letter that says so, and the one to an address that was mistyped.
    app.post("/api/v1/candidates").json(&person).expect(202);
    let path = format!("/api/v1/structures/{id}");
    let etag = app.get(&path).by(&Actor::Anct).expect(200).etag();
    let corrected = json!({"contact": {"email": "autre@example.org"}});
    app.patch(&path).by(&Actor::Anct).if_match(&etag).json(&corrected).expect(200);
    let emails = app.emails();
    assert!(emails.len() >= 5, "{emails:?}");
    for email in &emails {
        for part in ["subject", "text_body", "html_body"] {
            let text = email[part].as_str().expect("a text");
            assert!(!text.contains("piege") && !text.contains("Cliquez"), "{}: {text}", email["template"]);
        }
    }
    let letter = emails.iter().find(|email| email["template"] == "structure_confirm_address").expect("a letter");
    let text = letter["text_body"].as_str().expect("a text");
    assert!(text.contains(registration["siret"].as_str().expect("a SIRET")) && text.contains("Moissac"), "{text}");
}

#[test]
fn an_unconfirmed_registration_keeps_nothing_from_anybody() {
    let app = App::start();
    let number = siret();
    let register = |name: &str, email: &str| {
        let mut body = form(name, "commune", "82112", "82200");
        body["siret"] = json!(number);
        body["contact"]["email"] = json!(email);
        app.post("/api/v1/structures").json(&body).send()
    };
    let squatter = register("Accaparée", "squatter@example.org").id();
    let typo = register("Commune de Moissac", "mairi@example.org").id();
    let right = register("Commune de Moissac", "mairie@example.org").id();
    let lost = register("Commune de Moissac", "mairie@example.org").id();
    let all = [&squatter, &typo, &right, &lost];
    let tokens = all.map(|id| mailed_token(&app, id));
    // Any of the links works, the last as well as the first; all at once, exactly one does.
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let app = &app;
        let confirm = |token: &String| {
            let body = json!({"token": token});
            scope.spawn(move || app.post("/api/v1/structures/confirm").json(&body).send().status)
        };
        let calls: Vec<_> = tokens[1..].iter().map(confirm).collect();
        calls.into_iter().map(|call| call.join().expect("a call")).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    app.post("/api/v1/structures/confirm").json(&json!({"token": tokens[0]})).problem("invalid_link");
    assert_eq!(register("Encore", "encore@example.org").at("/code"), "structure_exists");
    let found = app.get(&format!("/api/v1/structures/by-identifier/siret/{number}")).by(&Actor::Anct).expect(200);
    assert_eq!(found.at("/status"), "registered");
    let states = "select status from structures order by status";
    assert_eq!(app.database.owner().column(states), ["cancelled", "cancelled", "cancelled", "registered"]);
    // By constraint: two of one number are never confirmed, whoever writes.
    let second = app.database.owner().try_run(
        "update structures set status = 'registered', cancelled_at = null, confirmed_at = now() where status = 'cancelled'",
    );
    assert!(second.is_err_and(|error| error.contains("structures_live_siret_key")));
}

/// Members named like an address of e-mail, with where they stand in the example.
fn addresses(example: &Value, path: String, found: &mut Vec<String>) {
    for (name, value) in example.as_object().into_iter().flatten() {
        let at = format!("{path}/{name}");
        if name == "email" || name.ends_with("_email") {
            found.push(at.clone());
        }
        addresses(value, at, found);
    }
}

#[test]
fn every_address_has_one_form() {
    let app = App::start();
    let mut tried = 0;
    for operation in operations::all(&app.document()).iter().filter(|o| o.takes_json()) {
        let (media, example) = operation.body().expect("a body");
        let example: Value = serde_json::from_str(&example).expect("JSON");
        let mut found = Vec::new();
        addresses(&example, String::new(), &mut found);
        for pointer in found {
            for wrong in ["аdmin@example.org", "é@example.org", "\"quoted local\"@example.org", "a@b", "a@[192.0.2.1]"]
            {
                let mut body = example.clone();
                *body.pointer_mut(&pointer).expect("a member") = json!(wrong);
                let call = operation.call_with(&app, &operation.path(), Some((media.clone(), body.to_string())));
                let answer = match operation.some_caller() {
                    Some(actor) => call.by(&actor).send(),
                    None => call.send(),
                };
                assert_eq!(answer.status, 422, "{wrong}: {}", answer.describe());
                assert!(answer.faults().contains(&format!("{pointer}: invalid_email")), "{}", answer.describe());
                tried += 1;
            }
        }
    }
    assert!(tried >= 20, "{tried}");
}
