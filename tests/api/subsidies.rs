//! Subsidies: agreements, instalments, payments, credit notes.

use chrono::{Months, NaiveDate, TimeDelta};
use conum::app::jobs;
use conum::platform::auth::Actor;
use serde_json::{Value, json};

use crate::candidates::job;
use crate::recruitments::{Scene, path as recruitment_path, scene};
use crate::support::builders::{Employer, candidate, recruited, retained_at, step, transition};
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
    step(app, &Actor::Bdt, &path(id), "sign").key(&key()).json(&read(app, id))
}

/// The amount that the agreement shows, as `sign` and `amend` expect it.
pub fn read(app: &App, id: &str) -> Value {
    json!({"expected_cents": agreement(app, id).at("/estimate_cents").as_i64().unwrap_or_default()})
}

pub fn amend<'a>(app: &'a App, id: &str) -> crate::support::Call<'a> {
    step(app, &Actor::Bdt, &path(id), "amend").json(&read(app, id))
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
pub fn plan(app: &App, agreement: &str) -> Vec<(i64, i64, String)> {
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
/// Today, or the next day on which banks work.
pub fn bank_day(app: &App) -> NaiveDate {
    app.today().iter_days().find(|day| conum::features::subsidies::model::is_bank_day(*day)).expect("a bank day")
}

#[track_caller]
pub fn order(app: &App) -> Answer {
    let body = previewed(app, &json!({"execution_on": bank_day(app)}));
    app.post("/api/v1/payment-batches").by(&Actor::Bdt).key(&key()).json(&body).expect(201)
}

/// A batch with the amount and the number of lines that a dry run shows.
#[track_caller]
pub fn previewed(app: &App, batch: &Value) -> Value {
    let call = app.post("/api/v1/payment-batches").query("dry_run", "true").by(&Actor::Bdt).key(&key());
    let shown = call.json(batch).expect(200);
    let mut body = batch.clone();
    body["expected_cents"] = shown.at("/amount_cents");
    body["expected_count"] = shown.at("/lines_count");
    body
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
    step(&app, &Actor::Bdt, &path(&id), "sign").json(&read(&app, &id)).problem("idempotency_key_required");
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
        .json(&json!({"execution_on": bank_day(&app), "expected_cents": 0, "expected_count": 0}))
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
    // What was blocked is owed for time worked, and still waits for the training that was its condition.
    let blocked = instalments(&app, "&blocked=true");
    assert_eq!((blocked.at("/data/0/rank"), blocked.at("/data/0/settlement")), (json!(2), json!(true)));
    assert_eq!(blocked.at("/data/0/unmet"), json!(["initial_training_completed"]));
    assert_eq!(instalments(&app, "&status=due").at("/meta/total"), 0);
    step(&app, &Actor::Bdt, &path(&id), "close").problem("agreement_unsettled");
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
    amend(&app, &id).problem("nothing_to_amend");
    recruited(&app, &employer, &posts[0], &candidate(&app).id);
    assert_eq!(agreement(&app, &id).at("/amendment_needed"), true);
    let amended = amend(&app, &id).expect(200);
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
    // Owed for time worked, once the person has done the training that was its condition.
    let due = instalments(&app, &format!("&agreement_id={id}&blocked=true"));
    assert_eq!((due.at("/data/0/amount_cents"), due.at("/data/0/settlement")), (json!(666_667), json!(true)));
    assert_eq!(due.at("/data/0/unmet"), json!(["initial_training_completed"]));
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
    // An account that is closed is not tried again: the instalment waits for another one.
    let waits = instalments(&app, "&blocked=true");
    assert_eq!(
        (waits.at("/meta/total"), waits.at("/data/0/rejections_count"), waits.at("/data/0/last_rejection")),
        (json!(1), json!(1), json!("ac04"))
    );
    assert_eq!(waits.at("/data/0/unmet"), json!(["bank_details_renewed"]));
    answer(&app, &batch, &json!([paid(&app, &lines[0])])).expect(200);
    let none = json!({"execution_on": bank_day(&app), "expected_cents": 1, "expected_count": 1});
    app.post("/api/v1/payment-batches").by(&Actor::Bdt).key(&key()).json(&none).problem("nothing_due");
    let details = format!("/api/v1/structures/{}/bank-details", employer.id);
    let etag = app.get(&details).by(&employer.actor).expect(200).etag();
    let other = json!({"holder": "Trésorerie", "iban": "FR7630006000011234567890189"});
    app.advance(TimeDelta::minutes(1));
    app.put(&details).by(&employer.actor).if_match(&etag).json(&other).expect(200);
    let due = instalments(&app, "&status=due");
    assert_eq!((due.at("/meta/total"), due.at("/data/0/last_rejection")), (json!(1), json!("ac04")));
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
