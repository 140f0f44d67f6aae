//! What of a sum may be told to everybody.

use chrono::{Datelike, Months, NaiveDate};

/// No cell of fewer people is told, and no sum of fewer reports.
pub const FLOOR: i64 = 5;

/// Days after its end until a month is closed: what comes later waits for the next edition.
pub const CLOSING_DAYS: i64 = 10;

/// First day of the last month that is closed on a day.
pub fn last_closed_month(today: NaiveDate) -> Option<NaiveDate> {
    let before = today.checked_sub_signed(chrono::TimeDelta::days(CLOSING_DAYS))?;
    before.with_day(1)?.checked_sub_months(Months::new(1))
}

/// Last day of a month, by any day of it.
pub fn last_of_month(day: NaiveDate) -> NaiveDate {
    let first = day.with_day(1).unwrap_or(day);
    first.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt()).unwrap_or(day)
}

/// Whether nothing of a number, or of what it changed by, identifies anybody.
pub fn is_safe(count: i64) -> bool {
    count == 0 || count.abs() >= FLOOR
}

/// What changed in a département and month since it was told last.
#[derive(Clone, Copy, Debug)]
pub struct Sums {
    pub reports: i64,
    pub participants: i64,
    pub returning: i64,
    /// Reports that are new, gone or say something else. What they change may cancel out; whom they concern does not.
    pub concerned: i64,
}

/// Why something is not told yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    FewReports,
    FewPeople,
}

/// Whether it may be told: as a whole, or not yet.
pub fn wait(sums: Sums) -> Option<Wait> {
    if sums.concerned < FLOOR || !is_safe(sums.reports) {
        return Some(Wait::FewReports);
    }
    let people = [sums.participants, sums.returning, sums.participants - sums.returning];
    people.iter().any(|count| !is_safe(*count)).then_some(Wait::FewPeople)
}

/// Which cells of a breakdown are not told: the small ones, those that would leave less than nothing of what was told `before`,
/// and further ones until what is missing could be anything.
pub fn hidden(cells: &[i64], before: &[i64]) -> Vec<bool> {
    let mut hidden: Vec<bool> =
        cells.iter().zip(before).map(|(count, before)| !is_safe(*count) || before + count < 0).collect();
    loop {
        let missing = cells.iter().zip(&hidden).filter(|(count, hidden)| **hidden && **count != 0);
        let (cell, sum, spread) =
            missing.fold((0, 0, 0), |(cells, sum, spread), (count, _)| (cells + 1, sum + count, spread + count.abs()));
        if cell == 0 || (cell > 1 && spread >= FLOOR && is_safe(sum)) {
            return hidden;
        }
        let smallest = (0..cells.len()).filter(|at| !hidden[*at] && cells[*at] != 0).min_by_key(|at| cells[*at].abs());
        match smallest {
            Some(at) => hidden[at] = true,
            // One cell alone: then nothing of the breakdown is told.
            None => return vec![true; cells.len()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_closes_ten_days_after_its_end() {
        for (today, last) in [("2026-11-10", "2026-09-01"), ("2026-11-11", "2026-10-01"), ("2026-01-05", "2025-11-01")]
        {
            assert_eq!(last_closed_month(today.parse().unwrap()), Some(last.parse().unwrap()), "{today}");
        }
    }

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
            // One person who moves from one cell to another.
            (vec![-1, 1, 0], vec![true, true, true]),
            (vec![-1, 1, 9], vec![true, true, true]),
            // Six less, one more: the sum is safe, not who it is.
            (vec![-6, 1, 12], vec![true, true, false]),
            // The two would leave one: the next one goes with them.
            (vec![-3, 4, 12], vec![true, true, true]),
        ] {
            assert_eq!(hidden(&cells, &vec![100; cells.len()]), expected, "{cells:?}");
        }
        // Nothing is left below nothing.
        assert_eq!(hidden(&[-10, 20, 30], &[5, 0, 0]), [true, true, false]);
    }

    #[test]
    fn no_difference_of_public_sums_tells_a_small_cell() {
        // Every breakdown, and change of one, of up to twelve people in four cells.
        for a in -12..12_i64 {
            for b in -12..12 {
                for c in -12..12 {
                    let cells = [a, b, c, 12];
                    let hidden = hidden(&cells, &[20; 4]);
                    let told = cells.iter().zip(&hidden).filter(|(_, hidden)| !**hidden).map(|(n, _)| *n);
                    assert!(told.clone().all(is_safe), "{cells:?}");
                    let missing: Vec<i64> =
                        cells.iter().zip(&hidden).filter(|(n, hidden)| **hidden && **n != 0).map(|(n, _)| *n).collect();
                    let sum: i64 = missing.iter().sum();
                    let all = hidden.iter().all(|hidden| *hidden);
                    assert!(missing.is_empty() || all || (missing.len() > 1 && is_safe(sum)), "{cells:?}");
                }
            }
        }
    }

    #[test]
    fn few_people_and_few_reports_wait() {
        let sums = |reports, participants, returning, concerned| Sums { reports, participants, returning, concerned };
        assert_eq!(wait(sums(5, 5, 0, 5)), None);
        assert_eq!(wait(sums(-5, -30, -10, 5)), None);
        // Five corrected, nothing added.
        assert_eq!(wait(sums(0, 0, 0, 5)), None);
        assert_eq!(wait(sums(1, 30, 0, 1)), Some(Wait::FewReports));
        assert_eq!(wait(sums(0, 0, 0, 4)), Some(Wait::FewReports));
        // Six came and five left: one is the difference.
        assert_eq!(wait(sums(1, 1, 0, 11)), Some(Wait::FewReports));
        assert_eq!(wait(sums(0, 3, 0, 6)), Some(Wait::FewPeople));
        assert_eq!(wait(sums(9, 9, 3, 9)), Some(Wait::FewPeople));
        assert_eq!(wait(sums(9, 9, 6, 9)), Some(Wait::FewPeople));
    }
}
