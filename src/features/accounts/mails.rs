//! E-mails about accounts.

use super::model::{INVITATION, SIGN_IN};
use crate::platform::auth::Role;
use crate::platform::db::text_enum::TextEnum;
use crate::platform::ids::AccountId;
use crate::platform::mail::{Cause, Email};
use crate::platform::problems::Language;

/// Asks somebody in.
pub fn invitation(front_url: &str, id: AccountId, role: Role, recipient: &str, token: &str) -> Email {
    Email {
        template: "account_invitation",
        cause: Cause::Stranger,
        recipient: recipient.to_owned(),
        subject: "Votre accès au dispositif Conseillers numériques".to_owned(),
        paragraphs: vec![
            format!(
                "Un compte « {} » vous a été ouvert dans le dispositif Conseillers numériques France Services.",
                role.label(Language::French)
            ),
            format!(
                "Le lien ci-dessous vous connecte. Il sert une seule fois et reste valable {} jours ; \
                 ensuite, demandez un nouveau lien depuis la page de connexion.",
                INVITATION.num_days()
            ),
        ],
        action: Some(("Me connecter".to_owned(), link(front_url, token))),
        leave: None,
        resource: "accounts",
        resource_id: id.uuid(),
    }
}

/// Lets somebody in who asked for it.
pub fn sign_in(front_url: &str, id: AccountId, role: Role, recipient: &str, token: &str) -> Email {
    Email {
        template: "account_sign_in",
        cause: Cause::Stranger,
        recipient: recipient.to_owned(),
        subject: "Votre lien de connexion".to_owned(),
        paragraphs: vec![
            format!(
                "Le lien ci-dessous vous connecte à votre compte « {} ». Il sert une seule fois et reste valable {} minutes.",
                role.label(Language::French),
                SIGN_IN.num_minutes()
            ),
            "Si vous n'avez rien demandé, ignorez ce message.".to_owned(),
        ],
        action: Some(("Me connecter".to_owned(), link(front_url, token))),
        leave: None,
        resource: "accounts",
        resource_id: id.uuid(),
    }
}

/// Tells the former address that it is no longer the account's.
pub fn address_changed(id: AccountId, recipient: &str) -> Email {
    Email {
        template: "account_address_changed",
        cause: Cause::Notice,
        recipient: recipient.to_owned(),
        subject: "L'adresse de votre compte a changé".to_owned(),
        paragraphs: vec![
            "L'adresse électronique de votre compte vient d'être remplacée par une autre.".to_owned(),
            "Si vous ne l'avez pas demandé, prévenez votre interlocuteur à l'ANCT.".to_owned(),
        ],
        action: None,
        leave: None,
        resource: "accounts",
        resource_id: id.uuid(),
    }
}

/// The token stands after `#`: browsers send it to no server, so that no log keeps it.
pub fn link(front_url: &str, token: &str) -> String {
    format!("{front_url}/connexion#jeton={token}")
}
