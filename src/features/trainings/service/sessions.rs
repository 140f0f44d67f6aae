//! Sessions: planned by a body, seen by all, cancelled with their enrolments.

use chrono::{NaiveDate, TimeDelta};

use super::enrolments::cancel_with_session;
use crate::features::territories::service as territories;
use crate::features::trainings::dto::{NewTrainingSession, TrainingSessionPatch};
use crate::features::trainings::model::{AHEAD, FIRST_DAY, HalfDay, SESSION_STEPS};
use crate::features::trainings::store::catalogue;
use crate::features::trainings::store::enrolments;
use crate::features::trainings::store::sessions::{self, NewRow, Session};
use crate::platform::auth::policy::Line;
use crate::platform::auth::policy::Permission;
use crate::platform::auth::{Actor, can};
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, Fault, FaultCode, Place, Problem, Result};
use crate::platform::events::{self, TrainingSessionEvent};
use crate::platform::ids::TrainingSessionId;
use crate::platform::text;
use crate::platform::transitions::{Expected, Transition, after, require_version};

/// A session with what may be done with it.
pub struct SessionFile {
    pub session: Session,
    pub transitions: Vec<Transition>,
}

pub fn find_session(reader: &mut Reader<'_>, id: TrainingSessionId) -> Result<SessionFile> {
    let session = sessions::find(reader.conn(), id)?.ok_or_else(Problem::not_found)?;
    let (principal, today) = (reader.principal(), reader.today());
    let own = require_own(reader.actor(), &session);
    let transitions = vec![
        Transition::new(
            can::update_training_session::LINE,
            principal,
            own.clone().and_then(|()| check(&session, can::update_training_session::LINE, today)),
        ),
        Transition::new(
            can::cancel_training_session::LINE,
            principal,
            own.and_then(|()| check(&session, can::cancel_training_session::LINE, today)),
        ),
    ];
    Ok(SessionFile { session, transitions })
}

/// A training body changes its own sessions; those of others are not there to be changed.
fn require_own(actor: &Actor, session: &Session) -> Result<()> {
    match actor {
        Actor::TrainingBody(id) if *id != session.body_id => Err(Problem::not_found()),
        _ => Ok(()),
    }
}

/// What has begun is changed no more.
fn check(session: &Session, line: &'static Line, today: NaiveDate) -> Result<()> {
    after(SESSION_STEPS, session.status, line)?;
    if session.starts_on <= today {
        return Err(Problem::new(Code::SessionBegun).with("date", session.starts_on));
    }
    Ok(())
}

pub fn create_session(tx: &mut Tx<'_>, new: &NewTrainingSession) -> Result<SessionFile> {
    let body_id = match (tx.actor(), new.body_id) {
        (Actor::TrainingBody(own), None) => *own,
        (Actor::TrainingBody(own), Some(named)) if named != *own => {
            return Err(Problem::invalid_field("body_id", FaultCode::UnknownId));
        }
        (_, Some(named)) => named,
        (_, None) => return Err(Problem::invalid_field("body_id", FaultCode::Required)),
    };
    if catalogue::find_body(tx.conn(), body_id)?.is_none() {
        return Err(Problem::invalid_field("body_id", FaultCode::UnknownId));
    }
    if catalogue::find_path(tx.conn(), new.path_id)?.is_none() {
        return Err(Problem::invalid_field("path_id", FaultCode::UnknownId));
    }
    if let Some(code) = &new.region_code {
        territories::require_region(&mut tx.reader(), code, "region_code")?;
    }
    let half_days = half_days(&new.half_days, tx.today())?;
    let (first, last) = match (half_days.first(), half_days.last()) {
        (Some(first), Some(last)) => (first.on, last.on),
        _ => return Err(Problem::invalid_field("half_days", FaultCode::Required)),
    };
    let row = NewRow {
        id: TrainingSessionId::new(),
        path_id: new.path_id,
        body_id,
        region_code: new.region_code.clone(),
        place: new.place.as_deref().map(text::canonical),
        half_days: half_days.iter().map(ToString::to_string).collect(),
        starts_on: first,
        ends_on: last,
        capacity: new.capacity,
    };
    sessions::insert(tx, &row)?;
    told(tx, TrainingSessionEvent::Created, row.id)
}

/// Sorted, each once, and not too long from the first to the last.
fn half_days(texts: &[String], today: NaiveDate) -> Result<Vec<HalfDay>> {
    let mut faults = Vec::new();
    let mut found: Vec<HalfDay> = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let mut fault = |code| faults.push(Fault::new(Place::Pointer(format!("/half_days/{at}")), code));
        match HalfDay::parse(text) {
            None => fault(FaultCode::InvalidDate),
            Some(half_day) if found.contains(&half_day) => fault(FaultCode::NotUnique),
            Some(half_day) => found.push(half_day),
        }
    }
    if faults.is_empty() {
        faults.extend(found.iter().enumerate().filter_map(|(at, half_day)| outside(at, half_day.on, today)));
    }
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    found.sort_unstable();
    Ok(found)
}

/// No session lies before the scheme, nor where nobody plans.
fn outside(at: usize, on: NaiveDate, today: NaiveDate) -> Option<Fault> {
    let last = today + TimeDelta::days(AHEAD);
    let fault = |code, limit| Fault::new(Place::Pointer(format!("/half_days/{at}")), code).with("limit", limit);
    match FIRST_DAY.filter(|first| on < *first) {
        Some(first) => Some(fault(FaultCode::TooSmall, first)),
        None => (on > last).then(|| fault(FaultCode::TooLarge, last)),
    }
}

fn lock(tx: &mut Tx<'_>, id: TrainingSessionId, version: Option<Expected>) -> Result<Session> {
    let session = sessions::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    require_own(tx.actor(), &session)?;
    require_version(version, session.version)?;
    Ok(session)
}

pub fn update_session(
    tx: &mut Tx<'_>,
    id: TrainingSessionId,
    version: Option<Expected>,
    patch: &TrainingSessionPatch,
) -> Result<SessionFile> {
    let session = lock(tx, id, version)?;
    check(&session, can::update_training_session::LINE, tx.today())?;
    let capacity = patch.capacity.unwrap_or(session.capacity);
    if capacity < session.seats_taken {
        let fault = Fault::field("capacity", FaultCode::TooSmall).with("limit", session.seats_taken);
        return Err(Problem::invalid(vec![fault]));
    }
    let place = match &patch.place {
        Some(place) => place.as_deref().map(text::canonical),
        None => session.place,
    };
    sessions::update(tx, id, place.as_deref(), capacity)?;
    told(tx, TrainingSessionEvent::Updated, id)
}

/// Cancels a session with everybody's enrolment; those concerned are told.
pub fn cancel_session(
    tx: &mut Tx<'_>,
    id: TrainingSessionId,
    version: Option<Expected>,
    reason: &str,
) -> Result<SessionFile> {
    let session = lock(tx, id, version)?;
    check(&session, can::cancel_training_session::LINE, tx.today())?;
    let reason = text::canonical(reason);
    for enrolment in enrolments::seated(tx.conn(), id)? {
        cancel_with_session(tx, enrolment, &reason)?;
    }
    sessions::cancel(tx, id, &reason)?;
    told(tx, TrainingSessionEvent::Cancelled, id)
}

pub(super) fn told(tx: &mut Tx<'_>, kind: TrainingSessionEvent, id: TrainingSessionId) -> Result<SessionFile> {
    events::emit(tx, kind, id.uuid(), None)?;
    find_session(&mut tx.reader(), id)
}
