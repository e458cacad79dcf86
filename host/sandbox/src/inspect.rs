//! A look at a component before anybody runs or compiles it: is it one, whose contract does it speak, what does it want.
//!
//! *Invariant:* no input makes this panic; components come from strangers.

mod interface;
mod manifest;

use lockgate_core::digest::Digest;
use lockgate_core::hook::Hook;
use lockgate_core::plugin::{CapabilityName, Manifest};
use lockgate_core::ports::{Inspected, PrepareError};
use wasmparser::{Parser, Payload, Validator, WasmFeatures};

use interface::Interface;

/// What a component is, for those who link it.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) inspected: Inspected,
    /// The capabilities that it really imports.
    pub(crate) imports: Vec<CapabilityName>,
}

impl Facts {
    /// The manifest.
    pub(crate) const fn manifest(&self) -> &Manifest {
        &self.inspected.manifest
    }
}

/// Looks at a component of at most `limit` bytes.
pub(crate) fn inspect(component: &[u8], limit: u64) -> Result<Facts, PrepareError> {
    let size = component.len() as u64;
    if size > limit {
        return Err(PrepareError::TooLarge { size, limit });
    }
    if !Parser::is_component(component) {
        let what = if Parser::is_core_wasm(component) { "a core module" } else { "no WebAssembly" };
        return Err(PrepareError::NotAComponent(format!("it is {what}")));
    }
    Validator::new_with_features(features())
        .validate_all(component)
        .map_err(|error| PrepareError::NotAComponent(error.to_string()))?;
    let surface = surface(component).map_err(|error| PrepareError::NotAComponent(error.to_string()))?;
    let [manifest] = surface.manifests[..] else {
        let (many, section) = (surface.manifests.len(), manifest::SECTION);
        return Err(PrepareError::Manifest(format!("there are {many} custom sections `{section}` instead of one")));
    };
    let manifest = manifest::parse(manifest)?;
    let imports = check_imports(&surface.imports, &manifest)?;
    check_exports(&surface.exports, &manifest)?;
    Ok(Facts { inspected: Inspected { digest: Digest::of(component), size, manifest }, imports })
}

/// The names at the component's own surface, not of what is nested in it.
#[derive(Default)]
struct Surface<'a> {
    imports: Vec<&'a str>,
    exports: Vec<&'a str>,
    manifests: Vec<&'a [u8]>,
}

fn surface(component: &[u8]) -> wasmparser::Result<Surface<'_>> {
    let mut surface = Surface::default();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    surface.imports.push(import?.name.name);
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    surface.exports.push(export?.name.name);
                }
            }
            Payload::CustomSection(section) if depth == 0 && section.name() == manifest::SECTION => {
                surface.manifests.push(section.data());
            }
            _ => {}
        }
    }
    Ok(surface)
}

fn check_exports(exports: &[&str], manifest: &Manifest) -> Result<(), PrepareError> {
    let exported: Vec<Interface<'_>> = exports.iter().filter_map(|name| Interface::parse(name)).collect();
    let policy = || exported.iter().filter(|it| it.package == "lockgate:policy");
    if let Some(other) = policy().find(|it| !it.is_version_1()) {
        let said = format!("it speaks version {} of lockgate:policy", other.version);
        return Err(PrepareError::Contract(said));
    }
    let wanted = std::iter::once("plugin").chain(manifest.hooks.iter().map(|hook| hook.name()));
    for name in wanted {
        if !policy().any(|it| it.name == name) {
            return Err(PrepareError::Contract(format!("it does not export lockgate:policy/{name}@1.0.0")));
        }
    }
    let is_silent = |hook: &&Hook| policy().any(|it| it.name == hook.name()) && !manifest.hooks.contains(hook);
    match Hook::ALL.iter().find(is_silent) {
        Some(hook) => {
            Err(PrepareError::Manifest(format!("it exports the hook {}, of which it says nothing", hook.name())))
        }
        None => Ok(()),
    }
}

fn check_imports(imports: &[&str], manifest: &Manifest) -> Result<Vec<CapabilityName>, PrepareError> {
    let refuse = |import: &str, why: &str| PrepareError::Import { import: import.to_owned(), why: why.to_owned() };
    let mut capabilities = vec![];
    for import in imports {
        let Some(interface) = Interface::parse(import).filter(Interface::is_version_1) else {
            return Err(refuse(import, "no plugin may import"));
        };
        let capability = match (interface.package, interface.name) {
            // Types are no power, and a log line goes to the plugin's own owner.
            ("lockgate:policy", "types") | ("lockgate:host", "log") => continue,
            ("lockgate:host", "detect") => CapabilityName::Detect,
            ("lockgate:host", "tokenize") => CapabilityName::Tokenize,
            ("lockgate:host", "lookup") => CapabilityName::Lookup,
            // Language runtimes import WASI whether they use it or not; inert implementations would be linked here.
            _ => return Err(refuse(import, "no plugin may import")),
        };
        if !manifest.capabilities.contains(&capability) {
            return Err(refuse(import, "its manifest does not ask for"));
        }
        capabilities.push(capability);
    }
    Ok(capabilities)
}

/// What the engine's profile understands.
fn features() -> WasmFeatures {
    WasmFeatures::WASM2 | WasmFeatures::EXTENDED_CONST | WasmFeatures::COMPONENT_MODEL
}
