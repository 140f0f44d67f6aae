//! Operations on API clients.

use actix_web::{get, patch, post};

use crate::features::accounts::dto::clients::*;
use crate::features::accounts::service::clients as service;
use crate::features::accounts::store::clients::{self as store, ApiClient, ApiClientSort};
use crate::platform::auth::{Caller, Principal, can};
use crate::platform::clock::Now;
use crate::platform::error::Problem;
use crate::platform::http::page::PageParams;
use crate::platform::http::rehearsal::Detail;
use crate::platform::http::{Answer, Body, Paging, PathParams, Query, Reply};
use crate::platform::ids::ApiClientId;

/// Members that are shown once.
const SECRETS: &[&str] = &["client_secret"];

fn view(principal: &Principal, client: ApiClient, secret: Option<String>, now: Now) -> (ApiClientDetail, i32) {
    let (version, transitions) = (client.version, service::transitions(principal, &client, now));
    (ApiClientDetail::new(client, secret, transitions, now), version)
}

fn detail(principal: &Principal, client: ApiClient, now: Now) -> Answer {
    let (view, version) = view(principal, client, None, now);
    Reply::resource(&view, version)
}

/// How one is shown to whoever may read it.
pub const API_CLIENT: Detail = Detail {
    path: "/api/v1/api-clients/{id}",
    show: |reader, id| {
        let principal = reader.principal();
        let client =
            store::find(reader.conn(), &principal.actor, ApiClientId::from_uuid(id))?.ok_or_else(Problem::not_found)?;
        detail(principal, client, reader.now())
    },
};

/// List the API clients of your perimeter.
#[utoipa::path(tag = "accounts", params(ApiClientFilter, PageParams),
    responses((status = 200, description = "A page of API clients.", body = ApiClientPage)))]
#[get("/api-clients")]
pub async fn list_api_clients(
    caller: Caller<can::list_api_clients>,
    filter: Query<ApiClientFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(ApiClientSort::order(filter.sort.as_deref(), "-updated_at"))?;
    let search = filter.search();
    caller
        .read_private(move |reader| {
            let (principal, now) = (reader.principal(), reader.now());
            let rows = store::list(reader.conn(), &principal.actor, &search, &page)?;
            ApiClientPage::reply(&paging, rows.map(|row| ApiClientView::new(row, now)))
        })
        .await
}

/// Create an API client.
///
/// The answer shows the secret, once; it is kept nowhere, so that a repeat with the same Idempotency-Key answers 409
/// `secret_shown_once`. The ANCT gives any role and perimeter; the others give their own. A token that is narrowed by
/// scopes gives no scope it lacks.
#[utoipa::path(tag = "accounts", request_body = NewApiClient,
    responses((status = 201, description = "Created; `client_secret` is shown this once.", body = ApiClientDetail)))]
#[post("/api-clients")]
pub async fn create_api_client(caller: Caller<can::create_api_client>, body: Body<NewApiClient>) -> Answer {
    caller
        .write(move |tx| {
            let (client, secret) = service::create(tx, &body)?;
            let location = format!("/api/v1/api-clients/{}", client.id);
            let (view, version) = view(tx.principal(), client, Some(secret), tx.now());
            Ok(Reply::created(location, &view, version)?.secret(SECRETS))
        })
        .await
}

/// Find an API client.
#[utoipa::path(tag = "accounts", responses((status = 200, description = "The API client.", body = ApiClientDetail)))]
#[get("/api-clients/{id}")]
pub async fn find_api_client(caller: Caller<can::find_api_client>, id: PathParams<ApiClientId>) -> Answer {
    caller.read_private(move |reader| (API_CLIENT.show)(reader, id.0.uuid())).await
}

/// Change an API client's name, scopes or expiry.
///
/// Tokens already given keep their scopes until they expire, within the hour.
#[utoipa::path(tag = "accounts",
    request_body(content = ApiClientPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The API client as it is now.", body = ApiClientDetail)))]
#[patch("/api-clients/{id}")]
pub async fn update_api_client(
    caller: Caller<can::update_api_client>,
    id: PathParams<ApiClientId>,
    body: Body<ApiClientPatch>,
) -> Answer {
    let version = caller.version();
    caller
        .write(move |tx| {
            let client = service::update(tx, id.0, version, &body)?;
            detail(tx.principal(), client, tx.now())
        })
        .await
}

/// Replace an API client's secret.
///
/// The answer shows the new secret, once. The former one works on for `grace_hours`, so that nothing is interrupted;
/// one that had been replaced before ends at once.
#[utoipa::path(tag = "accounts", request_body = RotateApiClient,
    responses((status = 200, description = "Replaced; `client_secret` is shown this once.", body = ApiClientDetail)))]
#[post("/api-clients/{id}/rotate")]
pub async fn rotate_api_client(
    caller: Caller<can::rotate_api_client>,
    id: PathParams<ApiClientId>,
    body: Body<RotateApiClient>,
) -> Answer {
    let version = caller.version();
    caller
        .write(move |tx| {
            let (client, secret) = service::rotate(tx, id.0, version, &body)?;
            let (view, version) = view(tx.principal(), client, Some(secret), tx.now());
            Ok(Reply::resource(&view, version)?.secret(SECRETS))
        })
        .await
}

/// Revoke an API client.
///
/// It gets no further token, and those it has are refused within 5 seconds.
#[utoipa::path(tag = "accounts", responses((status = 200, description = "Revoked.", body = ApiClientDetail)))]
#[post("/api-clients/{id}/revoke")]
pub async fn revoke_api_client(caller: Caller<can::revoke_api_client>, id: PathParams<ApiClientId>) -> Answer {
    let version = caller.version();
    caller
        .write(move |tx| {
            let client = service::revoke(tx, id.0, version)?;
            detail(tx.principal(), client, tx.now())
        })
        .await
}
