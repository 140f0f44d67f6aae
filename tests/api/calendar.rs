//! The one calendar of contracts: what is paid, counted and allowed goes by the days that a contract covers, whether or not
//! the night has told of them.

use chrono::{Months, NaiveDate, TimeDelta};
use conum::platform::auth::Actor;
use serde_json::{Value, json};

use crate::activity::{report, totals};
use crate::recruitments::{Scene, path, scene};
use crate::subsidies::{instalments, pay_all, signed, sums, violations};
use crate::support::builders::{
    Candidate, Employer, candidate, contract, counsellor_of, posts_of, recruited, retained_at, step, transition,
    validate,
};
use crate::support::{Answer, App};

/// A contract of two years from a day on, as it is submitted.
fn from(app: &App, post: &str, person: &Candidate, starts_on: NaiveDate) -> Value {
    let mut body = contract(app, post, &person.id);
    body["starts_on"] = json!(starts_on);
    body["ends_on"] = json!(starts_on + TimeDelta::days(730));
    body
}

/// Submitted and validated; the recruitment.
fn validated(app: &App, employer: &Employer, body: &Value) -> String {
    let id = app.post("/api/v1/recruitments").by(&employer.actor).json(body).expect(201).id();
    validate(app, &id).expect(200);
    id
}

fn programme(app: &App) -> (Value, Value, Value, Value) {
    let figures = app.get("/api/v1/statistics/programme").by(&Actor::Anct).expect(200).at("/totals");
    (
        figures["counsellors_recruited_count"].clone(),
        figures["counsellors_in_post_count"].clone(),
        figures["posts_starting_later_count"].clone(),
        figures["posts_occupied_count"].clone(),
    )
}

fn post(app: &App, id: &str) -> Answer {
    app.get(&format!("/api/v1/posts/{id}")).by(&Actor::Anct).expect(200)
}

fn counsellor_status(app: &App, recruitment: &str) -> Value {
    let id = app.get(&path(recruitment)).by(&Actor::Anct).expect(200).text_at("/counsellor_id");
    app.get(&format!("/api/v1/counsellors/{id}")).by(&Actor::Anct).expect(200).at("/status")
}

fn refusal(app: &App, actor: &Actor, recruitment: &str, operation: &str) -> Value {
    let all = app.get(&path(recruitment)).by(actor).expect(200).at("/transitions");
    let found = all.as_array().unwrap().iter().find(|t| t["name"] == operation).cloned();
    found.unwrap_or_else(|| panic!("{operation} is announced"))["refusal"].clone()
}

#[test]
fn a_contract_begins_on_a_post_that_its_structure_holds_and_within_six_months() {
    let Scene { app, employer, posts } = scene(2);
    let (granted, person) = (app.today(), candidate(&app));
    let submit = |employer: &Employer, post: &str, day: NaiveDate| {
        app.post("/api/v1/recruitments")
            .by(&employer.actor)
            .json(&from(&app, post, &person, day))
            .query("dry_run", "true")
    };
    app.advance(TimeDelta::days(20));
    let faults = |answer: Answer| answer.faults();
    let early = submit(&employer, &posts[0], granted - TimeDelta::days(1)).problem("validation_failed");
    assert_eq!(faults(early), ["/starts_on: too_small"]);
    submit(&employer, &posts[0], granted).expect(200);
    let latest = app.today() + Months::new(6);
    submit(&employer, &posts[0], latest).expect(200);
    for late in [latest + TimeDelta::days(1), "2098-01-01".parse().unwrap()] {
        let told = faults(submit(&employer, &posts[0], late).problem("validation_failed"));
        assert!(told.contains(&"/starts_on: too_large".to_owned()), "{told:?}");
    }
    let mut endless = from(&app, &posts[0], &person, app.today());
    endless["ends_on"] = json!("2099-12-31");
    let refused = app.post("/api/v1/recruitments").by(&employer.actor).json(&endless).problem("validation_failed");
    assert_eq!(refused.faults(), ["/ends_on: too_large"]);
    // A post that came by transfer: from the day on which it came.
    let other = retained_at(&app, "Commune de Castelsarrasin", "82033", "82100", 1);
    transition(&app, &format!("/api/v1/posts/{}", posts[1]), "transfer")
        .json(&json!({"structure_id": other.id}))
        .expect(200);
    let before = submit(&other, &posts[1], app.today() - TimeDelta::days(1)).problem("validation_failed");
    assert_eq!(faults(before), ["/starts_on: too_small"]);
    submit(&other, &posts[1], app.today()).expect(200);
    // A change is held to the same bounds, and the database holds whatever the service forgets.
    let id = app
        .post("/api/v1/recruitments")
        .by(&employer.actor)
        .json(&from(&app, &posts[0], &person, app.today()))
        .expect(201)
        .id();
    let etag = app.get(&path(&id)).by(&employer.actor).expect(200).etag();
    let moved = app
        .patch(&path(&id))
        .by(&employer.actor)
        .if_match(&etag)
        .body("application/merge-patch+json", json!({"starts_on": granted - TimeDelta::days(1)}).to_string())
        .problem("validation_failed");
    assert_eq!(moved.faults(), ["/starts_on: too_small"]);
    let forced = app.database.owner().try_run(&format!(
        "update recruitments set starts_on = date '{}' where id = '{id}'",
        granted - TimeDelta::days(1)
    ));
    assert!(forced.unwrap_err().contains("before its structure holds the post"));
}

#[test]
fn what_has_not_begun_is_shown_so_and_neither_counted_nor_paid() {
    let Scene { app, employer, posts } = scene(1);
    let agreement = signed(&app, &employer);
    let starts = app.today() + TimeDelta::days(40);
    let id = validated(&app, &employer, &from(&app, &posts[0], &candidate(&app), starts));
    let shown = post(&app, &posts[0]);
    assert_eq!((shown.at("/status"), shown.at("/occupied_from")), (json!("starts_later"), json!(starts)));
    assert_eq!(counsellor_status(&app, &id), "starts_later");
    assert_eq!(programme(&app), (json!(1), json!(0), json!(1), json!(0)));
    let first = instalments(&app, &format!("&agreement_id={agreement}")).at("/data/0");
    assert_eq!(
        (&first["status"], &first["unmet"], &first["expected_on"]),
        (&json!("planned"), &json!(["recruitment_validated"]), &json!(starts))
    );
    step(&app, &employer.actor, &path(&id), "request-termination")
        .json(&json!({"terminates_on": starts, "reason": "demission"}))
        .problem("contract_not_begun");
    // The day comes: it counts before the night has told of it.
    app.advance(starts - app.today());
    assert_eq!(post(&app, &posts[0]).at("/status"), "occupied");
    assert_eq!(counsellor_status(&app, &id), "in_post");
    assert_eq!(programme(&app), (json!(1), json!(1), json!(0), json!(1)));
    for (list, total) in
        [("posts?status=occupied", 1), ("posts?status=starts_later", 0), ("counsellors?status=in_post", 1)]
    {
        assert_eq!(app.get(&format!("/api/v1/{list}")).by(&Actor::Anct).expect(200).at("/meta/total"), total, "{list}");
    }
    let begun = crate::recruitments::night(&app);
    assert_eq!(begun["begun"], 1);
    assert_eq!(crate::recruitments::night(&app)["begun"], 0);
    assert_eq!(instalments(&app, "&status=due").at("/meta/total"), 1);
    let types = app.database.owner().column("select type from events order by sequence desc limit 40");
    for told in ["recruitment.begun", "post.occupied"] {
        assert_eq!(types.iter().filter(|kind| *kind == told).count(), 1, "{told} in {types:?}");
    }
    // Figures of an earlier day keep what was true on it.
    let eve = starts - TimeDelta::days(1);
    let past = app.get(&format!("/api/v1/statistics/programme?as_of={eve}")).by(&Actor::Anct).expect(200);
    assert_eq!(
        (past.at("/totals/counsellors_recruited_count"), past.at("/totals/counsellors_in_post_count")),
        (json!(1), json!(0))
    );
    assert_eq!(violations(&app), Vec::<Value>::new());
}

#[test]
fn what_is_validated_can_be_undone_until_its_first_day() {
    for by in ["employer", "anct"] {
        let Scene { app, employer, posts } = scene(1);
        signed(&app, &employer);
        let person = candidate(&app);
        let starts = app.today() + TimeDelta::days(30);
        let id = validated(&app, &employer, &from(&app, &posts[0], &person, starts));
        let undone = match by {
            "employer" => step(&app, &employer.actor, &path(&id), "cancel").expect(200),
            _ => {
                let reason = json!({"reason": "La personne a renoncé au poste."});
                step(&app, &Actor::Anct, &path(&id), "refuse").json(&reason).expect(200)
            }
        };
        assert_eq!(undone.at("/status"), if by == "employer" { "cancelled" } else { "refused" });
        let free = post(&app, &posts[0]);
        assert_eq!((free.at("/status"), free.at("/available")), (json!("vacant"), json!(true)));
        let found = app.get(&format!("/api/v1/candidates/{}", person.id)).by(&Actor::Anct).expect(200);
        assert_eq!(found.at("/status"), "active");
        assert_eq!(counsellor_status(&app, &id), "left");
        assert_eq!(programme(&app), (json!(0), json!(0), json!(0), json!(0)));
        assert_eq!(instalments(&app, "&status=due").at("/meta/total"), 0);
        // Both are free for another contract, on the very day.
        let again = recruited(&app, &employer, &posts[0], &person.id);
        assert_eq!(refusal(&app, &employer.actor, &again, "cancel_recruitment"), "contract_begun");
        step(&app, &employer.actor, &path(&again), "cancel").problem("contract_begun");
        let reason = json!({"reason": "Il est trop tard pour cela."});
        step(&app, &Actor::Anct, &path(&again), "refuse").json(&reason).problem("contract_begun");
        assert_eq!(violations(&app), Vec::<Value>::new());
    }
}

#[test]
fn a_validated_renewal_can_be_undone_while_it_waits() {
    let Scene { app, employer, posts } = scene(1);
    let id = recruited(&app, &employer, &posts[0], &candidate(&app).id);
    let end: NaiveDate = app.get(&path(&id)).by(&Actor::Anct).expect(200).text_at("/ends_on").parse().unwrap();
    let body = json!({"contract_type": "cdd", "ends_on": end + TimeDelta::days(300), "gross_monthly_salary_cents": 200_000,
        "documents": crate::support::builders::PAPERS});
    let renewal = step(&app, &employer.actor, &path(&id), "renew").json(&body).expect(201).id();
    validate(&app, &renewal).expect(200);
    let version = app.get(&path(&id)).by(&Actor::Anct).expect(200).etag();
    step(&app, &employer.actor, &path(&renewal), "cancel").expect(200);
    let after = app.get(&path(&id)).by(&Actor::Anct).expect(200);
    assert_eq!(after.at("/renewal_id"), Value::Null);
    assert_ne!(after.etag(), version);
    app.advance(end + TimeDelta::days(1) - app.today());
    crate::recruitments::night(&app);
    assert_eq!(app.get(&path(&id)).by(&Actor::Anct).expect(200).at("/status"), "completed");
    assert_eq!(post(&app, &posts[0]).at("/status"), "vacant");
}

#[test]
fn the_last_day_ends_a_contract_whatever_waits() {
    let Scene { app, employer, posts } = scene(1);
    let id = recruited(&app, &employer, &posts[0], &candidate(&app).id);
    let end: NaiveDate = app.get(&path(&id)).by(&Actor::Anct).expect(200).text_at("/ends_on").parse().unwrap();
    app.advance(end - TimeDelta::days(3) - app.today());
    let asked = app.today();
    crate::recruitments::ask_termination(&app, &employer, &id);
    app.advance(TimeDelta::days(4));
    // The day has passed and the night has not come: nothing goes on.
    assert_eq!(refusal(&app, &employer.actor, &id, "cancel_termination"), "contract_over");
    step(&app, &employer.actor, &path(&id), "cancel-termination").problem("contract_over");
    assert_eq!(post(&app, &posts[0]).at("/status"), "vacant");
    assert_eq!(counsellor_status(&app, &id), "left");
    assert_eq!(programme(&app).1, 0);
    assert_eq!(crate::recruitments::night(&app)["completed"], 1);
    let over = app.get(&path(&id)).by(&Actor::Anct).expect(200);
    assert_eq!((over.at("/status"), over.at("/ended_on")), (json!("completed"), json!(asked)));
    let free = post(&app, &posts[0]);
    assert_eq!((free.at("/status"), free.at("/available")), (json!("vacant"), json!(true)));
}

#[test]
fn a_contract_that_is_over_is_neither_extended_nor_renewed_before_the_night() {
    let Scene { app, employer, posts } = scene(1);
    let id = recruited(&app, &employer, &posts[0], &candidate(&app).id);
    let end: NaiveDate = app.get(&path(&id)).by(&Actor::Anct).expect(200).text_at("/ends_on").parse().unwrap();
    let extension = json!({"ends_on": end + TimeDelta::days(90)});
    app.advance(end - app.today());
    let waiting = app.post(&format!("{}/extensions", path(&id))).by(&employer.actor).json(&extension).expect(201).id();
    app.advance(TimeDelta::days(1));
    step(&app, &Actor::Anct, &format!("/api/v1/extensions/{waiting}"), "validate").problem("contract_over");
    let reason = json!({"reason": "Le contrat est arrivé à son terme."});
    step(&app, &Actor::Anct, &format!("/api/v1/extensions/{waiting}"), "refuse").json(&reason).expect(200);
    app.post(&format!("{}/extensions", path(&id))).by(&employer.actor).json(&extension).problem("contract_over");
    let body = json!({"contract_type": "cdd", "ends_on": end + TimeDelta::days(300), "gross_monthly_salary_cents": 200_000,
        "documents": crate::support::builders::PAPERS});
    step(&app, &employer.actor, &path(&id), "renew").json(&body).problem("contract_over");
    let body = json!({"terminates_on": end, "reason": "demission"});
    step(&app, &employer.actor, &path(&id), "request-termination").json(&body).problem("contract_over");
}

#[test]
fn a_termination_that_nobody_decides_is_carried_out() {
    let Scene { app, employer, posts } = scene(1);
    let mut body = contract(&app, &posts[0], &candidate(&app).id);
    body["contract_type"] = json!("cdi");
    body["ends_on"] = Value::Null;
    let id = validated(&app, &employer, &body);
    app.advance(TimeDelta::days(100));
    let asked = app.today();
    crate::recruitments::ask_termination(&app, &employer, &id);
    app.advance(TimeDelta::days(60));
    assert_eq!(crate::recruitments::night(&app)["lapsed"], 0);
    app.advance(TimeDelta::days(1));
    assert_eq!(crate::recruitments::night(&app)["lapsed"], 1);
    let over = app.get(&path(&id)).by(&Actor::Anct).expect(200);
    assert_eq!((over.at("/status"), over.at("/ended_on")), (json!("terminated"), json!(asked)));
}

#[test]
fn nothing_falls_due_while_a_termination_waits_and_months_count_until_the_day_asked_for() {
    let Scene { app, employer, posts } = scene(1);
    let agreement = signed(&app, &employer);
    let id = recruited(&app, &employer, &posts[0], &candidate(&app).id);
    crate::subsidy_closing::exempt(&app, &employer, &id);
    pay_all(&app);
    let start = app.today();
    app.advance(start + Months::new(7) - app.today());
    crate::subsidies::night(&app);
    let second = |app: &App| instalments(app, &format!("&agreement_id={agreement}&status=planned,due")).at("/data/0");
    assert_eq!(second(&app)["status"], "due");
    // Five months were worked: what had fallen due by seven waits again, and nothing can be ordered.
    let asked = json!({"terminates_on": start + Months::new(5) - TimeDelta::days(1), "reason": "demission"});
    step(&app, &employer.actor, &path(&id), "request-termination").json(&asked).expect(200);
    let waits = second(&app);
    assert_eq!(waits["status"], "planned");
    assert_eq!(waits["unmet"], json!(["months_elapsed", "termination_decided"]));
    let none = json!({"execution_on": crate::subsidies::bank_day(&app)});
    app.post("/api/v1/payment-batches")
        .query("dry_run", "true")
        .by(&Actor::Bdt)
        .key("k")
        .json(&none)
        .problem("nothing_due");
    // Taken back, it is due as before.
    step(&app, &employer.actor, &path(&id), "cancel-termination").expect(200);
    assert_eq!(second(&app)["status"], "due");
    step(&app, &employer.actor, &path(&id), "request-termination").json(&asked).expect(200);
    step(&app, &Actor::Anct, &path(&id), "terminate").expect(200);
    assert_eq!(sums(&app, &agreement), (1_041_667, 1_000_000, 0));
    assert_eq!(violations(&app), Vec::<Value>::new());
}

#[test]
fn a_successor_is_asked_for_what_the_predecessor_was_asked_for() {
    let Scene { app, employer, posts } = scene(1);
    let agreement = signed(&app, &employer);
    let start = app.today();
    let first = recruited(&app, &employer, &posts[0], &candidate(&app).id);
    crate::subsidy_closing::exempt(&app, &employer, &first);
    pay_all(&app);
    app.advance(start + Months::new(7) - app.today());
    crate::subsidies::night(&app);
    pay_all(&app);
    crate::subsidies::terminate(&app, &employer, &first);
    app.advance(TimeDelta::days(1));
    let second = recruited(&app, &employer, &posts[0], &candidate(&app).id);
    crate::subsidies::amend(&app, &agreement).expect(200);
    app.advance(TimeDelta::days(200));
    crate::subsidies::night(&app);
    let waits = instalments(&app, &format!("&agreement_id={agreement}&blocked=true"));
    assert_eq!(waits.at("/meta/total"), 1, "{}", waits.describe());
    assert_eq!(waits.at("/data/0/unmet"), json!(["initial_training_completed"]));
    crate::subsidy_closing::exempt(&app, &employer, &second);
    assert_eq!(instalments(&app, &format!("&agreement_id={agreement}&blocked=true")).at("/meta/total"), 0);
    assert_eq!(instalments(&app, &format!("&agreement_id={agreement}&status=due")).at("/meta/total"), 1);
}

#[test]
fn reports_follow_their_contract_and_figures_with_them() {
    let Scene { app, employer, posts } = scene(2);
    let other = retained_at(&app, "Commune de Figeac", "46102", "46100", 1);
    let id = recruited(&app, &employer, &posts[0], &candidate(&app).id);
    let author = counsellor_of(&app, &id);
    app.advance(TimeDelta::days(30));
    let day = |back: i64| app.today() - TimeDelta::days(back);
    for back in [20, 5] {
        app.post("/api/v1/activity-reports").by(&author).json(&report(day(back))).expect(201);
    }
    let of = |house: &Employer| {
        totals(&app, Some(&Actor::Anct), &format!("structure_id={}", house.id)).at("/totals/reports_count")
    };
    assert_eq!((of(&employer), of(&other)), (json!(2), json!(0)));
    // The post moved ten days ago: what was reported since goes with it.
    let body = json!({"structure_id": other.id, "effective_on": day(10)});
    transition(&app, &format!("/api/v1/posts/{}", posts[0]), "transfer").json(&body).expect(200);
    assert_eq!((of(&employer), of(&other)), (json!(1), json!(1)));
    // The new contract ended eight days ago: the report of five days ago stands under none, and counts nowhere.
    let now =
        app.get(&format!("/api/v1/recruitments?post_id={}&status=validated", posts[0])).by(&Actor::Anct).expect(200);
    let moved = now.text_at("/data/0/id");
    let ask = json!({"terminates_on": day(8), "reason": "demission"});
    step(&app, &other.actor, &path(&moved), "request-termination").json(&ask).expect(200);
    assert_eq!((of(&employer), of(&other)), (json!(1), json!(0)));
    let lost = app.get("/api/v1/activity-reports?covered=false").by(&author).expect(200);
    assert_eq!((lost.at("/meta/total"), lost.at("/data/0/held_on")), (json!(1), json!(day(5))));
    // Taken back, it counts again; or its author names a day that is covered.
    step(&app, &other.actor, &path(&moved), "cancel-termination").expect(200);
    assert_eq!(of(&other), json!(1));
    step(&app, &other.actor, &path(&moved), "request-termination").json(&ask).expect(200);
    let report = format!("/api/v1/activity-reports/{}", lost.text_at("/data/0/id"));
    let etag = app.get(&report).by(&author).expect(200).etag();
    let changes = json!({"held_on": day(9)}).to_string();
    let mended =
        app.patch(&report).by(&author).if_match(&etag).body("application/merge-patch+json", changes).expect(200);
    assert_eq!(mended.at("/report/covered"), true);
    assert_eq!((of(&employer), of(&other)), (json!(1), json!(1)));
    assert_eq!(crate::activity::drift(&app), 0);
}

#[test]
fn zones_are_claimed_by_structures_and_verified_by_the_anct() {
    let Scene { app, employer, .. } = scene(1);
    let own = format!("/api/v1/structures/{}", employer.id);
    let patch = |by: &Actor, changes: Value| {
        let etag = app.get(&own).by(by).expect(200).etag();
        app.patch(&own).by(by).if_match(&etag).body("application/merge-patch+json", changes.to_string())
    };
    let zones =
        |answer: &Answer| ["zrr", "qpv", "zrr_claimed", "qpv_claimed"].map(|name| answer.at(&format!("/{name}")));
    let claimed = patch(&employer.actor, json!({"zrr": true, "qpv": true})).expect(200);
    assert_eq!(zones(&claimed), [json!(false), json!(false), json!(true), json!(true)]);
    let source = json!({"zones_source": "Liste de mon choix"});
    assert_eq!(patch(&employer.actor, source).problem("validation_failed").faults(), ["/zones_source: read_only"]);
    // A claim pays nothing.
    let draft = app.post("/api/v1/agreements").by(&employer.actor).json(&json!({"phase": "v1"})).expect(201);
    let agreement = app.get(&format!("/api/v1/agreements/{}/calculation", draft.id())).by(&Actor::Bdt).expect(200);
    assert_eq!(agreement.at("/priority_area"), false);
    let verified =
        patch(&Actor::Anct, json!({"zrr": true, "zones_source": "Liste FRR du 1er juillet 2024"})).expect(200);
    assert_eq!(zones(&verified), [json!(true), json!(false), json!(true), json!(true)]);
    assert_eq!(verified.at("/zones_verified_on"), json!(app.today()));
    let posts = posts_of(&app, &employer);
    assert_eq!(posts.len(), 1);
    let agreement = app.get(&format!("/api/v1/agreements/{}/calculation", draft.id())).by(&Actor::Bdt).expect(200);
    assert_eq!(agreement.at("/priority_area"), true);
    // It moves: what was verified of the old commune says nothing of the new one.
    let moved = patch(&employer.actor, json!({"commune_code": "82033", "postal_code": "82100"})).expect(200);
    assert_eq!(zones(&moved), [json!(false), json!(false), json!(true), json!(true)]);
    let agreement = app.get(&format!("/api/v1/agreements/{}/calculation", draft.id())).by(&Actor::Bdt).expect(200);
    assert_eq!(agreement.at("/priority_area"), false);
}
