//! Figures that everybody may see: the sums of what the editions tell of each département and month. No difference of two
//! answers, nor of two editions, tells more than one layer of one département and month does.

use chrono::{DateTime, NaiveTime, Utc};

use super::figures::{Asked, Cell, Statistics, Totals, breakdown, columns, key, named, percentages};
use crate::features::activity::dto::ActivityFilter;
use crate::features::activity::model::counters::Counts;
use crate::features::activity::model::masking::last_of_month;
use crate::features::activity::model::{Dimension, FIRST_DAY};
use crate::features::activity::store::editions::{self, Edition, Told};
use crate::features::activity::store::figures::{Key, Period};
use crate::platform::db::Reader;
use crate::platform::error::{Code, Fault, FaultCode, Problem, Result};
use crate::platform::problems::Language;

/// The months that the public asks for, until the last one of the edition. Nothing here depends on the day.
pub fn whole_months(filter: &ActivityFilter, asked: Period, edition: Option<&Edition>) -> Result<Period> {
    // Before the first edition there is nothing to tell.
    let end = edition.map_or(asked.from, |edition| last_of_month(edition.last_month));
    let to = filter.to_on.filter(|to| *to < end);
    let whole = Period { from: asked.from, to: to.unwrap_or_else(|| last_of_month(end)) };
    if (filter.from_on.is_some() || to.is_some()) && !whole.is_whole_months() {
        let fault = Fault::parameter("from_on", FaultCode::WholeMonths).with("expected", "2021-06-01, 2021-06-30");
        return Err(Problem::new(Code::InvalidParameter).faults(vec![fault]));
    }
    // What begins after the edition's end is told as it was asked: it is empty.
    Ok(if asked.from > end { Period { from: asked.from, to: filter.to_on.unwrap_or(asked.from) } } else { whole })
}

/// What is told before the first edition: nothing, of an instant before everything.
fn before_all(asked: Asked, reader: &Reader<'_>) -> Statistics {
    let as_of = FIRST_DAY.map_or_else(|| reader.now().instant(), |day| day.and_time(NaiveTime::MIN).and_utc());
    Statistics { asked, as_of, totals: Totals(Counts::zero()), masked: false, cells: Vec::new(), denominator: None }
}

pub fn statistics(
    reader: &mut Reader<'_>,
    asked: Asked,
    dimension: Option<Dimension>,
    language: Language,
) -> Result<Statistics> {
    let Some(edition) = asked.edition.clone() else { return Ok(before_all(asked, reader)) };
    let as_of: DateTime<Utc> = edition.made_at;
    let conn = reader.conn();
    let of = dimension.map_or("", breakdown);
    let whole = editions::told(conn, &edition, &asked.scope, asked.period, Key::Nothing, of)?.pop();
    let (totals, mut masked) = whole.map_or_else(|| (Counts::zero(), false), |told| (Counts(told.counts), told.masked));
    let mut denominator = None;
    let cells = match dimension.map(|dimension| (dimension, columns(dimension, language))) {
        None => Vec::new(),
        Some((_, Some(columns))) => {
            let hidden = editions::hidden(conn, &edition, &asked.scope, asked.period, of)?;
            masked |= !hidden.is_empty();
            let counts: Vec<i64> = columns.iter().map(|(column, ..)| totals.get(column)).collect();
            denominator = Some(counts.iter().sum());
            let percents = percentages(&counts);
            columns
                .into_iter()
                .zip(counts.into_iter().zip(percents))
                .map(|((column, key, label), (count, percent))| {
                    let masked = hidden.contains(&column);
                    let count = (!masked || count > 0).then_some(count);
                    Cell { key, label, count, percent, totals: None, masked }
                })
                .collect()
        }
        Some((dimension, None)) => {
            let told = editions::told(conn, &edition, &asked.scope, asked.period, key(dimension), "")?;
            denominator = Some(totals.get("reports"));
            parts(conn, dimension, &told, &asked)?
        }
    };
    Ok(Statistics { asked, as_of, totals: Totals(totals), masked, cells, denominator })
}

/// A row for each month or territory; null where all of it is kept back.
fn parts(conn: &mut diesel::PgConnection, dimension: Dimension, told: &[Told], asked: &Asked) -> Result<Vec<Cell>> {
    let found = told.iter().map(|row| (row.key.clone(), Counts(row.counts.clone()))).collect();
    let named = named(conn, dimension, found, asked)?;
    let percents = percentages(&named.iter().map(|(_, _, counts)| counts.get("reports")).collect::<Vec<_>>());
    let cell = |((key, label, counts), percent): ((String, String, Counts), Option<f64>)| {
        let masked = told.iter().any(|row| row.masked && row.key == key);
        let empty = masked && counts.get("reports") == 0;
        Cell {
            label,
            count: (!empty).then(|| counts.get("reports")),
            percent: percent.filter(|_| !empty),
            totals: (!empty).then_some(Totals(counts)),
            masked,
            key,
        }
    };
    Ok(named.into_iter().zip(percents).map(cell).collect())
}
