//! SQL of structures.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use super::model::{IdentityField, StructureKind, StructureStatus};
use crate::features::territories::service::Commune;
use crate::platform::auth::Reach;
use crate::platform::codes::{CommuneCode, DepartementCode, EpciSiren, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::lies::{in_commune, in_epci};
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::{structure_contacts, structures};
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::StructureId;
use crate::platform::text::{search_key, search_pattern};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = structures)]
pub struct Structure {
    pub id: StructureId,
    pub reference: String,
    pub kind: StructureKind,
    pub experimental: bool,
    pub name: String,
    pub siret: Option<String>,
    pub ridet: Option<String>,
    pub address: Option<String>,
    pub postal_code: String,
    pub commune_code: CommuneCode,
    pub epci_siren: Option<EpciSiren>,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    pub longitude: f64,
    pub latitude: f64,
    pub france_services: bool,
    pub zrr: bool,
    pub qpv: bool,
    pub network: Option<String>,
    pub ds_number: Option<String>,
    pub status: StructureStatus,
    pub retained_on: Option<NaiveDate>,
    pub retained_wave: Option<i32>,
    pub withdrawn_on: Option<NaiveDate>,
    pub merged_into_id: Option<StructureId>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    #[diesel(sql_type = st::Text)]
    pub commune_name: String,
    #[diesel(sql_type = st::BigInt)]
    pub posts: i64,
}

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = structure_contacts)]
pub struct Contact {
    pub first_name: String,
    pub last_name: String,
    pub job: String,
    pub email: String,
    pub phone: String,
}

/// A row of the public list.
#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = structures)]
pub struct Retained {
    pub id: StructureId,
    pub reference: String,
    pub name: String,
    pub kind: StructureKind,
    pub experimental: bool,
    pub commune_code: CommuneCode,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    pub longitude: f64,
    pub latitude: f64,
    #[diesel(sql_type = st::Date)]
    pub retained_on: NaiveDate,
    #[diesel(sql_type = st::Integer)]
    pub wave: i32,
    #[diesel(sql_type = st::Text)]
    pub commune_name: String,
    #[diesel(sql_type = st::BigInt)]
    pub posts: i64,
}

/// Everything of a structure that can be written.
#[derive(Clone, Debug)]
pub struct Fields {
    pub kind: StructureKind,
    pub experimental: bool,
    pub name: String,
    pub siret: Option<String>,
    pub ridet: Option<String>,
    pub address: Option<String>,
    pub postal_code: String,
    pub commune: Commune,
    pub point: Option<(f64, f64)>,
    pub france_services: bool,
    pub zrr: bool,
    pub qpv: bool,
    pub network: Option<String>,
    pub ds_number: Option<String>,
}

sortable! {
    /// Sort keys of structures.
    pub enum StructureSort {
        "updated_at" = "s.updated_at"::"timestamptz",
        "created_at" = "s.created_at"::"timestamptz",
        "name" = "s.search_key"::"text",
        "reference" = "s.reference"::"text",
    }
}

sortable! {
    /// Sort keys of the public list.
    pub enum RetainedSort {
        "wave" = "s.retained_wave"::"int",
        "retained_on" = "s.retained_on"::"date",
        "name" = "s.search_key"::"text",
        "departement_code" = "s.departement_code"::"text",
    }
}

/// What structures are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub ids: Option<Vec<Uuid>>,
    pub name: Option<String>,
    pub kinds: Option<Vec<StructureKind>>,
    pub statuses: Option<Vec<StructureStatus>>,
    pub departements: Option<Vec<DepartementCode>>,
    pub region: Option<Vec<RegionCode>>,
    pub epci: Option<EpciSiren>,
    pub commune: Option<CommuneCode>,
    pub updated_since: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "s.*, c.name as commune_name, \
    (select count(*) from posts p where p.structure_id = s.id and p.status <> 'returned') as posts";
const TABLES: &str = "structures s join communes c on c.code = s.commune_code";

pub fn list(conn: &mut PgConnection, reach: &Reach, search: &Search, page: &PageSpec) -> Result<Rows<Structure>> {
    let mut list = Listing::new(COLUMNS, Sql::raw(TABLES), "s.id", "uuid");
    list.filter(reach.over("s"))
        .filter_some(search.name.as_deref(), |name| sql!("s.search_key like {}", search_pattern(name)))
        .filter_some(search.kinds.clone(), |kinds| sql!("s.kind = any({})", kinds))
        .filter_some(search.statuses.clone(), |statuses| sql!("s.status = any({})", statuses))
        .filter_some(search.departements.clone(), |codes| sql!("s.departement_code = any({})", codes))
        .filter_some(search.region.clone(), |codes| sql!("s.region_code = any({})", codes))
        .filter_some(search.epci.as_ref(), |siren| in_epci("s.commune_code", siren))
        .filter_some(search.commune.as_ref(), |code| in_commune("s.commune_code", code))
        .filter_some(search.ids.clone(), |ids| sql!("s.id = any({})", ids))
        .filter_some(search.updated_since, |since| sql!("s.updated_at >= {}", since));
    list.page(conn, page)
}

pub fn find(conn: &mut PgConnection, reach: &Reach, id: StructureId) -> Result<Option<Structure>> {
    sql!("select {} from {} where s.id = {} and {}", Sql::raw(COLUMNS), Sql::raw(TABLES), id, reach.over("s"))
        .first(conn)
}

/// The structure that has this SIRET or RIDET: the one that confirmed it, or else the latest that named it.
pub fn find_by(conn: &mut PgConnection, reach: &Reach, field: IdentityField, value: &str) -> Result<Option<Structure>> {
    let column = match field {
        IdentityField::Siret => "s.siret",
        IdentityField::Ridet => "s.ridet",
        IdentityField::Email => return Ok(None),
    };
    sql!(
        "select {} from {} where {} = {} and {}
         order by (s.status in ('cancelled', 'duplicate')), (s.status = 'pending_confirmation'), s.created_at desc limit 1",
        Sql::raw(COLUMNS),
        Sql::raw(TABLES),
        Sql::raw(column),
        value,
        reach.over("s")
    )
    .first(conn)
}

/// Two confirmations of one identifier at once: the second waits, and then finds the first.
pub fn lock_identity(tx: &mut Tx<'_>, identifier: &str) -> Result<()> {
    sql!("select pg_advisory_xact_lock(hashtextextended('conum.structure|' || {}, 5))", identifier)
        .run(tx.conn())
        .map(|_| ())
}

/// The other registrations of a structure's identifier that nobody has confirmed.
pub fn rivals(tx: &mut Tx<'_>, structure: &Structure) -> Result<Vec<StructureId>> {
    #[derive(QueryableByName)]
    struct Rival {
        #[diesel(sql_type = st::Uuid)]
        id: StructureId,
    }
    let rows: Vec<Rival> = sql!(
        "select s.id from structures s where s.status = 'pending_confirmation' and s.id <> {}
            and (s.siret = {} or s.ridet = {}) order by s.id",
        structure.id,
        &structure.siret,
        &structure.ridet
    )
    .load(tx.conn())?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Locks the row until the end of the transaction, then reads it.
pub fn lock(tx: &mut Tx<'_>, reach: &Reach, id: StructureId) -> Result<Option<Structure>> {
    sql!("select 1 from structures where id = {} for no key update", id).run(tx.conn())?;
    find(tx.conn(), reach, id)
}

pub fn find_contact(conn: &mut PgConnection, id: StructureId) -> Result<Option<Contact>> {
    sql!("select first_name, last_name, job, email, phone from structure_contacts where structure_id = {}", id)
        .first(conn)
}

pub fn has_open_application(conn: &mut PgConnection, id: StructureId) -> Result<bool> {
    sql!(
        "select exists (select from applications where structure_id = {}
            and status in ('draft', 'submitted', 'opinion_given', 'on_agenda')) as yes",
        id
    )
    .holds(conn)
}

pub fn insert(tx: &mut Tx<'_>, id: StructureId, fields: &Fields) -> Result<()> {
    let (longitude, latitude) = fields.point.unwrap_or((fields.commune.longitude, fields.commune.latitude));
    sql!(
        "insert into structures (id, kind, experimental, name, search_key, siret, ridet, address, postal_code, commune_code,
            epci_siren, departement_code, region_code, longitude, latitude, france_services, zrr, qpv, network, ds_number)
         values ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
        id,
        fields.kind,
        fields.experimental,
        &fields.name,
        search_key(&fields.name),
        &fields.siret,
        &fields.ridet,
        &fields.address,
        &fields.postal_code,
        &fields.commune.code,
        &fields.commune.epci_siren,
        &fields.commune.departement_code,
        &fields.commune.region_code,
        longitude,
        latitude,
        fields.france_services,
        fields.zrr,
        fields.qpv,
        &fields.network,
        &fields.ds_number
    )
    .run(tx.conn())
    .map(|_| ())
}

pub fn update(tx: &mut Tx<'_>, id: StructureId, fields: &Fields) -> Result<()> {
    let (longitude, latitude) = fields.point.unwrap_or((fields.commune.longitude, fields.commune.latitude));
    sql!(
        "update structures set kind = {}, experimental = {}, name = {}, search_key = {}, siret = {}, ridet = {}, address = {},
            postal_code = {}, commune_code = {}, epci_siren = {}, departement_code = {}, region_code = {}, longitude = {},
            latitude = {}, france_services = {}, zrr = {}, qpv = {}, network = {}, ds_number = {}
         where id = {}",
        fields.kind,
        fields.experimental,
        &fields.name,
        search_key(&fields.name),
        &fields.siret,
        &fields.ridet,
        &fields.address,
        &fields.postal_code,
        &fields.commune.code,
        &fields.commune.epci_siren,
        &fields.commune.departement_code,
        &fields.commune.region_code,
        longitude,
        latitude,
        fields.france_services,
        fields.zrr,
        fields.qpv,
        &fields.network,
        &fields.ds_number,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}

/// Gives structures the intercommunal body of their commune, where they have another.
pub fn follow_communes(tx: &mut Tx<'_>) -> Result<Vec<StructureId>> {
    #[derive(QueryableByName)]
    struct Moved {
        #[diesel(sql_type = st::Uuid)]
        id: StructureId,
    }
    let rows: Vec<Moved> = sql!(
        "update structures s set epci_siren = c.epci_siren from communes c
         where c.code = s.commune_code and s.epci_siren is distinct from c.epci_siren returning s.id"
    )
    .load(tx.conn())?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

pub fn put_contact(tx: &mut Tx<'_>, id: StructureId, contact: &Contact) -> Result<()> {
    sql!(
        "insert into structure_contacts (structure_id, first_name, last_name, job, email, phone)
         values ({}, {}, {}, {}, {}, {})
         on conflict (structure_id) do update set first_name = excluded.first_name, last_name = excluded.last_name,
            job = excluded.job, email = excluded.email, phone = excluded.phone",
        id,
        &contact.first_name,
        &contact.last_name,
        &contact.job,
        &contact.email,
        &contact.phone
    )
    .run(tx.conn())
    .map(|_| ())
}

pub fn insert_identity_change(
    tx: &mut Tx<'_>,
    id: StructureId,
    field: IdentityField,
    old_value: &str,
    new_value: &str,
) -> Result<()> {
    sql!(
        "insert into structure_identity_changes (id, structure_id, field, old_value, new_value)
         values ({}, {}, {}, {}, {})",
        uuid::Uuid::now_v7(),
        id,
        field,
        old_value,
        new_value
    )
    .run(tx.conn())
    .map(|_| ())
}

/// A change of state with the date that goes with it.
pub enum Change {
    Confirmed,
    Cancelled,
    MergedInto(StructureId),
    Retained { wave: i32, on: NaiveDate },
    Withdrawn,
}

pub fn change(tx: &mut Tx<'_>, id: StructureId, change: &Change) -> Result<()> {
    let (now, today) = (tx.now().instant(), tx.today());
    match change {
        Change::Confirmed => {
            sql!("update structures set status = 'registered', confirmed_at = {} where id = {}", now, id)
        }
        Change::Cancelled => {
            sql!("update structures set status = 'cancelled', cancelled_at = {} where id = {}", now, id)
        }
        Change::MergedInto(into) => sql!(
            "update structures set status = 'duplicate', withdrawn_on = null, merged_into_id = {} where id = {}",
            *into,
            id
        ),
        // The first wave that retained it stays.
        Change::Retained { wave, on } => sql!(
            "update structures set status = 'retained', withdrawn_on = null, retained_on = coalesce(retained_on, {}),
                retained_wave = coalesce(retained_wave, {}) where id = {}",
            *on,
            *wave,
            id
        ),
        Change::Withdrawn => {
            sql!("update structures set status = 'withdrawn', withdrawn_on = {} where id = {}", today, id)
        }
    }
    .run(tx.conn())
    .map(|_| ())
}

pub fn list_retained(
    conn: &mut PgConnection,
    departements: Option<&[DepartementCode]>,
    wave: Option<i32>,
    name: Option<&str>,
    page: &PageSpec,
) -> Result<Rows<Retained>> {
    const COLUMNS: &str = "s.id, s.reference, s.name, s.kind, s.experimental, s.commune_code, s.departement_code, s.region_code, \
        s.longitude, s.latitude, s.retained_on, s.retained_wave as wave, c.name as commune_name, \
        (select count(*) from posts p where p.structure_id = s.id and p.status <> 'returned') as posts";
    Listing::new(COLUMNS, Sql::raw(TABLES), "s.id", "uuid")
        .filter(Sql::raw("s.status = 'retained'"))
        .filter_some(departements, |codes| sql!("s.departement_code = any({})", codes.to_vec()))
        .filter_some(wave, |wave| sql!("s.retained_wave = {}", wave))
        .filter_some(name, |name| sql!("s.search_key like {}", search_pattern(name)))
        .page(conn, page)
}

/// A one-use link that confirms a structure's address; only its hash is kept.
pub fn insert_confirmation(tx: &mut Tx<'_>, id: StructureId, hash: Vec<u8>, expires_at: DateTime<Utc>) -> Result<()> {
    sql!(
        "insert into mail_links (id, purpose, token_hash, structure_id, expires_at)
         values ({}, 'confirm_structure', {}, {}, {})",
        uuid::Uuid::now_v7(),
        hash,
        id,
        expires_at
    )
    .run(tx.conn())
    .map(|_| ())
}

/// The links sent so far confirm nothing any more.
pub fn void_confirmations(tx: &mut Tx<'_>, id: StructureId) -> Result<()> {
    let now = tx.now().instant();
    // Links are the service's own business: no caller sees them.
    tx.as_service(|tx| {
        sql!("update mail_links set used_at = {} where structure_id = {} and used_at is null", now, id)
            .run(tx.conn())
            .map(|_| ())
    })
}

/// Moves the version: something that its file shows has changed.
pub fn touch(tx: &mut Tx<'_>, id: StructureId) -> Result<()> {
    sql!("update structures set status = status where id = {}", id).run(tx.conn()).map(|_| ())
}

/// Uses a link up: the structure it confirms, once.
pub fn use_confirmation(tx: &mut Tx<'_>, hash: Vec<u8>) -> Result<Option<StructureId>> {
    #[derive(QueryableByName)]
    struct Used {
        #[diesel(sql_type = st::Uuid)]
        structure_id: StructureId,
    }
    let now = tx.now().instant();
    let used: Option<Used> = sql!(
        "update mail_links set used_at = {}
         where token_hash = {} and purpose = 'confirm_structure' and used_at is null and expires_at > {}
         returning structure_id",
        now,
        hash,
        now
    )
    .first(tx.conn())?;
    Ok(used.map(|row| row.structure_id))
}

/// Cancels registrations that nobody confirmed in time. Tells how many.
pub fn cancel_unconfirmed(tx: &mut Tx<'_>, before: DateTime<Utc>) -> Result<usize> {
    let now = tx.now().instant();
    sql!(
        "update structures set status = 'cancelled', cancelled_at = {} where status = 'pending_confirmation' and created_at < {}",
        now,
        before
    )
    .run(tx.conn())
}

/// Forgets contacts that have served their purpose. Tells how many.
pub fn forget_contacts(tx: &mut Tx<'_>, left_before: DateTime<Utc>) -> Result<usize> {
    sql!(
        "delete from structure_contacts where structure_id in (
            select id from structures where (status = 'cancelled' and confirmed_at is null)
                or (status in ('cancelled', 'withdrawn', 'duplicate') and updated_at < {}))",
        left_before
    )
    .run(tx.conn())
}
