//! Operations on committees.

use actix_web::{delete, get, patch, post, put};
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::*;
use super::service::{self, File};
use super::store::{self, CommitteeSort, DecisionSort};
use crate::platform::auth::{Actor, Caller, can};
use crate::platform::http::body::TextBody;
use crate::platform::http::page::PageParams;
use crate::platform::http::rehearsal::Detail;
use crate::platform::http::{Answer, Body, Paging, PathParams, Query, Reply};
use crate::platform::ids::{ApplicationId, CommitteeId};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_committees)
        .service(create_committee)
        .service(find_committee)
        .service(update_committee)
        .service(add_to_agenda)
        .service(remove_from_agenda)
        .service(open_committee)
        .service(close_committee)
        .service(list_decisions)
        .service(record_decision)
        .service(import_decisions);
}

fn file(actor: &Actor, file: File) -> Answer {
    let version = file.committee.version;
    Reply::resource(&CommitteeView::new(file, *actor == Actor::Anct), version)
}

/// How one is shown to whoever may read it.
pub const DETAIL: Detail = Detail {
    path: "/api/v1/committees/{id}",
    show: |reader, id| {
        let found = service::find(reader, CommitteeId::from_uuid(id))?;
        file(reader.actor(), found)
    },
};

/// List the committees.
#[utoipa::path(tag = "committees", params(CommitteeFilter, PageParams),
    responses((status = 200, description = "A page of committees.", body = CommitteePage)))]
#[get("/committees")]
pub async fn list_committees(
    caller: Caller<can::list_committees>,
    filter: Query<CommitteeFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(CommitteeSort::order(filter.sort.as_deref(), "-number"))?;
    let search = filter.search();
    caller
        .read_private(move |reader| {
            let inside = *reader.actor() == Actor::Anct;
            let rows = store::list(reader.conn(), &search, &page)?;
            CommitteePage::reply(&paging, rows.map(|row| CommitteeItem::new(row, inside)))
        })
        .await
}

/// Prepare a committee.
#[utoipa::path(tag = "committees", request_body = NewCommittee,
    responses((status = 201, description = "The committee, in preparation.", body = CommitteeView)))]
#[post("/committees")]
pub async fn create_committee(caller: Caller<can::create_committee>, body: Body<NewCommittee>) -> Answer {
    caller
        .write(move |tx| {
            let file = service::create(tx, &body)?;
            let (location, version) = (format!("/api/v1/committees/{}", file.committee.id), file.committee.version);
            Reply::created(location, &CommitteeView::new(file, true), version)
        })
        .await
}

/// Find a committee.
#[utoipa::path(tag = "committees",
    responses((status = 200, description = "The committee.", body = CommitteeView)))]
#[get("/committees/{id}")]
pub async fn find_committee(caller: Caller<can::find_committee>, id: PathParams<CommitteeId>) -> Answer {
    caller.read_private(move |reader| (DETAIL.show)(reader, id.0.uuid())).await
}

/// Change a committee in preparation.
#[utoipa::path(tag = "committees",
    request_body(content = CommitteePatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The committee as it is now.", body = CommitteeView)))]
#[patch("/committees/{id}")]
pub async fn update_committee(
    caller: Caller<can::update_committee>,
    id: PathParams<CommitteeId>,
    body: Body<CommitteePatch>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(tx.actor(), service::update(tx, id.0, version, &body)?)).await
}

/// Put an application on the agenda.
///
/// A submitted one, with or without an opinion; it stands on one agenda at a time. Again, it stays there.
#[utoipa::path(tag = "committees",
    responses((status = 200, description = "The committee as it is now.", body = CommitteeView)))]
#[put("/committees/{id}/agenda/{application_id}")]
pub async fn add_to_agenda(
    caller: Caller<can::add_to_agenda>,
    path: PathParams<(CommitteeId, ApplicationId)>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(tx.actor(), service::add_to_agenda(tx, path.0.0, version, path.0.1)?)).await
}

/// Take an application off the agenda.
///
/// It waits for another committee; a decision recorded for it in this session is forgotten.
#[utoipa::path(tag = "committees",
    responses((status = 200, description = "The committee as it is now.", body = CommitteeView)))]
#[delete("/committees/{id}/agenda/{application_id}")]
pub async fn remove_from_agenda(
    caller: Caller<can::remove_from_agenda>,
    path: PathParams<(CommitteeId, ApplicationId)>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(tx.actor(), service::remove_from_agenda(tx, path.0.0, version, path.0.1)?)).await
}

/// Open the session.
///
/// Decisions may be recorded from now on. The agenda holds at least one application.
#[utoipa::path(tag = "committees",
    responses((status = 200, description = "In session.", body = CommitteeView)))]
#[post("/committees/{id}/open")]
pub async fn open_committee(caller: Caller<can::open_committee>, id: PathParams<CommitteeId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(tx.actor(), service::open(tx, id.0, version)?)).await
}

/// Close the session.
///
/// In one transaction: posts are granted, structures retained, letters queued. All or nothing: 409 names in `lines`
/// each decision that is missing, or that would overrun the national cap, a département's allotment or a reservation.
#[utoipa::path(tag = "committees",
    responses((status = 200, description = "Closed.", body = CommitteeView)))]
#[post("/committees/{id}/close")]
pub async fn close_committee(caller: Caller<can::close_committee>, id: PathParams<CommitteeId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(tx.actor(), service::close(tx, id.0, version)?)).await
}

/// List the agenda with its decisions.
///
/// The ANCT at any time; the others once the session is closed, within their reach.
#[utoipa::path(tag = "committees", params(DecisionFilter, PageParams),
    responses((status = 200, description = "A page of decisions.", body = DecisionPage)))]
#[get("/committees/{id}/decisions")]
pub async fn list_decisions(
    caller: Caller<can::list_decisions>,
    id: PathParams<CommitteeId>,
    filter: Query<DecisionFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(DecisionSort::order(filter.sort.as_deref(), "structure_name"))?;
    caller
        .read_private(move |reader| {
            let rows = service::decisions_in_reach(reader, id.0, &filter, &page)?;
            let figures_only = matches!(reader.actor(), Actor::Observer(_));
            DecisionPage::reply(&paging, rows.map(|row| DecisionView::seen(row, figures_only)))
        })
        .await
}

/// Record a decision.
///
/// In session; it may be replaced until the session is closed, and takes effect then.
#[utoipa::path(tag = "committees", request_body = DecisionInput,
    responses((status = 200, description = "The decision.", body = DecisionView)))]
#[put("/committees/{id}/decisions/{application_id}")]
pub async fn record_decision(
    caller: Caller<can::record_decision>,
    path: PathParams<(CommitteeId, ApplicationId)>,
    body: Body<DecisionInput>,
) -> Answer {
    let version = caller.version();
    caller
        .write(move |tx| {
            let item = service::record_decision(tx, path.0.0, path.0.1, version, &body)?;
            let version = item.version;
            Reply::resource(&DecisionView::from(item), version)
        })
        .await
}

/// Import decisions from a CSV file.
///
/// Columns: `application_reference`, `outcome`, `posts_granted`, `observations`, `priority`, `beyond_request`,
/// `without_opinion`, `reservation_reference`; commas or semicolons. All lines or none: 422 `import_failed` lists every
/// wrong line, its pointer being `/line/column`. Try it first with `dry_run=true`.
#[utoipa::path(tag = "committees",
    request_body(content = String, content_type = "text/csv", description = "The file, in UTF-8.",
        example = "application_reference,outcome,posts_granted\nCN-A-000123,retained,1\n"),
    responses((status = 200, description = "Every line was recorded.", body = DecisionImport)))]
#[post("/committees/{id}/decisions/import")]
pub async fn import_decisions(
    caller: Caller<can::import_decisions>,
    id: PathParams<CommitteeId>,
    file: TextBody,
) -> Answer {
    caller.write(move |tx| Reply::ok(&DecisionImport::from(service::import(tx, id.0, &file.0)?))).await
}
