//! An agreement closes when nothing of it can move any more; and what moves all the same, because the past is corrected, is
//! followed.

use chrono::{Months, NaiveDate, TimeDelta};
use conum::platform::auth::Actor;
use serde_json::{Value, json};

use crate::recruitments::{Scene, path as recruitment_path, scene};
use crate::subsidies::{agreement, night, path, pay_all, read, signed, sums, terminate, violations};
use crate::support::App;
use crate::support::builders::{
    Employer, candidate, counsellor_of, recruited, retained_at, step, submitted, transition, validate,
};
use crate::trainings::training_path;

/// Somebody with an open-ended contract from today on, exempted from the training; the recruitment.
fn hired_for_good(app: &App, employer: &Employer, post: &str) -> String {
    let mut body = crate::support::builders::contract(app, post, &candidate(app).id);
    body["contract_type"] = json!("cdi");
    body["ends_on"] = Value::Null;
    let id = app.post("/api/v1/recruitments").by(&employer.actor).json(&body).expect(201).id();
    validate(app, &id).expect(200);
    exempt(app, employer, &id);
    id
}

/// Exempts the person of a recruitment from the initial training, unless they are already.
pub fn exempt(app: &App, employer: &Employer, recruitment: &str) {
    let Actor::Counsellor(counsellor) = counsellor_of(app, recruitment) else { panic!("a counsellor") };
    let known = app.get(&format!("/api/v1/enrolments?counsellor_id={counsellor}")).by(&Actor::Anct).expect(200);
    if known.at("/meta/total") != 0 {
        return;
    }
    let body = json!({"counsellor_id": counsellor, "path_id": training_path(app, "initial", 175)});
    let enrolment = app.post("/api/v1/enrolments").by(&employer.actor).json(&body).expect(201).id();
    let proof = json!({"proof": "Titre REMN obtenu en 2020, copie au dossier."});
    step(app, &Actor::Anct, &format!("/api/v1/enrolments/{enrolment}"), "exempt").json(&proof).expect(200);
}

fn go_to(app: &App, day: NaiveDate) {
    app.advance(day - app.today());
    night(app);
}

fn close<'a>(app: &'a App, id: &str) -> crate::support::Call<'a> {
    step(app, &Actor::Bdt, &path(id), "close")
}

/// What the agreement announces of its closing.
fn announced(app: &App, id: &str) -> Value {
    let all = agreement(app, id).at("/transitions");
    let found = all.as_array().unwrap().iter().find(|t| t["name"] == "close_agreement").cloned();
    found.expect("an announcement")["refusal"].clone()
}

#[test]
fn an_agreement_whose_months_are_not_earned_does_not_close() {
    let Scene { app, employer, posts } = scene(1);
    let id = signed(&app, &employer);
    let start = app.today();
    let refused = close(&app, &id).problem("agreement_unsettled");
    assert_eq!(refused.at("/posts_open/0/reason"), "vacant");
    let contract = hired_for_good(&app, &employer, &posts[0]);
    // All three instalments are paid after a year of two.
    go_to(&app, start + Months::new(13));
    pay_all(&app);
    assert_eq!(sums(&app, &id), (5_000_000, 5_000_000, 0));
    let refused = close(&app, &id).problem("agreement_posts_open");
    let open = &refused.at("/posts_open/0");
    assert_eq!((&open["post_id"], &open["reason"]), (&json!(posts[0]), &json!("running")));
    assert_eq!(open["until_on"], json!(start + Months::new(24)));
    assert_eq!(announced(&app, &id), "agreement_posts_open");
    // Broken off: eleven months are asked back. Nobody works there: somebody else may be hired for the rest.
    terminate(&app, &employer, &contract);
    let note = app.get(&format!("/api/v1/credit-notes?agreement_id={id}")).by(&Actor::Bdt).expect(200);
    let (agreed, paid, credited) = sums(&app, &id);
    assert_eq!((paid, note.at("/data/0/amount_cents")), (5_000_000, json!(credited)));
    assert!(agreed == paid - credited && (2_200_000..2_300_000).contains(&credited), "{credited}");
    assert_eq!(announced(&app, &id), "agreement_unsettled");
    let note = format!("/api/v1/credit-notes/{}", note.text_at("/data/0/id"));
    let back = json!({"repaid_on": app.today(), "bank_reference": "VIR-1"});
    step(&app, &Actor::Bdt, &note, "repay").json(&back).expect(200);
    let refused = close(&app, &id).problem("agreement_posts_open");
    assert_eq!(
        refused.at("/posts_open/0"),
        json!({"post_id": posts[0], "reason": "vacant", "until_on": null,
        "post_reference": refused.at("/posts_open/0/post_reference")})
    );
    app.advance(TimeDelta::days(1));
    // A submission moves nothing yet; the post returned, nothing can move any more.
    submitted(&app, &employer, &posts[0], &candidate(&app).id);
    close(&app, &id).problem("agreement_posts_open");
    let waiting =
        app.get("/api/v1/recruitments?status=submitted").by(&employer.actor).expect(200).text_at("/data/0/id");
    step(&app, &employer.actor, &recruitment_path(&waiting), "cancel").expect(200);
    let body = json!({"post_id": posts[0], "reason": "besoin_plus_justifie"});
    let back = app.post("/api/v1/post-returns").by(&employer.actor).json(&body).expect(201).id();
    transition(&app, &format!("/api/v1/post-returns/{back}"), "accept").expect(200);
    assert_eq!(announced(&app, &id), Value::Null);
    assert_eq!(close(&app, &id).expect(200).at("/status"), "closed");
    assert_eq!(violations(&app), Vec::<Value>::new());
}

#[test]
fn a_closed_agreement_is_followed_when_the_past_is_corrected() {
    for correction in ["termination", "transfer"] {
        let Scene { app, employer, posts } = scene(1);
        let id = signed(&app, &employer);
        let start = app.today();
        let contract = hired_for_good(&app, &employer, &posts[0]);
        let other = retained_at(&app, "Commune de Castelsarrasin", "82033", "82100", 1);
        go_to(&app, start + Months::new(12));
        pay_all(&app);
        // On the very day on which the last month is earned it may still end in the morning.
        go_to(&app, start + Months::new(24) - TimeDelta::days(1));
        close(&app, &id).problem("agreement_posts_open");
        go_to(&app, start + Months::new(24));
        close(&app, &id).expect(200);
        let closed = agreement(&app, &id);
        // Broken off today, nothing moves.
        let eighteen = start + Months::new(18) - TimeDelta::days(1);
        if correction == "termination" {
            let body = json!({"terminates_on": eighteen, "reason": "demission"});
            step(&app, &employer.actor, &recruitment_path(&contract), "request-termination").json(&body).expect(200);
            assert_eq!(sums(&app, &id), (5_000_000, 5_000_000, 0));
            transition(&app, &recruitment_path(&contract), "terminate").expect(200);
        } else {
            let body = json!({"structure_id": other.id, "effective_on": eighteen + TimeDelta::days(1)});
            transition(&app, &format!("/api/v1/posts/{}", posts[0]), "transfer").json(&body).expect(200);
        }
        assert_eq!(sums(&app, &id), (3_750_000, 5_000_000, 1_250_000), "{correction}");
        let view = agreement(&app, &id);
        assert_eq!((view.at("/status"), view.at("/closed_on")), (json!("closed"), closed.at("/closed_on")));
        assert_ne!(view.etag(), closed.etag());
        let note = app.get(&format!("/api/v1/credit-notes?agreement_id={id}")).by(&Actor::Bdt).expect(200);
        assert_eq!((note.at("/meta/total"), note.at("/data/0/amount_cents")), (json!(1), json!(1_250_000)));
        let note = format!("/api/v1/credit-notes/{}", note.text_at("/data/0/id"));
        let back = json!({"repaid_on": app.today(), "bank_reference": "VIR-1"});
        step(&app, &Actor::Bdt, &note, "repay").json(&back).expect(200);
        assert_eq!(violations(&app), Vec::<Value>::new());
    }
}

#[test]
fn a_break_of_today_moves_nothing_of_a_closed_agreement() {
    let Scene { app, employer, posts } = scene(1);
    let id = signed(&app, &employer);
    let start = app.today();
    let contract = hired_for_good(&app, &employer, &posts[0]);
    go_to(&app, start + Months::new(24));
    pay_all(&app);
    close(&app, &id).expect(200);
    terminate(&app, &employer, &contract);
    app.advance(TimeDelta::days(1));
    recruited(&app, &employer, &posts[0], &candidate(&app).id);
    go_to(&app, start + Months::new(30));
    assert_eq!(sums(&app, &id), (5_000_000, 5_000_000, 0));
    let amend = step(&app, &Actor::Bdt, &path(&id), "amend").json(&read(&app, &id));
    amend.problem("transition_not_allowed");
}

#[test]
fn the_database_closes_nothing_that_is_open() {
    let Scene { app, employer, .. } = scene(1);
    let id = signed(&app, &employer);
    let mut owner = app.database.owner();
    let close = format!("update agreements set status = 'closed', closed_on = current_date where id = '{id}'");
    assert!(owner.try_run(&close).is_err());
    owner.run("update instalments set status = 'cancelled', cancelled_on = current_date, unmet = '{}'");
    owner.try_run(&close).expect("closed");
    assert!(owner.try_run("update instalments set status = 'planned', cancelled_on = null").is_err());
}
