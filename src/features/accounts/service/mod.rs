//! Use cases of accounts, API clients and signing in.

pub mod accounts;
pub mod clients;
pub mod links;
pub mod tokens;

pub use accounts::forget;
pub use links::{
    change_personal_address, close_personal_account, erase_personal_accounts, open_employer_account, open_first,
    open_personal_account, personal_address, sign_in, sign_in_principal,
};
pub use tokens::Token;

use super::store;
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::platform::events::{self, Event};
use crate::platform::ids::StructureId;

/// Tells of a change to an account or API client; those of an employer within its structure's
/// territory.
fn emit(
    tx: &mut Tx<'_>,
    kind: &'static str,
    resource: &'static str,
    id: uuid::Uuid,
    structure: Option<StructureId>,
) -> Result<()> {
    let place = match structure {
        Some(structure) => store::place(tx.conn(), structure)?.map(|place| (structure, place)),
        None => None,
    };
    let place = place.as_ref().map(|(id, at)| (Some(*id), at.departement_code.as_str(), at.region_code.as_str()));
    events::emit(tx, &Event { kind, resource, id, place })
}
