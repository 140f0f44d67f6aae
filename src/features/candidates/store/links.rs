//! SQL of the links mailed to candidates.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::platform::ids::{CandidateId, uuids};
use crate::sql;

/// A mailed link of a candidate; only its hash is kept.
pub fn insert_link(
    tx: &mut Tx<'_>,
    purpose: &'static str,
    id: CandidateId,
    email: Option<&str>,
    hash: Vec<u8>,
    life: Duration,
) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "insert into mail_links (id, purpose, token_hash, candidate_id, email, expires_at) values ({}, {}, {}, {}, {}, {})",
        Uuid::now_v7(),
        purpose,
        hash,
        id,
        email,
        now + life
    )
    .run(tx.conn())
    .map(|_| ())
}

/// The same for many candidates, in one statement.
pub fn insert_leave_links(
    tx: &mut Tx<'_>,
    purpose: &'static str,
    ids: &[CandidateId],
    hashes: Vec<Vec<u8>>,
    life: Duration,
) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "insert into mail_links (id, purpose, token_hash, candidate_id, expires_at)
         select n.id, {}, decode(n.hash, 'hex'), n.candidate_id, {} from unnest({}, {}, {}) as n (id, hash, candidate_id)",
        purpose,
        now + life,
        ids.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>(),
        hashes.iter().map(|hash| hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>()).collect::<Vec<_>>(),
        uuids(ids)
    )
    .run(tx.conn())
    .map(|_| ())
}

/// How many links of one purpose a candidate was mailed since.
pub fn count_links(tx: &mut Tx<'_>, purpose: &'static str, id: CandidateId, since: DateTime<Utc>) -> Result<i64> {
    sql!(
        "select count(*) as n from mail_links where candidate_id = {} and purpose = {} and created_at > {}",
        id,
        purpose,
        since
    )
    .count(tx.conn())
}

/// Links of these purposes are of no use any more.
pub fn end_links(tx: &mut Tx<'_>, id: CandidateId, purposes: &[&str]) -> Result<()> {
    let now = tx.now().instant();
    let purposes: Vec<String> = purposes.iter().map(ToString::to_string).collect();
    sql!(
        "update mail_links set expires_at = {} where candidate_id = {} and purpose = any({}) and used_at is null and expires_at > {}",
        now,
        id,
        purposes,
        now
    )
    .run(tx.conn())
    .map(|_| ())
}

/// A used link: whose it was, and the address it was sent to prove.
#[derive(Clone, Debug, QueryableByName)]
pub struct UsedLink {
    #[diesel(sql_type = st::Uuid)]
    pub candidate_id: CandidateId,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub email: Option<String>,
}

/// Uses a link up, once.
pub fn use_link(tx: &mut Tx<'_>, purposes: &[&str], hash: Vec<u8>) -> Result<Option<UsedLink>> {
    let now = tx.now().instant();
    let purposes: Vec<String> = purposes.iter().map(ToString::to_string).collect();
    sql!(
        "update mail_links set used_at = {}
         where token_hash = {} and purpose = any({}) and used_at is null and expires_at > {}
         returning candidate_id, email",
        now,
        hash,
        purposes,
        now
    )
    .first(tx.conn())
}
