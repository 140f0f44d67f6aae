//! Shapes of requests and answers about structures.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::{Validate, ValidationError};

use super::model::{Network, StructureKind, StructureStatus};
use super::service::File;
use super::store::{self, RetainedSort, StructureSort};
use crate::page_of;
use crate::platform::http::patch;
use crate::platform::ids::{StructureId, uuids};
use crate::platform::transitions::Transition;

/// The person to write to.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct ContactInput {
    #[schema(min_length = 1, max_length = 100, format = "line", example = "Camille")]
    pub first_name: String,
    #[schema(min_length = 1, max_length = 100, format = "line", example = "Exemple")]
    pub last_name: String,
    /// What the person does in the structure.
    #[schema(min_length = 1, max_length = 100, format = "line", example = "Directrice générale des services")]
    pub job: String,
    /// Stored in lower case.
    #[schema(max_length = 254, format = "email", example = "mairie@example.org")]
    pub email: String,
    /// National or international form, French or overseas; stored as E.164.
    #[schema(max_length = 40, format = "phone", example = "05 63 00 00 00")]
    pub phone: String,
}

/// A host organisation registers.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[validate(schema(function = "one_identifier"))]
#[serde(deny_unknown_fields)]
pub struct NewStructure {
    /// Legal kind; public or private follows from it.
    pub kind: StructureKind,
    /// A service of the State retained by way of experiment; only the ANCT may say so.
    pub experimental: Option<bool>,
    #[schema(min_length = 1, max_length = 250, format = "line", example = "Commune de Moissac")]
    pub name: String,
    /// Fourteen digits with a check digit; either this or `ridet`.
    #[schema(format = "siret", example = "21820112700014")]
    pub siret: Option<String>,
    /// Identifier of New Caledonia, 7 to 10 digits; either this or `siret`.
    #[schema(pattern = "^[0-9]{7,10}$")]
    pub ridet: Option<String>,
    /// Street and number.
    #[schema(min_length = 1, max_length = 250, format = "line", example = "3 place Roger Delthil")]
    pub address: Option<String>,
    /// One of the commune's.
    #[schema(pattern = "^[0-9]{5}$", example = "82200")]
    pub postal_code: String,
    /// INSEE code: decides the département, the region and the intercommunal body.
    #[schema(pattern = "^[0-9AB]{5}$", example = "82112")]
    pub commune_code: String,
    /// WGS 84 degrees; the town hall's when absent.
    #[schema(minimum = -180, maximum = 180, example = 1.0853)]
    pub longitude: Option<f64>,
    /// WGS 84 degrees; the town hall's when absent.
    #[schema(minimum = -90, maximum = 90, example = 44.1045)]
    pub latitude: Option<f64>,
    pub contact: ContactInput,
    /// Bears the label France Services.
    pub france_services: Option<bool>,
    /// Lies in a rural revitalisation zone.
    pub zrr: Option<bool>,
    /// Lies in a priority district.
    pub qpv: Option<bool>,
    /// National network it belongs to.
    pub network: Option<Network>,
    /// Number of its file in the State's forms service.
    #[schema(min_length = 1, max_length = 50, format = "line", example = "4302991")]
    pub ds_number: Option<String>,
}

fn one_identifier(new: &NewStructure) -> Result<(), ValidationError> {
    if new.siret.is_some() == new.ridet.is_some() {
        let mut error = ValidationError::new("exactly_one_identifier");
        error.add_param("pointer".into(), &"/siret");
        return Err(error);
    }
    Ok(())
}

/// Changes of the contact; absent members stay.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct ContactPatch {
    #[schema(min_length = 1, max_length = 100, format = "line", nullable = false)]
    pub first_name: Option<String>,
    #[schema(min_length = 1, max_length = 100, format = "line", nullable = false)]
    pub last_name: Option<String>,
    #[schema(min_length = 1, max_length = 100, format = "line", nullable = false)]
    pub job: Option<String>,
    #[schema(max_length = 254, format = "email", nullable = false)]
    pub email: Option<String>,
    #[schema(max_length = 40, format = "phone", nullable = false)]
    pub phone: Option<String>,
}

/// Changes of a structure; absent members stay, null erases.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[schema(example = json!({"address": "5 place Roger Delthil", "contact": {"phone": "05 63 00 00 01"}}))]
#[serde(deny_unknown_fields)]
pub struct StructurePatch {
    /// ANCT only.
    #[schema(nullable = false)]
    pub kind: Option<StructureKind>,
    /// ANCT only.
    #[schema(nullable = false)]
    pub experimental: Option<bool>,
    #[schema(min_length = 1, max_length = 250, format = "line", nullable = false)]
    pub name: Option<String>,
    /// The former value stays in the history.
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(format = "siret")]
    pub siret: Option<Option<String>>,
    /// The former value stays in the history.
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(pattern = "^[0-9]{7,10}$")]
    pub ridet: Option<Option<String>>,
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(min_length = 1, max_length = 250, format = "line")]
    pub address: Option<Option<String>>,
    #[schema(pattern = "^[0-9]{5}$", nullable = false)]
    pub postal_code: Option<String>,
    /// To another département only while it holds no posts.
    #[schema(pattern = "^[0-9AB]{5}$", nullable = false)]
    pub commune_code: Option<String>,
    #[schema(minimum = -180, maximum = 180, nullable = false)]
    pub longitude: Option<f64>,
    #[schema(minimum = -90, maximum = 90, nullable = false)]
    pub latitude: Option<f64>,
    #[schema(nullable = false)]
    pub contact: Option<ContactPatch>,
    #[schema(nullable = false)]
    pub france_services: Option<bool>,
    #[schema(nullable = false)]
    pub zrr: Option<bool>,
    #[schema(nullable = false)]
    pub qpv: Option<bool>,
    #[serde(default, deserialize_with = "patch::member")]
    pub network: Option<Option<Network>>,
    /// ANCT only.
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(min_length = 1, max_length = 50, format = "line")]
    pub ds_number: Option<Option<String>>,
}

/// The token of a mailed link.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// From the link in the e-mail.
    #[schema(
        min_length = 20,
        max_length = 100,
        pattern = "^[A-Za-z0-9_-]+$",
        example = "pQ4xq0c8m1n2b3v4c5x6z7l8k9j0h1g2f3d4s5a6p7o"
    )]
    pub token: String,
}

/// Into which structure to merge.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// The structure that stays.
    pub into_id: StructureId,
}

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
    #[schema(example = "82112")]
    pub commune_code: String,
    #[schema(example = "Moissac")]
    pub commune_name: String,
    #[schema(example = "200066322")]
    pub epci_siren: Option<String>,
    #[schema(example = "82")]
    pub departement_code: String,
    #[schema(example = "76")]
    pub region_code: String,
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
    #[schema(example = "82112")]
    pub commune_code: String,
    #[schema(example = "Moissac")]
    pub commune_name: String,
    #[schema(example = "200066322")]
    pub epci_siren: Option<String>,
    #[schema(example = "82")]
    pub departement_code: String,
    #[schema(example = "76")]
    pub region_code: String,
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
    #[schema(example = "82112")]
    pub commune_code: String,
    #[schema(example = "Moissac")]
    pub commune_name: String,
    #[schema(example = "82")]
    pub departement_code: String,
    #[schema(example = "76")]
    pub region_code: String,
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
    /// A page of structures.
    StructurePage of StructureItem
}
page_of! {
    /// A page of retained structures.
    RetainedPage of RetainedItem
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
    #[param(inline, pattern = "^[0-9AB]{2,3}$", example = "82")]
    pub departement_code: Option<Vec<String>>,
    /// Code of the region.
    #[param(pattern = "^[0-9]{2,3}$", example = "76")]
    pub region_code: Option<String>,
    /// SIREN of the intercommunal body.
    #[param(pattern = "^[0-9]{9}$", example = "200066322")]
    pub epci_siren: Option<String>,
    /// INSEE code of the commune.
    #[param(pattern = "^[0-9AB]{5}$", example = "82112")]
    pub commune_code: Option<String>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-updated_at` by default.
    #[param(inline)]
    pub sort: Option<Vec<StructureSort>>,
}

/// Filters of the public list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RetainedFilter {
    /// Part of the name; accents, case and hyphens do not matter.
    #[param(max_length = 100, format = "line", example = "moissac")]
    pub q: Option<String>,
    /// Codes of départements.
    #[param(inline, pattern = "^[0-9AB]{2,3}$", example = "82")]
    pub departement_code: Option<Vec<String>>,
    /// Wave that retained the structure first.
    #[param(minimum = 1, maximum = 99, example = 2)]
    pub wave: Option<i32>,
    /// Order; `wave,name` by default.
    #[param(inline)]
    pub sort: Option<Vec<RetainedSort>>,
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
