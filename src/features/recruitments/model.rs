//! What a recruitment is, and the life it may lead.

use chrono::NaiveDate;

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
        InPost "in_post" "En poste" "In post",
        Left "left" "Parti" "Left",
    }
}

use ExtensionStatus as X;
use RecruitmentStatus as S;

/// The life of a recruitment. `complete` comes by night, `transfer` with the post; `void` ends a renewal whose
/// predecessor is broken off before it begins.
pub const STEPS: &[Step<RecruitmentStatus>] = &[
    Step { from: S::Submitted, event: "update", to: S::Submitted },
    Step { from: S::Submitted, event: "validate", to: S::Validated },
    Step { from: S::Submitted, event: "refuse", to: S::Refused },
    Step { from: S::Submitted, event: "cancel", to: S::Cancelled },
    Step { from: S::Submitted, event: "void", to: S::Cancelled },
    Step { from: S::Validated, event: "request_extension", to: S::Validated },
    Step { from: S::Validated, event: "renew", to: S::Validated },
    Step { from: S::Validated, event: "request_termination", to: S::TerminationRequested },
    Step { from: S::Validated, event: "complete", to: S::Completed },
    Step { from: S::Validated, event: "transfer", to: S::Completed },
    Step { from: S::Validated, event: "void", to: S::Cancelled },
    Step { from: S::TerminationRequested, event: "cancel_termination", to: S::Validated },
    Step { from: S::TerminationRequested, event: "terminate", to: S::Terminated },
];

/// The life of a request to extend a contract.
pub const EXTENSION_STEPS: &[Step<ExtensionStatus>] = &[
    Step { from: X::Requested, event: "validate", to: X::Validated },
    Step { from: X::Requested, event: "refuse", to: X::Refused },
];

/// Papers that every file needs.
pub const REQUIRED_DOCUMENTS: [RecruitmentDocument; 3] =
    [RecruitmentDocument::ContratSigne, RecruitmentDocument::FicheDePoste, RecruitmentDocument::PieceIdentite];

/// No contract of the scheme starts earlier.
pub const FIRST_DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(2020, 10, 1);

/// The terms of a contract.
#[derive(Clone, Debug)]
pub struct Terms {
    pub contract_type: ContractType,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    pub gross_monthly_salary_cents: i64,
}
