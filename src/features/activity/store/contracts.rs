//! SQL of the contracts under which activity is reported.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types as st;

use crate::platform::codes::{CommuneCode, DepartementCode};
use crate::platform::db::Tx;
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{CounsellorId, RecruitmentId, StructureId};
use crate::sql;

/// A contract that was, or is, valid.
#[derive(Clone, Debug, QueryableByName)]
pub struct Contract {
    #[diesel(sql_type = st::Uuid)]
    pub counsellor_id: CounsellorId,
    #[diesel(sql_type = st::Uuid)]
    pub recruitment_id: RecruitmentId,
    #[diesel(sql_type = st::Uuid)]
    pub structure_id: StructureId,
    #[diesel(sql_type = st::Text)]
    pub commune_code: CommuneCode,
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Date)]
    pub starts_on: NaiveDate,
    #[diesel(sql_type = st::Nullable<st::Date>)]
    pub ends_on: Option<NaiveDate>,
}

impl Contract {
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.starts_on <= day && self.ends_on.is_none_or(|end| day <= end)
    }
}

const CONTRACTS: &str = "select k.id as counsellor_id, r.id as recruitment_id, r.structure_id, s.commune_code, s.departement_code,
        r.starts_on, r.last_on as ends_on
     from counsellors k join recruitments r on r.candidate_id = k.candidate_id join structures s on s.id = r.structure_id
     where r.status in ('validated', 'termination_requested', 'terminated', 'completed')";

/// Every contract of a counsellor, locked against an end that would move it.
pub fn of_counsellor(tx: &mut Tx<'_>, id: CounsellorId) -> Result<Vec<Contract>> {
    sql!("{} and k.id = {} order by r.starts_on for share of r", Sql::raw(CONTRACTS), id).load(tx.conn())
}

/// Every contract with a structure.
pub fn of_structure(tx: &mut Tx<'_>, id: StructureId) -> Result<Vec<Contract>> {
    sql!("{} and r.structure_id = {} order by r.id for share of r", Sql::raw(CONTRACTS), id).load(tx.conn())
}
