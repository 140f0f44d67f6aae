//! What the activity adds up to.

use actix_web::{HttpMessage, HttpRequest, get};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::features::activity::dto::*;
use crate::features::activity::service;
use crate::platform::auth::{Actor, Caller, can};
use crate::platform::db::Reader;
use crate::platform::http::front::Spoken;
use crate::platform::http::{Answer, Query, Reply};
use crate::platform::problems::Language;

pub fn configure(config: &mut ServiceConfig) {
    config.service(activity_statistics).service(activity_series);
}

fn language(request: &HttpRequest) -> Language {
    request.extensions().get::<Spoken>().map(|spoken| spoken.language).unwrap_or_default()
}

fn answer(reader: &mut Reader<'_>, filter: &ActivityFilter, language: Language) -> Answer {
    let own = matches!(reader.actor(), Actor::Counsellor(_));
    let public = *reader.actor() == Actor::Anonymous;
    let found = service::statistics(reader, filter, language)?;
    let reply = Reply::ok(&ActivityStatistics::new(found, filter.group_by, own))?;
    Ok(if public { reply.brief() } else { reply })
}

/// Count the activity.
///
/// Exact at the commit of every report. Employers count their counsellors' reports, counsellors their own, others those of
/// their territory.
///
/// Without a token: the country, regions and départements by whole months, as the last `edition` tells them. An edition is made
/// once a month, holds only months that ended at least ten days before, and never changes; nor does any answer until the next
/// one. What is reported, changed or deleted later is told by a later edition, once it concerns five reports and five people of a
/// département and month. No sum of fewer than five reports or people is told, no cell of fewer than five, nor any that a
/// difference could tell, between answers or between editions; what is left out is left out of every sum.
#[utoipa::path(tag = "statistics", params(ActivityFilter),
    responses((status = 200, description = "The figures.", body = ActivityStatistics)))]
#[get("/statistics/activity")]
pub async fn activity_statistics(
    caller: Caller<can::activity_statistics>,
    filter: Query<ActivityFilter>,
    request: HttpRequest,
) -> Answer {
    let language = language(&request);
    caller.read_private(move |reader| answer(reader, &filter, language)).await
}

/// Count the activity month by month.
///
/// One row a month, also for months without any activity. Without a token, closed months as the last edition tells them.
#[utoipa::path(tag = "statistics", params(ActivitySeriesFilter),
    responses((status = 200, description = "The figures, by month.", body = ActivityStatistics)))]
#[get("/statistics/activity/series")]
pub async fn activity_series(
    caller: Caller<can::activity_series>,
    filter: Query<ActivitySeriesFilter>,
    request: HttpRequest,
) -> Answer {
    let language = language(&request);
    caller.read_private(move |reader| answer(reader, &filter.by_month(), language)).await
}
