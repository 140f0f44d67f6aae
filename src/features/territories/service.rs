//! What other features ask of the territories.

use super::store;
pub use super::store::Commune;
use crate::platform::codes::DepartementCode;
use crate::platform::db::Reader;
use crate::platform::error::{Fault, FaultCode, Problem, Result};

/// The commune of an address, or the faults of its code and postal code.
pub fn require_commune(reader: &mut Reader<'_>, commune_code: &str, postal_code: &str, path: &str) -> Result<Commune> {
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

/// The commune of a code, or the one that took it over.
pub fn find_commune(reader: &mut Reader<'_>, code: &str) -> Result<Option<Commune>> {
    store::find_commune(reader.conn(), code)
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

/// A point written `longitude,latitude`.
pub fn parse_point(text: &str) -> Option<(f64, f64)> {
    let (longitude, latitude) = text.split_once(',')?;
    let (longitude, latitude): (f64, f64) = (longitude.trim().parse().ok()?, latitude.trim().parse().ok()?);
    ((-180.0..=180.0).contains(&longitude) && (-90.0..=90.0).contains(&latitude)).then_some((longitude, latitude))
}
