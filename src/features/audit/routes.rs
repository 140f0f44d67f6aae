//! Operations on the journal.

use actix_web::get;
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::*;
use super::store::{self, AccessSearch, AccessSort, AuditSort};
use crate::platform::auth::{Caller, can};
use crate::platform::http::page::PageParams;
use crate::platform::http::{Answer, Paging, Query};

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_audit_entries).service(list_accesses).service(list_my_accesses);
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

/// Read the journal of readings.
///
/// Who was shown personal data or account numbers, and of what; never what they said. A page of a list, and each part of a
/// list read as a file, is one reading of everybody in it. Kept twelve months.
#[utoipa::path(tag = "audit", params(AccessFilter, PageParams),
    responses((status = 200, description = "A page of readings.", body = AccessPage)))]
#[get("/accesses")]
pub async fn list_accesses(caller: Caller<can::list_accesses>, filter: Query<AccessFilter>, paging: Paging) -> Answer {
    let page = paging.spec(AccessSort::order(filter.sort.as_deref(), "-sequence"))?;
    let search = filter.search();
    caller
        .read_private(move |reader| {
            let actor = reader.actor().clone();
            let rows = store::list_accesses(reader.conn(), &actor, &search, &page)?;
            AccessPage::reply(&paging, rows.map(|row| AccessView::new(row, true)))
        })
        .await
}

/// List who read your data.
///
/// In which role, for whom, when and of what; kept twelve months. What you read yourself is not listed.
#[utoipa::path(tag = "accounts", params(OwnAccessFilter, PageParams),
    responses((status = 200, description = "A page of readings.", body = AccessPage)))]
#[get("/me/accesses")]
pub async fn list_my_accesses(
    caller: Caller<can::list_my_accesses>,
    filter: Query<OwnAccessFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(AccessSort::order(filter.sort.as_deref(), "-sequence"))?;
    caller
        .read_private(move |reader| {
            let actor = reader.actor().clone();
            let rows = store::list_accesses(reader.conn(), &actor, &AccessSearch::default(), &page)?;
            AccessPage::reply(&paging, rows.map(|row| AccessView::new(row, false)))
        })
        .await
}
