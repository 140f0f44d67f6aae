//! Shapes of API clients.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::features::accounts::model::{ApiClientStatus, client_status};
use crate::features::accounts::store::clients::{ApiClient, ApiClientSearch, ApiClientSort};
use crate::page_of;
use crate::platform::auth::Role;
use crate::platform::clock::Now;
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::ids::{ApiClientId, StructureId};
use crate::platform::transitions::Transition;

/// A scope: what a token may read or write, by the resource's name.
#[derive(ToSchema)]
#[schema(pattern = "^[a-z-]{1,60}:(read|write)$", example = "posts:read")]
#[expect(dead_code, reason = "declared for the document")]
pub struct ScopeName(String);

/// A program gets credentials of its own. The perimeter goes with the role, as for an account.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Tableau de bord du Tarn-et-Garonne", "role": "prefecture", "departement_code": "82", "scopes": ["structures:read", "posts:read"]}))]
pub struct NewApiClient {
    #[schema(min_length = 1, max_length = 100, format = "line", example = "Tableau de bord du Tarn-et-Garonne")]
    pub name: String,
    /// `anct`, `bdt`, `prefecture`, `employer` or `observer`; others than the ANCT give their own.
    pub role: Role,
    pub structure_id: Option<StructureId>,
    pub departement_code: Option<DepartementCode>,
    pub region_code: Option<RegionCode>,
    /// What it may do, out of the scopes of its role.
    #[schema(value_type = Vec<ScopeName>, min_items = 1, max_items = 60, example = json!(["structures:read", "posts:read"]))]
    pub scopes: Vec<String>,
    /// A year ahead at most, and by default.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Changes of an API client; absent members stay. Role and perimeter never change.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"scopes": ["structures:read"]}))]
pub struct ApiClientPatch {
    #[schema(min_length = 1, max_length = 100, format = "line", nullable = false)]
    pub name: Option<String>,
    #[schema(value_type = Option<Vec<ScopeName>>, min_items = 1, max_items = 60, nullable = false)]
    pub scopes: Option<Vec<String>>,
    /// A year ahead at most.
    #[schema(nullable = false)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// How a secret is replaced.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"grace_hours": 24}))]
pub struct RotateApiClient {
    /// Hours for which the former secret still works; 24 by default, 0 ends it at once.
    #[schema(minimum = 0, maximum = 168, default = 24, example = 24)]
    pub grace_hours: Option<i32>,
}

/// An API client as a list shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApiClientView {
    /// Its `client_id` too.
    pub id: ApiClientId,
    #[schema(example = "Tableau de bord du Tarn-et-Garonne")]
    pub name: String,
    pub role: Role,
    pub structure_id: Option<StructureId>,
    pub departement_code: Option<DepartementCode>,
    pub region_code: Option<RegionCode>,
    #[schema(example = json!(["structures:read", "posts:read"]))]
    pub scopes: Vec<String>,
    pub status: ApiClientStatus,
    pub expires_at: DateTime<Utc>,
    /// Until when the former secret still works.
    pub previous_secret_until: Option<DateTime<Utc>>,
    /// When it last got a token.
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

/// An API client with what may be done with it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApiClientDetail {
    /// Its `client_id` too.
    pub id: ApiClientId,
    #[schema(example = "Tableau de bord du Tarn-et-Garonne")]
    pub name: String,
    pub role: Role,
    pub structure_id: Option<StructureId>,
    pub departement_code: Option<DepartementCode>,
    pub region_code: Option<RegionCode>,
    #[schema(example = json!(["structures:read", "posts:read"]))]
    pub scopes: Vec<String>,
    pub status: ApiClientStatus,
    pub expires_at: DateTime<Utc>,
    /// Until when the former secret still works.
    pub previous_secret_until: Option<DateTime<Utc>>,
    /// When it last got a token.
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// The secret, in the answer that makes it and never again; null otherwise.
    #[schema(example = json!(null))]
    pub client_secret: Option<String>,
    /// What may be done with it, and if not, why.
    pub transitions: Vec<Transition>,
}

page_of! {
    /// A page of API clients.
    ApiClientPage of ApiClientView
}

/// Filters of API clients.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ApiClientFilter {
    /// Part of the name.
    #[param(max_length = 100, format = "line", example = "tableau")]
    pub q: Option<String>,
    /// Roles.
    #[param(inline)]
    pub role: Option<Vec<Role>>,
    /// Only revoked ones, or only others.
    #[param(example = false)]
    pub revoked: Option<bool>,
    /// Only those that expire before this instant.
    #[param(example = "2027-01-01T00:00:00Z")]
    pub expires_before: Option<DateTime<Utc>>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-updated_at` by default.
    #[param(inline)]
    pub sort: Option<Vec<ApiClientSort>>,
}

impl ApiClientFilter {
    pub fn search(&self) -> ApiClientSearch {
        ApiClientSearch {
            text: self.q.clone(),
            roles: self.role.clone(),
            revoked: self.revoked,
            expires_before: self.expires_before,
            updated_since: self.updated_since,
        }
    }
}

impl ApiClientView {
    pub fn new(row: ApiClient, now: Now) -> Self {
        Self {
            status: client_status(row.revoked_at, row.expires_at, now.instant()),
            id: row.id,
            name: row.name,
            role: row.role,
            structure_id: row.structure_id,
            departement_code: row.departement_code,
            region_code: row.region_code,
            scopes: row.scopes,
            expires_at: row.expires_at,
            previous_secret_until: row.previous_secret_until,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

impl ApiClientDetail {
    pub fn new(row: ApiClient, client_secret: Option<String>, transitions: Vec<Transition>, now: Now) -> Self {
        Self {
            status: client_status(row.revoked_at, row.expires_at, now.instant()),
            id: row.id,
            name: row.name,
            role: row.role,
            structure_id: row.structure_id,
            departement_code: row.departement_code,
            region_code: row.region_code,
            scopes: row.scopes,
            expires_at: row.expires_at,
            previous_secret_until: row.previous_secret_until,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
            client_secret,
            transitions,
        }
    }
}
