//! The change feed.

use actix_web::get;
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::*;
use super::model::texts;
use super::service::{self, Wanted};
use crate::platform::auth::{Caller, can};
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
///
/// 410 `feed_restarted` when the database was restored, or another server took over, since the cursor was given out: what you
/// read since may be lost. List anew, replace your copy, follow from that list's `events_cursor`. Without a cursor the feed still
/// starts with the oldest event there is.
#[utoipa::path(tag = "events", params(EventFilter, PageParams),
    responses((status = 200, description = "Events.", body = EventFeed)))]
#[get("/events")]
pub async fn list_events(caller: Caller<can::list_events>, filter: Query<EventFilter>, paging: Paging) -> Answer {
    let place = paging.place();
    caller
        .read_feed(place, move |reader, present| {
            let limit = paging.limit();
            let (resources, kinds) = (texts(filter.resource.as_deref()), texts(filter.r#type.as_deref()));
            let after = place.map(|place| place.point());
            let wanted = Wanted { present: *present, after, resources: resources.as_deref(), kinds, limit: limit + 1 };
            let mut rows = service::list(reader, wanted)?;
            let has_more = rows.len() as i64 > limit;
            rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            let reached = rows.last().map(|row| present.at(row.point())).or(place);
            let reached = reached.unwrap_or_else(|| present.beginning());
            let links = paging.onward(&reached);
            let data = rows.into_iter().map(Into::into).collect();
            let feed = EventFeed { data, links, meta: EventMeta { limit, has_more, next_cursor: paging.at(&reached) } };
            Reply::page(&feed, &feed.links)
        })
        .await
}
