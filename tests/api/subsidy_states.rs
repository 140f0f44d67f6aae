//! Agreements and credit notes: every transition of every state, as each role.

use chrono::TimeDelta;
use conum::platform::auth::Actor;
use serde_json::{Value, json};

use crate::recruitments::{Scene, scene};
use crate::subsidies::{amend, instalments, instructed, key, night, path, pay_all, read, signed, terminate};
use crate::support::builders::{candidate, prefecture, recruited, step};

#[test]
fn every_transition_of_every_state_does_what_the_agreement_announces() {
    let states =
        ["draft", "unready", "ready", "signed", "amendable", "amended", "settled", "closed", "abandoned", "no_funds"];
    let reason = json!({"reason": "La structure renonce à ses postes."});
    let mut tried = 0;
    for state in states {
        let Scene { app, employer, posts } = scene(1);
        let bdt = Actor::Bdt;
        let id = match state {
            "draft" | "unready" | "abandoned" => app
                .post("/api/v1/agreements")
                .by(&bdt)
                .json(&json!({"phase": "v1", "structure_id": employer.id}))
                .expect(201)
                .id(),
            "ready" | "no_funds" => instructed(&app, &employer, "v1"),
            _ => signed(&app, &employer),
        };
        match state {
            "unready" => drop(step(&app, &bdt, &path(&id), "instruct").expect(200)),
            "abandoned" => drop(step(&app, &bdt, &path(&id), "abandon").json(&reason).expect(200)),
            "no_funds" => {
                let none = json!({"allotted_cents": 4_999_999});
                app.put("/api/v1/envelopes/posts").by(&Actor::Anct).json(&none).expect(200);
            }
            "amendable" | "amended" => {
                let contract = recruited(&app, &employer, &posts[0], &candidate(&app).id);
                app.advance(TimeDelta::days(10));
                terminate(&app, &employer, &contract);
                app.advance(TimeDelta::days(10));
                recruited(&app, &employer, &posts[0], &candidate(&app).id);
                if state == "amended" {
                    amend(&app, &id).expect(200);
                }
            }
            "settled" | "closed" => {
                let contract = recruited(&app, &employer, &posts[0], &candidate(&app).id);
                crate::subsidy_closing::exempt(&app, &employer, &contract);
                app.advance(TimeDelta::days(800));
                night(&app);
                pay_all(&app);
                if state == "closed" {
                    step(&app, &bdt, &path(&id), "close").expect(200);
                }
            }
            _ => {}
        }
        for actor in [&bdt, &employer.actor, &Actor::Anct, &prefecture("82")] {
            for (segment, name) in [
                ("instruct", "instruct_agreement"),
                ("sign", "sign_agreement"),
                ("amend", "amend_agreement"),
                ("close", "close_agreement"),
                ("abandon", "abandon_agreement"),
                ("", "update_agreement"),
            ] {
                let file = app.get(&path(&id)).by(actor).expect(200);
                let announced = file.at("/transitions").as_array().unwrap().clone();
                let announced = announced.into_iter().find(|t| t["name"] == name).expect("an announcement");
                let call = if segment.is_empty() {
                    app.patch(&path(&id)).body("application/merge-patch+json", "{}")
                } else {
                    app.post(&format!("{}/{segment}", path(&id)))
                };
                let call = call.by(actor).query("dry_run", "true").if_match(&file.etag());
                let answer = match segment {
                    "sign" => call.key(&key()).json(&read(&app, &id)),
                    "amend" => call.json(&read(&app, &id)),
                    "abandon" => call.json(&reason),
                    _ => call,
                }
                .send();
                let case = format!("{state} {name} by {}", actor.name());
                answer.agrees_with(&file);
                assert_eq!(announced["allowed"], answer.status == 200, "{case}: {}", answer.describe());
                if answer.status != 200 {
                    assert_eq!(announced["refusal"], answer.at("/code"), "{case}");
                }
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 240);
}

#[test]
fn every_transition_of_every_state_does_what_the_credit_note_announces() {
    let mut tried = 0;
    for state in ["issued", "repaid", "offset", "released"] {
        let Scene { app, employer, posts } = scene(2);
        signed(&app, &employer);
        let contract = recruited(&app, &employer, &posts[0], &candidate(&app).id);
        let other = recruited(&app, &employer, &posts[1], &candidate(&app).id);
        pay_all(&app);
        app.advance(TimeDelta::days(10));
        terminate(&app, &employer, &contract);
        let note = app.get("/api/v1/credit-notes").by(&Actor::Bdt).expect(200).text_at("/data/0/id");
        let note = format!("/api/v1/credit-notes/{note}");
        let repayment = json!({"repaid_on": app.today(), "bank_reference": "VIR-1"});
        let third = instalments(&app, &format!("&post_id={}&status=planned", posts[1])).text_at("/data/1/id");
        let offset = json!({"instalment_id": third});
        match state {
            "repaid" => drop(step(&app, &Actor::Bdt, &note, "repay").json(&repayment).expect(200)),
            "offset" | "released" => drop(step(&app, &Actor::Bdt, &note, "offset").json(&offset).expect(200)),
            _ => {}
        }
        if state == "released" {
            // The instalment that was to settle it is cancelled with its contract.
            terminate(&app, &employer, &other);
            let view = app.get(&note).by(&Actor::Bdt).expect(200);
            assert_eq!((view.at("/status"), view.at("/offset_instalment_id")), (json!("issued"), Value::Null));
            continue;
        }
        for actor in [&Actor::Bdt, &employer.actor, &Actor::Anct] {
            for (segment, name, body) in
                [("repay", "repay_credit_note", &repayment), ("offset", "offset_credit_note", &offset)]
            {
                let file = app.get(&note).by(actor).expect(200);
                let announced = file.at("/transitions").as_array().unwrap().clone();
                let announced = announced.into_iter().find(|t| t["name"] == name).expect("an announcement");
                let call =
                    app.post(&format!("{note}/{segment}")).by(actor).query("dry_run", "true").if_match(&file.etag());
                let answer = call.json(body).send();
                let case = format!("{state} {name} by {}", actor.name());
                answer.agrees_with(&file);
                assert_eq!(announced["allowed"], answer.status == 200, "{case}: {}", answer.describe());
                if answer.status != 200 {
                    assert_eq!(announced["refusal"], answer.at("/code"), "{case}");
                }
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 18);
}
