//! Scales, agreements, bank details.

use actix_web::{get, patch, post, put};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::features::subsidies::dto::*;
use crate::features::subsidies::service::{self, File};
use crate::features::subsidies::store::agreements::{self, AgreementSort};
use crate::features::subsidies::store::scales::{self, ScaleSort};
use crate::platform::auth::{Caller, can};
use crate::platform::db::listing::Rows;
use crate::platform::http::page::PageParams;
use crate::platform::http::rehearsal::Detail;
use crate::platform::http::{Answer, Body, Paging, PathParams, Query, Reply};
use crate::platform::ids::{AgreementId, StructureId};
use crate::platform::journal;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_subsidy_scales)
        .service(create_subsidy_scale)
        .service(list_agreements)
        .service(create_agreement)
        .service(find_agreement)
        .service(update_agreement)
        .service(explain_calculation)
        .service(instruct_agreement)
        .service(sign_agreement)
        .service(amend_agreement)
        .service(close_agreement)
        .service(abandon_agreement)
        .service(set_bank_details)
        .service(find_bank_details);
}

fn file(file: File) -> Answer {
    let version = file.agreement.version;
    Reply::resource(&AgreementView::new(file)?, version)
}

/// How one is shown to whoever may read it.
pub const AGREEMENT: Detail = Detail {
    path: "/api/v1/agreements/{id}",
    show: |reader, id| file(service::find(reader, AgreementId::from_uuid(id))?),
};

/// List the scales.
///
/// What a post is paid, by phase, category and territory, with the plan of its instalments. Each scale is in force in its
/// territory until the next one is; the most particular territory goes first. Source: the programme's conventions.
#[utoipa::path(tag = "subsidies", params(ScaleFilter, PageParams),
    responses((status = 200, description = "A page of scales.", body = ScalePage)))]
#[get("/subsidy-scales")]
pub async fn list_subsidy_scales(
    caller: Caller<can::list_subsidy_scales>,
    filter: Query<ScaleFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(ScaleSort::order(filter.sort.as_deref(), "-valid_from"))?;
    let search = filter.search();
    caller
        .read(move |reader| {
            let Rows { rows, total, next, prev, present } = scales::list(reader.conn(), &search, &page)?;
            let files = service::with_plans(reader.conn(), rows)?;
            let rows = Rows { rows: files, total, next, prev, present }.try_map(ScaleItem::new)?;
            ScalePage::reply(&paging, rows)
        })
        .await
}

/// Add a scale.
///
/// For agreements and amendments signed from its first day on; what is signed never changes.
#[utoipa::path(tag = "subsidies", request_body = NewScale,
    responses((status = 201, description = "Added.", body = ScaleItem)))]
#[post("/subsidy-scales")]
pub async fn create_subsidy_scale(caller: Caller<can::create_subsidy_scale>, body: Body<NewScale>) -> Answer {
    caller
        .write(move |tx| {
            let scale = ScaleItem::new(service::create_scale(tx, &body)?)?;
            Reply::created(format!("/api/v1/subsidy-scales?in_force_on={}", scale.valid_from), &scale, 1)
        })
        .await
}

/// List the agreements within your reach.
#[utoipa::path(tag = "subsidies", params(AgreementFilter, PageParams),
    responses((status = 200, description = "A page of agreements.", body = AgreementPage)))]
#[get("/agreements")]
pub async fn list_agreements(
    caller: Caller<can::list_agreements>,
    filter: Query<AgreementFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(AgreementSort::order(filter.sort.as_deref(), "-updated_at"))?;
    let search = filter.search();
    caller
        .read_private(move |reader| {
            let actor = reader.actor().clone();
            let rows = agreements::list(reader.conn(), &actor, &search, &page)?;
            AgreementPage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Draft an agreement for a structure's posts of one phase.
///
/// One live agreement a structure and phase: 409 `agreement_exists`. The structure must hold posts of the phase: 409
/// `agreement_needs_posts`.
#[utoipa::path(tag = "subsidies", request_body = NewAgreement,
    responses((status = 201, description = "Drafted.", body = AgreementView)))]
#[post("/agreements")]
pub async fn create_agreement(caller: Caller<can::create_agreement>, body: Body<NewAgreement>) -> Answer {
    caller
        .write(move |tx| {
            let file = service::create(tx, &body)?;
            let (id, version) = (file.agreement.id, file.agreement.version);
            Reply::created(format!("/api/v1/agreements/{id}"), &AgreementView::new(file)?, version)
        })
        .await
}

/// Find an agreement.
#[utoipa::path(tag = "subsidies", responses((status = 200, description = "The agreement.", body = AgreementView)))]
#[get("/agreements/{id}")]
pub async fn find_agreement(caller: Caller<can::find_agreement>, id: PathParams<AgreementId>) -> Answer {
    caller.read_private(move |reader| (AGREEMENT.show)(reader, id.0.uuid())).await
}

/// Change an agreement that is not signed.
#[utoipa::path(tag = "subsidies",
    request_body(content = AgreementPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = AgreementView)))]
#[patch("/agreements/{id}")]
pub async fn update_agreement(
    caller: Caller<can::update_agreement>,
    id: PathParams<AgreementId>,
    body: Body<AgreementPatch>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::update(tx, id.0, version, &body)?)).await
}

/// Explain an agreement's amount, line by line.
///
/// Of each post: the scale and its version, the facts that went in, and lines that add up to the amount. Before the
/// signature it tells what would be agreed today, or on the day `signed_on` (409 `scale_missing` without a scale in force).
#[utoipa::path(tag = "subsidies", params(CalculationFilter),
    responses((status = 200, description = "The calculation.", body = CalculationView)))]
#[get("/agreements/{id}/calculation")]
pub async fn explain_calculation(
    caller: Caller<can::explain_calculation>,
    id: PathParams<AgreementId>,
    filter: Query<CalculationFilter>,
) -> Answer {
    let on = filter.signed_on;
    caller.read_private(move |reader| Reply::ok(&CalculationView::from(service::calculate(reader, id.0, on)?))).await
}

/// Take an agreement into instruction.
#[utoipa::path(tag = "subsidies", responses((status = 200, description = "Under instruction.", body = AgreementView)))]
#[post("/agreements/{id}/instruct")]
pub async fn instruct_agreement(caller: Caller<can::instruct_agreement>, id: PathParams<AgreementId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::instruct(tx, id.0, version)?)).await
}

/// Sign an agreement.
///
/// Every post of the phase that the structure holds comes under it, for the amount of the scale in force on the day of the
/// signature, and its instalments are planned. `expected_cents` names the amount that was read (`estimate_cents`): another
/// one is 412 `amount_changed`, with both, and nothing changes. 409 `agreement_documents_missing`, `bank_details_missing`,
/// `scale_missing`, `envelope_exceeded`.
#[utoipa::path(tag = "subsidies", request_body = Signature,
    responses((status = 200, description = "Signed.", body = AgreementView)))]
#[post("/agreements/{id}/sign")]
pub async fn sign_agreement(
    caller: Caller<can::sign_agreement>,
    id: PathParams<AgreementId>,
    body: Body<Signature>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::sign(tx, id.0, version, &body)?)).await
}

/// Amend a signed agreement.
///
/// Posts that have come since come under it by the scale in force today; those on which somebody works again get their full
/// amount back. What is agreed never rises without an amendment; it falls by itself when a contract ends or a post leaves.
/// `expected_cents` names the whole amount afterwards, as it was read (`estimate_cents`): another one is 412
/// `amount_changed`, with both, and nothing changes. 409 `nothing_to_amend`, `envelope_exceeded`.
#[utoipa::path(tag = "subsidies", request_body = AmendmentSignature,
    responses((status = 200, description = "Amended.", body = AgreementView)))]
#[post("/agreements/{id}/amend")]
pub async fn amend_agreement(
    caller: Caller<can::amend_agreement>,
    id: PathParams<AgreementId>,
    body: Body<AmendmentSignature>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::amend(tx, id.0, version, body.expected_cents)?)).await
}

/// Close an agreement.
///
/// Nothing is left to pay, nor to be paid back: 409 `agreement_unsettled`. No post of it may still earn or owe: 409
/// `agreement_posts_open`. Both list such posts in `posts_open`, with the `reason`: `running` (somebody works on it, and not
/// all months of its term are earned; `until_on` is the day on which they are, if the contract goes on), `vacant` (somebody
/// may be hired for what is left of its term, until the post is returned or taken back), `amendable` (an amendment would
/// agree on more). Should the past be corrected later (a contract that is broken off, or a post that moves, as of an
/// earlier day), the agreement stays closed, and what was paid beyond is asked back by a credit note.
#[utoipa::path(tag = "subsidies", responses((status = 200, description = "Closed.", body = AgreementView)))]
#[post("/agreements/{id}/close")]
pub async fn close_agreement(caller: Caller<can::close_agreement>, id: PathParams<AgreementId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::close(tx, id.0, version)?)).await
}

/// Give up an agreement that is not signed.
#[utoipa::path(tag = "subsidies", request_body = Abandonment,
    responses((status = 200, description = "Abandoned.", body = AgreementView)))]
#[post("/agreements/{id}/abandon")]
pub async fn abandon_agreement(
    caller: Caller<can::abandon_agreement>,
    id: PathParams<AgreementId>,
    body: Body<Abandonment>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::abandon(tx, id.0, version, &body.reason)?)).await
}

/// Say where a structure is paid.
///
/// Instalments that are ordered already go to the account that they were ordered to.
#[utoipa::path(tag = "subsidies", request_body = BankDetailsInput,
    responses((status = 200, description = "The bank details as they are now, masked.", body = BankDetailsView)))]
#[put("/structures/{id}/bank-details")]
pub async fn set_bank_details(
    caller: Caller<can::set_bank_details>,
    id: PathParams<StructureId>,
    body: Body<BankDetailsInput>,
) -> Answer {
    let version = caller.version();
    caller
        .write(move |tx| {
            let details = service::set_bank_details(tx, id.0, version, &body)?;
            let version = details.details.version;
            Reply::resource(&BankDetailsView::from(details), version)
        })
        .await
}

/// Find where a structure is paid.
///
/// The employer sees the account number masked. The Banque des Territoires sees it whole, and each reading is recorded.
#[utoipa::path(tag = "subsidies", responses((status = 200, description = "The bank details.", body = BankDetailsView)))]
#[get("/structures/{id}/bank-details")]
pub async fn find_bank_details(caller: Caller<can::find_bank_details>, id: PathParams<StructureId>) -> Answer {
    caller
        .read_journalled(move |tx| {
            let details = service::find_bank_details(&mut tx.reader(), id.0)?;
            if details.iban.is_some() {
                journal::read(tx, "bank-details", id.0.uuid(), Vec::new())?;
            }
            let version = details.details.version;
            Reply::resource(&BankDetailsView::from(details), version)
        })
        .await
}
