//! SQL of what happened to a post: the journal's lines about it and about its contracts, each with the attachment that
//! then held.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;

use crate::features::posts::model::PostChange;
use crate::platform::codes::DepartementCode;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::error::Result;
use crate::platform::ids::{PostId, RecruitmentId, StructureId};
use crate::sql;

#[derive(Clone, Debug, QueryableByName)]
pub struct Happening {
    #[diesel(sql_type = st::Timestamptz)]
    pub occurred_at: DateTime<Utc>,
    #[diesel(sql_type = st::Text)]
    pub change: PostChange,
    /// Whoever did it, only as a role.
    #[diesel(sql_type = st::Text)]
    pub role: String,
    #[diesel(sql_type = st::Uuid)]
    pub structure_id: StructureId,
    #[diesel(sql_type = st::Text)]
    pub structure_name: String,
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Date)]
    pub attached_from_on: NaiveDate,
    #[diesel(sql_type = st::Nullable<st::Date>)]
    pub attached_to_on: Option<NaiveDate>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub reason: Option<String>,
    /// The contract that began or ended.
    #[diesel(sql_type = st::Nullable<st::Uuid>)]
    pub recruitment_id: Option<RecruitmentId>,
}

/// In the order of the journal. The caller must be allowed to read the journal.
pub fn list(conn: &mut PgConnection, post: PostId, page: &PageSpec) -> Result<Rows<Happening>> {
    // The nth transfer starts the attachment that follows the nth.
    let from = sql!(
        "(select e.sequence, e.occurred_at, e.change, e.role, a.structure_id, s.name as structure_name,
            s.departement_code, a.from_on as attached_from_on, a.to_on as attached_to_on,
            case e.change when 'deadline_extended' then p.deadline_extension_reason
                when 'returned' then p.return_reason when 'taken_back' then p.return_reason end as reason,
            null::uuid as recruitment_id
         from (select x.*, 1 + count(*) filter (where x.change = 'transferred') over (order by x.sequence) as rank
            from (select j.sequence, j.occurred_at, j.role, j.row_id::uuid as post_id,
                    case when j.action = 'insert' then 'granted'
                        when 'returned_on' = any(j.changed_columns) then 'returned'
                        when 'structure_id' = any(j.changed_columns) then 'transferred'
                        when 'deadline_extended_at' = any(j.changed_columns) then 'deadline_extended' end as change
                from audit_entries j where j.table_name = 'posts' and j.row_id = {}) x
            where x.change is not null) j
         join posts p on p.id = j.post_id
         cross join lateral (select j.sequence, j.occurred_at, j.role, j.rank, case when j.change = 'returned'
            and p.return_reason = 'delai_depasse' then 'taken_back' else j.change end as change) e
         join (select t.*, row_number() over (order by t.from_on, (t.to_on is null), t.id) as rank
            from post_attachments t where t.post_id = {}) a on a.rank = e.rank
         join structures s on s.id = a.structure_id
         union all
         select j.sequence, j.occurred_at, case when j.action = 'update' and j.changed_columns && array['ended_at', 'cancelled_at', 'refused_at']
                then 'vacated' else 'occupied' end,
            j.role, a.structure_id, s.name, s.departement_code, a.from_on, a.to_on, null, r.id
         from recruitments r join audit_entries j on j.table_name = 'recruitments' and j.row_id = r.id::text
            and case j.action when 'insert' then r.origin = 'transfer'
                else j.changed_columns && array['validated_at', 'ended_at']
                    or r.validated_at is not null and j.changed_columns && array['cancelled_at', 'refused_at'] end
         join structures s on s.id = r.structure_id
         cross join lateral (select t.* from post_attachments t where t.post_id = r.post_id
            and t.structure_id = r.structure_id order by t.from_on desc, t.id desc limit 1) a
         where r.post_id = {}) h",
        post.to_string(),
        post,
        post
    );
    const COLUMNS: &str = "h.occurred_at, h.change, h.role, h.structure_id, h.structure_name, h.departement_code, \
        h.attached_from_on, h.attached_to_on, h.reason, h.recruitment_id";
    Listing::new(COLUMNS, from, "h.sequence", "bigint").page(conn, page)
}
