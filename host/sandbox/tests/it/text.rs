//! Components that no compiler would write: a core module as text, wrapped for the hook `notify`.

use std::borrow::Cow;

use serde_json::json;
use wasm_encoder::{ComponentSection, CustomSection};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// A notifier whose `compose` runs `body` and says nothing, with further definitions beside it.
pub(crate) fn notifier(body: &str, definitions: &str) -> Vec<u8> {
    notifier_of(&module("(memory (export \"memory\") 1)", body, definitions))
}

/// The same with a memory of the test's own.
pub(crate) fn notifier_with_memory(memory: &str) -> Vec<u8> {
    notifier_of(&module(memory, "", ""))
}

fn module(memory: &str, body: &str, definitions: &str) -> String {
    format!(
        r#"(module {memory} {definitions}
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
            (func (export "lockgate:policy/plugin@1.0.0#configure") (param i32 i32) (result i32) (i32.const 64))
            (func (export "lockgate:policy/notify@1.0.0#compose") (param i32 i32 i32 i32 i32 i32) (result i32)
                {body} (i32.const 64)))"#
    )
}

fn notifier_of(text: &str) -> Vec<u8> {
    let mut module = wat::parse_str(text).expect("the test wrote a module");
    let mut resolve = Resolve::default();
    let wit = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sdk/wit/policy");
    let (package, _) = resolve.push_dir(wit).expect("the contract can be read");
    let world = resolve.select_world(&[package], Some("notifier")).expect("the contract has the world");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("the world is sound");
    let encoder = ComponentEncoder::default().module(&module).expect("the module fits its world");
    with_manifest(encoder.validate(true).encode().expect("the module becomes a component"), &manifest())
}

/// What such a component says of itself.
pub(crate) fn manifest() -> serde_json::Value {
    json!({
        "name": "from-text", "version": "1.0.0", "description": "", "hooks": ["notify"],
        "scope": "record", "framings": [], "capabilities": [], "settings_schema": { "type": "object" },
    })
}

/// The component with that manifest inside.
pub(crate) fn with_manifest(mut component: Vec<u8>, manifest: &serde_json::Value) -> Vec<u8> {
    let data = manifest.to_string().into_bytes();
    CustomSection { name: "lockgate:manifest".into(), data: Cow::Owned(data) }.append_to_component(&mut component);
    component
}

/// A component written as text.
pub(crate) fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the test wrote a component")
}
