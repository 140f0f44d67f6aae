//! Posts: who holds them, how they move and come back, and what the counters make of it.

use std::collections::BTreeMap;

use conum::platform::auth::{Actor, Territory};
use conum::platform::ids::StructureId;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, App, builders};

const MOISSAC: &str = "82112";
const MONTAUBAN: &str = "82121";
const TOULOUSE: &str = "31555";

/// A service with structures and posts put behind its back; checks at its end that the counters are a recount.
struct World(App);

/// A structure with the posts it was granted.
struct Holder {
    id: String,
    posts: Vec<String>,
}

impl Holder {
    fn employer(&self) -> Actor {
        Actor::Employer(StructureId::from_uuid(self.id.parse().expect("an identifier")))
    }
}

#[test]
fn structures_that_gain_or_lose_a_post_are_told_of_and_get_a_new_version() {
    let world = World::new();
    let (donor, target) = (world.structure(TOULOUSE, 2), world.structure(MOISSAC, 1));
    let version =
        |holder: &Holder| world.0.get(&format!("/api/v1/structures/{}", holder.id)).by(&Actor::Anct).expect(200).etag();
    let before = (version(&donor), version(&target));
    let answer = world.act(&donor.posts[0], "transfer", Some(json!({"structure_id": target.id})));
    assert_eq!(answer.status, 200, "{}", answer.describe());
    let told = [(&donor, &before.0, "structure.updated"), (&target, &before.1, "structure.retained")];
    for (holder, before, event) in told {
        assert_eq!(world.status_of(holder), "retained");
        assert_eq!(world.events(&holder.id), [event]);
        assert_ne!(&version(holder), before);
    }
}

fn prefecture(code: &str) -> Actor {
    Actor::Prefecture(Territory::Departement(code.to_owned()))
}

impl World {
    fn new() -> Self {
        Self(App::start())
    }

    fn structure(&self, commune: &str, posts: usize) -> Holder {
        let (id, application) = (Uuid::now_v7(), Uuid::now_v7());
        let (status, retained) = if posts > 0 { ("retained", "'2021-01-01', 1") } else { ("registered", "null, null") };
        let ids: Vec<String> = (0..posts).map(|_| Uuid::now_v7().to_string()).collect();
        let mut sql = format!(
            "begin;
             insert into structures (id, kind, name, search_key, siret, postal_code, commune_code, epci_siren, departement_code,
                region_code, longitude, latitude, status, confirmed_at, retained_on, retained_wave)
             select '{id}', 'commune', 'Mairie de ' || name, 'mairie de ' || search_key, '{}', postal_codes[1], code, epci_siren,
                departement_code, region_code, longitude, latitude, '{status}', now(), {retained}
             from communes where code = '{commune}';
             insert into structure_contacts values ('{id}', 'Camille', 'Exemple', 'Directrice', '{id}@example.org', '+33563000000');
             insert into applications (id, structure_id, kind, posts_requested, wanted_start_on, has_candidate, motivation, pledge)
             values ('{application}', '{id}', 'initial', 1, '2021-01-01', false, 'x', true);",
            builders::siret()
        );
        for post in &ids {
            sql.push_str(&format!(
                "insert into posts (id, structure_id, application_id, granted_on, wave, phase, recruitment_deadline)
                 values ('{post}', '{id}', '{application}', '2021-01-01', 1, 'v1', '2021-04-01');
                 insert into post_attachments (id, post_id, structure_id, from_on, reason)
                 values ('{}', '{post}', '{id}', '2021-01-01', 'granted');",
                Uuid::now_v7()
            ));
        }
        sql.push_str(&format!(
            "update programme set posts_committed = posts_committed + {posts};
             insert into allotments (departement_code, posts_committed) values ('{}', {posts})
             on conflict (departement_code) do update set posts_committed = allotments.posts_committed + {posts};
             commit",
            &commune[..2]
        ));
        self.sql(&sql);
        Holder { id: id.to_string(), posts: ids }
    }

    fn sql(&self, statements: &str) {
        self.0.database.owner().run(statements);
    }

    #[track_caller]
    fn number(&self, query: &str) -> i64 {
        self.0.database.owner().number(query)
    }

    #[track_caller]
    fn post(&self, id: &str) -> Answer {
        self.0.get(&format!("/api/v1/posts/{id}")).by(&Actor::Anct).expect(200)
    }

    /// A transition of a post, on the version it has now.
    fn act(&self, id: &str, transition: &str, body: Option<Value>) -> Answer {
        let etag = self.post(id).etag();
        self.act_on(&etag, "posts", id, transition, body)
    }

    fn act_on(&self, etag: &str, resource: &str, id: &str, transition: &str, body: Option<Value>) -> Answer {
        let call = self.0.post(&format!("/api/v1/{resource}/{id}/{transition}")).by(&Actor::Anct).if_match(etag);
        match body {
            Some(body) => call.json(&body).send(),
            None => call.send(),
        }
    }

    fn request_return(&self, holder: &Holder, post: &str) -> Answer {
        let body = json!({"post_id": post, "reason": "difficulte_recrutement"});
        self.0.post("/api/v1/post-returns").by(&holder.employer()).json(&body).send()
    }

    fn templates(&self, recipient: &Holder) -> Vec<String> {
        let to = format!("{}@example.org", recipient.id);
        let of = |mail: &Value| mail["template"].as_str().unwrap_or_default().to_owned();
        self.0.emails().iter().filter(|mail| mail["recipient"] == to.as_str()).map(of).collect()
    }

    fn events(&self, resource: &str) -> Vec<String> {
        self.0
            .database
            .owner()
            .column(&format!("select type from events where resource_id = '{resource}' order by sequence"))
    }

    fn status_of(&self, structure: &Holder) -> String {
        self.0
            .database
            .owner()
            .column(&format!("select status from structures where id = '{}'", structure.id))
            .remove(0)
    }

    fn committed(&self, departement: &str) -> i64 {
        self.number(&format!("select posts_committed from allotments where departement_code = '{departement}'"))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let drift = self.0.database.owner().rows(
            "with held as (
                select s.departement_code, count(*) as n from posts p join structures s on s.id = p.structure_id
                where p.status <> 'returned' group by 1
                union all
                select departement_code, sum(posts_reserved - posts_consumed) from reservations where status = 'active' group by 1)
             select 'allotment ' || d.code as what, coalesce(sum(held.n), 0) as counted, coalesce(max(a.posts_committed), 0) as kept
             from departements d left join held on held.departement_code = d.code
                left join allotments a on a.departement_code = d.code
             group by d.code having coalesce(sum(held.n), 0) <> coalesce(max(a.posts_committed), 0)
             union all
             select 'programme', coalesce((select sum(n) from held), 0), posts_committed from programme
             where posts_committed <> coalesce((select sum(n) from held), 0)
             union all
             select 'post ' || p.reference, count(a.id), null from posts p
                left join post_attachments a on a.post_id = p.id and a.to_on is null and a.structure_id = p.structure_id
             group by p.id having count(a.id) <> (p.status <> 'returned')::int
             union all
             select 'structure ' || s.reference || ' ' || s.status, count(p.id), null from structures s
                left join posts p on p.structure_id = s.id and p.status <> 'returned'
             group by s.id having (count(p.id) > 0) <> (s.status = 'retained')",
        );
        assert!(drift.is_empty(), "{drift:#?}");
    }
}

/// How many answers there were of each status and code.
fn tally(answers: &[Answer]) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for answer in answers {
        let name = match answer.status {
            200 => "200".to_owned(),
            _ => answer.text_at("/code"),
        };
        *tally.entry(name).or_default() += 1;
    }
    tally
}

/// All calls at once.
fn race<'a>(calls: Vec<Box<dyn FnOnce() -> Answer + Send + 'a>>) -> Vec<Answer> {
    std::thread::scope(|scope| {
        let running: Vec<_> = calls.into_iter().map(|call| scope.spawn(call)).collect();
        running.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    })
}

#[test]
fn posts_are_listed_within_reach_and_filtered() {
    let world = World::new();
    let (moissac, toulouse) = (world.structure(MOISSAC, 2), world.structure(TOULOUSE, 1));
    world.sql(&format!(
        "update posts set coordinator = true, wave = 3, phase = 'v2' where id = '{}'",
        toulouse.posts[0]
    ));
    let total = |actor: &Actor, query: &str| {
        let list = world.0.get(&format!("/api/v1/posts?{query}")).by(actor).expect(200);
        list.at("/meta/total").as_i64().expect("a total")
    };
    let region = Actor::Prefecture(Territory::Region("76".to_owned()));
    for (actor, seen) in [
        (Actor::Anct, 3),
        (Actor::Bdt, 3),
        (Actor::Observer(None), 3),
        (region, 3),
        (prefecture("82"), 2),
        (prefecture("75"), 0),
        (toulouse.employer(), 1),
    ] {
        assert_eq!(total(&actor, ""), seen, "{actor:?}");
        let visible = usize::from(seen == 3 || actor == prefecture("82"));
        let found = world.0.get(&format!("/api/v1/posts/{}", moissac.posts[0])).by(&actor).send();
        assert_eq!(found.status, if visible == 1 { 200 } else { 404 }, "{actor:?}");
        let history = world.0.get(&format!("/api/v1/posts/{}/history", moissac.posts[0])).by(&actor).send();
        assert_eq!(history.status, found.status, "{actor:?}");
    }
    let reference = world.post(&moissac.posts[0]).text_at("/reference");
    let epci = world.post(&moissac.posts[0]).text_at("/epci_siren");
    for (query, seen) in [
        ("departement_code=31,75", 1),
        ("region_code=76", 3),
        (&format!("epci_siren={epci}"), 2),
        (&format!("structure_id={}", moissac.id), 2),
        ("status=vacant", 3),
        ("status=occupied,returned", 0),
        ("available=true", 3),
        ("phase=v2", 1),
        ("coordinator=true", 1),
        ("wave=3", 1),
        ("overdue=true", 0),
        ("overdue=false", 3),
        ("granted_from=2021-01-01&granted_before=2021-01-02", 3),
        ("granted_before=2021-01-01", 0),
        ("updated_since=2100-01-01T00:00:00Z", 0),
        ("q=Moissac", 2),
        (&format!("q={}", reference.to_lowercase()), 1),
        ("q=CN-P-", 3),
        ("q=%25", 0),
        ("sort=recruitment_deadline,-reference", 3),
        ("sort=granted_on", 3),
    ] {
        assert_eq!(total(&Actor::Anct, query), seen, "{query}");
    }
    world.0.set_now("2021-04-01T12:00:00Z");
    assert_eq!(total(&Actor::Anct, "overdue=true"), 0);
    world.0.set_now("2021-04-01T22:30:00Z");
    assert_eq!(total(&Actor::Anct, "overdue=true"), 3, "the legal day is that of Paris");
}

#[test]
fn a_post_tells_its_place_and_knows_its_version() {
    let world = World::new();
    let moissac = world.structure(MOISSAC, 1);
    let post = world.post(&moissac.posts[0]);
    assert_eq!(post.at("/structure_name"), "Mairie de Moissac");
    assert_eq!((post.at("/commune_name"), post.at("/departement_code")), (json!("Moissac"), json!("82")));
    let path = format!("/api/v1/posts/{}", moissac.posts[0]);
    assert_eq!(world.0.get(&path).by(&Actor::Anct).header("If-None-Match", &post.etag()).send_raw().status, 304);
    world.0.post(&format!("{path}/take-back")).by(&Actor::Anct).problem("precondition_required");
    world.0.post(&format!("{path}/take-back")).by(&Actor::Anct).if_match("\"v9\"").problem("precondition_failed");
    world.0.post(&format!("{path}/take-back")).by(&moissac.employer()).if_match("\"v1\"").problem("role_not_allowed");
}

/// Each transition in each state: what the detail announces is what the call does.
#[test]
fn every_transition_of_every_state_does_what_the_post_announces() {
    let states = [
        ("fresh", "update posts set updated_at = updated_at"),
        ("overdue", "update posts set recruitment_deadline = '2021-01-05'"),
        (
            "extended",
            "update posts set recruitment_deadline = '2021-01-05', deadline_extended_at = now(),
            deadline_extension_reason = 'une bonne raison'",
        ),
        ("held", "update posts set available = false, recruitment_deadline = '2021-01-05'"),
        ("occupied", "update posts set available = false, status = 'occupied', recruitment_deadline = '2021-01-05'"),
        (
            "returned",
            "update posts set available = false, status = 'returned', returned_on = '2021-01-05',
            return_reason = 'delai_depasse'",
        ),
    ];
    let free = ["fresh", "overdue", "extended"];
    let world = World::new();
    let (holder, other) = (world.structure(MOISSAC, 1), world.structure(MONTAUBAN, 1));
    let post = &holder.posts[0];
    let transfer = json!({"structure_id": other.id});
    let extension = json!({"until_on": "2021-12-31", "reason": "un délai de plus"});
    let request = json!({"post_id": post, "reason": "capacite_financiere"});
    for (state, change) in states {
        // Rolled back by dry runs; the state is put and taken away behind the service's back.
        world.sql(&format!("{change} where id = '{post}'"));
        let roles =
            [(Actor::Anct, vec!["transfer", "extend-deadline", "take-back"]), (holder.employer(), vec!["request"])];
        let mut answers = BTreeMap::new();
        for (actor, transitions) in roles {
            let found = world.0.get(&format!("/api/v1/posts/{post}")).by(&actor).expect(200);
            for transition in transitions {
                let (call, operation) = match transition {
                    "request" => {
                        (world.0.post("/api/v1/post-returns?dry_run=true").json(&request), "request_post_return")
                    }
                    "transfer" => (
                        world.0.post(&format!("/api/v1/posts/{post}/transfer?dry_run=true")).json(&transfer),
                        "transfer_post",
                    ),
                    "take-back" => {
                        (world.0.post(&format!("/api/v1/posts/{post}/take-back?dry_run=true")), "take_back_post")
                    }
                    _ => (
                        world.0.post(&format!("/api/v1/posts/{post}/extend-deadline?dry_run=true")).json(&extension),
                        "extend_post_deadline",
                    ),
                };
                let call = if transition == "request" { call } else { call.if_match(&found.etag()) };
                let answer = call.by(&actor).send();
                let code = if answer.status == 200 { String::new() } else { answer.text_at("/code") };
                let announced = found.at("/transitions");
                let announced = announced.as_array().expect("a list").iter().find(|t| t["name"] == operation).cloned();
                let announced = announced.expect("announced");
                answer.agrees_with(&found);
                assert_eq!(announced["allowed"], code.is_empty(), "{state} {operation}: {}", answer.describe());
                assert_eq!(announced["refusal"].as_str().unwrap_or_default(), code, "{state} {operation}");
                answers.insert(transition, code);
            }
        }
        let is_free = free.contains(&state);
        let unless_free = if is_free { "" } else { "post_not_vacant" };
        // A contract put there behind the service's back is none that could move.
        let transfer_answer = if state == "occupied" { "occupant_may_not_move" } else { unless_free };
        assert_eq!(answers["transfer"], transfer_answer, "{state}");
        assert_eq!(answers["request"], unless_free, "{state}");
        let take_back = if state == "fresh" { "deadline_not_passed" } else { unless_free };
        assert_eq!(answers["take-back"], take_back, "{state}");
        let extend = match state {
            "extended" => "deadline_already_extended",
            "held" => "",
            _ => unless_free,
        };
        assert_eq!(answers["extend-deadline"], extend, "{state}");
        world.sql(&format!(
            "update posts set status = 'vacant', available = true, returned_on = null, return_reason = null,
                deadline_extended_at = null, deadline_extension_reason = null where id = '{post}'"
        ));
    }
}

#[test]
fn a_transfer_moves_post_counters_and_structures() {
    let world = World::new();
    let (donor, target) = (world.structure(TOULOUSE, 1), world.structure(MOISSAC, 0));
    let post = &donor.posts[0];
    let unusable = world.structure(MONTAUBAN, 0);
    world
        .sql(&format!("update structures set status = 'cancelled', cancelled_at = now() where id = '{}'", unusable.id));
    let to = |id: &str| Some(json!({"structure_id": id}));
    for (id, code) in [(&donor.id, "transfer_target_not_usable"), (&unusable.id, "transfer_target_not_usable")] {
        assert_eq!(world.act(post, "transfer", to(id)).text_at("/code"), code);
    }
    let nobody = world.act(post, "transfer", to(&Uuid::now_v7().to_string()));
    assert_eq!(nobody.faults(), ["/structure_id: unknown_id"]);
    for (day, fault) in [("2021-01-12", "too_large"), ("2020-12-31", "too_small")] {
        let answer = world.act(post, "transfer", Some(json!({"structure_id": target.id, "effective_on": day})));
        assert_eq!(answer.faults(), [format!("/effective_on: {fault}")]);
    }
    world.0.put("/api/v1/allotments/82").by(&Actor::Anct).json(&json!({"posts_ceiling": 0})).expect(200);
    let full = world.act(post, "transfer", to(&target.id));
    assert_eq!(full.text_at("/code"), "allotment_exceeded");
    assert_eq!(full.at("/departements/0"), json!({"code": "82", "ceiling": 0, "committed": 0, "asked": 1}));
    world.0.put("/api/v1/allotments/82").by(&Actor::Anct).json(&json!({"posts_ceiling": 1})).expect(200);

    world.request_return(&donor, post);
    let answer = world.act(post, "transfer", Some(json!({"structure_id": target.id, "effective_on": "2021-01-10"})));
    assert_eq!(answer.status, 200, "{}", answer.describe());
    assert_eq!(answer.at("/structure_id"), target.id.as_str());
    assert_eq!(answer.at("/recruitment_deadline"), "2021-04-10");
    assert_eq!(answer.at("/return_pending"), false);
    assert_eq!((world.status_of(&donor), world.status_of(&target)), ("withdrawn".to_owned(), "retained".to_owned()));
    assert_eq!((world.committed("31"), world.committed("82")), (0, 1));
    assert_eq!(world.templates(&donor), ["post_transferred_away"]);
    assert_eq!(world.templates(&target), ["post_transferred_here"]);
    assert_eq!(world.events(post), ["post.changed", "post.transferred", "post.transferred"]);
    assert_eq!(world.events(&donor.id).last().map(String::as_str), Some("structure.withdrawn"));
    assert_eq!(world.events(&target.id).last().map(String::as_str), Some("structure.retained"));
    world.0.get(&format!("/api/v1/posts/{post}")).by(&donor.employer()).expect(404);
    world.0.get(&format!("/api/v1/posts/{post}")).by(&target.employer()).expect(200);
    let returns = world.0.get("/api/v1/post-returns").by(&donor.employer()).expect(200);
    assert_eq!(returns.values("/data", "/status"), ["refused"]);
    // The new holder may ask for its own part.
    assert_eq!(world.request_return(&target, post).status, 201);
}

#[test]
fn a_deadline_is_extended_once_and_later_only() {
    let world = World::new();
    let holder = world.structure(MOISSAC, 1);
    let post = &holder.posts[0];
    let body = |day: &str| Some(json!({"until_on": day, "reason": "Deux candidats ont été reçus."}));
    assert_eq!(world.act(post, "extend-deadline", body("2021-04-01")).faults(), ["/until_on: not_after"]);
    let short = world.act(post, "extend-deadline", Some(json!({"until_on": "2021-06-01", "reason": "court"})));
    assert_eq!(short.faults(), ["/reason: too_short"]);
    let extended = world.act(post, "extend-deadline", body("2021-06-01"));
    assert_eq!(extended.at("/recruitment_deadline"), "2021-06-01");
    assert_eq!(extended.at("/deadline_extension_reason"), "Deux candidats ont été reçus.");
    assert_eq!(world.events(post), ["post.deadline_extended"]);
    assert_eq!(world.act(post, "extend-deadline", body("2021-07-01")).text_at("/code"), "deadline_already_extended");
}

#[test]
fn a_post_past_its_deadline_is_taken_back() {
    let world = World::new();
    let holder = world.structure(MOISSAC, 2);
    world.0.set_now("2021-04-02T08:00:00Z");
    let taken = world.act(&holder.posts[0], "take-back", None);
    assert_eq!((taken.at("/status"), taken.at("/return_reason")), (json!("returned"), json!("delai_depasse")));
    assert_eq!((taken.at("/returned_on"), taken.at("/available")), (json!("2021-04-02"), json!(false)));
    assert_eq!((world.status_of(&holder), world.committed("82")), ("retained".to_owned(), 1));
    assert_eq!(world.act(&holder.posts[1], "take-back", None).status, 200);
    assert_eq!((world.status_of(&holder), world.committed("82")), ("withdrawn".to_owned(), 0));
    assert_eq!(world.templates(&holder), ["post_taken_back", "post_taken_back"]);
    assert_eq!(world.events(&holder.posts[0]), ["post.taken_back"]);
}

#[test]
fn a_return_is_asked_for_refused_asked_for_again_and_accepted() {
    let world = World::new();
    let (holder, other) = (world.structure(MOISSAC, 1), world.structure(TOULOUSE, 1));
    let post = &holder.posts[0];
    let foreign = world.request_return(&other, post);
    assert_eq!(foreign.faults(), ["/post_id: unknown_id"]);
    let asked = world.request_return(&holder, post);
    assert_eq!(asked.status, 201, "{}", asked.describe());
    assert_eq!(world.request_return(&holder, post).text_at("/code"), "post_return_exists");
    let found = world.0.get(asked.header("location")).by(&prefecture("82")).expect(200);
    assert_eq!(found.etag(), asked.etag());
    world.0.get(asked.header("location")).by(&other.employer()).expect(404);

    let id = asked.id();
    let refusal = Some(json!({"reason": "Un candidat vient de s'inscrire."}));
    let refused = world.act_on(&asked.etag(), "post-returns", &id, "refuse", refusal.clone());
    assert_eq!(refused.at("/status"), "refused", "{}", refused.describe());
    assert_eq!(
        world.act_on(&asked.etag(), "post-returns", &id, "accept", None).text_at("/code"),
        "precondition_failed"
    );
    for (transition, body) in [("accept", None), ("refuse", refusal)] {
        let answer = world.act_on(&refused.etag(), "post-returns", &id, transition, body);
        assert_eq!(answer.text_at("/code"), "transition_not_allowed");
    }

    let again = world.request_return(&holder, post);
    world.sql(&format!("update posts set available = false where id = '{post}'"));
    let held = world.act_on(&again.etag(), "post-returns", &again.id(), "accept", None);
    assert_eq!(held.text_at("/code"), "post_not_vacant");
    world.sql(&format!("update posts set available = true where id = '{post}'"));
    let accepted = world.act_on(&again.etag(), "post-returns", &again.id(), "accept", None);
    assert_eq!(accepted.at("/status"), "accepted", "{}", accepted.describe());
    let post_now = world.post(post);
    assert_eq!(
        (post_now.at("/status"), post_now.at("/return_reason")),
        (json!("returned"), json!("difficulte_recrutement"))
    );
    assert_eq!((world.status_of(&holder), world.committed("82")), ("withdrawn".to_owned(), 0));
    assert_eq!(world.templates(&holder), ["post_return_refused", "post_return_accepted"]);
    assert_eq!(world.events(post), ["post.changed", "post.changed", "post.changed", "post.returned"]);
    assert_eq!(world.events(&again.id()), ["post_return.requested", "post_return.accepted"]);
    let list =
        world.0.get("/api/v1/post-returns?status=accepted&departement_code=82").by(&prefecture("82")).expect(200);
    assert_eq!(list.at("/meta/total"), 1);
    assert_eq!(world.0.get("/api/v1/post-returns").by(&prefecture("31")).expect(200).at("/meta/total"), 0);
}

#[test]
fn the_history_names_structures_and_roles() {
    let world = World::new();
    let (donor, target) = (world.structure(TOULOUSE, 1), world.structure(MOISSAC, 0));
    let post = &donor.posts[0];
    world.act(post, "transfer", Some(json!({"structure_id": target.id})));
    let extension = json!({"until_on": "2021-05-01", "reason": "Un délai de plus."});
    assert_eq!(world.act(post, "extend-deadline", Some(extension)).status, 200);
    world.0.set_now("2021-05-02T08:00:00Z");
    assert_eq!(world.act(post, "take-back", None).status, 200);
    for actor in [Actor::Anct, Actor::Bdt, prefecture("82"), Actor::Observer(None), target.employer()] {
        let history = world.0.get(&format!("/api/v1/posts/{post}/history")).by(&actor).expect(200);
        assert_eq!(history.values("/data", "/change"), ["granted", "transferred", "deadline_extended", "taken_back"]);
        assert_eq!(history.values("/data", "/role"), ["system", "anct", "anct", "anct"]);
        let structures = [&donor, &target, &target, &target].map(|holder| holder.id.clone());
        assert_eq!(history.values("/data", "/structure_id"), structures);
        assert_eq!(history.at("/data/0/attached_to_on"), "2021-01-11");
        assert_eq!(history.at("/data/3/attached_to_on"), "2021-05-02");
        assert_eq!(history.at("/data/3/reason"), "delai_depasse");
    }
    let first = world.0.get(&format!("/api/v1/posts/{post}/history?limit=3")).by(&Actor::Anct).expect(200);
    let rest = world.0.get(&first.text_at("/links/next")).by(&Actor::Anct).expect(200);
    assert_eq!(rest.values("/data", "/change"), ["taken_back"]);
}

#[test]
fn allotments_show_every_departement_and_never_sink_below_what_is_committed() {
    let world = World::new();
    world.structure(MOISSAC, 3);
    let all = world.0.get("/api/v1/allotments?limit=500").by(&Actor::Bdt).expect(200);
    assert_eq!(all.at("/meta/total"), 109);
    let own = world.0.get("/api/v1/allotments").by(&prefecture("82")).expect(200);
    assert_eq!(own.values("/data", "/departement_code"), ["82"]);
    assert_eq!((own.at("/data/0/posts_ceiling"), own.at("/data/0/posts_remaining")), (Value::Null, Value::Null));
    let region = Actor::Prefecture(Territory::Region("76".to_owned()));
    assert_eq!(world.0.get("/api/v1/allotments").by(&region).expect(200).at("/meta/total"), 13);

    let put = |code: &str, body: Value| world.0.put(&format!("/api/v1/allotments/{code}")).by(&Actor::Anct).json(&body);
    put("82", json!({"posts_ceiling": 2})).problem("allotment_below_committed");
    put("82", json!({"posts_ceiling": -1})).problem("validation_failed");
    put("82", json!({})).problem("validation_failed");
    put("99", json!({"posts_ceiling": 2})).problem("not_found");
    let set = put("82", json!({"posts_ceiling": 5})).expect(200);
    assert_eq!((set.at("/posts_committed"), set.at("/posts_remaining")), (json!(3), json!(2)));
    assert!(set.etag().starts_with(&format!("\"v{}-", set.at("/version"))), "{}", set.etag());
    put("82", json!({"posts_ceiling": 6})).if_match("\"v1\"").problem("precondition_failed");
    let lifted = put("82", json!({"posts_ceiling": null})).if_match(&set.etag()).expect(200);
    assert_eq!(lifted.at("/posts_ceiling"), Value::Null);
    let first = put("31", json!({"posts_ceiling": 5})).if_match("\"v1\"").expect(200);
    assert_eq!((first.at("/posts_remaining"), first.at("/version")), (json!(5), json!(2)));
    world
        .0
        .put("/api/v1/allotments/82")
        .by(&prefecture("82"))
        .json(&json!({"posts_ceiling": 9}))
        .problem("role_not_allowed");
}

#[test]
fn a_return_races_a_transfer_and_a_taking_back_and_one_wins() {
    let world = World::new();
    let target = world.structure(TOULOUSE, 0);
    for round in 0..3 {
        let holder = world.structure(MOISSAC, 1);
        world.0.set_now("2021-04-02T08:00:00Z");
        let post = &holder.posts[0];
        let asked = world.request_return(&holder, post);
        let (id, etag, post_etag) = (asked.id(), asked.etag(), world.post(post).etag());
        let mut calls: Vec<Box<dyn FnOnce() -> Answer + Send + '_>> = Vec::new();
        for _ in 0..32 {
            calls.push(Box::new(|| world.act_on(&etag, "post-returns", &id, "accept", None)));
            calls.push(Box::new(|| world.act_on(&post_etag, "posts", post, "take-back", None)));
            if round > 0 {
                let body = json!({"structure_id": target.id});
                calls.push(Box::new(|| world.act_on(&post_etag, "posts", post, "transfer", Some(body))));
            }
        }
        let tally = tally(&race(calls));
        assert_eq!(tally.get("200"), Some(&1), "{tally:?}");
        assert!(!tally.contains_key("service_unavailable"), "{tally:?}");
        let ended = world
            .number(&format!("select count(*) from events where resource_id = '{post}' and type <> 'post.changed'"));
        assert!(ended == 1 || ended == 2, "{ended}");
    }
}

#[test]
fn sixty_four_posts_crowd_into_a_departement_that_takes_twenty() {
    let world = World::new();
    let donors: Vec<Holder> = (0..64).map(|_| world.structure(TOULOUSE, 1)).collect();
    let targets = [world.structure(MOISSAC, 0), world.structure(MONTAUBAN, 0)];
    world.0.put("/api/v1/allotments/82").by(&Actor::Anct).json(&json!({"posts_ceiling": 20})).expect(200);
    let calls = donors.iter().enumerate().map(|(rank, donor)| -> Box<dyn FnOnce() -> Answer + Send + '_> {
        let body = json!({"structure_id": targets[rank % 2].id});
        let world = &world;
        Box::new(move || world.act_on("\"v1\"", "posts", &donor.posts[0], "transfer", Some(body)))
    });
    let tally = tally(&race(calls.collect()));
    assert_eq!(tally, BTreeMap::from([("200".to_owned(), 20), ("allotment_exceeded".to_owned(), 44)]));
    assert_eq!((world.committed("82"), world.committed("31")), (20, 44));
}

#[test]
fn crossing_transfers_never_wait_for_each_other() {
    let world = World::new();
    let (left, right) = (world.structure(TOULOUSE, 16), world.structure(MOISSAC, 16));
    let mut calls: Vec<Box<dyn FnOnce() -> Answer + Send + '_>> = Vec::new();
    for (from, to) in [(&left, &right), (&right, &left)] {
        for post in &from.posts {
            let (world, body) = (&world, json!({"structure_id": to.id}));
            calls.push(Box::new(move || world.act_on("\"v1\"", "posts", post, "transfer", Some(body))));
        }
    }
    let tally = tally(&race(calls));
    // A structure that is empty for a moment is withdrawn and takes nothing more.
    assert!(tally.keys().all(|code| code == "200" || code == "transfer_target_not_usable"), "{tally:?}");
    assert!(tally["200"] >= 16, "{tally:?}");
}
