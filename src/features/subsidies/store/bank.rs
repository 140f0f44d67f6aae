//! SQL of bank details. The account number lies in a table of its own, which opens to the Banque des Territoires only.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;

use crate::platform::db::Tx;
use crate::platform::db::schema::bank_details;
use crate::platform::error::Result;
use crate::platform::ids::StructureId;
use crate::sql;

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = bank_details)]
pub struct BankDetails {
    pub structure_id: StructureId,
    pub holder: String,
    pub iban_masked: String,
    pub bic: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

pub fn find(conn: &mut PgConnection, structure: StructureId) -> Result<Option<BankDetails>> {
    sql!("select d.* from bank_details d where d.structure_id = {}", structure).first(conn)
}

pub fn lock(tx: &mut Tx<'_>, structure: StructureId) -> Result<Option<BankDetails>> {
    sql!("select d.* from bank_details d where d.structure_id = {} for no key update", structure).first(tx.conn())
}

/// The whole number; nothing for whom it is closed to.
pub fn number(conn: &mut PgConnection, structure: StructureId) -> Result<Option<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::Text)]
        iban: String,
    }
    let row: Option<Row> =
        sql!("select n.iban from bank_account_numbers n where n.structure_id = {}", structure).first(conn)?;
    Ok(row.map(|row| row.iban))
}

/// An account to be written.
pub struct NewRow<'a> {
    pub structure_id: StructureId,
    pub holder: &'a str,
    pub iban: &'a str,
    pub iban_masked: &'a str,
    pub bic: Option<&'a str>,
}

/// As the service itself: whoever writes a number may not read it back.
pub fn put(tx: &mut Tx<'_>, row: &NewRow<'_>) -> Result<()> {
    sql!(
        "insert into bank_details (structure_id, holder, iban_masked, bic) values ({}, {}, {}, {})
         on conflict (structure_id) do update set holder = excluded.holder, iban_masked = excluded.iban_masked, bic = excluded.bic",
        row.structure_id,
        row.holder,
        row.iban_masked,
        row.bic
    )
    .run(tx.conn())?;
    sql!(
        "insert into bank_account_numbers (structure_id, iban) values ({}, {})
         on conflict (structure_id) do update set iban = excluded.iban",
        row.structure_id,
        row.iban
    )
    .run(tx.conn())
    .map(|_| ())
}

/// Whether an agreement of a structure is still open.
pub fn is_owed(tx: &mut Tx<'_>, id: StructureId) -> Result<bool> {
    sql!(
        "select exists (select from agreements where structure_id = {} and status not in ('closed', 'abandoned')) as yes",
        id
    )
    .holds(tx.conn())
}
