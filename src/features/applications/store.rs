//! SQL of applications and opinions.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use super::model::{ApplicationKind, ApplicationStatus, CoordinatorTime, OpinionKind};
use crate::platform::auth::{Actor, Reach};
use crate::platform::codes::{CommuneCode, DepartementCode, EpciSiren, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::lies::{in_commune, in_epci};
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::{applications, opinions};
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{ApplicationId, CommitteeId, StructureId};
use crate::platform::text::search_pattern;
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = applications)]
pub struct Application {
    pub id: ApplicationId,
    pub reference: String,
    pub structure_id: StructureId,
    pub kind: ApplicationKind,
    pub posts_requested: i32,
    pub wanted_start_on: NaiveDate,
    pub has_candidate: bool,
    pub motivation: String,
    pub coordinator: Option<CoordinatorTime>,
    pub status: ApplicationStatus,
    pub submitted_at: Option<DateTime<Utc>>,
    pub decided_on: Option<NaiveDate>,
    pub committee_id: Option<CommitteeId>,
    pub posts_granted: Option<i32>,
    pub further_examinations: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    #[diesel(sql_type = st::Text)]
    pub structure_name: String,
    #[diesel(sql_type = st::Text)]
    pub commune_code: CommuneCode,
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub opinion: Option<OpinionKind>,
    /// The committee has decided, but is not closed yet.
    #[diesel(sql_type = st::Bool)]
    pub decision_recorded: bool,
}

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = opinions)]
pub struct Opinion {
    pub opinion: OpinionKind,
    pub comment: String,
    pub donor_structure_id: Option<StructureId>,
    pub departement_code: Option<DepartementCode>,
    pub region_code: Option<RegionCode>,
    pub given_at: DateTime<Utc>,
}

/// What of an application its author writes.
#[derive(Clone, Debug)]
pub struct Fields {
    pub kind: ApplicationKind,
    pub posts_requested: i32,
    pub wanted_start_on: NaiveDate,
    pub has_candidate: bool,
    pub motivation: String,
    pub coordinator: Option<CoordinatorTime>,
}

sortable! {
    /// Sort keys of applications.
    pub enum ApplicationSort {
        "updated_at" = "a.updated_at"::"timestamptz",
        "submitted_at" = "coalesce(a.submitted_at, 'infinity')"::"timestamptz",
        "reference" = "a.reference"::"text",
        "posts_requested" = "a.posts_requested"::"int",
        "structure_name" = "s.search_key"::"text",
    }
}

/// What applications are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub ids: Option<Vec<Uuid>>,
    pub structure_name: Option<String>,
    pub statuses: Option<Vec<ApplicationStatus>>,
    pub kinds: Option<Vec<ApplicationKind>>,
    pub departements: Option<Vec<DepartementCode>>,
    pub region: Option<Vec<RegionCode>>,
    pub commune: Option<CommuneCode>,
    pub epci: Option<EpciSiren>,
    pub structure: Option<StructureId>,
    pub committee: Option<CommitteeId>,
    pub has_opinion: Option<bool>,
    pub updated_since: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "a.*, s.name as structure_name, s.commune_code, s.departement_code, s.region_code, o.opinion, \
    exists (select from agenda_items i where i.application_id = a.id and i.settled_at is null and i.outcome is not null) \
        as decision_recorded";
const TABLES: &str =
    "applications a join structures s on s.id = a.structure_id left join opinions o on o.application_id = a.id";

/// Drafts are their authors' business until submitted.
fn visible(actor: &Actor) -> Sql {
    match actor {
        Actor::Prefecture(_) | Actor::Observer(_) | Actor::Coordinator(_) | Actor::Bdt => {
            Sql::raw("a.submitted_at is not null")
        }
        _ => Sql::raw("true"),
    }
}

pub fn list(conn: &mut PgConnection, actor: &Actor, search: &Search, page: &PageSpec) -> Result<Rows<Application>> {
    let reach = &actor.reach();
    Listing::new(COLUMNS, Sql::raw(TABLES), "a.id", "uuid")
        .filter(reach.over("s"))
        .filter(visible(actor))
        .filter_some(search.structure_name.as_deref(), |name| sql!("s.search_key like {}", search_pattern(name)))
        .filter_some(search.statuses.clone(), |statuses| sql!("a.status = any({})", statuses))
        .filter_some(search.kinds.clone(), |kinds| sql!("a.kind = any({})", kinds))
        .filter_some(search.departements.clone(), |codes| sql!("s.departement_code = any({})", codes))
        .filter_some(search.region.clone(), |codes| sql!("s.region_code = any({})", codes))
        .filter_some(search.commune.as_ref(), |code| in_commune("s.commune_code", code))
        .filter_some(search.epci.as_ref(), |siren| in_epci("s.commune_code", siren))
        .filter_some(search.structure, |id| sql!("a.structure_id = {}", id))
        .filter_some(search.committee, |id| sql!("a.committee_id = {}", id))
        .filter_some(search.has_opinion, |has| sql!("(o.application_id is not null) = {}", has))
        .filter_some(search.ids.clone(), |ids| sql!("a.id = any({})", ids))
        .filter_some(search.updated_since, |since| sql!("a.updated_at >= {}", since))
        .page(conn, page)
}

pub fn find(conn: &mut PgConnection, actor: &Actor, id: ApplicationId) -> Result<Option<Application>> {
    let reach = &actor.reach();
    sql!(
        "select {} from {} where a.id = {} and {} and {}",
        Sql::raw(COLUMNS),
        Sql::raw(TABLES),
        id,
        reach.over("s"),
        visible(actor)
    )
    .first(conn)
}

/// Locks the row until the end of the transaction, then reads it.
pub fn lock(tx: &mut Tx<'_>, id: ApplicationId) -> Result<Option<Application>> {
    sql!("select 1 from applications where id = {} for no key update", id).run(tx.conn())?;
    let actor = tx.actor().clone();
    find(tx.conn(), &actor, id)
}

/// Locks several applications in one order, whatever the caller's reach, and reads them.
pub fn lock_all(tx: &mut Tx<'_>, committee: CommitteeId) -> Result<Vec<Application>> {
    sql!(
        "select 1 from applications where id in (select application_id from agenda_items where committee_id = {})
         order by id for no key update",
        committee
    )
    .run(tx.conn())?;
    sql!(
        "select {} from {} where a.id in (select application_id from agenda_items where committee_id = {} and settled_at is null)
         order by a.id",
        Sql::raw(COLUMNS),
        Sql::raw(TABLES),
        committee
    )
    .load(tx.conn())
}

pub fn insert(tx: &mut Tx<'_>, structure: StructureId, fields: &Fields) -> Result<ApplicationId> {
    let id = ApplicationId::new();
    sql!(
        "insert into applications (id, structure_id, kind, posts_requested, wanted_start_on, has_candidate, motivation, pledge, coordinator)
         values ({}, {}, {}, {}, {}, {}, {}, true, {})",
        id,
        structure,
        fields.kind,
        fields.posts_requested,
        fields.wanted_start_on,
        fields.has_candidate,
        &fields.motivation,
        fields.coordinator
    )
    .run(tx.conn())?;
    Ok(id)
}

pub fn update(tx: &mut Tx<'_>, id: ApplicationId, fields: &Fields) -> Result<()> {
    sql!(
        "update applications set posts_requested = {}, wanted_start_on = {}, has_candidate = {}, motivation = {}, coordinator = {}
         where id = {}",
        fields.posts_requested,
        fields.wanted_start_on,
        fields.has_candidate,
        &fields.motivation,
        fields.coordinator,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}

/// A change of state with what goes with it.
pub enum Change {
    Submitted,
    Withdrawn,
    /// Also when an opinion is replaced: the version must move.
    Opinion(ApplicationStatus),
    OnAgenda(CommitteeId),
    OffAgenda,
    Retained {
        posts: i32,
        on: NaiveDate,
    },
    Refused {
        on: NaiveDate,
    },
    FurtherExamination,
}

pub fn change(tx: &mut Tx<'_>, id: ApplicationId, change: &Change) -> Result<()> {
    let now = tx.now().instant();
    // Off the agenda, an application is where its opinion left it.
    let waiting = "status = case when exists (select from opinions o where o.application_id = applications.id) \
        then 'opinion_given' else 'submitted' end, committee_id = null";
    match change {
        Change::Submitted => {
            sql!("update applications set status = 'submitted', submitted_at = {} where id = {}", now, id)
        }
        Change::Withdrawn => sql!(
            "update applications set status = 'withdrawn', withdrawn_at = {}, committee_id = null where id = {}",
            now,
            id
        ),
        Change::Opinion(status) => sql!("update applications set status = {} where id = {}", *status, id),
        Change::OnAgenda(committee) => {
            sql!("update applications set status = 'on_agenda', committee_id = {} where id = {}", *committee, id)
        }
        Change::OffAgenda => sql!("update applications set {} where id = {}", Sql::raw(waiting), id),
        Change::Retained { posts, on } => sql!(
            "update applications set status = 'retained', posts_granted = {}, decided_on = {} where id = {}",
            *posts,
            *on,
            id
        ),
        Change::Refused { on } => {
            sql!("update applications set status = 'refused', decided_on = {} where id = {}", *on, id)
        }
        Change::FurtherExamination => sql!(
            "update applications set {}, further_examinations = further_examinations + 1 where id = {}",
            Sql::raw(waiting),
            id
        ),
    }
    .run(tx.conn())
    .map(|_| ())
}

/// Takes an undecided application off its agenda.
pub fn drop_from_agenda(tx: &mut Tx<'_>, id: ApplicationId) -> Result<()> {
    sql!("delete from agenda_items where application_id = {} and settled_at is null and outcome is null", id)
        .run(tx.conn())
        .map(|_| ())
}

pub fn find_opinion(conn: &mut PgConnection, id: ApplicationId) -> Result<Option<Opinion>> {
    sql!("select * from opinions where application_id = {}", id).first(conn)
}

pub fn put_opinion(tx: &mut Tx<'_>, id: ApplicationId, opinion: &Opinion) -> Result<()> {
    sql!(
        "insert into opinions (application_id, opinion, comment, donor_structure_id, departement_code, region_code, given_at)
         values ({}, {}, {}, {}, {}, {}, {})
         on conflict (application_id) do update set opinion = excluded.opinion, comment = excluded.comment,
            donor_structure_id = excluded.donor_structure_id, departement_code = excluded.departement_code,
            region_code = excluded.region_code, given_at = excluded.given_at",
        id,
        opinion.opinion,
        &opinion.comment,
        opinion.donor_structure_id,
        &opinion.departement_code,
        &opinion.region_code,
        opinion.given_at
    )
    .run(tx.conn())
    .map(|_| ())
}

/// Whether a structure exists within a reach.
pub fn structure_in_reach(conn: &mut PgConnection, reach: &Reach, id: StructureId) -> Result<bool> {
    sql!("select exists (select from structures s where s.id = {} and {}) as yes", id, reach.over("s")).holds(conn)
}

/// Addresses of a département's prefecture, and of its region's.
pub fn prefecture_addresses(tx: &mut Tx<'_>, departement: &str, region: &str) -> Result<Vec<String>> {
    #[derive(QueryableByName)]
    struct Address {
        #[diesel(sql_type = st::Text)]
        email: String,
    }
    let rows: Vec<Address> = sql!(
        "select distinct email from accounts where role = 'prefecture' and status <> 'revoked'
            and (departement_code = {} or region_code = {}) order by email limit 50",
        departement,
        region
    )
    .load(tx.conn())?;
    Ok(rows.into_iter().map(|row| row.email).collect())
}

/// Moves the version.
pub fn touch(tx: &mut Tx<'_>, id: ApplicationId) -> Result<()> {
    sql!("update applications set status = status where id = {}", id).run(tx.conn()).map(|_| ())
}

/// Open applications for further posts of these structures.
pub fn open_additional(tx: &mut Tx<'_>, structures: Vec<Uuid>) -> Result<Vec<ApplicationId>> {
    #[derive(QueryableByName)]
    struct Open {
        #[diesel(sql_type = st::Uuid)]
        id: ApplicationId,
    }
    let rows: Vec<Open> = sql!(
        "select id from applications where structure_id = any({}) and kind = 'additional'
            and status in ('draft', 'submitted', 'opinion_given', 'on_agenda') order by id",
        structures
    )
    .load(tx.conn())?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
