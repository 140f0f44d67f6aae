//! Editions of what the public is told: months that are closed, in layers that are told as a whole or wait.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde_json::Value;

use crate::features::activity::model::counters::{Counts, breakdowns, index, is_cell};
use crate::features::activity::model::masking::{self, Sums, Wait};
use crate::features::activity::store::editions::{self, Change, Edition, PublicRow, told_columns};
use crate::platform::codes::DepartementCode;
use crate::platform::db::Tx;
use crate::platform::error::{Problem, Result};

/// A département and month of which something waits for a later edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub departement_code: DepartementCode,
    pub starts_on: NaiveDate,
    pub why: Wait,
}

/// An edition, and what it is not yet of.
#[derive(Clone, Debug)]
pub struct Published {
    pub edition: Edition,
    pub layers: usize,
    pub waiting: Vec<Waiting>,
}

/// The edition that the public reads.
pub fn last_edition(tx: &mut Tx<'_>) -> Result<Option<Edition>> {
    editions::last(tx.conn())
}

/// Makes an edition where a month has closed since the last one.
pub fn publish_when_due(tx: &mut Tx<'_>) -> Result<Option<Published>> {
    let closed = masking::last_closed_month(tx.today());
    let known = editions::last(tx.conn())?.map(|edition| edition.last_month);
    if closed <= known { Ok(None) } else { publish(tx).map(Some) }
}

/// Makes an edition: of the months that are closed, and of what changed in those that were told.
pub fn publish(tx: &mut Tx<'_>) -> Result<Published> {
    let (now, today) = (tx.now().instant(), tx.today());
    editions::hold(tx.conn())?;
    let before = editions::last(tx.conn())?;
    let told = before.as_ref().map(|edition| edition.last_month);
    // A clock that goes back takes no month away.
    let last_month = masking::last_closed_month(today).max(told).ok_or_else(|| Problem::internal("no month before"))?;
    let number = before.map_or(1, |edition| edition.number + 1);
    let edition = Edition { number, made_on: today, made_at: now, last_month };
    editions::create(tx.conn(), &edition)?;
    let mut rows = Vec::new();
    let (mut layers, mut waiting) = (Vec::new(), Vec::new());
    for change in editions::changes(tx.conn(), last_month)? {
        match masking::wait(sums(&change)) {
            None => {
                rows.push(told_of(&change));
                layers.push(change);
            }
            Some(why) => {
                // That something of a month is missing is told with the month, and not when it comes later.
                if !change.is_told && told.is_none_or(|told| change.starts_on > told) {
                    rows.push(withheld(&change.departement_code, change.starts_on));
                }
                waiting.push(Waiting { departement_code: change.departement_code, starts_on: change.starts_on, why });
            }
        }
    }
    let regions = editions::regions(tx.conn())?;
    editions::seal(tx.conn(), &edition, &layers, &with_sums(rows, &regions))?;
    Ok(Published { edition, layers: layers.len(), waiting })
}

fn sums(change: &Change) -> Sums {
    let of = |name| change.counts.get(index(name)).copied().unwrap_or_default();
    Sums {
        reports: of("reports"),
        participants: of("participants"),
        returning: of("returning_participants"),
        concerned: change.concerned,
    }
}

fn withheld(departement_code: &str, starts_on: NaiveDate) -> PublicRow {
    let (code, counts) = (departement_code.to_owned(), Counts::zero());
    PublicRow { territory_of: "departement", code, starts_on, withheld: 1, hidden: Vec::new(), counts }
}

/// What may be known of a layer: its sums, and of each breakdown what no other cell gives away.
fn told_of(layer: &Change) -> PublicRow {
    let mut counts = Counts::zero();
    for (at, count) in layer.counts.iter().enumerate() {
        counts.0[at] = *count;
    }
    let before = Counts(layer.before.clone());
    let mut hidden = Vec::new();
    for columns in breakdowns() {
        let cells: Vec<i64> = columns.iter().map(|column| counts.get(column)).collect();
        let sums: Vec<i64> = columns.iter().map(|column| before.get(column)).collect();
        for (column, is_hidden) in columns.into_iter().zip(masking::hidden(&cells, &sums)) {
            if is_hidden && counts.get(column) != 0 {
                counts.0[index(column)] = 0;
                hidden.push(column.to_owned());
            }
        }
    }
    PublicRow {
        territory_of: "departement",
        code: layer.departement_code.to_string(),
        starts_on: layer.starts_on,
        withheld: -i32::from(layer.is_withheld),
        hidden,
        counts,
    }
}

/// Rows of départements, with those of their regions and of the country, which add them up.
fn with_sums(rows: Vec<PublicRow>, regions: &BTreeMap<String, String>) -> Vec<PublicRow> {
    let mut sums: BTreeMap<(&'static str, String, NaiveDate), PublicRow> = BTreeMap::new();
    for row in &rows {
        let region = regions.get(&row.code).cloned().unwrap_or_default();
        for (territory_of, code) in [("region", region), ("country", String::new())] {
            let sum = sums.entry((territory_of, code.clone(), row.starts_on)).or_insert_with(|| PublicRow {
                territory_of,
                code,
                starts_on: row.starts_on,
                withheld: 0,
                hidden: Vec::new(),
                counts: Counts::zero(),
            });
            sum.withheld += row.withheld;
            sum.counts.add(&row.counts);
            let hidden: BTreeSet<String> = sum.hidden.drain(..).chain(row.hidden.iter().cloned()).collect();
            sum.hidden = hidden.into_iter().collect();
        }
    }
    rows.into_iter().chain(sums.into_values()).collect()
}

/// What is wrong with the editions: what the public reads must follow from the layers, and the layers from the reports.
pub fn check_editions(tx: &mut Tx<'_>) -> Result<Vec<String>> {
    let conn = tx.conn();
    let regions = editions::regions(conn)?;
    let kept = editions::public_rows(conn)?;
    let mut by_edition: BTreeMap<i32, Vec<Change>> = BTreeMap::new();
    for (edition, layer) in editions::layers(conn)? {
        by_edition.entry(edition).or_default().push(layer);
    }
    let mut wrong = Vec::new();
    let mut state: BTreeMap<(String, NaiveDate), State> = BTreeMap::new();
    let mut expected = BTreeMap::new();
    let last = editions::last(conn)?;
    for number in 1..=last.as_ref().map_or(0, |edition| edition.number) {
        let mut rows = Vec::new();
        for (code, starts_on) in editions::withheld(&kept, number) {
            state.entry((code.clone(), starts_on)).or_default().withheld = true;
            rows.push(withheld(&code, starts_on));
        }
        for mut layer in by_edition.remove(&number).unwrap_or_default() {
            let state = state.entry((layer.departement_code.to_string(), layer.starts_on)).or_default();
            layer.before = state.told.0.clone();
            layer.is_withheld = std::mem::take(&mut state.withheld);
            let row = told_of(&layer);
            told_columns()
                .filter(|name| is_cell(name))
                .for_each(|name| state.told.0[index(name)] += row.counts.get(name));
            state.sealed.add(&Counts(layer.counts.clone()));
            if state.sealed.0.iter().any(|count| *count < 0) {
                wrong.push(format!(
                    "edition {number}, {} {}: less than nothing",
                    layer.departement_code, layer.starts_on
                ));
            }
            rows.push(row);
        }
        expected.extend(with_sums(rows, &regions).iter().map(|row| keyed(row.json(number))));
    }
    let kept: BTreeMap<String, Value> = kept.into_iter().map(keyed).collect();
    let keys: BTreeSet<&String> = expected.keys().chain(kept.keys()).collect();
    wrong.extend(
        keys.into_iter()
            .filter(|key| expected.get(*key) != kept.get(*key))
            .map(|key| format!("what the public reads is not what the layers give: {key}")),
    );
    if let Some(last) = last {
        let lost =
            editions::changes(conn, last.last_month)?.into_iter().filter(|one| one.is_told && one.concerned == 0);
        wrong.extend(lost.map(|one| {
            format!(
                "{} {}: the figures differ from what was told, and no report does",
                one.departement_code, one.starts_on
            )
        }));
    }
    Ok(wrong)
}

/// A row by what it is of.
fn keyed(row: Value) -> (String, Value) {
    let names = ["edition", "territory_of", "code", "starts_on"];
    (names.map(|name| row[name].to_string()).join(" "), row)
}

/// What the layers so far tell of a département and month.
struct State {
    sealed: Counts,
    told: Counts,
    withheld: bool,
}

impl Default for State {
    fn default() -> Self {
        Self { sealed: Counts::zero(), told: Counts::zero(), withheld: false }
    }
}
