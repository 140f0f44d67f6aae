//! SQL of the posts under agreements, and of the facts on which their money depends.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use super::agreements::BELONGS;
use crate::features::posts::model::{Phase, PostStatus};
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::schema::agreement_posts;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{AgreementId, AgreementPostId, PostId, StructureId, SubsidyScaleId, uuids};
use crate::sql;

/// A post under an agreement.
#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = agreement_posts)]
pub struct Covered {
    pub id: AgreementPostId,
    pub agreement_id: AgreementId,
    pub structure_id: StructureId,
    pub post_id: PostId,
    pub phase: Phase,
    pub scale_id: SubsidyScaleId,
    pub bonus_scale_id: Option<SubsidyScaleId>,
    pub added_on: NaiveDate,
    pub removed_on: Option<NaiveDate>,
    pub term_thirtieths: i32,
    pub worked_before_thirtieths: i32,
    pub full_cents: i64,
    pub amount_cents: i64,
    pub paid_cents: i64,
    pub credited_cents: i64,
    #[diesel(sql_type = st::Text)]
    pub post_reference: String,
    #[diesel(sql_type = st::Text)]
    pub post_status: PostStatus,
    /// Returned, or with another structure now.
    #[diesel(sql_type = st::Bool)]
    pub has_left: bool,
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
}

const COLUMNS: &str = "c.*, p.reference as post_reference, p.status as post_status, \
    (p.status = 'returned' or p.structure_id <> c.structure_id or c.removed_on is not null) as has_left, \
    s.departement_code, s.region_code";
const TABLES: &str = "agreement_posts c join posts p on p.id = c.post_id join structures s on s.id = c.structure_id";

/// The posts of agreements, those that have left included.
pub fn of_agreements(conn: &mut PgConnection, ids: &[AgreementId]) -> Result<Vec<Covered>> {
    sql!(
        "select {} from {} where c.agreement_id = any({}) order by c.agreement_id, p.reference, c.id",
        Sql::raw(COLUMNS),
        Sql::raw(TABLES),
        uuids(ids)
    )
    .load(conn)
}

/// A contract that was validated, on a post under an agreement or about to be.
#[derive(Clone, Debug, QueryableByName)]
pub struct Contract {
    /// The post under the agreement, or the post itself.
    #[diesel(sql_type = st::Uuid)]
    pub key: Uuid,
    #[diesel(sql_type = st::Date)]
    pub starts_on: NaiveDate,
    /// Last day worked, asked for or agreed; none of a contract without a term that runs.
    #[diesel(sql_type = st::Nullable<st::Date>)]
    pub last_on: Option<NaiveDate>,
    #[diesel(sql_type = st::Bool)]
    pub running: bool,
    /// Its termination is asked for and not decided.
    #[diesel(sql_type = st::Bool)]
    pub termination_waits: bool,
    #[diesel(sql_type = st::Uuid)]
    pub candidate_id: Uuid,
    /// The person has completed the initial training, or was exempted.
    #[diesel(sql_type = st::Bool)]
    pub trained: bool,
}

/// The contracts of posts under agreements, with their structure and in their phase.
pub fn contracts(conn: &mut PgConnection, ids: &[AgreementPostId]) -> Result<Vec<Contract>> {
    contracts_within(
        sql!(
            "select c.id as key, c.post_id, c.phase, c.structure_id, c.counts_after as after_on, c.removed_on as until_on
             from agreement_posts c where c.id = any({})",
            uuids(ids)
        ),
        conn,
    )
}

/// The contracts of posts that would come under an agreement.
pub fn contracts_of_newcomers(conn: &mut PgConnection, agreement: AgreementId) -> Result<Vec<Contract>> {
    contracts_within(
        sql!(
            "select p.id as key, p.id as post_id, a.phase, a.structure_id, ({}) as after_on, null::date as until_on
             from agreements a join posts p on {} where a.id = {}",
            Sql::raw(COUNTED_UNTIL),
            Sql::raw(BELONGS),
            agreement
        ),
        conn,
    )
}

fn contracts_within(times: Sql, conn: &mut PgConnection) -> Result<Vec<Contract>> {
    sql!(
        "select c.key, r.starts_on, r.last_on, r.candidate_id,
            r.status = 'termination_requested' as termination_waits,
            r.status in ('validated', 'termination_requested') as running,
            exists (
                select from counsellors k join enrolments e on e.counsellor_id = k.id
                    join training_paths t on t.id = e.path_id
                where k.candidate_id = r.candidate_id and t.kind = 'initial' and e.status in ('completed', 'exempted')) as trained
         from ({}) c join recruitments r on r.post_id = c.post_id and r.phase = c.phase
            and r.structure_id = c.structure_id and not r.waiting
            and r.status in ('validated', 'termination_requested', 'terminated', 'completed')
            and (c.after_on is null or r.starts_on > c.after_on) and (c.until_on is null or r.starts_on <= c.until_on)
         order by c.key, r.starts_on",
        times
    )
    .load(conn)
}

/// Until when contracts on the post `p` counted under an earlier agreement of its structure.
const COUNTED_UNTIL: &str = "select max(x.removed_on) from agreement_posts x where x.post_id = p.id and x.phase = a.phase \
    and x.structure_id = a.structure_id";

/// A post that belongs under an agreement and is not there yet.
#[derive(Clone, Debug, QueryableByName)]
pub struct Newcomer {
    #[diesel(sql_type = st::Uuid)]
    pub post_id: PostId,
    #[diesel(sql_type = st::Text)]
    pub post_reference: String,
    /// Until when contracts on it counted elsewhere.
    #[diesel(sql_type = st::Nullable<st::Date>)]
    pub counts_after: Option<NaiveDate>,
}

pub fn newcomers(conn: &mut PgConnection, agreement: AgreementId) -> Result<Vec<Newcomer>> {
    sql!(
        "select p.id as post_id, p.reference as post_reference, ({}) as counts_after
         from agreements a join posts p on {}
         where a.id = {} and not exists (
            select from agreement_posts c where c.post_id = p.id and c.phase = a.phase and c.removed_on is null)
         order by p.reference",
        Sql::raw(COUNTED_UNTIL),
        Sql::raw(BELONGS),
        agreement
    )
    .load(conn)
}

/// First and last days of contracts on a post, in a phase, that count elsewhere: with other structures, or with the same
/// one up to `until`. One list a structure.
pub fn earlier_contracts(
    conn: &mut PgConnection,
    post: PostId,
    phase: Phase,
    structure: StructureId,
    until: Option<NaiveDate>,
) -> Result<Vec<Vec<(NaiveDate, NaiveDate)>>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::Uuid)]
        structure_id: Uuid,
        #[diesel(sql_type = st::Date)]
        starts_on: NaiveDate,
        #[diesel(sql_type = st::Date)]
        ended_on: NaiveDate,
    }
    let rows: Vec<Row> = sql!(
        "select r.structure_id, r.starts_on, r.ended_on from recruitments r
         where r.post_id = {} and r.phase = {} and r.ended_on is not null and (r.structure_id <> {} or r.starts_on <= {})
         order by r.starts_on",
        post,
        phase,
        structure,
        until
    )
    .load(conn)?;
    let mut lists: BTreeMap<Uuid, Vec<(NaiveDate, NaiveDate)>> = BTreeMap::new();
    for row in rows {
        lists.entry(row.structure_id).or_default().push((row.starts_on, row.ended_on));
    }
    Ok(lists.into_values().collect())
}

/// The posts that recruitments, posts, enrolments and structures of these identifiers are about.
pub fn posts_of(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::Uuid)]
        id: Uuid,
    }
    let rows: Vec<Row> = sql!(
        "select p.id from posts p where p.id = any({})
         union select c.post_id from agreement_posts c where c.structure_id = any({}) and c.removed_on is null
         union select r.post_id from recruitments r where r.id = any({})
         union select r.post_id from enrolments e join counsellors k on k.id = e.counsellor_id
            join recruitments r on r.candidate_id = k.candidate_id
            where e.id = any({}) and r.status in ('validated', 'termination_requested')",
        ids.to_vec(),
        ids.to_vec(),
        ids.to_vec(),
        ids.to_vec()
    )
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// A post to be put under an agreement; nothing is agreed for it yet.
pub struct NewRow {
    pub id: AgreementPostId,
    pub agreement_id: AgreementId,
    pub structure_id: StructureId,
    pub post_id: PostId,
    pub phase: Phase,
    pub scale_id: SubsidyScaleId,
    pub bonus_scale_id: Option<SubsidyScaleId>,
    pub added_on: NaiveDate,
    pub term_thirtieths: i32,
    pub worked_before_thirtieths: i32,
    pub counts_after: Option<NaiveDate>,
    pub full_cents: i64,
}

pub fn insert(tx: &mut Tx<'_>, row: &NewRow) -> Result<()> {
    sql!(
        "insert into agreement_posts (id, agreement_id, structure_id, post_id, phase, scale_id, bonus_scale_id, added_on,
            term_thirtieths, worked_before_thirtieths, counts_after, full_cents, amount_cents)
         values ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, 0)",
        row.id,
        row.agreement_id,
        row.structure_id,
        row.post_id,
        row.phase,
        row.scale_id,
        row.bonus_scale_id,
        row.added_on,
        row.term_thirtieths,
        row.worked_before_thirtieths,
        row.counts_after,
        row.full_cents
    )
    .run(tx.conn())
    .map(|_| ())
}

/// Adds to what is agreed, paid and credited for a post.
pub fn book(tx: &mut Tx<'_>, id: AgreementPostId, agreed: i64, paid: i64, credited: i64) -> Result<()> {
    sql!(
        "update agreement_posts set amount_cents = amount_cents + {}, paid_cents = paid_cents + {},
            credited_cents = credited_cents + {} where id = {}",
        agreed,
        paid,
        credited,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}

/// The post has left the agreement.
pub fn remove(tx: &mut Tx<'_>, id: AgreementPostId) -> Result<()> {
    let today = tx.today();
    sql!(
        "update agreement_posts set removed_on = greatest(added_on, {}) where id = {} and removed_on is null",
        today,
        id
    )
    .run(tx.conn())
    .map(|_| ())
}
