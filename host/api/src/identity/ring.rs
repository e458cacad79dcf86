//! The key ring: an issuer's keys, kept, refreshed by age, and fetched again for an unknown key id at most so often.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use tokio::sync::{Mutex, RwLock};
use tokio::time::Instant;

use super::{KeySource, TokenError};

/// When keys are fetched.
#[derive(Debug, Clone, Copy)]
pub struct RefreshPolicy {
    /// After this age the set is fetched again, so that withdrawn keys vanish.
    pub max_age: Duration,
    /// Between two fetches passes at least this time, whoever asks: forged key ids must not hammer the issuer.
    pub min_interval: Duration,
}

impl Default for RefreshPolicy {
    fn default() -> Self {
        Self { max_age: Duration::from_secs(600), min_interval: Duration::from_secs(30) }
    }
}

/// A key with the one algorithm that it may verify.
#[derive(Debug, Clone)]
pub(super) struct VerifyingKey {
    pub(super) key: DecodingKey,
    pub(super) algorithm: Algorithm,
}

type Keys = Arc<HashMap<String, Arc<VerifyingKey>>>;

#[derive(Debug, Default)]
struct Held {
    keys: Keys,
    fetched: Option<Instant>,
}

/// An issuer's keys by key id.
#[derive(Debug)]
pub struct KeyRing {
    source: Arc<dyn KeySource>,
    policy: RefreshPolicy,
    held: RwLock<Held>,
    /// When the source was last asked; held while it is asked, so that many askers make one fetch.
    asked: Mutex<Option<Instant>>,
}

impl KeyRing {
    /// A ring over a source; nothing is fetched until the first token comes.
    pub fn new(source: Arc<dyn KeySource>, policy: RefreshPolicy) -> Self {
        Self { source, policy, held: RwLock::default(), asked: Mutex::new(None) }
    }

    /// The key of that id, if the issuer has it.
    pub(super) async fn find(&self, kid: &str) -> Result<Option<Arc<VerifyingKey>>, TokenError> {
        let (found, fresh) = self.look_up(kid).await;
        if found.is_some() && fresh {
            return Ok(found);
        }
        self.refresh(kid).await;
        let (found, _) = self.look_up(kid).await;
        if found.is_none() && self.held.read().await.fetched.is_none() {
            return Err(TokenError::KeysUnavailable);
        }
        Ok(found)
    }

    async fn look_up(&self, kid: &str) -> (Option<Arc<VerifyingKey>>, bool) {
        let held = self.held.read().await;
        let fresh = held.fetched.is_some_and(|at| at.elapsed() < self.policy.max_age);
        (held.keys.get(kid).cloned(), fresh)
    }

    async fn refresh(&self, kid: &str) {
        let mut asked = self.asked.lock().await;
        // While this one waited, another may have brought the key.
        if matches!(self.look_up(kid).await, (Some(_), true)) {
            return;
        }
        if asked.is_some_and(|at| at.elapsed() < self.policy.min_interval) {
            return;
        }
        *asked = Some(Instant::now());
        match self.source.fetch().await {
            Ok(text) => match parse(&text) {
                Ok(keys) => {
                    tracing::info!(identity.keys = keys.len(), "The issuer's keys were fetched.");
                    *self.held.write().await = Held { keys: Arc::new(keys), fetched: Some(Instant::now()) };
                }
                Err(error) => tracing::warn!(error = %error, "the issuer's key set is not a JSON Web Key Set"),
            },
            Err(error) => tracing::warn!(error = %error, "the issuer's keys were not fetched; the old ones are kept"),
        }
    }
}

/// Reads a set; keys of other kinds than ours are passed over, as RFC 7517 wants.
fn parse(text: &[u8]) -> Result<HashMap<String, Arc<VerifyingKey>>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set = serde_json::from_slice(text)?;
    let usable = set.keys.into_iter().filter_map(|value| usable(&serde_json::from_value(value).ok()?));
    Ok(usable.map(|(kid, key)| (kid, Arc::new(key))).collect())
}

/// A key that may verify tokens, with the algorithm pinned by the key and never by a token.
fn usable(jwk: &Jwk) -> Option<(String, VerifyingKey)> {
    let natural = match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        // 256 bytes of modulus, in base64url: shorter RSA keys are not keys any more.
        AlgorithmParameters::RSA(key) if key.n.len() >= 342 => Algorithm::RS256,
        _ => return None,
    };
    let stated = match jwk.common.key_algorithm {
        None => natural,
        Some(KeyAlgorithm::ES256) => Algorithm::ES256,
        Some(KeyAlgorithm::EdDSA) => Algorithm::EdDSA,
        Some(KeyAlgorithm::RS256) => Algorithm::RS256,
        Some(_) => return None,
    };
    let signs = !matches!(jwk.common.public_key_use, Some(ref it) if *it != PublicKeyUse::Signature);
    let verifies = jwk.common.key_operations.as_ref().is_none_or(|them| them.contains(&KeyOperations::Verify));
    if stated != natural || !signs || !verifies {
        return None;
    }
    let key = DecodingKey::from_jwk(jwk).ok()?;
    Some((jwk.common.key_id.clone()?, VerifyingKey { key, algorithm: natural }))
}
