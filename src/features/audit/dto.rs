//! Shapes of the journal.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::model::AuditAction;
use super::store::{Access, AccessSearch, AccessSort, AuditEntry, AuditSearch, AuditSort};
use crate::page_of;
use crate::platform::ids::{AccessId, AuditEntryId, CandidateId};

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

/// A reading of somebody's data: who, when, of what; never what it said.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AccessView {
    pub id: AccessId,
    pub occurred_at: DateTime<Utc>,
    #[schema(example = "find_recruitment")]
    pub operation: String,
    /// Identifier of the request.
    #[schema(example = "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f")]
    pub request_id: String,
    /// Role of the reader.
    #[schema(example = "prefecture")]
    pub role: String,
    /// Département, region or structure that the reader acts for; empty for those who act for the country.
    #[schema(example = "82")]
    pub perimeter: String,
    /// Issuer of the reader's token; null for those who read of themselves.
    #[schema(example = "https://conum.example.org")]
    pub issuer: Option<String>,
    /// Subject of the reader's token; null for those who read of themselves.
    #[schema(example = "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f")]
    pub subject: Option<String>,
    /// Path segment of the resource.
    #[schema(example = "recruitments")]
    pub resource: String,
    /// Null where a page of a list, or a part of its file, was read.
    pub resource_id: Option<Uuid>,
}

page_of! {
    /// A page of readings.
    AccessPage of AccessView
}

/// Filters of readings.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AccessFilter {
    /// Path segment of the resource.
    #[param(pattern = "^[a-z-]{1,40}$", example = "bank-details")]
    pub resource: Option<String>,
    /// Identifier of the resource.
    pub resource_id: Option<Uuid>,
    /// The person concerned.
    pub candidate_id: Option<CandidateId>,
    /// At or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub occurred_from: Option<DateTime<Utc>>,
    /// Before this instant.
    #[param(example = "2021-06-17T00:00:00Z")]
    pub occurred_before: Option<DateTime<Utc>>,
    /// Order; `-sequence` by default.
    #[param(inline)]
    pub sort: Option<Vec<AccessSort>>,
}

/// Order of readings of one's own data.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OwnAccessFilter {
    /// Order; `-sequence` by default.
    #[param(inline)]
    pub sort: Option<Vec<AccessSort>>,
}

impl AccessFilter {
    pub fn search(&self) -> AccessSearch {
        AccessSearch {
            resource: self.resource.clone(),
            resource_id: self.resource_id,
            person: self.candidate_id,
            occurred_from: self.occurred_from,
            occurred_before: self.occurred_before,
        }
    }
}

impl AccessView {
    /// People learn who read in which role and for whom, not under which personal name.
    pub fn new(row: Access, names: bool) -> Self {
        Self {
            id: row.id,
            occurred_at: row.occurred_at,
            operation: row.operation,
            request_id: row.request_id,
            role: row.role,
            perimeter: row.perimeter,
            issuer: names.then_some(row.issuer),
            subject: names.then_some(row.subject),
            resource: row.resource,
            resource_id: row.resource_id,
        }
    }
}
