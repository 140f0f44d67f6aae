//! An employer submits a recruitment, and mends it until it is decided.

use chrono::NaiveDate;

use super::file::{File, lock, require_retained, told};
use super::wages;
use crate::features::candidates::model::CandidateStatus;
use crate::features::candidates::service as candidates;
use crate::features::matching::service as matching;
use crate::features::posts::service as posts;
use crate::features::posts::store::posts::Post;
use crate::features::recruitments::dto::{NewRecruitment, RecruitmentPatch};
use crate::features::recruitments::mails;
use crate::features::recruitments::model::{
    ContractType, FIRST_DAY, LONGEST, MONTHS_AHEAD, RecruitmentDocument, RecruitmentOrigin, STEPS, Terms,
};
use crate::features::recruitments::store::recruitments::{self, NewRow, Span};
use crate::features::structures::service as structures;
use crate::platform::auth::Actor;
use crate::platform::auth::policy::{Permission, can};
use crate::platform::db::text_enum::TextEnum;
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, Fault, FaultCode, Named, Problem, Result};
use crate::platform::events::RecruitmentEvent;
use crate::platform::ids::{CandidateId, PostId, RecruitmentId};
use crate::platform::transitions::Expected;
use crate::platform::transitions::after;

/// Holds the post and engages the candidate until the decision.
pub fn submit(tx: &mut Tx<'_>, new: &NewRecruitment) -> Result<File> {
    let Actor::Employer(structure_id) = *tx.actor() else {
        return Err(Problem::internal("a recruitment by somebody else"));
    };
    let terms = Terms {
        contract_type: new.contract_type,
        starts_on: new.starts_on,
        ends_on: new.ends_on,
        gross_monthly_salary_cents: new.gross_monthly_salary_cents,
    };
    check_terms(&mut tx.reader(), &terms)?;
    let structure = structures::lock(tx, structure_id)?;
    require_retained(structure.status)?;
    let post = posts::hold(tx, new.post_id).named_by("post_id")?;
    require_within_post(tx, &post, &terms)?;
    let candidate = candidates::lock_any(tx, new.candidate_id).named_by("candidate_id")?;
    if matches!(candidate.status, CandidateStatus::PendingConfirmation | CandidateStatus::Erased) {
        return Err(Problem::invalid_field("candidate_id", FaultCode::UnknownId));
    }
    candidates::require_recruitable(&candidate)?;
    if tx.as_service(|tx| recruitments::is_engaged(tx, candidate.id))? {
        return Err(Problem::new(Code::CandidateAlreadyRecruited));
    }
    require_free_days(tx, (post.id, candidate.id), &terms, None)?;
    let match_id = matching::consented(tx, candidate.id, structure_id)?;
    let id = RecruitmentId::new();
    let row = NewRow {
        id,
        post_id: post.id,
        structure_id,
        candidate_id: candidate.id,
        match_id,
        previous_id: None,
        origin: RecruitmentOrigin::New,
        waiting: false,
        phase: post.phase,
        coordinator: post.coordinator,
        terms,
        documents: unique(new.documents.as_deref().unwrap_or_default()),
        validated: false,
    };
    recruitments::insert(tx, &row)?;
    let file = told(tx, RecruitmentEvent::Submitted, id)?;
    let front_url = &tx.site().front_url;
    candidates::write_to(tx, &candidate, |to, leave| mails::submitted(front_url, &file.recruitment, to, leave))?;
    Ok(file)
}

/// Mends a recruitment that is not decided yet.
pub fn update(tx: &mut Tx<'_>, id: RecruitmentId, version: Option<Expected>, patch: &RecruitmentPatch) -> Result<File> {
    let before = lock(tx, id, version)?;
    after(STEPS, before.status, can::update_recruitment::LINE)?;
    let terms = Terms {
        contract_type: patch.contract_type.unwrap_or(before.contract_type),
        starts_on: patch.starts_on.unwrap_or(before.starts_on),
        ends_on: match (patch.ends_on, patch.contract_type) {
            (Some(ends_on), _) => ends_on,
            // A contract that becomes open-ended loses its end.
            (None, Some(ContractType::Cdi)) => None,
            (None, _) => before.ends_on,
        },
        gross_monthly_salary_cents: patch.gross_monthly_salary_cents.unwrap_or(before.gross_monthly_salary_cents),
    };
    if before.origin == RecruitmentOrigin::Renewal && terms.starts_on != before.starts_on {
        let fault = Fault::field("starts_on", FaultCode::FollowsPrevious).with("date", before.starts_on);
        return Err(Problem::invalid(vec![fault]));
    }
    check_terms(&mut tx.reader(), &terms)?;
    if before.origin == RecruitmentOrigin::New {
        let post = posts::lock_any(tx, before.post_id)?;
        require_within_post(tx, &post, &terms)?;
    }
    require_free_days(tx, (before.post_id, before.candidate_id), &terms, Some(id))?;
    let documents = match &patch.documents {
        Some(documents) => unique(documents),
        None => before.documents.iter().filter_map(|code| RecruitmentDocument::parse(code)).collect(),
    };
    recruitments::update(tx, id, &terms, &documents)?;
    told(tx, RecruitmentEvent::Updated, id)
}

/// A contract begins on a post that its structure holds by then, and not so late that nobody can say whether it will.
pub(super) fn require_within_post(tx: &mut Tx<'_>, post: &Post, terms: &Terms) -> Result<()> {
    let since = posts::held_since(tx, post)?;
    let latest = tx.today().checked_add_months(MONTHS_AHEAD).unwrap_or(tx.today());
    let fault = |code, limit: NaiveDate| Problem::invalid(vec![Fault::field("starts_on", code).with("limit", limit)]);
    if terms.starts_on < since {
        return Err(fault(FaultCode::TooSmall, since));
    }
    if terms.starts_on > latest {
        return Err(fault(FaultCode::TooLarge, latest));
    }
    Ok(())
}

/// Nobody works under two contracts on one day, nor do two people on one post.
pub(super) fn require_free_days(
    tx: &mut Tx<'_>,
    (post, candidate): (PostId, CandidateId),
    terms: &Terms,
    except: Option<RecruitmentId>,
) -> Result<()> {
    let other = tx.as_service(|tx| recruitments::overlapping(tx, post, candidate, terms, except))?;
    match other {
        None => Ok(()),
        Some(span) if span.starts_on > terms.starts_on => {
            let limit = span.starts_on.pred_opt().unwrap_or(span.starts_on);
            Err(Problem::invalid(vec![Fault::field("ends_on", FaultCode::TooLarge).with("limit", limit)]))
        }
        Some(Span { last_on: Some(last), .. }) => {
            Err(Problem::invalid(vec![Fault::field("starts_on", FaultCode::NotAfter).with("other", last)]))
        }
        Some(_) => Err(Problem::new(Code::ContractsOverlap)),
    }
}

/// The fault of a term that is longer than any contract of the scheme.
pub(super) fn too_long(starts_on: NaiveDate, ends_on: NaiveDate) -> Option<Fault> {
    let longest = starts_on.checked_add_months(LONGEST)?;
    (ends_on > longest).then(|| Fault::field("ends_on", FaultCode::TooLarge).with("limit", longest))
}

/// Everything that is wrong with the terms of a contract, at once.
pub(super) fn check_terms(reader: &mut Reader<'_>, terms: &Terms) -> Result<()> {
    let mut faults = Vec::new();
    if let Some(first) = FIRST_DAY.filter(|first| terms.starts_on < *first) {
        faults.push(Fault::field("starts_on", FaultCode::TooSmall).with("limit", first));
    }
    match (terms.contract_type, terms.ends_on) {
        (ContractType::Cdi, Some(_)) => {
            faults.push(Fault::field("ends_on", FaultCode::MustBeEmpty).with("because", "contract_type = cdi"));
        }
        (ContractType::Cdi, None) => {}
        (_, None) => faults.push(Fault::field("ends_on", FaultCode::Required)),
        (_, Some(end)) if end <= terms.starts_on => {
            faults.push(Fault::field("ends_on", FaultCode::NotAfter).with("other", terms.starts_on));
        }
        (_, Some(end)) => faults.extend(too_long(terms.starts_on, end)),
    }
    faults.extend(wages::fault(reader, terms.gross_monthly_salary_cents, terms.starts_on)?);
    if faults.is_empty() { Ok(()) } else { Err(Problem::invalid(faults)) }
}

pub(super) fn unique(documents: &[RecruitmentDocument]) -> Vec<RecruitmentDocument> {
    let set: std::collections::BTreeSet<RecruitmentDocument> = documents.iter().copied().collect();
    set.into_iter().collect()
}
