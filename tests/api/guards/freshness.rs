//! A 304 is always true: an entity tag is the same exactly where the answer is, whatever has changed and whoever asks.

use std::collections::BTreeMap;

use conum::platform::auth::policy::Line;
use conum::platform::auth::{Actor, Role, Territory};
use conum::platform::ids::StructureId;
use serde_json::Value;

use super::operations::{self, Operation};
use super::{looked_at, none};
use crate::support::App;

/// Readings that have an entity tag.
fn tagged(app: &App) -> Vec<Operation> {
    operations::all(&app.document()).into_iter().filter(|o| o.method == "GET" && o.declares(304)).collect()
}

/// Who may ask: the country, the prefecture and employer who have most, and the public.
fn callers(app: &App, line: &Line) -> Vec<Option<Actor>> {
    let mut owner = app.database.owner();
    let busiest = owner.column(
        "select structure_id::text from posts p where exists (select from agreements a where a.structure_id = p.structure_id)
         group by structure_id order by count(*) desc, structure_id limit 1",
    );
    let employer = busiest[0].parse().map(StructureId::from_uuid).expect("an id");
    let actors = [
        (Role::Anct, Actor::Anct),
        (Role::Bdt, Actor::Bdt),
        (Role::Prefecture, Actor::Prefecture(Territory::Departement("82".to_owned()))),
        (Role::Employer, Actor::Employer(employer)),
    ];
    let signed = actors.into_iter().filter(|(role, _)| line.admits(*role)).map(|(_, actor)| Some(actor));
    signed.chain(line.anonymous.then_some(None)).collect()
}

/// The addresses of what a template reads: some rows of its table each.
fn addresses(app: &App, operation: &Operation) -> Vec<String> {
    if !operation.template.contains("{id}") {
        return vec![operation.path()];
    }
    let table = operation.template.split('/').nth(3).unwrap_or_default().replace('-', "_");
    let ids = app.database.owner().column(&format!("select id::text from {table} order by id desc limit 3"));
    ids.iter().map(|id| operation.path_with(&[("id", id)])).collect()
}

/// What an answer says, without when it was made.
fn said(answer: &crate::support::Answer) -> String {
    match serde_json::from_slice::<Value>(&answer.body) {
        Ok(mut body) => {
            if let Some(members) = body.as_object_mut() {
                members.remove("computed_at");
            }
            body.to_string()
        }
        Err(_) => answer.text(),
    }
}

fn read<'a>(app: &'a App, operation: &Operation, path: &str, by: Option<&Actor>) -> crate::support::Call<'a> {
    let call = operation.with_required(app.get(path));
    match by {
        Some(actor) => call.by(actor),
        None => call,
    }
}

/// What other rows and the day decide of answers.
const CHANGES: [&str; 6] = [
    "update structures set name = name || ' (nouveau nom)'",
    "update structure_contacts set last_name = last_name || '-Durand'",
    "update candidates set last_name = last_name || '-Durand'",
    "update communes set name = name || '-le-Neuf' where departement_code = '82'",
    "insert into bank_details (structure_id, holder, iban_masked) select id, 'Trésorerie', 'FR76…0185' from structures s
        where not exists (select from bank_details b where b.structure_id = s.id)",
    "update places set name = name || ' (déménagé)'",
];

#[test]
fn no_answer_is_told_to_be_current_when_it_is_not() {
    let app = App::start();
    conum::app::demo::load(&app.database.url).expect("demonstration data");
    app.set_now(&chrono::Utc::now().to_rfc3339());
    let operations = tagged(&app);
    looked_at(operations.len(), "readings with an entity tag");
    let (mut held, mut wrong) = (BTreeMap::new(), Vec::new());
    for operation in &operations {
        for path in addresses(&app, operation) {
            for by in callers(&app, operation.line) {
                let first = read(&app, operation, &path, by.as_ref()).send();
                if first.status != 200 {
                    continue;
                }
                let who = by.as_ref().map_or("-", Actor::name);
                let tag = first.header("etag").to_owned();
                for form in [tag.clone(), format!("\"x\", W/{}", tag.trim_start_matches("W/"))] {
                    let again = read(&app, operation, &path, by.as_ref()).header("If-None-Match", &form).send_raw();
                    if tag.is_empty() || again.status != 304 || !again.body.is_empty() || again.header("etag") != tag {
                        wrong.push(format!("{path} by {who}: {form} is not known again: {}", again.status));
                    }
                }
                held.insert((operation.id.clone(), path.clone(), who.to_owned()), (by, tag, said(&first)));
            }
        }
    }
    let mut owner = app.database.owner();
    for change in CHANGES {
        owner.run(change);
    }
    app.advance(chrono::TimeDelta::days(40));
    let (mut changed, mut same_version) = (0, 0);
    for ((id, path, who), (by, tag, before)) in &held {
        let operation = operations.iter().find(|o| o.id == *id).expect("an operation");
        let whole = read(&app, operation, path, by.as_ref()).send();
        let asked = read(&app, operation, path, by.as_ref()).header("If-None-Match", tag).send_raw();
        let differs = whole.status != 200 || said(&whole) != *before;
        if differs {
            changed += 1;
            let version = |tag: &str| tag.split_once('-').map(|(version, _)| version.to_owned());
            same_version += usize::from(version(tag).is_some() && version(tag) == version(whole.header("etag")));
        }
        if differs == (asked.status == 304) {
            wrong.push(format!(
                "{path} by {who}: {} although it {}",
                asked.status,
                if differs { "changed" } else { "did not" }
            ));
        }
    }
    looked_at(held.len(), "answers held");
    looked_at(changed, "of them changed");
    looked_at(same_version, "of them under the same version");
    none(&wrong, "entity tags that lie");
}

#[test]
fn the_same_row_is_another_answer_to_another_role() {
    let app = App::start();
    conum::app::demo::load(&app.database.url).expect("demonstration data");
    app.set_now(&chrono::Utc::now().to_rfc3339());
    let post = app.get("/api/v1/posts?status=vacant&limit=1").by(&Actor::Anct).expect(200);
    let path = format!("/api/v1/posts/{}", post.text_at("/data/0/id"));
    let employer =
        Actor::Employer(StructureId::from_uuid(post.text_at("/data/0/structure_id").parse().expect("an id")));
    let [ours, theirs] = [&Actor::Anct, &employer].map(|actor| app.get(&path).by(actor).expect(200));
    assert_ne!(ours.json(), theirs.json(), "transitions depend on the role");
    assert_ne!(ours.etag(), theirs.etag());
}
