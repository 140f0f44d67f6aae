//! An agreement as it is shown, and the checks behind every transition of it.

use super::pricing::price;
use crate::features::structures::model::StructureStatus;
use crate::features::subsidies::model::{AGREEMENT_STEPS, AgreementDocument, AgreementStatus, EnvelopeCode};
use crate::features::subsidies::store::agreements::{self, Agreement, Amendment};
use crate::features::subsidies::store::covered::{self, Covered};
use crate::features::subsidies::store::envelopes;
use crate::features::subsidies::store::instalments::{self, Instalment};
use crate::platform::auth::can;
use crate::platform::auth::policy::Permission;
use crate::platform::db::text_enum::TextEnum;
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, Problem, Result};
use crate::platform::events::{self, Event};
use crate::platform::ids::{AgreementId, InstalmentId};
use crate::platform::transitions::{Transition, after, require_version};

/// An agreement with its posts, its amendments, and what may be done with it.
pub struct File {
    pub agreement: Agreement,
    pub missing: Vec<AgreementDocument>,
    /// What its posts would be paid if it were signed today; none once it is signed, or without a scale.
    pub estimate_cents: Option<i64>,
    pub posts: Vec<Covered>,
    pub amendments: Vec<Amendment>,
    pub transitions: Vec<Transition>,
}

pub fn find(reader: &mut Reader<'_>, id: AgreementId) -> Result<File> {
    let agreement = require(reader, id)?;
    file(reader, agreement)
}

/// An agreement that the caller may see.
pub(super) fn require(reader: &mut Reader<'_>, id: AgreementId) -> Result<Agreement> {
    let actor = reader.actor().clone();
    agreements::find(reader.conn(), &actor, id)?.ok_or_else(Problem::not_found)
}

/// An instalment that the caller may see.
pub fn find_instalment(reader: &mut Reader<'_>, id: InstalmentId) -> Result<Instalment> {
    let actor = reader.actor().clone();
    instalments::find(reader.conn(), &actor, id)?.ok_or_else(Problem::not_found)
}

pub(super) fn file(reader: &mut Reader<'_>, agreement: Agreement) -> Result<File> {
    let posts = covered::of_agreements(reader.conn(), &[agreement.id])?;
    let amendments = agreements::amendments(reader.conn(), agreement.id)?;
    let estimate = estimate(reader, &agreement);
    let sign = check_sign(&agreement).and_then(|()| check_funds(reader, estimate.clone()?));
    let amend = check_amend(&agreement);
    let close = check_close(reader, &agreement);
    let principal = reader.principal();
    let transitions = vec![
        Transition::new(
            can::update_agreement::LINE,
            principal,
            after(AGREEMENT_STEPS, agreement.status, "update").map(|_| ()),
        ),
        Transition::new(can::instruct_agreement::LINE, principal, check_instruct(&agreement)),
        Transition::new(can::sign_agreement::LINE, principal, sign),
        Transition::new(can::amend_agreement::LINE, principal, amend),
        Transition::new(can::close_agreement::LINE, principal, close),
        Transition::new(
            can::abandon_agreement::LINE,
            principal,
            after(AGREEMENT_STEPS, agreement.status, "abandon").map(|_| ()),
        ),
    ];
    let missing = missing(&agreement);
    Ok(File {
        estimate_cents: estimate.ok().filter(|_| is_open(&agreement)),
        agreement,
        missing,
        posts,
        amendments,
        transitions,
    })
}

fn is_open(agreement: &Agreement) -> bool {
    matches!(agreement.status, AgreementStatus::Draft | AgreementStatus::UnderInstruction)
}

/// What the posts that belong under an agreement would be paid today.
fn estimate(reader: &mut Reader<'_>, agreement: &Agreement) -> Result<i64> {
    if !is_open(agreement) {
        return Ok(0);
    }
    let today = reader.today();
    Ok(price(reader.conn(), agreement, today)?.iter().map(|priced| priced.standing.entitlement()).sum())
}

fn missing(agreement: &Agreement) -> Vec<AgreementDocument> {
    let has = |document: &&AgreementDocument| !agreement.documents.iter().any(|held| held == document.as_str());
    agreement.legal_form.required_documents().iter().filter(has).copied().collect()
}

/// The structure must still hold posts of the phase.
pub(super) fn check_instruct(agreement: &Agreement) -> Result<()> {
    after(AGREEMENT_STEPS, agreement.status, "instruct")?;
    require_posts(agreement)
}

fn require_posts(agreement: &Agreement) -> Result<()> {
    if agreement.structure_status != StructureStatus::Retained {
        return Err(Problem::new(Code::StructureNotRetained).with("status", agreement.structure_status));
    }
    if agreement.posts_count == 0 { Err(Problem::new(Code::AgreementNeedsPosts)) } else { Ok(()) }
}

pub(super) fn check_sign(agreement: &Agreement) -> Result<()> {
    after(AGREEMENT_STEPS, agreement.status, "sign")?;
    require_posts(agreement)?;
    let missing = missing(agreement);
    if !missing.is_empty() {
        let codes: Vec<&str> = missing.iter().map(|document| document.as_str()).collect();
        return Err(Problem::new(Code::AgreementDocumentsMissing)
            .with("missing", codes.join(", "))
            .extension("documents_missing", codes));
    }
    if !agreement.has_bank_details {
        return Err(Problem::new(Code::BankDetailsMissing));
    }
    Ok(())
}

/// The envelope must have room; under its lock the database holds the same.
fn check_funds(reader: &mut Reader<'_>, cents: i64) -> Result<()> {
    let envelope = envelopes::find(reader.conn(), EnvelopeCode::Posts)?.ok_or_else(Problem::not_found)?;
    if envelope.committed_cents + cents > envelope.allotted_cents {
        return Err(Problem::new(Code::EnvelopeExceeded));
    }
    Ok(())
}

pub(super) fn check_amend(agreement: &Agreement) -> Result<()> {
    after(AGREEMENT_STEPS, agreement.status, "amend")?;
    if agreement.amendment_needed { Ok(()) } else { Err(Problem::new(Code::NothingToAmend)) }
}

pub(super) fn check_close(reader: &mut Reader<'_>, agreement: &Agreement) -> Result<()> {
    after(AGREEMENT_STEPS, agreement.status, "close")?;
    match agreements::unsettled(reader.conn(), agreement.id)? {
        0 => Ok(()),
        count => Err(Problem::new(Code::AgreementUnsettled).with("count", count)),
    }
}

/// Locks an agreement of the caller's reach until the end of the transaction.
pub(super) fn lock(tx: &mut Tx<'_>, id: AgreementId, version: Option<i32>) -> Result<Agreement> {
    agreements::lock_all(tx, &[id])?;
    let agreement = require(&mut tx.reader(), id)?;
    require_version(version, agreement.version)?;
    Ok(agreement)
}

/// Tells of what happened and answers the agreement as it is now.
pub(super) fn told(tx: &mut Tx<'_>, kind: &'static str, id: AgreementId) -> Result<File> {
    let file = find(&mut tx.reader(), id)?;
    let agreement = &file.agreement;
    let (departement, region) = (agreement.departement_code.as_str(), agreement.region_code.as_str());
    let place = Some((Some(agreement.structure_id), departement, region));
    events::emit(tx, &Event { kind, resource: "agreements", id: id.uuid(), place })?;
    Ok(file)
}
