//! The vocabularies of the national standard of places of digital mediation, and opening hours.

use std::collections::BTreeMap;

use crate::platform::hours;
use crate::text_enum;

mod kinds;

pub use self::kinds::PlaceKind;

text_enum! {
    /// What a place helps with.
    pub enum PlaceService "place_services" [] {
        Demarches "demarches" "Aide aux démarches administratives" "Help with administrative procedures",
        Quotidien "quotidien" "Maîtrise des outils numériques du quotidien" "Everyday digital tools",
        Insertion "insertion" "Insertion professionnelle via le numérique" "Finding work through digital tools",
        Securite "securite" "Utilisation sécurisée du numérique" "Safe use of digital tools",
        Parentalite "parentalite" "Parentalité et éducation avec le numérique" "Parenting and education",
        Loisirs "loisirs" "Loisirs et créations numériques" "Leisure and creation",
        Comprehension "comprehension" "Compréhension du monde numérique" "Understanding the digital world",
        Acces "acces" "Accès internet et matériel informatique" "Internet access and equipment",
        Acquisition "acquisition" "Acquisition de matériel informatique à prix solidaire" "Equipment at a solidarity price",
    }
}

text_enum! {
    /// Whom a place addresses in particular.
    pub enum PlaceAudience "place_audiences" [] {
        Jeunes "jeunes" "Jeunes" "Young people",
        Etudiants "etudiants" "Étudiants" "Students",
        Familles "familles" "Familles et/ou enfants" "Families and children",
        Seniors "seniors" "Seniors" "Seniors",
        Femmes "femmes" "Femmes" "Women",
    }
}

text_enum! {
    /// Whom a place is equipped for.
    pub enum SpecialCare "place_special_care" [] {
        Surdite "surdite" "Surdité" "Deafness",
        HandicapsMoteurs "handicaps_moteurs" "Handicaps moteurs" "Motor disabilities",
        HandicapsMentaux "handicaps_mentaux" "Handicaps mentaux" "Mental disabilities",
        Illettrisme "illettrisme" "Illettrisme" "Illiteracy",
        Anglais "anglais" "Langues étrangères (anglais)" "Foreign languages (English)",
        AutresLangues "autres_langues" "Langues étrangères (autres)" "Foreign languages (others)",
        DeficienceVisuelle "deficience_visuelle" "Déficience visuelle" "Visual impairment",
    }
}

text_enum! {
    /// What it costs.
    pub enum PlaceFee "place_fees" [] {
        Gratuit "gratuit" "Gratuit" "Free",
        GratuitSousCondition "gratuit_sous_condition" "Gratuit sous condition" "Free on conditions",
        Payant "payant" "Payant" "To be paid",
    }
}

text_enum! {
    /// How to come to a place.
    pub enum AccessMode "place_access_modes" [] {
        SePresenter "se_presenter" "Se présenter" "Walk in",
        Telephoner "telephoner" "Téléphoner" "Call",
        Mail "mail" "Contacter par mail" "Write an e-mail",
        RdvEnLigne "rdv_en_ligne" "Prendre un RDV en ligne" "Book online",
        Prive "prive" "Ce lieu n'accueille pas de public" "Not open to the public",
        FicheDePrescription "fiche_de_prescription" "Envoyer un mail avec une fiche de prescription" "E-mail with a referral form",
    }
}

text_enum! {
    /// How people are accompanied.
    pub enum SupportMode "place_support_modes" [] {
        Autonomie "autonomie" "En autonomie" "On their own",
        Individuel "individuel" "Accompagnement individuel" "One to one",
        Atelier "atelier" "Dans un atelier collectif" "In a workshop",
        Distance "distance" "À distance" "At a distance",
    }
}

text_enum! {
    /// National programmes that a place belongs to.
    pub enum PlaceProgramme "place_programmes" [] {
        AidantsConnect "aidants_connect" "Aidants Connect" "Aidants Connect",
        Bibliotheques "bibliotheques_numeriques" "Bibliothèques numérique de référence" "Reference digital libraries",
        Pix "certification_pix" "Certification PIX" "PIX certification",
        ConseillersNumeriques "conseillers_numeriques" "Conseillers numériques" "Digital counsellors",
        Emmaus "emmaus_connect" "Emmaüs Connect" "Emmaüs Connect",
        FranceServices "france_services" "France Services" "France Services",
        GrandeEcole "grande_ecole_du_numerique" "Grande école du numérique" "Grande école du numérique",
        CroixRouge "croix_rouge" "La Croix Rouge" "Red Cross",
        Caf "point_numerique_caf" "Point d'accès numérique CAF" "CAF digital access point",
        Promeneurs "promeneurs_du_net" "Promeneurs du net" "Promeneurs du net",
        Relais "relais_numerique" "Relais numérique (Emmaüs Connect)" "Digital relay (Emmaüs Connect)",
    }
}

text_enum! {
    /// A day of the week.
    pub enum Day "weekdays" [] {
        Mo "mo" "Lundi" "Monday",
        Tu "tu" "Mardi" "Tuesday",
        We "we" "Mercredi" "Wednesday",
        Th "th" "Jeudi" "Thursday",
        Fr "fr" "Vendredi" "Friday",
        Sa "sa" "Samedi" "Saturday",
        Su "su" "Dimanche" "Sunday",
    }
}

/// From when to when a place is open on a day, in minutes after midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub day: Day,
    pub opens: u16,
    pub closes: u16,
}

const DAYS: [Day; 7] = [Day::Mo, Day::Tu, Day::We, Day::Th, Day::Fr, Day::Sa, Day::Su];
const NAMES: [&str; 7] = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];

pub fn clock(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// `HH:MM`, up to 24:00.
pub fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (text.len() == 5 && minutes < 60 && hours * 60 + minutes <= 1440).then_some(hours * 60 + minutes)
}

/// A week as OpenStreetMap writes it: days alike side by side are one range. `None` for a week without hours.
pub fn to_osm(spans: &[Span]) -> Option<String> {
    let mut week: BTreeMap<Day, Vec<String>> = BTreeMap::new();
    let mut sorted = spans.to_vec();
    sorted.sort_unstable();
    for span in sorted {
        week.entry(span.day).or_default().push(format!("{}-{}", clock(span.opens), clock(span.closes)));
    }
    let hours: Vec<String> = DAYS.iter().map(|day| week.get(day).map(|h| h.join(",")).unwrap_or_default()).collect();
    let mut rules = Vec::new();
    let mut first = 0;
    while first < 7 {
        let mut last = first;
        while last + 1 < 7 && hours[last + 1] == hours[first] {
            last += 1;
        }
        if !hours[first].is_empty() {
            let days =
                if first == last { NAMES[first].to_owned() } else { format!("{}-{}", NAMES[first], NAMES[last]) };
            rules.push(format!("{days} {}", hours[first]));
        }
        first = last + 1;
    }
    (!rules.is_empty()).then(|| rules.join("; "))
}

/// The week that a text describes, where it describes one and nothing else: no seasons, no sunrise, no comments.
pub fn from_osm(text: &str) -> Option<Vec<Span>> {
    let week = hours::week(text)?;
    Some(week.into_iter().map(|(day, opens, closes)| Span { day: DAYS[usize::from(day) % 7], opens, closes }).collect())
}

/// Whether the hours of a day overlap.
pub fn overlap(spans: &[Span]) -> bool {
    let mut sorted = spans.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[0].day == pair[1].day && pair[1].opens <= pair[0].closes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_survives_the_way_to_openstreetmap_and_back() {
        // A generator of its own: every run tries the same two thousand weeks.
        let mut seed = 7_u64;
        let mut next = |bound: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % bound
        };
        for _ in 0..2000 {
            let mut week = Vec::new();
            for day in DAYS {
                let mut from = 0;
                for _ in 0..next(3) {
                    let opens = from + next(300) as u16;
                    let closes = opens + 1 + next(300) as u16;
                    if closes <= 1440 {
                        week.push(Span { day, opens, closes });
                        from = closes + 1;
                    }
                }
            }
            match to_osm(&week) {
                Some(text) => {
                    assert_eq!(from_osm(&text), Some(week), "{text}");
                    assert_eq!(hours::canonical(&text), Ok(text.clone()));
                }
                None => assert!(week.is_empty()),
            }
        }
    }

    #[test]
    fn hours_are_written_as_people_expect() {
        let span = |day, opens: &str, closes: &str| Span {
            day,
            opens: minutes(opens).unwrap(),
            closes: minutes(closes).unwrap(),
        };
        let mut week: Vec<Span> = [Day::Mo, Day::Tu, Day::We, Day::Th, Day::Fr]
            .into_iter()
            .flat_map(|day| [span(day, "09:00", "12:00"), span(day, "14:00", "17:00")])
            .collect();
        week.push(span(Day::Sa, "09:00", "12:00"));
        assert_eq!(to_osm(&week).as_deref(), Some("Mo-Fr 09:00-12:00,14:00-17:00; Sa 09:00-12:00"));
        assert_eq!(
            from_osm("Mo-Fr 09:00-12:00,14:00-17:00; Sa 09:00-12:00; We off; PH off").map(|week| week.len()),
            Some(9)
        );
        assert!(minutes("24:01").is_none() && minutes("9:00").is_none());
    }
}
