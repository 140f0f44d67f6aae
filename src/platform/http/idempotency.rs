//! A key given by the caller makes a repeated call have one effect and one answer.

use chrono::Duration;
use diesel::prelude::*;
use diesel::sql_types as st;

use super::reply::Reply;
use crate::platform::db::Tx;
use crate::platform::db::sql::Sql;
use crate::platform::error::{Code, Problem, Result};
use crate::sql;

/// What a key looks like.
pub const KEY_FORM: &str = "1 to 200 visible ASCII characters";
/// What moves or promises money.
const MONEY: &[&str] = &[
    "sign_agreement",
    "amend_agreement",
    "create_payment_batch",
    "record_payment_results",
    "repay_credit_note",
    "offset_credit_note",
];

/// How many days the answer of an operation is kept: of money for as long as banks may take to clear a doubt.
pub fn kept_days(operation: &str) -> i64 {
    if MONEY.contains(&operation) { 90 } else { 7 }
}

/// A call that carries a key.
#[derive(Clone, Debug)]
pub struct Call {
    pub key: String,
    pub method: String,
    pub path: String,
    pub request_hash: Vec<u8>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = st::Binary)]
    request_hash: Vec<u8>,
    #[diesel(sql_type = st::Integer)]
    status: i32,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    etag: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    location: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Binary>)]
    body: Option<Vec<u8>>,
}

/// Carries the work out, or answers what it answered before. The key lies in the work's own
/// transaction: both stay or neither.
pub fn once(tx: &mut Tx<'_>, call: &Call, work: &dyn Fn(&mut Tx<'_>) -> Result<Reply>) -> Result<Reply> {
    let principal = tx.principal().key();
    let name = format!("{principal}|{}|{}|{}", call.method, call.path, call.key);
    let free = sql!("select pg_try_advisory_xact_lock(hashtextextended({}, 1)) as yes", name).holds(tx.conn())?;
    if !free {
        return Err(Problem::new(Code::IdempotencyInFlight).header("Retry-After", 1));
    }
    let known: Option<Row> = sql!(
        "select request_hash, status, etag, location, body from idempotency_keys
         where principal = {} and method = {} and path = {} and key = {} and expires_at > {}",
        &principal,
        &call.method,
        &call.path,
        &call.key,
        tx.now().instant()
    )
    .first(tx.conn())?;
    if let Some(row) = known {
        if row.request_hash != call.request_hash {
            return Err(Problem::new(Code::IdempotencyKeyReused));
        }
        // The answer held a secret: it was never kept.
        if row.body.is_none() {
            return Err(Problem::new(Code::SecretShownOnce));
        }
        return Ok(Reply::replayed(u16::try_from(row.status).unwrap_or(200), row.etag, row.location, row.body));
    }
    let reply = work(tx)?;
    let body = match reply.body() {
        _ if reply.is_secret() => Sql::raw("null"),
        body => sql!("{}", body.map(<[u8]>::to_vec).unwrap_or_default()),
    };
    sql!(
        "insert into idempotency_keys (principal, method, path, key, request_hash, status, etag, location, body, expires_at)
         values ({}, {}, {}, {}, {}, {}, {}, {}, {}, {})
         on conflict (principal, method, path, key) do update set request_hash = excluded.request_hash,
            status = excluded.status, etag = excluded.etag, location = excluded.location, body = excluded.body,
            expires_at = excluded.expires_at",
        principal,
        &call.method,
        &call.path,
        &call.key,
        call.request_hash.clone(),
        i32::from(reply.status()),
        reply.etag().map(ToOwned::to_owned),
        reply.location().map(ToOwned::to_owned),
        body,
        tx.now().instant() + Duration::days(kept_days(tx.request().operation))
    )
    .run(tx.conn())?;
    Ok(reply)
}
