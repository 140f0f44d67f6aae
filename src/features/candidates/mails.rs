//! E-mails to candidates. Each carries a link to leave, with a token of its own.

use super::model::{CONFIRMATION, LINK};
use crate::platform::ids::CandidateId;
use crate::platform::mail::{Cause, Email};

/// A letter that others can cause; those of strangers quote nothing of what a form says.
fn caused(cause: Cause, email: Email) -> Email {
    Email { cause, ..email }
}

fn email(template: &'static str, id: CandidateId, recipient: &str, subject: &str, paragraphs: Vec<String>) -> Email {
    Email {
        template,
        cause: Cause::Business,
        recipient: recipient.to_owned(),
        subject: subject.to_owned(),
        paragraphs,
        action: None,
        leave: None,
        resource: "candidates",
        resource_id: id.uuid(),
    }
}

/// Where a candidate leaves. The token stands after `#`: browsers send it to no server.
pub fn leave_link(front_url: &str, token: &str) -> String {
    format!("{front_url}/candidats/desinscription#jeton={token}")
}

/// Asks a new candidate to confirm the address.
pub fn confirm_address(front_url: &str, id: CandidateId, recipient: &str, token: &str, leave_token: &str) -> Email {
    let paragraphs = vec![
        "Vous vous êtes inscrit comme candidat au dispositif Conseillers numériques France Services.".to_owned(),
        format!(
            "Confirmez votre adresse électronique pour recevoir les propositions des structures proches de chez vous. \
             Le lien sert une seule fois et reste valable {} jours.",
            CONFIRMATION.num_days()
        ),
        "Si vous n'êtes pas à l'origine de cette inscription, ignorez ce message.".to_owned(),
    ];
    let email = email("candidate_confirm_address", id, recipient, "Confirmez votre candidature", paragraphs);
    let mut email = caused(Cause::Stranger, email);
    email.action =
        Some(("Confirmer mon adresse".to_owned(), format!("{front_url}/candidats/confirmation#jeton={token}")));
    email.leave = Some(leave_link(front_url, leave_token));
    email
}

/// Somebody registered with an address that is registered.
pub fn already_registered(front_url: &str, id: CandidateId, recipient: &str, leave_token: &str) -> Email {
    let paragraphs = vec![
        "Une inscription comme candidat vient d'être demandée avec votre adresse, qui est déjà inscrite. \
         Rien n'a été modifié."
            .to_owned(),
        "Pour consulter ou modifier votre candidature, demandez un lien de connexion. \
         Si vous n'avez rien demandé, ignorez ce message."
            .to_owned(),
    ];
    let email = email("candidate_already_registered", id, recipient, "Vous êtes déjà inscrit", paragraphs);
    let mut email = caused(Cause::Stranger, email);
    email.action = Some(("Demander un lien de connexion".to_owned(), format!("{front_url}/connexion")));
    email.leave = Some(leave_link(front_url, leave_token));
    email
}

/// Asks a new address to answer.
pub fn confirm_new_address(front_url: &str, id: CandidateId, recipient: &str, token: &str) -> Email {
    let paragraphs = vec![
        "Un candidat au dispositif Conseillers numériques France Services a indiqué cette adresse comme la sienne."
            .to_owned(),
        format!(
            "Confirmez-la si c'est bien vous. Le lien sert une seule fois et reste valable {} jours.",
            LINK.num_days()
        ),
        "Si ce n'est pas vous, ignorez ce message : rien ne changera.".to_owned(),
    ];
    let email = email("candidate_confirm_new_address", id, recipient, "Confirmez votre nouvelle adresse", paragraphs);
    let mut email = caused(Cause::Stranger, email);
    email.action =
        Some(("Confirmer mon adresse".to_owned(), format!("{front_url}/candidats/confirmation#jeton={token}")));
    email
}

/// Tells the former address that it is no longer the candidate's.
pub fn address_changed(id: CandidateId, recipient: &str) -> Email {
    let paragraphs = vec![
        "L'adresse électronique de votre candidature vient d'être remplacée par une autre.".to_owned(),
        "Si vous ne l'avez pas demandé, prévenez l'ANCT.".to_owned(),
    ];
    caused(Cause::Notice, email("candidate_address_changed", id, recipient, "Votre adresse a changé", paragraphs))
}

/// Asks whether the candidate still looks for a post. The links lead to a page that posts the answer.
pub fn reminder(front_url: &str, id: CandidateId, recipient: &str, token: &str, leave_token: &str) -> Email {
    let paragraphs = vec![
        "Aucune structure proche de chez vous n'a encore pu vous être proposée.".to_owned(),
        "Êtes-vous toujours disponible ? Répondez sur la page ci-dessous : votre candidature reste active si vous le confirmez."
            .to_owned(),
    ];
    let mut email =
        email("candidate_availability_reminder", id, recipient, "Êtes-vous toujours disponible ?", paragraphs);
    email.action = Some(("Répondre".to_owned(), format!("{front_url}/candidats/disponibilite#jeton={token}")));
    email.leave = Some(leave_link(front_url, leave_token));
    email
}

/// The last word: what was known of the person is erased. About nothing that could be looked up.
pub fn erased(recipient: &str) -> Email {
    Email {
        template: "candidate_erased",
        cause: Cause::Business,
        recipient: recipient.to_owned(),
        subject: "Votre candidature est effacée".to_owned(),
        paragraphs: vec![
            "Vos données de candidat au dispositif Conseillers numériques France Services sont effacées.".to_owned(),
            "Vous ne recevrez plus de message de notre part. Vous pouvez vous inscrire de nouveau quand vous voulez."
                .to_owned(),
        ],
        action: None,
        leave: None,
        resource: "erasures",
        resource_id: uuid::Uuid::now_v7(),
    }
}
