//! SQL of the posts themselves and of their attachments.

use chrono::NaiveDate;
use diesel::prelude::*;
use uuid::Uuid;

use crate::features::posts::model::Phase;
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::platform::ids::{ApplicationId, PostId, ReservationId, StructureId};
use crate::sql;

/// What every post of one grant has in common.
#[derive(Clone, Debug)]
pub struct Common {
    pub structure_id: StructureId,
    pub application_id: ApplicationId,
    pub reservation_id: Option<ReservationId>,
    pub granted_on: NaiveDate,
    pub wave: i32,
    pub phase: Phase,
    pub coordinator: bool,
    pub recruitment_deadline: NaiveDate,
}

/// Posts that a structure holds: vacant or occupied.
pub fn count_live(conn: &mut PgConnection, structure: StructureId) -> Result<i64> {
    sql!("select count(*) as n from posts where structure_id = {} and status <> 'returned'", structure).count(conn)
}

/// One post for each identifier, attached to its structure.
pub fn insert(tx: &mut Tx<'_>, ids: &[PostId], common: &Common) -> Result<()> {
    let posts: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let attachments: Vec<Uuid> = ids.iter().map(|_| Uuid::now_v7()).collect();
    sql!(
        "insert into posts (id, structure_id, application_id, reservation_id, granted_on, wave, phase, coordinator,
            recruitment_deadline)
         select new.id, {}, {}, {}, {}, {}, {}, {}, {} from unnest({}) with ordinality as new (id, rank) order by new.rank",
        common.structure_id,
        common.application_id,
        common.reservation_id,
        common.granted_on,
        common.wave,
        common.phase,
        common.coordinator,
        common.recruitment_deadline,
        posts.clone()
    )
    .run(tx.conn())?;
    sql!(
        "insert into post_attachments (id, post_id, structure_id, from_on, reason)
         select new.id, new.post_id, {}, {}, 'granted' from unnest({}, {}) as new (id, post_id)",
        common.structure_id,
        common.granted_on,
        attachments,
        posts
    )
    .run(tx.conn())
    .map(|_| ())
}
