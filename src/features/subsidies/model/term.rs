//! Time worked, in thirtieths of a month: whole months count thirty each, the days that remain one each.

use chrono::{Months, NaiveDate, TimeDelta};

/// Thirtieths of a month.
pub const THIRTIETHS: i32 = 30;

/// From one day to another, both worked. A month is from a day to the eve of the same day of the next month.
pub fn thirtieths(first: NaiveDate, last: NaiveDate) -> i32 {
    let end = last + TimeDelta::days(1);
    if end <= first {
        return 0;
    }
    let mut months = 0;
    while first.checked_add_months(Months::new(months + 1)).is_some_and(|next| next <= end) {
        months += 1;
    }
    let rest = first.checked_add_months(Months::new(months)).map_or(0, |start| (end - start).num_days());
    // What remains is less than a month, however many days the month has.
    i32::try_from(months).unwrap_or(i32::MAX / THIRTIETHS) * THIRTIETHS
        + i32::try_from(rest).unwrap_or(0).min(THIRTIETHS - 1)
}

/// Time worked under several contracts, each from its first to its last day. Contracts that follow each other without a
/// day between count as one.
pub fn worked(contracts: &[(NaiveDate, NaiveDate)]) -> i32 {
    let mut sorted = contracts.to_vec();
    sorted.sort_unstable();
    let mut total = 0;
    let mut span: Option<(NaiveDate, NaiveDate)> = None;
    for (first, last) in sorted {
        span = match span {
            Some((start, end)) if first <= end + TimeDelta::days(1) => Some((start, end.max(last))),
            other => {
                total += other.map_or(0, |(start, end)| thirtieths(start, end));
                Some((first, last))
            }
        };
    }
    total + span.map_or(0, |(start, end)| thirtieths(start, end))
}

/// The day on which so many thirtieths will have been worked, from a first day on.
pub fn reached_on(first: NaiveDate, thirtieths: i32) -> NaiveDate {
    let (months, days) = (thirtieths.max(0) / THIRTIETHS, thirtieths.max(0) % THIRTIETHS);
    let after = first.checked_add_months(Months::new(months.unsigned_abs())).unwrap_or(first);
    after + TimeDelta::days(i64::from(days)) - TimeDelta::days(1)
}

/// The share of an amount for part of its term, to the nearest cent, halves up.
pub fn pro_rata(cents: i64, part: i32, term: i32) -> i64 {
    let (part, term) = (i64::from(part.clamp(0, term)), i64::from(term));
    (2 * cents * part + term) / (2 * term)
}

/// Thirtieths for people: `4 mois et 12/30`.
pub fn months_text(thirtieths: i32) -> String {
    match (thirtieths / THIRTIETHS, thirtieths % THIRTIETHS) {
        (months, 0) => format!("{months} mois"),
        (0, days) => format!("{days}/30 de mois"),
        (months, days) => format!("{months} mois et {days}/30"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn months_are_whole_and_days_are_thirtieths() {
        for (first, last, expected) in [
            ("2021-09-01", "2023-08-31", 720),
            ("2021-09-01", "2021-09-01", 1),
            ("2021-09-01", "2021-08-31", 0),
            ("2021-09-01", "2021-09-30", 30),
            ("2021-02-01", "2021-02-28", 30),
            ("2021-01-15", "2021-02-14", 30),
            ("2021-01-31", "2021-02-27", 30),
            ("2021-10-01", "2021-10-30", 29),
            ("2021-10-01", "2021-10-31", 30),
            ("2021-09-10", "2022-01-21", 132),
        ] {
            assert_eq!(thirtieths(day(first), day(last)), expected, "{first} {last}");
        }
    }

    #[test]
    fn contracts_that_follow_each_other_count_as_one() {
        let whole = [(day("2021-01-15"), day("2022-03-02"))];
        let split = [(day("2021-07-11"), day("2022-03-02")), (day("2021-01-15"), day("2021-07-10"))];
        assert_eq!(worked(&whole), worked(&split));
        let gap = [(day("2021-01-01"), day("2021-01-31")), (day("2021-03-01"), day("2021-03-31"))];
        assert_eq!(worked(&gap), 60);
    }

    #[test]
    fn the_day_that_completes_a_time_is_the_last_of_it() {
        for (first, part) in [("2021-09-01", 180), ("2021-09-17", 360), ("2021-01-01", 41), ("2022-11-30", 90)] {
            let on = reached_on(day(first), part);
            assert!(thirtieths(day(first), on) >= part, "{first} {part} {on}");
            assert!(thirtieths(day(first), on - TimeDelta::days(1)) < part, "{first} {part} {on}");
        }
    }

    #[test]
    fn shares_are_rounded_to_the_nearest_cent() {
        assert_eq!(pro_rata(5_000_000, 132, 720), 916_667);
        assert_eq!(pro_rata(5_000_000, 720, 720), 5_000_000);
        assert_eq!(pro_rata(5_000_000, 900, 720), 5_000_000);
        assert_eq!(pro_rata(1, 1, 2), 1);
        assert_eq!(pro_rata(0, 5, 720), 0);
    }
}
