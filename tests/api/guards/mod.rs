//! What holds everywhere, whatever is added. Each guard counts what it looked at, says so, and
//! fails if that was nothing.

mod budget;
mod codes;
mod committed;
mod completeness;
mod days;
mod deadlines;
mod documents;
mod freshness;
mod giving;
mod headers;
mod layers;
pub mod operations;
mod places_in_feed;
mod policy;
mod privacy;
mod rehearsals;
pub mod rows;
mod schema;
mod source;
mod surface;
mod totals;

/// Says how much was looked at; nothing is a failure.
#[track_caller]
fn looked_at(count: usize, what: &str) {
    println!("guard: {count} {what}");
    assert!(count > 0, "no {what} at all: this guard guards nothing");
}

/// Fails with all that was found, not only the first.
#[track_caller]
fn none(found: &[String], what: &str) {
    assert!(found.is_empty(), "{} {what}:\n{}", found.len(), found.join("\n"));
}
