//! What counsellors report, and the rules of it.

pub mod counters;
pub mod masking;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::platform::codes::CommuneCode;
use crate::platform::db::text_enum::TextEnum;
use crate::platform::error::{Fault, FaultCode};
use crate::platform::ids::PlaceId;
use crate::text_enum;

text_enum! {
    /// Kind of an activity.
    pub enum ActivityKind "activity_kinds" ["activity_reports.activity"] {
        Individuel "individuel" "Accompagnement individuel" "One-to-one support",
        Collectif "collectif" "Atelier collectif" "Workshop",
        Ponctuel "ponctuel" "Demande ponctuelle" "One-off request",
    }
}

text_enum! {
    /// Where an activity took place.
    pub enum Channel "activity_channels" ["activity_reports.channel"] {
        Rattachement "rattachement" "Lieu d'activité" "At a place of activity",
        AutreLieu "autre_lieu" "Autre lieu" "Elsewhere",
        Distance "distance" "À distance" "At a distance",
        Domicile "domicile" "À domicile" "At home",
    }
}

text_enum! {
    /// What an activity was about.
    pub enum Theme "activity_themes" [] {
        EquipementInformatique "equipement_informatique" "Prendre en main du matériel" "Getting to know equipment",
        Vocabulaire "vocabulaire" "Culture numérique" "Digital culture",
        Internet "internet" "Naviguer sur Internet" "Using the Internet",
        Securite "securite" "Sécuriser un équipement" "Securing equipment",
        Courriel "courriel" "Courriels" "E-mail",
        Echanger "echanger" "Échanger avec ses proches" "Keeping in touch",
        TraitementTexte "traitement_texte" "Bureautique" "Office tools",
        ContenusNumeriques "contenus_numeriques" "Gestion de contenus numériques" "Managing digital content",
        TrouverEmploi "trouver_emploi" "Emploi et formation" "Work and training",
        TpePme "tpe_pme" "Numérique et TPE/PME" "Digital tools for small businesses",
        AccompagnerEnfant "accompagner_enfant" "Accompagner un aidant" "Supporting a carer",
        DemarcheEnLigne "demarche_en_ligne" "Démarche en ligne" "Online procedures",
        FraudeEtHarcelement "fraude_et_harcelement" "Fraude et harcèlement" "Fraud and harassment",
        Sante "sante" "Santé" "Health",
        Smartphone "smartphone" "Smartphone" "Smartphone",
        Budget "budget" "Budget" "Budget",
        Scolaire "scolaire" "Scolarité" "Schooling",
        Diagnostic "diagnostic" "Diagnostic numérique" "Digital diagnosis",
        Autre "autre" "Autre" "Other",
    }
}

text_enum! {
    /// A mission of the scheme, to which themes belong.
    pub enum Mission "activity_missions" [] {
        Demarches "demarches" "Rendre autonomes pour réaliser les démarches administratives" "Autonomy in administrative procedures",
        UsagesCritiques "usages_critiques" "Sensibiliser aux enjeux du numérique" "Informed and critical uses",
        UsagesQuotidiens "usages_quotidiens" "Soutenir les usages quotidiens du numérique" "Everyday uses",
    }
}

text_enum! {
    /// How long an activity took.
    pub enum DurationBand "activity_duration_bands" [] {
        Moins30 "moins_30" "Moins de 30 minutes" "Less than 30 minutes",
        From3060 "30_60" "De 30 à 59 minutes" "30 to 59 minutes",
        From60120 "60_120" "De 60 à 119 minutes" "60 to 119 minutes",
        Plus120 "plus_120" "120 minutes et plus" "120 minutes and more",
    }
}

text_enum! {
    /// Age bracket of people.
    pub enum AgeBracket "activity_ages" [] {
        Moins12 "moins_12" "Moins de 12 ans" "Under 12",
        From1218 "12_18" "De 12 à 18 ans" "12 to 18",
        From1835 "18_35" "De 18 à 35 ans" "18 to 35",
        From3560 "35_60" "De 35 à 60 ans" "35 to 60",
        Plus60 "plus_60" "Plus de 60 ans" "Over 60",
    }
}

text_enum! {
    /// Situation of people.
    pub enum PublicStatus "activity_statuses" [] {
        Scolarise "scolarise" "Scolarisés" "In education",
        SansEmploi "sans_emploi" "Sans emploi" "Out of work",
        EnEmploi "en_emploi" "En emploi" "In work",
        Retraite "retraite" "Retraités" "Retired",
        Heterogene "heterogene" "Non renseigné ou hétérogène" "Unknown or mixed",
    }
}

text_enum! {
    /// Body that people were redirected to.
    pub enum RedirectionBody "redirection_bodies" [] {
        Ants "ants" "ANTS" "ANTS",
        AssistanteSociale "assistante_sociale" "Assistante sociale" "Social worker",
        Caf "caf" "CAF" "CAF",
        Carsat "carsat" "CARSAT" "CARSAT",
        Ccas "ccas" "CCAS" "CCAS",
        Cefs "cefs" "CEFS" "CEFS",
        Cip "cip" "CIP" "CIP",
        Cpam "cpam" "CPAM" "CPAM",
        Dgfip "dgfip" "DGFIP" "DGFIP",
        FranceServices "france_services" "France Services" "France Services",
        Mairie "mairie" "Mairie" "Town hall",
        Mediatheque "mediatheque" "Médiathèque" "Media library",
        MissionLocale "mission_locale" "Mission locale" "Local youth mission",
        FranceTravail "france_travail" "France Travail" "France Travail",
        Prefecture "prefecture" "Préfecture" "Prefecture",
        SousPrefecture "sous_prefecture" "Sous-préfecture" "Sub-prefecture",
        Police "police" "Police" "Police",
        Gendarmerie "gendarmerie" "Gendarmerie" "Gendarmerie",
        RevendeurInformatique "revendeur_informatique" "Revendeur informatique" "Computer shop",
        TiersLieu "tiers_lieu" "Tiers-lieu ou fablab" "Third place or fablab",
        Autre "autre" "Autre" "Other",
    }
}

text_enum! {
    /// By what figures may be broken down.
    pub enum Dimension "activity_dimensions" [] {
        Activity "activity" "Type d'activité" "Kind of activity",
        Channel "channel" "Canal" "Channel",
        Theme "theme" "Thème" "Theme",
        Mission "mission" "Mission" "Mission",
        DurationBand "duration_band" "Durée" "Duration",
        Age "age" "Âge" "Age",
        Status "status" "Statut" "Situation",
        RedirectionBody "redirection_body" "Organisme de réorientation" "Redirection body",
        Month "month" "Mois" "Month",
        Departement "departement" "Département" "Département",
        Region "region" "Région" "Region",
        Structure "structure" "Structure" "Structure",
        Counsellor "counsellor" "Conseiller" "Counsellor",
    }
}

text_enum! {
    /// Whose territory counts: that of the place of activity, or of the structure that employs the counsellor.
    pub enum TerritoryOf "territory_meanings" [] {
        Place "place" "Lieu de l'activité" "Place of the activity",
        Structure "structure" "Structure employeuse" "Employing structure",
    }
}

text_enum! {
    /// Sub-theme, within its theme.
    pub enum SubTheme "activity_sub_themes" [] {
        DemarcheEnLigneImpots "demarche_en_ligne.impots" "Impôts" "Taxes",
        DemarcheEnLigneRetraite "demarche_en_ligne.retraite" "Retraite" "Pension",
        DemarcheEnLigneFamille "demarche_en_ligne.famille" "Famille et allocations" "Family and benefits",
        DemarcheEnLigneTitres "demarche_en_ligne.titres" "Titres et papiers" "Identity documents",
        DemarcheEnLigneLogement "demarche_en_ligne.logement" "Logement" "Housing",
        DemarcheEnLigneEtrangers "demarche_en_ligne.etrangers" "Séjour et nationalité" "Residence and nationality",
        DemarcheEnLigneJustice "demarche_en_ligne.justice" "Justice" "Justice",
        DemarcheEnLigneVehicule "demarche_en_ligne.vehicule" "Véhicule et permis" "Vehicle and licence",
        SanteEspaceSante "sante.espace_sante" "Mon espace santé" "Mon espace santé",
        SanteRendezVous "sante.rendez_vous" "Rendez-vous médicaux" "Medical appointments",
        SanteRemboursements "sante.remboursements" "Remboursements" "Reimbursements",
        TrouverEmploiCv "trouver_emploi.cv" "CV et candidatures" "CV and applications",
        TrouverEmploiFranceTravail "trouver_emploi.france_travail" "Espace France Travail" "France Travail account",
        ScolaireEspaceParents "scolaire.espace_parents" "Espaces de travail et parents" "School portals",
        ScolaireOrientation "scolaire.orientation" "Orientation et inscriptions" "Guidance and enrolment",
        InternetRecherche "internet.recherche" "Recherche d'information" "Searching",
        InternetAchats "internet.achats" "Achats en ligne" "Shopping online",
        SecuriteMotsDePasse "securite.mots_de_passe" "Mots de passe" "Passwords",
        SecuriteMisesAJour "securite.mises_a_jour" "Mises à jour et antivirus" "Updates and antivirus",
        TpePmeVisibilite "tpe_pme.visibilite" "Visibilité en ligne" "Online visibility",
        TpePmeGestion "tpe_pme.gestion" "Outils de gestion" "Management tools",
    }
}

/// Themes of each mission, by Order of the scheme's convention: everyday uses, informed uses, administrative autonomy.
pub const fn mission_of(theme: Theme) -> Mission {
    match theme {
        Theme::DemarcheEnLigne
        | Theme::TrouverEmploi
        | Theme::Sante
        | Theme::Budget
        | Theme::Scolaire
        | Theme::TpePme => Mission::Demarches,
        Theme::Securite | Theme::FraudeEtHarcelement | Theme::Vocabulaire | Theme::AccompagnerEnfant => {
            Mission::UsagesCritiques
        }
        Theme::EquipementInformatique
        | Theme::Internet
        | Theme::Courriel
        | Theme::Echanger
        | Theme::TraitementTexte
        | Theme::ContenusNumeriques
        | Theme::Smartphone
        | Theme::Diagnostic
        | Theme::Autre => Mission::UsagesQuotidiens,
    }
}

/// First day that may be reported: 1 January 2020.
pub const FIRST_DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(2020, 1, 1);

/// All that a report says.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    pub activity: ActivityKind,
    pub channel: Channel,
    pub held_on: NaiveDate,
    pub place_id: Option<PlaceId>,
    /// As it was given: the current commune's own, once it is written.
    pub commune_code: Option<CommuneCode>,
    pub duration_minutes: i32,
    pub participants: i32,
    pub returning: i32,
    /// In the order of [`AgeBracket`].
    pub ages: [i32; 5],
    /// In the order of [`PublicStatus`].
    pub statuses: [i32; 5],
    pub themes: Vec<Theme>,
    pub sub_themes: Vec<SubTheme>,
    pub follow_up_individual: i32,
    pub follow_up_workshop: i32,
    pub redirections: BTreeMap<RedirectionBody, i32>,
    pub note: Option<String>,
}

impl Content {
    pub fn redirected(&self) -> i32 {
        self.redirections.values().fold(0, |sum, people| sum.saturating_add(*people))
    }

    /// Everything that is wrong with it by itself.
    pub fn faults(&self, today: NaiveDate) -> Vec<Fault> {
        let mut faults = Vec::new();
        if let Some(first) = FIRST_DAY.filter(|first| self.held_on < *first) {
            faults.push(Fault::field("held_on", FaultCode::TooSmall).with("limit", first));
        }
        if self.held_on > today {
            faults.push(Fault::field("held_on", FaultCode::TooLarge).with("limit", today));
        }
        let mut within = |value: i32, low: i32, high: i32, field: &str| {
            if value < low {
                faults.push(Fault::field(field, FaultCode::TooSmall).with("limit", low));
            }
            if value > high {
                faults.push(Fault::field(field, FaultCode::TooLarge).with("limit", high));
            }
        };
        within(self.duration_minutes, 1, 1439, "duration_minutes");
        let most = if self.activity == ActivityKind::Collectif { 1000 } else { 1 };
        within(self.participants, 1, most, "participants_count");
        within(self.returning, 0, self.participants.max(0), "returning_count");
        within(self.follow_up_individual, 0, self.participants.max(0), "follow_ups/individual_count");
        within(self.follow_up_workshop, 0, self.participants.max(0), "follow_ups/workshop_count");
        within(self.redirected(), 0, self.participants.max(0), "redirections");
        for (counts, field) in [(&self.ages, "ages"), (&self.statuses, "statuses")] {
            if counts.iter().any(|count| *count < 0) {
                faults.push(Fault::field(field, FaultCode::TooSmall).with("limit", 0));
            }
            let sum = counts.iter().map(|count| i64::from(*count)).sum::<i64>();
            if sum != i64::from(self.participants) {
                faults.push(
                    Fault::field(field, FaultCode::SumDiffers).with("expected", self.participants).with("sum", sum),
                );
            }
        }
        if self.redirections.values().any(|people| *people < 1) {
            faults.push(Fault::field("redirections", FaultCode::TooSmall).with("limit", 1));
        }
        if self.themes.is_empty() || self.themes.len() > 20 {
            faults.push(Fault::field("themes", FaultCode::TooFew).with("limit", 1));
        }
        if self.themes.iter().collect::<BTreeSet<_>>().len() != self.themes.len() {
            faults.push(Fault::field("themes", FaultCode::NotUnique));
        }
        let known =
            |sub: &SubTheme| self.themes.iter().any(|theme| sub.as_str().split('.').next() == Some(theme.as_str()));
        if !self.sub_themes.iter().all(known) {
            faults.push(Fault::field("sub_themes", FaultCode::WithoutItsTheme));
        }
        match (self.channel, self.place_id, &self.commune_code) {
            (Channel::Rattachement, None, _) => faults.push(Fault::field("place_id", FaultCode::Required)),
            (Channel::Rattachement, Some(_), Some(_)) => {
                faults.push(Fault::field("commune_code", FaultCode::MustBeEmpty).with("because", "place_id"));
            }
            (Channel::AutreLieu, _, None) => faults.push(Fault::field("commune_code", FaultCode::Required)),
            _ => {}
        }
        if self.channel != Channel::Rattachement && self.place_id.is_some() {
            let because = format!("channel = {}", self.channel.as_str());
            faults.push(Fault::field("place_id", FaultCode::MustBeEmpty).with("because", because));
        }
        faults
    }
}
