//! The first account: from there on everybody is invited, and nobody needs a token made by hand.

use super::config::{Config, Mailer};
use crate::features::accounts;
use crate::platform::db::{Db, Outcome, Request};
use crate::platform::text;

/// Opens an account of the ANCT; answers what to tell the person at the keyboard. With a mail server the link is mailed,
/// otherwise, or where it is asked for, it is told here and nowhere else.
pub fn open(db: &Db, config: &Config, email: &str, print: bool, force: bool) -> Result<String, String> {
    if !text::is_email(email) {
        return Err("--email: expected an address such as prenom.nom@example.org".to_owned());
    }
    let mailed = !print && matches!(config.mailer, Mailer::Smtp(_));
    let link = db
        .write_now(&Request::job("bootstrap"), &|tx| {
            accounts::service::open_first(tx, email, force, mailed).map(Outcome::Keep)
        })
        .map_err(|problem| problem.to_string())?;
    let Some((address, token)) = link else {
        return Err("the ANCT has an account already, which may invite others; --force opens another".to_owned());
    };
    if mailed {
        return Ok("A link that signs in is on its way: `conum serve` delivers it.".to_owned());
    }
    Ok(format!(
        "This link signs in once, within seven days:\n{address}\nWithout a front-end: POST {}/api/v1/login-links/exchange \
         {{\"token\":\"{token}\"}}",
        config.public_url
    ))
}

/// The command.
pub fn run(db: &Db, config: &Config, email: &str, print: bool, force: bool) -> Result<(), String> {
    println!("{}", open(db, config, email, print, force)?);
    Ok(())
}
