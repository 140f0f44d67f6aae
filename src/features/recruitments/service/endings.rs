//! Contracts that are broken off, or reach their end.

use chrono::NaiveDate;

use super::decisions::{appoint, tell_of_counsellor, to_structure};
use super::extensions::tell_of_extension;
use super::file::{File, Locked, check_termination, check_termination_request, emit, lock_all, lock_with_post, told};
use crate::features::accounts::service as accounts;
use crate::features::candidates::service as candidates;
use crate::features::posts::service as posts;
use crate::features::recruitments::dto::TerminationRequest;
use crate::features::recruitments::mails;
use crate::features::recruitments::model::{RecruitmentStatus, STEPS};
use crate::features::recruitments::store::recruitments::{self, Change, Recruitment};
use crate::features::recruitments::store::{counsellors, extensions};
use crate::platform::auth::policy::{Permission, can};
use crate::platform::auth::{Actor, Role};
use crate::platform::db::Tx;
use crate::platform::error::{Fault, FaultCode, Problem, Result};
use crate::platform::events::{CounsellorEvent, ExtensionEvent, RecruitmentEvent};
use crate::platform::ids::RecruitmentId;
use crate::platform::text;
use crate::platform::transitions::Expected;
use crate::platform::transitions::after;

/// The employer asks to break a contract off, on a day within it.
pub fn request_termination(
    tx: &mut Tx<'_>,
    id: RecruitmentId,
    version: Option<Expected>,
    request: &TerminationRequest,
) -> Result<File> {
    let recruitment = lock_with_post(tx, id, version)?;
    check_termination_request(&recruitment)?;
    let on = request.terminates_on;
    let fault =
        |code, limit: NaiveDate| Problem::invalid(vec![Fault::field("terminates_on", code).with("limit", limit)]);
    if on < recruitment.starts_on {
        return Err(fault(FaultCode::TooSmall, recruitment.starts_on));
    }
    if let Some(end) = recruitment.ends_on.filter(|end| on > *end) {
        return Err(fault(FaultCode::TooLarge, end));
    }
    let comment = request.comment.as_deref().map(text::canonical);
    let change = Change::TerminationRequested { on, reason: request.reason, comment: comment.as_deref() };
    recruitments::change(tx, id, &change)?;
    posts::settle(tx, recruitment.post_id)?;
    told(tx, RecruitmentEvent::TerminationRequested, id)
}

/// The employer takes its request back: the contract goes on.
pub fn cancel_termination(tx: &mut Tx<'_>, id: RecruitmentId, version: Option<Expected>) -> Result<File> {
    let recruitment = lock_with_post(tx, id, version)?;
    after(STEPS, recruitment.status, can::cancel_termination::LINE)?;
    recruitments::change(tx, id, &Change::TerminationCancelled)?;
    posts::settle(tx, recruitment.post_id)?;
    told(tx, RecruitmentEvent::TerminationCancelled, id)
}

/// The contract is broken off on the day asked for. What was to follow it falls with it.
pub fn terminate(tx: &mut Tx<'_>, id: RecruitmentId, version: Option<Expected>) -> Result<File> {
    let locked = lock_all(tx, id, version)?;
    check_termination(&locked.recruitment, tx.today())?;
    let on = locked.recruitment.terminates_on.unwrap_or(tx.today());
    recruitments::change(tx, id, &Change::Terminated)?;
    refuse_pending_extension(tx, id, "Le contrat est rompu.")?;
    if let Some(renewal) = locked.recruitment.renewal_id {
        void(tx, renewal)?;
    }
    posts::vacate(tx, &locked.post, on, false)?;
    release_person(tx, &locked, on)?;
    let file = told(tx, RecruitmentEvent::Terminated, id)?;
    let front_url = &tx.site().front_url;
    to_structure(tx, &file.recruitment, |to| mails::terminated_to_structure(&file.recruitment, on, to))?;
    candidates::write_to(tx, &locked.candidate, |to, leave| {
        mails::ended_to_candidate(front_url, &file.recruitment, on, to, leave)
    })?;
    Ok(file)
}

fn refuse_pending_extension(tx: &mut Tx<'_>, id: RecruitmentId, reason: &str) -> Result<()> {
    match extensions::pending(tx, id)? {
        Some(extension) => {
            extensions::refuse(tx, extension.id, reason)?;
            tell_of_extension(tx, ExtensionEvent::Refused, &extension)
        }
        None => Ok(()),
    }
}

/// A renewal whose predecessor is broken off before it begins.
fn void(tx: &mut Tx<'_>, id: RecruitmentId) -> Result<()> {
    let renewal = recruitments::lock(tx, &Actor::System, id)?.ok_or_else(Problem::not_found)?;
    after(STEPS, renewal.status, "void")?;
    recruitments::change(tx, id, &Change::Cancelled)?;
    emit(tx, RecruitmentEvent::Cancelled, &renewal)
}

/// The person is a candidate again.
fn release_person(tx: &mut Tx<'_>, locked: &Locked, on: NaiveDate) -> Result<()> {
    candidates::release(tx, &locked.candidate)?;
    let candidate = locked.candidate.id;
    let counsellor = tx.as_service(|tx| {
        let counsellor = counsellors::leave(tx, candidate, on)?;
        if let Some(id) = counsellor {
            accounts::close_personal_account(tx, Role::Counsellor, id.uuid())?;
        }
        Ok(counsellor)
    })?;
    match counsellor {
        Some(id) => tell_of_counsellor(tx, CounsellorEvent::Left, id, locked),
        None => Ok(()),
    }
}

/// Completes every contract whose last day has passed. Once a night; tells how many.
pub fn complete_overdue(tx: &mut Tx<'_>) -> Result<usize> {
    let today = tx.today();
    let overdue = recruitments::overdue(tx.conn(), today)?;
    for id in &overdue {
        complete(tx, *id)?;
    }
    Ok(overdue.len())
}

/// The contract has reached its end. A validated renewal goes on from here; one that still waits for its validation keeps
/// the post held; without either the post is vacant and the person free.
fn complete(tx: &mut Tx<'_>, id: RecruitmentId) -> Result<()> {
    let locked = lock_all(tx, id, None)?;
    let recruitment = &locked.recruitment;
    let Some(end) = recruitment.ends_on.filter(|end| *end < tx.today()) else { return Ok(()) };
    // Somebody may have been quicker.
    if recruitment.status != RecruitmentStatus::Validated {
        return Ok(());
    }
    recruitments::change(tx, id, &Change::Completed { on: end })?;
    refuse_pending_extension(tx, id, "Le contrat est arrivé à son terme.")?;
    let renewal = match recruitment.renewal_id {
        Some(renewal) => recruitments::lock(tx, &Actor::System, renewal)?,
        None => None,
    };
    if let Some(renewal) = &renewal {
        recruitments::change(tx, renewal.id, &Change::Begun)?;
    }
    match renewal {
        Some(renewal) if renewal.status == RecruitmentStatus::Validated => {
            appoint(tx, &locked, &renewal)?;
            posts::settle(tx, locked.post.id)?;
            emit(tx, RecruitmentEvent::Begun, &renewal)?;
        }
        other => {
            posts::vacate(tx, &locked.post, end, other.is_some())?;
            release_person(tx, &locked, end)?;
            write_of_end(tx, &locked, recruitment, end)?;
        }
    }
    emit(tx, RecruitmentEvent::Completed, recruitment)
}

fn write_of_end(tx: &mut Tx<'_>, locked: &Locked, recruitment: &Recruitment, end: NaiveDate) -> Result<()> {
    let front_url = &tx.site().front_url;
    to_structure(tx, recruitment, |to| mails::completed_to_structure(recruitment, end, to))?;
    candidates::write_to(tx, &locked.candidate, |to, leave| {
        mails::ended_to_candidate(front_url, recruitment, end, to, leave)
    })
}
