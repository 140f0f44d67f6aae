//! The programme's figures, within reach.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::dto::*;
use super::model::ProgrammeDimension;
use super::store::{self, Figures, Wanted};
use crate::features::activity::dto::FigureDefinition;
use crate::features::territories::load::OUTLINES;
use crate::platform::auth::{Actor, Reach, Territory};
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::Reader;
use crate::platform::error::{Code, Fault, FaultCode, Problem, Result};

const DEFINITIONS: &[(&str, &str)] = &[
    (
        "posts_granted_count",
        "postes attribués au plus tard ce jour, rendus compris ; rattachés à la structure qui les détenait",
    ),
    ("posts_vacant_count", "postes attribués, ni rendus, ni occupés, ni pourvus pour plus tard"),
    ("posts_starting_later_count", "postes dont le contrat est validé et n'a pas encore commencé"),
    ("posts_occupied_count", "postes dont un contrat validé a commencé et n'a pas pris fin"),
    ("posts_per_10000", "postes vacants et occupés pour 10 000 habitants (INSEE)"),
    ("recruitments_submitted_count", "recrutements déposés et non décidés"),
    (
        "counsellors_recruited_count",
        "personnes dont un contrat est validé et n'a pas pris fin, qu'il ait commencé ou non",
    ),
    ("counsellors_in_post_count", "personnes dont un contrat validé a commencé et n'a pas pris fin"),
    ("counsellors_in_training_count", "parmi elles, en session de formation ce jour"),
    ("counsellors_certified_count", "parmi elles, ayant obtenu une certification au plus tard ce jour"),
    ("paid_cents", "paiements exécutés moins avoirs émis"),
    ("remaining_cents", "montants conventionnés moins paid_cents"),
];

/// Whoever signs in for a territory counts there; the public, and those without a territory, the country.
fn reach(actor: &Actor) -> Reach {
    match actor.reach() {
        Reach::Territory(territory) => Reach::Territory(territory),
        _ => Reach::Country,
    }
}

/// The reach asked for, within the caller's own.
fn asked(
    actor: &Actor,
    departements: Option<&[DepartementCode]>,
    regions: Option<&[RegionCode]>,
    known: &[Figures],
) -> Result<Vec<Figures>> {
    if departements.is_some() && regions.is_some() {
        let fault = Fault::parameter("region_code", FaultCode::MustBeEmpty).with("because", "departement_code");
        return Err(Problem::new(Code::InvalidParameter).faults(vec![fault]));
    }
    let within = |row: &&Figures| {
        departements.is_none_or(|codes| codes.contains(&row.departement_code))
            && regions.is_none_or(|codes| codes.contains(&row.region_code))
    };
    let rows: Vec<Figures> = known.iter().filter(within).cloned().collect();
    // A sum over less than what was asked for would pass for the whole.
    let complete =
        departements.unwrap_or_default().iter().all(|code| rows.iter().any(|row| row.departement_code == *code))
            && regions.unwrap_or_default().iter().all(|code| rows.iter().any(|row| row.region_code == *code));
    match (rows.is_empty() || !complete, reach(actor)) {
        (true, _) => Err(Problem::not_found()),
        // A département is no region, even where it is alone in one.
        (false, Reach::Territory(Territory::Departement(_))) if regions.is_some() => Err(Problem::not_found()),
        _ => Ok(rows),
    }
}

fn per_10000(posts: i64, population: i64) -> Option<f64> {
    (population > 0).then(|| (posts as f64 * 1_000_000.0 / population as f64).round() / 100.0)
}

fn sum(rows: &[&Figures], actor: &Actor) -> ProgrammeFigures {
    let of = |value: fn(&Figures) -> i64| rows.iter().map(|row| value(row)).sum::<i64>();
    let (granted, occupied, returned) = (of(|row| row.granted), of(|row| row.occupied), of(|row| row.returned));
    let (later, population) = (of(|row| row.later), of(|row| row.population));
    let people = !matches!(actor, Actor::Anonymous | Actor::Candidate(_));
    let money = matches!(actor, Actor::Anct | Actor::Bdt | Actor::Prefecture(_) | Actor::Observer(_) | Actor::System);
    let paid = of(|row| row.paid) - of(|row| row.credited);
    ProgrammeFigures {
        population,
        posts_granted_count: granted,
        posts_vacant_count: granted - returned - occupied - later,
        posts_starting_later_count: later,
        posts_occupied_count: occupied,
        posts_returned_count: returned,
        posts_per_10000: per_10000(granted - returned, population),
        structures_count: of(|row| row.structures),
        departements_covered_count: rows.iter().filter(|row| row.granted > row.returned).count() as i64,
        // Posts are offices that everybody may count on any day; people on their way to one, or in one, are not.
        recruitments_submitted_count: people.then(|| of(|row| row.submitted)),
        counsellors_recruited_count: people.then(|| of(|row| row.recruited)),
        counsellors_in_post_count: people.then(|| of(|row| row.in_post)),
        counsellors_in_training_count: people.then(|| of(|row| row.in_training)),
        counsellors_certified_count: people.then(|| of(|row| row.certified)),
        agreed_cents: money.then(|| of(|row| row.agreed)),
        paid_cents: money.then_some(paid),
        remaining_cents: money.then(|| of(|row| row.agreed) - paid),
        places_count: of(|row| row.places),
    }
}

fn day(reader: &Reader<'_>, asked: Option<NaiveDate>) -> Result<NaiveDate> {
    let today = reader.today();
    match asked {
        Some(day) if day > today => {
            let fault = Fault::parameter("as_of", FaultCode::TooLarge).with("limit", today);
            Err(Problem::new(Code::InvalidParameter).faults(vec![fault]))
        }
        Some(day) => Ok(day),
        None => Ok(today),
    }
}

pub fn programme(reader: &mut Reader<'_>, filter: &ProgrammeFilter) -> Result<ProgrammeStatistics> {
    let as_of = day(reader, filter.as_of)?;
    let actor = reader.actor().clone();
    let today = reader.today();
    reader.widen()?;
    // Only what is asked for is counted; whether one may ask comes after.
    let scope = match (reach(&actor), filter.departement_code.as_deref(), filter.region_code.as_deref()) {
        (Reach::Country, Some([code]), None) => Reach::Territory(Territory::Departement(code.to_string())),
        (Reach::Country, None, Some([code])) => Reach::Territory(Territory::Region(code.to_string())),
        (own, ..) => own,
    };
    let wanted = Wanted { inner: actor != Actor::Anonymous, communes: false };
    let known = store::departements(reader.conn(), &scope, as_of, wanted)?;
    let rows = asked(&actor, filter.departement_code.as_deref(), filter.region_code.as_deref(), &known)?;
    let totals = sum(&rows.iter().collect::<Vec<_>>(), &actor);
    let mut groups: BTreeMap<(String, String), Vec<&Figures>> = BTreeMap::new();
    for row in &rows {
        match filter.group_by {
            None => {}
            Some(ProgrammeDimension::Departement) => {
                groups.entry((row.departement_code.to_string(), row.departement_name.clone())).or_default().push(row);
            }
            Some(ProgrammeDimension::Region) => {
                groups.entry((row.region_code.to_string(), row.region_name.clone())).or_default().push(row);
            }
        }
    }
    let groups =
        groups.into_iter().map(|((code, name), rows)| ProgrammeGroup { code, name, figures: sum(&rows, &actor) });
    let place = match (&filter.departement_code, &filter.region_code) {
        (Some(codes), _) => format!("&departement_code={}", codes.join(",")),
        (_, Some(codes)) => format!("&region_code={}", codes.join(",")),
        (None, None) => String::new(),
    };
    let lists = as_of == today && matches!(actor, Actor::Anct | Actor::Bdt | Actor::Prefecture(_));
    let proof = |figure, path: &str| FigureProof { figure, link: format!("/api/v1/{path}{place}") };
    let proofs = if lists {
        vec![
            proof("posts_granted_count", "posts?status=vacant,starts_later,occupied,returned"),
            proof("posts_vacant_count", "posts?status=vacant"),
            proof("posts_starting_later_count", "posts?status=starts_later"),
            proof("posts_occupied_count", "posts?status=occupied"),
            proof("posts_returned_count", "posts?status=returned"),
            proof("recruitments_submitted_count", "recruitments?status=submitted"),
            proof("counsellors_recruited_count", "counsellors?status=in_post,starts_later"),
            proof("counsellors_in_post_count", "counsellors?status=in_post"),
        ]
    } else {
        Vec::new()
    };
    Ok(ProgrammeStatistics {
        as_of,
        computed_at: (actor != Actor::Anonymous).then(|| reader.now().instant()),
        totals,
        groups: groups.collect(),
        proofs,
        definitions: DEFINITIONS.iter().map(|(figure, definition)| FigureDefinition { figure, definition }).collect(),
    })
}

pub fn coverage(reader: &mut Reader<'_>, filter: &CoverageFilter) -> Result<CoverageStatistics> {
    let as_of = day(reader, filter.as_of)?;
    let actor = reader.actor().clone();
    reader.widen()?;
    let wanted = Wanted { inner: false, communes: true };
    let country = store::departements(reader.conn(), &Reach::Country, as_of, wanted)?;
    let live = |row: &Figures| row.granted - row.returned;
    let average = per_10000(country.iter().map(live).sum(), country.iter().map(|row| row.population).sum());
    let own = match reach(&actor) {
        Reach::Territory(Territory::Departement(code)) => {
            country.into_iter().filter(|row| row.departement_code == code).collect()
        }
        Reach::Territory(Territory::Region(code)) => {
            country.into_iter().filter(|row| row.region_code == code).collect()
        }
        _ => country,
    };
    let rows = asked(&actor, None, filter.region_code.as_deref(), &own)?;
    let item = |row: Figures| CoverageItem {
        posts_count: live(&row),
        posts_per_10000: per_10000(live(&row), row.population),
        departement_code: row.departement_code,
        departement_name: row.departement_name,
        region_code: row.region_code,
        population: row.population,
        posts_occupied_count: row.occupied,
        places_count: row.places,
        communes_count: row.communes,
        communes_covered_count: row.covered_communes,
    };
    Ok(CoverageStatistics {
        as_of,
        country_posts_per_10000: average,
        departements: rows.into_iter().map(item).collect(),
    })
}

/// Outlines of départements by code, each as the text it is: two hundred kilobytes are not worth taking apart for an answer.
fn outlines() -> &'static BTreeMap<&'static str, &'static RawValue> {
    #[derive(Deserialize)]
    struct Collection<'a> {
        #[serde(borrow)]
        features: Vec<Outline<'a>>,
    }
    #[derive(Deserialize)]
    struct Outline<'a> {
        #[serde(borrow)]
        properties: Properties<'a>,
        #[serde(borrow)]
        geometry: &'a RawValue,
    }
    #[derive(Deserialize)]
    struct Properties<'a> {
        code: &'a str,
    }
    static MAP: OnceLock<BTreeMap<&'static str, &'static RawValue>> = OnceLock::new();
    MAP.get_or_init(|| {
        let features = serde_json::from_str::<Collection>(OUTLINES).map(|collection| collection.features);
        features.unwrap_or_default().into_iter().map(|outline| (outline.properties.code, outline.geometry)).collect()
    })
}

pub fn map(reader: &mut Reader<'_>) -> Result<DepartementsMap> {
    let today = reader.today();
    reader.widen()?;
    let rows = store::departements(reader.conn(), &Reach::Country, today, Wanted::default())?;
    let feature = |row: Figures| {
        let posts = row.granted - row.returned;
        Some(DepartementFeature {
            r#type: "Feature",
            geometry: outlines().get(row.departement_code.as_str()).copied()?,
            properties: DepartementProperties {
                code: row.departement_code.to_string(),
                name: row.departement_name,
                posts_count: posts,
                posts_occupied_count: row.occupied,
                posts_per_10000: per_10000(posts, row.population),
                places_count: row.places,
            },
            id: row.departement_code.to_string(),
        })
    };
    Ok(DepartementsMap { r#type: "FeatureCollection", features: rows.into_iter().filter_map(feature).collect() })
}
