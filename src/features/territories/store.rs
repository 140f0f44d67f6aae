//! SQL of the territories.

use diesel::prelude::*;
use diesel::sql_types as st;

use crate::platform::codes::{CommuneCode, DepartementCode, EpciSiren, RegionCode};
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::{departements, epcis, regions};
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::text::{like_literal, search_key, search_pattern};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = regions)]
pub struct Region {
    pub code: String,
    pub name: String,
    pub zone: String,
}

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = departements)]
pub struct Departement {
    pub code: String,
    pub name: String,
    pub region_code: RegionCode,
    pub zone: String,
    pub prefecture_commune_code: Option<CommuneCode>,
    pub population: Option<i32>,
}

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = epcis)]
pub struct Epci {
    pub siren: String,
    pub name: String,
    pub kind: String,
    pub population: Option<i32>,
}

#[derive(Clone, Debug, QueryableByName)]
pub struct Commune {
    #[diesel(sql_type = st::Text)]
    pub code: CommuneCode,
    #[diesel(sql_type = st::Text)]
    pub name: String,
    #[diesel(sql_type = st::Text)]
    pub kind: String,
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub epci_siren: Option<EpciSiren>,
    #[diesel(sql_type = st::Nullable<st::Integer>)]
    pub population: Option<i32>,
    #[diesel(sql_type = st::Double)]
    pub longitude: f64,
    #[diesel(sql_type = st::Double)]
    pub latitude: f64,
    #[diesel(sql_type = st::Array<st::Text>)]
    pub postal_codes: Vec<String>,
    #[diesel(sql_type = st::Array<st::Text>)]
    pub former_names: Vec<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub city_code: Option<CommuneCode>,
    #[diesel(sql_type = st::Nullable<st::Double>)]
    pub distance_km: Option<f64>,
}

sortable! {
    /// Sort keys of regions, départements and intercommunal bodies.
    pub enum TerritorySort { "code" = "t.code"::"text", "name" = "t.search_key"::"text" }
}

sortable! {
    /// Sort keys of communes.
    pub enum CommuneSort {
        "code" = "c.code"::"text",
        "name" = "c.search_key"::"text",
        "population" = "coalesce(c.population, 0)"::"int",
        "relevance" = "c.relevance"::"int",
        "distance_km" = "coalesce(c.distance_km, 0)"::"float8",
    }
}

/// What communes are asked for.
#[derive(Clone, Debug, Default)]
pub struct CommuneSearch {
    pub name: Option<String>,
    pub postal_code: Option<String>,
    pub departement_code: Option<Vec<DepartementCode>>,
    pub region_code: Option<Vec<RegionCode>>,
    pub epci_siren: Option<EpciSiren>,
    pub near: Option<Near>,
}

/// A point and how far around it to look.
#[derive(Clone, Copy, Debug)]
pub struct Near {
    pub longitude: f64,
    pub latitude: f64,
    pub within_km: f64,
}

fn named(column: &'static str, name: &str) -> Sql {
    sql!("{} like {}", Sql::raw(column), search_pattern(name))
}

pub fn list_regions(conn: &mut PgConnection, name: Option<&str>, page: &PageSpec) -> Result<Rows<Region>> {
    Listing::new("t.code, t.name, t.zone", Sql::raw("regions t"), "t.code", "text")
        .filter_some(name, |name| named("t.search_key", name))
        .page(conn, page)
}

const DEPARTEMENT: &str = "t.code, t.name, t.region_code, t.zone, t.prefecture_commune_code, t.population";

pub fn region_exists(conn: &mut PgConnection, code: &str) -> Result<bool> {
    sql!("select exists (select from regions where code = {}) as yes", code).holds(conn)
}

pub fn list_departements(
    conn: &mut PgConnection,
    name: Option<&str>,
    regions: Option<Vec<RegionCode>>,
    page: &PageSpec,
) -> Result<Rows<Departement>> {
    Listing::new(DEPARTEMENT, Sql::raw("departements t"), "t.code", "text")
        .filter_some(name, |name| named("t.search_key", name))
        .filter_some(regions, |codes| sql!("t.region_code = any({})", codes))
        .page(conn, page)
}

pub fn find_departement(conn: &mut PgConnection, code: &str) -> Result<Option<Departement>> {
    sql!("select {} from departements t where t.code = {}", Sql::raw(DEPARTEMENT), code).first(conn)
}

pub fn list_epcis(
    conn: &mut PgConnection,
    name: Option<&str>,
    departements: Option<Vec<DepartementCode>>,
    page: &PageSpec,
) -> Result<Rows<Epci>> {
    // Named `code` for the sort keys that the three kinds of territory share.
    let from = "(select siren as code, siren, name, kind, population, search_key from epcis) t";
    Listing::new("t.siren, t.name, t.kind, t.population", Sql::raw(from), "t.code", "text")
        .filter_some(name, |name| named("t.search_key", name))
        .filter_some(departements, |codes| {
            sql!("exists (select from communes c where c.epci_siren = t.siren and c.departement_code = any({}))", codes)
        })
        .page(conn, page)
}

pub fn epci_exists(conn: &mut PgConnection, siren: &EpciSiren) -> Result<bool> {
    sql!("select exists (select from epcis where siren = {}) as yes", siren).holds(conn)
}

const COMMUNE: &str = "c.code, c.name, c.kind, c.departement_code, c.region_code, c.epci_siren, c.population, \
    c.longitude, c.latitude, c.postal_codes, c.distance_km, c.city_code, c.former_names";

/// The town of an address, as its name is searched: `AJACCIO CEDEX 01`, `Chalon s/Saône`, `Mairie de Lormont`, `Paris 05`.
fn town(written: &str) -> String {
    let key = search_key(&written.replace("s/", "sur ").replace("S/", "sur "));
    let mut words: Vec<&str> = key.split(' ').take_while(|word| *word != "cedex").collect();
    if let ["mairie" | "commune", "de" | "du" | "des" | "d", _, ..] = words.as_slice() {
        words.drain(..2);
    }
    match words.as_slice() {
        [city @ ("paris" | "lyon" | "marseille"), number] => match number.parse::<u8>() {
            Ok(1) => format!("{city} 1er arrondissement"),
            Ok(number @ 2..=20) => format!("{city} {number}e arrondissement"),
            _ => words.join(" "),
        },
        _ => words.join(" "),
    }
}

pub fn list_communes(conn: &mut PgConnection, search: &CommuneSearch, page: &PageSpec) -> Result<Rows<Commune>> {
    let name = search.name.as_deref().map(town);
    let relevance = match &name {
        // The name itself or one that it had, then names that start so, then those that hold it, then former names.
        Some(key) => {
            let like = like_literal(key);
            sql!(
                "case when search_key = {} then 0 when search_text like {} then 1 when search_key like {} then 2
                    when search_key like {} then 3 else 4 end",
                key,
                format!("%|{like}|%"),
                format!("{like}%"),
                format!("%{like}%")
            )
        }
        None => Sql::raw("0"),
    };
    let distance = match search.near {
        Some(near) => sql!("conum_km(longitude, latitude, {}, {})", near.longitude, near.latitude),
        None => Sql::raw("null::float8"),
    };
    let mut list = Listing::new(
        COMMUNE,
        sql!("(select *, {} as relevance, {} as distance_km from communes) c", relevance, distance),
        "c.code",
        "text",
    );
    list.filter_some(name.as_deref(), |name| named("c.search_text", name))
        .filter_some(search.postal_code.as_deref(), |code| sql!("c.postal_codes @> array[{}]", code))
        .filter_some(search.departement_code.clone(), |codes| sql!("c.departement_code = any({})", codes))
        .filter_some(search.region_code.clone(), |codes| sql!("c.region_code = any({})", codes))
        .filter_some(search.epci_siren.as_deref(), |siren| sql!("c.epci_siren = {}", siren))
        .filter_some(search.near, |near| {
            // A degree of latitude is 111.2 km; the index on it cuts the search short.
            let degrees = near.within_km / 111.0;
            sql!(
                "c.latitude between {} and {} and c.distance_km <= {}",
                near.latitude - degrees,
                near.latitude + degrees,
                near.within_km
            )
        });
    list.page(conn, page)
}

/// The commune that has this code.
pub fn find_commune(conn: &mut PgConnection, code: &CommuneCode) -> Result<Option<Commune>> {
    sql!(
        "select {} from (select *, null::float8 as distance_km from communes) c where c.code = {}",
        Sql::raw(COMMUNE),
        code
    )
    .first(conn)
}

/// The département that holds most of an intercommunal body's inhabitants.
pub fn departement_of_epci(conn: &mut PgConnection, siren: &str) -> Result<Option<DepartementCode>> {
    #[derive(QueryableByName)]
    struct Code {
        #[diesel(sql_type = st::Text)]
        departement_code: DepartementCode,
    }
    let row: Option<Code> = sql!(
        "select departement_code from communes where epci_siren = {} and kind = 'commune'
         group by departement_code order by sum(coalesce(population, 0)) desc, departement_code limit 1",
        siren
    )
    .first(conn)?;
    Ok(row.map(|row| row.departement_code))
}
