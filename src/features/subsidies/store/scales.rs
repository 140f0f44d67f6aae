//! SQL of the scales. Rows are only ever added.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;

use crate::features::posts::model::Phase;
use crate::features::subsidies::model::{Category, PlanLine, ScaleTerritory};
use crate::platform::codes::DepartementCode;
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::{subsidy_scale_instalments, subsidy_scales};
use crate::platform::db::sql::Sql;
use crate::platform::db::text_enum::TextEnum;
use crate::platform::error::{Problem, Result};
use crate::platform::ids::{SubsidyScaleId, uuids};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = subsidy_scales)]
pub struct Scale {
    pub id: SubsidyScaleId,
    pub reference: String,
    pub phase: Phase,
    pub category: Category,
    pub bonus: bool,
    pub territory: ScaleTerritory,
    pub months: i32,
    pub amount_cents: i64,
    pub valid_from: NaiveDate,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    /// Codes, where the territory lists them.
    #[diesel(sql_type = st::Array<st::Text>)]
    pub departement_codes: Vec<DepartementCode>,
}

/// One line of a plan.
#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = subsidy_scale_instalments)]
pub struct PlanRow {
    pub scale_id: SubsidyScaleId,
    pub rank: i32,
    pub amount_cents: i64,
    pub conditions: Vec<String>,
    pub months_elapsed: i32,
}

impl PlanRow {
    pub fn line(&self) -> Result<PlanLine> {
        Ok(PlanLine {
            rank: self.rank,
            amount_cents: self.amount_cents,
            conditions: parse_all(&self.conditions)?,
            months_elapsed: self.months_elapsed,
        })
    }
}

/// Codes of a column that holds a list of them.
pub fn parse_all<T: TextEnum>(codes: &[String]) -> Result<Vec<T>> {
    let unknown = |code: &String| Problem::internal(format!("unknown {}: {code}", T::NAME));
    codes.iter().map(|code| T::parse(code).ok_or_else(|| unknown(code))).collect()
}

sortable! {
    /// Sort keys of scales.
    pub enum ScaleSort {
        "valid_from" = "b.valid_from"::"date",
        "updated_at" = "b.updated_at"::"timestamptz",
        "reference" = "b.reference"::"text",
    }
}

/// What scales are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub phase: Option<Phase>,
    pub category: Option<Category>,
    pub in_force_on: Option<NaiveDate>,
    pub departements: Option<Vec<DepartementCode>>,
    pub updated_since: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "b.*, case b.territory when 'departements' then \
    array(select z.zone from subsidy_scale_zones z where z.scale_id = b.id order by z.zone) else '{}' end as departement_codes";

pub fn list(conn: &mut PgConnection, search: &Search, page: &PageSpec) -> Result<Rows<Scale>> {
    let zones = search
        .departements
        .as_ref()
        .map(|codes| codes.iter().flat_map(|code| ScaleTerritory::zones(code)).collect::<Vec<_>>());
    Listing::new(COLUMNS, Sql::raw("subsidy_scales b"), "b.id", "uuid")
        .filter_some(search.phase, |phase| sql!("b.phase = {}", phase))
        .filter_some(search.category, |category| sql!("b.category = {}", category))
        .filter_some(zones, |zones| {
            sql!("exists (select from subsidy_scale_zones z where z.scale_id = b.id and z.zone = any({}))", zones)
        })
        .filter_some(search.in_force_on, |day| {
            sql!(
                "exists (select from subsidy_scale_zones z where z.scale_id = b.id and z.valid_from <= {}
                    and not exists (select from subsidy_scale_zones n where n.phase = z.phase and n.category = z.category
                        and n.bonus = z.bonus and n.zone = z.zone and n.valid_from > z.valid_from and n.valid_from <= {}))",
                day,
                day
            )
        })
        .filter_some(search.updated_since, |since| sql!("b.updated_at >= {}", since))
        .page(conn, page)
}

pub fn find(conn: &mut PgConnection, id: SubsidyScaleId) -> Result<Option<Scale>> {
    sql!("select {} from subsidy_scales b where b.id = {}", Sql::raw(COLUMNS), id).first(conn)
}

/// The scale in force on a day in a département: of the most particular zone that has one.
pub fn in_force(
    conn: &mut PgConnection,
    phase: Phase,
    category: Category,
    bonus: bool,
    departement: &str,
    on: NaiveDate,
) -> Result<Option<Scale>> {
    sql!(
        "select {} from subsidy_scales b join subsidy_scale_zones z on z.scale_id = b.id
         where z.phase = {} and z.category = {} and z.bonus = {} and z.zone = any({}) and z.valid_from <= {}
         order by array_position({}, z.zone), z.valid_from desc limit 1",
        Sql::raw(COLUMNS),
        phase,
        category,
        bonus,
        ScaleTerritory::zones(departement),
        on,
        ScaleTerritory::zones(departement)
    )
    .first(conn)
}

/// The plans of scales, by rank.
pub fn plans(conn: &mut PgConnection, scales: &[SubsidyScaleId]) -> Result<Vec<PlanRow>> {
    let ids = uuids(scales);
    sql!("select i.* from subsidy_scale_instalments i where i.scale_id = any({}) order by i.scale_id, i.rank", ids)
        .load(conn)
}

/// A scale to be written.
pub struct NewRow {
    pub id: SubsidyScaleId,
    pub phase: Phase,
    pub category: Category,
    pub bonus: bool,
    pub territory: ScaleTerritory,
    pub zones: Vec<String>,
    pub months: i32,
    pub valid_from: NaiveDate,
    pub plan: Vec<PlanLine>,
}

pub fn insert(tx: &mut Tx<'_>, row: &NewRow) -> Result<()> {
    sql!(
        "insert into subsidy_scales (id, phase, category, bonus, territory, months, amount_cents, valid_from)
         values ({}, {}, {}, {}, {}, {}, {}, {})",
        row.id,
        row.phase,
        row.category,
        row.bonus,
        row.territory,
        row.months,
        row.plan.iter().map(|line| line.amount_cents).sum::<i64>(),
        row.valid_from
    )
    .run(tx.conn())?;
    sql!(
        "insert into subsidy_scale_zones (scale_id, zone, phase, category, bonus, valid_from)
         select {}, zone, {}, {}, {}, {} from unnest({}) as zone",
        row.id,
        row.phase,
        row.category,
        row.bonus,
        row.valid_from,
        row.zones.clone()
    )
    .run(tx.conn())?;
    for line in &row.plan {
        sql!(
            "insert into subsidy_scale_instalments (scale_id, rank, amount_cents, conditions, months_elapsed)
             values ({}, {}, {}, {}, {})",
            row.id,
            line.rank,
            line.amount_cents,
            line.conditions.clone(),
            line.months_elapsed
        )
        .run(tx.conn())?;
    }
    Ok(())
}
