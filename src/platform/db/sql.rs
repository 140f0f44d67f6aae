//! SQL written as SQL, with typed values, kept by the connection's statement cache.
//!
//! Diesel's own `sql_query` is never cached; [`Sql`] is a `QueryFragment` whose text is the cache
//! key. Values never become text of the statement.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types as st;
use uuid::Uuid;

use crate::platform::error::Result;

/// A value of a statement, or a piece of SQL put in its place.
#[derive(Clone, Debug)]
pub enum Arg {
    Text(Option<String>),
    Uuid(Option<Uuid>),
    Int(Option<i32>),
    Big(Option<i64>),
    Bool(Option<bool>),
    Float(Option<f64>),
    Date(Option<NaiveDate>),
    Instant(Option<DateTime<Utc>>),
    Bytes(Vec<u8>),
    Json(serde_json::Value),
    Texts(Vec<String>),
    Uuids(Vec<Uuid>),
    Sql(Sql),
}

/// A statement, or a piece of one.
#[derive(Clone, Debug, Default)]
pub struct Sql(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Text(Cow<'static, str>),
    Value(Arg),
}

/// Writes SQL with `{}` for each value or nested piece: `sql!("select 1 where a = {}", a)`.
#[macro_export]
macro_rules! sql {
    ($text:expr $(, $arg:expr)* $(,)?) => {
        $crate::platform::db::sql::Sql::template($text, vec![$($crate::platform::db::sql::Arg::from($arg)),*])
    };
}

impl Sql {
    /// Puts `args` where `text` has `{}`, in order.
    ///
    /// The text is the program's own: user input travels in `args` only.
    pub fn template(text: &'static str, args: Vec<Arg>) -> Self {
        let mut sql = Self::default();
        let mut pieces = text.split("{}");
        sql.text(pieces.next().unwrap_or_default());
        let mut args = args.into_iter();
        for piece in pieces {
            match args.next() {
                Some(Arg::Sql(nested)) => sql.0.extend(nested.0),
                Some(value) => sql.0.push(Part::Value(value)),
                None => debug_assert!(false, "fewer values than places in: {text}"),
            }
            sql.text(piece);
        }
        debug_assert!(args.next().is_none(), "more values than places in: {text}");
        sql
    }

    pub fn raw(text: impl Into<Cow<'static, str>>) -> Self {
        let mut sql = Self::default();
        sql.text(text);
        sql
    }

    fn text(&mut self, text: impl Into<Cow<'static, str>>) {
        let text = text.into();
        if !text.is_empty() {
            self.0.push(Part::Text(text));
        }
    }

    /// Appends another piece.
    pub fn push(&mut self, sql: Sql) {
        self.0.extend(sql.0);
    }

    /// Joins pieces with `separator`.
    pub fn join(pieces: impl IntoIterator<Item = Sql>, separator: &'static str) -> Self {
        let mut joined = Self::default();
        for (rank, piece) in pieces.into_iter().enumerate() {
            if rank > 0 {
                joined.text(separator);
            }
            joined.push(piece);
        }
        joined
    }

    /// All rows.
    pub fn load<T>(self, conn: &mut PgConnection) -> Result<Vec<T>>
    where
        T: QueryableByName<Pg> + 'static,
    {
        Ok(RunQueryDsl::load::<T>(self, conn)?)
    }

    /// The first row, if there is one.
    pub fn first<T>(self, conn: &mut PgConnection) -> Result<Option<T>>
    where
        T: QueryableByName<Pg> + 'static,
    {
        Ok(self.load(conn)?.into_iter().next())
    }

    /// The one row of a statement that always has one.
    pub fn one<T>(self, conn: &mut PgConnection) -> Result<T>
    where
        T: QueryableByName<Pg> + 'static,
    {
        Ok(RunQueryDsl::get_result::<T>(self, conn)?)
    }

    /// The `n` of a statement that answers one bigint named `n`.
    pub fn count(self, conn: &mut PgConnection) -> Result<i64> {
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = st::BigInt)]
            n: i64,
        }
        Ok(self.one::<Count>(conn)?.n)
    }

    /// The `yes` of a statement that answers one boolean named `yes`.
    pub fn holds(self, conn: &mut PgConnection) -> Result<bool> {
        #[derive(QueryableByName)]
        struct Holds {
            #[diesel(sql_type = st::Bool)]
            yes: bool,
        }
        Ok(self.one::<Holds>(conn)?.yes)
    }

    /// Runs a statement and tells how many rows it touched.
    pub fn run(self, conn: &mut PgConnection) -> Result<usize> {
        Ok(RunQueryDsl::execute(self, conn)?)
    }
}

impl QueryFragment<Pg> for Sql {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_sql(text),
                Part::Value(value) => value.walk(&mut out)?,
            }
        }
        Ok(())
    }
}

impl Arg {
    fn walk<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Arg::Text(v) => out.push_bind_param::<st::Nullable<st::Text>, _>(v),
            Arg::Uuid(v) => out.push_bind_param::<st::Nullable<st::Uuid>, _>(v),
            Arg::Int(v) => out.push_bind_param::<st::Nullable<st::Integer>, _>(v),
            Arg::Big(v) => out.push_bind_param::<st::Nullable<st::BigInt>, _>(v),
            Arg::Bool(v) => out.push_bind_param::<st::Nullable<st::Bool>, _>(v),
            Arg::Float(v) => out.push_bind_param::<st::Nullable<st::Double>, _>(v),
            Arg::Date(v) => out.push_bind_param::<st::Nullable<st::Date>, _>(v),
            Arg::Instant(v) => out.push_bind_param::<st::Nullable<st::Timestamptz>, _>(v),
            Arg::Bytes(v) => out.push_bind_param::<st::Binary, _>(v),
            Arg::Json(v) => out.push_bind_param::<st::Jsonb, _>(v),
            Arg::Texts(v) => out.push_bind_param::<st::Array<st::Text>, _>(v),
            Arg::Uuids(v) => out.push_bind_param::<st::Array<st::Uuid>, _>(v),
            Arg::Sql(v) => v.walk_ast(out.reborrow()),
        }
    }
}

impl QueryId for Sql {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Sql {
    type SqlType = st::Untyped;
}

impl<C> RunQueryDsl<C> for Sql {}

macro_rules! arg_from {
    ($($variant:ident: $($ty:ty),+;)+) => {$($(
        impl From<$ty> for Arg {
            fn from(value: $ty) -> Self {
                Arg::$variant(Some(value.into()))
            }
        }
        impl From<Option<$ty>> for Arg {
            fn from(value: Option<$ty>) -> Self {
                Arg::$variant(value.map(Into::into))
            }
        }
    )+)+};
}

arg_from! {
    Text: String, &str;
    Uuid: Uuid;
    Int: i32;
    Big: i64;
    Bool: bool;
    Float: f64;
    Date: NaiveDate;
    Instant: DateTime<Utc>;
}

impl From<&String> for Arg {
    fn from(value: &String) -> Self {
        Arg::Text(Some(value.clone()))
    }
}

impl From<&Option<String>> for Arg {
    fn from(value: &Option<String>) -> Self {
        Arg::Text(value.clone())
    }
}

impl From<Vec<u8>> for Arg {
    fn from(value: Vec<u8>) -> Self {
        Arg::Bytes(value)
    }
}

impl From<serde_json::Value> for Arg {
    fn from(value: serde_json::Value) -> Self {
        Arg::Json(value)
    }
}

impl From<Vec<String>> for Arg {
    fn from(value: Vec<String>) -> Self {
        Arg::Texts(value)
    }
}

impl From<Vec<Uuid>> for Arg {
    fn from(value: Vec<Uuid>) -> Self {
        Arg::Uuids(value)
    }
}

impl From<Sql> for Arg {
    fn from(value: Sql) -> Self {
        Arg::Sql(value)
    }
}
