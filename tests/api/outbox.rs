//! E-mails leave once each, whatever runs beside them.

use std::time::{Duration, Instant};

use crate::support::App;
use crate::support::builders::*;

fn eml(app: &App) -> usize {
    let files = std::fs::read_dir(&app.mail_folder).expect("a folder");
    files.filter(|file| file.as_ref().is_ok_and(|f| f.path().extension().is_some_and(|e| e == "eml"))).count()
}

#[test]
fn two_workers_deliver_each_email_once() {
    let app = App::start();
    let workers = [app.service.start_worker().unwrap(), app.service.start_worker().unwrap()];
    for number in 0..30 {
        app.post("/api/v1/structures")
            .json(&form(&format!("Commune {number}"), "commune", "82112", "82200"))
            .expect(201);
    }
    let started = Instant::now();
    while app.database.owner().number("select count(*) from emails where status = 'sent'") < 30 {
        assert!(started.elapsed() < Duration::from_secs(20), "e-mails stay");
        std::thread::sleep(Duration::from_millis(50));
    }
    workers.into_iter().for_each(|worker| worker.stop());
    assert_eq!(eml(&app), 30);
    let attempts = app.database.owner().number("select max(attempts) from emails");
    assert_eq!(attempts, 1, "an e-mail was taken twice");
    // Each daily job ran once for both.
    assert_eq!(app.database.owner().number("select count(*) from job_runs where finished_at is not null"), 10);
}

#[test]
fn an_email_that_cannot_leave_waits_and_is_tried_again() {
    let app = App::start();
    std::fs::remove_dir_all(&app.mail_folder).unwrap();
    let worker = app.service.start_worker().unwrap();
    app.post("/api/v1/structures").json(&form("Commune", "commune", "82112", "82200")).expect(201);
    let wait = |condition: &str| {
        let started = Instant::now();
        while app.database.owner().number(&format!("select count(*) from emails where {condition}")) == 0 {
            assert!(started.elapsed() < Duration::from_secs(20), "never {condition}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    wait("status = 'queued' and attempts = 1 and last_error is not null");
    std::fs::create_dir_all(&app.mail_folder).unwrap();
    app.advance(chrono::TimeDelta::minutes(6));
    wait("status = 'sent' and attempts = 2 and last_error is null");
    worker.stop();
    assert_eq!(eml(&app), 1);
}
