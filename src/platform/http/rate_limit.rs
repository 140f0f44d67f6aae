//! What anybody may call, and what makes letters leave, is limited: so many calls a minute from one address and by one
//! caller, signed in or not.
//!
//! Two walls. The first is this server's own memory, so that a flood costs no database. The second is a table that all
//! servers count in: one row a key and minute, so that callers wait for nobody but themselves.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::{DurationRound, TimeDelta};
use diesel::QueryableByName;
use diesel::sql_types as st;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use hmac::{Hmac, KeyInit, Mac};

use crate::platform::auth::Principal;
use crate::platform::contract::Limited;
use crate::platform::db::{Db, Outcome, Request, Tx};
use crate::platform::error::{Code, Problem, Result};
use crate::sql;

/// How many times as often somebody signed in may call what is theirs and writes to an address that they give.
const WIDER: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
/// After so many calls, those that have been quiet are forgotten, here and in the database.
const TIDY_EVERY: u64 = 4096;
/// How long counts are kept.
const KEPT: TimeDelta = TimeDelta::minutes(10);

/// Limits calls by address and by caller, for all servers together.
pub struct RateLimit {
    walls: Option<Walls>,
    calls: AtomicU64,
    db: Db,
    /// Hides addresses and callers; the same on every server.
    secret: Vec<u8>,
}

struct Walls {
    per_minute: NonZeroU32,
    forms: DefaultKeyedRateLimiter<String>,
    letters: DefaultKeyedRateLimiter<String>,
}

impl RateLimit {
    /// `per_minute` 0 sets no limit.
    pub fn new(per_minute: u32, db: Db, secret: &[u8]) -> Self {
        let walls = NonZeroU32::new(per_minute).map(|n| Walls {
            per_minute: n,
            forms: RateLimiter::keyed(Quota::per_minute(n)),
            letters: RateLimiter::keyed(Quota::per_minute(n.saturating_mul(WIDER))),
        });
        Self { walls, calls: AtomicU64::new(0), db, secret: secret.to_vec() }
    }

    /// Counts a call of an operation that is limited; refuses it where there were too many.
    pub async fn check(&self, limited: Limited, principal: &Principal, address: IpAddr) -> Result<()> {
        let Some(walls) = &self.walls else { return Ok(()) };
        let (wall, allowed) = match limited {
            Limited::No => return Ok(()),
            Limited::Form => (&walls.forms, walls.per_minute),
            Limited::Letters => (&walls.letters, walls.per_minute.saturating_mul(WIDER)),
        };
        let mut keys = vec![self.key(limited, &format!("address {}", network(address)))];
        if principal.actor.role().is_some() {
            keys.push(self.key(limited, &format!("caller {}", principal.key())));
        }
        let tidy = self.calls.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1;
        if tidy {
            wall.retain_recent();
        }
        for key in &keys {
            wall.check_key(key).map_err(|until| {
                refused(until.wait_time_from(DefaultClock::default().now()).as_secs().saturating_add(1))
            })?;
        }
        let job = Request::job("count_form_calls");
        self.db.write(job, move |tx| count(tx, &keys, allowed, tidy).map(Outcome::Keep)).await?
    }

    fn key(&self, limited: Limited, who: &str) -> String {
        let Ok(mut mac) = Hmac::<sha2::Sha256>::new_from_slice(&self.secret) else { return who.to_owned() };
        mac.update(format!("{limited:?} {who}").as_bytes());
        BASE64.encode(&mac.finalize().into_bytes()[..18])
    }
}

fn refused(seconds: u64) -> Problem {
    Problem::new(Code::RateLimited).header("Retry-After", seconds)
}

/// Counts a call under each key. What is remembered of the minute before fades as this one passes; a flood is counted
/// up to the limit only, so that it ends soon after it has ended. The answer within is the refusal: the count stays.
fn count(tx: &mut Tx<'_>, keys: &[String], allowed: NonZeroU32, tidy: bool) -> Result<Result<()>> {
    #[derive(QueryableByName)]
    struct Counted {
        #[diesel(sql_type = st::Double)]
        calls: f64,
    }
    let now = tx.now().instant();
    let minute = now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
    let passed = (now - minute).num_seconds().clamp(0, 59);
    // A count that a crash forgets is no loss.
    sql!("set local synchronous_commit = off").run(tx.conn())?;
    if tidy {
        forget(tx)?;
    }
    let most = i64::from(allowed.get());
    let counted: Counted = sql!(
        "with mine as (
            insert into form_calls as f (key, minute, calls) select k, {}, 1 from unnest({}) as k order by k
            on conflict (key, minute) do update set calls = least(f.calls + 1, {}) returning f.key, f.calls)
         select max(m.calls + coalesce(b.calls, 0) * {}::float8) as calls
         from mine m left join form_calls b on b.key = m.key and b.minute = {}",
        minute,
        keys.to_vec(),
        i32::try_from(most.saturating_add(1)).unwrap_or(i32::MAX),
        (60 - passed) as f64 / 60.0,
        minute - TimeDelta::minutes(1)
    )
    .one(tx.conn())?;
    // Then enough of this minute, which counts for one more than the limit at most, is forgotten for another call.
    let wait = (60 - passed) + (120 + most) / (most + 1);
    let wait = u64::try_from(wait).unwrap_or(120);
    Ok(if counted.calls > most as f64 { Err(refused(wait)) } else { Ok(()) })
}

/// Counts of minutes long past are of no use. Runs as the service itself.
pub fn forget(tx: &mut Tx<'_>) -> Result<usize> {
    let before = tx.now().instant() - KEPT;
    sql!("delete from form_calls where minute < {}", before).run(tx.conn())
}

/// One subscriber holds a whole /64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => {
                let mut segments = v6.segments();
                segments[4..].fill(0);
                IpAddr::V6(segments.into())
            }
        },
        v4 => v4,
    }
}
