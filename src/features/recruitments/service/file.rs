//! A recruitment as it is shown, and the checks behind every transition of it.

use chrono::NaiveDate;

use crate::features::candidates::service as candidates;
use crate::features::candidates::store::Candidate;
use crate::features::posts::service as posts;
use crate::features::posts::store::posts::Post;
use crate::features::recruitments::dto::Shows;
use crate::features::recruitments::model::{RecruitmentStatus, STEPS};
use crate::features::recruitments::store::recruitments::{self, Recruitment, Search};
use crate::features::recruitments::store::rectifications::{self, Former};
use crate::features::structures::model::StructureStatus;
use crate::features::structures::service as structures;
use crate::features::structures::store::Structure;
use crate::platform::auth::policy::{Line, Permission};
use crate::platform::auth::{Actor, can};
use crate::platform::db::listing::{PageSpec, Rows};
use crate::platform::db::text_enum::TextEnum;
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, Problem, Result};
use crate::platform::events::{self, RecruitmentEvent};
use crate::platform::ids::RecruitmentId;
use crate::platform::transitions::{Expected, Transition, after, require_version};

/// A recruitment with what may be done with it.
pub struct File {
    pub recruitment: Recruitment,
    pub shows: Shows,
    /// What it said before it was corrected, the newest first.
    pub former: Vec<Former>,
    pub transitions: Vec<Transition>,
}

/// What of a recruitment an actor is shown.
pub fn shows(actor: &Actor) -> Shows {
    let people = !matches!(actor, Actor::Observer(_));
    Shows { people, pay: people && !matches!(actor, Actor::Prefecture(_)) }
}

/// The recruitments that the caller may see.
pub fn list(reader: &mut Reader<'_>, search: &Search, page: &PageSpec) -> Result<Rows<Recruitment>> {
    let actor = reader.actor().clone();
    if !matches!(actor, Actor::Observer(_)) {
        return recruitments::list(reader.conn(), &actor, search, page);
    }
    // The rows are closed to observers; of those within their territory they may know the contract. A filter by person
    // would tell what the answer does not.
    reader.widen()?;
    recruitments::list(reader.conn(), &actor, &Search { candidate: None, ..search.clone() }, page)
}

pub fn find(reader: &mut Reader<'_>, id: RecruitmentId) -> Result<File> {
    let recruitment = require(reader, id)?;
    let former = rectifications::of(reader.conn(), id)?;
    Ok(file(reader, recruitment, former))
}

/// A recruitment that the caller may see.
pub(super) fn require(reader: &mut Reader<'_>, id: RecruitmentId) -> Result<Recruitment> {
    let actor = reader.actor().clone();
    recruitments::find(reader.conn(), &actor, id)?.ok_or_else(Problem::not_found)
}

fn file(reader: &Reader<'_>, recruitment: Recruitment, former: Vec<Former>) -> File {
    let (principal, today) = (reader.principal(), reader.today());
    let by_state = |line| Transition::of_state(line, principal, STEPS, recruitment.status);
    let undone = |line| Transition::new(line, principal, check_undo(&recruitment, line, today));
    let transitions = vec![
        by_state(can::update_recruitment::LINE),
        Transition::new(can::validate_recruitment::LINE, principal, check_validate(&recruitment)),
        undone(can::refuse_recruitment::LINE),
        undone(can::cancel_recruitment::LINE),
        by_state(can::decline_recruitment::LINE),
        Transition::new(can::request_extension::LINE, principal, check_extension(&recruitment, today)),
        Transition::new(can::renew_recruitment::LINE, principal, check_renewal(&recruitment, today)),
        Transition::new(can::request_termination::LINE, principal, check_termination_request(&recruitment, today)),
        Transition::new(can::cancel_termination::LINE, principal, check_termination_cancel(&recruitment, today)),
        Transition::new(can::terminate_recruitment::LINE, principal, check_termination(&recruitment, today)),
        Transition::new(can::rectify_recruitment::LINE, principal, check_rectification(&recruitment)),
    ];
    File { shows: shows(reader.actor()), recruitment, former, transitions }
}

/// The structure must still be retained; a renewal needs a contract to renew.
pub(super) fn check_validate(recruitment: &Recruitment) -> Result<()> {
    after(STEPS, recruitment.status, can::validate_recruitment::LINE)?;
    require_retained(recruitment.structure_status)?;
    require_documents(recruitment)?;
    match recruitment.previous_status {
        Some(status) if recruitment.waiting && status != RecruitmentStatus::Validated => {
            Err(Problem::new(Code::RenewalWaits).with("status", status))
        }
        _ => Ok(()),
    }
}

/// Nothing is validated, and paid, without the papers that every file needs: the signed contract above all.
fn require_documents(recruitment: &Recruitment) -> Result<()> {
    let missing: Vec<&str> = recruitment.documents_missing().iter().map(|paper| paper.as_str()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Problem::new(Code::DocumentsMissing)
        .with("missing", missing.join(", "))
        .extension("documents_missing", missing))
}

pub(super) fn require_retained(status: StructureStatus) -> Result<()> {
    if status == StructureStatus::Retained {
        return Ok(());
    }
    Err(Problem::new(Code::StructureNotRetained).with("status", status))
}

/// Whatever is done with a running contract needs one that has begun and is not over. The day decides, not the night.
fn require_running(recruitment: &Recruitment, today: NaiveDate) -> Result<()> {
    if recruitment.waiting {
        let status = recruitment.previous_status.unwrap_or(RecruitmentStatus::Validated);
        return Err(Problem::new(Code::RenewalWaits).with("status", status));
    }
    require_not_over(recruitment.ends_on, today)
}

/// A contract whose last day has passed goes on for nobody.
pub(super) fn require_not_over(ends_on: Option<NaiveDate>, today: NaiveDate) -> Result<()> {
    match ends_on.filter(|end| *end < today) {
        Some(end) => Err(Problem::new(Code::ContractOver).with("date", end)),
        None => Ok(()),
    }
}

/// What waits for its decision, or is validated and has not begun, can be undone.
pub(super) fn check_undo(recruitment: &Recruitment, line: &'static Line, today: NaiveDate) -> Result<()> {
    after(STEPS, recruitment.status, line)?;
    if recruitment.status == RecruitmentStatus::Validated && recruitment.has_begun(today) {
        return Err(Problem::new(Code::ContractBegun).with("date", recruitment.starts_on));
    }
    Ok(())
}

fn require_end(recruitment: &Recruitment) -> Result<NaiveDate> {
    recruitment.ends_on.ok_or_else(|| Problem::new(Code::ContractOpenEnded))
}

fn require_no_renewal(recruitment: &Recruitment) -> Result<()> {
    if recruitment.renewal_id.is_some() {
        return Err(Problem::new(Code::RenewalExists));
    }
    Ok(())
}

fn require_no_extension(recruitment: &Recruitment) -> Result<()> {
    if recruitment.pending_extension_id.is_some() {
        return Err(Problem::new(Code::ExtensionExists));
    }
    Ok(())
}

pub(super) fn check_extension(recruitment: &Recruitment, today: NaiveDate) -> Result<()> {
    after(STEPS, recruitment.status, can::request_extension::LINE)?;
    require_running(recruitment, today)?;
    require_end(recruitment)?;
    require_no_renewal(recruitment)?;
    require_no_extension(recruitment)
}

pub(super) fn check_renewal(recruitment: &Recruitment, today: NaiveDate) -> Result<()> {
    after(STEPS, recruitment.status, can::renew_recruitment::LINE)?;
    require_running(recruitment, today)?;
    require_end(recruitment)?;
    require_no_renewal(recruitment)?;
    require_no_extension(recruitment)?;
    require_retained(recruitment.structure_status)
}

pub(super) fn check_termination_request(recruitment: &Recruitment, today: NaiveDate) -> Result<()> {
    after(STEPS, recruitment.status, can::request_termination::LINE)?;
    require_running(recruitment, today)?;
    if !recruitment.has_begun(today) {
        return Err(Problem::new(Code::ContractNotBegun).with("date", recruitment.starts_on));
    }
    Ok(())
}

/// Taken back while the contract would go on: a term that has passed is over all the same.
pub(super) fn check_termination_cancel(recruitment: &Recruitment, today: NaiveDate) -> Result<()> {
    after(STEPS, recruitment.status, can::cancel_termination::LINE)?;
    require_not_over(recruitment.ends_on, today)
}

pub(super) fn check_termination(recruitment: &Recruitment, today: NaiveDate) -> Result<()> {
    after(STEPS, recruitment.status, can::terminate_recruitment::LINE)?;
    match recruitment.terminates_on {
        Some(date) if date > today => Err(Problem::new(Code::TerminationNotDue).with("date", date)),
        _ => Ok(()),
    }
}

/// Whatever was validated once, and neither refused nor cancelled since.
pub(super) fn check_rectification(recruitment: &Recruitment) -> Result<()> {
    after(STEPS, recruitment.status, can::rectify_recruitment::LINE).map(|_| ())
}

/// A recruitment with all that hangs on it, locked in order until the end of the transaction.
pub(super) struct Locked {
    pub structure: Structure,
    pub post: Post,
    pub candidate: Candidate,
    pub recruitment: Recruitment,
}

/// Locks a recruitment of the caller's reach with its structure, post and candidate.
pub(super) fn lock_all(tx: &mut Tx<'_>, id: RecruitmentId, version: Option<Expected>) -> Result<Locked> {
    let seen = require(&mut tx.reader(), id)?;
    require_version(version, seen.version)?;
    let structure = structures::lock_any(tx, seen.structure_id)?;
    let post = posts::lock_any(tx, seen.post_id)?;
    let candidate = candidates::lock_any(tx, seen.candidate_id)?;
    let recruitment = lock(tx, id, version)?;
    // A post moves with its contract: whatever was read before the locks may be another one now.
    if recruitment.structure_id != structure.id {
        return Err(Problem::new(Code::PreconditionFailed));
    }
    Ok(Locked { structure, post, candidate, recruitment })
}

/// Locks a recruitment with its post only: for what changes neither structure nor candidate.
pub(super) fn lock_with_post(tx: &mut Tx<'_>, id: RecruitmentId, version: Option<Expected>) -> Result<Recruitment> {
    let seen = require(&mut tx.reader(), id)?;
    require_version(version, seen.version)?;
    posts::lock_any(tx, seen.post_id)?;
    lock(tx, id, version)
}

pub(super) fn lock(tx: &mut Tx<'_>, id: RecruitmentId, version: Option<Expected>) -> Result<Recruitment> {
    let actor = tx.actor().clone();
    let recruitment = recruitments::lock(tx, &actor, id)?.ok_or_else(Problem::not_found)?;
    require_version(version, recruitment.version)?;
    Ok(recruitment)
}

/// Tells of what happened and answers the recruitment as it is now.
pub(super) fn told(tx: &mut Tx<'_>, kind: RecruitmentEvent, id: RecruitmentId) -> Result<File> {
    let file = find(&mut tx.reader(), id)?;
    emit(tx, kind, &file.recruitment)?;
    Ok(file)
}

pub(super) fn emit(tx: &mut Tx<'_>, kind: RecruitmentEvent, recruitment: &Recruitment) -> Result<()> {
    let (departement, region) = (recruitment.departement_code.as_str(), recruitment.region_code.as_str());
    let place = Some((Some(recruitment.structure_id), departement, region));
    events::emit(tx, kind, recruitment.id.uuid(), place)
}

/// What a locked recruitment shows has changed, beside what other events tell.
pub(super) fn tell_of_change(tx: &mut Tx<'_>, id: RecruitmentId) -> Result<Recruitment> {
    let recruitment = lock(tx, id, None)?;
    emit(tx, RecruitmentEvent::Changed, &recruitment)?;
    Ok(recruitment)
}
