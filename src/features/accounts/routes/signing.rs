//! Signing in: tokens, mailed links, who the caller is.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, get, post};

use crate::features::accounts::dto::tokens::*;
use crate::features::accounts::service::{links, tokens};
use crate::platform::auth::local_issuer::LocalIssuer;
use crate::platform::auth::{Caller, can};
use crate::platform::error::{Code, Problem};
use crate::platform::http::body::TextBody;
use crate::platform::http::{Answer, Body, Reply, steady};

/// Describe the local issuer.
///
/// OpenID Connect discovery: where its keys and its token endpoint are.
#[utoipa::path(tag = "service",
    responses((status = 200, description = "What the issuer offers.", body = OpenidConfiguration)))]
#[get("/.well-known/openid-configuration")]
pub async fn find_openid_configuration(
    _caller: Caller<can::find_openid_configuration>,
    issuer: Data<LocalIssuer>,
) -> Answer {
    Ok(Reply::ok(&OpenidConfiguration::new(&issuer))?.public())
}

/// Show the public keys of the local issuer.
#[utoipa::path(tag = "service", responses((status = 200, description = "The keys.", body = JwksView)))]
#[get("/.well-known/jwks.json")]
pub async fn find_jwks(_caller: Caller<can::find_jwks>, issuer: Data<LocalIssuer>) -> Answer {
    Ok(Reply::ok(&JwksView::new(&issuer))?.public())
}

/// Give an API client its token.
///
/// OAuth 2.0 client credentials (RFC 6749, 4.4). Errors are problem documents with the member `error` that the RFC
/// names: `invalid_request`, `invalid_client`, `unsupported_grant_type`, `invalid_scope`.
#[utoipa::path(tag = "service",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "A token for an hour.", body = TokenView)))]
#[post("/oauth/token")]
pub async fn issue_token(
    caller: Caller<can::issue_token>,
    form: TextBody,
    request: HttpRequest,
    issuer: Data<LocalIssuer>,
) -> Answer {
    let mut given = request.headers().get_all(header::AUTHORIZATION).map(|v| v.to_str().unwrap_or_default());
    let authorization = given.next();
    if given.next().is_some() {
        return Err(Problem::new(Code::InvalidClient).extension("error", "invalid_client"));
    }
    let asked = tokens::Request::read(&form.0, authorization)?;
    caller
        .write(move |tx| {
            let token = tokens::issue(tx, &issuer, &asked)?;
            Ok(Reply::ok(&TokenView::from(token))?.secret(TOKEN_SECRETS))
        })
        .await
}

/// Tell who you are here.
///
/// Role, perimeter and the operations you may call.
#[utoipa::path(tag = "accounts", responses((status = 200, description = "The caller.", body = MeView)))]
#[get("/me")]
pub async fn find_me(caller: Caller<can::find_me>) -> Answer {
    let role = caller.actor().role().ok_or_else(|| Problem::new(Code::Unauthenticated))?;
    Reply::ok(&MeView::new(caller.principal(), role))
}

/// Ask for a link that signs in.
///
/// Each live account of the address gets one by e-mail, valid for 30 minutes. The answer is the same whether the
/// address is known or not.
#[utoipa::path(tag = "accounts", request_body = LoginLinkRequest,
    responses((status = 202, description = "Taken.", body = LoginLinkRequested)))]
#[post("/login-links")]
pub async fn request_login_link(caller: Caller<can::request_login_link>, body: Body<LoginLinkRequest>) -> Answer {
    let work = caller.write(move |tx| {
        links::request(tx, &body.email)?;
        Reply::accepted(&LoginLinkRequested::default())
    });
    steady(work).await
}

/// Exchange a mailed link for a token.
///
/// Once: 410 when the link is unknown, used or expired.
#[utoipa::path(tag = "accounts", request_body = LoginLinkExchange,
    responses((status = 200, description = "A token of the account for an hour.", body = TokenView)))]
#[post("/login-links/exchange")]
pub async fn exchange_login_link(
    caller: Caller<can::exchange_login_link>,
    body: Body<LoginLinkExchange>,
    issuer: Data<LocalIssuer>,
) -> Answer {
    caller
        .write(move |tx| {
            let token = links::exchange(tx, &issuer, &body.token)?;
            Ok(Reply::ok(&TokenView::from(token))?.secret(TOKEN_SECRETS))
        })
        .await
}
