//! E-mails: written in the transaction that causes them, delivered later by a worker.

use std::path::PathBuf;

use chrono::TimeDelta;
use lettre::message::{Mailbox, MultiPart};
use lettre::{FileTransport, Message, SmtpTransport, Transport};

use super::db::{Effect, Tx};
use super::error::Result;
use super::ids::EmailId;
use crate::sql;

/// What makes a letter leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The scheme's own business with whom it concerns: contracts, matches, decisions. Never held back.
    Business,
    /// Tells the holder of an address what became of it. Bounded apart, so that no flood of others hides it.
    Notice,
    /// A form that anybody may send, for any address. Quotes nothing of what was written there.
    Stranger,
}

impl Cause {
    fn as_str(self) -> &'static str {
        match self {
            Cause::Business => "business",
            Cause::Notice => "notice",
            Cause::Stranger => "stranger",
        }
    }
}

/// Letters of one cause that a mailbox gets within an hour and within a day, whoever asks, whichever form it takes.
pub const AN_HOUR: i64 = 5;
pub const A_DAY: i64 = 20;

/// An e-mail to be.
#[derive(Clone, Debug)]
pub struct Email {
    /// Name of the kind of e-mail, for journals and dry runs.
    pub template: &'static str,
    pub cause: Cause,
    pub recipient: String,
    pub subject: String,
    pub paragraphs: Vec<String>,
    /// Label and address of the one thing to do, if there is one.
    pub action: Option<(String, String)>,
    /// Address under which the recipient asks not to be written to any more.
    pub leave: Option<String>,
    /// What it is about.
    pub resource: &'static str,
    pub resource_id: uuid::Uuid,
}

const LEAVE: &str = "Pour ne plus être contacté";
const SIGNATURE: &str = "Le dispositif Conseillers numériques France Services";

impl Email {
    pub fn text(&self) -> String {
        let mut text = format!("Bonjour,\n\n{}\n", self.paragraphs.join("\n\n"));
        if let Some((label, address)) = &self.action {
            text.push_str(&format!("\n{label} :\n{address}\n"));
        }
        text.push_str(&format!("\n{SIGNATURE}\n"));
        if let Some(address) = &self.leave {
            text.push_str(&format!("\n{LEAVE} :\n{address}\n"));
        }
        text
    }

    pub fn html(&self) -> String {
        let paragraphs: String = self.paragraphs.iter().map(|p| format!("<p>{}</p>\n", escape(p))).collect();
        let action = match &self.action {
            Some((label, address)) => {
                format!("<p><a href=\"{}\">{}</a></p>\n", escape(address), escape(label))
            }
            None => String::new(),
        };
        let leave = match &self.leave {
            Some(address) => format!("<p><small><a href=\"{}\">{LEAVE}</a></small></p>\n", escape(address)),
            None => String::new(),
        };
        format!(
            "<!doctype html>\n<html lang=\"fr\">\n<head><meta charset=\"utf-8\"><title>{}</title></head>\n\
             <body>\n<p>Bonjour,</p>\n{paragraphs}{action}<p>{SIGNATURE}</p>\n{leave}</body>\n</html>\n",
            escape(&self.subject)
        )
    }
}

/// Makes a text harmless inside HTML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Whether the mailbox of a letter that others cause has had enough. Those at the same time wait for each other.
fn has_had_enough(tx: &mut Tx<'_>, email: &Email) -> Result<bool> {
    if email.cause == Cause::Business {
        return Ok(false);
    }
    let now = tx.now().instant();
    // Whose letters these are is the service's own business.
    tx.as_service(|tx| {
        sql!("select pg_advisory_xact_lock(hashtextextended('conum.mailbox|' || conum_mailbox({}), 4))", &email.recipient)
            .run(tx.conn())?;
        sql!(
            "select count(*) >= {} or count(*) filter (where created_at > {}) >= {} as yes from emails
             where conum_mailbox(recipient) = conum_mailbox({}) and cause <> 'business' and cause = {} and created_at > {}",
            A_DAY,
            now - TimeDelta::hours(1),
            AN_HOUR,
            &email.recipient,
            email.cause.as_str(),
            now - TimeDelta::days(1)
        )
        .holds(tx.conn())
    })
}

/// Puts an e-mail into the outbox: it leaves if, and only if, the transaction commits. One that others cause is left out
/// where its mailbox has had enough; nobody is told, since that would tell who is written to.
pub fn send(tx: &mut Tx<'_>, email: &Email) -> Result<()> {
    if has_had_enough(tx, email)? {
        log::info!(template = email.template, request_id = tx.request().request_id.as_str(); "a letter is held back");
        return Ok(());
    }
    put(tx, email, false)
}

/// The last letter to somebody who is erased: the address is forgotten once it has left, or was given up.
pub fn send_last(tx: &mut Tx<'_>, email: &Email) -> Result<()> {
    put(tx, email, true)
}

fn put(tx: &mut Tx<'_>, email: &Email, last_word: bool) -> Result<()> {
    sql!(
        "insert into emails (id, last_word, template, cause, recipient, subject, text_body, html_body, resource,
            resource_id, next_attempt_at)
         values ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
        EmailId::new(),
        last_word,
        email.template,
        email.cause.as_str(),
        &email.recipient,
        &email.subject,
        email.text(),
        email.html(),
        email.resource,
        email.resource_id,
        tx.now().instant()
    )
    .run(tx.conn())?;
    tx.note(Effect {
        kind: "email",
        name: email.template.to_owned(),
        resource: format!("{}/{}", email.resource, email.resource_id),
    });
    Ok(())
}

/// The same for many of the scheme's own business, in one statement; a dry run is told only of their number.
pub fn send_all(tx: &mut Tx<'_>, emails: &[Email]) -> Result<()> {
    if emails.iter().any(|email| email.cause != Cause::Business) {
        return emails.iter().try_for_each(|email| send(tx, email));
    }
    let Some(first) = emails.first() else { return Ok(()) };
    let texts = |of: &dyn Fn(&Email) -> String| emails.iter().map(of).collect::<Vec<_>>();
    sql!(
        "insert into emails (id, template, cause, recipient, subject, text_body, html_body, resource, resource_id, next_attempt_at)
         select n.id, n.template, 'business', n.recipient, n.subject, n.text_body, n.html_body, n.resource, n.resource_id, {}
         from unnest({}, {}, {}, {}, {}, {}, {}, {})
            as n (id, template, recipient, subject, text_body, html_body, resource, resource_id)",
        tx.now().instant(),
        emails.iter().map(|_| EmailId::new().uuid()).collect::<Vec<_>>(),
        texts(&|email| email.template.to_owned()),
        texts(&|email| email.recipient.clone()),
        texts(&|email| email.subject.clone()),
        texts(&Email::text),
        texts(&Email::html),
        texts(&|email| email.resource.to_owned()),
        emails.iter().map(|email| email.resource_id).collect::<Vec<_>>()
    )
    .run(tx.conn())?;
    tx.note(Effect {
        kind: "email",
        name: first.template.to_owned(),
        resource: format!("{}/* ({})", first.resource, emails.len()),
    });
    Ok(())
}

/// What carries e-mails out of the house.
pub enum Carrier {
    /// For development: the message as it would leave, and its text by name of e-mail and resource.
    Folder(FileTransport, PathBuf),
    Smtp(SmtpTransport),
}

impl Carrier {
    pub fn folder(folder: &std::path::Path) -> Result<Self, String> {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        Ok(Self::Folder(FileTransport::new(folder), folder.to_owned()))
    }

    pub fn smtp(address: &str) -> Result<Self, String> {
        // The address holds a password: its own error would quote it.
        let transport = SmtpTransport::from_url(address).map_err(|_| "CONUM_MAIL: not an SMTP address")?;
        Ok(Self::Smtp(transport.timeout(Some(std::time::Duration::from_secs(20))).build()))
    }

    /// Delivers one message; the error never names people.
    pub fn deliver(&self, from: &Mailbox, message: &Stored) -> Result<(), String> {
        let recipient = message.recipient.parse::<Mailbox>().map_err(|_| "unusable address")?;
        let built = Message::builder()
            .from(from.clone())
            .to(recipient)
            .subject(&message.subject)
            // The same identifier at every attempt: the receiving side can tell a repeat.
            .message_id(Some(format!("<{}@conum>", message.id)))
            .multipart(MultiPart::alternative_plain_html(message.text_body.clone(), message.html_body.clone()))
            .map_err(|_| "cannot be composed")?;
        match self {
            Carrier::Folder(transport, folder) => {
                let readable =
                    format!("To: {}\nSubject: {}\n\n{}", message.recipient, message.subject, message.text_body);
                let resource = message.resource_id.map(|id| format!("-{id}")).unwrap_or_default();
                let file = folder.join(format!("{}{resource}.txt", message.template));
                let written = std::fs::write(file, readable).is_ok() && transport.send(&built).is_ok();
                if written { Ok(()) } else { Err("cannot write the file".to_owned()) }
            }
            Carrier::Smtp(transport) => transport.send(&built).map(|_| ()).map_err(|e| {
                let status = e.status().map(|code| code.to_string()).unwrap_or_else(|| "no answer".to_owned());
                format!("SMTP: {status}")
            }),
        }
    }
}

/// An e-mail read back from the outbox.
#[derive(Clone, Debug, diesel::QueryableByName)]
#[diesel(table_name = super::db::schema::emails)]
pub struct Stored {
    pub id: uuid::Uuid,
    pub recipient: String,
    pub subject: String,
    pub text_body: String,
    pub html_body: String,
    pub template: String,
    pub resource_id: Option<uuid::Uuid>,
    pub attempts: i32,
}
