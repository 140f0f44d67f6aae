//! Answers the authenticator's questions about accounts and API clients.

use super::store::{accounts, clients};
use crate::platform::auth::token::{Directory, Holder};
use crate::platform::auth::{Actor, Principal};
use crate::platform::db::Db;
use crate::platform::error::Result;
use crate::platform::ids::AccountId;

/// The accounts of this product.
pub struct Accounts;

impl Directory for Accounts {
    fn in_good_standing(&self, db: &Db, holder: Holder) -> Result<bool> {
        db.read_private_now(&Principal::system("authentication"), &|reader| {
            let now = reader.now().instant();
            match holder {
                Holder::Account(id) => accounts::is_live(reader.conn(), id),
                Holder::ApiClient(id) => clients::is_live(reader.conn(), id, now),
            }
        })
    }

    fn accounts_of(&self, db: &Db, issuer: &str, subject: &str) -> Result<Vec<(AccountId, Actor)>> {
        db.read_private_now(&Principal::system("authentication"), &|reader| {
            Ok(accounts::of_subject(reader.conn(), issuer, subject)?
                .into_iter()
                .filter_map(|account| Some((account.id, account.actor()?)))
                .collect())
        })
    }
}
