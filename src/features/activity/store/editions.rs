//! SQL of the editions in which the public is told of the activity.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use serde_json::{Value, json};

use super::figures::{Key, Period, Scope};
use crate::features::activity::model::counters::{COUNTERS, Counts, is_cell};
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::sql;

/// A state of the public figures, made once.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Edition {
    #[diesel(sql_type = st::Integer)]
    pub number: i32,
    #[diesel(sql_type = st::Date)]
    pub made_on: NaiveDate,
    #[diesel(sql_type = st::Timestamptz)]
    pub made_at: DateTime<Utc>,
    /// First day of the last month that it tells of.
    #[diesel(sql_type = st::Date)]
    pub last_month: NaiveDate,
}

pub fn last(conn: &mut PgConnection) -> Result<Option<Edition>> {
    sql!("select number, made_on, made_at, last_month from figure_editions order by number desc limit 1").first(conn)
}

/// Keeps reports as they are until the end of the transaction: what differs and how many do so is then of one instant. One
/// edition is made at a time.
pub fn hold(conn: &mut PgConnection) -> Result<()> {
    sql!("set local statement_timeout = 0").run(conn)?;
    sql!("lock table activity_reports in share row exclusive mode").run(conn).map(|_| ())
}

pub fn create(conn: &mut PgConnection, edition: &Edition) -> Result<()> {
    sql!(
        "insert into figure_editions (number, made_on, made_at, last_month) values ({}, {}, {}, {})",
        edition.number,
        edition.made_on,
        edition.made_at,
        edition.last_month
    )
    .run(conn)
    .map(|_| ())
}

/// A département and month that counts something else than what its layers tell.
#[derive(Clone, Debug, QueryableByName)]
pub struct Change {
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
    #[diesel(sql_type = st::Date)]
    pub starts_on: NaiveDate,
    /// Whether a layer tells of it already.
    #[diesel(sql_type = st::Bool)]
    pub is_told: bool,
    /// Whether the public knows that something is not told.
    #[diesel(sql_type = st::Bool)]
    pub is_withheld: bool,
    /// Reports that differ from what was told.
    #[diesel(sql_type = st::BigInt)]
    pub concerned: i64,
    /// The differences, in the order of the counters.
    #[diesel(sql_type = st::Array<st::BigInt>)]
    pub counts: Vec<i64>,
    /// What is told of it so far, likewise.
    #[diesel(sql_type = st::Array<st::BigInt>)]
    pub before: Vec<i64>,
}

/// What differs from the layers in the months until `last`. A month that was never told differs by all its reports.
pub fn changes(conn: &mut PgConnection, last: NaiveDate) -> Result<Vec<Change>> {
    let each = |write: &dyn Fn(&str) -> String| COUNTERS.iter().map(|(name, _)| write(name)).collect::<Vec<_>>();
    let sums = each(&|name| format!("sum({name}) as {name}")).join(", ");
    let cells = each(&|name| if is_cell(name) { format!("sum({name})") } else { "0".to_owned() }).join(", ");
    let differs = each(&|name| format!("coalesce(k.{name}, 0) <> coalesce(s.{name}, 0)")).join(" or ");
    let counts = each(&|name| format!("coalesce(k.{name}, 0) - coalesce(s.{name}, 0)")).join(", ");
    let nothing = each(&|_| "0".to_owned()).join(", ");
    sql!(
        "with kept as (select * from activity_figures where territory_of = 'place' and grain = 'month' and starts_on <= {}),
         sealed as (select departement_code, starts_on, {} from figure_layers group by 1, 2),
         told as (select code as departement_code, starts_on, sum(withheld) as withheld, array[{}]::bigint[] as cells
            from public_figures where territory_of = 'departement' group by 1, 2),
         late as (select departement_code, starts_on, count(distinct report_id) as concerned from (
            select departement_code, starts_on, report_id from late_reports where starts_on <= {}
                group by 1, 2, 3, digest having sum(sign) <> 0) x group by 1, 2)
         select d.code as departement_code, d.region_code, m.starts_on, s.starts_on is not null as is_told,
            coalesce(t.withheld, 0) > 0 as is_withheld,
            case when s.starts_on is null then k.reports::bigint else coalesce(l.concerned, 0) end as concerned,
            array[{}]::bigint[] as counts, coalesce(t.cells, array[{}]::bigint[]) as before
         from (select departement_code, starts_on from kept union select departement_code, starts_on from sealed) m
            join departements d on d.code = m.departement_code
            left join kept k on k.departement_code = m.departement_code and k.starts_on = m.starts_on
            left join sealed s on s.departement_code = m.departement_code and s.starts_on = m.starts_on
            left join told t on t.departement_code = m.departement_code and t.starts_on = m.starts_on
            left join late l on l.departement_code = m.departement_code and l.starts_on = m.starts_on
         where {} order by 3, 1",
        last,
        Sql::raw(sums),
        Sql::raw(cells),
        last,
        Sql::raw(counts),
        Sql::raw(nothing),
        Sql::raw(differs)
    )
    .load(conn)
}

/// What the public may know of a territory's month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicRow {
    pub territory_of: &'static str,
    pub code: String,
    pub starts_on: NaiveDate,
    pub withheld: i32,
    pub hidden: Vec<String>,
    /// Of the counters only those that [`told_columns`] names.
    pub counts: Counts,
}

/// Counters that everybody may know, with what they are called among the public figures. All minutes are told together.
pub fn told_columns() -> impl Iterator<Item = &'static str> {
    let sums = ["reports", "participants", "returning_participants"];
    COUNTERS.iter().map(|(name, _)| *name).filter(move |name| sums.contains(name) || is_cell(name))
}

impl PublicRow {
    /// The row as it is kept, without what it shares with its edition.
    pub fn json(&self, edition: i32) -> Value {
        let mut row = json!({"edition": edition, "territory_of": self.territory_of, "code": self.code,
            "starts_on": self.starts_on, "withheld": self.withheld, "hidden": self.hidden,
            "minutes": MINUTES.iter().map(|name| self.counts.get(name)).sum::<i64>()});
        told_columns().for_each(|name| row[name] = json!(self.counts.get(name)));
        row
    }
}

const MINUTES: [&str; 3] = ["minutes_individuel", "minutes_collectif", "minutes_ponctuel"];

/// Writes layers, with what may be known of them. What differs from them counts from nothing again.
pub fn seal(conn: &mut PgConnection, edition: &Edition, layers: &[Change], rows: &[PublicRow]) -> Result<()> {
    let exact = layers.iter().map(|layer| {
        let mut row = json!({"edition": edition.number, "last_month": edition.last_month, "starts_on": layer.starts_on,
            "departement_code": layer.departement_code});
        COUNTERS.iter().zip(&layer.counts).for_each(|((name, _), count)| row[*name] = json!(count));
        row
    });
    let exact = Value::Array(exact.collect());
    let last_month = |mut row: Value| {
        row["last_month"] = json!(edition.last_month);
        row
    };
    let public = Value::Array(rows.iter().map(|row| last_month(row.json(edition.number))).collect());
    sql!("insert into figure_layers select * from jsonb_populate_recordset(null::figure_layers, {})", exact)
        .run(conn)?;
    sql!("insert into public_figures select * from jsonb_populate_recordset(null::public_figures, {})", public)
        .run(conn)?;
    sql!(
        "delete from late_reports r where exists (select from figure_layers l
            where l.departement_code = r.departement_code and l.starts_on = r.starts_on and l.edition = {})",
        edition.number
    )
    .run(conn)
    .map(|_| ())
}

/// What everybody may know of a scope, by key.
#[derive(QueryableByName)]
pub struct Told {
    #[diesel(sql_type = st::Text)]
    pub key: String,
    /// Whether a département and month that belongs here is not told.
    #[diesel(sql_type = st::Bool)]
    pub masked: bool,
    #[diesel(sql_type = st::Array<st::BigInt>)]
    pub counts: Vec<i64>,
}

/// Rows of a scope: the sums that are kept of it, or those of its parts where they are told apart.
fn rows(scope: &Scope, period: Period, key: Key, edition: &Edition) -> Option<Sql> {
    let territory = match (scope, key) {
        (Scope::Country, Key::Departement) => sql!("f.territory_of = 'departement'"),
        (Scope::Country, Key::Region) => sql!("f.territory_of = 'region'"),
        (Scope::Country, _) => sql!("f.territory_of = 'country'"),
        (Scope::Regions(_, codes), Key::Departement) => sql!(
            "f.territory_of = 'departement' and f.code = any(array(select d.code from departements d where d.region_code = any({})))",
            codes.clone()
        ),
        (Scope::Regions(_, codes), _) => sql!("f.territory_of = 'region' and f.code = any({})", codes.clone()),
        (Scope::Departements(_, codes), _) => {
            sql!("f.territory_of = 'departement' and f.code = any({})", codes.clone())
        }
        (Scope::People { .. } | Scope::Place(..) | Scope::Commune(..) | Scope::Epci { .. }, _) => return None,
    };
    Some(sql!(
        "{} and f.starts_on >= {} and f.starts_on <= {} and f.edition <= {}",
        territory,
        period.from,
        period.to,
        edition.number
    ))
}

/// The sums that everybody may know, by key, with the counters whose names begin with `of`.
pub fn told(
    conn: &mut PgConnection,
    edition: &Edition,
    scope: &Scope,
    period: Period,
    key: Key,
    of: &'static str,
) -> Result<Vec<Told>> {
    let Some(rows) = rows(scope, period, key, edition) else { return Ok(Vec::new()) };
    let name = match (key, scope) {
        (Key::Nothing, _) => "''",
        (Key::Month, _) => "to_char(f.starts_on, 'YYYY-MM')",
        (Key::Region, Scope::Departements(..)) => "(select d.region_code from departements d where d.code = f.code)",
        _ => "f.code",
    };
    let read = |counter: &str| match counter {
        _ if is_cell(counter) => !of.is_empty() && counter.starts_with(of),
        _ => told_columns().any(|name| name == counter),
    };
    let counts: Vec<String> = COUNTERS
        .iter()
        .map(|(name, _)| match *name {
            "minutes_individuel" => "coalesce(sum(f.minutes), 0)".to_owned(),
            name if read(name) => format!("coalesce(sum(f.{name}), 0)"),
            _ => "0".to_owned(),
        })
        .collect();
    sql!(
        "select {} as key, sum(f.withheld) > 0 as masked, array[{}]::bigint[] as counts from public_figures f where {} group by 1 order by 1",
        Sql::raw(name),
        Sql::raw(counts.join(", ")),
        rows
    )
    .load(conn)
}

/// Columns whose names begin with `of` of which something is not told.
pub fn hidden(
    conn: &mut PgConnection,
    edition: &Edition,
    scope: &Scope,
    period: Period,
    of: &'static str,
) -> Result<Vec<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::Text)]
        column: String,
    }
    let Some(rows) = rows(scope, period, Key::Nothing, edition) else { return Ok(Vec::new()) };
    let found: Vec<Row> = sql!(
        "select distinct h.name as \"column\" from public_figures f cross join lateral unnest(f.hidden) h (name)
         where {} and starts_with(h.name, {})",
        rows,
        of
    )
    .load(conn)?;
    Ok(found.into_iter().map(|row| row.column).collect())
}

/// A kept row as text, to be compared.
#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = st::Jsonb)]
    row: Value,
}

/// Every layer, oldest first, as the change that it was.
pub fn layers(conn: &mut PgConnection) -> Result<Vec<(i32, Change)>> {
    #[derive(QueryableByName)]
    struct Layer {
        #[diesel(sql_type = st::Integer)]
        edition: i32,
        #[diesel(embed)]
        change: Change,
    }
    let counts = COUNTERS.iter().map(|(name, _)| format!("l.{name}")).collect::<Vec<_>>().join(", ");
    let rows: Vec<Layer> = sql!(
        "select l.edition, l.departement_code, d.region_code, l.starts_on, false as is_told, false as is_withheld,
            0::bigint as concerned, array[{}]::bigint[] as counts, '{}'::bigint[] as before
         from figure_layers l join departements d on d.code = l.departement_code order by 1, 4, 2",
        Sql::raw(counts),
        Sql::raw("{}")
    )
    .load(conn)?;
    Ok(rows.into_iter().map(|layer| (layer.edition, layer.change)).collect())
}

/// Every row that the public reads, by edition.
pub fn public_rows(conn: &mut PgConnection) -> Result<Vec<Value>> {
    let rows: Vec<Kept> = sql!(
        "select to_jsonb(f) - 'last_month' as row from public_figures f order by edition, territory_of, code, starts_on"
    )
    .load(conn)?;
    Ok(rows.into_iter().map(|kept| kept.row).collect())
}

/// Départements and months that an edition keeps back, of the rows that the public reads.
pub fn withheld(rows: &[Value], edition: i32) -> Vec<(String, NaiveDate)> {
    let of = rows.iter().filter(|row| {
        row["edition"] == edition && row["territory_of"] == "departement" && row["withheld"].as_i64() == Some(1)
    });
    let key = |row: &Value| Some((row["code"].as_str()?.to_owned(), row["starts_on"].as_str()?.parse().ok()?));
    of.filter_map(key).collect()
}

/// The region of each département.
pub fn regions(conn: &mut PgConnection) -> Result<BTreeMap<String, String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::Text)]
        code: String,
        #[diesel(sql_type = st::Text)]
        region_code: String,
    }
    let rows: Vec<Row> = sql!("select code, region_code from departements").load(conn)?;
    Ok(rows.into_iter().map(|row| (row.code, row.region_code)).collect())
}
