//! SQL of the contract under which each report counts.

use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use super::tally;
use crate::platform::db::Tx;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{ActivityReportId, CounsellorId};
use crate::sql;

/// A report that counts under another contract than the one that covers its day.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct Astray {
    #[diesel(sql_type = st::Uuid)]
    pub counsellor_id: CounsellorId,
    #[diesel(sql_type = st::Uuid)]
    pub id: ActivityReportId,
}

/// Reports of the people of some recruitments whose contract is not the one that covers their day, with the one that does.
const ASTRAY: &str = "select r.counsellor_id, r.id, r.held_on, c.recruitment_id, c.structure_id, c.departement_code, c.commune_code
    from counsellors k join activity_reports r on r.counsellor_id = k.id
        left join lateral (
            select q.id as recruitment_id, q.structure_id, s.departement_code, s.commune_code
            from recruitments q join structures s on s.id = q.structure_id
            where q.candidate_id = k.candidate_id and q.status in ('validated', 'termination_requested', 'terminated', 'completed')
                and q.starts_on <= r.held_on and (q.last_on is null or q.last_on >= r.held_on)
            order by q.starts_on desc limit 1) c on true
    where r.deleted_at is null and (c.recruitment_id is distinct from r.recruitment_id or r.uncovered)
        and (c.recruitment_id is not null or not r.uncovered)
        and k.candidate_id in (select x.candidate_id from recruitments x where x.id = any(";

fn astray_of(recruitments: &[Uuid]) -> Sql {
    sql!("{} {}))", Sql::raw(ASTRAY), recruitments.to_vec())
}

pub fn astray(conn: &mut PgConnection, recruitments: &[Uuid]) -> Result<Vec<Astray>> {
    sql!("select m.counsellor_id, m.id from ({}) m order by 1, 2", astray_of(recruitments)).load(conn)
}

/// Moves such reports to the contract that covers their day, and the figures with them. What nothing covers counts nowhere.
/// What was done at a distance lies where the employer lies.
pub fn put_right(tx: &mut Tx<'_>, recruitments: &[Uuid]) -> Result<()> {
    let gone = sql!(
        "select r.* from activity_reports r join ({}) m
            on m.counsellor_id = r.counsellor_id and m.id = r.id and m.held_on = r.held_on",
        astray_of(recruitments)
    );
    let come = sql!(
        "update activity_reports r set uncovered = m.recruitment_id is null,
            recruitment_id = coalesce(m.recruitment_id, r.recruitment_id),
            structure_id = coalesce(m.structure_id, r.structure_id),
            structure_departement_code = coalesce(m.departement_code, r.structure_departement_code),
            commune_code = case when r.channel = 'distance' then coalesce(m.commune_code, r.commune_code)
                else r.commune_code end,
            place_departement_code = case when r.channel = 'distance' then coalesce(m.departement_code, r.place_departement_code)
                else r.place_departement_code end
         from ({}) m where m.counsellor_id = r.counsellor_id and m.id = r.id and m.held_on = r.held_on returning r.*",
        astray_of(recruitments)
    );
    tally::write(tx.conn(), Some(gone), come)
}
