//! Callers with their perimeter, and what of the country they reach.

use crate::platform::db::sql::Sql;
use crate::platform::ids::{AccountId, ApiClientId, CandidateId, CounsellorId, StructureId, TrainingBodyId};
use crate::platform::territory;
use crate::{sql, text_enum};

text_enum! {
    /// What a caller acts as.
    pub enum Role "roles" ["accounts.role", "api_clients.role"] {
        Anct "anct" "ANCT" "ANCT",
        Bdt "bdt" "Banque des Territoires" "Banque des Territoires",
        Prefecture "prefecture" "Préfecture" "Prefecture",
        Employer "employer" "Structure employeuse" "Employer",
        Candidate "candidate" "Candidat" "Candidate",
        Counsellor "counsellor" "Conseiller" "Counsellor",
        Coordinator "coordinator" "Coordinateur" "Coordinator",
        TrainingBody "training_body" "Organisme de formation" "Training body",
        Observer "observer" "Observateur" "Observer",
    }
}

/// A part of the country given as a perimeter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Territory {
    Departement(String),
    Region(String),
}

impl Territory {
    /// The département of a code, as it is written today; `None` where there is none.
    pub fn departement(code: &str) -> Option<Self> {
        let code = territory::departement(code);
        territory::is_departement(&code).then_some(Self::Departement(code))
    }

    /// The region of a code, as it is written today; `None` where there is none.
    pub fn region(code: &str) -> Option<Self> {
        let code = territory::region(code);
        territory::is_region(&code).then_some(Self::Region(code))
    }
}

/// A caller and its perimeter. A role without its perimeter cannot be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody signed in.
    Anonymous,
    /// The service itself: jobs and commands.
    System,
    Anct,
    Bdt,
    Prefecture(Territory),
    Employer(StructureId),
    Candidate(CandidateId),
    Counsellor(CounsellorId),
    Coordinator(Territory),
    TrainingBody(TrainingBodyId),
    /// The whole country, or one territory.
    Observer(Option<Territory>),
}

/// The structures, and what hangs on them, that an actor may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    Country,
    Territory(Territory),
    Structure(StructureId),
    /// No structure: what is the candidate's own.
    Candidate(CandidateId),
    /// No structure: what is the counsellor's own.
    Counsellor(CounsellorId),
    /// No structure: what is the training body's own.
    TrainingBody(TrainingBodyId),
    Nothing,
}

impl Actor {
    /// `None` for the anonymous caller and the service itself.
    pub fn role(&self) -> Option<Role> {
        match self {
            Actor::Anonymous | Actor::System => None,
            Actor::Anct => Some(Role::Anct),
            Actor::Bdt => Some(Role::Bdt),
            Actor::Prefecture(_) => Some(Role::Prefecture),
            Actor::Employer(_) => Some(Role::Employer),
            Actor::Candidate(_) => Some(Role::Candidate),
            Actor::Counsellor(_) => Some(Role::Counsellor),
            Actor::Coordinator(_) => Some(Role::Coordinator),
            Actor::TrainingBody(_) => Some(Role::TrainingBody),
            Actor::Observer(_) => Some(Role::Observer),
        }
    }

    /// Name of the role in journals: also for those without one.
    pub fn name(&self) -> &'static str {
        use crate::platform::db::text_enum::TextEnum;
        match self {
            Actor::Anonymous => "anonymous",
            Actor::System => "system",
            signed_in => signed_in.role().map_or("anonymous", Role::as_str),
        }
    }

    /// Which structures, and what hangs on them, this actor sees.
    pub fn reach(&self) -> Reach {
        match self {
            Actor::System | Actor::Anct | Actor::Bdt | Actor::Observer(None) => Reach::Country,
            Actor::Prefecture(territory) | Actor::Coordinator(territory) | Actor::Observer(Some(territory)) => {
                Reach::Territory(territory.clone())
            }
            Actor::Employer(structure) => Reach::Structure(*structure),
            Actor::Candidate(candidate) => Reach::Candidate(*candidate),
            Actor::Counsellor(counsellor) => Reach::Counsellor(*counsellor),
            Actor::TrainingBody(body) => Reach::TrainingBody(*body),
            Actor::Anonymous => Reach::Nothing,
        }
    }
}

impl Reach {
    /// The reach as a condition over the `structures` row named `structure` in the statement.
    pub fn over(&self, structure: &'static str) -> Sql {
        let column = |name: &str| Sql::raw(format!("{structure}.{name}"));
        match self {
            Reach::Country => Sql::raw("true"),
            Reach::Territory(Territory::Departement(code)) => {
                sql!("{} = {}", column("departement_code"), code)
            }
            Reach::Territory(Territory::Region(code)) => sql!("{} = {}", column("region_code"), code),
            Reach::Structure(id) => sql!("{} = {}", column("id"), *id),
            Reach::Candidate(_) | Reach::Counsellor(_) | Reach::TrainingBody(_) | Reach::Nothing => Sql::raw("false"),
        }
    }

    /// The reach as a condition over a row that lies in a territory, named `row` in the statement.
    pub fn over_territory(&self, row: &'static str) -> Sql {
        match self {
            Reach::Structure(_) => Sql::raw("false"),
            other => other.over(row),
        }
    }

    /// What row-level security is told: a kind and a value.
    pub fn as_setting(&self) -> (&'static str, String) {
        match self {
            Reach::Country => ("country", String::new()),
            Reach::Territory(Territory::Departement(code)) => ("departement", code.clone()),
            Reach::Territory(Territory::Region(code)) => ("region", code.clone()),
            Reach::Structure(id) => ("structure", id.to_string()),
            Reach::Candidate(id) => ("candidate", id.to_string()),
            Reach::Counsellor(id) => ("counsellor", id.to_string()),
            Reach::TrainingBody(id) => ("training_body", id.to_string()),
            Reach::Nothing => ("nothing", String::new()),
        }
    }
}

/// Who is behind an actor, for journals and revocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub actor: Actor,
    /// Issuer and subject of the token, or the name of the job.
    pub issuer: String,
    pub subject: String,
    pub account: Option<AccountId>,
    pub api_client: Option<ApiClientId>,
    /// `None` where the token does not narrow the role.
    pub scopes: Option<Vec<String>>,
}

impl Principal {
    pub fn anonymous() -> Self {
        Self {
            actor: Actor::Anonymous,
            issuer: String::new(),
            subject: String::new(),
            account: None,
            api_client: None,
            scopes: None,
        }
    }

    /// The service itself, doing `job`.
    pub fn system(job: &str) -> Self {
        Self { actor: Actor::System, subject: job.to_owned(), ..Self::anonymous() }
    }

    /// One key per principal and perimeter, for idempotency: two callers never share their keys, nor do two offices of
    /// one person.
    pub fn key(&self) -> String {
        let account = self.account.map(|id| id.to_string()).unwrap_or_default();
        let (kind, value) = self.actor.reach().as_setting();
        format!("{}|{}|{}|{account}|{kind}|{value}", self.actor.name(), self.issuer, self.subject)
    }

    /// The same caller as one of the public: what an open operation tells a role that it does not list.
    pub fn as_public(&self) -> Self {
        Self { actor: Actor::Anonymous, scopes: None, ..self.clone() }
    }

    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| scopes.iter().any(|s| s == scope))
    }
}
