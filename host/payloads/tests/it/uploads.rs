//! Uploads: stretches on changing nodes become one payload.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use lockgate_core::digest::Digest;
use lockgate_core::ports::{PayloadError, PayloadStore as _, Stir};
use lockgate_core::upload::UploadProgress;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::world::{MIB, World, begin, content, intent, transfer};
use lockgate_testkit::s3_proxy::{Fault, Kind};

/// Uploads in stretches that end at the given places, each on the other node, and gives what was read back.
async fn carry(world: &World, bytes: &Bytes, ends: &[usize], chunk: usize) -> (Digest, Vec<u8>) {
    let transfer = transfer();
    let mut progress = UploadProgress::default();
    let mut at = 0;
    for (turn, end) in ends.iter().copied().chain([bytes.len()]).enumerate() {
        let node = if turn % 2 == 0 { &world.store } else { &world.other };
        let mut writer = begin(node, transfer, progress).await;
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
    let writer = world.store.upload(transfer.into(), "text/csv", progress).await.unwrap();
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
    let writer = world.store.upload(transfer().into(), "text/csv", UploadProgress::default()).await.unwrap();
    let payload = writer.seal().await.unwrap().payload;
    assert_eq!((payload.size, payload.digest), (0, Digest::of(b"")));
    assert!(world.read(&payload).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_pause_without_a_byte_changes_nothing() {
    let world = World::new().await;
    let mut writer = world.store.upload(transfer().into(), "text/csv", UploadProgress::default()).await.unwrap();
    writer.push(content(1000)).await.unwrap();
    let before = writer.pause().await.unwrap();
    let rows = world.rows.keys();
    let writer = world.other.upload(transfer().into(), "text/csv", before.clone()).await.unwrap();
    assert_eq!(writer.pause().await.unwrap(), before);
    assert_eq!(world.rows.keys(), rows);
}

#[tokio::test]
async fn a_writer_that_was_left_behind_cannot_damage_its_successor_whatever_it_sends() {
    let world = World::new().await;
    let (bytes, transfer) = (content(26 * MIB), transfer());
    let mut writer = begin(&world.store, transfer, UploadProgress::default()).await;
    writer.push(bytes.slice(..9 * MIB)).await.unwrap();
    let progress = writer.pause().await.unwrap();

    // One writer takes over, and another one after it, which the first does not notice: it sends other bytes.
    let taken = progress.taken_over();
    let mut stale = begin(&world.store, transfer, progress).await;
    let mut successor = begin(&world.other, transfer, taken).await;
    successor.push(bytes.slice(9 * MIB..20 * MIB)).await.unwrap();
    let advanced = successor.pause().await.unwrap();
    let others: Bytes = bytes.iter().rev().copied().collect();
    stale.push(others.slice(..20 * MIB)).await.unwrap();
    let lost = stale.pause().await.unwrap();
    assert_ne!(lost.tail, advanced.tail, "tails have keys of their own");
    let numbers = |it: &UploadProgress| it.parts.iter().map(|part| part.number).collect::<Vec<_>>();
    assert!(numbers(&lost).iter().all(|it| *it == 1 || !numbers(&advanced).contains(it)), "{lost:?} {advanced:?}");

    let mut last = begin(&world.store, transfer, advanced).await;
    last.push(bytes.slice(20 * MIB..)).await.unwrap();
    let payload = last.seal().await.unwrap().payload;
    assert_eq!(payload.digest, Digest::of(&bytes));
    assert!(world.read(&payload).await.unwrap() == bytes);
}

#[tokio::test]
async fn a_writer_sends_no_more_parts_than_it_took_over() {
    let world = World::new().await;
    let mut writer = begin(&world.store, transfer(), UploadProgress::default()).await;
    let reach = usize::try_from(UploadProgress::REACH).unwrap();
    writer.push(content(reach * 8 * MIB)).await.unwrap();
    let beyond = writer.push(content(8 * MIB)).await.unwrap_err();
    assert!(beyond.to_string().contains("is not this writer's"), "{beyond}");
}

#[tokio::test]
async fn what_has_landed_becomes_a_step_that_another_node_goes_on_from() {
    let world = World::new().await;
    let (bytes, transfer) = (content(21 * MIB), transfer());
    let mut writer = begin(&world.store, transfer, UploadProgress::default()).await;
    writer.push(bytes.slice(..20 * MIB)).await.unwrap();
    let mut step = UploadProgress::default();
    while step.parts.len() < 2 {
        assert_eq!(writer.stir().await, Stir::Landed);
        step = writer.step().unwrap_or(step);
    }
    assert_eq!((step.size(), step.tail.is_none(), step.open), (16 * MIB as u64, true, true));
    assert!(writer.step().is_none(), "a step is taken once");
    // The host dies here, with 4 MiB that nobody acknowledged.
    drop(writer);
    let mut writer = begin(&world.other, transfer, step).await;
    writer.push(bytes.slice(16 * MIB..)).await.unwrap();
    let progress = writer.finish().await.unwrap();
    assert_eq!((progress.parts.len(), progress.tail.is_none()), (3, true), "the rest is the last part");
    let payload =
        world.store.upload(transfer.into(), "text/csv", progress).await.unwrap().seal().await.unwrap().payload;
    assert_eq!(payload.digest, Digest::of(&bytes));
    assert!(world.read(&payload).await.unwrap() == bytes);
}

#[tokio::test]
async fn a_tail_of_another_size_is_not_continued() {
    let world = World::new().await;
    let mut writer = world.store.upload(transfer().into(), "text/csv", UploadProgress::default()).await.unwrap();
    writer.push(content(1000)).await.unwrap();
    let mut progress = writer.pause().await.unwrap();
    progress.tail.as_mut().unwrap().size = 999;
    let refused = world.store.upload(transfer().into(), "text/csv", progress).await.unwrap_err();
    assert!(matches!(refused, PayloadError::Corrupt { .. }), "{refused}");
}

#[tokio::test]
async fn an_upload_that_s3_does_not_take_holds_four_parts_and_no_more() {
    let world = World::new().await;
    for _ in 0..8 {
        world.proxy.plan(Kind::Part, Fault::Silence);
    }
    let mut writer = begin(&world.store, transfer(), UploadProgress::default()).await;
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&taken);
    let pushing = tokio::spawn(async move {
        while counted.load(Ordering::SeqCst) < 80 * MIB {
            writer.push(content(MIB)).await.unwrap();
            counted.fetch_add(MIB, Ordering::SeqCst);
        }
    });
    // Three parts are under way; the push that fills the fourth waits for one of them.
    while world.proxy.seen(Kind::Part) < 3 || taken.load(Ordering::SeqCst) < 31 * MIB {
        tokio::task::yield_now().await;
    }
    // Whatever else it could take, it would have taken by the time that another object is written and read.
    let payload = world.other.write(intent()).await.unwrap().seal().await.unwrap().payload;
    world.read(&payload).await.unwrap();
    assert_eq!((world.proxy.seen(Kind::Part), taken.load(Ordering::SeqCst)), (3, 31 * MIB));
    assert!(!pushing.is_finished());
    pushing.abort();
}
