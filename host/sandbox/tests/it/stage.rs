//! A sandbox with an archive and a vault in memory, and the guests that `cargo xtask guests` builds.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use lockgate_core::batch::{Batch, Column};
use lockgate_core::digest::Digest;
use lockgate_core::fault::Fault;
use lockgate_core::framing::Framing;
use lockgate_core::hook::{FailureMode, Hook};
use lockgate_core::id::{BindingId, PartnerId, TransferId};
use lockgate_core::limits::Limits;
use lockgate_core::plugin::PluginDigest;
use lockgate_core::policy::{Binding, Grant, Owner};
use lockgate_core::ports::{LookupTable, PluginArchive, PluginError, SecretBytes, Subject, Vault, VaultError};
use lockgate_core::time::Timestamp;
use lockgate_sandbox::{Sandbox, SandboxConfig};
use serde_json::json;

/// Everything a test needs.
pub(crate) struct Stage {
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) archive: Arc<Archive>,
    pub(crate) vault: Arc<TestVault>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A stage whose configuration was changed first.
    pub(crate) fn with(change: impl FnOnce(&mut SandboxConfig)) -> Self {
        let mut config = config();
        change(&mut config);
        let (archive, vault) = (Arc::<Archive>::default(), Arc::<TestVault>::default());
        let sandbox = Sandbox::new(config, archive.clone(), vault.clone()).expect("the engine starts here");
        Self { sandbox: Arc::new(sandbox), archive, vault }
    }

    /// Puts a component into the archive.
    pub(crate) fn publish(&self, component: impl Into<Bytes>) -> PluginDigest {
        let component = component.into();
        let digest = Digest::of(&component);
        self.archive.0.lock().expect("no test panics here").insert(digest, component);
        digest
    }

    /// A binding of the guest `hostile` that commits a crime.
    pub(crate) fn hostile(&self, hook: Hook, crime: &str) -> Binding {
        binding(self.publish(guest("hostile")), hook, json!({ "crime": crime }))
    }
}

/// The defaults, but with the tests' own compile child and a quarantine that does not come between crimes.
pub(crate) fn config() -> SandboxConfig {
    let mut config = SandboxConfig::new(env!("CARGO_BIN_EXE_lockgate-compile").into(), vec![]);
    config.threads = 2;
    config.instances = 64;
    config.quarantine.faults = 1_000;
    // Many tests ask for the same few guests: compiled once, authenticated under one key.
    config.cache = Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled"));
    config.cache_key = Some(SecretBytes::new(b"a key that all these tests share".to_vec()));
    config
}

/// A guest's component.
pub(crate) fn guest(name: &str) -> Bytes {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../target/guests/{name}.wasm"));
    match std::fs::read(&path) {
        Ok(bytes) => bytes.into(),
        Err(error) => panic!("{} cannot be read ({error}): run `cargo xtask guests` first", path.display()),
    }
}

pub(crate) fn partner() -> Owner {
    Owner::Partner(PartnerId::generate(Timestamp::now_utc()))
}

/// A binding of a new partner with everything granted, lines and default limits.
pub(crate) fn binding(plugin: PluginDigest, hook: Hook, settings: serde_json::Value) -> Binding {
    let failure_mode = match hook {
        Hook::Validate | Hook::Mask => FailureMode::Reject,
        Hook::Route => FailureMode::Hold,
        Hook::Notify => FailureMode::Skip,
    };
    let mut binding: Binding = serde_json::from_value(json!({
        "id": BindingId::generate(Timestamp::now_utc()),
        "name": "under-test",
        "hook": hook,
        "plugin": plugin,
        "owner": partner(),
        "settings": settings,
        "framing": Framing::Lines { max_record: 1 << 20 },
        "grants": [],
        "limits": Limits { deadline: Duration::from_secs(20), ..Limits::default() },
        "failure_mode": failure_mode,
    }))
    .expect("a binding is written as its fields");
    binding.grants = vec![Grant::Detect, Grant::Tokenize, Grant::Lookup { tables: vec!["countries".to_owned()] }];
    binding
}

/// The subject of a transfer from one partner to nobody in particular.
pub(crate) fn subject() -> Subject {
    Subject {
        transfer: TransferId::generate(Timestamp::now_utc()),
        attributes: vec![("file.name".to_owned(), "orders.csv".to_owned())],
        preamble: Bytes::new(),
    }
}

/// A batch of these records, the first and last of its payload.
pub(crate) fn batch(records: &[&str]) -> Batch {
    let mut column = Column::default();
    let mut end = 0;
    for record in records {
        end += u32::try_from(record.len()).expect("test records are short");
        column.ends.push(end);
    }
    column.data = records.concat().into();
    Batch { first: 0, records: column, last: true }
}

/// The fault in an error; anything else fails the test.
pub(crate) fn fault<T: std::fmt::Debug>(result: Result<T, PluginError>) -> Fault {
    match result {
        Err(PluginError::Fault(fault)) => fault,
        other => panic!("a fault was expected, not {other:?}"),
    }
}

/// An archive in memory.
#[derive(Debug, Default)]
pub(crate) struct Archive(pub(crate) Mutex<HashMap<PluginDigest, Bytes>>);

#[async_trait]
impl PluginArchive for Archive {
    async fn put(&self, digest: &PluginDigest, component: Bytes) -> Result<(), String> {
        self.0.lock().map_err(|error| error.to_string())?.insert(*digest, component);
        Ok(())
    }

    async fn get(&self, digest: &PluginDigest) -> Result<Option<Bytes>, String> {
        Ok(self.0.lock().map_err(|error| error.to_string())?.get(digest).cloned())
    }
}

/// A vault in memory: every owner has the same key and these tables.
#[derive(Debug, Default)]
pub(crate) struct TestVault(pub(crate) Mutex<HashMap<String, Arc<LookupTable>>>);

#[async_trait]
impl Vault for TestVault {
    async fn secret(&self, _owner: Owner, _name: &str) -> Result<Option<SecretBytes>, VaultError> {
        Ok(None)
    }

    async fn put_secret(&self, _owner: Owner, _name: &str, _value: SecretBytes, _: Duration) -> Result<(), VaultError> {
        Ok(())
    }

    async fn tokenization_key(&self, _owner: Owner) -> Result<SecretBytes, VaultError> {
        Ok(SecretBytes::new(vec![7; 32]))
    }

    async fn table(&self, _owner: Owner, name: &str) -> Result<Option<Arc<LookupTable>>, VaultError> {
        Ok(self.0.lock().expect("no test panics here").get(name).cloned())
    }

    async fn put_table(&self, _owner: Owner, name: &str, entries: HashMap<String, String>) -> Result<i64, VaultError> {
        let mut tables = self.0.lock().expect("no test panics here");
        let version = tables.get(name).map_or(1, |table| table.version + 1);
        tables.insert(name.to_owned(), Arc::new(LookupTable { name: name.to_owned(), version, entries }));
        Ok(version)
    }
}
