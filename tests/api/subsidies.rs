//! Subsidies: scales, agreements, instalments, payments, credit notes, envelopes, the ledger.

use chrono::{Months, NaiveDate, TimeDelta};
use conum::app::jobs;
use conum::platform::auth::{Actor, Territory};
use serde_json::{Value, json};

use crate::candidates::job;
use crate::recruitments::{Scene, path as recruitment_path, scene};
use crate::support::builders::{
    Employer, candidate, employer, open_call, posts_of, prefecture, recruited, retained_at, step, transition,
};
use crate::support::{Answer, App};

pub const IBAN: &str = "FR7630006000011234567890189";

pub fn path(agreement: &str) -> String {
    format!("/api/v1/agreements/{agreement}")
}

/// A key that no other call of the test has.
pub fn key() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Says where a structure is paid.
pub fn bank(app: &App, employer: &Employer) -> Answer {
    let body = json!({"holder": employer.name, "iban": "FR76 3000 6000 0112 3456 7890 189"});
    app.put(&format!("/api/v1/structures/{}/bank-details", employer.id)).by(&employer.actor).json(&body).expect(200)
}

/// Drafts an agreement with all its papers and takes it into instruction; its id.
#[track_caller]
pub fn instructed(app: &App, employer: &Employer, phase: &str) -> String {
    let papers = json!(["rib", "avis_sirene", "piece_identite", "acte_designation"]);
    let body = json!({"phase": phase, "documents": papers});
    let id = app.post("/api/v1/agreements").by(&employer.actor).json(&body).expect(201).id();
    step(app, &Actor::Bdt, &path(&id), "instruct").expect(200);
    bank(app, employer);
    id
}

pub fn sign<'a>(app: &'a App, id: &str) -> crate::support::Call<'a> {
    step(app, &Actor::Bdt, &path(id), "sign").key(&key()).json(&json!({}))
}

/// A signed agreement; its id.
#[track_caller]
pub fn signed(app: &App, employer: &Employer) -> String {
    let id = instructed(app, employer, "v1");
    sign(app, &id).expect(200);
    id
}

pub fn instalments(app: &App, query: &str) -> Answer {
    app.get(&format!("/api/v1/instalments?sort=reference&limit=500{query}")).by(&Actor::Bdt).expect(200)
}

/// Rank, amount and state of each live instalment of an agreement.
fn plan(app: &App, agreement: &str) -> Vec<(i64, i64, String)> {
    let list = instalments(app, &format!("&agreement_id={agreement}&status=planned,due,ordered,paid")).at("/data");
    let mut plan: Vec<(i64, i64, String)> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|i| {
            (i["rank"].as_i64().unwrap(), i["amount_cents"].as_i64().unwrap(), i["status"].as_str().unwrap().to_owned())
        })
        .collect();
    plan.sort();
    plan
}

/// Orders everything that is due; the batch.
#[track_caller]
pub fn order(app: &App) -> Answer {
    let body = json!({"execution_on": app.today()});
    app.post("/api/v1/payment-batches").by(&Actor::Bdt).key(&key()).json(&body).expect(201)
}

pub fn lines(app: &App, batch: &str) -> Value {
    app.get(&format!("/api/v1/payment-batches/{batch}/lines?limit=500")).by(&Actor::Bdt).expect(200).at("/data")
}

pub fn paid(app: &App, line: &Value) -> Value {
    json!({"instalment_id": line["instalment_id"], "outcome": "paid", "paid_on": app.today(),
        "bank_reference": format!("VIR-{}", line["end_to_end_id"].as_str().unwrap())})
}

pub fn answer<'a>(app: &'a App, batch: &str, results: &Value) -> crate::support::Call<'a> {
    app.post(&format!("/api/v1/payment-batches/{batch}/results"))
        .by(&Actor::Bdt)
        .key(&key())
        .json(&json!({"results": results}))
}

/// Orders and pays everything that is due.
pub fn pay_all(app: &App) {
    let batch = order(app).id();
    let results: Vec<Value> = lines(app, &batch).as_array().unwrap().iter().map(|line| paid(app, line)).collect();
    assert_eq!(answer(app, &batch, &json!(results)).expect(200).at("/status"), "answered");
}

pub fn night(app: &App) -> Value {
    job(app, "complete_recruitments", jobs::complete_recruitments);
    job(app, "settle_instalments", jobs::settle_instalments)
}

/// Moves the clock on to a day, and lets the night do its work.
fn go_to(app: &App, day: NaiveDate) {
    app.advance(day - app.today());
    night(app);
}

/// Breaks the contract off today.
#[track_caller]
pub fn terminate(app: &App, employer: &Employer, recruitment: &str) {
    let body = json!({"terminates_on": app.today(), "reason": "demission"});
    step(app, &employer.actor, &recruitment_path(recruitment), "request-termination").json(&body).expect(200);
    transition(app, &recruitment_path(recruitment), "terminate").expect(200);
}

pub fn agreement(app: &App, id: &str) -> Answer {
    app.get(&path(id)).by(&Actor::Bdt).expect(200)
}

/// Agreed, paid, credited.
pub fn sums(app: &App, id: &str) -> (i64, i64, i64) {
    let view = agreement(app, id);
    let cents = |name: &str| view.at(name).as_i64().unwrap();
    (cents("/amount_cents"), cents("/paid_cents"), cents("/credited_cents"))
}

/// What must hold whatever happened, as questions to the database whose answer is nothing.
pub fn violations(app: &App) -> Vec<Value> {
    app.database.owner().rows(
        "select 'agreement' as what, a.id from agreements a where a.amount_cents <> (
            select coalesce(sum(c.amount_cents), 0) from agreement_posts c where c.agreement_id = a.id)
         union all select 'agreed', a.id from agreements a where a.amount_cents <> (
            select coalesce(sum(e.amount_cents), 0) from ledger_entries e where e.agreement_id = a.id and e.kind = 'commitment')
         union all select 'paid', c.id from agreement_posts c where c.paid_cents <> (
            select coalesce(sum(e.amount_cents), 0) from ledger_entries e where e.agreement_post_id = c.id and e.kind = 'payment')
            or c.paid_cents <> (select coalesce(sum(i.amount_cents), 0) from instalments i
                where i.agreement_post_id = c.id and i.status = 'paid')
         union all select 'credited', c.id from agreement_posts c where c.credited_cents <> (
            select coalesce(sum(e.amount_cents), 0) from ledger_entries e where e.agreement_post_id = c.id and e.kind = 'credit')
            or c.credited_cents <> (select coalesce(sum(n.amount_cents), 0) from credit_notes n where n.agreement_post_id = c.id)
         union all select 'plan', c.id from agreement_posts c join lateral (
            select coalesce(sum(i.amount_cents) filter (where i.status in ('planned', 'due')), 0) as open,
                coalesce(sum(i.amount_cents) filter (where i.status = 'ordered'), 0) as ordered
            from instalments i where i.agreement_post_id = c.id) t on true
            where c.paid_cents - c.credited_cents + t.open + t.ordered <> c.amount_cents
                and not (t.open = 0 and t.ordered > 0 and c.paid_cents - c.credited_cents + t.ordered > c.amount_cents)
         union all select 'envelope', null from envelopes v where v.code = 'posts' and (
            v.committed_cents <> (select coalesce(sum(amount_cents), 0) from agreements)
            or v.paid_cents <> (select coalesce(sum(paid_cents - credited_cents), 0) from agreements)
            or v.committed_cents > v.allotted_cents)
         union all select 'line', i.id from instalments i where (i.status = 'ordered') <> exists (
            select from payment_lines l where l.instalment_id = i.id and l.status = 'ordered')
         union all select 'twice', l.instalment_id from payment_lines l where l.status = 'paid' group by l.instalment_id having count(*) > 1
         union all select 'offset', i.id from instalments i where i.status <> 'cancelled' and i.offset_cents <> (
            select coalesce(sum(n.amount_cents), 0) from credit_notes n where n.offset_instalment_id = i.id and n.status = 'offset')",
    )
}

#[test]
fn an_agreement_is_drafted_instructed_signed_and_paid() {
    let Scene { app, employer, posts } = scene(2);
    let body = json!({"phase": "v1"});
    let draft = app.post("/api/v1/agreements").by(&employer.actor).json(&body).expect(201);
    let id = draft.id();
    assert_eq!(
        (draft.at("/status"), draft.at("/posts_count"), draft.at("/estimate_cents")),
        (json!("draft"), json!(2), json!(10_000_000))
    );
    app.post("/api/v1/agreements").by(&employer.actor).json(&body).problem("agreement_exists");
    step(&app, &employer.actor, &path(&id), "instruct").problem("role_not_allowed");
    step(&app, &Actor::Bdt, &path(&id), "instruct").expect(200);
    let missing = sign(&app, &id).problem("agreement_documents_missing");
    assert_eq!(missing.at("/documents_missing"), json!(["acte_designation", "piece_identite", "avis_sirene", "rib"]));
    let etag = agreement(&app, &id).etag();
    let papers = json!({"documents": ["rib", "avis_sirene", "piece_identite", "acte_designation"]});
    app.patch(&path(&id))
        .by(&employer.actor)
        .if_match(&etag)
        .body("application/merge-patch+json", papers.to_string())
        .expect(200);
    sign(&app, &id).problem("bank_details_missing");
    bank(&app, &employer);
    // Without a key a signature is not taken.
    step(&app, &Actor::Bdt, &path(&id), "sign").json(&json!({})).problem("idempotency_key_required");
    let signed = sign(&app, &id).expect(200);
    assert_eq!((signed.at("/status"), signed.at("/amount_cents")), (json!("signed"), json!(10_000_000)));
    assert_eq!(signed.at("/remaining_cents"), 10_000_000);
    // Nobody is recruited: nothing is due, and every instalment says what it waits for.
    let list = instalments(&app, &format!("&agreement_id={id}"));
    assert_eq!(list.at("/meta/total"), 6);
    assert_eq!(list.at("/data/0/unmet"), json!(["recruitment_validated"]));
    assert_eq!((list.at("/data/0/status"), list.at("/data/0/blocked")), (json!("planned"), json!(true)));
    app.post("/api/v1/payment-batches")
        .by(&Actor::Bdt)
        .key(&key())
        .json(&json!({"execution_on": app.today()}))
        .problem("nothing_due");
    // The recruitment is validated: its first instalment is due in the same moment.
    recruited(&app, &employer, &posts[0], &candidate(&app).id);
    let due = instalments(&app, "&status=due");
    assert_eq!(
        (due.at("/meta/total"), due.at("/data/0/rank"), due.at("/data/0/amount_cents")),
        (json!(1), json!(1), json!(1_000_000))
    );
    let batch = order(&app);
    assert_eq!((batch.at("/lines_count"), batch.at("/amount_cents")), (json!(1), json!(1_000_000)));
    let lines = lines(&app, &batch.id());
    let results = json!([paid(&app, &lines[0])]);
    let answered = answer(&app, &batch.id(), &results).expect(200);
    assert_eq!((answered.at("/status"), answered.at("/paid_cents")), (json!("answered"), json!(1_000_000)));
    // The same answer again changes nothing; another one is refused.
    answer(&app, &batch.id(), &results).expect(200);
    let other = json!([{"instalment_id": lines[0]["instalment_id"], "outcome": "rejected", "rejection": "ac04"}]);
    answer(&app, &batch.id(), &other).problem("payment_answered");
    assert_eq!(sums(&app, &id), (10_000_000, 1_000_000, 0));
    let own = app.get("/api/v1/instalments?status=paid").by(&employer.actor).expect(200);
    assert_eq!((own.at("/meta/total"), own.at("/data/0/paid_on")), (json!(1), json!(app.today())));
    let ledger = app.get("/api/v1/ledger-entries").by(&Actor::Bdt).expect(200);
    assert_eq!(ledger.values("/data", "/kind"), ["commitment", "commitment", "payment"]);
    let templates: Vec<String> =
        app.emails().iter().filter_map(|e| e["template"].as_str().map(ToOwned::to_owned)).collect();
    assert!(templates.contains(&"agreement_signed".to_owned()), "{templates:?}");
    assert_eq!(violations(&app), Vec::<Value>::new());
}

#[test]
fn instalments_fall_due_as_months_go_by() {
    let Scene { app, employer, posts } = scene(1);
    let id = signed(&app, &employer);
    let start = app.today();
    let recruitment = recruited(&app, &employer, &posts[0], &candidate(&app).id);
    pay_all(&app);
    let second = &instalments(&app, "&status=planned").at("/data/0");
    let six = start + Months::new(6) - TimeDelta::days(1);
    assert_eq!(second["expected_on"], json!(six));
    assert_eq!(second["unmet"], json!(["months_elapsed", "initial_training_completed"]));
    go_to(&app, six - TimeDelta::days(1));
    assert_eq!(instalments(&app, "&blocked=true").at("/meta/total"), 0);
    go_to(&app, six);
    let blocked = instalments(&app, "&blocked=true");
    assert_eq!(
        (blocked.at("/meta/total"), blocked.at("/data/0/unmet")),
        (json!(1), json!(["initial_training_completed"]))
    );
    // The third one waits for no training.
    go_to(&app, start + Months::new(12) - TimeDelta::days(1));
    assert_eq!(plan(&app, &id)[2], (3, 2_500_000, "due".to_owned()));
    assert_eq!(night(&app), json!({"fallen_due": 0}));
    pay_all(&app);
    // The contract ends after its two years: the whole amount is earned.
    go_to(&app, start + TimeDelta::days(732));
    let ended = app.get(&recruitment_path(&recruitment)).by(&Actor::Anct).expect(200);
    assert_eq!(ended.at("/status"), "completed");
    assert_eq!(sums(&app, &id), (5_000_000, 3_500_000, 0));
    // What was blocked is owed for time worked.
    let due = instalments(&app, "&status=due");
    assert_eq!((due.at("/data/0/rank"), due.at("/data/0/settlement")), (json!(2), json!(true)));
    pay_all(&app);
    step(&app, &Actor::Bdt, &path(&id), "close").expect(200);
    assert_eq!(violations(&app), Vec::<Value>::new());
}

#[test]
fn a_break_asks_back_what_was_paid_beyond_the_time_worked() {
    let Scene { app, employer, posts } = scene(1);
    let id = signed(&app, &employer);
    let start = app.today();
    let first = recruited(&app, &employer, &posts[0], &candidate(&app).id);
    pay_all(&app);
    app.advance(start + Months::new(2) - TimeDelta::days(1) - app.today());
    terminate(&app, &employer, &first);
    // Two of twenty-four months of 50,000 €.
    assert_eq!(sums(&app, &id), (416_667, 1_000_000, 583_333));
    assert_eq!(plan(&app, &id), [(1, 1_000_000, "paid".to_owned())]);
    let notes = app.get("/api/v1/credit-notes").by(&employer.actor).expect(200);
    assert_eq!(
        (notes.at("/data/0/amount_cents"), notes.at("/data/0/reason")),
        (json!(583_333), json!("contract_ended"))
    );
    assert_eq!(app.emails().last().unwrap()["template"], "credit_note_issued");
    let calculation = app.get(&format!("{}/calculation", path(&id))).by(&employer.actor).expect(200);
    let amounts: Vec<i64> = calculation
        .at("/posts/0/lines")
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["amount_cents"].as_i64().unwrap())
        .collect();
    assert_eq!(amounts, [1_000_000, 1_500_000, 2_500_000, -4_583_333]);
    assert_eq!(calculation.at("/posts/0/worked_thirtieths"), 60);
    step(&app, &Actor::Bdt, &path(&id), "close").problem("agreement_unsettled");
    // Somebody else is hired: an amendment gives the full amount back, and with it what was credited.
    app.advance(TimeDelta::days(30));
    step(&app, &Actor::Bdt, &path(&id), "amend").problem("nothing_to_amend");
    recruited(&app, &employer, &posts[0], &candidate(&app).id);
    assert_eq!(agreement(&app, &id).at("/amendment_needed"), true);
    let amended = step(&app, &Actor::Bdt, &path(&id), "amend").expect(200);
    assert_eq!((amended.at("/status"), amended.at("/amount_cents")), (json!("amended"), json!(5_000_000)));
    assert_eq!(amended.at("/amendments/0/posts_restored"), 1);
    let expected = [(1, 1_000_000, "paid"), (2, 2_083_333, "planned"), (3, 2_500_000, "planned")];
    assert_eq!(plan(&app, &id), expected.map(|(rank, cents, status)| (rank, cents, status.to_owned())));
    // The credit note is settled by the next instalment.
    let note = format!("/api/v1/credit-notes/{}", notes.text_at("/data/0/id"));
    let second = instalments(&app, "&status=planned").text_at("/data/0/id");
    step(&app, &Actor::Bdt, &note, "offset").json(&json!({"instalment_id": second})).expect(200);
    step(&app, &Actor::Bdt, &note, "repay")
        .json(&json!({"repaid_on": app.today(), "bank_reference": "X"}))
        .problem("transition_not_allowed");
    assert_eq!(violations(&app), Vec::<Value>::new());
}

#[test]
fn a_post_that_leaves_is_settled_and_its_remaining_time_goes_with_it() {
    let Scene { app, employer, posts } = scene(2);
    let id = signed(&app, &employer);
    let start = app.today();
    recruited(&app, &employer, &posts[0], &candidate(&app).id);
    pay_all(&app);
    // Returned before anybody worked on it: nothing is owed.
    let back = json!({"post_id": posts[1], "reason": "besoin_plus_justifie"});
    let back = app.post("/api/v1/post-returns").by(&employer.actor).json(&back).expect(201).id();
    transition(&app, &format!("/api/v1/post-returns/{back}"), "accept").expect(200);
    assert_eq!(sums(&app, &id).0, 5_000_000);
    // After eight months the other one moves with its counsellor.
    let other = retained_at(&app, "Commune de Castelsarrasin", "82033", "82100", 1);
    go_to(&app, start + Months::new(8));
    transition(&app, &format!("/api/v1/posts/{}", posts[0]), "transfer")
        .json(&json!({"structure_id": other.id}))
        .expect(200);
    assert_eq!(sums(&app, &id), (1_666_667, 1_000_000, 0));
    let due = instalments(&app, &format!("&agreement_id={id}&status=due"));
    assert_eq!((due.at("/data/0/amount_cents"), due.at("/data/0/settlement")), (json!(666_667), json!(true)));
    // The new house gets the sixteen months that remain, and the ranks that nobody was paid.
    let its = signed(&app, &other);
    let view = agreement(&app, &its);
    let full: Vec<i64> =
        view.at("/posts").as_array().unwrap().iter().map(|p| p["full_cents"].as_i64().unwrap()).collect();
    assert_eq!(full, [3_333_333, 5_000_000]);
    let moved = instalments(&app, &format!("&post_id={}&status=planned,due,ordered,paid", posts[0]));
    let mut ranks: Vec<(i64, i64)> = moved
        .at("/data")
        .as_array()
        .unwrap()
        .iter()
        .map(|i| (i["rank"].as_i64().unwrap(), i["amount_cents"].as_i64().unwrap()))
        .collect();
    ranks.sort_unstable();
    assert_eq!(ranks, [(1, 1_000_000), (2, 666_667), (3, 3_333_333)]);
    assert_eq!(violations(&app), Vec::<Value>::new());
}

#[test]
fn what_the_bank_rejects_is_due_again() {
    let Scene { app, employer, posts } = scene(2);
    let id = signed(&app, &employer);
    for post in &posts {
        recruited(&app, &employer, post, &candidate(&app).id);
    }
    let batch = order(&app).id();
    let lines = lines(&app, &batch);
    let rejected = json!({"instalment_id": lines[1]["instalment_id"], "outcome": "rejected", "rejection": "ac04"});
    let half = answer(&app, &batch, &json!([rejected])).expect(200);
    assert_eq!((half.at("/status"), half.at("/rejected_count")), (json!("ordered"), json!(1)));
    let due = instalments(&app, "&status=due");
    assert_eq!(
        (due.at("/meta/total"), due.at("/data/0/rejections_count"), due.at("/data/0/last_rejection")),
        (json!(1), json!(1), json!("ac04"))
    );
    answer(&app, &batch, &json!([paid(&app, &lines[0])])).expect(200);
    let again = order(&app);
    assert_eq!(again.at("/lines_count"), 1);
    // Faults are told all at once, each with its place.
    let wrong = json!([
        {"instalment_id": lines[1]["instalment_id"], "outcome": "paid", "rejection": "ac04"},
        {"instalment_id": id, "outcome": "rejected", "rejection": "ac04"},
    ]);
    let faults = answer(&app, &again.id(), &wrong).problem("validation_failed").faults();
    assert_eq!(
        faults,
        [
            "/results/0/paid_on: required",
            "/results/0/bank_reference: required",
            "/results/0/rejection: invalid_value",
            "/results/1/instalment_id: unknown_id"
        ]
    );
    assert_eq!(violations(&app), Vec::<Value>::new());
}

#[test]
fn a_payment_after_a_break_is_asked_back_at_once() {
    for break_first in [true, false] {
        let Scene { app, employer, posts } = scene(1);
        let id = signed(&app, &employer);
        let start = app.today();
        let recruitment = recruited(&app, &employer, &posts[0], &candidate(&app).id);
        let batch = order(&app).id();
        app.advance(start + Months::new(1) - TimeDelta::days(1) - app.today());
        let results = json!([paid(&app, &lines(&app, &batch)[0])]);
        if break_first {
            terminate(&app, &employer, &recruitment);
            assert_eq!(sums(&app, &id), (208_333, 0, 0));
            answer(&app, &batch, &results).expect(200);
        } else {
            answer(&app, &batch, &results).expect(200);
            terminate(&app, &employer, &recruitment);
        }
        assert_eq!(sums(&app, &id), (208_333, 1_000_000, 791_667), "{break_first}");
        assert_eq!(violations(&app), Vec::<Value>::new());
    }
    // Rejected after the break: only the time worked is due.
    let Scene { app, employer, posts } = scene(1);
    let id = signed(&app, &employer);
    let recruitment = recruited(&app, &employer, &posts[0], &candidate(&app).id);
    let batch = order(&app).id();
    app.advance(TimeDelta::days(30));
    terminate(&app, &employer, &recruitment);
    let line = &lines(&app, &batch)[0];
    answer(
        &app,
        &batch,
        &json!([{"instalment_id": line["instalment_id"], "outcome": "rejected", "rejection": "ms03"}]),
    )
    .expect(200);
    assert_eq!(plan(&app, &id), [(1, 208_333, "due".to_owned())]);
    assert_eq!(violations(&app), Vec::<Value>::new());
}

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
