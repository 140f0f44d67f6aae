//! SQL of matches.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use super::endings::CONTRACTED;
use crate::features::candidates::model::CandidateStatus;
use crate::features::matching::model::{DeclineReason, MatchOrigin, MatchSide, MatchStatus, last_day};
use crate::platform::auth::Actor;
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::matches;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{CandidateId, MatchId, MatchingRunId, StructureId};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = matches)]
pub struct Match {
    pub id: MatchId,
    pub reference: String,
    pub candidate_id: CandidateId,
    pub structure_id: StructureId,
    pub origin: MatchOrigin,
    pub run_id: Option<MatchingRunId>,
    pub distance_m: i32,
    pub status: MatchStatus,
    pub candidate_accepted_at: Option<DateTime<Utc>>,
    pub structure_accepted_at: Option<DateTime<Utc>>,
    pub declined_by: Option<MatchSide>,
    pub met_on: Option<NaiveDate>,
    pub ended_at: Option<DateTime<Utc>>,
    pub expires_on: NaiveDate,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    #[diesel(sql_type = st::Text)]
    pub candidate_reference: String,
    #[diesel(sql_type = st::Text)]
    pub candidate_status: CandidateStatus,
    /// Vacant posts of the structure that no submitted recruitment holds.
    #[diesel(sql_type = st::BigInt)]
    pub vacant_posts: i64,
    /// Whether a contract of the pair is submitted or runs.
    #[diesel(sql_type = st::Bool)]
    pub contracted: bool,
    #[diesel(sql_type = st::Text)]
    pub first_name: String,
    #[diesel(sql_type = st::Text)]
    pub last_name: String,
    #[diesel(sql_type = st::Text)]
    pub candidate_commune_name: String,
    #[diesel(sql_type = st::Date)]
    pub available_from: NaiveDate,
    #[diesel(sql_type = st::Bool)]
    pub graduated: bool,
    #[diesel(sql_type = st::Bool)]
    pub experienced: bool,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub motivation: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub candidate_email: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub candidate_phone: Option<String>,
    #[diesel(sql_type = st::Text)]
    pub structure_reference: String,
    #[diesel(sql_type = st::Text)]
    pub structure_name: String,
    #[diesel(sql_type = st::Text)]
    pub structure_status: crate::features::structures::model::StructureStatus,
    #[diesel(sql_type = st::Text)]
    pub structure_commune_name: String,
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub contact_first_name: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub contact_last_name: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub contact_email: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub contact_phone: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub refusal_reason: Option<DeclineReason>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub refusal_comment: Option<String>,
}

sortable! {
    /// Sort keys of matches.
    pub enum MatchSort {
        "updated_at" = "m.updated_at"::"timestamptz",
        "created_at" = "m.created_at"::"timestamptz",
        "distance" = "m.distance_m"::"int",
        "expires_on" = "m.expires_on"::"date",
        "reference" = "m.reference"::"text",
    }
}

/// What matches are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub ids: Option<Vec<Uuid>>,
    pub statuses: Option<Vec<MatchStatus>>,
    pub origin: Option<MatchOrigin>,
    pub structure: Option<StructureId>,
    pub candidate: Option<CandidateId>,
    pub run: Option<MatchingRunId>,
    pub departements: Option<Vec<DepartementCode>>,
    pub updated_since: Option<DateTime<Utc>>,
}

const TABLES: &str = "matches m join candidates c on c.id = m.candidate_id left join communes cl on cl.code = c.commune_code \
    left join structures s on s.id = m.structure_id left join communes sl on sl.code = s.commune_code \
    left join candidate_contacts k on k.candidate_id = c.id left join candidate_motivations t on t.candidate_id = c.id \
    left join structure_contacts sk on sk.structure_id = s.id left join match_refusals f on f.match_id = m.id";

/// The columns, with what each side may read of the other: contact data from the mutual agreement on and as long as
/// the match leads somewhere, by date and not by the night that ends it; nobody else's reasons ever.
fn columns(actor: &Actor, today: NaiveDate) -> Sql {
    let lasts = || sql!("(m.expires_on >= {} or {})", today, Sql::raw(CONTRACTED));
    let yes = || Sql::raw("true");
    let agreed = || sql!("(m.status in ('mutual', 'met', 'selected') and {})", lasts());
    let no = || Sql::raw("false");
    let (contact, text, structure, own) = match actor {
        Actor::System | Actor::Anct => (yes(), yes(), yes(), yes()),
        Actor::Employer(_) => (
            agreed(),
            sql!("(m.status in ('proposed', 'mutual', 'met', 'selected') and {})", lasts()),
            yes(),
            Sql::raw("f.side = 'structure'"),
        ),
        Actor::Candidate(_) => (yes(), yes(), agreed(), Sql::raw("f.side = 'candidate'")),
        _ => (no(), no(), no(), no()),
    };
    sql!(
        "m.*, c.reference as candidate_reference, c.status as candidate_status, {} as contracted,
         (select count(*) from posts p where p.structure_id = m.structure_id and p.status = 'vacant' and p.available) as vacant_posts,
         c.first_name, c.last_name, cl.name as candidate_commune_name,
         c.available_from, c.graduated, c.experienced, case when {} then t.motivation end as motivation,
         case when {} then k.email end as candidate_email, case when {} then k.phone end as candidate_phone,
         s.reference as structure_reference, s.name as structure_name, s.status as structure_status,
         sl.name as structure_commune_name, s.departement_code, s.region_code,
         case when {} then sk.first_name end as contact_first_name, case when {} then sk.last_name end as contact_last_name,
         case when {} then sk.email end as contact_email, case when {} then sk.phone end as contact_phone,
         case when {} then f.reason end as refusal_reason, case when {} then f.comment end as refusal_comment",
        Sql::raw(CONTRACTED),
        text,
        contact.clone(),
        contact,
        structure.clone(),
        structure.clone(),
        structure.clone(),
        structure,
        own.clone(),
        own
    )
}

/// The matches of which an actor is a side.
fn of(actor: &Actor) -> Sql {
    match actor {
        Actor::System | Actor::Anct => Sql::raw("true"),
        Actor::Employer(id) => sql!("m.structure_id = {}", *id),
        Actor::Candidate(id) => sql!("m.candidate_id = {}", *id),
        Actor::Anonymous
        | Actor::Bdt
        | Actor::Prefecture(_)
        | Actor::Counsellor(_)
        | Actor::Coordinator(_)
        | Actor::TrainingBody(_)
        | Actor::Observer(_) => Sql::raw("false"),
    }
}

pub fn list(
    conn: &mut PgConnection,
    actor: &Actor,
    today: NaiveDate,
    search: &Search,
    page: &PageSpec,
) -> Result<Rows<Match>> {
    let mut list = Listing::selecting(columns(actor, today), Sql::raw(TABLES), "m.id", "uuid");
    list.filter(of(actor))
        .filter_some(search.statuses.clone(), |statuses| sql!("m.status = any({})", statuses))
        .filter_some(search.origin, |origin| sql!("m.origin = {}", origin))
        .filter_some(search.structure, |id| sql!("m.structure_id = {}", id))
        .filter_some(search.candidate, |id| sql!("m.candidate_id = {}", id))
        .filter_some(search.run, |id| sql!("m.run_id = {}", id))
        .filter_some(search.departements.clone(), |codes| sql!("s.departement_code = any({})", codes))
        .filter_some(search.ids.clone(), |ids| sql!("m.id = any({})", ids))
        .filter_some(search.updated_since, |since| sql!("m.updated_at >= {}", since));
    list.page(conn, page)
}

pub fn find(conn: &mut PgConnection, actor: &Actor, today: NaiveDate, id: MatchId) -> Result<Option<Match>> {
    sql!("select {} from {} where m.id = {} and {}", columns(actor, today), Sql::raw(TABLES), id, of(actor)).first(conn)
}

/// Locks the row until the end of the transaction, then reads it.
pub fn lock(tx: &mut Tx<'_>, id: MatchId) -> Result<Option<Match>> {
    sql!("select 1 from matches where id = {} for no key update", id).run(tx.conn())?;
    let (actor, today) = (tx.actor().clone(), tx.today());
    find(tx.conn(), &actor, today, id)
}

/// A match that a structure makes by hand: its own answer is given.
pub fn insert_manual(
    tx: &mut Tx<'_>,
    id: MatchId,
    candidate: CandidateId,
    structure: StructureId,
    distance_m: i32,
    expires_on: NaiveDate,
) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "insert into matches (id, candidate_id, structure_id, origin, distance_m, structure_accepted_at, expires_on)
         values ({}, {}, {}, 'manual', {}, {}, {})",
        id,
        candidate,
        structure,
        distance_m,
        now,
        expires_on
    )
    .run(tx.conn())
    .map(|_| ())
}

/// A change of state with what goes with it.
pub enum Change {
    /// One side accepts; with the other's answer there already, the agreement is mutual.
    Accepted(MatchSide),
    Declined(MatchSide),
    Met {
        on: NaiveDate,
    },
    Selected,
    NotSelected,
}

pub fn change(tx: &mut Tx<'_>, id: MatchId, change: &Change) -> Result<()> {
    let (now, today) = (tx.now().instant(), tx.today());
    let until = |status| last_day(status, today);
    // With the other side's answer there already, the agreement is mutual, and has a last day of its own.
    let accepted = |own: &'static str, other: &'static str| {
        sql!(
            "update matches set {} = {}, status = case when {} is null then 'proposed' else 'mutual' end,
                expires_on = case when {} is null then expires_on else {} end where id = {}",
            Sql::raw(own),
            now,
            Sql::raw(other),
            Sql::raw(other),
            until(MatchStatus::Mutual),
            id
        )
    };
    match change {
        Change::Accepted(MatchSide::Candidate) => accepted("candidate_accepted_at", "structure_accepted_at"),
        Change::Accepted(MatchSide::Structure) => accepted("structure_accepted_at", "candidate_accepted_at"),
        Change::Declined(side) => {
            sql!(
                "update matches set status = 'declined', declined_by = {}, ended_at = {} where id = {}",
                *side,
                now,
                id
            )
        }
        Change::Met { on } => sql!(
            "update matches set status = 'met', met_on = {}, expires_on = {} where id = {}",
            *on,
            until(MatchStatus::Met),
            id
        ),
        Change::Selected => sql!(
            "update matches set status = 'selected', ended_at = {}, expires_on = {} where id = {}",
            now,
            until(MatchStatus::Selected),
            id
        ),
        Change::NotSelected => sql!("update matches set status = 'not_selected', ended_at = {} where id = {}", now, id),
    }
    .run(tx.conn())
    .map(|_| ())
}

pub fn insert_refusal(
    tx: &mut Tx<'_>,
    id: MatchId,
    side: MatchSide,
    reason: Option<DeclineReason>,
    comment: Option<&str>,
) -> Result<()> {
    if reason.is_none() && comment.is_none() {
        return Ok(());
    }
    sql!(
        "insert into match_refusals (match_id, side, reason, comment) values ({}, {}, {}, {})",
        id,
        side,
        reason,
        comment
    )
    .run(tx.conn())
    .map(|_| ())
}

/// Forgets why a person declined.
pub fn forget_refusals(tx: &mut Tx<'_>, candidates: Vec<Uuid>) -> Result<()> {
    sql!(
        "delete from match_refusals f using matches m
         where m.id = f.match_id and f.side = 'candidate' and m.candidate_id = any({})",
        candidates
    )
    .run(tx.conn())
    .map(|_| ())
}

/// The match of a pair, if there ever was one, with its state. As the service itself.
pub fn of_pair(tx: &mut Tx<'_>, candidate: CandidateId, structure: StructureId) -> Result<Option<Pair>> {
    sql!(
        "select m.id, m.status, m.expires_on, exists (select from recruitments r where r.candidate_id = m.candidate_id
            and r.structure_id = m.structure_id and r.validated_at is not null) as hired
         from matches m where m.candidate_id = {} and m.structure_id = {}",
        candidate,
        structure
    )
    .first(tx.conn())
}

/// How far a pair has come.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct Pair {
    #[diesel(sql_type = st::Uuid)]
    pub id: MatchId,
    #[diesel(sql_type = st::Text)]
    pub status: MatchStatus,
    #[diesel(sql_type = st::Date)]
    pub expires_on: NaiveDate,
    /// Whether they have worked together before.
    #[diesel(sql_type = st::Bool)]
    pub hired: bool,
}

/// A match that ended without anybody's refusal is proposed anew by the structure: a pair has one row only.
pub fn propose_again(tx: &mut Tx<'_>, id: MatchId, distance_m: i32, expires_on: NaiveDate) -> Result<()> {
    let now = tx.now().instant();
    sql!("delete from match_refusals where match_id = {}", id).run(tx.conn())?;
    sql!(
        "update matches set status = 'proposed', candidate_accepted_at = null, structure_accepted_at = {}, met_on = null,
            ended_at = null, distance_m = {}, expires_on = {} where id = {}",
        now,
        distance_m,
        expires_on,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}
