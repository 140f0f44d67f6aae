//! Contracts that are broken off, or reach their end.

use chrono::{NaiveDate, TimeDelta};
use serde::Serialize;

use super::decisions::{appoint, tell_of_counsellor, to_structure};
use super::extensions::tell_of_extension;
use super::file::{
    File, Locked, check_termination, check_termination_cancel, check_termination_request, emit, lock_all,
    lock_with_post, told,
};
use crate::features::accounts::service as accounts;
use crate::features::candidates::service as candidates;
use crate::features::posts::service as posts;
use crate::features::recruitments::dto::TerminationRequest;
use crate::features::recruitments::mails;
use crate::features::recruitments::model::{RecruitmentStatus, STEPS, TERMINATION_WAITS_DAYS};
use crate::features::recruitments::store::recruitments::{self, Change, Recruitment};
use crate::features::recruitments::store::{counsellors, extensions};
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
    check_termination_request(&recruitment, tx.today())?;
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
    check_termination_cancel(&recruitment, tx.today())?;
    recruitments::change(tx, id, &Change::TerminationCancelled)?;
    posts::settle(tx, recruitment.post_id)?;
    told(tx, RecruitmentEvent::TerminationCancelled, id)
}

/// The contract is broken off on the day asked for. What was to follow it falls with it.
pub fn terminate(tx: &mut Tx<'_>, id: RecruitmentId, version: Option<Expected>) -> Result<File> {
    let locked = lock_all(tx, id, version)?;
    check_termination(&locked.recruitment, tx.today())?;
    break_off(tx, &locked, &Change::Terminated)
}

/// The contract ends on the day asked for, with all that hangs on it.
fn break_off(tx: &mut Tx<'_>, locked: &Locked, change: &Change<'_>) -> Result<File> {
    let id = locked.recruitment.id;
    let on = locked.recruitment.terminates_on.unwrap_or(tx.today());
    recruitments::change(tx, id, change)?;
    refuse_pending_extension(tx, id, "Le contrat est rompu.")?;
    if let Some(renewal) = locked.recruitment.renewal_id {
        void(tx, renewal)?;
    }
    posts::vacate(tx, &locked.post, on, false)?;
    release_person(tx, locked, on)?;
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
pub(super) fn release_person(tx: &mut Tx<'_>, locked: &Locked, on: NaiveDate) -> Result<()> {
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

/// Completes every contract whose last day has passed, carries out the terminations that nobody decided, and tells of the
/// contracts whose first day has come. Once a night; tells how many of each. Only what is told waits for the night: what
/// is paid, counted and allowed goes by the day.
pub fn keep_calendar(tx: &mut Tx<'_>) -> Result<Kept> {
    let today = tx.today();
    let overdue = recruitments::overdue(tx.conn(), today)?;
    for id in &overdue {
        complete(tx, *id)?;
    }
    let undecided = recruitments::undecided(tx.conn(), today - TimeDelta::days(TERMINATION_WAITS_DAYS))?;
    for id in &undecided {
        lapse(tx, *id)?;
    }
    let beginning = recruitments::beginning(tx.conn(), today)?;
    for id in &beginning {
        begin(tx, *id)?;
    }
    Ok(Kept { completed: overdue.len(), lapsed: undecided.len(), begun: beginning.len() })
}

/// How many contracts a night completed, broke off and began.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Kept {
    pub completed: usize,
    pub lapsed: usize,
    pub begun: usize,
}

/// Nobody has decided on the termination in time: it is carried out as it was asked for.
fn lapse(tx: &mut Tx<'_>, id: RecruitmentId) -> Result<()> {
    let locked = lock_all(tx, id, None)?;
    // Somebody may have been quicker.
    if locked.recruitment.status != RecruitmentStatus::TerminationRequested {
        return Ok(());
    }
    after(STEPS, locked.recruitment.status, "lapse")?;
    break_off(tx, &locked, &Change::Lapsed).map(|_| ())
}

/// The first day of a validated contract has come.
fn begin(tx: &mut Tx<'_>, id: RecruitmentId) -> Result<()> {
    let locked = lock_all(tx, id, None)?;
    if locked.recruitment.status != RecruitmentStatus::Validated {
        return Ok(());
    }
    recruitments::change(tx, id, &Change::Begun)?;
    posts::begin(tx, &locked.post)?;
    appoint(tx, &locked, &locked.recruitment)?;
    emit(tx, RecruitmentEvent::Begun, &locked.recruitment)
}

/// The contract has reached its end, or the earlier day that was asked for and is not decided. A validated renewal goes on from here; one that still waits for its validation keeps
/// the post held; without either the post is vacant and the person free.
fn complete(tx: &mut Tx<'_>, id: RecruitmentId) -> Result<()> {
    let locked = lock_all(tx, id, None)?;
    let recruitment = &locked.recruitment;
    let live = matches!(recruitment.status, RecruitmentStatus::Validated | RecruitmentStatus::TerminationRequested);
    let Some(end) = recruitment.last_on.filter(|_| live && recruitment.is_over(tx.today())) else {
        // Somebody has been quicker.
        return Ok(());
    };
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
