//! Decisions that wait: those who owe them are told once a week.

use chrono::{Datelike, TimeDelta};
use diesel::QueryableByName;
use diesel::sql_types as st;
use uuid::Uuid;

use crate::app::deadlines::{DECISIONS_WAITING, LINES, Lasts, PATIENCE};
use crate::platform::auth::Role;
use crate::platform::db::sql::Sql;
use crate::platform::db::{Tx, reminders};
use crate::platform::error::Result;
use crate::platform::mail::{self, Cause, Email};
use crate::sql;

/// Where the rows of a state lie: the table of states and the state, what a letter calls them, and which rows wait, of the
/// table `t`, before the day `{}`.
struct Rows {
    table: &'static str,
    state: &'static str,
    label: &'static str,
    from: &'static str,
}

const fn rows(table: &'static str, state: &'static str, label: &'static str, from: &'static str) -> Rows {
    Rows { table, state, label, from }
}

const ROWS: &[Rows] = &[
    rows(
        "Application",
        "submitted",
        "demandes déposées",
        "applications t where t.status = 'submitted' and t.submitted_at < {}",
    ),
    rows(
        "Application",
        "opinion_given",
        "demandes avec avis",
        "applications t where t.status = 'opinion_given' and t.submitted_at < {}",
    ),
    rows(
        "Application",
        "on_agenda",
        "demandes à l'ordre du jour",
        "applications t where t.status = 'on_agenda' and t.submitted_at < {}",
    ),
    rows(
        "Committee",
        "in_session",
        "comités en séance",
        "committees t where t.status = 'in_session' and t.opened_at < {}",
    ),
    rows(
        "Post",
        "vacant",
        "postes vacants au-delà de leur délai",
        "posts t where t.status = 'vacant' and t.recruitment_deadline < {}",
    ),
    rows(
        "Post return",
        "requested",
        "demandes de rendre un poste",
        "post_returns t where t.status = 'requested' and t.created_at < {}",
    ),
    rows(
        "Recruitment",
        "submitted",
        "recrutements déposés",
        "recruitments t where t.status = 'submitted' and t.created_at < {}",
    ),
    rows(
        "Recruitment",
        "termination_requested",
        "ruptures demandées",
        "recruitments t where t.status = 'termination_requested' and t.termination_requested_at < {}",
    ),
    rows(
        "Extension",
        "requested",
        "prolongations demandées",
        "extensions t where t.status = 'requested' and t.created_at < {}",
    ),
    rows(
        "Enrolment",
        "in_progress",
        "formations terminées sans bilan",
        "enrolments t where t.status = 'in_progress' and t.ends_on < {}",
    ),
    rows(
        "Agreement",
        "under_instruction",
        "conventions en instruction",
        "agreements t where t.status = 'under_instruction' and t.updated_at < {}",
    ),
    rows("Instalment", "due", "tranches dues", "instalments t where t.status = 'due' and t.updated_at < {}"),
    rows(
        "Instalment",
        "ordered",
        "tranches ordonnées sans réponse",
        "instalments t where t.status = 'ordered' and t.updated_at < {}",
    ),
    rows(
        "Credit note",
        "issued",
        "trop-perçus à recouvrer",
        "credit_notes t where t.status = 'issued' and t.issued_on < {}",
    ),
];

/// Whether the rows of a state are known here: every decision that is awaited has to be.
pub fn knows(table: &str, state: &str) -> bool {
    ROWS.iter().any(|rows| rows.table == table && rows.state == state)
}

#[derive(QueryableByName)]
struct Account {
    #[diesel(sql_type = st::Uuid)]
    id: Uuid,
    #[diesel(sql_type = st::Text)]
    email: String,
}

/// Tells each account of those who decide, once a week, what has waited for long. How many were told.
pub fn remind(tx: &mut Tx<'_>) -> Result<usize> {
    let today = tx.today();
    let before = today - TimeDelta::days(PATIENCE);
    let monday = today - TimeDelta::days(today.weekday().num_days_from_monday().into());
    let mut told = 0;
    for role in [Role::Anct, Role::Bdt] {
        let mut waiting = Vec::new();
        for line in LINES {
            let Lasts::Awaits { roles } = line.lasts else { continue };
            let Some(rows) = ROWS.iter().find(|rows| rows.table == line.table && rows.state == line.state) else {
                continue;
            };
            if !roles.contains(&role) {
                continue;
            }
            let count =
                sql!("select count(*) as n from {}", Sql::template(rows.from, vec![before.into()])).count(tx.conn())?;
            if count > 0 {
                waiting.push(format!("– {} : {count}", rows.label));
            }
        }
        if !waiting.is_empty() {
            told += write(tx, role, monday, &waiting)?;
        }
    }
    Ok(told)
}

fn write(tx: &mut Tx<'_>, role: Role, monday: chrono::NaiveDate, waiting: &[String]) -> Result<usize> {
    let due =
        sql!("select a.id, {}::date as day from accounts a where a.role = {} and a.status = 'active'", monday, role);
    let ids = reminders::take(tx, DECISIONS_WAITING, due)?;
    let accounts: Vec<Account> =
        sql!("select a.id, a.email from accounts a where a.id = any({}) order by a.id", ids).load(tx.conn())?;
    for account in &accounts {
        let email = Email {
            template: DECISIONS_WAITING,
            cause: Cause::Business,
            recipient: account.email.clone(),
            subject: "Des décisions vous attendent".to_owned(),
            paragraphs: vec![
                format!("Depuis plus de {PATIENCE} jours attendent votre décision :\n{}", waiting.join("\n")),
                "Ce rappel part une fois par semaine, tant que cela dure.".to_owned(),
            ],
            action: Some(("Me connecter".to_owned(), format!("{}/connexion", tx.site().front_url))),
            leave: None,
            resource: "accounts",
            resource_id: account.id,
        };
        mail::send(tx, &email)?;
    }
    Ok(accounts.len())
}
