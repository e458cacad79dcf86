//! The vault over Postgres: secrets in envelopes, lookup tables in immutable versions.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lockgate_core::id::PartnerId;
use lockgate_core::policy::Owner;
use lockgate_core::ports::{LookupTable, SecretBytes, Vault, VaultError};

use crate::store::PgStore;

mod envelope;
mod secret;
mod table;

pub(crate) use envelope::Envelope;
pub(crate) use secret::Good;
pub(crate) use table::TableCache;

/// The name under which an owner's tokenization key is kept; no name of a partner's secret has a slash.
const TOKENIZATION: &str = "lockgate/tokenization-key";

#[async_trait]
impl Vault for PgStore {
    async fn secret(&self, owner: Owner, name: &str) -> Result<Option<SecretBytes>, VaultError> {
        secret::find(self, owner, name).await
    }

    async fn put_secret(
        &self,
        owner: Owner,
        name: &str,
        value: SecretBytes,
        grace: Duration,
    ) -> Result<(), VaultError> {
        secret::put(self, owner, name, &value, grace).await
    }

    async fn add_secret(&self, owner: Owner, name: &str, value: SecretBytes) -> Result<bool, VaultError> {
        secret::add(self, owner, name, &value).await
    }

    async fn good_secrets(&self, partner: PartnerId, name: &str) -> Result<Vec<SecretBytes>, VaultError> {
        secret::good(self, partner, name).await
    }

    async fn tokenization_key(&self, owner: Owner) -> Result<SecretBytes, VaultError> {
        secret::find_or_make(self, owner, TOKENIZATION).await
    }

    async fn table(&self, owner: Owner, name: &str) -> Result<Option<Arc<LookupTable>>, VaultError> {
        Ok(table::newest(self, owner, name).await?)
    }

    async fn put_table(&self, owner: Owner, name: &str, entries: HashMap<String, String>) -> Result<i64, VaultError> {
        Ok(table::put(self, owner, name, &entries).await?)
    }
}
