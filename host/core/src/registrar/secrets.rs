//! Secrets and lookup tables: values that destinations, channels and bindings name.

use std::collections::HashMap;
use std::time::Duration;

use crate::policy::Owner;
use crate::ports::{RegistryError, SecretBytes, Unfit};
use crate::registrar::{Registrar, RegistrarError, names, rights};
use crate::viewer::Viewer;

/// How long a secret that was replaced may stay good.
const LONGEST_GRACE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The most entries that a lookup table may have.
const TABLE_ENTRIES: usize = 100_000;

/// The most bytes that a key or value of a lookup table may have.
const TABLE_TEXT: usize = 4_096;

impl Registrar {
    /// Sets a secret; it can be replaced but never read back. The one before stays good besides it for that long: webhooks
    /// carry the signatures of both.
    pub async fn set_secret(
        &self,
        viewer: &Viewer,
        owner: Owner,
        name: &str,
        value: SecretBytes,
        grace: Duration,
    ) -> Result<(), RegistrarError> {
        self.check_secret(viewer, owner, name, &value)?;
        if grace > LONGEST_GRACE {
            return Err(RegistrarError::Secret("the former one may stay good for a week at most"));
        }
        Ok(self.vault.put_secret(owner, name, value, grace).await?)
    }

    /// Adds a secret; one that is there already stays as it is.
    pub async fn add_secret(
        &self,
        viewer: &Viewer,
        owner: Owner,
        name: &str,
        value: SecretBytes,
    ) -> Result<(), RegistrarError> {
        self.check_secret(viewer, owner, name, &value)?;
        if self.vault.add_secret(owner, name, value).await? {
            return Ok(());
        }
        Err(RegistryError::Taken { kind: "secret", name: name.to_owned() }.into())
    }

    fn check_secret(
        &self,
        viewer: &Viewer,
        owner: Owner,
        name: &str,
        value: &SecretBytes,
    ) -> Result<(), RegistrarError> {
        rights::secrets(viewer, owner)?;
        names::handle("secret's name", name)?;
        match value.expose().len() {
            0 => return Err(RegistrarError::Secret("it is empty")),
            1..=16_384 => {}
            _ => return Err(RegistrarError::Secret("it is larger than 16 KiB")),
        }
        // A key that replaces a good one is found out before webhooks fail by it.
        match self.signing.check(value) {
            Err(Unfit { why, meant: true }) => Err(RegistrarError::Unsigned { secret: name.to_owned(), why }),
            _ => Ok(()),
        }
    }

    /// Stores a new version of a lookup table and returns its number.
    pub async fn put_table(
        &self,
        viewer: &Viewer,
        owner: Owner,
        name: &str,
        entries: HashMap<String, String>,
    ) -> Result<i64, RegistrarError> {
        rights::policies(viewer, owner)?;
        names::handle("table's name", name)?;
        if entries.len() > TABLE_ENTRIES {
            let why = format!("it has {} entries, more than the {TABLE_ENTRIES} allowed", entries.len());
            return Err(RegistrarError::Table(why));
        }
        if entries.iter().any(|(key, value)| key.len() > TABLE_TEXT || value.len() > TABLE_TEXT) {
            return Err(RegistrarError::Table(format!("an entry is longer than {TABLE_TEXT} bytes")));
        }
        Ok(self.vault.put_table(owner, name, entries).await?)
    }
}
