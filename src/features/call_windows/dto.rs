//! Shapes of requests and answers about call windows.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::model::Audience;
use super::store::{CallWindow, CallWindowSort};
use crate::page_of;
use crate::platform::http::patch;
use crate::platform::ids::CallWindowId;

/// Opens the call to an audience.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewCallWindow {
    pub audience: Audience,
    /// First day.
    #[schema(example = "2020-11-17")]
    pub opens_on: NaiveDate,
    /// Last day; without one the window stays open.
    #[schema(example = "2021-12-31")]
    pub closes_on: Option<NaiveDate>,
}

/// Changes of a window; absent members stay.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"closes_on": "2021-12-31"}))]
#[serde(deny_unknown_fields)]
pub struct CallWindowPatch {
    #[schema(nullable = false)]
    pub opens_on: Option<NaiveDate>,
    /// Null leaves the window open.
    #[serde(default, deserialize_with = "patch::member")]
    pub closes_on: Option<Option<NaiveDate>>,
}

/// A period during which structures may apply.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CallWindowView {
    pub id: CallWindowId,
    pub audience: Audience,
    /// First day.
    #[schema(example = "2020-11-17")]
    pub opens_on: NaiveDate,
    /// Last day, or null while no end is set.
    #[schema(example = "2021-12-31")]
    pub closes_on: Option<NaiveDate>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

page_of! {
    /// A page of call windows.
    CallWindowPage of CallWindowView
}

/// Filters of call windows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CallWindowFilter {
    /// Audiences.
    #[param(inline)]
    pub audience: Option<Vec<Audience>>,
    /// Whether the window is open today.
    #[param(example = true)]
    pub open: Option<bool>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `opens_on` by default.
    #[param(inline)]
    pub sort: Option<Vec<CallWindowSort>>,
}

impl From<CallWindow> for CallWindowView {
    fn from(row: CallWindow) -> Self {
        Self {
            id: row.id,
            audience: row.audience,
            opens_on: row.opens_on,
            closes_on: row.closes_on,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}
