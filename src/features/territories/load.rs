//! Loads the reference data into an empty or outdated database.

use std::collections::HashMap;

use diesel::PgConnection;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::platform::db::Tx;
use crate::platform::error::{Problem, Result};
use crate::platform::territory::{
    ARRONDISSEMENTS, COMMUNES, DEPARTEMENTS, EPCIS, FORMER_COMMUNES, FORMER_NAMES, FORMER_TERRITORIES, REGIONS,
};
use crate::platform::text::search_key;
use crate::sql;

/// Outlines of the départements, for maps.
pub const OUTLINES: &str = include_str!("../../../data/territories/departements.geojson");

/// Rows a statement: few round trips, bounded memory.
const BATCH: usize = 4000;

#[derive(Deserialize)]
struct Region {
    code: String,
    name: String,
    zone: String,
}

#[derive(Deserialize)]
struct Departement {
    code: String,
    name: String,
    region_code: String,
    zone: String,
    prefecture_commune_code: Option<String>,
    population: Option<i32>,
}

#[derive(Deserialize)]
struct Epci {
    siren: String,
    name: String,
    kind: String,
    population: Option<i32>,
}

#[derive(Deserialize)]
struct Commune {
    code: String,
    name: String,
    kind: String,
    departement_code: String,
    region_code: String,
    epci_siren: Option<String>,
    population: Option<i32>,
    longitude: f64,
    latitude: f64,
    postal_codes: String,
}

#[derive(Deserialize)]
struct Arrondissement {
    code: String,
    commune_code: String,
}

#[derive(Deserialize)]
struct FormerName {
    code: String,
    name: String,
}

#[derive(Deserialize)]
struct FormerTerritory {
    kind: String,
    current_code: String,
    name: String,
}

#[derive(Deserialize)]
struct Former {
    former_code: String,
    current_code: String,
    name: Option<String>,
}

/// Loads the territories unless this very edition is there already. Tells whether it did.
pub fn territories(tx: &mut Tx<'_>) -> Result<bool> {
    // Raised when the shape of the loaded rows changes while the files do not.
    const SHAPE: &str = "2";
    let mut hasher = Sha256::new();
    let files =
        [REGIONS, DEPARTEMENTS, EPCIS, COMMUNES, ARRONDISSEMENTS, FORMER_COMMUNES, FORMER_NAMES, FORMER_TERRITORIES];
    for text in [SHAPE].into_iter().chain(files) {
        hasher.update(text.as_bytes());
    }
    let hash: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let now = tx.now().instant();
    let conn = tx.conn();
    sql!("select pg_advisory_xact_lock(hashtext('conum.territories')) is null as yes").holds(conn)?;
    let loaded = sql!(
        "select exists (select from reference_loads where name = 'territories' and content_hash = {}) as yes",
        &hash
    )
    .holds(conn)?;
    if loaded {
        return Ok(false);
    }
    regions(conn)?;
    departements(conn)?;
    epcis(conn)?;
    communes(conn)?;
    sql!(
        "insert into reference_loads (name, content_hash, loaded_at) values ('territories', {}, {})
         on conflict (name) do update set content_hash = excluded.content_hash, loaded_at = excluded.loaded_at",
        hash,
        now
    )
    .run(conn)?;
    sql!("insert into allotments (departement_code) select code from departements on conflict do nothing").run(conn)?;
    Ok(true)
}

fn rows<T: for<'de> Deserialize<'de>>(text: &str) -> Result<Vec<T>> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(|e| Problem::internal(format!("reference data: {e}")))
}

fn regions(conn: &mut PgConnection) -> Result<()> {
    let former = rows::<FormerTerritory>(FORMER_TERRITORIES)?;
    for row in rows::<Region>(REGIONS)? {
        // A region is found by the names that it took over as well; its own comes first, so that it orders.
        let taken =
            former.iter().filter(|f| f.kind == "region" && f.current_code == row.code).map(|f| search_key(&f.name));
        let key: Vec<String> = [search_key(&row.name)].into_iter().chain(taken).collect();
        sql!(
            "insert into regions (code, name, zone, search_key) values ({}, {}, {}, {})
             on conflict (code) do update set name = excluded.name, zone = excluded.zone, search_key = excluded.search_key",
            row.code,
            &row.name,
            row.zone,
            key.join("|")
        )
        .run(conn)?;
    }
    Ok(())
}

fn departements(conn: &mut PgConnection) -> Result<()> {
    for row in rows::<Departement>(DEPARTEMENTS)? {
        sql!(
            "insert into departements (code, name, region_code, zone, prefecture_commune_code, population, search_key)
             values ({}, {}, {}, {}, {}, {}, {})
             on conflict (code) do update set name = excluded.name, region_code = excluded.region_code,
                zone = excluded.zone, prefecture_commune_code = excluded.prefecture_commune_code,
                population = excluded.population, search_key = excluded.search_key",
            row.code,
            &row.name,
            row.region_code,
            row.zone,
            row.prefecture_commune_code,
            row.population,
            search_key(&row.name)
        )
        .run(conn)?;
    }
    Ok(())
}

fn epcis(conn: &mut PgConnection) -> Result<()> {
    let rows = rows::<Epci>(EPCIS)?;
    for batch in rows.chunks(BATCH) {
        let records: Vec<serde_json::Value> = batch
            .iter()
            .map(|r| serde_json::json!({"siren": r.siren, "name": r.name, "kind": r.kind, "population": r.population, "search_key": search_key(&r.name)}))
            .collect();
        sql!(
            "insert into epcis (siren, name, kind, population, search_key)
             select siren, name, kind, population, search_key
             from jsonb_to_recordset({}) as r(siren text, name text, kind text, population int, search_key text)
             on conflict (siren) do update set name = excluded.name, kind = excluded.kind,
                population = excluded.population, search_key = excluded.search_key",
            serde_json::Value::Array(records)
        )
        .run(conn)?;
    }
    Ok(())
}

/// What a commune's own line does not say of it.
struct Beside {
    /// Names that it had or took over, by its code.
    names: HashMap<String, Vec<String>>,
    /// The city of an arrondissement, by its code.
    cities: HashMap<String, String>,
    /// Intercommunal bodies of communes, by their codes.
    epcis: HashMap<String, String>,
}

impl Beside {
    fn read(communes: &[Commune], former: &[Former]) -> Result<Self> {
        let mut names: HashMap<String, Vec<String>> = HashMap::new();
        let taken = former.iter().filter_map(|row| Some((row.current_code.clone(), row.name.clone()?)));
        let own = rows::<FormerName>(FORMER_NAMES)?.into_iter().map(|row| (row.code, row.name));
        for (code, name) in taken.chain(own).filter(|(_, name)| !name.is_empty()) {
            names.entry(code).or_default().push(name);
        }
        for names in names.values_mut() {
            names.sort();
            names.dedup();
        }
        let cities = rows::<Arrondissement>(ARRONDISSEMENTS)?.into_iter().map(|row| (row.code, row.commune_code));
        let epci = |row: &Commune| Some((row.code.clone(), row.epci_siren.clone().filter(|siren| !siren.is_empty())?));
        Ok(Self { names, cities: cities.collect(), epcis: communes.iter().filter_map(epci).collect() })
    }

    fn record(&self, row: &Commune) -> serde_json::Value {
        let key = search_key(&row.name);
        let former = self.names.get(&row.code).cloned().unwrap_or_default();
        let names: Vec<String> = [key.clone()].into_iter().chain(former.iter().map(|name| search_key(name))).collect();
        let city = self.cities.get(&row.code);
        serde_json::json!({
            "code": row.code, "name": row.name, "kind": row.kind, "departement_code": row.departement_code,
            "region_code": row.region_code, "epci_siren": self.epcis.get(city.unwrap_or(&row.code)),
            "population": row.population, "longitude": row.longitude, "latitude": row.latitude,
            "postal_codes": row.postal_codes.split('|').collect::<Vec<_>>(), "search_key": key, "city_code": city,
            "former_names": former,
            // Bars keep one name apart from the next: "| saint jean | moulins |".
            "search_text": format!("|{}|", names.join("|")),
        })
    }
}

fn communes(conn: &mut PgConnection) -> Result<()> {
    let former = rows::<Former>(FORMER_COMMUNES)?;
    let mut communes = rows::<Commune>(COMMUNES)?;
    let beside = Beside::read(&communes, &former)?;
    // Cities before their arrondissements, which name them.
    communes.sort_by_key(|row| beside.cities.contains_key(&row.code));
    for batch in communes.chunks(BATCH) {
        let records: Vec<serde_json::Value> = batch.iter().map(|row| beside.record(row)).collect();
        sql!(
            "insert into communes as c (code, name, kind, departement_code, region_code, epci_siren, population,
                longitude, latitude, postal_codes, search_key, search_text, city_code, former_names)
             select code, name, kind, departement_code, region_code, epci_siren, population, longitude, latitude,
                postal_codes, search_key, search_text, city_code, former_names
             from jsonb_to_recordset({}) as r(code text, name text, kind text, departement_code text, region_code text,
                epci_siren text, population int, longitude float8, latitude float8, postal_codes text[],
                search_key text, search_text text, city_code text, former_names text[])
             on conflict (code) do update set name = excluded.name, kind = excluded.kind,
                departement_code = excluded.departement_code, region_code = excluded.region_code,
                epci_siren = excluded.epci_siren, population = excluded.population, longitude = excluded.longitude,
                latitude = excluded.latitude, postal_codes = excluded.postal_codes,
                search_key = excluded.search_key, search_text = excluded.search_text,
                city_code = excluded.city_code, former_names = excluded.former_names",
            serde_json::Value::Array(records)
        )
        .run(conn)?;
    }
    former_communes(conn, &former)
}

fn former_communes(conn: &mut PgConnection, former: &[Former]) -> Result<()> {
    let records: Vec<serde_json::Value> = former
        .iter()
        .map(|r| serde_json::json!({"code": r.former_code, "current_code": r.current_code, "name": r.name.as_deref().filter(|n| !n.is_empty())}))
        .collect();
    sql!(
        "insert into former_communes (code, current_code, name)
         select code, current_code, name from jsonb_to_recordset({}) as r(code text, current_code text, name text)
         on conflict (code) do update set current_code = excluded.current_code, name = excluded.name",
        serde_json::Value::Array(records)
    )
    .run(conn)?;
    Ok(())
}
