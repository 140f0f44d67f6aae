//! What is agreed, owed and paid, and the life each of them may lead.

mod bank_days;
mod entitlement;
mod term;

pub use bank_days::{EXECUTION_DAYS_AHEAD, is_bank_day};
pub use entitlement::{Added, Moves, Next, Open, PlanLine, Revision, Standing, revise};
pub use term::{THIRTIETHS, months_text, pro_rata, reached_on, thirtieths, worked};

use crate::features::structures::model::StructureKind;
use crate::platform::auth::policy::{Permission, can};
use crate::platform::transitions::Step;
use crate::text_enum;

text_enum! {
    /// Whether the rules for public or for private bodies apply.
    pub enum Category "subsidy_categories" ["subsidy_scales.category", "agreements.category"] {
        Public "public" "Public" "Public",
        Private "private" "Privé" "Private",
    }
}

text_enum! {
    /// Where a scale applies.
    pub enum ScaleTerritory "scale_territories" ["subsidy_scales.territory"] {
        Any "any" "Tout le territoire" "Everywhere",
        Metropolitan "metropolitan" "France métropolitaine" "Metropolitan France",
        Departements "departements" "Départements désignés" "The départements listed",
    }
}

text_enum! {
    /// What must hold before an instalment falls due.
    pub enum Condition "instalment_conditions" [] {
        AgreementSigned "agreement_signed" "Convention signée" "Agreement signed",
        RecruitmentValidated "recruitment_validated" "Recrutement validé" "Recruitment validated",
        MonthsElapsed "months_elapsed" "Mois travaillés" "Months worked",
        InitialTrainingCompleted "initial_training_completed" "Formation initiale achevée" "Initial training completed",
        TerminationDecided "termination_decided" "Rupture demandée tranchée" "Requested termination decided",
        BankDetailsRenewed "bank_details_renewed" "Coordonnées bancaires renouvelées" "Bank details renewed",
    }
}

impl Condition {
    /// Whether a scale may ask for it; the others hold for every instalment, whatever its scale says.
    pub fn is_of_scales(self) -> bool {
        !matches!(self, Self::TerminationDecided | Self::BankDetailsRenewed)
    }
}

text_enum! {
    /// Legal form of a structure, on which its file depends.
    pub enum LegalForm "legal_forms" ["agreements.legal_form"] {
        StructurePublique "structure_publique" "Structure publique" "Public body",
        Association "association" "Association" "Association",
        Entreprise "entreprise" "Entreprise de l'économie sociale et solidaire" "Social-economy firm",
    }
}

text_enum! {
    /// A paper of the file of an agreement.
    pub enum AgreementDocument "agreement_documents" [] {
        Rib "rib" "Relevé d'identité bancaire" "Bank details (RIB)",
        AvisSirene "avis_sirene" "Avis de situation SIRENE" "SIRENE notice",
        PieceIdentite "piece_identite" "Pièce d'identité du représentant" "Identity document of the representative",
        ActeDesignation "acte_designation" "Acte de désignation de l'exécutif" "Act designating the executive",
        ListeDirigeants "liste_dirigeants" "Liste des dirigeants" "List of the board",
        Statuts "statuts" "Statuts" "Statutes",
        ProcesVerbalAg "proces_verbal_ag" "Procès-verbal de la dernière assemblée générale" "Minutes of the last general assembly",
        ComptesAnnuels "comptes_annuels" "Derniers comptes annuels" "Last annual accounts",
    }
}

text_enum! {
    /// State of an agreement.
    pub enum AgreementStatus "agreement_statuses" ["agreements.status"] {
        Draft "draft" "Brouillon" "Draft",
        UnderInstruction "under_instruction" "En instruction" "Under instruction",
        Signed "signed" "Signée" "Signed",
        Amended "amended" "Modifiée par avenant" "Amended",
        Closed "closed" "Close" "Closed",
        Abandoned "abandoned" "Abandonnée" "Abandoned",
    }
}

text_enum! {
    /// State of an instalment.
    pub enum InstalmentStatus "instalment_statuses" ["instalments.status"] {
        Planned "planned" "Prévue" "Planned",
        Due "due" "Exigible" "Due",
        Ordered "ordered" "Mise en paiement" "Ordered",
        Paid "paid" "Payée" "Paid",
        Cancelled "cancelled" "Annulée" "Cancelled",
    }
}

text_enum! {
    /// State of a payment batch.
    pub enum BatchStatus "payment_batch_statuses" ["payment_batches.status"] {
        Ordered "ordered" "Ordonné" "Ordered",
        Answered "answered" "Dénoué" "Answered",
    }
}

text_enum! {
    /// What became of one line of a payment batch.
    pub enum LineStatus "payment_line_statuses" ["payment_lines.status"] {
        Ordered "ordered" "Ordonnée" "Ordered",
        Paid "paid" "Payée" "Paid",
        Rejected "rejected" "Rejetée" "Rejected",
    }
}

text_enum! {
    /// Why a bank rejects a payment: codes of ISO 20022 in lower case.
    pub enum RejectionReason "payment_rejection_reasons" ["instalments.last_rejection", "payment_lines.rejection"] {
        Ac01 "ac01" "Numéro de compte incorrect" "Incorrect account number",
        Ac04 "ac04" "Compte clos" "Closed account",
        Ac06 "ac06" "Compte bloqué" "Blocked account",
        Ag01 "ag01" "Opération interdite sur ce compte" "Transaction forbidden on this account",
        Be01 "be01" "Titulaire et compte ne concordent pas" "Holder and account do not match",
        Md07 "md07" "Titulaire disparu" "Holder no longer exists",
        Ms03 "ms03" "Raison non précisée" "Reason not specified",
        Rc01 "rc01" "BIC incorrect" "Incorrect BIC",
    }
}

impl RejectionReason {
    /// The reasons that name the account: it is not tried again until the bank details change.
    pub fn of_accounts() -> Vec<Self> {
        vec![Self::Ac01, Self::Ac04, Self::Ac06, Self::Ag01, Self::Md07]
    }
}

text_enum! {
    /// Why money is asked back.
    pub enum CreditReason "credit_note_reasons" ["credit_notes.reason"] {
        ContractEnded "contract_ended" "Contrat terminé avant le terme subventionné" "Contract over before the subsidised term",
        PostLeft "post_left" "Poste rendu ou transféré" "Post returned or transferred",
    }
}

text_enum! {
    /// State of a credit note.
    pub enum CreditStatus "credit_note_statuses" ["credit_notes.status"] {
        Issued "issued" "Émis" "Issued",
        Repaid "repaid" "Remboursé" "Repaid",
        Offset "offset" "Imputé sur une tranche" "Offset against an instalment",
    }
}

text_enum! {
    /// What a line of the ledger is about.
    pub enum LedgerKind "ledger_kinds" ["ledger_entries.kind"] {
        Commitment "commitment" "Engagement" "Commitment",
        Payment "payment" "Paiement" "Payment",
        Credit "credit" "Avoir" "Credit",
        Offset "offset" "Imputation" "Offset",
        Repayment "repayment" "Remboursement" "Repayment",
    }
}

text_enum! {
    /// A budget line.
    pub enum EnvelopeCode "envelopes" ["envelopes.code"] {
        Programme "programme" "Programme" "Programme",
        Posts "posts" "Postes" "Posts",
        Kits "kits" "Kits et réseaux" "Kits and networks",
        Other "other" "Autres" "Other",
    }
}

use AgreementStatus as A;
use CreditStatus as C;
use InstalmentStatus as I;

/// The life of an agreement.
pub const AGREEMENT_STEPS: &[Step<AgreementStatus>] = &[
    Step::call(A::Draft, can::update_agreement::LINE, A::Draft),
    Step::call(A::Draft, can::instruct_agreement::LINE, A::UnderInstruction),
    Step::call(A::Draft, can::abandon_agreement::LINE, A::Abandoned),
    Step::call(A::UnderInstruction, can::update_agreement::LINE, A::UnderInstruction),
    Step::call(A::UnderInstruction, can::sign_agreement::LINE, A::Signed),
    Step::call(A::UnderInstruction, can::abandon_agreement::LINE, A::Abandoned),
    Step::call(A::Signed, can::amend_agreement::LINE, A::Amended),
    Step::call(A::Signed, can::close_agreement::LINE, A::Closed),
    Step::call(A::Amended, can::amend_agreement::LINE, A::Amended),
    Step::call(A::Amended, can::close_agreement::LINE, A::Closed),
];

/// The life of an instalment. `fall_due` and `cancel` follow from what happens to the post, `order`, `pay` and `reject`
/// from payment batches.
pub const INSTALMENT_STEPS: &[Step<InstalmentStatus>] = &[
    Step::course(I::Planned, "fall_due", I::Due),
    Step::course(I::Planned, "cancel", I::Cancelled),
    Step::course(I::Due, "order", I::Ordered),
    Step::course(I::Due, "cancel", I::Cancelled),
    Step::course(I::Ordered, "pay", I::Paid),
    Step::course(I::Ordered, "reject", I::Due),
];

/// The life of a credit note. `release` undoes an offset whose instalment is cancelled.
pub const CREDIT_STEPS: &[Step<CreditStatus>] = &[
    Step::call(C::Issued, can::repay_credit_note::LINE, C::Repaid),
    Step::call(C::Issued, can::offset_credit_note::LINE, C::Offset),
    Step::course(C::Offset, "release", C::Issued),
];

impl Category {
    pub fn of(kind: StructureKind) -> Self {
        if kind.is_public() { Self::Public } else { Self::Private }
    }
}

impl LegalForm {
    /// The form that a category has when nothing else is said.
    pub fn usual(category: Category) -> Self {
        match category {
            Category::Public => Self::StructurePublique,
            Category::Private => Self::Association,
        }
    }

    pub fn fits(self, category: Category) -> bool {
        (self == Self::StructurePublique) == (category == Category::Public)
    }

    /// Papers without which an agreement is not signed.
    pub fn required_documents(self) -> &'static [AgreementDocument] {
        use AgreementDocument as D;
        match self {
            Self::StructurePublique => &[D::ActeDesignation, D::PieceIdentite, D::AvisSirene, D::Rib],
            Self::Association => &[
                D::PieceIdentite,
                D::ListeDirigeants,
                D::Statuts,
                D::ProcesVerbalAg,
                D::ComptesAnnuels,
                D::AvisSirene,
                D::Rib,
            ],
            Self::Entreprise => {
                &[D::PieceIdentite, D::ListeDirigeants, D::Statuts, D::ComptesAnnuels, D::AvisSirene, D::Rib]
            }
        }
    }
}

impl ScaleTerritory {
    /// The zones by which a département is looked up, the most particular first.
    pub fn zones(departement: &str) -> Vec<String> {
        let mut zones = vec![departement.to_owned()];
        // Every territory outside metropolitan France and Corsica has a code that starts with 97 or 98.
        if !departement.starts_with("97") && !departement.starts_with("98") {
            zones.push(Self::Metropolitan.to_string());
        }
        zones.push(Self::Any.to_string());
        zones
    }
}
