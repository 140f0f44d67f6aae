//! No state lasts for ever without saying why.

use std::collections::BTreeSet;

use conum::app::deadlines::{self, LINES, Lasts, PATIENCE};
use conum::app::jobs::{self, waiting};
use conum::app::states;
use conum::platform::auth::Actor;
use conum::platform::transitions::Act;
use serde_json::{Value, json};

use super::{looked_at, none, source};
use crate::candidates::job;
use crate::recruitments::{Scene, scene};
use crate::support::builders::{candidate, submitted};

#[test]
fn every_state_has_a_last_day_or_somebody_who_decides_or_a_reason_to_last() {
    none(&deadlines::missing(), "states that may last for ever");
    let tables = states::tables();
    let (mut wrong, mut kinds) = (Vec::new(), [0, 0, 0]);
    let written: String = source::files().into_iter().map(|file| file.text).collect();
    for line in LINES {
        let name = format!("{} {}", line.table, line.state);
        let Some(table) = tables.iter().find(|table| table.name == line.table) else {
            wrong.push(format!("{name}: no such table"));
            continue;
        };
        let steps: Vec<&Act> = table.steps.iter().filter(|step| step.0 == line.state).map(|step| &step.1).collect();
        if steps.is_empty() {
            wrong.push(format!("{name}: nothing leads out of it"));
        }
        match line.lasts {
            Lasts::Ends { days, by, before, after, .. } => {
                kinds[0] += 1;
                if days < 1 || !steps.iter().any(|act| act.name() == by) {
                    wrong.push(format!("{name}: {by} is no step of it"));
                }
                for letter in before.iter().chain(after) {
                    if !written.contains(&format!("\"{letter}\"")) {
                        wrong.push(format!("{name}: nobody writes {letter}"));
                    }
                }
            }
            Lasts::Awaits { roles } => {
                kinds[1] += 1;
                if roles.is_empty() || !waiting::knows(line.table, line.state) {
                    wrong.push(format!("{name}: nobody is reminded"));
                }
                // Who decides of it can: by an operation on it, or on what it is a part of.
                let admitted = steps.iter().any(|act| match act {
                    Act::Call(call) => roles.iter().all(|role| call.admits(*role)),
                    Act::Course(_) => true,
                });
                if !admitted {
                    wrong.push(format!("{name}: {roles:?} cannot decide"));
                }
            }
            Lasts::Rests(why) => {
                kinds[2] += 1;
                if why.len() < 10 {
                    wrong.push(format!("{name}: no reason"));
                }
            }
        }
    }
    let names: BTreeSet<(&str, &str)> = LINES.iter().map(|line| (line.table, line.state)).collect();
    assert_eq!(names.len(), LINES.len(), "a state stands twice");
    let [ends, awaited, rest] = kinds;
    looked_at(LINES.len(), &format!("states: {ends} end by date, {awaited} await a decision, {rest} may last"));
    none(&wrong, "declarations that do not hold");
}

#[test]
fn those_who_decide_are_reminded_every_week() {
    let Scene { app, employer, posts } = scene(1);
    for (role, email) in [("anct", "anct@example.org"), ("bdt", "bdt@example.org"), ("observer", "voir@example.org")] {
        app.post("/api/v1/accounts").by(&Actor::Anct).json(&json!({"role": role, "email": email})).expect(201);
    }
    app.database.owner().run("update accounts set status = 'active' where role in ('anct', 'bdt', 'observer')");
    submitted(&app, &employer, &posts[0], &candidate(&app).id);
    let told = |app: &crate::support::App| -> Vec<Value> {
        app.emails().into_iter().filter(|email| email["template"] == deadlines::DECISIONS_WAITING).collect()
    };
    app.advance(chrono::TimeDelta::days(PATIENCE));
    job(&app, "remind_deciders", jobs::remind_deciders);
    assert_eq!(told(&app).len(), 0, "not before its time");
    app.advance(chrono::TimeDelta::days(1));
    job(&app, "remind_deciders", jobs::remind_deciders);
    job(&app, "remind_deciders", jobs::remind_deciders);
    let first = told(&app);
    let recipients: BTreeSet<&str> = first.iter().filter_map(|email| email["recipient"].as_str()).collect();
    assert_eq!((first.len(), recipients), (2, BTreeSet::from(["anct@example.org", "bdt@example.org"])));
    assert!(first[0]["text_body"].as_str().unwrap().contains("recrutements déposés : 1"), "{}", first[0]);
    app.advance(chrono::TimeDelta::days(7));
    job(&app, "remind_deciders", jobs::remind_deciders);
    assert_eq!(told(&app).len(), 4, "and again the next week");
}
