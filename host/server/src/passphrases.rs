//! Passphrases of secure URLs, hashed by Argon2id: on threads that may be slow, and only two at a time, since each hash
//! takes 19 MiB.

use std::sync::Arc;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use lockgate_core::ports::{Passphrases, StoreError};
use tokio::sync::Semaphore;

const AT_ONCE: usize = 2;

/// Memory in KiB, passes and lanes: what OWASP's password storage cheat sheet (2025) asks of Argon2id.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// Hashes with Argon2id.
#[derive(Debug)]
pub(crate) struct SlowPassphrases {
    seats: Arc<Semaphore>,
}

impl Default for SlowPassphrases {
    fn default() -> Self {
        Self { seats: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl SlowPassphrases {
    async fn slowly<T: Send + 'static>(
        &self,
        work: impl FnOnce(Argon2<'static>) -> Result<T, String> + Send + 'static,
    ) -> Result<T, StoreError> {
        let broken = |why: String| StoreError::Unexpected(format!("a passphrase was not hashed: {why}"));
        let seat = Arc::clone(&self.seats).acquire_owned().await.map_err(|error| broken(error.to_string()))?;
        let done = tokio::task::spawn_blocking(move || {
            let (memory, passes, lanes) = COST;
            let params = Params::new(memory, passes, lanes, None).map_err(|error| error.to_string())?;
            let done = work(Argon2::new(Algorithm::Argon2id, Version::V0x13, params));
            drop(seat);
            done
        });
        done.await.map_err(|error| broken(error.to_string()))?.map_err(broken)
    }
}

#[async_trait]
impl Passphrases for SlowPassphrases {
    async fn hash(&self, passphrase: &str) -> Result<String, StoreError> {
        let passphrase = passphrase.to_owned();
        self.slowly(move |argon2| {
            let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>()).map_err(|error| error.to_string())?;
            let hash = argon2.hash_password(passphrase.as_bytes(), &salt).map_err(|error| error.to_string())?;
            Ok(hash.to_string())
        })
        .await
    }

    async fn fits(&self, passphrase: &str, hash: &str) -> Result<bool, StoreError> {
        let (passphrase, hash) = (passphrase.to_owned(), hash.to_owned());
        self.slowly(move |argon2| {
            let hash = PasswordHash::new(&hash).map_err(|error| error.to_string())?;
            Ok(argon2.verify_password(passphrase.as_bytes(), &hash).is_ok())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_very_passphrase_fits_and_no_two_hashes_are_alike() {
        let passphrases = SlowPassphrases::default();
        let hash = passphrases.hash("correct horse").await.expect("a hash");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passphrases.fits("correct horse", &hash).await.expect("an answer"));
        assert!(!passphrases.fits("correct horsf", &hash).await.expect("an answer"));
        assert_ne!(hash, passphrases.hash("correct horse").await.expect("a hash"));
    }
}
