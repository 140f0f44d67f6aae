//! What the activity of a scope adds up to, broken down as asked.

use chrono::{DateTime, Utc};

use super::public;
use crate::features::activity::dto::ActivityFilter;
use crate::features::activity::model::counters::Counts;
use crate::features::activity::model::{
    ActivityKind, AgeBracket, Channel, Dimension, DurationBand, FIRST_DAY, Mission, PublicStatus, RedirectionBody,
    TerritoryOf, Theme,
};
use crate::features::activity::store::editions::{self, Edition};
use crate::features::activity::store::figures::{self, Key, Period, Scope};
use crate::features::places::service as places;
use crate::features::recruitments::service as recruitments;
use crate::features::structures::service as structures;
use crate::features::territories::service as territories;
use crate::platform::auth::{Actor, Reach, Territory};
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::Reader;
use crate::platform::db::text_enum::TextEnum;
use crate::platform::error::{Code, Fault, FaultCode, Problem, Result};
use crate::platform::ids::StructureId;
use crate::platform::problems::Language;

/// Sums of a scope.
#[derive(Clone, Debug, PartialEq)]
pub struct Totals(pub Counts);

/// One row of a breakdown.
#[derive(Clone, Debug)]
pub struct Cell {
    pub key: String,
    pub label: String,
    /// `None` where the cell may not be told.
    pub count: Option<i64>,
    pub percent: Option<f64>,
    /// Sums, where the breakdown is by whom, where or when.
    pub totals: Option<Totals>,
    /// Whether something that belongs here may not be told.
    pub masked: bool,
}

/// What was asked, as it was understood.
#[derive(Clone, Debug)]
pub struct Asked {
    pub period: Period,
    pub territory_of: TerritoryOf,
    pub scope: Scope,
    pub public: bool,
    /// What the public is told of; nothing to those who sign in, and before the first one.
    pub edition: Option<Edition>,
}

/// Figures, and what they stand on.
#[derive(Clone, Debug)]
pub struct Statistics {
    pub asked: Asked,
    pub as_of: DateTime<Utc>,
    pub totals: Totals,
    pub masked: bool,
    pub cells: Vec<Cell>,
    pub denominator: Option<i64>,
}

/// What the names of a dimension's counters begin with.
pub fn breakdown(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Activity => "activity_",
        Dimension::Channel => "channel_",
        Dimension::Theme => "theme_",
        Dimension::Mission => "mission_",
        Dimension::DurationBand => "band_",
        Dimension::Age => "age_",
        Dimension::Status => "status_",
        Dimension::RedirectionBody => "body_",
        Dimension::Month
        | Dimension::Departement
        | Dimension::Region
        | Dimension::Structure
        | Dimension::Counsellor => "",
    }
}

/// Columns of a dimension that a report is counted under, with their terms; `None` for who, where and when.
pub fn columns(dimension: Dimension, language: Language) -> Option<Vec<(String, String, String)>> {
    fn of<T: TextEnum>(prefix: &str, language: Language) -> Vec<(String, String, String)> {
        let column = |term: &T| {
            (format!("{prefix}{}", term.as_str()), term.as_str().to_owned(), term.label(language).to_owned())
        };
        T::ALL.iter().map(column).collect()
    }
    let prefix = breakdown(dimension);
    Some(match dimension {
        Dimension::Activity => of::<ActivityKind>(prefix, language),
        Dimension::Channel => of::<Channel>(prefix, language),
        Dimension::Theme => of::<Theme>(prefix, language),
        Dimension::Mission => of::<Mission>(prefix, language),
        Dimension::DurationBand => of::<DurationBand>(prefix, language),
        Dimension::Age => of::<AgeBracket>(prefix, language),
        Dimension::Status => of::<PublicStatus>(prefix, language),
        Dimension::RedirectionBody => of::<RedirectionBody>(prefix, language),
        Dimension::Month
        | Dimension::Departement
        | Dimension::Region
        | Dimension::Structure
        | Dimension::Counsellor => return None,
    })
}

pub fn key(dimension: Dimension) -> Key {
    match dimension {
        Dimension::Month => Key::Month,
        Dimension::Departement => Key::Departement,
        Dimension::Region => Key::Region,
        Dimension::Structure => Key::Structure,
        Dimension::Counsellor => Key::Counsellor,
        _ => Key::Nothing,
    }
}

/// Shares of a whole in percent to one decimal, which add up to 100: what is lost by rounding down goes to the largest
/// remainders.
pub fn percentages(counts: &[i64]) -> Vec<Option<f64>> {
    let whole: i64 = counts.iter().sum();
    if whole <= 0 {
        return vec![None; counts.len()];
    }
    let mut shares: Vec<(usize, i64, i64)> =
        counts.iter().enumerate().map(|(at, count)| (at, count * 1000 / whole, count * 1000 % whole)).collect();
    let mut rest = 1000 - shares.iter().map(|share| share.1).sum::<i64>();
    shares.sort_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(&b.0)));
    for share in &mut shares {
        if rest > 0 && share.2 > 0 {
            share.1 += 1;
            rest -= 1;
        }
    }
    shares.sort_by_key(|share| share.0);
    shares.into_iter().map(|(_, permille, _)| Some(permille as f64 / 10.0)).collect()
}

fn out_of_reach() -> Problem {
    Problem::not_found()
}

fn refuse(parameter: &str, code: FaultCode) -> Problem {
    Problem::new(Code::InvalidParameter).faults(vec![Fault::parameter(parameter, code)])
}

/// What the caller may count of what is asked.
fn scope(reader: &mut Reader<'_>, filter: &ActivityFilter) -> Result<Asked> {
    let today = reader.today();
    let first = FIRST_DAY.unwrap_or(today);
    let actor = reader.actor().clone();
    let territory_of = filter.territory_of.unwrap_or(TerritoryOf::Place);
    let public = actor == Actor::Anonymous;
    let by_people = matches!(filter.group_by, Some(Dimension::Structure | Dimension::Counsellor));
    if public
        && (filter.structure_id.is_some()
            || filter.counsellor_id.is_some()
            || filter.place_id.is_some()
            || filter.commune_code.is_some()
            || filter.epci_siren.is_some()
            || by_people
            || territory_of == TerritoryOf::Structure)
    {
        return Err(Problem::new(Code::Unauthenticated));
    }
    for code in filter.departement_code.iter().flatten() {
        territories::require_departement(reader, code, "departement_code")
            .map_err(|_| refuse("departement_code", FaultCode::UnknownId))?;
    }
    for code in filter.region_code.iter().flatten() {
        territories::require_region(reader, code, "region_code")
            .map_err(|_| refuse("region_code", FaultCode::UnknownId))?;
    }
    // The structure whose counsellors count: one's own for an employer.
    let structure = match (&actor, filter.structure_id) {
        (Actor::Employer(own), None) => Some(*own),
        (Actor::Employer(own), Some(asked)) if asked != *own => return Err(out_of_reach()),
        (Actor::Counsellor(_), asked) => asked,
        (_, None) => None,
        (_, Some(asked)) => Some(structures::require(reader, asked)?.id),
    };
    let counsellor = match (&actor, filter.counsellor_id) {
        (Actor::Counsellor(own), None) => Some(*own),
        (Actor::Counsellor(own), Some(asked)) if asked != *own => return Err(out_of_reach()),
        (Actor::Employer(_), asked) => asked,
        (_, None) => None,
        (_, Some(asked)) => Some(recruitments::find_counsellor(reader, asked)?.id),
    };
    if filter.departement_code.is_some() && filter.region_code.is_some() {
        return Err(refuse("region_code", FaultCode::MustBeEmpty));
    }
    let territory = match (&filter.departement_code, &filter.region_code) {
        (Some(codes), _) => Some(Territories::Departements(codes.clone())),
        (None, Some(codes)) => Some(Territories::Regions(codes.clone())),
        (None, None) => None,
    };
    let territory = within(reader, &actor, territory)?;
    let edition = if public { editions::last(reader.conn())? } else { None };
    let period = Period { from: filter.from_on.unwrap_or(first), to: filter.to_on.unwrap_or(today) };
    let period = if public { public::whole_months(filter, period, edition.as_ref())? } else { period };
    let parts = |territory: &Territories| match territory {
        Territories::Departements(codes) => (Some(codes.clone()), None),
        Territories::Regions(codes) => (None, Some(codes.clone())),
    };
    let reached = |departement: &str, region: &str| match actor.reach() {
        Reach::Territory(Territory::Departement(code)) => departement == code,
        Reach::Territory(Territory::Region(code)) => region == code,
        _ => true,
    };
    let scope = if let Some(id) = filter.place_id {
        let place = places::require_any(reader, id)?;
        if !reached(&place.departement_code, &place.region_code) {
            return Err(out_of_reach());
        }
        Scope::Place(id, structure, counsellor)
    } else if let Some(code) = &filter.commune_code {
        let commune = territories::find_commune(reader, code)?
            .ok_or_else(|| refuse("commune_code", FaultCode::UnknownCommune))?;
        if !reached(&commune.departement_code, &commune.region_code) {
            return Err(out_of_reach());
        }
        Scope::Commune(commune.code, structure, counsellor)
    } else if let Some(siren) = &filter.epci_siren {
        if !territories::epci_exists(reader, siren)? {
            return Err(refuse("epci_siren", FaultCode::UnknownId));
        }
        Scope::Epci { siren: siren.clone(), reach: actor.reach(), structure, counsellor }
    } else if structure.is_some() || counsellor.is_some() || by_people {
        let (departements, regions) = territory.as_ref().map(parts).unwrap_or_default();
        let open = structure.is_none() && counsellor.is_none() && departements.is_none() && regions.is_none();
        if open {
            return Err(refuse("group_by", FaultCode::NeedsTerritory));
        }
        Scope::People { structure, counsellor, departements, regions }
    } else {
        match territory {
            None => Scope::Country,
            Some(Territories::Departements(codes)) => Scope::Departements(territory_of, codes),
            Some(Territories::Regions(codes)) => Scope::Regions(territory_of, codes),
        }
    };
    Ok(Asked { period, territory_of, scope, public, edition })
}

/// Territories whose figures are added up.
enum Territories {
    Departements(Vec<DepartementCode>),
    Regions(Vec<RegionCode>),
}

/// The territories asked for, every one of them within the caller's own.
fn within(reader: &mut Reader<'_>, actor: &Actor, asked: Option<Territories>) -> Result<Option<Territories>> {
    let Reach::Territory(own) = actor.reach() else { return Ok(asked) };
    let inside = match (&own, &asked) {
        (Territory::Departement(code), None) => {
            return Ok(Some(Territories::Departements(vec![code.as_str().into()])));
        }
        (Territory::Region(code), None) => return Ok(Some(Territories::Regions(vec![code.as_str().into()]))),
        (Territory::Departement(own), Some(Territories::Departements(codes))) => codes.iter().all(|code| code == own),
        (Territory::Region(own), Some(Territories::Regions(codes))) => codes.iter().all(|code| code == own),
        (Territory::Region(own), Some(Territories::Departements(codes))) => {
            let known = figures::departements_of(reader.conn(), own)?;
            codes.iter().all(|code| known.iter().any(|known| code == known))
        }
        // A département is no region, even where it is alone in one.
        (Territory::Departement(_), Some(Territories::Regions(_))) => false,
    };
    if inside { Ok(asked) } else { Err(out_of_reach()) }
}

/// The figures that are asked for. The reader sees the whole country once the caller was admitted to the scope.
pub fn statistics(reader: &mut Reader<'_>, filter: &ActivityFilter, language: Language) -> Result<Statistics> {
    let asked = scope(reader, filter)?;
    reader.widen()?;
    let dimension = filter.group_by;
    if asked.public {
        return public::statistics(reader, asked, dimension, language);
    }
    let as_of = reader.now().instant();
    let conn = reader.conn();
    let totals = figures::read(conn, &asked.scope, asked.period, Key::Nothing, dimension.map_or("", breakdown))?
        .pop()
        .map_or_else(Counts::zero, |(_, counts)| counts);
    let mut denominator = None;
    let cells = match dimension {
        None => Vec::new(),
        Some(dimension) => match columns(dimension, language) {
            Some(columns) => {
                let counts: Vec<i64> = columns.iter().map(|(column, ..)| totals.get(column)).collect();
                denominator = Some(counts.iter().sum());
                let percents = percentages(&counts);
                columns
                    .into_iter()
                    .zip(counts)
                    .zip(percents)
                    .map(|(((_, key, label), count), percent)| Cell {
                        key,
                        label,
                        count: Some(count),
                        percent,
                        totals: None,
                        masked: false,
                    })
                    .collect()
            }
            None => {
                let found = figures::read(conn, &asked.scope, asked.period, key(dimension), "")?;
                let named = named(conn, dimension, found, &asked)?;
                denominator = Some(totals.get("reports"));
                let counts: Vec<i64> = named.iter().map(|(_, _, counts)| counts.get("reports")).collect();
                let percents = percentages(&counts);
                named
                    .into_iter()
                    .zip(percents)
                    .map(|((key, label, counts), percent)| Cell {
                        key,
                        label,
                        count: Some(counts.get("reports")),
                        percent,
                        totals: Some(Totals(counts)),
                        masked: false,
                    })
                    .collect()
            }
        },
    };
    Ok(Statistics { asked, as_of, totals: Totals(totals), masked: false, cells, denominator })
}

/// Keys with their names; every month of the period and every territory has a row, also those without any activity.
pub fn named(
    conn: &mut diesel::PgConnection,
    dimension: Dimension,
    found: Vec<(String, Counts)>,
    asked: &Asked,
) -> Result<Vec<(String, String, Counts)>> {
    let take = |found: &[(String, Counts)], key: &str| {
        found.iter().find(|(known, _)| known == key).map_or_else(Counts::zero, |(_, counts)| counts.clone())
    };
    match dimension {
        Dimension::Month => {
            let first = found.first().map(|(key, _)| key.clone());
            let months = months(asked.period, first.as_deref());
            Ok(months.into_iter().map(|month| (month.clone(), month.clone(), take(&found, &month))).collect())
        }
        Dimension::Departement | Dimension::Region => {
            let all = figures::territory_names(conn, key(dimension))?;
            let country = asked.scope == Scope::Country;
            let kept = all.into_iter().filter(|(code, _)| country || found.iter().any(|(known, _)| known == code));
            Ok(kept.map(|(code, name)| (code.clone(), name, take(&found, &code))).collect())
        }
        _ => {
            let ids = found.iter().filter_map(|(key, _)| key.parse().ok()).collect();
            let names = figures::names_of(conn, key(dimension), ids)?;
            let name =
                |key: &str| names.iter().find(|(id, _)| id == key).map(|(_, name)| name.clone()).unwrap_or_default();
            Ok(found.into_iter().map(|(key, counts)| (key.clone(), name(&key), counts)).collect())
        }
    }
}

/// The months of a period, from the first one with any activity where none was named.
fn months(period: Period, first: Option<&str>) -> Vec<String> {
    use chrono::{Datelike, Months};
    let Some(first) = first else { return Vec::new() };
    let mut day = period.from.with_day(1).unwrap_or(period.from);
    let mut months = Vec::new();
    while day <= period.to {
        let month = day.format("%Y-%m").to_string();
        if month.as_str() >= first {
            months.push(month);
        }
        match day.checked_add_months(Months::new(1)) {
            Some(next) => day = next,
            None => break,
        }
    }
    months
}

impl Scope {
    /// The structure whose people count, for the links of the answer.
    pub fn structure(&self) -> Option<StructureId> {
        match self {
            Scope::People { structure, .. }
            | Scope::Place(_, structure, _)
            | Scope::Commune(_, structure, _)
            | Scope::Epci { structure, .. } => *structure,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::percentages;

    #[test]
    fn percentages_add_up_to_a_hundred() {
        for counts in [vec![1, 1, 1], vec![2, 2, 2, 1], vec![1, 0, 999_999], vec![7, 11, 13, 17, 19, 23], vec![1]] {
            let sum: f64 = percentages(&counts).into_iter().flatten().sum();
            assert!((sum - 100.0).abs() < 1e-9, "{counts:?} {sum}");
        }
        assert_eq!(percentages(&[1, 1, 1]), [Some(33.4), Some(33.3), Some(33.3)]);
        assert_eq!(percentages(&[0, 0]), [None, None]);
    }
}
