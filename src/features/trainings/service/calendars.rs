//! Sessions as calendars (RFC 5545): one event a half-day, at the usual hours of where it is held.

use chrono::{NaiveTime, TimeZone};
use icalendar::{Calendar, Component, Event, EventLike};
use uuid::Uuid;

use crate::features::recruitments::service as recruitments;
use crate::features::structures::service as structures;
use crate::features::trainings::model::{EnrolmentStatus, HalfDay, SessionStatus};
use crate::features::trainings::store::enrolments::{self, Search};
use crate::features::trainings::store::sessions::{self, Session};
use crate::platform::db::Reader;
use crate::platform::db::listing::PageSpec;
use crate::platform::error::{Problem, Result};
use crate::platform::ids::{CandidateId, CounsellorId, StructureId, TrainingSessionId};
use crate::platform::territory;

/// What a calendar's list may hold.
const ROWS: i64 = 500;

/// Who makes the calendars (RFC 5545, 3.7.3).
const PRODUCT: &str = "-//conum//Formations des conseillers numeriques//FR";

/// A session, and the enrolment and the name of who attends it where it is told of one person.
type Attended = (Session, Option<(Uuid, String)>);

/// One session.
pub fn of_session(reader: &mut Reader<'_>, id: TrainingSessionId) -> Result<String> {
    let session = sessions::find(reader.conn(), id)?.ok_or_else(Problem::not_found)?;
    Ok(calendar(&session.path_name, &[(session.clone(), None)]))
}

/// The sessions of a counsellor, and who that is.
pub fn of_counsellor(reader: &mut Reader<'_>, id: CounsellorId) -> Result<(String, CandidateId)> {
    let counsellor = recruitments::find_counsellor(reader, id)?;
    let name = format!("Formation de {} {}", counsellor.first_name, counsellor.last_name);
    let (sessions, _) = attended(reader, &Search { counsellor: Some(id), ..live() })?;
    Ok((calendar(&name, &sessions), counsellor.candidate_id))
}

/// The sessions of a structure's counsellors, and who they are.
pub fn of_structure(reader: &mut Reader<'_>, id: StructureId) -> Result<(String, Vec<CandidateId>)> {
    let structure = structures::require(reader, id)?;
    let (sessions, people) = attended(reader, &Search { structure: Some(id), ..live() })?;
    Ok((calendar(&format!("Formations – {}", structure.name), &sessions), people))
}

fn live() -> Search {
    let statuses = vec![
        EnrolmentStatus::Proposed,
        EnrolmentStatus::Confirmed,
        EnrolmentStatus::InProgress,
        EnrolmentStatus::Completed,
    ];
    Search { statuses: Some(statuses), ..Search::default() }
}

/// Sessions with the person who attends each, and those people.
fn attended(reader: &mut Reader<'_>, search: &Search) -> Result<(Vec<Attended>, Vec<CandidateId>)> {
    let actor = reader.actor().clone();
    let page = PageSpec::first(ROWS, enrolments::EnrolmentSort::order(None, "-starts_on"));
    let (mut found, mut people) = (Vec::new(), Vec::new());
    for enrolment in enrolments::list(reader.conn(), &actor, search, &page)?.rows {
        let Some(session) = enrolment.session_id else { continue };
        if let Some(session) = sessions::find(reader.conn(), session)? {
            let name = format!("{} {}", enrolment.first_name, enrolment.last_name);
            found.push((session, Some((enrolment.id.uuid(), name))));
            people.push(enrolment.candidate_id);
        }
    }
    people.sort_unstable();
    people.dedup();
    Ok((found, people))
}

fn calendar(name: &str, sessions: &[Attended]) -> String {
    let mut calendar = Calendar::empty();
    calendar.append_property(("VERSION", "2.0")).append_property(("PRODID", PRODUCT));
    calendar.append_property(("CALSCALE", "GREGORIAN"));
    calendar.name(name);
    for (session, person) in sessions {
        for half_day in session.half_days.iter().filter_map(|text| HalfDay::parse(text)) {
            if let Some(event) = event(session, person.as_ref(), half_day) {
                calendar.push(event);
            }
        }
    }
    calendar.done().to_string()
}

/// A half-day of a session. Its identifier names nobody, and stays when anything else changes; its sequence is the session's
/// version, so that calendars take every change, a cancellation too.
fn event(session: &Session, person: Option<&(Uuid, String)>, half_day: HalfDay) -> Option<Event> {
    let (from, to) = if half_day.afternoon { ((13, 30), (17, 0)) } else { ((9, 0), (12, 30)) };
    let zone = territory::zone_of_region(session.region_code.as_deref());
    let at = |(hour, minute)| {
        let time = NaiveTime::from_hms_opt(hour, minute, 0)?;
        zone.from_local_datetime(&half_day.on.and_time(time)).earliest().map(|t| t.to_utc())
    };
    let (starts, ends) = (at(from)?, at(to)?);
    let whose = person.map(|(_, name)| format!(" – {name}")).unwrap_or_default();
    let key = person.map_or_else(|| session.id.uuid(), |(enrolment, _)| *enrolment);
    let mut event = Event::new();
    event
        .uid(&format!("{key}-{half_day}@conum"))
        .summary(&format!("{}{whose}", session.path_name))
        .description(&format!("{} ({})", session.reference, session.body_name))
        .location(session.place.as_deref().unwrap_or("À distance"))
        .starts(starts)
        .ends(ends)
        .sequence(u32::try_from(session.version.saturating_sub(1)).unwrap_or_default())
        .last_modified(session.updated_at)
        .timestamp(session.updated_at);
    if session.status == SessionStatus::Cancelled {
        event.status(icalendar::EventStatus::Cancelled);
    }
    Some(event.done())
}
