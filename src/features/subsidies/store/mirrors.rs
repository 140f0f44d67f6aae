//! SQL of the comparison with somebody's copy.

use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::sql;

/// What is compared: a table with its state and its amount.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    pub table: &'static str,
    pub status: &'static str,
    pub amount: &'static str,
}

/// Counts and sums of the rows of one state whose identifiers end alike.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Bucket {
    #[diesel(sql_type = st::Text)]
    pub suffix: String,
    #[diesel(sql_type = st::Text)]
    pub status: String,
    #[diesel(sql_type = st::BigInt)]
    pub rows_count: i64,
    #[diesel(sql_type = st::BigInt)]
    pub amount_cents: i64,
    #[diesel(sql_type = st::BigInt)]
    pub versions_sum: i64,
}

/// One row as it is compared.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Row {
    #[diesel(sql_type = st::Uuid)]
    pub id: Uuid,
    #[diesel(sql_type = st::Text)]
    pub status: String,
    #[diesel(sql_type = st::BigInt)]
    pub amount_cents: i64,
    #[diesel(sql_type = st::Integer)]
    pub version: i32,
}

pub fn buckets(conn: &mut PgConnection, source: Source, length: i32) -> Result<Vec<Bucket>> {
    sql!(
        "select right(x.id::text, {}) as suffix, {} as status, count(*) as rows_count, coalesce(sum({}), 0)::bigint as amount_cents,
            sum(x.version)::bigint as versions_sum
         from {} x group by 1, 2 order by 1, 2",
        length,
        Sql::raw(source.status),
        Sql::raw(source.amount),
        Sql::raw(source.table)
    )
    .load(conn)
}

/// The rows whose identifiers end in one of these.
pub fn rows(conn: &mut PgConnection, source: Source, suffixes: &[String], length: i32) -> Result<Vec<Row>> {
    sql!(
        "select x.id, {} as status, coalesce({}, 0)::bigint as amount_cents, x.version
         from {} x where right(x.id::text, {}) = any({}) order by x.id",
        Sql::raw(source.status),
        Sql::raw(source.amount),
        Sql::raw(source.table),
        length,
        suffixes.to_vec()
    )
    .load(conn)
}
