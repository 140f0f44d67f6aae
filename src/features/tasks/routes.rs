//! The one operation on what waits.

use actix_web::get;
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::{TaskFilter, TaskItem, TaskPage};
use super::store::{self, Asked, TaskSort};
use crate::platform::auth::{Caller, can};
use crate::platform::http::page::PageParams;
use crate::platform::http::{Answer, Paging, Query};

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_my_tasks);
}

/// List what waits for you.
///
/// Each with the operation that does it, since when it waits and until when; `counts` says how many of each kind. What is told
/// follows from your role, your perimeter and what your token may read.
#[utoipa::path(tag = "accounts", params(TaskFilter, PageParams),
    responses((status = 200, description = "A page of what waits.", body = TaskPage)))]
#[get("/me/tasks")]
pub async fn list_my_tasks(caller: Caller<can::list_my_tasks>, filter: Query<TaskFilter>, paging: Paging) -> Answer {
    let page = paging.spec(TaskSort::order(filter.sort.as_deref(), "until_on"))?;
    let operations: Option<Vec<String>> =
        filter.operation.as_ref().map(|asked| asked.iter().map(|operation| operation.0.clone()).collect());
    caller
        .read_private(move |reader| {
            let (principal, today) = (reader.principal(), reader.today());
            let kinds = store::kinds_for(principal, operations.as_deref());
            let asked = Asked { actor: &principal.actor, reach: reader.reach(), today, kinds };
            let rows = store::list(reader.conn(), &asked, &page)?.map(|row| TaskItem::new(row, today));
            let counts = if paging.is_whole() { Vec::new() } else { store::counts(reader.conn(), &asked)? };
            TaskPage::reply(&paging, rows, counts)
        })
        .await
}
