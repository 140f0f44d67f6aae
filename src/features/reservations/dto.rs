//! Shapes of requests and answers about reservations.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::{Validate, ValidationError};

use super::model::ReservationStatus;
use super::store::{Reservation, ReservationSort, Search};
use crate::page_of;
use crate::platform::codes::{DepartementCode, EpciSiren};
use crate::platform::ids::{ReservationId, StructureId, uuids};
use crate::platform::transitions::Transition;

/// Sets posts aside for a territory.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[validate(schema(function = "one_territory_one_lead"))]
#[serde(deny_unknown_fields)]
pub struct NewReservation {
    /// What people call it.
    #[schema(min_length = 1, max_length = 250, format = "line", example = "Accord préalable du Sicoval")]
    pub name: String,
    /// Territory: a département…
    pub departement_code: Option<DepartementCode>,
    /// …or an intercommunal body, which counts against the département where most of its inhabitants live.
    pub epci_siren: Option<EpciSiren>,
    /// Lead: a structure…
    pub lead_structure_id: Option<StructureId>,
    /// …or a département.
    pub lead_departement_code: Option<DepartementCode>,
    #[schema(minimum = 1, maximum = 500, example = 4)]
    pub posts_reserved: i32,
    /// Last day; a year from today when absent.
    #[schema(example = "2027-06-16")]
    pub until_on: Option<NaiveDate>,
}

fn one_territory_one_lead(new: &NewReservation) -> Result<(), ValidationError> {
    let at = |pointer: &'static str| {
        let mut error = ValidationError::new("must_be_empty");
        error.add_param("pointer".into(), &pointer);
        error.add_param("because".into(), &"one only");
        error
    };
    let missing = |pointer: &'static str| {
        let mut error = ValidationError::new("required");
        error.add_param("pointer".into(), &pointer);
        error
    };
    match (&new.departement_code, &new.epci_siren) {
        (Some(_), Some(_)) => return Err(at("/epci_siren")),
        (None, None) => return Err(missing("/departement_code")),
        _ => {}
    }
    match (&new.lead_structure_id, &new.lead_departement_code) {
        (Some(_), Some(_)) => Err(at("/lead_departement_code")),
        (None, None) => Err(missing("/lead_departement_code")),
        _ => Ok(()),
    }
}

/// Posts set aside for a territory and its lead.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReservationItem {
    pub id: ReservationId,
    #[schema(example = "CN-R-000001")]
    pub reference: String,
    #[schema(example = "Accord préalable du Sicoval")]
    pub name: String,
    /// Whose allotment the posts count against.
    pub departement_code: DepartementCode,
    /// Only structures of this intercommunal body may use it; null for the whole département.
    pub epci_siren: Option<EpciSiren>,
    pub lead_structure_id: Option<StructureId>,
    pub lead_departement_code: Option<DepartementCode>,
    #[schema(minimum = 1, maximum = 500, example = 4)]
    pub posts_reserved: i32,
    /// Posts granted from it.
    #[schema(minimum = 0, example = 1)]
    pub posts_consumed: i32,
    /// Posts it still holds; 0 once ended.
    #[schema(minimum = 0, example = 3)]
    pub posts_remaining: i32,
    /// Last day.
    #[schema(example = "2027-06-16")]
    pub until_on: NaiveDate,
    pub status: ReservationStatus,
    pub ended_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

/// A reservation in full.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReservationView {
    pub id: ReservationId,
    #[schema(example = "CN-R-000001")]
    pub reference: String,
    #[schema(example = "Accord préalable du Sicoval")]
    pub name: String,
    /// Whose allotment the posts count against.
    pub departement_code: DepartementCode,
    /// Only structures of this intercommunal body may use it; null for the whole département.
    pub epci_siren: Option<EpciSiren>,
    pub lead_structure_id: Option<StructureId>,
    pub lead_departement_code: Option<DepartementCode>,
    #[schema(minimum = 1, maximum = 500, example = 4)]
    pub posts_reserved: i32,
    /// Posts granted from it.
    #[schema(minimum = 0, example = 1)]
    pub posts_consumed: i32,
    /// Posts it still holds; 0 once ended.
    #[schema(minimum = 0, example = 3)]
    pub posts_remaining: i32,
    /// Last day.
    #[schema(example = "2027-06-16")]
    pub until_on: NaiveDate,
    pub status: ReservationStatus,
    pub ended_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number in the entity tag `"v…"`, for If-Match.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// What may be done with it now, and by whom.
    pub transitions: Vec<Transition>,
}

page_of! {
    /// A page of reservations.
    ReservationPage of ReservationItem
}

/// Filters of reservations.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReservationFilter {
    /// These, by their identifiers: what the feed of events told of.
    #[param(inline)]
    pub id: Option<Vec<ReservationId>>,
    /// States.
    #[param(inline)]
    pub status: Option<Vec<ReservationStatus>>,
    /// Codes of départements.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// SIREN of the intercommunal body.
    #[param(inline)]
    pub epci_siren: Option<EpciSiren>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `until_on` by default.
    #[param(inline)]
    pub sort: Option<Vec<ReservationSort>>,
}

impl ReservationFilter {
    pub fn search(&self) -> Search {
        Search {
            ids: self.id.as_deref().map(uuids),
            statuses: self.status.clone(),
            departements: self.departement_code.clone(),
            epci: self.epci_siren.clone(),
            updated_since: self.updated_since,
        }
    }
}

impl From<Reservation> for ReservationItem {
    fn from(row: Reservation) -> Self {
        Self {
            posts_remaining: row.remaining(),
            id: row.id,
            reference: row.reference,
            name: row.name,
            departement_code: row.departement_code,
            epci_siren: row.epci_siren,
            lead_structure_id: row.lead_structure_id,
            lead_departement_code: row.lead_departement_code,
            posts_reserved: row.posts_reserved,
            posts_consumed: row.posts_consumed,
            until_on: row.until_on,
            status: row.status,
            ended_at: row.ended_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

impl ReservationView {
    pub fn new(row: Reservation, transitions: Vec<Transition>) -> Self {
        Self {
            posts_remaining: row.remaining(),
            id: row.id,
            reference: row.reference,
            name: row.name,
            departement_code: row.departement_code,
            epci_siren: row.epci_siren,
            lead_structure_id: row.lead_structure_id,
            lead_departement_code: row.lead_departement_code,
            posts_reserved: row.posts_reserved,
            posts_consumed: row.posts_consumed,
            until_on: row.until_on,
            status: row.status,
            ended_at: row.ended_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
            transitions,
        }
    }
}
