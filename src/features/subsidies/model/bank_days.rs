//! The days on which banks of the euro area settle payments.

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};

/// How far ahead an execution may be ordered: days.
pub const EXECUTION_DAYS_AHEAD: i64 = 90;

/// Whether TARGET, the settlement system of the euro area, is open: not on Saturdays and Sundays, New Year's Day, Good
/// Friday, Easter Monday, 1 May, 25 and 26 December (European Central Bank, long-term calendar, in force since 2002).
pub fn is_bank_day(day: NaiveDate) -> bool {
    let fixed = matches!((day.month(), day.day()), (1 | 5, 1) | (12, 25 | 26));
    let easter = easter(day.year());
    let moving = [-2, 1].into_iter().any(|days| easter.is_some_and(|easter| easter + TimeDelta::days(days) == day));
    !(fixed || moving || matches!(day.weekday(), Weekday::Sat | Weekday::Sun))
}

/// Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher).
fn easter(year: i32) -> Option<NaiveDate> {
    let (golden, century, rest) = (year % 19, year / 100, year % 100);
    let correction = (century - (century + 8) / 25 + 1) / 3;
    let moon = (19 * golden + century - century / 4 - correction + 15) % 30;
    let sunday = (32 + 2 * (century % 4) + 2 * (rest / 4) - moon - rest % 4) % 7;
    let shift = (golden + 11 * moon + 22 * sunday) / 451;
    let days = moon + sunday - 7 * shift + 114;
    NaiveDate::from_ymd_opt(year, u32::try_from(days / 31).ok()?, u32::try_from(days % 31 + 1).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn banks_rest_on_week_ends_and_on_six_holidays() {
        let open = |text: &str| is_bank_day(text.parse().unwrap());
        // Good Fridays and Easter Mondays as the European Central Bank publishes them.
        for closed in [
            "2024-03-29",
            "2024-04-01",
            "2025-04-18",
            "2025-04-21",
            "2026-04-03",
            "2026-04-06",
            "2027-03-26",
            "2027-03-29",
        ] {
            assert!(!open(closed), "{closed}");
        }
        for closed in ["2026-01-01", "2026-05-01", "2026-12-25", "2028-12-26", "2026-11-28", "2026-11-29"] {
            assert!(!open(closed), "{closed}");
        }
        // National holidays are bank days.
        for open_day in ["2026-07-14", "2026-11-11", "2026-05-08", "2026-05-14", "2026-12-24", "2027-12-31"] {
            assert!(open(open_day), "{open_day}");
        }
    }
}
