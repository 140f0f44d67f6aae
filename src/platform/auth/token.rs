//! From a bearer token to an admitted principal.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use moka::sync::Cache;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::actor::{Actor, Principal, Role, Territory};
use super::issuer::{Identity, Issuer};
use super::local_issuer::TOKEN_SECONDS;
use super::policy;
use crate::platform::db::Db;
use crate::platform::db::text_enum::TextEnum;
use crate::platform::error::{Code, Problem, Result};
use crate::platform::http::json;
use crate::platform::ids::{AccountId, ApiClientId, CandidateId, CounsellorId, StructureId, TrainingBodyId};

/// Longest token accepted, in bytes.
pub const MAX_TOKEN: usize = 8 * 1024;
/// Difference of clocks that is forgiven.
const LEEWAY: i64 = 60;
/// The last second of the year 9999: no instant of a token lies after it, nor before 1970, so that nothing overflows.
const LAST_INSTANT: i64 = 253_402_300_799;
/// A withdrawn account is noticed within this time on every server.
const STANDING: Duration = Duration::from_secs(2);

/// Looks accounts up; implemented by the accounts feature.
pub trait Directory: Send + Sync {
    /// Whether an account or API client may still act.
    fn in_good_standing(&self, db: &Db, holder: Holder) -> Result<bool>;
    /// The live accounts of a subject.
    fn accounts_of(&self, db: &Db, issuer: &str, subject: &str) -> Result<Vec<(AccountId, Actor)>>;
}

/// Whose standing is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Holder {
    Account(AccountId),
    ApiClient(ApiClientId),
}

/// The live accounts of one person.
type Accounts = Arc<Vec<(AccountId, Actor)>>;

/// Verifies tokens and remembers those verified.
pub struct Authenticator {
    issuers: Vec<Issuer>,
    directory: Arc<dyn Directory>,
    db: Db,
    /// Whether made-up callers are let in: never in production.
    personas: bool,
    /// By SHA-256 of the token and the account chosen.
    verified: Cache<[u8; 32], Arc<Verified>>,
    standing: Cache<Holder, bool>,
    accounts: Cache<(String, String), Accounts>,
}

struct Verified {
    identity: Identity,
    principal: Arc<Principal>,
    expires: i64,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    #[serde(deserialize_with = "instant")]
    exp: i64,
    #[serde(deserialize_with = "instant")]
    iat: i64,
    #[serde(default, deserialize_with = "some_instant")]
    nbf: Option<i64>,
    scope: Option<String>,
    role: Option<String>,
    structure_id: Option<Uuid>,
    departement_code: Option<String>,
    region_code: Option<String>,
    candidate_id: Option<Uuid>,
    counsellor_id: Option<Uuid>,
    training_body_id: Option<Uuid>,
    account_id: Option<Uuid>,
    client_id: Option<Value>,
    /// A made-up caller: a token to try the service with.
    #[serde(default)]
    persona: Value,
}

/// Seconds since 1970. RFC 7519 allows decimals, and several issuers write them: what is beyond the second is left out. A
/// number of no instant becomes one out of bounds.
fn instant<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    serde_json::Number::deserialize(deserializer).map(|number| whole(&number))
}

fn whole(number: &serde_json::Number) -> i64 {
    let of = |seconds: f64| if (0.0..=LAST_INSTANT as f64).contains(&seconds) { seconds.floor() as i64 } else { -1 };
    number.as_i64().or_else(|| number.as_f64().map(of)).unwrap_or(-1)
}

fn some_instant<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(Option::<serde_json::Number>::deserialize(deserializer)?.as_ref().map(whole))
}

fn refuse(why: impl ToString) -> Problem {
    Problem::new(Code::InvalidToken).caused_by(why)
}

impl Authenticator {
    /// `personas` says whether made-up callers are let in.
    pub fn new(issuers: Vec<Issuer>, directory: Arc<dyn Directory>, db: Db, personas: bool) -> Self {
        Self {
            issuers,
            directory,
            db,
            personas,
            verified: Cache::builder().max_capacity(20_000).time_to_live(Duration::from_secs(600)).build(),
            standing: Cache::builder().max_capacity(20_000).time_to_live(STANDING).build(),
            accounts: Cache::builder().max_capacity(20_000).time_to_live(STANDING).build(),
        }
    }

    /// The principal of a token; `account` is the one chosen by `X-Account`, if any.
    pub async fn authenticate(self: &Arc<Self>, token: &str, account: Option<&str>) -> Result<Arc<Principal>> {
        if token.len() > MAX_TOKEN {
            return Err(refuse("too long"));
        }
        let now = self.db.clock().now().instant().timestamp();
        let key: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let known = self.verified.get(&key).filter(|verified| !is_over(verified.expires, now));
        let verified = match known {
            Some(verified) => verified,
            None => {
                let verified = Arc::new(self.verify(token, now).await?);
                self.verified.insert(key, verified.clone());
                verified
            }
        };
        let principal = match verified.identity {
            Identity::Claims => verified.principal.clone(),
            Identity::Accounts => self.account_of(&verified.principal, account).await?,
        };
        self.check_standing(&principal).await?;
        Ok(principal)
    }

    async fn verify(self: &Arc<Self>, token: &str, now: i64) -> Result<Verified> {
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(refuse("not a JWS"));
        };
        let header = segment(header)?;
        let payload = segment(payload)?;
        // Nothing in a header may bring its own key or change what the signature means.
        if ["crit", "jku", "jwk", "x5u", "x5c", "b64", "zip"].iter().any(|name| header.get(name).is_some()) {
            return Err(refuse("a header that is not accepted"));
        }
        let algorithm: Algorithm =
            header["alg"].as_str().and_then(|alg| alg.parse().ok()).ok_or_else(|| refuse("algorithm"))?;
        let kid = header["kid"].as_str().ok_or_else(|| refuse("no kid"))?.to_owned();
        let iss = payload["iss"].as_str().ok_or_else(|| refuse("no iss"))?;
        let rank = self.issuers.iter().position(|i| i.trusted.issuer == iss).ok_or_else(|| refuse("issuer"))?;
        let issuer = &self.issuers[rank];
        let typ = header["typ"].as_str().unwrap_or_default();
        let typ = typ.strip_prefix("application/").unwrap_or(typ);
        if !typ.eq_ignore_ascii_case("at+jwt") && !issuer.trusted.types.iter().any(|t| t.eq_ignore_ascii_case(typ)) {
            return Err(refuse("typ"));
        }
        let key = if issuer.knows(&kid) {
            issuer.key(&kid, algorithm)
        } else {
            let this = self.clone();
            actix_web::web::block(move || this.issuers[rank].key(&kid, algorithm)).await.ok().flatten()
        };
        let claims = decode(token, algorithm, &key.ok_or_else(|| refuse("unknown key"))?, issuer)?;
        if claims.sub.is_empty() || claims.sub.len() > 255 {
            return Err(refuse("sub"));
        }
        check_times(&claims, now)?;
        let principal = principal(&claims, issuer.trusted.identity)?;
        if !self.personas {
            refuse_personas(&claims, &principal, issuer)?;
        }
        Ok(Verified { identity: issuer.trusted.identity, principal: Arc::new(principal), expires: claims.exp })
    }

    async fn account_of(self: &Arc<Self>, person: &Principal, chosen: Option<&str>) -> Result<Arc<Principal>> {
        let key = (person.issuer.clone(), person.subject.clone());
        let accounts = match self.accounts.get(&key) {
            Some(accounts) => accounts,
            None => {
                let (this, asked) = (self.clone(), key.clone());
                let found = on_thread(move || this.directory.accounts_of(&this.db, &asked.0, &asked.1)).await?;
                let found = Arc::new(found);
                self.accounts.insert(key, found.clone());
                found
            }
        };
        let account = match chosen {
            Some(chosen) => accounts.iter().find(|(id, _)| id.to_string() == chosen),
            None => accounts.first(),
        };
        let (id, actor) = account.ok_or_else(|| refuse("no account"))?;
        Ok(Arc::new(Principal { actor: actor.clone(), account: Some(*id), ..person.clone() }))
    }

    async fn check_standing(self: &Arc<Self>, principal: &Principal) -> Result<()> {
        let holder = match (principal.account, principal.api_client) {
            (Some(account), _) => Holder::Account(account),
            (None, Some(client)) => Holder::ApiClient(client),
            (None, None) => return Ok(()),
        };
        let good = match self.standing.get(&holder) {
            Some(good) => good,
            None => {
                let this = self.clone();
                let good = on_thread(move || this.directory.in_good_standing(&this.db, holder)).await?;
                self.standing.insert(holder, good);
                good
            }
        };
        if good { Ok(()) } else { Err(refuse("withdrawn")) }
    }
}

async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    actix_web::web::block(work).await.unwrap_or_else(|_| Err(Problem::internal("an authentication thread panicked")))
}

/// A segment of a token: base64url without padding, JSON with each key once.
fn segment(text: &str) -> Result<Value> {
    let bytes = BASE64.decode(text).map_err(|_| refuse("base64"))?;
    json::parse(&bytes).ok().filter(Value::is_object).ok_or_else(|| refuse("JSON"))
}

fn decode(token: &str, algorithm: Algorithm, key: &DecodingKey, issuer: &Issuer) -> Result<Claims> {
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[&issuer.trusted.issuer]);
    validation.set_audience(&[&issuer.trusted.audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // Times are checked against our own clock below.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    jsonwebtoken::decode::<Claims>(token, key, &validation)
        .map(|data| data.claims)
        .map_err(|e| refuse(format!("{:?}", e.kind())))
}

/// Whether a token that ends then has ended, clocks differing by a little.
fn is_over(expires: i64, now: i64) -> bool {
    expires.saturating_add(LEEWAY) <= now
}

fn check_times(claims: &Claims, now: i64) -> Result<()> {
    let times = [Some(claims.exp), Some(claims.iat), claims.nbf];
    let latest = now.saturating_add(LEEWAY);
    let life = claims.exp.checked_sub(claims.iat);
    let wrong = if times.iter().flatten().any(|time| !(0..=LAST_INSTANT).contains(time)) {
        "a time out of bounds"
    } else if is_over(claims.exp, now) {
        "expired"
    } else if claims.iat > latest || claims.nbf.is_some_and(|nbf| nbf > latest) {
        "from the future"
    } else if !life.is_some_and(|seconds| (1..=TOKEN_SECONDS).contains(&seconds)) {
        "lives longer than an hour"
    } else {
        return Ok(());
    };
    Err(refuse(wrong))
}

/// In production nobody is made up, whatever key signed it: no token that says it is, and none of our own issuer that
/// names neither an account nor an API client, whose standing is then asked.
fn refuse_personas(claims: &Claims, principal: &Principal, issuer: &Issuer) -> Result<()> {
    let held = principal.account.is_some() || principal.api_client.is_some();
    if claims.persona.is_null() && (held || !issuer.is_local()) { Ok(()) } else { Err(refuse("a persona")) }
}

/// What a token's `scope` narrows its role to; `None` where it does not.
///
/// Only words of our form, `resource:read` and `resource:write`, are about this service: those that exist are granted,
/// others grant nothing. So a token with none but unknown ones may do nothing that asks for a scope, and an empty claim
/// likewise. Words of other forms (`openid profile email`) say what the issuer tells of a person, and narrow nothing
/// by themselves.
fn scopes_of(claim: Option<&str>) -> Option<Vec<String>> {
    let words: Vec<&str> = claim?.split_whitespace().collect();
    let ours: Vec<&str> =
        words.iter().copied().filter(|word| word.ends_with(":read") || word.ends_with(":write")).collect();
    if ours.is_empty() && !words.is_empty() {
        return None;
    }
    let known = policy::scopes();
    Some(ours.into_iter().filter(|scope| known.contains(scope)).map(ToOwned::to_owned).collect())
}

fn principal(claims: &Claims, identity: Identity) -> Result<Principal> {
    let scopes = scopes_of(claims.scope.as_deref());
    let actor = match identity {
        Identity::Claims => actor(claims)?,
        Identity::Accounts => Actor::Anonymous,
    };
    let client = claims.client_id.as_ref().and_then(Value::as_str).and_then(|id| Uuid::try_parse(id).ok());
    Ok(Principal {
        actor,
        issuer: claims.iss.clone(),
        subject: claims.sub.clone(),
        account: claims.account_id.map(AccountId::from_uuid),
        api_client: client.filter(|_| identity == Identity::Claims).map(ApiClientId::from_uuid),
        scopes,
    })
}

fn actor(claims: &Claims) -> Result<Actor> {
    let role = claims.role.as_deref().and_then(Role::parse).ok_or_else(|| refuse("role"))?;
    let territory = match (&claims.departement_code, &claims.region_code) {
        (Some(code), None) => Some(Territory::departement(code).ok_or_else(|| refuse("an unknown departement_code"))?),
        (None, Some(code)) => Some(Territory::region(code).ok_or_else(|| refuse("an unknown region_code"))?),
        (None, None) => None,
        (Some(_), Some(_)) => return Err(refuse("departement_code beside region_code")),
    };
    let missing = || refuse("a role without its perimeter");
    Ok(match role {
        Role::Anct => Actor::Anct,
        Role::Bdt => Actor::Bdt,
        Role::Prefecture => Actor::Prefecture(territory.ok_or_else(missing)?),
        Role::Coordinator => Actor::Coordinator(territory.ok_or_else(missing)?),
        Role::Observer => Actor::Observer(territory),
        Role::Employer => Actor::Employer(StructureId::from_uuid(claims.structure_id.ok_or_else(missing)?)),
        Role::Candidate => Actor::Candidate(CandidateId::from_uuid(claims.candidate_id.ok_or_else(missing)?)),
        Role::Counsellor => Actor::Counsellor(CounsellorId::from_uuid(claims.counsellor_id.ok_or_else(missing)?)),
        Role::TrainingBody => {
            Actor::TrainingBody(TrainingBodyId::from_uuid(claims.training_body_id.ok_or_else(missing)?))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_narrow_and_never_widen() {
        let told = |claim| scopes_of(Some(claim));
        assert_eq!(scopes_of(None), None);
        assert_eq!(told("openid profile email"), None);
        assert_eq!(told("openid posts:read"), Some(vec!["posts:read".to_owned()]));
        assert_eq!(told("posts:read unknown:read"), Some(vec!["posts:read".to_owned()]));
        for nothing in ["", "  ", "unknown:read", "openid unknown:write", ":read", "posts:read:write"] {
            assert_eq!(told(nothing), Some(Vec::new()), "{nothing:?}");
        }
    }
}
