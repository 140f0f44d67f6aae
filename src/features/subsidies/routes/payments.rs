//! Instalments, payment batches, credit notes.

use actix_web::{get, post};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::features::subsidies::dto::*;
use crate::features::subsidies::service::{self, CreditFile};
use crate::features::subsidies::store::batches::{self, Batch, BatchSort, LineSort};
use crate::features::subsidies::store::credits::{self, CreditSort};
use crate::features::subsidies::store::instalments::{self, InstalmentSort};
use crate::platform::auth::{Caller, can};
use crate::platform::http::page::PageParams;
use crate::platform::http::rehearsal::Detail;
use crate::platform::http::{Answer, Body, Paging, PathParams, Query, Reply};
use crate::platform::ids::{CreditNoteId, InstalmentId, PaymentBatchId};
use crate::platform::journal;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_instalments)
        .service(summarise_instalments)
        .service(find_instalment)
        .service(waive_condition)
        .service(list_payment_batches)
        .service(create_payment_batch)
        .service(find_payment_batch)
        .service(list_payment_lines)
        .service(download_pain001)
        .service(record_payment_results)
        .service(list_credit_notes)
        .service(find_credit_note)
        .service(repay_credit_note)
        .service(offset_credit_note);
}

fn batch(batch: Batch) -> Answer {
    let version = batch.version;
    Reply::resource(&PaymentBatchView::from(batch), version)
}

fn credit(file: CreditFile) -> Answer {
    let version = file.note.version;
    Reply::resource(&CreditNoteView::from(file), version)
}

/// How one is shown to whoever may read it.
pub const CREDIT_NOTE: Detail = Detail {
    path: "/api/v1/credit-notes/{id}",
    show: |reader, id| credit(service::find_credit_note(reader, CreditNoteId::from_uuid(id))?),
};

/// List the instalments within your reach.
///
/// `status=due` gives what may be paid, `blocked=true` what only waits for something else than months.
#[utoipa::path(tag = "subsidies", params(InstalmentFilter, PageParams),
    responses((status = 200, description = "A page of instalments.", body = InstalmentPage)))]
#[get("/instalments")]
pub async fn list_instalments(
    caller: Caller<can::list_instalments>,
    filter: Query<InstalmentFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(InstalmentSort::order(filter.sort.as_deref(), "-updated_at"))?;
    let search = filter.search();
    caller
        .read_private(move |reader| {
            let actor = reader.actor().clone();
            let rows = instalments::list(reader.conn(), &actor, &search, &page)?;
            InstalmentPage::reply(&paging, rows.try_map(InstalmentView::new)?)
        })
        .await
}

/// Sum up the instalments within your reach, by phase and state.
#[utoipa::path(tag = "subsidies", params(InstalmentSumFilter),
    responses((status = 200, description = "The sums.", body = InstalmentSums)))]
#[get("/instalments/summary")]
pub async fn summarise_instalments(
    caller: Caller<can::summarise_instalments>,
    filter: Query<InstalmentSumFilter>,
) -> Answer {
    caller.read_private(move |reader| Reply::ok(&InstalmentSums::from(service::sums(reader, &filter)?))).await
}

/// Find an instalment.
#[utoipa::path(tag = "subsidies", responses((status = 200, description = "The instalment.", body = InstalmentView)))]
#[get("/instalments/{id}")]
pub async fn find_instalment(caller: Caller<can::find_instalment>, id: PathParams<InstalmentId>) -> Answer {
    caller
        .read_private(move |reader| {
            let instalment = service::find_instalment(reader, id.0)?;
            let version = instalment.version;
            Reply::resource(&InstalmentView::new(instalment)?, version)
        })
        .await
}

/// Waive a condition of an instalment.
///
/// Of a planned one that the condition keeps from being paid; a training that cannot take place any more, for example. 409
/// `nothing_to_waive` where the condition keeps nothing.
#[utoipa::path(tag = "subsidies", request_body = Waiver,
    responses((status = 200, description = "Waived.", body = InstalmentView)))]
#[post("/instalments/{id}/waive")]
pub async fn waive_condition(
    caller: Caller<can::waive_condition>,
    id: PathParams<InstalmentId>,
    body: Body<Waiver>,
) -> Answer {
    let version = caller.version();
    caller
        .write(move |tx| {
            let instalment = service::waive(tx, id.0, version, &body)?;
            let version = instalment.version;
            Reply::resource(&InstalmentView::new(instalment)?, version)
        })
        .await
}

/// List the payment batches.
#[utoipa::path(tag = "subsidies", params(PaymentBatchFilter, PageParams),
    responses((status = 200, description = "A page of batches.", body = PaymentBatchPage)))]
#[get("/payment-batches")]
pub async fn list_payment_batches(
    caller: Caller<can::list_payment_batches>,
    filter: Query<PaymentBatchFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(BatchSort::order(filter.sort.as_deref(), "-created_at"))?;
    caller
        .read_private(move |reader| {
            let rows = batches::list(reader.conn(), filter.status.clone(), filter.updated_since, &page)?;
            PaymentBatchPage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Order what is due.
///
/// The batch is frozen from then on: its lines, amounts and accounts. An instalment is in one batch at a time, however many
/// are made at once; without any left 409 `nothing_due`. Try first with `dry_run=true`, read `amount_cents` and
/// `lines_count`, and name them as `expected_cents` and `expected_count`: when something else would be ordered by then, it is
/// 412 `amount_changed`, with both, and nothing is. After a call whose answer got lost, send it again with the same
/// `Idempotency-Key`: it answers the batch that was made.
#[utoipa::path(tag = "subsidies", request_body = NewPaymentBatch,
    responses((status = 201, description = "Ordered.", body = PaymentBatchView)))]
#[post("/payment-batches")]
pub async fn create_payment_batch(caller: Caller<can::create_payment_batch>, body: Body<NewPaymentBatch>) -> Answer {
    let trying = caller.is_dry_run();
    caller
        .write(move |tx| {
            let batch = service::create_batch(tx, &body, trying)?;
            let (id, version) = (batch.id, batch.version);
            Reply::created(format!("/api/v1/payment-batches/{id}"), &PaymentBatchView::from(batch), version)
        })
        .await
}

/// Find a payment batch.
#[utoipa::path(tag = "subsidies", responses((status = 200, description = "The batch.", body = PaymentBatchView)))]
#[get("/payment-batches/{id}")]
pub async fn find_payment_batch(caller: Caller<can::find_payment_batch>, id: PathParams<PaymentBatchId>) -> Answer {
    caller.read_private(move |reader| batch(service::find_batch(reader, id.0)?)).await
}

/// List the lines of a payment batch.
#[utoipa::path(tag = "subsidies", params(PaymentLineFilter, PageParams),
    responses((status = 200, description = "A page of lines.", body = PaymentLinePage)))]
#[get("/payment-batches/{id}/lines")]
pub async fn list_payment_lines(
    caller: Caller<can::list_payment_lines>,
    id: PathParams<PaymentBatchId>,
    filter: Query<PaymentLineFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(LineSort::order(filter.sort.as_deref(), "number"))?;
    caller
        .read_private(move |reader| {
            service::find_batch(reader, id.0)?;
            let rows = batches::list_lines(reader.conn(), id.0, filter.status.clone(), &page)?;
            PaymentLinePage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Download a payment batch for the bank.
///
/// ISO 20022 `pain.001.001.09`, the same at each call. It holds account numbers: each reading is recorded.
#[utoipa::path(tag = "subsidies",
    responses((status = 200, description = "The message.", content_type = "application/xml", body = String)))]
#[get("/payment-batches/{id}/pain.001.xml")]
pub async fn download_pain001(caller: Caller<can::download_pain001>, id: PathParams<PaymentBatchId>) -> Answer {
    caller
        .read_journalled(move |tx| {
            let (batch, message) = service::pain001(&mut tx.reader(), id.0)?;
            journal::read(tx, "payment-batches", id.0.uuid(), Vec::new())?;
            Ok(Reply::file("application/xml", format!("{}.pain.001.xml", batch.reference), message))
        })
        .await
}

/// Record what the bank answers.
///
/// For some or all lines. An answer never changes: the same one again changes nothing, another one is refused with 409
/// `payment_answered`. What was rejected is due again. What was paid beyond what is owed by now, because a contract ended
/// meanwhile, is asked back at once.
#[utoipa::path(tag = "subsidies", request_body = PaymentResults,
    responses((status = 200, description = "The batch as it is now.", body = PaymentBatchView)))]
#[post("/payment-batches/{id}/results")]
pub async fn record_payment_results(
    caller: Caller<can::record_payment_results>,
    id: PathParams<PaymentBatchId>,
    body: Body<PaymentResults>,
) -> Answer {
    caller.write(move |tx| batch(service::record_results(tx, id.0, &body.results)?)).await
}

/// List the credit notes within your reach.
#[utoipa::path(tag = "subsidies", params(CreditNoteFilter, PageParams),
    responses((status = 200, description = "A page of credit notes.", body = CreditNotePage)))]
#[get("/credit-notes")]
pub async fn list_credit_notes(
    caller: Caller<can::list_credit_notes>,
    filter: Query<CreditNoteFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(CreditSort::order(filter.sort.as_deref(), "-updated_at"))?;
    let search = filter.search();
    caller
        .read_private(move |reader| {
            let actor = reader.actor().clone();
            let rows = credits::list(reader.conn(), &actor, &search, &page)?;
            CreditNotePage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Find a credit note.
#[utoipa::path(tag = "subsidies", responses((status = 200, description = "The credit note.", body = CreditNoteView)))]
#[get("/credit-notes/{id}")]
pub async fn find_credit_note(caller: Caller<can::find_credit_note>, id: PathParams<CreditNoteId>) -> Answer {
    caller.read_private(move |reader| (CREDIT_NOTE.show)(reader, id.0.uuid())).await
}

/// Record that a credit note was repaid.
#[utoipa::path(tag = "subsidies", request_body = Repayment,
    responses((status = 200, description = "Repaid.", body = CreditNoteView)))]
#[post("/credit-notes/{id}/repay")]
pub async fn repay_credit_note(
    caller: Caller<can::repay_credit_note>,
    id: PathParams<CreditNoteId>,
    body: Body<Repayment>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| credit(service::repay(tx, id.0, version, body.repaid_on, &body.bank_reference)?)).await
}

/// Let an instalment settle a credit note.
///
/// The instalment pays that much less. If it is cancelled before, the credit note is owed again. 409 `offset_too_large`.
#[utoipa::path(tag = "subsidies", request_body = Offset,
    responses((status = 200, description = "Offset.", body = CreditNoteView)))]
#[post("/credit-notes/{id}/offset")]
pub async fn offset_credit_note(
    caller: Caller<can::offset_credit_note>,
    id: PathParams<CreditNoteId>,
    body: Body<Offset>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| credit(service::offset(tx, id.0, version, body.instalment_id)?)).await
}
