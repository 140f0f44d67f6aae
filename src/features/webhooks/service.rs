//! Use cases of webhooks.

use std::net::IpAddr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::dto::{NewWebhook, WebhookPatch};
use super::mails;
use super::model::{FEED_RESTARTED, PATIENCE, PER_PERIMETER, TEST, WebhookStatus, is_public, pause, rest};
use super::store::{self, Due, NewRow, Webhook};
use crate::features::feed::model::texts;
use crate::features::feed::service::{self as feed, Wanted};
use crate::platform::auth::policy::{Gift, require_to_give};
use crate::platform::auth::{Actor, Principal, Role, Territory};
use crate::platform::db::feed::{self as epochs, Point, Present};
use crate::platform::db::purge::Purge;
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, Fault, FaultCode, Problem, Result};
use crate::platform::events::{self, Audience, Kind, StructureEvent, Told, WebhookEvent};
use crate::platform::ids::WebhookId;
use crate::platform::mail;
use crate::platform::transitions::{Expected, require_version};

/// Events that are queued at a time.
const BATCH: i64 = 200;

/// Whether an address may be sent to: `https`, nobody's name in it, nothing internal.
fn check_url(tx: &Tx<'_>, url: &str) -> Result<()> {
    let wrong = || Problem::invalid_field("url", FaultCode::InvalidValue);
    let private = tx.site().private_webhooks;
    let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
    if !(scheme == "https" || (private && scheme == "http")) || url.chars().any(|c| c.is_control() || c == ' ') {
        return Err(wrong());
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() || authority.contains('@') {
        return Err(wrong());
    }
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    // Names are resolved, and looked at, at each delivery.
    match host.parse::<IpAddr>() {
        Ok(address) if !private && !is_public(address) => Err(wrong()),
        Err(_) if !private && (host == "localhost" || !host.contains('.')) => Err(wrong()),
        _ => Ok(()),
    }
}

/// What its owner may not read, a webhook would wait for in vain.
fn check_resources(principal: &Principal, resources: Option<&[String]>) -> Result<()> {
    let readable = feed::readable(principal);
    let unread = |(_, name): &(usize, &String)| !readable.contains(&name.as_str());
    match resources.into_iter().flatten().enumerate().find(unread) {
        None => Ok(()),
        Some((rank, _)) => {
            let fault = Fault::field(&format!("resources/{rank}"), FaultCode::NotInList);
            Err(Problem::invalid(vec![fault.with("allowed", readable.join(", "))]))
        }
    }
}

/// Who steers a webhook, or looks into what it was sent, has what it reads with.
fn require_to_steer(principal: &Principal, webhook: &Webhook) -> Result<()> {
    require_to_give(principal, webhook.scopes.as_deref().map_or(Gift::Account, Gift::Scopes))
}

/// A webhook whose deliveries the caller may look into.
pub fn open(reader: &mut Reader<'_>, id: WebhookId) -> Result<Webhook> {
    let webhook = find(reader, id)?;
    require_to_steer(reader.principal(), &webhook)?;
    Ok(webhook)
}

pub fn create(tx: &mut Tx<'_>, new: &NewWebhook) -> Result<Webhook> {
    check_url(tx, &new.url)?;
    let (resources, types) = (texts(new.resources.as_deref()), texts(new.types.as_deref()));
    let principal = tx.principal();
    check_resources(principal, resources.as_deref())?;
    let (mut structure_id, mut departement_code, mut region_code) = (None, None, None);
    match &principal.actor {
        Actor::Employer(id) => structure_id = Some(*id),
        Actor::Prefecture(Territory::Departement(code)) => departement_code = Some(code.clone()),
        Actor::Prefecture(Territory::Region(code)) => region_code = Some(code.clone()),
        _ => {}
    }
    let place = structure_id.map(|id| id.to_string()).or(departement_code.clone()).or(region_code.clone());
    let perimeter = format!("{}|{}", principal.actor.name(), place.unwrap_or_default());
    if store::count_of_perimeter(tx, &perimeter)? >= PER_PERIMETER {
        return Err(Problem::new(Code::WebhookLimitReached).with("limit", PER_PERIMETER));
    }
    let principal = tx.principal();
    let id = WebhookId::new();
    let secret = secret();
    let row = NewRow {
        id,
        role: principal.actor.role().unwrap_or(Role::Anct),
        structure_id,
        departement_code: departement_code.map(Into::into),
        region_code: region_code.map(Into::into),
        account_id: principal.account,
        api_client_id: principal.api_client,
        // It reads with its maker's own scopes, and no more.
        scopes: principal.scopes.clone(),
        name: &new.name,
        url: &new.url,
        secret: &secret,
        resources,
        types,
    };
    store::insert(tx, &row)?;
    told(tx, WebhookEvent::Created, id)
}

/// A secret as the standard writes it.
fn secret() -> String {
    let bytes: [u8; 32] = rand::random();
    format!("whsec_{}", BASE64_STANDARD.encode(bytes))
}

pub fn find(reader: &mut Reader<'_>, id: WebhookId) -> Result<Webhook> {
    store::find(reader.conn(), id)?.ok_or_else(Problem::not_found)
}

fn lock(tx: &mut Tx<'_>, id: WebhookId, version: Option<Expected>) -> Result<Webhook> {
    let webhook = store::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    require_version(version, webhook.version)?;
    let present = Present::read(tx.conn())?;
    // What is asked for is not to be dropped with what waited.
    restart_if_behind(tx, &webhook, &present)?;
    find(&mut tx.reader(), id)
}

pub fn update(tx: &mut Tx<'_>, id: WebhookId, version: Option<Expected>, patch: &WebhookPatch) -> Result<Webhook> {
    let before = lock(tx, id, version)?;
    require_to_steer(tx.principal(), &before)?;
    let url = patch.url.as_deref().unwrap_or(&before.url);
    check_url(tx, url)?;
    let resources = match &patch.resources {
        Some(asked) => texts(asked.as_deref()),
        None => before.resources.clone(),
    };
    if patch.resources.is_some() {
        check_resources(tx.principal(), resources.as_deref())?;
    }
    let types = match &patch.types {
        Some(asked) => texts(asked.as_deref()),
        None => before.types.clone(),
    };
    let name = patch.name.as_deref().unwrap_or(&before.name);
    store::update(tx, id, name, url, resources, types, patch.status.unwrap_or(before.status))?;
    told(tx, WebhookEvent::Updated, id)
}

pub fn delete(tx: &mut Tx<'_>, id: WebhookId, version: Option<Expected>) -> Result<()> {
    let webhook = lock(tx, id, version)?;
    store::delete(tx, id)?;
    emit(tx, WebhookEvent::Deleted, &webhook)
}

/// Nothing is sent any more for a structure that was cancelled, or merged into another.
pub fn follow(tx: &mut Tx<'_>, told: &[Told]) -> Result<()> {
    let ended = |told: &&Told| matches!(told.kind, Kind::Structure(StructureEvent::Merged | StructureEvent::Cancelled));
    let ended: Vec<Uuid> = told.iter().filter(ended).map(|told| told.id).collect();
    if ended.is_empty() {
        return Ok(());
    }
    for id in store::of_structures(tx, ended)? {
        if let Some(webhook) = store::lock(tx, id)? {
            store::delete(tx, id)?;
            emit(tx, WebhookEvent::Deleted, &webhook)?;
        }
    }
    Ok(())
}

/// Queues an event of no meaning.
pub fn test(tx: &mut Tx<'_>, id: WebhookId, version: Option<Expected>) -> Result<Webhook> {
    lock(tx, id, version)?;
    let event = Uuid::now_v7();
    let body = body(TEST, event, "webhooks", id.uuid(), tx.now().instant());
    store::queue(tx, id, event, TEST, &body)?;
    find(&mut tx.reader(), id)
}

/// Sends again what happened since an instant.
pub fn replay(tx: &mut Tx<'_>, id: WebhookId, version: Option<Expected>, since: DateTime<Utc>) -> Result<Webhook> {
    let webhook = lock(tx, id, version)?;
    require_to_steer(tx.principal(), &webhook)?;
    store::rewind(tx, id, since)?;
    find(&mut tx.reader(), id)
}

fn told(tx: &mut Tx<'_>, kind: WebhookEvent, id: WebhookId) -> Result<Webhook> {
    let webhook = find(&mut tx.reader(), id)?;
    emit(tx, kind, &webhook)?;
    Ok(webhook)
}

fn emit(tx: &mut Tx<'_>, kind: WebhookEvent, webhook: &Webhook) -> Result<()> {
    let to = Audience {
        roles: &[webhook.role],
        structure_id: webhook.structure_id,
        departement_code: webhook.departement_code.as_deref(),
        region_code: webhook.region_code.as_deref(),
    };
    events::emit_to(tx, kind, webhook.id.uuid(), &to)
}

/// What is sent of an event: as thin as the feed.
fn body(kind: &str, event: Uuid, resource: &str, id: Uuid, at: DateTime<Utc>) -> String {
    json!({
        "type": kind,
        "timestamp": at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "data": {"event_id": event, "resource": resource, "resource_id": id},
    })
    .to_string()
}

/// In whose name a webhook reads the feed.
fn principal(webhook: &Webhook) -> Option<Principal> {
    let territory = match (&webhook.departement_code, &webhook.region_code) {
        (Some(code), _) => Some(Territory::Departement(code.to_string())),
        (None, Some(code)) => Some(Territory::Region(code.to_string())),
        (None, None) => None,
    };
    let actor = match webhook.role {
        Role::Anct => Actor::Anct,
        Role::Bdt => Actor::Bdt,
        Role::Prefecture => Actor::Prefecture(territory?),
        Role::Employer => Actor::Employer(webhook.structure_id?),
        _ => return None,
    };
    Some(Principal { actor, scopes: webhook.scopes.clone(), ..Principal::system("webhooks") })
}

/// A webhook that was made in an earlier epoch begins with the first event of the newest one, and its receiver is told once.
/// What was sent of the end of the earlier one cannot be known: the database may be older than what it sent.
fn restart_if_behind(tx: &mut Tx<'_>, webhook: &Webhook, present: &Present) -> Result<bool> {
    if webhook.epoch >= present.epoch() {
        return Ok(false);
    }
    store::restart(tx, webhook.id, Point::start_of(present.epoch()))?;
    let body = body(FEED_RESTARTED, present.id(), "webhooks", webhook.id.uuid(), tx.now().instant());
    store::queue(tx, webhook.id, present.id(), FEED_RESTARTED, &body)?;
    Ok(true)
}

/// Queues what one webhook has not been told yet; answers the next one to look at.
pub fn collect(tx: &mut Tx<'_>, after: Option<WebhookId>) -> Result<Option<WebhookId>> {
    // The database may have been put back under sessions that go on.
    epochs::settle_now(tx.conn())?;
    let Some(webhook) = store::take(tx, after)? else { return Ok(None) };
    let Some(owner) = principal(&webhook) else { return Ok(Some(webhook.id)) };
    let present = Present::read(tx.conn())?;
    if restart_if_behind(tx, &webhook, &present)? {
        return Ok(Some(webhook.id));
    }
    let wanted = Wanted {
        present,
        after: Some(webhook.point()),
        resources: webhook.resources.as_deref(),
        kinds: webhook.types.clone(),
        limit: BATCH,
    };
    let events = feed::read_as(&mut tx.reader(), &owner, wanted)?;
    for event in &events {
        let body = body(&event.kind, event.id, &event.resource, event.resource_id, event.occurred_at);
        store::queue(tx, webhook.id, event.id, &event.kind, &body)?;
    }
    if let Some(last) = events.last() {
        store::reach(tx, webhook.id, last.point())?;
    }
    Ok(Some(webhook.id))
}

/// Takes the next delivery that is due; `proven` leaves out receivers that did not answer last time.
pub fn take_due(tx: &mut Tx<'_>, proven: bool) -> Result<Option<Due>> {
    store::take_due(tx, proven)
}

/// What became of an attempt. After a day of failures the webhook is disabled, and its owner told.
pub fn settle(tx: &mut Tx<'_>, due: &Due, outcome: &std::result::Result<u16, (Option<u16>, String)>) -> Result<()> {
    // Whoever answers, be it with an error, is there: only silence makes a receiver rest.
    match outcome {
        Err((None, _)) => store::silent(tx, &due.receiver, tx.now().instant() + rest(due.silences + 1))?,
        _ => store::answered(tx, &due.receiver)?,
    }
    let (status, error) = match outcome {
        Ok(status) => return store::delivered(tx, due, i32::from(*status)),
        Err((status, error)) => (status.map(i32::from), error),
    };
    let next = tx.now().instant() + pause(due.attempts);
    if next - due.queued_at < PATIENCE {
        return store::failed(tx, due, status, error, Some(next));
    }
    store::failed(tx, due, status, error, None)?;
    let Some(webhook) = store::lock(tx, due.webhook_id)?.filter(|webhook| webhook.status == WebhookStatus::Active)
    else {
        return Ok(());
    };
    store::update(
        tx,
        webhook.id,
        &webhook.name,
        &webhook.url,
        webhook.resources.clone(),
        webhook.types.clone(),
        WebhookStatus::Disabled,
    )?;
    emit(tx, WebhookEvent::Disabled, &webhook)?;
    let address = match webhook.account_id {
        Some(account) => store::address(tx, account)?,
        None => None,
    };
    match address {
        Some(address) => mail::send(tx, &mails::disabled(&webhook, &address)),
        None => Ok(()),
    }
}

/// Deliveries are kept for a month. Once a night.
pub fn forget(tx: &mut Tx<'_>) -> Result<usize> {
    let before = tx.now().instant() - TimeDelta::days(30);
    tx.purge(Purge::of("webhook_deliveries", "webhook_deliveries"), |tx| store::forget(tx, before))
}
