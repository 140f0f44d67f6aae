//! SQL of what waits.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use super::model::{KINDS, Kind};
use crate::platform::auth::{Actor, Reach};
use crate::platform::codes::DepartementCode;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::sql::Sql;
use crate::platform::error::{Problem, Result};
use crate::platform::ids::StructureId;
use crate::{sortable, sql};

/// Something that waits.
#[derive(Clone, Debug, QueryableByName)]
pub struct Task {
    #[diesel(sql_type = st::Text)]
    pub operation: String,
    #[diesel(sql_type = st::Text)]
    pub resource: String,
    #[diesel(sql_type = st::Uuid)]
    pub resource_id: Uuid,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub reference: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Uuid>)]
    pub structure_id: Option<StructureId>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub structure_name: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub departement_code: Option<DepartementCode>,
    #[diesel(sql_type = st::Timestamptz)]
    pub since_at: DateTime<Utc>,
    #[diesel(sql_type = st::Nullable<st::Date>)]
    pub until_on: Option<NaiveDate>,
}

/// How many of a kind wait.
#[derive(Clone, Debug, QueryableByName)]
pub struct Count {
    #[diesel(sql_type = st::Text)]
    pub operation: String,
    #[diesel(sql_type = st::BigInt)]
    pub count: i64,
    #[diesel(sql_type = st::BigInt)]
    pub overdue_count: i64,
}

sortable! {
    /// Sort keys of tasks.
    pub enum TaskSort {
        "until_on" = "coalesce(t.until_on, 'infinity'::date)"::"date",
        "since_at" = "t.since_at"::"timestamptz",
    }
}

/// For whom.
pub struct Asked<'a> {
    pub actor: &'a Actor,
    pub reach: Reach,
    pub today: NaiveDate,
    pub kinds: Vec<&'static Kind>,
}

const COLUMNS: &str = "t.operation, t.resource, t.resource_id, t.reference, t.structure_id, t.structure_name, \
    t.departement_code, t.since_at, t.until_on";

pub fn list(conn: &mut PgConnection, asked: &Asked<'_>, page: &PageSpec) -> Result<Rows<Task>> {
    let list = Listing::new(COLUMNS, sql!("({}) t", all(asked)?), "t.operation || ' ' || t.resource_id::text", "text");
    list.page(conn, page)
}

pub fn counts(conn: &mut PgConnection, asked: &Asked<'_>) -> Result<Vec<Count>> {
    sql!(
        "select t.operation, count(*) as count, count(*) filter (where t.until_on < {}) as overdue_count
         from ({}) t group by t.operation order by t.operation",
        asked.today,
        all(asked)?
    )
    .load(conn)
}

/// All that waits, of these kinds.
fn all(asked: &Asked<'_>) -> Result<Sql> {
    let nothing = sql!(
        "select ''::text as operation, ''::text as resource, null::uuid as resource_id, null::text as reference,
            null::uuid as structure_id, null::text as structure_name, null::text as departement_code,
            now() as since_at, null::date as until_on where false"
    );
    let of = |kind: &&'static Kind| {
        Ok(sql!("select {}, {}, w.* from ({}) w", kind.name(), kind.resource, waiting(kind.name(), asked)?))
    };
    let parts: Vec<Sql> = asked.kinds.iter().map(of).collect::<Result<_>>()?;
    Ok(Sql::join(std::iter::once(nothing).chain(parts), " union all "))
}

/// What waits of one kind: identifier, reference, structure, its name and département, since when, until when.
fn waiting(operation: &str, asked: &Asked<'_>) -> Result<Sql> {
    let (today, over) = (asked.today, Reach::over(&asked.reach, "s"));
    Ok(match operation {
        "submit_application" => {
            of_structure("applications x", "x.created_at", "null::date", sql!("x.status = 'draft' and {}", over))
        }
        "give_opinion" => of_structure(
            "applications x",
            "coalesce(x.submitted_at, x.created_at)",
            "(select min(c.held_on) from committees c where c.status = 'preparation')",
            sql!(
                "x.status = 'submitted' and not exists (select from opinions o where o.application_id = x.id) and {}",
                over
            ),
        ),
        "open_committee" => of_country(
            "committees x",
            "x.created_at",
            "x.held_on",
            sql!("x.status = 'preparation' and x.held_on <= {}", today),
        ),
        "close_committee" => of_country(
            "committees x",
            "coalesce(x.opened_at, x.created_at)",
            "x.held_on",
            Sql::raw("x.status = 'in_session'"),
        ),
        "submit_recruitment" => of_structure(
            "posts x",
            "x.updated_at",
            "x.recruitment_deadline",
            sql!("x.status = 'vacant' and x.available and {}", over),
        ),
        "take_back_post" => of_structure(
            "posts x",
            "x.updated_at",
            "x.recruitment_deadline",
            sql!("x.status = 'vacant' and x.available and x.recruitment_deadline < {} and {}", today, over),
        ),
        "accept_post_return" => {
            of_post("post_returns x", "x.created_at", "null::date", sql!("x.status = 'requested' and {}", over))
        }
        _ => return hiring(operation, asked),
    })
}

/// The same of matches, contracts and training.
fn hiring(operation: &str, asked: &Asked<'_>) -> Result<Sql> {
    let over = Reach::over(&asked.reach, "s");
    Ok(match operation {
        "accept_match" => of_structure(
            "matches x",
            "x.created_at",
            "x.expires_on",
            sql!("x.status = 'proposed' and {}", own_side(asked.actor)),
        ),
        "record_meeting" => {
            of_structure("matches x", "x.updated_at", "null::date", sql!("x.status = 'mutual' and {}", over))
        }
        "select_match" => {
            of_structure("matches x", "x.updated_at", "null::date", sql!("x.status = 'met' and {}", over))
        }
        "validate_recruitment" => {
            of_structure("recruitments x", "x.created_at", "x.starts_on", sql!("x.status = 'submitted' and {}", over))
        }
        "terminate_recruitment" => of_structure(
            "recruitments x",
            "x.termination_requested_at",
            "x.terminates_on",
            sql!("x.status = 'validated' and x.termination_requested_at is not null and {}", over),
        ),
        "validate_extension" => of_contract(
            "extensions x",
            "x.created_at",
            "x.previous_ends_on",
            sql!("x.status = 'requested' and {}", over),
        ),
        "confirm_enrolment" => of_structure(
            "enrolments x",
            "x.created_at",
            "x.starts_on",
            sql!("x.status = 'proposed' and {}", trained_by(asked.actor)),
        ),
        _ => return money(operation, asked),
    })
}

/// The same of what is agreed, paid and reported.
fn money(operation: &str, asked: &Asked<'_>) -> Result<Sql> {
    let over = Reach::over(&asked.reach, "s");
    Ok(match operation {
        "set_bank_details" => sql!(
            "select s.id, s.reference, s.id, s.name, s.departement_code,
                (select min(a.created_at) from agreements a where a.structure_id = s.id and a.status in ('draft', 'under_instruction', 'signed')),
                null::date
             from structures s where {} and not exists (select from bank_details b where b.structure_id = s.id)
                and exists (select from agreements a where a.structure_id = s.id and a.status in ('draft', 'under_instruction', 'signed'))",
            over
        ),
        "instruct_agreement" => of_structure("agreements x", "x.created_at", "null::date", sql!("x.status = 'draft' and {}", over)),
        "sign_agreement" => of_structure(
            "agreements x",
            "coalesce(x.instructed_at, x.created_at)",
            "null::date",
            sql!("x.status = 'under_instruction' and {}", over),
        ),
        "create_payment_batch" => of_structure("instalments x", "x.updated_at", "x.due_on", sql!("x.status = 'due' and {}", over)),
        "record_payment_results" => of_country("payment_batches x", "x.created_at", "x.execution_on", Sql::raw("x.status = 'ordered'")),
        "repay_credit_note" => of_structure("credit_notes x", "x.created_at", "null::date", sql!("x.status = 'issued' and {}", over)),
        "create_activity_report" => {
            let Actor::Counsellor(id) = asked.actor else { return Err(Problem::internal("reports are a counsellor's own")) };
            let (month_ago, last) = (asked.today - chrono::Months::new(1), "coalesce((select max(r.held_on) from activity_reports r where r.counsellor_id = x.id), x.since_on)");
            of_structure(
                "counsellors x",
                "x.since_on::timestamptz",
                "null::date",
                sql!("x.id = {} and x.status = 'in_post' and {} < {}", *id, Sql::raw(last), month_ago),
            )
        }
        other => return Err(Problem::internal(format!("nobody knows what waits for {other}"))),
    })
}

/// Matches on which this caller's side has not said yes.
fn own_side(actor: &Actor) -> Sql {
    match actor {
        Actor::Candidate(id) => sql!("x.candidate_accepted_at is null and x.candidate_id = {}", *id),
        Actor::Employer(id) => sql!("x.structure_accepted_at is null and x.structure_id = {}", *id),
        _ => Sql::raw("false"),
    }
}

/// Enrolments that this caller decides on.
fn trained_by(actor: &Actor) -> Sql {
    match actor {
        Actor::TrainingBody(id) => sql!("x.body_id = {}", *id),
        Actor::Bdt => Sql::raw("true"),
        _ => Sql::raw("false"),
    }
}

/// Rows `x` that name their structure.
fn of_structure(table: &'static str, since: &'static str, until: &'static str, condition: Sql) -> Sql {
    rows(table, "join structures s on s.id = x.structure_id", "x.reference", since, until, condition)
}

/// Rows `x` of a post, which has the reference.
fn of_post(table: &'static str, since: &'static str, until: &'static str, condition: Sql) -> Sql {
    let joins = "join structures s on s.id = x.structure_id join posts p on p.id = x.post_id";
    rows(table, joins, "p.reference", since, until, condition)
}

/// Rows `x` of a contract, which has the reference and the structure.
fn of_contract(table: &'static str, since: &'static str, until: &'static str, condition: Sql) -> Sql {
    let joins = "join recruitments r on r.id = x.recruitment_id join structures s on s.id = r.structure_id";
    rows(table, joins, "r.reference", since, until, condition)
}

fn rows(table: &str, joins: &str, reference: &str, since: &str, until: &str, condition: Sql) -> Sql {
    let columns = format!("x.id, {reference}, s.id, s.name, s.departement_code, {since}, {until}");
    sql!(
        "select {} from {} {} where {}",
        Sql::raw(columns),
        Sql::raw(table.to_owned()),
        Sql::raw(joins.to_owned()),
        condition
    )
}

/// Rows `x` of no structure.
fn of_country(table: &'static str, since: &'static str, until: &'static str, condition: Sql) -> Sql {
    let columns = format!("x.id, x.reference, null::uuid, null::text, null::text, {since}, {until}");
    sql!("select {} from {} where {}", Sql::raw(columns), Sql::raw(table), condition)
}

/// Kinds that callers such as this one do, of those asked for.
pub fn kinds_for(principal: &crate::platform::auth::Principal, asked: Option<&[String]>) -> Vec<&'static Kind> {
    let wanted = |kind: &&Kind| asked.is_none_or(|names| names.iter().any(|name| name == kind.name()));
    KINDS.iter().filter(|kind| kind.is_for(principal)).filter(wanted).collect()
}
