//! The operator's side of retention: what it would remove, and a person's word for what it holds.

use serde_json::Value;

use super::config::Config;
use super::jobs;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, Outcome, Request, Settings};

/// Shows what would go; with names of held purges, carries out all that the night does and those as well.
pub fn run(config: &Config, confirm: Vec<String>) -> Result<(), String> {
    let mut site = config.site();
    site.purges.confirmed.clone_from(&confirm);
    let db = Db::new(&Settings::single(&config.database_url), Clock::system(), site);
    let report = carry_out(&db, &confirm)?;
    print!("{}", show(&report, confirm.is_empty()));
    Ok(())
}

/// The report of a run that stays where something was confirmed. Names that no held purge has are an error.
pub fn carry_out(db: &Db, confirm: &[String]) -> Result<Value, String> {
    let looked = |keep: bool| {
        db.write_now(&Request::job("tidy"), &|tx| {
            let report = jobs::tidy(tx)?;
            Ok(if keep { Outcome::Keep(report) } else { Outcome::Discard(report) })
        })
        .map_err(|e| e.to_string())
    };
    if confirm.is_empty() {
        return looked(false);
    }
    let held = db.write_now(&Request::job("tidy"), &|tx| jobs::held_purges(tx).map(Outcome::Keep));
    let held = held.map_err(|e| e.to_string())?;
    let unknown: Vec<&str> = confirm.iter().filter(|name| !held.contains(name)).map(String::as_str).collect();
    if !unknown.is_empty() {
        return Err(format!("not held: {}; held: {}", unknown.join(", "), held.join(", ")));
    }
    looked(true)
}

/// A line for each purge.
fn show(report: &Value, dry: bool) -> String {
    let mut text = String::new();
    let verb = if dry { "would go" } else { "gone" };
    for (name, count) in report.as_object().into_iter().flatten() {
        if let Some(count) = count.as_u64() {
            text.push_str(&format!("{name}: {count} {verb}\n"));
        }
    }
    for held in report["held"].as_array().into_iter().flatten() {
        let (name, rows, all) = (held["purge"].as_str().unwrap_or_default(), &held["rows"], &held["of"]);
        text.push_str(&format!("{name}: HELD, {rows} of {all} rows; to remove them: conum tidy --confirm {name}\n"));
    }
    text
}
