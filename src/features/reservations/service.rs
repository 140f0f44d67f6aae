//! Use cases of reservations.

use std::collections::BTreeMap;

use chrono::Months;

use super::dto::NewReservation;
use super::model::{DEFAULT_MONTHS, ReservationStatus};
use super::store::{self, Fields, Reservation};
use uuid::Uuid;

use crate::features::structures::store::Structure;
use crate::features::{posts, structures, territories};
use crate::platform::auth::policy::Permission;
use crate::platform::auth::{Principal, can};
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, FaultCode, Named, Problem, Result};
use crate::platform::events::{self, Kind, ReservationEvent, StructureEvent, Told};
use crate::platform::ids::{ReservationId, StructureId};
use crate::platform::transitions::{Expected, POSSIBLE, Transition, require_version};
use crate::platform::{standing, text};

pub fn find(reader: &mut Reader<'_>, id: ReservationId) -> Result<Reservation> {
    let reach = reader.reach();
    store::find(reader.conn(), &reach, id)?.ok_or_else(Problem::not_found)
}

/// By the reference that people speak of.
pub fn find_by_reference(tx: &mut Tx<'_>, reference: &str) -> Result<Option<Reservation>> {
    store::find_by_reference(tx.conn(), reference)
}

pub fn create(tx: &mut Tx<'_>, new: &NewReservation) -> Result<Reservation> {
    let fields = fields(tx, new)?;
    if let Some(lead) = fields.lead_structure_id {
        standing::require_live(tx, lead)?;
    }
    end_overdue(tx)?;
    posts::service::commit_posts(tx, &BTreeMap::from([(fields.departement_code.clone(), fields.posts_reserved)]))?;
    let id = store::insert(tx, &fields)?;
    let reservation = find(&mut tx.reader(), id)?;
    emit(tx, ReservationEvent::Created, &reservation)?;
    Ok(reservation)
}

fn fields(tx: &mut Tx<'_>, new: &NewReservation) -> Result<Fields> {
    let today = tx.today();
    let reader = &mut tx.reader();
    for (code, field) in
        [(&new.departement_code, "departement_code"), (&new.lead_departement_code, "lead_departement_code")]
    {
        if let Some(code) = code {
            territories::service::require_departement(reader, code, field)?;
        }
    }
    if let Some(lead) = new.lead_structure_id {
        require_lead(reader, lead)?;
    }
    let departement_code = match (&new.departement_code, &new.epci_siren) {
        (Some(code), _) => code.clone(),
        (None, Some(siren)) => territories::service::require_departement_of_epci(reader, siren, "epci_siren")?,
        (None, None) => return Err(Problem::invalid_field("departement_code", FaultCode::Required)),
    };
    let until_on = new.until_on.unwrap_or(today + Months::new(DEFAULT_MONTHS));
    if until_on < today {
        return Err(Problem::invalid_field("until_on", FaultCode::InThePast));
    }
    Ok(Fields {
        name: text::canonical(&new.name),
        departement_code,
        epci_siren: new.epci_siren.clone(),
        lead_structure_id: new.lead_structure_id,
        lead_departement_code: new.lead_departement_code.clone(),
        posts_reserved: new.posts_reserved,
        until_on,
    })
}

fn require_lead(reader: &mut Reader<'_>, lead: StructureId) -> Result<()> {
    structures::service::require(reader, lead).map(|_| ()).named_by("lead_structure_id")
}

/// Gives back what a reservation still holds.
pub fn release(tx: &mut Tx<'_>, id: ReservationId, version: Option<Expected>) -> Result<Reservation> {
    posts::service::lock_programme(tx)?;
    let reservation = store::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    require_version(version, reservation.version)?;
    check_release(&reservation)?;
    end(tx, &reservation, ReservationStatus::Released)?;
    find(&mut tx.reader(), id)
}

fn check_release(reservation: &Reservation) -> Result<()> {
    if reservation.status == ReservationStatus::Active {
        return Ok(());
    }
    Err(Problem::new(Code::TransitionNotAllowed)
        .with("transition", can::release_reservation::LINE.operation)
        .with("status", reservation.status)
        .extension(POSSIBLE, Vec::<String>::new()))
}

pub fn transitions(principal: &Principal, reservation: &Reservation) -> Vec<Transition> {
    vec![Transition::new(can::release_reservation::LINE, principal, check_release(reservation))]
}

/// Ends the reservations whose date has passed; tells how many. Locks the programme first.
pub fn end_overdue(tx: &mut Tx<'_>) -> Result<usize> {
    posts::service::lock_programme(tx)?;
    let today = tx.today();
    let overdue = store::lock_overdue(tx, today)?;
    for reservation in &overdue {
        end(tx, reservation, ReservationStatus::Expired)?;
    }
    Ok(overdue.len())
}

fn end(tx: &mut Tx<'_>, reservation: &Reservation, status: ReservationStatus) -> Result<()> {
    let given_back = BTreeMap::from([(reservation.departement_code.clone(), -reservation.remaining())]);
    posts::service::commit_posts(tx, &given_back)?;
    store::end(tx, reservation.id, status)?;
    let kind = match status {
        ReservationStatus::Expired => ReservationEvent::Expired,
        _ => ReservationEvent::Released,
    };
    emit(tx, kind, reservation)
}

/// Whether posts for `structure` may be taken from a reservation.
pub fn require_usable(reservation: &Reservation, structure: &Structure, today: chrono::NaiveDate) -> Result<()> {
    let inside = match &reservation.epci_siren {
        Some(siren) => structure.epci_siren.as_ref() == Some(siren),
        None => structure.departement_code == reservation.departement_code,
    };
    if inside && reservation.status == ReservationStatus::Active && reservation.until_on >= today {
        return Ok(());
    }
    Err(Problem::new(Code::ReservationNotUsable))
}

/// Takes posts for a locked structure from a reservation, or refuses.
pub fn consume(tx: &mut Tx<'_>, id: ReservationId, posts: i32, structure: &Structure) -> Result<Reservation> {
    let reservation = store::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    require_usable(&reservation, structure, tx.today())?;
    if !store::consume(tx, id, posts)? {
        return Err(Problem::new(Code::ReservationExhausted)
            .with("reservation", &reservation.reference)
            .with("remaining", reservation.remaining()));
    }
    emit(tx, ReservationEvent::Consumed, &reservation)?;
    Ok(reservation)
}

/// What a merged structure led is led by the one that stays.
pub fn follow(tx: &mut Tx<'_>, told: &[Told]) -> Result<()> {
    let merged: Vec<Uuid> =
        told.iter().filter(|told| told.kind == Kind::Structure(StructureEvent::Merged)).map(|told| told.id).collect();
    if merged.is_empty() {
        return Ok(());
    }
    for reservation in store::lead_on(tx, merged)? {
        emit(tx, ReservationEvent::Updated, &reservation)?;
    }
    Ok(())
}

fn emit(tx: &mut Tx<'_>, kind: ReservationEvent, reservation: &Reservation) -> Result<()> {
    let place = Some((None, reservation.departement_code.as_str(), reservation.region_code.as_str()));
    events::emit(tx, kind, reservation.id.uuid(), place)
}
