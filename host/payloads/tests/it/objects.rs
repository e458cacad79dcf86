//! Whole payloads: written, and read back as they were.

use std::sync::atomic::Ordering;

use lockgate_core::digest::Digest;
use lockgate_core::ports::{PayloadError, PayloadStore as _};
use lockgate_payloads::{ConnectError, S3Config, S3PayloadStore};
use rstest::rstest;

use crate::world::{MIB, World, config, content, intent};
use lockgate_testkit::s3_proxy::Kind;

#[rstest]
#[case::nothing(0, 0)]
#[case::one_byte(1, 0)]
#[case::just_below_a_part(8 * MIB - 1, 0)]
#[case::exactly_a_part(8 * MIB, 1)]
#[case::a_byte_more(8 * MIB + 1, 2)]
#[case::several_parts(35 * MIB + 12_345, 5)]
#[tokio::test]
async fn comes_back_as_it_went_in(#[case] size: usize, #[case] parts: usize) {
    let world = World::new().await;
    let bytes = content(size);
    let payload = world.write(&bytes).await.unwrap();
    assert_eq!((payload.size, payload.digest), (size as u64, Digest::of(&bytes)));
    assert_eq!(payload.media_type, "text/csv");
    assert!(world.read(&payload).await.unwrap() == bytes);
    assert_eq!(world.proxy.seen(Kind::Part), parts);
}

#[tokio::test]
async fn every_claim_writes_under_its_own_key() {
    let world = World::new().await;
    let first = intent();
    let mut second = first.clone();
    second.version += 1;
    let mut keys = vec![];
    for intent in [first, second] {
        let mut writer = world.store.write(intent).await.unwrap();
        writer.push(content(10)).await.unwrap();
        keys.push(writer.seal().await.unwrap().payload.key);
    }
    assert_ne!(keys[0], keys[1]);
    assert_eq!(world.rows.keys(), keys);
}

#[tokio::test]
async fn no_byte_leaves_before_its_row_is_there() {
    let world = World::new().await;
    let before = world.proxy.seen(Kind::Put);
    world.rows.away.store(true, Ordering::SeqCst);
    let refused = world.store.write(intent()).await.unwrap_err();
    assert!(matches!(refused, PayloadError::Unavailable(_)), "{refused}");
    assert_eq!(world.proxy.seen(Kind::Put), before);
    assert_eq!(world.proxy.seen(Kind::Create), 0);
}

#[tokio::test]
async fn what_is_abandoned_cannot_be_read() {
    let world = World::new().await;
    let mut writer = world.store.write(intent()).await.unwrap();
    writer.push(content(9 * MIB)).await.unwrap();
    writer.abandon().await;
    let row = world.rows.objects.lock().unwrap()[0].clone();
    assert!(row.multipart.is_some());
    let mut lost = world.write(&content(1)).await.unwrap();
    lost.key = row.key;
    assert!(matches!(world.read(&lost).await, Err(PayloadError::Missing(_))));
}

#[tokio::test]
async fn a_missing_bucket_is_named_when_it_may_not_be_created() {
    let proxy = World::new().await.proxy;
    let config = S3Config { create_bucket: false, ..config(proxy.url()).await };
    let rows = std::sync::Arc::new(crate::rows::Rows::default());
    let refused = S3PayloadStore::connect(&config, rows).await.unwrap_err();
    assert!(matches!(&refused, ConnectError::NoBucket(bucket) if *bucket == config.bucket), "{refused}");
}
