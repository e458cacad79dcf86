//! Envelopes: each secret is sealed under a random data key of its own, which the configured key wraps.
//!
//! Rotating the configured key re-wraps data keys and touches no sealed value. Owner and name are authenticated with
//! both, so that a row copied to another owner does not open.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{digest, rand};
use lockgate_core::policy::Owner;
use lockgate_core::ports::SecretBytes;

use crate::config::SecretsKey;

/// The layout of both ciphertexts: a nonce, then the sealed bytes with their tag.
const LAYOUT: &str = "lockgate-secret-1";

/// Wraps and unwraps with the configured key.
pub(crate) struct Envelope {
    key: LessSafeKey,
    id: String,
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A sealed secret as its row holds it.
#[derive(Debug, Clone)]
pub(crate) struct Sealed {
    /// Which configured key wrapped the data key.
    pub(crate) key_id: String,
    /// The data key, wrapped.
    pub(crate) wrapped_key: Vec<u8>,
    /// The value, sealed by the data key.
    pub(crate) sealed: Vec<u8>,
}

/// It cannot be opened, or there is no randomness to seal with.
#[derive(Debug)]
pub(crate) struct Unusable;

impl Envelope {
    /// An envelope under that key.
    pub(crate) fn new(key: &SecretsKey) -> Self {
        let bytes = key.0.expose();
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(b"lockgate secrets key id");
        hash.update(bytes);
        let id = hex::encode(&hash.finish().as_ref()[..8]);
        Self { key: aes(bytes).expect("a secrets key has 32 bytes"), id }
    }

    /// Seals a value for its owner and name.
    pub(crate) fn seal(&self, owner: Owner, name: &str, value: &SecretBytes) -> Result<Sealed, Unusable> {
        let data_key = random(32)?;
        let bound = bound(owner, name);
        Ok(Sealed {
            key_id: self.id.clone(),
            wrapped_key: seal(&self.key, &bound, &data_key)?,
            sealed: seal(&aes(&data_key)?, &bound, value.expose())?,
        })
    }

    /// Opens what was sealed for that owner and name, if it was under this key.
    pub(crate) fn open(&self, owner: Owner, name: &str, it: &Sealed) -> Result<SecretBytes, Unusable> {
        if it.key_id != self.id {
            return Err(Unusable);
        }
        let bound = bound(owner, name);
        let data_key = open(&self.key, &bound, &it.wrapped_key)?;
        open(&aes(&data_key)?, &bound, &it.sealed).map(SecretBytes::new)
    }
}

/// Fresh random bytes.
pub(crate) fn random(length: usize) -> Result<Vec<u8>, Unusable> {
    let mut bytes = vec![0; length];
    rand::fill(&mut bytes).map_err(|_| Unusable)?;
    Ok(bytes)
}

fn aes(key: &[u8]) -> Result<LessSafeKey, Unusable> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| Unusable)
}

fn bound(owner: Owner, name: &str) -> Vec<u8> {
    let owner = owner.partner().map_or_else(|| "house".to_owned(), |partner| partner.to_string());
    format!("{LAYOUT}\n{owner}\n{name}").into_bytes()
}

fn seal(key: &LessSafeKey, bound: &[u8], value: &[u8]) -> Result<Vec<u8>, Unusable> {
    let nonce = random(NONCE_LEN)?;
    let mut sealed = value.to_vec();
    let unique = Nonce::try_assume_unique_for_key(&nonce).map_err(|_| Unusable)?;
    key.seal_in_place_append_tag(unique, Aad::from(bound), &mut sealed).map_err(|_| Unusable)?;
    Ok([nonce, sealed].concat())
}

fn open(key: &LessSafeKey, bound: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unusable> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN).ok_or(Unusable)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unusable)?;
    let mut value = sealed.to_vec();
    let length = key.open_in_place(nonce, Aad::from(bound), &mut value).map_err(|_| Unusable)?.len();
    value.truncate(length);
    Ok(value)
}
