//! E-mails about posts.

use chrono::NaiveDate;

use super::store::posts::Post;
use super::store::returns::PostReturn;
use crate::platform::ids::PostId;
use crate::platform::mail::{Cause, Email};

fn email(template: &'static str, recipient: &str, subject: String, paragraphs: Vec<String>, post: PostId) -> Email {
    Email {
        template,
        cause: Cause::Business,
        recipient: recipient.to_owned(),
        subject,
        paragraphs,
        action: None,
        leave: None,
        resource: "posts",
        resource_id: post.uuid(),
    }
}

/// A day as French letters write it.
fn day(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

/// The ANCT accepts that the structure gives a post back.
pub fn return_accepted(request: &PostReturn, recipient: &str) -> Email {
    let (post, name) = (&request.post_reference, &request.structure_name);
    let paragraphs = vec![
        format!("L'ANCT accepte que la structure « {name} » rende le poste {post}."),
        "Ce poste ne vous est plus attribué : aucun recrutement n'y est plus possible.".to_owned(),
    ];
    email("post_return_accepted", recipient, format!("Le poste {post} est rendu"), paragraphs, request.post_id)
}

/// The ANCT refuses that the structure gives a post back.
pub fn return_refused(request: &PostReturn, recipient: &str, reason: &str) -> Email {
    let (post, name) = (&request.post_reference, &request.structure_name);
    let paragraphs = vec![
        format!("L'ANCT ne donne pas suite à la demande de la structure « {name} » de rendre le poste {post}."),
        format!("Motif : {reason}"),
        "Le poste vous reste attribué.".to_owned(),
    ];
    let subject = format!("Le retour du poste {post} est refusé");
    email("post_return_refused", recipient, subject, paragraphs, request.post_id)
}

/// The post now belongs to another structure.
pub fn transferred_away(post: &Post, recipient: &str, on: NaiveDate) -> Email {
    let paragraphs = vec![
        format!(
            "Le poste {} de la structure « {} » est transféré à une autre structure à compter du {}.",
            post.reference,
            post.structure_name,
            day(on)
        ),
        "Aucun recrutement n'y est plus possible pour vous.".to_owned(),
    ];
    let subject = format!("Le poste {} est transféré", post.reference);
    email("post_transferred_away", recipient, subject, paragraphs, post.id)
}

/// The structure receives a post from another one.
pub fn transferred_here(post: &Post, recipient: &str, on: NaiveDate) -> Email {
    let paragraphs = vec![
        format!(
            "Le poste {} est attribué à votre structure « {} » à compter du {}.",
            post.reference,
            post.structure_name,
            day(on)
        ),
        format!("Vous avez jusqu'au {} pour y recruter un conseiller.", day(post.recruitment_deadline)),
    ];
    let subject = format!("Le poste {} vous est transféré", post.reference);
    email("post_transferred_here", recipient, subject, paragraphs, post.id)
}

/// The deadline has passed without a recruitment.
pub fn taken_back(post: &Post, recipient: &str) -> Email {
    let paragraphs = vec![
        format!(
            "Le délai pour recruter sur le poste {} de la structure « {} » a pris fin le {}.",
            post.reference,
            post.structure_name,
            day(post.recruitment_deadline)
        ),
        "L'ANCT reprend ce poste : aucun recrutement n'y est plus possible.".to_owned(),
    ];
    let subject = format!("Le poste {} est repris", post.reference);
    email("post_taken_back", recipient, subject, paragraphs, post.id)
}
