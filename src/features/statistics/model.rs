//! What is counted by, and what may be uncovered.

use crate::text_enum;

text_enum! {
    /// By what the programme's figures may be broken down.
    pub enum ProgrammeDimension "programme_dimensions" [] {
        Departement "departement" "Département" "Département",
        Region "region" "Région" "Region",
    }
}

text_enum! {
    /// What is without a post or a place.
    pub enum UncoveredKind "uncovered_kinds" [] {
        Commune "commune" "Commune sans poste ni lieu" "Commune without post or place",
        Epci "epci" "Intercommunalité sans poste ni lieu" "Intercommunal body without post or place",
        Structure "structure" "Structure candidate non retenue" "Structure that asked and was not retained",
    }
}
