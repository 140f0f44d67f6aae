//! E-mails about matches. Contact data never travels in them: both sides read it where they sign in.

use crate::features::candidates::service::leave_link;
use crate::platform::ids::MatchId;
use crate::platform::mail::{Cause, Email};

use super::model::{ANSWER_DAYS, CONTRACT_DAYS, MatchStatus};
use super::store::endings::{Ended, Ending};
use super::store::matches::Match;
use super::store::runs::{Letter, Notice};

fn email(template: &'static str, recipient: &str, subject: &str, paragraphs: Vec<String>, id: MatchId) -> Email {
    Email {
        template,
        cause: Cause::Business,
        recipient: recipient.to_owned(),
        subject: subject.to_owned(),
        paragraphs,
        action: None,
        leave: None,
        resource: "matches",
        resource_id: id.uuid(),
    }
}

fn sign_in(front_url: &str, label: &str) -> Option<(String, String)> {
    Some((label.to_owned(), format!("{front_url}/connexion")))
}

/// An e-mail to a candidate carries the link to leave.
fn may_leave(email: Email, front_url: &str, token: &str) -> Email {
    Email { leave: Some(leave_link(front_url, token)), ..email }
}

/// Tells a candidate which structures a run proposes.
pub fn proposed_to_candidate(front_url: &str, letter: &Letter, leave_token: &str) -> Email {
    let list: Vec<String> = letter.structures.iter().map(|structure| format!("– {structure}")).collect();
    Email {
        template: "match_proposed_to_candidate",
        cause: Cause::Business,
        recipient: letter.email.clone(),
        subject: "Des structures recherchent un conseiller numérique près de chez vous".to_owned(),
        paragraphs: vec![
            format!("Nous vous proposons d'entrer en relation avec :\n{}", list.join("\n")),
            format!(
                "Répondez dans les {ANSWER_DAYS} jours : vos coordonnées ne sont transmises que si vous et la structure \
                 acceptez."
            ),
        ],
        action: sign_in(front_url, "Répondre"),
        leave: Some(leave_link(front_url, leave_token)),
        resource: "candidates",
        resource_id: letter.candidate_id.uuid(),
    }
}

/// Tells a structure how many candidates a run proposes.
pub fn proposed_to_structure(front_url: &str, notice: &Notice) -> Email {
    let count = match notice.matches {
        1 => "un candidat".to_owned(),
        n => format!("{n} candidats"),
    };
    Email {
        template: "match_proposed_to_structure",
        cause: Cause::Business,
        recipient: notice.email.clone(),
        subject: "Des candidats vous sont proposés".to_owned(),
        paragraphs: vec![
            format!("Nous proposons {count} à votre structure « {} ».", notice.name),
            format!(
                "Répondez dans les {ANSWER_DAYS} jours : les coordonnées s'ouvrent lorsque le candidat et vous avez accepté."
            ),
        ],
        action: sign_in(front_url, "Consulter les profils"),
        leave: None,
        resource: "structures",
        resource_id: notice.structure_id.uuid(),
    }
}

/// Tells a candidate that a structure would like to meet them.
pub fn chosen_by_structure(front_url: &str, found: &Match, recipient: &str, leave_token: &str) -> Email {
    let paragraphs = vec![
        format!(
            "La structure « {} » ({}) souhaite entrer en relation avec vous pour un poste de conseiller numérique.",
            found.structure_name, found.structure_commune_name
        ),
        format!("Répondez dans les {ANSWER_DAYS} jours : vos coordonnées ne sont transmises que si vous acceptez."),
    ];
    let subject = "Une structure souhaite vous rencontrer";
    let mut email = email("match_added_by_structure", recipient, subject, paragraphs, found.id);
    email.action = sign_in(front_url, "Répondre");
    may_leave(email, front_url, leave_token)
}

/// Tells the candidate that both sides agree.
pub fn mutual_to_candidate(front_url: &str, found: &Match, recipient: &str, leave_token: &str) -> Email {
    let paragraphs = vec![
        format!("La structure « {} » et vous avez accepté d'entrer en relation.", found.structure_name),
        "Ses coordonnées vous sont ouvertes, et les vôtres lui sont ouvertes : convenez d'un entretien.".to_owned(),
    ];
    let mut email = email("match_mutual_to_candidate", recipient, "Mise en relation acceptée", paragraphs, found.id);
    email.action = sign_in(front_url, "Voir les coordonnées");
    may_leave(email, front_url, leave_token)
}

/// Tells the structure that both sides agree.
pub fn mutual_to_structure(front_url: &str, found: &Match, recipient: &str) -> Email {
    let paragraphs = vec![
        format!(
            "Le candidat {} et votre structure « {} » avez accepté d'entrer en relation.",
            found.candidate_reference, found.structure_name
        ),
        "Ses coordonnées vous sont ouvertes : convenez d'un entretien, puis indiquez-en la date et votre choix."
            .to_owned(),
    ];
    let mut email = email("match_mutual_to_structure", recipient, "Mise en relation acceptée", paragraphs, found.id);
    email.action = sign_in(front_url, "Voir les coordonnées");
    email
}

/// Tells the candidate that the structure will not go on, without its reasons.
pub fn ended_to_candidate(front_url: &str, found: &Match, recipient: &str, leave_token: &str) -> Email {
    let paragraphs = vec![
        format!("La structure « {} » ne donne pas suite à votre mise en relation.", found.structure_name),
        "Votre candidature reste active : d'autres structures pourront vous être proposées.".to_owned(),
    ];
    may_leave(
        email("match_ended_to_candidate", recipient, "Mise en relation terminée", paragraphs, found.id),
        front_url,
        leave_token,
    )
}

/// Tells the structure that the candidate will not go on, without their reasons.
pub fn ended_to_structure(reference: &str, recipient: &str, id: MatchId) -> Email {
    let paragraphs = vec![
        format!("Le candidat {reference} ne donne pas suite à la mise en relation avec votre structure."),
        "D'autres candidats pourront vous être proposés.".to_owned(),
    ];
    email("match_ended_to_structure", recipient, "Mise en relation terminée", paragraphs, id)
}

/// Tells the candidate that the structure has chosen them.
pub fn selected(found: &Match, front_url: &str, recipient: &str, leave_token: &str) -> Email {
    let paragraphs = vec![
        format!("La structure « {} » vous a choisi pour un poste de conseiller numérique.", found.structure_name),
        format!(
            "Elle a {CONTRACT_DAYS} jours pour déposer votre contrat, qui sera validé avant votre prise de poste. Vous pouvez \
             encore décliner depuis votre espace."
        ),
    ];
    may_leave(
        email("match_selected", recipient, "Votre candidature est retenue", paragraphs, found.id),
        front_url,
        leave_token,
    )
}

/// Whom a letter goes to.
pub enum Side<'a> {
    /// With the link to leave.
    Candidate {
        leave_token: &'a str,
    },
    Structure,
}

/// Tells a side that a match ends soon, and what it may do until then.
pub fn ending(front_url: &str, found: &Ending, side: Side<'_>, recipient: &str) -> Email {
    let day = found.expires_on.format("%d/%m/%Y");
    let next = match (found.status, &side) {
        (MatchStatus::Proposed, _) => "Acceptez ou déclinez-la avant cette date.",
        (MatchStatus::Mutual, _) => "Convenez d'un entretien, que la structure indiquera, ou déclinez.",
        (MatchStatus::Met, Side::Structure) => "Indiquez votre choix avant cette date.",
        (MatchStatus::Met, Side::Candidate { .. }) => {
            "La structure doit indiquer son choix ; vous pouvez aussi décliner."
        }
        (_, Side::Structure) => "Déposez son contrat avant cette date, ou renoncez.",
        (_, Side::Candidate { .. }) => "La structure doit déposer votre contrat ; vous pouvez aussi décliner.",
    };
    let (template, whom) = match side {
        Side::Candidate { .. } => ("match_ending_to_candidate", format!("la structure « {} »", found.structure_name)),
        Side::Structure => ("match_ending_to_structure", format!("le candidat {}", found.candidate_reference)),
    };
    let paragraphs =
        vec![format!("Votre mise en relation avec {whom} prend fin le {day} si rien ne se passe."), next.to_owned()];
    let mut email = email(template, recipient, "Une mise en relation prend bientôt fin", paragraphs, found.id);
    email.action = sign_in(front_url, "Voir la mise en relation");
    match side {
        Side::Candidate { leave_token } => may_leave(email, front_url, leave_token),
        Side::Structure => email,
    }
}

/// Tells the candidate that a match has ended because nothing happened in time.
pub fn lapsed_to_candidate(front_url: &str, ended: &Ended, recipient: &str, leave_token: &str) -> Email {
    let paragraphs = vec![
        format!(
            "Votre mise en relation avec la structure « {} » a pris fin, son délai étant passé. Vos coordonnées ne lui sont \
             plus ouvertes.",
            ended.structure_name
        ),
        "Votre candidature reste active : d'autres structures pourront vous être proposées.".to_owned(),
    ];
    let subject = "Une mise en relation a pris fin";
    may_leave(email("match_lapsed_to_candidate", recipient, subject, paragraphs, ended.id), front_url, leave_token)
}

/// The same to the structure.
pub fn lapsed_to_structure(ended: &Ended, recipient: &str) -> Email {
    let paragraphs = vec![
        format!(
            "La mise en relation de votre structure avec le candidat {} a pris fin, son délai étant passé. Ses coordonnées ne \
             vous sont plus ouvertes.",
            ended.candidate_reference
        ),
        "D'autres candidats pourront vous être proposés.".to_owned(),
    ];
    email("match_lapsed_to_structure", recipient, "Une mise en relation a pris fin", paragraphs, ended.id)
}

/// Tells the candidate that the structure has no post to fill any more.
pub fn post_gone_to_candidate(front_url: &str, ended: &Ended, recipient: &str, leave_token: &str) -> Email {
    let paragraphs = vec![
        format!(
            "La structure « {} » n'a plus de poste à pourvoir : votre mise en relation prend fin. Vos coordonnées ne lui sont \
             plus ouvertes.",
            ended.structure_name
        ),
        "Votre candidature reste active : d'autres structures pourront vous être proposées.".to_owned(),
    ];
    let subject = "Le poste n'est plus à pourvoir";
    may_leave(email("match_post_gone_to_candidate", recipient, subject, paragraphs, ended.id), front_url, leave_token)
}
