//! Every change, told thinly: what happened to what, and who may know of it.

use uuid::Uuid;

use super::auth::Role;
use super::db::{Effect, Tx};
use super::error::Result;
use super::ids::StructureId;
use crate::sql;

/// A change to be told.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// `resource.happening`, such as `post.granted`.
    pub kind: &'static str,
    /// Path segment of the resource, such as `posts`.
    pub resource: &'static str,
    pub id: Uuid,
    /// The perimeter within which it is told; without one, only to those who reach the country.
    pub place: Option<Place<'a>>,
}

/// What happened to what, for those who follow it within the same transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    pub kind: &'static str,
    pub id: Uuid,
}

/// A feature above that acts on what happened below, at the end of the transaction in which it happened: both stay or
/// neither. It takes its locks after all others, and sees the whole country.
pub type Follower = fn(&mut Tx<'_>, &[Told]) -> Result<()>;

/// The structure concerned, if there is one, a département and its region.
pub type Place<'a> = (Option<StructureId>, &'a str, &'a str);

/// Whom an event is told where the perimeter alone does not decide: as who may read the resource.
#[derive(Clone, Debug, Default)]
pub struct Audience<'a> {
    pub roles: &'a [Role],
    /// The perimeter, as exact as the reader's own: none of these for the country.
    pub structure_id: Option<StructureId>,
    pub departement_code: Option<&'a str>,
    pub region_code: Option<&'a str>,
}

/// Records an event that only these roles are told of, within a perimeter.
pub fn emit_to(tx: &mut Tx<'_>, kind: &'static str, resource: &'static str, id: Uuid, to: &Audience<'_>) -> Result<()> {
    let roles: Vec<String> = to.roles.iter().map(ToString::to_string).collect();
    sql!(
        "insert into events (id, type, resource, resource_id, audience, structure_id, departement_code, region_code, occurred_at)
         values ({}, {}, {}, {}, {}, {}, {}, {}, {})",
        Uuid::now_v7(),
        kind,
        resource,
        id,
        roles,
        to.structure_id,
        to.departement_code,
        to.region_code,
        tx.now().instant()
    )
    .run(tx.conn())?;
    tx.tell(Told { kind, id });
    tx.note(Effect { kind: "event", name: kind.to_owned(), resource: format!("{resource}/{id}") });
    Ok(())
}

/// Records an event in the transaction of the change.
pub fn emit(tx: &mut Tx<'_>, event: &Event<'_>) -> Result<()> {
    let (structure, departement, region) = match event.place {
        Some((structure, departement, region)) => (structure, Some(departement), Some(region)),
        None => (None, None, None),
    };
    sql!(
        "insert into events (id, type, resource, resource_id, structure_id, departement_code, region_code, occurred_at)
         values ({}, {}, {}, {}, {}, {}, {}, {})",
        Uuid::now_v7(),
        event.kind,
        event.resource,
        event.id,
        structure,
        departement,
        region,
        tx.now().instant()
    )
    .run(tx.conn())?;
    tx.tell(Told { kind: event.kind, id: event.id });
    tx.note(Effect {
        kind: "event",
        name: event.kind.to_owned(),
        resource: format!("{}/{}", event.resource, event.id),
    });
    Ok(())
}

/// Records the same happening to many resources of one place, in one statement.
pub fn emit_all(
    tx: &mut Tx<'_>,
    kind: &'static str,
    resource: &'static str,
    ids: &[Uuid],
    place: Option<Place<'_>>,
) -> Result<()> {
    let event_ids: Vec<Uuid> = ids.iter().map(|_| Uuid::now_v7()).collect();
    sql!(
        "insert into events (id, type, resource, resource_id, structure_id, departement_code, region_code, occurred_at)
         select new.id, {}, {}, new.resource_id, {}, {}, {}, {} from unnest({}, {}) as new (id, resource_id)",
        kind,
        resource,
        place.and_then(|place| place.0),
        place.map(|place| place.1),
        place.map(|place| place.2),
        tx.now().instant(),
        event_ids,
        ids.to_vec()
    )
    .run(tx.conn())?;
    for id in ids {
        tx.tell(Told { kind, id: *id });
        tx.note(Effect { kind: "event", name: kind.to_owned(), resource: format!("{resource}/{id}") });
    }
    Ok(())
}
