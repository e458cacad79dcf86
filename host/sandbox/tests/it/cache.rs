//! Compiled components on disk count only if they are ours and whole.

use std::fs;
use std::path::{Path, PathBuf};

use lockgate_core::ports::{PluginRunner, PrepareError, SecretBytes};
use lockgate_sandbox::SandboxConfig;
use rstest::rstest;

use crate::stage::Stage;
use crate::text::notifier;

/// A stage that keeps its cache in this folder; its compiler may be one that does not exist.
fn stage(folder: &Path, key: &[u8], compiles: bool) -> Stage {
    Stage::with(|config: &mut SandboxConfig| {
        config.cache = Some(folder.to_owned());
        config.cache_key = Some(SecretBytes::new(key.to_vec()));
        if !compiles {
            config.compiler.program = "/nonexistent/compiler".into();
        }
    })
}

async fn prepare(stage: &Stage) -> Result<(), PrepareError> {
    stage.sandbox.prepare(&stage.publish(notifier("", ""))).await
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    entries.map(|entry| entry.expect("it can be read").path()).collect()
}

#[tokio::test]
async fn a_compiled_plugin_outlives_its_process() {
    let folder = tempfile::tempdir().expect("a folder");
    prepare(&stage(folder.path(), b"key", true)).await.expect("it is compiled");
    assert_eq!(files(folder.path()).len(), 1);
    prepare(&stage(folder.path(), b"key", false)).await.expect("no compiler is needed");
}

#[tokio::test]
async fn files_under_another_key_are_compiled_again() {
    let folder = tempfile::tempdir().expect("a folder");
    prepare(&stage(folder.path(), b"theirs", true)).await.expect("it is compiled");
    let without = prepare(&stage(folder.path(), b"ours", false)).await;
    assert!(matches!(without, Err(PrepareError::Host(_))), "a foreign file was used: {without:?}");
    prepare(&stage(folder.path(), b"ours", true)).await.expect("it is compiled again");
    prepare(&stage(folder.path(), b"ours", false)).await.expect("now it is ours");
}

#[rstest]
#[case::one_bit_of_the_code(|bytes: &mut Vec<u8>| { let middle = bytes.len() / 2; bytes[middle] ^= 1; })]
#[case::one_bit_of_the_tag(|bytes: &mut Vec<u8>| bytes[10] ^= 1)]
#[case::the_mark(|bytes: &mut Vec<u8>| bytes[0] ^= 1)]
#[case::cut_short(|bytes: &mut Vec<u8>| bytes.truncate(100))]
#[case::cut_to_nothing(Vec::clear)]
#[case::longer(|bytes: &mut Vec<u8>| bytes.push(0))]
#[tokio::test]
async fn a_file_that_was_tampered_with_is_compiled_again(#[case] tamper: fn(&mut Vec<u8>)) {
    let folder = tempfile::tempdir().expect("a folder");
    prepare(&stage(folder.path(), b"key", true)).await.expect("it is compiled");
    let path = files(folder.path()).remove(0);
    let mut bytes = fs::read(&path).expect("it can be read");
    tamper(&mut bytes);
    fs::write(&path, bytes).expect("it can be written");
    let without = prepare(&stage(folder.path(), b"key", false)).await;
    assert!(matches!(without, Err(PrepareError::Host(_))), "a damaged file was used: {without:?}");
    prepare(&stage(folder.path(), b"key", true)).await.expect("it is compiled again");
    prepare(&stage(folder.path(), b"key", false)).await.expect("and whole again");
}

#[tokio::test]
async fn a_genuine_file_under_another_plugins_name_is_not_genuine() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = stage(folder.path(), b"key", true);
    prepare(&first).await.expect("it is compiled");
    let path = files(folder.path()).remove(0);
    let other = first.publish(notifier("(nop)", ""));
    let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name");
    let renamed = format!("{}{}", other.hex(), &name[64..]);
    fs::rename(&path, folder.path().join(renamed)).expect("it can be renamed");
    let second = stage(folder.path(), b"key", false);
    let without = second.sandbox.prepare(&second.publish(notifier("(nop)", ""))).await;
    assert!(matches!(without, Err(PrepareError::Host(_))), "another plugin's code was used: {without:?}");
}
