//! Preparing and opening a session.

use chrono::NaiveDate;

use super::super::dto::{CommitteePatch, NewCommittee};
use super::super::model::{CommitteeStatus, STEPS};
use super::super::store::{self, Committee, Fields};
use super::{emit, lock};
use crate::features::applications;
use crate::features::posts::model::Phase;
use crate::platform::auth::can;
use crate::platform::auth::policy::Permission;
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, Problem, Result};
use crate::platform::events::CommitteeEvent;
use crate::platform::ids::{ApplicationId, CommitteeId};
use crate::platform::transitions::{Expected, Transition, after, require_version};

/// A committee with all that its detail shows.
pub struct File {
    pub committee: Committee,
    pub transitions: Vec<Transition>,
}

pub fn find(reader: &mut Reader<'_>, id: CommitteeId) -> Result<File> {
    let committee = store::find(reader.conn(), id)?.ok_or_else(Problem::not_found)?;
    let transitions = transitions(reader, &committee);
    Ok(File { committee, transitions })
}

pub fn create(tx: &mut Tx<'_>, new: &NewCommittee) -> Result<File> {
    let fields =
        Fields { number: new.number, wave: new.wave, phase: new.phase.unwrap_or(Phase::V1), held_on: new.held_on };
    let id = store::insert(tx, &fields)?;
    let file = find(&mut tx.reader(), id)?;
    emit(tx, CommitteeEvent::Created, &file.committee)?;
    Ok(file)
}

pub fn update(tx: &mut Tx<'_>, id: CommitteeId, version: Option<Expected>, patch: &CommitteePatch) -> Result<File> {
    let committee = lock(tx, id)?;
    require_version(version, committee.version)?;
    require_status(&committee, &[CommitteeStatus::Preparation])?;
    let fields = Fields {
        number: patch.number.unwrap_or(committee.number),
        wave: patch.wave.unwrap_or(committee.wave),
        phase: patch.phase.unwrap_or(committee.phase),
        held_on: patch.held_on.unwrap_or(committee.held_on),
    };
    store::update(tx, id, &fields)?;
    emit(tx, CommitteeEvent::Updated, &committee)?;
    find(&mut tx.reader(), id)
}

pub fn require_status(committee: &Committee, expected: &[CommitteeStatus]) -> Result<()> {
    if expected.contains(&committee.status) {
        return Ok(());
    }
    let expected = expected.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Err(Problem::new(Code::CommitteeNotInSession).with("expected", expected).with("status", committee.status))
}

const OPEN_TO_CHANGES: [CommitteeStatus; 2] = [CommitteeStatus::Preparation, CommitteeStatus::InSession];

/// Puts an application on the agenda; again, it stays there.
pub fn add_to_agenda(
    tx: &mut Tx<'_>,
    id: CommitteeId,
    version: Option<Expected>,
    application: ApplicationId,
) -> Result<File> {
    let committee = lock(tx, id)?;
    require_version(version, committee.version)?;
    require_status(&committee, &OPEN_TO_CHANGES)?;
    let application = applications::service::lock_for_committee(tx, application)?;
    if application.committee_id != Some(id) {
        applications::service::put_on_agenda(tx, &application, id)?;
        store::insert_item(tx, id, application.id)?;
        store::touch(tx, id)?;
    }
    find(&mut tx.reader(), id)
}

/// Takes an application off the agenda, with whatever was decided of it so far.
pub fn remove_from_agenda(
    tx: &mut Tx<'_>,
    id: CommitteeId,
    version: Option<Expected>,
    application: ApplicationId,
) -> Result<File> {
    let committee = lock(tx, id)?;
    require_version(version, committee.version)?;
    require_status(&committee, &OPEN_TO_CHANGES)?;
    let application = applications::service::lock_for_committee(tx, application)?;
    if application.committee_id != Some(id) {
        return Err(Problem::not_found());
    }
    store::delete_item(tx, id, application.id)?;
    applications::service::remove_from_agenda(tx, &application)?;
    store::touch(tx, id)?;
    find(&mut tx.reader(), id)
}

pub fn open(tx: &mut Tx<'_>, id: CommitteeId, version: Option<Expected>) -> Result<File> {
    let committee = lock(tx, id)?;
    require_version(version, committee.version)?;
    check_open(&committee, tx.today())?;
    store::change_status(tx, id, CommitteeStatus::InSession)?;
    emit(tx, CommitteeEvent::Opened, &committee)?;
    find(&mut tx.reader(), id)
}

fn check_open(committee: &Committee, today: NaiveDate) -> Result<()> {
    after(STEPS, committee.status, can::open_committee::LINE)?;
    if committee.agenda == 0 {
        return Err(Problem::new(Code::AgendaEmpty));
    }
    require_day(committee, today)
}

/// A session decides on its day, and not before what it decides of was there.
pub fn require_day(committee: &Committee, today: NaiveDate) -> Result<()> {
    if committee.held_on > today {
        return Err(Problem::new(Code::CommitteeNotHeldYet).with("date", committee.held_on));
    }
    match committee.youngest_on.filter(|youngest| *youngest > committee.held_on) {
        Some(youngest) => {
            Err(Problem::new(Code::CommitteeBeforeApplication).with("date", committee.held_on).with("other", youngest))
        }
        None => Ok(()),
    }
}

pub fn check_close(committee: &Committee, today: NaiveDate) -> Result<()> {
    after(STEPS, committee.status, can::close_committee::LINE)?;
    if committee.decided < committee.agenda {
        return Err(Problem::new(Code::DecisionMissing));
    }
    require_day(committee, today)
}

fn transitions(reader: &Reader<'_>, committee: &Committee) -> Vec<Transition> {
    let (principal, today) = (reader.principal(), reader.today());
    vec![
        Transition::new(can::open_committee::LINE, principal, check_open(committee, today)),
        Transition::new(can::close_committee::LINE, principal, check_close(committee, today)),
    ]
}
