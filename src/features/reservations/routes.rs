//! Operations on reservations.

use actix_web::{get, post};
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::*;
use super::service;
use super::store::{self, Reservation, ReservationSort};
use crate::platform::auth::{Caller, Principal, can};
use crate::platform::http::page::PageParams;
use crate::platform::http::rehearsal::Detail;
use crate::platform::http::{Answer, Body, Paging, PathParams, Query, Reply};
use crate::platform::ids::ReservationId;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_reservations)
        .service(create_reservation)
        .service(find_reservation)
        .service(release_reservation);
}

fn view(principal: &Principal, reservation: Reservation) -> ReservationView {
    let transitions = service::transitions(principal, &reservation);
    ReservationView::new(reservation, transitions)
}

/// How one is shown to whoever may read it.
pub const DETAIL: Detail = Detail {
    path: "/api/v1/reservations/{id}",
    show: |reader, id| {
        let reservation = service::find(reader, ReservationId::from_uuid(id))?;
        let version = reservation.version;
        Reply::resource(&view(reader.principal(), reservation), version)
    },
};

/// List the reservations within your reach.
#[utoipa::path(tag = "reservations", params(ReservationFilter, PageParams),
    responses((status = 200, description = "A page of reservations.", body = ReservationPage)))]
#[get("/reservations")]
pub async fn list_reservations(
    caller: Caller<can::list_reservations>,
    filter: Query<ReservationFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(ReservationSort::order(filter.sort.as_deref(), "until_on"))?;
    let search = filter.search();
    caller
        .read(move |reader| {
            let reach = reader.reach();
            ReservationPage::reply(&paging, store::list(reader.conn(), &reach, &search, &page)?.map(Into::into))
        })
        .await
}

/// Set posts aside for a territory.
///
/// They count against the national cap and the département's allotment until they are granted, released or expired.
#[utoipa::path(tag = "reservations", request_body = NewReservation,
    responses((status = 201, description = "The reservation.", body = ReservationView)))]
#[post("/reservations")]
pub async fn create_reservation(caller: Caller<can::create_reservation>, body: Body<NewReservation>) -> Answer {
    caller
        .write(move |tx| {
            let reservation = service::create(tx, &body)?;
            let (location, version) = (format!("/api/v1/reservations/{}", reservation.id), reservation.version);
            Reply::created(location, &view(tx.principal(), reservation), version)
        })
        .await
}

/// Find a reservation.
#[utoipa::path(tag = "reservations",
    responses((status = 200, description = "The reservation.", body = ReservationView)))]
#[get("/reservations/{id}")]
pub async fn find_reservation(caller: Caller<can::find_reservation>, id: PathParams<ReservationId>) -> Answer {
    caller.read(move |reader| (DETAIL.show)(reader, id.0.uuid())).await
}

/// Release a reservation.
///
/// What it still holds goes back to the pool; posts already granted stay.
#[utoipa::path(tag = "reservations",
    responses((status = 200, description = "Released.", body = ReservationView)))]
#[post("/reservations/{id}/release")]
pub async fn release_reservation(caller: Caller<can::release_reservation>, id: PathParams<ReservationId>) -> Answer {
    let version = caller.version();
    caller
        .write(move |tx| {
            let reservation = service::release(tx, id.0, version)?;
            let version = reservation.version;
            Reply::resource(&view(tx.principal(), reservation), version)
        })
        .await
}
