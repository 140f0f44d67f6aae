//! API clients: programs with their own credentials.

use chrono::Duration;

use super::emit_client;
use crate::features::accounts::dto::clients::{ApiClientPatch, NewApiClient, RotateApiClient};
use crate::features::accounts::model::{
    API_CLIENT_STEPS, ApiClientStatus, CLIENT_LIFE, GRACE_HOURS, PROGRAMS, Perimeter, client_status, grant,
};
use crate::features::accounts::store::clients::{self, ApiClient, NewClient};
use crate::platform::auth::policy::{Gift, Permission, require_to_give, scopes_of};
use crate::platform::auth::{Principal, Role, can};
use crate::platform::clock::Now;
use crate::platform::db::Tx;
use crate::platform::error::{Fault, FaultCode, Place, Problem, Result};
use crate::platform::events::ApiClientEvent;
use crate::platform::ids::ApiClientId;
use crate::platform::transitions::{Expected, Transition, after, require_version};
use crate::platform::{secret, standing, text};

/// State of a client now.
pub fn status(client: &ApiClient, now: Now) -> ApiClientStatus {
    client_status(client.revoked_at, client.expires_at, now.instant())
}

/// What may be done with a client, as its detail tells.
pub fn transitions(principal: &Principal, client: &ApiClient, now: Now) -> Vec<Transition> {
    let by_state = |line| Transition::of_state(line, principal, API_CLIENT_STEPS, status(client, now));
    vec![
        by_state(can::rotate_api_client::LINE),
        by_state(can::revoke_api_client::LINE),
        by_state(can::update_api_client::LINE),
    ]
}

/// Makes a client; answers it with its secret, which is kept nowhere.
pub fn create(tx: &mut Tx<'_>, new: &NewApiClient) -> Result<(ApiClient, String)> {
    let perimeter = Perimeter {
        structure_id: new.structure_id,
        departement_code: new.departement_code.clone(),
        region_code: new.region_code.clone(),
        subject_id: None,
    };
    let now = tx.now();
    let expires_at = new.expires_at.unwrap_or(now.instant() + CLIENT_LIFE);
    let mut faults = scope_faults(new.role, &new.scopes);
    faults.extend(expiry_fault(expires_at, now));
    grant(tx.actor(), PROGRAMS, new.role, &perimeter)?;
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    if let Some(structure) = new.structure_id {
        standing::require_live(tx, structure)?;
    }
    require_to_give(tx.principal(), Gift::Scopes(&new.scopes))?;
    let value = secret::generate();
    let client = NewClient {
        name: text::canonical(&new.name),
        role: new.role,
        perimeter,
        scopes: new.scopes.clone(),
        secret_hash: secret::hash(&value),
        expires_at,
    };
    let client = clients::insert(tx, &client)?;
    emit_client(tx, ApiClientEvent::Created, &client)?;
    Ok((client, value))
}

/// Changes name, scopes or expiry.
pub fn update(
    tx: &mut Tx<'_>,
    id: ApiClientId,
    version: Option<Expected>,
    patch: &ApiClientPatch,
) -> Result<ApiClient> {
    let mut client = lock(tx, id, version)?;
    let now = tx.now();
    after(API_CLIENT_STEPS, status(&client, now), can::update_api_client::LINE)?;
    let mut faults = Vec::new();
    if let Some(name) = &patch.name {
        client.name = text::canonical(name);
    }
    if let Some(scopes) = &patch.scopes {
        faults.extend(scope_faults(client.role, scopes));
        client.scopes = scopes.clone();
    }
    if let Some(expires_at) = patch.expires_at {
        faults.extend(expiry_fault(expires_at, now));
        client.expires_at = expires_at;
    }
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    require_to_give(tx.principal(), Gift::Scopes(&client.scopes))?;
    let client = clients::update(tx, &client)?;
    emit_client(tx, ApiClientEvent::Updated, &client)?;
    Ok(client)
}

/// Gives a client a new secret; the old one works on for a while.
pub fn rotate(
    tx: &mut Tx<'_>,
    id: ApiClientId,
    version: Option<Expected>,
    how: &RotateApiClient,
) -> Result<(ApiClient, String)> {
    let client = lock(tx, id, version)?;
    after(API_CLIENT_STEPS, status(&client, tx.now()), can::rotate_api_client::LINE)?;
    require_to_give(tx.principal(), Gift::Scopes(&client.scopes))?;
    let grace = how.grace_hours.unwrap_or(GRACE_HOURS);
    let until = (grace > 0).then(|| tx.now().instant() + Duration::hours(grace.into()));
    let value = secret::generate();
    let client = clients::rotate(tx, id, secret::hash(&value), until)?;
    emit_client(tx, ApiClientEvent::Rotated, &client)?;
    Ok((client, value))
}

/// Withdraws a client: no new token, and those it has are refused within seconds.
pub fn revoke(tx: &mut Tx<'_>, id: ApiClientId, version: Option<Expected>) -> Result<ApiClient> {
    let client = lock(tx, id, version)?;
    after(API_CLIENT_STEPS, status(&client, tx.now()), can::revoke_api_client::LINE)?;
    let client = clients::revoke(tx, id)?;
    emit_client(tx, ApiClientEvent::Revoked, &client)?;
    Ok(client)
}

fn lock(tx: &mut Tx<'_>, id: ApiClientId, version: Option<Expected>) -> Result<ApiClient> {
    let client = clients::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    require_version(version, client.version)?;
    Ok(client)
}

/// The scopes that the role has no use for, or that stand twice.
fn scope_faults(role: Role, scopes: &[String]) -> Vec<Fault> {
    let usable = scopes_of(role);
    let twice = scopes.iter().enumerate().any(|(rank, scope)| scopes[..rank].contains(scope));
    let beyond = scopes.iter().enumerate().filter(|(_, scope)| !usable.contains(scope)).map(|(rank, _)| {
        Fault::new(Place::Pointer(format!("/scopes/{rank}")), FaultCode::NotInList).with("allowed", usable.join(", "))
    });
    twice.then(|| Fault::field("scopes", FaultCode::NotUnique)).into_iter().chain(beyond).collect()
}

fn expiry_fault(expires_at: chrono::DateTime<chrono::Utc>, now: Now) -> Option<Fault> {
    let (first, last) = (now.instant(), now.instant() + CLIENT_LIFE);
    let written = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    if expires_at <= first {
        return Some(Fault::field("expires_at", FaultCode::NotAfter).with("other", written(first)));
    }
    (expires_at > last).then(|| Fault::field("expires_at", FaultCode::TooLarge).with("limit", written(last)))
}
