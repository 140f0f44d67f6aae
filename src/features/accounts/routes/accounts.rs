//! Operations on accounts.

use actix_web::{get, patch, post};

use crate::features::accounts::dto::accounts::*;
use crate::features::accounts::service::accounts as service;
use crate::features::accounts::store::accounts::{self as store, Account, AccountSort};
use crate::platform::auth::{Caller, Principal, can};
use crate::platform::error::Problem;
use crate::platform::http::page::PageParams;
use crate::platform::http::rehearsal::Detail;
use crate::platform::http::{Answer, Body, Paging, PathParams, Query, Reply};
use crate::platform::ids::AccountId;

fn detail(principal: &Principal, account: Account) -> Answer {
    let (version, transitions) = (account.version, service::transitions(principal, &account));
    Reply::resource(&AccountDetail::new(account, transitions), version)
}

/// How one is shown to whoever may read it.
pub const ACCOUNT: Detail = Detail {
    path: "/api/v1/accounts/{id}",
    show: |reader, id| {
        let principal = reader.principal();
        let account =
            store::find(reader.conn(), &principal.actor, AccountId::from_uuid(id))?.ok_or_else(Problem::not_found)?;
        detail(principal, account)
    },
};

/// List the accounts of your perimeter.
///
/// The ANCT sees all; a prefecture, an employer or the BdT those of its own role and perimeter.
#[utoipa::path(tag = "accounts", params(AccountFilter, PageParams),
    responses((status = 200, description = "A page of accounts.", body = AccountPage)))]
#[get("/accounts")]
pub async fn list_accounts(caller: Caller<can::list_accounts>, filter: Query<AccountFilter>, paging: Paging) -> Answer {
    let page = paging.spec(AccountSort::order(filter.sort.as_deref(), "-updated_at"))?;
    let search = filter.search();
    caller
        .read_private(move |reader| {
            let principal = reader.principal();
            let rows = store::list(reader.conn(), &principal.actor, &search, &page)?;
            AccountPage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Invite somebody.
///
/// Opens an account and mails a link that signs in once, within 7 days. The ANCT gives any role and perimeter; the
/// others give their own (403 `perimeter_not_yours`).
#[utoipa::path(tag = "accounts", request_body = InviteAccount,
    responses((status = 201, description = "Invited.", body = AccountDetail)))]
#[post("/accounts")]
pub async fn invite_account(caller: Caller<can::invite_account>, body: Body<InviteAccount>) -> Answer {
    caller
        .write(move |tx| {
            let account = service::invite(tx, &body)?;
            let (id, version) = (account.id, account.version);
            let transitions = service::transitions(tx.principal(), &account);
            Reply::created(format!("/api/v1/accounts/{id}"), &AccountDetail::new(account, transitions), version)
        })
        .await
}

/// Find an account.
#[utoipa::path(tag = "accounts", responses((status = 200, description = "The account.", body = AccountDetail)))]
#[get("/accounts/{id}")]
pub async fn find_account(caller: Caller<can::find_account>, id: PathParams<AccountId>) -> Answer {
    caller.read_private(move |reader| (ACCOUNT.show)(reader, id.0.uuid())).await
}

/// Change an account.
///
/// The ANCT also ties it to a person of an external issuer, by `issuer` and `subject`.
#[utoipa::path(tag = "accounts",
    request_body(content = AccountPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The account as it is now.", body = AccountDetail)))]
#[patch("/accounts/{id}")]
pub async fn update_account(
    caller: Caller<can::update_account>,
    id: PathParams<AccountId>,
    body: Body<AccountPatch>,
) -> Answer {
    let version = caller.version();
    caller
        .write(move |tx| {
            let account = service::update(tx, id.0, version, &body)?;
            detail(tx.principal(), account)
        })
        .await
}

/// Revoke an account.
///
/// Its links end at once, its tokens are refused within 5 seconds.
#[utoipa::path(tag = "accounts", responses((status = 200, description = "Revoked.", body = AccountDetail)))]
#[post("/accounts/{id}/revoke")]
pub async fn revoke_account(caller: Caller<can::revoke_account>, id: PathParams<AccountId>) -> Answer {
    let version = caller.version();
    caller
        .write(move |tx| {
            let account = service::revoke(tx, id.0, version)?;
            detail(tx.principal(), account)
        })
        .await
}
