//! SQL of requests to give posts back.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use crate::features::posts::model::{PostReturnStatus, PostStatus, ReturnReason};
use crate::platform::auth::Reach;
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::post_returns;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{PostId, PostReturnId, StructureId};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = post_returns)]
pub struct PostReturn {
    pub id: PostReturnId,
    pub post_id: PostId,
    pub structure_id: StructureId,
    pub reason: ReturnReason,
    pub comment: Option<String>,
    pub status: PostReturnStatus,
    pub decided_at: Option<DateTime<Utc>>,
    pub refusal_reason: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    #[diesel(sql_type = st::Text)]
    pub post_reference: String,
    #[diesel(sql_type = st::Text)]
    pub post_status: PostStatus,
    #[diesel(sql_type = st::Bool)]
    pub post_available: bool,
    #[diesel(sql_type = st::Text)]
    pub structure_name: String,
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
}

const COLUMNS: &str = "r.*, p.reference as post_reference, p.status as post_status, p.available as post_available, \
    s.name as structure_name, s.departement_code, s.region_code";
const TABLES: &str = "post_returns r join posts p on p.id = r.post_id join structures s on s.id = r.structure_id";

sortable! {
    /// Sort keys of requests to give posts back.
    pub enum PostReturnSort {
        "updated_at" = "r.updated_at"::"timestamptz",
        "created_at" = "r.created_at"::"timestamptz",
    }
}

/// What requests are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub ids: Option<Vec<Uuid>>,
    pub statuses: Option<Vec<PostReturnStatus>>,
    pub post: Option<PostId>,
    pub structure: Option<StructureId>,
    pub departements: Option<Vec<DepartementCode>>,
    pub region: Option<Vec<RegionCode>>,
    pub updated_since: Option<DateTime<Utc>>,
}

pub fn list(conn: &mut PgConnection, reach: &Reach, search: &Search, page: &PageSpec) -> Result<Rows<PostReturn>> {
    Listing::new(COLUMNS, Sql::raw(TABLES), "r.id", "uuid")
        .filter(reach.over("s"))
        .filter_some(search.statuses.clone(), |statuses| sql!("r.status = any({})", statuses))
        .filter_some(search.post, |id| sql!("r.post_id = {}", id))
        .filter_some(search.structure, |id| sql!("r.structure_id = {}", id))
        .filter_some(search.departements.clone(), |codes| sql!("s.departement_code = any({})", codes))
        .filter_some(search.region.clone(), |codes| sql!("s.region_code = any({})", codes))
        .filter_some(search.ids.clone(), |ids| sql!("r.id = any({})", ids))
        .filter_some(search.updated_since, |since| sql!("r.updated_at >= {}", since))
        .page(conn, page)
}

pub fn find(conn: &mut PgConnection, reach: &Reach, id: PostReturnId) -> Result<Option<PostReturn>> {
    sql!("select {} from {} where r.id = {} and {}", Sql::raw(COLUMNS), Sql::raw(TABLES), id, reach.over("s"))
        .first(conn)
}

/// Locks the row until the end of the transaction, then reads it.
pub fn lock(tx: &mut Tx<'_>, reach: &Reach, id: PostReturnId) -> Result<Option<PostReturn>> {
    sql!("select 1 from post_returns where id = {} for no key update", id).run(tx.conn())?;
    find(tx.conn(), reach, id)
}

/// The request on a locked post that waits for a decision.
pub fn pending(tx: &mut Tx<'_>, post: PostId) -> Result<Option<PostReturn>> {
    sql!("select {} from {} where r.post_id = {} and r.status = 'requested'", Sql::raw(COLUMNS), Sql::raw(TABLES), post)
        .first(tx.conn())
}

pub fn insert(
    tx: &mut Tx<'_>,
    id: PostReturnId,
    post: PostId,
    structure: StructureId,
    reason: ReturnReason,
    comment: Option<&str>,
) -> Result<()> {
    sql!(
        "insert into post_returns (id, post_id, structure_id, reason, comment) values ({}, {}, {}, {}, {})",
        id,
        post,
        structure,
        reason,
        comment
    )
    .run(tx.conn())
    .map(|_| ())
}

pub fn accept(tx: &mut Tx<'_>, id: PostReturnId) -> Result<()> {
    let now = tx.now().instant();
    sql!("update post_returns set status = 'accepted', decided_at = {} where id = {}", now, id)
        .run(tx.conn())
        .map(|_| ())
}

pub fn refuse(tx: &mut Tx<'_>, id: PostReturnId, reason: &str) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "update post_returns set status = 'refused', decided_at = {}, refusal_reason = {} where id = {}",
        now,
        reason,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}
