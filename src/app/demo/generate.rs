//! The scheme at its full size, made up from a seed, to measure with.

use chrono::{Months, NaiveDate};
use diesel::Connection;
use diesel::connection::SimpleConnection;

use crate::features::activity;
use crate::platform::clock::Clock;
use crate::platform::db::migrations;
use crate::platform::db::{Db, Outcome, Request};
use crate::platform::error::Problem;

const SQL: &str = include_str!("generate.sql");
/// Counsellors and months of the scheme's first life, with its 2.4 million reports.
const COUNSELLORS: u64 = 4660;
const REPORTS: u64 = 2_400_000;
const MONTHS: u32 = 40;

/// Where the sessions that write at once begin.
const NEXT: &str = "-- Next:";
const PARTS: usize = 2;

fn run(url: &str, statements: &str) -> Result<(), String> {
    let mut conn = migrations::connect(url)?;
    conn.transaction(|conn| conn.batch_execute(statements).map_err(Problem::from))
        .map_err(|e| format!("generating needs an empty database and its owner, as a superuser: {e}"))
}

/// Writes so many reports of counsellors who are made up with them, then all that they add up to.
pub fn generate(url: &str, db: &Db, reports: u64, seed: u32) -> Result<(), String> {
    let counsellors = (reports * COUNSELLORS / REPORTS).clamp(10, COUNSELLORS);
    let months = (reports * u64::from(MONTHS) / REPORTS).clamp(u64::from(MONTHS), 70) as u32;
    let today: NaiveDate = Clock::system().now().today();
    let first = today.checked_sub_months(Months::new(months)).unwrap_or(today);
    let days = (today - first).num_days();
    let statements = [
        ("{reports}", reports.to_string()),
        ("{counsellors}", counsellors.to_string()),
        ("{seed}", seed.to_string()),
        ("{first}", format!("'{first}'")),
        ("{days}", days.to_string()),
    ]
    .iter()
    .fold(SQL.to_owned(), |text, (name, value)| text.replace(name, value));
    let (people, writing) = statements.split_once(NEXT).unwrap_or((&statements, ""));
    let writing = format!("{NEXT}{writing}");
    run(url, people)?;
    // As many sessions as a small machine has processors.
    let written: Vec<Result<(), String>> = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..PARTS)
            .map(|part| {
                let text = writing.replace("{parts}", &PARTS.to_string()).replace("{part}", &part.to_string());
                scope.spawn(move || run(url, &text))
            })
            .collect();
        parts.into_iter().map(|part| part.join().unwrap_or_else(|_| Err("a thread panicked".to_owned()))).collect()
    });
    written.into_iter().collect::<Result<(), String>>()?;
    let mut conn = migrations::connect(url)?;
    conn.batch_execute("drop table generated_shares").map_err(|e| e.to_string())?;
    println!("wrote {reports} reports of {counsellors} counsellors over {days} days");
    db.write_now(&Request::job("generate"), &|tx| activity::service::rebuild(tx).map(Outcome::Keep))
        .map_err(|e| e.to_string())?;
    conn.batch_execute("analyze").map_err(|e| e.to_string())?;
    println!("counted them");
    let made = db
        .write_now(&Request::job("generate"), &|tx| activity::service::publish(tx).map(Outcome::Keep))
        .map_err(|e| e.to_string())?;
    conn.batch_execute("analyze public_figures, figure_layers").map_err(|e| e.to_string())?;
    println!("told the public in {} layers", made.layers);
    Ok(())
}
