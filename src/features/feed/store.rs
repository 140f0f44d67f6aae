//! SQL of the feed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use crate::platform::auth::{Actor, Reach, Territory};
use crate::platform::db::feed::{Point, Present};
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::sql;

#[derive(Clone, Debug, QueryableByName)]
pub struct Happening {
    #[diesel(sql_type = st::BigInt)]
    pub sequence: i64,
    #[diesel(sql_type = st::Uuid)]
    pub id: Uuid,
    #[diesel(sql_type = st::Text)]
    pub kind: String,
    #[diesel(sql_type = st::Text)]
    pub resource: String,
    #[diesel(sql_type = st::Uuid)]
    pub resource_id: Uuid,
    #[diesel(sql_type = st::Timestamptz)]
    pub occurred_at: DateTime<Utc>,
    #[diesel(sql_type = st::Integer)]
    epoch: i32,
    #[diesel(sql_type = st::BigInt)]
    transaction: i64,
}

impl Happening {
    /// Where it lies in the feed.
    pub fn point(&self) -> Point {
        Point::of_event(self.epoch, self.transaction, self.sequence)
    }
}

/// What the feed is asked for.
#[derive(Clone, Debug)]
pub struct Search {
    pub after: Option<Point>,
    /// The feed as the caller knows it: nothing of a later epoch is read.
    pub present: Present,
    /// Resources that the caller may read, and asks for.
    pub resources: Vec<String>,
    pub kinds: Option<Vec<String>>,
    pub limit: i64,
}

/// Whether a row `e` lies within an actor's perimeter.
fn within(actor: &Actor) -> Sql {
    match (actor, actor.reach()) {
        (Actor::TrainingBody(id), _) => sql!(
            "(e.resource = 'training-sessions' or exists (
                select from enrolments x where x.id = e.resource_id and x.body_id = {}))",
            *id
        ),
        (_, Reach::Country) => Sql::raw("true"),
        (_, Reach::Territory(Territory::Departement(code))) => sql!("e.departement_code = {}", code),
        (_, Reach::Territory(Territory::Region(code))) => sql!("e.region_code = {}", code),
        (_, Reach::Structure(id)) => sql!("e.structure_id = {}", id),
        (_, Reach::Candidate(_) | Reach::Counsellor(_) | Reach::TrainingBody(_) | Reach::Nothing) => Sql::raw("false"),
    }
}

/// Whether a row `e` is told to an actor's role at all.
fn told_to(actor: &Actor) -> Sql {
    match actor.role() {
        Some(role) => sql!("(e.audience is null or {} = any(e.audience))", role),
        None => Sql::raw("true"),
    }
}

/// Events after a point, in an order that never changes: by epoch and transaction, published once no older one can still
/// commit. Whoever has read up to a point has missed nothing before it.
pub fn list(conn: &mut PgConnection, actor: &Actor, search: &Search) -> Result<Vec<Happening>> {
    let after = search.after.map_or_else(|| Sql::raw("true"), |point| point.is_before());
    let kinds = match &search.kinds {
        Some(kinds) => sql!("e.type = any({})", kinds.clone()),
        None => Sql::raw("true"),
    };
    sql!(
        "select e.sequence, e.id, e.type as kind, e.resource, e.resource_id, e.occurred_at,
            e.epoch, e.transaction::text::bigint as transaction
         from events e
         where {} and {} and {} and {} and e.resource = any({}) and {}
         order by e.epoch, e.transaction, e.sequence limit {}",
        search.present.is_published(),
        after,
        within(actor),
        told_to(actor),
        search.resources.clone(),
        kinds,
        search.limit
    )
    .load(conn)
}
