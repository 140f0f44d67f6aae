//! SQL of call windows.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use super::model::Audience;
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::call_windows;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::CallWindowId;
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = call_windows)]
pub struct CallWindow {
    pub id: CallWindowId,
    pub audience: Audience,
    pub opens_on: NaiveDate,
    pub closes_on: Option<NaiveDate>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

sortable! {
    /// Sort keys of call windows.
    pub enum CallWindowSort { "opens_on" = "w.opens_on"::"date", "updated_at" = "w.updated_at"::"timestamptz" }
}

/// What windows are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub audiences: Option<Vec<Audience>>,
    /// Only those open, or not open, on this day.
    pub open_on: Option<(NaiveDate, bool)>,
    pub updated_since: Option<DateTime<Utc>>,
}

pub fn list(conn: &mut PgConnection, search: &Search, page: &PageSpec) -> Result<Rows<CallWindow>> {
    Listing::new("w.*", Sql::raw("call_windows w"), "w.id", "uuid")
        .filter_some(search.audiences.clone(), |audiences| sql!("w.audience = any({})", audiences))
        .filter_some(search.open_on, |(day, open)| {
            sql!("(w.opens_on <= {} and (w.closes_on is null or w.closes_on >= {})) = {}", day, day, open)
        })
        .filter_some(search.updated_since, |since| sql!("w.updated_at >= {}", since))
        .page(conn, page)
}

pub fn lock(tx: &mut Tx<'_>, id: CallWindowId) -> Result<Option<CallWindow>> {
    sql!("select * from call_windows where id = {} for update", id).first(tx.conn())
}

pub fn insert(
    tx: &mut Tx<'_>,
    audience: Audience,
    opens_on: NaiveDate,
    closes_on: Option<NaiveDate>,
) -> Result<CallWindow> {
    sql!(
        "insert into call_windows (id, audience, opens_on, closes_on) values ({}, {}, {}, {}) returning *",
        CallWindowId::new(),
        audience,
        opens_on,
        closes_on
    )
    .one(tx.conn())
}

pub fn update(
    tx: &mut Tx<'_>,
    id: CallWindowId,
    opens_on: NaiveDate,
    closes_on: Option<NaiveDate>,
) -> Result<CallWindow> {
    sql!("update call_windows set opens_on = {}, closes_on = {} where id = {} returning *", opens_on, closes_on, id)
        .one(tx.conn())
}

pub fn is_open(conn: &mut PgConnection, audience: Audience, day: NaiveDate) -> Result<bool> {
    sql!(
        "select exists (select from call_windows where audience in ({}, 'all')
            and opens_on <= {} and (closes_on is null or closes_on >= {})) as yes",
        audience,
        day,
        day
    )
    .holds(conn)
}
