//! Keeps the figures in step with the reports, in the same statement that writes them.

use std::sync::OnceLock;

use diesel::PgConnection;

use crate::features::activity::model::counters::COUNTERS;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::sql;

/// The columns of the figures.
pub fn columns() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| COUNTERS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "))
}

/// The territories, periods and slots in which a report `r` counts. Sixteen slots hold the country, so that writers of
/// different counsellors do not wait for each other.
const PLACES: &str = "(values
    ('country', '', 'day', r.held_on, ('x' || right(r.counsellor_id::text, 1))::bit(4)::int),
    ('country', '', 'month', date_trunc('month', r.held_on)::date, ('x' || right(r.counsellor_id::text, 1))::bit(4)::int),
    ('place', r.place_departement_code, 'day', r.held_on, 0),
    ('place', r.place_departement_code, 'month', date_trunc('month', r.held_on)::date, 0),
    ('structure', r.structure_departement_code, 'day', r.held_on, 0),
    ('structure', r.structure_departement_code, 'month', date_trunc('month', r.held_on)::date, 0)
    ) t (territory_of, departement_code, grain, starts_on, slot)";

/// What each row `r` adds, `sign` times: made once, summed several times.
fn counted() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        COUNTERS.iter().map(|(name, sql)| format!("r.sign * ({sql}) as {name}")).collect::<Vec<_>>().join(", ")
    })
}

/// Sums of what the rows add.
fn sums() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| COUNTERS.iter().map(|(name, _)| format!("sum(r.{name})::int")).collect::<Vec<_>>().join(", "))
}

/// Rows of `reports` (each with a `sign`) with their keys and what they add.
fn additions_of(reports: &str) -> String {
    format!(
        "select r.structure_id, r.counsellor_id, r.held_on, r.place_departement_code, r.structure_departement_code, {}
         from {reports} r where r.deleted_at is null and not r.uncovered",
        counted()
    )
}

fn additions(table: &str) -> String {
    COUNTERS.iter().map(|(name, _)| format!("{name} = {table}.{name} + excluded.{name}")).collect::<Vec<_>>().join(", ")
}

/// What the counters make of a report `r`, as one word.
fn digest() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let counted = COUNTERS.iter().map(|(_, sql)| format!("({sql})::bigint")).collect::<Vec<_>>().join(", ");
        format!("md5(array[{counted}]::text)")
    })
}

/// Adds the rows of the expression `moved` (reports with a `sign`) to the figures, and notes those whose month has passed. Rows of figures are taken in one order,
/// whoever writes: nobody waits in a circle.
fn addition() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        format!(
            "counted as ({counted}),
             people as (insert into counsellor_figures (structure_id, counsellor_id, starts_on, {columns})
                select r.structure_id, r.counsellor_id, date_trunc('month', r.held_on)::date, {sums}
                from counted r group by 1, 2, 3 order by 2, 1, 3
                on conflict (counsellor_id, structure_id, starts_on) do update set {people}),
             late as (insert into late_reports (departement_code, starts_on, report_id, sign, digest)
                select r.place_departement_code, date_trunc('month', r.held_on)::date, r.id, r.sign, {digest}
                from moved r where r.deleted_at is null and not r.uncovered
                    and r.held_on < date_trunc('month', conum_now() at time zone 'Europe/Paris')::date)
             insert into activity_figures (territory_of, departement_code, grain, starts_on, slot, {columns})
                select t.territory_of, t.departement_code, t.grain, t.starts_on, t.slot, {sums}
                from counted r cross join lateral {PLACES}
                group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
                on conflict (territory_of, departement_code, grain, starts_on, slot) do update set {territories}",
            counted = additions_of("moved"),
            digest = digest(),
            columns = columns(),
            sums = sums(),
            people = additions("counsellor_figures"),
            territories = additions("activity_figures"),
        )
    })
}

/// Runs what writes reports and counts them: `gone` gives the rows as they were, `come` as they are from now on.
pub fn write(conn: &mut PgConnection, gone: Option<Sql>, come: Sql) -> Result<()> {
    let statement = match gone {
        Some(gone) => sql!(
            "with gone as materialized ({}), come as ({}),
             moved as (select -1 as sign, g.* from gone g union all select 1 as sign, c.* from come c), {}",
            gone,
            come,
            Sql::raw(addition())
        ),
        None => {
            sql!("with come as ({}), moved as (select 1 as sign, c.* from come c), {}", come, Sql::raw(addition()))
        }
    };
    statement.run(conn).map(|_| ())
}

/// The figures as the reports themselves give them, for the rebuilding and the comparison.
fn recount_territories(which: &str) -> String {
    format!(
        "select t.territory_of, t.departement_code, t.grain, t.starts_on, t.slot, {sums}
         from ({reports}) r cross join lateral {PLACES} where {which} group by 1, 2, 3, 4, 5",
        reports = additions_of("(select 1 as sign, x.* from activity_reports x)"),
        sums = sums()
    )
}

fn recount_counsellors() -> String {
    format!(
        "select r.structure_id, r.counsellor_id, date_trunc('month', r.held_on)::date as starts_on, {sums}
         from ({reports}) r group by 1, 2, 3",
        reports = additions_of("(select 1 as sign, x.* from activity_reports x)"),
        sums = sums()
    )
}

const TERRITORY_KEY: &str = "territory_of, departement_code, grain, starts_on, slot";
const COUNSELLOR_KEY: &str = "structure_id, counsellor_id, starts_on";

/// Counting millions takes longer than a request may.
fn unhurried(conn: &mut PgConnection) -> Result<()> {
    sql!("set local statement_timeout = 0").run(conn).map(|_| ())
}

/// Makes all figures anew from the reports. Writers wait meanwhile.
pub fn rebuild(conn: &mut PgConnection) -> Result<()> {
    unhurried(conn)?;
    sql!("lock table activity_reports in share mode").run(conn)?;
    sql!("lock table activity_figures, counsellor_figures in exclusive mode").run(conn)?;
    sql!("delete from activity_figures").run(conn)?;
    sql!("delete from counsellor_figures").run(conn)?;
    let of = |table: &str, key: &str, recount: &str| {
        Sql::raw(format!("insert into {table} ({key}, {}) {recount}", columns()))
    };
    of("counsellor_figures", COUNSELLOR_KEY, &recount_counsellors()).run(conn)?;
    // Days from the reports; months are the sums of their days.
    // As they come about: those of a day side by side.
    let days = format!("{} order by 4, 1, 2, 5", recount_territories("t.grain = 'day'"));
    of("activity_figures", TERRITORY_KEY, &days).run(conn)?;
    let sums = COUNTERS.iter().map(|(name, _)| format!("sum({name})::int")).collect::<Vec<_>>().join(", ");
    let months = format!(
        "select territory_of, departement_code, 'month', date_trunc('month', starts_on)::date, slot, {sums}
         from activity_figures where grain = 'day' group by 1, 2, 3, 4, 5 order by 4, 1, 2, 5"
    );
    of("activity_figures", TERRITORY_KEY, &months).run(conn)?;
    Ok(())
}

/// Rows of figures that differ from what the reports give: each table with how many.
pub fn drift(conn: &mut PgConnection) -> Result<Vec<(&'static str, i64)>> {
    unhurried(conn)?;
    let mut found = Vec::new();
    for (table, key, recount) in [
        ("activity_figures", TERRITORY_KEY, recount_territories("true")),
        ("counsellor_figures", COUNSELLOR_KEY, recount_counsellors()),
    ] {
        let nonzero = COUNTERS.iter().map(|(name, _)| format!("{name} <> 0")).collect::<Vec<_>>().join(" or ");
        let kept = format!("select {key}, {} from {table} where {nonzero}", columns());
        let counted = format!("select * from ({recount}) x ({key}, {})", columns());
        let text = format!(
            "select count(*) as n from (({kept} except all {counted}) union all ({counted} except all {kept})) d"
        );
        found.push((table, Sql::raw(text).count(conn)?));
    }
    Ok(found)
}
