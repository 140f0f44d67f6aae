//! Places as they are answered.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::requests::OpeningSpan;
use crate::features::places::model::*;
use crate::features::places::service::File;
use crate::features::places::store::{Membership, Place, PlaceSort, Search};
use crate::page_of;
use crate::platform::codes::{CommuneCode, DepartementCode, EpciSiren, RegionCode};
use crate::platform::ids::{CounsellorId, PlaceId, StructureId, uuids};

/// A place in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlaceItem {
    pub id: PlaceId,
    #[schema(example = "CN-L-000001")]
    pub reference: String,
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    #[schema(example = "Médiathèque (démonstration)")]
    pub name: String,
    /// What it is; null where nobody has said.
    pub kind: Option<PlaceKind>,
    #[schema(example = "1 rue de la Mairie")]
    pub address: String,
    #[schema(example = "82200")]
    pub postal_code: String,
    pub commune_code: CommuneCode,
    #[schema(example = "Moissac")]
    pub commune_name: String,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    #[schema(example = 1.0853)]
    pub longitude: f64,
    #[schema(example = 44.1045)]
    pub latitude: f64,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub website: Option<String>,
    pub booking_url: Option<String>,
    /// In the syntax of OpenStreetMap.
    #[schema(example = "Mo-Fr 09:00-12:00,14:00-17:00")]
    pub opening_hours_osm: Option<String>,
    pub services: Vec<String>,
    pub itinerant: bool,
    /// Whether it is shown to everybody.
    pub published: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

/// A counsellor who works at a place.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlaceCounsellor {
    pub counsellor_id: CounsellorId,
    /// Null without the counsellor's consent, except to the place's own structure, its counsellors and the ANCT.
    #[schema(example = "Camille")]
    pub first_name: Option<String>,
    /// Like the first name.
    #[schema(example = "Exemple")]
    pub last_name: Option<String>,
    pub main: bool,
    pub name_published: bool,
    pub objects: bool,
}

/// A place.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlaceView {
    pub id: PlaceId,
    #[schema(example = "CN-L-000001")]
    pub reference: String,
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    #[schema(example = "Médiathèque (démonstration)")]
    pub name: String,
    /// What it is; null where nobody has said.
    pub kind: Option<PlaceKind>,
    pub siret: Option<String>,
    #[schema(example = "1 rue de la Mairie")]
    pub address: String,
    pub address_complement: Option<String>,
    #[schema(example = "82200")]
    pub postal_code: String,
    pub commune_code: CommuneCode,
    #[schema(example = "Moissac")]
    pub commune_name: String,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    #[schema(example = 1.0853)]
    pub longitude: f64,
    #[schema(example = 44.1045)]
    pub latitude: f64,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub website: Option<String>,
    pub booking_url: Option<String>,
    /// The usual week; null without hours, or where the text below says more than a week can.
    pub opening_hours: Option<Vec<OpeningSpan>>,
    /// In the syntax of OpenStreetMap.
    #[schema(example = "Mo-Fr 09:00-12:00,14:00-17:00")]
    pub opening_hours_osm: Option<String>,
    pub presentation: Option<String>,
    pub services: Vec<String>,
    pub audiences: Vec<String>,
    pub special_care: Vec<String>,
    pub fees: Vec<String>,
    pub access_modes: Vec<String>,
    pub support_modes: Vec<String>,
    pub programmes: Vec<String>,
    pub itinerant: bool,
    /// False where the structure objects.
    pub published: bool,
    /// Whether it is shown to everybody: neither its structure objects nor all who work there.
    pub is_public: bool,
    pub counsellors: Vec<PlaceCounsellor>,
    /// Other places within 100 metres: perhaps the same one.
    pub possible_duplicates: Vec<PlaceId>,
    /// The place that this one is a duplicate of.
    pub merged_into_id: Option<PlaceId>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

page_of! {
    /// A page of places.
    PlacePage of PlaceItem
}

/// Filters of places.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PlaceFilter {
    /// These, by their identifiers: what the feed of events told of.
    #[param(inline)]
    pub id: Option<Vec<PlaceId>>,
    /// Part of the name; accents, case and hyphens do not matter.
    #[param(max_length = 100, format = "line", example = "mediatheque")]
    pub q: Option<String>,
    /// Codes of the départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Codes of regions.
    #[param(inline)]
    pub region_code: Option<Vec<RegionCode>>,
    /// INSEE code of the commune; a city's holds its arrondissements.
    #[param(inline)]
    pub commune_code: Option<CommuneCode>,
    /// SIREN of the intercommunal body.
    #[param(inline)]
    pub epci_siren: Option<EpciSiren>,
    /// Postal code.
    #[param(pattern = "^[0-9]{5}$", example = "82200")]
    pub postal_code: Option<String>,
    /// The structure that answers for it.
    pub structure_id: Option<StructureId>,
    /// A counsellor who works there, of those whom you know.
    pub counsellor_id: Option<CounsellorId>,
    /// What it is.
    #[param(inline)]
    pub kind: Option<Vec<PlaceKind>>,
    /// What it helps with.
    #[param(inline)]
    pub service: Option<PlaceService>,
    /// Whether it moves.
    pub itinerant: Option<bool>,
    /// Whether it is shown to everybody.
    pub published: Option<bool>,
    /// Within a box: west, south, east, north, in WGS 84 degrees; over the 180th meridian where west is greater than east.
    #[param(
        pattern = "^-?[0-9]{1,3}(\\.[0-9]{1,9})?(,-?[0-9]{1,3}(\\.[0-9]{1,9})?){3}$",
        example = "1.0,44.0,1.5,44.5"
    )]
    pub bbox: Option<String>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-updated_at` by default.
    #[param(inline)]
    pub sort: Option<Vec<PlaceSort>>,
}

/// A box of the map, west to east and south to north. One whose west lies east of its east crosses the 180th meridian (RFC 7946).
pub fn bbox(text: Option<&str>) -> crate::platform::error::Result<Option<[f64; 4]>> {
    use crate::platform::error::{Code, Fault, FaultCode, Problem};
    let Some(text) = text else { return Ok(None) };
    let values: Vec<f64> = text.split(',').filter_map(|value| value.parse().ok()).collect();
    match values[..] {
        [west, south, east, north]
            if [west, east].iter().all(|degrees| (-180.0..=180.0).contains(degrees))
                && south <= north
                && south >= -90.0
                && north <= 90.0 =>
        {
            Ok(Some([west, south, east, north]))
        }
        _ => Err(Problem::new(Code::InvalidParameter)
            .faults(vec![Fault::parameter("bbox", FaultCode::InvalidFormat).with("format", "west,south,east,north")])),
    }
}

impl PlaceFilter {
    pub fn search(&self) -> crate::platform::error::Result<Search> {
        Ok(Search {
            ids: self.id.as_deref().map(uuids),
            text: self.q.clone(),
            departements: self.departement_code.clone(),
            region: self.region_code.clone(),
            commune: self.commune_code.clone(),
            epci: self.epci_siren.clone(),
            postal_code: self.postal_code.clone(),
            structure: self.structure_id,
            counsellor: self.counsellor_id,
            kinds: self.kind.clone(),
            service: self.service.map(|service| service.to_string()),
            itinerant: self.itinerant,
            published: self.published,
            bbox: bbox(self.bbox.as_deref())?,
            updated_since: self.updated_since,
        })
    }
}

impl From<Place> for PlaceItem {
    fn from(row: Place) -> Self {
        Self {
            id: row.id,
            reference: row.reference,
            structure_id: row.structure_id,
            structure_name: row.structure_name,
            name: row.name,
            kind: row.kind,
            address: row.address,
            postal_code: row.postal_code,
            commune_code: row.commune_code,
            commune_name: row.commune_name,
            departement_code: row.departement_code,
            region_code: row.region_code,
            longitude: row.longitude,
            latitude: row.latitude,
            phone: row.phone,
            email: row.email,
            website: row.website,
            booking_url: row.booking_url,
            opening_hours_osm: row.opening_hours,
            services: row.services,
            itinerant: row.itinerant,
            published: row.is_public,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

fn member(row: Membership, knows: bool) -> PlaceCounsellor {
    let shown = knows || row.name_published;
    PlaceCounsellor {
        counsellor_id: row.counsellor_id,
        first_name: shown.then_some(row.first_name),
        last_name: shown.then_some(row.last_name),
        main: row.main,
        name_published: row.name_published,
        objects: row.objects,
    }
}

impl From<File> for PlaceView {
    fn from(file: File) -> Self {
        let row = file.place;
        let week = row.opening_hours.as_deref().and_then(from_osm).map(|week| {
            let span = |span: Span| OpeningSpan { day: span.day, opens: clock(span.opens), closes: clock(span.closes) };
            week.into_iter().map(span).collect()
        });
        let knows = file.knows_names;
        Self {
            id: row.id,
            reference: row.reference,
            structure_id: row.structure_id,
            structure_name: row.structure_name,
            name: row.name,
            kind: row.kind,
            siret: row.siret,
            address: row.address,
            address_complement: row.address_complement,
            postal_code: row.postal_code,
            commune_code: row.commune_code,
            commune_name: row.commune_name,
            departement_code: row.departement_code,
            region_code: row.region_code,
            longitude: row.longitude,
            latitude: row.latitude,
            phone: row.phone,
            email: row.email,
            website: row.website,
            booking_url: row.booking_url,
            opening_hours: week,
            opening_hours_osm: row.opening_hours,
            presentation: row.presentation,
            services: row.services,
            audiences: row.audiences,
            special_care: row.special_care,
            fees: row.fees,
            access_modes: row.access_modes,
            support_modes: row.support_modes,
            programmes: row.programmes,
            itinerant: row.itinerant,
            published: row.published,
            is_public: row.is_public,
            counsellors: file.members.into_iter().map(|row| member(row, knows)).collect(),
            possible_duplicates: file.near,
            merged_into_id: row.merged_into_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
