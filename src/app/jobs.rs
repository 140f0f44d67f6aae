//! What happens by itself, once a legal day.

use serde_json::{Value, json};

use super::worker::long_gone;
use crate::features::{accounts, reservations, structures};
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::sql;

/// Gives back the posts of reservations whose date has passed.
pub fn end_reservations(tx: &mut Tx<'_>) -> Result<Value> {
    Ok(json!({"ended": reservations::service::end_overdue(tx)?}))
}

/// Forgets what has served its time: keys, links, sent e-mails, contacts and accounts.
pub fn tidy(tx: &mut Tx<'_>) -> Result<Value> {
    let (now, old) = (tx.now().instant(), long_gone(tx.now()));
    let keys = sql!("delete from idempotency_keys where expires_at < {}", now).run(tx.conn())?;
    let links = sql!("delete from mail_links where expires_at < {} or used_at < {}", old, old).run(tx.conn())?;
    let emails = sql!("delete from emails where status <> 'queued' and created_at < {}", old).run(tx.conn())?;
    let (registrations, contacts) = structures::service::forget(tx)?;
    let (invitations, accounts) = accounts::service::forget(tx)?;
    Ok(json!({
        "idempotency_keys": keys, "mail_links": links, "emails": emails, "registrations_cancelled": registrations,
        "contacts": contacts, "invitations_revoked": invitations, "accounts_forgotten": accounts,
    }))
}
