//! Operations on the programme's figures.

use actix_web::get;
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::*;
use super::model::UncoveredKind;
use super::service;
use super::store::{self, UncoveredSort};
use crate::platform::auth::{Actor, Caller, can};
use crate::platform::http::page::PageParams;
use crate::platform::http::{Answer, Paging, Query, Reply};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(programme_statistics)
        .service(coverage_statistics)
        .service(list_uncovered_territories)
        .service(departements_map);
}

fn cached(actor: &Actor, reply: Reply) -> Reply {
    if *actor == Actor::Anonymous { reply.brief() } else { reply }
}

/// Count the programme.
///
/// Posts, recruitments, counsellors and subsidies, as they stood at the end of any day; with the lists that prove today's.
#[utoipa::path(tag = "statistics", params(ProgrammeFilter),
    responses((status = 200, description = "The figures.", body = ProgrammeStatistics)))]
#[get("/statistics/programme")]
pub async fn programme_statistics(caller: Caller<can::programme_statistics>, filter: Query<ProgrammeFilter>) -> Answer {
    caller
        .read_private(move |reader| {
            let actor = reader.actor().clone();
            Ok(cached(&actor, Reply::ok(&service::programme(reader, &filter)?)?))
        })
        .await
}

/// Count how départements are covered.
///
/// Posts, places and communes of every département, also of those without any, beside the average of the country.
#[utoipa::path(tag = "statistics", params(CoverageFilter),
    responses((status = 200, description = "The figures.", body = CoverageStatistics)))]
#[get("/statistics/coverage")]
pub async fn coverage_statistics(caller: Caller<can::coverage_statistics>, filter: Query<CoverageFilter>) -> Answer {
    caller
        .read_private(move |reader| {
            let actor = reader.actor().clone();
            Ok(cached(&actor, Reply::ok(&service::coverage(reader, &filter)?)?))
        })
        .await
}

/// List what is without a post or a place.
///
/// Communes, intercommunal bodies, or structures that asked for posts and were not retained.
#[utoipa::path(tag = "statistics", params(UncoveredFilter, PageParams),
    responses((status = 200, description = "A page of them.", body = UncoveredPage)))]
#[get("/statistics/coverage/uncovered")]
pub async fn list_uncovered_territories(
    caller: Caller<can::list_uncovered_territories>,
    filter: Query<UncoveredFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(UncoveredSort::order(filter.sort.as_deref(), "-population"))?;
    caller
        .read_private(move |reader| {
            let reach = reader.reach();
            reader.widen()?;
            let kind = filter.kind.unwrap_or(UncoveredKind::Commune);
            let (departements, text) = (filter.departement_code.clone(), filter.q.as_deref());
            let rows = store::uncovered(reader.conn(), &reach, kind, departements, text, &page)?;
            UncoveredPage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Draw the départements with their figures.
///
/// GeoJSON outlines (RFC 7946) of the 101 départements, simplified, with posts per 10,000 inhabitants. Cached.
#[utoipa::path(tag = "statistics",
    responses((status = 200, description = "A collection of outlines.",
        content((DepartementsMap = "application/geo+json"), (DepartementsMap = "application/json")))))]
#[get("/maps/departements")]
pub async fn departements_map(caller: Caller<can::departements_map>) -> Answer {
    caller.read_private(move |reader| Ok(Reply::ok(&service::map(reader)?)?.geojson().brief())).await
}
