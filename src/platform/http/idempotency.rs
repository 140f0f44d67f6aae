//! A key given by the caller makes a repeated call have one effect and one answer.

use std::collections::BTreeSet;

use chrono::Duration;
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use super::reply::Reply;
use crate::platform::auth::Actor;
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
    "waive_condition",
    "rectify_recruitment",
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
    #[diesel(sql_type = st::Bool)]
    forgotten: bool,
}

/// Carries the work out, or answers what it answered before. The key lies in the work's own
/// transaction: both stay or neither.
pub fn once(tx: &mut Tx<'_>, call: &Call, work: &dyn Fn(&mut Tx<'_>) -> Result<Reply>) -> Result<Reply> {
    let principal = tx.principal().key();
    let key = own_key(tx.actor(), call);
    let name = format!("{principal}|{}|{}|{key}", call.method, call.path);
    let free = sql!("select pg_try_advisory_xact_lock(hashtextextended({}, 1)) as yes", name).holds(tx.conn())?;
    if !free {
        return Err(Problem::new(Code::IdempotencyInFlight).header("Retry-After", 1));
    }
    let known: Option<Row> = sql!(
        "select request_hash, status, etag, location, body, forgotten_at is not null as forgotten from idempotency_keys
         where principal = {} and method = {} and path = {} and key = {} and expires_at > {}",
        &principal,
        &call.method,
        &call.path,
        &key,
        tx.now().instant()
    )
    .first(tx.conn())?;
    if let Some(row) = known {
        if row.request_hash != call.request_hash {
            return Err(Problem::new(Code::IdempotencyKeyReused));
        }
        if row.forgotten {
            return Err(forgotten(row.location));
        }
        // The answer held a secret: it was never kept.
        if row.body.is_none() {
            return Err(Problem::new(Code::SecretShownOnce));
        }
        return Ok(Reply::replayed(u16::try_from(row.status).unwrap_or(200), row.etag, row.location, row.body));
    }
    let reply = work(tx)?;
    let mentions = mentions(reply.body().unwrap_or_default());
    let body = match reply.body() {
        _ if reply.is_secret() => Sql::raw("null"),
        body => sql!("{}", body.map(<[u8]>::to_vec).unwrap_or_default()),
    };
    sql!(
        "insert into idempotency_keys (principal, method, path, key, request_hash, status, etag, location, body, mentions,
            expires_at)
         values ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})
         on conflict (principal, method, path, key) do update set request_hash = excluded.request_hash,
            status = excluded.status, etag = excluded.etag, location = excluded.location, body = excluded.body,
            mentions = excluded.mentions, forgotten_at = null, expires_at = excluded.expires_at",
        principal,
        &call.method,
        &call.path,
        &key,
        call.request_hash.clone(),
        i32::from(reply.status()),
        reply.etag().map(ToOwned::to_owned),
        reply.location().map(ToOwned::to_owned),
        body,
        mentions,
        tx.now().instant() + Duration::days(kept_days(tx.request().operation))
    )
    .run(tx.conn())?;
    Ok(reply)
}

/// The key within the caller's own space. Strangers share one: there the body is part of the key, so that a form which
/// numbers its keys does not meet another's.
fn own_key(actor: &Actor, call: &Call) -> String {
    if *actor != Actor::Anonymous {
        return call.key.clone();
    }
    call.request_hash.iter().fold(format!("{}#", call.key), |key, byte| format!("{key}{byte:02x}"))
}

fn forgotten(location: Option<String>) -> Problem {
    let problem = Problem::new(Code::AnswerForgotten);
    match location {
        Some(location) => problem.extension("location", location.clone()).header("Location", location),
        None => problem,
    }
}

/// Every identifier that an answer names, each once.
fn mentions(body: &[u8]) -> Vec<Uuid> {
    const LENGTH: usize = 36;
    let mut found = BTreeSet::new();
    let mut at = 0;
    while let Some(text) = body.get(at..at + LENGTH) {
        // An identifier is a whole text of the JSON.
        let whole = at > 0 && body[at - 1] == b'"' && body.get(at + LENGTH) == Some(&b'"');
        match std::str::from_utf8(text).ok().filter(|_| whole).and_then(|text| Uuid::try_parse(text).ok()) {
            Some(id) => {
                found.insert(id);
                at += LENGTH;
            }
            None => at += 1,
        }
    }
    found.into_iter().collect()
}

/// Forgets the answers that name any of these: who is erased is in no answer that is kept. The keys stay, so that no
/// repeated call has its effect twice; it learns where the resource is.
pub fn forget(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<usize> {
    sql!(
        "update idempotency_keys set body = null, forgotten_at = {} where mentions && {} and forgotten_at is null",
        tx.now().instant(),
        ids.to_vec()
    )
    .run(tx.conn())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_mentions_the_identifiers_in_it() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let body = serde_json::json!({"id": one, "of": [{"candidate_id": two}, one], "text": format!("see {two}é")});
        assert_eq!(mentions(body.to_string().as_bytes()), [one, two]);
        assert!(mentions(b"{}").is_empty() && mentions(&[0xff; 80]).is_empty());
    }
}
