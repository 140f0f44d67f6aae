//! SQL of accounts and API clients.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use crate::platform::auth::{Actor, Role, Territory};
use crate::platform::error::Result;
use crate::platform::ids::{AccountId, ApiClientId, CandidateId, CounsellorId, StructureId, TrainingBodyId};
use crate::sql;

/// A role with the perimeter it is stored with.
#[derive(Clone, Debug, QueryableByName)]
pub struct RoleRow {
    #[diesel(sql_type = st::Uuid)]
    pub id: AccountId,
    #[diesel(sql_type = st::Text)]
    pub role: Role,
    #[diesel(sql_type = st::Nullable<st::Uuid>)]
    pub structure_id: Option<StructureId>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub departement_code: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub region_code: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Uuid>)]
    pub subject_id: Option<Uuid>,
}

impl RoleRow {
    /// The actor; `None` where the perimeter is missing, which a constraint forbids.
    pub fn actor(&self) -> Option<Actor> {
        let territory = self
            .departement_code
            .clone()
            .map(Territory::Departement)
            .or_else(|| self.region_code.clone().map(Territory::Region));
        Some(match self.role {
            Role::Anct => Actor::Anct,
            Role::Bdt => Actor::Bdt,
            Role::Prefecture => Actor::Prefecture(territory?),
            Role::Coordinator => Actor::Coordinator(territory?),
            Role::Observer => Actor::Observer(territory),
            Role::Employer => Actor::Employer(self.structure_id?),
            Role::Candidate => Actor::Candidate(CandidateId::from_uuid(self.subject_id?)),
            Role::Counsellor => Actor::Counsellor(CounsellorId::from_uuid(self.subject_id?)),
            Role::TrainingBody => Actor::TrainingBody(TrainingBodyId::from_uuid(self.subject_id?)),
        })
    }
}

pub fn account_is_live(conn: &mut PgConnection, id: AccountId) -> Result<bool> {
    sql!("select exists (select from accounts where id = {} and status <> 'revoked') as yes", id).holds(conn)
}

pub fn api_client_is_live(conn: &mut PgConnection, id: ApiClientId, now: DateTime<Utc>) -> Result<bool> {
    sql!(
        "select exists (select from api_clients where id = {} and revoked_at is null and expires_at > {}) as yes",
        id,
        now
    )
    .holds(conn)
}

/// The live accounts of somebody whom an external issuer knows.
pub fn accounts_of(conn: &mut PgConnection, issuer: &str, subject: &str) -> Result<Vec<RoleRow>> {
    sql!(
        "select id, role, structure_id, departement_code, region_code, subject_id from accounts
         where issuer = {} and subject = {} and status <> 'revoked' order by created_at, id",
        issuer,
        subject
    )
    .load(conn)
}
