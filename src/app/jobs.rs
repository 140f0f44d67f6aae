//! What happens by itself, once a legal day.

pub mod waiting;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::worker::long_gone;
use crate::features::matching::model::Target;
use crate::features::{
    accounts, activity, audit, candidates, matching, recruitments, reservations, structures, subsidies, trainings,
    webhooks,
};
use crate::platform::db::Tx;
use crate::platform::db::purge::Purge;
use crate::platform::db::reminders;
use crate::platform::error::Result;
use crate::platform::http::rate_limit;
use crate::platform::journal;
use crate::sql;

/// Gives back the posts of reservations whose date has passed.
pub fn end_reservations(tx: &mut Tx<'_>) -> Result<Value> {
    Ok(json!({"ended": reservations::service::end_overdue(tx)?}))
}

/// Completes the contracts whose last day has passed.
pub fn complete_recruitments(tx: &mut Tx<'_>) -> Result<Value> {
    Ok(json!(recruitments::service::keep_calendar(tx)?))
}

/// Starts trainings that begin, and cancels those that nobody can attend any more.
pub fn settle_enrolments(tx: &mut Tx<'_>) -> Result<Value> {
    let (started, cancelled) = trainings::service::settle_all(tx)?;
    Ok(json!({"started": started, "cancelled": cancelled}))
}

/// Lets instalments fall due whose conditions hold by now.
pub fn settle_instalments(tx: &mut Tx<'_>) -> Result<Value> {
    Ok(json!({"fallen_due": subsidies::service::settle_all(tx)?}))
}

/// Matches the whole country.
pub fn run_matching(tx: &mut Tx<'_>) -> Result<Value> {
    let run = matching::service::run(tx, Target::Country)?.run;
    Ok(
        json!({"run_id": run.id, "proposed": run.proposed_count, "expired": run.expired_count, "closed": run.closed_count}),
    )
}

/// Reminds both sides of matches that are about to end.
pub fn remind_matches(tx: &mut Tx<'_>) -> Result<Value> {
    Ok(json!({"reminded": matching::service::remind(tx)?}))
}

/// Tells those who decide, once a week, how many decisions have waited for long.
pub fn remind_deciders(tx: &mut Tx<'_>) -> Result<Value> {
    Ok(json!({"reminded": waiting::remind(tx)?}))
}

/// Asks candidates without a match whether they are still available.
pub fn remind_candidates(tx: &mut Tx<'_>) -> Result<Value> {
    Ok(json!({"reminded": candidates::service::remind(tx)?}))
}

/// Makes an edition of the public figures where a month has closed.
pub fn publish_figures(tx: &mut Tx<'_>) -> Result<Value> {
    let made = activity::service::publish_when_due(tx)?;
    Ok(json!(made.map(|made| {
        json!({"edition": made.edition.number, "last_month": made.edition.last_month, "layers": made.layers,
            "waiting": made.waiting.len()})
    })))
}

// Keys live for a day and links for days: most of them go the night after.
const IDEMPOTENCY_KEYS: Purge = Purge { times: 4, ..Purge::of("idempotency_keys", "idempotency_keys") };
const MAIL_LINKS: Purge = Purge { times: 3, ..Purge::of("mail_links", "mail_links") };
// What was counted of a minute is of no use the next day.
const FORM_CALLS: Purge = Purge { times: 5, ..Purge::of("form_calls", "form_calls") };
const READING_COUNTS: Purge = Purge::of("reading_counts", "reading_counts");
const EMAILS: Purge = Purge { times: 2, ..Purge::of("emails", "emails") };

/// Forgets what has served its time: keys, links, sent e-mails, contacts and accounts. Everything that goes is a purge,
/// which stops and asks where it would take too much.
pub fn tidy(tx: &mut Tx<'_>) -> Result<Value> {
    let (now, old) = (tx.now().instant(), long_gone(tx.now()));
    let keys = tx
        .purge(IDEMPOTENCY_KEYS, |tx| sql!("delete from idempotency_keys where expires_at < {}", now).run(tx.conn()))?;
    let links = tx.purge(MAIL_LINKS, |tx| {
        sql!("delete from mail_links where expires_at < {} or used_at < {}", old, old).run(tx.conn())
    })?;
    let emails = tx.purge(EMAILS, |tx| {
        sql!("delete from emails where status <> 'queued' and created_at < {}", old).run(tx.conn())
    })?;
    let reading_counts = tx.purge(READING_COUNTS, journal::forget_counts)?;
    let reminders = reminders::forget(tx)?;
    let form_calls = tx.purge(FORM_CALLS, rate_limit::forget)?;
    let accesses = audit::service::forget(tx, now - TimeDelta::days(365))?;
    let (registrations, contacts) = structures::service::forget(tx)?;
    let (invitations, accounts) = accounts::service::forget(tx)?;
    let (erased, motivations) = candidates::service::forget(tx)?;
    let notes = activity::service::forget(tx)?;
    let deliveries = webhooks::service::forget(tx)?;
    let held = tx.held().iter().map(|held| json!({"purge": held.purge.name, "rows": held.rows, "of": held.all}));
    let held: Vec<Value> = held.collect();
    Ok(json!({
        "form_calls": form_calls, "reading_counts": reading_counts, "idempotency_keys": keys, "mail_links": links, "emails": emails, "registrations_cancelled": registrations,
        "contacts": contacts, "reminders": reminders, "invitations_revoked": invitations, "accounts_forgotten": accounts,
        "accesses": accesses, "candidates_erased": erased, "motivations": motivations,
        "activity_notes": notes, "webhook_deliveries": deliveries, "held": held,
    }))
}

/// Names of the purges that wait for a person.
pub fn held_purges(tx: &mut Tx<'_>) -> Result<Vec<String>> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        purge: String,
    }
    let rows: Vec<Row> = sql!("select purge from held_purges order by purge").load(tx.conn())?;
    Ok(rows.into_iter().map(|row| row.purge).collect())
}
