//! What is counted of reports. One list makes the columns of the figures, the way to count and the way to read.

/// Column of the figures, and what one report `r` adds to it.
pub const COUNTERS: &[(&str, &str)] = &[
    ("reports", "1"),
    ("activity_individuel", "(r.activity = 'individuel')::int"),
    ("activity_collectif", "(r.activity = 'collectif')::int"),
    ("activity_ponctuel", "(r.activity = 'ponctuel')::int"),
    ("participants", "r.participants"),
    ("workshop_participants", "case when r.activity = 'collectif' then r.participants else 0 end"),
    ("returning_participants", "r.returning_participants"),
    ("minutes_individuel", "case when r.activity = 'individuel' then r.duration_minutes else 0 end"),
    ("minutes_collectif", "case when r.activity = 'collectif' then r.duration_minutes else 0 end"),
    ("minutes_ponctuel", "case when r.activity = 'ponctuel' then r.duration_minutes else 0 end"),
    ("channel_rattachement", "(r.channel = 'rattachement')::int"),
    ("channel_autre_lieu", "(r.channel = 'autre_lieu')::int"),
    ("channel_distance", "(r.channel = 'distance')::int"),
    ("channel_domicile", "(r.channel = 'domicile')::int"),
    ("band_moins_30", "(r.duration_minutes < 30)::int"),
    ("band_30_60", "(r.duration_minutes >= 30 and r.duration_minutes < 60)::int"),
    ("band_60_120", "(r.duration_minutes >= 60 and r.duration_minutes < 120)::int"),
    ("band_plus_120", "(r.duration_minutes >= 120)::int"),
    ("age_moins_12", "r.age_moins_12"),
    ("age_12_18", "r.age_12_18"),
    ("age_18_35", "r.age_18_35"),
    ("age_35_60", "r.age_35_60"),
    ("age_plus_60", "r.age_plus_60"),
    ("status_scolarise", "r.status_scolarise"),
    ("status_sans_emploi", "r.status_sans_emploi"),
    ("status_en_emploi", "r.status_en_emploi"),
    ("status_retraite", "r.status_retraite"),
    ("status_heterogene", "r.status_heterogene"),
    ("follow_up_individual", "r.follow_up_individual"),
    ("follow_up_workshop", "r.follow_up_workshop"),
    ("follow_up_redirected", "r.follow_up_redirected"),
    ("theme_equipement_informatique", "('equipement_informatique' = any(r.themes))::int"),
    ("theme_vocabulaire", "('vocabulaire' = any(r.themes))::int"),
    ("theme_internet", "('internet' = any(r.themes))::int"),
    ("theme_securite", "('securite' = any(r.themes))::int"),
    ("theme_courriel", "('courriel' = any(r.themes))::int"),
    ("theme_echanger", "('echanger' = any(r.themes))::int"),
    ("theme_traitement_texte", "('traitement_texte' = any(r.themes))::int"),
    ("theme_contenus_numeriques", "('contenus_numeriques' = any(r.themes))::int"),
    ("theme_trouver_emploi", "('trouver_emploi' = any(r.themes))::int"),
    ("theme_tpe_pme", "('tpe_pme' = any(r.themes))::int"),
    ("theme_accompagner_enfant", "('accompagner_enfant' = any(r.themes))::int"),
    ("theme_demarche_en_ligne", "('demarche_en_ligne' = any(r.themes))::int"),
    ("theme_fraude_et_harcelement", "('fraude_et_harcelement' = any(r.themes))::int"),
    ("theme_sante", "('sante' = any(r.themes))::int"),
    ("theme_smartphone", "('smartphone' = any(r.themes))::int"),
    ("theme_budget", "('budget' = any(r.themes))::int"),
    ("theme_scolaire", "('scolaire' = any(r.themes))::int"),
    ("theme_diagnostic", "('diagnostic' = any(r.themes))::int"),
    ("theme_autre", "('autre' = any(r.themes))::int"),
    (
        "mission_demarches",
        "(r.themes && array['demarche_en_ligne','trouver_emploi','sante','budget','scolaire','tpe_pme'])::int",
    ),
    (
        "mission_usages_critiques",
        "(r.themes && array['securite','fraude_et_harcelement','vocabulaire','accompagner_enfant'])::int",
    ),
    (
        "mission_usages_quotidiens",
        "(r.themes && array['equipement_informatique','internet','courriel','echanger','traitement_texte','contenus_numeriques','smartphone','diagnostic','autre'])::int",
    ),
    ("body_ants", "coalesce((r.redirections ->> 'ants')::int, 0)"),
    ("body_assistante_sociale", "coalesce((r.redirections ->> 'assistante_sociale')::int, 0)"),
    ("body_caf", "coalesce((r.redirections ->> 'caf')::int, 0)"),
    ("body_carsat", "coalesce((r.redirections ->> 'carsat')::int, 0)"),
    ("body_ccas", "coalesce((r.redirections ->> 'ccas')::int, 0)"),
    ("body_cefs", "coalesce((r.redirections ->> 'cefs')::int, 0)"),
    ("body_cip", "coalesce((r.redirections ->> 'cip')::int, 0)"),
    ("body_cpam", "coalesce((r.redirections ->> 'cpam')::int, 0)"),
    ("body_dgfip", "coalesce((r.redirections ->> 'dgfip')::int, 0)"),
    ("body_france_services", "coalesce((r.redirections ->> 'france_services')::int, 0)"),
    ("body_mairie", "coalesce((r.redirections ->> 'mairie')::int, 0)"),
    ("body_mediatheque", "coalesce((r.redirections ->> 'mediatheque')::int, 0)"),
    ("body_mission_locale", "coalesce((r.redirections ->> 'mission_locale')::int, 0)"),
    ("body_france_travail", "coalesce((r.redirections ->> 'france_travail')::int, 0)"),
    ("body_prefecture", "coalesce((r.redirections ->> 'prefecture')::int, 0)"),
    ("body_sous_prefecture", "coalesce((r.redirections ->> 'sous_prefecture')::int, 0)"),
    ("body_police", "coalesce((r.redirections ->> 'police')::int, 0)"),
    ("body_gendarmerie", "coalesce((r.redirections ->> 'gendarmerie')::int, 0)"),
    ("body_revendeur_informatique", "coalesce((r.redirections ->> 'revendeur_informatique')::int, 0)"),
    ("body_tiers_lieu", "coalesce((r.redirections ->> 'tiers_lieu')::int, 0)"),
    ("body_autre", "coalesce((r.redirections ->> 'autre')::int, 0)"),
];

/// Place of a column among the counters.
pub fn index(column: &str) -> usize {
    COUNTERS.iter().position(|(name, _)| *name == column).unwrap_or(usize::MAX)
}

/// Beginnings of the names of counters that are cells of a breakdown; the others are sums.
const CELLS: [&str; 8] = ["activity_", "channel_", "band_", "age_", "status_", "theme_", "mission_", "body_"];

/// Whether a column is a cell of a breakdown.
pub fn is_cell(column: &str) -> bool {
    CELLS.iter().any(|prefix| column.starts_with(prefix))
}

/// The cells of each breakdown.
pub fn breakdowns() -> impl Iterator<Item = Vec<&'static str>> {
    CELLS.iter().map(|prefix| COUNTERS.iter().map(|(name, _)| *name).filter(|name| name.starts_with(prefix)).collect())
}

/// What is counted, in the order of [`COUNTERS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts(pub Vec<i64>);

impl Counts {
    pub fn zero() -> Self {
        Self(vec![0; COUNTERS.len()])
    }

    pub fn get(&self, column: &str) -> i64 {
        self.0.get(index(column)).copied().unwrap_or_default()
    }

    pub fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(sum, count)| *sum += count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::activity::model::*;
    use crate::platform::db::text_enum::TextEnum;

    #[test]
    fn every_term_is_counted() {
        let columns = |prefix: &str, codes: Vec<&str>| {
            for code in codes {
                assert_ne!(index(&format!("{prefix}_{code}")), usize::MAX, "{prefix} {code}");
            }
        };
        columns("activity", ActivityKind::ALL.iter().map(|t| t.as_str()).collect());
        columns("channel", Channel::ALL.iter().map(|t| t.as_str()).collect());
        columns("theme", Theme::ALL.iter().map(|t| t.as_str()).collect());
        columns("mission", Mission::ALL.iter().map(|t| t.as_str()).collect());
        columns("band", DurationBand::ALL.iter().map(|t| t.as_str()).collect());
        columns("age", AgeBracket::ALL.iter().map(|t| t.as_str()).collect());
        columns("status", PublicStatus::ALL.iter().map(|t| t.as_str()).collect());
        columns("body", RedirectionBody::ALL.iter().map(|t| t.as_str()).collect());
        for theme in Theme::ALL {
            let (_, sql) = COUNTERS[index(&format!("mission_{}", mission_of(*theme)))];
            assert!(sql.contains(&format!("'{theme}'")), "{theme}");
        }
    }
}
