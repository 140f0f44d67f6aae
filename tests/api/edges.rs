//! Odd, broken and hostile requests: each gets a documented answer.

use std::time::{Duration, Instant};

use crate::support::{App, Raw};

const COMMUNES: &str = "/api/v1/communes";

#[test]
fn a_wrong_parameter_is_named_with_what_would_be_right() {
    let app = App::start();
    let unknown = app.get(COMMUNES).query("departement_cod", "82").query("zzz", "1").problem("invalid_parameter");
    assert_eq!(unknown.status, 400);
    assert_eq!(unknown.faults(), ["departement_cod: unknown", "zzz: unknown_name"], "{}", unknown.describe());
    assert!(unknown.text_at("/errors/0/detail").contains("departement_code"), "{}", unknown.describe());

    for limit in ["08", "+8", "8.0", "0", "501", "-1", "", " 8", "1e2", "99999999999999999999", "８"] {
        let answer = app.get(COMMUNES).query("limit", limit).problem("invalid_parameter");
        assert_eq!(answer.values("/errors", "/parameter"), ["limit"], "{limit:?}");
    }
    app.get(&format!("{COMMUNES}?limit=1&limit=2")).problem("invalid_parameter");
    app.get(COMMUNES).query("sort", "surname").problem("invalid_parameter");
    let several = app.get(COMMUNES).query("limit", "0").query("postal_code", "x").query("sort", "x").expect(400);
    assert_eq!(several.faults().len(), 3, "all at once: {}", several.describe());
}

#[test]
fn what_is_no_text_is_refused() {
    let app = App::start();
    for broken in ["q=%FF", "q=%C3", "q=%ED%A0%80", "q=%zz", "q=%", "q=a%00b", "%FF=1"] {
        app.get(&format!("{COMMUNES}?{broken}")).problem("malformed_request");
    }
    for invisible in ["\u{202e}nassiom", "mois\u{200b}sac", "mois\nsac", "  "] {
        app.get(COMMUNES).query("q", invisible).problem("invalid_parameter");
    }
    for path in ["/api/v1/communes/%FF", "/api/v1/communes/8211%00", "/api/v1/communes/%2e%2e", "/api/v1/communes/'"] {
        let status = app.get(path).send().status;
        assert!(status == 400 || status == 404, "{path}: {status}");
    }
}

#[test]
fn paths_that_lead_nowhere_are_problems() {
    let app = App::start();
    for path in ["/api/v1", "/api/v1/", "/api/v1/communes/", "/api/v2/communes", "/nowhere", "//", "/api/v1//communes"]
    {
        app.get(path).problem("not_found");
    }
    for path in ["/api/v1/communes/82112/mayor", "/problems/no_such_problem", "/swagger-ui/no-such-file.js"] {
        assert_eq!(app.get(path).send().status, 404, "{path}");
    }
}

#[test]
fn each_method_is_answered() {
    let app = App::start();
    for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE"] {
        let refused = app.call(method, COMMUNES).problem("method_not_allowed");
        assert_eq!((refused.status, refused.header("allow")), (405, "GET, HEAD, OPTIONS"), "{method}");
    }
    let options = app.call("OPTIONS", COMMUNES).expect(204);
    assert_eq!(options.header("allow"), "GET, HEAD, OPTIONS");
    let head = app.call("HEAD", &format!("{COMMUNES}?limit=3")).expect(200);
    let get = app.get(&format!("{COMMUNES}?limit=3")).expect(200);
    assert_eq!(head.header("link"), get.header("link"));
    assert_eq!(head.header("content-type"), get.header("content-type"));
    app.call("HEAD", "/api/v1/communes/99999").expect(404);
    // Pages beside the API.
    app.call("POST", "/openapi.json").problem("method_not_allowed");
    assert_eq!(app.get("/swagger-ui").expect(301).header("location"), "/swagger-ui/");
    assert!(app.get("/swagger-ui/").expect(200).text().contains("<html"));
    assert_eq!(app.get("/").expect(303).header("location"), "/swagger-ui/");
}

#[test]
fn formats_that_nobody_offers_are_not_acceptable() {
    let app = App::start();
    for accepted in ["application/json", "application/*", "*/*", "text/html, */*;q=0.1", "", "application/json;q=1"] {
        app.get(COMMUNES).query("limit", "1").header("Accept", accepted).expect(200);
    }
    for refused in ["application/xml", "text/plain", "application/json;q=0", "image/png, text/html"] {
        let answer = app.get(COMMUNES).header("Accept", refused).problem("not_acceptable");
        assert!(answer.text_at("/detail").contains("application/json"), "{}", answer.describe());
    }
}

#[test]
fn addresses_and_headers_have_limits() {
    let app = App::start();
    let long = "a".repeat(9000);
    assert_eq!(app.get(&format!("{COMMUNES}?q={long}")).problem("uri_too_long").status, 414);
    assert_eq!(app.get(COMMUNES).header("X-Padding", &"a".repeat(33_000)).problem("headers_too_large").status, 431);
    app.get(COMMUNES).query("limit", "1").header("X-Padding", &"a".repeat(8_000)).expect(200);
    // Far beyond what the HTTP parser itself takes: an answer all the same, or a clean end.
    for bytes in ["a".repeat(70_000), "a".repeat(300_000)] {
        let mut raw = Raw::open(&app);
        raw.send(format!("GET {COMMUNES}?q={bytes} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes());
        let answer = raw.finish();
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(["414", "431", "400", "413", ""].contains(&status), "{}", &answer[..answer.len().min(300)]);
    }
    app.get(COMMUNES).query("limit", "1").expect(200);
}

#[test]
fn garbage_on_the_wire_gets_an_answer_and_hurts_nobody() {
    let app = App::start();
    let garbage: [&[u8]; 8] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET /api/v1/communes HTTP/9.9\r\n\r\n",
        b"GET /api/v1/communes HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST /api/v1/communes HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/v1/communes HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
    ];
    for bytes in garbage {
        let mut raw = Raw::open(&app);
        raw.send(bytes);
        raw.shut();
        let answer = raw.finish();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{bytes:?}: {answer}");
    }
    let mut raw = Raw::open(&app);
    raw.send(b"GET /%FF%FE/../..//etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let answer = raw.finish();
    assert!(answer.starts_with("HTTP/1.1 404") && answer.contains("application/problem+json"), "{answer}");
    app.get(COMMUNES).query("limit", "1").expect(200);
}

#[test]
fn a_request_keeps_its_identifier() {
    let app = App::start();
    let echoed = app.get(COMMUNES).query("limit", "1").header("X-Request-Id", "abc-123:4.5_6").expect(200);
    assert_eq!(echoed.header("x-request-id"), "abc-123:4.5_6");
    let long = "a".repeat(101);
    for harmful in ["a b", "<script>", "é", long.as_str(), ""] {
        let made = app.get("/nowhere").header("X-Request-Id", harmful).expect(404);
        assert_eq!(made.header("x-request-id").len(), 36, "{harmful:?}");
    }
}

#[test]
fn problems_speak_french_or_english() {
    let app = App::start();
    let french = app.get("/nowhere").expect(404);
    assert_eq!((french.text_at("/title").as_str(), french.header("content-language")), ("Ressource introuvable", "fr"));
    let english = app.get("/nowhere").header("Accept-Language", "en-GB, fr;q=0.5").expect(404);
    assert_eq!((english.text_at("/title").as_str(), english.header("content-language")), ("Not found", "en"));
    assert_eq!(french.at("/code"), english.at("/code"));
    let explained = app.get(&french.text_at("/type")).expect(200);
    assert_eq!(explained.at("/code"), "not_found");
    let page = app.get("/problems/not_found").header("Accept", "text/html").expect(200);
    assert!(page.header("content-type").starts_with("text/html") && page.text().contains("lang=\"fr\""));
}

#[test]
fn tokens_are_refused_even_where_none_is_needed() {
    let app = App::start();
    for header in ["Bearer", "Bearer ", "Bearer x.y.z", "Basic eDp5", "bearer a.b", "Token x", "Bearer a b c"] {
        let refused = app.get(COMMUNES).header("Authorization", header).problem("invalid_token");
        assert_eq!(refused.status, 401);
        assert!(refused.header("www-authenticate").contains("invalid_token"), "{header}");
    }
    let long = format!("Bearer {}", "a".repeat(9000));
    app.get(COMMUNES).header("Authorization", &long).problem("invalid_token");
}

#[test]
fn answers_are_quick_even_when_many_ask_at_once() {
    let app = App::start();
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| (0..5).for_each(|_| drop(app.get(COMMUNES).query("q", "moissac").expect(200))));
        }
    });
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn pages_run_only_what_is_ours() {
    let app = App::start();
    for path in ["/swagger-ui/", "/dashboard/", "/problems/not_found", "/health/live", "/openapi.json", "/nowhere"] {
        let answer = app.get(path).header("Accept", "text/html, */*").send_raw();
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") || path == "/dashboard/", "{path}: {policy}");
        assert!(
            !policy.is_empty() && !policy.contains("script-src 'unsafe") && !policy.contains("*"),
            "{path}: {policy}"
        );
    }
    // What the page of Swagger UI loads is there, and nothing of it stands within the page.
    let page = app.get("/swagger-ui/").send_raw();
    let text = page.text();
    let scripts: Vec<&str> = text.split("<script").skip(1).filter_map(|tag| tag.split('>').next()).collect();
    assert!(scripts.len() >= 3 && scripts.iter().all(|tag| tag.contains("src=")), "{scripts:?}");
    for name in text.split("<script src=\"./").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert_eq!(app.get(&format!("/swagger-ui/{name}")).send_raw().status, 200, "{name}");
    }
}
