//! Files in: what was exported comes back unchanged, whoever wrote the file, and a wrong line is told with all that is wrong.

use conum::platform::auth::Actor;
use serde_json::{Value, json};

use crate::activity::{REPORTS, country, report, with};
use crate::places::place;
use crate::support::{Answer, App};

const CSV: &str = "text/csv";
const NDJSON: &str = "application/x-ndjson";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

fn send(app: &App, by: &Actor, media: &str, file: impl Into<Vec<u8>>) -> Answer {
    let key = uuid::Uuid::new_v4().to_string();
    app.post(&format!("{REPORTS}/import?dry_run=true")).by(by).key(&key).body(media, file).send()
}

fn counts(answer: &Answer) -> [i64; 4] {
    assert_eq!(answer.status, 200, "{}", answer.describe());
    ["created", "updated", "unchanged", "refused"]
        .map(|status| answer.at(&format!("/{status}_count")).as_i64().unwrap())
}

/// Faults of a line as `pointer: code`.
fn faults(answer: &Answer, at: usize) -> Vec<String> {
    let faults = answer.at(&format!("/lines/{at}/faults"));
    let text = |fault: &Value, name: &str| fault[name].as_str().unwrap_or_default().to_owned();
    faults.as_array().into_iter().flatten().map(|f| format!("{}: {}", text(f, "pointer"), text(f, "code"))).collect()
}

#[test]
fn what_is_exported_comes_back_unchanged_in_every_format_and_profile() {
    let (app, posts) = country();
    let (by, employer) = (&posts[0].counsellor, &posts[0].employer.actor);
    let place = place(&app, employer);
    let day = app.today();
    let all = [
        json!({"external_id": "a"}),
        json!({"external_id": "b", "channel": "rattachement", "place_id": place}),
        json!({"external_id": "3", "channel": "autre_lieu", "commune_code": "01004", "note": "=1+1"}),
        json!({"external_id": "'x", "activity": "collectif", "participants_count": 6, "returning_count": 2, "ages": {"35_60": 2, "plus_60": 4},
            "statuses": {"en_emploi": 2, "retraite": 4}, "themes": ["internet", "demarche_en_ligne"], "sub_themes": ["demarche_en_ligne.impots"],
            "follow_ups": {"individual_count": 1}, "redirections": [{"body": "caf", "people_count": 1}], "note": "Deux\nlignes; \"citées\", é"}),
        json!({"external_id": "+33563228200", "note": "+33 5 63"}),
    ];
    let count = all.len() as i64;
    for changes in all {
        app.post(REPORTS).by(by).json(&with(report(day), changes)).expect(201);
    }
    for (format, profile, media) in
        [("csv", "rfc4180", CSV), ("csv", "excel-fr", CSV), ("ndjson", "rfc4180", NDJSON), ("xlsx", "rfc4180", XLSX)]
    {
        let file = app.get(&format!("{REPORTS}?format={format}&profile={profile}")).by(by).expect(200);
        let back = send(&app, by, media, file.body.clone());
        assert_eq!(counts(&back), [0, 0, count, 0], "{format} {profile}: {}", back.describe());
    }
    // The same, as a French Excel saves it: windows-1252, and with tabs.
    let french = app.get(&format!("{REPORTS}?format=csv&profile=excel-fr")).by(by).expect(200).text();
    let french = french.trim_start_matches('\u{feff}');
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(french);
    let back = send(&app, by, "text/csv; charset=windows-1252", bytes.into_owned());
    assert_eq!(counts(&back), [0, 0, count, 0], "{}", back.describe());
    assert_eq!(send(&app, by, CSV, b"external_id\xe9".to_vec()).status, 400, "no charset named, and no UTF-8");
}

const HEAD: &str = "external_id,held_on,activity,channel,duration_minutes,ages.plus_60,statuses.retraite,themes";

#[test]
fn lines_are_those_of_the_file_and_empty_ones_no_faults() {
    let (app, posts) = country();
    let by = &posts[0].counsellor;
    let day = app.today();
    let good = |name: &str| format!("{name},{day},ponctuel,distance,30,1,1,internet");
    let wrong = |name: &str| format!("{name},20/11/2020,ponctuel,distance,30,1,1,internet");
    for end in ["\n", "\r\n", "\r"] {
        let lines = [
            HEAD.to_owned(),
            good("x1"),
            wrong("x2"),
            String::new(),
            ",,,,,,,".to_owned(),
            wrong("x3"),
            ",,,".to_owned(),
        ];
        let told = send(&app, by, CSV, lines.join(end));
        assert_eq!(counts(&told), [1, 0, 0, 2], "{end:?}: {}", told.describe());
        assert_eq!(told.values("/lines", "/line"), ["2", "3", "6"], "{end:?}");
        assert_eq!(told.values("/lines", "/external_id"), ["x1", "x2", "x3"]);
        assert_eq!(faults(&told, 1), ["/held_on: invalid_date"], "a day of a file with commas may be American");
    }
    // A line without its last empty cells, and one with a cell too many.
    let notes = format!("{HEAD},note\n{}\n{},a,b\n", good("x1"), good("x2"));
    let told = send(&app, by, CSV, notes);
    assert_eq!((counts(&told), faults(&told, 1)), ([1, 0, 0, 1], vec![": too_many".to_owned()]));
    // French files: semicolons or tabs, days and decimals in French, labels for codes.
    for separator in [";", "\t"] {
        let (head, day) = (HEAD.replace(',', separator), day.format("%d/%m/%Y"));
        let cells = [
            "y1",
            &day.to_string(),
            "Demande ponctuelle",
            "Distance",
            "30,0",
            "1",
            "1",
            "Naviguer sur Internet|Courriel",
        ];
        let told = send(&app, by, CSV, format!("{head}\r\n{}\r\n", cells.join(separator)));
        assert_eq!(counts(&told), [1, 0, 0, 0], "{separator:?}: {}", told.describe());
    }
    for (file, code) in [
        ("a|b|c\n1|2|3", "malformed_request"),
        ("external_id,colour\nx,red", "import_failed"),
        ("", "malformed_request"),
    ] {
        let refused = send(&app, by, CSV, file);
        assert_eq!(refused.text_at("/code"), code, "{}", refused.describe());
    }
}

#[test]
fn a_wrong_line_tells_all_that_is_wrong_in_the_words_of_a_single_report() {
    let (app, posts) = country();
    let by = &posts[0].counsellor;
    let wrong = json!({"held_on": "2026-13-20", "activity": "ponctue", "channel": "distanc", "duration_minutes": -3, "ages": {"plus_6": 1},
        "statuses": {"retraite": 2}, "themes": ["wifi"]});
    let alone = app.post(REPORTS).by(by).json(&wrong).problem("validation_failed");
    let line = with(wrong, json!({"external_id": "b3"}));
    let told = send(&app, by, NDJSON, line.to_string());
    assert_eq!(told.at("/lines/0/external_id"), "b3");
    let (mut one, mut other) = (faults(&told, 0), alone.faults());
    one.sort();
    other.sort();
    assert_eq!(one, other);
    assert!(one.contains(&"/themes/0: not_in_list".to_owned()), "{one:?}");
    let lists = told.at("/lines/0/faults");
    let listed = lists.as_array().unwrap().iter().find(|fault| fault["pointer"] == "/activity").unwrap();
    assert!(listed["detail"].as_str().unwrap().contains("individuel"), "{listed}");
    // The same as cells.
    let cells = "b4,20/13/2026,ponctue,distanc,x,1,1,wifi";
    let told = send(&app, by, CSV, format!("{HEAD}\n{cells}\n"));
    let mut cells = faults(&told, 0);
    cells.sort();
    assert_eq!(
        cells,
        [
            "/activity: not_in_list",
            "/channel: not_in_list",
            "/duration_minutes: wrong_type",
            "/held_on: invalid_date",
            "/themes/0: not_in_list"
        ]
    );
    assert_eq!(told.at("/lines/0/external_id"), "b4");
    // A line without a name is told so, with the rest.
    let told = send(&app, by, CSV, format!("{HEAD}\n,{},ponctue,distance,30,1,1,internet\n", app.today()));
    assert_eq!(faults(&told, 0), ["/external_id: required", "/activity: not_in_list"]);
}

#[test]
fn spreadsheets_have_types_a_heading_that_stays_and_no_guards() {
    let (app, posts) = country();
    let by = &posts[0].counsellor;
    app.post(REPORTS).by(by).json(&with(report(app.today()), json!({"external_id": "x", "note": "=1+1"}))).expect(201);
    let file = app.get(&format!("{REPORTS}?format=xlsx")).by(by).expect(200).body;
    use calamine::{Data, Reader};
    let mut book: calamine::Xlsx<_> =
        calamine::open_workbook_from_rs(std::io::Cursor::new(file.to_vec())).expect("a workbook");
    assert_eq!(book.sheet_names(), ["activity-reports"]);
    let range = book.worksheet_range("activity-reports").expect("a sheet");
    let column = |name: &str| range.rows().next().unwrap().iter().position(|cell| *cell == name).expect("a column");
    let row = range.rows().nth(1).expect("a row");
    assert!(matches!(row[column("held_on")], Data::DateTime(_)), "{:?}", row[column("held_on")]);
    assert!(matches!(row[column("created_at")], Data::DateTime(_)));
    assert_eq!(row[column("note")], Data::String("=1+1".to_owned()));
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(file.to_vec())).expect("a zip");
    let mut sheet = String::new();
    std::io::Read::read_to_string(&mut archive.by_name("xl/worksheets/sheet1.xml").expect("a sheet"), &mut sheet)
        .unwrap();
    for part in ["state=\"frozen\"", "<autoFilter", "<cols>"] {
        assert!(sheet.contains(part), "{part}");
    }
    // A phone number is no formula in any file.
    let csv = app.get("/api/v1/structures?format=csv").by(&Actor::Anct).expect(200).text();
    assert!(!csv.contains("'+"), "{csv}");
}
