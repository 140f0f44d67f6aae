//! Shapes of the activity's figures.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::features::activity::model::{Dimension, TerritoryOf};
use crate::features::activity::service::{Cell, Statistics, Totals};
use crate::features::activity::store::figures::Scope;
use crate::platform::codes::{CommuneCode, DepartementCode, EpciSiren, RegionCode};
use crate::platform::ids::{CounsellorId, PlaceId, StructureId};

/// What to count.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ActivityFilter {
    /// Civil day from which activities count, inclusive; everything since 2020 where absent.
    #[param(example = "2021-06-01")]
    pub from_on: Option<NaiveDate>,
    /// Civil day until which activities count, inclusive; today where absent. To the public, the end of the edition's last month
    /// where absent or later.
    #[param(example = "2021-06-30")]
    pub to_on: Option<NaiveDate>,
    /// Break the figures down.
    #[param(inline)]
    pub group_by: Option<Dimension>,
    /// Whose territory counts: of the `place` of the activity (by default), or of the `structure` that employs.
    #[param(inline)]
    pub territory_of: Option<TerritoryOf>,
    /// Codes of départements; figures are their sum.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Codes of regions; figures are their sum.
    #[param(inline)]
    pub region_code: Option<Vec<RegionCode>>,
    /// INSEE code of the commune of the activity; a city's holds its arrondissements.
    #[param(inline)]
    pub commune_code: Option<CommuneCode>,
    /// SIREN of the intercommunal body of the activity; of one that lies in several territories, what lies in yours.
    #[param(inline)]
    pub epci_siren: Option<EpciSiren>,
    /// The employing structure.
    pub structure_id: Option<StructureId>,
    /// The counsellor.
    pub counsellor_id: Option<CounsellorId>,
    /// The place.
    pub place_id: Option<PlaceId>,
}

/// What to count, by month.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ActivitySeriesFilter {
    /// Civil day from which activities count, inclusive; everything since 2020 where absent.
    #[param(example = "2021-06-01")]
    pub from_on: Option<NaiveDate>,
    /// Civil day until which activities count, inclusive; today where absent. To the public, the end of the edition's last month
    /// where absent or later.
    #[param(example = "2021-06-30")]
    pub to_on: Option<NaiveDate>,
    /// Whose territory counts: of the `place` of the activity (by default), or of the `structure` that employs.
    #[param(inline)]
    pub territory_of: Option<TerritoryOf>,
    /// Codes of départements; figures are their sum.
    #[param(inline)]
    pub departement_code: Option<Vec<DepartementCode>>,
    /// Codes of regions; figures are their sum.
    #[param(inline)]
    pub region_code: Option<Vec<RegionCode>>,
    /// INSEE code of the commune of the activity; a city's holds its arrondissements.
    #[param(inline)]
    pub commune_code: Option<CommuneCode>,
    /// SIREN of the intercommunal body of the activity; of one that lies in several territories, what lies in yours.
    #[param(inline)]
    pub epci_siren: Option<EpciSiren>,
    /// The employing structure.
    pub structure_id: Option<StructureId>,
    /// The counsellor.
    pub counsellor_id: Option<CounsellorId>,
    /// The place.
    pub place_id: Option<PlaceId>,
}

impl ActivitySeriesFilter {
    pub fn by_month(&self) -> ActivityFilter {
        ActivityFilter {
            from_on: self.from_on,
            to_on: self.to_on,
            group_by: Some(Dimension::Month),
            territory_of: self.territory_of,
            departement_code: self.departement_code.clone(),
            region_code: self.region_code.clone(),
            commune_code: self.commune_code.clone(),
            epci_siren: self.epci_siren.clone(),
            structure_id: self.structure_id,
            counsellor_id: self.counsellor_id,
            place_id: self.place_id,
        }
    }
}

/// Sums of activities.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActivityTotals {
    /// Activity reports.
    #[schema(minimum = 0, example = 120)]
    pub reports_count: i64,
    /// One-to-one support; null to the public.
    #[schema(minimum = 0, example = 70)]
    pub individual_count: Option<i64>,
    /// Workshops; null to the public.
    #[schema(minimum = 0, example = 18)]
    pub workshops_count: Option<i64>,
    /// One-off requests; null to the public.
    #[schema(minimum = 0, example = 32)]
    pub one_off_count: Option<i64>,
    /// Supports: participants of workshops, one-to-one and one-off ones together.
    #[schema(minimum = 0, example = 215)]
    pub supports_count: i64,
    /// Participants of workshops; null to the public.
    #[schema(minimum = 0, example = 113)]
    pub workshop_participants_count: Option<i64>,
    /// Participants who had been accompanied before.
    #[schema(minimum = 0, example = 60)]
    pub returning_count: i64,
    /// People: supports less those who came back, not below 0. An estimate: nobody is named.
    #[schema(minimum = 0, example = 155)]
    pub people_count: i64,
    /// Time of all activities.
    #[schema(minimum = 0, example = 7_200)]
    pub minutes: i64,
    /// People accompanied further one to one; null to the public.
    #[schema(minimum = 0, example = 12)]
    pub follow_up_individual_count: Option<i64>,
    /// People accompanied further in a workshop; null to the public.
    #[schema(minimum = 0, example = 6)]
    pub follow_up_workshop_count: Option<i64>,
    /// People redirected to another body; null to the public.
    #[schema(minimum = 0, example = 4)]
    pub redirected_count: Option<i64>,
    /// Followed up or redirected among supports, in percent to one decimal; null without any, and to the public.
    #[schema(minimum = 0, example = 10.2)]
    pub follow_up_rate: Option<f64>,
}

/// One row of a breakdown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActivityCell {
    /// Code, month (`2021-06`), or identifier.
    #[schema(example = "internet")]
    pub key: String,
    /// What it is called.
    #[schema(example = "Naviguer sur Internet")]
    pub label: String,
    /// Reports; people for `age`, `status` and `redirection_body`; mentions for `theme` and `mission`. Null where it may not
    /// be told.
    #[schema(minimum = 0, example = 25)]
    pub count: Option<i64>,
    /// Share of the denominator, to one decimal; all shares add up to 100 (largest remainders).
    #[schema(minimum = 0, maximum = 100, example = 20.8)]
    pub percent: Option<f64>,
    /// All sums, in a breakdown by month, territory, structure or counsellor.
    pub totals: Option<ActivityTotals>,
    /// Something of fewer than five people, or of fewer than five reports, belongs here and is not counted.
    pub masked: bool,
}

/// What a figure means.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FigureDefinition {
    #[schema(example = "people_count")]
    pub figure: &'static str,
    #[schema(example = "supports_count - returning_count, 0 au moins")]
    pub definition: &'static str,
}

/// State of the public figures: made once, never changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FigureEdition {
    /// Counts the editions, from 1.
    #[schema(minimum = 1, example = 12)]
    pub number: i32,
    /// Civil day on which it was made.
    #[schema(example = "2021-07-11")]
    pub made_on: NaiveDate,
    /// Last month that it tells of. A month is closed ten days after its end; what is reported, changed or deleted later is told
    /// by later editions.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$", example = "2021-06")]
    pub last_month: String,
}

/// What the activity of a scope adds up to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActivityStatistics {
    /// First day counted.
    #[schema(example = "2021-06-01")]
    pub from_on: NaiveDate,
    /// Last day counted.
    #[schema(example = "2021-06-30")]
    pub to_on: NaiveDate,
    /// Whose territory counts.
    pub territory_of: TerritoryOf,
    /// Instant that the figures stand for: everything committed before is counted. To the public, the instant of the edition.
    pub as_of: DateTime<Utc>,
    /// What the public is told of: nothing of the answer changes before the next edition. Null to those whose role counts live
    /// figures, and before the first edition.
    pub edition: Option<FigureEdition>,
    pub totals: ActivityTotals,
    /// Something of fewer than five people, or of fewer than five reports, is not counted in these sums.
    pub masked: bool,
    /// How the figures are broken down.
    pub group_by: Option<Dimension>,
    pub groups: Vec<ActivityCell>,
    /// What shares are of.
    #[schema(minimum = 0, example = 120)]
    pub denominator: Option<i64>,
    /// The list whose `meta.total` is `reports_count`, for those who may read it: the author.
    #[schema(example = "/api/v1/activity-reports?from_on=2021-06-01&to_on=2021-06-30")]
    pub reports_link: Option<String>,
    pub definitions: Vec<FigureDefinition>,
}

const DEFINITIONS: &[(&str, &str)] = &[
    ("reports_count", "comptes rendus d'activité de la période et du périmètre, hors supprimés ; date de l'activité"),
    (
        "supports_count",
        "accompagnements : participants des ateliers + accompagnements individuels + demandes ponctuelles",
    ),
    ("people_count", "supports_count - returning_count, 0 au moins : une estimation, personne n'étant nommé"),
    ("follow_up_rate", "(suivis individuels + suivis en atelier + réorientations) / supports_count"),
    ("groups.percent", "part de denominator, arrondie au plus fort reste : la somme fait 100"),
    ("territory_of", "place : département du lieu de l'activité ; structure : département de l'employeur"),
    (
        "masked",
        "chiffres publics : par département, mois et édition, ni somme de moins de 5 comptes rendus ou personnes, ni case de moins de 5",
    ),
    (
        "edition",
        "chiffres publics : mois clos depuis 10 jours ; saisies, corrections et suppressions tardives dans une édition suivante, dès qu'elles concernent 5 comptes rendus et 5 personnes",
    ),
];

fn totals(Totals(counts): &Totals, public: bool) -> ActivityTotals {
    let shown = |column: &str| (!public).then(|| counts.get(column));
    let supports = counts.get("participants");
    let returning = counts.get("returning_participants");
    let followed = ["individual", "workshop", "redirected"]
        .iter()
        .map(|kind| counts.get(&format!("follow_up_{kind}")))
        .sum::<i64>();
    ActivityTotals {
        reports_count: counts.get("reports"),
        individual_count: shown("activity_individuel"),
        workshops_count: shown("activity_collectif"),
        one_off_count: shown("activity_ponctuel"),
        supports_count: supports,
        workshop_participants_count: shown("workshop_participants"),
        returning_count: returning,
        people_count: (supports - returning).max(0),
        minutes: ["individuel", "collectif", "ponctuel"]
            .iter()
            .map(|kind| counts.get(&format!("minutes_{kind}")))
            .sum(),
        follow_up_individual_count: shown("follow_up_individual"),
        follow_up_workshop_count: shown("follow_up_workshop"),
        redirected_count: shown("follow_up_redirected"),
        follow_up_rate: (!public && supports > 0).then(|| (followed as f64 * 1000.0 / supports as f64).round() / 10.0),
    }
}

fn cell(cell: Cell, public: bool) -> ActivityCell {
    ActivityCell {
        key: cell.key,
        label: cell.label,
        count: cell.count,
        percent: cell.percent,
        totals: cell.totals.as_ref().map(|sums| totals(sums, public)),
        masked: cell.masked,
    }
}

impl ActivityStatistics {
    pub fn new(found: Statistics, group_by: Option<Dimension>, own: bool) -> Self {
        let asked = &found.asked;
        let mut link = format!("/api/v1/activity-reports?from_on={}&to_on={}", asked.period.from, asked.period.to);
        match &asked.scope {
            Scope::Place(id, ..) => link.push_str(&format!("&place_id={id}")),
            Scope::Commune(code, ..) => link.push_str(&format!("&commune_code={code}")),
            Scope::Epci { siren, .. } => link.push_str(&format!("&epci_siren={siren}")),
            _ => {}
        }
        let listed = own && asked.scope.structure().is_none();
        let public = asked.public;
        Self {
            from_on: asked.period.from,
            to_on: asked.period.to,
            territory_of: asked.territory_of,
            as_of: found.as_of,
            edition: asked.edition.as_ref().map(|edition| FigureEdition {
                number: edition.number,
                made_on: edition.made_on,
                last_month: edition.last_month.format("%Y-%m").to_string(),
            }),
            totals: totals(&found.totals, public),
            masked: found.masked,
            group_by,
            groups: found.cells.into_iter().map(|row| cell(row, public)).collect(),
            denominator: found.denominator,
            reports_link: listed.then_some(link),
            definitions: DEFINITIONS
                .iter()
                .map(|(figure, definition)| FigureDefinition { figure, definition })
                .collect(),
        }
    }
}
