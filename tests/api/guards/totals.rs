//! The total of a list is the number of its rows, whoever asks.

use conum::platform::auth::Actor;
use serde_json::json;

use super::operations::{self, Operation};
use super::{looked_at, none};
use crate::support::App;
use crate::support::builders::prefecture;
use crate::trainings::moved_scene;

/// Longest list that is read to its end for every caller; longer ones (the communes) once.
const LONG: i64 = 2000;

/// The total that is told, and the rows found by following `links.next`; nothing where the list is not this caller's.
fn counted(app: &App, operation: &Operation, actor: &Actor, whole: bool) -> Option<(i64, i64)> {
    let limit = if whole { "500" } else { "2" };
    let first = operation.with_required(app.get(&operation.path())).by(actor).query("limit", limit).send();
    if first.status != 200 {
        return None;
    }
    let total = first.at("/meta/total").as_i64()?;
    if !whole && total > 20 {
        return if total > LONG { None } else { counted(app, operation, actor, true) };
    }
    let mut rows = first.json()["data"].as_array().map_or(0, Vec::len);
    let mut next = first.at("/links/next");
    while let Some(link) = next.as_str() {
        let page = app.get(link).by(actor).expect(200);
        rows += page.json()["data"].as_array().map_or(0, Vec::len);
        next = page.at("/links/next");
    }
    Some((total, rows as i64))
}

#[test]
fn a_list_has_as_many_rows_as_it_tells() {
    let (app, former, current, person, _) = moved_scene();
    let mut callers: Vec<Actor> = operations::roles().iter().map(|role| operations::actor(*role)).collect();
    callers.extend([former, current, person, prefecture("46")]);
    let (mut lists, mut full, mut wrong) = (0, 0, Vec::new());
    for operation in operations::all(&app.document()).iter().filter(|o| o.id.starts_with("list_")) {
        let mut answered = false;
        for actor in &callers {
            let Some((total, rows)) = counted(&app, operation, actor, false) else { continue };
            answered = true;
            full += usize::from(total > 0);
            if total != rows {
                wrong.push(format!("{} by {actor:?}: {}", operation.id, json!({"total": total, "rows": rows})));
            }
        }
        lists += usize::from(answered);
    }
    looked_at(lists, "lists read to their end");
    looked_at(full, "of their answers with rows");
    none(&wrong, "totals that are not the rows");
}
