//! Structures as they are answered.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::features::structures::model::{StructureKind, StructureStatus};
use crate::features::structures::service::File;
use crate::features::structures::store::{self, StructureSort};
use crate::page_of;
use crate::platform::codes::{CommuneCode, DepartementCode, EpciSiren, RegionCode};
use crate::platform::ids::{StructureId, uuids};
use crate::platform::transitions::Transition;

/// The structure is registered, and its first account is open.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StructureConfirmed {
    pub structure_id: StructureId,
    #[schema(example = "CN-S-000123")]
    pub reference: String,
    /// Access token of the structure's employer account, valid for an hour.
    #[schema(example = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiJ9.e30.c2ln")]
    pub access_token: String,
    /// `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds.
    #[schema(minimum = 1, maximum = 3600, example = 3600)]
    pub expires_in: i64,
}

/// A structure in a list: no personal data.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StructureItem {
    pub id: StructureId,
    #[schema(example = "CN-S-000123")]
    pub reference: String,
    pub kind: StructureKind,
    /// False for private bodies.
    pub public: bool,
    /// A service of the State retained by way of experiment.
    pub experimental: bool,
    #[schema(example = "Commune de Moissac")]
    pub name: String,
    #[schema(example = "21820112700014")]
    pub siret: Option<String>,
    pub ridet: Option<String>,
    #[schema(example = "3 place Roger Delthil")]
    pub address: Option<String>,
    #[schema(example = "82200")]
    pub postal_code: String,
    pub commune_code: CommuneCode,
    #[schema(example = "Moissac")]
    pub commune_name: String,
    pub epci_siren: Option<EpciSiren>,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    #[schema(example = 1.0853)]
    pub longitude: f64,
    #[schema(example = 44.1045)]
    pub latitude: f64,
    pub france_services: bool,
    pub zrr: bool,
    pub qpv: bool,
    #[schema(example = "croix_rouge")]
    pub network: Option<String>,
    #[schema(example = "4302991")]
    pub ds_number: Option<String>,
    pub status: StructureStatus,
    /// Live posts: vacant or occupied.
    #[schema(minimum = 0, example = 2)]
    pub posts_count: i64,
    pub retained_on: Option<NaiveDate>,
    /// Wave of its first posts.
    #[schema(minimum = 1, example = 2)]
    pub retained_wave: Option<i32>,
    pub withdrawn_on: Option<NaiveDate>,
    /// The structure it is a duplicate of.
    pub merged_into_id: Option<StructureId>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The contact of a structure.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactView {
    #[schema(example = "Camille")]
    pub first_name: String,
    #[schema(example = "Exemple")]
    pub last_name: String,
    #[schema(example = "Directrice générale des services")]
    pub job: String,
    #[schema(example = "mairie@example.org")]
    pub email: String,
    /// E.164.
    #[schema(example = "+33563000000")]
    pub phone: String,
}

/// The file of a structure.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StructureView {
    pub id: StructureId,
    #[schema(example = "CN-S-000123")]
    pub reference: String,
    pub kind: StructureKind,
    /// False for private bodies.
    pub public: bool,
    pub experimental: bool,
    #[schema(example = "Commune de Moissac")]
    pub name: String,
    #[schema(example = "21820112700014")]
    pub siret: Option<String>,
    pub ridet: Option<String>,
    #[schema(example = "3 place Roger Delthil")]
    pub address: Option<String>,
    #[schema(example = "82200")]
    pub postal_code: String,
    pub commune_code: CommuneCode,
    #[schema(example = "Moissac")]
    pub commune_name: String,
    pub epci_siren: Option<EpciSiren>,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
    #[schema(example = 1.0853)]
    pub longitude: f64,
    #[schema(example = 44.1045)]
    pub latitude: f64,
    /// Null for those who only read figures.
    pub contact: Option<ContactView>,
    pub france_services: bool,
    pub zrr: bool,
    pub qpv: bool,
    #[schema(example = "croix_rouge")]
    pub network: Option<String>,
    #[schema(example = "4302991")]
    pub ds_number: Option<String>,
    pub status: StructureStatus,
    /// Live posts: vacant or occupied.
    #[schema(minimum = 0, example = 2)]
    pub posts_count: i64,
    pub retained_on: Option<NaiveDate>,
    /// Wave of its first posts.
    #[schema(minimum = 1, example = 2)]
    pub retained_wave: Option<i32>,
    pub withdrawn_on: Option<NaiveDate>,
    pub merged_into_id: Option<StructureId>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// What may be done with it now, and by whom.
    pub transitions: Vec<Transition>,
}

page_of! {
    /// A page of structures.
    StructurePage of StructureItem
}

/// Filters of structures.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StructureFilter {
    /// These, by their identifiers: what the feed of events told of.
    #[param(inline)]
    pub id: Option<Vec<StructureId>>,
    /// Part of the name; accents, case and hyphens do not matter.
    #[param(max_length = 100, format = "line", example = "moissac")]
    pub q: Option<String>,
    /// Legal kinds.
    #[param(inline)]
    pub kind: Option<Vec<StructureKind>>,
    /// States.
    #[param(inline)]
    pub status: Option<Vec<StructureStatus>>,
    /// Codes of départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Codes of regions.
    #[param(inline)]
    pub region_code: Option<Vec<RegionCode>>,
    /// SIREN of the intercommunal body.
    #[param(inline)]
    pub epci_siren: Option<EpciSiren>,
    /// INSEE code of the commune; a city's holds its arrondissements.
    #[param(inline)]
    pub commune_code: Option<CommuneCode>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-updated_at` by default.
    #[param(inline)]
    pub sort: Option<Vec<StructureSort>>,
}

impl StructureFilter {
    pub fn search(&self) -> store::Search {
        store::Search {
            ids: self.id.as_deref().map(uuids),
            name: self.q.clone(),
            kinds: self.kind.clone(),
            statuses: self.status.clone(),
            departements: self.departement_code.clone(),
            region: self.region_code.clone(),
            epci: self.epci_siren.clone(),
            commune: self.commune_code.clone(),
            updated_since: self.updated_since,
        }
    }
}

impl From<store::Structure> for StructureItem {
    fn from(row: store::Structure) -> Self {
        Self {
            public: row.kind.is_public(),
            id: row.id,
            reference: row.reference,
            kind: row.kind,
            experimental: row.experimental,
            name: row.name,
            siret: row.siret,
            ridet: row.ridet,
            address: row.address,
            postal_code: row.postal_code,
            commune_code: row.commune_code,
            commune_name: row.commune_name,
            epci_siren: row.epci_siren,
            departement_code: row.departement_code,
            region_code: row.region_code,
            longitude: row.longitude,
            latitude: row.latitude,
            france_services: row.france_services,
            zrr: row.zrr,
            qpv: row.qpv,
            network: row.network,
            ds_number: row.ds_number,
            status: row.status,
            posts_count: row.posts,
            retained_on: row.retained_on,
            retained_wave: row.retained_wave,
            withdrawn_on: row.withdrawn_on,
            merged_into_id: row.merged_into_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<store::Contact> for ContactView {
    fn from(row: store::Contact) -> Self {
        Self { first_name: row.first_name, last_name: row.last_name, job: row.job, email: row.email, phone: row.phone }
    }
}

impl From<File> for StructureView {
    fn from(file: File) -> Self {
        let row = file.structure;
        Self {
            public: row.kind.is_public(),
            id: row.id,
            reference: row.reference,
            kind: row.kind,
            experimental: row.experimental,
            name: row.name,
            siret: row.siret,
            ridet: row.ridet,
            address: row.address,
            postal_code: row.postal_code,
            commune_code: row.commune_code,
            commune_name: row.commune_name,
            epci_siren: row.epci_siren,
            departement_code: row.departement_code,
            region_code: row.region_code,
            longitude: row.longitude,
            latitude: row.latitude,
            contact: file.contact.map(Into::into),
            france_services: row.france_services,
            zrr: row.zrr,
            qpv: row.qpv,
            network: row.network,
            ds_number: row.ds_number,
            status: row.status,
            posts_count: row.posts,
            retained_on: row.retained_on,
            retained_wave: row.retained_wave,
            withdrawn_on: row.withdrawn_on,
            merged_into_id: row.merged_into_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
            transitions: file.transitions,
        }
    }
}
