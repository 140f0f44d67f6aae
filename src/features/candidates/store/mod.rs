//! SQL of candidates: the file itself. Links and retention have files of their own.

mod links;
mod retention;

pub use links::*;
pub use retention::*;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use super::model::{CandidateStatus, UnsubscribeReason};
use crate::features::territories::service::Commune;
use crate::platform::auth::Actor;
use crate::platform::codes::{CommuneCode, DepartementCode, EpciSiren, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::lies::{in_commune, in_epci};
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
    pub commune_code: CommuneCode,
    pub departement_code: DepartementCode,
    pub region_code: RegionCode,
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
    pub ids: Option<Vec<Uuid>>,
    pub text: Option<String>,
    pub statuses: Option<Vec<CandidateStatus>>,
    pub departements: Option<Vec<DepartementCode>>,
    pub region: Option<Vec<RegionCode>>,
    pub commune: Option<CommuneCode>,
    pub epci: Option<EpciSiren>,
    pub anywhere: Option<bool>,
    pub available_before: Option<NaiveDate>,
    pub matched: Option<bool>,
    pub updated_since: Option<DateTime<Utc>>,
}

const TABLES: &str = "candidates c left join communes l on l.code = c.commune_code \
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
        .filter_some(search.region.clone(), |codes| sql!("c.region_code = any({})", codes))
        .filter_some(search.commune.as_ref(), |code| in_commune("c.commune_code", code))
        .filter_some(search.epci.as_ref(), |siren| in_epci("c.commune_code", siren))
        .filter_some(search.anywhere, |anywhere| sql!("c.anywhere = {}", anywhere))
        .filter_some(search.available_before, |day| sql!("c.available_from < {}", day))
        .filter_some(search.matched, |matched| sql!("{} = {}", Sql::raw(HAS_OPEN), matched))
        .filter_some(search.ids.clone(), |ids| sql!("c.id = any({})", ids))
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
