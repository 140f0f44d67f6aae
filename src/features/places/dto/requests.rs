//! What is told of a place.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::features::places::model::*;
use crate::platform::codes::CommuneCode;
use crate::platform::http::patch;
use crate::platform::ids::{PlaceId, StructureId};

/// When a place is open on a day of the week.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema, PartialEq, Eq)]
pub struct OpeningSpan {
    pub day: Day,
    /// `HH:MM`, local time.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "09:00")]
    pub opens: String,
    /// `HH:MM`, local time; 24:00 is midnight.
    #[schema(pattern = "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", example = "12:00")]
    pub closes: String,
}

/// A place where counsellors receive people.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Médiathèque (démonstration)", "address": "1 rue de la Mairie", "postal_code": "82200", "commune_code": "82112", "services": ["demarches", "quotidien"]}))]
pub struct NewPlace {
    /// Who answers for it: your own structure when absent; the ANCT names one.
    pub structure_id: Option<StructureId>,
    #[schema(min_length = 1, max_length = 250, format = "line", example = "Médiathèque (démonstration)")]
    pub name: String,
    /// What it is: a town hall, a library…
    pub kind: Option<PlaceKind>,
    #[schema(format = "siret", example = "21820112700014")]
    pub siret: Option<String>,
    #[schema(min_length = 1, max_length = 250, format = "line", example = "1 rue de la Mairie")]
    pub address: String,
    #[schema(min_length = 1, max_length = 250, format = "line")]
    pub address_complement: Option<String>,
    #[schema(pattern = "^[0-9]{5}$", example = "82200")]
    pub postal_code: String,
    pub commune_code: CommuneCode,
    /// WGS 84 degrees, within 50 km of the commune's (300 km overseas); the town hall's when absent.
    #[schema(minimum = -180, maximum = 180, example = 1.0853)]
    pub longitude: Option<f64>,
    /// WGS 84 degrees; the town hall's when absent.
    #[schema(minimum = -90, maximum = 90, example = 44.1045)]
    pub latitude: Option<f64>,
    #[schema(max_length = 40, format = "public_phone", example = "05 63 00 00 00")]
    /// As it is dialled in the commune, in international form, or a short number of a public service (`3949`).
    pub phone: Option<String>,
    #[schema(max_length = 254, format = "email")]
    pub email: Option<String>,
    #[schema(max_length = 500, format = "url", example = "https://www.example.org")]
    pub website: Option<String>,
    #[schema(max_length = 500, format = "url", example = "https://www.example.org")]
    pub booking_url: Option<String>,
    /// The usual week; either this or `opening_hours_osm`.
    #[schema(max_items = 50)]
    pub opening_hours: Option<Vec<OpeningSpan>>,
    /// In the `opening_hours` syntax of OpenStreetMap; either this or `opening_hours`.
    #[schema(min_length = 1, max_length = 1000, format = "opening_hours", example = "Mo-Fr 09:00-12:00,14:00-17:00")]
    pub opening_hours_osm: Option<String>,
    #[schema(min_length = 1, max_length = 5000, format = "text")]
    /// What is offered; a few sentences or some pages. The summary of the open data is its beginning.
    pub presentation: Option<String>,
    #[schema(min_items = 1, max_items = 9)]
    pub services: Vec<PlaceService>,
    #[schema(max_items = 5)]
    pub audiences: Option<Vec<PlaceAudience>>,
    #[schema(max_items = 7)]
    pub special_care: Option<Vec<SpecialCare>>,
    #[schema(max_items = 3)]
    pub fees: Option<Vec<PlaceFee>>,
    #[schema(max_items = 6)]
    pub access_modes: Option<Vec<AccessMode>>,
    #[schema(max_items = 4)]
    pub support_modes: Option<Vec<SupportMode>>,
    /// `conseillers_numeriques` when absent.
    #[schema(max_items = 11)]
    pub programmes: Option<Vec<PlaceProgramme>>,
    /// Whether it moves from place to place.
    pub itinerant: Option<bool>,
    /// False where the structure objects to publication.
    pub published: Option<bool>,
}

/// Changes of a place; absent members stay, null erases.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"opening_hours_osm": "Mo-Fr 09:00-12:00"}))]
#[serde(deny_unknown_fields)]
pub struct PlacePatch {
    #[schema(min_length = 1, max_length = 250, format = "line", nullable = false)]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "patch::member")]
    pub kind: Option<Option<PlaceKind>>,
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(format = "siret")]
    pub siret: Option<Option<String>>,
    #[schema(min_length = 1, max_length = 250, format = "line", nullable = false)]
    pub address: Option<String>,
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(min_length = 1, max_length = 250, format = "line")]
    pub address_complement: Option<Option<String>>,
    #[schema(pattern = "^[0-9]{5}$", nullable = false)]
    pub postal_code: Option<String>,
    #[schema(nullable = false)]
    pub commune_code: Option<CommuneCode>,
    #[schema(minimum = -180, maximum = 180, nullable = false)]
    pub longitude: Option<f64>,
    #[schema(minimum = -90, maximum = 90, nullable = false)]
    pub latitude: Option<f64>,
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(max_length = 40, format = "public_phone", example = "05 63 00 00 00")]
    pub phone: Option<Option<String>>,
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(max_length = 254, format = "email")]
    pub email: Option<Option<String>>,
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(max_length = 500, format = "url", example = "https://www.example.org")]
    pub website: Option<Option<String>>,
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(max_length = 500, format = "url", example = "https://www.example.org")]
    pub booking_url: Option<Option<String>>,
    /// The usual week; replaces whatever hours were known.
    #[schema(max_items = 50, nullable = false)]
    pub opening_hours: Option<Vec<OpeningSpan>>,
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(min_length = 1, max_length = 1000, format = "opening_hours")]
    pub opening_hours_osm: Option<Option<String>>,
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(min_length = 1, max_length = 5000, format = "text")]
    pub presentation: Option<Option<String>>,
    #[schema(min_items = 1, max_items = 9, nullable = false)]
    pub services: Option<Vec<PlaceService>>,
    #[schema(max_items = 5, nullable = false)]
    pub audiences: Option<Vec<PlaceAudience>>,
    #[schema(max_items = 7, nullable = false)]
    pub special_care: Option<Vec<SpecialCare>>,
    #[schema(max_items = 3, nullable = false)]
    pub fees: Option<Vec<PlaceFee>>,
    #[schema(max_items = 6, nullable = false)]
    pub access_modes: Option<Vec<AccessMode>>,
    #[schema(max_items = 4, nullable = false)]
    pub support_modes: Option<Vec<SupportMode>>,
    #[schema(max_items = 11, nullable = false)]
    pub programmes: Option<Vec<PlaceProgramme>>,
    #[schema(nullable = false)]
    pub itinerant: Option<bool>,
    #[schema(nullable = false)]
    pub published: Option<bool>,
}

/// How a counsellor appears at a place.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"main": true, "name_published": false}))]
pub struct PlaceMembership {
    /// The counsellor's main place: there is one.
    pub main: Option<bool>,
    /// Consent to show the name to everybody; only the counsellor may give it.
    pub name_published: Option<bool>,
    /// The counsellor objects to showing the place to everybody; only the counsellor may.
    pub objects: Option<bool>,
}

/// Into which place to merge.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct PlaceMerge {
    /// The place that stays.
    pub into_id: PlaceId,
}
