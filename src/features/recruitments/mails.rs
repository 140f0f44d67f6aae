//! E-mails about recruitments.

use chrono::NaiveDate;

use super::model::RecruitmentOrigin;
use super::store::recruitments::Recruitment;
use crate::features::candidates::service::leave_link;
use crate::platform::mail::{Cause, Email};

fn email(
    template: &'static str,
    recipient: &str,
    subject: String,
    paragraphs: Vec<String>,
    recruitment: &Recruitment,
) -> Email {
    Email {
        template,
        cause: Cause::Business,
        recipient: recipient.to_owned(),
        subject,
        paragraphs,
        action: None,
        leave: None,
        resource: "recruitments",
        resource_id: recruitment.id.uuid(),
    }
}

/// An e-mail to a candidate carries the link to leave.
fn may_leave(email: Email, front_url: &str, token: &str) -> Email {
    Email { leave: Some(leave_link(front_url, token)), ..email }
}

/// A day as French letters write it.
fn day(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

/// The dates of a contract in words.
fn dates(recruitment: &Recruitment) -> String {
    match recruitment.ends_on {
        Some(end) => format!("du {} au {}", day(recruitment.starts_on), day(end)),
        None => format!("à partir du {}, sans terme", day(recruitment.starts_on)),
    }
}

/// What is decided upon, in words.
fn matter(recruitment: &Recruitment) -> &'static str {
    match recruitment.origin {
        RecruitmentOrigin::Renewal => "le renouvellement de votre contrat",
        _ => "votre recrutement",
    }
}

/// Where a person stands after a submission that comes to nothing.
fn as_before(recruitment: &Recruitment) -> String {
    match recruitment.waiting {
        true => "Votre contrat actuel n'est pas modifié.".to_owned(),
        false => "Votre candidature n'est pas modifiée.".to_owned(),
    }
}

/// Tells the candidate that a structure has submitted their contract.
pub fn submitted(front_url: &str, recruitment: &Recruitment, recipient: &str, leave_token: &str) -> Email {
    let paragraphs = vec![
        format!(
            "La structure « {} » a déposé {} comme conseiller numérique ({}).",
            recruitment.structure_name,
            matter(recruitment),
            dates(recruitment)
        ),
        "Son dossier va être examiné ; vous serez prévenu de la décision. Si vous n'êtes pas d'accord, déclinez-le depuis \
         votre espace avant la décision."
            .to_owned(),
    ];
    may_leave(
        email("recruitment_submitted", recipient, "Votre dossier est déposé".to_owned(), paragraphs, recruitment),
        front_url,
        leave_token,
    )
}

pub fn validated_to_structure(recruitment: &Recruitment, recipient: &str) -> Email {
    let next = match recruitment.origin {
        RecruitmentOrigin::Renewal => "Il prend la suite du contrat en cours.",
        _ => "Le conseiller va être inscrit en formation.",
    };
    let paragraphs = vec![
        format!(
            "Le recrutement {} de votre structure « {} » sur le poste {} est validé ({}).",
            recruitment.reference,
            recruitment.structure_name,
            recruitment.post_reference,
            dates(recruitment)
        ),
        next.to_owned(),
    ];
    let subject = format!("Le recrutement {} est validé", recruitment.reference);
    email("recruitment_validated_to_structure", recipient, subject, paragraphs, recruitment)
}

pub fn validated_to_candidate(front_url: &str, recruitment: &Recruitment, recipient: &str, leave_token: &str) -> Email {
    let (structure, dates) = (&recruitment.structure_name, dates(recruitment));
    let (subject, news) = match recruitment.origin {
        RecruitmentOrigin::Renewal => (
            "Le renouvellement de votre contrat est validé",
            format!("Le renouvellement de votre contrat par la structure « {structure} » est validé ({dates})."),
        ),
        _ => (
            "Votre recrutement est validé",
            format!(
                "Votre recrutement par la structure « {structure} » est validé ({dates}) : \
                 bienvenue parmi les conseillers numériques."
            ),
        ),
    };
    let account = "Votre compte de conseiller est ouvert : demandez un lien de connexion avec cette adresse.";
    let (subject, paragraphs) = (subject.to_owned(), vec![news, account.to_owned()]);
    let mut email = email("recruitment_validated_to_candidate", recipient, subject, paragraphs, recruitment);
    email.action = Some(("Me connecter".to_owned(), format!("{front_url}/connexion")));
    may_leave(email, front_url, leave_token)
}

/// Tells the candidate of the refusal; why is between the ANCT and the structure.
pub fn refused_to_candidate(front_url: &str, recruitment: &Recruitment, recipient: &str, leave_token: &str) -> Email {
    let paragraphs = vec![
        format!(
            "L'ANCT n'a pas validé {} par la structure « {} », qui peut vous en dire la raison.",
            matter(recruitment),
            recruitment.structure_name
        ),
        as_before(recruitment),
    ];
    let subject = "Une décision sur votre dossier".to_owned();
    may_leave(
        email("recruitment_refused_to_candidate", recipient, subject, paragraphs, recruitment),
        front_url,
        leave_token,
    )
}

pub fn refused_to_structure(recruitment: &Recruitment, reason: &str, recipient: &str) -> Email {
    let paragraphs = vec![
        format!(
            "Le recrutement {} de votre structure « {} » sur le poste {} n'est pas validé.",
            recruitment.reference, recruitment.structure_name, recruitment.post_reference
        ),
        format!("Motif : {reason}"),
        "Vous pouvez déposer un nouveau recrutement sur ce poste.".to_owned(),
    ];
    let subject = format!("Le recrutement {} est refusé", recruitment.reference);
    email("recruitment_refused_to_structure", recipient, subject, paragraphs, recruitment)
}

/// Tells the candidate that the structure takes its submission back.
pub fn cancelled(front_url: &str, recruitment: &Recruitment, recipient: &str, leave_token: &str) -> Email {
    let paragraphs = vec![
        format!("La structure « {} » n'a pas maintenu {}.", recruitment.structure_name, matter(recruitment)),
        as_before(recruitment),
    ];
    may_leave(
        email("recruitment_cancelled", recipient, "Votre dossier est annulé".to_owned(), paragraphs, recruitment),
        front_url,
        leave_token,
    )
}

/// Tells the structure that the person does not agree to the contract.
pub fn declined_to_structure(recruitment: &Recruitment, recipient: &str) -> Email {
    let next = match recruitment.waiting {
        true => "Le contrat en cours n'est pas modifié.".to_owned(),
        false => format!("Le poste {} est de nouveau libre.", recruitment.post_reference),
    };
    let paragraphs = vec![
        format!(
            "Le candidat {} décline le recrutement {} déposé par votre structure « {} » ({}).",
            recruitment.candidate_reference,
            recruitment.reference,
            recruitment.structure_name,
            dates(recruitment)
        ),
        next,
    ];
    let subject = format!("Le recrutement {} est décliné", recruitment.reference);
    email("recruitment_declined_to_structure", recipient, subject, paragraphs, recruitment)
}

pub fn terminated_to_structure(recruitment: &Recruitment, on: NaiveDate, recipient: &str) -> Email {
    let paragraphs = vec![
        format!(
            "La rupture du contrat {} de votre structure « {} » est validée : dernier jour le {}.",
            recruitment.reference,
            recruitment.structure_name,
            day(on)
        ),
        format!(
            "Le poste {} est de nouveau vacant. Les sommes versées et non justifiées par un mois travaillé sont reprises.",
            recruitment.post_reference
        ),
    ];
    let subject = format!("La rupture du contrat {} est validée", recruitment.reference);
    email("recruitment_terminated", recipient, subject, paragraphs, recruitment)
}

pub fn completed_to_structure(recruitment: &Recruitment, on: NaiveDate, recipient: &str) -> Email {
    let post = &recruitment.post_reference;
    let next = match recruitment.renewal_id {
        Some(_) => format!("Le poste {post} reste réservé au renouvellement déposé, qui va être examiné."),
        None => format!("Le poste {post} est vacant : vous avez trois mois pour y recruter."),
    };
    let paragraphs = vec![
        format!(
            "Le contrat {} de votre structure « {} » est arrivé à son terme le {}.",
            recruitment.reference,
            recruitment.structure_name,
            day(on)
        ),
        next,
    ];
    let subject = format!("Le contrat {} est terminé", recruitment.reference);
    email("recruitment_completed", recipient, subject, paragraphs, recruitment)
}

/// Tells the person that the contract is over, whatever the reason.
pub fn ended_to_candidate(
    front_url: &str,
    recruitment: &Recruitment,
    on: NaiveDate,
    recipient: &str,
    leave_token: &str,
) -> Email {
    let paragraphs = vec![
        format!("Votre contrat avec la structure « {} » a pris fin le {}.", recruitment.structure_name, day(on)),
        "Sauf si vous avez demandé à ne plus être contacté, votre candidature est de nouveau active : d'autres structures \
         pourront vous être proposées. Vous pouvez la suspendre depuis votre espace."
            .to_owned(),
    ];
    may_leave(
        email(
            "recruitment_ended_to_candidate",
            recipient,
            "Votre contrat a pris fin".to_owned(),
            paragraphs,
            recruitment,
        ),
        front_url,
        leave_token,
    )
}

pub fn extended(recruitment: &Recruitment, ends_on: NaiveDate, recipient: &str) -> Email {
    let paragraphs = vec![format!(
        "La prolongation du contrat {} de votre structure « {} » est validée : il prend fin le {}.",
        recruitment.reference,
        recruitment.structure_name,
        day(ends_on)
    )];
    let subject = format!("Le contrat {} est prolongé", recruitment.reference);
    email("extension_validated", recipient, subject, paragraphs, recruitment)
}

pub fn extension_refused(recruitment: &Recruitment, reason: &str, recipient: &str) -> Email {
    let paragraphs = vec![
        format!(
            "La prolongation du contrat {} de votre structure « {} » n'est pas validée.",
            recruitment.reference, recruitment.structure_name
        ),
        format!("Motif : {reason}"),
    ];
    let subject = format!("La prolongation du contrat {} est refusée", recruitment.reference);
    email("extension_refused", recipient, subject, paragraphs, recruitment)
}

/// Tells the counsellor that the post has moved.
pub fn transferred(
    front_url: &str,
    recruitment: &Recruitment,
    on: NaiveDate,
    recipient: &str,
    leave_token: &str,
) -> Email {
    let paragraphs = vec![format!(
        "Votre poste est transféré à la structure « {} » à compter du {}. Les termes de votre contrat restent les mêmes.",
        recruitment.structure_name,
        day(on)
    )];
    let subject = "Votre poste change de structure".to_owned();
    may_leave(email("recruitment_transferred", recipient, subject, paragraphs, recruitment), front_url, leave_token)
}

/// The structure learns that its contract says something else now.
pub fn rectified(recruitment: &Recruitment, reason: &str, recipient: &str) -> Email {
    email(
        "recruitment_rectified",
        recipient,
        format!("Recrutement {} corrigé", recruitment.reference),
        vec![
            format!("Le recrutement {} a été corrigé : {}.", recruitment.reference, dates(recruitment)),
            format!("Motif : {reason}"),
            "Les comptes rendus, les chiffres et les versements suivent les dates corrigées.".to_owned(),
        ],
        recruitment,
    )
}
