//! Tokens that are refused.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use conum::platform::auth::local_issuer;
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use crate::support::App;

/// A service whose signing key the test holds as well.
struct Forge {
    app: App,
    pem: String,
    kid: String,
}

impl Forge {
    fn start() -> Self {
        let file = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("forged-tokens.pem");
        let pem = local_issuer::load_or_generate(&file).expect("a key");
        let path = file.display().to_string();
        let app = App::configured(&[("CONUM_SIGNING_KEYS", &path)], Default::default());
        let kid = app.get("/.well-known/jwks.json").expect(200).text_at("/keys/0/kid");
        Self { app, pem, kid }
    }

    fn header(&self) -> Value {
        json!({"alg": "ES256", "typ": "at+jwt", "kid": self.kid})
    }

    fn claims(&self) -> Value {
        let now = self.app.now().timestamp();
        json!({"iss": "http://conum.test", "aud": "conum", "sub": "s", "iat": now, "exp": now + 3600, "role": "anct"})
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
        let key = EncodingKey::from_ec_pem(self.pem.as_bytes()).expect("a key");
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::ES256).expect("a signature");
        format!("{message}.{signature}")
    }

    fn status(&self, token: &str) -> u16 {
        let answer = self.app.get("/api/v1/me").bearer(token).send();
        if answer.status == 401 {
            assert!(answer.header("www-authenticate").contains("invalid_token"), "{}", answer.describe());
            // An invalid token is refused where none is needed as well.
            self.app.get("/api/v1/regions").bearer(token).problem("invalid_token");
        }
        answer.status
    }

    /// Signed rightly, with members of header and claims replaced (null: removed).
    #[track_caller]
    fn refuses(&self, header: Value, claims: Value) {
        let (header, claims) = (merge(self.header(), header), merge(self.claims(), claims));
        assert_eq!(self.status(&self.sign(&header.to_string(), &claims.to_string())), 401, "{header} {claims}");
    }
}

fn merge(base: Value, patch: Value) -> Value {
    let (Value::Object(mut base), Value::Object(patch)) = (base, patch) else { panic!("objects") };
    for (name, value) in patch {
        if value.is_null() {
            base.remove(&name);
        } else {
            base.insert(name, value);
        }
    }
    Value::Object(base)
}

#[test]
fn a_token_signed_rightly_is_accepted() {
    let forge = Forge::start();
    assert_eq!(forge.status(&forge.sign(&forge.header().to_string(), &forge.claims().to_string())), 200);
    let typ = merge(forge.header(), json!({"typ": "application/at+jwt"}));
    assert_eq!(forge.status(&forge.sign(&typ.to_string(), &forge.claims().to_string())), 200);
}

#[test]
fn headers_bring_no_key_and_no_other_algorithm() {
    let forge = Forge::start();
    let jwk = forge.app.get("/.well-known/jwks.json").expect(200).at("/keys/0");
    for header in [
        json!({"typ": "JWT"}),
        json!({"typ": null}),
        json!({"kid": null}),
        json!({"kid": "unknown"}),
        json!({"crit": ["exp"]}),
        json!({"jwk": jwk}),
        json!({"jku": "http://127.0.0.1:1/jwks.json"}),
        json!({"x5u": "http://127.0.0.1:1/cert"}),
        json!({"b64": false}),
        json!({"alg": "RS256"}),
        json!({"alg": "none"}),
        json!({"alg": "HS256"}),
    ] {
        forge.refuses(header, json!({}));
    }
    let none = |alg: &str| {
        let header = merge(forge.header(), json!({"alg": alg}));
        format!("{}.{}.", BASE64.encode(header.to_string()), BASE64.encode(forge.claims().to_string()))
    };
    for alg in ["none", "None", "NONE", "ES256"] {
        assert_eq!(forge.status(&none(alg)), 401, "{alg}");
    }
    // The public key, or what is shown of it, taken for a shared secret.
    for secret in [jwk.to_string(), jwk["x"].as_str().unwrap_or_default().to_owned(), String::new()] {
        let message = none("HS256").trim_end_matches('.').to_owned();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("any key");
        mac.update(message.as_bytes());
        let token = format!("{message}.{}", BASE64.encode(mac.finalize().into_bytes()));
        assert_eq!(forge.status(&token), 401);
    }
}

#[test]
fn claims_are_complete_and_current() {
    let forge = Forge::start();
    let now = forge.app.now().timestamp();
    for claims in [
        json!({"iss": "http://other.test"}),
        json!({"iss": null}),
        json!({"aud": "other"}),
        json!({"aud": null}),
        json!({"sub": null}),
        json!({"exp": null}),
        json!({"iat": null}),
        json!({"exp": now - 61, "iat": now - 3600}),
        json!({"exp": now + 3601}),
        json!({"iat": now + 120, "exp": now + 600}),
        json!({"nbf": now + 120}),
        json!({"exp": "tomorrow"}),
        json!({"role": "root"}),
        json!({"role": null}),
        json!({"role": "prefecture"}),
        json!({"role": "prefecture", "departement_code": "82", "region_code": "76"}),
        json!({"role": "prefecture", "departement_code": "82' or true"}),
        json!({"role": "employer", "structure_id": "x"}),
        json!({"role": "prefecture", "departement_code": "999"}),
        json!({"role": "prefecture", "departement_code": "20"}),
        json!({"role": "prefecture", "region_code": "77"}),
    ] {
        forge.refuses(json!({}), claims);
    }
    // A minute of difference between clocks is forgiven.
    let late = merge(forge.claims(), json!({"exp": now - 30, "iat": now - 600}));
    assert_eq!(forge.status(&forge.sign(&forge.header().to_string(), &late.to_string())), 200);
}

#[test]
fn numbers_with_decimals_and_codes_as_people_write_them_are_read() {
    let forge = Forge::start();
    let now = forge.app.now().timestamp();
    let me = |claims: Value| {
        let token = forge.sign(&forge.header().to_string(), &merge(forge.claims(), claims).to_string());
        forge.app.get("/api/v1/me").bearer(&token).expect(200)
    };
    me(json!({"exp": now as f64 + 1800.75, "iat": now as f64 + 0.25, "nbf": now as f64 - 0.5}));
    for (written, code) in [("2a", "2A"), ("82", "82"), ("985", "976")] {
        let seen = me(json!({"role": "prefecture", "departement_code": written}));
        assert!(seen.text().contains(&format!("\"departement_code\":\"{code}\"")), "{}", seen.describe());
    }
    let seen = me(json!({"role": "prefecture", "region_code": "73"}));
    assert!(seen.text().contains("\"region_code\":\"76\""), "{}", seen.describe());
}

#[test]
fn what_is_no_token_is_refused() {
    let forge = Forge::start();
    let good = forge.sign(&forge.header().to_string(), &forge.claims().to_string());
    let twice = forge.claims().to_string().replacen('{', r#"{"role":"bdt","#, 1);
    assert_eq!(forge.status(&forge.sign(&forge.header().to_string(), &twice)), 401, "a claim twice");
    let header = forge.header().to_string().replacen('{', r#"{"alg":"none","#, 1);
    assert_eq!(forge.status(&forge.sign(&header, &forge.claims().to_string())), 401, "a header twice");
    let large = merge(forge.claims(), json!({"padding": "x".repeat(8 * 1024)}));
    assert_eq!(forge.status(&forge.sign(&forge.header().to_string(), &large.to_string())), 401, "8 KiB");
    let (message, signature) = good.rsplit_once('.').expect("a signature");
    let other = BASE64.encode(vec![7; 64]);
    for token in [
        "x".to_owned(),
        "a.b.c".to_owned(),
        format!("{good}.x"),
        format!("{message}."),
        format!("{message}.{other}"),
        format!("{}x.{signature}", message),
        format!("{good}="),
    ] {
        assert_eq!(forge.status(&token), 401, "{token}");
    }
    // Still refused once the good one is known.
    assert_eq!(forge.status(&good), 200);
    assert_eq!(forge.status(&format!("{message}.{other}")), 401);
}

#[test]
fn a_known_token_ends_with_its_time() {
    let forge = Forge::start();
    let token = forge.sign(&forge.header().to_string(), &forge.claims().to_string());
    assert_eq!(forge.status(&token), 200);
    forge.app.advance(chrono::TimeDelta::minutes(62));
    assert_eq!(forge.status(&token), 401);
}

#[test]
fn times_beyond_all_bounds_are_refused_and_nothing_breaks() {
    let forge = Forge::start();
    let now = forge.app.now().timestamp();
    let extremes = [i64::MIN, i64::MIN + 1000, -1, i64::MAX - 1000, i64::MAX, 253_402_300_800];
    let mut refused = 0;
    for exp in extremes.into_iter().chain([now + 600]) {
        for iat in extremes.into_iter().chain([now]) {
            for nbf in [i64::MIN, i64::MAX, now] {
                if (exp, iat, nbf) == (now + 600, now, now) {
                    continue;
                }
                let claims = merge(forge.claims(), json!({"exp": exp, "iat": iat, "nbf": nbf}));
                let token = forge.sign(&forge.header().to_string(), &claims.to_string());
                let answer = forge.app.get("/api/v1/me").bearer(&token).send();
                assert_eq!(answer.status, 401, "{claims}: {}", answer.describe());
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 7 * 7 * 3 - 1);
    for odd in [json!(1e300), json!(-1e300), json!(-1.5), json!(u64::MAX), json!("0"), json!(true)] {
        for name in ["exp", "iat", "nbf"] {
            forge.refuses(json!({}), json!({name: odd}));
        }
    }
}

#[test]
fn a_panic_at_the_door_is_an_answer() {
    let app = App::start();
    let token = app.token(&conum::platform::auth::Actor::Anct);
    app.break_clock();
    for _ in 0..2 {
        let answer = app.get("/api/v1/me").bearer(&token).send_raw();
        assert_eq!((answer.status, answer.text_at("/code")), (500, "internal_error".to_owned()));
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.at("/request_id"), answer.header("x-request-id"));
    }
    app.get("/health/live").expect(200);
}

#[test]
fn a_scope_that_nobody_knows_grants_nothing() {
    let forge = Forge::start();
    let structures = |scope: Value| {
        let claims = merge(forge.claims(), json!({"scope": scope}));
        let token = forge.sign(&forge.header().to_string(), &claims.to_string());
        forge.app.get("/api/v1/structures").bearer(&token).send()
    };
    for widening in
        [json!(null), json!("openid profile email"), json!("structures:read"), json!("openid structures:read")]
    {
        assert_eq!(structures(widening.clone()).status, 200, "{widening}");
    }
    for nothing in ["structure:read", "openid structures:lire unknown:write", "unknown:read", "", " "] {
        let answer = structures(json!(nothing));
        assert_eq!((answer.status, answer.at("/code")), (403, json!("insufficient_scope")), "{nothing:?}");
    }
}

#[test]
fn production_knows_no_persona_whatever_key_signed_it() {
    let development = App::start();
    let production = App::in_production(&[]);
    // The same key, and the same issuer: what `conum token` prints where the key of production lies.
    let issuer = &production.service.local_issuer;
    let now = conum::platform::clock::Now::at(production.now());
    for role in crate::guards::operations::roles() {
        let actor = crate::guards::operations::actor(*role);
        let scopes = conum::platform::auth::policy::scopes_of(*role);
        let persona = conum::app::personas::token(issuer, actor.clone(), &scopes, now).expect("a token");
        production.get("/api/v1/me").bearer(&persona).problem("invalid_token");
        // Nor a token of its own that names neither account nor client, however it was made.
        production.get("/api/v1/me").bearer(&production.token(&actor)).problem("invalid_token");
        let here =
            conum::app::personas::token(&development.service.local_issuer, actor, &scopes, now).expect("a token");
        development.get("/api/v1/me").bearer(&here).expect(200);
    }
}
