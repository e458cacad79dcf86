//! Persisted operations: documents that were agreed on beforehand, named by the SHA-256 of their text.
//!
//! Where a role's mode is `enforced`, its documents must be among them: whatever a stolen token asks for was reviewed.

use std::collections::HashMap;
use std::path::Path;

use lockgate_core::code::Code;
use lockgate_core::viewer::Role;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::failure::Failure;

/// What is done about a document that is not persisted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PersistedMode {
    /// Nothing.
    #[default]
    Off,
    /// It is executed, and a line in the log names it.
    ReportOnly,
    /// It is refused.
    Enforced,
}

/// The mode of each role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PersistedModes {
    /// Of partners.
    pub partner: PersistedMode,
    /// Of integrators.
    pub integrator: PersistedMode,
    /// Of operators.
    pub operator: PersistedMode,
}

impl PersistedModes {
    const fn of(self, role: Role) -> PersistedMode {
        match role {
            Role::Partner(_) => self.partner,
            Role::Integrator(_) => self.integrator,
            Role::Operator => self.operator,
        }
    }
}

/// Documents by the SHA-256 of their text, in lower-case hexadecimal digits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersistedOperations(HashMap<String, String>);

/// A folder of persisted operations cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PersistedError {
    /// Something cannot be read.
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, std::io::Error),
    /// A manifest is not one.
    #[error("{0} is not an object of texts by their SHA-256: {1}")]
    Manifest(String, serde_json::Error),
    /// A document is not what its name says.
    #[error("{0} names a document `{1}`, but its text has the SHA-256 `{2}`: write the manifest anew")]
    Mismatch(String, String, String),
}

impl PersistedOperations {
    /// Reads every `.graphql` file of a folder as one document, and every `.json` file as a manifest: an object whose
    /// keys are SHA-256 digests and whose values are the documents.
    pub fn load(folder: &Path) -> Result<Self, PersistedError> {
        let shown = |path: &Path| format!("`{}`", path.display());
        let unreadable = |path: &Path, error| PersistedError::Unreadable(shown(path), error);
        let mut known = Self::default();
        for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
            let path = entry.map_err(|error| unreadable(folder, error))?.path();
            let kind = path.extension().and_then(|it| it.to_str()).unwrap_or_default();
            if !matches!(kind, "graphql" | "json") {
                continue;
            }
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            if kind == "graphql" {
                known.add(text);
                continue;
            }
            let manifest: HashMap<String, String> =
                serde_json::from_str(&text).map_err(|error| PersistedError::Manifest(shown(&path), error))?;
            for (name, document) in manifest {
                let is = known.add(document);
                if plain(&name) != is {
                    return Err(PersistedError::Mismatch(shown(&path), name, is));
                }
            }
        }
        Ok(known)
    }

    /// Adds a document and gives its digest.
    pub fn add(&mut self, document: String) -> String {
        let digest = sha256(&document);
        self.0.insert(digest.clone(), document);
        digest
    }

    /// The document to execute, given its text, its digest or both.
    pub(crate) fn resolve(
        &self,
        query: Option<String>,
        id: Option<&str>,
        modes: PersistedModes,
        role: Role,
    ) -> Result<String, Failure> {
        let given = query.as_deref().map(sha256);
        if let (Some(is), Some(id)) = (&given, id)
            && *is != plain(id)
        {
            return Err(Failure::new(
                Code::QueryMalformed,
                format!("the document has the SHA-256 `{is}` and not the one that was sent with it"),
            ));
        }
        let digest = given.unwrap_or_else(|| id.map(plain).unwrap_or_default());
        if let Some(document) = self.0.get(&digest) {
            return Ok(document.clone());
        }
        let Some(query) = query else { return Err(Failure::unseen(Code::PersistedQueryNotFound)) };
        match modes.of(role) {
            PersistedMode::Off => Ok(query),
            PersistedMode::ReportOnly => {
                tracing::warn!(graphql.sha256 = digest, viewer.role = role.name(), "A document is not persisted.");
                Ok(query)
            }
            PersistedMode::Enforced => Err(Failure::unseen(Code::OperationNotPersisted)),
        }
    }
}

fn sha256(text: &str) -> String {
    use std::fmt::Write;
    Sha256::digest(text).iter().fold(String::with_capacity(64), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// A digest as it is kept: without a prefix, in lower case.
fn plain(id: &str) -> String {
    id.strip_prefix("sha256:").unwrap_or(id).to_ascii_lowercase()
}
