//! SQL of API clients.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::accounts::same_perimeter;
use crate::features::accounts::model::Perimeter;
use crate::platform::auth::{Actor, Role};
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::api_clients;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{ApiClientId, StructureId};
use crate::{sortable, sql};

/// An API client. Its secrets stay here.
#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = api_clients)]
pub struct ApiClient {
    pub id: ApiClientId,
    pub name: String,
    pub role: Role,
    pub structure_id: Option<StructureId>,
    pub departement_code: Option<DepartementCode>,
    pub region_code: Option<RegionCode>,
    pub scopes: Vec<String>,
    pub secret_hash: Vec<u8>,
    pub previous_secret_hash: Option<Vec<u8>>,
    pub previous_secret_until: Option<DateTime<Utc>>,
    pub expires_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

impl ApiClient {
    /// The actor; `None` where the perimeter is missing, which a constraint forbids.
    pub fn actor(&self) -> Option<Actor> {
        let perimeter = Perimeter {
            structure_id: self.structure_id,
            departement_code: self.departement_code.clone(),
            region_code: self.region_code.clone(),
            subject_id: None,
        };
        perimeter.actor(self.role)
    }
}

/// An API client to be.
#[derive(Clone, Debug)]
pub struct NewClient {
    pub name: String,
    pub role: Role,
    pub perimeter: Perimeter,
    pub scopes: Vec<String>,
    pub secret_hash: Vec<u8>,
    pub expires_at: DateTime<Utc>,
}

const CLIENT: &str = "a.id, a.name, a.role, a.structure_id, a.departement_code, a.region_code, a.scopes, \
    a.secret_hash, a.previous_secret_hash, a.previous_secret_until, a.expires_at, a.last_used_at, a.revoked_at, \
    a.created_at, a.updated_at, a.version";

sortable! {
    /// Sort keys of API clients.
    pub enum ApiClientSort {
        "created_at" = "a.created_at"::"timestamptz",
        "updated_at" = "a.updated_at"::"timestamptz",
        "expires_at" = "a.expires_at"::"timestamptz",
        "name" = "lower(a.name)"::"text",
    }
}

/// What API clients are asked for.
#[derive(Clone, Debug, Default)]
pub struct ApiClientSearch {
    pub text: Option<String>,
    pub roles: Option<Vec<Role>>,
    pub revoked: Option<bool>,
    pub expires_before: Option<DateTime<Utc>>,
    pub updated_since: Option<DateTime<Utc>>,
}

pub fn list(
    conn: &mut PgConnection,
    within: &Actor,
    search: &ApiClientSearch,
    page: &PageSpec,
) -> Result<Rows<ApiClient>> {
    let mut list = Listing::new(CLIENT, Sql::raw("api_clients a"), "a.id", "uuid");
    list.filter(same_perimeter(within))
        .filter_some(search.text.as_deref(), |text| {
            let text = crate::platform::text::like_literal(&text.trim().to_lowercase());
            sql!("lower(a.name) like {}", format!("%{text}%"))
        })
        .filter_some(search.roles.clone(), |roles| sql!("a.role = any({})", roles))
        .filter_some(search.revoked, |revoked| sql!("(a.revoked_at is not null) = {}", revoked))
        .filter_some(search.expires_before, |before| sql!("a.expires_at < {}", before))
        .filter_some(search.updated_since, |since| sql!("a.updated_at >= {}", since));
    list.page(conn, page)
}

pub fn find(conn: &mut PgConnection, within: &Actor, id: ApiClientId) -> Result<Option<ApiClient>> {
    let within = same_perimeter(within);
    sql!("select {} from api_clients a where a.id = {} and {}", Sql::raw(CLIENT), id, within).first(conn)
}

pub fn lock(tx: &mut Tx<'_>, id: ApiClientId) -> Result<Option<ApiClient>> {
    let within = same_perimeter(tx.actor());
    sql!("select {} from api_clients a where a.id = {} and {} for update", Sql::raw(CLIENT), id, within)
        .first(tx.conn())
}

/// A client that presents its credentials, whoever it is; the caller has widened the transaction.
pub fn lock_any(tx: &mut Tx<'_>, id: ApiClientId) -> Result<Option<ApiClient>> {
    sql!("select {} from api_clients a where a.id = {} for update", Sql::raw(CLIENT), id).first(tx.conn())
}

pub fn insert(tx: &mut Tx<'_>, client: &NewClient) -> Result<ApiClient> {
    sql!(
        "insert into api_clients as a
            (id, name, role, structure_id, departement_code, region_code, scopes, secret_hash, expires_at)
         values ({}, {}, {}, {}, {}, {}, {}, {}, {}) returning {}",
        ApiClientId::new(),
        &client.name,
        client.role,
        client.perimeter.structure_id,
        &client.perimeter.departement_code,
        &client.perimeter.region_code,
        client.scopes.clone(),
        client.secret_hash.clone(),
        client.expires_at,
        Sql::raw(CLIENT)
    )
    .one(tx.conn())
}

pub fn update(tx: &mut Tx<'_>, client: &ApiClient) -> Result<ApiClient> {
    sql!(
        "update api_clients a set name = {}, scopes = {}, expires_at = {} where a.id = {} returning {}",
        &client.name,
        client.scopes.clone(),
        client.expires_at,
        client.id,
        Sql::raw(CLIENT)
    )
    .one(tx.conn())
}

/// Gives a new secret; the old one stays valid until `until`, or ends now.
pub fn rotate(tx: &mut Tx<'_>, id: ApiClientId, hash: Vec<u8>, until: Option<DateTime<Utc>>) -> Result<ApiClient> {
    sql!(
        "update api_clients a set
            previous_secret_hash = case when {}::timestamptz is not null then a.secret_hash end,
            previous_secret_until = {}, secret_hash = {}
         where a.id = {} returning {}",
        until,
        until,
        hash,
        id,
        Sql::raw(CLIENT)
    )
    .one(tx.conn())
}

pub fn revoke(tx: &mut Tx<'_>, id: ApiClientId) -> Result<ApiClient> {
    let now = tx.now().instant();
    sql!(
        "update api_clients a set revoked_at = {}, previous_secret_hash = null, previous_secret_until = null
         where a.id = {} returning {}",
        now,
        id,
        Sql::raw(CLIENT)
    )
    .one(tx.conn())
}

pub fn mark_used(tx: &mut Tx<'_>, id: ApiClientId) -> Result<()> {
    let now = tx.now().instant();
    sql!("update api_clients set last_used_at = {} where id = {}", now, id).run(tx.conn())?;
    Ok(())
}

pub fn is_live(conn: &mut PgConnection, id: ApiClientId, now: DateTime<Utc>) -> Result<bool> {
    sql!(
        "select exists (select from api_clients where id = {} and revoked_at is null and expires_at > {}) as yes",
        id,
        now
    )
    .holds(conn)
}

/// Withdraws the live clients of a structure. As the service itself.
pub fn revoke_of_structure(tx: &mut Tx<'_>, id: StructureId) -> Result<Vec<ApiClient>> {
    let now = tx.now().instant();
    sql!(
        "update api_clients a set revoked_at = {}, previous_secret_hash = null, previous_secret_until = null
         where a.structure_id = {} and a.revoked_at is null returning {}",
        now,
        id,
        Sql::raw(CLIENT)
    )
    .load(tx.conn())
}
