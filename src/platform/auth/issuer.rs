//! Keys of the issuers we trust: our own, and any OIDC issuer by discovery.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

use super::jwks::{self, KeySet, Keys};
use super::local_issuer::LocalIssuer;

/// Keys are asked for anew after this long.
const FRESH: Duration = Duration::from_secs(600);
/// An unknown key identifier causes a refresh at most this often, unless configured otherwise.
pub const REFRESH_EVERY: Duration = Duration::from_secs(30);
const FETCH_TIMEOUT: Duration = Duration::from_secs(3);

/// Where role and perimeter of an issuer's tokens come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// From the claims of the token: the issuer is set up for this product.
    Claims,
    /// From our own accounts, by issuer and subject: the issuer knows people, not our roles.
    Accounts,
}

/// An issuer whose tokens are accepted.
#[derive(Clone, Debug)]
pub struct Trusted {
    pub issuer: String,
    pub audience: String,
    pub identity: Identity,
    /// `typ` values accepted beside `at+jwt`; Keycloak sends `JWT`.
    pub types: Vec<String>,
    /// Least time between two fetches of its keys.
    pub refresh_every: Duration,
}

/// A trusted issuer and what is known of its keys.
pub struct Issuer {
    pub trusted: Trusted,
    /// `None` for the local issuer, whose keys do not change while we run.
    remote: Option<Mutex<Fetched>>,
    own: Keys,
}

#[derive(Default)]
struct Fetched {
    keys: Keys,
    fetched_at: Option<Instant>,
    tried_at: Option<Instant>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Issuer {
    pub fn local(local: &LocalIssuer, audience: &str) -> Self {
        let trusted = Trusted {
            issuer: local.issuer().to_owned(),
            audience: audience.to_owned(),
            identity: Identity::Claims,
            types: Vec::new(),
            refresh_every: REFRESH_EVERY,
        };
        let own = local.decoding_keys().into_iter().map(|(kid, algorithm, key)| (kid, (algorithm, key))).collect();
        Self { trusted, remote: None, own }
    }

    pub fn remote(trusted: Trusted) -> Self {
        Self { trusted, remote: Some(Mutex::default()), own: Keys::new() }
    }

    /// The key `kid`, fetching the issuer's keys when they are missing or old. Blocks on the
    /// network; a key that is known is served even while the issuer is away.
    #[expect(clippy::disallowed_methods, reason = "measures the age of a cache, not the legal time")]
    pub fn key(&self, kid: &str, algorithm: Algorithm) -> Option<DecodingKey> {
        let fits = |(known, key): &(Algorithm, DecodingKey)| (*known == algorithm).then(|| key.clone());
        let Some(remote) = &self.remote else { return self.own.get(kid).and_then(fits) };
        let fetch = {
            let mut state = remote.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let stale = state.fetched_at.is_none_or(|at| now - at > FRESH);
            let rested = state.tried_at.is_none_or(|at| now - at >= self.trusted.refresh_every);
            let fetch = (stale || !state.keys.contains_key(kid)) && rested;
            if fetch {
                state.tried_at = Some(now);
            }
            fetch
        };
        if fetch {
            match fetch_keys(&self.trusted.issuer) {
                Ok(keys) => {
                    let mut state = remote.lock().unwrap_or_else(PoisonError::into_inner);
                    state.keys = keys;
                    state.fetched_at = Some(Instant::now());
                }
                Err(error) => log::warn!("keys of {}: {error}", self.trusted.issuer),
            }
        }
        remote.lock().unwrap_or_else(PoisonError::into_inner).keys.get(kid).and_then(fits)
    }

    /// Whether it is our own, which signs for accounts and API clients only.
    pub fn is_local(&self) -> bool {
        self.remote.is_none()
    }

    /// Whether [`Issuer::key`] answers without the network.
    pub fn knows(&self, kid: &str) -> bool {
        match &self.remote {
            None => true,
            Some(remote) => {
                let state = remote.lock().unwrap_or_else(PoisonError::into_inner);
                state.keys.contains_key(kid) && state.fetched_at.is_some_and(|at| at.elapsed() <= FRESH)
            }
        }
    }
}

fn fetch_keys(issuer: &str) -> Result<Keys, String> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(FETCH_TIMEOUT)).max_redirects(0).build().into();
    let get = |url: &str| -> Result<ureq::Body, String> {
        agent.get(url).call().map(|response| response.into_body()).map_err(|e| e.to_string())
    };
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let discovery: Discovery = get(&address)?.read_json().map_err(|e| e.to_string())?;
    if discovery.issuer != issuer {
        return Err("discovery names another issuer".to_owned());
    }
    let set: KeySet = get(&discovery.jwks_uri)?.read_json().map_err(|e| e.to_string())?;
    Ok(jwks::usable(issuer, &set))
}
