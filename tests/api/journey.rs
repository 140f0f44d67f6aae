//! The first journey: from a town's application to granted posts, in Tarn-et-Garonne.

use conum::platform::auth::Actor;
use serde_json::json;

use crate::support::App;
use crate::support::builders::*;

/// Name, kind, commune, postal code, posts granted.
type Line = (&'static str, &'static str, &'static str, &'static str, i32);

const FIRST_WAVE: [Line; 10] = [
    ("Département de Tarn-et-Garonne", "departement", "82121", "82000", 2),
    ("CC du Quercy Rouergue et des Gorges de l'Aveyron", "epci", "82155", "82140", 1),
    ("CC Terres des Confluences", "epci", "82033", "82100", 1),
    ("CCAS de Castelsarrasin", "etablissement_public", "82033", "82100", 1),
    ("Commune de Parisot", "commune", "82137", "82160", 1),
    ("Commune de Moissac", "commune", "82112", "82200", 1),
    ("Géronto 82", "prive", "82121", "82000", 1),
    ("Montauban Services", "prive", "82121", "82000", 1),
    ("Ligue de l'enseignement 82", "prive", "82121", "82000", 1),
    ("UDAF 82", "prive", "82121", "82000", 1),
];

const SECOND_WAVE: [Line; 6] = [
    ("Commune de Montauban", "commune", "82121", "82000", 2),
    ("CC du Quercy Caussadais", "epci", "82037", "82300", 1),
    ("Commune de Saint-Nicolas-de-la-Grave", "commune", "82169", "82210", 1),
    ("Accompagnement développement éducation Nord-Sud", "prive", "82121", "82000", 1),
    ("Mission locale de Tarn-et-Garonne", "prive", "82121", "82000", 1),
    ("Sous-préfecture de Castelsarrasin", "etablissement_public", "82033", "82100", 1),
];

fn wave(app: &App, number: i32, wave: i32, lines: &[Line]) -> Vec<Employer> {
    let mut applications = Vec::new();
    let mut employers = Vec::new();
    for (name, kind, commune, postal_code, posts) in lines {
        let employer = employer(app, name, kind, commune, postal_code);
        let application = apply(app, &employer, *posts);
        give_opinion(app, &application, "82");
        applications.push(application);
        employers.push(employer);
    }
    let committee = session(app, number, wave, &applications);
    for (application, (.., posts)) in applications.iter().zip(lines) {
        app.put(&format!("/api/v1/committees/{committee}/decisions/{application}"))
            .by(&Actor::Anct)
            .json(&json!({"outcome": "retained", "posts_granted": posts}))
            .expect(200);
    }
    transition(app, &format!("/api/v1/committees/{committee}"), "close").expect(200);
    employers
}

#[test]
fn tarn_et_garonne_gets_its_eighteen_posts_in_two_waves() {
    let app = App::start();
    app.set_now("2020-11-17T08:00:00Z");
    let anct = Actor::Anct;
    app.post("/api/v1/call-windows")
        .by(&anct)
        .json(&json!({"audience": "public", "opens_on": "2020-11-17"}))
        .expect(201);

    // Private bodies wait for their own window.
    let udaf = employer(&app, "UDAF 82 trop tôt", "prive", "82121", "82000");
    let early = json!({"kind": "initial", "posts_requested": 1, "wanted_start_on": "2021-09-01", "has_candidate": false,
        "motivation": "Aucun lieu d'accompagnement.", "pledge": true});
    app.post("/api/v1/applications").by(&udaf.actor).json(&early).problem("call_closed");
    app.set_now("2021-02-01T08:00:00Z");
    app.post("/api/v1/call-windows")
        .by(&anct)
        .json(&json!({"audience": "private", "opens_on": "2021-02-01"}))
        .expect(201);

    app.set_now("2021-03-24T08:00:00Z");
    wave(&app, 1, 1, &FIRST_WAVE);
    app.set_now("2021-06-16T08:00:00Z");
    let second = wave(&app, 12, 2, &SECOND_WAVE);
    let sous_prefecture = format!("/api/v1/structures/{}", second[5].id);
    let etag = app.get(&sous_prefecture).by(&anct).expect(200).etag();
    let marked = app.patch(&sous_prefecture).by(&anct).if_match(&etag).json(&json!({"experimental": true})).expect(200);
    assert_eq!(marked.at("/status"), "retained");

    // Everyone sees the retained structures, wave by wave.
    let public = app.get("/api/v1/retained-structures?departement_code=82").expect(200);
    assert_eq!(public.at("/meta/total"), 16);
    assert_eq!(public.values("/data", "/wave"), [["1"; 10].as_slice(), ["2"; 6].as_slice()].concat());
    assert_eq!(app.get("/api/v1/retained-structures?departement_code=82&wave=2").expect(200).at("/meta/total"), 6);

    // One row a post.
    let posts = app.get("/api/v1/posts?departement_code=82").by(&prefecture("82")).expect(200);
    assert_eq!(posts.at("/meta/total"), 18);
    assert!(posts.values("/data", "/status").iter().all(|status| status == "vacant"));
    let own = app.get("/api/v1/posts").bearer(&second[0].token).expect(200);
    assert_eq!(own.at("/meta/total"), 2, "an employer sees its own posts");

    // The prefecture next door sees nothing of it.
    let neighbour = prefecture("31");
    for list in ["posts", "structures", "applications", "post-returns"] {
        assert_eq!(app.get(&format!("/api/v1/{list}")).by(&neighbour).expect(200).at("/meta/total"), 0, "{list}");
    }
    app.get(&sous_prefecture).by(&neighbour).problem("not_found");
    let post = format!("/api/v1/posts/{}", posts.text_at("/data/0/id"));
    app.get(&post).by(&neighbour).problem("not_found");
    app.get(&post).by(&prefecture("82")).expect(200);

    // Each retained structure was written to.
    let letters = app.emails().iter().filter(|email| email["template"] == "application_retained").count();
    assert_eq!(letters, 16);
}

#[test]
fn a_reservation_of_the_sicoval_is_partly_consumed() {
    let app = App::start();
    open_call(&app);
    let anct = Actor::Anct;
    let sicoval = app
        .post("/api/v1/reservations")
        .by(&anct)
        .json(&json!({"name": "Accord préalable du Sicoval", "epci_siren": "243100633",
            "lead_departement_code": "31", "posts_reserved": 4}))
        .expect(201);
    assert_eq!(sicoval.at("/departement_code"), "31");
    assert_eq!(sicoval.at("/until_on"), "2022-01-11", "a year by default");

    let inside = employer(&app, "Commune de Labège", "commune", "31254", "31670");
    let outside = employer(&app, "Commune de Toulouse", "commune", "31555", "31000");
    let (application, other) = (apply(&app, &inside, 3), apply(&app, &outside, 1));
    let committee = session(&app, 1, 1, &[application.clone(), other.clone()]);
    let decide = |application: &str, posts: i32| {
        app.put(&format!("/api/v1/committees/{committee}/decisions/{application}")).by(&anct).json(&json!({
            "outcome": "retained", "posts_granted": posts, "without_opinion": true, "reservation_id": sicoval.id()}))
    };
    decide(&other, 1).problem("reservation_not_usable");
    decide(&application, 3).expect(200);
    retain(&app, &committee, &other, 1);
    transition(&app, &format!("/api/v1/committees/{committee}"), "close").expect(200);

    let path = format!("/api/v1/reservations/{}", sicoval.id());
    let left = app.get(&path).by(&prefecture("31")).expect(200);
    assert_eq!((left.at("/posts_consumed"), left.at("/posts_remaining")), (json!(3), json!(1)));
    app.get(&path).by(&prefecture("82")).problem("not_found");
    // Four reserved, one beside them.
    assert_eq!(app.database.owner().rows("select posts_committed from programme")[0]["posts_committed"], 5);
    let released = transition(&app, &path, "release").expect(200);
    assert_eq!(released.at("/status"), "released");
    assert_eq!(app.database.owner().rows("select posts_committed from programme")[0]["posts_committed"], 4);
    transition(&app, &path, "release").problem("transition_not_allowed");
}
