//! Operations on recruitments, extensions, counsellors, minimum wages, and the transfer of posts.

use actix_web::{get, patch, post, put};
use chrono::NaiveDate;
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::*;
use super::service::{self, ExtensionFile, File};
use super::store::counsellors::{self, Counsellor, CounsellorSort};
use super::store::extensions::{self, ExtensionSort};
use super::store::recruitments::RecruitmentSort;
use super::store::wages::{self, WageSort};
use crate::features::posts::dto::{PostTransfer, PostView};
use crate::platform::auth::{Caller, can};
use crate::platform::http::page::PageParams;
use crate::platform::http::rehearsal::Detail;
use crate::platform::http::{Answer, Body, Paging, PathParams, Query, Reply};
use crate::platform::ids::{CounsellorId, ExtensionId, PostId, RecruitmentId};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(transfer_post)
        .service(list_minimum_wages)
        .service(set_minimum_wage)
        .service(list_recruitments)
        .service(submit_recruitment)
        .service(find_recruitment)
        .service(update_recruitment)
        .service(validate_recruitment)
        .service(refuse_recruitment)
        .service(cancel_recruitment)
        .service(decline_recruitment)
        .service(request_termination)
        .service(cancel_termination)
        .service(terminate_recruitment)
        .service(rectify_recruitment)
        .service(renew_recruitment)
        .service(request_extension)
        .service(list_extensions)
        .service(find_extension)
        .service(validate_extension)
        .service(refuse_extension)
        .service(list_counsellors)
        .service(find_counsellor)
        .service(update_counsellor);
}

fn file(file: File) -> Answer {
    let (id, version) = (file.recruitment.id.uuid(), file.recruitment.version);
    let people = vec![file.recruitment.candidate_id.uuid()];
    Ok(Reply::resource(&RecruitmentView::from(file), version)?.shows("recruitments", Some(id), people))
}

fn created(file: File) -> Answer {
    let (id, version) = (file.recruitment.id, file.recruitment.version);
    let people = vec![file.recruitment.candidate_id.uuid()];
    let reply = Reply::created(format!("/api/v1/recruitments/{id}"), &RecruitmentView::from(file), version)?;
    Ok(reply.shows("recruitments", Some(id.uuid()), people))
}

fn counsellor(counsellor: Counsellor) -> Answer {
    let (id, version, person) = (counsellor.id.uuid(), counsellor.version, counsellor.candidate_id.uuid());
    Ok(Reply::resource(&CounsellorView::from(counsellor), version)?.shows("counsellors", Some(id), vec![person]))
}

/// A recruitment and a counsellor as whoever may read them sees them.
pub const DETAILS: [Detail; 2] = [
    Detail {
        path: "/api/v1/recruitments/{id}",
        show: |reader, id| file(service::find(reader, RecruitmentId::from_uuid(id))?),
    },
    Detail {
        path: "/api/v1/counsellors/{id}",
        show: |reader, id| counsellor(service::find_counsellor(reader, CounsellorId::from_uuid(id))?),
    },
];

fn extension(file: ExtensionFile) -> Answer {
    let version = file.extension.version;
    Reply::resource(&ExtensionView::from(file), version)
}

/// Transfer a post to another structure.
///
/// The post keeps its reference. A vacant one gets three months to recruit; an occupied one moves with its counsellor,
/// whose contract ends on the day before and goes on under the same terms as a new recruitment. A structure left without
/// posts is withdrawn, the receiving one is retained, and the counters follow the post to another département, within its
/// ceiling. A pending request to give the post back is refused.
#[utoipa::path(tag = "posts", request_body = PostTransfer,
    responses((status = 200, description = "Transferred.", body = PostView)))]
#[post("/posts/{id}/transfer")]
pub async fn transfer_post(
    caller: Caller<can::transfer_post>,
    id: PathParams<PostId>,
    body: Body<PostTransfer>,
) -> Answer {
    let version = caller.version();
    caller
        .write(move |tx| {
            let file = service::transfer_post(tx, id.0, version, body.to())?;
            let version = file.post.version;
            Reply::resource(&PostView::from(file), version)
        })
        .await
}

/// How one is shown to whoever may read it.
pub const EXTENSION: Detail = Detail {
    path: "/api/v1/extensions/{id}",
    show: |reader, id| extension(service::find_extension(reader, ExtensionId::from_uuid(id))?),
};

/// List the minimum wages.
///
/// Each is in force until the next one starts. Source: the decrees on the SMIC.
#[utoipa::path(tag = "recruitments", params(MinimumWageFilter, PageParams),
    responses((status = 200, description = "A page of minimum wages.", body = MinimumWagePage)))]
#[get("/minimum-wages")]
pub async fn list_minimum_wages(
    caller: Caller<can::list_minimum_wages>,
    filter: Query<MinimumWageFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(WageSort::order(filter.sort.as_deref(), "-starts_on"))?;
    caller
        .read(move |reader| {
            let rows = wages::list(reader.conn(), filter.in_force_on, filter.updated_since, &page)?;
            MinimumWagePage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Set the minimum wage from a day on.
///
/// Contracts submitted before are not touched.
#[utoipa::path(tag = "recruitments", request_body = MinimumWageInput,
    responses((status = 200, description = "The wage as it is now.", body = MinimumWageItem)))]
#[put("/minimum-wages/{starts_on}")]
pub async fn set_minimum_wage(
    caller: Caller<can::set_minimum_wage>,
    starts_on: PathParams<NaiveDate>,
    body: Body<MinimumWageInput>,
) -> Answer {
    let version = caller.version();
    caller
        .write(move |tx| {
            let wage = service::set_minimum_wage(tx, starts_on.0, version, body.gross_monthly_cents)?;
            let version = wage.version;
            Reply::resource(&MinimumWageItem::from(wage), version)
        })
        .await
}

/// List the recruitments within your reach.
///
/// Observers see them without names and salaries, prefectures without salaries.
#[utoipa::path(tag = "recruitments", params(RecruitmentFilter, PageParams),
    responses((status = 200, description = "A page of recruitments.", body = RecruitmentPage)))]
#[get("/recruitments")]
pub async fn list_recruitments(
    caller: Caller<can::list_recruitments>,
    filter: Query<RecruitmentFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(RecruitmentSort::order(filter.sort.as_deref(), "-updated_at"))?;
    let search = filter.search();
    caller
        .read_private(move |reader| {
            let shows = service::shows(reader.actor());
            let rows = service::list(reader, &search, &page)?;
            // An observer sees contracts, not whose they are.
            let people = rows.rows.iter().filter(|_| shows.people).map(|row| row.candidate_id.uuid()).collect();
            let page = RecruitmentPage::reply(&paging, rows.map(|row| RecruitmentItem::new(row, shows)))?;
            Ok(page.shows("recruitments", None, people))
        })
        .await
}

/// Submit a recruitment.
///
/// Holds the vacant post and engages the candidate until the decision: 409 `post_not_vacant`,
/// `candidate_already_recruited`, `candidate_not_available`, `structure_not_retained`. The candidate may come from a match,
/// or have given you their identifier.
#[utoipa::path(tag = "recruitments", request_body = NewRecruitment,
    responses((status = 201, description = "Submitted.", body = RecruitmentView)))]
#[post("/recruitments")]
pub async fn submit_recruitment(caller: Caller<can::submit_recruitment>, body: Body<NewRecruitment>) -> Answer {
    caller.write(move |tx| created(service::submit(tx, &body)?)).await
}

/// Find a recruitment.
#[utoipa::path(tag = "recruitments", responses((status = 200, description = "The recruitment.", body = RecruitmentView)))]
#[get("/recruitments/{id}")]
pub async fn find_recruitment(caller: Caller<can::find_recruitment>, id: PathParams<RecruitmentId>) -> Answer {
    caller.read_private(move |reader| (DETAILS[0].show)(reader, id.0.uuid())).await
}

/// Change a submitted recruitment.
#[utoipa::path(tag = "recruitments",
    request_body(content = RecruitmentPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = RecruitmentView)))]
#[patch("/recruitments/{id}")]
pub async fn update_recruitment(
    caller: Caller<can::update_recruitment>,
    id: PathParams<RecruitmentId>,
    body: Body<RecruitmentPatch>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::update(tx, id.0, version, &body)?)).await
}

/// Validate a recruitment.
///
/// The post is occupied, the candidate recruited, their other open matches are closed, and a counsellor's file and
/// account are opened. A renewal waits for the end of the contract that it renews. The body names the terms that were read,
/// which decide what is paid and when: others are 412 `terms_changed`, with both, and nothing changes.
#[utoipa::path(tag = "recruitments", request_body = RecruitmentValidation,
    responses((status = 200, description = "Validated.", body = RecruitmentView)))]
#[post("/recruitments/{id}/validate")]
pub async fn validate_recruitment(
    caller: Caller<can::validate_recruitment>,
    id: PathParams<RecruitmentId>,
    body: Body<RecruitmentValidation>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::validate(tx, id.0, version, &body)?)).await
}

/// Refuse a recruitment.
///
/// Submitted, or validated and not begun (409 `contract_begun` from its first day on). The post is free for another
/// candidate.
#[utoipa::path(tag = "recruitments", request_body = RecruitmentRefusal,
    responses((status = 200, description = "Refused.", body = RecruitmentView)))]
#[post("/recruitments/{id}/refuse")]
pub async fn refuse_recruitment(
    caller: Caller<can::refuse_recruitment>,
    id: PathParams<RecruitmentId>,
    body: Body<RecruitmentRefusal>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::refuse(tx, id.0, version, &body.reason)?)).await
}

/// Take a recruitment back: submitted, or validated and not begun.
///
/// Until its first day (409 `contract_begun` then). The post is vacant again, the candidate free; what was to be paid waits.
#[utoipa::path(tag = "recruitments", responses((status = 200, description = "Cancelled.", body = RecruitmentView)))]
#[post("/recruitments/{id}/cancel")]
pub async fn cancel_recruitment(caller: Caller<can::cancel_recruitment>, id: PathParams<RecruitmentId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::cancel(tx, id.0, version)?)).await
}

/// Decline a contract that was submitted in your name.
///
/// Until it is decided. The post is free again and the structure is told; a contract that runs is not touched by the
/// renewal that you decline. Your match with the structure stays: decline that too if you do not want to go on.
#[utoipa::path(tag = "recruitments", responses((status = 200, description = "Declined.", body = RecruitmentView)))]
#[post("/recruitments/{id}/decline")]
pub async fn decline_recruitment(caller: Caller<can::decline_recruitment>, id: PathParams<RecruitmentId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::decline(tx, id.0, version)?)).await
}

/// Ask to break a contract off.
///
/// On a day within the contract; the ANCT decides.
#[utoipa::path(tag = "recruitments", request_body = TerminationRequest,
    responses((status = 200, description = "Requested.", body = RecruitmentView)))]
#[post("/recruitments/{id}/request-termination")]
pub async fn request_termination(
    caller: Caller<can::request_termination>,
    id: PathParams<RecruitmentId>,
    body: Body<TerminationRequest>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::request_termination(tx, id.0, version, &body)?)).await
}

/// Correct a validated contract.
///
/// For what was recorded wrongly: dates, the last day in fact, the salary. Reports, figures and money follow at once: a report
/// counts under the contract that then covers its day, instalments that stood on wrong months wait again, and what was paid
/// beyond is asked back. What the contract said before stays in `rectifications`; the same operation undoes it. Try it with
/// `dry_run` to see the effects.
#[utoipa::path(tag = "recruitments", request_body = Rectification,
    responses((status = 200, description = "Corrected.", body = RecruitmentView)))]
#[post("/recruitments/{id}/rectify")]
pub async fn rectify_recruitment(
    caller: Caller<can::rectify_recruitment>,
    id: PathParams<RecruitmentId>,
    body: Body<Rectification>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::rectify(tx, id.0, version, &body)?)).await
}

/// Take a request to break a contract off back.
#[utoipa::path(tag = "recruitments", responses((status = 200, description = "The contract goes on.", body = RecruitmentView)))]
#[post("/recruitments/{id}/cancel-termination")]
pub async fn cancel_termination(caller: Caller<can::cancel_termination>, id: PathParams<RecruitmentId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::cancel_termination(tx, id.0, version)?)).await
}

/// Break a contract off.
///
/// From the day asked for on. The post is vacant again for three months, the person a candidate; a pending extension is
/// refused, and a renewal that has not begun is cancelled.
#[utoipa::path(tag = "recruitments", responses((status = 200, description = "Terminated.", body = RecruitmentView)))]
#[post("/recruitments/{id}/terminate")]
pub async fn terminate_recruitment(
    caller: Caller<can::terminate_recruitment>,
    id: PathParams<RecruitmentId>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::terminate(tx, id.0, version)?)).await
}

/// Renew a contract.
///
/// Submits a new recruitment on the same post, from the day after the running contract's end; once validated it begins
/// by itself.
#[utoipa::path(tag = "recruitments", request_body = Renewal,
    responses((status = 201, description = "The renewal, submitted.", body = RecruitmentView)))]
#[post("/recruitments/{id}/renew")]
pub async fn renew_recruitment(
    caller: Caller<can::renew_recruitment>,
    id: PathParams<RecruitmentId>,
    body: Body<Renewal>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| created(service::renew(tx, id.0, version, &body)?)).await
}

/// Ask to extend a contract.
///
/// A later end, and maybe another salary; one request at a time.
#[utoipa::path(tag = "recruitments", request_body = NewExtension,
    responses((status = 201, description = "Requested.", body = ExtensionView)))]
#[post("/recruitments/{id}/extensions")]
pub async fn request_extension(
    caller: Caller<can::request_extension>,
    id: PathParams<RecruitmentId>,
    body: Body<NewExtension>,
) -> Answer {
    caller
        .write(move |tx| {
            let file = service::request_extension(tx, id.0, &body)?;
            let (id, version) = (file.extension.id, file.extension.version);
            Reply::created(format!("/api/v1/extensions/{id}"), &ExtensionView::from(file), version)
        })
        .await
}

/// List the requests to extend contracts.
#[utoipa::path(tag = "recruitments", params(ExtensionFilter, PageParams),
    responses((status = 200, description = "A page of extensions.", body = ExtensionPage)))]
#[get("/extensions")]
pub async fn list_extensions(
    caller: Caller<can::list_extensions>,
    filter: Query<ExtensionFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(ExtensionSort::order(filter.sort.as_deref(), "-updated_at"))?;
    let search = filter.search();
    caller
        .read_private(move |reader| {
            let actor = reader.actor().clone();
            let shows = service::shows(&actor);
            let rows = extensions::list(reader.conn(), &actor, &search, &page)?;
            ExtensionPage::reply(&paging, rows.map(|row| ExtensionItem::new(row, shows.pay)))
        })
        .await
}

/// Find a request to extend a contract.
#[utoipa::path(tag = "recruitments", responses((status = 200, description = "The extension.", body = ExtensionView)))]
#[get("/extensions/{id}")]
pub async fn find_extension(caller: Caller<can::find_extension>, id: PathParams<ExtensionId>) -> Answer {
    caller.read_private(move |reader| (EXTENSION.show)(reader, id.0.uuid())).await
}

/// Validate an extension.
///
/// The contract gets its new end and salary at once.
#[utoipa::path(tag = "recruitments", responses((status = 200, description = "Validated.", body = ExtensionView)))]
#[post("/extensions/{id}/validate")]
pub async fn validate_extension(caller: Caller<can::validate_extension>, id: PathParams<ExtensionId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| extension(service::validate_extension(tx, id.0, version)?)).await
}

/// Refuse an extension.
#[utoipa::path(tag = "recruitments", request_body = ExtensionRefusal,
    responses((status = 200, description = "Refused.", body = ExtensionView)))]
#[post("/extensions/{id}/refuse")]
pub async fn refuse_extension(
    caller: Caller<can::refuse_extension>,
    id: PathParams<ExtensionId>,
    body: Body<ExtensionRefusal>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| extension(service::refuse_extension(tx, id.0, version, &body.reason)?)).await
}

/// List the counsellors within your reach.
#[utoipa::path(tag = "counsellors", params(CounsellorFilter, PageParams),
    responses((status = 200, description = "A page of counsellors.", body = CounsellorPage)))]
#[get("/counsellors")]
pub async fn list_counsellors(
    caller: Caller<can::list_counsellors>,
    filter: Query<CounsellorFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(CounsellorSort::order(filter.sort.as_deref(), "-updated_at"))?;
    let search = filter.search();
    caller
        .read_private(move |reader| {
            let (actor, today) = (reader.actor().clone(), reader.today());
            let rows = counsellors::list(reader.conn(), &actor, today, &search, &page)?;
            let people = rows.rows.iter().map(|row| row.candidate_id.uuid()).collect();
            Ok(CounsellorPage::reply(&paging, rows.map(Into::into))?.shows("counsellors", None, people))
        })
        .await
}

/// Find a counsellor.
#[utoipa::path(tag = "counsellors", responses((status = 200, description = "The counsellor.", body = CounsellorView)))]
#[get("/counsellors/{id}")]
pub async fn find_counsellor(caller: Caller<can::find_counsellor>, id: PathParams<CounsellorId>) -> Answer {
    caller.read_private(move |reader| (DETAILS[1].show)(reader, id.0.uuid())).await
}

/// Change a counsellor's professional contact.
#[utoipa::path(tag = "counsellors",
    request_body(content = CounsellorPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = CounsellorView)))]
#[patch("/counsellors/{id}")]
pub async fn update_counsellor(
    caller: Caller<can::update_counsellor>,
    id: PathParams<CounsellorId>,
    body: Body<CounsellorPatch>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| counsellor(service::update_counsellor(tx, id.0, version, &body)?)).await
}
