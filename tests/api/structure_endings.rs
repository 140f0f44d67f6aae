//! What follows when a structure ends: merged into another, cancelled, gone by its own will. Nothing is created for one
//! that is not, or no longer, part of the scheme.

use chrono::TimeDelta;
use conum::platform::auth::{Actor, Role};
use conum::platform::ids::StructureId;
use serde_json::{Value, json};

use crate::guards::operations;
use crate::places::place;
use crate::subsidies::{bank, signed};
use crate::support::builders::{
    Employer, apply, form, moissac, open_call, posts_of, retained, retained_at, step, transition,
};
use crate::support::{Answer, App};

fn path(id: &str) -> String {
    format!("/api/v1/structures/{id}")
}

fn merge(app: &App, id: &str, into: &str) -> Answer {
    transition(app, &path(id), "merge").json(&json!({"into_id": into})).send()
}

fn letters(app: &App, template: &str) -> usize {
    app.emails().iter().filter(|email| email["template"] == template).count()
}

/// Gives all posts of a structure back: it is withdrawn.
fn give_back(app: &App, employer: &Employer) {
    for post in posts_of(app, employer) {
        let ask = json!({"post_id": post, "reason": "besoin_plus_justifie"});
        let asked = app.post("/api/v1/post-returns").by(&employer.actor).json(&ask).expect(201).id();
        transition(app, &format!("/api/v1/post-returns/{asked}"), "accept").expect(200);
    }
}

/// A structure in a state that is outside the scheme.
fn outside(app: &App, state: &str) -> (String, Actor) {
    let employer = match state {
        "withdrawn" => retained_at(app, "Commune de Figeac", "46102", "46100", 1),
        "pending_confirmation" => {
            let id =
                app.post("/api/v1/structures").json(&form("Inscrite", "commune", "82112", "82200")).expect(201).id();
            let actor = Actor::Employer(StructureId::from_uuid(id.parse().unwrap()));
            return (id, actor);
        }
        _ => moissac(app),
    };
    match state {
        "withdrawn" => give_back(app, &employer),
        "cancelled" => drop(transition(app, &path(&employer.id), "cancel").expect(200)),
        _ => drop(merge(app, &employer.id, &moissac(app).id)),
    }
    let found = app.get(&path(&employer.id)).by(&Actor::Anct).expect(200);
    assert_eq!(found.at("/status"), state);
    (employer.id, employer.actor)
}

const OUTSIDE: [&str; 4] = ["withdrawn", "pending_confirmation", "cancelled", "duplicate"];

#[test]
fn a_structure_outside_the_scheme_creates_nothing() {
    let app = App::start();
    open_call(&app);
    let operations = operations::all(&app.document());
    // Whatever answers 201, or is a PUT, creates; of those that a structure may call, all are tried.
    let creating: Vec<_> = operations
        .iter()
        .filter(|o| o.line.admits(Role::Employer) && !o.line.anonymous)
        .filter(|o| o.method == "PUT" || o.raw["responses"].get("201").is_some())
        .collect();
    assert!(creating.len() >= 15, "{:?}", creating.iter().map(|o| &o.id).collect::<Vec<_>>());
    for state in OUTSIDE {
        let (id, actor) = outside(&app, state);
        for operation in &creating {
            let target = operation.path_with(&[("id", &id)]);
            let answer = operation.call(&app, &target).by(&actor).send();
            let may = state == "withdrawn" && operation.id == "create_application";
            let asks_for_more =
                ["create_match", "submit_recruitment", "create_agreement"].contains(&operation.id.as_str());
            if asks_for_more {
                // They say by themselves that only a retained structure hires.
                assert!(answer.status >= 400, "{state} {}: {}", operation.id, answer.describe());
            } else if may {
                assert_ne!(answer.at("/code"), "structure_not_live", "{}", answer.describe());
            } else {
                assert_eq!(answer.at("/code"), "structure_not_live", "{state} {}: {}", operation.id, answer.describe());
            }
        }
    }
}

#[test]
fn nobody_creates_anything_for_a_structure_outside_the_scheme() {
    let app = App::start();
    open_call(&app);
    let library = |id: &str| {
        json!({"structure_id": id, "name": "Médiathèque", "address": "1 place Haute", "commune_code": "82112",
            "postal_code": "82200", "services": ["demarches"]})
    };
    for state in OUTSIDE {
        let (id, _) = outside(&app, state);
        let bodies = [
            ("/api/v1/accounts", json!({"role": "employer", "email": "e@example.org", "structure_id": id})),
            (
                "/api/v1/api-clients",
                json!({"name": "c", "role": "employer", "structure_id": id, "scopes": ["posts:read"]}),
            ),
            (
                "/api/v1/reservations",
                json!({"name": "R", "departement_code": "82", "lead_structure_id": id, "posts_reserved": 1}),
            ),
        ];
        for (target, body) in &bodies {
            let answer = app.post(target).by(&Actor::Anct).json(body).send();
            assert_eq!(answer.at("/code"), "structure_not_live", "{state} {target}: {}", answer.describe());
        }
        let answer = app.post("/api/v1/places").by(&Actor::Anct).json(&library(&id)).send();
        let refused = matches!(answer.at("/code").as_str(), Some("structure_not_live" | "validation_failed"));
        assert!(refused, "{state}: {}", answer.describe());
    }
}

#[test]
fn what_hangs_on_a_merged_structure_follows_the_one_that_stays() {
    let app = App::start();
    let (kept, double, older) = (moissac(&app), moissac(&app), moissac(&app));
    let library = place(&app, &double.actor);
    let led =
        json!({"name": "Territoire", "departement_code": "82", "lead_structure_id": double.id, "posts_reserved": 2});
    let reservation = app.post("/api/v1/reservations").by(&Actor::Anct).json(&led).expect(201).id();
    let client = json!({"name": "c", "role": "employer", "structure_id": double.id, "scopes": ["posts:read"]});
    let client = app.post("/api/v1/api-clients").by(&double.actor).json(&client).expect(201).id();
    let hook = json!({"name": "w", "url": "https://example.org/hook"});
    app.post("/api/v1/webhooks").by(&double.actor).json(&hook).expect(201);
    merge(&app, &older.id, &double.id);
    let preview =
        transition(&app, &path(&double.id), "merge").query("dry_run", "true").json(&json!({"into_id": kept.id}));
    preview.expect(200);
    let siret = app.get(&path(&double.id)).by(&Actor::Anct).expect(200).text_at("/siret");
    assert_eq!(merge(&app, &double.id, &kept.id).at("/status"), "duplicate");
    // Nobody acts for it any more.
    crate::accounts::time_until_refused(&app, &double.token);
    let of = |id: &str| app.get(&format!("/api/v1/accounts?structure_id={id}")).by(&Actor::Anct).expect(200);
    let live: Vec<Value> = of(&double.id).at("/data").as_array().unwrap().clone();
    assert!(live.iter().all(|account| account["status"] == "revoked"), "{live:?}");
    assert_eq!(app.get(&format!("/api/v1/api-clients/{client}")).by(&Actor::Anct).expect(200).at("/status"), "revoked");
    assert_eq!(app.database.owner().number("select count(*) from webhooks"), 0);
    // What it had goes on with the one that stays.
    assert_eq!(
        app.get(&format!("/api/v1/places/{library}")).by(&Actor::Anct).expect(200).at("/structure_id"),
        kept.id.as_str()
    );
    let reservation = app.get(&format!("/api/v1/reservations/{reservation}")).by(&Actor::Anct).expect(200);
    assert_eq!(reservation.at("/lead_structure_id"), kept.id.as_str());
    // Chains resolve to the last.
    for id in [&older.id, &double.id] {
        assert_eq!(app.get(&path(id)).by(&Actor::Anct).expect(200).at("/merged_into_id"), kept.id.as_str());
    }
    // Its identifier is the survivor's: nobody else gets it, by the form or by a change.
    let mut again = form("Commune de Moissac", "commune", "82112", "82200");
    again["siret"] = json!(siret);
    app.post("/api/v1/structures").json(&again).problem("structure_exists");
    let other = moissac(&app);
    let take = |employer: &Employer| {
        let etag = app.get(&path(&employer.id)).by(&employer.actor).expect(200).etag();
        app.patch(&path(&employer.id)).by(&employer.actor).if_match(&etag).json(&json!({"siret": siret}))
    };
    take(&other).problem("structure_exists");
    take(&kept).expect(200);
    // Both are told; twice two merges.
    assert_eq!((letters(&app, "structure_merged"), letters(&app, "structure_merged_here")), (2, 2));
}

#[test]
fn nobody_is_merged_away_from_money_nor_into_nothing() {
    let app = App::start();
    open_call(&app);
    let (kept, owing) = (moissac(&app), retained(&app, 1, 1));
    signed(&app, &owing);
    give_back(&app, &owing);
    let etag = app.get(&path(&owing.id)).by(&Actor::Anct).expect(200);
    let told =
        etag.at("/transitions").as_array().unwrap().iter().find(|t| t["name"] == "merge_structure").cloned().unwrap();
    let open: i64 =
        app.database.owner().number("select count(*) from agreements where status not in ('closed', 'abandoned')");
    if open > 0 {
        assert_eq!(told["refusal"], "structure_has_money");
        assert_eq!(merge(&app, &owing.id, &kept.id).at("/code"), "structure_has_money");
        // It still says where it is paid.
        bank(&app, &owing);
    }
    let fresh = app.post("/api/v1/structures").json(&form("Inscrite", "commune", "82112", "82200")).expect(201).id();
    assert_eq!(merge(&app, &kept.id, &fresh).at("/code"), "merge_target_not_usable");
    let gone = moissac(&app);
    transition(&app, &path(&gone.id), "cancel").expect(200);
    assert_eq!(merge(&app, &kept.id, &gone.id).at("/code"), "merge_target_not_usable");
    assert_eq!(merge(&app, &fresh, &kept.id).at("/status"), "duplicate");
    assert!(open > 0, "an agreement that is open");
}

#[test]
fn nobody_acts_for_a_cancelled_structure() {
    let app = App::start();
    let gone = moissac(&app);
    let library = place(&app, &gone.actor);
    transition(&app, &path(&gone.id), "cancel").expect(200);
    crate::accounts::time_until_refused(&app, &gone.token);
    assert_eq!(letters(&app, "structure_cancelled"), 1);
    assert_eq!(app.get(&format!("/api/v1/places/{library}")).by(&Actor::Anct).expect(200).at("/published"), false);
    app.get(&format!("/api/v1/places/{library}")).problem("not_found");
}

#[test]
fn a_registration_that_nobody_confirmed_ends_with_an_event() {
    let app = App::start();
    let id = app.post("/api/v1/structures").json(&form("Inscrite", "commune", "82112", "82200")).expect(201).id();
    app.advance(TimeDelta::days(181));
    crate::candidates::job(&app, "tidy", conum::app::jobs::tidy);
    app.let_events_be_published();
    let told = app.get("/api/v1/events?type=structure.cancelled").by(&Actor::Anct).expect(200);
    assert_eq!(told.values("/data", "/resource_id"), [id]);
}

#[test]
fn a_structure_leaves_by_itself_and_says_why() {
    let app = App::start();
    open_call(&app);
    let (employer, other) = (moissac(&app), moissac(&app));
    let why = json!({"reason": "capacite_financiere"});
    app.post(&format!("{}/leave", path(&employer.id)))
        .by(&other.actor)
        .if_match("\"v1\"")
        .json(&why)
        .problem("not_found");
    let application = apply(&app, &employer, 1);
    step(&app, &employer.actor, &path(&employer.id), "leave").json(&why).problem("structure_has_open_application");
    step(&app, &employer.actor, &format!("/api/v1/applications/{application}"), "withdraw").expect(200);
    let left = step(&app, &employer.actor, &path(&employer.id), "leave").json(&why).expect(200);
    assert_eq!((left.at("/status"), left.at("/leave_reason")), (json!("withdrawn"), json!("capacite_financiere")));
    assert_eq!(letters(&app, "structure_left"), 1);
    step(&app, &employer.actor, &path(&employer.id), "leave").json(&why).problem("transition_not_allowed");
    // It may apply anew.
    apply(&app, &employer, 1);
    let holding = retained(&app, 1, 1);
    step(&app, &holding.actor, &path(&holding.id), "leave").json(&why).problem("structure_has_posts");
}

#[test]
fn a_post_that_was_moved_by_mistake_comes_back() {
    let app = App::start();
    open_call(&app);
    let (from, to) = (retained(&app, 1, 1), retained_at(&app, "Commune de Castelsarrasin", "82033", "82100", 1));
    let post = format!("/api/v1/posts/{}", posts_of(&app, &from)[0]);
    transition(&app, &post, "transfer").json(&json!({"structure_id": to.id})).expect(200);
    assert_eq!(app.get(&path(&from.id)).by(&Actor::Anct).expect(200).at("/status"), "withdrawn");
    transition(&app, &post, "transfer").json(&json!({"structure_id": from.id})).expect(200);
    assert_eq!(app.get(&path(&from.id)).by(&Actor::Anct).expect(200).at("/status"), "retained");
}

#[test]
fn a_ridet_belongs_to_new_caledonia() {
    let app = App::start();
    let bordeaux = moissac(&app);
    let etag = app.get(&path(&bordeaux.id)).by(&Actor::Anct).expect(200).etag();
    let ridet = json!({"siret": null, "ridet": "0123456"});
    let refused =
        app.patch(&path(&bordeaux.id)).by(&Actor::Anct).if_match(&etag).json(&ridet).problem("validation_failed");
    assert_eq!(refused.faults(), ["/commune_code: outside_departement"]);
    let mut body = form("Province", "collectivite", "98818", "98800");
    body.as_object_mut().unwrap().remove("siret");
    body["ridet"] = json!("1234567");
    let id = app.post("/api/v1/structures").json(&body).expect(201).id();
    let etag = app.get(&path(&id)).by(&Actor::Anct).expect(200).etag();
    let away = json!({"commune_code": "82112", "postal_code": "82200"});
    let refused = app.patch(&path(&id)).by(&Actor::Anct).if_match(&etag).json(&away).problem("validation_failed");
    assert_eq!(refused.faults(), ["/commune_code: outside_departement"]);
}
