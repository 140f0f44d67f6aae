//! Activity reports: written, changed, deleted by their author.

use std::collections::HashMap;

use chrono::TimeDelta;

use crate::features::activity::dto::{ActivityReportPatch, NewActivityReport};
use crate::features::activity::model::{Channel, Content};
use crate::features::activity::store::contracts::{self, Contract};
use crate::features::activity::store::reports::{self, NewRow, Report, Revision};
use crate::features::places::service as places;
use crate::features::territories::service as territories;
use crate::platform::auth::Actor;
use crate::platform::codes::{CommuneCode, DepartementCode};
use crate::platform::db::purge::Purge;
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, Fault, FaultCode, Place, Problem, Result};
use crate::platform::ids::{ActivityReportId, CounsellorId, PlaceId};
use crate::platform::transitions::{Expected, require_version};

/// A report with what it said before.
pub struct File {
    pub report: Report,
    pub revisions: Vec<Revision>,
}

pub fn find(reader: &mut Reader<'_>, id: ActivityReportId) -> Result<File> {
    let actor = reader.actor().clone();
    let report = reports::find(reader.conn(), &actor, id)?.ok_or_else(Problem::not_found)?;
    let revisions = reports::revisions(reader.conn(), report.counsellor_id, id)?;
    Ok(File { report, revisions })
}

/// Where communes and places lie, remembered while a file is read.
#[derive(Default)]
pub struct Atlas {
    communes: HashMap<CommuneCode, Option<(CommuneCode, DepartementCode)>>,
    places: HashMap<PlaceId, Option<(CommuneCode, DepartementCode)>>,
}

impl Atlas {
    /// The commune's own code and its département.
    fn commune(&mut self, tx: &mut Tx<'_>, code: &CommuneCode) -> Result<Option<(CommuneCode, DepartementCode)>> {
        if let Some(known) = self.communes.get(code) {
            return Ok(known.clone());
        }
        let found = territories::find_commune(&mut tx.reader(), code)?.map(|c| (c.code, c.departement_code));
        self.communes.insert(code.clone(), found.clone());
        Ok(found)
    }

    fn place(&mut self, tx: &mut Tx<'_>, id: PlaceId) -> Result<Option<(CommuneCode, DepartementCode)>> {
        if let Some(known) = self.places.get(&id) {
            return Ok(known.clone());
        }
        let found = match places::require(&mut tx.reader(), id) {
            Ok(place) => Some((place.commune_code, place.departement_code)),
            Err(problem) if problem.code() == Code::NotFound => None,
            Err(problem) => return Err(problem),
        };
        self.places.insert(id, found.clone());
        Ok(found)
    }
}

/// A report that fits, with its contract and its place; or everything that is wrong with it.
pub fn settle(
    tx: &mut Tx<'_>,
    atlas: &mut Atlas,
    contracts: &[Contract],
    id: ActivityReportId,
    content: Content,
) -> Result<Result<NewRow, Vec<Fault>>> {
    let mut faults = content.faults(tx.today());
    let contract = contracts.iter().find(|contract| contract.covers(content.held_on));
    if contract.is_none() && !faults.iter().any(|fault| fault.place == Place::Pointer("/held_on".to_owned())) {
        faults.push(Fault::field("held_on", FaultCode::NotCovered));
    }
    let at = match (content.channel, content.place_id, &content.commune_code) {
        (Channel::Rattachement, Some(place), _) => {
            let found = atlas.place(tx, place)?;
            if found.is_none() {
                faults.push(Fault::field("place_id", FaultCode::UnknownId));
            }
            found
        }
        (_, _, Some(code)) => {
            let found = atlas.commune(tx, code)?;
            if found.is_none() {
                faults.push(Fault::field("commune_code", FaultCode::UnknownCommune));
            }
            found
        }
        // At a distance, and at a home that is not told: where the employer lies.
        (_, _, None) => contract.map(|contract| (contract.commune_code.clone(), contract.departement_code.clone())),
    };
    Ok(match (contract, at) {
        (Some(contract), Some((commune_code, place_departement_code))) if faults.is_empty() => Ok(NewRow {
            id,
            counsellor_id: contract.counsellor_id,
            recruitment_id: contract.recruitment_id,
            structure_id: contract.structure_id,
            structure_departement_code: contract.departement_code.clone(),
            commune_code,
            place_departement_code,
            content,
        }),
        _ => Err(faults),
    })
}

fn author(tx: &Tx<'_>) -> Result<CounsellorId> {
    match tx.actor() {
        Actor::Counsellor(own) => Ok(*own),
        _ => Err(Problem::not_found()),
    }
}

pub fn create(tx: &mut Tx<'_>, new: &NewActivityReport) -> Result<File> {
    let counsellor = author(tx)?;
    // Silently writing one's own instead would hide a mistake.
    if new.counsellor_id.is_some_and(|named| named != counsellor) {
        return Err(Problem::invalid_field("counsellor_id", FaultCode::UnknownId));
    }
    let contracts = tx.as_service(|tx| contracts::of_counsellor(tx, counsellor))?;
    let id = ActivityReportId::new();
    let row = settle(tx, &mut Atlas::default(), &contracts, id, new.content()?)?.map_err(Problem::invalid)?;
    if let Some(name) = &new.external_id
        && reports::claim(tx, &[(counsellor, name.clone(), id)])?.is_empty()
    {
        return Err(Problem::new(Code::ReportExists));
    }
    let held_on = row.content.held_on;
    tx.as_service(|tx| reports::insert(tx, &[row]))?;
    let report = reports::find_of(tx.conn(), counsellor, id, held_on)?.ok_or_else(Problem::not_found)?;
    Ok(File { report, revisions: Vec::new() })
}

/// Changes what a report says. Its external name stays.
pub fn update(
    tx: &mut Tx<'_>,
    id: ActivityReportId,
    version: Option<Expected>,
    patch: &ActivityReportPatch,
) -> Result<File> {
    let counsellor = author(tx)?;
    let contracts = tx.as_service(|tx| contracts::of_counsellor(tx, counsellor))?;
    let actor = tx.actor().clone();
    let before = reports::lock(tx, &actor, id)?.ok_or_else(Problem::not_found)?;
    require_version(version, before.version)?;
    let row = settle(tx, &mut Atlas::default(), &contracts, id, patch.applied(before).content()?)?
        .map_err(Problem::invalid)?;
    tx.as_service(|tx| reports::update(tx, &[row]))?;
    find(&mut tx.reader(), id)
}

pub fn delete(tx: &mut Tx<'_>, id: ActivityReportId, version: Option<Expected>) -> Result<()> {
    let counsellor = author(tx)?;
    let actor = tx.actor().clone();
    let before = reports::lock(tx, &actor, id)?.ok_or_else(Problem::not_found)?;
    require_version(version, before.version)?;
    tx.as_service(|tx| reports::delete(tx, counsellor, id))
}

/// Notes of reports a year old are forgotten. Once a night.
pub fn forget(tx: &mut Tx<'_>) -> Result<usize> {
    let before = tx.today() - TimeDelta::days(365);
    tx.purge(Purge::of("activity_notes", "activity_reports"), |tx| reports::forget_notes(tx, before))
}
