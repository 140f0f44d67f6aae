//! Sessions as calendars (RFC 5545): one event a half-day, at the usual hours of Europe/Paris.

use chrono::{NaiveTime, TimeZone};
use chrono_tz::Europe::Paris;
use icalendar::{Calendar, Component, Event, EventLike};

use crate::features::recruitments::service as recruitments;
use crate::features::structures::service as structures;
use crate::features::trainings::model::{EnrolmentStatus, HalfDay, SessionStatus};
use crate::features::trainings::store::enrolments::{self, Search};
use crate::features::trainings::store::sessions::{self, Session};
use crate::platform::db::Reader;
use crate::platform::db::listing::PageSpec;
use crate::platform::error::{Problem, Result};
use crate::platform::ids::{CandidateId, CounsellorId, StructureId, TrainingSessionId};

/// What a calendar's list may hold.
const ROWS: i64 = 500;

/// A session, and who attends it where it is told of one person.
type Attended = (Session, Option<String>);

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
            found.push((session, Some(format!("{} {}", enrolment.first_name, enrolment.last_name))));
            people.push(enrolment.candidate_id);
        }
    }
    people.sort_unstable();
    people.dedup();
    Ok((found, people))
}

fn calendar(name: &str, sessions: &[Attended]) -> String {
    let mut calendar = Calendar::new();
    calendar.name(name);
    for (session, person) in sessions {
        for half_day in session.half_days.iter().filter_map(|text| HalfDay::parse(text)) {
            let (from, to) = if half_day.afternoon { ((13, 30), (17, 0)) } else { ((9, 0), (12, 30)) };
            let at = |(hour, minute)| {
                let time = NaiveTime::from_hms_opt(hour, minute, 0)?;
                Paris.from_local_datetime(&half_day.on.and_time(time)).earliest().map(|t| t.to_utc())
            };
            let (Some(starts), Some(ends)) = (at(from), at(to)) else { continue };
            let mut event = Event::new();
            let whose = person.as_deref().map(|person| format!(" – {person}")).unwrap_or_default();
            let key = person.as_deref().map_or_else(String::new, |person| format!("-{}", slug(person)));
            event
                .uid(&format!("{}-{half_day}{key}@conum", session.id))
                .summary(&format!("{}{whose}", session.path_name))
                .description(&format!("{} ({})", session.reference, session.body_name))
                .location(session.place.as_deref().unwrap_or("À distance"))
                .starts(starts)
                .ends(ends)
                .timestamp(session.updated_at);
            if session.status == SessionStatus::Cancelled {
                event.status(icalendar::EventStatus::Cancelled);
            }
            calendar.push(event.done());
        }
    }
    calendar.done().to_string()
}

/// Letters of a name that an identifier may have.
fn slug(name: &str) -> String {
    crate::platform::text::search_key(name).replace(' ', "-")
}
