//! PostgreSQL goes away and comes back: problems meanwhile, then all is well again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use conum::platform::auth::Actor;

use crate::support::{Answer, App, Server};

/// Generous beside the promise of 500 ms: debug build, two cores, other tests beside it.
const SLOWEST: Duration = Duration::from_millis(1500);

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
                assert!(returned.elapsed() < Duration::from_secs(10), "it does not heal");
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
        assert!(healed < Duration::from_secs(2), "{healed:?}");
    }
}
