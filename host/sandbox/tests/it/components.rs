//! Components that are none, that speak something else, or that were built to hurt.

use std::time::Duration;

use bytes::Bytes;
use lockgate_core::fault::Fault;
use lockgate_core::hook::Hook;
use lockgate_core::id::EventId;
use lockgate_core::notification::{Event, EventKind};
use lockgate_core::policy::Binding;
use lockgate_core::ports::{PluginRunner, PrepareError};
use lockgate_core::time::Timestamp;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use crate::stage::{Stage, binding, fault, guest, partner, subject};
use crate::text::{component, manifest, notifier, notifier_with_memory, with_manifest};

async fn inspected(bytes: impl Into<Bytes>) -> PrepareError {
    Stage::new().sandbox.inspect(bytes.into()).await.expect_err("it must be refused")
}

#[rstest]
#[case::empty(b"".to_vec(), "no WebAssembly")]
#[case::text(b"#!/bin/sh".to_vec(), "no WebAssembly")]
#[case::core_module(component("(module)"), "a core module")]
#[case::cut_short(guest("hostile")[..1_000].to_vec(), "unexpected end")]
#[case::memory64(component("(component (core module (memory i64 1)))"), "memory64")]
#[case::two_memories(component("(component (core module (memory 1) (memory 1)))"), "multi-memory")]
#[case::shared_memory(component("(component (core module (memory 1 1 shared)))"), "threads")]
#[tokio::test]
async fn what_is_no_component_is_refused(#[case] bytes: Vec<u8>, #[case] word: &str) {
    match inspected(bytes).await {
        PrepareError::NotAComponent(what) => {
            assert!(what.contains(word) || what.contains("multiple memories"), "{what}");
        }
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case::none(component("(component)"), "there are 0 custom sections")]
#[case::two(with_manifest(manifest_with("name", &json!("first")), &manifest()), "there are 2 custom sections")]
#[case::no_json(with_manifest(component("(component)"), &json!("a plugin")), "invalid type")]
#[case::name(manifest_with("name", &json!("../etc")), "kebab-case")]
#[case::no_hook(manifest_with("hooks", &json!([])), "no hook")]
#[case::framing(manifest_with("framings", &json!(["xml"])), "framing `xml`")]
#[case::schema(manifest_with("settings_schema", &json!(7)), "JSON Schema")]
#[case::silent(hookless(), "of which it says nothing")]
#[tokio::test]
async fn a_manifest_that_is_missing_or_wrong_is_refused(#[case] bytes: Vec<u8>, #[case] word: &str) {
    match inspected(bytes).await {
        PrepareError::Manifest(what) => assert!(what.contains(word), "{what}"),
        other => panic!("{other:?}"),
    }
}

fn manifest_with(key: &str, value: &serde_json::Value) -> Vec<u8> {
    let mut manifest = manifest();
    manifest[key] = value.clone();
    with_manifest(component("(component)"), &manifest)
}

fn hookless() -> Vec<u8> {
    let mut manifest = manifest();
    manifest["hooks"] = json!(["route"]);
    let text = r#"(component (instance $i)
        (export "lockgate:policy/plugin@1.0.0" (instance $i)) (export "lockgate:policy/route@1.0.0" (instance $i))
        (export "lockgate:policy/notify@1.0.0" (instance $i)))"#;
    with_manifest(component(text), &manifest)
}

#[rstest]
#[case::nothing("", "does not export lockgate:policy/plugin")]
#[case::no_hook(r#"(instance $i) (export "lockgate:policy/plugin@1.0.0" (instance $i))"#, "lockgate:policy/notify")]
#[case::next_version(r#"(instance $i) (export "lockgate:policy/plugin@2.0.0" (instance $i))"#, "version 2.0.0")]
#[tokio::test]
async fn another_contract_is_refused(#[case] text: &str, #[case] word: &str) {
    let bytes = with_manifest(component(&format!("(component {text})")), &manifest());
    match inspected(bytes).await {
        PrepareError::Contract(what) => assert!(what.contains(word), "{what}"),
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case::files("wasi:filesystem/types@0.2.0", "no plugin may import")]
#[case::sockets("wasi:sockets/tcp@0.2.0", "no plugin may import")]
#[case::environment("wasi:cli/environment@0.2.0", "no plugin may import")]
#[case::unknown("lockgate:host/fetch@1.0.0", "no plugin may import")]
#[case::next_version("lockgate:host/detect@2.0.0", "no plugin may import")]
#[case::not_asked_for("lockgate:host/lookup@1.0.0", "its manifest does not ask for")]
#[tokio::test]
async fn an_import_that_is_not_allowed_is_named(#[case] name: &str, #[case] reason: &str) {
    let text = format!(r#"(component (import "{name}" (instance (export "f" (func)))))"#);
    match inspected(with_manifest(component(&text), &manifest())).await {
        PrepareError::Import { import, why } => assert_eq!((import.as_str(), why.as_str()), (name, reason)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_component_above_the_size_limit_is_refused_unread() {
    let stage = Stage::with(|config| config.component_bytes = 1_000);
    let refused = stage.sandbox.inspect(vec![0; 1_001].into()).await;
    assert!(matches!(refused, Err(PrepareError::TooLarge { size: 1_001, limit: 1_000 })), "{refused:?}");
}

#[tokio::test]
async fn an_unknown_digest_is_named() {
    let unknown = lockgate_core::digest::Digest::of(b"nothing");
    let refused = Stage::new().sandbox.prepare(&unknown).await;
    assert!(matches!(refused, Err(PrepareError::Unknown(digest)) if digest == unknown), "{refused:?}");
}

/// A function that takes its compiler long: every addition depends on the one before.
fn bomb() -> Vec<u8> {
    let body = "(local.set 0 (i32.mul (i32.add (local.get 0) (local.get 1)) (local.get 2)))".repeat(60_000);
    notifier(&body, "")
}

#[tokio::test]
async fn a_compile_bomb_costs_its_deadline_and_nothing_else() {
    let stage = Stage::with(|config| {
        config.cache = None;
        config.compiler.deadline = Duration::from_millis(100);
    });
    let refused = stage.sandbox.prepare(&stage.publish(bomb())).await;
    assert!(matches!(&refused, Err(PrepareError::Compile(what)) if what.contains("longer than")), "{refused:?}");
}

#[tokio::test]
async fn a_compiler_that_wants_too_much_memory_is_stopped() {
    let stage = Stage::with(|config| {
        config.cache = None;
        config.compiler.address_space = 28 << 20;
    });
    let refused = stage.sandbox.prepare(&stage.publish(bomb())).await;
    assert!(matches!(refused, Err(PrepareError::Compile(_))), "{refused:?}");
}

#[rstest]
#[case::table_bomb(
    notifier("(drop (table.grow $t (ref.null func) (i32.const 20000)))", "(table $t 1 funcref)"),
    Fault::Table { limit: 10_000, wanted: 20_001 },
)]
#[case::memory_at_once(
    notifier_with_memory("(memory (export \"memory\") 2000)"),
    Fault::Memory { limit: 64 << 20, wanted: 2_000 << 16 },
)]
#[case::stack(notifier("(call $deeper)", "(func $deeper (call $deeper) (call $deeper))"), Fault::Stack { limit: 512 << 10 })]
#[case::table_at_once(notifier("", "(table 20000 funcref)"), Fault::Table { limit: 10_000, wanted: 20_000 })]
#[tokio::test]
async fn growth_beyond_a_limit_is_named(#[case] bytes: Vec<u8>, #[case] expected: Fault) {
    let stage = Stage::new();
    assert_eq!(composing(&stage, &notifying(&stage, bytes)).await, expected);
}

#[tokio::test]
async fn a_loop_in_the_start_function_ends_with_the_cpu_budget() {
    let stage = Stage::new();
    let mut bound = notifying(&stage, notifier("", "(func $s (loop $l (br $l))) (start $s)"));
    bound.limits.cpu_per_call = Duration::from_millis(50);
    let fault = composing(&stage, &bound).await;
    assert!(matches!(fault, Fault::Cpu { .. }), "{fault:?}");
}

#[tokio::test]
async fn an_answer_outside_of_the_memory_breaks_the_contract() {
    let stage = Stage::new();
    let bound = notifying(&stage, notifier("(return (i32.const -8))", ""));
    let fault = composing(&stage, &bound).await;
    assert!(matches!(fault, Fault::Contract { .. }), "{fault:?}");
}

fn notifying(stage: &Stage, bytes: Vec<u8>) -> Binding {
    let mut bound = binding(stage.publish(bytes), Hook::Notify, json!({}));
    bound.grants.clear();
    bound
}

async fn composing(stage: &Stage, bound: &Binding) -> Fault {
    let at = Timestamp::now_utc();
    let event = Event {
        id: EventId::generate(at),
        kind: EventKind::TransferHeld,
        transfer: subject().transfer,
        partner: partner().partner().expect("it is a partner"),
        attributes: vec![],
        at,
    };
    fault(stage.sandbox.notify(bound, &event).await)
}

#[test]
fn no_damage_to_a_component_makes_inspection_panic() {
    let stage = Stage::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    let sound = notifier("", "");
    proptest!(ProptestConfig::with_cases(300), |(
        at in 0..sound.len(), byte in any::<u8>(), cut in 0..sound.len(), shorten in any::<bool>()
    )| {
        let mut damaged = sound.clone();
        damaged[at] = byte;
        if shorten {
            damaged.truncate(cut);
        }
        if let Err(PrepareError::Host(what)) = runtime.block_on(stage.sandbox.inspect(damaged.into())) {
            prop_assert!(false, "the host failed: {what}");
        }
    });
}
