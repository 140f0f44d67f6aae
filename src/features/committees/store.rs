//! SQL of committees and their agendas.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use super::model::{CommitteeStatus, Outcome};
use crate::features::applications::model::{ApplicationKind, OpinionKind};
use crate::features::posts::model::Phase;
use crate::platform::auth::Reach;
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::{agenda_items, committees};
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{ApplicationId, CommitteeId, ReservationId, StructureId};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = committees)]
pub struct Committee {
    pub id: CommitteeId,
    pub reference: String,
    pub number: i32,
    pub wave: i32,
    pub phase: Phase,
    pub held_on: NaiveDate,
    pub status: CommitteeStatus,
    pub opened_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    #[diesel(sql_type = st::BigInt)]
    pub agenda: i64,
    #[diesel(sql_type = st::BigInt)]
    pub decided: i64,
    #[diesel(sql_type = st::BigInt)]
    pub retained: i64,
    #[diesel(sql_type = st::BigInt)]
    pub granted: i64,
    /// When the youngest application on its agenda was submitted.
    #[diesel(sql_type = st::Nullable<st::Date>)]
    pub youngest_on: Option<NaiveDate>,
}

/// A line of an agenda, with its decision once there is one.
#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = agenda_items)]
pub struct Item {
    pub committee_id: CommitteeId,
    pub application_id: ApplicationId,
    pub outcome: Option<Outcome>,
    pub posts_granted: Option<i32>,
    pub observations: Option<String>,
    pub priority: bool,
    pub beyond_request: bool,
    pub without_opinion: bool,
    pub reservation_id: Option<ReservationId>,
    pub decided_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    #[diesel(sql_type = st::Text)]
    pub reference: String,
    #[diesel(sql_type = st::Uuid)]
    pub structure_id: StructureId,
    #[diesel(sql_type = st::Text)]
    pub structure_name: String,
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
    #[diesel(sql_type = st::Text)]
    pub kind: ApplicationKind,
    #[diesel(sql_type = st::Integer)]
    pub posts_requested: i32,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub opinion: Option<OpinionKind>,
}

/// A decision to be written down.
#[derive(Clone, Debug)]
pub struct Decision {
    pub outcome: Outcome,
    pub posts_granted: Option<i32>,
    pub observations: Option<String>,
    pub priority: bool,
    pub beyond_request: bool,
    pub without_opinion: bool,
    pub reservation_id: Option<ReservationId>,
}

/// What of a committee is set while it is prepared.
#[derive(Clone, Debug)]
pub struct Fields {
    pub number: i32,
    pub wave: i32,
    pub phase: Phase,
    pub held_on: NaiveDate,
}

sortable! {
    /// Sort keys of committees.
    pub enum CommitteeSort {
        "number" = "k.number"::"int",
        "held_on" = "k.held_on"::"date",
        "wave" = "k.wave"::"int",
        "updated_at" = "k.updated_at"::"timestamptz",
    }
}

sortable! {
    /// Sort keys of decisions.
    pub enum DecisionSort {
        "structure_name" = "s.search_key"::"text",
        "reference" = "a.reference"::"text",
        "departement_code" = "s.departement_code"::"text",
        "updated_at" = "i.updated_at"::"timestamptz",
    }
}

/// What committees are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub ids: Option<Vec<Uuid>>,
    pub statuses: Option<Vec<CommitteeStatus>>,
    pub wave: Option<i32>,
    pub number: Option<i32>,
    pub held_from: Option<NaiveDate>,
    pub held_before: Option<NaiveDate>,
    pub updated_since: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "k.*, \
    (select max((a.submitted_at at time zone 'Europe/Paris')::date) from agenda_items i join applications a on a.id = i.application_id \
        where i.committee_id = k.id) as youngest_on, \
    (select count(*) from agenda_items i where i.committee_id = k.id) as agenda, \
    (select count(*) from agenda_items i where i.committee_id = k.id and i.outcome is not null) as decided, \
    (select count(*) from agenda_items i where i.committee_id = k.id and i.outcome = 'retained') as retained, \
    (select coalesce(sum(i.posts_granted), 0) from agenda_items i where i.committee_id = k.id) as granted";
const ITEM: &str = "i.*, a.reference, a.structure_id, s.name as structure_name, s.departement_code, s.region_code, a.kind, a.posts_requested, o.opinion";
const ITEMS: &str = "agenda_items i join applications a on a.id = i.application_id join structures s on s.id = a.structure_id \
    left join opinions o on o.application_id = a.id";

pub fn list(conn: &mut PgConnection, search: &Search, page: &PageSpec) -> Result<Rows<Committee>> {
    Listing::new(COLUMNS, Sql::raw("committees k"), "k.id", "uuid")
        .filter_some(search.statuses.clone(), |statuses| sql!("k.status = any({})", statuses))
        .filter_some(search.wave, |wave| sql!("k.wave = {}", wave))
        .filter_some(search.number, |number| sql!("k.number = {}", number))
        .filter_some(search.held_from, |day| sql!("k.held_on >= {}", day))
        .filter_some(search.held_before, |day| sql!("k.held_on < {}", day))
        .filter_some(search.ids.clone(), |ids| sql!("k.id = any({})", ids))
        .filter_some(search.updated_since, |since| sql!("k.updated_at >= {}", since))
        .page(conn, page)
}

pub fn find(conn: &mut PgConnection, id: CommitteeId) -> Result<Option<Committee>> {
    sql!("select {} from committees k where k.id = {}", Sql::raw(COLUMNS), id).first(conn)
}

/// Locks the committee: its agenda, decisions and closing follow one another.
pub fn lock(tx: &mut Tx<'_>, id: CommitteeId) -> Result<Option<Committee>> {
    sql!("select 1 from committees where id = {} for update", id).run(tx.conn())?;
    find(tx.conn(), id)
}

pub fn insert(tx: &mut Tx<'_>, fields: &Fields) -> Result<CommitteeId> {
    let id = CommitteeId::new();
    sql!(
        "insert into committees (id, number, wave, phase, held_on) values ({}, {}, {}, {}, {})",
        id,
        fields.number,
        fields.wave,
        fields.phase,
        fields.held_on
    )
    .run(tx.conn())?;
    Ok(id)
}

pub fn update(tx: &mut Tx<'_>, id: CommitteeId, fields: &Fields) -> Result<()> {
    sql!(
        "update committees set number = {}, wave = {}, phase = {}, held_on = {} where id = {}",
        fields.number,
        fields.wave,
        fields.phase,
        fields.held_on,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}

/// Moves the version: the agenda or a decision has changed.
pub fn touch(tx: &mut Tx<'_>, id: CommitteeId) -> Result<()> {
    sql!("update committees set status = status where id = {}", id).run(tx.conn()).map(|_| ())
}

pub fn change_status(tx: &mut Tx<'_>, id: CommitteeId, status: CommitteeStatus) -> Result<()> {
    let now = tx.now().instant();
    match status {
        CommitteeStatus::Preparation => return Ok(()),
        CommitteeStatus::InSession => {
            sql!("update committees set status = 'in_session', opened_at = {} where id = {}", now, id)
        }
        CommitteeStatus::Closed => {
            sql!("update committees set status = 'closed', closed_at = {} where id = {}", now, id)
        }
    }
    .run(tx.conn())
    .map(|_| ())
}

pub fn list_items(
    conn: &mut PgConnection,
    reach: &Reach,
    id: CommitteeId,
    outcomes: Option<Vec<Outcome>>,
    departements: Option<Vec<DepartementCode>>,
    page: &PageSpec,
) -> Result<Rows<Item>> {
    Listing::new(ITEM, Sql::raw(ITEMS), "i.id", "uuid")
        .filter(sql!("i.committee_id = {}", id))
        .filter(reach.over("s"))
        .filter_some(outcomes, |outcomes| sql!("i.outcome = any({})", outcomes))
        .filter_some(departements, |codes| sql!("s.departement_code = any({})", codes))
        .page(conn, page)
}

/// All lines of an agenda, in the order of the applications' references.
pub fn agenda(conn: &mut PgConnection, id: CommitteeId) -> Result<Vec<Item>> {
    sql!("select {} from {} where i.committee_id = {} order by a.reference", Sql::raw(ITEM), Sql::raw(ITEMS), id)
        .load(conn)
}

pub fn find_item(conn: &mut PgConnection, id: CommitteeId, application: ApplicationId) -> Result<Option<Item>> {
    sql!(
        "select {} from {} where i.committee_id = {} and i.application_id = {}",
        Sql::raw(ITEM),
        Sql::raw(ITEMS),
        id,
        application
    )
    .first(conn)
}

pub fn insert_item(tx: &mut Tx<'_>, id: CommitteeId, application: ApplicationId) -> Result<()> {
    sql!(
        "insert into agenda_items (id, committee_id, application_id) values ({}, {}, {})",
        uuid::Uuid::now_v7(),
        id,
        application
    )
    .run(tx.conn())
    .map(|_| ())
}

pub fn delete_item(tx: &mut Tx<'_>, id: CommitteeId, application: ApplicationId) -> Result<()> {
    sql!("delete from agenda_items where committee_id = {} and application_id = {}", id, application)
        .run(tx.conn())
        .map(|_| ())
}

pub fn record(tx: &mut Tx<'_>, id: CommitteeId, application: ApplicationId, decision: &Decision) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "update agenda_items set outcome = {}, posts_granted = {}, observations = {}, priority = {}, beyond_request = {},
            without_opinion = {}, reservation_id = {}, decided_at = {}
         where committee_id = {} and application_id = {}",
        decision.outcome,
        decision.posts_granted,
        &decision.observations,
        decision.priority,
        decision.beyond_request,
        decision.without_opinion,
        decision.reservation_id,
        now,
        id,
        application
    )
    .run(tx.conn())
    .map(|_| ())
}

pub fn settle(tx: &mut Tx<'_>, id: CommitteeId) -> Result<()> {
    let now = tx.now().instant();
    sql!("update agenda_items set settled_at = {} where committee_id = {}", now, id).run(tx.conn()).map(|_| ())
}
