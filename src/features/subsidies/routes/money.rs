//! Envelopes, the ledger, reconciliation.

use actix_web::{get, post, put};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::features::subsidies::dto::*;
use crate::features::subsidies::model::EnvelopeCode;
use crate::features::subsidies::service;
use crate::features::subsidies::store::envelopes::{self, EnvelopeSort, ShareSort};
use crate::features::subsidies::store::ledger::{self, LedgerSort};
use crate::platform::auth::{Caller, can};
use crate::platform::http::page::PageParams;
use crate::platform::http::{Answer, Body, Paging, PathParams, Query, Reply};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_envelopes)
        .service(set_envelope)
        .service(list_envelope_shares)
        .service(list_ledger_entries)
        .service(reconcile);
}

/// List the envelopes.
///
/// The programme and its parts: allotted, committed, paid, remaining.
#[utoipa::path(tag = "subsidies", params(EnvelopeFilter, PageParams),
    responses((status = 200, description = "A page of envelopes.", body = EnvelopePage)))]
#[get("/envelopes")]
pub async fn list_envelopes(
    caller: Caller<can::list_envelopes>,
    filter: Query<EnvelopeFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(EnvelopeSort::order(filter.sort.as_deref(), "code"))?;
    caller
        .read(move |reader| {
            let rows = envelopes::list(reader.conn(), filter.updated_since, &page)?;
            EnvelopePage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Set what is allotted to an envelope.
///
/// Never below what is committed, and the parts never above the programme: 409 `envelope_exceeded`.
#[utoipa::path(tag = "subsidies", request_body = EnvelopeInput, params(("code" = EnvelopeCode, Path, description = "The envelope.", example = "posts")),
    responses((status = 200, description = "The envelope as it is now.", body = EnvelopeItem)))]
#[put("/envelopes/{code}")]
pub async fn set_envelope(
    caller: Caller<can::set_envelope>,
    code: PathParams<EnvelopeCode>,
    body: Body<EnvelopeInput>,
) -> Answer {
    let version = caller.version();
    caller
        .write(move |tx| {
            let envelope = service::set_envelope(tx, code.0, version, body.allotted_cents)?;
            let version = envelope.version;
            Reply::resource(&EnvelopeItem::from(envelope), version)
        })
        .await
}

/// List what each département takes of the posts' envelope.
#[utoipa::path(tag = "subsidies", params(EnvelopeShareFilter, PageParams),
    responses((status = 200, description = "A page of départements.", body = EnvelopeSharePage)))]
#[get("/envelopes/posts/departements")]
pub async fn list_envelope_shares(
    caller: Caller<can::list_envelope_shares>,
    filter: Query<EnvelopeShareFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(ShareSort::order(filter.sort.as_deref(), "departement_code"))?;
    caller
        .read_private(move |reader| {
            let rows = service::shares(reader, &page)?;
            EnvelopeSharePage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// List the lines of the ledger within your reach.
///
/// Every commitment, payment, credit, offset and repayment, as it was booked. What is agreed is the sum of its commitments;
/// money moved is payments less offsets, and money that came back is repayments.
#[utoipa::path(tag = "subsidies", params(LedgerEntryFilter, PageParams),
    responses((status = 200, description = "A page of the ledger.", body = LedgerEntryPage)))]
#[get("/ledger-entries")]
pub async fn list_ledger_entries(
    caller: Caller<can::list_ledger_entries>,
    filter: Query<LedgerEntryFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(LedgerSort::order(filter.sort.as_deref(), "sequence"))?;
    let search = filter.search();
    caller
        .read_private(move |reader| {
            let actor = reader.actor().clone();
            let rows = ledger::list(reader.conn(), &actor, &search, &page)?;
            LedgerEntryPage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Compare a copy with what is here.
///
/// First send counts and sums by state and by the last characters of identifiers, and learn which buckets differ; then
/// send your rows of these buckets too, and learn exactly which rows differ, are missing or are not here. Nothing is stored.
#[utoipa::path(tag = "subsidies", request_body = NewReconciliation,
    responses((status = 200, description = "What differs.", body = ReconciliationView)))]
#[post("/reconciliations")]
pub async fn reconcile(caller: Caller<can::reconcile>, body: Body<NewReconciliation>) -> Answer {
    caller
        .write(move |tx| {
            let found = service::reconcile(&mut tx.reader(), &body)?;
            Reply::ok(&ReconciliationView::new(body.resource, found))
        })
        .await
}
