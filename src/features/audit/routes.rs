//! Operations on the journal.

use actix_web::get;
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::*;
use super::store::{self, AuditSort};
use crate::platform::auth::{Caller, can};
use crate::platform::http::page::PageParams;
use crate::platform::http::{Answer, Paging, Query};

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_audit_entries);
}

/// Read the journal of changes.
///
/// Who changed which columns of which row, in which call; never values.
#[utoipa::path(tag = "audit", params(AuditFilter, PageParams),
    responses((status = 200, description = "A page of the journal.", body = AuditEntryPage)))]
#[get("/audit-entries")]
pub async fn list_audit_entries(
    caller: Caller<can::list_audit_entries>,
    filter: Query<AuditFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(AuditSort::order(filter.sort.as_deref(), "-sequence"))?;
    let search = filter.search();
    caller
        .read_private(move |reader| {
            let rows = store::list(reader.conn(), &search, &page)?;
            AuditEntryPage::reply(&paging, rows.map(Into::into))
        })
        .await
}
