//! What retention removes, and when it stops and asks.
//!
//! A wrong clock, a wrong date in a file or a mistake in a rule would erase in one night what cannot be brought back. A
//! night removes little of a table: where it would be more, nothing goes and a person is asked.

use super::Tx;
use crate::platform::error::Result;
use crate::sql;
use diesel::connection::SimpleConnection;

use super::sql::Sql;

/// How much of a table one purge may take without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Percent of the table's rows.
    pub percent: u32,
    /// So few rows may always go: of a small table a few are a large part.
    pub least: usize,
}

impl Default for Share {
    fn default() -> Self {
        Self { percent: 20, least: 50 }
    }
}

/// What holds for the purges of a process.
#[derive(Clone, Debug, Default)]
pub struct Purges {
    pub share: Share,
    /// Purges that a person has looked at: they take what they find.
    pub confirmed: Vec<String>,
}

/// One purge: each kind of row that retention removes or makes anonymous has one.
#[derive(Clone, Copy, Debug)]
pub struct Purge {
    /// How reports, the log and `conum tidy --confirm` call it.
    pub name: &'static str,
    /// Its rows are counted in this table.
    pub table: &'static str,
    /// How many times the usual share may go: rows that live for days go in larger parts than those that live for years.
    pub times: u32,
}

impl Purge {
    pub const fn of(name: &'static str, table: &'static str) -> Self {
        Self { name, table, times: 1 }
    }

    /// Whether so many of so many rows may go without asking.
    fn fits(&self, share: Share, gone: usize, all: usize) -> bool {
        let percent = (share.percent as usize).saturating_mul(self.times as usize).min(100);
        gone <= share.least || gone.saturating_mul(100) <= all.saturating_mul(percent)
    }
}

/// A purge that was not carried out.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    pub purge: Purge,
    pub rows: usize,
    pub all: usize,
}

impl Tx<'_> {
    /// Removes by `work`, which tells how many rows of the purge's table it took. Where these are too many, all that it
    /// did is undone, nothing counts as removed, and a person is asked.
    pub fn purge(&mut self, purge: Purge, work: impl FnOnce(&mut Self) -> Result<usize>) -> Result<usize> {
        let all = sql!("select count(*) as n from {}", Sql::raw(purge.table)).count(self.conn())?;
        let all = usize::try_from(all).unwrap_or(usize::MAX);
        let mark = self.mark();
        self.conn().batch_execute("savepoint purge")?;
        let gone = work(self)?;
        let site = self.site();
        let confirmed = site.purges.confirmed.iter().any(|name| name == purge.name);
        if confirmed || purge.fits(site.purges.share, gone, all) {
            self.conn().batch_execute("release savepoint purge")?;
            sql!("delete from held_purges where purge = {}", purge.name).run(self.conn())?;
            if confirmed {
                log::warn!(purge = purge.name, rows = gone, all = all; "a person has confirmed what retention removes");
            }
            return Ok(gone);
        }
        self.conn().batch_execute("rollback to savepoint purge; release savepoint purge")?;
        self.back_to(mark);
        self.hold(Held { purge, rows: gone, all })?;
        Ok(0)
    }

    fn hold(&mut self, held: Held) -> Result<()> {
        let Held { purge: Purge { name, .. }, rows, all } = held;
        log::error!(purge = name, rows = rows, all = all;
            "retention would remove {rows} of {all} rows and removes none: look why, then run `conum tidy --confirm {name}`");
        let now = self.now().instant();
        sql!(
            "insert into held_purges (purge, rows_held, rows_in_all, first_held_at, last_held_at) values ({}, {}, {}, {}, {})
             on conflict (purge) do update set rows_held = excluded.rows_held, rows_in_all = excluded.rows_in_all,
                last_held_at = excluded.last_held_at",
            name,
            i64::try_from(rows).unwrap_or(i64::MAX),
            i64::try_from(all).unwrap_or(i64::MAX),
            now,
            now
        )
        .run(self.conn())?;
        self.note_held(held);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_takes_a_share_or_a_few() {
        let (years, days) = (Purge::of("a", "a"), Purge { times: 4, ..Purge::of("b", "b") });
        let share = Share::default();
        assert!(years.fits(share, 50, 50) && years.fits(share, 200, 1000));
        assert!(!years.fits(share, 51, 60) && !years.fits(share, 201, 1000));
        assert!(days.fits(share, 800, 1000) && !days.fits(share, 801, 1000));
        let nothing = Share { percent: 0, least: 0 };
        assert!(!days.fits(nothing, 1, 1000) && days.fits(nothing, 0, 1000));
    }
}
