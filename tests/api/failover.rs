//! A primary hangs, its standby takes its place, and the former comes back as if nothing had happened.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use conum::platform::auth::Actor;
use serde_json::json;

use crate::support::{App, Database, Server, Session};

/// Ends a test that hangs; nothing takes so long.
const FOREVER: Duration = Duration::from_secs(300);

/// One write: its address, when it was begun, and whether it was acknowledged.
struct Write {
    email: String,
    begun: Instant,
    done: Instant,
    acknowledged: bool,
}

static NUMBER: AtomicUsize = AtomicUsize::new(0);

fn write(app: &App) -> Write {
    let email = format!("personne-{}@example.org", NUMBER.fetch_add(1, Ordering::Relaxed));
    let begun = Instant::now();
    let answer = app.post("/api/v1/accounts").by(&Actor::Anct).json(&json!({"role": "bdt", "email": email})).send();
    assert!([201, 503].contains(&answer.status), "{}", answer.describe());
    Write { email, begun, done: Instant::now(), acknowledged: answer.status == 201 }
}

/// Writes until so many are acknowledged.
fn write_some(app: &App, count: usize) -> Vec<Write> {
    let (started, mut writes) = (Instant::now(), Vec::new());
    while writes.iter().filter(|write: &&Write| write.acknowledged).count() < count {
        assert!(started.elapsed() < FOREVER, "writes are not acknowledged");
        writes.push(write(app));
    }
    writes
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < FOREVER, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn emails(url: &str) -> BTreeSet<String> {
    Session::open(url).column("select email from accounts").into_iter().collect()
}

/// The address of both servers, the former first.
fn of_both(former: &str, latter: &str) -> String {
    let host =
        |url: &str| url.split("host=").nth(1).and_then(|rest| rest.split('&').next()).expect("a host").to_owned();
    let both = format!("host={},{}", host(former), host(latter));
    former.replace(&format!("host={}", host(former)), &both) + "&target_session_attrs=read-write"
}

#[test]
fn a_primary_that_hangs_is_left_for_the_one_that_took_its_place() {
    let former = Server::start("failover-a");
    drop(former.database());
    let latter = former.standby("failover-b");
    let synchronous = |names: &str| {
        let mut session = Session::open(&former.url());
        session.run(&format!("alter system set synchronous_standby_names = '{names}'"));
        session.run("select pg_reload_conf()");
    };
    synchronous("*");
    until("a synchronous standby", || {
        Session::open(&former.url()).number("select count(*) from pg_stat_replication where sync_state = 'sync'") == 1
    });
    let url = of_both(&former.url(), &latter.url());
    let on_both = || {
        let database = Database::at(&url);
        App::on(database, &[("CONUM_STALL_MS", "500")], Default::default())
    };
    let app = on_both();
    app.await_readiness(None);

    let mut writes = write_some(&app, 10);
    let stop = AtomicBool::new(false);
    let (frozen, frozen_at, promoted_at, during) = std::thread::scope(|scope| {
        let (app, stop) = (&app, &stop);
        let traffic: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(move || {
                    let mut writes = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        writes.push(write(app));
                    }
                    writes
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(200));
        let frozen = former.freeze();
        let frozen_at = Instant::now();
        Session::open(&latter.url()).run("select pg_promote(true, 120)");
        let promoted_at = Instant::now();
        until("a write after the promotion", || emails(&latter.url()).len() > 10 && write(app).acknowledged);
        stop.store(true, Ordering::Relaxed);
        let during: Vec<Write> = traffic.into_iter().flat_map(|thread| thread.join().expect("traffic")).collect();
        (frozen, frozen_at, promoted_at, during)
    });
    writes.extend(during);
    // One begun before the freeze may be told just after it.
    let again = writes.iter().filter(|w| w.acknowledged && w.begun > frozen_at).map(|w| w.done).min();
    let again = again.expect("a write after the promotion");
    println!(
        "promoted {:?} after the freeze; written again {:?} after the freeze, {:?} after the promotion",
        promoted_at - frozen_at,
        again - frozen_at,
        again.saturating_duration_since(promoted_at)
    );
    assert!(again - frozen_at < FOREVER);
    writes.extend(write_some(&app, 10));

    // It comes back, takes writes, and stands first in the address.
    drop(frozen);
    synchronous("");
    let mut back = Session::open(&former.url());
    assert_eq!(back.number("select (not pg_is_in_recovery())::int"), 1);
    writes.extend(write_some(&app, 10));
    for _ in 0..3 {
        // All sessions are lost, and new ones looked for.
        Session::open(&latter.url()).run(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where application_name = 'conum' and pid <> pg_backend_pid()",
        );
        writes.extend(write_some(&app, 5));
    }
    // A service that starts anew knows nothing of what happened.
    let newcomer = on_both();
    newcomer.await_readiness(None);
    writes.extend(write_some(&newcomer, 5));

    let (old_side, new_side) = (emails(&former.url()), emails(&latter.url()));
    let lost: Vec<_> =
        writes.iter().filter(|w| w.acknowledged && !new_side.contains(&w.email)).map(|w| &w.email).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let strayed: Vec<_> =
        writes.iter().filter(|w| w.begun > frozen_at && old_side.contains(&w.email)).map(|w| &w.email).collect();
    assert!(strayed.is_empty(), "on the old side, begun after it froze: {strayed:?}");
    let acknowledged = writes.iter().filter(|w| w.acknowledged).count();
    println!("{acknowledged} acknowledged, 0 lost; {} on the old side, {} on the new", old_side.len(), new_side.len());
    assert!(new_side.len() >= old_side.len() + 30);
}
