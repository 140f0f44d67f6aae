//! What is promised in one place exists in the others.

use std::collections::{BTreeMap, BTreeSet};

use conum::app::{document, vocabularies};
use conum::features::feed::model::TYPES;
use conum::features::webhooks::model::NOTICES;
use conum::platform::auth::policy::LINES;

use super::operations;
use super::source::files;
use super::{looked_at, none};
use crate::support::Database;

#[test]
fn every_line_of_the_policy_is_an_operation() {
    let document = document::build().expect("a document");
    let operations = operations::all(&document);
    let mounted: BTreeSet<&str> = operations.iter().map(|o| o.id.as_str()).collect();
    let missing = LINES.iter().filter(|line| !mounted.contains(line.operation)).map(|line| line.operation.to_owned());
    looked_at(LINES.len(), "policy lines");
    none(&missing.collect::<Vec<_>>(), "policy lines without an operation");
}

/// `table.column` of every list of texts that a CHECK closes, with the texts.
fn closed_columns() -> BTreeMap<String, BTreeSet<String>> {
    let rows = Database::new().owner().rows(
        "select c.conrelid::regclass::text || '.' || a.attname as name,
            array(select t[1] from regexp_matches(pg_get_constraintdef(c.oid), '''([^'']*)''::text', 'g') t) as texts
         from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
         where c.contype = 'c' and not exists (select from pg_class x where x.oid = c.conrelid and x.relispartition) and c.connamespace = 'public'::regnamespace and cardinality(c.conkey) = 1
            and a.atttypid = 'text'::regtype and pg_get_constraintdef(c.oid) like '%= ANY (ARRAY[%'",
    );
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let texts = |row: &serde_json::Value| row["texts"].as_array().expect("texts").iter().map(text).collect();
    rows.iter().map(|row| (text(&row["name"]), texts(row))).collect()
}

/// Closed lists of the database that no Rust type reads.
const NOT_PUBLISHED: &[&str] = &[
    "activity_figures.grain",
    "activity_figures.territory_of",
    "communes.kind",
    "departements.zone",
    "emails.cause",
    "emails.status",
    "feed_epochs.reason",
    "mail_links.purpose",
    "public_figures.territory_of",
    "regions.zone",
    "webhooks.role",
];

#[test]
fn every_closed_list_of_the_database_is_a_vocabulary_with_the_same_terms() {
    let columns = closed_columns();
    let (mut wrong, mut held) = (Vec::new(), BTreeSet::new());
    for vocabulary in vocabularies::all() {
        let terms: BTreeSet<String> = vocabulary.terms.iter().map(|term| term.code.to_owned()).collect();
        for column in vocabulary.columns {
            held.insert((*column).to_owned());
            match columns.get(*column) {
                None => wrong.push(format!("{column}: no CHECK lists the terms of {}", vocabulary.name)),
                Some(texts) if *texts != terms => {
                    wrong.push(format!("{column}: {texts:?}, but {} is {terms:?}", vocabulary.name));
                }
                Some(_) => {}
            }
        }
    }
    let unread = |column: &&String| !held.contains(*column) && !NOT_PUBLISHED.contains(&column.as_str());
    wrong.extend(columns.keys().filter(unread).map(|column| format!("{column}: no vocabulary holds it")));
    looked_at(held.len(), &format!("columns of vocabularies, {} closed by a CHECK", columns.len()));
    none(&wrong, "closed lists that differ");
}

/// Words for programs, which nobody translates.
const NOT_FOR_PEOPLE: [&str; 2] = ["EventResource", "EventType"];

#[test]
fn the_document_speaks_in_the_terms_of_the_vocabularies() {
    let document = document::build().expect("a document");
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let lists: Vec<BTreeSet<&str>> =
        vocabularies::all().iter().map(|v| v.terms.iter().map(|term| term.code).collect()).collect();
    let (mut seen, mut wrong) = (0, Vec::new());
    for (name, schema) in schemas {
        let Some(values) = schema["enum"].as_array() else { continue };
        seen += 1;
        let values: BTreeSet<&str> = values.iter().filter_map(|value| value.as_str()).collect();
        if !lists.contains(&values) && !NOT_FOR_PEOPLE.contains(&name.as_str()) {
            wrong.push(format!("{name}: {values:?}"));
        }
    }
    looked_at(seen, "enumerations of the document");
    none(&wrong, "enumerations that are no vocabulary");
}

#[test]
fn every_event_is_of_a_type_that_is_published() {
    let published: BTreeSet<&str> = TYPES.iter().copied().collect();
    assert!(TYPES.windows(2).all(|pair| pair[0] < pair[1]), "types of events are out of order");
    // Texts such as "post.granted", whatever stands around them; "posts.status" is a column.
    let what: BTreeSet<&str> = TYPES.iter().filter_map(|kind| kind.split('.').next()).collect();
    let mut told = BTreeSet::new();
    for file in files().iter().filter(|file| file.name() != "features::feed::model") {
        let texts = file.text.split('"').skip(1).step_by(2);
        let kinds = texts.filter(|text| {
            text.split_once('.').is_some_and(|(of, happening)| {
                what.contains(of) && happening.chars().all(|c| c.is_ascii_lowercase() || c == '_')
            })
        });
        told.extend(kinds.map(ToOwned::to_owned));
    }
    // Told to webhooks only, and never in the feed.
    for (notice, _) in NOTICES {
        assert!(!published.contains(notice), "{notice} is published as an event");
        told.remove(*notice);
    }
    let told: BTreeSet<&str> = told.iter().map(String::as_str).collect();
    looked_at(told.len(), "types of events");
    none(&told.difference(&published).map(ToString::to_string).collect::<Vec<_>>(), "types that are not published");
    none(&published.difference(&told).map(ToString::to_string).collect::<Vec<_>>(), "types that are never told");
}
