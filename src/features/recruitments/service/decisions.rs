//! A submitted recruitment is validated, refused or cancelled.

use serde_json::{Map, Value, json};

use super::endings::release_person;
use super::file::{File, Locked, check_undo, check_validate, emit, lock_all, told};
use crate::features::accounts::service as accounts;
use crate::features::candidates::service as candidates;
use crate::features::matching::service as matching;
use crate::features::posts::service as posts;
use crate::features::recruitments::dto::RecruitmentValidation;
use crate::features::recruitments::mails;
use crate::features::recruitments::model::{RecruitmentStatus, STEPS};
use crate::features::recruitments::store::counsellors;
use crate::features::recruitments::store::recruitments::{self, Change, Recruitment};
use crate::features::structures::service as structures;
use crate::platform::auth::policy::{Permission, can};
use crate::platform::auth::{Actor, Role};
use crate::platform::db::Tx;
use crate::platform::error::{Code, Problem, Result};
use crate::platform::events::{self, CounsellorEvent, RecruitmentEvent};
use crate::platform::ids::{CounsellorId, RecruitmentId};
use crate::platform::mail::Email;
use crate::platform::transitions::{Expected, after};
use crate::platform::{mail, text};

/// The post is occupied, the candidate a counsellor. A renewal waits for the end of the contract that it renews.
pub fn validate(
    tx: &mut Tx<'_>,
    id: RecruitmentId,
    version: Option<Expected>,
    expected: &RecruitmentValidation,
) -> Result<File> {
    let locked = lock_all(tx, id, version)?;
    check_validate(&locked.recruitment)?;
    require_terms(expected, &locked.recruitment)?;
    if locked.recruitment.waiting {
        recruitments::change(tx, id, &Change::Validated)?;
        posts::settle(tx, locked.post.id)?;
    } else {
        candidates::require_recruitable(&locked.candidate)?;
        recruitments::change(tx, id, &Change::Validated)?;
        begin(tx, &locked)?;
    }
    let file = told(tx, RecruitmentEvent::Validated, id)?;
    let front_url = &tx.site().front_url;
    to_structure(tx, &file.recruitment, |to| mails::validated_to_structure(&file.recruitment, to))?;
    candidates::write_to(tx, &locked.candidate, |to, leave| {
        mails::validated_to_candidate(front_url, &file.recruitment, to, leave)
    })?;
    Ok(file)
}

/// What is validated is what was read.
fn require_terms(expected: &RecruitmentValidation, recruitment: &Recruitment) -> Result<()> {
    let actual = RecruitmentValidation::of(recruitment);
    let members = [
        ("starts_on", json!(expected.expected_starts_on), json!(actual.expected_starts_on)),
        ("ends_on", json!(expected.expected_ends_on), json!(actual.expected_ends_on)),
        (
            "gross_monthly_salary_cents",
            json!(expected.expected_gross_monthly_salary_cents),
            json!(actual.expected_gross_monthly_salary_cents),
        ),
    ];
    let others: Vec<_> = members.into_iter().filter(|(_, expected, actual)| expected != actual).collect();
    if others.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = others.iter().map(|(name, ..)| *name).collect();
    let side = |of: fn(&(&'static str, Value, Value)) -> Value| -> Value {
        others.iter().map(|member| (member.0.to_owned(), of(member))).collect::<Map<_, _>>().into()
    };
    Err(Problem::new(Code::TermsChanged)
        .with("members", names.join(", "))
        .extension("expected", side(|member| member.1.clone()))
        .extension("actual", side(|member| member.2.clone())))
}

/// A validated recruitment takes effect: post, candidate, matches, counsellor, account.
fn begin(tx: &mut Tx<'_>, locked: &Locked) -> Result<()> {
    posts::fill(tx, &locked.post)?;
    posts::settle(tx, locked.post.id)?;
    candidates::recruit(tx, &locked.candidate)?;
    matching::close_of_recruited(tx, &locked.candidate, locked.structure.id)?;
    let counsellor = appoint(tx, locked, &locked.recruitment)?;
    if let Some(email) = &locked.candidate.email {
        tx.as_service(|tx| {
            accounts::open_personal_account(tx, Role::Counsellor, counsellor.uuid(), email).map(|_| ())
        })?;
    }
    Ok(())
}

/// Makes the person of a recruitment its counsellor, and tells of it.
pub(super) fn appoint(tx: &mut Tx<'_>, locked: &Locked, recruitment: &Recruitment) -> Result<CounsellorId> {
    let counsellor = tx.as_service(|tx| {
        counsellors::begin(
            tx,
            recruitment.candidate_id,
            recruitment.id,
            recruitment.structure_id,
            recruitment.starts_on,
        )
    })?;
    tell_of_counsellor(tx, CounsellorEvent::Appointed, counsellor, locked)?;
    Ok(counsellor)
}

pub(super) fn tell_of_counsellor(
    tx: &mut Tx<'_>,
    kind: CounsellorEvent,
    counsellor: CounsellorId,
    locked: &Locked,
) -> Result<()> {
    let structure = &locked.structure;
    let place = Some((Some(structure.id), structure.departement_code.as_str(), structure.region_code.as_str()));
    events::emit(tx, kind, counsellor.uuid(), place)
}

/// The post is free for another candidate. A contract that was validated is refused until its first day.
pub fn refuse(tx: &mut Tx<'_>, id: RecruitmentId, version: Option<Expected>, reason: &str) -> Result<File> {
    let locked = lock_all(tx, id, version)?;
    check_undo(&locked.recruitment, can::refuse_recruitment::LINE, tx.today())?;
    let reason = text::canonical(reason);
    recruitments::change(tx, id, &Change::Refused { reason: &reason })?;
    release(tx, &locked)?;
    let file = told(tx, RecruitmentEvent::Refused, id)?;
    to_structure(tx, &file.recruitment, |to| mails::refused_to_structure(&file.recruitment, &reason, to))?;
    let front_url = &tx.site().front_url;
    candidates::write_to(tx, &locked.candidate, |to, leave| {
        mails::refused_to_candidate(front_url, &locked.recruitment, to, leave)
    })?;
    Ok(file)
}

/// The employer takes its submission back, or a validated contract before its first day.
pub fn cancel(tx: &mut Tx<'_>, id: RecruitmentId, version: Option<Expected>) -> Result<File> {
    let locked = lock_all(tx, id, version)?;
    check_undo(&locked.recruitment, can::cancel_recruitment::LINE, tx.today())?;
    recruitments::change(tx, id, &Change::Cancelled)?;
    release(tx, &locked)?;
    let file = told(tx, RecruitmentEvent::Cancelled, id)?;
    let front_url = &tx.site().front_url;
    candidates::write_to(tx, &locked.candidate, |to, leave| {
        mails::cancelled(front_url, &locked.recruitment, to, leave)
    })?;
    Ok(file)
}

/// The person does not agree to the contract that was submitted in their name.
pub fn decline(tx: &mut Tx<'_>, id: RecruitmentId, version: Option<Expected>) -> Result<File> {
    let locked = lock_all(tx, id, version)?;
    after(STEPS, locked.recruitment.status, can::decline_recruitment::LINE)?;
    recruitments::change(tx, id, &Change::Declined)?;
    release(tx, &locked)?;
    let file = told(tx, RecruitmentEvent::Declined, id)?;
    to_structure(tx, &file.recruitment, |to| mails::declined_to_structure(&locked.recruitment, to))?;
    Ok(file)
}

/// What was to be a contract comes to nothing: the post is free again, and so is the person whom a validation had bound. A
/// renewal held nothing of its own.
fn release(tx: &mut Tx<'_>, locked: &Locked) -> Result<()> {
    match (locked.recruitment.waiting, locked.recruitment.status) {
        (true, _) => {
            posts::settle(tx, locked.post.id)?;
            let Some(previous) = locked.recruitment.previous_id else { return Ok(()) };
            recruitments::touch(tx, previous)?;
            tx.as_service(|tx| {
                let previous = recruitments::lock(tx, &Actor::System, previous)?.ok_or_else(Problem::not_found)?;
                emit(tx, RecruitmentEvent::Changed, &previous)
            })
        }
        (false, RecruitmentStatus::Validated) => {
            let today = tx.today();
            posts::vacate(tx, &locked.post, today, false)?;
            release_person(tx, locked, today)
        }
        (false, _) => {
            posts::release(tx, locked.post.id)?;
            candidates::not_recruited(tx, &locked.candidate)
        }
    }
}

/// Writes to the structure of a recruitment, whose contact may be closed to the caller.
pub(super) fn to_structure(
    tx: &mut Tx<'_>,
    recruitment: &Recruitment,
    write: impl FnOnce(&str) -> Email,
) -> Result<()> {
    let address = tx.as_service(|tx| structures::contact_email(tx, recruitment.structure_id))?;
    match address {
        Some(address) => mail::send(tx, &write(&address)),
        None => Ok(()),
    }
}
