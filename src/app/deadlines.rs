//! How long every state lasts: its last day, who is told before and after, what happens then; or why it may last.
//!
//! Read by the tests, which fail on a state without a line here, and by the document for review.

use super::states::{self, Table};
use crate::features::accounts::model::INVITATION_LIFE;
use crate::features::candidates::model::{REMIND_AFTER, RETENTION, UNCONFIRMED};
use crate::features::matching::model::{ANSWER_DAYS, CHOICE_DAYS, CONTRACT_DAYS, MEETING_DAYS, REMIND_DAYS};
use crate::features::structures::model::CONFIRMATION_DAYS;
use crate::platform::auth::Role;

/// How long a state lasts.
#[derive(Clone, Copy, Debug)]
pub enum Lasts {
    /// Its last day comes by itself; the night, or whoever asks first, then takes the step.
    Ends {
        days: i64,
        since: &'static str,
        by: &'static str,
        /// Days before at which the letters of `before` leave.
        notice: i64,
        before: &'static [&'static str],
        after: &'static [&'static str],
    },
    /// Somebody has to decide. They are reminded every week once it has waited for `PATIENCE` days.
    Awaits { roles: &'static [Role] },
    /// May last, for a reason.
    Rests(&'static str),
}

/// The line of one state of one table.
pub struct Line {
    pub table: &'static str,
    pub state: &'static str,
    pub lasts: Lasts,
}

/// Days that a decision may wait before its deciders are reminded.
pub const PATIENCE: i64 = 14;
/// Template of that reminder.
pub const DECISIONS_WAITING: &str = "decisions_waiting";

const fn ends(
    table: &'static str,
    state: &'static str,
    (days, since): (i64, &'static str),
    by: &'static str,
    before: &'static [&'static str],
    after: &'static [&'static str],
) -> Line {
    Line { table, state, lasts: Lasts::Ends { days, since, by, notice: REMIND_DAYS, before, after } }
}

const fn awaits(table: &'static str, state: &'static str, roles: &'static [Role]) -> Line {
    Line { table, state, lasts: Lasts::Awaits { roles } }
}

const fn rests(table: &'static str, state: &'static str, why: &'static str) -> Line {
    Line { table, state, lasts: Lasts::Rests(why) }
}

const ENDING: &[&str] = &["match_ending_to_candidate", "match_ending_to_structure"];
const LAPSED: &[&str] = &["match_lapsed_to_candidate", "match_lapsed_to_structure"];
const REMINDER: &[&str] = &["candidate_availability_reminder"];
const SILENT: (i64, &str) = (RETENTION.num_days(), "the last sign of life");

/// One line a state that something leads out of.
pub const LINES: &[Line] = &[
    ends("Structure", "pending_confirmation", (CONFIRMATION_DAYS, "the registration"), "expire", &[], &[]),
    rests("Structure", "registered", "it applies when it wants to, leaves by itself, or is cancelled"),
    rests("Structure", "retained", "it holds posts, each of which has a deadline of its own"),
    rests("Structure", "withdrawn", "it has left; it may come back, and its contact is forgotten two years later"),
    rests("Application", "draft", "nobody else sees it, and nothing depends on it"),
    awaits("Application", "submitted", &[Role::Anct]),
    awaits("Application", "opinion_given", &[Role::Anct]),
    awaits("Application", "on_agenda", &[Role::Anct]),
    rests("Committee", "preparation", "what is on its agenda waits as an application does"),
    awaits("Committee", "in_session", &[Role::Anct]),
    awaits("Post", "vacant", &[Role::Anct]),
    rests("Post", "starts_later", "until the first day of its contract, which is six months ahead at most"),
    rests("Post", "occupied", "as long as the contract"),
    awaits("Post return", "requested", &[Role::Anct]),
    ends(
        "Candidate",
        "pending_confirmation",
        (UNCONFIRMED.num_days(), "the registration"),
        "erase_candidate",
        &[],
        &[],
    ),
    ends("Candidate", "active", SILENT, "erase_candidate", REMINDER, &[]),
    ends("Candidate", "unavailable", SILENT, "erase_candidate", &[], &[]),
    rests("Candidate", "recruited", "as long as the contract"),
    ends("Candidate", "blocked", SILENT, "erase_candidate", &[], &[]),
    ends("Candidate", "unsubscribed", SILENT, "erase_candidate", &[], &[]),
    ends("Match", "proposed", (ANSWER_DAYS, "the proposal"), "expire", ENDING, LAPSED),
    ends("Match", "mutual", (MEETING_DAYS, "the agreement"), "expire", ENDING, LAPSED),
    ends("Match", "met", (CHOICE_DAYS, "the meeting was noted"), "expire", ENDING, LAPSED),
    ends("Match", "selected", (CONTRACT_DAYS, "the choice"), "close", ENDING, LAPSED),
    rests("Match", "not_selected", "it is over; the structure may propose anew"),
    rests("Match", "expired", "it is over; the structure may propose anew"),
    rests("Match", "closed", "it is over; the structure may propose anew"),
    awaits("Recruitment", "submitted", &[Role::Anct, Role::Bdt]),
    rests(
        "Recruitment",
        "validated",
        "as long as the contract: one without end has none, the others are completed on theirs",
    ),
    // Undecided after sixty days, it is carried out (`lapse`).
    awaits("Recruitment", "termination_requested", &[Role::Anct]),
    rests("Recruitment", "terminated", "it is over; only a correction reaches it"),
    rests("Recruitment", "completed", "it is over; only a correction reaches it"),
    awaits("Extension", "requested", &[Role::Anct, Role::Bdt]),
    rests("Training session", "scheduled", "it has its days; past, nothing leads out of it but a correction"),
    rests("Enrolment", "proposed", "as long as its session has not begun; without one, as long as the contract"),
    rests("Enrolment", "confirmed", "it begins with its session"),
    awaits("Enrolment", "in_progress", &[Role::Bdt]),
    rests("Agreement", "draft", "the structure's own; nothing is promised yet"),
    awaits("Agreement", "under_instruction", &[Role::Bdt]),
    rests("Agreement", "signed", "as long as its posts can earn or owe"),
    rests("Agreement", "amended", "as long as its posts can earn or owe"),
    rests("Instalment", "planned", "its conditions have days of their own"),
    awaits("Instalment", "due", &[Role::Bdt]),
    awaits("Instalment", "ordered", &[Role::Bdt]),
    awaits("Credit note", "issued", &[Role::Bdt]),
    rests("Credit note", "offset", "it is settled unless the instalment that it went with is rejected"),
    ends("Account", "invited", (INVITATION_LIFE.num_days(), "the invitation"), "revoke_account", &[], &[]),
    rests("Account", "active", "as long as whoever gave it does not withdraw it"),
    rests("API client", "active", "it expires a year after it was made or renewed, at the latest"),
    rests("API client", "expired", "it opens nothing; it may be renewed"),
];

/// The line of a state.
pub fn of(table: &str, state: &str) -> Option<&'static Line> {
    LINES.iter().find(|line| line.table == table && line.state == state)
}

/// The lines of one table as a table of the document; in the order of the states.
pub fn document(table: &Table) -> String {
    let mut seen: Vec<&str> = Vec::new();
    let mut text =
        String::from("\n| state | lasts | told before | then | told after |\n| --- | --- | --- | --- | --- |\n");
    for (from, ..) in &table.steps {
        if seen.contains(from) {
            continue;
        }
        seen.push(from);
        let Some(line) = of(table.name, from) else { continue };
        let letters = |letters: &[&str]| letters.iter().map(|l| format!("`{l}`")).collect::<Vec<_>>().join(", ");
        text.push_str(&match line.lasts {
            Lasts::Ends { days, since, by, notice, before, after } => {
                let told = match before {
                    [] => String::new(),
                    REMINDER => format!("{} after {} days of silence", letters(before), REMIND_AFTER.num_days()),
                    _ => format!("{} {notice} days before", letters(before)),
                };
                format!("| `{from}` | {days} days from {since} | {told} | {by} | {} |\n", letters(after))
            }
            Lasts::Awaits { roles } => {
                let roles: Vec<String> = roles.iter().map(ToString::to_string).collect();
                format!(
                    "| `{from}` | until {} decides | `{DECISIONS_WAITING}` to them every week after {PATIENCE} days | | |\n",
                    roles.join(" or ")
                )
            }
            Lasts::Rests(why) => format!("| `{from}` | {why} | | | |\n"),
        });
    }
    text
}

/// States that something leads out of and that have no line.
pub fn missing() -> Vec<String> {
    let mut missing = Vec::new();
    for table in states::tables() {
        for (from, ..) in &table.steps {
            let name = format!("{} {from}", table.name);
            if of(table.name, from).is_none() && !missing.contains(&name) {
                missing.push(name);
            }
        }
    }
    missing
}
