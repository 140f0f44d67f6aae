//! SQL of candidates.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use super::model::{CandidateStatus, UnsubscribeReason};
use crate::features::territories::service::Commune;
use crate::platform::auth::Actor;
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::candidates;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::CandidateId;
use crate::platform::text::{like_literal, search_key};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = candidates)]
pub struct Candidate {
    pub id: CandidateId,
    pub reference: String,
    pub first_name: String,
    pub last_name: String,
    pub postal_code: String,
    pub commune_code: String,
    pub departement_code: String,
    pub region_code: String,
    pub longitude: f64,
    pub latitude: f64,
    pub max_distance_km: Option<i32>,
    pub anywhere: bool,
    pub available_from: NaiveDate,
    pub job_seeker: bool,
    pub employed: bool,
    pub in_training: bool,
    pub graduated: bool,
    pub experienced: bool,
    pub diploma_name: Option<String>,
    pub status: CandidateStatus,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub block_reason: Option<String>,
    pub unsubscribe_reason: Option<UnsubscribeReason>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    #[diesel(sql_type = st::Text)]
    pub commune_name: String,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub email: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub phone: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub motivation: Option<String>,
    #[diesel(sql_type = st::BigInt)]
    pub open_matches: i64,
    #[diesel(sql_type = st::Bool)]
    pub in_recruitment: bool,
}

/// Everything of a candidate that can be written.
#[derive(Clone, Debug)]
pub struct Fields {
    pub first_name: String,
    pub last_name: String,
    pub postal_code: String,
    pub commune: Commune,
    pub max_distance_km: Option<i32>,
    pub anywhere: bool,
    pub available_from: NaiveDate,
    pub job_seeker: bool,
    pub employed: bool,
    pub in_training: bool,
    pub graduated: bool,
    pub experienced: bool,
    pub diploma_name: Option<String>,
}

sortable! {
    /// Sort keys of candidates.
    pub enum CandidateSort {
        "updated_at" = "c.updated_at"::"timestamptz",
        "created_at" = "c.created_at"::"timestamptz",
        "available_from" = "c.available_from"::"date",
        "name" = "c.search_key"::"text",
        "reference" = "c.reference"::"text",
    }
}

/// What candidates are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub text: Option<String>,
    pub statuses: Option<Vec<CandidateStatus>>,
    pub departements: Option<Vec<String>>,
    pub region: Option<String>,
    pub commune: Option<String>,
    pub anywhere: Option<bool>,
    pub available_before: Option<NaiveDate>,
    pub matched: Option<bool>,
    pub updated_since: Option<DateTime<Utc>>,
}

const TABLES: &str = "candidates c join communes l on l.code = c.commune_code \
    left join candidate_contacts k on k.candidate_id = c.id left join candidate_motivations t on t.candidate_id = c.id";
const OPEN: &str = "('proposed', 'mutual', 'met')";
const HAS_OPEN: &str =
    "exists (select from matches m where m.candidate_id = c.id and m.status in ('proposed', 'mutual', 'met'))";

/// The columns, with contact data and free text only where the caller may read them.
fn columns(actor: &Actor) -> Sql {
    let (contact, text) = match actor {
        Actor::System | Actor::Anct | Actor::Candidate(_) => (Sql::raw("true"), Sql::raw("true")),
        Actor::Employer(structure) => (
            sql!(
                "(exists (select from matches m where m.candidate_id = c.id and m.structure_id = {}
                    and m.status in ('mutual', 'met', 'selected'))
                 or exists (select from recruitments r where r.candidate_id = c.id and r.structure_id = {}
                    and r.status in ('validated', 'termination_requested')))",
                *structure,
                *structure
            ),
            sql!(
                "exists (select from matches m where m.candidate_id = c.id and m.structure_id = {}
                    and m.status in ('proposed', 'mutual', 'met', 'selected'))",
                *structure
            ),
        ),
        _ => (Sql::raw("false"), Sql::raw("false")),
    };
    sql!(
        "c.*, l.name as commune_name, case when {} then k.email end as email, case when {} then k.phone end as phone,
         case when {} then t.motivation end as motivation,
         (select count(*) from matches m where m.candidate_id = c.id and m.status in {}) as open_matches,
         exists (select from recruitments r where r.candidate_id = c.id
            and r.status in ('submitted', 'validated', 'termination_requested')) as in_recruitment",
        contact.clone(),
        contact,
        text,
        Sql::raw(OPEN)
    )
}

/// The candidates that an actor may know of.
fn known_to(actor: &Actor) -> Sql {
    match actor {
        Actor::System | Actor::Anct => Sql::raw("true"),
        Actor::Candidate(id) => sql!("c.id = {}", *id),
        Actor::Prefecture(_) => sql!("{} and c.status <> 'erased'", actor.reach().over_territory("c")),
        Actor::Employer(structure) => sql!(
            "(exists (select from matches m where m.candidate_id = c.id and m.structure_id = {})
                or exists (select from recruitments r where r.candidate_id = c.id and r.structure_id = {}))",
            *structure,
            *structure
        ),
        Actor::Anonymous
        | Actor::Bdt
        | Actor::Counsellor(_)
        | Actor::Coordinator(_)
        | Actor::TrainingBody(_)
        | Actor::Observer(_) => Sql::raw("false"),
    }
}

pub fn list(conn: &mut PgConnection, actor: &Actor, search: &Search, page: &PageSpec) -> Result<Rows<Candidate>> {
    let mut list = Listing::selecting(columns(actor), Sql::raw(TABLES), "c.id", "uuid");
    list.counted_over(Sql::raw("candidates c"));
    list.filter(known_to(actor))
        .filter_some(search.text.as_deref(), |text| {
            let reference = format!("%{}%", like_literal(&text.trim().to_uppercase()));
            let key = Some(search_key(text)).filter(|key| !key.is_empty());
            sql!(
                "(c.search_key like {} or c.reference like {})",
                key.map(|key| format!("%{}%", like_literal(&key))),
                reference
            )
        })
        .filter_some(search.statuses.clone(), |statuses| sql!("c.status = any({})", statuses))
        .filter_some(search.departements.clone(), |codes| sql!("c.departement_code = any({})", codes))
        .filter_some(search.region.as_deref(), |code| sql!("c.region_code = {}", code))
        .filter_some(search.commune.as_deref(), |code| sql!("c.commune_code = {}", code))
        .filter_some(search.anywhere, |anywhere| sql!("c.anywhere = {}", anywhere))
        .filter_some(search.available_before, |day| sql!("c.available_from < {}", day))
        .filter_some(search.matched, |matched| sql!("{} = {}", Sql::raw(HAS_OPEN), matched))
        .filter_some(search.updated_since, |since| sql!("c.updated_at >= {}", since));
    list.page(conn, page)
}

pub fn find(conn: &mut PgConnection, actor: &Actor, id: CandidateId) -> Result<Option<Candidate>> {
    sql!("select {} from {} where c.id = {} and {}", columns(actor), Sql::raw(TABLES), id, known_to(actor)).first(conn)
}

/// Locks the row until the end of the transaction, then reads it. As the service itself: row-level security would
/// hide it from those who may only read.
pub fn lock(tx: &mut Tx<'_>, actor: &Actor, id: CandidateId) -> Result<Option<Candidate>> {
    tx.as_service(|tx| {
        sql!("select 1 from candidates where id = {} for no key update", id).run(tx.conn())?;
        find(tx.conn(), actor, id)
    })
}

/// The candidate of an address, if there is one.
pub fn find_by_email(tx: &mut Tx<'_>, email: &str) -> Result<Option<CandidateId>> {
    #[derive(QueryableByName)]
    struct Known {
        #[diesel(sql_type = st::Uuid)]
        candidate_id: CandidateId,
    }
    let row: Option<Known> =
        sql!("select candidate_id from candidate_contacts where email = {}", email).first(tx.conn())?;
    Ok(row.map(|row| row.candidate_id))
}

/// Two registrations of one address at once: the second waits, and then finds the first.
pub fn lock_email(tx: &mut Tx<'_>, email: &str) -> Result<()> {
    sql!("select pg_advisory_xact_lock(hashtextextended('conum.candidate|' || {}, 2))", email)
        .run(tx.conn())
        .map(|_| ())
}

fn key(fields: &Fields) -> String {
    search_key(&format!("{} {} {}", fields.first_name, fields.last_name, fields.first_name))
}

pub fn insert(tx: &mut Tx<'_>, id: CandidateId, fields: &Fields) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "insert into candidates (id, first_name, last_name, search_key, postal_code, commune_code, departement_code, region_code,
            longitude, latitude, max_distance_km, anywhere, available_from, job_seeker, employed, in_training, graduated,
            experienced, diploma_name, last_contact_at)
         values ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
        id,
        &fields.first_name,
        &fields.last_name,
        key(fields),
        &fields.postal_code,
        &fields.commune.code,
        &fields.commune.departement_code,
        &fields.commune.region_code,
        fields.commune.longitude,
        fields.commune.latitude,
        fields.max_distance_km,
        fields.anywhere,
        fields.available_from,
        fields.job_seeker,
        fields.employed,
        fields.in_training,
        fields.graduated,
        fields.experienced,
        &fields.diploma_name,
        now
    )
    .run(tx.conn())
    .map(|_| ())
}

pub fn update(tx: &mut Tx<'_>, id: CandidateId, fields: &Fields) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "update candidates set first_name = {}, last_name = {}, search_key = {}, postal_code = {}, commune_code = {},
            departement_code = {}, region_code = {}, longitude = {}, latitude = {}, max_distance_km = {}, anywhere = {},
            available_from = {}, job_seeker = {}, employed = {}, in_training = {}, graduated = {}, experienced = {},
            diploma_name = {}, last_contact_at = {}, reminded_at = null
         where id = {}",
        &fields.first_name,
        &fields.last_name,
        key(fields),
        &fields.postal_code,
        &fields.commune.code,
        &fields.commune.departement_code,
        &fields.commune.region_code,
        fields.commune.longitude,
        fields.commune.latitude,
        fields.max_distance_km,
        fields.anywhere,
        fields.available_from,
        fields.job_seeker,
        fields.employed,
        fields.in_training,
        fields.graduated,
        fields.experienced,
        &fields.diploma_name,
        now,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}

pub fn put_contact(tx: &mut Tx<'_>, id: CandidateId, email: &str, phone: Option<&str>) -> Result<()> {
    sql!(
        "insert into candidate_contacts (candidate_id, email, phone) values ({}, {}, {})
         on conflict (candidate_id) do update set email = excluded.email, phone = excluded.phone",
        id,
        email,
        phone
    )
    .run(tx.conn())
    .map(|_| ())
}

pub fn put_motivation(tx: &mut Tx<'_>, id: CandidateId, motivation: Option<&str>) -> Result<()> {
    match motivation {
        Some(text) => sql!(
            "insert into candidate_motivations (candidate_id, motivation) values ({}, {})
             on conflict (candidate_id) do update set motivation = excluded.motivation",
            id,
            text
        ),
        None => sql!("delete from candidate_motivations where candidate_id = {}", id),
    }
    .run(tx.conn())
    .map(|_| ())
}

/// A change of state with what goes with it.
pub enum Change<'a> {
    Confirmed,
    Paused,
    Resumed,
    Recruited,
    Released,
    Blocked { reason: &'a str },
    Unblocked { to: CandidateStatus },
    Unsubscribed { reason: Option<UnsubscribeReason> },
}

pub fn change(tx: &mut Tx<'_>, id: CandidateId, change: &Change<'_>) -> Result<()> {
    let now = tx.now().instant();
    match change {
        Change::Confirmed => sql!(
            "update candidates set status = 'active', confirmed_at = coalesce(confirmed_at, {}), unsubscribed_at = null,
                unsubscribe_reason = null, last_contact_at = {}, reminded_at = null where id = {}",
            now,
            now,
            id
        ),
        Change::Paused => {
            sql!("update candidates set status = 'unavailable', last_contact_at = {}, reminded_at = null where id = {}", now, id)
        }
        Change::Resumed => {
            sql!("update candidates set status = 'active', last_contact_at = {}, reminded_at = null where id = {}", now, id)
        }
        Change::Recruited => {
            sql!("update candidates set status = 'recruited', last_contact_at = {}, reminded_at = null where id = {}", now, id)
        }
        Change::Released => {
            sql!("update candidates set status = 'active', last_contact_at = {}, reminded_at = null where id = {}", now, id)
        }
        Change::Blocked { reason } => sql!(
            "update candidates set status = 'blocked', blocked_at = {}, block_reason = {}, unsubscribed_at = null where id = {}",
            now,
            *reason,
            id
        ),
        Change::Unblocked { to } => sql!(
            "update candidates set status = {}, blocked_at = null, block_reason = null where id = {}",
            *to,
            id
        ),
        Change::Unsubscribed { reason } => sql!(
            "update candidates set status = 'unsubscribed', unsubscribed_at = {}, unsubscribe_reason = {} where id = {}",
            now,
            *reason,
            id
        ),
    }
    .run(tx.conn())
    .map(|_| ())
}

/// Marks a sign of life: the candidate answered.
pub fn heard_from(tx: &mut Tx<'_>, id: CandidateId) -> Result<()> {
    let now = tx.now().instant();
    sql!("update candidates set last_contact_at = {}, reminded_at = null where id = {}", now, id)
        .run(tx.conn())
        .map(|_| ())
}

/// Forgets who these people are; what others refer to stays, under a pseudonym.
pub fn erase(tx: &mut Tx<'_>, ids: Vec<Uuid>) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "update candidates set status = 'erased', erased_at = {}, first_name = 'Personne', last_name = reference,
            search_key = lower(replace(reference, '-', ' ')), diploma_name = null, graduated = false,
            job_seeker = job_seeker or not (employed or in_training or experienced), blocked_at = null, block_reason = null,
            unsubscribed_at = null, unsubscribe_reason = null
         where id = any({})",
        now,
        ids.clone()
    )
    .run(tx.conn())?;
    for table in ["candidate_contacts", "candidate_motivations"] {
        sql!("delete from {} where candidate_id = any({})", Sql::raw(table), ids.clone()).run(tx.conn())?;
    }
    sql!(
        "update mail_links set expires_at = least(expires_at, {}), email = case when email is not null then '' end
         where candidate_id = any({})",
        now,
        ids.clone()
    )
    .run(tx.conn())?;
    sql!("delete from emails where resource = 'candidates' and resource_id = any({})", ids).run(tx.conn()).map(|_| ())
}

/// The candidates whose time is over, locked: never confirmed, or not heard from for long. Nobody in a recruitment.
pub fn lock_overdue(
    tx: &mut Tx<'_>,
    unconfirmed_before: DateTime<Utc>,
    silent_before: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    #[derive(QueryableByName)]
    struct Overdue {
        #[diesel(sql_type = st::Uuid)]
        id: Uuid,
    }
    let rows: Vec<Overdue> = sql!(
        "select c.id from candidates c
         where ((c.status = 'pending_confirmation' and c.last_contact_at < {})
                or (c.status not in ('pending_confirmation', 'recruited', 'erased') and c.last_contact_at < {}))
            and not exists (select from recruitments r where r.candidate_id = c.id
                and r.status in ('submitted', 'validated', 'termination_requested'))
         order by c.id for no key update of c skip locked",
        unconfirmed_before,
        silent_before
    )
    .load(tx.conn())?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Free texts of people not heard from since.
pub fn forget_motivations(tx: &mut Tx<'_>, silent_before: DateTime<Utc>) -> Result<usize> {
    sql!(
        "delete from candidate_motivations t using candidates c
         where c.id = t.candidate_id and c.status <> 'recruited' and c.last_contact_at < {}",
        silent_before
    )
    .run(tx.conn())
}

/// A mailed link of a candidate; only its hash is kept.
pub fn insert_link(
    tx: &mut Tx<'_>,
    purpose: &'static str,
    id: CandidateId,
    email: Option<&str>,
    hash: Vec<u8>,
    life: Duration,
) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "insert into mail_links (id, purpose, token_hash, candidate_id, email, expires_at) values ({}, {}, {}, {}, {}, {})",
        Uuid::now_v7(),
        purpose,
        hash,
        id,
        email,
        now + life
    )
    .run(tx.conn())
    .map(|_| ())
}

/// The same for many candidates, in one statement.
pub fn insert_leave_links(
    tx: &mut Tx<'_>,
    purpose: &'static str,
    ids: &[CandidateId],
    hashes: Vec<Vec<u8>>,
    life: Duration,
) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "insert into mail_links (id, purpose, token_hash, candidate_id, expires_at)
         select n.id, {}, decode(n.hash, 'hex'), n.candidate_id, {} from unnest({}, {}, {}) as n (id, hash, candidate_id)",
        purpose,
        now + life,
        ids.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>(),
        hashes.iter().map(|hash| hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>()).collect::<Vec<_>>(),
        ids.iter().map(|id| id.uuid()).collect::<Vec<_>>()
    )
    .run(tx.conn())
    .map(|_| ())
}

/// Links of one purpose that are still open.
pub fn count_links(tx: &mut Tx<'_>, purpose: &'static str, id: CandidateId) -> Result<i64> {
    let now = tx.now().instant();
    sql!(
        "select count(*) as n from mail_links where candidate_id = {} and purpose = {} and used_at is null and expires_at > {}",
        id,
        purpose,
        now
    )
    .count(tx.conn())
}

/// Links of these purposes are of no use any more.
pub fn end_links(tx: &mut Tx<'_>, id: CandidateId, purposes: &[&str]) -> Result<()> {
    let now = tx.now().instant();
    let purposes: Vec<String> = purposes.iter().map(ToString::to_string).collect();
    sql!(
        "update mail_links set expires_at = {} where candidate_id = {} and purpose = any({}) and used_at is null and expires_at > {}",
        now,
        id,
        purposes,
        now
    )
    .run(tx.conn())
    .map(|_| ())
}

/// A used link: whose it was, and the address it was sent to prove.
#[derive(Clone, Debug, QueryableByName)]
pub struct UsedLink {
    #[diesel(sql_type = st::Uuid)]
    pub candidate_id: CandidateId,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub email: Option<String>,
}

/// Uses a link up, once.
pub fn use_link(tx: &mut Tx<'_>, purposes: &[&str], hash: Vec<u8>) -> Result<Option<UsedLink>> {
    let now = tx.now().instant();
    let purposes: Vec<String> = purposes.iter().map(ToString::to_string).collect();
    sql!(
        "update mail_links set used_at = {}
         where token_hash = {} and purpose = any({}) and used_at is null and expires_at > {}
         returning candidate_id, email",
        now,
        hash,
        purposes,
        now
    )
    .first(tx.conn())
}

/// Somebody to be asked whether they are still available.
#[derive(Clone, Debug, QueryableByName)]
pub struct Reminded {
    #[diesel(sql_type = st::Uuid)]
    pub id: CandidateId,
    #[diesel(sql_type = st::Text)]
    pub email: String,
}

/// Marks the next available candidates without an open match who have not been heard from, and were not asked, since.
pub fn take_reminders(tx: &mut Tx<'_>, silent_before: DateTime<Utc>, limit: i64) -> Result<Vec<Reminded>> {
    let now = tx.now().instant();
    sql!(
        "update candidates c set reminded_at = {} from candidate_contacts k
         where k.candidate_id = c.id and c.id in (
            select x.id from candidates x where x.status = 'active' and x.last_contact_at < {}
                and x.reminded_at is null
                and not exists (select from matches m where m.candidate_id = x.id and m.status in ('proposed', 'mutual', 'met'))
            order by x.last_contact_at, x.id limit {} for no key update skip locked)
         returning c.id, k.email",
        now,
        silent_before,
        limit
    )
    .load(tx.conn())
}
