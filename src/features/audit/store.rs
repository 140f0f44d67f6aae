//! SQL of the journal: read only, triggers write it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::model::AuditAction;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::audit_entries;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::AuditEntryId;
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
