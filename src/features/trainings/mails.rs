//! E-mails about training.

use chrono::NaiveDate;

use super::store::enrolments::Enrolment;
use crate::platform::mail::{Cause, Email};

fn email(
    template: &'static str,
    recipient: &str,
    subject: String,
    paragraphs: Vec<String>,
    about: &Enrolment,
) -> Email {
    Email {
        template,
        cause: Cause::Business,
        recipient: recipient.to_owned(),
        subject,
        paragraphs,
        action: None,
        leave: None,
        resource: "enrolments",
        resource_id: about.id.uuid(),
    }
}

/// A day as French letters write it.
fn day(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

/// Who follows what, and when.
fn matter(enrolment: &Enrolment) -> String {
    let dates = match (enrolment.starts_on, enrolment.ends_on) {
        (Some(first), Some(last)) => format!(" du {} au {}", day(first), day(last)),
        _ => String::new(),
    };
    format!("{} {} à « {} »{dates}", enrolment.first_name, enrolment.last_name, enrolment.path_name)
}

pub fn proposed(enrolment: &Enrolment, recipient: &str) -> Email {
    let paragraphs = vec![
        format!("L'inscription de {} est proposée.", matter(enrolment)),
        "Elle sera confirmée par l'organisme de formation ou par la Banque des Territoires.".to_owned(),
    ];
    email(
        "enrolment_proposed",
        recipient,
        "Une inscription en formation est proposée".to_owned(),
        paragraphs,
        enrolment,
    )
}

pub fn confirmed(enrolment: &Enrolment, recipient: &str) -> Email {
    let paragraphs = vec![
        format!("L'inscription de {} est confirmée.", matter(enrolment)),
        "La présence est relevée par demi-journée ; une absence doit être justifiée.".to_owned(),
    ];
    email(
        "enrolment_confirmed",
        recipient,
        "Une inscription en formation est confirmée".to_owned(),
        paragraphs,
        enrolment,
    )
}

pub fn cancelled(enrolment: &Enrolment, reason: Option<&str>, recipient: &str) -> Email {
    let mut paragraphs = vec![format!("L'inscription de {} est annulée.", matter(enrolment))];
    paragraphs.extend(reason.map(|reason| format!("Motif : {reason}")));
    email(
        "enrolment_cancelled",
        recipient,
        "Une inscription en formation est annulée".to_owned(),
        paragraphs,
        enrolment,
    )
}
