//! Entity tags, compression and parts, as HTTP says.

use conum::platform::auth::Actor;
use conum::platform::http::front::Limits;
use serde_json::json;

use crate::support::{Answer, App, builders};

/// A structure of a prefecture's own, and where it is read.
fn structure(app: &App) -> (String, Actor) {
    let employer = builders::employer(app, "Commune de Moissac", "commune", "82112", "82200");
    (format!("/api/v1/structures/{}", employer.id), employer.actor)
}

fn rename<'a>(app: &'a App, path: &str, by: &Actor, name: &str) -> crate::support::Call<'a> {
    app.patch(path).by(by).json(&json!({ "name": name }))
}

#[test]
fn if_match_takes_every_form_that_names_the_present_version() {
    let app = App::start();
    let (path, employer) = structure(&app);
    let version = |answer: &Answer| {
        let tag = answer.etag();
        tag.trim_start_matches("\"v").split(['-', '"']).next().expect("a version").to_owned()
    };
    let forms: [fn(&str, &str) -> String; 7] = [
        |tag, _| tag.to_owned(),
        |tag, _| format!("W/{tag}"),
        |tag, _| format!("\"other\" , {tag}"),
        |_, version| format!("\"v{version}\""),
        |_, version| format!("W/\"v{version}\""),
        |_, version| format!("\"v{version}-0000-gzip\""),
        |_, _| "*".to_owned(),
    ];
    for (rank, form) in forms.iter().enumerate() {
        let read = app.get(&path).by(&employer).expect(200);
        let tag = form(&read.etag(), &version(&read));
        let written = rename(&app, &path, &employer, &format!("Moissac {rank}")).if_match(&tag).expect(200);
        assert_ne!(version(&written), version(&read), "{tag}");
        if tag == "*" {
            continue;
        }
        // What it was is what it is no more.
        let stale = rename(&app, &path, &employer, "Moissac trop tard").if_match(&tag).problem("precondition_failed");
        assert_eq!(stale.status, 412, "{tag}");
    }
    for malformed in ["v1", "1", "\"v1", "\"v1\" \"v2\""] {
        let refused = rename(&app, &path, &employer, "Moissac").if_match(malformed).problem("invalid_parameter");
        assert_eq!((refused.status, refused.at("/errors/0/header")), (400, json!("If-Match")), "{malformed}");
    }
    rename(&app, &path, &employer, "Moissac").if_match("\"zzz\"").problem("precondition_failed");
    rename(&app, &path, &employer, "Moissac").problem("precondition_required");
}

#[test]
fn what_others_change_in_an_answer_keeps_nobody_from_writing() {
    let app = App::start();
    let (path, employer) = structure(&app);
    let read = app.get(&path).by(&employer).expect(200);
    app.database.owner().run("update communes set name = name || '-le-Neuf' where code = '82112'");
    let now = app.get(&path).by(&employer).header("If-None-Match", &read.etag()).expect(200);
    assert_ne!(now.etag(), read.etag());
    rename(&app, &path, &employer, "Moissac").if_match(&read.etag()).expect(200);
}

#[test]
fn compression_changes_bytes_and_neither_answers_nor_writing() {
    let app = App::start();
    let packed =
        |path: &str, by: &Actor, coding: &str| app.get(path).by(by).header("Accept-Encoding", coding).expect_raw(200);
    let (path, employer) = structure(&app);
    // Long enough to be worth it.
    let long = "Commune de Moissac, direction de l'inclusion, de la médiation et des usages du numérique";
    rename(&app, &path, &employer, long).if_match("*").expect(200);
    for path in [path.as_str(), "/api/v1/communes?departement_code=82&limit=100"] {
        let plain = app.get(path).by(&employer).expect(200);
        // The client unpacks by itself what is in gzip, and leaves brotli as it is.
        let unpacked = packed(path, &employer, "gzip");
        // Cursors tell when they were made.
        assert_eq!((unpacked.at("/data"), unpacked.at("/name")), (plain.at("/data"), plain.at("/name")), "{path}");
        let squeezed = packed(path, &employer, "br");
        assert_eq!(squeezed.header("content-encoding"), "br", "{path}");
        assert!(squeezed.body.len() < plain.body.len(), "{} of {}", squeezed.body.len(), plain.body.len());
        for answer in [&plain, &squeezed] {
            let varies = answer.headers.get_all("vary").iter().any(|value| value.to_str().unwrap().contains("ccept-"));
            assert!(varies, "{path}: {:?}", answer.headers);
        }
    }
    let plain = app.get(&path).by(&employer).expect(200);
    let squeezed = packed(&path, &employer, "br");
    for coding in ["br", "gzip"] {
        assert_eq!(packed(&path, &employer, coding).etag(), format!("W/{}", plain.etag()), "the bytes are others");
    }
    for tag in [squeezed.etag(), plain.etag()] {
        for coding in ["br", "gzip", "identity"] {
            let call = app.get(&path).by(&employer).header("Accept-Encoding", coding);
            assert_eq!(call.header("If-None-Match", &tag).send_raw().status, 304, "{tag} {coding}");
        }
    }
    rename(&app, &path, &employer, "Un autre nom").if_match(&squeezed.etag()).expect(200);
    let sheet = packed("/api/v1/communes?departement_code=82&format=xlsx", &employer, "br");
    assert_eq!((sheet.header("content-encoding"), &sheet.body[..2]), ("", &b"PK"[..]), "packed already");
    let whole = app.get("/openapi.json").expect_raw(200);
    let brotli = app.get("/openapi.json").header("Accept-Encoding", "br").expect_raw(200);
    assert_eq!(brotli.header("content-encoding"), "br");
    assert!(brotli.body.len() * 5 < whole.body.len(), "{} of {}", brotli.body.len(), whole.body.len());
}

#[test]
fn parts_of_public_answers_fit_together() {
    let app = App::start();
    for path in ["/api/v1/maps/departements", "/openapi.json"] {
        let whole = app.get(path).expect_raw(200);
        assert_eq!(whole.header("accept-ranges"), "bytes", "{path}");
        let part = |range: &str| app.get(path).header("Range", range).send_raw();
        let (head, tail) = (part("bytes=0-99999"), part("bytes=100000-"));
        assert_eq!((head.status, tail.status), (206, 206), "{path}");
        assert_eq!([head.body.clone(), tail.body].concat(), whole.body, "{path}");
        assert_eq!(head.header("content-range"), format!("bytes 0-99999/{}", whole.body.len()));
        let same = app.get(path).header("Range", "bytes=0-9").header("If-Range", &whole.etag()).send_raw();
        assert_eq!((same.status, same.body.len()), (206, 10));
        for (name, value) in [("If-Range", "\"other\""), ("Range", "bytes=99999999-"), ("Range", "bytes=0-1,5-6")] {
            let call = app.get(path).header(name, value);
            let call = if name == "If-Range" { call.header("Range", "bytes=0-9") } else { call };
            let answer = call.send_raw();
            assert_eq!((answer.status, answer.body.len()), (200, whole.body.len()), "{name}: {value}");
        }
    }
    let (path, employer) = structure(&app);
    let own = app.get(&path).by(&employer).header("Range", "bytes=0-9").expect(200);
    assert_eq!(own.header("accept-ranges"), "", "what is somebody's is whole");
}

#[test]
fn development_lets_pages_of_this_machine_in_and_says_why_others_are_not() {
    let app = App::configured(&[("CONUM_CORS_ORIGINS", "https://front.example.org")], Limits::default());
    let asked = |origin: &str| {
        app.call("OPTIONS", "/api/v1/posts")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "GET")
            .header("Access-Control-Request-Headers", "authorization, idempotency-key, if-match, x-account")
            .send_raw()
    };
    for origin in ["http://localhost:3000", "http://127.0.0.1:5173", "https://front.example.org"] {
        let answer = asked(origin);
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (204, origin));
        let taken = answer.header("access-control-allow-headers");
        for name in ["authorization", "idempotency-key", "if-match", "x-account", "content-type", "range"] {
            assert!(taken.split(", ").any(|known| known == name), "{name} of {taken}");
        }
    }
    let refused = asked("http://localhost.example.org");
    assert_eq!((refused.status, refused.at("/code")), (403, json!("origin_not_allowed")), "{}", refused.describe());
    assert!(refused.text_at("/detail").contains("http://localhost.example.org"));
    let production = App::in_production(&[]);
    let answer = production
        .call("OPTIONS", "/api/v1/posts")
        .header("Origin", "http://localhost:3000")
        .header("Access-Control-Request-Method", "GET")
        .send_raw();
    assert_eq!(answer.at("/code"), "origin_not_allowed");
}

#[test]
fn maps_have_the_name_of_their_format_for_who_asks() {
    let app = App::start();
    for path in ["/api/v1/maps/departements", "/api/v1/maps/places"] {
        for (accept, media) in [
            ("application/geo+json", "application/geo+json"),
            ("application/geo+json, application/json;q=0.5", "application/geo+json"),
            ("application/json", "application/json"),
            ("*/*", "application/geo+json"),
        ] {
            let answer = app.get(path).header("Accept", accept).expect(200);
            assert_eq!(answer.header("content-type"), media, "{path}: {accept}");
            assert_eq!(answer.at("/type"), "FeatureCollection");
        }
    }
}
