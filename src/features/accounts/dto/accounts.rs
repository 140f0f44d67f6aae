//! Shapes of accounts.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::features::accounts::model::AccountStatus;
use crate::features::accounts::store::accounts::{Account, AccountSearch, AccountSort};
use crate::page_of;
use crate::platform::auth::Role;
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::http::patch;
use crate::platform::ids::{AccountId, StructureId};
use crate::platform::transitions::Transition;

/// Somebody is asked in. The perimeter goes with the role: `structure_id` for an employer, a département or a region
/// for a prefecture or a coordinator, either or none for an observer, none for the others.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "prefecture", "email": "pref-numerique@example.org", "departement_code": "82"}))]
pub struct InviteAccount {
    /// `anct`, `bdt`, `prefecture`, `employer`, `coordinator` or `observer`; others than the ANCT give their own.
    pub role: Role,
    /// Stored in lower case; gets the link that signs in.
    #[schema(max_length = 254, format = "email", example = "pref-numerique@example.org")]
    pub email: String,
    pub structure_id: Option<StructureId>,
    pub departement_code: Option<DepartementCode>,
    pub region_code: Option<RegionCode>,
}

/// Changes of an account; absent members stay, null erases.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "numerique@example.org"}))]
pub struct AccountPatch {
    /// The former address is told of the change; links mailed to it end.
    #[schema(max_length = 254, format = "email", nullable = false)]
    pub email: Option<String>,
    /// Issuer of an external identity, with `subject`; ANCT only.
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(min_length = 1, max_length = 500, format = "line")]
    pub issuer: Option<Option<String>>,
    /// Subject of the external identity, with `issuer`; ANCT only.
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(min_length = 1, max_length = 255, format = "line")]
    pub subject: Option<Option<String>>,
}

/// An account as a list shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AccountView {
    pub id: AccountId,
    pub role: Role,
    #[schema(format = "email", example = "pref-numerique@example.org")]
    pub email: String,
    pub structure_id: Option<StructureId>,
    pub departement_code: Option<DepartementCode>,
    pub region_code: Option<RegionCode>,
    /// Candidate, counsellor or training body that the account is.
    pub subject_id: Option<Uuid>,
    /// Issuer of the external identity it is tied to.
    #[schema(example = "https://auth.example.org")]
    pub issuer: Option<String>,
    /// Subject of the external identity it is tied to.
    #[schema(example = "704e024229015d2bd47f7a5e5ab05b35")]
    pub subject: Option<String>,
    pub status: AccountStatus,
    /// When a mailed link last signed it in.
    pub last_seen_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

/// An account with what may be done with it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AccountDetail {
    pub id: AccountId,
    pub role: Role,
    #[schema(format = "email", example = "pref-numerique@example.org")]
    pub email: String,
    pub structure_id: Option<StructureId>,
    pub departement_code: Option<DepartementCode>,
    pub region_code: Option<RegionCode>,
    /// Candidate, counsellor or training body that the account is.
    pub subject_id: Option<Uuid>,
    /// Issuer of the external identity it is tied to.
    #[schema(example = "https://auth.example.org")]
    pub issuer: Option<String>,
    /// Subject of the external identity it is tied to.
    #[schema(example = "704e024229015d2bd47f7a5e5ab05b35")]
    pub subject: Option<String>,
    pub status: AccountStatus,
    /// When a mailed link last signed it in.
    pub last_seen_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// What may be done with it, and if not, why.
    pub transitions: Vec<Transition>,
}

page_of! {
    /// A page of accounts.
    AccountPage of AccountView
}

/// Filters of accounts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AccountFilter {
    /// Part of the address.
    #[param(max_length = 100, format = "line", example = "example.org")]
    pub q: Option<String>,
    /// Roles.
    #[param(inline)]
    pub role: Option<Vec<Role>>,
    /// States.
    #[param(inline)]
    pub status: Option<Vec<AccountStatus>>,
    /// Structure of an employer.
    #[param(inline)]
    pub structure_id: Option<StructureId>,
    /// Codes of départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Codes of regions.
    #[param(inline)]
    pub region_code: Option<Vec<RegionCode>>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-updated_at` by default.
    #[param(inline)]
    pub sort: Option<Vec<AccountSort>>,
}

impl AccountFilter {
    pub fn search(&self) -> AccountSearch {
        AccountSearch {
            text: self.q.clone(),
            roles: self.role.clone(),
            statuses: self.status.clone(),
            structure_id: self.structure_id,
            departement_code: self.departement_code.clone(),
            region_code: self.region_code.clone(),
            updated_since: self.updated_since,
        }
    }
}

impl From<Account> for AccountView {
    fn from(row: Account) -> Self {
        Self {
            id: row.id,
            role: row.role,
            email: row.email,
            structure_id: row.structure_id,
            departement_code: row.departement_code,
            region_code: row.region_code,
            subject_id: row.subject_id,
            issuer: row.issuer,
            subject: row.subject,
            status: row.status,
            last_seen_at: row.last_seen_at,
            revoked_at: row.revoked_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

impl AccountDetail {
    pub fn new(row: Account, transitions: Vec<Transition>) -> Self {
        Self {
            id: row.id,
            role: row.role,
            email: row.email,
            structure_id: row.structure_id,
            departement_code: row.departement_code,
            region_code: row.region_code,
            subject_id: row.subject_id,
            issuer: row.issuer,
            subject: row.subject,
            status: row.status,
            last_seen_at: row.last_seen_at,
            revoked_at: row.revoked_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
            transitions,
        }
    }
}
