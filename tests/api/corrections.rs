//! What was recorded wrongly is corrected, and everything that stood on it follows; what cannot be met is waived.

use chrono::{Months, TimeDelta};
use conum::platform::auth::Actor;
use serde_json::{Value, json};

use crate::activity::{report, totals};
use crate::recruitments::{Scene, path, scene};
use crate::subsidies::{instalments, pay_all, signed, sums, violations};
use crate::support::builders::{candidate, counsellor_of, recruited, step};
use crate::support::{Answer, App};

fn rectify<'a>(app: &'a App, id: &str, changes: Value) -> crate::support::Call<'a> {
    let mut body = json!({"reason": "Le contrat signé porte une autre date."});
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    step(app, &Actor::Anct, &path(id), "rectify").json(&body)
}

fn reports(app: &App) -> Value {
    totals(app, Some(&Actor::Anct), "").at("/totals/reports_count")
}

#[test]
fn a_wrong_first_day_is_corrected_and_undone() {
    let Scene { app, employer, posts } = scene(1);
    let agreement = signed(&app, &employer);
    let id = recruited(&app, &employer, &posts[0], &candidate(&app).id);
    crate::subsidy_closing::exempt(&app, &employer, &id);
    let (start, author) = (app.today(), counsellor_of(&app, &id));
    pay_all(&app);
    app.advance(start + Months::new(6) + TimeDelta::days(5) - app.today());
    crate::subsidies::night(&app);
    app.post("/api/v1/activity-reports").by(&author).json(&report(start + TimeDelta::days(3))).expect(201);
    let second = |app: &App| instalments(app, &format!("&agreement_id={agreement}&status=planned,due")).at("/data/0");
    assert_eq!((reports(&app), second(&app)["status"].clone()), (json!(1), json!("due")));
    // It began a month later: six months are not worked yet, and the report stands under no contract.
    let later = start + Months::new(1);
    let dry = rectify(&app, &id, json!({"starts_on": later})).query("dry_run", "true").expect(200);
    assert!(dry.values("/effects", "/name").iter().any(|name| name == "instalment.changed"), "{}", dry.describe());
    assert_eq!(second(&app)["status"], "due");
    for by in [&employer.actor, &Actor::Bdt] {
        let body = json!({"starts_on": later, "reason": "Le contrat signé porte une autre date."});
        step(&app, by, &path(&id), "rectify").json(&body).problem("role_not_allowed");
    }
    let corrected = rectify(&app, &id, json!({"starts_on": later})).expect(200);
    assert_eq!(corrected.at("/starts_on"), json!(later));
    assert_eq!(corrected.at("/rectifications/0/starts_on"), json!(start));
    assert_eq!(reports(&app), json!(0));
    let waits = second(&app);
    assert_eq!((&waits["status"], &waits["unmet"]), (&json!("planned"), &json!(["months_elapsed"])));
    let counsellor = app.get(&format!("/api/v1/counsellors/{}", corrected.text_at("/counsellor_id"))).by(&Actor::Anct);
    assert_eq!(counsellor.expect(200).at("/since_on"), json!(later));
    // Undone, everything is as before, and both corrections are kept.
    let undone = rectify(&app, &id, json!({"starts_on": start})).expect(200);
    assert_eq!(undone.at("/rectifications").as_array().unwrap().len(), 2);
    assert_eq!((reports(&app), second(&app)["status"].clone()), (json!(1), json!("due")));
    assert_eq!(crate::activity::drift(&app), 0);
    assert_eq!(violations(&app), Vec::<Value>::new());
}

#[test]
fn a_wrong_last_day_moves_what_was_earned_and_gives_it_back() {
    let Scene { app, employer, posts } = scene(1);
    let agreement = signed(&app, &employer);
    let id = recruited(&app, &employer, &posts[0], &candidate(&app).id);
    crate::subsidy_closing::exempt(&app, &employer, &id);
    let start = app.today();
    pay_all(&app);
    app.advance(start + Months::new(3) - TimeDelta::days(1) - app.today());
    crate::subsidies::terminate(&app, &employer, &id);
    let ended = app.today();
    // Three of twenty-four months of 50,000 €.
    assert_eq!(sums(&app, &agreement), (625_000, 1_000_000, 375_000));
    let earlier = start + Months::new(2) - TimeDelta::days(1);
    rectify(&app, &id, json!({"ended_on": earlier})).expect(200);
    assert_eq!(sums(&app, &agreement), (416_667, 1_000_000, 583_333));
    let back = rectify(&app, &id, json!({"ended_on": ended})).expect(200);
    assert_eq!((back.at("/ended_on"), back.at("/terminates_on")), (json!(ended), json!(ended)));
    let (agreed, paid, credited) = sums(&app, &agreement);
    assert_eq!((agreed, paid, credited), (625_000, 1_000_000, 583_333));
    assert_eq!(violations(&app), Vec::<Value>::new());
    // What was asked back too much is owed again.
    let due = instalments(&app, &format!("&agreement_id={agreement}&status=due"));
    assert_eq!(due.at("/data/0/amount_cents"), json!(208_333));
}

#[test]
fn a_correction_keeps_to_the_rules_of_contracts() {
    let Scene { app, employer, posts } = scene(1);
    let id = recruited(&app, &employer, &posts[0], &candidate(&app).id);
    app.advance(TimeDelta::days(10));
    let faults = |answer: Answer| answer.faults();
    let refused = |changes: Value| faults(rectify(&app, &id, changes).problem("validation_failed"));
    assert_eq!(refused(json!({"starts_on": app.today() - TimeDelta::days(11)})), ["/starts_on: too_small"]);
    assert_eq!(refused(json!({"starts_on": app.today() + Months::new(7)})), ["/starts_on: too_large"]);
    assert_eq!(refused(json!({"ends_on": "2099-12-31"})), ["/ends_on: too_large"]);
    assert_eq!(refused(json!({"ended_on": app.today()})), ["/ended_on: must_be_empty"]);
    assert_eq!(
        refused(json!({"gross_monthly_salary_cents": 100_000})),
        ["/gross_monthly_salary_cents: below_minimum_wage"]
    );
    // A first day that lies ahead: the contract has not begun.
    let ahead = rectify(&app, &id, json!({"starts_on": app.today() + TimeDelta::days(20)})).expect(200);
    assert_eq!(ahead.at("/status"), "validated");
    let post = app.get(&format!("/api/v1/posts/{}", posts[0])).by(&Actor::Anct).expect(200);
    assert_eq!(post.at("/status"), "starts_later");
    step(&app, &employer.actor, &path(&id), "cancel").expect(200);
    let nothing = json!({"starts_on": app.today(), "reason": "Le contrat signé porte une autre date."});
    step(&app, &Actor::Anct, &path(&id), "rectify").json(&nothing).problem("transition_not_allowed");
}

#[test]
fn a_condition_that_cannot_be_met_is_waived_with_a_reason() {
    let Scene { app, employer, posts } = scene(1);
    let agreement = signed(&app, &employer);
    let id = recruited(&app, &employer, &posts[0], &candidate(&app).id);
    pay_all(&app);
    app.advance(TimeDelta::days(220));
    crate::subsidies::night(&app);
    crate::subsidies::terminate(&app, &employer, &id);
    let blocked = instalments(&app, &format!("&agreement_id={agreement}&blocked=true"));
    assert_eq!(blocked.at("/data/0/unmet"), json!(["initial_training_completed"]));
    let instalment = format!("/api/v1/instalments/{}", blocked.text_at("/data/0/id"));
    let waive = |by: &Actor, condition: &str| {
        let etag = app.get(&instalment).by(&Actor::Bdt).expect(200).etag();
        let body = json!({"condition": condition, "reason": "Organisme fermé pendant tout le contrat."});
        app.post(&format!("{instalment}/waive")).by(by).if_match(&etag).json(&body)
    };
    for by in [&Actor::Anct, &employer.actor] {
        waive(by, "initial_training_completed").problem("role_not_allowed");
    }
    assert_eq!(
        waive(&Actor::Bdt, "months_elapsed").problem("validation_failed").faults(),
        ["/condition: invalid_value"]
    );
    let waived = waive(&Actor::Bdt, "initial_training_completed").expect(200);
    assert_eq!((waived.at("/status"), waived.at("/waived")), (json!("due"), json!(["initial_training_completed"])));
    assert_eq!(waived.at("/waiver_reason"), "Organisme fermé pendant tout le contrat.");
    waive(&Actor::Bdt, "initial_training_completed").problem("nothing_to_waive");
    pay_all(&app);
    assert_eq!(violations(&app), Vec::<Value>::new());
}
