//! Closing a session: every decision takes effect in one transaction, or none does.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::super::mails;
use super::super::model::{CommitteeStatus, Outcome, recruitment_deadline};
use super::super::store::{self, Committee, Item};
use super::sessions::{File, check_close, find};
use super::{emit, lock};
use crate::features::applications::model::ApplicationKind;
use crate::features::applications::service::Settlement;
use crate::features::applications::store::Application;
use crate::features::posts::service::Grant;
use crate::features::structures::store::Structure;
use crate::features::{accounts, applications, posts, reservations, structures};
use crate::platform::codes::DepartementCode;
use crate::platform::db::Tx;
use crate::platform::error::{Code, Problem, Result};
use crate::platform::events::CommitteeEvent;
use crate::platform::ids::{CommitteeId, StructureId};
use crate::platform::mail;
use crate::platform::transitions::{Expected, require_version};

/// Closes a session. Locks, in this order: the committee, its applications, the programme, the
/// structures, the reservations, the allotments. Whoever else takes several of these takes the
/// programme's line first.
pub fn close(tx: &mut Tx<'_>, id: CommitteeId, version: Option<Expected>) -> Result<File> {
    let committee = lock(tx, id)?;
    require_version(version, committee.version)?;
    let applications = applications::service::lock_agenda(tx, id)?;
    let items = store::agenda(tx.conn(), id)?;
    check_close(&committee, tx.today())
        .map_err(|problem| with_lines(problem, items.iter().filter(|item| item.outcome.is_none())))?;
    let lines: Vec<(Application, Item)> = applications
        .into_iter()
        .filter_map(|application| {
            let item = items.iter().find(|item| item.application_id == application.id)?.clone();
            Some((application, item))
        })
        .collect();
    reservations::service::end_overdue(tx)?;
    let structures = lock_structures(tx, &lines)?;
    commit(tx, &lines, &structures)?;
    for (application, item) in &lines {
        let holds = structures.get(&application.structure_id).is_some_and(|structure| structure.posts > 0);
        settle(tx, &committee, application, item, holds)?;
    }
    store::settle(tx, id)?;
    store::change_status(tx, id, CommitteeStatus::Closed)?;
    emit(tx, CommitteeEvent::Closed, &committee)?;
    tell_prefectures(tx, &committee, &items)?;
    find(&mut tx.reader(), id)
}

/// Each prefecture learns what was decided of the structures of its territory, whose opinion it was asked for.
fn tell_prefectures(tx: &mut Tx<'_>, committee: &Committee, items: &[Item]) -> Result<()> {
    let front_url = &tx.site().front_url;
    for office in accounts::service::prefectures(tx)? {
        let own: Vec<&Item> =
            items.iter().filter(|item| office.covers(&item.departement_code, &item.region_code)).collect();
        if !own.is_empty() {
            mail::send(tx, &mails::closed_to_prefecture(front_url, committee, &own, &office.email))?;
        }
    }
    Ok(())
}

/// The structures that receive posts, locked by id: where they lie now is what counts.
fn lock_structures(tx: &mut Tx<'_>, lines: &[(Application, Item)]) -> Result<BTreeMap<StructureId, Structure>> {
    let ids: BTreeSet<StructureId> = lines
        .iter()
        .filter(|(_, item)| item.outcome == Some(Outcome::Retained))
        .map(|(application, _)| application.structure_id)
        .collect();
    ids.into_iter().map(|id| Ok((id, structures::service::lock_any(tx, id)?))).collect()
}

/// Takes the posts out of the pool: from reservations where a decision names one, else from the
/// programme and the département's allotment. Names every line that does not fit.
fn commit(tx: &mut Tx<'_>, lines: &[(Application, Item)], structures: &BTreeMap<StructureId, Structure>) -> Result<()> {
    let mut deltas: BTreeMap<DepartementCode, i32> = BTreeMap::new();
    let mut taken = Vec::new();
    for (application, item) in lines.iter().filter(|(_, item)| item.outcome == Some(Outcome::Retained)) {
        let granted = item.posts_granted.unwrap_or(0);
        let Some(structure) = structures.get(&application.structure_id) else { continue };
        *deltas.entry(structure.departement_code.clone()).or_default() += granted;
        if let Some(reservation) = item.reservation_id {
            taken.push((reservation, granted, item, structure));
        }
    }
    // One order for all, so that two closings never wait for each other.
    taken.sort_by_key(|(reservation, ..)| *reservation);
    for (id, granted, item, structure) in taken {
        let reservation = reservations::service::consume(tx, id, granted, structure)
            .map_err(|problem| with_lines(problem, std::iter::once(item)))?;
        // Already committed when it was reserved.
        *deltas.entry(reservation.departement_code).or_default() -= granted;
    }
    posts::service::commit_posts(tx, &deltas).map_err(|problem| {
        let over: Vec<String> = problem
            .extensions()
            .iter()
            .filter(|(name, _)| *name == "departements")
            .flat_map(|(_, list)| list.as_array().into_iter().flatten())
            .filter_map(|departement| departement["code"].as_str().map(ToOwned::to_owned))
            .collect();
        let all = problem.code() == Code::ProgrammeCapExceeded;
        let offending = lines.iter().map(|(_, item)| item).filter(|item| {
            item.outcome == Some(Outcome::Retained) && (all || over.iter().any(|code| item.departement_code == *code))
        });
        with_lines(problem, offending)
    })
}

fn with_lines<'a>(problem: Problem, items: impl Iterator<Item = &'a Item>) -> Problem {
    let lines: Vec<Value> = items
        .map(|item| {
            json!({
                "application_id": item.application_id,
                "application_reference": item.reference,
                "structure_name": item.structure_name,
                "departement_code": item.departement_code,
                "posts_granted": item.posts_granted,
            })
        })
        .collect();
    problem.extension("lines", lines)
}

/// One decision takes effect.
fn settle(tx: &mut Tx<'_>, committee: &Committee, application: &Application, item: &Item, holds: bool) -> Result<()> {
    let settlement = match item.outcome {
        Some(Outcome::Retained) => {
            let posts = item.posts_granted.unwrap_or(0);
            let recruit_before = grant(tx, committee, application, item, posts, holds)?;
            Settlement::Retained { posts, recruit_before }
        }
        Some(Outcome::Refused) => Settlement::Refused,
        Some(Outcome::FurtherExamination) => Settlement::FurtherExamination,
        None => return Err(with_lines(Problem::new(Code::DecisionMissing), std::iter::once(item))),
    };
    applications::service::settle(tx, application, committee.held_on, &settlement)
}

/// The structure is retained and gets its posts; tells until when they are to be filled.
fn grant(
    tx: &mut Tx<'_>,
    committee: &Committee,
    application: &Application,
    item: &Item,
    count: i32,
    holds: bool,
) -> Result<NaiveDate> {
    let structure = application.structure_id;
    structures::service::retain(tx, structure, committee.wave, committee.held_on)?;
    // The clock of the recruitment starts with the letters, not with a session held before.
    // Whether they are its first ones is decided by what it holds now: posts may have come, or gone, since it asked.
    let kind = if holds { ApplicationKind::Additional } else { ApplicationKind::Initial };
    let deadline = recruitment_deadline(kind, tx.today());
    posts::service::grant(
        tx,
        &Grant {
            structure_id: structure,
            application_id: application.id,
            reservation_id: item.reservation_id,
            count,
            wave: committee.wave,
            phase: committee.phase,
            coordinator: application.coordinator.is_some(),
            deadline,
            granted_on: committee.held_on,
        },
    )?;
    Ok(deadline)
}
