//! Tokens of the local issuer: OAuth 2.0 client credentials (RFC 6749).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::Duration;
use uuid::Uuid;

use crate::features::accounts::model::{ApiClientStatus, client_status, same_hash};
use crate::features::accounts::store::clients::{self, ApiClient};
use crate::platform::auth::Principal;
use crate::platform::auth::local_issuer::{LocalIssuer, TOKEN_SECONDS};
use crate::platform::auth::policy::scopes_of;
use crate::platform::clock::Now;
use crate::platform::db::Tx;
use crate::platform::error::{Code, Problem, Result};
use crate::platform::http::params::{pairs, percent_decode};
use crate::platform::ids::ApiClientId;
use crate::platform::secret;

/// A signed token and what it may do.
#[derive(Clone, Debug)]
pub struct Token {
    pub access_token: String,
    pub scopes: Vec<String>,
    pub seconds: i64,
}

/// Signs for `principal`; with every scope of its role unless told otherwise.
pub fn sign(issuer: &LocalIssuer, principal: &Principal, scopes: Option<Vec<String>>, now: Now) -> Result<Token> {
    let scopes = scopes.unwrap_or_else(|| principal.actor.role().map(scopes_of).unwrap_or_default());
    let access_token = issuer.sign(principal, &scopes, Duration::seconds(TOKEN_SECONDS), now)?;
    Ok(Token { access_token, scopes, seconds: TOKEN_SECONDS })
}

/// A token request, read from its form and the `Authorization` header.
#[derive(Clone, Debug)]
pub struct Request {
    client_id: String,
    client_secret: String,
    scope: Option<String>,
    /// Whether the credentials came in the header: the refusal then names the same scheme.
    basic: bool,
}

fn invalid_request(reason: &str) -> Problem {
    Problem::new(Code::MalformedRequest).with("reason", reason).extension("error", "invalid_request")
}

fn invalid_client(basic: bool) -> Problem {
    let problem = Problem::new(Code::InvalidClient).extension("error", "invalid_client");
    if basic { problem.header("WWW-Authenticate", "Basic realm=\"conum\", charset=\"UTF-8\"") } else { problem }
}

impl Request {
    /// Reads the form; members that RFC 6749 does not name are ignored, as it asks.
    pub fn read(form: &str, authorization: Option<&str>) -> Result<Self> {
        let form = pairs(form).ok_or_else(|| invalid_request("the form is not valid UTF-8 in percent-encoding"))?;
        let member = |name: &str| -> Result<Option<String>> {
            let mut values = form.iter().filter(|(n, _)| n == name).map(|(_, value)| value);
            match (values.next(), values.next()) {
                (_, Some(_)) => Err(invalid_request("a member stands twice in the form")),
                (value, None) => Ok(value.filter(|v| !v.is_empty()).cloned()),
            }
        };
        let (client_id, client_secret) = (member("client_id")?, member("client_secret")?);
        match member("grant_type")?.as_deref() {
            Some("client_credentials") => {}
            Some(_) => {
                return Err(Problem::new(Code::UnsupportedGrantType).extension("error", "unsupported_grant_type"));
            }
            None => return Err(invalid_request("grant_type is missing")),
        }
        let scope = member("scope")?;
        let Some(header) = authorization else {
            let (Some(client_id), Some(client_secret)) = (client_id, client_secret) else {
                return Err(invalid_client(false));
            };
            return Ok(Self { client_id, client_secret, scope, basic: false });
        };
        if client_secret.is_some() {
            return Err(invalid_request("credentials stand both in the header and in the form"));
        }
        let (id, secret) = basic(header).ok_or_else(|| invalid_client(true))?;
        if client_id.is_some_and(|given| given != id) {
            return Err(invalid_request("two different clients are named"));
        }
        Ok(Self { client_id: id, client_secret: secret, scope, basic: true })
    }
}

/// Identifier and secret of a Basic header; each is form-encoded first (RFC 6749, 2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((percent_decode(&id.replace('+', " "))?, percent_decode(&secret.replace('+', " "))?))
}

/// Gives a client its token.
pub fn issue(tx: &mut Tx<'_>, issuer: &LocalIssuer, request: &Request) -> Result<Token> {
    tx.widen()?;
    let client = authenticate(tx, request)?;
    let scopes = narrow(&client, request.scope.as_deref())?;
    let actor = client.actor().ok_or_else(|| Problem::internal("a client without its perimeter"))?;
    let principal = Principal {
        actor,
        issuer: issuer.issuer().to_owned(),
        subject: client.id.to_string(),
        api_client: Some(client.id),
        ..Principal::anonymous()
    };
    clients::mark_used(tx, client.id)?;
    sign(issuer, &principal, Some(scopes), tx.now())
}

/// One refusal for every reason: unknown, wrong secret, expired, revoked.
fn authenticate(tx: &mut Tx<'_>, request: &Request) -> Result<ApiClient> {
    let now = tx.now().instant();
    let given = secret::hash(&request.client_secret);
    let id = Uuid::try_parse(&request.client_id).ok().map(ApiClientId::from_uuid);
    let client = match id {
        Some(id) => clients::lock_any(tx, id)?,
        None => None,
    };
    let client = client.ok_or_else(|| invalid_client(request.basic))?;
    let current = same_hash(&client.secret_hash, &given);
    let previous = client.previous_secret_hash.as_deref().is_some_and(|hash| same_hash(hash, &given))
        && client.previous_secret_until.is_some_and(|until| until > now);
    let active = client_status(client.revoked_at, client.expires_at, now) == ApiClientStatus::Active;
    if (current | previous) & active { Ok(client) } else { Err(invalid_client(request.basic)) }
}

/// The scopes asked for, out of those that the client has and its role may still use. Never none:
/// a token without scopes would not be narrowed at all.
fn narrow(client: &ApiClient, asked: Option<&str>) -> Result<Vec<String>> {
    let usable = scopes_of(client.role);
    let held: Vec<String> = client.scopes.iter().filter(|s| usable.contains(s)).cloned().collect();
    let asked: Vec<&str> = asked.map(|scope| scope.split(' ').filter(|s| !s.is_empty()).collect()).unwrap_or_default();
    let granted: Vec<String> =
        held.iter().filter(|scope| asked.is_empty() || asked.contains(&scope.as_str())).cloned().collect();
    let beyond = asked.iter().any(|scope| !held.iter().any(|h| h == scope));
    if beyond || granted.is_empty() {
        return Err(Problem::new(Code::InvalidScope)
            .with("allowed", held.join(" "))
            .extension("error", "invalid_scope"));
    }
    Ok(granted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_come_in_one_way_only() {
        let header = format!("Basic {}", BASE64_STANDARD.encode("id:a%2Bb"));
        let request = Request::read("grant_type=client_credentials", Some(&header)).unwrap();
        assert_eq!((request.client_id.as_str(), request.client_secret.as_str()), ("id", "a+b"));
        for (form, header, code) in [
            ("grant_type=client_credentials&client_secret=x", Some(header.as_str()), Code::MalformedRequest),
            ("grant_type=client_credentials&client_id=other", Some(header.as_str()), Code::MalformedRequest),
            ("grant_type=client_credentials", None, Code::InvalidClient),
            ("grant_type=client_credentials", Some("Bearer x"), Code::InvalidClient),
            ("grant_type=password", Some(header.as_str()), Code::UnsupportedGrantType),
            ("scope=x", Some(header.as_str()), Code::MalformedRequest),
            ("grant_type=client_credentials&scope=a&scope=b", Some(header.as_str()), Code::MalformedRequest),
            ("grant_type=%zz", None, Code::MalformedRequest),
        ] {
            assert_eq!(Request::read(form, header).unwrap_err().code(), code, "{form}");
        }
    }
}
