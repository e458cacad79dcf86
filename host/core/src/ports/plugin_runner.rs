//! The plugin runner: plugins in sandboxes, seen from outside.

use std::fmt::Debug;

use async_trait::async_trait;
use bytes::Bytes;

use crate::batch::{Batch, Edits};
use crate::code::Code;
use crate::fact::Fact;
use crate::fault::Fault;
use crate::finding::Severity;
use crate::id::TransferId;
use crate::notification::{Event, Message};
use crate::plugin::{Manifest, PluginDigest};
use crate::policy::Binding;
use crate::route::Target;
use crate::time::{Timestamp, rfc3339};

/// What a plugin is told about the payload it is about to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The transfer.
    pub transfer: TransferId,
    /// `sender`, `receiver`, `file.name`, `file.media-type`, `file.size`, `fact.<name>`, ...
    pub attributes: Vec<(String, String)>,
    /// The CSV header record, or empty.
    pub preamble: Bytes,
}

/// Runs plugins. Every call ends within its binding's limits.
#[async_trait]
pub trait PluginRunner: Send + Sync + Debug {
    /// Looks at a component before it is published: size, contract, imports, manifest. Compiles nothing.
    async fn inspect(&self, component: Bytes) -> Result<Inspected, PrepareError>;
    /// Makes a plugin version ready to run: fetched from the archive, compiled in a child process, cached.
    async fn prepare(&self, plugin: &PluginDigest) -> Result<(), PrepareError>;
    /// Prepares the binding's plugin and checks the binding: hook, framing, grants within the manifest's wishes, settings
    /// against the manifest's schema, limits within the ceiling, and that `configure` takes the settings.
    async fn check(&self, binding: &Binding) -> Result<Checked, PrepareError>;
    /// Begins a validation.
    async fn validate(&self, binding: &Binding, subject: &Subject) -> Result<Box<dyn Validating>, PluginError>;
    /// Begins a masking.
    async fn mask(&self, binding: &Binding, subject: &Subject) -> Result<Box<dyn Masking>, PluginError>;
    /// Asks for the targets of a whole payload.
    async fn route(&self, binding: &Binding, subject: &Subject) -> Result<Vec<Target>, PluginError>;
    /// Asks for the messages about an event.
    async fn notify(&self, binding: &Binding, event: &Event) -> Result<Vec<Message>, PluginError>;
    /// Tells of a fault that only the pipeline can see, such as edits that overlap: it counts towards quarantine like
    /// those that the runner saw itself.
    fn report(&self, _binding: &Binding, _fault: &Fault) {}
}

/// One validation under way.
#[async_trait]
pub trait Validating: Send + Debug {
    /// Shows the next batch.
    async fn check(&mut self, batch: &Batch) -> Result<RawFindings, PluginError>;
    /// Ends it.
    async fn finish(self: Box<Self>) -> Result<Conclusion, PluginError>;
    /// The lookup tables that this session may read, in the versions that it sees; for the decision's record.
    fn tables(&self) -> Vec<(String, i64)> {
        vec![]
    }
}

/// One masking under way.
#[async_trait]
pub trait Masking: Send + Sync + Debug {
    /// Shows the next batch. Edits and `keep` come as the guest gave them, within the limits but otherwise unchecked.
    async fn apply(&mut self, batch: &Batch) -> Result<Masked, PluginError>;
    /// Ends it.
    async fn finish(self: Box<Self>) -> Result<RawFindings, PluginError>;
    /// The lookup tables that this session may read, in the versions that it sees; for the decision's record.
    fn tables(&self) -> Vec<(String, i64)> {
        vec![]
    }
}

/// What a validator says at the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conclusion {
    /// Its last findings.
    pub findings: RawFindings,
    /// Its facts.
    pub facts: Vec<Fact>,
}

/// What a masker answers to a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Masked {
    /// What to replace.
    pub edits: Edits,
    /// How many bytes at the end it wants to see again.
    pub keep: u32,
    /// What it complains about.
    pub findings: RawFindings,
}

/// Findings as a plugin gave them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawFindings {
    /// Those it gave.
    pub items: Vec<RawFinding>,
    /// How many it left out.
    pub dropped: u64,
}

/// A finding as a plugin gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawFinding {
    /// The plugin's own rule name.
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// One sentence; may hold payload bytes until the pipeline has scanned it.
    pub message: String,
    /// Where, relative to a record.
    pub place: Option<RawPlace>,
}

/// A place as a plugin gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawPlace {
    /// Record position in the payload, from 0.
    pub position: u64,
    /// First byte within the record.
    pub start: u32,
    /// After the last byte within the record.
    pub end: u32,
    /// Pointer inside the record.
    pub pointer: String,
}

/// Why a plugin gave no answer. Only a fault meets the binding's failure mode.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PluginError {
    /// The plugin failed.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The binding faulted too often and is quarantined: treated as hold.
    #[error("the binding is quarantined until {} after repeated faults; the last was: {last}", rfc3339(*.until))]
    Quarantined {
        /// The last fault.
        last: Fault,
        /// When it is run again on this host.
        until: Timestamp,
    },
    /// No room in the pool just now; worth another try.
    #[error("the sandbox has no room; try again")]
    Busy,
    /// The host failed; worth another try.
    #[error("the sandbox failed: {0}")]
    Host(String),
}

/// What a component is.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspected {
    /// Its SHA-256.
    pub digest: PluginDigest,
    /// Its size in bytes.
    pub size: u64,
    /// What it says of itself.
    pub manifest: Manifest,
}

/// What checking a binding found out.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The plugin's manifest.
    pub manifest: Manifest,
}

/// A component or binding cannot be used. Each says what is wrong and what to do.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PrepareError {
    /// Not a Wasm component.
    #[error("not a WebAssembly component: {0}; build it with `cargo xtask guests` or the SDK")]
    NotAComponent(String),
    /// It speaks another contract.
    #[error("the component does not fit the contract lockgate:policy@1: {0}")]
    Contract(String),
    /// It imports what is not granted, or what no plugin may have.
    #[error("the component imports `{import}`, which {why}")]
    Import {
        /// The import.
        import: String,
        /// Why not: "no plugin may import", "its manifest does not ask for", "the binding does not grant".
        why: String,
    },
    /// It has no manifest or a wrong one.
    #[error("the component's manifest is missing or wrong: {0}")]
    Manifest(String),
    /// Too large.
    #[error("the component has {size} bytes, more than the {limit} allowed")]
    TooLarge {
        /// Its size.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// The compile child ran out of time or memory.
    #[error("the component could not be compiled within its limits: {0}")]
    Compile(String),
    /// The settings break the manifest's schema, or `configure` refused them.
    #[error("the settings do not fit: {0}")]
    Settings(String),
    /// The binding asks for something the plugin or the installation does not offer.
    #[error("the binding does not fit the plugin: {0}")]
    Binding(String),
    /// The archive does not have it.
    #[error("plugin version {0} is not in the archive; publish it first")]
    Unknown(PluginDigest),
    /// The host failed; worth another try.
    #[error("the plugin could not be prepared: {0}")]
    Host(String),
}

impl PrepareError {
    /// The public code.
    pub const fn code(&self) -> Code {
        match self {
            Self::NotAComponent(_) => Code::PluginNotAComponent,
            Self::Contract(_) => Code::PluginWrongContract,
            Self::Import { .. } => Code::PluginImportForbidden,
            Self::Manifest(_) => Code::PluginManifestInvalid,
            Self::TooLarge { .. } => Code::PluginTooLarge,
            Self::Compile(_) => Code::PluginTooCostly,
            Self::Settings(_) => Code::SettingsInvalid,
            Self::Binding(_) => Code::BindingInvalid,
            Self::Unknown(_) => Code::PluginNotFound,
            Self::Host(_) => Code::TemporarilyUnavailable,
        }
    }
}

/// Keeps components by digest.
#[async_trait]
pub trait PluginArchive: Send + Sync + Debug {
    /// Stores a component under its digest; storing the same again changes nothing.
    async fn put(&self, digest: &PluginDigest, component: Bytes) -> Result<(), String>;
    /// Fetches a component; its digest was checked.
    async fn get(&self, digest: &PluginDigest) -> Result<Option<Bytes>, String>;
}
