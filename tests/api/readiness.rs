//! A server that cannot serve says so, and why: a wrong clock, a schema that does not fit, a pool without sessions.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use conum::app::jobs;
use conum::platform::auth::Actor;
use conum::platform::db::{Outcome, Request, migrations};
use serde_json::json;

use crate::support::{App, Database, Session, with_database};

#[test]
fn a_server_with_a_wrong_clock_runs_no_jobs_and_is_not_ready() {
    let app = App::start();
    app.await_readiness(None);
    for ahead in [6, -6] {
        app.put_machine_ahead(TimeDelta::seconds(ahead));
        app.await_readiness(Some("clock_off"));
        let worker = app.service.start_worker().expect("a worker");
        // The database itself refuses what a job would do, also where nobody asked before.
        let tidy = |tx: &mut conum::platform::db::Tx<'_>| jobs::tidy(tx).map(Outcome::Keep);
        let refused = app.service.db.write_now(&Request::job("tidy"), &tidy).expect_err("a job by a wrong clock");
        assert_eq!(refused.code().as_str(), "service_unavailable");
        // People are served on.
        let invitation = json!({"role": "bdt", "email": format!("personne{ahead}@example.org")});
        app.post("/api/v1/accounts").by(&Actor::Anct).json(&invitation).expect(201);
        app.await_readiness(Some("clock_off"));
        worker.stop();
        assert_eq!(app.database.owner().number("select count(*) from job_runs"), 0);
        assert_eq!(app.database.owner().number("select count(*) from emails where attempts > 0"), 0);
    }
    // Within what is tolerated, and beyond doubt.
    app.put_machine_ahead(TimeDelta::seconds(2));
    app.await_readiness(None);
    let worker = app.service.start_worker().expect("a worker");
    let started = Instant::now();
    while app.database.owner().number("select count(*) from job_runs where finished_at is not null") < 7 {
        assert!(started.elapsed() < Duration::from_secs(120), "jobs are not run again");
        std::thread::sleep(Duration::from_millis(50));
    }
    worker.stop();
}

#[test]
fn a_database_that_is_not_migrated_or_too_new_makes_a_server_unready() {
    let app = App::on(Database::empty(), &[], Default::default());
    app.await_readiness(Some("schema_behind"));
    migrations::run(&app.database.url).expect("migrations");
    app.await_readiness(None);
    let mut owner = app.database.owner();
    owner.run("insert into __diesel_schema_migrations (version) values ('20990101000000')");
    app.await_readiness(Some("schema_ahead"));
    owner.run("delete from __diesel_schema_migrations where version = '20990101000000'");
    app.await_readiness(None);
    let newest = "(select max(version) from __diesel_schema_migrations)";
    owner.run(&format!("delete from __diesel_schema_migrations where version = {newest}"));
    app.await_readiness(Some("schema_behind"));
}

#[test]
fn a_server_whose_readers_have_no_sessions_is_not_ready() {
    let app = App::configured(&[("CONUM_POOL_SIZE", "1")], Default::default());
    app.await_readiness(None);
    app.get("/api/v1/regions").expect(200);
    let name = app.database.owner().column("select current_database()").remove(0);
    let mut admin = Session::open(&with_database(&app.database.url, "postgres"));
    admin.run(&format!("alter database {name} allow_connections false"));
    // Writers keep theirs, and the watch has its answers.
    let ended = admin.column(&format!(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = '{name}' and application_name = 'conum' and query like '%regions%'"
    ));
    assert_eq!(ended, ["true"]);
    app.await_readiness(Some("readers_unavailable"));
    app.get("/api/v1/regions").problem("service_unavailable");
    admin.run(&format!("alter database {name} allow_connections true"));
    app.await_readiness(None);
    app.get("/api/v1/regions").expect(200);
}
