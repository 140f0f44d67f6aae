//! Training bodies, paths, certifications, figures.

use actix_web::{get, post};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::features::trainings::dto::*;
use crate::features::trainings::service;
use crate::features::trainings::store::catalogue::{self, BodySort, PathSort};
use crate::features::trainings::store::certifications::{self, CertificationSort};
use crate::platform::auth::{Caller, can};
use crate::platform::http::page::PageParams;
use crate::platform::http::{Answer, Body, Paging, Query, Reply};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_training_bodies)
        .service(create_training_body)
        .service(list_training_paths)
        .service(create_training_path)
        .service(list_certifications)
        .service(record_certification)
        .service(training_statistics);
}

/// List the training bodies.
#[utoipa::path(tag = "trainings", params(TrainingBodyFilter, PageParams),
    responses((status = 200, description = "A page of bodies.", body = TrainingBodyPage)))]
#[get("/training-bodies")]
pub async fn list_training_bodies(
    caller: Caller<can::list_training_bodies>,
    filter: Query<TrainingBodyFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(BodySort::order(filter.sort.as_deref(), "name"))?;
    caller
        .read(move |reader| {
            let rows = catalogue::list_bodies(reader.conn(), filter.updated_since, &page)?;
            TrainingBodyPage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Add a training body.
#[utoipa::path(tag = "trainings", request_body = NewTrainingBody,
    responses((status = 201, description = "Added.", body = TrainingBodyView)))]
#[post("/training-bodies")]
pub async fn create_training_body(caller: Caller<can::create_training_body>, body: Body<NewTrainingBody>) -> Answer {
    caller
        .write(move |tx| {
            let created = service::create_body(tx, &body)?;
            let (id, version) = (created.id, created.version);
            Reply::created(format!("/api/v1/training-sessions?body_id={id}"), &TrainingBodyView::from(created), version)
        })
        .await
}

/// List the training paths.
#[utoipa::path(tag = "trainings", params(TrainingPathFilter, PageParams),
    responses((status = 200, description = "A page of paths.", body = TrainingPathPage)))]
#[get("/training-paths")]
pub async fn list_training_paths(
    caller: Caller<can::list_training_paths>,
    filter: Query<TrainingPathFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(PathSort::order(filter.sort.as_deref(), "name"))?;
    caller
        .read(move |reader| {
            let rows = catalogue::list_paths(reader.conn(), filter.kind, filter.updated_since, &page)?;
            TrainingPathPage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Add a training path.
#[utoipa::path(tag = "trainings", request_body = NewTrainingPath,
    responses((status = 201, description = "Added.", body = TrainingPathView)))]
#[post("/training-paths")]
pub async fn create_training_path(caller: Caller<can::create_training_path>, body: Body<NewTrainingPath>) -> Answer {
    caller
        .write(move |tx| {
            let created = service::create_path(tx, &body)?;
            let (id, version) = (created.id, created.version);
            Reply::created(format!("/api/v1/training-sessions?path_id={id}"), &TrainingPathView::from(created), version)
        })
        .await
}

/// List the certifications within your reach.
#[utoipa::path(tag = "trainings", params(CertificationFilter, PageParams),
    responses((status = 200, description = "A page of certifications.", body = CertificationPage)))]
#[get("/certifications")]
pub async fn list_certifications(
    caller: Caller<can::list_certifications>,
    filter: Query<CertificationFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(CertificationSort::order(filter.sort.as_deref(), "-held_on"))?;
    let search = filter.search();
    caller
        .read_private(move |reader| {
            let actor = reader.actor().clone();
            let rows = certifications::list(reader.conn(), &actor, &search, &page)?;
            let people = rows.rows.iter().map(|row| row.candidate_id.uuid()).collect();
            Ok(CertificationPage::reply(&paging, rows.map(Into::into))?.shows("certifications", None, people))
        })
        .await
}

/// Record the result of a certification.
///
/// Attempts are counted; one that is passed is passed for good: 409 `certification_passed`.
#[utoipa::path(tag = "trainings", request_body = NewCertification,
    responses((status = 201, description = "Recorded.", body = CertificationView)))]
#[post("/certifications")]
pub async fn record_certification(caller: Caller<can::record_certification>, body: Body<NewCertification>) -> Answer {
    caller
        .write(move |tx| {
            let recorded = service::record_certification(tx, &body)?;
            let (counsellor, version) = (recorded.counsellor_id, recorded.version);
            let location = format!("/api/v1/certifications?counsellor_id={counsellor}");
            Reply::created(location, &CertificationView::from(recorded), version)
        })
        .await
}

/// Figures of training, by body and path.
///
/// Completion, attendance, time delivered, and the delay from hiring to training, each with what it is counted over.
#[utoipa::path(tag = "trainings", params(TrainingFigureFilter),
    responses((status = 200, description = "The figures.", body = TrainingStatistics)))]
#[get("/statistics/training")]
pub async fn training_statistics(
    caller: Caller<can::training_statistics>,
    filter: Query<TrainingFigureFilter>,
) -> Answer {
    caller
        .read_private(move |reader| {
            let found = service::figures(reader, filter.from_on, filter.to_on, filter.region_code.clone())?;
            Reply::ok(&TrainingStatistics::from(found))
        })
        .await
}
