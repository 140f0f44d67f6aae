//! SQL of what the activity adds up to. Whole months come from the figures by month; the days around them from those by day,
//! or from the reports themselves where they are few.

use chrono::{Datelike, Months, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types as st;

use crate::features::activity::model::TerritoryOf;
use crate::features::activity::model::counters::{COUNTERS, Counts};
use crate::platform::auth::{Reach, Territory};
use crate::platform::codes::{CommuneCode, DepartementCode, EpciSiren, RegionCode};
use crate::platform::db::lies::{in_commune, in_epci};
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{CounsellorId, PlaceId, StructureId};
use crate::sql;

/// Civil days, the last one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// Days side by side: from the first until before the last.
type Days = (NaiveDate, NaiveDate);

impl Period {
    fn end(self) -> NaiveDate {
        self.to.succ_opt().unwrap_or(self.to)
    }

    /// The whole months within, and the days before and after them.
    pub fn parts(self) -> (Option<Days>, Vec<Days>) {
        let month = |day: NaiveDate| day.with_day(1).unwrap_or(day);
        let first = match self.from.day() {
            1 => self.from,
            _ => month(self.from).checked_add_months(Months::new(1)).unwrap_or(self.from),
        };
        let last = month(self.end());
        if self.from > self.to {
            return (None, Vec::new());
        }
        if first >= last {
            return (None, vec![(self.from, self.end())]);
        }
        let around = [(self.from, first), (last, self.end())];
        (Some((first, last)), around.into_iter().filter(|(from, to)| from < to).collect())
    }

    pub fn is_whole_months(self) -> bool {
        self.from.day() == 1 && self.end().day() == 1
    }
}

/// Whose reports count.
#[derive(Clone, Debug, PartialEq)]
pub enum Scope {
    Country,
    Departements(TerritoryOf, Vec<DepartementCode>),
    Regions(TerritoryOf, Vec<RegionCode>),
    /// Counsellors and structures: of a structure, of a counsellor, of a territory's structures.
    People {
        structure: Option<StructureId>,
        counsellor: Option<CounsellorId>,
        departements: Option<Vec<DepartementCode>>,
        regions: Option<Vec<RegionCode>>,
    },
    Place(PlaceId, Option<StructureId>, Option<CounsellorId>),
    Commune(CommuneCode, Option<StructureId>, Option<CounsellorId>),
    /// Of an intercommunal body what lies within the reach.
    Epci {
        siren: EpciSiren,
        reach: Reach,
        structure: Option<StructureId>,
        counsellor: Option<CounsellorId>,
    },
}

/// What the answer has a row for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Nothing,
    Month,
    Departement,
    Region,
    Structure,
    Counsellor,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = st::Text)]
    key: String,
    #[diesel(sql_type = st::Array<st::BigInt>)]
    counts: Vec<i64>,
}

/// Where numbers are taken from.
enum Source {
    /// Rows that hold counters.
    Figures,
    /// Reports, of which counters are made.
    Reports,
}

/// A part of the numbers: a table and its condition.
struct Piece {
    key: String,
    source: Source,
    tables: Sql,
    condition: Sql,
}

/// Prefixes of the counters of a breakdown; the others are sums.
const BREAKDOWNS: [&str; 7] = ["channel_", "band_", "age_", "status_", "theme_", "mission_", "body_"];

/// The counters that are read: the sums, and those of one breakdown. A row has many, and each that is read costs.
fn wanted(of: &'static str) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    COUNTERS.iter().map(move |(name, sql)| {
        let read =
            (!of.is_empty() && name.starts_with(of)) || !BREAKDOWNS.iter().any(|prefix| name.starts_with(prefix));
        (*name, read.then_some(*sql))
    })
}

fn listed(of: &'static str, write: impl Fn(&str, &str) -> String) -> String {
    let written: Vec<String> = wanted(of).filter_map(|(name, sql)| Some(write(name, sql?))).collect();
    written.join(", ")
}

/// One array of all counters, those that are not read being 0.
fn array(of: &'static str, write: impl Fn(&str) -> String) -> String {
    let written: Vec<String> =
        wanted(of).map(|(name, sql)| if sql.is_some() { write(name) } else { "0".to_owned() }).collect();
    format!("array[{}]::bigint[]", written.join(", "))
}

/// The numbers of a scope over a period, by key: the sums, and the counters whose names begin with `of`. Read as the service
/// itself: the caller has been admitted to the scope.
pub fn read(
    conn: &mut PgConnection,
    scope: &Scope,
    period: Period,
    key: Key,
    of: &'static str,
) -> Result<Vec<(String, Counts)>> {
    let pieces = match scope {
        Scope::Country | Scope::Departements(..) | Scope::Regions(..) => {
            let apart = matches!(key, Key::Departement | Key::Region);
            territory(scope, apart).map(|condition| territories(&condition, period, key)).unwrap_or_default()
        }
        Scope::People { structure, counsellor, departements, regions } => {
            let mut conditions = vec![Sql::raw("true")];
            conditions.extend(structure.map(|id| sql!("f.structure_id = {}", id)));
            conditions.extend(counsellor.map(|id| sql!("f.counsellor_id = {}", id)));
            conditions.extend(departements.clone().map(|codes| sql!("s.departement_code = any({})", codes)));
            conditions.extend(regions.clone().map(|codes| sql!("s.region_code = any({})", codes)));
            people(&Sql::join(conditions, " and "), period, key, departements.is_some() || regions.is_some())
        }
        Scope::Place(id, structure, counsellor) => {
            vec![reports(
                narrow(sql!("f.place_id = {}", *id), *structure, *counsellor),
                (period.from, period.end()),
                key,
                false,
            )]
        }
        Scope::Commune(code, structure, counsellor) => {
            vec![reports(
                narrow(in_commune("f.commune_code", code), *structure, *counsellor),
                (period.from, period.end()),
                key,
                false,
            )]
        }
        Scope::Epci { siren, reach, structure, counsellor } => {
            let there = Sql::join([in_epci("f.commune_code", siren), placed_within(reach)], " and ");
            vec![reports(narrow(there, *structure, *counsellor), (period.from, period.end()), key, false)]
        }
    };
    if pieces.is_empty() {
        return Ok(if key == Key::Nothing { vec![(String::new(), Counts::zero())] } else { Vec::new() });
    }
    let pieces = pieces.into_iter().map(|piece| {
        sql!(
            "select {} as key, {} from {} where {}",
            Sql::raw(piece.key),
            Sql::raw(match piece.source {
                Source::Figures => listed(of, |name, _| format!("f.{name}")),
                Source::Reports => listed(of, |name, sql| format!("{sql} as {name}")),
            }),
            piece.tables,
            piece.condition
        )
    });
    let grouped = if key == Key::Nothing { "" } else { " group by x.key order by x.key" };
    let first = if key == Key::Nothing { "''" } else { "x.key" };
    let rows: Vec<Row> = sql!(
        "select {}::text as key, {} as counts from ({}) x{}",
        Sql::raw(first),
        Sql::raw(array(of, |name| format!("coalesce(sum(x.{name}), 0)"))),
        Sql::join(pieces, " union all "),
        Sql::raw(grouped)
    )
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.key, Counts(row.counts))).collect())
}

/// Which figures by territory are a scope's; none where figures are not kept so. Those of the country are kept as well as those
/// of its départements.
fn territory(scope: &Scope, apart: bool) -> Option<Sql> {
    match scope {
        Scope::Country if apart => Some(sql!("f.territory_of = 'place'")),
        Scope::Country => Some(sql!("f.territory_of = 'country' and f.departement_code = ''")),
        Scope::Departements(of, codes) => {
            Some(sql!("f.territory_of = {} and f.departement_code = any({})", of.to_string(), codes.clone()))
        }
        Scope::Regions(of, codes) => {
            Some(sql!("f.territory_of = {} and f.departement_code = any({})", of.to_string(), departements(codes)))
        }
        Scope::People { .. } | Scope::Place(..) | Scope::Commune(..) | Scope::Epci { .. } => None,
    }
}

/// Whether an activity took place within the territory of who asks.
fn placed_within(reach: &Reach) -> Sql {
    match reach {
        Reach::Territory(Territory::Departement(code)) => sql!("f.place_departement_code = {}", code),
        Reach::Territory(Territory::Region(code)) => {
            sql!("f.place_departement_code = any({})", departements(&[code.as_str().into()]))
        }
        _ => Sql::raw("true"),
    }
}

/// The départements of regions, as an array.
fn departements(regions: &[RegionCode]) -> Sql {
    sql!("array(select d.code from departements d where d.region_code = any({}))", regions.to_vec())
}

fn territory_key(key: Key) -> String {
    match key {
        Key::Nothing => "''",
        Key::Month => "to_char(f.starts_on, 'YYYY-MM')",
        Key::Region => "(select d.region_code from departements d where d.code = f.departement_code)",
        Key::Departement | Key::Structure | Key::Counsellor => "f.departement_code",
    }
    .to_owned()
}

fn narrow(condition: Sql, structure: Option<StructureId>, counsellor: Option<CounsellorId>) -> Sql {
    let mut conditions = vec![condition];
    conditions.extend(structure.map(|id| sql!("f.structure_id = {}", id)));
    conditions.extend(counsellor.map(|id| sql!("f.counsellor_id = {}", id)));
    Sql::join(conditions, " and ")
}

fn territories(condition: &Sql, period: Period, key: Key) -> Vec<Piece> {
    let (months, days) = period.parts();
    let key_text = territory_key(key);
    let months = months.map(|range| ("month", range));
    months
        .into_iter()
        .chain(days.into_iter().map(|range| ("day", range)))
        .map(|(grain, (from, to))| Piece {
            key: key_text.clone(),
            tables: Sql::raw("activity_figures f"),
            source: Source::Figures,
            condition: sql!(
                "{} and f.grain = {} and f.starts_on >= {} and f.starts_on < {}",
                condition.clone(),
                grain,
                from,
                to
            ),
        })
        .collect()
}

fn people_key(key: Key, day: &str) -> String {
    match key {
        Key::Month => format!("to_char(f.{day}, 'YYYY-MM')"),
        Key::Structure => "f.structure_id::text".to_owned(),
        Key::Counsellor => "f.counsellor_id::text".to_owned(),
        Key::Departement => "(select x.departement_code from structures x where x.id = f.structure_id)".to_owned(),
        Key::Region => "(select x.region_code from structures x where x.id = f.structure_id)".to_owned(),
        Key::Nothing => "''".to_owned(),
    }
}

fn people(condition: &Sql, period: Period, key: Key, placed: bool) -> Vec<Piece> {
    let (months, days) = period.parts();
    let mut pieces: Vec<Piece> = days.into_iter().map(|range| reports(condition.clone(), range, key, placed)).collect();
    pieces.extend(months.map(|(from, to)| Piece {
        key: people_key(key, "starts_on"),
        tables: joined("counsellor_figures f", placed),
        source: Source::Figures,
        condition: sql!("{} and f.starts_on >= {} and f.starts_on < {}", condition.clone(), from, to),
    }));
    pieces
}

fn joined(table: &'static str, placed: bool) -> Sql {
    if placed { sql!("{} join structures s on s.id = f.structure_id", Sql::raw(table)) } else { Sql::raw(table) }
}

fn reports(condition: Sql, (from, to): Days, key: Key, placed: bool) -> Piece {
    let day = "held_on";
    let key = match key {
        Key::Departement => "f.place_departement_code".to_owned(),
        Key::Region => "(select d.region_code from departements d where d.code = f.place_departement_code)".to_owned(),
        other => people_key(other, day),
    };
    Piece {
        key,
        tables: sql!("{} cross join lateral (select f.*) r", joined("activity_reports f", placed)),
        source: Source::Reports,
        condition: sql!(
            "{} and f.deleted_at is null and not f.uncovered and f.held_on >= {} and f.held_on < {}",
            condition,
            from,
            to
        ),
    }
}

/// A name for a key: of a structure, of a counsellor.
pub fn names_of(conn: &mut PgConnection, key: Key, ids: Vec<uuid::Uuid>) -> Result<Vec<(String, String)>> {
    #[derive(QueryableByName)]
    struct Named {
        #[diesel(sql_type = st::Text)]
        id: String,
        #[diesel(sql_type = st::Text)]
        name: String,
    }
    let rows: Vec<Named> = match key {
        Key::Structure => sql!("select id::text as id, name from structures where id = any({})", ids).load(conn)?,
        Key::Counsellor => {
            sql!("select id::text as id, reference as name from counsellors where id = any({})", ids).load(conn)?
        }
        _ => Vec::new(),
    };
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Codes and names of every département, with its region; or of every region.
pub fn territory_names(conn: &mut PgConnection, key: Key) -> Result<Vec<(String, String)>> {
    #[derive(QueryableByName)]
    struct Named {
        #[diesel(sql_type = st::Text)]
        code: String,
        #[diesel(sql_type = st::Text)]
        name: String,
    }
    let table = if key == Key::Region { "regions" } else { "departements" };
    let rows: Vec<Named> = sql!("select code, name from {} order by code", Sql::raw(table)).load(conn)?;
    Ok(rows.into_iter().map(|row| (row.code, row.name)).collect())
}

/// The départements of a region.
pub fn departements_of(conn: &mut PgConnection, region: &str) -> Result<Vec<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::Text)]
        code: String,
    }
    let rows: Vec<Row> =
        sql!("select code from departements where region_code = {} order by code", region).load(conn)?;
    Ok(rows.into_iter().map(|row| row.code).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_is_its_whole_months_and_the_days_around_them() {
        for from in 0..100 {
            for length in 0..120 {
                let from = day("2023-12-15") + chrono::TimeDelta::days(from);
                let period = Period { from, to: from + chrono::TimeDelta::days(length) };
                let (months, days) = period.parts();
                let mut ranges: Vec<Days> = months.into_iter().chain(days.clone()).collect();
                ranges.sort_unstable();
                assert_eq!((ranges[0].0, ranges[ranges.len() - 1].1), (period.from, period.end()), "{period:?}");
                assert!(ranges.windows(2).all(|pair| pair[0].1 == pair[1].0), "{period:?}");
                assert!(months.is_none_or(|(from, to)| from.day() == 1 && to.day() == 1 && from < to), "{period:?}");
                assert!(days.iter().map(|(from, to)| (*to - *from).num_days()).sum::<i64>() <= 60, "{period:?}");
            }
        }
        assert_eq!(Period { from: day("2024-02-01"), to: day("2024-01-31") }.parts(), (None, Vec::new()));
    }
}
