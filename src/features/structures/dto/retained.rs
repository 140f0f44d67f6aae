//! Structures that were retained, for everybody.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::features::structures::model::StructureKind;
use crate::features::structures::store::{self, RetainedSort};
use crate::page_of;
use crate::platform::codes::{CommuneCode, DepartementCode, RegionCode};
use crate::platform::ids::StructureId;

/// A structure retained by the committee, as the public sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RetainedItem {
    pub id: StructureId,
    #[schema(example = "CN-S-000123")]
    pub reference: String,
    #[schema(example = "Commune de Moissac")]
    pub name: String,
    pub kind: StructureKind,
    /// A service of the State retained by way of experiment.
    pub experimental: bool,
    pub commune_code: CommuneCode,
    #[schema(example = "Moissac")]
    pub commune_name: String,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    #[schema(example = 1.0853)]
    pub longitude: f64,
    #[schema(example = 44.1045)]
    pub latitude: f64,
    /// Wave that retained it first.
    #[schema(minimum = 1, example = 1)]
    pub wave: i32,
    pub retained_on: NaiveDate,
    /// Live posts.
    #[schema(minimum = 0, example = 1)]
    pub posts_count: i64,
}

page_of! {
    /// A page of retained structures.
    RetainedPage of RetainedItem
}

/// Filters of the public list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RetainedFilter {
    /// Part of the name; accents, case and hyphens do not matter.
    #[param(max_length = 100, format = "line", example = "moissac")]
    pub q: Option<String>,
    /// Codes of départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Wave that retained the structure first.
    #[param(minimum = 1, maximum = 99, example = 2)]
    pub wave: Option<i32>,
    /// Order; `wave,name` by default.
    #[param(inline)]
    pub sort: Option<Vec<RetainedSort>>,
}

impl From<store::Retained> for RetainedItem {
    fn from(row: store::Retained) -> Self {
        Self {
            id: row.id,
            reference: row.reference,
            name: row.name,
            kind: row.kind,
            experimental: row.experimental,
            commune_code: row.commune_code,
            commune_name: row.commune_name,
            departement_code: row.departement_code,
            region_code: row.region_code,
            longitude: row.longitude,
            latitude: row.latitude,
            wave: row.wave,
            retained_on: row.retained_on,
            posts_count: row.posts,
        }
    }
}
