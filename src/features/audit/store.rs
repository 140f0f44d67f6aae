//! SQL of the journal: read only, triggers write it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::model::AuditAction;
use crate::platform::auth::Actor;
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::{accesses, audit_entries};
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{AccessId, AuditEntryId, CandidateId};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = audit_entries)]
pub struct AuditEntry {
    pub sequence: i64,
    pub id: AuditEntryId,
    pub occurred_at: DateTime<Utc>,
    pub operation: String,
    pub request_id: String,
    pub role: String,
    pub issuer: String,
    pub subject: String,
    pub account_id: Option<Uuid>,
    pub api_client_id: Option<Uuid>,
    pub action: AuditAction,
    pub table_name: String,
    pub row_id: String,
    pub changed_columns: Vec<String>,
}

/// A reading of somebody's data.
#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = accesses)]
pub struct Access {
    pub sequence: i64,
    pub id: AccessId,
    pub occurred_at: DateTime<Utc>,
    pub operation: String,
    pub request_id: String,
    pub role: String,
    pub perimeter: String,
    pub issuer: String,
    pub subject: String,
    pub account_id: Option<Uuid>,
    pub api_client_id: Option<Uuid>,
    pub resource: String,
    /// None for a page of a list.
    pub resource_id: Option<Uuid>,
}

sortable! {
    /// Sort keys of readings.
    pub enum AccessSort { "sequence" = "a.sequence"::"bigint" }
}

/// What readings are asked for.
#[derive(Clone, Debug, Default)]
pub struct AccessSearch {
    pub resource: Option<String>,
    pub resource_id: Option<Uuid>,
    pub person: Option<CandidateId>,
    pub occurred_from: Option<DateTime<Utc>>,
    pub occurred_before: Option<DateTime<Utc>>,
}

/// The readings that an actor may know of: people those of their own data.
pub fn list_accesses(
    conn: &mut PgConnection,
    actor: &Actor,
    search: &AccessSearch,
    page: &PageSpec,
) -> Result<Rows<Access>> {
    let known = match actor {
        Actor::Anct | Actor::System => Sql::raw("true"),
        Actor::Candidate(id) => sql!("a.people @> array[{}]", *id),
        Actor::Counsellor(id) => {
            sql!("a.people @> array(select k.candidate_id from counsellors k where k.id = {})", *id)
        }
        _ => Sql::raw("false"),
    };
    const ACCESS: &str = "a.sequence, a.id, a.occurred_at, a.operation, a.request_id, a.role, a.perimeter, a.issuer, a.subject, \
        a.account_id, a.api_client_id, a.resource, a.resource_id";
    Listing::new(ACCESS, Sql::raw("accesses a"), "a.id", "uuid")
        .filter(known)
        .filter_some(search.resource.as_deref(), |name| sql!("a.resource = {}", name))
        .filter_some(search.resource_id, |id| sql!("a.resource_id = {}", id))
        .filter_some(search.person, |id| sql!("a.people @> array[{}]", id))
        .filter_some(search.occurred_from, |from| sql!("a.occurred_at >= {}", from))
        .filter_some(search.occurred_before, |before| sql!("a.occurred_at < {}", before))
        .page(conn, page)
}

/// Forgets readings of before. As the service itself.
pub fn forget(tx: &mut Tx<'_>, before: DateTime<Utc>) -> Result<usize> {
    let gone = sql!("select conum_forget_accesses({}) as n", before).count(tx.conn())?;
    Ok(usize::try_from(gone).unwrap_or_default())
}

sortable! {
    /// Sort keys of the journal.
    pub enum AuditSort { "sequence" = "a.sequence"::"bigint" }
}

/// What lines of the journal are asked for.
#[derive(Clone, Debug, Default)]
pub struct AuditSearch {
    pub table_name: Option<String>,
    pub row_id: Option<String>,
    pub role: Option<String>,
    pub operation: Option<String>,
    pub occurred_from: Option<DateTime<Utc>>,
    pub occurred_before: Option<DateTime<Utc>>,
}

const ENTRY: &str = "a.sequence, a.id, a.occurred_at, a.operation, a.request_id, a.role, a.issuer, a.subject, \
    a.account_id, a.api_client_id, a.action, a.table_name, a.row_id, a.changed_columns";

pub fn list(conn: &mut PgConnection, search: &AuditSearch, page: &PageSpec) -> Result<Rows<AuditEntry>> {
    let mut list = Listing::new(ENTRY, Sql::raw("audit_entries a"), "a.id", "uuid");
    list.filter_some(search.table_name.as_deref(), |name| sql!("a.table_name = {}", name))
        .filter_some(search.row_id.as_deref(), |id| sql!("a.row_id = {}", id))
        .filter_some(search.role.as_deref(), |role| sql!("a.role = {}", role))
        .filter_some(search.operation.as_deref(), |operation| sql!("a.operation = {}", operation))
        .filter_some(search.occurred_from, |from| sql!("a.occurred_at >= {}", from))
        .filter_some(search.occurred_before, |before| sql!("a.occurred_at < {}", before));
    list.page(conn, page)
}
