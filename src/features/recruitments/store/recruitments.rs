//! SQL of recruitments.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use crate::features::posts::model::Phase;
use crate::features::recruitments::model::{
    ContractType, REQUIRED_DOCUMENTS, RecruitmentDocument, RecruitmentOrigin, RecruitmentStatus, TerminationReason,
    Terms,
};
use crate::platform::auth::{Actor, Reach};
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::recruitments;
use crate::platform::db::sql::Sql;
use crate::platform::db::text_enum::TextEnum;
use crate::platform::error::Result;
use crate::platform::ids::{CandidateId, CounsellorId, ExtensionId, MatchId, PostId, RecruitmentId, StructureId};
use crate::platform::text::{like_literal, search_key};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = recruitments)]
pub struct Recruitment {
    pub id: RecruitmentId,
    pub reference: String,
    pub post_id: PostId,
    pub structure_id: StructureId,
    pub candidate_id: CandidateId,
    pub match_id: Option<MatchId>,
    pub previous_id: Option<RecruitmentId>,
    pub origin: RecruitmentOrigin,
    pub waiting: bool,
    pub phase: Phase,
    pub coordinator: bool,
    pub contract_type: ContractType,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    pub gross_monthly_salary_cents: i64,
    pub documents: Vec<String>,
    pub status: RecruitmentStatus,
    pub validated_at: Option<DateTime<Utc>>,
    pub refusal_reason: Option<String>,
    pub termination_requested_at: Option<DateTime<Utc>>,
    pub terminates_on: Option<NaiveDate>,
    pub termination_reason: Option<TerminationReason>,
    pub termination_comment: Option<String>,
    pub ended_on: Option<NaiveDate>,
    /// Last day that the contract covers: the earliest of its end, the end asked for and the end in fact.
    pub last_on: Option<NaiveDate>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    #[diesel(sql_type = st::Text)]
    pub post_reference: String,
    #[diesel(sql_type = st::Text)]
    pub candidate_reference: String,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub first_name: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub last_name: Option<String>,
    #[diesel(sql_type = st::Text)]
    pub structure_reference: String,
    #[diesel(sql_type = st::Text)]
    pub structure_name: String,
    #[diesel(sql_type = st::Text)]
    pub structure_status: crate::features::structures::model::StructureStatus,
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
    #[diesel(sql_type = st::Nullable<st::Uuid>)]
    pub counsellor_id: Option<CounsellorId>,
    #[diesel(sql_type = st::Nullable<st::Uuid>)]
    pub pending_extension_id: Option<ExtensionId>,
    #[diesel(sql_type = st::Nullable<st::Uuid>)]
    pub renewal_id: Option<RecruitmentId>,
    /// Of a renewal: where the recruitment that it renews stands.
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub previous_status: Option<RecruitmentStatus>,
}

impl Recruitment {
    /// Papers that the employer holds.
    pub fn papers(&self) -> Vec<RecruitmentDocument> {
        self.documents.iter().filter_map(|code| RecruitmentDocument::parse(code)).collect()
    }

    /// Papers that every file needs and that are not there yet.
    pub fn documents_missing(&self) -> Vec<RecruitmentDocument> {
        let papers = self.papers();
        REQUIRED_DOCUMENTS.into_iter().filter(|paper| !papers.contains(paper)).collect()
    }
}

sortable! {
    /// Sort keys of recruitments.
    pub enum RecruitmentSort {
        "updated_at" = "r.updated_at"::"timestamptz",
        "created_at" = "r.created_at"::"timestamptz",
        "starts_on" = "r.starts_on"::"date",
        "reference" = "r.reference"::"text",
    }
}

impl Recruitment {
    /// Whether its first day has come. The day decides, not the night that tells of it.
    pub fn has_begun(&self, today: NaiveDate) -> bool {
        self.starts_on <= today
    }

    /// Whether the last day of its term has passed.
    pub fn is_over(&self, today: NaiveDate) -> bool {
        self.ends_on.is_some_and(|end| end < today)
    }
}

/// What recruitments are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub ids: Option<Vec<Uuid>>,
    pub text: Option<String>,
    pub statuses: Option<Vec<RecruitmentStatus>>,
    pub structure: Option<StructureId>,
    pub post: Option<PostId>,
    pub candidate: Option<CandidateId>,
    pub contract_types: Option<Vec<ContractType>>,
    pub phase: Option<Phase>,
    pub departements: Option<Vec<DepartementCode>>,
    pub region: Option<Vec<RegionCode>>,
    pub starts_from: Option<NaiveDate>,
    pub starts_before: Option<NaiveDate>,
    pub ends_before: Option<NaiveDate>,
    pub updated_since: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "r.*, p.reference as post_reference, \
    coalesce(c.reference, '') as candidate_reference, c.first_name, c.last_name, \
    s.reference as structure_reference, s.name as structure_name, s.status as structure_status, s.departement_code, \
    s.region_code, (select k.id from counsellors k where k.candidate_id = r.candidate_id) as counsellor_id, \
    (select x.id from extensions x where x.recruitment_id = r.id and x.status = 'requested') as pending_extension_id, \
    (select n.id from recruitments n where n.previous_id = r.id and n.waiting) as renewal_id, \
    (select o.status from recruitments o where o.id = r.previous_id) as previous_status";
const TABLES: &str = "recruitments r left join posts p on p.id = r.post_id left join structures s on s.id = r.structure_id \
    left join candidates c on c.id = r.candidate_id";

/// The recruitments that an actor may see.
fn known_to(actor: &Actor) -> Sql {
    match actor {
        Actor::System | Actor::Anct | Actor::Bdt => Sql::raw("true"),
        Actor::Prefecture(_) | Actor::Observer(_) | Actor::Employer(_) => Reach::over(&actor.reach(), "s"),
        Actor::Candidate(id) => sql!("r.candidate_id = {}", *id),
        Actor::Counsellor(id) => {
            sql!("r.candidate_id = (select k.candidate_id from counsellors k where k.id = {})", *id)
        }
        Actor::Anonymous | Actor::Coordinator(_) | Actor::TrainingBody(_) => Sql::raw("false"),
    }
}

pub fn list(conn: &mut PgConnection, actor: &Actor, search: &Search, page: &PageSpec) -> Result<Rows<Recruitment>> {
    let mut list = Listing::new(COLUMNS, Sql::raw(TABLES), "r.id", "uuid");
    list.filter(known_to(actor))
        .filter_some(search.ids.clone(), |ids| sql!("r.id = any({})", ids))
        .filter_some(search.text.as_deref(), |text| {
            let reference = format!("%{}%", like_literal(&text.trim().to_uppercase()));
            let key = Some(search_key(text)).filter(|key| !key.is_empty());
            sql!(
                "(s.search_key like {} or r.reference like {} or p.reference like {})",
                key.map(|key| format!("%{}%", like_literal(&key))),
                reference.clone(),
                reference
            )
        })
        .filter_some(search.statuses.clone(), |statuses| sql!("r.status = any({})", statuses))
        .filter_some(search.structure, |id| sql!("r.structure_id = {}", id))
        .filter_some(search.post, |id| sql!("r.post_id = {}", id))
        .filter_some(search.candidate, |id| sql!("r.candidate_id = {}", id))
        .filter_some(search.contract_types.clone(), |types| sql!("r.contract_type = any({})", types))
        .filter_some(search.phase, |phase| sql!("r.phase = {}", phase))
        .filter_some(search.departements.clone(), |codes| sql!("s.departement_code = any({})", codes))
        .filter_some(search.region.clone(), |codes| sql!("s.region_code = any({})", codes))
        .filter_some(search.starts_from, |day| sql!("r.starts_on >= {}", day))
        .filter_some(search.starts_before, |day| sql!("r.starts_on < {}", day))
        .filter_some(search.ends_before, |day| sql!("r.last_on < {}", day))
        .filter_some(search.updated_since, |since| sql!("r.updated_at >= {}", since));
    list.page(conn, page)
}

pub fn find(conn: &mut PgConnection, actor: &Actor, id: RecruitmentId) -> Result<Option<Recruitment>> {
    sql!("select {} from {} where r.id = {} and {}", Sql::raw(COLUMNS), Sql::raw(TABLES), id, known_to(actor))
        .first(conn)
}

/// Locks the row until the end of the transaction, then reads it.
pub fn lock(tx: &mut Tx<'_>, actor: &Actor, id: RecruitmentId) -> Result<Option<Recruitment>> {
    sql!("select 1 from recruitments where id = {} for no key update", id).run(tx.conn())?;
    find(tx.conn(), actor, id)
}

/// The recruitment that holds a post now, or will once it is validated.
pub fn of_post(tx: &mut Tx<'_>, post: PostId) -> Result<Option<Recruitment>> {
    sql!(
        "select {} from {} where r.post_id = {} and not r.waiting
            and r.status in ('submitted', 'validated', 'termination_requested')",
        Sql::raw(COLUMNS),
        Sql::raw(TABLES),
        post
    )
    .first(tx.conn())
}

/// Whether a candidate is in a recruitment that is submitted or runs. As the service itself.
pub fn is_engaged(tx: &mut Tx<'_>, candidate: CandidateId) -> Result<bool> {
    sql!(
        "select exists (select from recruitments where candidate_id = {}
            and status in ('submitted', 'validated', 'termination_requested')) as yes",
        candidate
    )
    .holds(tx.conn())
}

/// The recruitments whose term has passed, whatever waits for a decision, to be completed; those of one structure together.
pub fn overdue(conn: &mut PgConnection, today: NaiveDate) -> Result<Vec<RecruitmentId>> {
    ids(sql!("status in ('validated', 'termination_requested') and not waiting and ends_on < {}", today), conn)
}

/// The recruitments whose termination has waited since before a day, and whose last day is before it too.
pub fn undecided(conn: &mut PgConnection, before: NaiveDate) -> Result<Vec<RecruitmentId>> {
    ids(
        sql!(
            "status = 'termination_requested' and terminates_on < {}
             and (termination_requested_at at time zone 'Europe/Paris')::date < {}",
            before,
            before
        ),
        conn,
    )
}

/// The validated recruitments whose first day has come, and of which nobody was told yet.
pub fn beginning(conn: &mut PgConnection, today: NaiveDate) -> Result<Vec<RecruitmentId>> {
    ids(
        sql!(
            "status = 'validated' and not waiting and starts_on <= {}
             and post_id in (select p.id from posts p where p.status = 'starts_later')",
            today
        ),
        conn,
    )
}

fn ids(condition: Sql, conn: &mut PgConnection) -> Result<Vec<RecruitmentId>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::Uuid)]
        id: RecruitmentId,
    }
    let rows: Vec<Row> =
        sql!("select id from recruitments where {} order by structure_id, post_id, id", condition).load(conn)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// A contract that was validated, with its days.
#[derive(QueryableByName)]
pub struct Span {
    #[diesel(sql_type = st::Date)]
    pub starts_on: NaiveDate,
    #[diesel(sql_type = st::Nullable<st::Date>)]
    pub last_on: Option<NaiveDate>,
}

/// The validated contract of a candidate, or on a post, whose days meet those of `terms`; the latest one. As the service
/// itself: the person's other contracts need not be the caller's to see.
pub fn overlapping(
    tx: &mut Tx<'_>,
    post: PostId,
    candidate: CandidateId,
    terms: &Terms,
    except: Option<RecruitmentId>,
) -> Result<Option<Span>> {
    sql!(
        "select r.starts_on, coalesce(r.ended_on, r.ends_on) as last_on from recruitments r
         where (r.post_id = {} or r.candidate_id = {}) and r.id is distinct from {}
            and r.status in ('validated', 'termination_requested', 'terminated', 'completed')
            and daterange(r.starts_on, coalesce(r.ended_on, r.ends_on), '[]') && daterange({}, {}, '[]')
         order by r.starts_on desc limit 1",
        post,
        candidate,
        except,
        terms.starts_on,
        terms.ends_on
    )
    .first(tx.conn())
}

/// A recruitment to be written.
#[derive(Clone, Debug)]
pub struct NewRow {
    pub id: RecruitmentId,
    pub post_id: PostId,
    pub structure_id: StructureId,
    pub candidate_id: CandidateId,
    pub match_id: Option<MatchId>,
    pub previous_id: Option<RecruitmentId>,
    pub origin: RecruitmentOrigin,
    pub waiting: bool,
    pub phase: Phase,
    pub coordinator: bool,
    pub terms: Terms,
    pub documents: Vec<RecruitmentDocument>,
    /// A transfer needs no further decision.
    pub validated: bool,
}

pub fn insert(tx: &mut Tx<'_>, row: &NewRow) -> Result<()> {
    let validated_at = row.validated.then(|| tx.now().instant());
    sql!(
        "insert into recruitments (id, post_id, structure_id, candidate_id, match_id, previous_id, origin, waiting, phase,
            coordinator, contract_type, starts_on, ends_on, gross_monthly_salary_cents, documents, status, validated_at)
         values ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
        row.id,
        row.post_id,
        row.structure_id,
        row.candidate_id,
        row.match_id,
        row.previous_id,
        row.origin,
        row.waiting,
        row.phase,
        row.coordinator,
        row.terms.contract_type,
        row.terms.starts_on,
        row.terms.ends_on,
        row.terms.gross_monthly_salary_cents,
        row.documents.clone(),
        if row.validated { RecruitmentStatus::Validated } else { RecruitmentStatus::Submitted },
        validated_at
    )
    .run(tx.conn())
    .map(|_| ())
}

pub fn update(tx: &mut Tx<'_>, id: RecruitmentId, terms: &Terms, documents: &[RecruitmentDocument]) -> Result<()> {
    sql!(
        "update recruitments set contract_type = {}, starts_on = {}, ends_on = {}, gross_monthly_salary_cents = {},
            documents = {} where id = {}",
        terms.contract_type,
        terms.starts_on,
        terms.ends_on,
        terms.gross_monthly_salary_cents,
        documents.to_vec(),
        id
    )
    .run(tx.conn())
    .map(|_| ())
}

/// A change of state with what goes with it.
pub enum Change<'a> {
    Validated,
    Refused {
        reason: &'a str,
    },
    Cancelled,
    Declined,
    TerminationRequested {
        on: NaiveDate,
        reason: TerminationReason,
        comment: Option<&'a str>,
    },
    TerminationCancelled,
    Terminated,
    /// Over on this day: by itself, or because the post moves.
    Completed {
        on: NaiveDate,
    },
    /// A termination that nobody decided is carried out.
    Lapsed,
    /// Its first day has come; of a renewal, its predecessor is over.
    Begun,
    Extended {
        ends_on: NaiveDate,
        gross_monthly_salary_cents: i64,
    },
    /// Recorded wrongly before.
    Rectified {
        terms: &'a Terms,
        ended_on: Option<NaiveDate>,
    },
}

pub fn change(tx: &mut Tx<'_>, id: RecruitmentId, change: &Change<'_>) -> Result<()> {
    let now = tx.now().instant();
    match change {
        Change::Validated => {
            sql!("update recruitments set status = 'validated', validated_at = {} where id = {}", now, id)
        }
        Change::Refused { reason } => sql!(
            "update recruitments set status = 'refused', waiting = false, refused_at = {}, refusal_reason = {} where id = {}",
            now,
            *reason,
            id
        ),
        Change::Cancelled => sql!(
            "update recruitments set status = 'cancelled', waiting = false, cancelled_at = {} where id = {}",
            now,
            id
        ),
        Change::Declined => sql!(
            "update recruitments set status = 'declined', waiting = false, declined_at = {} where id = {}",
            now,
            id
        ),
        Change::TerminationRequested { on, reason, comment } => sql!(
            "update recruitments set status = 'termination_requested', termination_requested_at = {}, terminates_on = {},
                termination_reason = {}, termination_comment = {} where id = {}",
            now,
            *on,
            *reason,
            *comment,
            id
        ),
        Change::TerminationCancelled => sql!(
            "update recruitments set status = 'validated', termination_requested_at = null, terminates_on = null,
                termination_reason = null, termination_comment = null where id = {}",
            id
        ),
        Change::Terminated | Change::Lapsed => sql!(
            "update recruitments set status = 'terminated', ended_on = terminates_on, ended_at = {} where id = {}",
            now,
            id
        ),
        Change::Completed { on } => sql!(
            "update recruitments set status = 'completed', ended_on = {}, ended_at = {} where id = {}",
            *on,
            now,
            id
        ),
        Change::Begun => sql!("update recruitments set waiting = false where id = {}", id),
        Change::Extended { ends_on, gross_monthly_salary_cents } => sql!(
            "update recruitments set ends_on = {}, gross_monthly_salary_cents = {} where id = {}",
            *ends_on,
            *gross_monthly_salary_cents,
            id
        ),
        Change::Rectified { terms, ended_on } => sql!(
            "update recruitments set starts_on = {}, ends_on = {}, gross_monthly_salary_cents = {}, ended_on = {},
                terminates_on = case when status = 'terminated' then {} else terminates_on end where id = {}",
            terms.starts_on,
            terms.ends_on,
            terms.gross_monthly_salary_cents,
            *ended_on,
            *ended_on,
            id
        ),
    }
    .run(tx.conn())
    .map(|_| ())
}

/// Moves the version: what its detail shows has changed.
pub fn touch(tx: &mut Tx<'_>, id: RecruitmentId) -> Result<()> {
    sql!("update recruitments set status = status where id = {}", id).run(tx.conn()).map(|_| ())
}
