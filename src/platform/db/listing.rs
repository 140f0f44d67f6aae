//! Lists by keyset: every page continues after the last row, whatever was written meanwhile.

use std::sync::{Arc, Mutex};

use diesel::deserialize;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::row::NamedRow;
use diesel::sql_types as st;

use super::feed::{FeedPlace, Present};
use super::sql::Sql;
use crate::platform::error::Result;
use crate::sql;

/// A column that a list may be sorted by. Its expression is never null.
#[derive(Clone, Copy, Debug)]
pub struct SortColumn {
    pub name: &'static str,
    pub expr: &'static str,
    pub sql_type: &'static str,
}

/// One key of an order.
#[derive(Clone, Copy, Debug)]
pub struct SortKey {
    pub column: SortColumn,
    pub descending: bool,
}

/// Where a page starts: the sort values of its neighbour, and which side of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    pub backwards: bool,
    pub values: Vec<String>,
}

/// Rows that a list read whole is read by.
const BATCH: i64 = 1000;

/// A list that is read whole, batch after batch: where it stands.
#[derive(Debug, Default)]
pub struct Whole(Mutex<Option<Position>>);

impl Whole {
    /// The next batch starts here.
    pub fn go_to(&self, position: Position) {
        if let Ok(mut place) = self.0.lock() {
            *place = Some(position);
        }
    }

    fn place(&self) -> Option<Position> {
        self.0.lock().ok().and_then(|place| place.clone())
    }
}

/// What the caller asked of a list.
#[derive(Clone, Debug)]
pub struct PageSpec {
    pub limit: i64,
    pub order: Vec<SortKey>,
    pub start: Option<Position>,
    /// Set where the list is read whole instead of one page of it.
    pub whole: Option<Arc<Whole>>,
}

impl PageSpec {
    /// The first rows, in this order.
    pub fn first(limit: i64, order: Vec<SortKey>) -> Self {
        Self { limit, order, start: None, whole: None }
    }

    fn start(&self) -> Option<Position> {
        match &self.whole {
            Some(whole) => whole.place(),
            None => self.start.clone(),
        }
    }

    fn limit(&self) -> i64 {
        if self.whole.is_some() { BATCH } else { self.limit }
    }
}

/// One page, and where its neighbours start.
#[derive(Clone, Debug)]
pub struct Rows<T> {
    pub rows: Vec<T>,
    pub total: i64,
    pub next: Option<Position>,
    pub prev: Option<Position>,
    /// Where the feed of events goes on from what this page shows.
    pub present: Option<FeedPlace>,
}

impl<T> Rows<T> {
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Rows<U> {
        Rows {
            rows: self.rows.into_iter().map(f).collect(),
            total: self.total,
            next: self.next,
            prev: self.prev,
            present: self.present,
        }
    }
}

impl<T> Rows<T> {
    /// The same where a row may not be what it should.
    pub fn try_map<U>(self, f: impl FnMut(T) -> Result<U>) -> Result<Rows<U>> {
        let rows = self.rows.into_iter().map(f).collect::<Result<_>>()?;
        Ok(Rows { rows, total: self.total, next: self.next, prev: self.prev, present: self.present })
    }
}

/// A list in the making: columns, tables, filters.
///
/// Rows and total come from the same tables under the same filters: nothing is counted that is not shown. Tables that only
/// add columns are joined by `left join` on their key, which PostgreSQL leaves out of the count by itself. A table with
/// row-level security is joined by `join`: a row whose person is hidden is hidden whole, and not counted.
pub struct Listing {
    select: Sql,
    from: Sql,
    id: SortColumn,
    filters: Vec<Sql>,
}

impl Listing {
    /// `id` is the unique expression that ends every order, and `id_type` its SQL type.
    pub fn new(select: &'static str, from: Sql, id: &'static str, id_type: &'static str) -> Self {
        Self::selecting(Sql::raw(select), from, id, id_type)
    }

    /// The same where the columns depend on the caller.
    pub fn selecting(select: Sql, from: Sql, id: &'static str, id_type: &'static str) -> Self {
        Self { select, from, id: SortColumn { name: "id", expr: id, sql_type: id_type }, filters: Vec::new() }
    }

    pub fn filter(&mut self, condition: Sql) -> &mut Self {
        self.filters.push(condition);
        self
    }

    /// Adds the condition that `make` writes from `value`, if there is one.
    pub fn filter_some<V>(&mut self, value: Option<V>, make: impl FnOnce(V) -> Sql) -> &mut Self {
        if let Some(value) = value {
            self.filters.push(make(value));
        }
        self
    }

    fn conditions(&self) -> Sql {
        Sql::join(std::iter::once(Sql::raw("true")).chain(self.filters.iter().cloned()), " and ")
    }

    /// Reads one page and the exact total.
    pub fn page<T>(&self, conn: &mut PgConnection, spec: &PageSpec) -> Result<Rows<T>>
    where
        T: QueryableByName<Pg> + 'static,
    {
        let mut order = spec.order.clone();
        // In the direction of the last key: one index serves the whole order, both ways.
        let descending = order.last().is_some_and(|key| key.descending);
        order.push(SortKey { column: self.id, descending });
        let (start, limit) = (spec.start(), spec.limit());
        let backwards = start.as_ref().is_some_and(|start| start.backwards);
        let beyond = match &start {
            Some(start) => sql!(" and {}", beyond(&order, start)),
            None => Sql::default(),
        };
        let key = Sql::join(order.iter().map(|k| Sql::raw(format!("({})::text", k.column.expr))), ", ");
        let by = Sql::join(
            order.iter().map(|k| Sql::raw(format!("{} {}", k.column.expr, direction(k.descending != backwards)))),
            ", ",
        );
        let count = match spec.whole {
            // Whoever gets every row can count.
            Some(_) => Sql::raw("0::bigint"),
            None => sql!("(select count(*) from {} where {})", self.from.clone(), self.conditions()),
        };
        let mut found: Vec<Keyed<T>> = sql!(
            "select {}, array[{}] as page_key, {} as page_total, (select conum_feed_present()) as page_present from {} where {}{} order by {} limit {}",
            self.select.clone(),
            key,
            count,
            self.from.clone(),
            self.conditions(),
            beyond,
            by,
            limit + 1
        )
        .load(conn)?;
        // An empty list is as empty as the count says, in the count's own snapshot.
        let (total, present) = match found.first() {
            Some(row) => (row.total, Some(Present::parse(&row.present)?.place())),
            None => {
                let tally: Tally = sql!(
                    "select count(*) as total, (select conum_feed_present()) as present from {} where {}",
                    self.from.clone(),
                    self.conditions()
                )
                .one(conn)?;
                let place = Present::parse(&tally.present)?.place();
                (tally.total, (tally.total == 0).then_some(place))
            }
        };
        let more = found.len() as i64 > limit;
        found.truncate(limit as usize);
        if backwards {
            found.reverse();
        }
        let edge = |row: Option<&Keyed<T>>, backwards| row.map(|row| Position { backwards, values: row.key.clone() });
        let (has_next, has_prev) = if backwards { (true, more) } else { (more, start.is_some()) };
        Ok(Rows {
            next: edge(found.last().filter(|_| has_next), false),
            prev: edge(found.first().filter(|_| has_prev), true),
            rows: found.into_iter().map(|keyed| keyed.row).collect(),
            total,
            present,
        })
    }
}

fn direction(descending: bool) -> &'static str {
    if descending { "desc" } else { "asc" }
}

/// The rows after (or before) a position, in an order whose keys may run both ways.
fn beyond(order: &[SortKey], start: &Position) -> Sql {
    let value = |rank: usize| {
        let key: &SortKey = &order[rank];
        sql!("{}::{}", start.values[rank].as_str(), Sql::raw(key.column.sql_type))
    };
    if order.iter().all(|key| key.descending == order[0].descending) {
        let columns = Sql::join(order.iter().map(|key| Sql::raw(key.column.expr)), ", ");
        let past = if order[0].descending != start.backwards { "<" } else { ">" };
        return sql!("({}) {} ({})", columns, Sql::raw(past), Sql::join((0..order.len()).map(value), ", "));
    }
    let alternatives = (0..order.len()).map(|rank| {
        let equal = (0..rank).map(|i| sql!("{} = {}", Sql::raw(order[i].column.expr), value(i)));
        let past = if order[rank].descending != start.backwards { "<" } else { ">" };
        let last = sql!("{} {} {}", Sql::raw(order[rank].column.expr), Sql::raw(past), value(rank));
        sql!("({})", Sql::join(equal.chain([last]), " and "))
    });
    sql!("({})", Sql::join(alternatives, " or "))
}

#[derive(QueryableByName)]
struct Tally {
    #[diesel(sql_type = st::BigInt)]
    total: i64,
    #[diesel(sql_type = st::Text)]
    present: String,
}

struct Keyed<T> {
    row: T,
    key: Vec<String>,
    total: i64,
    present: String,
}

impl<T: QueryableByName<Pg>> QueryableByName<Pg> for Keyed<T> {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
        Ok(Self {
            key: NamedRow::get::<st::Array<st::Text>, _>(row, "page_key")?,
            total: NamedRow::get::<st::BigInt, _>(row, "page_total")?,
            present: NamedRow::get::<st::Text, _>(row, "page_present")?,
            row: T::build(row)?,
        })
    }
}

/// Declares what a list may be sorted by: `sortable! { pub enum PostSort { UpdatedAt "updated_at" = "p.updated_at"::"timestamptz" } }`
#[macro_export]
macro_rules! sortable {
    ($(#[$doc:meta])* pub enum $name:ident { $($field:literal = $expr:literal :: $sql_type:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name($crate::platform::db::listing::SortKey);

        impl $name {
            const COLUMNS: &'static [$crate::platform::db::listing::SortColumn] = &[
                $($crate::platform::db::listing::SortColumn { name: $field, expr: $expr, sql_type: $sql_type }),+
            ];

            /// The order asked for; `default` (`"-updated_at"`) where none was.
            pub fn order(asked: Option<&[Self]>, default: &'static str) -> Vec<$crate::platform::db::listing::SortKey> {
                match asked {
                    Some(keys) => keys.iter().map(|key| key.0).collect(),
                    None => Self::parse(default).into_iter().map(|key| key.0).collect(),
                }
            }

            fn parse(text: &str) -> Option<Self> {
                let (name, descending) = match text.strip_prefix('-') {
                    Some(name) => (name, true),
                    None => (text, false),
                };
                let column = Self::COLUMNS.iter().find(|column| column.name == name)?;
                Some(Self($crate::platform::db::listing::SortKey { column: *column, descending }))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| serde::de::Error::custom("unknown sort key"))
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some("Sort key; a leading minus sorts in descending order."))
                    .enum_values(Some([$($field, concat!("-", $field)),+]))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}
