//! Operations on posts, on requests to give them back and on allotments. The transfer is mounted by the recruitments,
//! which move with an occupied post.

use actix_web::{get, post, put};
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::*;
use super::service::{self, File, ReturnFile};
use super::store::counters::{self, AllotmentSort};
use super::store::history;
use super::store::posts::{self, PostSort};
use super::store::returns::{self, PostReturnSort};
use crate::platform::auth::{Caller, can};
use crate::platform::http::page::PageParams;
use crate::platform::http::rehearsal::Detail;
use crate::platform::http::{Answer, Body, Paging, PathParams, Query, Reply};
use crate::platform::ids::{PostId, PostReturnId};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_posts)
        .service(find_post)
        .service(list_post_history)
        .service(extend_post_deadline)
        .service(take_back_post)
        .service(list_post_returns)
        .service(request_post_return)
        .service(find_post_return)
        .service(accept_post_return)
        .service(refuse_post_return)
        .service(list_allotments)
        .service(set_allotment);
}

fn file(file: File) -> Answer {
    let version = file.post.version;
    Reply::resource(&PostView::from(file), version)
}

fn return_file(file: ReturnFile) -> Answer {
    let version = file.request.version;
    Reply::resource(&PostReturnView::from(file), version)
}

/// How one is shown to whoever may read it.
pub const POST: Detail = Detail {
    path: "/api/v1/posts/{id}",
    show: |reader, id| {
        let post = service::require(reader, PostId::from_uuid(id))?;
        file(service::file(reader, post))
    },
};

/// How one is shown to whoever may read it.
pub const POST_RETURN: Detail = Detail {
    path: "/api/v1/post-returns/{id}",
    show: |reader, id| return_file(service::find_return(reader, PostReturnId::from_uuid(id))?),
};

/// List the posts within your reach.
///
/// `overdue=true` gives the vacant posts past their recruitment deadline.
#[utoipa::path(tag = "posts", params(PostFilter, PageParams),
    responses((status = 200, description = "A page of posts.", body = PostPage)))]
#[get("/posts")]
pub async fn list_posts(caller: Caller<can::list_posts>, filter: Query<PostFilter>, paging: Paging) -> Answer {
    let page = paging.spec(PostSort::order(filter.sort.as_deref(), "-updated_at"))?;
    let search = filter.search();
    caller
        .read(move |reader| {
            let (reach, today) = (reader.reach(), reader.today());
            let rows = posts::list(reader.conn(), &reach, today, &search, &page)?;
            PostPage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Find a post.
#[utoipa::path(tag = "posts", responses((status = 200, description = "The post.", body = PostView)))]
#[get("/posts/{id}")]
pub async fn find_post(caller: Caller<can::find_post>, id: PathParams<PostId>) -> Answer {
    caller.read(move |reader| (POST.show)(reader, id.0.uuid())).await
}

/// List what happened to a post.
///
/// Oldest first: granted, occupied, vacated, transferred, deadline extended, returned or taken back; each with the
/// structure that held the post and for how long, and with the role of whoever did it.
#[utoipa::path(tag = "posts", params(PageParams),
    responses((status = 200, description = "A page of its history.", body = PostHistoryPage)))]
#[get("/posts/{id}/history")]
pub async fn list_post_history(
    caller: Caller<can::list_post_history>,
    id: PathParams<PostId>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(Vec::new())?;
    caller
        .read_private(move |reader| {
            service::require(reader, id.0)?;
            // The journal is closed to most roles; of this post they may know the roles that acted.
            reader.widen()?;
            let rows = history::list(reader.conn(), id.0, &page)?;
            PostHistoryPage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Give more time to recruit on a post, once.
#[utoipa::path(tag = "posts", request_body = DeadlineExtension,
    responses((status = 200, description = "Extended.", body = PostView)))]
#[post("/posts/{id}/extend-deadline")]
pub async fn extend_post_deadline(
    caller: Caller<can::extend_post_deadline>,
    id: PathParams<PostId>,
    body: Body<DeadlineExtension>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::extend_deadline(tx, id.0, version, body.until_on, &body.reason)?)).await
}

/// Take back a vacant post past its recruitment deadline.
///
/// The post is returned with the reason `delai_depasse`. A structure left without posts is withdrawn. A pending
/// request to give the post back is refused.
#[utoipa::path(tag = "posts", responses((status = 200, description = "Taken back.", body = PostView)))]
#[post("/posts/{id}/take-back")]
pub async fn take_back_post(caller: Caller<can::take_back_post>, id: PathParams<PostId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::take_back(tx, id.0, version)?)).await
}

/// List the requests to give posts back.
#[utoipa::path(tag = "posts", params(PostReturnFilter, PageParams),
    responses((status = 200, description = "A page of requests.", body = PostReturnPage)))]
#[get("/post-returns")]
pub async fn list_post_returns(
    caller: Caller<can::list_post_returns>,
    filter: Query<PostReturnFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(PostReturnSort::order(filter.sort.as_deref(), "-updated_at"))?;
    let search = filter.search();
    caller
        .read(move |reader| {
            let reach = reader.reach();
            let rows = returns::list(reader.conn(), &reach, &search, &page)?;
            PostReturnPage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Ask to give a post back.
///
/// Only a vacant post that no submitted recruitment holds, and one request at a time.
#[utoipa::path(tag = "posts", request_body = NewPostReturn,
    responses((status = 201, description = "Requested.", body = PostReturnView)))]
#[post("/post-returns")]
pub async fn request_post_return(caller: Caller<can::request_post_return>, body: Body<NewPostReturn>) -> Answer {
    caller
        .write(move |tx| {
            let file = service::request_return(tx, body.post_id, body.reason, body.comment.as_deref())?;
            let (id, version) = (file.request.id, file.request.version);
            Reply::created(format!("/api/v1/post-returns/{id}"), &PostReturnView::from(file), version)
        })
        .await
}

/// Find a request to give a post back.
#[utoipa::path(tag = "posts", responses((status = 200, description = "The request.", body = PostReturnView)))]
#[get("/post-returns/{id}")]
pub async fn find_post_return(caller: Caller<can::find_post_return>, id: PathParams<PostReturnId>) -> Answer {
    caller.read(move |reader| (POST_RETURN.show)(reader, id.0.uuid())).await
}

/// Accept that a post is given back.
///
/// The post must still be vacant. Its place goes back to the programme and to the département; a structure left without
/// posts is withdrawn.
#[utoipa::path(tag = "posts", responses((status = 200, description = "Accepted.", body = PostReturnView)))]
#[post("/post-returns/{id}/accept")]
pub async fn accept_post_return(caller: Caller<can::accept_post_return>, id: PathParams<PostReturnId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| return_file(service::accept_return(tx, id.0, version)?)).await
}

/// Refuse that a post is given back.
#[utoipa::path(tag = "posts", request_body = PostReturnRefusal,
    responses((status = 200, description = "Refused.", body = PostReturnView)))]
#[post("/post-returns/{id}/refuse")]
pub async fn refuse_post_return(
    caller: Caller<can::refuse_post_return>,
    id: PathParams<PostReturnId>,
    body: Body<PostReturnRefusal>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| return_file(service::refuse_return(tx, id.0, version, &body.reason)?)).await
}

/// List what is allotted to each département.
///
/// Every département within your reach, also those without a ceiling.
#[utoipa::path(tag = "reservations", params(AllotmentFilter, PageParams),
    responses((status = 200, description = "A page of allotments.", body = AllotmentPage)))]
#[get("/allotments")]
pub async fn list_allotments(
    caller: Caller<can::list_allotments>,
    filter: Query<AllotmentFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(AllotmentSort::order(filter.sort.as_deref(), "departement_code"))?;
    caller
        .read(move |reader| {
            let (reach, codes, region) = (reader.reach(), filter.departement_code.clone(), filter.region_code.clone());
            let rows = counters::list_allotments(reader.conn(), &reach, codes, region, filter.updated_since, &page)?;
            AllotmentPage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Set or lift the ceiling of posts of a département.
///
/// Never below what is committed (409 `allotment_below_committed`).
#[utoipa::path(tag = "reservations", request_body = AllotmentInput,
    responses((status = 200, description = "The allotment as it is now.", body = AllotmentItem)))]
#[put("/allotments/{departement_code}")]
pub async fn set_allotment(
    caller: Caller<can::set_allotment>,
    departement_code: PathParams<String>,
    body: Body<AllotmentInput>,
) -> Answer {
    let version = caller.version();
    caller
        .write(move |tx| {
            let allotment = service::set_allotment(tx, &departement_code.0, version, body.posts_ceiling)?;
            let version = allotment.version;
            Reply::resource(&AllotmentItem::from(allotment), version)
        })
        .await
}
