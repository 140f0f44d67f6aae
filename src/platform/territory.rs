//! The reference data of the territories, and what their codes have become.
//!
//! Codes that were valid once are read as those of today wherever a code is asked for, by the types themselves
//! (`platform::codes`): no filter, body or token can forget it.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use chrono_tz::Tz;

pub const REGIONS: &str = include_str!("../../data/territories/regions.csv");
pub const DEPARTEMENTS: &str = include_str!("../../data/territories/departements.csv");
pub const EPCIS: &str = include_str!("../../data/territories/epci.csv");
pub const COMMUNES: &str = include_str!("../../data/territories/communes.csv");
/// The city of each arrondissement.
pub const ARRONDISSEMENTS: &str = include_str!("../../data/territories/arrondissements.csv");
/// Codes of communes that no longer exist.
pub const FORMER_COMMUNES: &str = include_str!("../../data/territories/former_communes.csv");
/// Names that communes had or took over, under the code that they have.
pub const FORMER_NAMES: &str = include_str!("../../data/territories/former_names.csv");
/// Codes of départements and regions that no longer exist.
pub const FORMER_TERRITORIES: &str = include_str!("../../data/territories/former_territories.csv");

/// Codes that no longer exist, and those that took them over.
type Heirs = HashMap<&'static str, &'static str>;

/// Two neighbouring cells of each line, the first of them being the key. None of these files quotes a code.
fn heirs(file: &'static str, kind: Option<&str>) -> Heirs {
    let pair = |line: &'static str| {
        let mut cells = line.split(',');
        match kind {
            Some(kind) if cells.next() != Some(kind) => None,
            _ => Some((cells.next()?, cells.next()?)),
        }
    };
    file.lines().skip(1).filter_map(pair).collect()
}

fn heir(heirs: &Heirs, code: &str) -> String {
    let code = code.trim().to_ascii_uppercase();
    heirs.get(code.as_str()).map_or(code, |heir| (*heir).to_owned())
}

/// The code of the commune that took this one over, or the code itself as it is written.
pub fn commune(code: &str) -> String {
    static HEIRS: LazyLock<Heirs> = LazyLock::new(|| heirs(FORMER_COMMUNES, None));
    heir(&HEIRS, code)
}

/// The same of a département.
pub fn departement(code: &str) -> String {
    static HEIRS: LazyLock<Heirs> = LazyLock::new(|| heirs(FORMER_TERRITORIES, Some("departement")));
    heir(&HEIRS, code)
}

/// The same of a region.
pub fn region(code: &str) -> String {
    static HEIRS: LazyLock<Heirs> = LazyLock::new(|| heirs(FORMER_TERRITORIES, Some("region")));
    heir(&HEIRS, code)
}

/// The number of an intercommunal body, written without spaces.
pub fn epci(siren: &str) -> String {
    siren.split_whitespace().collect()
}

/// The time zone of a region; that of Paris on the mainland, and where no region is named.
pub fn zone_of_region(code: Option<&str>) -> Tz {
    match code.unwrap_or_default() {
        "01" => Tz::America__Guadeloupe,
        "02" => Tz::America__Martinique,
        "03" => Tz::America__Cayenne,
        "04" => Tz::Indian__Reunion,
        "06" => Tz::Indian__Mayotte,
        "975" => Tz::America__Miquelon,
        "977" => Tz::America__St_Barthelemy,
        "978" => Tz::America__Marigot,
        "984" => Tz::Indian__Kerguelen,
        "986" => Tz::Pacific__Wallis,
        "987" => Tz::Pacific__Tahiti,
        "988" => Tz::Pacific__Noumea,
        _ => Tz::Europe__Paris,
    }
}

fn first_cells(file: &'static str) -> HashSet<&'static str> {
    file.lines().skip(1).filter_map(|line| line.split(',').next()).collect()
}

/// Whether a département has this code today.
pub fn is_departement(code: &str) -> bool {
    static KNOWN: LazyLock<HashSet<&str>> = LazyLock::new(|| first_cells(DEPARTEMENTS));
    KNOWN.contains(code)
}

/// Whether a region has this code today.
pub fn is_region(code: &str) -> bool {
    static KNOWN: LazyLock<HashSet<&str>> = LazyLock::new(|| first_cells(REGIONS));
    KNOWN.contains(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_were_valid_once_lead_to_those_of_today() {
        for (former, current) in [
            ("74093", "74010"),
            ("97123", "97701"),
            ("97127", "97801"),
            ("98511", "97611"),
            ("20004", "2A004"),
            ("2a004", "2A004"),
            ("82112", "82112"),
        ] {
            assert_eq!(commune(former), current);
        }
        assert_eq!(
            (departement("2a"), departement("985"), departement("999")),
            ("2A".into(), "976".into(), "999".into())
        );
        assert_eq!((region("73"), region("76")), ("76".into(), "76".into()));
    }

    #[test]
    fn every_region_overseas_has_a_zone_of_its_own() {
        let overseas = REGIONS.lines().skip(1).filter(|line| !line.ends_with(",metro"));
        let codes = overseas.filter_map(|line| line.split(',').next()).filter(|code| *code != "989");
        let paris: Vec<&str> = codes.filter(|code| zone_of_region(Some(code)) == Tz::Europe__Paris).collect();
        assert!(paris.is_empty(), "{paris:?}");
        assert_eq!((zone_of_region(Some("11")), zone_of_region(None)), (Tz::Europe__Paris, Tz::Europe__Paris));
    }

    #[test]
    fn every_heir_exists() {
        let communes = first_cells(COMMUNES);
        let lost: Vec<_> = heirs(FORMER_COMMUNES, None)
            .into_iter()
            .filter(|(former, heir)| !communes.contains(heir) || communes.contains(former))
            .collect();
        assert!(lost.is_empty(), "{lost:?}");
        assert!(
            heirs(FORMER_TERRITORIES, Some("region"))
                .iter()
                .all(|(former, heir)| is_region(heir) && !is_region(former))
        );
        assert!(heirs(FORMER_TERRITORIES, Some("departement")).values().all(|heir| is_departement(heir)));
        let cities = heirs(ARRONDISSEMENTS, None);
        assert_eq!(cities.len(), 45);
        assert!(cities.iter().all(|(part, city)| communes.contains(part) && communes.contains(city)));
        assert!(heirs(FORMER_NAMES, None).keys().all(|code| communes.contains(code)));
    }
}
