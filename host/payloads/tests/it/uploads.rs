//! Uploads: stretches on changing nodes become one payload.

use bytes::Bytes;
use lockgate_core::digest::Digest;
use lockgate_core::ports::{PayloadError, PayloadStore as _};
use lockgate_core::upload::UploadProgress;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::world::{MIB, World, content, transfer};

/// Uploads in stretches that end at the given places, each on the other node, and gives what was read back.
async fn carry(world: &World, bytes: &Bytes, ends: &[usize], chunk: usize) -> (Digest, Vec<u8>) {
    let transfer = transfer();
    let mut progress = UploadProgress::default();
    let mut at = 0;
    for (turn, end) in ends.iter().copied().chain([bytes.len()]).enumerate() {
        let node = if turn % 2 == 0 { &world.store } else { &world.other };
        let mut writer = node.upload(transfer, "text/csv", progress).await.unwrap();
        while at < end {
            let next = end.min(at + chunk);
            writer.push(bytes.slice(at..next)).await.unwrap();
            at = next;
        }
        progress = writer.pause().await.unwrap();
        let kept: u64 = progress.parts.iter().map(|part| part.size).sum();
        let tail = progress.tail.as_ref().map_or(0, |tail| tail.size);
        assert_eq!(kept + tail, at as u64, "everything that was taken is durable");
        // As the row keeps it.
        progress = serde_json::from_value(serde_json::to_value(&progress).unwrap()).unwrap();
    }
    let writer = world.store.upload(transfer, "text/csv", progress).await.unwrap();
    let payload = writer.seal().await.unwrap().payload;
    assert_eq!(payload.size, bytes.len() as u64);
    let read = world.read(&payload).await.unwrap();
    (payload.digest, read)
}

#[test]
fn any_stretches_on_any_node_give_the_same_payload() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    let stretches = (0usize..26 * MIB, prop::collection::vec(0.0f64..1.0, 0..4), 1usize..6 * MIB);
    let config = Config { cases: 12, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&stretches, |(size, places, chunk)| {
            let bytes = content(size);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            let mut ends: Vec<usize> = places.iter().map(|place| (place * size as f64) as usize).collect();
            ends.sort_unstable();
            let (digest, read) = runtime.block_on(carry(&world, &bytes, &ends, chunk));
            prop_assert_eq!(digest, Digest::of(&bytes));
            prop_assert!(read == bytes);
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn an_empty_upload_is_an_empty_payload() {
    let world = World::new().await;
    let writer = world.store.upload(transfer(), "text/csv", UploadProgress::default()).await.unwrap();
    let payload = writer.seal().await.unwrap().payload;
    assert_eq!((payload.size, payload.digest), (0, Digest::of(b"")));
    assert!(world.read(&payload).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_pause_without_a_byte_changes_nothing() {
    let world = World::new().await;
    let mut writer = world.store.upload(transfer(), "text/csv", UploadProgress::default()).await.unwrap();
    writer.push(content(1000)).await.unwrap();
    let before = writer.pause().await.unwrap();
    let rows = world.rows.keys();
    let writer = world.other.upload(transfer(), "text/csv", before.clone()).await.unwrap();
    assert_eq!(writer.pause().await.unwrap(), before);
    assert_eq!(world.rows.keys(), rows);
}

#[tokio::test]
async fn a_writer_that_was_left_behind_cannot_damage_its_successor() {
    let world = World::new().await;
    let (bytes, transfer) = (content(20 * MIB), transfer());
    let mut writer = world.store.upload(transfer, "text/csv", UploadProgress::default()).await.unwrap();
    writer.push(bytes.slice(..9 * MIB)).await.unwrap();
    let progress = writer.pause().await.unwrap();

    // The client's connection breaks; it goes on at the other node while the first still writes what it had.
    let mut stale = world.store.upload(transfer, "text/csv", progress.clone()).await.unwrap();
    let mut successor = world.other.upload(transfer, "text/csv", progress).await.unwrap();
    successor.push(bytes.slice(9 * MIB..18 * MIB)).await.unwrap();
    let advanced = successor.pause().await.unwrap();
    stale.push(bytes.slice(9 * MIB..17 * MIB)).await.unwrap();
    let lost = stale.pause().await.unwrap();
    assert_ne!(lost.tail, advanced.tail, "tails have keys of their own");

    let mut last = world.store.upload(transfer, "text/csv", advanced).await.unwrap();
    last.push(bytes.slice(18 * MIB..)).await.unwrap();
    let payload = last.seal().await.unwrap().payload;
    assert_eq!(payload.digest, Digest::of(&bytes));
    assert!(world.read(&payload).await.unwrap() == bytes);
}

#[tokio::test]
async fn a_tail_of_another_size_is_not_continued() {
    let world = World::new().await;
    let mut writer = world.store.upload(transfer(), "text/csv", UploadProgress::default()).await.unwrap();
    writer.push(content(1000)).await.unwrap();
    let mut progress = writer.pause().await.unwrap();
    progress.tail.as_mut().unwrap().size = 999;
    let refused = world.store.upload(transfer(), "text/csv", progress).await.unwrap_err();
    assert!(matches!(refused, PayloadError::Corrupt { .. }), "{refused}");
}
