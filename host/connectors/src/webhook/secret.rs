//! Signing keys as Standard Webhooks writes them: shared secrets (`whsec_`) and Ed25519 pairs (`whsk_`, `whpk_`).

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac::{HMAC_SHA256, Key};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const SHARED: &str = "whsec_";
const PRIVATE: &str = "whsk_";
const PUBLIC: &str = "whpk_";

/// Ed25519: the length of a seed and of a public key.
const ED25519: usize = 32;

/// The text is not a key. The text itself is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecret {
    /// No prefix.
    #[error("a signing secret begins with `whsec_` (shared) or `whsk_` (an Ed25519 private key)")]
    Prefix,
    /// No prefix of a key that verifies.
    #[error("a key to verify with begins with `whsec_` (shared) or `whpk_` (an Ed25519 public key)")]
    PublicPrefix,
    /// Not base64.
    #[error("after its prefix a signing secret is base64")]
    Base64,
    /// Too short or too long.
    #[error("a shared signing secret has 24 to 64 bytes, an Ed25519 private key 32 or 64, a public key 32")]
    Length,
    /// The halves of a pair belong to different keys.
    #[error("the public half of the Ed25519 key does not fit its private half")]
    Pair,
}

/// A key that signs; `Debug` hides it.
#[derive(Clone)]
pub struct Secret(pub(super) Signer);

#[derive(Clone)]
pub(super) enum Signer {
    Shared(Box<Key>),
    Pair(Arc<Ed25519KeyPair>),
}

impl Secret {
    /// Reads one secret.
    ///
    /// # Errors
    ///
    /// When it is neither `whsec_<base64 of 24 to 64 bytes>` nor `whsk_<base64 of an Ed25519 seed, with or without its
    /// public key>`.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        if let Some(encoded) = text.strip_prefix(SHARED) {
            return shared(encoded).map(Signer::Shared).map(Self);
        }
        let bytes = decode(text.strip_prefix(PRIVATE).ok_or(InvalidSecret::Prefix)?)?;
        let pair = match bytes.len() {
            ED25519 => Ed25519KeyPair::from_seed_unchecked(&bytes),
            64 => Ed25519KeyPair::from_seed_and_public_key(&bytes[..ED25519], &bytes[ED25519..]),
            _ => return Err(InvalidSecret::Length),
        };
        Ok(Self(Signer::Pair(Arc::new(pair.map_err(|_| InvalidSecret::Pair)?))))
    }

    /// Reads the keys of one secret, separated by spaces: where there are several, all of them sign.
    ///
    /// # Errors
    ///
    /// When there is none or one of them has another form.
    pub fn read(text: &str) -> Result<Vec<Self>, InvalidSecret> {
        let secrets = text.split_whitespace().map(Self::parse).collect::<Result<Vec<_>, _>>()?;
        if secrets.is_empty() { Err(InvalidSecret::Prefix) } else { Ok(secrets) }
    }

    /// Whether a secret is written as a key that signs, be it one or not. Its beginning tells, for the rest of it may be
    /// anything, even no text.
    pub(crate) fn is_meant(secret: &[u8]) -> bool {
        [SHARED, PRIVATE].iter().any(|prefix| secret.starts_with(prefix.as_bytes()))
    }

    /// What the receiver of a pair's messages verifies with, `whpk_...`; a shared secret has none.
    pub fn public_key(&self) -> Option<String> {
        match &self.0 {
            Signer::Shared(_) => None,
            Signer::Pair(pair) => Some(format!("{PUBLIC}{}", STANDARD.encode(pair.public_key()))),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A key that verifies; `Debug` hides it.
#[derive(Clone)]
pub struct VerifyingKey(pub(super) Verifier);

#[derive(Clone)]
pub(super) enum Verifier {
    Shared(Box<Key>),
    Public([u8; ED25519]),
}

impl VerifyingKey {
    /// Reads one key.
    ///
    /// # Errors
    ///
    /// When it is neither `whsec_<base64 of 24 to 64 bytes>` nor `whpk_<base64 of 32 bytes>`.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        if let Some(encoded) = text.strip_prefix(SHARED) {
            return shared(encoded).map(Verifier::Shared).map(Self);
        }
        let bytes = decode(text.strip_prefix(PUBLIC).ok_or(InvalidSecret::PublicPrefix)?)?;
        let key = bytes.try_into().map_err(|_| InvalidSecret::Length)?;
        Ok(Self(Verifier::Public(key)))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifyingKey(..)")
    }
}

fn shared(encoded: &str) -> Result<Box<Key>, InvalidSecret> {
    let bytes = decode(encoded)?;
    if !(24..=64).contains(&bytes.len()) {
        return Err(InvalidSecret::Length);
    }
    Ok(Box::new(Key::new(HMAC_SHA256, &bytes)))
}

fn decode(encoded: &str) -> Result<Vec<u8>, InvalidSecret> {
    STANDARD.decode(encoded).map_err(|_| InvalidSecret::Base64)
}
