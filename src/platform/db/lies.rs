//! What lies in a commune, or in an intercommunal body, as a condition: the one way to ask for it.
//!
//! Paris, Lyon and Marseille hold what lies in their arrondissements; a commune holds what was written down under the codes
//! that it took over.

use super::sql::Sql;
use crate::platform::codes::{CommuneCode, EpciSiren};
use crate::sql;

/// Whether the commune code in `column` lies in a commune.
pub fn in_commune(column: &'static str, code: &CommuneCode) -> Sql {
    sql!("{} = any(conum_commune_codes({}))", Sql::raw(column), code)
}

/// Whether the commune code in `column` lies in an intercommunal body.
pub fn in_epci(column: &'static str, siren: &EpciSiren) -> Sql {
    sql!("{} in (select y.code from communes y where y.epci_siren = {})", Sql::raw(column), siren)
}
