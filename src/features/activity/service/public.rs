//! Figures that everybody may see. They add up what may be told of each département and month, so that no difference of two
//! answers tells more than the cells themselves.

use chrono::{DateTime, Utc};

use super::figures::{Asked, Cell, Statistics, Totals, columns, named, percentages};
use crate::features::activity::model::counters::{Counts, index};
use crate::features::activity::model::{Dimension, TerritoryOf};
use crate::features::activity::store::figures::{self, Key, Scope};
use crate::platform::db::Reader;
use crate::platform::error::Result;
use crate::platform::problems::Language;

/// No cell of fewer people is told.
pub const FLOOR: i64 = 5;

/// Whether nothing of a number identifies anybody.
fn is_safe(count: i64) -> bool {
    count == 0 || count >= FLOOR
}

/// Whether the sums of a département and month may be told: of those who came, of those who came back, of the others.
fn is_told(counts: &Counts) -> bool {
    let (people, returning) = (counts.get("participants"), counts.get("returning_participants"));
    is_safe(people) && is_safe(returning) && is_safe(people - returning)
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
    let scope = match &asked.scope {
        Scope::Country => Scope::Departements(TerritoryOf::Place, codes(conn)?),
        other => other.clone(),
    };
    // The month that runs is told as far as it has gone.
    let atoms = figures::read(conn, &scope, asked.period, Key::Atom)?;
    let mut totals = Counts::zero();
    let mut masked = false;
    let (told, kept): (Vec<_>, Vec<_>) = atoms.into_iter().partition(|(_, counts)| is_told(counts));
    masked |= !kept.is_empty();
    told.iter().for_each(|(_, counts)| totals.add(counts));
    let mut denominator = None;
    let cells = match dimension.map(|dimension| (dimension, columns(dimension, language))) {
        None => Vec::new(),
        Some((_, Some(columns))) => {
            let places: Vec<usize> = columns.iter().map(|(column, ..)| index(column)).collect();
            let mut sums = vec![0; columns.len()];
            let mut missing = vec![false; columns.len()];
            for (_, counts) in &told {
                let values: Vec<i64> = places.iter().map(|at| counts.0[*at]).collect();
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
            let regions = if dimension == Dimension::Region { regions(conn)? } else { Vec::new() };
            let key = |atom: &str| {
                let (departement, month) = atom.split_once(' ').unwrap_or((atom, ""));
                match dimension {
                    Dimension::Month => month.to_owned(),
                    Dimension::Region => regions
                        .iter()
                        .find(|(code, _)| code == departement)
                        .map(|(_, region)| region.clone())
                        .unwrap_or_default(),
                    _ => departement.to_owned(),
                }
            };
            let mut sums: std::collections::BTreeMap<String, Counts> = std::collections::BTreeMap::new();
            for (atom, counts) in &told {
                sums.entry(key(atom)).or_insert_with(Counts::zero).add(counts);
            }
            let missing: std::collections::BTreeSet<String> = kept.iter().map(|(atom, _)| key(atom)).collect();
            let named = named(conn, dimension, sums.into_iter().collect(), &asked)?;
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

fn codes(conn: &mut diesel::PgConnection) -> Result<Vec<String>> {
    Ok(figures::territory_names(conn, Key::Departement)?.into_iter().map(|(code, _)| code).collect())
}

/// Each département with its region.
fn regions(conn: &mut diesel::PgConnection) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for (region, _) in figures::territory_names(conn, Key::Region)? {
        found.extend(figures::departements_of(conn, &region)?.into_iter().map(|code| (code, region.clone())));
    }
    Ok(found)
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
