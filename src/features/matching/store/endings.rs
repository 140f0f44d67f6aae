//! SQL of matches that end beside their sides' own doing: by date, or because one side is no longer eligible.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use crate::features::matching::model::{MatchStatus, REMIND_DAYS, Target};
use crate::platform::db::Tx;
use crate::platform::db::reminders;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::events::{self, MatchEvent};
use crate::platform::ids::{CandidateId, MatchId, StructureId};
use crate::sql;

/// Whether a contract of the pair is submitted or runs: then it decides, and no longer the match.
pub const CONTRACTED: &str = "exists (select from recruitments r where r.match_id = m.id \
    and r.status in ('submitted', 'validated', 'termination_requested'))";

/// Whether the structure can hire nobody any more.
const WITHOUT_POST: &str = "(s.status <> 'retained' or not exists (select from posts p where p.structure_id = s.id \
    and p.status = 'vacant'))";

/// A match that has ended: for letters.
#[derive(Clone, Debug, QueryableByName)]
pub struct Ended {
    #[diesel(sql_type = st::Uuid)]
    pub id: MatchId,
    #[diesel(sql_type = st::Uuid)]
    pub structure_id: StructureId,
    #[diesel(sql_type = st::Uuid)]
    pub candidate_id: CandidateId,
    #[diesel(sql_type = st::Text)]
    pub candidate_reference: String,
    #[diesel(sql_type = st::Text)]
    pub structure_name: String,
    #[diesel(sql_type = st::Bool)]
    pub candidate_accepted: bool,
    #[diesel(sql_type = st::Bool)]
    pub structure_accepted: bool,
    /// Whether it was the structure that could not go on.
    #[diesel(sql_type = st::Bool)]
    pub without_post: bool,
    /// Whether it led to a contract, which told its own end.
    #[diesel(sql_type = st::Bool)]
    pub hired: bool,
}

fn of_target(target: Target) -> Sql {
    match target {
        Target::Country => Sql::raw("true"),
        Target::Structure(id) => sql!("m.structure_id = {}", id),
        Target::Candidate(id) => sql!("m.candidate_id = {}", id),
    }
}

/// Ends the matches `m` (candidate `c`, structure `s`) that meet a condition, and tells of it.
fn end(tx: &mut Tx<'_>, to: MatchStatus, kind: MatchEvent, condition: Sql) -> Result<Vec<Ended>> {
    let now = tx.now().instant();
    sql!(
        "with chosen as (
            select m.id, {} as without_post, exists (select from recruitments r where r.match_id = m.id and r.validated_at is not null) as hired
            from matches m join candidates c on c.id = m.candidate_id join structures s on s.id = m.structure_id
            where {} order by m.id for no key update of m),
         ended as (
            update matches m set status = {}, ended_at = {} from chosen o where o.id = m.id
            returning m.id, m.structure_id, m.candidate_id, m.candidate_accepted_at is not null as candidate_accepted,
                m.structure_accepted_at is not null as structure_accepted, o.without_post, o.hired),
         told as ({})
         select e.*, c.reference as candidate_reference, s.name as structure_name
         from ended e join candidates c on c.id = e.candidate_id join structures s on s.id = e.structure_id order by e.id",
        Sql::raw(WITHOUT_POST),
        condition,
        to,
        now,
        events::of_rows(
            kind,
            now,
            Sql::raw(
                "select e.id, e.structure_id, s.departement_code, s.region_code
                 from ended e join structures s on s.id = e.structure_id order by e.id",
            ),
        )
    )
    .load(tx.conn())
}

/// Those whose last day has passed without the next step.
pub fn expire(tx: &mut Tx<'_>, target: Target) -> Result<Vec<Ended>> {
    let overdue = |tx: &Tx<'_>, statuses: &'static str| {
        sql!(
            "m.status in {} and m.expires_on < {} and not {} and {}",
            Sql::raw(statuses),
            tx.today(),
            Sql::raw(CONTRACTED),
            of_target(target)
        )
    };
    let open = overdue(tx, "('proposed', 'mutual', 'met')");
    let mut ended = end(tx, MatchStatus::Expired, MatchEvent::Expired, open)?;
    let chosen = overdue(tx, "('selected')");
    ended.extend(end(tx, MatchStatus::Closed, MatchEvent::Closed, chosen)?);
    Ok(ended)
}

/// Those one side of which is no longer eligible: the candidate does not look for a post any more, or the structure has
/// none to fill; and proposals that have moved out of the candidate's radius.
pub fn close(tx: &mut Tx<'_>, target: Target) -> Result<Vec<Ended>> {
    let condition = sql!(
        "m.status in ('proposed', 'mutual', 'met', 'selected') and not {} and {} and (c.status <> 'active' or {}
            or (m.status = 'proposed' and m.origin = 'run' and not c.anywhere
                and round(1000 * conum_km(c.longitude, c.latitude, s.longitude, s.latitude)) > 1000 * c.max_distance_km))",
        Sql::raw(CONTRACTED),
        of_target(target),
        Sql::raw(WITHOUT_POST)
    );
    end(tx, MatchStatus::Closed, MatchEvent::Closed, condition)
}

/// Closes what a candidate had open; what one structure has selected stays so, and what has led to a contract that is
/// submitted or runs, unless somebody hires them. As the service itself.
pub fn close_of_candidate(tx: &mut Tx<'_>, id: CandidateId, selected_by: Option<StructureId>) -> Result<Vec<Ended>> {
    let condition = sql!(
        "m.candidate_id = {} and m.status in ('proposed', 'mutual', 'met', 'selected')
            and (m.status <> 'selected' or m.structure_id is distinct from {}) and ({} or not {})",
        id,
        selected_by,
        selected_by.is_some(),
        Sql::raw(CONTRACTED)
    );
    end(tx, MatchStatus::Closed, MatchEvent::Closed, condition)
}

/// Closes what structures had open that can hire nobody any more: those of these identifiers, of their own or of posts.
pub fn close_without_post(tx: &mut Tx<'_>, about: Vec<Uuid>) -> Result<Vec<Ended>> {
    let condition = sql!(
        "m.structure_id in (select p.structure_id from posts p where p.id = any({}) union select x.id from structures x
            where x.id = any({}))
            and m.status in ('proposed', 'mutual', 'met', 'selected') and not {} and {}",
        about.clone(),
        about,
        Sql::raw(CONTRACTED),
        Sql::raw(WITHOUT_POST)
    );
    end(tx, MatchStatus::Closed, MatchEvent::Closed, condition)
}

/// A match whose last day is near.
#[derive(Clone, Debug, QueryableByName)]
pub struct Ending {
    #[diesel(sql_type = st::Uuid)]
    pub id: MatchId,
    #[diesel(sql_type = st::Text)]
    pub status: MatchStatus,
    #[diesel(sql_type = st::Date)]
    pub expires_on: NaiveDate,
    #[diesel(sql_type = st::Uuid)]
    pub structure_id: StructureId,
    #[diesel(sql_type = st::Uuid)]
    pub candidate_id: CandidateId,
    #[diesel(sql_type = st::Text)]
    pub candidate_reference: String,
    #[diesel(sql_type = st::Text)]
    pub structure_name: String,
    #[diesel(sql_type = st::Bool)]
    pub candidate_accepted: bool,
    #[diesel(sql_type = st::Bool)]
    pub structure_accepted: bool,
}

/// The next matches that end within days and nobody was reminded of, each once a state.
pub fn take_ending(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<Ending>> {
    let today = tx.today();
    let due = sql!(
        "select m.id, m.expires_on as day from matches m where m.status in ('proposed', 'mutual', 'met', 'selected')
            and m.expires_on between {} and {} and not {}
            and not exists (select from reminders x where x.kind = 'match' and x.resource_id = m.id and x.day = m.expires_on)
         order by m.expires_on, m.id limit {}",
        today,
        today + chrono::TimeDelta::days(REMIND_DAYS),
        Sql::raw(CONTRACTED),
        limit
    );
    let ids = reminders::take(tx, "match", due)?;
    sql!(
        "select m.id, m.status, m.expires_on, m.structure_id, m.candidate_id, c.reference as candidate_reference,
            s.name as structure_name, m.candidate_accepted_at is not null as candidate_accepted,
            m.structure_accepted_at is not null as structure_accepted
         from matches m join candidates c on c.id = m.candidate_id join structures s on s.id = m.structure_id
         where m.id = any({}) order by m.id",
        ids
    )
    .load(tx.conn())
}
