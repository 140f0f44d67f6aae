//! Days that a body may name: every date of a request has bounds, and the document says which.

use chrono::{NaiveDate, TimeDelta};
use serde_json::{Value, json};

use super::schema::resolve;
use crate::platform::error::{Fault, FaultCode, MOST_FAULTS, Place};
use crate::platform::http::json::escape;

/// Member of a schema that holds the bounds of its day: `from` and `to`, each a date, or `today` and so many days.
pub const BOUNDS: &str = "x-days";

/// What holds where a field says nothing else: from the scheme's first year to ten years ahead.
pub fn usual() -> Value {
    json!({"from": "2020-01-01", "to": "today+3653"})
}

/// One end of the days that a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    On(NaiveDate),
    /// So many days from today.
    From(i64),
}

impl Edge {
    fn read(text: &str) -> Option<Self> {
        match text.strip_prefix("today") {
            Some("") => Some(Self::From(0)),
            Some(days) => days.parse().ok().map(Self::From),
            None => text.parse().ok().map(Self::On),
        }
    }

    fn day(self, today: NaiveDate) -> NaiveDate {
        match self {
            Self::On(day) => day,
            Self::From(days) => today + TimeDelta::days(days),
        }
    }
}

/// The days that one member of a body takes.
#[derive(Clone, Debug)]
pub struct Days {
    /// Names of the members that lead to it; `None` for each item of a list.
    path: Vec<Option<String>>,
    from: Edge,
    to: Edge,
}

/// Every day in a schema. Fails on one without bounds, or with bounds that cannot be read.
pub fn collect(document: &Value, schema: &Value) -> Result<Vec<Days>, String> {
    let (mut path, mut found) = (Vec::new(), Vec::new());
    walk(document, schema, &mut path, &mut found)?;
    Ok(found)
}

fn walk(document: &Value, schema: &Value, path: &mut Vec<Option<String>>, found: &mut Vec<Days>) -> Result<(), String> {
    let schema = resolve(document, schema);
    if schema["format"] == "date" {
        let edge = |name: &str| schema[BOUNDS][name].as_str().and_then(Edge::read);
        let (Some(from), Some(to)) = (edge("from"), edge("to")) else {
            return Err(format!("a day without bounds: {path:?}"));
        };
        found.push(Days { path: path.clone(), from, to });
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        path.push(Some(name.clone()));
        walk(document, member, path, found)?;
        path.pop();
    }
    for choice in ["oneOf", "anyOf", "allOf"].iter().filter_map(|kind| schema[*kind].as_array()).flatten() {
        walk(document, choice, path, found)?;
    }
    if schema["items"].is_object() {
        path.push(None);
        walk(document, &schema["items"], path, found)?;
        path.pop();
    }
    Ok(())
}

/// The days of a body that lie outside their bounds.
pub fn faults(days: &[Days], value: &Value, today: NaiveDate) -> Vec<Fault> {
    let mut found = Vec::new();
    for days in days {
        days.look(&days.path, value, String::new(), today, &mut found);
    }
    found
}

impl Days {
    fn look(&self, path: &[Option<String>], value: &Value, at: String, today: NaiveDate, found: &mut Vec<Fault>) {
        // No more than is ever told.
        if found.len() > MOST_FAULTS {
            return;
        }
        match path.split_first() {
            None => found.extend(self.fault(value, at, today)),
            Some((Some(name), rest)) => {
                if let Some(member) = value.get(name) {
                    self.look(rest, member, format!("{at}/{}", escape(name)), today, found);
                }
            }
            Some((None, rest)) => {
                for (rank, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.look(rest, item, format!("{at}/{rank}"), today, found);
                }
            }
        }
    }

    fn fault(&self, value: &Value, at: String, today: NaiveDate) -> Option<Fault> {
        let day: NaiveDate = value.as_str()?.parse().ok()?;
        let (first, last) = (self.from.day(today), self.to.day(today));
        let (code, limit) = match () {
            () if day < first => (FaultCode::TooSmall, first),
            () if day > last => (FaultCode::TooLarge, last),
            () => return None,
        };
        Some(Fault::new(Place::Pointer(at), code).with("limit", limit))
    }
}
