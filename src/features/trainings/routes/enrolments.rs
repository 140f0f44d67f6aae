//! Enrolments and attendance.

use actix_web::{get, post, put};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::features::trainings::dto::*;
use crate::features::trainings::service::{self, EnrolmentFile};
use crate::features::trainings::store::enrolments::{self, EnrolmentSort};
use crate::platform::auth::{Caller, can};
use crate::platform::http::page::PageParams;
use crate::platform::http::rehearsal::Detail;
use crate::platform::http::{Answer, Body, Paging, PathParams, Query, Reply};
use crate::platform::ids::EnrolmentId;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_enrolments)
        .service(enrol)
        .service(find_enrolment)
        .service(confirm_enrolment)
        .service(cancel_enrolment)
        .service(drop_out_enrolment)
        .service(complete_enrolment)
        .service(exempt_enrolment)
        .service(record_attendance);
}

fn file(file: EnrolmentFile) -> Answer {
    let (id, version) = (file.enrolment.id.uuid(), file.enrolment.version);
    let people = vec![file.enrolment.candidate_id.uuid()];
    Ok(Reply::resource(&EnrolmentView::from(file), version)?.shows("enrolments", Some(id), people))
}

/// An enrolment as whoever may read it sees it.
pub const DETAIL: Detail = Detail {
    path: "/api/v1/enrolments/{id}",
    show: |reader, id| file(service::find_enrolment(reader, EnrolmentId::from_uuid(id))?),
};

/// List the enrolments within your reach.
#[utoipa::path(tag = "trainings", params(EnrolmentFilter, PageParams),
    responses((status = 200, description = "A page of enrolments.", body = EnrolmentPage)))]
#[get("/enrolments")]
pub async fn list_enrolments(
    caller: Caller<can::list_enrolments>,
    filter: Query<EnrolmentFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(EnrolmentSort::order(filter.sort.as_deref(), "-updated_at"))?;
    let search = filter.search();
    caller
        .read_private(move |reader| {
            let actor = reader.actor().clone();
            let rows = enrolments::list(reader.conn(), &actor, &search, &page)?;
            let people = rows.rows.iter().map(|row| row.candidate_id.uuid()).collect();
            Ok(EnrolmentPage::reply(&paging, rows.map(Into::into))?.shows("enrolments", None, people))
        })
        .await
}

/// Enrol a counsellor in a session.
///
/// A validated contract must cover the first day (409 `no_contract_on_that_day`), and a seat be left (`session_full`).
/// Nobody sits in two sessions at a time (`sessions_overlap`), follows two initial paths (`initial_training_exists`), or more
/// than one continuing module a civil year (`continuing_module_exists`). Without a session, the path waits for one.
#[utoipa::path(tag = "trainings", request_body = NewEnrolment,
    responses((status = 201, description = "Proposed.", body = EnrolmentView)))]
#[post("/enrolments")]
pub async fn enrol(caller: Caller<can::enrol>, body: Body<NewEnrolment>) -> Answer {
    caller
        .write(move |tx| {
            let file = service::enrol(tx, &body)?;
            let (id, version) = (file.enrolment.id, file.enrolment.version);
            let people = vec![file.enrolment.candidate_id.uuid()];
            let reply = Reply::created(format!("/api/v1/enrolments/{id}"), &EnrolmentView::from(file), version)?;
            Ok(reply.shows("enrolments", Some(id.uuid()), people))
        })
        .await
}

/// Find an enrolment.
#[utoipa::path(tag = "trainings", responses((status = 200, description = "The enrolment.", body = EnrolmentView)))]
#[get("/enrolments/{id}")]
pub async fn find_enrolment(caller: Caller<can::find_enrolment>, id: PathParams<EnrolmentId>) -> Answer {
    caller.read_private(move |reader| (DETAIL.show)(reader, id.0.uuid())).await
}

/// Confirm an enrolment in a session to come.
#[utoipa::path(tag = "trainings", responses((status = 200, description = "Confirmed.", body = EnrolmentView)))]
#[post("/enrolments/{id}/confirm")]
pub async fn confirm_enrolment(caller: Caller<can::confirm_enrolment>, id: PathParams<EnrolmentId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::confirm(tx, id.0, version)?)).await
}

/// Cancel an enrolment that has not begun.
///
/// The seat is free for somebody else.
#[utoipa::path(tag = "trainings", responses((status = 200, description = "Cancelled.", body = EnrolmentView)))]
#[post("/enrolments/{id}/cancel")]
pub async fn cancel_enrolment(caller: Caller<can::cancel_enrolment>, id: PathParams<EnrolmentId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::cancel(tx, id.0, version)?)).await
}

/// Record that somebody left a session for good.
#[utoipa::path(tag = "trainings", responses((status = 200, description = "Dropped out.", body = EnrolmentView)))]
#[post("/enrolments/{id}/drop-out")]
pub async fn drop_out_enrolment(caller: Caller<can::drop_out_enrolment>, id: PathParams<EnrolmentId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::drop_out(tx, id.0, version)?)).await
}

/// Record that somebody completed a session.
///
/// The session is over (409 `session_not_over`), and attendance is recorded for each of its half-days
/// (`attendance_missing`). The instalment of the post that waits for the initial training may fall due.
#[utoipa::path(tag = "trainings", responses((status = 200, description = "Completed.", body = EnrolmentView)))]
#[post("/enrolments/{id}/complete")]
pub async fn complete_enrolment(caller: Caller<can::complete_enrolment>, id: PathParams<EnrolmentId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::complete(tx, id.0, version)?)).await
}

/// Exempt somebody from a training, with proof.
///
/// Counts as a completed training for what depends on it; the seat is free for somebody else.
#[utoipa::path(tag = "trainings", request_body = Exemption,
    responses((status = 200, description = "Exempted.", body = EnrolmentView)))]
#[post("/enrolments/{id}/exempt")]
pub async fn exempt_enrolment(
    caller: Caller<can::exempt_enrolment>,
    id: PathParams<EnrolmentId>,
    body: Body<Exemption>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::exempt(tx, id.0, version, &body.proof)?)).await
}

/// Record whether somebody attended a half-day.
///
/// Of a session that has begun, for a half-day of today or before (409 `half_day_to_come`). May be mended until the
/// enrolment is completed.
#[utoipa::path(tag = "trainings", request_body = AttendanceInput,
    params(("half_day" = String, Path, description = "Half-day of the session.", pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}-(am|pm)$", example = "2026-12-07-am")),
    responses((status = 200, description = "The enrolment as it is now.", body = EnrolmentView)))]
#[put("/enrolments/{id}/attendance/{half_day}")]
pub async fn record_attendance(
    caller: Caller<can::record_attendance>,
    path: PathParams<(EnrolmentId, String)>,
    body: Body<AttendanceInput>,
) -> Answer {
    let version = caller.version();
    caller
        .write(move |tx| {
            let (id, half_day) = &path.0;
            file(service::record_attendance(tx, *id, version, half_day, body.status)?)
        })
        .await
}
