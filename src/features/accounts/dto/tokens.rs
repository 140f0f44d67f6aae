//! Shapes of signing in and of what is known of the caller.

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, PublicKeyUse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::features::accounts::model::Perimeter;
use crate::features::accounts::service::Token;
use crate::platform::auth::local_issuer::LocalIssuer;
use crate::platform::auth::policy::{LINES, scopes};
use crate::platform::auth::{Principal, Role};
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::ids::{AccountId, ApiClientId, StructureId};

/// A token request (RFC 6749, 4.4). The credentials may come in a Basic `Authorization` header instead.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(example = json!({"grant_type": "client_credentials", "client_id": "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f", "client_secret": "…", "scope": "posts:read"}))]
pub struct TokenRequest {
    /// `client_credentials`.
    #[schema(pattern = "^client_credentials$", example = "client_credentials")]
    pub grant_type: String,
    /// Identifier of the API client.
    pub client_id: Option<String>,
    /// Its secret.
    #[schema(format = "password")]
    pub client_secret: Option<String>,
    /// Scopes separated by spaces, out of the client's; all of them by default.
    #[schema(example = "posts:read")]
    pub scope: Option<String>,
}

/// An access token.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TokenView {
    /// For `Authorization: Bearer`.
    #[schema(example = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiJ9…")]
    pub access_token: String,
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds for which it is valid.
    #[schema(minimum = 0, maximum = 3600, example = 3600)]
    pub expires_in: i64,
    /// Scopes separated by spaces.
    #[schema(example = "posts:read")]
    pub scope: String,
}

/// Members of a [`TokenView`] that are shown once.
pub const TOKEN_SECRETS: &[&str] = &["access_token"];

impl From<Token> for TokenView {
    fn from(token: Token) -> Self {
        Self {
            scope: token.scopes.join(" "),
            access_token: token.access_token,
            token_type: "Bearer",
            expires_in: token.seconds,
        }
    }
}

/// Somebody asks for a link that signs in.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct LoginLinkRequest {
    #[schema(max_length = 254, format = "email", example = "pref-numerique@example.org")]
    pub email: String,
}

/// The request was taken; the answer is the same whether the address is known or not.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LoginLinkRequested {
    /// What to do next.
    #[schema(example = "Si cette adresse est connue, un lien de connexion lui a été envoyé.")]
    pub message: &'static str,
}

impl Default for LoginLinkRequested {
    fn default() -> Self {
        Self { message: "Si cette adresse est connue, un lien de connexion lui a été envoyé." }
    }
}

/// The token of a mailed link.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct LoginLinkExchange {
    /// What stands after `#jeton=` in the link.
    #[schema(
        min_length = 1,
        max_length = 100,
        format = "line",
        example = "q3Jv0c1h7cVt0o2n7H3bUvJqk2mXy5m8m3rQe1Zs9dA"
    )]
    pub token: String,
}

/// The caller, as the service sees them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MeView {
    pub role: Role,
    pub perimeter: PerimeterView,
    /// Issuer of the token.
    #[schema(example = "https://conum.example.org")]
    pub issuer: String,
    /// Subject of the token.
    #[schema(example = "0192f0c1-2b7e-7c3a-9f4e-1a2b3c4d5e6f")]
    pub subject: String,
    /// The account in use, if there is one.
    pub account_id: Option<AccountId>,
    /// The API client in use, if there is one.
    pub api_client_id: Option<ApiClientId>,
    /// What the token is narrowed to; null where it is not.
    #[schema(example = json!(["posts:read"]))]
    pub scopes: Option<Vec<String>>,
    /// Names of the operations that this caller may call; what of the rows they see is their perimeter.
    #[schema(example = json!(["find_me", "list_posts"]))]
    pub operations: Vec<&'static str>,
}

/// What a role is limited to; all null for the whole country.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PerimeterView {
    pub structure_id: Option<StructureId>,
    pub departement_code: Option<DepartementCode>,
    pub region_code: Option<RegionCode>,
    /// Candidate, counsellor or training body.
    pub subject_id: Option<Uuid>,
}

impl MeView {
    pub fn new(principal: &Principal, role: Role) -> Self {
        let perimeter = Perimeter::of(&principal.actor);
        Self {
            role,
            perimeter: PerimeterView {
                structure_id: perimeter.structure_id,
                departement_code: perimeter.departement_code,
                region_code: perimeter.region_code,
                subject_id: perimeter.subject_id,
            },
            issuer: principal.issuer.clone(),
            subject: principal.subject.clone(),
            account_id: principal.account,
            api_client_id: principal.api_client,
            scopes: principal.scopes.clone(),
            operations: LINES
                .iter()
                .filter(|line| line.authorise(principal).is_ok())
                .map(|line| line.operation)
                .collect(),
        }
    }
}

/// The local issuer (OpenID Connect discovery).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OpenidConfiguration {
    #[schema(example = "https://conum.example.org")]
    pub issuer: String,
    #[schema(example = "https://conum.example.org/.well-known/jwks.json")]
    pub jwks_uri: String,
    #[schema(example = "https://conum.example.org/oauth/token")]
    pub token_endpoint: String,
    #[schema(example = json!(["client_credentials"]))]
    pub grant_types_supported: Vec<&'static str>,
    #[schema(example = json!(["client_secret_basic", "client_secret_post"]))]
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    /// None: nobody signs in by a browser here.
    #[schema(example = json!([]))]
    pub response_types_supported: Vec<&'static str>,
    #[schema(example = json!(["public"]))]
    pub subject_types_supported: Vec<&'static str>,
    #[schema(example = json!(["ES256"]))]
    pub id_token_signing_alg_values_supported: Vec<&'static str>,
    #[schema(example = json!(["posts:read"]))]
    pub scopes_supported: Vec<&'static str>,
}

impl OpenidConfiguration {
    pub fn new(issuer: &LocalIssuer) -> Self {
        let url = issuer.issuer();
        Self {
            issuer: url.to_owned(),
            jwks_uri: format!("{url}/.well-known/jwks.json"),
            token_endpoint: format!("{url}/oauth/token"),
            grant_types_supported: vec!["client_credentials"],
            token_endpoint_auth_methods_supported: vec!["client_secret_basic", "client_secret_post"],
            response_types_supported: Vec::new(),
            subject_types_supported: vec!["public"],
            id_token_signing_alg_values_supported: vec!["ES256"],
            scopes_supported: scopes(),
        }
    }
}

/// The public keys of the local issuer (RFC 7517).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JwksView {
    /// The key that signs, then those that did.
    pub keys: Vec<JwkView>,
}

/// A public key on P-256.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JwkView {
    #[schema(example = "EC")]
    pub kty: &'static str,
    #[serde(rename = "use")]
    #[schema(rename = "use", example = "sig")]
    pub usage: &'static str,
    #[schema(example = "ES256")]
    pub alg: &'static str,
    /// Identifier of the key: its thumbprint (RFC 7638).
    #[schema(example = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")]
    pub kid: String,
    #[schema(example = "P-256")]
    pub crv: &'static str,
    #[schema(example = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4")]
    pub x: String,
    #[schema(example = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM")]
    pub y: String,
}

impl JwksView {
    pub fn new(issuer: &LocalIssuer) -> Self {
        Self { keys: issuer.jwks().keys.iter().filter_map(JwkView::new).collect() }
    }
}

impl JwkView {
    fn new(jwk: &Jwk) -> Option<Self> {
        let AlgorithmParameters::EllipticCurve(curve) = &jwk.algorithm else { return None };
        (jwk.common.public_key_use == Some(PublicKeyUse::Signature)).then_some(())?;
        Some(Self {
            kty: "EC",
            usage: "sig",
            alg: "ES256",
            kid: jwk.common.key_id.clone()?,
            crv: "P-256",
            x: curve.x.clone(),
            y: curve.y.clone(),
        })
    }
}
