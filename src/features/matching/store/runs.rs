//! SQL of the runs: who is looked at, the nearest of each structure, and the choice among them.
//!
//! The choice is the greedy one over all eligible pairs in one order: distance in metres, then the candidate's
//! registration, then the identifiers of candidate and structure; a pair is taken while both sides are under their cap.
//! Only the nearest candidates of each structure are fetched. That changes nothing: a structure's list is the beginning
//! of its own order, so that as long as it takes all it may from its list, what lies beyond is never reached; where
//! it does not, more is fetched and the choice made anew.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types as st;
use serde_json::Value;

use crate::features::matching::model::{RunScope, Target};
use crate::platform::auth::{Actor, Role};
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::matching_runs;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::events::{self, MatchEvent};
use crate::platform::ids::{CandidateId, MatchingRunId, StructureId};
use crate::{sortable, sql};

/// A run as it was written down.
#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = matching_runs)]
pub struct Run {
    pub id: MatchingRunId,
    pub scope: RunScope,
    pub structure_id: Option<StructureId>,
    pub candidate_id: Option<CandidateId>,
    pub role: String,
    pub match_cap: i32,
    pub candidates_count: i32,
    pub structures_count: i32,
    pub pairs_count: i32,
    pub proposed_count: i32,
    pub expired_count: i32,
    pub closed_count: i32,
    pub skipped: Value,
    pub created_at: DateTime<Utc>,
}

sortable! {
    /// Sort keys of runs.
    pub enum RunSort {
        "created_at" = "r.created_at"::"timestamptz",
    }
}

pub fn list(
    conn: &mut PgConnection,
    actor: &Actor,
    scopes: Option<Vec<RunScope>>,
    since: Option<DateTime<Utc>>,
    page: &PageSpec,
) -> Result<Rows<Run>> {
    Listing::new("r.*", Sql::raw("matching_runs r"), "r.id", "uuid")
        .filter(of(actor))
        .filter_some(scopes, |scopes| sql!("r.scope = any({})", scopes))
        .filter_some(since, |since| sql!("r.created_at >= {}", since))
        .page(conn, page)
}

pub fn find(conn: &mut PgConnection, actor: &Actor, id: MatchingRunId) -> Result<Option<Run>> {
    sql!("select r.* from matching_runs r where r.id = {} and {}", id, of(actor)).first(conn)
}

/// The ANCT sees all runs, an employer those over its own structure.
fn of(actor: &Actor) -> Sql {
    match actor {
        Actor::System | Actor::Anct => Sql::raw("true"),
        Actor::Employer(id) => sql!("r.structure_id = {} and r.role = {}", *id, Role::Employer),
        _ => Sql::raw("false"),
    }
}

/// A run decides alone: matches made by hand wait, and so does another run.
pub fn lock_alone(tx: &mut Tx<'_>) -> Result<()> {
    sql!("select pg_advisory_xact_lock(hashtextextended('conum.matching', 0))").run(tx.conn()).map(|_| ())
}

/// A match by hand waits for a run, not for others by hand.
pub fn lock_shared(tx: &mut Tx<'_>) -> Result<()> {
    sql!("select pg_advisory_xact_lock_shared(hashtextextended('conum.matching', 0))").run(tx.conn()).map(|_| ())
}

pub fn match_cap(conn: &mut PgConnection) -> Result<i32> {
    #[derive(QueryableByName)]
    struct Cap {
        #[diesel(sql_type = st::Integer)]
        match_cap: i32,
    }
    Ok(sql!("select match_cap from programme where id = 1").one::<Cap>(conn)?.match_cap)
}

const TABLES: &str = "
    create temporary table pool_structures (
        number int generated always as identity, id uuid, longitude float8, latitude float8, place cube, island text,
        needed_by date, room int, room_left int, depth int not null default 0, complete boolean not null default false
    ) on commit drop;
    create temporary table pool_candidates (
        number int generated always as identity, id uuid, longitude float8, latitude float8, place cube, island text,
        anywhere boolean, radius_m int, available_from date, room int
    ) on commit drop;
    create temporary table pool_pairs (structure int, candidate int, distance_m int) on commit drop;
    create temporary table pool_chosen (
        rank int generated always as identity, structure int, candidate int, distance_m int
    ) on commit drop";

/// What the pools hold.
#[derive(Clone, Copy, Debug)]
pub struct Pools {
    pub structures: i64,
    pub candidates: i64,
}

/// Gathers those who may be matched now, each with the matches it may still have.
pub fn gather(tx: &mut Tx<'_>, target: Target, cap: i32) -> Result<Pools> {
    // A run over the whole country may take longer than a request should, and the nearest come first only by an index
    // that is walked in order.
    tx.conn().batch_execute(
        "set local statement_timeout = '60s'; set local work_mem = '64MB'; set local jit = off;
        set local enable_bitmapscan = off",
    )?;
    tx.conn().batch_execute(TABLES)?;
    let today = tx.today();
    sql!(
        "insert into pool_structures (id, longitude, latitude, place, island, needed_by, room, room_left)
         select s.id, s.longitude, s.latitude, conum_sphere(s.longitude, s.latitude), conum_island(s.departement_code),
            greatest({}, n.wanted), r.room, r.room
         from structures s
         join (select p.structure_id, max(a.wanted_start_on) as wanted
            from posts p join applications a on a.id = p.application_id
            where p.status = 'vacant' and p.available group by p.structure_id) n on n.structure_id = s.id
         left join (select m.structure_id, count(*)::int as open from matches m
            where m.status in ('proposed', 'mutual', 'met') group by m.structure_id) o on o.structure_id = s.id
         cross join lateral (select {} - coalesce(o.open, 0) as room) r
         where s.status = 'retained' and r.room > 0 and {}
         order by s.id",
        today,
        cap,
        match target {
            Target::Structure(id) => sql!("s.id = {}", id),
            _ => Sql::raw("true"),
        }
    )
    .run(tx.conn())?;
    sql!(
        "insert into pool_candidates (id, longitude, latitude, place, island, anywhere, radius_m, available_from, room)
         select c.id, c.longitude, c.latitude, conum_sphere(c.longitude, c.latitude),
            conum_island(c.departement_code), c.anywhere, 1000 * c.max_distance_km, c.available_from, {} - coalesce(o.open, 0)
         from candidates c
         left join (select m.candidate_id, count(*)::int as open from matches m
            where m.status in ('proposed', 'mutual', 'met') group by m.candidate_id) o on o.candidate_id = c.id
         where c.status = 'active' and c.confirmed_at is not null and {} > coalesce(o.open, 0)
            and c.available_from <= (select max(needed_by) from pool_structures) and {}
         order by c.created_at, c.id",
        cap,
        cap,
        match target {
            Target::Candidate(id) => sql!("c.id = {}", id),
            _ => Sql::raw("true"),
        }
    )
    .run(tx.conn())?;
    tx.conn().batch_execute(
        "create index pool_candidates_near_idx on pool_candidates using gist (place) where not anywhere;
         create index pool_candidates_anywhere_idx on pool_candidates using gist (place) where anywhere;
         analyze pool_candidates, pool_structures",
    )?;
    let count =
        |tx: &mut Tx<'_>, table: &'static str| sql!("select count(*) as n from {}", Sql::raw(table)).count(tx.conn());
    Ok(Pools { structures: count(tx, "pool_structures")?, candidates: count(tx, "pool_candidates")? })
}

/// How many candidates of each kind are fetched for a structure at first, and how much further each time.
const DEPTH: i32 = 16;
const DEEPER: i32 = 4;

/// Chooses the pairs, in order. They stay in `pool_chosen`.
pub fn choose(tx: &mut Tx<'_>) -> Result<()> {
    loop {
        fetch(tx)?;
        tx.conn().batch_execute(CHOICE)?;
        let wanting = sql!("select exists (select from pool_structures where room_left > 0 and not complete) as yes")
            .holds(tx.conn())?;
        if !wanting {
            return Ok(());
        }
    }
}

/// Fetches the nearest eligible candidates of the structures that still want some, further than before.
fn fetch(tx: &mut Tx<'_>) -> Result<()> {
    sql!(
        "update pool_structures s set depth = case when s.depth = 0 then {} else s.depth * {} end
         where s.room_left > 0 and not s.complete",
        DEPTH,
        DEEPER
    )
    .run(tx.conn())?;
    tx.conn().batch_execute(
        "delete from pool_pairs p using pool_structures s
         where s.number = p.structure and s.room_left > 0 and not s.complete",
    )?;
    // Each of the two lists is cut at its depth, so that only what lies nearer than the end of a cut list is known
    // to be whole; 0.0158 is a little more than the chord of 100 km on the sphere of radius 1.
    tx.conn().batch_execute(
        "with near as materialized (
            select s.number as structure, s.depth, n.candidate, n.distance_m, n.kind
            from pool_structures s cross join lateral (
                (select c.number as candidate, 1 as kind,
                    round(1000 * conum_km(c.longitude, c.latitude, s.longitude, s.latitude))::int as distance_m
                 from pool_candidates c
                 where not c.anywhere and c.place <@ cube_enlarge(s.place, 0.0158, 3) and c.island = s.island
                    and c.available_from <= s.needed_by
                    and round(1000 * conum_km(c.longitude, c.latitude, s.longitude, s.latitude)) <= c.radius_m
                    and not exists (select from matches m where m.candidate_id = c.id and m.structure_id = s.id)
                 order by c.place <-> s.place limit s.depth)
                union all
                (select c.number, 2, round(1000 * conum_km(c.longitude, c.latitude, s.longitude, s.latitude))::int
                 from pool_candidates c
                 where c.anywhere and c.available_from <= s.needed_by
                    and not exists (select from matches m where m.candidate_id = c.id and m.structure_id = s.id)
                 order by c.place <-> s.place limit s.depth)
            ) n
            where s.room_left > 0 and not s.complete
        ), cut as (
            select structure, min(last) as reach from (
                select structure, kind, max(distance_m) as last from near group by structure, kind, depth
                having count(*) >= depth) k
            group by structure
        ), done as (
            update pool_structures s set complete = true
            where s.room_left > 0 and not s.complete
                and not exists (select from cut where cut.structure = s.number)
        )
        insert into pool_pairs (structure, candidate, distance_m)
        select n.structure, n.candidate, n.distance_m from near n left join cut on cut.structure = n.structure
        where cut.reach is null or n.distance_m < cut.reach",
    )?;
    Ok(())
}

/// The greedy choice over all pairs fetched, in one order; candidates and structures are numbered in theirs.
const CHOICE: &str = "
    truncate pool_chosen restart identity;
    do $$
    declare
        structures int[] := array(select room from pool_structures order by number);
        candidates int[] := array(select room from pool_candidates order by number);
        pair record;
    begin
        for pair in select * from pool_pairs order by distance_m, candidate, structure loop
            if structures[pair.structure] > 0 and candidates[pair.candidate] > 0 then
                structures[pair.structure] := structures[pair.structure] - 1;
                candidates[pair.candidate] := candidates[pair.candidate] - 1;
                insert into pool_chosen (structure, candidate, distance_m)
                values (pair.structure, pair.candidate, pair.distance_m);
            end if;
        end loop;
        update pool_structures set room_left = structures[number] where room_left <> structures[number];
    end
    $$";

/// A run to be written down.
pub struct NewRun<'a> {
    pub id: MatchingRunId,
    pub target: Target,
    pub cap: i32,
    pub pools: Pools,
    pub expired: usize,
    pub closed: usize,
    pub role: &'a str,
}

pub fn insert(tx: &mut Tx<'_>, run: &NewRun<'_>) -> Result<()> {
    sql!(
        "insert into matching_runs (id, scope, structure_id, candidate_id, role, match_cap, candidates_count, structures_count,
            pairs_count, proposed_count, expired_count, closed_count, skipped)
         select {}, {}, {}, {}, {}, {}, {}, {}, (select count(*) from pool_pairs), (select count(*) from pool_chosen), {}, {}, {}",
        run.id,
        run.target.scope(),
        run.target.structure(),
        run.target.candidate(),
        run.role,
        run.cap,
        i32::try_from(run.pools.candidates).unwrap_or(i32::MAX),
        i32::try_from(run.pools.structures).unwrap_or(i32::MAX),
        i32::try_from(run.expired).unwrap_or(i32::MAX),
        i32::try_from(run.closed).unwrap_or(i32::MAX),
        skipped(run.target, run.cap)
    )
    .run(tx.conn())
    .map(|_| ())
}

/// Why whom was not matched: how many of each.
fn skipped(target: Target, cap: i32) -> Sql {
    let one = |id: Option<uuid::Uuid>, column: &'static str| match id {
        Some(id) => sql!("{} = {}", Sql::raw(column), id),
        None => Sql::raw("true"),
    };
    let candidate = one(target.candidate().map(CandidateId::uuid), "c.id");
    let structure = one(target.structure().map(StructureId::uuid), "s.id");
    let full = |side: &'static str| {
        sql!(
            "(select m.{} as id from matches m where m.status in ('proposed', 'mutual', 'met')
                group by m.{} having count(*) >= {})",
            Sql::raw(side),
            Sql::raw(side),
            cap
        )
    };
    const VACANT: &str =
        "exists (select from posts p where p.structure_id = s.id and p.status = 'vacant' and p.available)";
    sql!(
        "(select coalesce(jsonb_agg(jsonb_build_object('subject', x.subject, 'condition', x.condition, 'count', x.n)
            order by x.subject, x.rank), '[]') from (
            select 'candidate' as subject, 1 as rank, 'candidate_active' as condition, count(*) as n from candidates c
            where c.status in ('pending_confirmation', 'unavailable', 'blocked') and {}
            union all
            select 'candidate', 2, 'candidate_cap', count(*) from candidates c join {} f on f.id = c.id
            where c.status = 'active' and {}
            union all
            select 'candidate', 3, 'availability', count(*) from candidates c
            where c.status = 'active' and c.available_from > (select max(needed_by) from pool_structures) and {}
            union all
            select 'structure', 1, 'vacant_post', count(*) from structures s
            where s.status = 'retained' and not {} and {}
            union all
            select 'structure', 2, 'structure_cap', count(*) from structures s join {} f on f.id = s.id
            where s.status = 'retained' and {} and {}
            union all
            select 'structure', 3, 'distance', count(*) from pool_structures s
            where not exists (select from pool_pairs p where p.structure = s.number)
            union all
            select 'pair', case when s.room_left = 0 then 1 else 2 end,
                case when s.room_left = 0 then 'structure_cap' else 'candidate_cap' end, count(*)
            from pool_pairs p join pool_structures s on s.number = p.structure
            left join pool_chosen o on o.structure = p.structure and o.candidate = p.candidate
            where o.rank is null group by s.room_left = 0
         ) x where x.n > 0)",
        candidate.clone(),
        full("candidate_id"),
        candidate.clone(),
        candidate,
        Sql::raw(VACANT),
        structure.clone(),
        full("structure_id"),
        Sql::raw(VACANT),
        structure
    )
}

/// Writes the proposals that both sides may still have, in the order of the choice. Tells how many.
pub fn propose(tx: &mut Tx<'_>, run: MatchingRunId, expires_on: NaiveDate) -> Result<usize> {
    // What changes a state holds its row's lock: whoever is no longer eligible falls out here.
    tx.conn().batch_execute(
        "analyze pool_chosen;
         select count(*) from (select s.id from structures s join pool_structures x on x.id = s.id
            where x.number in (select structure from pool_chosen) order by s.id for share of s) l;
         select count(*) from (select c.id from candidates c join pool_candidates x on x.id = c.id
            where x.number in (select candidate from pool_chosen) order by c.id for share of c) l",
    )?;
    let now = tx.now().instant();
    let proposed = sql!(
        "with made as (
            insert into matches (id, candidate_id, structure_id, origin, run_id, distance_m, expires_on)
            select conum_uuid7(), c.id, s.id, 'run', {}, o.distance_m, {}
            from pool_chosen o join pool_candidates c on c.number = o.candidate join pool_structures s on s.number = o.structure
            join candidates cc on cc.id = c.id join structures ss on ss.id = s.id
            where cc.status = 'active' and ss.status = 'retained'
            order by o.rank
            on conflict (candidate_id, structure_id) do nothing
            returning id, structure_id)
         {}",
        run,
        expires_on,
        events::of_rows(
            MatchEvent::Proposed,
            now,
            Sql::raw(
                "select m.id, m.structure_id, s.departement_code, s.region_code
                 from made m join structures s on s.id = m.structure_id"
            )
        )
    )
    .run(tx.conn())?;
    sql!(
        "update matching_runs set proposed_count = {} where id = {} and proposed_count <> {}",
        i32::try_from(proposed).unwrap_or(i32::MAX),
        run,
        i32::try_from(proposed).unwrap_or(i32::MAX)
    )
    .run(tx.conn())?;
    Ok(proposed)
}

/// A proposal, as the run's own answer and the letters tell it.
#[derive(Clone, Debug, QueryableByName)]
pub struct Proposal {
    #[diesel(sql_type = st::Uuid)]
    pub candidate_id: CandidateId,
    #[diesel(sql_type = st::Text)]
    pub candidate_reference: String,
    #[diesel(sql_type = st::Uuid)]
    pub structure_id: StructureId,
    #[diesel(sql_type = st::Text)]
    pub structure_reference: String,
    #[diesel(sql_type = st::Text)]
    pub structure_name: String,
    #[diesel(sql_type = st::Text)]
    pub commune_name: String,
    #[diesel(sql_type = st::Integer)]
    pub distance_m: i32,
}

/// The first proposals of the run under way, in its order.
pub fn chosen(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<Proposal>> {
    sql!(
        "select c.id as candidate_id, c.reference as candidate_reference, s.id as structure_id,
            s.reference as structure_reference, s.name as structure_name, l.name as commune_name, o.distance_m
         from pool_chosen o join pool_candidates x on x.number = o.candidate join candidates c on c.id = x.id
         join pool_structures y on y.number = o.structure join structures s on s.id = y.id
         join communes l on l.code = s.commune_code
         order by o.rank limit {}",
        limit
    )
    .load(tx.conn())
}

/// What one candidate is to be told of a run.
#[derive(Clone, Debug, QueryableByName)]
pub struct Letter {
    #[diesel(sql_type = st::Uuid)]
    pub candidate_id: CandidateId,
    #[diesel(sql_type = st::Text)]
    pub email: String,
    /// Name and commune of each structure, with the distance in kilometres, nearest first.
    #[diesel(sql_type = st::Array<st::Text>)]
    pub structures: Vec<String>,
}

pub fn letters_to_candidates(tx: &mut Tx<'_>, run: MatchingRunId) -> Result<Vec<Letter>> {
    sql!(
        "select m.candidate_id, k.email, array_agg(s.name || ', ' || l.name || ' (à ' ||
            case when m.distance_m < 1000 then 'moins d''un' else round(m.distance_m / 1000.0)::text end || ' km)'
            order by m.distance_m, m.id) as structures
         from matches m join candidate_contacts k on k.candidate_id = m.candidate_id
         join structures s on s.id = m.structure_id join communes l on l.code = s.commune_code
         where m.run_id = {} group by m.candidate_id, k.email order by m.candidate_id",
        run
    )
    .load(tx.conn())
}

/// What one structure is to be told of a run.
#[derive(Clone, Debug, QueryableByName)]
pub struct Notice {
    #[diesel(sql_type = st::Uuid)]
    pub structure_id: StructureId,
    #[diesel(sql_type = st::Text)]
    pub name: String,
    #[diesel(sql_type = st::Text)]
    pub email: String,
    #[diesel(sql_type = st::BigInt)]
    pub matches: i64,
}

pub fn notices_to_structures(tx: &mut Tx<'_>, run: MatchingRunId) -> Result<Vec<Notice>> {
    sql!(
        "select m.structure_id, s.name, k.email, count(*) as matches
         from matches m join structures s on s.id = m.structure_id join structure_contacts k on k.structure_id = s.id
         where m.run_id = {} group by m.structure_id, s.name, k.email order by m.structure_id",
        run
    )
    .load(tx.conn())
}
