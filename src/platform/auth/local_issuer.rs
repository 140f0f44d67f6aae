//! Our own issuer: signs tokens for API clients, mailed links and demonstration personas.

use std::path::Path;

use chrono::Duration;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use p256::elliptic_curve::rand_core::OsRng;
use p256::pkcs8::{EncodePrivateKey, LineEnding};
use serde_json::{Map, Value, json};

use super::actor::{Actor, Principal, Territory};
use crate::platform::clock::Now;
use crate::platform::db::text_enum::TextEnum;
use crate::platform::error::{Problem, Result};
use crate::platform::ids::AccountId;

/// Longest life of a token.
pub const TOKEN_SECONDS: i64 = 3600;

/// Signs with one P-256 key; keeps former public keys known while they rotate out.
#[derive(Clone)]
pub struct LocalIssuer {
    issuer: String,
    audience: String,
    kid: String,
    signing: EncodingKey,
    public: Vec<Jwk>,
}

/// Stands before the key that development makes for itself.
const MADE_HERE: &str = "conum development key, refused in production\n";

/// Whether a key was made by [`load_or_generate`].
pub fn is_for_development(pem: &str) -> bool {
    pem.starts_with(MADE_HERE)
}

/// Makes a new private key, in PKCS#8 PEM.
pub fn generate_key() -> Result<String, String> {
    let key = p256::SecretKey::random(&mut OsRng);
    Ok(key.to_pkcs8_pem(LineEnding::LF).map_err(|e| e.to_string())?.to_string())
}

/// Reads the key of a file, made there first when it is missing.
pub fn load_or_generate(file: &Path) -> Result<String, String> {
    let explain = |e: std::io::Error| format!("{}: {e}", file.display());
    if !file.exists() {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(explain)?;
        }
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(file) {
            Ok(mut open) => {
                let text = format!("{MADE_HERE}{}", generate_key()?);
                std::io::Write::write_all(&mut open, text.as_bytes()).map_err(explain)?;
            }
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(explain(e)),
        }
    }
    std::fs::read_to_string(file).map_err(explain)
}

impl LocalIssuer {
    /// From PEM texts: the first signs, the others are only still trusted.
    pub fn new(issuer: &str, audience: &str, pems: &[String]) -> Result<Self, String> {
        let mut public = Vec::new();
        let mut signing = None;
        for pem in pems {
            let pem = pem.strip_prefix(MADE_HERE).unwrap_or(pem);
            let key = EncodingKey::from_ec_pem(pem.as_bytes()).map_err(|e| format!("signing key: {e}"))?;
            let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).map_err(|e| format!("signing key: {e}"))?;
            let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(|e| format!("signing key: {e}"))?;
            jwk.common.key_id = Some(kid.clone());
            jwk.common.public_key_use = Some(PublicKeyUse::Signature);
            public.push(jwk);
            signing.get_or_insert((kid, key));
        }
        let (kid, signing) = signing.ok_or("no signing key")?;
        Ok(Self { issuer: issuer.to_owned(), audience: audience.to_owned(), kid, signing, public })
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The public keys, as `/.well-known/jwks.json` shows them.
    pub fn jwks(&self) -> JwkSet {
        JwkSet { keys: self.public.clone() }
    }

    pub fn decoding_keys(&self) -> Vec<(String, Algorithm, DecodingKey)> {
        self.public
            .iter()
            .filter(|jwk| matches!(jwk.algorithm, AlgorithmParameters::EllipticCurve(_)))
            .filter_map(|jwk| Some((jwk.common.key_id.clone()?, Algorithm::ES256, DecodingKey::from_jwk(jwk).ok()?)))
            .collect()
    }

    /// A token of an hour for one of our accounts, with all that its role may do.
    pub fn sign_account(&self, actor: Actor, account: AccountId, now: Now) -> Result<String> {
        let scopes = actor.role().map(super::policy::scopes_of).unwrap_or_default();
        let subject = account.to_string();
        let principal = Principal { actor, subject, account: Some(account), ..Principal::anonymous() };
        self.sign(&principal, &scopes, Duration::seconds(TOKEN_SECONDS), now)
    }

    /// A token for `principal`, valid for `life` (an hour at most).
    pub fn sign(&self, principal: &Principal, scopes: &[String], life: Duration, now: Now) -> Result<String> {
        self.sign_claims(self.claims(principal, scopes, life, now)?)
    }

    /// The same for somebody made up. It says so, and production refuses it whatever key signed it.
    pub fn sign_persona(&self, principal: &Principal, scopes: &[String], life: Duration, now: Now) -> Result<String> {
        let mut claims = self.claims(principal, scopes, life, now)?;
        claims.insert("persona".into(), json!(true));
        self.sign_claims(claims)
    }

    fn claims(&self, principal: &Principal, scopes: &[String], life: Duration, now: Now) -> Result<Map<String, Value>> {
        let issued = now.instant().timestamp();
        let mut claims = Map::new();
        claims.insert("iss".into(), json!(self.issuer));
        claims.insert("aud".into(), json!(self.audience));
        claims.insert("sub".into(), json!(principal.subject));
        claims.insert("iat".into(), json!(issued));
        claims.insert("nbf".into(), json!(issued));
        claims.insert("exp".into(), json!(issued + life.num_seconds().min(TOKEN_SECONDS)));
        claims.insert("jti".into(), json!(uuid::Uuid::new_v4()));
        claims.insert("scope".into(), json!(scopes.join(" ")));
        if let Some(account) = principal.account {
            claims.insert("account_id".into(), json!(account));
        }
        if let Some(client) = principal.api_client {
            claims.insert("client_id".into(), json!(client));
        }
        let role = principal.actor.role().ok_or_else(|| Problem::internal("a token for nobody"))?;
        claims.insert("role".into(), json!(role.as_str()));
        claims.extend(perimeter_claims(&principal.actor));
        Ok(claims)
    }

    fn sign_claims(&self, claims: Map<String, Value>) -> Result<String> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, &claims, &self.signing)
            .map_err(|e| Problem::internal(format!("cannot sign: {e}")))
    }
}

fn perimeter_claims(actor: &Actor) -> Vec<(String, Value)> {
    let territory = |territory: &Territory| match territory {
        Territory::Departement(code) => ("departement_code".to_owned(), json!(code)),
        Territory::Region(code) => ("region_code".to_owned(), json!(code)),
    };
    match actor {
        Actor::Anonymous | Actor::System | Actor::Anct | Actor::Bdt | Actor::Observer(None) => Vec::new(),
        Actor::Prefecture(t) | Actor::Coordinator(t) | Actor::Observer(Some(t)) => vec![territory(t)],
        Actor::Employer(id) => vec![("structure_id".to_owned(), json!(id))],
        Actor::Candidate(id) => vec![("candidate_id".to_owned(), json!(id))],
        Actor::Counsellor(id) => vec![("counsellor_id".to_owned(), json!(id))],
        Actor::TrainingBody(id) => vec![("training_body_id".to_owned(), json!(id))],
    }
}
