//! Reports from a file: each line stands for itself, and the same file again changes nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use super::reports::{Atlas, settle};
use crate::features::activity::dto::NewActivityReport;
use crate::features::activity::model::Content;
use crate::features::activity::store::contracts::{self, Contract};
use crate::features::activity::store::reports::{self, NewRow};
use crate::platform::auth::Actor;
use crate::platform::db::Tx;
use crate::platform::error::{Code, Fault, FaultCode, MOST_FAULTS, Place, Problem, Result};
use crate::platform::http::json;
use crate::platform::ids::{ActivityReportId, CounsellorId};
use crate::text_enum;

/// Most lines that one file may hold.
const MAX_LINES: usize = 50_000;
/// Lines that are written by one statement.
const BATCH: usize = 1000;

/// What a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    Csv,
    Ndjson,
}

text_enum! {
    /// What became of a line.
    pub enum ImportStatus "import_line_statuses" [] {
        Created "created" "Créée" "Created",
        Updated "updated" "Mise à jour" "Updated",
        Unchanged "unchanged" "Inchangée" "Unchanged",
        Refused "refused" "Refusée" "Refused",
    }
}

/// A line, and what became of it.
pub struct ImportedLine {
    pub line: usize,
    pub external_id: Option<String>,
    pub status: ImportStatus,
    pub report_id: Option<ActivityReportId>,
    pub faults: Vec<Fault>,
}

/// A file, line by line.
pub struct Imported {
    pub lines: Vec<ImportedLine>,
}

/// A line that can be read.
struct Line {
    number: usize,
    external_id: String,
    counsellor: CounsellorId,
    content: Content,
}

pub fn import(tx: &mut Tx<'_>, file: &str, medium: Medium) -> Result<Imported> {
    let (contracts, own) = known(tx)?;
    let mut done = Vec::new();
    let mut atlas = Atlas::default();
    let lines = match medium {
        Medium::Ndjson => ndjson(file)?,
        Medium::Csv => csv(file)?,
    };
    let mut seen = HashSet::new();
    let mut batch = Vec::new();
    for (number, read) in lines {
        match check(read, own, &contracts, &mut seen) {
            Ok((external_id, counsellor, content)) => batch.push(Line { number, external_id, counsellor, content }),
            Err((external_id, faults)) => done.push(refused(number, external_id, faults)),
        }
        if batch.len() == BATCH {
            write(tx, &mut atlas, &contracts, std::mem::take(&mut batch), &mut done)?;
        }
    }
    write(tx, &mut atlas, &contracts, batch, &mut done)?;
    done.sort_by_key(|line| line.line);
    Ok(Imported { lines: done })
}

fn refused(line: usize, external_id: Option<String>, faults: Vec<Fault>) -> ImportedLine {
    ImportedLine { line, external_id, status: ImportStatus::Refused, report_id: None, faults }
}

type Contracts = HashMap<CounsellorId, Vec<Contract>>;

/// The contracts that the caller may report under, by counsellor; a counsellor reports for nobody else.
fn known(tx: &mut Tx<'_>) -> Result<(Contracts, Option<CounsellorId>)> {
    let (rows, own) = match tx.actor().clone() {
        Actor::Counsellor(own) => (tx.as_service(|tx| contracts::of_counsellor(tx, own))?, Some(own)),
        Actor::Employer(structure) => (tx.as_service(|tx| contracts::of_structure(tx, structure))?, None),
        _ => return Err(Problem::not_found()),
    };
    let mut contracts = Contracts::new();
    for row in rows {
        contracts.entry(row.counsellor_id).or_default().push(row);
    }
    Ok((contracts, own))
}

type Checked = std::result::Result<(String, CounsellorId, Content), (Option<String>, Vec<Fault>)>;

fn check(
    read: std::result::Result<NewActivityReport, Vec<Fault>>,
    own: Option<CounsellorId>,
    contracts: &Contracts,
    seen: &mut HashSet<(CounsellorId, String)>,
) -> Checked {
    let new = read.map_err(|faults| (None, faults))?;
    let name = new.external_id.clone();
    let fault = |field: &str, code| (name.clone(), vec![Fault::field(field, code)]);
    let counsellor = match (own, new.counsellor_id) {
        (Some(own), None) => own,
        (Some(own), Some(named)) if own == named => own,
        (None, Some(named)) if contracts.contains_key(&named) => named,
        (None, None) => return Err(fault("counsellor_id", FaultCode::Required)),
        _ => return Err(fault("counsellor_id", FaultCode::UnknownId)),
    };
    let Some(external_id) = name.clone() else { return Err(fault("external_id", FaultCode::Required)) };
    if external_id.is_empty()
        || external_id.chars().count() > 100
        || !crate::platform::text::is_clean_line(&external_id)
    {
        return Err(fault("external_id", FaultCode::InvalidValue));
    }
    if !seen.insert((counsellor, external_id.clone())) {
        return Err(fault("external_id", FaultCode::Repeated));
    }
    match new.content() {
        Ok(content) => Ok((external_id, counsellor, content)),
        Err(problem) => Err((name, problem.into_faults())),
    }
}

/// Writes what fits: what is new, and what has changed.
fn write(
    tx: &mut Tx<'_>,
    atlas: &mut Atlas,
    contracts: &Contracts,
    lines: Vec<Line>,
    done: &mut Vec<ImportedLine>,
) -> Result<()> {
    let mut rows: BTreeMap<(CounsellorId, String), (usize, NewRow)> = BTreeMap::new();
    for line in lines {
        let own = contracts.get(&line.counsellor).map(Vec::as_slice).unwrap_or_default();
        match settle(tx, atlas, own, ActivityReportId::new(), line.content)? {
            Ok(row) => drop(rows.insert((line.counsellor, line.external_id), (line.number, row))),
            Err(faults) => done.push(refused(line.number, Some(line.external_id), faults)),
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    let keys: Vec<_> = rows.iter().map(|((counsellor, name), (_, row))| (*counsellor, name.clone(), row.id)).collect();
    tx.as_service(|tx| {
        let mut fresh: HashSet<(CounsellorId, String)> = HashSet::new();
        for key in reports::claim(tx, &keys)? {
            fresh.insert((key.counsellor_id, key.external_id));
        }
        let old: Vec<_> = keys.iter().filter(|key| !fresh.contains(&(key.0, key.1.clone()))).cloned().collect();
        let counsellors: Vec<_> = old.iter().map(|key| key.0).collect();
        let names: Vec<_> = old.iter().map(|key| key.1.clone()).collect();
        let known = if old.is_empty() { Vec::new() } else { reports::named(tx, &counsellors, &names)? };
        let known: HashMap<(CounsellorId, String), _> = known
            .into_iter()
            .filter_map(|report| Some(((report.counsellor_id, report.external_id.clone()?), report)))
            .collect();
        let (mut created, mut updated) = (Vec::new(), Vec::new());
        for (key, (number, mut row)) in std::mem::take(&mut rows) {
            let status = match known.get(&key) {
                None => ImportStatus::Created,
                Some(report) => {
                    row.id = report.id;
                    if same(report, &row) { ImportStatus::Unchanged } else { ImportStatus::Updated }
                }
            };
            done.push(ImportedLine {
                line: number,
                external_id: Some(key.1),
                status,
                report_id: Some(row.id),
                faults: Vec::new(),
            });
            match status {
                ImportStatus::Created => created.push(row),
                ImportStatus::Updated => updated.push(row),
                ImportStatus::Unchanged | ImportStatus::Refused => {}
            }
        }
        if !created.is_empty() {
            reports::insert(tx, &created)?;
        }
        if !updated.is_empty() {
            reports::update(tx, &updated)?;
        }
        Ok(())
    })
}

/// Whether a report already says all that a line says.
fn same(report: &reports::Report, row: &NewRow) -> bool {
    let c = &row.content;
    let redirections = serde_json::to_value(&c.redirections).unwrap_or_default();
    let texts = |terms: Vec<String>| terms;
    report.structure_id == row.structure_id
        && report.activity == c.activity
        && report.channel == c.channel
        && report.held_on == c.held_on
        && report.place_id == c.place_id
        && report.commune_code == row.commune_code
        && report.duration_minutes == c.duration_minutes
        && report.participants == c.participants
        && report.returning_participants == c.returning
        && report.ages == c.ages
        && report.statuses == c.statuses
        && report.themes == texts(c.themes.iter().map(ToString::to_string).collect())
        && report.sub_themes == texts(c.sub_themes.iter().map(ToString::to_string).collect())
        && report.follow_up_individual == c.follow_up_individual
        && report.follow_up_workshop == c.follow_up_workshop
        && report.redirections == redirections
        && report.note == c.note
}

type Read = (usize, std::result::Result<NewActivityReport, Vec<Fault>>);

fn malformed(reason: &str) -> Problem {
    Problem::new(Code::MalformedRequest).with("reason", reason)
}

fn typed(value: Value) -> std::result::Result<NewActivityReport, Vec<Fault>> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string().replace('.', "/").replace(['[', ']'], "");
        let path = if path == "/" || path == "?" { String::new() } else { path };
        let told = error.inner().to_string();
        // What serde tells of a missing or an unknown member names it between backquotes.
        let named = told.split('`').nth(1).unwrap_or_default();
        if told.starts_with("missing field") {
            return vec![Fault::field(named, FaultCode::Required)];
        }
        if told.starts_with("unknown field") {
            return vec![Fault::field(named, FaultCode::InvalidValue)];
        }
        vec![Fault::field(&path, FaultCode::InvalidValue)]
    })
}

/// A report of a file is no longer than one that is sent alone, in bytes.
const LONGEST_LINE: usize = 64 * 1024;

fn ndjson(file: &str) -> Result<Vec<Read>> {
    let whole = |code| Err(vec![Fault::new(Place::Pointer(String::new()), code)]);
    let lines = file
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        // One more than may be, to know that there are too many.
        .take(MAX_LINES + 1)
        .map(|(at, line)| {
            let read =
                match Some(line).filter(|line| line.len() <= LONGEST_LINE).map(|line| json::parse(line.as_bytes())) {
                    Some(Ok(value)) => typed(value),
                    Some(Err(_)) | None => whole(FaultCode::InvalidValue),
                };
            (at + 1, read)
        });
    bounded(lines.collect())
}

fn bounded(lines: Vec<Read>) -> Result<Vec<Read>> {
    match lines.len() {
        0 => Err(malformed("no line")),
        count if count > MAX_LINES => Err(malformed("more than 50000 lines")),
        _ => Ok(lines),
    }
}

/// Columns of a CSV file: the members of a report; lists are joined by bars, redirections are `caf:2|ccas:1`.
const COLUMNS: [&str; 26] = [
    "external_id",
    "counsellor_id",
    "held_on",
    "activity",
    "channel",
    "place_id",
    "commune_code",
    "duration_minutes",
    "participants_count",
    "returning_count",
    "ages.moins_12",
    "ages.12_18",
    "ages.18_35",
    "ages.35_60",
    "ages.plus_60",
    "statuses.scolarise",
    "statuses.sans_emploi",
    "statuses.en_emploi",
    "statuses.retraite",
    "statuses.heterogene",
    "themes",
    "sub_themes",
    "follow_ups.individual_count",
    "follow_ups.workshop_count",
    "redirections",
    "note",
];

/// What our own exports say beside it.
const IGNORED: [&str; 10] = [
    "id",
    "structure_id",
    "structure_name",
    "commune_name",
    "departement_code",
    "redirected_count",
    "covered",
    "created_at",
    "updated_at",
    "version",
];

fn csv(file: &str) -> Result<Vec<Read>> {
    let header = file.lines().next().unwrap_or_default();
    let delimiter = if header.contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(file.as_bytes());
    let headers = reader.headers().map_err(|_| malformed("the first line does not name the columns"))?.clone();
    let unknown: Vec<Fault> = headers
        .iter()
        .filter(|header| !COLUMNS.contains(header) && !IGNORED.contains(header))
        .take(MOST_FAULTS)
        .map(|header| {
            let name: String = header.chars().filter(|c| c.is_alphanumeric() || matches!(c, '_' | '.')).collect();
            Fault::field(&format!("1/{name}"), FaultCode::UnknownNoGuess).with("known", COLUMNS.join(", "))
        })
        .collect();
    if !unknown.is_empty() {
        return Err(Problem::new(Code::ImportFailed).with("count", 1).faults(unknown));
    }
    let mut lines = Vec::new();
    for record in reader.records().take(MAX_LINES + 1) {
        let record = record.map_err(|e| {
            let line = e.position().map_or(0, csv::Position::line);
            malformed(&format!("line {line} does not have as many columns as the first"))
        })?;
        let number = record.position().map_or(0, |position| position.line() as usize);
        let cells = headers.iter().zip(record.iter()).filter(|(_, cell)| !cell.is_empty());
        lines.push((number, members(cells).and_then(typed)));
    }
    bounded(lines)
}

/// The cells of a line as the members that they stand for.
fn members<'c>(cells: impl Iterator<Item = (&'c str, &'c str)>) -> std::result::Result<Value, Vec<Fault>> {
    let mut members = serde_json::Map::new();
    let mut faults = Vec::new();
    for (column, cell) in cells {
        let number = || {
            cell.parse::<i32>()
                .map(Value::from)
                .map_err(|_| Fault::field(&column.replace('.', "/"), FaultCode::InvalidValue))
        };
        let value = match column {
            ignored if IGNORED.contains(&ignored) => continue,
            "themes" | "sub_themes" => Ok(Value::Array(cell.split('|').map(|code| Value::from(code.trim())).collect())),
            "redirections" => cell
                .split('|')
                .map(|pair| {
                    if pair.starts_with('{') {
                        return serde_json::from_str(pair).ok();
                    }
                    let (body, people) = pair.split_once(':')?;
                    Some(serde_json::json!({"body": body.trim(), "people_count": people.trim().parse::<i32>().ok()?}))
                })
                .collect::<Option<Vec<Value>>>()
                .map(Value::Array)
                .ok_or_else(|| Fault::field("redirections", FaultCode::InvalidValue)),
            "duration_minutes" | "participants_count" | "returning_count" => number(),
            _ if column.contains('.') => number(),
            // An apostrophe neutralises what a spreadsheet would run.
            "note" => Ok(Value::from(
                cell.strip_prefix('\'').filter(|rest| crate::platform::text::harmless(rest) == cell).unwrap_or(cell),
            )),
            _ => Ok(Value::from(cell)),
        };
        match value {
            Ok(value) => match column.split_once('.') {
                Some((outer, inner)) => {
                    let object = members.entry(outer).or_insert_with(|| serde_json::json!({}));
                    object[inner] = value;
                }
                None => drop(members.insert(column.to_owned(), value)),
            },
            Err(fault) => faults.push(fault),
        }
    }
    // Our own exports also tell in which commune a place lies.
    if members.contains_key("place_id") {
        members.remove("commune_code");
    }
    if faults.is_empty() { Ok(Value::Object(members)) } else { Err(faults) }
}
