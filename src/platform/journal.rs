//! Who read whose data: a line before it is shown, so that nothing is shown that the journal does not know.

use uuid::Uuid;

use super::auth::Actor;
use super::db::Tx;
use super::error::Result;
use crate::sql;

/// Whom an answer shows.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Path segment of the resource or list.
    pub resource: &'static str,
    /// None for a page of a list.
    pub id: Option<Uuid>,
    /// As candidates.
    pub people: Vec<Uuid>,
}

/// Whether what this caller reads of others is noted: people read what is their own, the service reads for others.
pub fn notes(actor: &Actor) -> bool {
    !matches!(actor, Actor::Candidate(_) | Actor::Counsellor(_) | Actor::System)
}

/// Records that the caller was shown a resource, and whom it is about.
pub fn read(tx: &mut Tx<'_>, resource: &'static str, id: Uuid, people: Vec<Uuid>) -> Result<()> {
    write(tx, resource, Some(id), people)
}

/// Records whom an answer shows that was read before.
pub fn note(tx: &mut Tx<'_>, shown: &Shown) -> Result<()> {
    write(tx, shown.resource, shown.id, shown.people.clone())
}

fn write(tx: &mut Tx<'_>, resource: &'static str, id: Option<Uuid>, people: Vec<Uuid>) -> Result<()> {
    if !notes(tx.actor()) {
        return Ok(());
    }
    let (principal, request) = (tx.principal(), tx.request());
    let (_, perimeter) = principal.actor.reach().as_setting();
    sql!(
        "insert into accesses (id, occurred_at, operation, request_id, role, perimeter, issuer, subject, account_id,
            api_client_id, resource, resource_id, people) values ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
        Uuid::now_v7(),
        tx.now().instant(),
        request.operation,
        &request.request_id,
        principal.actor.name(),
        perimeter,
        &principal.issuer,
        &principal.subject,
        principal.account,
        principal.api_client,
        resource,
        id,
        people
    )
    .run(tx.conn())
    .map(|_| ())
}
