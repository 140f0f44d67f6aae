//! PostgreSQL goes away and comes back: problems meanwhile, then all is well again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use conum::platform::auth::Actor;

use crate::support::{Answer, App, Frozen, Server};

/// Tells a quick answer from one that waits for a pool or a socket (ten seconds and more). Generous beside the promise of
/// 500 ms: debug build, two cores, other tests beside it.
const SLOWEST: Duration = Duration::from_secs(5);
/// What heals by itself does so sooner, on a quiet machine within two seconds.
const HEALED: Duration = Duration::from_secs(20);

#[test]
fn an_outage_of_the_database_is_a_quick_503_and_heals_by_itself() {
    let server = Server::start("outage");
    let app = App::on(server.database(), &[], Default::default());
    let read = || app.get("/api/v1/regions").send();
    let private = || app.get("/api/v1/applications").by(&Actor::Anct).send();
    assert_eq!((read().status, private().status), (200, 200));

    for round in 0..2 {
        let back = AtomicBool::new(false);
        let (answers, healed) = std::thread::scope(|scope| {
            let traffic: Vec<_> = (0..4)
                .map(|rank| {
                    let (back, read, private) = (&back, &read, &private);
                    scope.spawn(move || {
                        let mut answers: Vec<(Answer, Duration)> = Vec::new();
                        while !back.load(Ordering::Relaxed) {
                            let started = Instant::now();
                            let answer = if rank % 2 == 0 { read() } else { private() };
                            answers.push((answer, started.elapsed()));
                            std::thread::sleep(Duration::from_millis(10));
                        }
                        answers
                    })
                })
                .collect();
            std::thread::sleep(Duration::from_millis(200));
            server.stop();
            std::thread::sleep(Duration::from_millis(800));
            assert_eq!(app.get("/health/ready").send().status, 503);
            assert_eq!(app.get("/health/live").send().status, 200);
            server.go_on();
            let returned = Instant::now();
            while read().status != 200 || private().status != 200 {
                assert!(returned.elapsed() < HEALED, "it does not heal");
                std::thread::sleep(Duration::from_millis(20));
            }
            let healed = returned.elapsed();
            back.store(true, Ordering::Relaxed);
            let answers: Vec<_> = traffic.into_iter().flat_map(|thread| thread.join().expect("traffic")).collect();
            (answers, healed)
        });
        let failed: Vec<_> = answers.iter().filter(|(answer, _)| answer.status != 200).collect();
        let slowest = failed.iter().map(|(_, took)| *took).max().unwrap_or_default();
        println!(
            "round {round}: {} answers, {} of them 503, the slowest after {slowest:?}, healed in {healed:?}",
            answers.len(),
            failed.len()
        );
        assert!(!failed.is_empty() && failed.len() < answers.len());
        for (answer, took) in failed {
            assert_eq!(
                (answer.status, answer.at("/code")),
                (503, "service_unavailable".into()),
                "{}",
                answer.describe()
            );
            assert!(!answer.header("retry-after").is_empty(), "{}", answer.describe());
            assert!(*took < SLOWEST, "{took:?}: {}", answer.describe());
        }
    }
}

#[test]
fn a_database_that_freezes_is_a_quick_503_too() {
    let server = Server::start("frozen");
    let app = App::on(server.database(), &[("CONUM_STALL_MS", "500")], Default::default());
    let read = || app.get("/api/v1/regions").send();
    app.await_readiness(None);
    assert_eq!(read().status, 200);
    let frozen = server.freeze();
    let started = Instant::now();
    let first = read();
    let took = started.elapsed();
    let second_started = Instant::now();
    let second = read();
    let second_took = second_started.elapsed();
    let ready = app.get("/health/ready").send();
    drop(frozen);
    assert_eq!((first.status, second.status, ready.status), (503, 503, 503));
    assert_eq!(ready.at("/reason"), "database_away");
    assert!(took < SLOWEST && second_took < SLOWEST, "{took:?} {second_took:?}");
    let back = Instant::now();
    while read().status != 200 {
        assert!(back.elapsed() < HEALED, "it does not heal");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn sessions_that_hang_are_left_for_new_ones() {
    // On a busy machine an answer may take a second, and opening sessions anew several.
    let app = App::configured(&[("CONUM_STALL_MS", "3000")], Default::default());
    let read = || app.get("/api/v1/regions").send();
    app.await_readiness(None);
    assert_eq!(read().status, 200);
    // Every session that the service holds, the watch's own among them; the server itself answers.
    let sessions = app.database.owner().column(
        "select pid::text from pg_stat_activity where application_name = 'conum' and datname = current_database()
            and pid <> pg_backend_pid()",
    );
    assert!(sessions.len() >= 3, "{sessions:?}");
    let frozen = Frozen::sessions(sessions);
    let started = Instant::now();
    // All threads wait on sessions that do not answer.
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..6).map(|_| scope.spawn(|| read().status)).collect();
        waiting.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    });
    assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
    while read().status != 200 || app.get("/health/ready").send().status != 200 {
        assert!(started.elapsed() < 6 * HEALED, "the sessions that hang are not left");
        std::thread::sleep(Duration::from_millis(20));
    }
    println!("left after {:?}, while the old sessions still hang", started.elapsed());
    drop(frozen);
}

#[test]
fn a_locked_table_does_not_hold_up_the_others() {
    let app = App::start();
    let mut holder = app.database.owner();
    holder.run("begin; lock table structures in access exclusive mode");
    let started = Instant::now();
    app.get("/api/v1/structures").by(&Actor::Anct).problem("service_unavailable");
    assert!(started.elapsed() < 2 * SLOWEST, "{:?}", started.elapsed());
    app.get("/api/v1/communes/82112").expect(200);
    assert_eq!(app.get("/health/ready").send().status, 200);
    holder.run("rollback");
    app.get("/api/v1/structures").by(&Actor::Anct).expect(200);
}
