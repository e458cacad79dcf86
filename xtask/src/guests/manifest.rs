//! `plugin.toml`: what a plugin is and asks for. Embedded as JSON; the shape is written down in sdk/wit/MANIFEST.md.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use lockgate_core::{
    hook::Hook,
    plugin::{CapabilityName, Manifest, Scope},
};
use serde::Deserialize;
use serde_json::Value;

/// The framings that the host offers.
const FRAMINGS: [&str; 6] = ["bytes", "lines", "csv", "json", "edi", "whole"];

/// What the author writes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    version: String,
    description: String,
    hooks: Vec<Hook>,
    #[serde(default = "each_record")]
    scope: Scope,
    #[serde(default)]
    framings: Vec<String>,
    #[serde(default)]
    capabilities: Vec<CapabilityName>,
    settings: Settings,
}

fn each_record() -> Scope {
    Scope::Record
}

/// A JSON Schema 2020-12, here or in a file beside the manifest.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Settings {
    File(PathBuf),
    Schema(Value),
}

/// Reads and checks the manifest of the plugin in `folder`.
pub(super) fn read(folder: &Path) -> Result<Manifest> {
    let path = folder.join("plugin.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let wrong = || format!("{} is wrong", path.display());
    let written: Written = toml::from_str(&text).with_context(wrong)?;
    check(&written, folder).with_context(wrong)?;
    let settings_schema = match written.settings {
        Settings::Schema(schema) => schema,
        Settings::File(file) => {
            let path = folder.join(file);
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            serde_json::from_str(&text).with_context(|| format!("{} is wrong", path.display()))?
        }
    };
    ensure!(settings_schema.is_object(), "{}: `settings` must be a JSON Schema, that is an object", path.display());
    Ok(Manifest {
        name: written.name,
        version: written.version,
        description: written.description,
        hooks: written.hooks,
        scope: written.scope,
        framings: written.framings,
        capabilities: written.capabilities,
        settings_schema,
    })
}

fn check(written: &Written, folder: &Path) -> Result<()> {
    let named = folder.file_name().is_some_and(|name| name.to_str() == Some(&written.name));
    ensure!(named, "`name` is `{}`, but the folder is {}", written.name, folder.display());
    ensure!(!written.hooks.is_empty(), "`hooks` is empty: name at least one of validate, mask, route, notify");
    if let Some(unknown) = written.framings.iter().find(|framing| !FRAMINGS.contains(&framing.as_str())) {
        bail!("`framings` names `{unknown}`, which is none of {}", FRAMINGS.join(", "));
    }
    let reads = written.hooks.iter().any(|hook| matches!(hook, Hook::Validate | Hook::Mask));
    ensure!(
        !reads || !written.framings.is_empty(),
        "`framings` is empty: a plugin that reads payloads names the framings it understands"
    );
    Ok(())
}
