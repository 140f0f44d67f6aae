//! Operations on places.

use actix_web::{delete, get, patch, post, put};
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::*;
use super::service::{self, File};
use super::store::{self, PlaceSort};
use crate::platform::auth::{Caller, can};
use crate::platform::http::page::PageParams;
use crate::platform::http::rehearsal::Detail;
use crate::platform::http::{Answer, Body, Paging, PathParams, Query, Reply};
use crate::platform::ids::{CounsellorId, PlaceId};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_places)
        .service(create_place)
        .service(find_place)
        .service(update_place)
        .service(merge_place)
        .service(join_place)
        .service(leave_place)
        .service(places_map)
        .service(export_standard_places);
}

fn file(file: File) -> Answer {
    let (id, version) = (file.place.id.uuid(), file.place.version);
    let people = file.known().map(|member| member.candidate_id.uuid()).collect();
    Ok(Reply::resource(&PlaceView::from(file), version)?.shows("places", Some(id), people))
}

/// A place as whoever reads it sees it.
pub const DETAIL: Detail =
    Detail { path: "/api/v1/places/{id}", show: |reader, id| file(service::find(reader, PlaceId::from_uuid(id))?) };

/// List the places.
///
/// Everybody sees what is published; employers and counsellors also their own, prefectures also those of their territory.
#[utoipa::path(tag = "places", params(PlaceFilter, PageParams),
    responses((status = 200, description = "A page of places.", body = PlacePage)))]
#[get("/places")]
pub async fn list_places(caller: Caller<can::list_places>, filter: Query<PlaceFilter>, paging: Paging) -> Answer {
    let page = paging.spec(PlaceSort::order(filter.sort.as_deref(), "-updated_at"))?;
    let search = filter.search()?;
    caller
        .read_private(move |reader| {
            let actor = reader.actor().clone();
            let rows = store::list(reader.conn(), &actor, &search, &page)?;
            PlacePage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Create a place.
///
/// One of the same name at the same address is refused (409 `place_exists`); others within 100 metres are named in the answer.
#[utoipa::path(tag = "places", request_body = NewPlace,
    responses((status = 201, description = "Created.", body = PlaceView)))]
#[post("/places")]
pub async fn create_place(caller: Caller<can::create_place>, body: Body<NewPlace>) -> Answer {
    caller
        .write(move |tx| {
            let file = service::create(tx, &body)?;
            let (id, version) = (file.place.id, file.place.version);
            Reply::created(format!("/api/v1/places/{id}"), &PlaceView::from(file), version)
        })
        .await
}

/// Find a place.
#[utoipa::path(tag = "places", responses((status = 200, description = "The place.", body = PlaceView)))]
#[get("/places/{id}")]
pub async fn find_place(caller: Caller<can::find_place>, id: PathParams<PlaceId>) -> Answer {
    caller.read_private(move |reader| (DETAIL.show)(reader, id.0.uuid())).await
}

/// Change a place.
#[utoipa::path(tag = "places",
    request_body(content = PlacePatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The place as it is now.", body = PlaceView)))]
#[patch("/places/{id}")]
pub async fn update_place(
    caller: Caller<can::update_place>,
    id: PathParams<PlaceId>,
    body: Body<PlacePatch>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::update(tx, id.0, version, &body)?)).await
}

/// Mark a place as a duplicate of another.
///
/// Who works there works at the other from now on.
#[utoipa::path(tag = "places", request_body = PlaceMerge,
    responses((status = 200, description = "Marked as a duplicate.", body = PlaceView)))]
#[post("/places/{id}/merge")]
pub async fn merge_place(caller: Caller<can::merge_place>, id: PathParams<PlaceId>, body: Body<PlaceMerge>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::merge(tx, id.0, version, body.into_id)?)).await
}

/// Make a counsellor work at a place, or change how they appear there.
///
/// Counsellors speak for themselves, employers for those of theirs; consent and objection are the counsellor's own.
#[utoipa::path(tag = "places", request_body = PlaceMembership,
    params(("counsellor_id" = CounsellorId, Path, description = "The counsellor.", example = "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f")),
    responses((status = 200, description = "The place as it is now.", body = PlaceView)))]
#[put("/places/{id}/counsellors/{counsellor_id}")]
pub async fn join_place(
    caller: Caller<can::join_place>,
    path: PathParams<(PlaceId, CounsellorId)>,
    body: Body<PlaceMembership>,
) -> Answer {
    caller
        .write(move |tx| {
            let (id, counsellor) = path.0;
            file(service::join(tx, id, counsellor, &body)?)
        })
        .await
}

/// Record that a counsellor works at a place no longer.
#[utoipa::path(tag = "places",
    params(("counsellor_id" = CounsellorId, Path, description = "The counsellor.", example = "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f")),
    responses((status = 204, description = "Works there no longer.")))]
#[delete("/places/{id}/counsellors/{counsellor_id}")]
pub async fn leave_place(caller: Caller<can::leave_place>, path: PathParams<(PlaceId, CounsellorId)>) -> Answer {
    let version = caller.version();
    caller
        .write(move |tx| {
            service::leave(tx, path.0.0, path.0.1, version)?;
            Ok(Reply::no_content())
        })
        .await
}

/// Draw the public places.
///
/// GeoJSON (RFC 7946), all of them or those within a box. Cached; asks again with `If-None-Match`.
#[utoipa::path(tag = "places", params(PublicPlaceFilter),
    responses((status = 200, description = "A collection of points.",
        content((PlaceMap = "application/geo+json"), (PlaceMap = "application/json")))))]
#[get("/maps/places")]
pub async fn places_map(caller: Caller<can::places_map>, filter: Query<PublicPlaceFilter>) -> Answer {
    let (departements, bbox) = (filter.departement_code.clone(), bbox(filter.bbox.as_deref())?);
    caller
        .read(move |reader| {
            let places = service::map(reader, departements.clone(), bbox)?;
            Ok(Reply::ok(&PlaceMap::from(places))?.geojson().public().tagged())
        })
        .await
}

/// Download the public places in the national standard.
///
/// CSV in the columns of the schema « lieux de médiation numérique »; lists joined by bars. Cached, with an entity tag.
#[utoipa::path(tag = "places", params(PublicPlaceFilter),
    responses((status = 200, description = "A CSV file.", body = String, content_type = "text/csv", example = "id,pivot,nom\r\n")))]
#[get("/open-data/places")]
pub async fn export_standard_places(
    caller: Caller<can::export_standard_places>,
    filter: Query<PublicPlaceFilter>,
) -> Answer {
    let (departements, bbox) = (filter.departement_code.clone(), bbox(filter.bbox.as_deref())?);
    caller
        .read(move |reader| {
            let text = service::standard(reader, departements.clone(), bbox)?;
            let name = "lieux-de-mediation-numerique.csv".to_owned();
            Ok(Reply::file("text/csv; charset=utf-8", name, text).public().tagged())
        })
        .await
}
