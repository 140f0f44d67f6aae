//! Public places in the schema « lieux de médiation numérique », as its validators and its library read it.

use crate::features::places::model::{
    AccessMode, PlaceAudience, PlaceFee, PlaceKind, PlaceProgramme, PlaceService, SpecialCare, SupportMode,
};
use crate::features::places::store::{self, Place};
use crate::platform::codes::DepartementCode;
use crate::platform::db::Reader;
use crate::platform::db::text_enum::TextEnum;
use crate::platform::error::{Problem, Result};
use crate::platform::formats;
use crate::platform::problems::Language;

/// Longest summary of the schema, in characters.
const SUMMARY: usize = 280;
/// What the schema's own tools write for a place whose SIRET nobody knows.
const NO_SIRET: &str = "00000000000000";

/// Public places in the columns of the national standard.
pub fn standard(
    reader: &mut Reader<'_>,
    departements: Option<Vec<DepartementCode>>,
    bbox: Option<[f64; 4]>,
) -> Result<String> {
    let places = store::list_public(reader.conn(), departements, bbox, super::ALL)?;
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let broken = |e: csv::Error| Problem::internal(format!("cannot write the places: {e}"));
    writer.write_record(STANDARD).map_err(broken)?;
    for place in &places {
        writer.write_record(row(place)).map_err(broken)?;
    }
    let bytes = writer.into_inner().map_err(|e| Problem::internal(format!("cannot write the places: {e}")))?;
    String::from_utf8(bytes).map_err(|e| Problem::internal(e.to_string()))
}

/// Columns of the standard « lieux de médiation numérique », in its order.
const STANDARD: [&str; 32] = [
    "id",
    "pivot",
    "nom",
    "commune",
    "code_postal",
    "code_insee",
    "adresse",
    "complement_adresse",
    "latitude",
    "longitude",
    "typologie",
    "telephone",
    "courriels",
    "site_web",
    "horaires",
    "presentation_resume",
    "presentation_detail",
    "source",
    "itinerance",
    "structure_parente",
    "date_maj",
    "services",
    "publics_specifiquement_adresses",
    "prise_en_charge_specifique",
    "frais_a_charge",
    "dispositif_programmes_nationaux",
    "formations_labels",
    "autres_formations_labels",
    "modalites_acces",
    "modalites_accompagnement",
    "fiche_acces_libre",
    "prise_rdv",
];

fn row(place: &Place) -> [String; 32] {
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        place.reference.clone(),
        place.any_siret.clone().unwrap_or_else(|| NO_SIRET.to_owned()),
        place.name.clone(),
        place.commune_name.clone(),
        place.postal_code.clone(),
        place.commune_code.to_string(),
        place.address.clone(),
        some(&place.address_complement),
        place.latitude.to_string(),
        place.longitude.to_string(),
        place.kind.map(PlaceKind::standard).unwrap_or_default(),
        // The schema knows no short numbers.
        some(&place.phone.clone().filter(|phone| formats::short_number(phone).is_none())),
        some(&place.email),
        some(&place.website),
        some(&place.opening_hours),
        place.presentation.as_deref().map(summary).unwrap_or_default(),
        some(&place.presentation),
        "conseiller-numerique".to_owned(),
        if place.itinerant { "Itinérant" } else { "Fixe" }.to_owned(),
        place.structure_name.clone(),
        place.updated_at.with_timezone(&chrono_tz::Europe::Paris).date_naive().to_string(),
        labels::<PlaceService>(&place.services),
        labels::<PlaceAudience>(&place.audiences),
        labels::<SpecialCare>(&place.special_care),
        labels::<PlaceFee>(&place.fees),
        labels::<PlaceProgramme>(&place.programmes),
        String::new(),
        String::new(),
        labels::<AccessMode>(&place.access_modes),
        labels::<SupportMode>(&place.support_modes),
        String::new(),
        some(&place.booking_url),
    ]
}

/// The standard speaks in French labels, joined by bars.
fn labels<T: TextEnum>(codes: &[String]) -> String {
    codes
        .iter()
        .filter_map(|code| T::parse(code))
        .map(|term| term.label(Language::French))
        .collect::<Vec<_>>()
        .join("|")
}

/// The beginning of a text on one line, cut at a word.
fn summary(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= SUMMARY {
        return line;
    }
    let cut: String = line.chars().take(SUMMARY - 1).collect();
    let whole = cut.rsplit_once(' ').map_or(cut.as_str(), |(whole, _)| whole);
    format!("{}…", whole.trim_end_matches([',', ';', ':', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_cut_at_a_word() {
        assert_eq!(summary("Un\nlieu  ouvert."), "Un lieu ouvert.");
        let long = summary(&"médiathèque ".repeat(60));
        assert!(long.chars().count() <= SUMMARY && long.ends_with("médiathèque…"), "{long}");
        assert!(summary(&"x".repeat(1000)).chars().count() <= SUMMARY);
    }
}
