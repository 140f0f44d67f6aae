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
use super::store::accounts::{Account, Office};
use super::store::clients::ApiClient;
use crate::platform::auth::Role;
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::platform::events::{self, AccountEvent, ApiClientEvent, Audience};
use crate::platform::ids::StructureId;

/// Where the prefectures are written to.
pub fn prefectures(tx: &mut Tx<'_>) -> Result<Vec<Office>> {
    tx.as_service(store::accounts::prefectures)
}

/// Nobody acts for a structure any more that was cancelled, or merged into another.
pub fn close_structure(tx: &mut Tx<'_>, id: StructureId) -> Result<()> {
    tx.as_service(|tx| {
        for account in store::accounts::close_of_structure(tx, id)? {
            emit_account(tx, AccountEvent::Revoked, &account)?;
        }
        for client in store::clients::revoke_of_structure(tx, id)? {
            emit_client(tx, ApiClientEvent::Revoked, &client)?;
        }
        Ok(())
    })
}

/// Tells of a change to an account: those who may read it, and nobody else.
fn emit_account(tx: &mut Tx<'_>, kind: AccountEvent, account: &Account) -> Result<()> {
    let to = Audience {
        roles: &[Role::Anct, account.role],
        structure_id: account.structure_id,
        departement_code: account.departement_code.as_deref(),
        region_code: account.region_code.as_deref(),
    };
    events::emit_to(tx, kind, account.id.uuid(), &to)
}

/// The same of an API client.
fn emit_client(tx: &mut Tx<'_>, kind: ApiClientEvent, client: &ApiClient) -> Result<()> {
    let to = Audience {
        roles: &[Role::Anct, client.role],
        structure_id: client.structure_id,
        departement_code: client.departement_code.as_deref(),
        region_code: client.region_code.as_deref(),
    };
    events::emit_to(tx, kind, client.id.uuid(), &to)
}
