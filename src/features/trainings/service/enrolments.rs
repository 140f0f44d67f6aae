//! Enrolments: proposed, confirmed, attended, completed; or dropped, cancelled, exempted.

use chrono::NaiveDate;

use crate::features::accounts::service as accounts;
use crate::features::recruitments::service as recruitments;
use crate::features::structures::service as structures;
use crate::features::trainings::dto::NewEnrolment;
use crate::features::trainings::mails;
use crate::features::trainings::model::{
    AttendanceStatus, ENROLMENT_STEPS, EnrolmentStatus, HalfDay, PathKind, SessionStatus,
};
use crate::features::trainings::store::catalogue;
use crate::features::trainings::store::enrolments::{self, Attendance, Change, Enrolment, NewRow};
use crate::features::trainings::store::sessions::{self, Session};
use crate::platform::auth::policy::Permission;
use crate::platform::auth::{Actor, Role, can};
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, FaultCode, Problem, Result};
use crate::platform::events::{self, EnrolmentEvent, TrainingSessionEvent};
use crate::platform::ids::{CounsellorId, EnrolmentId, TrainingPathId, TrainingSessionId};
use crate::platform::mail::Email;
use crate::platform::transitions::{Expected, Transition, after, require_version};
use crate::platform::{mail, text};

/// An enrolment with its attendance, and what may be done with it.
pub struct EnrolmentFile {
    pub enrolment: Enrolment,
    pub attendance: Vec<Attendance>,
    pub half_days: Vec<String>,
    pub today: NaiveDate,
    pub transitions: Vec<Transition>,
}

pub fn find_enrolment(reader: &mut Reader<'_>, id: EnrolmentId) -> Result<EnrolmentFile> {
    let actor = reader.actor().clone();
    let enrolment = enrolments::find(reader.conn(), &actor, id)?.ok_or_else(Problem::not_found)?;
    let attendance = enrolments::attendance(reader.conn(), id)?;
    let session = match enrolment.session_id {
        Some(session) => sessions::find(reader.conn(), session)?,
        None => None,
    };
    let (principal, today) = (reader.principal(), reader.today());
    let by_state = |line| Transition::of_state(line, principal, ENROLMENT_STEPS, enrolment.status);
    let transitions = vec![
        Transition::new(can::confirm_enrolment::LINE, principal, check_confirm(&enrolment, session.as_ref(), today)),
        by_state(can::cancel_enrolment::LINE),
        by_state(can::drop_out_enrolment::LINE),
        by_state(can::record_attendance::LINE),
        Transition::new(can::complete_enrolment::LINE, principal, check_complete(&enrolment, today)),
        by_state(can::exempt_enrolment::LINE),
    ];
    let half_days = session.map(|session| session.half_days).unwrap_or_default();
    Ok(EnrolmentFile { enrolment, attendance, half_days, today, transitions })
}

fn check_confirm(enrolment: &Enrolment, session: Option<&Session>, today: NaiveDate) -> Result<()> {
    after(ENROLMENT_STEPS, enrolment.status, can::confirm_enrolment::LINE)?;
    match session {
        None => Err(Problem::new(Code::EnrolmentNeedsSession)),
        Some(session) => require_open(session, today),
    }
}

/// A session that nobody cancelled and that is not over.
fn require_open(session: &Session, today: NaiveDate) -> Result<()> {
    if session.status == SessionStatus::Cancelled {
        return Err(Problem::new(Code::SessionCancelled));
    }
    if session.starts_on <= today {
        return Err(Problem::new(Code::SessionBegun).with("date", session.starts_on));
    }
    Ok(())
}

/// The session is over, and every half-day is accounted for.
fn check_complete(enrolment: &Enrolment, today: NaiveDate) -> Result<()> {
    after(ENROLMENT_STEPS, enrolment.status, can::complete_enrolment::LINE)?;
    if let Some(end) = enrolment.ends_on.filter(|end| *end > today) {
        return Err(Problem::new(Code::SessionNotOver).with("date", end));
    }
    let open = enrolment.half_days_count - enrolment.recorded_count;
    if open > 0 {
        return Err(Problem::new(Code::AttendanceMissing).with("count", open));
    }
    // A training that nobody attended is none, whatever was paid for it: the person is dropped out instead.
    if enrolment.half_days_count > 0 && enrolment.attended_count == 0 {
        return Err(Problem::new(Code::NothingAttended));
    }
    Ok(())
}

/// Enrols a counsellor in a session, or asks for a path for which no session was found yet.
pub fn enrol(tx: &mut Tx<'_>, new: &NewEnrolment) -> Result<EnrolmentFile> {
    let counsellor = match (tx.actor(), new.counsellor_id) {
        (Actor::Counsellor(own), None) => *own,
        (Actor::Counsellor(own), Some(named)) if named != *own => {
            return Err(Problem::invalid_field("counsellor_id", FaultCode::UnknownId));
        }
        (_, Some(named)) => named,
        (_, None) => return Err(Problem::invalid_field("counsellor_id", FaultCode::Required)),
    };
    if new.session_id.is_some() == new.path_id.is_some() {
        return Err(Problem::invalid_field("session_id", FaultCode::InvalidValue));
    }
    let (path, kind, session) = match (new.session_id, new.path_id) {
        (Some(id), _) => {
            let session = seen_session(tx, id)?;
            (session.path_id, session.kind, Some(session))
        }
        (None, id) => {
            let (path, kind) = seen_path(tx, id)?;
            (path, kind, None)
        }
    };
    let today = tx.today();
    let first = session.as_ref().map_or(today, |session| session.starts_on);
    // The contract is locked before the seat: it may be ending.
    let contract = tx.as_service(|tx| enrolments::lock_contract(tx, counsellor, first))?;
    let within = |(_, structure): &(_, _)| match tx.actor() {
        Actor::Employer(own) => own == structure,
        _ => true,
    };
    let (recruitment_id, structure_id) = match contract {
        Some(found) if within(&found) => found,
        Some(_) => return Err(Problem::invalid_field("counsellor_id", FaultCode::UnknownId)),
        None => return Err(uncovered(tx, counsellor, first)?),
    };
    // The date decides, and not the night.
    tx.as_service(|tx| {
        for id in enrolments::lapsed(tx.conn(), Some(counsellor), today)? {
            cancel_lapsed(tx, id)?;
        }
        Ok(())
    })?;
    let session = match session {
        Some(session) => {
            let session = sessions::lock(tx, session.id)?.ok_or_else(Problem::not_found)?;
            require_open(&session, today)?;
            if session.seats_taken >= session.capacity {
                return Err(Problem::new(Code::SessionFull));
            }
            take_seats(tx, session.id, 1)?;
            Some(session)
        }
        None => None,
    };
    let session = session.map(|session| (session.id, session.body_id, session.starts_on, session.ends_on));
    // What was asked for by its path takes the session that was found for it.
    if let Some(session) = session
        && let Some(waiting) = tx.as_service(|tx| enrolments::waiting(tx, counsellor, path))?
    {
        tx.as_service(|tx| enrolments::take_session(tx, waiting, session, recruitment_id, structure_id))?;
        return announced(tx, waiting);
    }
    if kind == PathKind::Continuing && tx.as_service(|tx| enrolments::has_continuing(tx, counsellor, first))? {
        return Err(Problem::new(Code::ContinuingModuleExists));
    }
    let row = NewRow {
        id: EnrolmentId::new(),
        counsellor_id: counsellor,
        recruitment_id,
        structure_id,
        path_id: path,
        kind,
        session,
    };
    tx.as_service(|tx| enrolments::insert(tx, &row))?;
    announced(tx, row.id)
}

fn announced(tx: &mut Tx<'_>, id: EnrolmentId) -> Result<EnrolmentFile> {
    let file = told(tx, EnrolmentEvent::Proposed, id)?;
    to_structure(tx, &file.enrolment, |to| mails::proposed(&file.enrolment, to))?;
    Ok(file)
}

/// Cancels what was proposed and not confirmed before its session began: it keeps no seat, and stands in the way of no other.
fn cancel_lapsed(tx: &mut Tx<'_>, id: EnrolmentId) -> Result<()> {
    let Some(seen) = enrolments::find(tx.conn(), &Actor::System, id)? else { return Ok(()) };
    if let Some(session) = seen.session_id {
        sessions::lock(tx, session)?;
    }
    let enrolment = enrolments::lock(tx, &Actor::System, id)?.ok_or_else(Problem::not_found)?;
    // Somebody may have been quicker.
    if enrolment.status != EnrolmentStatus::Proposed {
        return Ok(());
    }
    after(ENROLMENT_STEPS, enrolment.status, "lapse")?;
    enrolments::change(tx, id, &Change::Cancelled)?;
    free_seat(tx, &enrolment)?;
    let (departement, region) = (enrolment.departement_code.as_str(), enrolment.region_code.as_str());
    events::emit(tx, EnrolmentEvent::Cancelled, id.uuid(), Some((Some(enrolment.employer_id), departement, region)))?;
    let reason = Some("L'inscription n'a pas été confirmée avant le début de la session.");
    to_structure(tx, &enrolment, |to| mails::cancelled(&enrolment, reason, to))?;
    to_person(tx, &enrolment, |to| mails::cancelled(&enrolment, reason, to))
}

/// Whether the counsellor is out of reach, or only without a contract on that day.
fn uncovered(tx: &mut Tx<'_>, counsellor: CounsellorId, on: NaiveDate) -> Result<Problem> {
    let known = recruitments::find_counsellor(&mut tx.reader(), counsellor).is_ok();
    let blind = matches!(tx.actor(), Actor::TrainingBody(_));
    Ok(match known || blind {
        true => Problem::new(Code::NoContractOnThatDay).with("date", on),
        false => Problem::invalid_field("counsellor_id", FaultCode::UnknownId),
    })
}

fn seen_session(tx: &mut Tx<'_>, id: TrainingSessionId) -> Result<Session> {
    let session = sessions::find(tx.conn(), id)?;
    let own = |session: &Session| match tx.actor() {
        Actor::TrainingBody(own) => *own == session.body_id,
        _ => true,
    };
    session.filter(own).ok_or_else(|| Problem::invalid_field("session_id", FaultCode::UnknownId))
}

fn seen_path(tx: &mut Tx<'_>, id: Option<TrainingPathId>) -> Result<(TrainingPathId, PathKind)> {
    let unknown = || Problem::invalid_field("path_id", FaultCode::UnknownId);
    // A training body fills its own sessions.
    if matches!(tx.actor(), Actor::TrainingBody(_)) {
        return Err(Problem::invalid_field("session_id", FaultCode::Required));
    }
    let path = catalogue::find_path(tx.conn(), id.ok_or_else(unknown)?)?.ok_or_else(unknown)?;
    Ok((path.id, path.kind))
}

/// Locks an enrolment of the caller's reach, its session first.
fn lock(tx: &mut Tx<'_>, id: EnrolmentId, version: Option<Expected>) -> Result<(Enrolment, Option<Session>)> {
    let actor = tx.actor().clone();
    let seen = enrolments::find(tx.conn(), &actor, id)?.ok_or_else(Problem::not_found)?;
    require_version(version, seen.version)?;
    let session = match seen.session_id {
        Some(session) => sessions::lock(tx, session)?,
        None => None,
    };
    let enrolment = enrolments::lock(tx, &actor, id)?.ok_or_else(Problem::not_found)?;
    require_version(version, enrolment.version)?;
    Ok((enrolment, session))
}

pub fn confirm(tx: &mut Tx<'_>, id: EnrolmentId, version: Option<Expected>) -> Result<EnrolmentFile> {
    let (enrolment, session) = lock(tx, id, version)?;
    check_confirm(&enrolment, session.as_ref(), tx.today())?;
    enrolments::change(tx, id, &Change::Confirmed)?;
    let file = told(tx, EnrolmentEvent::Confirmed, id)?;
    to_structure(tx, &file.enrolment, |to| mails::confirmed(&file.enrolment, to))?;
    to_person(tx, &file.enrolment, |to| mails::confirmed(&file.enrolment, to))?;
    Ok(file)
}

pub fn cancel(tx: &mut Tx<'_>, id: EnrolmentId, version: Option<Expected>) -> Result<EnrolmentFile> {
    let (enrolment, _) = lock(tx, id, version)?;
    after(ENROLMENT_STEPS, enrolment.status, can::cancel_enrolment::LINE)?;
    enrolments::change(tx, id, &Change::Cancelled)?;
    free_seat(tx, &enrolment)?;
    let file = told(tx, EnrolmentEvent::Cancelled, id)?;
    to_structure(tx, &file.enrolment, |to| mails::cancelled(&file.enrolment, None, to))?;
    to_person(tx, &file.enrolment, |to| mails::cancelled(&file.enrolment, None, to))?;
    Ok(file)
}

/// An enrolment whose locked session is cancelled; the session gives its seats back itself.
pub(super) fn cancel_with_session(tx: &mut Tx<'_>, id: EnrolmentId, reason: &str) -> Result<()> {
    enrolments::lock(tx, &Actor::System, id)?;
    enrolments::change(tx, id, &Change::Cancelled)?;
    let file = told(tx, EnrolmentEvent::Cancelled, id)?;
    to_structure(tx, &file.enrolment, |to| mails::cancelled(&file.enrolment, Some(reason), to))?;
    to_person(tx, &file.enrolment, |to| mails::cancelled(&file.enrolment, Some(reason), to))
}

fn free_seat(tx: &mut Tx<'_>, enrolment: &Enrolment) -> Result<()> {
    match enrolment.session_id {
        Some(session) => take_seats(tx, session, -1),
        None => Ok(()),
    }
}

/// The session shows its seats: who copies it learns of each.
fn take_seats(tx: &mut Tx<'_>, session: TrainingSessionId, seats: i32) -> Result<()> {
    sessions::take_seats(tx, session, seats)?;
    events::emit(tx, TrainingSessionEvent::Updated, session.uuid(), None)
}

/// The person needs not follow the path: with proof. The seat is free for somebody else.
pub fn exempt(tx: &mut Tx<'_>, id: EnrolmentId, version: Option<Expected>, proof: &str) -> Result<EnrolmentFile> {
    let (enrolment, _) = lock(tx, id, version)?;
    after(ENROLMENT_STEPS, enrolment.status, can::exempt_enrolment::LINE)?;
    let proof = text::canonical(proof);
    enrolments::change(tx, id, &Change::Exempted { proof: &proof })?;
    free_seat(tx, &enrolment)?;
    told(tx, EnrolmentEvent::Exempted, id)
}

pub fn drop_out(tx: &mut Tx<'_>, id: EnrolmentId, version: Option<Expected>) -> Result<EnrolmentFile> {
    let (enrolment, _) = lock(tx, id, version)?;
    after(ENROLMENT_STEPS, enrolment.status, can::drop_out_enrolment::LINE)?;
    enrolments::change(tx, id, &Change::DroppedOut)?;
    told(tx, EnrolmentEvent::DroppedOut, id)
}

pub fn complete(tx: &mut Tx<'_>, id: EnrolmentId, version: Option<Expected>) -> Result<EnrolmentFile> {
    let (enrolment, _) = lock(tx, id, version)?;
    check_complete(&enrolment, tx.today())?;
    let on = enrolment.ends_on.unwrap_or(tx.today());
    enrolments::change(tx, id, &Change::Completed { on })?;
    told(tx, EnrolmentEvent::Completed, id)
}

/// Records whether the person attended a half-day of the session that has passed.
pub fn record_attendance(
    tx: &mut Tx<'_>,
    id: EnrolmentId,
    version: Option<Expected>,
    half_day: &str,
    status: AttendanceStatus,
) -> Result<EnrolmentFile> {
    let (enrolment, session) = lock(tx, id, version)?;
    after(ENROLMENT_STEPS, enrolment.status, can::record_attendance::LINE)?;
    let known = session.is_some_and(|session| session.half_days.iter().any(|known| known == half_day));
    let Some(day) = HalfDay::parse(half_day).filter(|_| known) else {
        return Err(Problem::not_found());
    };
    if day.on > tx.today() {
        return Err(Problem::new(Code::HalfDayToCome).with("date", day.on));
    }
    enrolments::record(tx, id, half_day, status)?;
    enrolments::touch(tx, id)?;
    told(tx, EnrolmentEvent::AttendanceRecorded, id)
}

/// Starts what begins today, and cancels what nobody can attend because the contract has ended. Once a night; tells how
/// many of each.
pub fn settle_all(tx: &mut Tx<'_>) -> Result<(usize, usize)> {
    let today = tx.today();
    let uncovered = enrolments::uncovered(tx.conn(), today)?;
    for id in &uncovered {
        let (enrolment, _) = lock(tx, *id, None)?;
        // Somebody may have been quicker.
        if matches!(enrolment.status, EnrolmentStatus::Proposed | EnrolmentStatus::Confirmed) {
            enrolments::change(tx, *id, &Change::Cancelled)?;
            free_seat(tx, &enrolment)?;
            told(tx, EnrolmentEvent::Cancelled, *id)?;
        }
    }
    let lapsed = enrolments::lapsed(tx.conn(), None, today)?;
    for id in &lapsed {
        cancel_lapsed(tx, *id)?;
    }
    let begun = enrolments::to_start(tx.conn(), today)?;
    for id in &begun {
        let (enrolment, _) = lock(tx, *id, None)?;
        if enrolment.status == EnrolmentStatus::Confirmed {
            enrolments::change(tx, *id, &Change::Started)?;
            told(tx, EnrolmentEvent::Started, *id)?;
        }
    }
    Ok((begun.len(), uncovered.len() + lapsed.len()))
}

fn told(tx: &mut Tx<'_>, kind: EnrolmentEvent, id: EnrolmentId) -> Result<EnrolmentFile> {
    let file = find_enrolment(&mut tx.reader(), id)?;
    let enrolment = &file.enrolment;
    let (departement, region) = (enrolment.departement_code.as_str(), enrolment.region_code.as_str());
    let place = Some((Some(enrolment.employer_id), departement, region));
    events::emit(tx, kind, id.uuid(), place)?;
    Ok(file)
}

fn to_structure(tx: &mut Tx<'_>, enrolment: &Enrolment, write: impl FnOnce(&str) -> Email) -> Result<()> {
    match tx.as_service(|tx| structures::contact_email(tx, enrolment.employer_id))? {
        Some(address) => mail::send(tx, &write(&address)),
        None => Ok(()),
    }
}

fn to_person(tx: &mut Tx<'_>, enrolment: &Enrolment, write: impl FnOnce(&str) -> Email) -> Result<()> {
    let counsellor = enrolment.counsellor_id.uuid();
    match tx.as_service(|tx| accounts::personal_address(tx, Role::Counsellor, counsellor))? {
        Some(address) => mail::send(tx, &write(&address)),
        None => Ok(()),
    }
}
