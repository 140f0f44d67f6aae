//! Lists that show all of each row (`view=full`): every row gets what its detail says, from the very function that answers it
//! alone. So no member exists only one by one, and whoever adds one to a detail has added it to pages and files.

use std::collections::BTreeSet;

use serde_json::Value;
use uuid::Uuid;

use super::Reply;
use crate::platform::db::Reader;
use crate::platform::error::{Code, Problem, Result};
use crate::platform::http::rehearsal::Detail;
use crate::platform::journal::Shown;

/// Rows of a page that shows all of each.
pub const MOST: i64 = 100;

impl Reply {
    /// The same list, with all members of each row's detail, as this reader may see them in the same snapshot.
    pub fn in_full(mut self, reader: &mut Reader<'_>, detail: &Detail) -> Result<Self> {
        let mut people = BTreeSet::new();
        if let Some(batch) = &mut self.batch {
            batch.rows.iter_mut().try_for_each(|row| complete(row, reader, detail, &mut people))?;
        } else {
            let mut page = self.json().ok_or_else(|| Problem::internal("a page that is no JSON"))?;
            let rows = page.get_mut("data").and_then(Value::as_array_mut).into_iter().flatten();
            rows.into_iter().try_for_each(|row| complete(row, reader, detail, &mut people))?;
            self.body = Some(super::bytes(&page)?);
        }
        let resource = detail.path.split('/').nth(3).unwrap_or_default();
        if let Some(shown) = self.shown.take() {
            people.extend(shown.people);
        }
        Ok(self.shows(resource, None, people.into_iter().collect()))
    }
}

/// Adds to a row what its detail says. A row that this caller may not read alone stays as the list tells it.
fn complete(row: &mut Value, reader: &mut Reader<'_>, detail: &Detail, people: &mut BTreeSet<Uuid>) -> Result<()> {
    let id = row["id"].as_str().and_then(|id| Uuid::try_parse(id).ok());
    let (Some(id), Some(members)) = (id, row.as_object_mut()) else {
        return Err(Problem::internal(format!("a row without an identifier, of {}", detail.path)));
    };
    let answer = (detail.show)(reader, id);
    reader.narrow()?;
    let reply = match answer {
        Err(problem) if problem.code() == Code::NotFound => return Ok(()),
        answer => answer?,
    };
    people.extend(reply.shown().into_iter().flat_map(|Shown { people, .. }| people.iter().copied()));
    match reply.json() {
        Some(Value::Object(all)) => members.extend(all),
        _ => return Err(Problem::internal(format!("no object at {}", detail.path))),
    }
    Ok(())
}
