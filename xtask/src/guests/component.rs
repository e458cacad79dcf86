//! Core module in, component out: wrapped without WASI, held against its manifest, and the manifest put inside.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use lockgate_core::plugin::Manifest;
use wasm_encoder::{ComponentSection, CustomSection};
use wit_component::{ComponentEncoder, DecodedWasm};

/// The custom section of the component, not of the modules in it.
const SECTION: &str = "lockgate:manifest";

/// Makes the component.
pub(super) fn make(module: &[u8], manifest: &Manifest) -> Result<Vec<u8>> {
    let mut component = ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|mut encoder| encoder.encode())
        .context("the module is no component: is `lockgate_sdk::export!` called in its crate root?")?;
    let (imports, exports) = interfaces(&component)?;
    check_imports(&imports, manifest)?;
    check_exports(&exports, manifest)?;
    let data = serde_json::to_vec(manifest).context("the manifest does not become JSON")?;
    CustomSection { name: SECTION.into(), data: data.into() }.append_to_component(&mut component);
    Ok(component)
}

/// Names of all interfaces and functions that the component imports and exports.
fn interfaces(component: &[u8]) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
        bail!("the encoder made a WIT package, not a component");
    };
    let world = &resolve.worlds[world];
    let imports = world.imports.keys().map(|key| resolve.name_world_key(key)).collect();
    let exports = world.exports.keys().map(|key| resolve.name_world_key(key)).collect();
    Ok((imports, exports))
}

fn check_imports(imports: &BTreeSet<String>, manifest: &Manifest) -> Result<()> {
    let asked: Vec<_> =
        manifest.capabilities.iter().map(|capability| format!("lockgate:host/{}@1.0.0", capability.name())).collect();
    // Types are no power, and a log line always goes to the plugin's own owner.
    let free = ["lockgate:policy/types@1.0.0", "lockgate:host/log@1.0.0"];
    if let Some(surplus) = imports.iter().find(|import| !asked.contains(import) && !free.contains(&import.as_str())) {
        bail!("it imports {surplus}, which `capabilities` in its manifest does not ask for");
    }
    if let Some(needless) = asked.iter().find(|asked| !imports.contains(*asked)) {
        bail!("`capabilities` in its manifest asks for {needless}, which it never calls");
    }
    Ok(())
}

fn check_exports(exports: &BTreeSet<String>, manifest: &Manifest) -> Result<()> {
    let mut expected = BTreeSet::from(["lockgate:policy/plugin@1.0.0".to_owned()]);
    expected.extend(manifest.hooks.iter().map(|hook| format!("lockgate:policy/{}@1.0.0", hook.name())));
    ensure!(*exports == expected, "it exports {exports:?}, but the hooks in its manifest say {expected:?}");
    Ok(())
}
