//! E-mails about committees.

use super::model::Outcome;
use super::store::{Committee, Item};
use crate::platform::mail::{Cause, Email};

/// Tells a prefecture what a session decided of the structures of its territory. Names stay behind the sign-in: they are
/// somebody's text.
pub fn closed_to_prefecture(front_url: &str, committee: &Committee, items: &[&Item], recipient: &str) -> Email {
    let of = |outcome: Outcome| items.iter().filter(|item| item.outcome == Some(outcome)).count();
    let posts: i32 = items.iter().filter_map(|item| item.posts_granted).sum();
    let list = |outcome: Outcome| {
        let references: Vec<&str> =
            items.iter().filter(|item| item.outcome == Some(outcome)).map(|item| item.reference.as_str()).collect();
        references.join(", ")
    };
    let mut paragraphs = vec![format!(
        "Le comité {} du {} est clos. Sur votre territoire : {} demande(s) retenue(s) pour {posts} poste(s), {} refusée(s), {} à \
         réexaminer.",
        committee.number,
        committee.held_on.format("%d/%m/%Y"),
        of(Outcome::Retained),
        of(Outcome::Refused),
        of(Outcome::FurtherExamination)
    )];
    for (outcome, label) in
        [(Outcome::Retained, "Retenues"), (Outcome::Refused, "Refusées"), (Outcome::FurtherExamination, "À réexaminer")]
    {
        if of(outcome) > 0 {
            paragraphs.push(format!("{label} : {}.", list(outcome)));
        }
    }
    Email {
        template: "committee_closed_to_prefecture",
        cause: Cause::Business,
        recipient: recipient.to_owned(),
        subject: format!("Décisions du comité {}", committee.number),
        paragraphs,
        action: Some(("Voir les décisions".to_owned(), format!("{front_url}/connexion"))),
        leave: None,
        resource: "committees",
        resource_id: committee.id.uuid(),
    }
}
