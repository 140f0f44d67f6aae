//! Retention stops and asks where it would take much.

use chrono::TimeDelta;
use conum::app::{jobs, tidy};
use conum::platform::auth::Actor;
use conum::platform::db::purge::{Purges, Share};
use conum::platform::db::{Db, Settings, Site};
use serde_json::{Value, json};

use crate::candidates::job;
use crate::support::builders::candidate_form;
use crate::support::{App, Database, Session};

/// The service's database with other rules for purges, at the service's time.
fn with_purges(app: &App, purges: Purges) -> Db {
    let site = Site { purges, ..app.service.db.site().clone() };
    Db::new(&Settings::single(&app.database.url), app.service.db.clock().clone(), site)
}

fn of<'a>(report: &'a Value, purge: &str) -> Option<&'a Value> {
    report["held"].as_array().expect("a list").iter().find(|held| held["purge"] == purge)
}

#[test]
fn a_purge_of_nearly_all_candidates_stops_and_asks() {
    let app = App::start();
    let register = || app.post("/api/v1/candidates").json(&candidate_form(&app, "82112", "82200", Some(5))).expect(202);
    register();
    // Many more of the same kind, sooner than by as many forms.
    app.database.owner().run(
        "insert into candidates select (jsonb_populate_record(null::candidates, to_jsonb(c) || jsonb_build_object(
            'id', gen_random_uuid(), 'reference', 'CN-C-9' || lpad(n::text, 5, '0')))).* from candidates c, generate_series(1, 344) n;
         insert into candidate_contacts (candidate_id, email)
            select id, lower(reference) || '@example.org' from candidates where reference like 'CN-C-9%'",
    );
    app.advance(TimeDelta::days(3 * 365));
    register();
    let count =
        |condition: &str| app.database.owner().number(&format!("select count(*) from candidates where {condition}"));

    let report = job(&app, "tidy", jobs::tidy);
    assert_eq!(report["candidates_erased"], 0, "{report}");
    let held = of(&report, "candidates").expect("a held purge");
    assert_eq!((&held["rows"], &held["of"]), (&json!(345), &json!(346)));
    assert_eq!(count("status = 'erased'"), 0);
    assert_eq!(app.database.owner().number("select count(*) from candidate_contacts"), 346);
    let asked = app.database.owner().rows("select rows_held, rows_in_all from held_purges where purge = 'candidates'");
    assert_eq!(asked[0], json!({"rows_held": 345, "rows_in_all": 346}));

    // Looked at again, it is only shown; a name that nobody asked about is refused.
    let db = with_purges(&app, Purges::default());
    assert!(of(&tidy::carry_out(&db, &[]).expect("a report"), "candidates").is_some());
    let unknown = tidy::carry_out(&db, &["accesses".to_owned()]).expect_err("not held");
    assert!(unknown.contains("candidates"), "{unknown}");
    assert_eq!(count("status = 'erased'"), 0);

    let confirm = vec!["candidates".to_owned()];
    let db = with_purges(&app, Purges { confirmed: confirm.clone(), ..Purges::default() });
    let report = tidy::carry_out(&db, &confirm).expect("a report");
    assert_eq!(report["candidates_erased"], 345, "{report}");
    assert_eq!((count("status = 'erased'"), count("status <> 'erased'")), (345, 1));
    assert_eq!(app.database.owner().number("select count(*) from held_purges where purge = 'candidates'"), 0);
}

/// All rows of all tables but those that tell of purges, as one line a table.
fn everything(session: &mut Session) -> Vec<String> {
    let tables = session.column(
        "select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
            and not c.relispartition and c.relname not in ('held_purges', 'job_runs') order by 1",
    );
    let line = |table: &String| {
        let hash =
            format!("select coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '') from {table} t");
        format!("{table} {}", session.column(&hash).remove(0))
    };
    tables.iter().map(line).collect()
}

/// A later purge that goes around the mechanism fails here: where no row may go, none does.
#[test]
fn nothing_goes_but_by_a_purge_that_can_be_held() {
    let app = App::on(Database::new(), &[], Default::default());
    conum::app::demo::load(&app.database.url).expect("demonstration data");
    // Rows of short life, which the demonstration has none of.
    app.post("/api/v1/accounts")
        .by(&Actor::Anct)
        .header("Idempotency-Key", "une-cle")
        .json(&json!({"role": "bdt", "email": "a@example.org"}))
        .expect(201);
    app.database.owner().run("update emails set status = 'sent', sent_at = created_at");
    app.set_now("2060-01-01T00:00:00Z");
    let mut owner = app.database.owner();
    let before = everything(&mut owner);
    let nothing = with_purges(&app, Purges { share: Share { percent: 0, least: 0 }, confirmed: Vec::new() });
    let keep = |tx: &mut conum::platform::db::Tx<'_>| jobs::tidy(tx).map(conum::platform::db::Outcome::Keep);
    let report = nothing.write_now(&conum::platform::db::Request::job("tidy"), &keep).expect("a report");
    let held = report["held"].as_array().expect("a list").len();
    assert!(held >= 5, "too little is overdue for this guard to guard anything: {report}");
    let after = everything(&mut owner);
    let changed: Vec<_> = after.iter().filter(|line| !before.contains(line)).collect();
    assert!(changed.is_empty(), "changed although no row may go: {changed:?}");
    // And it does find what goes.
    let all = with_purges(&app, Purges { share: Share { percent: 100, least: 0 }, confirmed: Vec::new() });
    all.write_now(&conum::platform::db::Request::job("tidy"), &keep).expect("a report");
    let gone = everything(&mut owner).iter().filter(|line| !before.contains(line)).count();
    println!("guard: {held} purges held, {gone} tables changed once they may");
    assert!(gone >= held / 2, "{gone}");
}
