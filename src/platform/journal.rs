//! Who read whose data: a line in the transaction of the reading, so that nothing is shown that the journal does not know.

use uuid::Uuid;

use super::db::Tx;
use super::error::Result;
use crate::sql;

/// Records that the caller was shown a resource, and whom it is about; nothing of those who read what is their own.
pub fn read(tx: &mut Tx<'_>, resource: &'static str, id: Uuid, people: Vec<Uuid>) -> Result<()> {
    use super::auth::Actor;
    if matches!(tx.actor(), Actor::Candidate(_) | Actor::Counsellor(_) | Actor::System) {
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
