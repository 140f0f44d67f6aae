//! Operations on call windows.

use actix_web::{get, patch, post};
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::*;
use super::service;
use super::store::{self, CallWindowSort, Search};
use crate::platform::auth::{Caller, can};
use crate::platform::http::page::PageParams;
use crate::platform::http::{Answer, Body, Paging, PathParams, Query, Reply};
use crate::platform::ids::CallWindowId;

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_call_windows).service(create_call_window).service(update_call_window);
}

/// List the call windows.
#[utoipa::path(tag = "call-windows", params(CallWindowFilter, PageParams),
    responses((status = 200, description = "A page of call windows.", body = CallWindowPage)))]
#[get("/call-windows")]
pub async fn list_call_windows(
    caller: Caller<can::list_call_windows>,
    filter: Query<CallWindowFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(CallWindowSort::order(filter.sort.as_deref(), "opens_on"))?;
    caller
        .read(move |reader| {
            let today = reader.today();
            let search = Search {
                audiences: filter.audience.clone(),
                open_on: filter.open.map(|open| (today, open)),
                updated_since: filter.updated_since,
            };
            CallWindowPage::reply(&paging, store::list(reader.conn(), &search, &page)?.map(Into::into))
        })
        .await
}

/// Open a call window.
///
/// Two windows of one audience never overlap (409 `call_window_overlap`).
#[utoipa::path(tag = "call-windows", request_body = NewCallWindow,
    responses((status = 201, description = "The window.", body = CallWindowView)))]
#[post("/call-windows")]
pub async fn create_call_window(caller: Caller<can::create_call_window>, body: Body<NewCallWindow>) -> Answer {
    caller
        .write(move |tx| {
            let window = service::create(tx, &body)?;
            let version = window.version;
            Reply::created(format!("/api/v1/call-windows/{}", window.id), &CallWindowView::from(window), version)
        })
        .await
}

/// Change a call window.
///
/// Closing it early refuses new applications from the day after; those submitted stay.
#[utoipa::path(tag = "call-windows",
    request_body(content = CallWindowPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The window as it is now.", body = CallWindowView)))]
#[patch("/call-windows/{id}")]
pub async fn update_call_window(
    caller: Caller<can::update_call_window>,
    id: PathParams<CallWindowId>,
    body: Body<CallWindowPatch>,
) -> Answer {
    let version = caller.version();
    caller
        .write(move |tx| {
            let window = service::update(tx, id.0, version, &body)?;
            let version = window.version;
            Reply::resource(&CallWindowView::from(window), version)
        })
        .await
}
