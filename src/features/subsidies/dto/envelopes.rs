//! Shapes of envelopes.

use crate::platform::codes::DepartementCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::features::subsidies::model::EnvelopeCode;
use crate::features::subsidies::store::envelopes::{Envelope, EnvelopeSort, Share, ShareSort};
use crate::page_of;

/// What is allotted to an envelope.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct EnvelopeInput {
    /// Euro cents; never below what is committed, and the parts never above the programme.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64, example = 20_000_000_000_i64)]
    pub allotted_cents: i64,
}

/// A budget line. The programme is the sum of its parts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EnvelopeItem {
    pub code: EnvelopeCode,
    /// The envelope that it is a part of.
    pub parent_code: Option<EnvelopeCode>,
    /// Euro cents.
    #[schema(minimum = 0, example = 20_000_000_000_i64)]
    pub allotted_cents: i64,
    /// What signed agreements promise, in euro cents.
    #[schema(minimum = 0, example = 90_000_000)]
    pub committed_cents: i64,
    /// What was paid less what was credited, in euro cents.
    #[schema(minimum = 0, example = 18_000_000)]
    pub paid_cents: i64,
    /// What may still be promised, in euro cents.
    #[schema(minimum = 0, example = 19_910_000_000_i64)]
    pub available_cents: i64,
    /// What is promised and not paid, in euro cents.
    #[schema(minimum = 0, example = 72_000_000)]
    pub remaining_cents: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

/// What a département takes of the posts' envelope.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EnvelopeShareItem {
    pub departement_code: DepartementCode,
    #[schema(example = "Tarn-et-Garonne")]
    pub departement_name: String,
    /// Agreements that were signed.
    #[schema(minimum = 0, example = 16)]
    pub agreements_count: i64,
    /// What they promise, in euro cents.
    #[schema(minimum = 0, example = 90_000_000)]
    pub committed_cents: i64,
    /// What was paid less what was credited, in euro cents.
    #[schema(minimum = 0, example = 18_000_000)]
    pub paid_cents: i64,
    /// What is promised and not paid, in euro cents.
    #[schema(minimum = 0, example = 72_000_000)]
    pub remaining_cents: i64,
}

page_of! {
    /// A page of envelopes.
    EnvelopePage of EnvelopeItem
}

page_of! {
    /// A page of départements with their share.
    EnvelopeSharePage of EnvelopeShareItem
}

/// Filters of envelopes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EnvelopeFilter {
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `code` by default.
    #[param(inline)]
    pub sort: Option<Vec<EnvelopeSort>>,
}

/// Order of shares.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EnvelopeShareFilter {
    /// Order; `departement_code` by default.
    #[param(inline)]
    pub sort: Option<Vec<ShareSort>>,
}

impl From<Envelope> for EnvelopeItem {
    fn from(row: Envelope) -> Self {
        Self {
            code: row.code,
            parent_code: row.parent_code,
            allotted_cents: row.allotted_cents,
            committed_cents: row.committed_cents,
            paid_cents: row.paid_cents,
            available_cents: row.allotted_cents - row.committed_cents,
            remaining_cents: row.committed_cents - row.paid_cents,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

impl From<Share> for EnvelopeShareItem {
    fn from(row: Share) -> Self {
        Self {
            departement_code: row.departement_code,
            departement_name: row.departement_name,
            agreements_count: row.agreements_count,
            committed_cents: row.committed_cents,
            paid_cents: row.paid_cents,
            remaining_cents: row.committed_cents - row.paid_cents,
        }
    }
}
