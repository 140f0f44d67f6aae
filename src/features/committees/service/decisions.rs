//! Writing decisions down.

use super::super::dto::DecisionInput;
use super::super::model::{CommitteeStatus, Outcome};
use super::super::store::{self, Committee, Decision, Item};
use super::lock;
use super::sessions::require_status;
use crate::features::applications::store::Application;
use crate::features::{applications, reservations, structures};
use crate::platform::auth::Actor;
use crate::platform::db::listing::{PageSpec, Rows};
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, Fault, FaultCode, Named, Problem, Result};
use crate::platform::ids::{ApplicationId, CommitteeId};
use crate::platform::text;
use crate::platform::transitions::{Expected, require_version};

/// The decisions that the caller may see: the ANCT's own at any time, the others' once closed.
pub fn decisions_in_reach(
    reader: &mut Reader<'_>,
    id: CommitteeId,
    filter: &super::super::dto::DecisionFilter,
    page: &PageSpec,
) -> Result<Rows<Item>> {
    let committee = store::find(reader.conn(), id)?.ok_or_else(Problem::not_found)?;
    if *reader.actor() != Actor::Anct && committee.status != CommitteeStatus::Closed {
        return Ok(Rows { rows: Vec::new(), total: 0, next: None, prev: None, present: None });
    }
    let reach = reader.reach();
    store::list_items(reader.conn(), &reach, id, filter.outcome.clone(), filter.departement_code.clone(), page)
}

pub fn record_decision(
    tx: &mut Tx<'_>,
    id: CommitteeId,
    application: ApplicationId,
    version: Option<Expected>,
    input: &DecisionInput,
) -> Result<Item> {
    let committee = lock(tx, id)?;
    require_status(&committee, &[CommitteeStatus::InSession])?;
    let application = applications::service::lock_for_committee(tx, application)?;
    let item = write(tx, &committee, &application, version, input)?;
    store::touch(tx, id)?;
    Ok(item)
}

/// Checks a decision and writes it down; the committee and the application are locked.
pub fn write(
    tx: &mut Tx<'_>,
    committee: &Committee,
    application: &Application,
    version: Option<Expected>,
    input: &DecisionInput,
) -> Result<Item> {
    let not_there = || Problem::new(Code::NotOnAgenda).with("application", &application.reference);
    let before = store::find_item(tx.conn(), committee.id, application.id)?.ok_or_else(not_there)?;
    require_version(version, before.version)?;
    let decision = check(tx, application, input)?;
    store::record(tx, committee.id, application.id, &decision)?;
    // A decided application can no longer be withdrawn: what it shows has changed.
    applications::service::touch(tx, application.id)?;
    store::find_item(tx.conn(), committee.id, application.id)?.ok_or_else(not_there)
}

fn check(tx: &mut Tx<'_>, application: &Application, input: &DecisionInput) -> Result<Decision> {
    let retained = input.outcome == Outcome::Retained;
    let wrong = |field: &str, code: FaultCode| Err(Problem::invalid_field(field, code));
    let because = |field: &str| {
        let fault = Fault::field(field, FaultCode::MustBeEmpty).with("because", format!("outcome = {}", input.outcome));
        Err(Problem::invalid(vec![fault]))
    };
    match input.posts_granted {
        None if retained => return wrong("posts_granted", FaultCode::Required),
        Some(_) if !retained => return because("posts_granted"),
        Some(granted) if granted > application.posts_requested && !input.beyond_request.unwrap_or(false) => {
            return Err(Problem::new(Code::BeyondRequest)
                .with("granted", granted)
                .with("requested", application.posts_requested));
        }
        _ => {}
    }
    if let Some(granted) = input.posts_granted {
        applications::service::require_one_coordinator(application.coordinator.is_some(), granted, "posts_granted")?;
    }
    let without_opinion = input.without_opinion.unwrap_or(false);
    if input.outcome != Outcome::FurtherExamination && application.opinion.is_none() && !without_opinion {
        return Err(Problem::new(Code::OpinionMissing));
    }
    if let Some(id) = input.reservation_id {
        if !retained {
            return because("reservation_id");
        }
        let reservation = reservations::service::find(&mut tx.reader(), id).named_by("reservation_id")?;
        let structure = structures::service::require(&mut tx.reader(), application.structure_id)?;
        let today = tx.today();
        reservations::service::require_usable(&reservation, &structure, today)?;
        if input.posts_granted.unwrap_or(0) > reservation.remaining() {
            return Err(Problem::new(Code::ReservationExhausted)
                .with("reservation", &reservation.reference)
                .with("remaining", reservation.remaining()));
        }
    }
    Ok(Decision {
        outcome: input.outcome,
        posts_granted: input.posts_granted,
        observations: input.observations.as_deref().map(text::canonical),
        priority: input.priority.unwrap_or(false),
        beyond_request: input.beyond_request.unwrap_or(false),
        without_opinion,
        reservation_id: input.reservation_id,
    })
}
