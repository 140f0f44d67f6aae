//! E-mails about applications.

use super::store::Application;
use crate::platform::mail::{Cause, Email};

fn about(
    application: &Application,
    template: &'static str,
    recipient: &str,
    subject: String,
    paragraphs: Vec<String>,
) -> Email {
    Email {
        template,
        cause: Cause::Business,
        recipient: recipient.to_owned(),
        subject,
        paragraphs,
        action: None,
        leave: None,
        resource: "applications",
        resource_id: application.id.uuid(),
    }
}

fn posts(count: i32) -> String {
    if count == 1 { "1 poste".to_owned() } else { format!("{count} postes") }
}

/// Acknowledges an application to the structure.
pub fn received(application: &Application, recipient: &str) -> Email {
    about(
        application,
        "application_received",
        recipient,
        format!("Votre demande {} est déposée", application.reference),
        vec![
            format!(
                "La demande {} de la structure « {} » pour {} est déposée.",
                application.reference,
                application.structure_name,
                posts(application.posts_requested)
            ),
            "La préfecture de votre département donne un avis, puis le comité de sélection décide.".to_owned(),
        ],
    )
}

/// Tells the prefecture that an application awaits its opinion.
pub fn opinion_awaited(application: &Application, recipient: &str) -> Email {
    about(
        application,
        "application_opinion_awaited",
        recipient,
        format!("Avis attendu sur la demande {}", application.reference),
        vec![format!(
            "La structure « {} » demande {} (demande {}). Votre avis est attendu avant le comité de sélection.",
            application.structure_name,
            posts(application.posts_requested),
            application.reference
        )],
    )
}

/// Tells the structure that posts are granted.
pub fn retained(application: &Application, recipient: &str, granted: i32, deadline: &str) -> Email {
    about(
        application,
        "application_retained",
        recipient,
        format!("Votre demande {} est retenue", application.reference),
        vec![
            format!(
                "Le comité de sélection retient la structure « {} » et lui accorde {}.",
                application.structure_name,
                posts(granted)
            ),
            format!("Recrutez avant le {deadline} : passé ce délai, un poste vacant peut être repris."),
        ],
    )
}

/// Tells the structure that its request for further posts fell with its last post.
pub fn fell(application: &Application, recipient: &str) -> Email {
    about(
        application,
        "application_fell",
        recipient,
        "Votre demande de postes supplémentaires est sans objet".to_owned(),
        vec![
            format!(
                "La demande {} de postes supplémentaires est retirée : votre structure n'a plus de poste.",
                application.reference
            ),
            "Vous pouvez déposer une première demande lors d'un prochain appel.".to_owned(),
        ],
    )
}

/// Tells the structure that its application is refused.
pub fn refused(application: &Application, recipient: &str) -> Email {
    about(
        application,
        "application_refused",
        recipient,
        format!("Votre demande {} n'est pas retenue", application.reference),
        vec![format!(
            "Le comité de sélection n'a pas retenu la demande {} de la structure « {} ».",
            application.reference, application.structure_name
        )],
    )
}

/// Tells the structure that its application will be looked at again.
pub fn examined_further(application: &Application, recipient: &str) -> Email {
    about(
        application,
        "application_examined_further",
        recipient,
        format!("Votre demande {} fait l'objet d'un examen complémentaire", application.reference),
        vec![format!(
            "Le comité de sélection examinera à nouveau la demande {} de la structure « {} » lors d'une prochaine séance.",
            application.reference, application.structure_name
        )],
    )
}
