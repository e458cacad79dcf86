//! Plugins and their versions: named Wasm programs, each build named by its SHA-256.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::hook::Hook;
use crate::id::PluginId;
use crate::policy::Owner;
use crate::time::Timestamp;

/// Names one immutable build.
pub type PluginDigest = Digest;

/// One immutable build of a plugin.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginVersion {
    /// The plugin it is a version of.
    pub plugin: PluginId,
    /// Whose plugin: the house's are for all partners.
    pub owner: Owner,
    /// The component's SHA-256.
    pub digest: PluginDigest,
    /// The component's size in bytes.
    pub size: u64,
    /// What it says of itself.
    pub manifest: Manifest,
    /// When it was published.
    pub published_at: Timestamp,
}

/// What became of a build that was published.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// The version.
    pub version: PluginVersion,
    /// The same owner published the same build before.
    pub repeated: bool,
}

/// What a plugin says of itself, embedded in its component; `sdk/wit/MANIFEST.md` gives the exact form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Its name, such as `mask-pii`.
    pub name: String,
    /// Its version as its author counts.
    pub version: String,
    /// One sentence.
    #[serde(default)]
    pub description: String,
    /// The hooks it serves.
    pub hooks: Vec<Hook>,
    /// Whether each record is judged alone.
    pub scope: Scope,
    /// The framings it understands, by name.
    pub framings: Vec<String>,
    /// What it wants to import beyond `log`.
    #[serde(default)]
    pub capabilities: Vec<CapabilityName>,
    /// JSON Schema of its settings.
    #[serde(default)]
    pub settings_schema: serde_json::Value,
}

/// What a plugin's judgement depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Each record alone: may be split, reused, run in parallel; files and streams.
    Record,
    /// The payload as a whole: one session per payload; files only.
    Payload,
}

/// A host function that a plugin may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CapabilityName {
    /// Find personal data.
    Detect,
    /// Replace values by tokens under the owner's key.
    Tokenize,
    /// Look values up in a granted table.
    Lookup,
}

impl CapabilityName {
    /// The name on the wire, in manifests and of the imported interface.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Detect => "detect",
            Self::Tokenize => "tokenize",
            Self::Lookup => "lookup",
        }
    }
}
