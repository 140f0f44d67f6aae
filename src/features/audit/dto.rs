//! Shapes of the journal.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::model::AuditAction;
use super::store::{AuditEntry, AuditSearch, AuditSort};
use crate::page_of;
use crate::platform::ids::AuditEntryId;

/// One change of one row: which columns, never what they held.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditEntryView {
    pub id: AuditEntryId,
    /// Rank in the journal.
    #[schema(minimum = 1, example = 4821)]
    pub sequence: i64,
    pub occurred_at: DateTime<Utc>,
    /// Operation, or job of the service itself.
    #[schema(example = "close_committee")]
    pub operation: String,
    /// Identifier of the request; empty for jobs.
    #[schema(example = "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f")]
    pub request_id: String,
    /// Role of the caller, `anonymous` or `system`.
    #[schema(example = "anct")]
    pub role: String,
    /// Issuer of the caller's token.
    #[schema(example = "https://conum.example.org")]
    pub issuer: String,
    /// Subject of the caller's token, or name of the job.
    #[schema(example = "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f")]
    pub subject: String,
    pub account_id: Option<Uuid>,
    pub api_client_id: Option<Uuid>,
    pub action: AuditAction,
    #[schema(example = "committees")]
    pub table_name: String,
    #[schema(example = "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f")]
    pub row_id: String,
    #[schema(example = json!(["status"]))]
    pub changed_columns: Vec<String>,
}

page_of! {
    /// A page of the journal.
    AuditEntryPage of AuditEntryView
}

/// Filters of the journal.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditFilter {
    /// Table of the row.
    #[param(pattern = "^[a-z_]{1,63}$", example = "committees")]
    pub table_name: Option<String>,
    /// Identifier of the row.
    #[param(min_length = 1, max_length = 100, format = "line", example = "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f")]
    pub row_id: Option<String>,
    /// Role of the caller, `anonymous` or `system`.
    #[param(pattern = "^[a-z_]{1,20}$", example = "anct")]
    pub role: Option<String>,
    /// Operation, or job of the service itself.
    #[param(pattern = "^[a-z0-9_]{1,63}$", example = "close_committee")]
    pub operation: Option<String>,
    /// At or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub occurred_from: Option<DateTime<Utc>>,
    /// Before this instant.
    #[param(example = "2021-06-17T00:00:00Z")]
    pub occurred_before: Option<DateTime<Utc>>,
    /// Order; `-sequence` by default.
    #[param(inline)]
    pub sort: Option<Vec<AuditSort>>,
}

impl AuditFilter {
    pub fn search(&self) -> AuditSearch {
        AuditSearch {
            table_name: self.table_name.clone(),
            row_id: self.row_id.clone(),
            role: self.role.clone(),
            operation: self.operation.clone(),
            occurred_from: self.occurred_from,
            occurred_before: self.occurred_before,
        }
    }
}

impl From<AuditEntry> for AuditEntryView {
    fn from(row: AuditEntry) -> Self {
        Self {
            id: row.id,
            sequence: row.sequence,
            occurred_at: row.occurred_at,
            operation: row.operation,
            request_id: row.request_id,
            role: row.role,
            issuer: row.issuer,
            subject: row.subject,
            account_id: row.account_id,
            api_client_id: row.api_client_id,
            action: row.action,
            table_name: row.table_name,
            row_id: row.row_id,
            changed_columns: row.changed_columns,
        }
    }
}
