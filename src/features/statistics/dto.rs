//! Shapes of the programme's figures.

use crate::platform::codes::{DepartementCode, RegionCode};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::model::{ProgrammeDimension, UncoveredKind};
use super::store::{Uncovered, UncoveredSort};
use crate::features::activity::dto::FigureDefinition;
use crate::page_of;

/// What of the programme to count.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProgrammeFilter {
    /// The figures as they stood at the end of this day; today where absent.
    #[param(example = "2021-12-31")]
    pub as_of: Option<NaiveDate>,
    /// Break the figures down.
    #[param(inline)]
    pub group_by: Option<ProgrammeDimension>,
    /// Codes of départements; figures are their sum.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Codes of regions; figures are their sum.
    #[param(inline)]
    pub region_code: Option<Vec<RegionCode>>,
}

/// What of the coverage to count.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CoverageFilter {
    /// The figures as they stood at the end of this day; today where absent.
    #[param(example = "2021-12-31")]
    pub as_of: Option<NaiveDate>,
    /// Codes of regions; figures are their sum.
    #[param(inline)]
    pub region_code: Option<Vec<RegionCode>>,
}

/// Figures of the programme.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct ProgrammeFigures {
    /// Inhabitants (INSEE).
    #[schema(minimum = 0, example = 260_000)]
    pub population: i64,
    /// Posts granted since the beginning, those given back since included.
    #[schema(minimum = 0, example = 12)]
    pub posts_granted_count: i64,
    /// Posts on which nobody works, nor is to.
    #[schema(minimum = 0, example = 4)]
    pub posts_vacant_count: i64,
    /// Posts whose contract is validated and has not begun.
    #[schema(minimum = 0, example = 1)]
    pub posts_starting_later_count: i64,
    /// Posts on which somebody works: the contract has begun.
    #[schema(minimum = 0, example = 7)]
    pub posts_occupied_count: i64,
    /// Posts given or taken back.
    #[schema(minimum = 0, example = 1)]
    pub posts_returned_count: i64,
    /// Live posts (vacant, filled or occupied) per 10,000 inhabitants, to two decimals; null where nobody lives.
    #[schema(minimum = 0, example = 0.42)]
    pub posts_per_10000: Option<f64>,
    /// Structures that hold live posts.
    #[schema(minimum = 0, example = 9)]
    pub structures_count: i64,
    /// Départements with a live post.
    #[schema(minimum = 0, example = 1)]
    pub departements_covered_count: i64,
    /// Recruitments submitted and not decided; null to the public.
    #[schema(minimum = 0, example = 2)]
    pub recruitments_submitted_count: Option<i64>,
    /// Counsellors whose contract is validated, begun or not; null to the public.
    #[schema(minimum = 0, example = 8)]
    pub counsellors_recruited_count: Option<i64>,
    /// Counsellors whose contract has begun; null to the public.
    #[schema(minimum = 0, example = 7)]
    pub counsellors_in_post_count: Option<i64>,
    /// Of them, in a session of training on that day; null to the public.
    #[schema(minimum = 0, example = 3)]
    pub counsellors_in_training_count: Option<i64>,
    /// Of them, certified by that day; null to the public.
    #[schema(minimum = 0, example = 5)]
    pub counsellors_certified_count: Option<i64>,
    /// Agreed by signature, in cents; null to those who do not see sums.
    #[schema(example = 35_000_000)]
    pub agreed_cents: Option<i64>,
    /// Paid less asked back, in cents; like the former.
    #[schema(example = 9_000_000)]
    pub paid_cents: Option<i64>,
    /// Agreed and not paid, in cents; like the former.
    #[schema(example = 26_000_000)]
    pub remaining_cents: Option<i64>,
    /// Places where people are received.
    #[schema(minimum = 0, example = 15)]
    pub places_count: i64,
}

/// Figures of a territory.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProgrammeGroup {
    #[schema(example = "82")]
    pub code: String,
    #[schema(example = "Tarn-et-Garonne")]
    pub name: String,
    pub figures: ProgrammeFigures,
}

/// A figure and the list that proves it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FigureProof {
    #[schema(example = "posts_vacant_count")]
    pub figure: &'static str,
    /// List whose `meta.total` is the figure.
    #[schema(example = "/api/v1/posts?status=vacant")]
    pub link: String,
}

/// Figures of the programme on a day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProgrammeStatistics {
    /// The figures stand for the end of this day.
    #[schema(example = "2021-12-31")]
    pub as_of: NaiveDate,
    /// Instant of the count; null to the public, whose answers change with the figures only.
    pub computed_at: Option<DateTime<Utc>>,
    pub totals: ProgrammeFigures,
    pub groups: Vec<ProgrammeGroup>,
    /// For today's figures, within your reach.
    pub proofs: Vec<FigureProof>,
    pub definitions: Vec<FigureDefinition>,
}

/// How a département is covered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CoverageItem {
    pub departement_code: DepartementCode,
    #[schema(example = "Tarn-et-Garonne")]
    pub departement_name: String,
    pub region_code: RegionCode,
    #[schema(minimum = 0, example = 260_000)]
    pub population: i64,
    /// Vacant and occupied posts.
    #[schema(minimum = 0, example = 11)]
    pub posts_count: i64,
    #[schema(minimum = 0, example = 7)]
    pub posts_occupied_count: i64,
    /// To two decimals; null where nobody lives.
    #[schema(minimum = 0, example = 0.42)]
    pub posts_per_10000: Option<f64>,
    #[schema(minimum = 0, example = 15)]
    pub places_count: i64,
    /// Communes of the département.
    #[schema(minimum = 0, example = 195)]
    pub communes_count: i64,
    /// Of them, with a post's structure or a place.
    #[schema(minimum = 0, example = 9)]
    pub communes_covered_count: i64,
}

/// How the country is covered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CoverageStatistics {
    #[schema(example = "2021-12-31")]
    pub as_of: NaiveDate,
    /// Live posts per 10,000 inhabitants of the whole country, to compare with.
    #[schema(minimum = 0, example = 0.55)]
    pub country_posts_per_10000: Option<f64>,
    pub departements: Vec<CoverageItem>,
}

/// What is without a post or a place.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UncoveredItem {
    pub kind: UncoveredKind,
    /// INSEE code, SIREN, or the structure's identifier.
    #[schema(example = "82001")]
    pub code: String,
    #[schema(example = "Albefeuille-Lagarde")]
    pub name: String,
    /// Where most of it lies.
    pub departement_code: Option<DepartementCode>,
    pub region_code: Option<RegionCode>,
    /// Null for structures.
    #[schema(minimum = 0, example = 1200)]
    pub population: Option<i32>,
}

page_of! {
    /// A page of uncovered territories.
    UncoveredPage of UncoveredItem
}

/// Filters of uncovered territories.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UncoveredFilter {
    /// What; communes where absent.
    #[param(inline)]
    pub kind: Option<UncoveredKind>,
    /// Codes of the départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Part of the name.
    #[param(max_length = 100, format = "line", example = "moissac")]
    pub q: Option<String>,
    /// Order; `-population` by default.
    #[param(inline)]
    pub sort: Option<Vec<UncoveredSort>>,
}

impl From<Uncovered> for UncoveredItem {
    fn from(row: Uncovered) -> Self {
        Self {
            kind: row.kind,
            code: row.code,
            name: row.name,
            departement_code: row.departement_code,
            region_code: row.region_code,
            population: row.population,
        }
    }
}

/// What a map tells of a département.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DepartementProperties {
    #[schema(example = "82")]
    pub code: String,
    #[schema(example = "Tarn-et-Garonne")]
    pub name: String,
    #[schema(minimum = 0, example = 11)]
    pub posts_count: i64,
    #[schema(minimum = 0, example = 7)]
    pub posts_occupied_count: i64,
    #[schema(minimum = 0, example = 0.42)]
    pub posts_per_10000: Option<f64>,
    #[schema(minimum = 0, example = 15)]
    pub places_count: i64,
}

/// The outline of a département with its figures.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DepartementFeature {
    /// `Feature`.
    #[schema(example = "Feature")]
    pub r#type: &'static str,
    /// Code of the département.
    #[schema(example = "82")]
    pub id: String,
    /// `Polygon` or `MultiPolygon`, WGS 84 degrees.
    #[schema(value_type = Object, additional_properties)]
    pub geometry: &'static RawValue,
    pub properties: DepartementProperties,
}

/// Départements as GeoJSON (RFC 7946).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DepartementsMap {
    /// `FeatureCollection`.
    #[schema(example = "FeatureCollection")]
    pub r#type: &'static str,
    pub features: Vec<DepartementFeature>,
}
