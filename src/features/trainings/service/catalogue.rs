//! Training bodies, paths and certifications.

use crate::features::trainings::dto::{NewCertification, NewTrainingBody, NewTrainingPath};
use crate::features::trainings::model::{INITIAL_HOURS, PathKind};
use crate::features::trainings::store::catalogue::{self, Body, NewPath, Path};
use crate::features::trainings::store::certifications::{self, Certification, NewRow};
use crate::platform::auth::Actor;
use crate::platform::db::Tx;
use crate::platform::error::{Fault, FaultCode, Problem, Result};
use crate::platform::events::{self, CertificationEvent, TrainingBodyEvent, TrainingPathEvent};
use crate::platform::ids::{CertificationId, TrainingBodyId, TrainingPathId};
use crate::platform::text;

pub fn create_body(tx: &mut Tx<'_>, new: &NewTrainingBody) -> Result<Body> {
    let id = TrainingBodyId::new();
    catalogue::insert_body(tx, id, &text::canonical(&new.name), &new.siret)?;
    events::emit(tx, TrainingBodyEvent::Created, id.uuid(), None)?;
    catalogue::find_body(tx.conn(), id)?.ok_or_else(Problem::not_found)
}

pub fn create_path(tx: &mut Tx<'_>, new: &NewTrainingPath) -> Result<Path> {
    if new.kind == PathKind::Initial && !INITIAL_HOURS.contains(&new.hours) {
        let allowed = INITIAL_HOURS.map(|hours| hours.to_string()).join(", ");
        return Err(Problem::invalid(vec![Fault::field("hours", FaultCode::NotInList).with("allowed", allowed)]));
    }
    if (new.kind == PathKind::Certification) != new.certification.is_some() {
        let missing = new.certification.is_none();
        let fault = Fault::field("certification", if missing { FaultCode::Required } else { FaultCode::MustBeEmpty });
        return Err(Problem::invalid(vec![fault.with("because", new.kind)]));
    }
    let id = TrainingPathId::new();
    let name = text::canonical(&new.name);
    let row = NewPath { id, name: &name, kind: new.kind, hours: new.hours, certification: new.certification };
    catalogue::insert_path(tx, &row)?;
    events::emit(tx, TrainingPathEvent::Created, id.uuid(), None)?;
    catalogue::find_path(tx.conn(), id)?.ok_or_else(Problem::not_found)
}

/// Records the result of the next attempt of a counsellor.
pub fn record_certification(tx: &mut Tx<'_>, new: &NewCertification) -> Result<Certification> {
    if new.held_on > tx.today() {
        return Err(Problem::invalid_field("held_on", FaultCode::InTheFuture));
    }
    let unknown = || Problem::invalid_field("counsellor_id", FaultCode::UnknownId);
    let (structure_id, attempts) =
        certifications::lock_counsellor(tx, new.counsellor_id, new.kind)?.ok_or_else(unknown)?;
    let row = NewRow {
        id: CertificationId::new(),
        counsellor_id: new.counsellor_id,
        structure_id,
        body_id: match tx.actor() {
            Actor::TrainingBody(id) => Some(*id),
            _ => None,
        },
        kind: new.kind,
        attempt: attempts + 1,
        result: new.result,
        held_on: new.held_on,
    };
    certifications::insert(tx, &row)?;
    let found = tx.as_service(|tx| certifications::find(tx.conn(), row.id))?.ok_or_else(Problem::not_found)?;
    let place = Some((Some(structure_id), found.departement_code.as_str(), found.region_code.as_str()));
    let id = row.id.uuid();
    events::emit(tx, CertificationEvent::Recorded, id, place)?;
    Ok(found)
}
