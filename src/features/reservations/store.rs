//! SQL of reservations.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use super::model::ReservationStatus;
use crate::platform::auth::Reach;
use crate::platform::codes::{DepartementCode, EpciSiren, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::reservations;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{ReservationId, StructureId};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = reservations)]
pub struct Reservation {
    pub id: ReservationId,
    pub reference: String,
    pub name: String,
    pub departement_code: DepartementCode,
    pub epci_siren: Option<EpciSiren>,
    pub lead_structure_id: Option<StructureId>,
    pub lead_departement_code: Option<DepartementCode>,
    pub posts_reserved: i32,
    pub posts_consumed: i32,
    pub until_on: NaiveDate,
    pub status: ReservationStatus,
    pub ended_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
}

impl Reservation {
    /// Posts it still holds.
    pub fn remaining(&self) -> i32 {
        if self.status == ReservationStatus::Active { self.posts_reserved - self.posts_consumed } else { 0 }
    }
}

/// A reservation to be made.
#[derive(Clone, Debug)]
pub struct Fields {
    pub name: String,
    pub departement_code: DepartementCode,
    pub epci_siren: Option<EpciSiren>,
    pub lead_structure_id: Option<StructureId>,
    pub lead_departement_code: Option<DepartementCode>,
    pub posts_reserved: i32,
    pub until_on: NaiveDate,
}

sortable! {
    /// Sort keys of reservations.
    pub enum ReservationSort {
        "until_on" = "r.until_on"::"date",
        "updated_at" = "r.updated_at"::"timestamptz",
        "reference" = "r.reference"::"text",
    }
}

/// What reservations are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub ids: Option<Vec<Uuid>>,
    pub statuses: Option<Vec<ReservationStatus>>,
    pub departements: Option<Vec<DepartementCode>>,
    pub epci: Option<EpciSiren>,
    pub updated_since: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "r.*, s.region_code";
/// A reservation lies in a département: seen within the reach over it.
const TABLES: &str = "reservations r join (select code as departement_code, region_code, null::uuid as id from departements) s \
    on s.departement_code = r.departement_code";

pub fn list(conn: &mut PgConnection, reach: &Reach, search: &Search, page: &PageSpec) -> Result<Rows<Reservation>> {
    Listing::new(COLUMNS, Sql::raw(TABLES), "r.id", "uuid")
        .filter(reach.over("s"))
        .filter_some(search.statuses.clone(), |statuses| sql!("r.status = any({})", statuses))
        .filter_some(search.departements.clone(), |codes| sql!("r.departement_code = any({})", codes))
        .filter_some(search.epci.as_deref(), |siren| sql!("r.epci_siren = {}", siren))
        .filter_some(search.ids.clone(), |ids| sql!("r.id = any({})", ids))
        .filter_some(search.updated_since, |since| sql!("r.updated_at >= {}", since))
        .page(conn, page)
}

pub fn find(conn: &mut PgConnection, reach: &Reach, id: ReservationId) -> Result<Option<Reservation>> {
    sql!("select {} from {} where r.id = {} and {}", Sql::raw(COLUMNS), Sql::raw(TABLES), id, reach.over("s"))
        .first(conn)
}

pub fn find_by_reference(conn: &mut PgConnection, reference: &str) -> Result<Option<Reservation>> {
    sql!("select {} from {} where r.reference = {}", Sql::raw(COLUMNS), Sql::raw(TABLES), reference).first(conn)
}

/// Locks the row until the end of the transaction, then reads it.
pub fn lock(tx: &mut Tx<'_>, id: ReservationId) -> Result<Option<Reservation>> {
    sql!("select 1 from reservations where id = {} for update", id).run(tx.conn())?;
    find(tx.conn(), &Reach::Country, id)
}

/// Locks, in one order, the active reservations whose date has passed.
pub fn lock_overdue(tx: &mut Tx<'_>, today: NaiveDate) -> Result<Vec<Reservation>> {
    sql!("select 1 from reservations where status = 'active' and until_on < {} order by id for update", today)
        .run(tx.conn())?;
    sql!("select {} from {} where r.status = 'active' and r.until_on < {}", Sql::raw(COLUMNS), Sql::raw(TABLES), today)
        .load(tx.conn())
}

pub fn insert(tx: &mut Tx<'_>, fields: &Fields) -> Result<ReservationId> {
    let id = ReservationId::new();
    sql!(
        "insert into reservations (id, name, departement_code, epci_siren, lead_structure_id, lead_departement_code, posts_reserved, until_on)
         values ({}, {}, {}, {}, {}, {}, {}, {})",
        id,
        &fields.name,
        &fields.departement_code,
        &fields.epci_siren,
        fields.lead_structure_id,
        &fields.lead_departement_code,
        fields.posts_reserved,
        fields.until_on
    )
    .run(tx.conn())?;
    Ok(id)
}

pub fn end(tx: &mut Tx<'_>, id: ReservationId, status: ReservationStatus) -> Result<()> {
    let now = tx.now().instant();
    sql!("update reservations set status = {}, ended_at = {} where id = {}", status, now, id).run(tx.conn()).map(|_| ())
}

/// Takes posts from a reservation; tells whether it still held as many.
pub fn consume(tx: &mut Tx<'_>, id: ReservationId, posts: i32) -> Result<bool> {
    let taken = sql!(
        "update reservations set posts_consumed = posts_consumed + {}
         where id = {} and status = 'active' and posts_consumed + {} <= posts_reserved",
        posts,
        id,
        posts
    )
    .run(tx.conn())?;
    Ok(taken == 1)
}

/// Reservations led by a structure that was merged are led by the one that stays.
pub fn lead_on(tx: &mut Tx<'_>, merged: Vec<Uuid>) -> Result<Vec<Reservation>> {
    #[derive(QueryableByName)]
    struct Led {
        #[diesel(sql_type = diesel::sql_types::Uuid)]
        id: Uuid,
    }
    let led: Vec<Led> = sql!(
        "update reservations r set lead_structure_id = s.merged_into_id from structures s
         where s.id = r.lead_structure_id and s.merged_into_id is not null and s.id = any({}) returning r.id",
        merged
    )
    .load(tx.conn())?;
    let ids: Vec<Uuid> = led.into_iter().map(|row| row.id).collect();
    sql!("select {} from {} where r.id = any({}) order by r.id", Sql::raw(COLUMNS), Sql::raw(TABLES), ids)
        .load(tx.conn())
}
