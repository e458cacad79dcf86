//! The real sandbox, as a host has it, with an archive and a vault that hold what is measured.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use bytes::Bytes;
use lockgate_core::digest::Digest;
use lockgate_core::framing::Framing;
use lockgate_core::hook::{FailureMode, Hook};
use lockgate_core::id::{BindingId, PartnerId, TransferId};
use lockgate_core::limits::Limits;
use lockgate_core::plugin::PluginDigest;
use lockgate_core::policy::{Binding, Grant, Owner};
use lockgate_core::ports::{
    LookupTable, Masking, PluginArchive, PluginRunner, SecretBytes, Subject, Vault, VaultError,
};
use lockgate_core::time::Timestamp;
use lockgate_sandbox::{Repeater, Sandbox, SandboxConfig};
use tokio::runtime::{Builder, Runtime};

/// A sandbox with the host's defaults, and the runtime that calls it.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) runtime: Runtime,
    sandbox: Sandbox,
    plugin: PluginDigest,
}

impl Stage {
    /// With one component.
    pub(crate) fn new(component: &[u8]) -> anyhow::Result<Self> {
        let plugin = Digest::of(component);
        let archive = Arc::new(Archive(plugin, Bytes::copy_from_slice(component)));
        let sandbox = Sandbox::new(SandboxConfig::with_own_compiler()?, archive, Arc::new(Key))?;
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        Ok(Self { runtime, sandbox, plugin })
    }

    /// A masking session.
    pub(crate) fn mask(&self, binding: &Binding, subject: &Subject) -> anyhow::Result<Box<dyn Masking>> {
        self.runtime.block_on(self.sandbox.mask(binding, subject)).context("the session does not open")
    }

    /// A masking session whose calls do not queue one by one.
    pub(crate) fn repeater(&self, binding: &Binding, subject: &Subject) -> anyhow::Result<Repeater> {
        self.runtime.block_on(Repeater::open(&self.sandbox, binding, subject)).context("the session does not open")
    }

    /// A new partner's binding with default limits.
    pub(crate) fn binding(&self, settings: serde_json::Value, framing: &Framing, grants: Vec<Grant>) -> Binding {
        let now = Timestamp::now_utc();
        Binding {
            id: BindingId::generate(now),
            name: "measured".to_owned(),
            hook: Hook::Mask,
            plugin: self.plugin,
            owner: Owner::Partner(PartnerId::generate(now)),
            settings,
            framing: framing.clone(),
            grants,
            limits: Limits::default(),
            failure_mode: FailureMode::Reject,
            media_types: vec![],
        }
    }
}

/// What a plugin is told about the payload.
pub(crate) fn subject(framing: &str, preamble: Bytes) -> Subject {
    let attributes = [("file.name", "support-requests.csv"), ("framing", framing), ("framing.delimiter", ",")];
    Subject {
        transfer: TransferId::generate(Timestamp::now_utc()),
        attributes: attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        preamble,
    }
}

#[derive(Debug)]
struct Archive(PluginDigest, Bytes);

#[async_trait]
impl PluginArchive for Archive {
    async fn put(&self, _digest: &PluginDigest, _component: Bytes) -> Result<(), String> {
        Err("this archive is full".to_owned())
    }

    async fn get(&self, digest: &PluginDigest) -> Result<Option<Bytes>, String> {
        Ok((*digest == self.0).then(|| self.1.clone()))
    }
}

/// One key for everybody, no secrets, no tables.
#[derive(Debug)]
struct Key;

#[async_trait]
impl Vault for Key {
    async fn secret(&self, _owner: Owner, _name: &str) -> Result<Option<SecretBytes>, VaultError> {
        Ok(None)
    }

    async fn put_secret(&self, _owner: Owner, _name: &str, _value: SecretBytes, _: std::time::Duration) -> Result<(), VaultError> {
        Ok(())
    }

    async fn tokenization_key(&self, _owner: Owner) -> Result<SecretBytes, VaultError> {
        Ok(SecretBytes::new(vec![7; 32]))
    }

    async fn table(&self, _owner: Owner, _name: &str) -> Result<Option<Arc<LookupTable>>, VaultError> {
        Ok(None)
    }

    async fn put_table(
        &self,
        _owner: Owner,
        _name: &str,
        _entries: HashMap<String, String>,
    ) -> Result<i64, VaultError> {
        Ok(1)
    }
}
