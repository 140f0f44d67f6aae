//! Sessions and calendars.

use actix_web::{get, patch, post};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::features::trainings::dto::*;
use crate::features::trainings::service::{self, SessionFile};
use crate::features::trainings::store::sessions::{self, SessionSort};
use crate::platform::auth::{Caller, can};
use crate::platform::http::page::PageParams;
use crate::platform::http::rehearsal::Detail;
use crate::platform::http::{Answer, Body, Paging, PathParams, Query, Reply};
use crate::platform::ids::{CounsellorId, StructureId, TrainingSessionId, uuids};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_training_sessions)
        .service(create_training_session)
        .service(find_training_session)
        .service(update_training_session)
        .service(cancel_training_session)
        .service(download_session_calendar)
        .service(download_counsellor_calendar)
        .service(download_structure_calendar);
}

fn file(file: SessionFile) -> Answer {
    let version = file.session.version;
    Reply::resource(&TrainingSessionView::from(file), version)
}

fn calendar(name: String, text: String) -> Reply {
    Reply::file("text/calendar; charset=utf-8", format!("{name}.ics"), text)
}

/// How one is shown to whoever may read it.
pub const SESSION: Detail = Detail {
    path: "/api/v1/training-sessions/{id}",
    show: |reader, id| file(service::find_session(reader, TrainingSessionId::from_uuid(id))?),
};

/// List the sessions.
#[utoipa::path(tag = "trainings", params(TrainingSessionFilter, PageParams),
    responses((status = 200, description = "A page of sessions.", body = TrainingSessionPage)))]
#[get("/training-sessions")]
pub async fn list_training_sessions(
    caller: Caller<can::list_training_sessions>,
    filter: Query<TrainingSessionFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(SessionSort::order(filter.sort.as_deref(), "starts_on"))?;
    let search = filter.search();
    caller
        .read(move |reader| {
            let rows = sessions::list(reader.conn(), &search, &page)?;
            TrainingSessionPage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Plan a session.
#[utoipa::path(tag = "trainings", request_body = NewTrainingSession,
    responses((status = 201, description = "Planned.", body = TrainingSessionView)))]
#[post("/training-sessions")]
pub async fn create_training_session(
    caller: Caller<can::create_training_session>,
    body: Body<NewTrainingSession>,
) -> Answer {
    caller
        .write(move |tx| {
            let file = service::create_session(tx, &body)?;
            let (id, version) = (file.session.id, file.session.version);
            Reply::created(format!("/api/v1/training-sessions/{id}"), &TrainingSessionView::from(file), version)
        })
        .await
}

/// Find a session.
#[utoipa::path(tag = "trainings", responses((status = 200, description = "The session.", body = TrainingSessionView)))]
#[get("/training-sessions/{id}")]
pub async fn find_training_session(
    caller: Caller<can::find_training_session>,
    id: PathParams<TrainingSessionId>,
) -> Answer {
    caller.read(move |reader| (SESSION.show)(reader, id.0.uuid())).await
}

/// Change a session that has not begun.
///
/// Never fewer seats than are taken.
#[utoipa::path(tag = "trainings",
    request_body(content = TrainingSessionPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = TrainingSessionView)))]
#[patch("/training-sessions/{id}")]
pub async fn update_training_session(
    caller: Caller<can::update_training_session>,
    id: PathParams<TrainingSessionId>,
    body: Body<TrainingSessionPatch>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::update_session(tx, id.0, version, &body)?)).await
}

/// Cancel a session that has not begun.
///
/// Its enrolments are cancelled with it, and those concerned are told.
#[utoipa::path(tag = "trainings", request_body = SessionCancellation,
    responses((status = 200, description = "Cancelled.", body = TrainingSessionView)))]
#[post("/training-sessions/{id}/cancel")]
pub async fn cancel_training_session(
    caller: Caller<can::cancel_training_session>,
    id: PathParams<TrainingSessionId>,
    body: Body<SessionCancellation>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::cancel_session(tx, id.0, version, &body.reason)?)).await
}

/// Download a session as a calendar.
#[utoipa::path(tag = "trainings",
    responses((status = 200, description = "The calendar.", content_type = "text/calendar", body = String)))]
#[get("/training-sessions/{id}/calendar.ics")]
pub async fn download_session_calendar(
    caller: Caller<can::download_session_calendar>,
    id: PathParams<TrainingSessionId>,
) -> Answer {
    caller.read(move |reader| Ok(calendar(format!("session-{}", id.0), service::of_session(reader, id.0)?))).await
}

/// Download a counsellor's sessions as a calendar.
#[utoipa::path(tag = "trainings",
    responses((status = 200, description = "The calendar.", content_type = "text/calendar", body = String)))]
#[get("/counsellors/{id}/calendar.ics")]
pub async fn download_counsellor_calendar(
    caller: Caller<can::download_counsellor_calendar>,
    id: PathParams<CounsellorId>,
) -> Answer {
    caller
        .read_private(move |reader| {
            let (text, person) = service::of_counsellor(reader, id.0)?;
            let file = calendar(format!("conseiller-{}", id.0), text);
            Ok(file.shows("counsellors", Some(id.0.uuid()), vec![person.uuid()]))
        })
        .await
}

/// Download the sessions of a structure's counsellors as a calendar.
#[utoipa::path(tag = "trainings",
    responses((status = 200, description = "The calendar.", content_type = "text/calendar", body = String)))]
#[get("/structures/{id}/calendar.ics")]
pub async fn download_structure_calendar(
    caller: Caller<can::download_structure_calendar>,
    id: PathParams<StructureId>,
) -> Answer {
    caller
        .read_private(move |reader| {
            let (text, people) = service::of_structure(reader, id.0)?;
            Ok(calendar(format!("structure-{}", id.0), text).shows("enrolments", None, uuids(&people)))
        })
        .await
}
