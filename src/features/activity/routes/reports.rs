//! Activity reports.

use actix_web::{HttpMessage, HttpRequest, delete, get, patch, post};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::features::activity::dto::*;
use crate::features::activity::service::{self, File};
use crate::features::activity::store::reports::{self, ReportSort};
use crate::platform::auth::{Caller, can};
use crate::platform::http::front::Spoken;
use crate::platform::http::import::Lines;
use crate::platform::http::page::PageParams;
use crate::platform::http::{Answer, Body, Paging, PathParams, Query, Reply};
use crate::platform::ids::ActivityReportId;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_activity_reports)
        .service(create_activity_report)
        .service(import_activity_reports)
        .service(find_activity_report)
        .service(update_activity_report)
        .service(delete_activity_report);
}

fn file(file: File) -> Answer {
    let version = file.report.version;
    Reply::resource(&ActivityReportView::from(file), version)
}

/// List your activity reports.
///
/// Only their author reads reports; the others read what they add up to. As CSV the columns are those that the import takes.
#[utoipa::path(tag = "activity", params(ActivityReportFilter, PageParams),
    responses((status = 200, description = "A page of reports.", body = ActivityReportPage)))]
#[get("/activity-reports")]
pub async fn list_activity_reports(
    caller: Caller<can::list_activity_reports>,
    filter: Query<ActivityReportFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(ReportSort::order(filter.sort.as_deref(), "-held_on"))?;
    let search = filter.search();
    caller
        .read_private(move |reader| {
            let actor = reader.actor().clone();
            let rows = reports::list(reader.conn(), &actor, &search, &page)?;
            ActivityReportPage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Report an activity.
///
/// Everything that is wrong is told at once (422). The employer is the one of the contract that covers the day.
#[utoipa::path(tag = "activity", request_body = NewActivityReport,
    responses((status = 201, description = "Reported, and counted.", body = ActivityReportView)))]
#[post("/activity-reports")]
pub async fn create_activity_report(
    caller: Caller<can::create_activity_report>,
    body: Body<NewActivityReport>,
) -> Answer {
    caller
        .write(move |tx| {
            let file = service::create(tx, &body)?;
            let (id, version) = (file.report.id, file.report.version);
            Reply::created(format!("/api/v1/activity-reports/{id}"), &ActivityReportView::from(file), version)
        })
        .await
}

/// Import activity reports.
///
/// NDJSON (a report a line), CSV (commas, semicolons or tabs) or the first sheet of an XLSX, 50,000 lines at most. Columns are
/// those of the export: members with dots, lists joined by bars, redirections as `caf:2|ccas:1`; terms by their codes or their
/// labels; in files of a French spreadsheet days as `16/06/2021` and decimals with a comma. CSV is UTF-8, or what `charset`
/// names (`windows-1252`, `iso-8859-15`). Lines are counted as in the file, and empty ones are passed over. Each line needs an `external_id`: a report of that name is changed,
/// or left alone where nothing differs, so that the same file again changes nothing. Each line stands for itself: those that
/// are wrong are told with all their faults, and the others are written. Employers import for their counsellors, and name
/// them. Try `dry_run=true` first.
#[utoipa::path(tag = "activity",
    request_body(content((String = "application/x-ndjson", example = "{\"external_id\": \"1\", \"held_on\": \"2021-06-16\", \"activity\": \"ponctuel\", \"channel\": \"distance\", \"duration_minutes\": 30, \"ages\": {\"plus_60\": 1}, \"statuses\": {\"retraite\": 1}, \"themes\": [\"internet\"]}"), (String = "text/csv", example = "external_id,held_on,activity,channel,duration_minutes,ages.plus_60,statuses.retraite,themes\n1,2021-06-16,ponctuel,distance,30,1,1,internet\n"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    responses((status = 200, description = "What became of each line.", body = ActivityImport)))]
#[post("/activity-reports/import")]
pub async fn import_activity_reports(
    caller: Caller<can::import_activity_reports>,
    request: HttpRequest,
    file: Lines<service::ReportSheet>,
) -> Answer {
    let language = request.extensions().get::<Spoken>().map(|spoken| spoken.language).unwrap_or_default();
    caller
        .write(move |tx| {
            let imported = service::import(tx, &file.lines)?;
            Reply::ok(&ActivityImport::new(imported, file.length, language))
        })
        .await
}

/// Find an activity report of yours.
#[utoipa::path(tag = "activity", responses((status = 200, description = "The report.", body = ActivityReportView)))]
#[get("/activity-reports/{id}")]
pub async fn find_activity_report(
    caller: Caller<can::find_activity_report>,
    id: PathParams<ActivityReportId>,
) -> Answer {
    caller.read_private(move |reader| file(service::find(reader, id.0)?)).await
}

/// Change an activity report.
///
/// What it said before stays readable among its revisions.
#[utoipa::path(tag = "activity",
    request_body(content = ActivityReportPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The report as it is now.", body = ActivityReportView)))]
#[patch("/activity-reports/{id}")]
pub async fn update_activity_report(
    caller: Caller<can::update_activity_report>,
    id: PathParams<ActivityReportId>,
    body: Body<ActivityReportPatch>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::update(tx, id.0, version, &body)?)).await
}

/// Delete an activity report.
///
/// It counts no longer, in any figure; its note is forgotten.
#[utoipa::path(tag = "activity", responses((status = 204, description = "Deleted.")))]
#[delete("/activity-reports/{id}")]
pub async fn delete_activity_report(
    caller: Caller<can::delete_activity_report>,
    id: PathParams<ActivityReportId>,
) -> Answer {
    let version = caller.version();
    caller
        .write(move |tx| {
            service::delete(tx, id.0, version)?;
            Ok(Reply::no_content())
        })
        .await
}
