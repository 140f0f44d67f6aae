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
use crate::platform::text;

/// Most lines that one file may hold.
const MAX_LINES: usize = 5000;

/// A line as it was read: what the columns say, in text.
#[derive(Debug, Deserialize)]
struct Line {
    application_reference: String,
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
    let mut faults = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for (number, line) in lines {
        let at = |column: &str| Place::Pointer(format!("/{number}/{column}"));
        let reference = line.application_reference.trim().to_owned();
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
    Err(Problem::new(Code::ImportFailed).with("count", faults.len()).faults(faults))
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

/// The lines with their numbers in the file. Commas or semicolons, as spreadsheets write them.
fn read(file: &str) -> Result<Vec<(u64, Line)>> {
    let malformed = |reason: &str| Problem::new(Code::MalformedRequest).with("reason", reason);
    let header = file.lines().next().unwrap_or_default();
    let delimiter = if header.contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .flexible(false)
        .from_reader(file.as_bytes());
    let headers = reader.headers().map_err(|_| malformed("the first line does not name the columns"))?.clone();
    let mut faults = Vec::new();
    for required in &COLUMNS[..2] {
        if !headers.iter().any(|header| header == *required) {
            faults.push(Fault::new(Place::Pointer("/1".into()), FaultCode::MissingColumn).with("column", required));
        }
    }
    for unknown in headers.iter().filter(|header| !COLUMNS.contains(header)).take(MOST_FAULTS) {
        let pointer =
            format!("/1/{}", unknown.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect::<String>());
        faults.push(Fault::new(Place::Pointer(pointer), FaultCode::UnknownNoGuess).with("known", COLUMNS.join(", ")));
    }
    if !faults.is_empty() {
        return Err(Problem::new(Code::ImportFailed).with("count", 1).faults(faults));
    }
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| {
            let line = e.position().map_or(0, csv::Position::line);
            malformed(&format!("line {line} does not have as many columns as the first"))
        })?;
        let number = record.position().map_or(0, csv::Position::line);
        let line =
            record.deserialize(Some(&headers)).map_err(|_| malformed(&format!("line {number} cannot be read")))?;
        lines.push((number, line));
        if lines.len() > MAX_LINES {
            return Err(malformed("more than 5000 lines"));
        }
    }
    if lines.is_empty() {
        return Err(malformed("no line beside the first"));
    }
    Ok(lines)
}

/// A number of posts as a cell writes it, or what is wrong with it.
fn posts_of(text: &str) -> Result<i32, (FaultCode, Option<i32>)> {
    match text.parse::<i64>() {
        Ok(posts) if posts < 1 => Err((FaultCode::TooSmall, Some(1))),
        Ok(posts) if posts > 500 => Err((FaultCode::TooLarge, Some(500))),
        Ok(posts) => i32::try_from(posts).map_err(|_| (FaultCode::TooLarge, Some(500))),
        Err(_) => Err((FaultCode::NotInteger, None)),
    }
}

/// The decision that a line stands for, or the faults of its columns.
fn input(tx: &mut Tx<'_>, line: &Line, at: &dyn Fn(&str) -> Place) -> Result<Result<DecisionInput, Vec<Fault>>> {
    let mut faults = Vec::new();
    let outcome = Outcome::parse(&line.outcome);
    if outcome.is_none() {
        let allowed = Outcome::ALL.iter().map(|o| o.as_str()).collect::<Vec<_>>().join(", ");
        faults.push(Fault::new(at("outcome"), FaultCode::NotInList).with("allowed", allowed));
    }
    let posts_granted = match line.posts_granted.as_str() {
        "" => None,
        text => posts_of(text)
            .map_err(|(code, limit)| {
                let fault = Fault::new(at("posts_granted"), code);
                faults.push(limit.map_or(fault.clone(), |limit| fault.with("limit", limit)));
            })
            .ok(),
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
    let observations = Some(line.observations.clone()).filter(|text| !text.is_empty());
    if observations.as_ref().is_some_and(|o| !text::is_clean_text(o) || o.chars().count() > 2000) {
        faults.push(Fault::new(at("observations"), FaultCode::InvalidText));
    }
    let mut reservation_id = None;
    if !line.reservation_reference.is_empty() {
        match reservations::service::find_by_reference(tx, &line.reservation_reference)? {
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
