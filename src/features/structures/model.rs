//! What a structure is, and the life it may lead.

use crate::platform::auth::policy::{Permission, can};
use crate::platform::transitions::Step;
use crate::text_enum;

text_enum! {
    /// Legal kind of a structure.
    pub enum StructureKind "structure_kinds" ["structures.kind"] {
        Commune "commune" "Commune" "Commune",
        Departement "departement" "Département" "Département",
        Region "region" "Région" "Region",
        Epci "epci" "Établissement public de coopération intercommunale" "Intercommunal body",
        Collectivite "collectivite" "Autre collectivité" "Other local authority",
        Gip "gip" "Groupement d'intérêt public" "Public interest group",
        EtablissementPublic "etablissement_public" "Établissement public" "Public establishment",
        Prive "prive" "Structure privée (association, économie sociale et solidaire)" "Private body (association, social economy)",
    }
}

text_enum! {
    /// State of a structure.
    pub enum StructureStatus "structure_statuses" ["structures.status"] {
        PendingConfirmation "pending_confirmation" "Adresse à confirmer" "Address to be confirmed",
        Registered "registered" "Inscrite" "Registered",
        Retained "retained" "Retenue" "Retained",
        Withdrawn "withdrawn" "Sortie du dispositif" "Withdrawn",
        Cancelled "cancelled" "Annulée" "Cancelled",
        Duplicate "duplicate" "Doublon" "Duplicate",
    }
}

text_enum! {
    /// National network that a structure belongs to.
    pub enum Network "networks" [] {
        CroixRouge "croix_rouge" "Croix-Rouge française" "French Red Cross",
        GroupeSos "groupe_sos" "Groupe SOS" "Groupe SOS",
        EmmausConnect "emmaus_connect" "Emmaüs Connect" "Emmaüs Connect",
        LaPoste "la_poste" "La Poste" "La Poste",
        Unaf "unaf" "UNAF" "UNAF",
        LigueEnseignement "ligue_enseignement" "Ligue de l'enseignement" "Ligue de l'enseignement",
        FamillesRurales "familles_rurales" "Familles rurales" "Familles rurales",
        Face "face" "FACE" "FACE",
        Pimms "pimms" "PIMMS" "PIMMS",
        ApfFranceHandicap "apf_france_handicap" "APF France Handicap" "APF France Handicap",
        Unij "unij" "UNIJ" "UNIJ",
        Mjc "mjc" "MJC" "MJC",
        RegiesDeQuartier "regies_de_quartier" "Régies de quartier" "Régies de quartier",
        ChambresAgriculture "chambres_agriculture" "Chambres d'agriculture" "Chambers of agriculture",
    }
}

text_enum! {
    /// Why a structure leaves the scheme.
    pub enum LeaveReason "structure_leave_reasons" ["structures.leave_reason"] {
        BesoinPlusJustifie "besoin_plus_justifie" "Le besoin n'est plus justifié" "The need is no longer justified",
        DifficulteRecrutement "difficulte_recrutement" "Difficulté à recruter" "Difficulty in recruiting",
        CapaciteFinanciere "capacite_financiere" "Capacité financière insuffisante" "Insufficient funds",
        Autre "autre" "Autre" "Other",
    }
}

text_enum! {
    /// What of a structure's identity changed.
    pub enum IdentityField "identity_fields" ["structure_identity_changes.field"] {
        Siret "siret" "SIRET" "SIRET",
        Ridet "ridet" "RIDET" "RIDET",
        Email "email" "Adresse électronique" "E-mail address",
    }
}

impl StructureKind {
    /// Public bodies apply first, private ones in a second phase.
    pub fn is_public(self) -> bool {
        self != StructureKind::Prive
    }
}

use StructureStatus as S;

/// The life of a structure. `retain` and `withdraw` follow from posts granted and returned.
pub const STEPS: &[Step<StructureStatus>] = &[
    Step::course(S::PendingConfirmation, "confirm", S::Registered),
    Step::course(S::PendingConfirmation, "expire", S::Cancelled),
    Step::call(S::PendingConfirmation, can::cancel_structure::LINE, S::Cancelled),
    Step::call(S::Registered, can::cancel_structure::LINE, S::Cancelled),
    Step::call(S::PendingConfirmation, can::merge_structure::LINE, S::Duplicate),
    Step::call(S::Registered, can::merge_structure::LINE, S::Duplicate),
    Step::call(S::Withdrawn, can::merge_structure::LINE, S::Duplicate),
    Step::call(S::Registered, can::leave_structure::LINE, S::Withdrawn),
    Step::course(S::Registered, "retain", S::Retained),
    Step::course(S::Retained, "retain", S::Retained),
    Step::course(S::Withdrawn, "retain", S::Retained),
    Step::course(S::Retained, "withdraw", S::Withdrawn),
];

/// Days for which the link that confirms an address is valid.
pub const CONFIRMATION_DAYS: i64 = 180;
