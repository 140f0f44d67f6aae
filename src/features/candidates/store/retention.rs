//! SQL of what is forgotten in time, and of who is asked before.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use crate::platform::db::Tx;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::CandidateId;
use crate::sql;

/// Forgets who these people are, and what was mailed to them; what others refer to stays, under a pseudonym.
pub fn erase(tx: &mut Tx<'_>, ids: Vec<Uuid>) -> Result<()> {
    let now = tx.now().instant();
    // Letters to others that have not left yet speak of them by their reference.
    sql!(
        "update emails e set subject = replace(e.subject, c.name, c.reference),
            text_body = replace(e.text_body, c.name, c.reference), html_body = replace(e.html_body, c.html, c.reference)
         from (select first_name || ' ' || last_name as name, reference,
                replace(replace(replace(replace(first_name || ' ' || last_name, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'),
                    '\"', '&quot;') as html from candidates where id = any({})) c
         where e.status = 'queued' and position(c.name in e.subject || e.text_body) > 0",
        ids.clone()
    )
    .run(tx.conn())?;
    sql!(
        "update candidates set status = 'erased', erased_at = {}, first_name = 'Personne', last_name = reference,
            search_key = lower(replace(reference, '-', ' ')), diploma_name = null, graduated = false,
            job_seeker = job_seeker or not (employed or in_training or experienced), blocked_at = null, block_reason = null,
            unsubscribe_reason = null, returns_to = null
         where id = any({})",
        now,
        ids.clone()
    )
    .run(tx.conn())?;
    sql!(
        "delete from emails e where (e.resource = 'candidates' and e.resource_id = any({}))
            or (e.resource in ('candidates', 'matches', 'recruitments') and e.recipient in (
                select k.email from candidate_contacts k where k.candidate_id = any({})))",
        ids.clone(),
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
        ids
    )
    .run(tx.conn())
    .map(|_| ())
}

/// Every identifier under which answers show these people.
pub fn names_of(tx: &mut Tx<'_>, ids: Vec<Uuid>) -> Result<Vec<Uuid>> {
    #[derive(QueryableByName)]
    struct Named {
        #[diesel(sql_type = st::Uuid)]
        id: Uuid,
    }
    let counsellors: Vec<Named> =
        sql!("select id from counsellors where candidate_id = any({})", ids.clone()).load(tx.conn())?;
    Ok(ids.into_iter().chain(counsellors.into_iter().map(|named| named.id)).collect())
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
