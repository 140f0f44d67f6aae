//! An agreement as it is shown, and the checks behind every transition of it.

use serde_json::{Value, json};

use super::pricing::{price, worth};
use super::revision::standings;
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
use crate::platform::events::{self, AgreementEvent};
use crate::platform::ids::{AgreementId, InstalmentId};
use crate::platform::transitions::{Expected, Transition, after, require_version};

/// An agreement with its posts, its amendments, and what may be done with it.
pub struct File {
    pub agreement: Agreement,
    pub missing: Vec<AgreementDocument>,
    /// What would be agreed if it were signed or amended today; none without anything to agree on, or without a scale.
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
    let more = || estimate.clone().map(|cents| cents.unwrap_or(agreement.amount_cents) - agreement.amount_cents);
    let sign = check_sign(&agreement).and_then(|()| check_funds(reader, more()?));
    let amend = check_amend(&agreement).and_then(|()| check_funds(reader, more()?));
    let close = check_close(reader, &agreement);
    let principal = reader.principal();
    let transitions = vec![
        Transition::new(
            can::update_agreement::LINE,
            principal,
            after(AGREEMENT_STEPS, agreement.status, can::update_agreement::LINE).map(|_| ()),
        ),
        Transition::new(can::instruct_agreement::LINE, principal, check_instruct(&agreement)),
        Transition::new(can::sign_agreement::LINE, principal, sign),
        Transition::new(can::amend_agreement::LINE, principal, amend),
        Transition::new(can::close_agreement::LINE, principal, close),
        Transition::new(
            can::abandon_agreement::LINE,
            principal,
            after(AGREEMENT_STEPS, agreement.status, can::abandon_agreement::LINE).map(|_| ()),
        ),
    ];
    let missing = missing(&agreement);
    Ok(File { estimate_cents: estimate.ok().flatten(), agreement, missing, posts, amendments, transitions })
}

pub(super) fn is_open(agreement: &Agreement) -> bool {
    matches!(agreement.status, AgreementStatus::Draft | AgreementStatus::UnderInstruction)
}

/// What would be agreed if the agreement were signed or amended today, if it may be.
pub(super) fn estimate(reader: &mut Reader<'_>, agreement: &Agreement) -> Result<Option<i64>> {
    if !is_open(agreement) && !agreement.amendment_needed {
        return Ok(None);
    }
    let today = reader.today();
    let new = worth(&price(reader.conn(), agreement, today, today)?);
    let posts = covered::of_agreements(reader.conn(), &[agreement.id])?;
    let contracts = covered::contracts(reader.conn(), &posts.iter().map(|post| post.id).collect::<Vec<_>>())?;
    let held = posts.iter().zip(standings(&posts, &contracts, today)).map(|(post, standing)| match post.removed_on {
        // As a revision has it: what left never rises.
        Some(_) => standing.entitlement().min(standing.agreed_cents),
        None => standing.entitlement(),
    });
    Ok(Some(new + held.sum::<i64>()))
}

fn missing(agreement: &Agreement) -> Vec<AgreementDocument> {
    let has = |document: &&AgreementDocument| !agreement.documents.iter().any(|held| held == document.as_str());
    agreement.legal_form.required_documents().iter().filter(has).copied().collect()
}

/// The structure must still hold posts of the phase.
pub(super) fn check_instruct(agreement: &Agreement) -> Result<()> {
    after(AGREEMENT_STEPS, agreement.status, can::instruct_agreement::LINE)?;
    require_posts(agreement)
}

fn require_posts(agreement: &Agreement) -> Result<()> {
    if agreement.structure_status != StructureStatus::Retained {
        return Err(Problem::new(Code::StructureNotRetained).with("status", agreement.structure_status));
    }
    if agreement.posts_count == 0 { Err(Problem::new(Code::AgreementNeedsPosts)) } else { Ok(()) }
}

pub(super) fn check_sign(agreement: &Agreement) -> Result<()> {
    after(AGREEMENT_STEPS, agreement.status, can::sign_agreement::LINE)?;
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
    after(AGREEMENT_STEPS, agreement.status, can::amend_agreement::LINE)?;
    if agreement.amendment_needed { Ok(()) } else { Err(Problem::new(Code::NothingToAmend)) }
}

/// Nothing is left to pay or to be paid back, and none of its posts can earn or owe any more.
pub(super) fn check_close(reader: &mut Reader<'_>, agreement: &Agreement) -> Result<()> {
    after(AGREEMENT_STEPS, agreement.status, can::close_agreement::LINE)?;
    let count = agreements::unsettled(reader.conn(), agreement.id)?;
    let moving = moving(reader, agreement.id)?;
    if count > 0 {
        return Err(Problem::new(Code::AgreementUnsettled).with("count", count).extension("posts_open", moving));
    }
    if !moving.is_empty() {
        return Err(Problem::new(Code::AgreementPostsOpen).with("count", moving.len()).extension("posts_open", moving));
    }
    Ok(())
}

/// The posts that may still earn or owe, why, and until when.
fn moving(reader: &mut Reader<'_>, id: AgreementId) -> Result<Vec<Value>> {
    let eve = reader.today().pred_opt().unwrap_or_else(|| reader.today());
    let posts = covered::of_agreements(reader.conn(), &[id])?;
    let contracts = covered::contracts(reader.conn(), &posts.iter().map(|post| post.id).collect::<Vec<_>>())?;
    let standings = standings(&posts, &contracts, eve);
    let told = posts.iter().zip(standings).filter_map(|(post, standing)| {
        let (because, until) = standing.moves()?;
        Some(json!({"post_id": post.post_id, "post_reference": post.post_reference, "reason": because.as_str(),
            "until_on": until}))
    });
    Ok(told.collect())
}

/// Locks an agreement of the caller's reach until the end of the transaction.
pub(super) fn lock(tx: &mut Tx<'_>, id: AgreementId, version: Option<Expected>) -> Result<Agreement> {
    agreements::lock_all(tx, &[id])?;
    let agreement = require(&mut tx.reader(), id)?;
    require_version(version, agreement.version)?;
    Ok(agreement)
}

/// What an agreement shows of others than itself: of its structure, its posts, the scales and the envelope.
pub(super) fn borrowed(reader: &mut Reader<'_>, agreement: &Agreement) -> Result<String> {
    let estimate = match estimate(reader, agreement) {
        Err(problem) if problem.code() == Code::ScaleMissing => None,
        other => other?,
    };
    let funds = match check_funds(reader, estimate.unwrap_or(agreement.amount_cents) - agreement.amount_cents) {
        Err(problem) if problem.code() == Code::EnvelopeExceeded => false,
        other => other.map(|()| true)?,
    };
    let covered: Vec<Value> = covered::of_agreements(reader.conn(), &[agreement.id])?
        .iter()
        .map(|post| json!([post.id, post.post_status, post.has_left]))
        .collect();
    let newcomers: Vec<Value> =
        covered::newcomers(reader.conn(), agreement.id)?.iter().map(|post| json!(post.post_id)).collect();
    let (siret, status) = (&agreement.siret, agreement.structure_status);
    let (zone, bank) = (agreement.priority_area, agreement.has_bank_details);
    let needed = agreement.amendment_needed;
    Ok(json!([siret, status, zone, bank, needed, estimate, funds, covered, newcomers]).to_string())
}

/// Tells of what happened and answers the agreement as it is now. What it borrows is noted: its own change moved the version.
pub(super) fn told(tx: &mut Tx<'_>, kind: AgreementEvent, id: AgreementId) -> Result<File> {
    tx.as_service(|tx| {
        let agreement = require(&mut tx.reader(), id)?;
        let facts = borrowed(&mut tx.reader(), &agreement)?;
        agreements::keep_borrowed(tx, id, &facts)
    })?;
    let file = find(&mut tx.reader(), id)?;
    let agreement = &file.agreement;
    let (departement, region) = (agreement.departement_code.as_str(), agreement.region_code.as_str());
    let place = Some((Some(agreement.structure_id), departement, region));
    events::emit(tx, kind, id.uuid(), place)?;
    Ok(file)
}
