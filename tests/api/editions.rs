//! What the public is told of the activity: closed months in sealed editions, of which no difference tells a person.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Months, NaiveDate, TimeDelta};
use conum::features::activity::model::masking::{FLOOR, Wait};
use conum::features::activity::service::{self, Published};
use conum::platform::auth::Actor;
use conum::platform::db::{Outcome, Request};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::activity::{Post, REPORTS, country, drift, report, totals, with};
use crate::support::App;

const FIGURES: &str = "/api/v1/statistics/activity";
/// Breakdowns, with the sum that their cells would add up to if all were told.
const BREAKDOWNS: [(&str, Option<&str>); 8] = [
    ("activity", Some("reports_count")),
    ("channel", Some("reports_count")),
    ("duration_band", Some("reports_count")),
    ("age", Some("supports_count")),
    ("status", Some("supports_count")),
    ("theme", None),
    ("mission", None),
    ("redirection_body", None),
];
const SUMS: [&str; 5] = ["reports_count", "supports_count", "returning_count", "people_count", "minutes"];
const TOWNS: [(&str, &str); 3] = [("82112", "82"), ("2A004", "2A"), ("97411", "974")];

fn publish(app: &App) -> Published {
    let made = app.service.db.write_now(&Request::job("publish"), &|tx| service::publish(tx).map(Outcome::Keep));
    made.expect("an edition")
}

fn wrong(app: &App) -> Vec<String> {
    let found =
        app.service.db.write_now(&Request::job("check"), &|tx| service::check_editions(tx).map(Outcome::Discard));
    found.expect("a comparison")
}

fn month(app: &App, back: u32) -> NaiveDate {
    app.today().with_day(1).unwrap().checked_sub_months(Months::new(back)).unwrap()
}

fn whole(first: NaiveDate, last: NaiveDate) -> String {
    let end = last.checked_add_months(Months::new(1)).unwrap() - TimeDelta::days(1);
    format!("from_on={first}&to_on={end}")
}

fn send(app: &App, post: &Post, body: &Value) -> String {
    let made = app.post(REPORTS).by(&post.counsellor).json(body).expect(201);
    format!("{REPORTS}/{}", made.text_at("/report/id"))
}

fn change(app: &App, post: &Post, path: &str, body: &Value) {
    let etag = app.get(path).by(&post.counsellor).expect(200).etag();
    app.patch(path).by(&post.counsellor).if_match(&etag).json(body).expect(200);
}

fn remove(app: &App, post: &Post, path: &str) {
    let etag = app.get(path).by(&post.counsellor).expect(200).etag();
    app.delete(path).by(&post.counsellor).if_match(&etag).expect(204);
}

/// Every public question over these months: each territory, each run of months, each breakdown.
fn questions(months: &[NaiveDate]) -> Vec<String> {
    let mut asked = Vec::new();
    for scope in [
        "",
        "&departement_code=82",
        "&departement_code=2A",
        "&departement_code=974",
        "&region_code=76",
        "&region_code=94",
    ] {
        for (at, first) in months.iter().enumerate() {
            for last in &months[at..] {
                let period = whole(*first, *last);
                let groups = BREAKDOWNS.iter().map(|(name, _)| *name).chain(["month", "departement", "region"]);
                asked.extend(groups.map(|group| format!("{FIGURES}?{period}{scope}&group_by={group}")));
                asked.push(format!("{FIGURES}/series?{period}{scope}"));
            }
        }
        asked.push(format!("{FIGURES}?group_by=age{scope}"));
    }
    asked
}

fn answers(app: &App, questions: &[String]) -> BTreeMap<String, Vec<u8>> {
    questions.iter().map(|asked| (asked.clone(), app.get(asked).expect(200).body)).collect()
}

type Numbers = BTreeMap<String, i64>;

/// The numbers of an answer by name; what is not told is 0, as it is in every sum.
fn numbers(body: &[u8], group: &str) -> Numbers {
    let answer: Value = serde_json::from_slice(body).expect("an answer");
    let mut found = Numbers::new();
    for name in SUMS {
        found.insert(name.to_owned(), answer["totals"][name].as_i64().expect(name));
    }
    if let Some(whole) = answer["denominator"].as_i64() {
        found.insert(format!("{group} denominator"), whole);
    }
    for cell in answer["groups"].as_array().expect("groups") {
        let key = cell["key"].as_str().expect("a key");
        found.insert(format!("{group} {key}"), cell["count"].as_i64().unwrap_or_default());
    }
    found
}

/// What is told of a département and month, in all breakdowns.
fn atom(app: &App, departement: &str, month: NaiveDate) -> Numbers {
    let mut found = Numbers::new();
    for (group, whole_of) in BREAKDOWNS {
        let asked = format!("{FIGURES}?{}&departement_code={departement}&group_by={group}", whole(month, month));
        found.extend(numbers(&app.get(&asked).expect(200).body, group));
        if let Some(sum) = whole_of {
            // What is left of the sum is told by subtraction.
            let left = found[sum] - found[&format!("{group} denominator")];
            found.insert(format!("{group} left"), left);
        }
    }
    found
}

type Atoms = BTreeMap<(String, NaiveDate), Numbers>;

fn atoms(app: &App, months: &[NaiveDate]) -> Atoms {
    let departements = TOWNS.iter().map(|(_, code)| *code);
    let all = departements.flat_map(|code| months.iter().map(move |month| (code.to_owned(), *month)));
    all.map(|(code, month)| ((code.clone(), month), atom(app, &code, month))).collect()
}

/// Every public answer is a sum of atoms: whatever is subtracted from whatever, only atoms are told.
fn answers_are_sums_of_atoms(app: &App, atoms: &Atoms, months: &[NaiveDate]) -> usize {
    let mut compared = 0;
    for (scope, inside) in [("", &["82", "2A", "974"][..]), ("&region_code=76", &["82"]), ("&region_code=94", &["2A"])]
    {
        for (at, first) in months.iter().enumerate() {
            for last in &months[at..] {
                let within: Vec<&Numbers> = atoms
                    .iter()
                    .filter(|((code, month), _)| inside.contains(&code.as_str()) && first <= month && month <= last)
                    .map(|(_, numbers)| numbers)
                    .collect();
                for (group, _) in BREAKDOWNS {
                    let asked = format!("{FIGURES}?{}{scope}&group_by={group}", whole(*first, *last));
                    for (name, number) in numbers(&app.get(&asked).expect(200).body, group) {
                        if name == "people_count" {
                            continue;
                        }
                        assert_eq!(number, within.iter().map(|one| one[&name]).sum::<i64>(), "{asked}: {name}");
                        compared += 1;
                    }
                }
                let of = |code: &str, month: &str| -> i64 {
                    let there = atoms.iter().filter(|((c, m), _)| {
                        inside.contains(&c.as_str())
                            && (code.is_empty() || c == code)
                            && first <= m
                            && m <= last
                            && (month.is_empty() || m.format("%Y-%m").to_string() == month)
                    });
                    there.map(|(_, numbers)| numbers["reports_count"]).sum()
                };
                for group in ["month", "departement"] {
                    let asked = format!("{FIGURES}?{}{scope}&group_by={group}", whole(*first, *last));
                    for (name, number) in numbers(&app.get(&asked).expect(200).body, group) {
                        let Some(key) = name.strip_prefix(&format!("{group} ")).filter(|key| *key != "denominator")
                        else {
                            continue;
                        };
                        let expected = if group == "month" { of("", key) } else { of(key, "") };
                        assert_eq!(number, expected, "{asked}: {name}");
                        compared += 1;
                    }
                }
            }
        }
    }
    compared
}

/// A report as the test remembers it.
#[derive(Clone)]
struct Known {
    post: usize,
    body: Value,
}

impl Known {
    fn place(&self) -> (String, NaiveDate) {
        let commune = self.body["commune_code"].as_str();
        let departement = commune.map_or(TOWNS[self.post].1, |code| TOWNS.iter().find(|(c, _)| *c == code).unwrap().1);
        let on: NaiveDate = self.body["held_on"].as_str().unwrap().parse().unwrap();
        (departement.to_owned(), on.with_day(1).unwrap())
    }

    fn random(rng: &mut StdRng, post: usize, months: &[NaiveDate]) -> Self {
        let on = months[rng.random_range(0..months.len())] + TimeDelta::days(rng.random_range(0..28));
        let workshop = rng.random_bool(0.15);
        let people = if workshop { rng.random_range(2..9) } else { 1 };
        let old = rng.random_range(0..=people);
        let themes = ["internet", "securite", "sante"][rng.random_range(0..3)];
        let commune = TOWNS[if rng.random_bool(0.8) { post } else { rng.random_range(0..3) }].0;
        let kind = if workshop { "collectif" } else { ["individuel", "ponctuel"][rng.random_range(0..2)] };
        let body = json!({"held_on": on, "activity": kind, "channel": "autre_lieu", "commune_code": commune,
            "duration_minutes": rng.random_range(5..200), "participants_count": people,
            "returning_count": if rng.random_bool(0.3) { people } else { 0 }, "ages": {"plus_60": old, "18_35": people - old},
            "statuses": {"retraite": old, "en_emploi": people - old}, "themes": [themes]});
        Self { post, body }
    }
}

/// What was told last of each département and month: the reports of then.
type Told = BTreeMap<(String, NaiveDate), BTreeMap<String, Value>>;

fn by_place(known: &BTreeMap<String, Known>) -> Told {
    let mut found = Told::new();
    for (path, report) in known {
        found.entry(report.place()).or_default().insert(path.clone(), report.body.clone());
    }
    found
}

#[test]
fn no_difference_between_editions_tells_a_person() {
    let (app, posts) = country();
    let mut rng = StdRng::seed_from_u64(11);
    let months: Vec<NaiveDate> = (1..=3).rev().map(|back| month(&app, back)).collect();
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    let write = |rng: &mut StdRng, known: &mut BTreeMap<String, Known>| {
        let post = rng.random_range(0..3);
        let report = Known::random(rng, post, &months);
        known.insert(send(&app, &posts[post], &report.body), report);
    };
    for _ in 0..130 {
        write(&mut rng, &mut known);
    }
    let mut told = Told::new();
    assert_eq!(totals(&app, None, "").at("/totals/reports_count"), 0, "told before any edition");
    let mut before = Atoms::new();
    let (mut moved, mut late, mut compared, mut differences) = (0, 0, 0, 0);
    for turn in 0..18 {
        // One report at a time, or many; written, deleted, moved to another day or place, corrected.
        let changes = if turn == 0 { 0 } else { [1, 1, 4, 25, 60, 90][rng.random_range(0..6)] };
        for _ in 0..changes {
            let paths: Vec<String> = known.keys().cloned().collect();
            let path = paths[rng.random_range(0..paths.len())].clone();
            let old = known[&path].clone();
            match rng.random_range(0..10) {
                0..4 => write(&mut rng, &mut known),
                4..6 => {
                    remove(&app, &posts[old.post], &path);
                    known.remove(&path);
                }
                _ => {
                    let fresh = Known::random(&mut rng, old.post, &months);
                    change(&app, &posts[old.post], &path, &fresh.body);
                    known.insert(path, fresh);
                }
            }
        }
        if turn > 0 {
            assert_eq!(atoms(&app, &months), before, "something moved without an edition");
        }
        publish(&app);
        let now = atoms(&app, &months);
        if turn == 0 {
            // Before the first edition there was nothing.
            before = now.clone();
            before.values_mut().flat_map(BTreeMap::values_mut).for_each(|number| *number = 0);
        }
        let current = by_place(&known);
        for (place, numbers) in &now {
            let (state, last) = (current.get(place), told.get(place));
            if *numbers != before[place] {
                moved += 1;
                late += usize::from(told.contains_key(place));
                // Told as a whole: what is told from now on is what there is.
                let empty = BTreeMap::new();
                let (state, last) = (state.unwrap_or(&empty), last.unwrap_or(&empty));
                assert_eq!(numbers["reports_count"], state.len() as i64, "{place:?}");
                let paths: BTreeSet<&String> = state.keys().chain(last.keys()).collect();
                let differ = paths.into_iter().filter(|path| state.get(*path) != last.get(*path)).count();
                assert!(differ >= FLOOR as usize, "{place:?}: {differ} reports were told");
                told.insert(place.clone(), state.clone());
            }
            for (name, number) in numbers {
                assert!(*number >= 0 || name.ends_with("left"), "{place:?} {name}: {number}");
                let difference = number - before[place][name];
                if name != "minutes" {
                    assert!(
                        difference == 0 || difference.abs() >= FLOOR,
                        "{place:?} {name}: {difference} at turn {turn}"
                    );
                    differences += 1;
                }
            }
        }
        compared += answers_are_sums_of_atoms(&app, &now, &months);
        assert_eq!(wrong(&app), Vec::<String>::new());
        before = now;
    }
    assert_eq!(drift(&app), 0);
    println!(
        "{differences} differences of atoms, {moved} layers told, {late} of them late; {compared} numbers of answers are sums of atoms"
    );
    assert!(moved > 12 && late > 6, "{moved} layers, {late} late");
}

#[test]
fn nothing_public_changes_before_the_next_edition() {
    let (app, posts) = country();
    let months: Vec<NaiveDate> = (0..=2).rev().map(|back| month(&app, back)).collect();
    for rank in 0..12 {
        let on = months[0] + TimeDelta::days(rank);
        send(&app, &posts[0], &report(on));
    }
    publish(&app);
    let asked = questions(&months);
    let before = answers(&app, &asked);
    let tag = app.get(&asked[0]).expect(200).etag();
    let all = serde_json::from_slice::<Value>(&before[&format!("{FIGURES}?group_by=age")]).unwrap();
    assert_eq!(all["totals"]["reports_count"], 12, "{all}");
    assert_eq!(
        all["edition"],
        json!({"number": 1, "made_on": app.today(), "last_month": months[1].format("%Y-%m").to_string()})
    );
    // Reports of the running month, late ones, a correction, a deletion; and days that pass.
    let late = send(&app, &posts[0], &report(months[0]));
    (0..9).for_each(|rank| drop(send(&app, &posts[0], &report(months[0] + TimeDelta::days(rank)))));
    (0..9).for_each(|rank| drop(send(&app, &posts[1], &report(months[2] + TimeDelta::days(rank)))));
    change(&app, &posts[0], &late, &json!({"duration_minutes": 75}));
    app.advance(TimeDelta::days(3));
    remove(&app, &posts[0], &late);
    assert_eq!(answers(&app, &asked), before);
    assert_eq!(app.get(&asked[0]).header("If-None-Match", &tag).expect(304).body.len(), 0);
    println!("{} public answers, byte for byte", asked.len());
    // Those who sign in see it at once.
    assert_eq!(totals(&app, Some(&Actor::Anct), "").at("/totals/reports_count"), 30);
    assert_eq!(totals(&app, Some(&Actor::Anct), "").at("/edition"), Value::Null);
    publish(&app);
    let after = app.get(&asked[0]).header("If-None-Match", &tag).expect(200);
    assert_eq!(after.at("/edition/number"), 2);
    assert_eq!(totals(&app, None, "").at("/totals/reports_count"), 21, "the running month is not told");
    // Day by day the job makes one where a month has closed, and only then.
    let due = || {
        let made =
            app.service.db.write_now(&Request::job("publish"), &|tx| service::publish_when_due(tx).map(Outcome::Keep));
        made.expect("a job").map(|made| made.edition.last_month)
    };
    assert_eq!(due(), None);
    let closing = months[2].checked_add_months(Months::new(1)).unwrap() + TimeDelta::days(9);
    app.advance(closing - app.today());
    assert_eq!((app.today(), due()), (closing, None));
    app.advance(TimeDelta::days(1));
    assert_eq!((due(), due()), (Some(months[2]), None));
    assert_eq!(totals(&app, None, "").at("/totals/reports_count"), 30);
}

#[test]
fn late_reports_wait_until_they_are_five() {
    let (app, posts) = country();
    let there = month(&app, 2);
    let on = |day: i64| there + TimeDelta::days(day);
    let first: Vec<String> = (0..20).map(|day| send(&app, &posts[0], &report(on(day)))).collect();
    // One report alone, of however many people, is a month that is not told.
    let workshop = json!({"activity": "collectif", "participants_count": 30, "ages": {"plus_60": 30}, "statuses": {"retraite": 30}});
    send(&app, &posts[1], &with(report(on(3)), workshop.clone()));
    let made = publish(&app);
    assert_eq!((made.layers, made.waiting.len(), made.waiting[0].why), (1, 1, Wait::FewReports));
    let corsica = || totals(&app, None, &format!("{}&departement_code=2A&group_by=month", whole(there, there)));
    assert_eq!((corsica().at("/totals/supports_count"), corsica().at("/masked")), (json!(0), json!(true)));
    assert_eq!((corsica().at("/groups/0/count"), corsica().at("/groups/0/masked")), (Value::Null, json!(true)));
    let told = || atom(&app, "82", there);
    let before = told();
    for day in 0..4 {
        send(&app, &posts[0], &report(on(day)));
        assert_eq!(publish(&app).waiting.len(), 2);
        assert_eq!(told(), before);
    }
    // Written and deleted, or changed and changed back, concerns nobody: the four are still four.
    for _ in 0..3 {
        let path = send(&app, &posts[0], &report(on(9)));
        change(&app, &posts[0], &first[0], &json!({"duration_minutes": 90}));
        remove(&app, &posts[0], &path);
        change(&app, &posts[0], &first[0], &json!({"duration_minutes": 30}));
        publish(&app);
        assert_eq!(told(), before);
    }
    send(&app, &posts[0], &report(on(5)));
    assert_eq!(publish(&app).waiting.len(), 1);
    assert_eq!((told()["reports_count"], told()["age plus_60"], told()["minutes"]), (25, 25, 750));
    // Nine come and eight go: one is the difference, and waits.
    let before = told();
    (0..9).for_each(|day| drop(send(&app, &posts[0], &report(on(day)))));
    first[..8].iter().for_each(|path| remove(&app, &posts[0], path));
    publish(&app);
    assert_eq!(told(), before);
    // Another four go: what is told is the whole of it.
    first[8..14].iter().for_each(|path| remove(&app, &posts[0], path));
    publish(&app);
    assert_eq!(told()["reports_count"], 20);
    // A correction of five: the sums stay, and who changed from where to where is told as five.
    first[14..19].iter().for_each(|path| change(&app, &posts[0], path, &json!({"themes": ["sante"]})));
    publish(&app);
    assert_eq!((told()["reports_count"], told()["theme internet"], told()["theme sante"]), (20, 15, 5));
    // Four more workshops, and the month of Corsica is told.
    (0..4).for_each(|day| drop(send(&app, &posts[1], &with(report(on(day)), workshop.clone()))));
    publish(&app);
    assert_eq!((corsica().at("/totals/supports_count"), corsica().at("/masked")), (json!(150), json!(false)));
    let country = totals(&app, None, "group_by=departement");
    assert_eq!((country.at("/totals/supports_count"), country.at("/masked")), (json!(170), json!(false)));
    assert_eq!(wrong(&app), Vec::<String>::new());
}

#[test]
fn the_public_is_told_no_small_cell_and_none_by_difference() {
    let (app, posts) = country();
    let several = |post: usize, on: NaiveDate, old: i64, young: i64| {
        let body = json!({"activity": "collectif", "participants_count": old + young, "ages": {"plus_60": old, "moins_12": young},
            "statuses": {"retraite": old, "scolarise": young}});
        send(&app, &posts[post], &with(report(on), body));
    };
    let from = month(&app, 3);
    // Twenty old people and three children, then thirty and ten.
    (0..5).for_each(|day| several(0, month(&app, 2) + TimeDelta::days(day), 4, i64::from(day < 3)));
    (0..5).for_each(|day| several(0, from + TimeDelta::days(day), 6, 2));
    // Three people in a month of Corsica.
    (0..3).for_each(|day| drop(send(&app, &posts[1], &report(month(&app, 2) + TimeDelta::days(day)))));
    (0..12).for_each(|day| drop(send(&app, &posts[1], &report(from + TimeDelta::days(day)))));
    assert_eq!(totals(&app, None, "").at("/edition"), Value::Null);
    assert_eq!(totals(&app, None, "").at("/totals/supports_count"), 0);
    publish(&app);
    let period = whole(from, month(&app, 2));
    let all = totals(&app, None, &format!("{period}&group_by=departement"));
    assert_eq!((all.at("/totals/supports_count"), all.at("/masked")), (json!(75), json!(true)), "{}", all.describe());
    let corsica = totals(&app, None, &format!("{period}&departement_code=2A&group_by=month"));
    assert_eq!(corsica.at("/totals/supports_count"), 12);
    assert_eq!((corsica.at("/groups/1/count"), corsica.at("/groups/1/masked")), (Value::Null, json!(true)));
    // The three children of Moissac are not the difference of anything: their neighbours are missing too.
    let second = whole(month(&app, 2), month(&app, 2));
    let ages = totals(&app, None, &format!("{second}&departement_code=82&group_by=age"));
    assert_eq!(
        (ages.at("/totals/supports_count"), ages.at("/denominator")),
        (json!(23), json!(0)),
        "{}",
        ages.describe()
    );
    let longer = totals(&app, None, &format!("{period}&departement_code=82&group_by=age"));
    assert_eq!(
        (longer.at("/denominator"), longer.at("/groups/0/count"), longer.at("/groups/4/count")),
        (json!(40), json!(10), json!(30))
    );
    // Sums of territories are those of the country.
    let sum: i64 =
        all.at("/groups").as_array().unwrap().iter().filter_map(|row| row["totals"]["supports_count"].as_i64()).sum();
    assert_eq!(sum, 75);
    // Days, structures and people are for those who sign in.
    app.get(&format!("{FIGURES}?from_on={}", from + TimeDelta::days(2))).problem("invalid_parameter");
    app.get(&format!("{FIGURES}?to_on={}", from + TimeDelta::days(2))).problem("invalid_parameter");
    app.get(&format!("{FIGURES}?structure_id={}", posts[0].employer.id)).problem("unauthenticated");
    app.get(&format!("{FIGURES}?group_by=counsellor")).problem("unauthenticated");
    // What lies behind the edition is cut off, and told so.
    let today = totals(&app, None, &format!("from_on={from}&to_on={}", app.today()));
    assert_eq!(today.at("/to_on"), json!(month(&app, 0) - TimeDelta::days(1)));
    let series = app.get(&format!("{FIGURES}/series?{period}")).expect(200);
    assert_eq!(series.at("/groups").as_array().unwrap().len(), 2);
    assert!(series.header("cache-control").contains("public") && !series.etag().is_empty());
}

#[test]
fn the_database_keeps_editions_as_they_are() {
    let (app, posts) = country();
    (0..8).for_each(|day| drop(send(&app, &posts[0], &report(month(&app, 1) + TimeDelta::days(day)))));
    publish(&app);
    let refused = |statement: &str, why: &str| {
        let told = app.service.db.write_now(&Request::job("test"), &|tx| {
            conum::sql!("{}", conum::platform::db::sql::Sql::raw(statement.to_owned()))
                .run(tx.conn())
                .map(Outcome::Discard)
        });
        let told = format!("{:?}", told.expect_err(statement));
        assert!(told.contains(why), "{statement}: {told}");
    };
    for table in ["figure_editions", "figure_layers", "public_figures"] {
        refused(&format!("delete from {table}"), "permission denied");
        refused(&format!("truncate {table} cascade"), "permission denied");
    }
    refused("update public_figures set reports = 9", "permission denied");
    refused("update figure_layers set reports = 9", "permission denied");
    refused("update figure_editions set made_on = made_on", "permission denied");
    // Nothing is added to an edition later; no month that is open, and nothing small.
    let copy = |set: &str| {
        format!(
            "insert into public_figures select (jsonb_populate_record(f, '{set}')).* from public_figures f where territory_of = 'departement'"
        )
    };
    refused(&copy(r#"{"starts_on": "2021-01-01"}"#), "an edition that is made never changes");
    refused(&copy(r#"{"starts_on": "2022-02-01"}"#), "public_figures_closed_check");
    refused(&copy(r#"{"starts_on": "2021-01-01", "reports": 4}"#), "public_figures_floor_check");
    refused(
        "insert into figure_editions (number, made_on, last_month) values (2, '2022-03-10', '2022-02-01')",
        "figure_editions_closed_check",
    );
}
