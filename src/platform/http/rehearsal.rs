//! Dry runs: what would be, and of people nothing that the caller does not see today.
//!
//! A change may open what was closed, such as contact data once both sides agree. Its rehearsal is rolled back, so it must
//! not show what only the change would have opened: what stands in an answer about people is held against the reading of
//! the same resource by the same caller before.

use serde_json::Value;
use uuid::Uuid;

use super::reply::Reply;
use crate::platform::db::Reader;
use crate::platform::error::Result;

/// How one resource is shown to somebody who reads it.
#[derive(Clone, Copy)]
pub struct Detail {
    /// Its path in the document, such as `/api/v1/matches/{id}`. Operations below it are changes of it.
    pub path: &'static str,
    pub show: fn(&mut Reader<'_>, Uuid) -> Result<Reply>,
}

/// The details of all features.
#[derive(Clone, Copy)]
pub struct Details(pub &'static [Detail]);

impl Details {
    /// The resource that an operation at this path changes.
    pub fn of(&self, path: &str) -> Option<&'static Detail> {
        let fits = |detail: &&Detail| {
            path.strip_prefix(detail.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.0.iter().filter(fits).max_by_key(|detail| detail.path.len())
    }
}

/// The body as the caller sent it: what stands in it is no news to them.
#[derive(Clone, Debug)]
pub struct Sent(pub Value);

/// What is said of a person beside the name, in an object that names somebody.
const SUFFIXES: [&str; 5] = ["first_name", "last_name", "email", "phone", "motivation"];

/// Takes out of an answer what is said of people, unless the caller saw it before or sent it.
pub fn veil(answer: &mut Value, before: Option<&Value>, sent: Option<&Value>) {
    walk(answer, before, sent, false);
}

fn walk(answer: &mut Value, before: Option<&Value>, sent: Option<&Value>, nested: bool) {
    match answer {
        Value::Object(members) => {
            let names_somebody = members.keys().any(|name| name.ends_with("last_name"));
            for (name, member) in members.iter_mut() {
                let (before, sent) = (before.and_then(|b| b.get(name)), sent.and_then(|s| s.get(name)));
                let identifies = name == "id" || name == "reference" || name.ends_with("_id");
                // Within another resource, an object with a name is somebody's sheet: all of it is theirs.
                let personal =
                    names_somebody && !identifies && (nested || SUFFIXES.iter().any(|suffix| name.ends_with(suffix)));
                if !personal {
                    walk(member, before, sent, true);
                } else if before.is_none_or(Value::is_null) && sent.is_none() {
                    *member = Value::Null;
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                let same = before.and_then(Value::as_array).and_then(|rows| rows.iter().find(|row| is_same(row, item)));
                walk(item, same, None, true);
            }
        }
        _ => {}
    }
}

/// Whether two rows of a list are about the same: the first identifier decides.
fn is_same(one: &Value, other: &Value) -> bool {
    let id = |row: &'_ Value| {
        let members = row.as_object()?;
        members.iter().find(|(name, _)| *name == "id" || name.ends_with("_id")).map(|(_, id)| id.clone())
    };
    id(one).is_some_and(|one| Some(one) == id(other))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn veiled(mut answer: Value, before: Option<Value>, sent: Option<Value>) -> Value {
        veil(&mut answer, before.as_ref(), sent.as_ref());
        answer
    }

    #[test]
    fn what_only_the_change_would_open_stays_closed() {
        let after = json!({"id": "m", "status": "mutual", "candidate": {"id": "c", "last_name": "N", "email": "e"}});
        let before =
            json!({"id": "m", "status": "proposed", "candidate": {"id": "c", "last_name": "N", "email": null}});
        let shown = json!({"id": "m", "status": "mutual", "candidate": {"id": "c", "last_name": "N", "email": null}});
        assert_eq!(veiled(after.clone(), Some(before), None), shown);
        let closed = json!({"id": "m", "status": "mutual", "candidate": {"id": "c", "last_name": null, "email": null}});
        assert_eq!(veiled(after, None, None), closed);
    }

    #[test]
    fn what_the_caller_sent_or_saw_stays() {
        let after = json!({"last_name": "N", "phone": "+33612345678", "structure_name": "S"});
        let sent = json!({"phone": "06 12 34 56 78"});
        let shown = json!({"last_name": null, "phone": "+33612345678", "structure_name": "S"});
        assert_eq!(veiled(after.clone(), None, Some(sent)), shown);
        assert_eq!(veiled(after.clone(), Some(json!({"last_name": "O", "phone": "1"})), None), after);
        let place = json!({"name": "Mairie", "phone": "+33553000000", "email": "m@example.org"});
        assert_eq!(veiled(place.clone(), None, None), place, "a place is nobody");
    }

    #[test]
    fn rows_are_compared_with_their_own() {
        let after =
            json!({"counsellors": [{"counsellor_id": 1, "last_name": "A"}, {"counsellor_id": 2, "last_name": "B"}]});
        let before = json!({"counsellors": [{"counsellor_id": 2, "last_name": "B"}]});
        let shown =
            json!({"counsellors": [{"counsellor_id": 1, "last_name": null}, {"counsellor_id": 2, "last_name": "B"}]});
        assert_eq!(veiled(after, Some(before), None), shown);
    }
}
