//! Keeps the figures of the activity: counted, compared, told.

use clap::Subcommand;

use crate::features::activity;
use crate::features::activity::model::masking::{FLOOR, Wait};
use crate::platform::db::{Db, Outcome, Request};

#[derive(Subcommand)]
pub enum Action {
    /// Make all figures anew from the reports. Writers wait meanwhile.
    Rebuild,
    /// Count the rows of figures that differ from the reports, and look whether the editions that the public reads add up; fails
    /// if anything is wrong.
    Check,
    /// Make an edition of the public figures now, of the months that are closed; says what waits for a later one, and why.
    Publish,
}

pub fn run(db: &Db, action: &Action) -> Result<(), String> {
    match action {
        Action::Rebuild => db
            .write_now(&Request::job("rebuild_statistics"), &|tx| activity::service::rebuild(tx).map(Outcome::Keep))
            .map_err(|e| e.to_string()),
        Action::Check => check(db),
        Action::Publish => {
            let made = db
                .write_now(&Request::job("publish_figures"), &|tx| activity::service::publish(tx).map(Outcome::Keep))
                .map_err(|e| e.to_string())?;
            println!("{}", published(&made));
            Ok(())
        }
    }
}

/// What an edition holds, and what waits.
fn published(made: &activity::service::Published) -> String {
    let month = |day: chrono::NaiveDate| day.format("%Y-%m").to_string();
    let head = format!(
        "edition {}: {} layers, months until {}; {} départements and months wait",
        made.edition.number,
        made.layers,
        month(made.edition.last_month),
        made.waiting.len()
    );
    let waiting = made.waiting.iter().map(|one| {
        let why = match one.why {
            Wait::FewReports => format!("what changed concerns fewer than {FLOOR} reports"),
            Wait::FewPeople => {
                format!("a sum of those who came, came back or came first changed by fewer than {FLOOR}")
            }
        };
        format!("  {} {}: {why}", one.departement_code, month(one.starts_on))
    });
    std::iter::once(head).chain(waiting).collect::<Vec<_>>().join("\n")
}

fn check(db: &Db) -> Result<(), String> {
    let (drift, wrong) = db
        .write_now(&Request::job("check_statistics"), &|tx| {
            Ok(Outcome::Discard((activity::service::drift(tx)?, activity::service::check_editions(tx)?)))
        })
        .map_err(|e| e.to_string())?;
    for (table, rows) in &drift {
        println!("{table}: {rows} rows differ from the reports");
    }
    wrong.iter().for_each(|what| println!("editions: {what}"));
    match (drift.iter().any(|(_, rows)| *rows > 0), wrong.is_empty()) {
        (true, _) => Err("figures differ: run `conum statistics rebuild`".to_owned()),
        (_, false) => Err("the editions do not add up".to_owned()),
        _ => Ok(()),
    }
}
