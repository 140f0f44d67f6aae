//! SQL of certifications.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use super::known_to;
use crate::features::trainings::model::{CertificationKind, CertificationResult};
use crate::platform::auth::Actor;
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::certifications;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{CandidateId, CertificationId, CounsellorId, StructureId, TrainingBodyId};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = certifications)]
pub struct Certification {
    pub id: CertificationId,
    pub reference: String,
    pub counsellor_id: CounsellorId,
    pub structure_id: StructureId,
    pub body_id: Option<TrainingBodyId>,
    pub kind: CertificationKind,
    pub attempt: i32,
    pub result: CertificationResult,
    pub held_on: NaiveDate,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    #[diesel(sql_type = st::Text)]
    pub counsellor_reference: String,
    #[diesel(sql_type = st::Uuid)]
    pub candidate_id: CandidateId,
    #[diesel(sql_type = st::Text)]
    pub first_name: String,
    #[diesel(sql_type = st::Text)]
    pub last_name: String,
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
}

const COLUMNS: &str = "x.*, k.reference as counsellor_reference, k.candidate_id, c.first_name, c.last_name, s.departement_code, s.region_code";
const TABLES: &str = "certifications x join counsellors k on k.id = x.counsellor_id join candidates c on c.id = k.candidate_id \
    left join structures s on s.id = k.structure_id";

sortable! {
    /// Sort keys of certifications.
    pub enum CertificationSort {
        "held_on" = "x.held_on"::"date",
        "updated_at" = "x.updated_at"::"timestamptz",
    }
}

/// What certifications are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub ids: Option<Vec<Uuid>>,
    pub counsellor: Option<CounsellorId>,
    pub kind: Option<CertificationKind>,
    pub result: Option<CertificationResult>,
    pub updated_since: Option<DateTime<Utc>>,
}

pub fn list(conn: &mut PgConnection, actor: &Actor, search: &Search, page: &PageSpec) -> Result<Rows<Certification>> {
    Listing::new(COLUMNS, Sql::raw(TABLES), "x.id", "uuid")
        .filter(known_to(actor, "x"))
        .filter_some(search.counsellor, |id| sql!("x.counsellor_id = {}", id))
        .filter_some(search.kind, |kind| sql!("x.kind = {}", kind))
        .filter_some(search.result, |result| sql!("x.result = {}", result))
        .filter_some(search.ids.clone(), |ids| sql!("x.id = any({})", ids))
        .filter_some(search.updated_since, |since| sql!("x.updated_at >= {}", since))
        .page(conn, page)
}

pub fn find(conn: &mut PgConnection, id: CertificationId) -> Result<Option<Certification>> {
    sql!("select {} from {} where x.id = {}", Sql::raw(COLUMNS), Sql::raw(TABLES), id).first(conn)
}

/// The structure of a counsellor, and how often they have tried a certification, under the lock of their row.
pub fn lock_counsellor(
    tx: &mut Tx<'_>,
    id: CounsellorId,
    kind: CertificationKind,
) -> Result<Option<(StructureId, i32)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::Uuid)]
        structure_id: StructureId,
        #[diesel(sql_type = st::Integer)]
        attempts: i32,
    }
    sql!("select 1 from counsellors where id = {} for no key update", id).run(tx.conn())?;
    let row: Option<Row> = sql!(
        "select k.structure_id, (select count(*)::int from certifications x where x.counsellor_id = k.id and x.kind = {}) as attempts
         from counsellors k where k.id = {}",
        kind,
        id
    )
    .first(tx.conn())?;
    Ok(row.map(|row| (row.structure_id, row.attempts)))
}

/// A certification to be written.
pub struct NewRow {
    pub id: CertificationId,
    pub counsellor_id: CounsellorId,
    pub structure_id: StructureId,
    pub body_id: Option<TrainingBodyId>,
    pub kind: CertificationKind,
    pub attempt: i32,
    pub result: CertificationResult,
    pub held_on: NaiveDate,
}

pub fn insert(tx: &mut Tx<'_>, row: &NewRow) -> Result<()> {
    sql!(
        "insert into certifications (id, counsellor_id, structure_id, body_id, kind, attempt, result, held_on)
         values ({}, {}, {}, {}, {}, {}, {}, {})",
        row.id,
        row.counsellor_id,
        row.structure_id,
        row.body_id,
        row.kind,
        row.attempt,
        row.result,
        row.held_on
    )
    .run(tx.conn())
    .map(|_| ())
}
