//! Shapes of the territories' answers.

use crate::platform::codes::{CommuneCode, DepartementCode, EpciSiren, RegionCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::store::{self, CommuneSort, TerritorySort};
use crate::page_of;

/// A region of France.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RegionView {
    /// Official code; a region may hold one département only (`01` to `06`).
    #[schema(example = "76")]
    pub code: String,
    #[schema(example = "Occitanie")]
    pub name: String,
    /// `metro` (metropolitan), `drom` (overseas département and region) or `com` (overseas collectivity).
    #[schema(example = "metro")]
    pub zone: String,
}

/// A département or overseas collectivity.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DepartementView {
    /// Official code: `01` to `95`, `2A`, `2B`, `971` to `989`.
    #[schema(example = "82")]
    pub code: String,
    #[schema(example = "Tarn-et-Garonne")]
    pub name: String,
    pub region_code: RegionCode,
    /// `metro`, `drom` or `com`.
    #[schema(example = "metro")]
    pub zone: String,
    /// Commune where the prefecture sits.
    pub prefecture_commune_code: Option<CommuneCode>,
    /// Inhabitants (INSEE).
    #[schema(minimum = 0, example = 263377)]
    pub population: Option<i32>,
}

/// An intercommunal body (EPCI).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EpciView {
    #[schema(example = "200066322")]
    pub siren: String,
    #[schema(example = "CC Terres des Confluences")]
    pub name: String,
    /// `CC`, `CA`, `CU`, `METRO`…
    #[schema(example = "CC")]
    pub kind: String,
    /// Inhabitants (INSEE).
    #[schema(minimum = 0, example = 42113)]
    pub population: Option<i32>,
}

/// A commune, or an arrondissement of Paris, Lyon or Marseille.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CommuneView {
    /// INSEE code.
    pub code: CommuneCode,
    #[schema(example = "Moissac")]
    pub name: String,
    /// `commune` or `arrondissement`.
    #[schema(example = "commune")]
    pub kind: String,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    /// The city that an arrondissement belongs to; null for communes.
    pub city_code: Option<CommuneCode>,
    /// Intercommunal body it belongs to; an arrondissement has its city's.
    pub epci_siren: Option<EpciSiren>,
    /// Inhabitants (INSEE).
    #[schema(minimum = 0, example = 13500)]
    pub population: Option<i32>,
    /// Longitude of the town hall, WGS 84 degrees.
    #[schema(example = 1.0853)]
    pub longitude: f64,
    /// Latitude of the town hall, WGS 84 degrees.
    #[schema(example = 44.1045)]
    pub latitude: f64,
    /// One postal code may serve several communes, and the reverse.
    #[schema(example = json!(["82200"]))]
    pub postal_codes: Vec<String>,
    /// Names that it had or took over, among them those of delegated and associated communes: the search finds them too.
    #[schema(example = json!(["Sainte-Livrade"]))]
    pub former_names: Vec<String>,
    /// Distance from the point `near`, in kilometres; null without one.
    #[schema(example = 3.2)]
    pub distance_km: Option<f64>,
}

page_of! {
    /// A page of regions.
    RegionPage of RegionView
}
page_of! {
    /// A page of départements.
    DepartementPage of DepartementView
}
page_of! {
    /// A page of intercommunal bodies.
    EpciPage of EpciView
}
page_of! {
    /// A page of communes.
    CommunePage of CommuneView
}

/// Filters of regions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RegionFilter {
    /// Part of the name; accents, case and hyphens do not matter.
    #[param(max_length = 100, format = "line", example = "occitanie")]
    pub q: Option<String>,
    /// Order; `name` by default.
    #[param(inline)]
    pub sort: Option<Vec<TerritorySort>>,
}

/// Filters of départements.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DepartementFilter {
    /// Part of the name; accents, case and hyphens do not matter.
    #[param(max_length = 100, format = "line", example = "tarn")]
    pub q: Option<String>,
    /// Codes of regions.
    #[param(inline)]
    pub region_code: Option<Vec<RegionCode>>,
    /// Order; `code` by default.
    #[param(inline)]
    pub sort: Option<Vec<TerritorySort>>,
}

/// Filters of intercommunal bodies.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EpciFilter {
    /// Part of the name; accents, case and hyphens do not matter.
    #[param(max_length = 100, format = "line", example = "sicoval")]
    pub q: Option<String>,
    /// Codes of départements that hold at least one of its communes.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Order; `name` by default.
    #[param(inline)]
    pub sort: Option<Vec<TerritorySort>>,
}

/// Filters of communes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CommuneFilter {
    /// Part of the name, or of a name it took over; accents, case, hyphens, and St for Saint do not matter.
    #[param(max_length = 100, format = "line", example = "st nicolas")]
    pub q: Option<String>,
    /// Postal code.
    #[param(pattern = "^[0-9]{5}$", example = "82200")]
    pub postal_code: Option<String>,
    /// Codes of départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Codes of regions.
    #[param(inline)]
    pub region_code: Option<Vec<RegionCode>>,
    /// SIREN of the intercommunal body.
    #[param(inline)]
    pub epci_siren: Option<EpciSiren>,
    /// Point as `longitude,latitude` in WGS 84 degrees: the nearest communes come first.
    #[param(pattern = r"^-?[0-9]{1,3}(\.[0-9]{1,8})?,-?[0-9]{1,2}(\.[0-9]{1,8})?$", example = "1.355,44.018")]
    pub near: Option<String>,
    /// How far around `near` to look, in kilometres; 100 by default.
    #[param(minimum = 1, maximum = 1000, example = 20)]
    pub within_km: Option<i32>,
    /// Order; `distance_km` with `near`, `relevance,-population` with `q`, `name` otherwise.
    #[param(inline)]
    pub sort: Option<Vec<CommuneSort>>,
}

impl From<store::Region> for RegionView {
    fn from(row: store::Region) -> Self {
        Self { code: row.code, name: row.name, zone: row.zone }
    }
}

impl From<store::Departement> for DepartementView {
    fn from(row: store::Departement) -> Self {
        Self {
            code: row.code,
            name: row.name,
            region_code: row.region_code,
            zone: row.zone,
            prefecture_commune_code: row.prefecture_commune_code,
            population: row.population,
        }
    }
}

impl From<store::Epci> for EpciView {
    fn from(row: store::Epci) -> Self {
        Self { siren: row.siren, name: row.name, kind: row.kind, population: row.population }
    }
}

impl From<store::Commune> for CommuneView {
    fn from(row: store::Commune) -> Self {
        Self {
            code: row.code,
            name: row.name,
            kind: row.kind,
            departement_code: row.departement_code,
            region_code: row.region_code,
            city_code: row.city_code,
            epci_siren: row.epci_siren,
            population: row.population,
            longitude: row.longitude,
            latitude: row.latitude,
            postal_codes: row.postal_codes,
            former_names: row.former_names,
            distance_km: row.distance_km,
        }
    }
}
