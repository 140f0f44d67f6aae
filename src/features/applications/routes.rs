//! Operations on applications and opinions.

use actix_web::{get, patch, post, put};
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::*;
use super::service::{self, File};
use super::store::{self, ApplicationSort};
use crate::platform::auth::{Caller, can};
use crate::platform::http::page::PageParams;
use crate::platform::http::rehearsal::Detail;
use crate::platform::http::{Answer, Body, Paging, PathParams, Query, Reply};
use crate::platform::ids::ApplicationId;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_applications)
        .service(create_application)
        .service(find_application)
        .service(update_application)
        .service(submit_application)
        .service(withdraw_application)
        .service(give_opinion);
}

fn file(file: File) -> Answer {
    let version = file.application.version;
    Reply::resource(&ApplicationView::from(file), version)
}

/// How one is shown to whoever may read it.
pub const DETAIL: Detail = Detail {
    path: "/api/v1/applications/{id}",
    show: |reader, id| file(service::find(reader, ApplicationId::from_uuid(id))?),
};

/// List the applications within your reach.
///
/// Prefectures see an application once it is submitted.
#[utoipa::path(tag = "applications", params(ApplicationFilter, PageParams),
    responses((status = 200, description = "A page of applications.", body = ApplicationPage)))]
#[get("/applications")]
pub async fn list_applications(
    caller: Caller<can::list_applications>,
    filter: Query<ApplicationFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(ApplicationSort::order(filter.sort.as_deref(), "-updated_at"))?;
    let search = filter.search();
    caller
        .read_private(move |reader| {
            let actor = reader.actor().clone();
            let rows = store::list(reader.conn(), &actor, &search, &page)?;
            ApplicationPage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Write an application.
///
/// A draft, to be submitted. Only while a call window is open to structures of this kind (409 `call_closed`); one open
/// application a structure and kind.
#[utoipa::path(tag = "applications", request_body = NewApplication,
    responses((status = 201, description = "The draft.", body = ApplicationView)))]
#[post("/applications")]
pub async fn create_application(caller: Caller<can::create_application>, body: Body<NewApplication>) -> Answer {
    caller
        .write(move |tx| {
            let file = service::create(tx, &body)?;
            let (id, version) = (file.application.id, file.application.version);
            Reply::created(format!("/api/v1/applications/{id}"), &ApplicationView::from(file), version)
        })
        .await
}

/// Find an application.
#[utoipa::path(tag = "applications",
    responses((status = 200, description = "The application.", body = ApplicationView)))]
#[get("/applications/{id}")]
pub async fn find_application(caller: Caller<can::find_application>, id: PathParams<ApplicationId>) -> Answer {
    caller.read_private(move |reader| (DETAIL.show)(reader, id.0.uuid())).await
}

/// Change a draft.
#[utoipa::path(tag = "applications",
    request_body(content = ApplicationPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The draft as it is now.", body = ApplicationView)))]
#[patch("/applications/{id}")]
pub async fn update_application(
    caller: Caller<can::update_application>,
    id: PathParams<ApplicationId>,
    body: Body<ApplicationPatch>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::update(tx, id.0, version, &body)?)).await
}

/// Submit a draft.
///
/// The structure gets an acknowledgement, the prefecture of its département a request for its opinion.
#[utoipa::path(tag = "applications",
    responses((status = 200, description = "Submitted.", body = ApplicationView)))]
#[post("/applications/{id}/submit")]
pub async fn submit_application(caller: Caller<can::submit_application>, id: PathParams<ApplicationId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::submit(tx, id.0, version)?)).await
}

/// Withdraw an application.
///
/// Until the committee has recorded its decision.
#[utoipa::path(tag = "applications",
    responses((status = 200, description = "Withdrawn.", body = ApplicationView)))]
#[post("/applications/{id}/withdraw")]
pub async fn withdraw_application(caller: Caller<can::withdraw_application>, id: PathParams<ApplicationId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::withdraw(tx, id.0, version)?)).await
}

/// Give the prefecture's opinion on an application.
///
/// By the prefecture of the structure's département or region. It may be replaced until the committee has recorded
/// its decision; then it is frozen (409 `opinion_frozen`).
#[utoipa::path(tag = "applications", request_body = OpinionInput,
    responses((status = 200, description = "The application with the opinion.", body = ApplicationView)))]
#[put("/applications/{id}/opinion")]
pub async fn give_opinion(
    caller: Caller<can::give_opinion>,
    id: PathParams<ApplicationId>,
    body: Body<OpinionInput>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::give_opinion(tx, id.0, version, &body)?)).await
}
