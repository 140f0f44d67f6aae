//! SQL of the posts themselves and of their attachments.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use crate::features::posts::model::{AttachmentEnd, EndReason, Phase, PostStatus};
use crate::platform::auth::Reach;
use crate::platform::codes::{CommuneCode, DepartementCode, EpciSiren, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::lies::{in_commune, in_epci};
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::posts;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{ApplicationId, PostId, ReservationId, StructureId, uuids};
use crate::platform::text::{like_literal, search_key};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = posts)]
pub struct Post {
    pub id: PostId,
    pub reference: String,
    pub structure_id: StructureId,
    pub application_id: ApplicationId,
    pub reservation_id: Option<ReservationId>,
    pub granted_on: NaiveDate,
    pub wave: i32,
    pub phase: Phase,
    pub coordinator: bool,
    pub recruitment_deadline: NaiveDate,
    pub deadline_extended_at: Option<DateTime<Utc>>,
    pub deadline_extension_reason: Option<String>,
    pub status: PostStatus,
    pub available: bool,
    /// The contract on it runs, and nothing about it waits for a decision.
    pub occupant_may_move: bool,
    pub occupied_from: Option<NaiveDate>,
    pub returned_on: Option<NaiveDate>,
    pub return_reason: Option<EndReason>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    #[diesel(sql_type = st::Text)]
    pub structure_reference: String,
    #[diesel(sql_type = st::Text)]
    pub structure_name: String,
    #[diesel(sql_type = st::Text)]
    pub commune_code: CommuneCode,
    #[diesel(sql_type = st::Text)]
    pub commune_name: String,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub epci_siren: Option<EpciSiren>,
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
    /// A request to give it back waits for a decision.
    #[diesel(sql_type = st::Bool)]
    pub return_pending: bool,
    /// What the post is on the legal day, whether or not the night has told of it.
    #[diesel(sql_type = st::Text)]
    pub shown_status: PostStatus,
}

fn shown_status(today: NaiveDate) -> Sql {
    sql!(
        "case when p.occupied_until < {} then 'vacant' when p.occupied_from > {} then 'starts_later'
            when p.occupied_from is not null then 'occupied' else p.status end",
        today,
        today
    )
}

fn columns(today: NaiveDate) -> Sql {
    sql!("{}, {} as shown_status", Sql::raw(COLUMNS), shown_status(today))
}

const COLUMNS: &str = "p.*, s.reference as structure_reference, s.name as structure_name, s.commune_code, \
    c.name as commune_name, s.epci_siren, s.departement_code, s.region_code, \
    exists (select from post_returns r where r.post_id = p.id and r.status = 'requested') as return_pending";
const TABLES: &str =
    "posts p left join structures s on s.id = p.structure_id left join communes c on c.code = s.commune_code";

sortable! {
    /// Sort keys of posts.
    pub enum PostSort {
        "updated_at" = "p.updated_at"::"timestamptz",
        "granted_on" = "p.granted_on"::"date",
        "recruitment_deadline" = "p.recruitment_deadline"::"date",
        "reference" = "p.reference"::"text",
    }
}

/// What posts are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub ids: Option<Vec<Uuid>>,
    pub text: Option<String>,
    pub departements: Option<Vec<DepartementCode>>,
    pub region: Option<Vec<RegionCode>>,
    pub epci: Option<EpciSiren>,
    pub commune: Option<CommuneCode>,
    pub structure: Option<StructureId>,
    pub statuses: Option<Vec<PostStatus>>,
    pub available: Option<bool>,
    pub phase: Option<Phase>,
    pub coordinator: Option<bool>,
    pub wave: Option<i32>,
    pub overdue: Option<bool>,
    pub granted_from: Option<NaiveDate>,
    pub granted_before: Option<NaiveDate>,
    pub updated_since: Option<DateTime<Utc>>,
}

pub fn list(
    conn: &mut PgConnection,
    reach: &Reach,
    today: NaiveDate,
    search: &Search,
    page: &PageSpec,
) -> Result<Rows<Post>> {
    let mut list = Listing::selecting(columns(today), Sql::raw(TABLES), "p.id", "uuid");
    list.filter(reach.over("s"))
        .filter_some(search.ids.clone(), |ids| sql!("p.id = any({})", ids))
        .filter_some(search.text.as_deref(), |text| {
            let reference = format!("%{}%", like_literal(&text.trim().to_uppercase()));
            // A text of punctuation only has no key: it may still be part of a reference.
            let key = Some(search_key(text)).filter(|key| !key.is_empty());
            sql!(
                "(s.search_key like {} or p.reference like {} or s.reference like {})",
                key.map(|key| format!("%{}%", like_literal(&key))),
                reference.clone(),
                reference
            )
        })
        .filter_some(search.departements.clone(), |codes| sql!("s.departement_code = any({})", codes))
        .filter_some(search.region.clone(), |codes| sql!("s.region_code = any({})", codes))
        .filter_some(search.epci.as_ref(), |siren| in_epci("s.commune_code", siren))
        .filter_some(search.commune.as_ref(), |code| in_commune("s.commune_code", code))
        .filter_some(search.structure, |id| sql!("p.structure_id = {}", id))
        .filter_some(search.statuses.clone(), |statuses| sql!("{} = any({})", shown_status(today), statuses))
        .filter_some(search.available, |available| sql!("p.available = {}", available))
        .filter_some(search.phase, |phase| sql!("p.phase = {}", phase))
        .filter_some(search.coordinator, |coordinator| sql!("p.coordinator = {}", coordinator))
        .filter_some(search.wave, |wave| sql!("p.wave = {}", wave))
        .filter_some(search.overdue, |overdue| {
            sql!("(p.status = 'vacant' and p.recruitment_deadline < {}) = {}", today, overdue)
        })
        .filter_some(search.granted_from, |day| sql!("p.granted_on >= {}", day))
        .filter_some(search.granted_before, |day| sql!("p.granted_on < {}", day))
        .filter_some(search.updated_since, |since| sql!("p.updated_at >= {}", since));
    list.page(conn, page)
}

pub fn find(conn: &mut PgConnection, reach: &Reach, today: NaiveDate, id: PostId) -> Result<Option<Post>> {
    sql!("select {} from {} where p.id = {} and {}", columns(today), Sql::raw(TABLES), id, reach.over("s")).first(conn)
}

/// Locks the row until the end of the transaction, then reads it.
pub fn lock(tx: &mut Tx<'_>, reach: &Reach, id: PostId) -> Result<Option<Post>> {
    sql!("select 1 from posts where id = {} for no key update", id).run(tx.conn())?;
    let today = tx.today();
    find(tx.conn(), reach, today, id)
}

/// What every post of one grant has in common.
#[derive(Clone, Debug)]
pub struct Common {
    pub structure_id: StructureId,
    pub application_id: ApplicationId,
    pub reservation_id: Option<ReservationId>,
    pub granted_on: NaiveDate,
    pub wave: i32,
    pub phase: Phase,
    pub coordinator: bool,
    pub recruitment_deadline: NaiveDate,
}

/// Posts that a structure holds: vacant or occupied.
pub fn count_live(conn: &mut PgConnection, structure: StructureId) -> Result<i64> {
    sql!("select count(*) as n from posts where structure_id = {} and status <> 'returned'", structure).count(conn)
}

/// One post for each identifier, attached to its structure.
pub fn insert(tx: &mut Tx<'_>, ids: &[PostId], common: &Common) -> Result<()> {
    let posts = uuids(ids);
    let attachments: Vec<Uuid> = ids.iter().map(|_| Uuid::now_v7()).collect();
    sql!(
        "insert into posts (id, structure_id, application_id, reservation_id, granted_on, wave, phase, coordinator,
            recruitment_deadline)
         select new.id, {}, {}, {}, {}, {}, {}, {}, {} from unnest({}) with ordinality as new (id, rank) order by new.rank",
        common.structure_id,
        common.application_id,
        common.reservation_id,
        common.granted_on,
        common.wave,
        common.phase,
        common.coordinator,
        common.recruitment_deadline,
        posts.clone()
    )
    .run(tx.conn())?;
    sql!(
        "insert into post_attachments (id, post_id, structure_id, from_on, reason)
         select new.id, new.post_id, {}, {}, 'granted' from unnest({}, {}) as new (id, post_id)",
        common.structure_id,
        common.granted_on,
        attachments,
        posts
    )
    .run(tx.conn())
    .map(|_| ())
}

/// Hands a post over: the old attachment ends on the day on which the new one starts.
/// An occupied post has no deadline to set.
pub fn transfer(
    tx: &mut Tx<'_>,
    id: PostId,
    to: StructureId,
    on: NaiveDate,
    deadline: Option<NaiveDate>,
) -> Result<()> {
    sql!(
        "update posts set structure_id = {}, recruitment_deadline = coalesce({}, recruitment_deadline) where id = {}",
        to,
        deadline,
        id
    )
    .run(tx.conn())?;
    close_attachment(tx, id, on, AttachmentEnd::Transferred)?;
    sql!(
        "insert into post_attachments (id, post_id, structure_id, from_on, reason) values ({}, {}, {}, {}, 'transferred')",
        Uuid::now_v7(),
        id,
        to,
        on
    )
    .run(tx.conn())
    .map(|_| ())
}

/// Ends a post: nobody recruits on it any more.
pub fn end(tx: &mut Tx<'_>, id: PostId, reason: EndReason, how: AttachmentEnd) -> Result<()> {
    let today = tx.today();
    sql!(
        "update posts set status = 'returned', available = false, returned_on = {}, return_reason = {} where id = {}",
        today,
        reason,
        id
    )
    .run(tx.conn())?;
    close_attachment(tx, id, today, how)
}

fn close_attachment(tx: &mut Tx<'_>, id: PostId, on: NaiveDate, how: AttachmentEnd) -> Result<()> {
    sql!(
        "update post_attachments set to_on = greatest(from_on, {}), ended_by = {} where post_id = {} and to_on is null",
        on,
        how,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}

/// First day of the running attachment.
pub fn attached_since(conn: &mut PgConnection, id: PostId) -> Result<Option<NaiveDate>> {
    #[derive(QueryableByName)]
    struct Since {
        #[diesel(sql_type = st::Date)]
        from_on: NaiveDate,
    }
    let row: Option<Since> =
        sql!("select from_on from post_attachments where post_id = {} and to_on is null", id).first(conn)?;
    Ok(row.map(|row| row.from_on))
}

pub fn extend_deadline(tx: &mut Tx<'_>, id: PostId, until: NaiveDate, reason: &str) -> Result<()> {
    let now = tx.now().instant();
    sql!(
        "update posts set recruitment_deadline = {}, deadline_extended_at = {}, deadline_extension_reason = {} where id = {}",
        until,
        now,
        reason,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}

pub fn set_available(tx: &mut Tx<'_>, id: PostId, available: bool) -> Result<()> {
    sql!("update posts set available = {} where id = {}", available, id).run(tx.conn()).map(|_| ())
}

/// First and last day of the contracts that run on a post, or are to.
const DAYS: &str = "select min(r.starts_on) as first, case when bool_and(r.last_on is not null) then max(r.last_on) end as last \
    from recruitments r where r.status in ('validated', 'termination_requested') and r.post_id =";

/// Filled by its validated contract; tells whether that has begun. As the service itself: who decides on a contract need
/// not see what else is on the post.
pub fn fill(tx: &mut Tx<'_>, id: PostId) -> Result<bool> {
    let today = tx.today();
    tx.as_service(|tx| {
        sql!(
            "update posts p set status = case when q.first > {} then 'starts_later' else 'occupied' end, available = false,
                occupant_may_move = p.occupant_may_move and q.first <= {}, occupied_from = q.first, occupied_until = q.last from ({} {}) q where p.id = {}",
            today,
            today,
            Sql::raw(DAYS),
            id,
            id
        )
        .run(tx.conn())?;
        sql!("select exists (select from posts p where p.id = {} and p.status = 'occupied') as yes", id).holds(tx.conn())
    })
}

/// Vacant again, with a deadline that may be extended once more.
pub fn vacate(tx: &mut Tx<'_>, id: PostId, deadline: NaiveDate, available: bool) -> Result<()> {
    sql!(
        "update posts set status = 'vacant', available = {}, occupant_may_move = false, occupied_from = null,
            occupied_until = null, recruitment_deadline = {}, deadline_extended_at = null,
            deadline_extension_reason = null where id = {}",
        available,
        deadline,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}

/// The days of a post and of its counsellor, and whether the contract may move with it, after a change of the contract. As
/// the service itself: who changes one contract need not see what else waits.
pub fn settle(tx: &mut Tx<'_>, id: PostId) -> Result<()> {
    tx.as_service(|tx| {
        sql!(
            "update counsellors k set until_on = q.last
             from (select r.candidate_id, case when bool_and(r.last_on is not null) then max(r.last_on) end as last
                from recruitments r where r.post_id = {} and r.status in ('validated', 'termination_requested') group by 1) q
             where k.candidate_id = q.candidate_id and k.status <> 'left' and k.until_on is distinct from q.last",
            id
        )
        .run(tx.conn())?;
        sql!(
            "update posts p set occupied_from = case when p.occupied_from is not null then q.first end,
                occupied_until = case when p.occupied_from is not null then q.last end, occupant_may_move = p.status = 'occupied' and exists (
                select from recruitments r where r.post_id = p.id and r.status = 'validated' and not r.waiting
                    and not exists (select from recruitments n where n.previous_id = r.id and n.waiting)
                    and not exists (select from extensions x where x.recruitment_id = r.id and x.status = 'requested'))
             from ({} {}) q where p.id = {}",
            Sql::raw(DAYS),
            id,
            id
        )
        .run(tx.conn())
        .map(|_| ())
    })
}

/// Moves the version: what the post shows has changed beside its own columns.
pub fn touch(tx: &mut Tx<'_>, id: PostId) -> Result<()> {
    sql!("update posts set status = status where id = {}", id).run(tx.conn()).map(|_| ())
}
