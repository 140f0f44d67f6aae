//! SQL of the minimum wages.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::minimum_wages;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = minimum_wages)]
pub struct MinimumWage {
    pub starts_on: NaiveDate,
    pub gross_monthly_cents: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

sortable! {
    /// Sort keys of minimum wages.
    pub enum WageSort {
        "starts_on" = "w.starts_on"::"date",
    }
}

pub fn list(
    conn: &mut PgConnection,
    on: Option<NaiveDate>,
    since: Option<DateTime<Utc>>,
    page: &PageSpec,
) -> Result<Rows<MinimumWage>> {
    Listing::new("w.*", Sql::raw("minimum_wages w"), "w.starts_on", "date")
        .filter_some(on, |day| {
            sql!("w.starts_on = (select max(x.starts_on) from minimum_wages x where x.starts_on <= {})", day)
        })
        .filter_some(since, |since| sql!("w.updated_at >= {}", since))
        .page(conn, page)
}

/// The wage in force on a day; none before the first.
pub fn in_force(conn: &mut PgConnection, on: NaiveDate) -> Result<Option<MinimumWage>> {
    sql!("select w.* from minimum_wages w where w.starts_on <= {} order by w.starts_on desc limit 1", on).first(conn)
}

/// The wage that starts on this very day, locked.
pub fn lock(tx: &mut Tx<'_>, starts_on: NaiveDate) -> Result<Option<MinimumWage>> {
    sql!("select w.* from minimum_wages w where w.starts_on = {} for no key update", starts_on).first(tx.conn())
}

pub fn put(tx: &mut Tx<'_>, starts_on: NaiveDate, cents: i64) -> Result<MinimumWage> {
    sql!(
        "insert into minimum_wages as w (starts_on, gross_monthly_cents) values ({}, {})
         on conflict (starts_on) do update set gross_monthly_cents = excluded.gross_monthly_cents
         returning w.*",
        starts_on,
        cents
    )
    .one(tx.conn())
}
