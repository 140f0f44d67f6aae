//! What waits for whom.

use conum::features::tasks::model::KINDS;
use conum::platform::auth::policy::scopes_of;
use conum::platform::auth::{Actor, Role};
use serde_json::{Value, json};

use crate::guards::rows::actor;
use crate::support::App;
use crate::support::builders::*;

const TASKS: &str = "/api/v1/me/tasks";

fn waiting(app: &App, by: &Actor, operation: &str) -> Vec<String> {
    app.get(TASKS).by(by).query("operation", operation).expect(200).values("/data", "/resource_id")
}

#[test]
fn what_waits_goes_when_it_is_done() {
    let app = App::start();
    let employer = moissac(&app);
    open_call(&app);
    let draft = draft(&app, &employer, 1).id();
    assert_eq!(waiting(&app, &employer.actor, "submit_application"), std::slice::from_ref(&draft));
    let etag = app.get(&format!("/api/v1/applications/{draft}")).by(&employer.actor).expect(200).etag();
    app.post(&format!("/api/v1/applications/{draft}/submit")).by(&employer.actor).if_match(&etag).expect(200);
    assert!(waiting(&app, &employer.actor, "submit_application").is_empty());
    let ours = app.get(TASKS).by(&prefecture("82")).expect(200);
    assert_eq!(ours.values("/data", "/operation"), ["give_opinion"]);
    assert_eq!(
        (ours.at("/data/0/reference"), ours.at("/data/0/resource")),
        (
            app.get(&format!("/api/v1/applications/{draft}")).by(&Actor::Anct).expect(200).at("/reference"),
            json!("applications")
        )
    );
    assert_eq!(ours.at("/counts"), json!([{"operation": "give_opinion", "count": 1, "overdue_count": 0}]));
    assert!(waiting(&app, &prefecture("31"), "give_opinion").is_empty(), "elsewhere");
    assert!(waiting(&app, &Actor::Anct, "give_opinion").is_empty(), "not theirs to give");
    give_opinion(&app, &draft, "82");
    assert!(waiting(&app, &prefecture("82"), "give_opinion").is_empty());
}

#[test]
fn a_post_waits_for_its_employer_and_then_for_the_anct() {
    let app = App::start();
    open_call(&app);
    let employer = retained(&app, 1, 2);
    let posts = posts_of(&app, &employer);
    let mut found = waiting(&app, &employer.actor, "submit_recruitment");
    found.sort();
    let mut expected = posts.clone();
    expected.sort();
    assert_eq!(found, expected);
    assert!(waiting(&app, &Actor::Anct, "take_back_post").is_empty());
    app.advance(chrono::TimeDelta::days(400));
    let late = app.get(TASKS).by(&Actor::Anct).query("operation", "take_back_post").expect(200);
    assert_eq!(late.at("/counts"), json!([{"operation": "take_back_post", "count": 2, "overdue_count": 2}]));
    assert_eq!(late.at("/data/0/overdue"), json!(true));
    let paged = app.get(TASKS).by(&Actor::Anct).query("operation", "take_back_post").query("limit", "1").expect(200);
    let cursor = paged.text_at("/meta/next_cursor");
    let next = app.get(TASKS).by(&Actor::Anct).query("operation", "take_back_post").query("limit", "1");
    let next = next.query("cursor", &cursor).expect(200);
    assert_ne!(paged.at("/data/0/resource_id"), next.at("/data/0/resource_id"));
    assert_eq!((paged.at("/meta/total"), next.at("/meta/next_cursor")), (json!(2), Value::Null));
}

#[test]
fn every_kind_is_counted_and_no_row_is_told_that_its_detail_denies() {
    let app = App::start();
    conum::app::demo::load(&app.database.url).expect("demonstration data");
    app.set_now(&chrono::Utc::now().to_rfc3339());
    let (mut rows, mut kinds, mut judged) = (0, std::collections::BTreeSet::new(), 0);
    for kind in KINDS {
        for by in kind.by.roles.iter().filter_map(|role| actor(&app, *role)) {
            let list = app.get(TASKS).by(&by).query("operation", kind.name()).query("limit", "20").expect(200);
            let total = list.at("/meta/total").as_i64().expect("a total");
            let all = app.get(TASKS).by(&by).query("limit", "1").expect(200);
            let counts = all.at("/counts");
            let counted = counts.as_array().expect("counts").iter().find(|count| count["operation"] == kind.name());
            assert_eq!(
                counted.map_or(0, |count| count["count"].as_i64().unwrap()),
                total,
                "{} by {}",
                kind.name(),
                by.name()
            );
            for row in list.at("/data").as_array().expect("rows") {
                (rows, _) = (rows + 1, kinds.insert(kind.name()));
                let id = row["resource_id"].as_str().expect("an id");
                let detail = app.get(&format!("/api/v1/{}/{id}", kind.resource)).by(&by).expect(200);
                if detail.at("/reference") != Value::Null {
                    assert_eq!(detail.at("/reference"), row["reference"], "{}", detail.describe());
                }
                let transitions = detail.at("/transitions");
                let told = transitions.as_array().into_iter().flatten().find(|step| step["name"] == kind.name());
                if let Some(told) = told {
                    judged += 1;
                    assert_ne!(told["refusal"], "transition_not_allowed", "{}: {}", kind.name(), detail.describe());
                    assert_ne!(told["refusal"], "role_not_allowed", "{}: {}", kind.name(), detail.describe());
                }
            }
        }
    }
    println!("{rows} rows, {judged} judged, of {kinds:?}");
    assert!(rows > 0 && judged > 0 && kinds.len() >= 5, "{kinds:?}");
}

#[test]
fn a_token_is_told_of_nothing_that_it_may_not_read() {
    let app = App::start();
    open_call(&app);
    let employer = retained(&app, 1, 1);
    let token = |scopes: &[&str]| {
        let scopes: Vec<String> = scopes.iter().map(ToString::to_string).collect();
        app.token_with(&employer.actor, &scopes, &app.service.local_issuer)
    };
    let told = |scopes: &[&str]| app.get(TASKS).bearer(&token(scopes)).expect(200).at("/meta/total");
    assert_eq!(told(&["applications:read"]), json!(0));
    assert_eq!(told(&["posts:read"]), json!(1));
    assert!(scopes_of(Role::Employer).contains(&"posts:read".to_owned()));
    let file = app.get(TASKS).by(&employer.actor).query("format", "csv").expect(200);
    assert_eq!(file.text().lines().count(), 2, "{}", file.text());
}
