//! Secrets made here: shown once, kept as a hash.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest, Sha256};

/// A new secret of 256 random bits.
pub fn generate() -> String {
    BASE64.encode(rand::random::<[u8; 32]>())
}

/// What is kept of a secret: enough to recognise it, useless to whoever reads it. Secrets have
/// 256 random bits, so a plain hash cannot be guessed back.
pub fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}
