//! Use cases of accounts.

use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::platform::ids::{AccountId, StructureId};
use crate::sql;

/// The active employer account of an address that was just proved, found or made.
pub fn open_employer_account(tx: &mut Tx<'_>, structure: StructureId, email: &str) -> Result<AccountId> {
    let id = AccountId::new();
    sql!(
        "insert into accounts (id, role, email, structure_id, status) values ({}, 'employer', {}, {}, 'active')
         on conflict (role, email, structure_id, departement_code, region_code, subject_id) where status <> 'revoked'
         do update set status = 'active'",
        id,
        email,
        structure
    )
    .run(tx.conn())?;
    Ok(id)
}
