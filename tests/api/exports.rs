//! Lists as files: every list, in every format, whole.

use std::io::Read;
use std::time::{Duration, Instant};

use conum::platform::auth::Actor;
use conum::platform::http::front::Limits;
use conum::platform::spool::{Exports, Pace};
use serde_json::Value;

use crate::guards::operations;
use crate::recruitments::{Scene, scene};
use crate::subsidies::{order, signed};
use crate::support::builders::{candidate, recruited};
use crate::support::{Answer, App};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Records of a CSV text, heading first.
fn records(answer: &Answer, separator: u8) -> Vec<Vec<String>> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).delimiter(separator).from_reader(answer.body.as_slice());
    reader.records().map(|record| record.expect("a record").iter().map(ToOwned::to_owned).collect()).collect()
}

/// A world with something in most lists.
fn world() -> App {
    let Scene { app, employer, posts } = scene(3);
    signed(&app, &employer);
    recruited(&app, &employer, &posts[0], &candidate(&app).id);
    order(&app);
    app
}

#[test]
fn every_list_is_the_same_in_every_format() {
    let app = world();
    let (mut lists, mut rows) = (0, 0);
    // The open data is a file of the national standard and nothing else: no list.
    let exported = |operation: &&operations::Operation| {
        let content = &operation.raw["responses"]["200"]["content"];
        content.get("text/csv").is_some() && content.get("application/json").is_some()
    };
    for operation in operations::all(&app.document()).iter().filter(exported) {
        let path = operation.path();
        let call = |query: &str| {
            let call = app.get(&format!("{path}{query}"));
            match operation.some_caller() {
                Some(actor) => call.by(&actor),
                None => call,
            }
        };
        let json = call("?limit=500").send();
        if json.status == 404 {
            // A list of something that is not there.
            continue;
        }
        assert_eq!(json.status, 200, "{}", json.describe());
        let total = json.at("/meta/total").as_i64().expect("a total");
        let lines = call("?format=ndjson").expect(200);
        assert_eq!(lines.header("content-type"), "application/x-ndjson");
        let text = lines.text();
        assert_eq!(text.lines().count() as i64, total, "{}", operation.id);
        if total <= 500 {
            let parsed: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            assert_eq!(Value::from(parsed), json.at("/data"), "{}", operation.id);
        }
        for (query, separator) in [("?format=csv", b','), ("?format=csv&profile=excel-fr", b';')] {
            let file = call(query).expect(200);
            assert!(file.header("content-disposition").ends_with(".csv\""), "{}", operation.id);
            assert!(!file.header("x-events-cursor").is_empty() || total > 0, "{}", operation.id);
            let records = records(&file, separator);
            assert_eq!(records.len() as i64, total + 1, "{} {query}", operation.id);
            assert!(records.iter().all(|record| record.len() == records[0].len()), "{}", operation.id);
        }
        let sheet = call("?format=xlsx").expect(200);
        assert_eq!(sheet.header("content-type"), XLSX);
        assert_eq!(&sheet.body[..2], b"PK", "{}", operation.id);
        lists += 1;
        rows += total;
    }
    assert!(lists > 25 && rows > 36_000, "{lists} lists, {rows} rows");
}

#[test]
fn a_file_holds_the_values_of_the_list() {
    let app = world();
    let call = |query: &str| app.get(&format!("/api/v1/instalments?sort=reference{query}")).by(&Actor::Bdt);
    let data = call("&limit=500").expect(200).at("/data");
    let records = records(&call("").header("Accept", "text/csv").expect(200), b',');
    let at = |name: &str| records[0].iter().position(|column| column == name).unwrap_or_else(|| panic!("no {name}"));
    for (row, item) in records[1..].iter().zip(data.as_array().unwrap()) {
        assert_eq!(row[at("reference")], item["reference"].as_str().unwrap());
        assert_eq!(row[at("amount_cents")], item["amount_cents"].to_string());
        assert_eq!(row[at("due_on")], item["due_on"].as_str().unwrap_or_default());
        let conditions: Vec<&str> =
            item["conditions"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
        assert_eq!(row[at("conditions")], conditions.join("|"));
    }
    // Filters hold for files too, and what is not a parameter is refused as ever.
    let due = records_of(&call("&status=ordered&format=csv").expect(200));
    assert_eq!(due, 2);
    call("&format=pdf").problem("invalid_parameter");
    call("").header("Accept", "image/png").problem("not_acceptable");
    let french = call("&format=csv&profile=excel-fr").expect(200);
    assert_eq!(&french.body[..3], b"\xEF\xBB\xBF");
    assert!(french.text().contains(&app.today().format("%d/%m/%Y").to_string()));
    // Reach and masking are those of the list.
    let observers = app.get("/api/v1/recruitments?format=ndjson").by(&Actor::Observer(None)).expect(200);
    let row: Value = serde_json::from_str(observers.text().lines().next().unwrap()).unwrap();
    assert_eq!((&row["candidate_last_name"], &row["gross_monthly_salary_cents"]), (&Value::Null, &Value::Null));
    app.get("/api/v1/instalments?format=csv").by(&Actor::Observer(None)).problem("role_not_allowed");
}

fn records_of(answer: &Answer) -> usize {
    records(answer, b',').len()
}

#[test]
fn a_caller_who_leaves_frees_the_place_for_others() {
    let app = App::start();
    // Two places: taken by callers who do not read.
    let address = app.url.trim_start_matches("http://").to_owned();
    let open = || {
        let mut stream = std::net::TcpStream::connect(&address).expect("a connection");
        let request = format!("GET /api/v1/communes?format=ndjson HTTP/1.1\r\nHost: {address}\r\n\r\n");
        std::io::Write::write_all(&mut stream, request.as_bytes()).expect("a request");
        let mut first = [0; 15];
        stream.read_exact(&mut first).expect("an answer");
        (String::from_utf8_lossy(&first).into_owned(), stream)
    };
    let (first, held) = open();
    assert!(first.starts_with("HTTP/1.1 200"), "{first}");
    let busy = app.get("/api/v1/communes?format=csv").send();
    assert!(busy.status == 503 && busy.header("retry-after") == "5" || busy.status == 200, "{}", busy.describe());
    drop(held);
    // A file for the public is made to its end, for whoever comes next.
    let mut patience = 1200;
    while app.get("/api/v1/departements?format=csv").send().status != 200 {
        patience -= 1;
        assert!(patience > 0, "the place is still taken");
        std::thread::sleep(Duration::from_millis(50));
    }
    // Pages are answered meanwhile.
    app.get("/api/v1/communes?limit=1").expect(200);
}

/// Asks for a list over a connection with little room, and takes only what is asked of it.
fn dawdler(app: &App, path: &str) -> std::net::TcpStream {
    let address: std::net::SocketAddr = app.url.trim_start_matches("http://").parse().expect("an address");
    let socket =
        socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(1024).expect("a small buffer");
    socket.connect(&address.into()).expect("a connection");
    let mut stream = std::net::TcpStream::from(socket);
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    std::io::Write::write_all(&mut stream, request.as_bytes()).expect("a request");
    let mut first = [0; 15];
    stream.read_exact(&mut first).expect("an answer");
    assert!(first.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&first));
    stream
}

#[test]
fn who_dawdles_holds_nobody_up_and_is_cut() {
    let quick = [("CONUM_EXPORT_GRACE_SECONDS", "3"), ("CONUM_EXPORT_LEAST_RATE", "65536")];
    let app = App::configured(&quick, Limits::default());
    crate::support::builders::open_call(&app);
    let list = "/api/v1/communes?format=ndjson";
    let whole = app.get(list).expect(200).body.len();
    assert!(whole > 5_000_000, "more than the system keeps for a connection: {whole}");
    let mut slow: Vec<_> = (0..6).map(|_| dawdler(&app, list)).collect();
    let begun = Instant::now();
    // Everybody else goes on, for longer than the slow are borne with.
    let mut files = 0;
    while begun.elapsed() < Duration::from_secs(5) {
        app.get("/api/v1/instalments?format=csv").by(&Actor::Bdt).expect(200);
        app.get("/api/v1/structures?format=ndjson").by(&Actor::Anct).expect(200);
        files += 2;
        for stream in &mut slow {
            let mut few = [0; 64];
            // Sixty-four bytes a turn: not nothing, and far too slow.
            let _ = stream.read(&mut few);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(files > 20, "{files}");
    for stream in &mut slow {
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        let mut rest = Vec::new();
        // Broken off: an error, or an end before the end.
        let taken = stream.read_to_end(&mut rest).unwrap_or(0);
        assert!(taken < whole / 2, "{taken} of {whole}");
        assert!(!rest.ends_with(b"0\r\n\r\n"));
    }
}

#[test]
fn a_file_may_not_take_for_ever() {
    let app = App::configured(&[("CONUM_EXPORT_MAX_SECONDS", "2")], Limits::default());
    let mut stream = dawdler(&app, "/api/v1/communes?format=ndjson");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    let (begun, mut taken) = (Instant::now(), 0);
    let mut few = [0; 2048];
    // Fast enough by its rate, but it would take minutes.
    while let Ok(more) = stream.read(&mut few) {
        if more == 0 {
            break;
        }
        taken += more;
        std::thread::sleep(Duration::from_millis(5));
        assert!(begun.elapsed() < Duration::from_secs(60), "never cut: {taken} bytes");
    }
    assert!(taken > 100_000, "{taken}");
}

#[test]
fn the_public_gets_a_file_that_was_made_once() {
    let app = App::start();
    crate::support::builders::open_call(&app);
    let list = "/api/v1/retained-structures?format=ndjson";
    crate::support::builders::retained_at(&app, "Commune de Moissac", "82112", "82200", 1);
    let first = app.get(list).expect(200);
    crate::support::builders::retained_at(&app, "Commune de Castelsarrasin", "82033", "82100", 1);
    let again = app.get(list).expect(200);
    assert_eq!(
        (again.body.clone(), again.header("x-events-cursor")),
        (first.body.clone(), first.header("x-events-cursor"))
    );
    assert_eq!(first.text().lines().count(), 1);
    // Who signs in is shown what is there now, another filter is another file.
    assert_eq!(app.get(list).by(&Actor::Anct).expect(200).text().lines().count(), 2);
    assert_eq!(app.get(&format!("{list}&departement_code=82")).expect(200).text().lines().count(), 2);
    let brief = App::configured(&[("CONUM_PUBLIC_EXPORT_SECONDS", "1")], Limits::default());
    crate::support::builders::open_call(&brief);
    assert_eq!(brief.get(list).expect(200).text().lines().count(), 0);
    crate::support::builders::retained_at(&brief, "Commune de Moissac", "82112", "82200", 1);
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(brief.get(list).expect(200).text().lines().count(), 1);
}

#[test]
fn places_are_apart_by_caller_and_role() {
    let exports = Exports::new(4, Pace::default());
    let one = exports.place("anct|a", false).expect("a place");
    assert!(exports.place("anct|a", false).is_err(), "one caller holds them all");
    let public = exports.place("192.0.2.1", true).expect("a place of the public");
    assert!(exports.place("192.0.2.2", true).is_err());
    let two = exports.place("bdt|b", false).expect("nobody without a token takes it");
    assert!(exports.place("bdt|c", false).is_err());
    drop((one, public, two));
    let refused = exports.place("anct|a", false).and_then(|_held| exports.place("anct|a", false)).err().expect("busy");
    assert_eq!(refused.headers(), [("Retry-After", "5".to_owned())]);
}
