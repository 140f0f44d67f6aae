//! SQL of what contracts said before they were corrected.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use super::recruitments::Recruitment;
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::platform::ids::RecruitmentId;
use crate::sql;

/// What a contract said until it was corrected.
#[derive(Clone, Debug, QueryableByName)]
pub struct Former {
    #[diesel(sql_type = st::Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = st::Text)]
    pub reason: String,
    #[diesel(sql_type = st::Date)]
    pub starts_on: NaiveDate,
    #[diesel(sql_type = st::Nullable<st::Date>)]
    pub ends_on: Option<NaiveDate>,
    #[diesel(sql_type = st::Nullable<st::Date>)]
    pub ended_on: Option<NaiveDate>,
    #[diesel(sql_type = st::BigInt)]
    pub gross_monthly_salary_cents: i64,
}

/// The newest first.
pub fn of(conn: &mut PgConnection, id: RecruitmentId) -> Result<Vec<Former>> {
    sql!(
        "select created_at, reason, starts_on, ends_on, ended_on, gross_monthly_salary_cents from rectifications
         where recruitment_id = {} order by created_at desc, id desc",
        id
    )
    .load(conn)
}

/// Keeps what a contract says before it is corrected.
pub fn insert(tx: &mut Tx<'_>, before: &Recruitment, reason: &str) -> Result<()> {
    sql!(
        "insert into rectifications (id, recruitment_id, starts_on, ends_on, ended_on, gross_monthly_salary_cents, reason)
         values ({}, {}, {}, {}, {}, {}, {})",
        Uuid::now_v7(),
        before.id,
        before.starts_on,
        before.ends_on,
        before.ended_on,
        before.gross_monthly_salary_cents,
        reason
    )
    .run(tx.conn())
    .map(|_| ())
}
