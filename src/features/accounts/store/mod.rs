//! SQL of accounts, API clients and mailed links.

pub mod accounts;
pub mod clients;
pub mod links;

use diesel::prelude::*;
use diesel::sql_types as st;

use crate::platform::error::Result;
use crate::platform::ids::StructureId;
use crate::sql;

/// Territory of a structure, for events.
#[derive(Clone, Debug, QueryableByName)]
pub struct Place {
    #[diesel(sql_type = st::Text)]
    pub departement_code: String,
    #[diesel(sql_type = st::Text)]
    pub region_code: String,
}

pub fn place(conn: &mut PgConnection, id: StructureId) -> Result<Option<Place>> {
    sql!("select departement_code, region_code from structures where id = {}", id).first(conn)
}
