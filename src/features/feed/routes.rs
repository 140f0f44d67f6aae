//! The change feed.

use actix_web::get;
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::*;
use super::model::texts;
use super::service;
use crate::platform::auth::{Caller, can};
use crate::platform::db::listing::Position;
use crate::platform::http::page::PageParams;
use crate::platform::http::{Answer, Paging, Query, Reply};

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_events);
}

/// Follow what happens within your reach.
///
/// Thin events in the order of commits, without gaps: nothing that was committed is missing before the place that
/// `links.next` names, and nothing comes twice. Start from `meta.events_cursor` of a list's first page, read the whole list,
/// then follow: your copy equals the source. Without a cursor the feed starts with the oldest event. You learn of the
/// resources that your role and scopes may read; when something leaves your reach, of its leaving. Events are kept for good.
#[utoipa::path(tag = "events", params(EventFilter, PageParams),
    responses((status = 200, description = "Events.", body = EventFeed)))]
#[get("/events")]
pub async fn list_events(caller: Caller<can::list_events>, filter: Query<EventFilter>, paging: Paging) -> Answer {
    caller
        .read_private(move |reader| {
            let (limit, after) = (paging.limit(), paging.start());
            let (resources, kinds) = (texts(filter.resource.as_deref()), texts(filter.r#type.as_deref()));
            let mut rows = service::list(reader, after.clone(), resources.as_deref(), kinds, limit + 1)?;
            let has_more = rows.len() as i64 > limit;
            rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            let reached = rows.last().map(|row| Position::of_event(&row.place, row.sequence)).or(after);
            let links = paging.onward(&reached.unwrap_or_else(Position::of_beginning));
            let data = rows.into_iter().map(Into::into).collect();
            let feed = EventFeed { data, links, meta: EventMeta { limit, has_more } };
            Reply::page(&feed, &feed.links)
        })
        .await
}
