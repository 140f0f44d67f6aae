//! E-mails about subsidies.

use uuid::Uuid;

use super::model::CreditReason;
use super::store::agreements::Agreement;
use crate::platform::ids::CreditNoteId;
use crate::platform::mail::{Cause, Email};

fn email(
    template: &'static str,
    recipient: &str,
    subject: String,
    paragraphs: Vec<String>,
    resource: &'static str,
    resource_id: Uuid,
) -> Email {
    Email {
        template,
        cause: Cause::Business,
        recipient: recipient.to_owned(),
        subject,
        paragraphs,
        action: None,
        leave: None,
        resource,
        resource_id,
    }
}

/// An amount as French letters write it: `12 345,67 €`.
fn euros(cents: i64) -> String {
    let (whole, part) = (cents / 100, cents % 100);
    let digits = whole.to_string();
    let grouped: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    format!("{},{part:02}\u{a0}€", grouped.join("\u{202f}"))
}

pub fn signed(agreement: &Agreement, recipient: &str) -> Email {
    let paragraphs = vec![
        format!(
            "La convention {} de votre structure « {} » est signée pour {} poste(s), d'un montant de {}.",
            agreement.reference,
            agreement.structure_name,
            agreement.posts_count,
            euros(agreement.amount_cents)
        ),
        "Chaque versement est mis en paiement dès que ses conditions sont remplies ; vous pouvez en suivre l'état."
            .to_owned(),
    ];
    let subject = format!("La convention {} est signée", agreement.reference);
    email("agreement_signed", recipient, subject, paragraphs, "agreements", agreement.id.uuid())
}

pub fn amended(agreement: &Agreement, recipient: &str) -> Email {
    let paragraphs = vec![format!(
        "La convention {} de votre structure « {} » est modifiée par l'avenant n° {} : son montant est maintenant de {}.",
        agreement.reference,
        agreement.structure_name,
        agreement.amendments_count,
        euros(agreement.amount_cents)
    )];
    let subject = format!("La convention {} est modifiée", agreement.reference);
    email("agreement_amended", recipient, subject, paragraphs, "agreements", agreement.id.uuid())
}

pub fn abandoned(agreement: &Agreement, reason: &str, recipient: &str) -> Email {
    let paragraphs = vec![
        format!(
            "La convention {} de votre structure « {} » n'aboutira pas.",
            agreement.reference, agreement.structure_name
        ),
        format!("Motif : {reason}"),
    ];
    let subject = format!("La convention {} est abandonnée", agreement.reference);
    email("agreement_abandoned", recipient, subject, paragraphs, "agreements", agreement.id.uuid())
}

pub fn credit_issued(
    id: CreditNoteId,
    post_reference: &str,
    cents: i64,
    reason: CreditReason,
    recipient: &str,
) -> Email {
    let why = match reason {
        CreditReason::ContractEnded => "le contrat a pris fin avant le terme subventionné",
        CreditReason::PostLeft => "le poste a été rendu ou transféré",
    };
    let paragraphs = vec![
        format!("Un avoir de {} est émis sur le poste {post_reference} : {why}.", euros(cents)),
        "Cette somme, versée au-delà du temps travaillé, est à rembourser à la Banque des Territoires, ou sera déduite d'un \
         prochain versement."
            .to_owned(),
    ];
    let subject = format!("Un avoir est émis sur le poste {post_reference}");
    email("credit_note_issued", recipient, subject, paragraphs, "credit-notes", id.uuid())
}

#[cfg(test)]
mod tests {
    use super::euros;

    #[test]
    fn amounts_are_written_as_in_french() {
        assert_eq!(euros(1_234_567), "12\u{202f}345,67\u{a0}€");
        assert_eq!(euros(5), "0,05\u{a0}€");
        assert_eq!(euros(100_000_000), "1\u{202f}000\u{202f}000,00\u{a0}€");
    }
}
