//! The tables of states, as a document for review.

use std::collections::BTreeSet;

use super::deadlines;
use crate::features::{
    accounts, applications, candidates, committees, matching, posts, recruitments, structures, subsidies, trainings,
};
use crate::platform::db::text_enum::TextEnum;
use crate::platform::transitions::{Act, Step};

/// A table with its type forgotten.
pub struct Table {
    pub name: &'static str,
    /// State, what leads away from it, the state it leads to.
    pub steps: Vec<(&'static str, Act, &'static str)>,
}

/// Every table, in the order of the life of a post.
pub fn tables() -> Vec<Table> {
    vec![
        table("Structure", structures::model::STEPS),
        table("Application", applications::model::STEPS),
        table("Committee", committees::model::STEPS),
        table("Post", posts::model::STEPS),
        table("Post return", posts::model::RETURN_STEPS),
        table("Candidate", candidates::model::STEPS),
        table("Match", matching::model::STEPS),
        table("Recruitment", recruitments::model::STEPS),
        table("Extension", recruitments::model::EXTENSION_STEPS),
        table("Training session", trainings::model::SESSION_STEPS),
        table("Enrolment", trainings::model::ENROLMENT_STEPS),
        table("Agreement", subsidies::model::AGREEMENT_STEPS),
        table("Instalment", subsidies::model::INSTALMENT_STEPS),
        table("Credit note", subsidies::model::CREDIT_STEPS),
        table("Account", accounts::model::ACCOUNT_STEPS),
        table("API client", accounts::model::API_CLIENT_STEPS),
    ]
}

fn table<S: TextEnum>(name: &'static str, steps: &[Step<S>]) -> Table {
    let steps = steps.iter().map(|step| (step.from.as_str(), step.by, step.to.as_str())).collect();
    Table { name, steps }
}

/// Names of the operations that tables speak of, in order: what `transitions_possible` may name.
pub fn operations() -> BTreeSet<&'static str> {
    let call = |(_, act, _): (&str, Act, &str)| match act {
        Act::Call(line) => Some(line.operation),
        Act::Course(_) => None,
    };
    tables().into_iter().flat_map(|table| table.steps).filter_map(call).collect()
}

/// The tables, for review.
pub fn document() -> String {
    let mut text = String::from(
        "# States\n\nWritten by `make openapi` from the tables that the code obeys. A name in `code` is an operation on the \
         resource; other words happen in the course of something else. Everything not listed is refused (409 \
         `transition_not_allowed`, with the operations that the state allows in `transitions_possible`). The second table says \
         how long each state lasts: its last day, the letters before and after, what happens then; or why it may last.\n",
    );
    for table in tables() {
        let Table { name, steps } = &table;
        text.push_str(&format!("\n## {name}\n\n| from | by | to |\n| --- | --- | --- |\n"));
        for (from, act, to) in steps {
            let by = match act {
                Act::Call(line) => format!("`{}`", line.operation),
                Act::Course(word) => (*word).to_owned(),
            };
            text.push_str(&format!("| `{from}` | {by} | `{to}` |\n"));
        }
        text.push_str(&deadlines::document(&table));
    }
    text
}
