//! Who read whose data: a line before it is shown, so that nothing is shown that the journal does not know; and no more in
//! a day than a quota allows.

use std::sync::LazyLock;

use prometheus::{IntCounter, IntCounterVec, Opts};
use uuid::Uuid;

use super::auth::{Actor, Reach};
use super::db::Tx;
use super::error::{Code, Problem, Result};
use crate::sql;

/// Whom an answer shows.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Path segment of the resource or list.
    pub resource: &'static str,
    /// None for a page of a list.
    pub id: Option<Uuid>,
    /// As candidates.
    pub people: Vec<Uuid>,
}

/// Whether what this caller reads of others is noted: people read what is their own, the service reads for others.
pub fn notes(actor: &Actor) -> bool {
    !matches!(actor, Actor::Candidate(_) | Actor::Counsellor(_) | Actor::System)
}

/// Records that the caller was shown a resource, and whom it is about.
pub fn read(tx: &mut Tx<'_>, resource: &'static str, id: Uuid, people: Vec<Uuid>) -> Result<()> {
    write(tx, resource, Some(id), people)
}

/// Records whom an answer shows that was read before.
pub fn note(tx: &mut Tx<'_>, shown: &Shown) -> Result<()> {
    write(tx, shown.resource, shown.id, shown.people.clone())
}

fn write(tx: &mut Tx<'_>, resource: &'static str, id: Option<Uuid>, people: Vec<Uuid>) -> Result<()> {
    if !notes(tx.actor()) {
        return Ok(());
    }
    count(tx, people.len())?;
    let (principal, request) = (tx.principal(), tx.request());
    let (_, perimeter) = principal.actor.reach().as_setting();
    sql!(
        "insert into accesses (id, occurred_at, operation, request_id, role, perimeter, issuer, subject, account_id,
            api_client_id, resource, resource_id, people) values ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
        Uuid::now_v7(),
        tx.now().instant(),
        request.operation,
        &request.request_id,
        principal.actor.name(),
        perimeter,
        &principal.issuer,
        &principal.subject,
        principal.account,
        principal.api_client,
        resource,
        id,
        people
    )
    .run(tx.conn())
    .map(|_| ())
}

/// Callers who reach one structure or one training body may be shown this part of the quota of those who reach a
/// territory or the country.
const OF_ONE: i64 = 10;

/// People shown, by role of the caller; and readings that the quota refused.
static SHOWN: LazyLock<Option<IntCounterVec>> = LazyLock::new(|| {
    IntCounterVec::new(
        Opts::new("conum_people_shown_total", "People whose data was shown, by role of the caller"),
        &["role"],
    )
    .ok()
});
static REFUSED: LazyLock<Option<IntCounter>> = LazyLock::new(|| {
    IntCounter::new("conum_readings_refused_total", "Readings of people refused because the caller's quota was used up")
        .ok()
});

/// What operators see of readings.
pub fn collectors() -> Vec<Box<dyn prometheus::core::Collector>> {
    let shown = SHOWN.clone().map(|shown| Box::new(shown) as Box<dyn prometheus::core::Collector>);
    let refused = REFUSED.clone().map(|refused| Box::new(refused) as Box<dyn prometheus::core::Collector>);
    shown.into_iter().chain(refused).collect()
}

/// Adds to what the caller was shown today; refuses what goes beyond the quota. Half of it is told in the log, once, and
/// so is each refusal: a stolen token that reads everybody is seen, and ends.
fn count(tx: &mut Tx<'_>, people: usize) -> Result<()> {
    let people = i64::try_from(people).unwrap_or(i64::MAX);
    let whole = tx.site().reading_quota;
    if whole == 0 || people == 0 {
        return Ok(());
    }
    let quota = match tx.reach() {
        Reach::Country | Reach::Territory(_) => whole,
        _ => (whole / OF_ONE).max(1),
    };
    let (key, day, role) = (tx.principal().key(), tx.today(), tx.actor().name());
    let shown = tx.as_service(|tx| {
        sql!(
            "insert into reading_counts as c (principal, day, people) values ({}, {}, {})
             on conflict (principal, day) do update set people = c.people + excluded.people returning people as n",
            key,
            day,
            people
        )
        .count(tx.conn())
    })?;
    if let Some(counter) = SHOWN.as_ref() {
        counter.with_label_values(&[role]).inc_by(u64::try_from(people).unwrap_or(0));
    }
    let (account, request_id) = (tx.principal().account, tx.request().request_id.as_str());
    if shown > quota {
        if let Some(counter) = REFUSED.as_ref() {
            counter.inc();
        }
        log::warn!(alert = "reading_quota", role, account:? = account, request_id, quota; "a caller has read as many people as a day allows");
        return Err(Problem::new(Code::ReadingQuotaReached).with("limit", quota).header("Retry-After", 3600));
    }
    if shown > quota / 2 && shown - people <= quota / 2 {
        log::warn!(alert = "reading_half_quota", role, account:? = account, request_id, quota; "a caller has read half of the people that a day allows");
    }
    Ok(())
}

/// Forgets counts of former days.
pub fn forget_counts(tx: &mut Tx<'_>) -> Result<usize> {
    let day = tx.today() - chrono::Days::new(31);
    sql!("delete from reading_counts where day < {}", day).run(tx.conn())
}
