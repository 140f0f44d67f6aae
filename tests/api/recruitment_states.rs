//! Recruitments and extensions: every transition of every state, as each role.

use chrono::TimeDelta;
use conum::platform::auth::Actor;
use serde_json::json;

use crate::recruitments::{Scene, ask_termination, night, path, renewal, scene};
use crate::support::builders::{
    PAPERS, candidate, counsellor_of, prefecture, recruited, step, submitted, terms, validate,
};

#[test]
fn every_transition_of_every_state_does_what_the_recruitment_announces() {
    let states = [
        "submitted",
        "validated",
        "refused",
        "cancelled",
        "declined",
        "termination_requested",
        "terminated",
        "completed",
        "renewed",
        "renewal",
        "extending",
    ];
    let operations = [
        ("validate", "validate_recruitment"),
        ("refuse", "refuse_recruitment"),
        ("cancel", "cancel_recruitment"),
        ("decline", "decline_recruitment"),
        ("extensions", "request_extension"),
        ("renew", "renew_recruitment"),
        ("request-termination", "request_termination"),
        ("cancel-termination", "cancel_termination"),
        ("terminate", "terminate_recruitment"),
    ];
    let reason = json!({"reason": "Le contrat n'est pas signé."});
    let mut tried = 0;
    for state in states {
        let Scene { app, employer, posts } = scene(1);
        let person = candidate(&app);
        let mut id = submitted(&app, &employer, &posts[0], &person.id);
        let anct = Actor::Anct;
        match state {
            "submitted" => {}
            "refused" => drop(step(&app, &anct, &path(&id), "refuse").json(&reason).expect(200)),
            "declined" => drop(step(&app, &person.actor, &path(&id), "decline").expect(200)),
            "cancelled" => drop(step(&app, &employer.actor, &path(&id), "cancel").expect(200)),
            _ => drop(validate(&app, &id).expect(200)),
        }
        match state {
            "termination_requested" => drop(ask_termination(&app, &employer, &id)),
            "terminated" => {
                ask_termination(&app, &employer, &id);
                step(&app, &anct, &path(&id), "terminate").expect(200);
            }
            "completed" => {
                app.advance(TimeDelta::days(731));
                night(&app);
            }
            "renewed" => drop(renewal(&app, &employer, &id).expect(201)),
            "renewal" => id = renewal(&app, &employer, &id).expect(201).id(),
            "extending" => {
                let later = json!({"ends_on": "2024-01-01"});
                app.post(&format!("{}/extensions", path(&id))).by(&employer.actor).json(&later).expect(201);
            }
            _ => {}
        }
        let others = [Actor::Bdt, prefecture("82"), person.actor.clone()];
        for actor in [&anct, &employer.actor].into_iter().chain(&others) {
            for (segment, name) in operations {
                let file = app.get(&path(&id)).by(actor).expect(200);
                let announced = file.at("/transitions").as_array().unwrap().clone();
                let announced = announced.into_iter().find(|t| t["name"] == name).expect("an announcement");
                let call = app.post(&format!("{}/{segment}", path(&id))).by(actor).query("dry_run", "true");
                let call = if segment == "extensions" { call } else { call.if_match(&file.etag()) };
                let within = file.text_at("/starts_on");
                let call = match segment {
                    "validate" => call.json(&terms(&app, &id)),
                    "refuse" => call.json(&reason),
                    "extensions" => call.json(&json!({"ends_on": "2030-01-01"})),
                    "renew" => call.json(&json!({"contract_type": "cdd", "ends_on": "2030-01-01", "gross_monthly_salary_cents": 200_000, "documents": PAPERS})),
                    "request-termination" => call.json(&json!({"terminates_on": within, "reason": "autre"})),
                    _ => call,
                };
                let answer = call.send();
                answer.agrees_with(&file);
                assert_eq!(
                    announced["allowed"],
                    answer.status == 200,
                    "{state} {name} by {}: {}",
                    actor.name(),
                    answer.describe()
                );
                if answer.status != 200 {
                    assert_eq!(announced["refusal"], answer.at("/code"), "{state} {name} by {}", actor.name());
                }
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 495);
}

#[test]
fn every_transition_of_every_state_does_what_the_extension_announces() {
    let reason = json!({"reason": "Le budget n'est pas voté."});
    let mut tried = 0;
    for state in ["requested", "validated", "refused", "ending", "ended"] {
        let Scene { app, employer, posts } = scene(1);
        let person = candidate(&app);
        let contract = recruited(&app, &employer, &posts[0], &person.id);
        let later = json!({"ends_on": "2029-01-01"});
        let id = app.post(&format!("{}/extensions", path(&contract))).by(&employer.actor).json(&later).expect(201).id();
        let (anct, extension) = (Actor::Anct, format!("/api/v1/extensions/{id}"));
        match state {
            "validated" => drop(step(&app, &anct, &extension, "validate").expect(200)),
            "refused" => drop(step(&app, &anct, &extension, "refuse").json(&reason).expect(200)),
            "ending" => drop(ask_termination(&app, &employer, &contract)),
            "ended" => {
                ask_termination(&app, &employer, &contract);
                step(&app, &anct, &path(&contract), "terminate").expect(200);
            }
            _ => {}
        }
        let counsellor = counsellor_of(&app, &contract);
        let others = [Actor::Bdt, prefecture("82"), person.actor.clone(), counsellor];
        for actor in [&anct, &employer.actor].into_iter().chain(&others) {
            let seen = app.get(&extension).by(actor).send();
            for (segment, name) in [("validate", "validate_extension"), ("refuse", "refuse_extension")] {
                let call = app.post(&format!("{extension}/{segment}")).by(actor).query("dry_run", "true");
                let call = if segment == "refuse" { call.json(&reason) } else { call };
                let case = format!("{state} {name} by {}", actor.name());
                tried += 1;
                if seen.status != 200 {
                    assert_eq!(call.if_match("\"1\"").send().status, 403, "{case}");
                    continue;
                }
                let announced = seen.at("/transitions").as_array().unwrap().clone();
                let announced = announced.into_iter().find(|t| t["name"] == name).expect("an announcement");
                let answer = call.if_match(&seen.etag()).send();
                answer.agrees_with(&seen);
                assert_eq!(announced["allowed"], answer.status == 200, "{case}: {}", answer.describe());
                if answer.status != 200 {
                    assert_eq!(announced["refusal"], answer.at("/code"), "{case}");
                }
            }
        }
    }
    assert_eq!(tried, 60);
}
