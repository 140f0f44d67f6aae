//! Files of many lines, each of which is what its list takes one by one: NDJSON, CSV or a spreadsheet.
//!
//! The schema that checks a body checks every line, so that a file tells the same faults in the same words.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::body::{BodyHash, apart, plain, receive};
use super::export::FORMATS;
use super::front::Admitted;
use super::json;
use crate::platform::contract::BodyContract;
use crate::platform::error::{Code, Fault, FaultCode, MOST_FAULTS, Place, Problem, Result};
use crate::platform::table::{self, Row, Table};
use crate::platform::text::is_clean_line;

/// A line of NDJSON is no longer than a body that is sent alone, in bytes.
const LONGEST_LINE: usize = 64 * 1024;
/// Faults that are kept of a line, and of a file: beyond, only the first of each line.
const FAULTS: (usize, usize) = (20, 20_000);

/// How the lines of a list are read.
pub trait Sheet {
    /// What a line becomes.
    type Item: DeserializeOwned + Send + 'static;
    /// Names of the columns that are taken.
    const COLUMNS: &'static [&'static str];
    /// What our own exports say beside it, which is passed over.
    const IGNORED: &'static [&'static str];
    /// The member that names a line.
    const KEY: &'static str;
    /// Most lines of a file.
    const MOST: usize;

    /// The value that a cell stands for. What stands for none stays a text, which the schema then refuses in its own words.
    fn cell(column: &str, cell: &str, french: bool) -> std::result::Result<Value, Fault>;

    /// What the members of a line mean together.
    fn settle(members: &mut Map<String, Value>);
}

/// A line as it was read.
pub struct Line<T> {
    /// Line of the file, from 1.
    pub line: usize,
    /// What the file calls it, also where the line is wrong.
    pub key: Option<String>,
    pub item: std::result::Result<T, Vec<Fault>>,
}

/// The lines of a file.
pub struct Lines<S: Sheet> {
    pub lines: Vec<Line<S::Item>>,
    /// Length of the file in bytes.
    pub length: usize,
}

impl<S: Sheet + 'static> FromRequest for Lines<S> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            let bytes = receive(&request, &mut payload).await?;
            let admitted = request.extensions().get::<Admitted>().cloned();
            let admitted = admitted.ok_or_else(|| Problem::internal("a file read before the door"))?;
            let given = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let given = given.unwrap_or_default().to_owned();
            let (hash, lines) = apart(bytes.len(), move || {
                let line = admitted.operation.line_of_import.as_ref();
                let contract = line.ok_or_else(|| Problem::internal("a file whose lines nobody describes"))?;
                let hash = BodyHash(Sha256::digest(&bytes).into());
                Ok((hash, Self { length: bytes.len(), lines: read::<S>(&given, bytes, contract)? }))
            })
            .await?;
            request.extensions_mut().insert(hash);
            Ok(lines)
        })
    }
}

fn malformed(reason: &str) -> Problem {
    Problem::new(Code::MalformedRequest).with("reason", reason)
}

fn read<S: Sheet>(given: &str, bytes: Vec<u8>, contract: &BodyContract) -> Result<Vec<Line<S::Item>>> {
    let media = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let mut reader = Reading { contract, kept: 0 };
    let lines = if media == FORMATS[1].1 {
        reader.ndjson::<S>(&plain(bytes, given)?)
    } else {
        let read = if media == FORMATS[2].1 {
            table::xlsx(&bytes, S::MOST)
        } else {
            table::csv(&plain(bytes, given)?, S::MOST)
        };
        reader.table::<S>(read.map_err(|reason| malformed(&reason))?)
    }?;
    match lines.len() {
        0 => Err(malformed("no line")),
        count if count > S::MOST => Err(malformed(&format!("more than {} lines", S::MOST))),
        _ => Ok(lines),
    }
}

struct Reading<'c> {
    contract: &'c BodyContract,
    /// Faults that are kept so far.
    kept: usize,
}

impl Reading<'_> {
    fn ndjson<S: Sheet>(&mut self, file: &str) -> Result<Vec<Line<S::Item>>> {
        let lines = file
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            // One more than may be, to know that there are too many.
            .take(S::MOST + 1);
        let read = lines.map(|(at, text)| {
            let whole = |code| vec![Fault::new(Place::Pointer(String::new()), code)];
            let value = Some(text).filter(|text| text.len() <= LONGEST_LINE).map(|text| json::parse(text.as_bytes()));
            match value {
                Some(Ok(Value::Object(mut members))) => {
                    members.retain(|name, _| !S::IGNORED.contains(&name.as_str()));
                    self.line::<S>(at + 1, members, Vec::new())
                }
                _ => Line { line: at + 1, key: None, item: Err(whole(FaultCode::InvalidValue)) },
            }
        });
        Ok(read.collect())
    }

    fn table<S: Sheet>(&mut self, table: Table) -> Result<Vec<Line<S::Item>>> {
        let known = |column: &&String| {
            column.is_empty() || S::COLUMNS.contains(&column.as_str()) || S::IGNORED.contains(&column.as_str())
        };
        let unknown = table.columns.iter().filter(|column| !known(column)).take(MOST_FAULTS);
        let faults: Vec<Fault> = unknown
            .map(|column| {
                let name: String = column.chars().filter(|c| c.is_alphanumeric() || matches!(c, '_' | '.')).collect();
                Fault::field(&format!("1/{name}"), FaultCode::UnknownNoGuess).with("known", S::COLUMNS.join(", "))
            })
            .collect();
        if table.columns.len() == 1 && !faults.is_empty() {
            return Err(malformed("the first line names one column: columns stand between commas, semicolons or tabs"));
        }
        if !faults.is_empty() {
            return Err(Problem::new(Code::ImportFailed).with("count", 1).faults(faults));
        }
        let Table { columns, rows, french } = table;
        Ok(rows.into_iter().map(|row| self.row::<S>(&row, &columns, french)).collect())
    }

    /// The cells of a row as the members that they stand for.
    fn row<S: Sheet>(&mut self, row: &Row, columns: &[String], french: bool) -> Line<S::Item> {
        let mut members = Map::new();
        let mut faults = Vec::new();
        if row.overflows(columns) {
            faults.push(Fault::new(Place::Pointer(String::new()), FaultCode::TooMany).with("limit", columns.len()));
        }
        for (column, cell) in row.named(columns).filter(|(column, _)| !S::IGNORED.contains(column)) {
            let value = match S::cell(column, cell, french) {
                Ok(value) => value,
                Err(fault) => {
                    faults.push(fault);
                    continue;
                }
            };
            match column.split_once('.') {
                Some((outer, inner)) => {
                    let object = members.entry(outer).or_insert_with(|| Value::Object(Map::new()));
                    object[inner] = value;
                }
                None => drop(members.insert(column.to_owned(), value)),
            }
        }
        self.line::<S>(row.line, members, faults)
    }

    fn line<S: Sheet>(
        &mut self,
        line: usize,
        mut members: Map<String, Value>,
        mut faults: Vec<Fault>,
    ) -> Line<S::Item> {
        S::settle(&mut members);
        let key =
            members.get(S::KEY).and_then(Value::as_str).filter(|key| key.chars().count() <= 100 && is_clean_line(key));
        let key = key.map(ToOwned::to_owned);
        if members.get(S::KEY).is_none_or(Value::is_null) {
            faults.push(Fault::field(S::KEY, FaultCode::Required));
        }
        let told: Vec<Place> = faults.iter().map(|fault| fault.place.clone()).collect();
        let item = match self.contract.check_value(Value::Object(members)) {
            Ok(value) if faults.is_empty() => serde_json::from_value(value).map_err(|_| {
                // What fits its schema and no type is a gap between both.
                vec![Fault::new(Place::Pointer(String::new()), FaultCode::InvalidValue)]
            }),
            Ok(_) => Err(faults),
            Err(problem) if problem.code().status() < 500 => {
                faults.extend(problem.into_faults().into_iter().filter(|fault| !told.contains(&fault.place)));
                Err(faults)
            }
            Err(_) => Err(vec![Fault::new(Place::Pointer(String::new()), FaultCode::InvalidValue)]),
        };
        Line { line, key, item: item.map_err(|faults| self.some(faults)) }
    }

    /// As many faults as are kept.
    fn some(&mut self, mut faults: Vec<Fault>) -> Vec<Fault> {
        faults.truncate(if self.kept < FAULTS.1 { FAULTS.0 } else { 1 });
        self.kept += faults.len();
        faults
    }
}
