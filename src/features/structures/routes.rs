//! Operations on structures.

use actix_web::web::Data;
use actix_web::{get, patch, post};
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::*;
use super::model::IdentityField;
use super::service::{self, File};
use super::store::{self, RetainedSort, StructureSort};
use crate::platform::auth::local_issuer::{LocalIssuer, TOKEN_SECONDS};
use crate::platform::auth::{Actor, Caller, can};
use crate::platform::error::Problem;
use crate::platform::formats::compact;
use crate::platform::http::page::PageParams;
use crate::platform::http::rehearsal::Detail;
use crate::platform::http::{Answer, Body, Paging, PathParams, Query, Reply};
use crate::platform::ids::StructureId;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(register_structure)
        .service(confirm_structure)
        .service(list_structures)
        .service(find_structure_by_identifier)
        .service(find_structure)
        .service(update_structure)
        .service(cancel_structure)
        .service(merge_structure)
        .service(list_retained_structures);
}

fn file(file: File) -> Answer {
    let version = file.structure.version;
    Reply::resource(&StructureView::from(file), version)
}

/// A structure as whoever may read it sees it.
pub const DETAIL: Detail = Detail {
    path: "/api/v1/structures/{id}",
    show: |reader, id| {
        let structure = service::require(reader, StructureId::from_uuid(id))?;
        file(service::file(reader, structure)?)
    },
};

/// Register a structure.
///
/// The public form. An e-mail asks the contact to confirm the address within 180 days; the structure may apply for
/// posts once it has. Refuses a SIRET or RIDET that a structure has confirmed as its own (409 `structure_exists`). One
/// that nobody has confirmed yet may be registered again, for instance when the e-mail was lost or the address mistyped:
/// each registration stands apart with its own link, the first to confirm has the identifier, and the others are closed.
#[utoipa::path(tag = "structures", request_body = NewStructure,
    responses((status = 201, description = "Registered, address to be confirmed.", body = StructureView)))]
#[post("/structures")]
pub async fn register_structure(caller: Caller<can::register_structure>, body: Body<NewStructure>) -> Answer {
    caller
        .write(move |tx| {
            let file = service::register(tx, &body)?;
            let (id, version) = (file.structure.id, file.structure.version);
            Reply::created(format!("/api/v1/structures/{id}"), &StructureView::from(file), version)
        })
        .await
}

/// Confirm a structure's address.
///
/// Exchanges the one-use token of the mailed link: the structure is registered, its contact gets an employer account,
/// and the answer carries an access token for it. 410 when the link is unknown, used or expired.
#[utoipa::path(tag = "structures", request_body = Confirmation,
    responses((status = 200, description = "Confirmed.", body = StructureConfirmed)))]
#[post("/structures/confirm")]
pub async fn confirm_structure(
    caller: Caller<can::confirm_structure>,
    body: Body<Confirmation>,
    issuer: Data<LocalIssuer>,
) -> Answer {
    caller
        .write(move |tx| {
            let (structure, account) = service::confirm(tx, &body.token)?;
            let access_token = issuer.sign_account(Actor::Employer(structure.id), account, tx.now())?;
            Ok(Reply::ok(&StructureConfirmed {
                structure_id: structure.id,
                reference: structure.reference,
                access_token,
                token_type: "Bearer",
                expires_in: TOKEN_SECONDS,
            })?
            .secret(&["access_token"]))
        })
        .await
}

/// List the structures within your reach.
#[utoipa::path(tag = "structures", params(StructureFilter, PageParams),
    responses((status = 200, description = "A page of structures.", body = StructurePage)))]
#[get("/structures")]
pub async fn list_structures(
    caller: Caller<can::list_structures>,
    filter: Query<StructureFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(StructureSort::order(filter.sort.as_deref(), "-updated_at"))?;
    let search = filter.search();
    caller
        .read(move |reader| {
            let reach = reader.reach();
            let rows = store::list(reader.conn(), &reach, &search, &page)?;
            StructurePage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Find a structure.
#[utoipa::path(tag = "structures",
    responses((status = 200, description = "Its file.", body = StructureView)))]
#[get("/structures/{id}")]
pub async fn find_structure(caller: Caller<can::find_structure>, id: PathParams<StructureId>) -> Answer {
    caller.read_private(move |reader| (DETAIL.show)(reader, id.0.uuid())).await
}

/// Find a structure by its SIRET or RIDET.
///
/// The live structure that has the identifier, or the latest one that had it.
#[utoipa::path(tag = "structures",
    params(
        ("system" = String, Path, description = "`siret` or `ridet`.", pattern = "^(siret|ridet)$", example = "siret"),
        ("value" = String, Path, description = "The identifier, spaces and dots aside.", pattern = "^[0-9][0-9 .]{5,20}[0-9]$", example = "21820112700014")),
    responses((status = 200, description = "Its file.", body = StructureView)))]
#[get("/structures/by-identifier/{system}/{value}")]
pub async fn find_structure_by_identifier(
    caller: Caller<can::find_structure_by_identifier>,
    path: PathParams<(IdentityField, String)>,
) -> Answer {
    caller
        .read_private(move |reader| {
            let reach = reader.reach();
            let found = store::find_by(reader.conn(), &reach, path.0.0, &compact(&path.0.1))?;
            let structure = found.ok_or_else(Problem::not_found)?;
            file(service::file(reader, structure)?)
        })
        .await
}

/// Change a structure's file.
///
/// A former SIRET, RIDET or e-mail address stays in the history; the former address is told of the change.
#[utoipa::path(tag = "structures",
    request_body(content = StructurePatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The file as it is now.", body = StructureView)))]
#[patch("/structures/{id}")]
pub async fn update_structure(
    caller: Caller<can::update_structure>,
    id: PathParams<StructureId>,
    body: Body<StructurePatch>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::update(tx, id.0, version, &body)?)).await
}

/// Cancel a registration.
///
/// Only before any post, and with no application open.
#[utoipa::path(tag = "structures",
    responses((status = 200, description = "Cancelled.", body = StructureView)))]
#[post("/structures/{id}/cancel")]
pub async fn cancel_structure(caller: Caller<can::cancel_structure>, id: PathParams<StructureId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::cancel(tx, id.0, version)?)).await
}

/// Mark a structure as a duplicate of another.
///
/// The duplicate must hold no posts and have no application open.
#[utoipa::path(tag = "structures", request_body = Merge,
    responses((status = 200, description = "Marked as a duplicate.", body = StructureView)))]
#[post("/structures/{id}/merge")]
pub async fn merge_structure(
    caller: Caller<can::merge_structure>,
    id: PathParams<StructureId>,
    body: Body<Merge>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::merge(tx, id.0, version, body.into_id)?)).await
}

/// List the retained structures.
///
/// Public: by wave and département, with the posts that each one holds.
#[utoipa::path(tag = "structures", params(RetainedFilter, PageParams),
    responses((status = 200, description = "A page of retained structures.", body = RetainedPage)))]
#[get("/retained-structures")]
pub async fn list_retained_structures(
    caller: Caller<can::list_retained_structures>,
    filter: Query<RetainedFilter>,
    paging: Paging,
) -> Answer {
    let default = [RetainedSort::order(None, "wave"), RetainedSort::order(None, "name")].concat();
    let order = filter.sort.as_deref().map_or(default, |keys| RetainedSort::order(Some(keys), "wave"));
    let page = paging.spec(order)?;
    caller
        .read(move |reader| {
            let departements = filter.departement_code.as_deref();
            let rows = store::list_retained(reader.conn(), departements, filter.wave, filter.q.as_deref(), &page)?;
            RetainedPage::reply(&paging, rows.map(Into::into))
        })
        .await
}
