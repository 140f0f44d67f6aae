//! Loads the reference data into an empty or outdated database.

use diesel::PgConnection;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::platform::db::Tx;
use crate::platform::error::{Problem, Result};
use crate::platform::text::search_key;
use crate::sql;

const REGIONS: &str = include_str!("../../../data/territories/regions.csv");
const DEPARTEMENTS: &str = include_str!("../../../data/territories/departements.csv");
const EPCIS: &str = include_str!("../../../data/territories/epci.csv");
const COMMUNES: &str = include_str!("../../../data/territories/communes.csv");
const FORMER: &str = include_str!("../../../data/territories/former_communes.csv");
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
struct Former {
    former_code: String,
    current_code: String,
    name: Option<String>,
}

/// Whether the reference data knows a département, for those without a database at hand.
pub fn has_departement(code: &str) -> bool {
    DEPARTEMENTS.lines().skip(1).any(|line| line.split(',').next() == Some(code))
}

/// Loads the territories unless this very edition is there already. Tells whether it did.
pub fn territories(tx: &mut Tx<'_>) -> Result<bool> {
    // Raised when the shape of the loaded rows changes while the files do not.
    const SHAPE: &str = "1";
    let mut hasher = Sha256::new();
    for text in [SHAPE, REGIONS, DEPARTEMENTS, EPCIS, COMMUNES, FORMER] {
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
    for row in rows::<Region>(REGIONS)? {
        sql!(
            "insert into regions (code, name, zone, search_key) values ({}, {}, {}, {})
             on conflict (code) do update set name = excluded.name, zone = excluded.zone, search_key = excluded.search_key",
            row.code,
            &row.name,
            row.zone,
            search_key(&row.name)
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

fn communes(conn: &mut PgConnection) -> Result<()> {
    let former = rows::<Former>(FORMER)?;
    let mut former_names: std::collections::HashMap<&str, Vec<String>> = std::collections::HashMap::new();
    for row in &former {
        if let Some(name) = row.name.as_deref().filter(|n| !n.is_empty()) {
            former_names.entry(&row.current_code).or_default().push(search_key(name));
        }
    }
    for batch in rows::<Commune>(COMMUNES)?.chunks(BATCH) {
        let records: Vec<serde_json::Value> = batch
            .iter()
            .map(|r| {
                let key = search_key(&r.name);
                let mut names = vec![key.clone()];
                names.extend(former_names.get(r.code.as_str()).into_iter().flatten().cloned());
                serde_json::json!({
                    "code": r.code, "name": r.name, "kind": r.kind, "departement_code": r.departement_code,
                    "region_code": r.region_code, "epci_siren": r.epci_siren.as_deref().filter(|s| !s.is_empty()),
                    "population": r.population, "longitude": r.longitude, "latitude": r.latitude,
                    "postal_codes": r.postal_codes, "search_key": key,
                    // Bars keep one name apart from the next: "| saint jean | moulins |".
                    "search_text": format!("|{}|", names.join("|")),
                })
            })
            .collect();
        sql!(
            "insert into communes (code, name, kind, departement_code, region_code, epci_siren, population,
                longitude, latitude, postal_codes, search_key, search_text)
             select code, name, kind, departement_code, region_code, epci_siren, population, longitude, latitude,
                string_to_array(postal_codes, '|'), search_key, search_text
             from jsonb_to_recordset({}) as r(code text, name text, kind text, departement_code text, region_code text,
                epci_siren text, population int, longitude float8, latitude float8, postal_codes text,
                search_key text, search_text text)
             on conflict (code) do update set name = excluded.name, kind = excluded.kind,
                departement_code = excluded.departement_code, region_code = excluded.region_code,
                epci_siren = excluded.epci_siren, population = excluded.population, longitude = excluded.longitude,
                latitude = excluded.latitude, postal_codes = excluded.postal_codes,
                search_key = excluded.search_key, search_text = excluded.search_text",
            serde_json::Value::Array(records)
        )
        .run(conn)?;
    }
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
