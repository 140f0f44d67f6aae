//! E-mails about structures.

use crate::platform::ids::StructureId;
use crate::platform::mail::Email;

/// Asks the contact of a new structure to confirm the address.
pub fn confirm_address(front_url: &str, id: StructureId, name: &str, recipient: &str, token: &str) -> Email {
    Email {
        template: "structure_confirm_address",
        recipient: recipient.to_owned(),
        subject: "Confirmez l'inscription de votre structure".to_owned(),
        paragraphs: vec![
            format!("Votre structure « {name} » s'est inscrite au dispositif Conseillers numériques France Services."),
            "Confirmez votre adresse électronique pour ouvrir votre compte et déposer une demande de postes. \
             Le lien sert une seule fois et reste valable 180 jours."
                .to_owned(),
            "Si vous n'êtes pas à l'origine de cette inscription, ignorez ce message.".to_owned(),
        ],
        action: Some((
            "Confirmer mon adresse".to_owned(),
            format!("{front_url}/structures/confirmation#jeton={token}"),
        )),
        leave: None,
        resource: "structures",
        resource_id: id.uuid(),
    }
}

/// Tells the former address that it is no longer the structure's.
pub fn address_changed(id: StructureId, name: &str, recipient: &str) -> Email {
    Email {
        template: "structure_address_changed",
        recipient: recipient.to_owned(),
        subject: "L'adresse de contact de votre structure a changé".to_owned(),
        paragraphs: vec![
            format!("L'adresse de contact de la structure « {name} » vient d'être remplacée par une autre."),
            "Si vous n'en êtes pas à l'origine, prévenez votre interlocuteur à l'ANCT.".to_owned(),
        ],
        action: None,
        leave: None,
        resource: "structures",
        resource_id: id.uuid(),
    }
}
