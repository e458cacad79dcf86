//! Secrets, lookup tables and components in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use lockgate_core::id::PartnerId;
use lockgate_core::plugin::PluginDigest;
use lockgate_core::policy::Owner;
use lockgate_core::ports::{LookupTable, PluginArchive, SecretBytes, Vault, VaultError};

type Tables = HashMap<(Owner, String), Arc<LookupTable>>;

/// Keeps secrets and tables.
#[derive(Debug, Default)]
pub struct MemoryVault {
    secrets: Mutex<HashMap<(Owner, String), SecretBytes>>,
    former: Mutex<HashMap<(Owner, String), SecretBytes>>,
    tables: Mutex<Tables>,
}

#[async_trait]
impl Vault for MemoryVault {
    async fn secret(&self, owner: Owner, name: &str) -> Result<Option<SecretBytes>, VaultError> {
        let secrets = self.secrets.lock().expect("no test panics inside a vault");
        Ok(secrets.get(&(owner, name.to_owned())).cloned())
    }

    async fn put_secret(
        &self,
        owner: Owner,
        name: &str,
        value: SecretBytes,
        grace: Duration,
    ) -> Result<(), VaultError> {
        let key = (owner, name.to_owned());
        let mut secrets = self.secrets.lock().expect("no test panics inside a vault");
        let before = secrets.insert(key.clone(), value);
        drop(secrets);
        let mut former = self.former.lock().expect("no test panics inside a vault");
        match before.filter(|_| !grace.is_zero()) {
            Some(before) => former.insert(key, before),
            None => former.remove(&key),
        };
        Ok(())
    }

    /// For ever, once there was any grace: nothing here knows the time.
    async fn good_secrets(&self, partner: PartnerId, name: &str) -> Result<Vec<SecretBytes>, VaultError> {
        let owner = Owner::Partner(partner);
        let present = self.secret(owner, name).await?;
        let former = self.former.lock().expect("no test panics inside a vault");
        Ok(present.into_iter().chain(former.get(&(owner, name.to_owned())).cloned()).collect())
    }

    async fn tokenization_key(&self, _owner: Owner) -> Result<SecretBytes, VaultError> {
        Ok(SecretBytes::new(vec![7; 32]))
    }

    async fn table(&self, owner: Owner, name: &str) -> Result<Option<Arc<LookupTable>>, VaultError> {
        let tables = self.tables.lock().expect("no test panics inside a vault");
        Ok(tables.get(&(owner, name.to_owned())).cloned())
    }

    async fn put_table(&self, owner: Owner, name: &str, entries: HashMap<String, String>) -> Result<i64, VaultError> {
        let mut tables = self.tables.lock().expect("no test panics inside a vault");
        let key = (owner, name.to_owned());
        let version = tables.get(&key).map_or(1, |table| table.version + 1);
        tables.insert(key, Arc::new(LookupTable { name: name.to_owned(), version, entries }));
        Ok(version)
    }
}

/// Keeps components.
#[derive(Debug, Default)]
pub struct MemoryArchive(Mutex<HashMap<PluginDigest, Bytes>>);

#[async_trait]
impl PluginArchive for MemoryArchive {
    async fn put(&self, digest: &PluginDigest, component: Bytes) -> Result<(), String> {
        self.0.lock().expect("no test panics inside an archive").insert(*digest, component);
        Ok(())
    }

    async fn get(&self, digest: &PluginDigest) -> Result<Option<Bytes>, String> {
        Ok(self.0.lock().expect("no test panics inside an archive").get(digest).cloned())
    }
}
