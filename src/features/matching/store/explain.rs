//! SQL of what the matching knows of one pair.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types as st;

use crate::features::candidates::model::CandidateStatus;
use crate::features::matching::model::MatchStatus;
use crate::features::structures::model::StructureStatus;
use crate::platform::error::Result;
use crate::platform::ids::{CandidateId, MatchId, StructureId};
use crate::sql;

/// The values behind each condition.
#[derive(Clone, Debug, QueryableByName)]
pub struct Facts {
    #[diesel(sql_type = st::Uuid)]
    pub candidate_id: CandidateId,
    #[diesel(sql_type = st::Uuid)]
    pub structure_id: StructureId,
    #[diesel(sql_type = st::Text)]
    pub candidate_status: CandidateStatus,
    #[diesel(sql_type = st::Text)]
    pub structure_status: StructureStatus,
    #[diesel(sql_type = st::BigInt)]
    pub vacant_posts: i64,
    #[diesel(sql_type = st::Date)]
    pub available_from: NaiveDate,
    /// Latest wanted start of its vacant posts; none without one.
    #[diesel(sql_type = st::Nullable<st::Date>)]
    pub wanted_start_on: Option<NaiveDate>,
    #[diesel(sql_type = st::Integer)]
    pub distance_m: i32,
    #[diesel(sql_type = st::Nullable<st::Integer>)]
    pub max_distance_km: Option<i32>,
    #[diesel(sql_type = st::Bool)]
    pub anywhere: bool,
    #[diesel(sql_type = st::Text)]
    pub candidate_territory: String,
    #[diesel(sql_type = st::Text)]
    pub structure_territory: String,
    #[diesel(sql_type = st::Nullable<st::Uuid>)]
    pub match_id: Option<MatchId>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub match_status: Option<MatchStatus>,
    #[diesel(sql_type = st::BigInt)]
    pub candidate_open_matches: i64,
    #[diesel(sql_type = st::BigInt)]
    pub structure_open_matches: i64,
    #[diesel(sql_type = st::Integer)]
    pub match_cap: i32,
}

/// As of a day: a match whose last day has passed is over, whether or not the night has seen it.
pub fn facts(
    conn: &mut PgConnection,
    candidate: CandidateId,
    structure: StructureId,
    today: NaiveDate,
) -> Result<Option<Facts>> {
    sql!(
        "select c.id as candidate_id, s.id as structure_id, c.status as candidate_status, s.status as structure_status,
            (select count(*) from posts p where p.structure_id = s.id and p.status = 'vacant' and p.available) as vacant_posts,
            c.available_from,
            (select max(a.wanted_start_on) from posts p join applications a on a.id = p.application_id
             where p.structure_id = s.id and p.status = 'vacant' and p.available) as wanted_start_on,
            round(1000 * conum_km(c.longitude, c.latitude, s.longitude, s.latitude))::int as distance_m,
            c.max_distance_km, c.anywhere,
            conum_island(c.departement_code) as candidate_territory, conum_island(s.departement_code) as structure_territory,
            m.id as match_id, m.status as match_status,
            (select count(*) from matches o where o.candidate_id = c.id and o.status in ('proposed', 'mutual', 'met')
                and o.expires_on >= {})
                as candidate_open_matches,
            (select count(*) from matches o where o.structure_id = s.id and o.status in ('proposed', 'mutual', 'met')
                and o.expires_on >= {})
                as structure_open_matches,
            (select match_cap from programme where id = 1) as match_cap
         from candidates c cross join structures s
         left join matches m on m.candidate_id = c.id and m.structure_id = s.id
         where c.id = {} and s.id = {}",
        today,
        today,
        candidate,
        structure
    )
    .first(conn)
}
