//! Payment batches: made of what is due, sent to the bank, answered line by line.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use sepa::{
    CreditTransferEntry, CreditTransferGroup, IsoDate, IsoDateTime, Pain001Builder, validate_bic, validate_iban,
};
use uuid::Uuid;

use super::revision::{Rise, issue_credit, owner, revise_locked, tell, tell_of_agreement};
use crate::features::subsidies::dto::{NewPaymentBatch, PaymentOutcome, PaymentResult};
use crate::features::subsidies::model::{EXECUTION_DAYS_AHEAD, LedgerKind, LineStatus, is_bank_day};
use crate::features::subsidies::store::batches::{self, Account, Answer, Batch, Choice, Line};
use crate::features::subsidies::store::covered::{self, Covered};
use crate::features::subsidies::store::instalments::{self, Live};
use crate::features::subsidies::store::ledger::{self, About};
use crate::features::subsidies::store::{agreements, credits, envelopes};
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, Fault, FaultCode, Faults, Place, Problem, Result};
use crate::platform::events::{self, InstalmentEvent, PaymentBatchEvent};
use crate::platform::ids::{AgreementId, InstalmentId, PaymentBatchId, uuids};

/// Lines that one batch may have.
const LINES: i64 = 10_000;

/// Orders what is due: each instalment in one batch, however many are made at once. Who only tries needs not say what is
/// expected.
pub fn create_batch(tx: &mut Tx<'_>, new: &NewPaymentBatch, trying: bool) -> Result<Batch> {
    let mut faults = Faults::default();
    faults.add_if(!trying && new.expected_cents.is_none(), "expected_cents", FaultCode::Required);
    faults.add_if(!trying && new.expected_count.is_none(), "expected_count", FaultCode::Required);
    faults.into_result()?;
    if tx.site().payer.is_none() {
        return Err(Problem::new(Code::PayerMissing));
    }
    require_bank_day(new.execution_on, tx.today())?;
    let choice = Choice {
        instalments: new.instalment_ids.as_deref().map(uuids),
        phase: new.phase,
        departements: new.departement_codes.clone(),
        structure: new.structure_id,
        lines: new.lines_max.map_or(LINES, i64::from),
    };
    // Whoever else changes what is due of these agreements waits, or was quicker.
    let of = batches::agreements_due(tx.conn(), &choice)?;
    agreements::lock_all(tx, &of)?;
    let id = PaymentBatchId::new();
    let ordered = batches::order(tx, id, new.execution_on, &of, &choice)?;
    if ordered.is_empty() {
        return Err(Problem::new(Code::NothingDue));
    }
    // Whoever names instalments wants these, all of them.
    if choice.instalments.as_ref().is_some_and(|named| named.len() != ordered.len()) {
        let missing: Vec<String> = choice
            .instalments
            .unwrap_or_default()
            .iter()
            .filter(|id| !ordered.contains(id))
            .map(Uuid::to_string)
            .collect();
        return Err(Problem::new(Code::NothingDue).extension("instalments_not_due", missing));
    }
    let batch = find_batch(&mut tx.reader(), id)?;
    require_expected(new, &batch)?;
    for instalment in instalments::live(tx.conn(), &of)?.iter().filter(|i| ordered.contains(&i.id.uuid())) {
        let place = Some((
            Some(instalment.structure_id),
            instalment.departement_code.as_str(),
            instalment.region_code.as_str(),
        ));
        let id = instalment.id.uuid();
        events::emit(tx, InstalmentEvent::Ordered, id, place)?;
    }
    emit(tx, PaymentBatchEvent::Ordered, id)?;
    Ok(batch)
}

/// Banks execute transfers on TARGET days only; an order for a day far ahead would be forgotten, or forged.
fn require_bank_day(on: NaiveDate, today: NaiveDate) -> Result<()> {
    let latest = today + TimeDelta::days(EXECUTION_DAYS_AHEAD);
    let fault =
        |code, limit: NaiveDate| Problem::invalid(vec![Fault::field("execution_on", code).with("limit", limit)]);
    if on < today {
        return Err(Problem::invalid_field("execution_on", FaultCode::InThePast));
    }
    if on > latest {
        return Err(fault(FaultCode::TooLarge, latest));
    }
    if !is_bank_day(on) {
        let next = on.iter_days().skip(1).find(|day| is_bank_day(*day)).unwrap_or(on);
        return Err(fault(FaultCode::NotABankDay, next));
    }
    Ok(())
}

/// What is ordered is what was read.
fn require_expected(new: &NewPaymentBatch, batch: &Batch) -> Result<()> {
    let cents = new.expected_cents.unwrap_or(batch.amount_cents);
    let count = new.expected_count.unwrap_or(batch.lines_count);
    if (cents, count) == (batch.amount_cents, batch.lines_count) {
        return Ok(());
    }
    Err(Problem::new(Code::AmountChanged)
        .with("expected", cents)
        .with("actual", batch.amount_cents)
        .extension("expected_cents", cents)
        .extension("actual_cents", batch.amount_cents)
        .extension("expected_count", count)
        .extension("actual_count", batch.lines_count))
}

pub fn find_batch(reader: &mut Reader<'_>, id: PaymentBatchId) -> Result<Batch> {
    batches::find(reader.conn(), id)?.ok_or_else(Problem::not_found)
}

fn emit(tx: &mut Tx<'_>, kind: PaymentBatchEvent, id: PaymentBatchId) -> Result<()> {
    events::emit(tx, kind, id.uuid(), None)
}

/// Takes the bank's answers. An answer never changes; the same one again changes nothing.
pub fn record_results(tx: &mut Tx<'_>, id: PaymentBatchId, results: &[PaymentResult]) -> Result<Batch> {
    let batch = batches::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    let lines = batches::lines(tx.conn(), id)?;
    let answered = matching(tx, &batch, &lines, results)?;
    let mut of: Vec<AgreementId> = answered.iter().map(|(line, _)| line.agreement_id).collect();
    of.sort_unstable_by_key(|id| id.uuid());
    of.dedup();
    agreements::lock_all(tx, &of)?;
    let instalments: BTreeMap<Uuid, Live> =
        instalments::live(tx.conn(), &of)?.into_iter().map(|instalment| (instalment.id.uuid(), instalment)).collect();
    let mut posts: BTreeMap<Uuid, Covered> =
        covered::of_agreements(tx.conn(), &of)?.into_iter().map(|post| (post.id.uuid(), post)).collect();
    for (line, result) in &answered {
        let instalment = instalments.get(&line.instalment_id.uuid()).ok_or_else(Problem::not_found)?;
        let post = posts.get_mut(&instalment.agreement_post_id.uuid()).ok_or_else(Problem::not_found)?;
        match result.outcome {
            PaymentOutcome::Paid => pay(tx, id, line, instalment, post, result)?,
            PaymentOutcome::Rejected => {
                let reason = result.rejection.ok_or_else(|| Problem::internal("a rejection without a reason"))?;
                batches::answer(tx, line.id, &Answer::Rejected { reason })?;
                instalments::reject(tx, instalment.id, reason)?;
                tell(tx, post, InstalmentEvent::Rejected, instalment.id)?;
            }
        }
    }
    batches::tally(tx, id)?;
    for agreement in &of {
        tell_of_agreement(tx, *agreement)?;
    }
    // What came back may not be owed any more.
    revise_locked(tx, &of, &Rise::None)?;
    if !answered.is_empty() {
        emit(tx, PaymentBatchEvent::Answered, id)?;
    }
    find_batch(&mut tx.reader(), id)
}

/// The lines that results speak of and that have no answer yet.
fn matching<'a>(
    tx: &Tx<'_>,
    batch: &Batch,
    lines: &'a [Line],
    results: &'a [PaymentResult],
) -> Result<Vec<(&'a Line, &'a PaymentResult)>> {
    let mut faults = Vec::new();
    let mut contradicted = Vec::new();
    let mut seen: Vec<InstalmentId> = Vec::new();
    let mut open = Vec::new();
    for (at, result) in results.iter().enumerate() {
        let mut fault = |field: &str, code| {
            faults.push(Fault::new(Place::Pointer(format!("/results/{at}/{field}")), code));
        };
        let paid = result.outcome == PaymentOutcome::Paid;
        if paid != result.paid_on.is_some() {
            fault("paid_on", if paid { FaultCode::Required } else { FaultCode::InvalidValue });
        }
        if paid != result.bank_reference.is_some() {
            fault("bank_reference", if paid { FaultCode::Required } else { FaultCode::InvalidValue });
        }
        if paid == result.rejection.is_some() {
            fault("rejection", if paid { FaultCode::InvalidValue } else { FaultCode::Required });
        }
        if result.paid_on.is_some_and(|on| on > tx.today()) {
            fault("paid_on", FaultCode::InTheFuture);
        }
        let ordered_on = crate::platform::clock::Now::at(batch.created_at).today();
        if result.paid_on.is_some_and(|on| on < ordered_on) {
            faults.push(
                Fault::new(Place::Pointer(format!("/results/{at}/paid_on")), FaultCode::TooSmall)
                    .with("limit", ordered_on),
            );
            continue;
        }
        if seen.contains(&result.instalment_id) {
            fault("instalment_id", FaultCode::NotUnique);
        }
        seen.push(result.instalment_id);
        match lines.iter().find(|line| line.instalment_id == result.instalment_id) {
            None => fault("instalment_id", FaultCode::UnknownId),
            Some(line) if line.status == LineStatus::Ordered => open.push((line, result)),
            Some(line) if !says_the_same(line, result) => contradicted.push(line.instalment_id.to_string()),
            Some(_) => {}
        }
    }
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    if !contradicted.is_empty() {
        return Err(Problem::new(Code::PaymentAnswered).extension("instalments_answered", contradicted));
    }
    Ok(open)
}

fn says_the_same(line: &Line, result: &PaymentResult) -> bool {
    let status = match result.outcome {
        PaymentOutcome::Paid => LineStatus::Paid,
        PaymentOutcome::Rejected => LineStatus::Rejected,
    };
    line.status == status
        && line.paid_on == result.paid_on
        && line.bank_reference == result.bank_reference
        && line.rejection == result.rejection
}

/// Books a payment. What is beyond what is agreed by now is asked back at once.
fn pay(
    tx: &mut Tx<'_>,
    batch: PaymentBatchId,
    line: &Line,
    instalment: &Live,
    post: &mut Covered,
    result: &PaymentResult,
) -> Result<()> {
    let (Some(on), Some(reference)) = (result.paid_on, result.bank_reference.as_deref()) else {
        return Err(Problem::internal("a payment without a date or reference"));
    };
    batches::answer(tx, line.id, &Answer::Paid { on, bank_reference: reference })?;
    instalments::pay(tx, instalment.id, on, reference)?;
    let owner = owner(post);
    let about = About { instalment: Some(instalment.id), batch: Some(batch), ..About::default() };
    ledger::book(tx, LedgerKind::Payment, instalment.amount_cents, &owner, about, on)?;
    for note in credits::offset_against(tx.conn(), instalment.id)? {
        let about = About { instalment: Some(instalment.id), credit_note: Some(note.id), ..About::default() };
        ledger::book(tx, LedgerKind::Offset, note.amount_cents, &note.owner(), about, on)?;
    }
    let beyond = (post.paid_cents + instalment.amount_cents - post.credited_cents - post.amount_cents).max(0);
    covered::book(tx, post.id, 0, instalment.amount_cents, beyond)?;
    agreements::book(tx, post.agreement_id, 0, instalment.amount_cents, beyond)?;
    envelopes::book(tx, 0, instalment.amount_cents - beyond)?;
    post.paid_cents += instalment.amount_cents;
    post.credited_cents += beyond;
    if beyond > 0 {
        issue_credit(tx, post, beyond)?;
    }
    tell(tx, post, InstalmentEvent::Paid, instalment.id)
}

/// The batch as an ISO 20022 message (pain.001.001.09), the same at each call.
pub fn pain001(reader: &mut Reader<'_>, id: PaymentBatchId) -> Result<(Batch, String)> {
    let batch = find_batch(reader, id)?;
    let lines = batches::lines(reader.conn(), id)?;
    let accounts: BTreeMap<Uuid, Account> =
        batches::accounts(reader.conn(), id)?.into_iter().map(|account| (account.line_id.uuid(), account)).collect();
    let message = message(&batch, &lines, &accounts).map_err(|e| Problem::internal(format!("pain.001: {e}")))?;
    Ok((batch, message))
}

fn message(batch: &Batch, lines: &[Line], accounts: &BTreeMap<Uuid, Account>) -> Result<String, String> {
    let text = |e: &dyn std::fmt::Display| e.to_string();
    let iban = |number: &str| validate_iban(number).map_err(|e| text(&e));
    let mut group = CreditTransferGroup::new(
        &batch.payer_name,
        &iban(&batch.payer_iban)?,
        IsoDate::parse(&batch.execution_on.to_string()).map_err(|e| text(&e))?,
    )
    .payment_info_id(&batch.reference);
    if let Some(bic) = &batch.payer_bic {
        group = group.debtor_bic(validate_bic(bic).map_err(|e| text(&e))?);
    }
    for line in lines {
        let account = accounts.get(&line.id.uuid()).ok_or("a line without an account")?;
        let mut entry =
            CreditTransferEntry::new(&account.holder, iban(&account.iban)?, line.amount_cents, line.end_to_end_id())
                .with_description(format!(
                    "{} {} {}",
                    line.agreement_reference, line.post_reference, line.instalment_reference
                ));
        if let Some(bic) = &account.bic {
            entry = entry.with_bic(validate_bic(bic).map_err(|e| text(&e))?);
        }
        group = group.add_entry(entry);
    }
    let made = batch.created_at.format("%Y-%m-%dT%H:%M:%S").to_string();
    Pain001Builder::new(&batch.payer_name, &batch.reference)
        .created_at(IsoDateTime::parse(&made).map_err(|e| text(&e))?)
        .add_group(group)
        .build()
        .map_err(|e| text(&e))
}
