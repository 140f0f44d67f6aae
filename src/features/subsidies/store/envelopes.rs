//! SQL of the envelopes.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;

use crate::features::subsidies::model::EnvelopeCode;
use crate::platform::auth::Reach;
use crate::platform::codes::DepartementCode;
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::envelopes;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = envelopes)]
pub struct Envelope {
    pub code: EnvelopeCode,
    pub parent_code: Option<EnvelopeCode>,
    pub allotted_cents: i64,
    /// Of the programme: what its parts have committed.
    pub committed_cents: i64,
    pub paid_cents: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

sortable! {
    /// Sort keys of envelopes.
    pub enum EnvelopeSort {
        "code" = "v.code"::"text",
    }
}

// The programme is the sum of its parts: nothing is committed on it directly.
const COLUMNS: &str = "v.code, v.parent_code, v.allotted_cents, \
    (v.committed_cents + coalesce((select sum(c.committed_cents) from envelopes c where c.parent_code = v.code), 0))::bigint as committed_cents, \
    (v.paid_cents + coalesce((select sum(c.paid_cents) from envelopes c where c.parent_code = v.code), 0))::bigint as paid_cents, \
    v.created_at, v.updated_at, v.version";

pub fn list(conn: &mut PgConnection, since: Option<DateTime<Utc>>, page: &PageSpec) -> Result<Rows<Envelope>> {
    Listing::new(COLUMNS, Sql::raw("envelopes v"), "v.code", "text")
        .filter_some(since, |since| sql!("v.updated_at >= {}", since))
        .page(conn, page)
}

pub fn find(conn: &mut PgConnection, code: EnvelopeCode) -> Result<Option<Envelope>> {
    sql!("select {} from envelopes v where v.code = {}", Sql::raw(COLUMNS), code).first(conn)
}

/// Locks the programme, then all its parts: what they are allotted depends on each other.
pub fn lock_all(tx: &mut Tx<'_>) -> Result<()> {
    sql!("select 1 from envelopes order by (parent_code is not null), code for no key update")
        .run(tx.conn())
        .map(|_| ())
}

/// What the parts of an envelope are allotted together.
pub fn parts(conn: &mut PgConnection, code: EnvelopeCode) -> Result<i64> {
    sql!("select coalesce(sum(allotted_cents), 0)::bigint as n from envelopes where parent_code = {}", code).count(conn)
}

pub fn allot(tx: &mut Tx<'_>, code: EnvelopeCode, cents: i64) -> Result<()> {
    sql!("update envelopes set allotted_cents = {} where code = {}", cents, code).run(tx.conn()).map(|_| ())
}

/// Adds to what the posts' envelope has committed and paid. Last of all locks.
pub fn book(tx: &mut Tx<'_>, committed: i64, paid: i64) -> Result<()> {
    if committed == 0 && paid == 0 {
        return Ok(());
    }
    sql!(
        "update envelopes set committed_cents = committed_cents + {}, paid_cents = paid_cents + {} where code = 'posts'",
        committed,
        paid
    )
    .run(tx.conn())
    .map(|_| ())
}

/// What a département takes of the posts' envelope.
#[derive(Clone, Debug, QueryableByName)]
pub struct Share {
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub departement_name: String,
    #[diesel(sql_type = st::BigInt)]
    pub agreements_count: i64,
    #[diesel(sql_type = st::BigInt)]
    pub committed_cents: i64,
    #[diesel(sql_type = st::BigInt)]
    pub paid_cents: i64,
}

sortable! {
    /// Sort keys of shares.
    pub enum ShareSort {
        "departement_code" = "d.code"::"text",
    }
}

pub fn shares(conn: &mut PgConnection, reach: &Reach, page: &PageSpec) -> Result<Rows<Share>> {
    let over = match reach {
        Reach::Country => Sql::raw("true"),
        Reach::Territory(crate::platform::auth::Territory::Departement(code)) => sql!("d.code = {}", code),
        Reach::Territory(crate::platform::auth::Territory::Region(code)) => sql!("d.region_code = {}", code),
        Reach::Structure(_) | Reach::Candidate(_) | Reach::Counsellor(_) | Reach::TrainingBody(_) | Reach::Nothing => {
            Sql::raw("false")
        }
    };
    Listing::new(
        "d.code as departement_code, d.name as departement_name, coalesce(t.agreements, 0) as agreements_count,
         coalesce(t.committed, 0)::bigint as committed_cents, coalesce(t.paid, 0)::bigint as paid_cents",
        Sql::raw(
            "departements d left join (
                select s.departement_code, count(*) as agreements, sum(a.amount_cents) as committed,
                    sum(a.paid_cents - a.credited_cents) as paid
                from agreements a join structures s on s.id = a.structure_id
                where a.signed_on is not null group by s.departement_code) t on t.departement_code = d.code",
        ),
        "d.code",
        "text",
    )
    .filter(over)
    .page(conn, page)
}
