//! Places that everybody may see, and their map.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::features::places::store::Place;
use crate::platform::codes::DepartementCode;
use crate::platform::ids::PlaceId;

/// What of the places to draw or to download.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PublicPlaceFilter {
    /// Codes of départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Within a box: west, south, east, north, in WGS 84 degrees; over the 180th meridian where west is greater than east.
    #[param(
        pattern = "^-?[0-9]{1,3}(\\.[0-9]{1,9})?(,-?[0-9]{1,3}(\\.[0-9]{1,9})?){3}$",
        example = "1.0,44.0,1.5,44.5"
    )]
    pub bbox: Option<String>,
}

/// A point of a map.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlaceFeature {
    /// `Feature`.
    #[schema(example = "Feature")]
    pub r#type: &'static str,
    pub id: PlaceId,
    pub geometry: PlacePoint,
    pub properties: PlaceProperties,
}

/// Where a place lies.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlacePoint {
    /// `Point`.
    #[schema(example = "Point")]
    pub r#type: &'static str,
    /// Longitude and latitude, WGS 84 degrees.
    #[schema(example = json!([1.0853, 44.1045]))]
    pub coordinates: Vec<f64>,
}

/// What a map tells of a place.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlaceProperties {
    #[schema(example = "Médiathèque (démonstration)")]
    pub name: String,
    #[schema(example = "1 rue de la Mairie")]
    pub address: String,
    #[schema(example = "82200")]
    pub postal_code: String,
    #[schema(example = "Moissac")]
    pub commune_name: String,
    pub departement_code: DepartementCode,
    pub phone: Option<String>,
    #[schema(example = "Mo-Fr 09:00-12:00,14:00-17:00")]
    pub opening_hours_osm: Option<String>,
    pub itinerant: bool,
}

/// Public places as GeoJSON (RFC 7946).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlaceMap {
    /// `FeatureCollection`.
    #[schema(example = "FeatureCollection")]
    pub r#type: &'static str,
    pub features: Vec<PlaceFeature>,
}

impl From<Vec<Place>> for PlaceMap {
    fn from(rows: Vec<Place>) -> Self {
        let feature = |row: Place| PlaceFeature {
            r#type: "Feature",
            id: row.id,
            geometry: PlacePoint { r#type: "Point", coordinates: vec![row.longitude, row.latitude] },
            properties: PlaceProperties {
                name: row.name,
                address: row.address,
                postal_code: row.postal_code,
                commune_name: row.commune_name,
                departement_code: row.departement_code,
                phone: row.phone,
                opening_hours_osm: row.opening_hours,
                itinerant: row.itinerant,
            },
        };
        Self { r#type: "FeatureCollection", features: rows.into_iter().map(feature).collect() }
    }
}
