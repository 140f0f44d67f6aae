//! Accounts: invited, changed, revoked.

use chrono::TimeDelta;

use super::{emit_account, links};
use crate::features::accounts::dto::accounts::{AccountPatch, InviteAccount};
use crate::features::accounts::mails;
use crate::features::accounts::model::{ACCOUNT_STEPS, INVITATION, INVITATION_LIFE, INVITED, Perimeter, grant};
use crate::features::accounts::store::{self, accounts::Account};
use crate::platform::auth::policy::{Gift, Permission, require_to_give};
use crate::platform::auth::{Actor, Principal, Role, can};
use crate::platform::db::Tx;
use crate::platform::db::purge::Purge;
use crate::platform::error::{Code, Fault, FaultCode, Problem, Result};
use crate::platform::events::AccountEvent;
use crate::platform::ids::AccountId;
use crate::platform::transitions::{Expected, Transition, after, require_version};
use crate::platform::{mail, standing, text};

/// What may be done with an account, as its detail tells.
pub fn transitions(principal: &Principal, account: &Account) -> Vec<Transition> {
    let by_state = |line| Transition::of_state(line, principal, ACCOUNT_STEPS, account.status);
    [can::revoke_account::LINE, can::update_account::LINE].map(by_state).to_vec()
}

/// Opens an account for somebody and mails them a link that signs them in.
pub fn invite(tx: &mut Tx<'_>, new: &InviteAccount) -> Result<Account> {
    let perimeter = Perimeter {
        structure_id: new.structure_id,
        departement_code: new.departement_code.clone(),
        region_code: new.region_code.clone(),
        subject_id: None,
    };
    grant(tx.actor(), INVITED, new.role, &perimeter)?;
    if let Some(structure) = new.structure_id {
        standing::require_live(tx, structure)?;
    }
    require_to_give(tx.principal(), Gift::Account)?;
    let email = text::canonical_email(&new.email);
    let account = store::accounts::insert(tx, new.role, &perimeter, &email)?;
    let token = links::make(tx, &account, INVITATION)?;
    mail::send(tx, &mails::invitation(&tx.site().front_url, account.id, account.role, &email, &token))?;
    emit_account(tx, AccountEvent::Invited, &account)?;
    Ok(account)
}

/// Changes the address; the ANCT also ties the account to a person of an external issuer.
pub fn update(tx: &mut Tx<'_>, id: AccountId, version: Option<Expected>, patch: &AccountPatch) -> Result<Account> {
    let mut account = lock(tx, id, version)?;
    after(ACCOUNT_STEPS, account.status, can::update_account::LINE)?;
    if (patch.issuer.is_some() || patch.subject.is_some()) && *tx.actor() != Actor::Anct {
        return Err(Problem::new(Code::RoleNotAllowed).with("role", tx.actor().name()).with("allowed", Role::Anct));
    }
    require_to_give(tx.principal(), Gift::Account)?;
    let former = account.email.clone();
    if let Some(email) = &patch.email {
        account.email = text::canonical_email(email);
    }
    if let Some(issuer) = &patch.issuer {
        account.issuer = issuer.clone();
    }
    if let Some(subject) = &patch.subject {
        account.subject = subject.clone();
    }
    match (&account.issuer, &account.subject) {
        (Some(_), None) => return Err(Problem::invalid_field("subject", FaultCode::Required)),
        (None, Some(_)) => return Err(Problem::invalid(vec![Fault::field("issuer", FaultCode::Required)])),
        _ => {}
    }
    let account = store::accounts::update(tx, &account)?;
    if account.email != former {
        mail::send(tx, &mails::address_changed(id, &former))?;
        end_links(tx, id)?;
    }
    emit_account(tx, AccountEvent::Updated, &account)?;
    Ok(account)
}

/// Withdraws an account: its tokens are refused within seconds, its links at once.
pub fn revoke(tx: &mut Tx<'_>, id: AccountId, version: Option<Expected>) -> Result<Account> {
    let account = lock(tx, id, version)?;
    after(ACCOUNT_STEPS, account.status, can::revoke_account::LINE)?;
    let account = store::accounts::revoke(tx, id)?;
    end_links(tx, id)?;
    emit_account(tx, AccountEvent::Revoked, &account)?;
    Ok(account)
}

fn lock(tx: &mut Tx<'_>, id: AccountId, version: Option<Expected>) -> Result<Account> {
    let account = store::accounts::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    require_version(version, account.version)?;
    Ok(account)
}

/// Links went to an address, or for an account, that is no longer: nobody sees them but the service.
fn end_links(tx: &mut Tx<'_>, id: AccountId) -> Result<()> {
    tx.widen()?;
    store::links::end(tx, id)
}

/// What retention asks for, once a day: invitations not taken up in six months, and who held
/// accounts revoked a year ago.
pub fn forget(tx: &mut Tx<'_>) -> Result<(usize, usize)> {
    let now = tx.now().instant();
    let revoked = tx.purge(Purge::of("invitations", "accounts"), |tx| {
        store::accounts::revoke_invitations(tx, now - INVITATION_LIFE)
    })?;
    let forgotten = tx.purge(Purge::of("accounts", "accounts"), |tx| {
        store::accounts::forget_revoked(tx, now - TimeDelta::days(365))
    })?;
    Ok((revoked, forgotten))
}
