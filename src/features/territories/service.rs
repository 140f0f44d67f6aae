//! What other features ask of the territories.

use super::store;
pub use super::store::Commune;
use crate::platform::codes::{CommuneCode, DepartementCode, EpciSiren};
use crate::platform::db::Reader;
use crate::platform::error::{Fault, FaultCode, Problem, Result};

/// The commune of an address, or the faults of its code and postal code.
pub fn require_commune(
    reader: &mut Reader<'_>,
    commune_code: &CommuneCode,
    postal_code: &str,
    path: &str,
) -> Result<Commune> {
    let Some(commune) = store::find_commune(reader.conn(), commune_code)? else {
        return Err(Problem::invalid_field(&format!("{path}commune_code"), FaultCode::UnknownCommune));
    };
    if !commune.postal_codes.iter().any(|code| code == postal_code) {
        let fault = Fault::field(&format!("{path}postal_code"), FaultCode::PostalCodeMismatch)
            .with("allowed", commune.postal_codes.join(", "));
        return Err(Problem::invalid(vec![fault]));
    }
    Ok(commune)
}

/// The commune of a code.
pub fn find_commune(reader: &mut Reader<'_>, code: &CommuneCode) -> Result<Option<Commune>> {
    store::find_commune(reader.conn(), code)
}

/// Whether an intercommunal body exists.
pub fn epci_exists(reader: &mut Reader<'_>, siren: &EpciSiren) -> Result<bool> {
    store::epci_exists(reader.conn(), siren)
}

/// Checks that a département exists.
pub fn require_departement(reader: &mut Reader<'_>, code: &str, field: &str) -> Result<()> {
    match store::find_departement(reader.conn(), code)? {
        Some(_) => Ok(()),
        None => Err(Problem::invalid_field(field, FaultCode::UnknownId)),
    }
}

/// Checks that a region exists.
pub fn require_region(reader: &mut Reader<'_>, code: &str, field: &str) -> Result<()> {
    if store::region_exists(reader.conn(), code)? {
        Ok(())
    } else {
        Err(Problem::invalid_field(field, FaultCode::UnknownId))
    }
}

/// The département in which most inhabitants of an intercommunal body live.
pub fn require_departement_of_epci(reader: &mut Reader<'_>, siren: &str, field: &str) -> Result<DepartementCode> {
    store::departement_of_epci(reader.conn(), siren)?.ok_or_else(|| Problem::invalid_field(field, FaultCode::UnknownId))
}

/// How far from its commune a point may lie, in kilometres: no commune is wider.
const WIDEST: f64 = 50.0;
/// The same overseas, where communes are as wide as Guyane's or an archipelago.
const WIDEST_OVERSEAS: f64 = 300.0;

/// A point that was given, or its faults: both coordinates, near the commune. Where the commune itself is wrong its distance is
/// not judged.
pub fn point(commune: Option<&Commune>, longitude: Option<f64>, latitude: Option<f64>) -> Result<Option<(f64, f64)>> {
    let point = match (longitude, latitude) {
        (Some(longitude), Some(latitude)) => (longitude, latitude),
        (None, None) => return Ok(None),
        (Some(_), None) => return Err(Problem::invalid_field("latitude", FaultCode::Required)),
        (None, Some(_)) => return Err(Problem::invalid_field("longitude", FaultCode::Required)),
    };
    let Some(commune) = commune else { return Ok(Some(point)) };
    let overseas = commune.departement_code.len() == 3;
    let limit = if overseas { WIDEST_OVERSEAS } else { WIDEST };
    let town = (commune.longitude, commune.latitude);
    let far = kilometres(point, town);
    if far <= limit {
        return Ok(Some(point));
    }
    let swapped = kilometres((point.1, point.0), town) <= limit;
    let fault = |field| match swapped {
        true => Fault::field(field, FaultCode::CoordinatesSwapped),
        false => Fault::field(field, FaultCode::CoordinatesFar).with("km", far.round()).with("limit", limit),
    };
    Err(Problem::invalid(vec![fault("longitude"), fault("latitude")]))
}

/// The great-circle distance of two points, as the database computes it (`conum_km`).
fn kilometres((longitude_a, latitude_a): (f64, f64), (longitude_b, latitude_b): (f64, f64)) -> f64 {
    let half = |a: f64, b: f64| ((b - a).to_radians() / 2.0).sin().powi(2);
    let square = half(latitude_a, latitude_b)
        + latitude_a.to_radians().cos() * latitude_b.to_radians().cos() * half(longitude_a, longitude_b);
    2.0 * 6371.0088 * square.sqrt().min(1.0).asin()
}

/// A point written `longitude,latitude`.
pub fn parse_point(text: &str) -> Option<(f64, f64)> {
    let (longitude, latitude) = text.split_once(',')?;
    let (longitude, latitude): (f64, f64) = (longitude.trim().parse().ok()?, latitude.trim().parse().ok()?);
    ((-180.0..=180.0).contains(&longitude) && (-90.0..=90.0).contains(&latitude)).then_some((longitude, latitude))
}
