//! What is told of a structure.

use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::features::structures::model::{Network, StructureKind};
use crate::platform::codes::CommuneCode;
use crate::platform::http::patch;
use crate::platform::ids::StructureId;

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
    /// National form as it is dialled in the commune, or international form; stored as E.164.
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
    /// Fourteen digits with a check digit, spaces and dots aside; either this or `ridet`.
    #[schema(format = "siret", example = "21820112700014")]
    pub siret: Option<String>,
    /// Identifier of New Caledonia, 7 to 10 digits, spaces and dots aside; either this or `siret`.
    #[schema(format = "ridet")]
    pub ridet: Option<String>,
    /// Street and number.
    #[schema(min_length = 1, max_length = 250, format = "line", example = "3 place Roger Delthil")]
    pub address: Option<String>,
    /// One of the commune's.
    #[schema(pattern = "^[0-9]{5}$", example = "82200")]
    pub postal_code: String,
    /// INSEE code: decides the département, the region and the intercommunal body.
    pub commune_code: CommuneCode,
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
    #[schema(format = "ridet")]
    pub ridet: Option<Option<String>>,
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(min_length = 1, max_length = 250, format = "line")]
    pub address: Option<Option<String>>,
    #[schema(pattern = "^[0-9]{5}$", nullable = false)]
    pub postal_code: Option<String>,
    /// To another département only while it holds no posts.
    #[schema(nullable = false)]
    pub commune_code: Option<CommuneCode>,
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
