//! Checking a binding before a revision is published, so that a bad one never meets a transfer.

use std::collections::BTreeSet;

use lockgate_core::limits::Limits;
use lockgate_core::plugin::Manifest;
use lockgate_core::policy::{Binding, Grant};
use lockgate_core::ports::PrepareError;

/// Hook, framing, grants, limits and settings against the plugin's manifest and the installation's ceiling.
pub(crate) fn check(binding: &Binding, manifest: &Manifest) -> Result<(), PrepareError> {
    let misfit = |what: String| Err(PrepareError::Binding(what));
    let name = &manifest.name;
    if !manifest.hooks.contains(&binding.hook) {
        let served = manifest.hooks.iter().map(|hook| hook.name()).collect::<Vec<_>>().join(", ");
        return misfit(format!("{name} does not serve the hook {}; it serves {served}", binding.hook.name()));
    }
    if !binding.failure_mode.fits(binding.hook) {
        let mode = binding.failure_mode;
        return misfit(format!("the failure mode {mode:?} does not fit the hook {}", binding.hook.name()));
    }
    let reads = matches!(binding.hook, lockgate_core::hook::Hook::Validate | lockgate_core::hook::Hook::Mask);
    if reads && !manifest.framings.iter().any(|framing| framing == binding.framing.name()) {
        let known = manifest.framings.join(", ");
        return misfit(format!("{name} does not understand the framing {}; it knows {known}", binding.framing.name()));
    }
    check_grants(binding, manifest)?;
    if let Some(limit) = binding.limits.above_ceiling() {
        let ceiling = serde_json::to_value(Limits::ceiling()).unwrap_or_default();
        return misfit(format!("`{limit}` is above the installation's ceiling of {}", ceiling[limit]));
    }
    check_settings(binding, manifest)
}

fn check_grants(binding: &Binding, manifest: &Manifest) -> Result<(), PrepareError> {
    let misfit = |what: String| Err(PrepareError::Binding(what));
    let mut seen = BTreeSet::new();
    for grant in &binding.grants {
        let capability = grant.capability();
        if !manifest.capabilities.contains(&capability) {
            let asked = capability.name();
            return misfit(format!("it grants {asked}, which {}'s manifest does not ask for", manifest.name));
        }
        if !seen.insert(capability) {
            return misfit(format!("it grants {} twice", capability.name()));
        }
        if let Grant::Lookup { tables } = grant
            && tables.is_empty()
        {
            return misfit("it grants lookup without a table; name the tables".to_owned());
        }
    }
    Ok(())
}

fn check_settings(binding: &Binding, manifest: &Manifest) -> Result<(), PrepareError> {
    if !binding.settings.is_object() {
        return Err(PrepareError::Settings("they must be a JSON object".to_owned()));
    }
    if manifest.settings_schema.is_null() {
        return Ok(());
    }
    // The schema is the plugin author's: linear-time patterns, nothing fetched from anywhere.
    let validator = jsonschema::options()
        .with_pattern_options(jsonschema::PatternOptions::regex().size_limit(1 << 20))
        .build(&manifest.settings_schema)
        .map_err(|error| PrepareError::Manifest(format!("its settings schema cannot be used: {error}")))?;
    let mistakes: Vec<_> = validator
        .iter_errors(&binding.settings)
        .take(5)
        .map(|error| {
            let place = error.instance_path().to_string();
            format!("{}: {error}", if place.is_empty() { "/" } else { &place })
        })
        .collect();
    if mistakes.is_empty() { Ok(()) } else { Err(PrepareError::Settings(mistakes.join("; "))) }
}
