//! What a recruitment is, and the life it may lead.

use chrono::{Months, NaiveDate};

use crate::platform::auth::policy::{Permission, can};
use crate::platform::transitions::Step;
use crate::text_enum;

text_enum! {
    /// Kind of contract.
    pub enum ContractType "contract_types" ["recruitments.contract_type"] {
        Cdd "cdd" "CDD" "Fixed-term contract",
        Cdi "cdi" "CDI" "Open-ended contract",
        ContratDeProjet "contrat_de_projet" "Contrat de projet" "Project contract (public service)",
        Pec "pec" "Parcours emploi compétences (PEC)" "Subsidised employment contract (PEC)",
    }
}

text_enum! {
    /// State of a recruitment.
    pub enum RecruitmentStatus "recruitment_statuses" ["recruitments.status"] {
        Submitted "submitted" "Déposé" "Submitted",
        Validated "validated" "Validé" "Validated",
        Refused "refused" "Refusé" "Refused",
        Cancelled "cancelled" "Annulé" "Cancelled",
        Declined "declined" "Décliné par le candidat" "Declined by the candidate",
        TerminationRequested "termination_requested" "Rupture demandée" "Termination requested",
        Terminated "terminated" "Rompu" "Terminated",
        Completed "completed" "Terminé" "Completed",
    }
}

text_enum! {
    /// How a recruitment came about.
    pub enum RecruitmentOrigin "recruitment_origins" ["recruitments.origin"] {
        New "new" "Nouveau recrutement" "New recruitment",
        Renewal "renewal" "Renouvellement" "Renewal",
        Transfer "transfer" "Transfert du poste" "Transfer of the post",
    }
}

text_enum! {
    /// Why a contract is broken off.
    pub enum TerminationReason "termination_reasons" ["recruitments.termination_reason"] {
        Demission "demission" "Démission" "Resignation",
        Licenciement "licenciement" "Licenciement" "Dismissal",
        RuptureCommunAccord "rupture_commun_accord" "Rupture d'un commun accord" "Mutual agreement",
        NonRenouvellement "non_renouvellement" "Non-renouvellement" "Non-renewal",
        FinPeriodeEssai "fin_periode_essai" "Fin de la période d'essai" "End of the trial period",
        Autre "autre" "Autre" "Other",
    }
}

text_enum! {
    /// A paper of the file of a recruitment.
    pub enum RecruitmentDocument "recruitment_documents" [] {
        ContratSigne "contrat_signe" "Contrat signé" "Signed contract",
        FicheDePoste "fiche_de_poste" "Fiche de poste" "Job description",
        PieceIdentite "piece_identite" "Pièce d'identité" "Identity document",
        Cv "cv" "CV" "CV",
        Diplome "diplome" "Diplôme" "Diploma",
        TitreDeSejour "titre_de_sejour" "Titre de séjour" "Residence permit",
    }
}

text_enum! {
    /// State of a request to extend a contract.
    pub enum ExtensionStatus "extension_statuses" ["extensions.status"] {
        Requested "requested" "Demandée" "Requested",
        Validated "validated" "Validée" "Validated",
        Refused "refused" "Refusée" "Refused",
    }
}

text_enum! {
    /// State of a counsellor.
    pub enum CounsellorStatus "counsellor_statuses" ["counsellors.status"] {
        StartsLater "starts_later" "Prise de poste à venir" "Starts later",
        InPost "in_post" "En poste" "In post",
        Left "left" "Parti" "Left",
    }
}

use ExtensionStatus as X;
use RecruitmentStatus as S;

/// The life of a recruitment. `complete` comes by night, on the last day whatever waits; `lapse` carries out a termination
/// that nobody decided; `transfer` comes with the post; `void` ends a renewal whose predecessor is broken off before it
/// begins. What is validated may be cancelled or refused until its first day.
pub const STEPS: &[Step<RecruitmentStatus>] = &[
    Step::call(S::Submitted, can::update_recruitment::LINE, S::Submitted),
    Step::call(S::Submitted, can::validate_recruitment::LINE, S::Validated),
    Step::call(S::Submitted, can::refuse_recruitment::LINE, S::Refused),
    Step::call(S::Submitted, can::cancel_recruitment::LINE, S::Cancelled),
    Step::call(S::Submitted, can::decline_recruitment::LINE, S::Declined),
    Step::course(S::Submitted, "void", S::Cancelled),
    Step::call(S::Validated, can::request_extension::LINE, S::Validated),
    Step::call(S::Validated, can::renew_recruitment::LINE, S::Validated),
    Step::call(S::Validated, can::request_termination::LINE, S::TerminationRequested),
    Step::call(S::Validated, can::cancel_recruitment::LINE, S::Cancelled),
    Step::call(S::Validated, can::refuse_recruitment::LINE, S::Refused),
    Step::call(S::Validated, can::rectify_recruitment::LINE, S::Validated),
    Step::call(S::TerminationRequested, can::rectify_recruitment::LINE, S::TerminationRequested),
    Step::call(S::Terminated, can::rectify_recruitment::LINE, S::Terminated),
    Step::call(S::Completed, can::rectify_recruitment::LINE, S::Completed),
    Step::course(S::Validated, "complete", S::Completed),
    Step::course(S::Validated, "transfer", S::Completed),
    Step::course(S::Validated, "void", S::Cancelled),
    Step::call(S::TerminationRequested, can::cancel_termination::LINE, S::Validated),
    Step::call(S::TerminationRequested, can::terminate_recruitment::LINE, S::Terminated),
    Step::course(S::TerminationRequested, "complete", S::Completed),
    Step::course(S::TerminationRequested, "lapse", S::Terminated),
];

/// The life of a request to extend a contract.
pub const EXTENSION_STEPS: &[Step<ExtensionStatus>] = &[
    Step::call(X::Requested, can::validate_extension::LINE, X::Validated),
    Step::call(X::Requested, can::refuse_extension::LINE, X::Refused),
];

/// Papers that every file needs.
pub const REQUIRED_DOCUMENTS: [RecruitmentDocument; 3] =
    [RecruitmentDocument::ContratSigne, RecruitmentDocument::FicheDePoste, RecruitmentDocument::PieceIdentite];

/// No contract of the scheme starts earlier.
pub const FIRST_DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(2020, 10, 1);

/// How long before its first day a contract may be submitted: months.
pub const MONTHS_AHEAD: Months = Months::new(6);

/// The longest term: well beyond the six years of a `contrat de projet` (law of 6 August 2019, article 17) and its renewals,
/// so that only a mistyped century is refused. Months.
pub const LONGEST: Months = Months::new(120);

/// How long a termination may wait for its decision, counted from the later of the request and the day asked for: days.
/// It is carried out then.
pub const TERMINATION_WAITS_DAYS: i64 = 60;

/// The terms of a contract.
#[derive(Clone, Debug)]
pub struct Terms {
    pub contract_type: ContractType,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    pub gross_monthly_salary_cents: i64,
}
