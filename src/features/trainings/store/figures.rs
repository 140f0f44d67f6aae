//! SQL of the figures of training.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types as st;

use crate::features::trainings::model::PathKind;
use crate::platform::auth::{Actor, Reach};
use crate::platform::codes::RegionCode;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{TrainingBodyId, TrainingPathId};
use crate::sql;

/// What a body did on a path.
#[derive(Clone, Debug, QueryableByName)]
pub struct Figures {
    #[diesel(sql_type = st::Uuid)]
    pub body_id: TrainingBodyId,
    #[diesel(sql_type = st::Text)]
    pub body_name: String,
    #[diesel(sql_type = st::Uuid)]
    pub path_id: TrainingPathId,
    #[diesel(sql_type = st::Text)]
    pub path_name: String,
    #[diesel(sql_type = st::Text)]
    pub kind: PathKind,
    #[diesel(sql_type = st::BigInt)]
    pub enrolments_count: i64,
    #[diesel(sql_type = st::BigInt)]
    pub ended_count: i64,
    #[diesel(sql_type = st::BigInt)]
    pub completed_count: i64,
    #[diesel(sql_type = st::BigInt)]
    pub half_days_recorded_count: i64,
    #[diesel(sql_type = st::BigInt)]
    pub half_days_attended_count: i64,
    /// Hours of the path for each half-day attended, in minutes.
    #[diesel(sql_type = st::BigInt)]
    pub minutes_delivered: i64,
    /// Days from hiring to the first day, summed up over enrolments of the initial training.
    #[diesel(sql_type = st::BigInt)]
    pub days_to_training: i64,
    #[diesel(sql_type = st::BigInt)]
    pub delays_count: i64,
}

/// What an actor may count: a training body its own, others what lies in their territory.
fn countable(actor: &Actor) -> Sql {
    match actor {
        Actor::TrainingBody(id) => sql!("e.body_id = {}", *id),
        other => Reach::over(&other.reach(), "s"),
    }
}

/// Over sessions that begin within a period.
pub fn figures(
    conn: &mut PgConnection,
    actor: &Actor,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    regions: Option<Vec<RegionCode>>,
) -> Result<Vec<Figures>> {
    let within = regions.map_or(Sql::raw("true"), |codes| sql!("s.region_code = any({})", codes));
    sql!(
        "select b.id as body_id, b.name as body_name, p.id as path_id, p.name as path_name, p.kind,
            count(*) as enrolments_count,
            count(*) filter (where e.status in ('completed', 'dropped_out')) as ended_count,
            count(*) filter (where e.status = 'completed') as completed_count,
            coalesce(sum(a.recorded), 0)::bigint as half_days_recorded_count,
            coalesce(sum(a.attended), 0)::bigint as half_days_attended_count,
            coalesce(sum(a.attended * p.hours * 60 / cardinality(t.half_days)), 0)::bigint as minutes_delivered,
            coalesce(sum(e.starts_on - r.starts_on) filter (where p.kind = 'initial'), 0)::bigint as days_to_training,
            count(*) filter (where p.kind = 'initial') as delays_count
         from enrolments e join training_sessions t on t.id = e.session_id join training_bodies b on b.id = e.body_id
            join training_paths p on p.id = e.path_id join recruitments r on r.id = e.recruitment_id
            join structures s on s.id = e.structure_id
            cross join lateral (select count(*) as recorded, count(*) filter (where x.status = 'present') as attended
                from attendances x where x.enrolment_id = e.id) a
         where e.status <> 'cancelled' and {} and ({}::date is null or e.starts_on >= {}) and ({}::date is null or e.starts_on <= {})
            and {}
         group by b.id, p.id order by b.name, b.id, p.name, p.id",
        countable(actor),
        from,
        from,
        to,
        to,
        within
    )
    .load(conn)
}
