//! The vault: secrets and lookup tables of partners and the house.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::code::Code;
use crate::id::PartnerId;
use crate::policy::Owner;

/// A secret value; `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// Wraps a value.
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The value, at the place where it is used.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(..)")
    }
}

/// Gives secrets to those who use them.
#[async_trait]
pub trait Vault: Send + Sync + fmt::Debug {
    /// An owner's secret by name.
    async fn secret(&self, owner: Owner, name: &str) -> Result<Option<SecretBytes>, VaultError>;
    /// Sets a secret. The one before stays good besides it for that long.
    async fn put_secret(&self, owner: Owner, name: &str, value: SecretBytes, grace: Duration)
    -> Result<(), VaultError>;
    /// Keeps a secret, unless there is one of that name: then it stays as it is. Whether it was kept.
    async fn add_secret(&self, owner: Owner, name: &str, value: SecretBytes) -> Result<bool, VaultError> {
        let is_free = self.secret(owner, name).await?.is_none();
        if is_free {
            self.put_secret(owner, name, value, Duration::ZERO).await?;
        }
        Ok(is_free)
    }
    /// All of a partner's that are good under a name: the present secret, then the one that it replaced, for as long as that is. None if
    /// the secret is not set.
    async fn good_secrets(&self, partner: PartnerId, name: &str) -> Result<Vec<SecretBytes>, VaultError> {
        Ok(self.secret(Owner::Partner(partner), name).await?.into_iter().collect())
    }
    /// The owner's 32-byte tokenization key, created at first use.
    async fn tokenization_key(&self, owner: Owner) -> Result<SecretBytes, VaultError>;
    /// An owner's lookup table in its newest version.
    async fn table(&self, owner: Owner, name: &str) -> Result<Option<Arc<LookupTable>>, VaultError>;
    /// Stores a new version of a lookup table and returns its number.
    async fn put_table(&self, owner: Owner, name: &str, entries: HashMap<String, String>) -> Result<i64, VaultError>;
}

/// An immutable version of a lookup table.
#[derive(Debug, PartialEq, Eq)]
pub struct LookupTable {
    /// Its name.
    pub name: String,
    /// Its version, from 1.
    pub version: i64,
    /// Its entries.
    pub entries: HashMap<String, String>,
}

/// The vault failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VaultError {
    /// It does not answer; worth another try.
    #[error("the vault is unavailable: {0}")]
    Unavailable(String),
    /// The stored value cannot be opened with the configured key.
    #[error("secret `{0}` cannot be opened with the configured key: was `secrets.key` changed?")]
    WrongKey(String),
}

impl VaultError {
    /// The public code.
    pub const fn code(&self) -> Code {
        match self {
            Self::Unavailable(_) => Code::TemporarilyUnavailable,
            Self::WrongKey(_) => Code::Internal,
        }
    }
}
