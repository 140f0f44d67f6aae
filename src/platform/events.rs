//! Every change, told thinly: what happened to what, and who may know of it.

mod kinds;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use self::kinds::*;

use super::auth::Role;
use super::db::sql::Sql;
use super::db::{Effect, Tx};
use super::error::Result;
use super::ids::StructureId;
use crate::sql;

/// What happened to what, for those who follow it within the same transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    pub(crate) kind: Kind,
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
pub(crate) fn emit_to(tx: &mut Tx<'_>, kind: impl Into<Kind>, id: Uuid, to: &Audience<'_>) -> Result<()> {
    let kind = kind.into();
    let roles: Vec<String> = to.roles.iter().map(ToString::to_string).collect();
    sql!(
        "insert into events (id, type, resource, resource_id, audience, structure_id, departement_code, region_code, occurred_at)
         values ({}, {}, {}, {}, {}, {}, {}, {}, {})",
        Uuid::now_v7(),
        kind.name(),
        kind.segment(),
        id,
        roles,
        to.structure_id,
        to.departement_code,
        to.region_code,
        tx.now().instant()
    )
    .run(tx.conn())?;
    tell(tx, kind, id);
    Ok(())
}

/// Records an event in the transaction of the change, told within the place; without one, only to those who reach the
/// country.
pub(crate) fn emit(tx: &mut Tx<'_>, kind: impl Into<Kind>, id: Uuid, place: Option<Place<'_>>) -> Result<()> {
    emit_all(tx, kind, &[id], place)
}

/// Records the same happening to many resources of one place, in one statement.
pub(crate) fn emit_all(tx: &mut Tx<'_>, kind: impl Into<Kind>, ids: &[Uuid], place: Option<Place<'_>>) -> Result<()> {
    let kind = kind.into();
    let event_ids: Vec<Uuid> = ids.iter().map(|_| Uuid::now_v7()).collect();
    sql!(
        "insert into events (id, type, resource, resource_id, structure_id, departement_code, region_code, occurred_at)
         select new.id, {}, {}, new.resource_id, {}, {}, {}, {} from unnest({}, {}) as new (id, resource_id)",
        kind.name(),
        kind.segment(),
        place.and_then(|place| place.0),
        place.map(|place| place.1),
        place.map(|place| place.2),
        tx.now().instant(),
        event_ids,
        ids.to_vec()
    )
    .run(tx.conn())?;
    for id in ids {
        tell(tx, kind, *id);
    }
    Ok(())
}

/// The end of a statement that changes many rows at once and records what happened to each, in the order of `rows`: these
/// give the identifier, the structure, the département and the region. Nobody follows it.
pub(crate) fn of_rows(kind: impl Into<Kind>, now: DateTime<Utc>, rows: Sql) -> Sql {
    let kind = kind.into();
    sql!(
        "insert into events (id, type, resource, resource_id, structure_id, departement_code, region_code, occurred_at)
         select conum_uuid7(), {}, {}, r.id, r.structure_id, r.departement_code, r.region_code, {} from ({}) r",
        kind.name(),
        kind.segment(),
        now,
        rows
    )
}

fn tell(tx: &mut Tx<'_>, kind: Kind, id: Uuid) {
    tx.tell(Told { kind, id });
    tx.note(Effect { kind: "event", name: kind.name().to_owned(), resource: format!("{}/{id}", kind.segment()) });
}
