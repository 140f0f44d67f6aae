//! Reports from a file: each line stands for itself, and the same file again changes nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value};

use super::reports::{Atlas, settle};
use crate::features::activity::dto::NewActivityReport;
use crate::features::activity::model::{ActivityKind, Channel, Content, RedirectionBody, SubTheme, Theme};
use crate::features::activity::store::contracts::{self, Contract};
use crate::features::activity::store::reports::{self, NewRow};
use crate::platform::auth::Actor;
use crate::platform::db::Tx;
use crate::platform::error::{Fault, FaultCode, Problem, Result};
use crate::platform::http::import::{self, Sheet};
use crate::platform::ids::{ActivityReportId, CounsellorId};
use crate::platform::table::{self, code_of};
use crate::text_enum;

/// Most lines that one file may hold.
const MAX_LINES: usize = 50_000;
/// Lines that are written by one statement.
const BATCH: usize = 1000;

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

/// Lines of activity reports.
pub struct ReportSheet;

pub fn import(tx: &mut Tx<'_>, lines: &[import::Line<NewActivityReport>]) -> Result<Imported> {
    let (contracts, own) = known(tx)?;
    let mut done = Vec::new();
    let mut atlas = Atlas::default();
    let mut seen = HashSet::new();
    let mut batch = Vec::new();
    for line in lines {
        match check(line, own, &contracts, &mut seen) {
            Ok((counsellor, content)) => {
                let external_id = line.key.clone().unwrap_or_default();
                batch.push(Line { number: line.line, external_id, counsellor, content });
            }
            Err(faults) => done.push(refused(line.line, line.key.clone(), faults)),
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

/// Whose report a line is and what it says, or everything that is wrong with it by itself.
fn check(
    line: &import::Line<NewActivityReport>,
    own: Option<CounsellorId>,
    contracts: &Contracts,
    seen: &mut HashSet<(CounsellorId, String)>,
) -> std::result::Result<(CounsellorId, Content), Vec<Fault>> {
    let new = line.item.as_ref().map_err(Clone::clone)?;
    let mut faults = Vec::new();
    let counsellor = match (own, new.counsellor_id) {
        (Some(own), None) => Ok(own),
        (Some(own), Some(named)) if own == named => Ok(own),
        (None, Some(named)) if contracts.contains_key(&named) => Ok(named),
        (None, None) => Err(FaultCode::Required),
        _ => Err(FaultCode::UnknownId),
    };
    let counsellor = counsellor.map_err(|code| faults.push(Fault::field("counsellor_id", code)));
    match (&counsellor, &line.key) {
        (Ok(counsellor), Some(key)) if !seen.insert((*counsellor, key.clone())) => {
            faults.push(Fault::field("external_id", FaultCode::Repeated));
        }
        (_, None) => faults.push(Fault::field("external_id", FaultCode::Required)),
        _ => {}
    }
    let content = new.content().map_err(|problem| faults.extend(problem.into_faults()));
    match (counsellor, content) {
        (Ok(counsellor), Ok(content)) if faults.is_empty() => Ok((counsellor, content)),
        _ => Err(faults),
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

impl Sheet for ReportSheet {
    type Item = NewActivityReport;
    /// The members of a report; lists are joined by bars, redirections are `caf:2|ccas:1`.
    const COLUMNS: &'static [&'static str] = &[
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
    const IGNORED: &'static [&'static str] = &[
        "id",
        "structure_id",
        "structure_name",
        "commune_name",
        "departement_code",
        "redirected_count",
        "created_at",
        "updated_at",
        "version",
    ];
    const KEY: &'static str = "external_id";
    const MOST: usize = MAX_LINES;

    fn cell(column: &str, cell: &str, french: bool) -> std::result::Result<Value, Fault> {
        let plain = table::unguarded(cell);
        let several = |term: fn(&str) -> String| plain.split('|').map(|word| term(word.trim()).into()).collect();
        Ok(match column {
            "held_on" => table::day(plain, french).into(),
            "activity" => code_of::<ActivityKind>(plain).into(),
            "channel" => code_of::<Channel>(plain).into(),
            "themes" => Value::Array(several(code_of::<Theme>)),
            "sub_themes" => Value::Array(several(code_of::<SubTheme>)),
            "redirections" => redirections(plain, french)?,
            _ if column.contains('.') || column.ends_with("_count") || column == "duration_minutes" => {
                number(plain, french)
            }
            _ => plain.into(),
        })
    }

    fn settle(members: &mut Map<String, Value>) {
        // Our own exports also tell in which commune a place lies.
        if members.get("place_id").is_some_and(|place| !place.is_null()) {
            members.remove("commune_code");
        }
    }
}

/// A number where the cell stands for one, a whole one as such; the text as it is otherwise.
fn number(cell: &str, french: bool) -> Value {
    match table::number(cell, french) {
        Some(whole) if whole.fract() == 0.0 && whole.abs() < 1e15 => (whole as i64).into(),
        Some(number) => number.into(),
        None => cell.into(),
    }
}

/// `caf:2|ccas:1`, or the objects that our own exports write.
fn redirections(cell: &str, french: bool) -> std::result::Result<Value, Fault> {
    let one = |pair: &str| {
        if pair.starts_with('{') {
            return serde_json::from_str(pair).ok();
        }
        let (body, people) = pair.split_once(':')?;
        let body = code_of::<RedirectionBody>(body.trim());
        Some(serde_json::json!({"body": body, "people_count": number(people.trim(), french)}))
    };
    let read: Option<Vec<Value>> = cell.split('|').map(one).collect();
    read.map(Value::Array)
        .ok_or_else(|| Fault::field("redirections", FaultCode::InvalidFormat).with("format", "caf:2|ccas:1"))
}
