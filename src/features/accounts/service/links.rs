//! Signing in by a link that is mailed and works once.

use chrono::Duration;
use uuid::Uuid;

use super::emit_account;
use super::tokens::{self, Token};
use crate::features::accounts::mails;
use crate::features::accounts::model::{AccountStatus, INVITATION, LINKS, Perimeter, SIGN_IN};
use crate::features::accounts::store::{self, accounts::Account};
use crate::platform::auth::local_issuer::LocalIssuer;
use crate::platform::auth::{Principal, Role};
use crate::platform::db::Tx;
use crate::platform::error::{Code, Problem, Result};
use crate::platform::events::AccountEvent;
use crate::platform::ids::{AccountId, CandidateId, StructureId};
use crate::platform::{mail, secret, text};

/// Mails a link for each live account of an address. Whether there is one shows nowhere.
pub fn request(tx: &mut Tx<'_>, email: &str) -> Result<()> {
    tx.widen()?;
    let email = text::canonical_email(email);
    for account in store::accounts::to_be_mailed(tx, &email, LINKS)? {
        let token = make(tx, &account, SIGN_IN)?;
        mail::send(tx, &mails::sign_in(&tx.site().front_url, account.id, account.role, &account.email, &token))?;
    }
    tx.hide_effects();
    Ok(())
}

/// Opens an account of the ANCT where nobody could invite it: the link that signs in, as address and token, mailed if
/// asked. `None` where the ANCT has an account and `anyway` is not given; one that nobody has signed in with yet, of
/// the same address, just gets a new link. Runs as the service itself.
pub fn open_first(tx: &mut Tx<'_>, email: &str, anyway: bool, mailed: bool) -> Result<Option<(String, String)>> {
    let email = text::canonical_email(email);
    store::accounts::lock_first(tx)?;
    let known = store::accounts::live_of_role(tx, Role::Anct)?;
    let same = known.iter().find(|account| account.email == email);
    if known.iter().any(|account| account.email != email || account.status == AccountStatus::Active) && !anyway {
        return Ok(None);
    }
    let account = match same {
        Some(account) => account.clone(),
        None => {
            let account = store::accounts::insert(tx, Role::Anct, &Perimeter::default(), &email)?;
            emit_account(tx, AccountEvent::Invited, &account)?;
            account
        }
    };
    store::links::end(tx, account.id)?;
    let token = make(tx, &account, INVITATION)?;
    let front_url = &tx.site().front_url;
    if mailed {
        mail::send(tx, &mails::invitation(front_url, account.id, account.role, &email, &token))?;
    }
    Ok(Some((mails::link(front_url, &token), token)))
}

/// Exchanges a mailed link for a token of its account, once.
pub fn exchange(tx: &mut Tx<'_>, issuer: &LocalIssuer, token: &str) -> Result<Token> {
    tx.widen()?;
    let id = store::links::use_up(tx, secret::hash(token))?.ok_or_else(|| Problem::new(Code::InvalidLink))?;
    sign_in(tx, issuer, id)
}

/// A link for an account: the secret goes into the e-mail, its hash stays.
pub fn make(tx: &mut Tx<'_>, account: &Account, life: Duration) -> Result<String> {
    let token = secret::generate();
    store::links::insert(tx, account.id, secret::hash(&token), life)?;
    Ok(token)
}

/// Finds or makes the active employer account of a structure and an address whose owner has just
/// proved it theirs.
pub fn open_employer_account(tx: &mut Tx<'_>, structure_id: StructureId, email: &str) -> Result<AccountId> {
    tx.widen()?;
    let account = store::accounts::open_employer(tx, structure_id, &text::canonical_email(email))?;
    Ok(account.id)
}

/// Finds or makes the active account of a candidate or counsellor whose address is known to be theirs. Runs as the
/// service itself.
pub fn open_personal_account(tx: &mut Tx<'_>, role: Role, subject_id: Uuid, email: &str) -> Result<AccountId> {
    Ok(store::accounts::open_personal(tx, role, subject_id, &text::canonical_email(email))?.id)
}

/// The address under which a person signs in in a role of their own. Runs as the service itself.
pub fn personal_address(tx: &mut Tx<'_>, role: Role, subject_id: Uuid) -> Result<Option<String>> {
    store::accounts::address_of(tx.conn(), role, subject_id)
}

/// The address of a candidate, who may be a counsellor too, is another one now. Runs as the service itself.
pub fn change_personal_address(tx: &mut Tx<'_>, candidate: CandidateId, email: &str) -> Result<()> {
    let whose = store::accounts::of_people(vec![candidate.uuid()]);
    store::accounts::change_address(tx, &whose, &text::canonical_email(email))
}

/// Withdraws the account of a candidate or counsellor: its tokens are refused within seconds. Runs as the service
/// itself.
pub fn close_personal_account(tx: &mut Tx<'_>, role: Role, subject_id: Uuid) -> Result<()> {
    store::accounts::close(tx, &store::accounts::of_subjects(role, vec![subject_id]))
}

/// Withdraws all accounts of these candidates and forgets whose they were. Runs as the service itself.
pub fn erase_personal_accounts(tx: &mut Tx<'_>, candidates: Vec<Uuid>) -> Result<()> {
    let whose = store::accounts::of_people(candidates);
    store::accounts::close(tx, &whose)?;
    store::accounts::anonymise(tx, &whose).map(|_| ())
}

/// Who an account's own token speaks for.
pub fn sign_in_principal(issuer: &LocalIssuer, account: &Account) -> Result<Principal> {
    let actor = account.actor().ok_or_else(|| Problem::internal("an account without its perimeter"))?;
    Ok(Principal {
        actor,
        issuer: issuer.issuer().to_owned(),
        subject: account.id.to_string(),
        account: Some(account.id),
        ..Principal::anonymous()
    })
}

/// A token of an account that the use case has just found or made.
pub fn sign_in(tx: &mut Tx<'_>, issuer: &LocalIssuer, id: AccountId) -> Result<Token> {
    tx.widen()?;
    let account = store::accounts::sign_in(tx, id)?.ok_or_else(|| Problem::new(Code::InvalidLink))?;
    tokens::sign(issuer, &sign_in_principal(issuer, &account)?, None, tx.now())
}
