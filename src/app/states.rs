//! The tables of states, as a document for review.

use crate::features::{
    applications, candidates, committees, matching, posts, recruitments, structures, subsidies, trainings,
};
use crate::platform::db::text_enum::TextEnum;
use crate::platform::transitions::Step;

/// Every table, in the order of the life of a post.
pub fn document() -> String {
    let mut text = String::from(
        "# States\n\nWritten by `make openapi` from the tables that the code obeys. Everything not listed is refused \
         (409 `transition_not_allowed`, with `transitions_possible`).\n",
    );
    table(&mut text, "Structure", structures::model::STEPS);
    table(&mut text, "Application", applications::model::STEPS);
    table(&mut text, "Committee", committees::model::STEPS);
    table(&mut text, "Post", posts::model::STEPS);
    table(&mut text, "Post return", posts::model::RETURN_STEPS);
    table(&mut text, "Candidate", candidates::model::STEPS);
    table(&mut text, "Match", matching::model::STEPS);
    table(&mut text, "Recruitment", recruitments::model::STEPS);
    table(&mut text, "Extension", recruitments::model::EXTENSION_STEPS);
    table(&mut text, "Training session", trainings::model::SESSION_STEPS);
    table(&mut text, "Enrolment", trainings::model::ENROLMENT_STEPS);
    table(&mut text, "Agreement", subsidies::model::AGREEMENT_STEPS);
    table(&mut text, "Instalment", subsidies::model::INSTALMENT_STEPS);
    table(&mut text, "Credit note", subsidies::model::CREDIT_STEPS);
    text
}

fn table<S: TextEnum>(text: &mut String, name: &str, steps: &[Step<S>]) {
    text.push_str(&format!("\n## {name}\n\n| from | event | to |\n| --- | --- | --- |\n"));
    for step in steps {
        text.push_str(&format!("| `{}` | {} | `{}` |\n", step.from.as_str(), step.event, step.to.as_str()));
    }
}
