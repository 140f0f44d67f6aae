//! Who may sign in as what: perimeters, states, how long things are valid.

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use crate::platform::auth::policy::{Permission, can};
use crate::platform::auth::{Actor, Role, Territory};
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::text_enum::TextEnum;
use crate::platform::error::{Code, Fault, FaultCode, Problem, Result};
use crate::platform::ids::{CandidateId, CounsellorId, StructureId, TrainingBodyId};
use crate::platform::transitions::Step;
use crate::text_enum;

text_enum! {
    /// State of an account.
    pub enum AccountStatus "account_statuses" ["accounts.status"] {
        Invited "invited" "Invité" "Invited",
        Active "active" "Actif" "Active",
        Revoked "revoked" "Révoqué" "Revoked",
    }
}

text_enum! {
    /// State of an API client; it follows from its dates.
    pub enum ApiClientStatus "api_client_statuses" [] {
        Active "active" "Actif" "Active",
        Expired "expired" "Expiré" "Expired",
        Revoked "revoked" "Révoqué" "Revoked",
    }
}

/// The life of an account.
pub const ACCOUNT_STEPS: &[Step<AccountStatus>] = &[
    Step::call(AccountStatus::Invited, can::update_account::LINE, AccountStatus::Invited),
    Step::call(AccountStatus::Active, can::update_account::LINE, AccountStatus::Active),
    Step::course(AccountStatus::Invited, "sign_in", AccountStatus::Active),
    Step::course(AccountStatus::Active, "sign_in", AccountStatus::Active),
    Step::call(AccountStatus::Invited, can::revoke_account::LINE, AccountStatus::Revoked),
    Step::call(AccountStatus::Active, can::revoke_account::LINE, AccountStatus::Revoked),
];

/// The life of an API client. An expired one lives again once its expiry is put off.
pub const API_CLIENT_STEPS: &[Step<ApiClientStatus>] = &[
    Step::call(ApiClientStatus::Active, can::update_api_client::LINE, ApiClientStatus::Active),
    Step::call(ApiClientStatus::Expired, can::update_api_client::LINE, ApiClientStatus::Active),
    Step::call(ApiClientStatus::Active, can::rotate_api_client::LINE, ApiClientStatus::Active),
    Step::call(ApiClientStatus::Active, can::revoke_api_client::LINE, ApiClientStatus::Revoked),
    Step::call(ApiClientStatus::Expired, can::revoke_api_client::LINE, ApiClientStatus::Revoked),
];

/// Roles of the accounts that are invited; the others come in by their own registration.
pub const INVITED: &[Role] =
    &[Role::Anct, Role::Bdt, Role::Prefecture, Role::Employer, Role::Coordinator, Role::Observer];
/// Roles that a program may have.
pub const PROGRAMS: &[Role] = &[Role::Anct, Role::Bdt, Role::Prefecture, Role::Employer, Role::Observer];

/// How long an invitation is valid.
pub const INVITATION: Duration = Duration::days(7);
/// An invitation that nobody takes up is withdrawn after so long.
pub const INVITATION_LIFE: Duration = Duration::days(183);
/// How long a link asked for at sign-in is valid.
pub const SIGN_IN: Duration = Duration::minutes(30);
/// Links mailed for one address at a time, and unused ones an account may have.
pub const LINKS: i64 = 5;
/// Longest life of an API client's credentials without renewal.
pub const CLIENT_LIFE: Duration = Duration::days(365);
/// Hours for which a rotated secret still works unless told otherwise, and at most.
pub const GRACE_HOURS: i32 = 24;
pub const MAX_GRACE_HOURS: i32 = 168;

/// A perimeter as it is stored and sent: at most one of these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Perimeter {
    pub structure_id: Option<StructureId>,
    pub departement_code: Option<DepartementCode>,
    pub region_code: Option<RegionCode>,
    /// Candidate, counsellor or training body.
    pub subject_id: Option<Uuid>,
}

impl Perimeter {
    /// The perimeter that an actor has.
    pub fn of(actor: &Actor) -> Self {
        let none = Self::default();
        let territory = |territory: &Territory| match territory {
            Territory::Departement(code) => Self { departement_code: Some(code.as_str().into()), ..Self::default() },
            Territory::Region(code) => Self { region_code: Some(code.as_str().into()), ..Self::default() },
        };
        match actor {
            Actor::Anonymous | Actor::System | Actor::Anct | Actor::Bdt | Actor::Observer(None) => none,
            Actor::Prefecture(t) | Actor::Coordinator(t) | Actor::Observer(Some(t)) => territory(t),
            Actor::Employer(id) => Self { structure_id: Some(*id), ..none },
            Actor::Candidate(id) => Self { subject_id: Some(id.uuid()), ..none },
            Actor::Counsellor(id) => Self { subject_id: Some(id.uuid()), ..none },
            Actor::TrainingBody(id) => Self { subject_id: Some(id.uuid()), ..none },
        }
    }

    /// The actor of a role within this perimeter; `None` where the role needs another one.
    pub fn actor(&self, role: Role) -> Option<Actor> {
        let territory = self
            .departement_code
            .clone()
            .map(|code| Territory::Departement(code.into()))
            .or_else(|| self.region_code.clone().map(|code| Territory::Region(code.into())));
        let actor = match role {
            Role::Anct => Actor::Anct,
            Role::Bdt => Actor::Bdt,
            Role::Prefecture => Actor::Prefecture(territory?),
            Role::Coordinator => Actor::Coordinator(territory?),
            Role::Observer => Actor::Observer(territory),
            Role::Employer => Actor::Employer(self.structure_id?),
            Role::Candidate => Actor::Candidate(CandidateId::from_uuid(self.subject_id?)),
            Role::Counsellor => Actor::Counsellor(CounsellorId::from_uuid(self.subject_id?)),
            Role::TrainingBody => Actor::TrainingBody(TrainingBodyId::from_uuid(self.subject_id?)),
        };
        // Nothing may stand beside what the role needs.
        (Self::of(&actor) == *self).then_some(actor)
    }
}

/// What the giver may make somebody else act as: the ANCT any of `roles`, the others what they
/// are themselves.
pub fn grant(giver: &Actor, roles: &[Role], role: Role, perimeter: &Perimeter) -> Result<Actor> {
    if !roles.contains(&role) {
        let allowed = roles.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(", ");
        return Err(Problem::invalid(vec![Fault::field("role", FaultCode::NotInList).with("allowed", allowed)]));
    }
    let Some(actor) = perimeter.actor(role) else {
        let expected = match role {
            Role::Employer => "structure_id",
            Role::Prefecture | Role::Coordinator => "departement_code | region_code",
            Role::Observer => "departement_code | region_code | null",
            _ => "departement_code = region_code = structure_id = null",
        };
        let fault = Fault::field("role", FaultCode::PerimeterMismatch).with("role", role).with("expected", expected);
        return Err(Problem::invalid(vec![fault]));
    };
    if *giver == Actor::Anct || *giver == actor { Ok(actor) } else { Err(Problem::new(Code::PerimeterNotYours)) }
}

/// State of an API client at an instant.
pub fn client_status(
    revoked_at: Option<DateTime<Utc>>,
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> ApiClientStatus {
    match revoked_at {
        Some(_) => ApiClientStatus::Revoked,
        None if expires_at <= now => ApiClientStatus::Expired,
        None => ApiClientStatus::Active,
    }
}

/// Whether two hashes are equal, in a time that does not tell where they differ.
pub fn same_hash(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && std::hint::black_box(a.iter().zip(b).fold(0, |differing, (x, y)| differing | (x ^ y))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn territory(code: &str) -> Perimeter {
        Perimeter { departement_code: Some(code.into()), ..Perimeter::default() }
    }

    #[test]
    fn a_role_goes_with_its_own_perimeter_only() {
        assert!(territory("82").actor(Role::Prefecture).is_some());
        assert!(territory("82").actor(Role::Observer).is_some());
        assert!(Perimeter::default().actor(Role::Observer).is_some());
        assert!(Perimeter::default().actor(Role::Prefecture).is_none());
        assert!(territory("82").actor(Role::Anct).is_none());
        let both = Perimeter { region_code: Some("76".into()), ..territory("82") };
        assert!(both.actor(Role::Prefecture).is_none());
        let employer = Perimeter { structure_id: Some(StructureId::new()), ..territory("82") };
        assert!(employer.actor(Role::Employer).is_none());
    }

    #[test]
    fn only_the_anct_gives_what_it_is_not() {
        let prefecture = Actor::Prefecture(Territory::Departement("82".to_owned()));
        let code = |result: Result<Actor>| result.err().map(|problem| problem.code());
        assert_eq!(code(grant(&prefecture, INVITED, Role::Prefecture, &territory("82"))), None);
        for (role, perimeter) in
            [(Role::Prefecture, territory("31")), (Role::Observer, territory("82")), (Role::Anct, Perimeter::default())]
        {
            assert_eq!(code(grant(&prefecture, INVITED, role, &perimeter)), Some(Code::PerimeterNotYours), "{role}");
            assert_eq!(code(grant(&Actor::Anct, INVITED, role, &perimeter)), None, "{role}");
        }
        assert_eq!(
            code(grant(&Actor::Anct, INVITED, Role::Candidate, &Perimeter::default())),
            Some(Code::ValidationFailed)
        );
    }

    #[test]
    fn hashes_are_compared_whole() {
        assert!(same_hash(&[1, 2], &[1, 2]));
        assert!(!same_hash(&[1, 2], &[1, 3]) && !same_hash(&[1], &[1, 2]) && !same_hash(&[], &[1]));
    }
}
