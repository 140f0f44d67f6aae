//! Which of an issuer's published keys may verify its tokens.

use std::collections::HashMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse, RSAKeyParameters,
};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// Algorithms that may sign a token; never a shared secret, never none.
const ALGORITHMS: [Algorithm; 4] = [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::PS256];
/// RFC 7518, 3.3: shorter RSA keys must not be used. Much longer ones only cost time.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Keys by their identifier, each with the one algorithm it is used with.
pub type Keys = HashMap<String, (Algorithm, DecodingKey)>;

/// A published set. Its members are read one by one, so that a key of a kind unknown to us takes no other with it.
#[derive(Deserialize)]
pub struct KeySet {
    keys: Vec<Value>,
}

/// The usable keys of a set. Those that are refused are logged, each with its reason.
pub fn usable(issuer: &str, set: &KeySet) -> Keys {
    let mut keys = Keys::new();
    for raw in &set.keys {
        let kid = raw["kid"].as_str().unwrap_or("none");
        match read(raw) {
            Ok((kid, algorithm, key)) => {
                keys.insert(kid, (algorithm, key));
            }
            Err(reason) => log::warn!(issuer, kid; "a key is refused: {reason}"),
        }
    }
    keys
}

fn read(raw: &Value) -> Result<(String, Algorithm, DecodingKey), &'static str> {
    let jwk: Jwk = Jwk::deserialize(raw).map_err(|_| "not a key that is understood")?;
    let kid = jwk.common.key_id.clone().ok_or("no kid")?;
    if jwk.common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature) {
        return Err("its use is not sig");
    }
    if jwk.common.key_operations.as_ref().is_some_and(|all| !all.contains(&KeyOperations::Verify)) {
        return Err("its key_ops leave verify out");
    }
    let algorithm = algorithm(&jwk)?;
    let key = DecodingKey::from_jwk(&jwk).map_err(|_| "its parameters cannot be read")?;
    Ok((kid, algorithm, key))
}

/// The algorithm of a key: the one that it names, if it is one of ours and of the key's own kind.
fn algorithm(jwk: &Jwk) -> Result<Algorithm, &'static str> {
    let fitting: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(key) => {
            if key.curve != EllipticCurve::P256 || length(&key.x) != Some(32) || length(&key.y) != Some(32) {
                return Err("not a point of the curve P-256");
            }
            &[Algorithm::ES256]
        }
        AlgorithmParameters::OctetKeyPair(key) => {
            if key.curve != EllipticCurve::Ed25519 || length(&key.x) != Some(32) {
                return Err("not a point of the curve Ed25519");
            }
            &[Algorithm::EdDSA]
        }
        AlgorithmParameters::RSA(key) => {
            check_rsa(key)?;
            &[Algorithm::RS256, Algorithm::PS256]
        }
        // Shared secrets among them.
        _ => return Err("a kind of key that verifies nothing"),
    };
    match jwk.common.key_algorithm {
        Some(named) => known(named).filter(|named| fitting.contains(named)).ok_or("its alg is not one of ours for it"),
        None => fitting.first().copied().ok_or("no algorithm"),
    }
}

fn known(named: KeyAlgorithm) -> Option<Algorithm> {
    Algorithm::try_from(named).ok().filter(|algorithm| ALGORITHMS.contains(algorithm))
}

fn length(member: &str) -> Option<usize> {
    BASE64.decode(member).ok().map(|bytes| bytes.len())
}

fn check_rsa(key: &RSAKeyParameters) -> Result<(), &'static str> {
    let number = |member: &str| -> Option<Vec<u8>> {
        let bytes = BASE64.decode(member).ok()?;
        Some(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
    };
    let (Some(modulus), Some(exponent)) = (number(&key.n), number(&key.e)) else {
        return Err("its numbers are not base64url");
    };
    let unused = modulus.first().map_or(0, |first| first.leading_zeros() as usize);
    if !RSA_BITS.contains(&(modulus.len() * 8).saturating_sub(unused)) {
        return Err("an RSA key of fewer than 2048 bits, or more than 8192");
    }
    let odd = exponent.last().is_some_and(|last| last % 2 == 1);
    if !odd || exponent == [1] || exponent.len() > 4 {
        return Err("an RSA key whose exponent is unusable");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reason(key: Value) -> &'static str {
        read(&key).map(|_| "usable").unwrap_or_else(|reason| reason)
    }

    fn rsa(bits: usize) -> Value {
        let mut modulus = vec![0xff; bits / 8];
        modulus.insert(0, 0);
        json!({"kty": "RSA", "kid": "r", "n": BASE64.encode(modulus), "e": "AQAB"})
    }

    fn with(mut key: Value, name: &str, value: Value) -> Value {
        key[name] = value;
        key
    }

    #[test]
    fn weak_and_mismatching_keys_are_refused() {
        let curve = json!({"kty": "EC", "crv": "P-256", "kid": "e",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
        let edwards =
            json!({"kty": "OKP", "crv": "Ed25519", "kid": "o", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        for good in [
            curve.clone(),
            edwards.clone(),
            rsa(2048),
            with(rsa(4096), "alg", json!("PS256")),
            with(curve.clone(), "use", json!("sig")),
            with(curve.clone(), "key_ops", json!(["verify"])),
        ] {
            assert_eq!(reason(good.clone()), "usable", "{good}");
        }
        for bad in [
            rsa(1024),
            rsa(2040),
            rsa(16384),
            with(rsa(2048), "e", json!("AQ")),
            with(rsa(2048), "e", json!("AA")),
            with(rsa(2048), "e", json!("AQAC")),
            with(rsa(2048), "alg", json!("RS512")),
            with(rsa(2048), "alg", json!("RSA-OAEP")),
            with(rsa(2048), "alg", json!("ES256")),
            with(curve.clone(), "alg", json!("RS256")),
            with(curve.clone(), "alg", json!("ES384")),
            with(curve.clone(), "crv", json!("P-384")),
            with(curve.clone(), "crv", json!("secp256k1")),
            with(curve.clone(), "x", json!("AQAB")),
            with(curve.clone(), "use", json!("enc")),
            with(curve.clone(), "key_ops", json!(["encrypt"])),
            with(curve.clone(), "key_ops", json!([])),
            with(curve.clone(), "kid", Value::Null),
            with(edwards.clone(), "crv", json!("Ed448")),
            with(edwards, "x", json!("AQAB")),
            json!({"kty": "oct", "kid": "s", "k": "c2VjcmV0"}),
            json!({"kty": "PQC", "kid": "q"}),
            json!("a text"),
        ] {
            assert_ne!(reason(bad.clone()), "usable", "{bad}");
        }
    }

    #[test]
    fn one_strange_key_takes_no_other_with_it() {
        let set: KeySet = serde_json::from_value(json!({"keys": [{"kty": "PQC", "kid": "q"}, rsa(2048)]})).unwrap();
        assert_eq!(usable("https://id.example.org", &set).keys().collect::<Vec<_>>(), ["r"]);
    }
}
