//! Candidates who leave, are erased, or are forgotten in time.

use chrono::TimeDelta;
use conum::app::jobs;
use conum::platform::auth::Actor;
use serde_json::{Value, json};

use crate::candidates::{end, job};
use crate::support::App;
use crate::support::builders::{
    candidate, candidate_form, candidate_from, counsellor_of, open_call, posts_of, recruited, retained, step, token_to,
};

#[test]
fn leaving_takes_its_own_token_and_closes_what_is_open() {
    let app = App::start();
    open_call(&app);
    let employer = retained(&app, 1, 2);
    let person = candidate(&app);
    let made = app.post("/api/v1/matches").by(&employer.actor).json(&json!({"candidate_id": person.id})).expect(201);
    let token = token_to(&app, &person.email, "/candidats/desinscription");
    let confirm = json!({"token": token});
    app.post("/api/v1/candidates/confirm").json(&confirm).problem("invalid_link");
    let leave = json!({"token": token, "reason": "emploi_trouve"});
    let left = app.post("/api/v1/candidates/unsubscribe").json(&leave).expect(200);
    assert_eq!(left.at("/status"), "unsubscribed");
    app.post("/api/v1/candidates/unsubscribe").json(&leave).problem("invalid_link");
    let found = app.get(&format!("/api/v1/matches/{}", made.id())).by(&employer.actor).expect(200);
    assert_eq!(found.at("/status"), "closed");
    // Whoever has left still reads what is kept of them, and may erase it; nothing else.
    let path = format!("/api/v1/candidates/{}", person.id);
    let own = app.get(&path).bearer(&person.token).expect(200);
    assert_eq!((own.at("/status"), own.at("/email")), (json!("unsubscribed"), json!(person.email)));
    let version = own.etag();
    app.post(&format!("{path}/resume")).bearer(&person.token).if_match(&version).problem("transition_not_allowed");
    let patch = json!({"motivation": "Autre chose."});
    app.patch(&path).bearer(&person.token).if_match(&version).json(&patch).problem("transition_not_allowed");
    app.post(&format!("{path}/erase")).bearer(&person.token).if_match(&version).query("dry_run", "true").expect(200);
    app.post("/api/v1/login-links").json(&json!({"email": person.email})).expect(202);
    assert!(app.emails().iter().any(|e| e["resource"] == "accounts" && e["recipient"] == person.email.as_str()));
    // Whoever registers again comes back by confirming.
    let mut form = candidate_form(&app, "82112", "82200", Some(40));
    form["email"] = json!(person.email);
    app.post("/api/v1/candidates").json(&form).expect(202);
    let token = token_to(&app, &person.email, "/candidats/confirmation");
    let back = app.post("/api/v1/candidates/confirm").json(&json!({"token": token})).expect(200);
    assert_eq!(back.text_at("/candidate_id"), person.id);
}

#[test]
fn erasure_leaves_a_pseudonym_and_keeps_references_whole() {
    let app = App::start();
    open_call(&app);
    let employer = retained(&app, 1, 2);
    let posts = posts_of(&app, &employer);
    let person = candidate(&app);
    let recruitment = recruited(&app, &employer, &posts[0], &person.id);
    let path = format!("/api/v1/candidates/{}", person.id);
    let etag = app.get(&path).by(&person.actor).expect(200).etag();
    app.post("/api/v1/login-links").json(&json!({"email": person.email})).expect(202);
    let work = counsellor_of(&app, &recruitment);
    let Actor::Counsellor(counsellor) = work else { panic!("no counsellor") };
    let file = format!("/api/v1/counsellors/{counsellor}");
    let version = app.get(&file).by(&work).expect(200).etag();
    let contact = json!({"professional_email": "dominique.exemple@example.org", "professional_phone": "0612345678"});
    app.patch(&file).by(&work).if_match(&version).json(&contact).expect(200);
    app.post(&format!("{path}/erase")).by(&person.actor).if_match(&etag).problem("transition_not_allowed");
    end(&app, &employer, &recruitment);
    step(&app, &person.actor, &path, "erase").expect(200);
    let seen = app.get(&format!("/api/v1/recruitments/{recruitment}")).by(&employer.actor).expect(200);
    assert_eq!(seen.at("/candidate_first_name"), "Personne");
    assert_eq!(seen.at("/candidate_last_name"), seen.at("/candidate_reference"));
    // Nowhere in the database is a trace of the name or the address, but in the last letter.
    let last = app.emails().into_iter().filter(|e| e["recipient"] == person.email.as_str()).collect::<Vec<_>>();
    assert_eq!(last.iter().map(|e| &e["template"]).collect::<Vec<_>>(), ["candidate_erased"]);
    let mut owner = app.database.owner();
    let tables = owner
        .column("select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace");
    for table in &tables {
        for word in ["Dominique", person.email.as_str()] {
            let found = owner.rows(&format!("select count(*)::int as n from {table} t where t::text ilike '%{word}%'"));
            let expected = i32::from(table == "emails" && word == person.email);
            assert_eq!(found[0]["n"], expected, "{word} in {table}");
        }
    }
    // The address is free again.
    let mut form = candidate_form(&app, "82112", "82200", Some(40));
    form["email"] = json!(person.email);
    let again = candidate_from(&app, &form);
    assert_ne!(again.id, person.id);
}

#[test]
fn people_are_forgotten_in_time() {
    let app = App::start();
    let silent = candidate(&app);
    app.post("/api/v1/candidates").json(&candidate_form(&app, "82112", "82200", Some(5))).expect(202);
    assert_eq!(job(&app, "tidy", jobs::tidy)["candidates_erased"], 0);
    app.advance(TimeDelta::days(184));
    let report = job(&app, "tidy", jobs::tidy);
    assert_eq!((&report["candidates_erased"], &report["motivations"]), (&json!(1), &json!(1)), "{report}");
    let file = app.get(&format!("/api/v1/candidates/{}", silent.id)).by(&silent.actor).expect(200);
    assert_eq!((file.at("/status"), file.at("/motivation")), (json!("active"), Value::Null));
    app.advance(TimeDelta::days(550));
    assert_eq!(job(&app, "tidy", jobs::tidy)["candidates_erased"], 1);
    let file = app.get(&format!("/api/v1/candidates/{}", silent.id)).by(&Actor::Anct).expect(200);
    assert_eq!((file.at("/status"), file.at("/first_name")), (json!("erased"), json!("Personne")));
}
