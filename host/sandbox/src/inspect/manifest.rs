//! The manifest inside a component, as `sdk/wit/MANIFEST.md` gives its form.

use lockgate_core::plugin::Manifest;
use lockgate_core::ports::PrepareError;

/// The custom section that holds it.
pub(super) const SECTION: &str = "lockgate:manifest";

/// A manifest is read by people; a larger one is something else.
const LARGEST: usize = 256 * 1024;
const FRAMINGS: [&str; 6] = ["bytes", "lines", "csv", "json", "edi", "whole"];

/// Reads a manifest and holds it against what the form says in words.
pub(super) fn parse(json: &[u8]) -> Result<Manifest, PrepareError> {
    if json.len() > LARGEST {
        return wrong(format!("it has {} bytes, more than the {LARGEST} allowed", json.len()));
    }
    let mut manifest: Manifest =
        serde_json::from_slice(json).map_err(|error| PrepareError::Manifest(error.to_string()))?;
    if !is_name(&manifest.name) {
        let said: String = manifest.name.chars().take(80).collect();
        return wrong(format!("its name `{}` is not kebab-case of 1 to 63 characters", said.escape_debug()));
    }
    if manifest.version.is_empty() || manifest.version.len() > 63 || manifest.version.chars().any(char::is_control) {
        return wrong("its version is empty, too long or unprintable".to_owned());
    }
    if manifest.hooks.is_empty() {
        return wrong("it names no hook".to_owned());
    }
    if let Some(unknown) = manifest.framings.iter().find(|name| !FRAMINGS.contains(&name.as_str())) {
        let known = FRAMINGS.join(", ");
        return wrong(format!("it names the framing `{}`; there are {known}", unknown.escape_debug()));
    }
    if !manifest.settings_schema.is_object() && !manifest.settings_schema.is_null() {
        return wrong("its `settings_schema` is no JSON Schema object".to_owned());
    }
    manifest.hooks.sort_unstable();
    manifest.hooks.dedup();
    manifest.capabilities.sort_unstable();
    manifest.capabilities.dedup();
    Ok(manifest)
}

fn wrong<T>(what: String) -> Result<T, PrepareError> {
    Err(PrepareError::Manifest(what))
}

fn is_name(name: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(sound) && name.as_bytes()[0].is_ascii_lowercase()
}
