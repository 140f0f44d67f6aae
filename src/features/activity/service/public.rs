//! Figures that everybody may see. They add up what may be told of each département and month, so that no difference of two
//! answers tells more than the cells themselves.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::figures::{Asked, Cell, Statistics, Totals, columns, key, named, percentages};
use crate::features::activity::model::Dimension;
use crate::features::activity::model::counters::Counts;
use crate::features::activity::store::figures::{self, Key};
use crate::platform::db::Reader;
use crate::platform::error::Result;
use crate::platform::problems::Language;

/// No cell of fewer people is told.
pub const FLOOR: i64 = 5;

/// Whether nothing of a number identifies anybody.
fn is_safe(count: i64) -> bool {
    count == 0 || count >= FLOOR
}

/// Which cells of a breakdown are not told: the small ones, and further ones until what is missing could be anything.
pub fn hidden(cells: &[i64]) -> Vec<bool> {
    let mut hidden: Vec<bool> = cells.iter().map(|count| !is_safe(*count)).collect();
    loop {
        let of: Vec<i64> = cells.iter().zip(&hidden).filter(|(_, hidden)| **hidden).map(|(count, _)| *count).collect();
        if of.is_empty() || (of.len() > 1 && of.iter().sum::<i64>() >= FLOOR) {
            return hidden;
        }
        let smallest = (0..cells.len()).filter(|at| !hidden[*at] && cells[*at] > 0).min_by_key(|at| cells[*at]);
        match smallest {
            Some(at) => hidden[at] = true,
            // One cell alone: then nothing of the breakdown is told.
            None => return vec![true; cells.len()],
        }
    }
}

pub fn statistics(
    reader: &mut Reader<'_>,
    asked: Asked,
    dimension: Option<Dimension>,
    language: Language,
    as_of: DateTime<Utc>,
) -> Result<Statistics> {
    let conn = reader.conn();
    let by = dimension.map_or(Key::Nothing, key);
    let told = figures::told(conn, &asked.scope, asked.period, by, FLOOR)?;
    let mut totals = Counts::zero();
    told.iter().for_each(|row| totals.add(&row.counts));
    let mut masked = told.iter().any(|row| row.masked);
    let mut denominator = None;
    let cells = match dimension.map(|dimension| (dimension, columns(dimension, language))) {
        None => Vec::new(),
        Some((_, Some(columns))) => {
            let names: Vec<String> = columns.iter().map(|(column, ..)| column.clone()).collect();
            let mut sums = vec![0; columns.len()];
            let mut missing = vec![false; columns.len()];
            for cells in figures::told_cells(conn, &asked.scope, asked.period, &names, FLOOR)? {
                let values: Vec<i64> = cells.into_iter().map(i64::from).collect();
                for (at, hidden) in hidden(&values).into_iter().enumerate() {
                    if hidden { missing[at] |= values[at] > 0 } else { sums[at] += values[at] }
                }
            }
            masked |= missing.iter().any(|missing| *missing);
            denominator = Some(sums.iter().sum());
            let percents = percentages(&sums);
            columns
                .into_iter()
                .enumerate()
                .map(|(at, (_, key, label))| Cell {
                    key,
                    label,
                    count: (!missing[at] || sums[at] > 0).then_some(sums[at]),
                    percent: percents[at],
                    totals: None,
                    masked: missing[at],
                })
                .collect()
        }
        Some((dimension, None)) => {
            let missing: BTreeSet<String> = told.iter().filter(|row| row.masked).map(|row| row.key.clone()).collect();
            let found =
                told.iter().filter(|row| row.told > 0).map(|row| (row.key.clone(), row.counts.clone())).collect();
            let named = named(conn, dimension, found, &asked)?;
            denominator = Some(totals.get("reports"));
            let percents = percentages(&named.iter().map(|(_, _, counts)| counts.get("reports")).collect::<Vec<_>>());
            named
                .into_iter()
                .zip(percents)
                .map(|((key, label, counts), percent)| {
                    let masked = missing.contains(&key);
                    let empty = masked && counts.get("reports") == 0;
                    Cell {
                        label,
                        count: (!empty).then(|| counts.get("reports")),
                        percent: percent.filter(|_| !empty),
                        totals: (!empty).then_some(Totals(counts)),
                        masked,
                        key,
                    }
                })
                .collect()
        }
    };
    Ok(Statistics { asked, as_of, totals: Totals(totals), masked, cells, denominator })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_could_be_anything() {
        for (cells, expected) in [
            (vec![10, 20, 30], vec![false, false, false]),
            (vec![10, 0, 30], vec![false, false, false]),
            // Alone, it would be the difference: the next one goes with it.
            (vec![3, 20, 30], vec![true, true, false]),
            (vec![1, 1, 30], vec![true, true, true]),
            (vec![2, 4, 30], vec![true, true, false]),
            (vec![3, 0, 0], vec![true, true, true]),
        ] {
            assert_eq!(hidden(&cells), expected, "{cells:?}");
        }
    }

    #[test]
    fn no_difference_of_public_sums_tells_a_small_cell() {
        // Every breakdown of up to twelve people in four cells.
        for a in 0..12_i64 {
            for b in 0..12 {
                for c in 0..12 {
                    let cells = [a, b, c, 12];
                    let hidden = hidden(&cells);
                    let missing: Vec<i64> = cells.iter().zip(&hidden).filter(|(_, h)| **h).map(|(n, _)| *n).collect();
                    assert!(
                        missing.is_empty() || (missing.len() > 1 && missing.iter().sum::<i64>() >= FLOOR),
                        "{cells:?}"
                    );
                }
            }
        }
    }
}
