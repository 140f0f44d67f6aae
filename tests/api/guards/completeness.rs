//! What is promised in one place exists in the others.

use std::collections::{BTreeMap, BTreeSet};

use conum::app::{document, states, vocabularies};
use conum::features::webhooks::model::NOTICES;
use conum::platform::auth::policy::LINES;
use conum::platform::error::Code;
use conum::platform::events::{RESOURCES, TYPES};

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
    // Where somebody returns to: a part of the states that `candidates.status` has.
    "candidates.returns_to",
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
const NOT_FOR_PEOPLE: [&str; 7] =
    ["CsvProfile", "EventResource", "EventType", "ListFormat", "ProblemCode", "RowView", "TaskOperation"];

/// Whether an enumeration is made of words for programs: sort keys are, of whatever list.
fn is_for_programs(name: &str) -> bool {
    NOT_FOR_PEOPLE.contains(&name) || name.ends_with("Sort")
}

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
        if !lists.contains(&values) && !is_for_programs(name) {
            wrong.push(format!("{name}: {values:?}"));
        }
    }
    looked_at(seen, "enumerations of the document");
    none(&wrong, "enumerations that are no vocabulary");
}

/// That each is told somewhere, and nothing else is, the compiler holds: `emit` takes a declared type, and a variant that
/// nothing makes is an error. What is left is that no statement goes around it, and that the document lists the same.
#[test]
fn every_event_is_of_a_type_that_is_published() {
    assert!(TYPES.windows(2).all(|pair| pair[0] < pair[1]), "types of events are out of order");
    let document = document::build().expect("a document");
    let listed = |name: &str| document["components"]["schemas"][name]["enum"].clone();
    assert_eq!(listed("EventType"), serde_json::json!(TYPES));
    let segments: Vec<&str> = RESOURCES.iter().map(|resource| resource.segment).collect();
    assert_eq!(listed("EventResource"), serde_json::json!(segments));
    // Told to webhooks only, and never in the feed.
    for (notice, _) in NOTICES {
        assert!(!TYPES.contains(notice), "{notice} is published as an event");
    }
    let files = files();
    let writers = files.iter().filter(|file| file.text.to_lowercase().contains("into events"));
    let writers: Vec<String> = writers.map(super::source::File::name).collect();
    assert_eq!(writers, ["platform::events"], "events are written in one place, which asks for their type");
    let kinds = files.iter().find(|file| file.name() == "platform::events::kinds").expect("the declarations");
    assert!(kinds.text.contains("#[deny(dead_code)]"), "an event that nobody tells must not compile");
    let silenced: Vec<String> =
        files.iter().filter(|file| file.text.contains("allow(dead_code")).map(super::source::File::name).collect();
    none(&silenced, "files that let dead code pass");
    looked_at(TYPES.len(), &format!("types of events of {} resources, {} files", segments.len(), files.len()));
}

#[test]
fn every_code_of_a_problem_stands_in_the_document() {
    let document = document::build().expect("a document");
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(document["components"]["schemas"]["ProblemCode"]["enum"], serde_json::json!(codes));
    looked_at(codes.len(), "codes of problems");
}

#[test]
fn the_tables_of_states_speak_of_operations_as_the_document_does() {
    let document = document::build().expect("a document");
    let mounted: BTreeSet<String> = operations::all(&document).into_iter().map(|o| o.id).collect();
    let spoken = states::operations();
    let unknown: Vec<String> =
        spoken.iter().filter(|name| !mounted.contains(**name)).map(|n| (*n).to_owned()).collect();
    none(&unknown, "words of tables that are no operation");
    let member = &document["components"]["schemas"]["Problem"]["properties"]["transitions_possible"];
    assert_eq!(member["items"]["enum"], serde_json::json!(spoken));
    // What a state allows is what a refusal tells of it, in the table's order, once each.
    let (mut states_seen, mut steps) = (0, 0);
    for table in states::tables() {
        let froms: BTreeSet<&str> = table.steps.iter().map(|(from, ..)| *from).collect();
        for from in froms {
            // One act may lead to several states: to where the row stood before.
            let acts: Vec<(&str, &str)> =
                table.steps.iter().filter(|s| s.0 == from).map(|s| (s.1.name(), s.2)).collect();
            let once: BTreeSet<&(&str, &str)> = acts.iter().collect();
            assert_eq!(acts.len(), once.len(), "{} {from}: a step stands twice", table.name);
            states_seen += 1;
            steps += acts.len();
        }
    }
    looked_at(spoken.len(), &format!("operations that change states, {states_seen} states, {steps} steps"));
}
