//! E-mails about structures. They name a structure by its identifier and its commune, which are the State's own words: the
//! name is somebody's text, and would travel under an official sender to any address.

use super::store::Structure;
use crate::platform::mail::{Cause, Email};

/// How a letter names a structure.
fn named(structure: &Structure) -> String {
    let identifier = match (&structure.siret, &structure.ridet) {
        (Some(siret), _) => format!("SIRET {siret}"),
        (None, Some(ridet)) => format!("RIDET {ridet}"),
        (None, None) => structure.reference.clone(),
    };
    format!("{identifier}, {}", structure.commune_name)
}

/// Asks the contact of a new structure to confirm the address.
pub fn confirm_address(front_url: &str, structure: &Structure, recipient: &str, token: &str) -> Email {
    Email {
        template: "structure_confirm_address",
        cause: Cause::Stranger,
        recipient: recipient.to_owned(),
        subject: "Confirmez l'inscription de votre structure".to_owned(),
        paragraphs: vec![
            format!(
                "Une structure ({}) vient d'être inscrite au dispositif Conseillers numériques France Services, \
                 avec votre adresse.",
                named(structure)
            ),
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
        resource_id: structure.id.uuid(),
    }
}

fn letter(
    template: &'static str,
    structure: &Structure,
    recipient: &str,
    subject: &str,
    paragraphs: Vec<String>,
) -> Email {
    Email {
        template,
        cause: Cause::Notice,
        recipient: recipient.to_owned(),
        subject: subject.to_owned(),
        paragraphs,
        action: None,
        leave: None,
        resource: "structures",
        resource_id: structure.id.uuid(),
    }
}

/// Tells a structure that its registration is cancelled.
pub fn cancelled(structure: &Structure, recipient: &str) -> Email {
    let paragraphs = vec![
        format!("L'inscription de votre structure ({}) au dispositif est annulée par l'ANCT.", named(structure)),
        "Ses comptes sont fermés. Vous pouvez inscrire la structure de nouveau.".to_owned(),
    ];
    letter("structure_cancelled", structure, recipient, "L'inscription de votre structure est annulée", paragraphs)
}

/// Tells a structure that it has left, as it asked.
pub fn left(structure: &Structure, recipient: &str) -> Email {
    let paragraphs = vec![
        format!("Votre structure ({}) est sortie du dispositif, à sa demande.", named(structure)),
        "Ses comptes restent ouverts ; elle peut déposer une nouvelle demande de postes.".to_owned(),
    ];
    letter("structure_left", structure, recipient, "Votre structure est sortie du dispositif", paragraphs)
}

/// Tells a structure that it was a duplicate of another.
pub fn merged(structure: &Structure, survivor: &Structure, recipient: &str) -> Email {
    let paragraphs = vec![
        format!(
            "L'ANCT a fusionné l'inscription de votre structure ({}) avec une autre inscription ({}).",
            named(structure),
            named(survivor)
        ),
        "Les comptes de la première sont fermés ; ses lieux suivent la seconde. Pour agir, connectez-vous au compte de la \
         seconde, ou demandez-lui d'en ouvrir un."
            .to_owned(),
    ];
    letter("structure_merged", structure, recipient, "Deux inscriptions de votre structure sont fusionnées", paragraphs)
}

/// Tells the one that stays.
pub fn merged_here(structure: &Structure, survivor: &Structure, recipient: &str) -> Email {
    let paragraphs = vec![
        format!(
            "L'ANCT a fusionné une autre inscription ({}) avec celle de votre structure ({}).",
            named(structure),
            named(survivor)
        ),
        "Ses lieux sont désormais les vôtres. Invitez celles et ceux qui agissaient pour elle.".to_owned(),
    ];
    letter("structure_merged_here", survivor, recipient, "Une inscription est fusionnée avec la vôtre", paragraphs)
}

/// Tells the former address that it is no longer the structure's.
pub fn address_changed(structure: &Structure, recipient: &str) -> Email {
    Email {
        template: "structure_address_changed",
        cause: Cause::Notice,
        recipient: recipient.to_owned(),
        subject: "L'adresse de contact de votre structure a changé".to_owned(),
        paragraphs: vec![
            format!(
                "L'adresse de contact de votre structure ({}) vient d'être remplacée par une autre.",
                named(structure)
            ),
            "Si vous n'en êtes pas à l'origine, prévenez votre interlocuteur à l'ANCT.".to_owned(),
        ],
        action: None,
        leave: None,
        resource: "structures",
        resource_id: structure.id.uuid(),
    }
}
