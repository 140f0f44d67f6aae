//! E-mails about webhooks.

use super::store::Webhook;
use crate::platform::mail::{Cause, Email};

/// Nothing could be delivered for a day.
pub fn disabled(webhook: &Webhook, recipient: &str) -> Email {
    Email {
        template: "webhook_disabled",
        cause: Cause::Business,
        recipient: recipient.to_owned(),
        subject: "Un webhook est désactivé".to_owned(),
        paragraphs: vec![
            format!(
                "Rien n'a pu être livré depuis vingt-quatre heures par le webhook « {} » : il est désactivé.",
                webhook.name
            ),
            "Réactivez-le quand l'adresse répond, puis demandez le renvoi des événements manqués.".to_owned(),
        ],
        action: None,
        leave: None,
        resource: "webhooks",
        resource_id: webhook.id.uuid(),
    }
}
