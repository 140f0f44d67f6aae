//! SQL of the one-use links that sign somebody in. Only their hash is kept.

use chrono::Duration;
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::platform::ids::AccountId;
use crate::sql;

pub fn insert(tx: &mut Tx<'_>, account: AccountId, hash: Vec<u8>, life: Duration) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "insert into mail_links (id, purpose, token_hash, account_id, expires_at) values ({}, 'sign_in', {}, {}, {})",
        Uuid::now_v7(),
        hash,
        account,
        now + life
    )
    .run(tx.conn())?;
    Ok(())
}

/// Uses a link up: the account it signs in, once.
pub fn use_up(tx: &mut Tx<'_>, hash: Vec<u8>) -> Result<Option<AccountId>> {
    #[derive(QueryableByName)]
    struct Used {
        #[diesel(sql_type = st::Uuid)]
        account_id: AccountId,
    }
    let now = tx.now().instant();
    let used: Option<Used> = sql!(
        "update mail_links set used_at = {}
         where token_hash = {} and purpose = 'sign_in' and used_at is null and expires_at > {}
         returning account_id",
        now,
        hash,
        now
    )
    .first(tx.conn())?;
    Ok(used.map(|row| row.account_id))
}

/// Ends the links of an account that are still open.
pub fn end(tx: &mut Tx<'_>, account: AccountId) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "update mail_links set expires_at = {} where account_id = {} and used_at is null and expires_at > {}",
        now,
        account,
        now
    )
    .run(tx.conn())?;
    Ok(())
}
