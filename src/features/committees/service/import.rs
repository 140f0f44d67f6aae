//! Decisions from a spreadsheet: all of them, or none with a fault for each wrong line.

use serde::Deserialize;

use super::super::dto::DecisionInput;
use super::super::model::{CommitteeStatus, Outcome};
use super::super::store;
use super::sessions::require_status;
use super::{decisions, lock};
use crate::features::{applications, reservations};
use crate::platform::db::Tx;
use crate::platform::db::text_enum::TextEnum;
use crate::platform::error::{Code, Fault, FaultCode, MOST_FAULTS, Place, Problem, Result};
use crate::platform::ids::CommitteeId;
use crate::platform::{table, text};

/// Most lines that one file may hold.
const MAX_LINES: usize = 5000;

/// A line as it was read: what the columns say, in text.
#[derive(Debug, Deserialize)]
struct Line {
    #[serde(default)]
    application_reference: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    posts_granted: String,
    #[serde(default)]
    observations: String,
    #[serde(default)]
    priority: String,
    #[serde(default)]
    beyond_request: String,
    #[serde(default)]
    without_opinion: String,
    #[serde(default)]
    reservation_reference: String,
}

/// What became of a line.
#[derive(Clone, Debug)]
pub struct ImportedLine {
    pub line: u64,
    pub application_reference: String,
    pub outcome: Outcome,
    pub posts_granted: Option<i32>,
}

const COLUMNS: [&str; 8] = [
    "application_reference",
    "outcome",
    "posts_granted",
    "observations",
    "priority",
    "beyond_request",
    "without_opinion",
    "reservation_reference",
];

pub fn import(tx: &mut Tx<'_>, id: CommitteeId, file: &str) -> Result<Vec<ImportedLine>> {
    let committee = lock(tx, id)?;
    require_status(&committee, &[CommitteeStatus::InSession])?;
    let lines = read(file)?;
    let applications = applications::service::lock_agenda(tx, id)?;
    let mut imported = Vec::new();
    let mut faults: Vec<Fault> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for (number, line) in lines {
        let at = |column: &str| Place::Pointer(format!("/{number}/{column}"));
        let reference = line.application_reference.to_uppercase();
        let Some(application) = applications.iter().find(|a| a.reference == reference) else {
            faults.push(Fault::new(at("application_reference"), FaultCode::UnknownId));
            continue;
        };
        if !seen.insert(reference.clone()) {
            faults.push(Fault::new(at("application_reference"), FaultCode::Repeated));
            continue;
        }
        let input = match input(tx, &line, &at)? {
            Ok(input) => input,
            Err(found) => {
                faults.extend(found);
                continue;
            }
        };
        match decisions::write(tx, &committee, application, None, &input) {
            Ok(item) => imported.push(ImportedLine {
                line: number,
                application_reference: reference,
                outcome: input.outcome,
                posts_granted: item.posts_granted,
            }),
            Err(problem) if problem.code().status() < 500 => faults.extend(explained(&problem, number)),
            Err(problem) => return Err(problem),
        }
    }
    if faults.is_empty() {
        store::touch(tx, id)?;
        return Ok(imported);
    }
    let line_of = |fault: &Fault| match &fault.place {
        Place::Pointer(pointer) => pointer.split('/').nth(1).map(ToOwned::to_owned),
        _ => None,
    };
    let wrong: std::collections::BTreeSet<String> = faults.iter().filter_map(line_of).collect();
    Err(Problem::new(Code::ImportFailed).with("count", wrong.len()).faults(faults))
}

/// The refusal of one line, as faults of that line.
fn explained(problem: &Problem, number: u64) -> Vec<Fault> {
    let faults: Vec<Fault> = problem
        .fault_list()
        .iter()
        .map(|fault| {
            let place = match &fault.place {
                Place::Pointer(pointer) => Place::Pointer(format!("/{number}{pointer}")),
                other => other.clone(),
            };
            Fault { place, ..fault.clone() }
        })
        .collect();
    if !faults.is_empty() {
        return faults;
    }
    let text = problem.code().text(crate::platform::problems::Language::French);
    let params = problem.params().iter().map(|(name, value)| (*name, value.as_ref()));
    let reason = crate::platform::problems::fill(text.detail, params);
    vec![Fault::new(Place::Pointer(format!("/{number}")), FaultCode::TransitionRefused).with("reason", reason)]
}

/// The lines with their numbers in the file, between commas, semicolons or tabs.
fn read(file: &str) -> Result<Vec<(u64, Line)>> {
    let malformed = |reason: &str| Problem::new(Code::MalformedRequest).with("reason", reason);
    let table = table::csv(file, MAX_LINES).map_err(|reason| malformed(&reason))?;
    let mut faults = Vec::new();
    for required in &COLUMNS[..2] {
        if !table.columns.iter().any(|column| column == *required) {
            faults.push(Fault::new(Place::Pointer("/1".into()), FaultCode::MissingColumn).with("column", required));
        }
    }
    let unknown = table.columns.iter().filter(|column| !column.is_empty() && !COLUMNS.contains(&column.as_str()));
    for unknown in unknown.take(MOST_FAULTS) {
        let pointer =
            format!("/1/{}", unknown.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect::<String>());
        faults.push(Fault::new(Place::Pointer(pointer), FaultCode::UnknownNoGuess).with("known", COLUMNS.join(", ")));
    }
    let longer = table.rows.iter().filter(|row| row.overflows(&table.columns));
    faults.extend(longer.map(|row| {
        Fault::new(Place::Pointer(format!("/{}", row.line)), FaultCode::TooMany).with("limit", table.columns.len())
    }));
    if !faults.is_empty() {
        return Err(Problem::new(Code::ImportFailed).with("count", 1).faults(faults));
    }
    if table.rows.is_empty() {
        return Err(malformed("no line beside the first"));
    }
    let mut lines = Vec::new();
    for row in &table.rows {
        let cells = row.named(&table.columns).map(|(column, cell)| (column.to_owned(), cell.into()));
        let line = serde_json::from_value(serde_json::Value::Object(cells.collect()));
        let line: Line = line.map_err(|_| malformed(&format!("line {} cannot be read", row.line)))?;
        lines.push((row.line as u64, line));
    }
    Ok(lines)
}

/// The decision that a line stands for, or the faults of its columns.
fn input(tx: &mut Tx<'_>, line: &Line, at: &dyn Fn(&str) -> Place) -> Result<Result<DecisionInput, Vec<Fault>>> {
    let mut faults = Vec::new();
    let outcome = Outcome::parse(&table::code_of::<Outcome>(&line.outcome));
    if outcome.is_none() {
        let allowed = Outcome::ALL.iter().map(|o| o.as_str()).collect::<Vec<_>>().join(", ");
        faults.push(Fault::new(at("outcome"), FaultCode::NotInList).with("allowed", allowed));
    }
    let posts_granted = match line.posts_granted.as_str() {
        "" => None,
        // Decisions come from French spreadsheets: one post may be `1,0`.
        text => match table::number(text, true) {
            Some(posts) if (1.0..=500.0).contains(&posts) && posts.fract() == 0.0 => Some(posts as i32),
            wrong => {
                let at = at("posts_granted");
                faults.push(match wrong {
                    Some(posts) if posts > 500.0 => Fault::new(at, FaultCode::TooLarge).with("limit", 500),
                    Some(posts) if posts < 1.0 => Fault::new(at, FaultCode::TooSmall).with("limit", 1),
                    _ => Fault::new(at, FaultCode::NotInteger),
                });
                None
            }
        },
    };
    let mut yes = |column: &str, text: &str| match text.to_lowercase().as_str() {
        "" => None,
        "oui" | "true" | "1" | "vrai" => Some(true),
        "non" | "false" | "0" | "faux" => Some(false),
        _ => {
            faults.push(Fault::new(at(column), FaultCode::NotInList).with("allowed", "oui, non, true, false"));
            None
        }
    };
    let priority = yes("priority", &line.priority);
    let beyond_request = yes("beyond_request", &line.beyond_request);
    let without_opinion = yes("without_opinion", &line.without_opinion);
    let observations = Some(table::unguarded(&line.observations).to_owned()).filter(|text| !text.is_empty());
    if observations.as_ref().is_some_and(|o| !text::is_clean_text(o) || o.chars().count() > 2000) {
        faults.push(Fault::new(at("observations"), FaultCode::InvalidText));
    }
    let mut reservation_id = None;
    if !line.reservation_reference.is_empty() {
        match reservations::service::find_by_reference(tx, &line.reservation_reference.to_uppercase())? {
            Some(reservation) => reservation_id = Some(reservation.id),
            None => faults.push(Fault::new(at("reservation_reference"), FaultCode::UnknownId)),
        }
    }
    Ok(match outcome {
        Some(outcome) if faults.is_empty() => Ok(DecisionInput {
            outcome,
            posts_granted,
            observations,
            priority,
            beyond_request,
            without_opinion,
            reservation_id,
        }),
        _ => Err(faults),
    })
}
