//! SQL of what is committed: the programme's one line and the départements' allotments.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;

use crate::platform::auth::Reach;
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::{allotments, programme};
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::{sortable, sql};

/// The programme's line.
#[derive(Clone, Copy, Debug, QueryableByName)]
#[diesel(table_name = programme)]
pub struct Programme {
    pub posts_cap: i32,
    /// Live posts plus what reservations still hold.
    pub posts_committed: i32,
}

/// A département's counters.
#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = allotments)]
pub struct Counters {
    pub departement_code: DepartementCode,
    pub posts_ceiling: Option<i32>,
    pub posts_committed: i32,
    pub version: i32,
}

/// Locks the programme's line until the end of the transaction.
pub fn lock_programme(tx: &mut Tx<'_>) -> Result<Programme> {
    sql!("select posts_cap, posts_committed from programme where id = 1 for update").one(tx.conn())
}

/// Locks the allotments of these départements, in order of code; those without a line have neither ceiling nor posts.
pub fn lock_allotments(tx: &mut Tx<'_>, departements: Vec<DepartementCode>) -> Result<Vec<Counters>> {
    sql!(
        "select departement_code, posts_ceiling, posts_committed, version from allotments
         where departement_code = any({}) order by departement_code for update",
        departements
    )
    .load(tx.conn())
}

/// Adds to the counters; the programme's line and the allotments are locked already.
pub fn commit(tx: &mut Tx<'_>, total: i32, deltas: &BTreeMap<&str, i32>) -> Result<()> {
    let deltas = serde_json::json!(deltas);
    if total != 0 {
        sql!("update programme set posts_committed = posts_committed + {} where id = 1", total).run(tx.conn())?;
    }
    sql!(
        "insert into allotments (departement_code) select jsonb_object_keys({}) order by 1
         on conflict (departement_code) do nothing",
        deltas.clone()
    )
    .run(tx.conn())?;
    sql!(
        "update allotments a set posts_committed = a.posts_committed + d.delta::int
         from jsonb_each_text({}) as d (code, delta) where a.departement_code = d.code",
        deltas
    )
    .run(tx.conn())
    .map(|_| ())
}

/// A département with what is allotted to it: also where nothing ever was.
#[derive(Clone, Debug, QueryableByName)]
pub struct Allotment {
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub departement_name: String,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
    #[diesel(sql_type = st::Nullable<st::Integer>)]
    pub posts_ceiling: Option<i32>,
    #[diesel(sql_type = st::Integer)]
    pub posts_committed: i32,
    #[diesel(sql_type = st::Nullable<st::Timestamptz>)]
    pub updated_at: Option<DateTime<Utc>>,
    /// 0 where nothing was ever written.
    #[diesel(sql_type = st::Integer)]
    pub version: i32,
}

sortable! {
    /// Sort keys of allotments.
    pub enum AllotmentSort {
        "departement_code" = "s.departement_code"::"text",
        "departement_name" = "s.search_key"::"text",
        "posts_committed" = "s.posts_committed"::"int",
    }
}

const COLUMNS: &str = "s.departement_code, s.departement_name, s.region_code, s.posts_ceiling, s.posts_committed, \
    s.updated_at, s.version";
/// One row a département, with the columns that a reach looks at; none belongs to a structure.
const TABLES: &str = "(select d.code as departement_code, d.name as departement_name, d.search_key, d.region_code, \
    null::uuid as id, a.posts_ceiling, coalesce(a.posts_committed, 0) as posts_committed, a.updated_at, \
    coalesce(a.version, 0) as version \
    from departements d left join allotments a on a.departement_code = d.code) s";

pub fn list_allotments(
    conn: &mut PgConnection,
    reach: &Reach,
    departements: Option<Vec<DepartementCode>>,
    regions: Option<Vec<RegionCode>>,
    updated_since: Option<DateTime<Utc>>,
    page: &PageSpec,
) -> Result<Rows<Allotment>> {
    Listing::new(COLUMNS, Sql::raw(TABLES), "s.departement_code", "text")
        .filter(reach.over("s"))
        .filter_some(departements, |codes| sql!("s.departement_code = any({})", codes))
        .filter_some(regions, |codes| sql!("s.region_code = any({})", codes))
        .filter_some(updated_since, |since| sql!("s.updated_at >= {}", since))
        .page(conn, page)
}

pub fn find_allotment(conn: &mut PgConnection, reach: &Reach, code: &str) -> Result<Option<Allotment>> {
    sql!(
        "select {} from {} where s.departement_code = {} and {}",
        Sql::raw(COLUMNS),
        Sql::raw(TABLES),
        code,
        reach.over("s")
    )
    .first(conn)
}

pub fn put_ceiling(tx: &mut Tx<'_>, code: &str, ceiling: Option<i32>) -> Result<()> {
    sql!(
        "insert into allotments (departement_code, posts_ceiling) values ({}, {})
         on conflict (departement_code) do update set posts_ceiling = excluded.posts_ceiling",
        code,
        ceiling
    )
    .run(tx.conn())
    .map(|_| ())
}
