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

use super::store::accounts::Account;
use super::store::clients::ApiClient;
use crate::platform::auth::Role;
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::platform::events::{self, AccountEvent, ApiClientEvent, Audience};

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
