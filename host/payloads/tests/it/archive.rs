//! Components are kept under their digests and checked when fetched.

use bytes::Bytes;
use lockgate_core::digest::Digest;
use lockgate_core::ports::PluginArchive as _;

use crate::world::World;
use lockgate_testkit::s3_proxy::{Fault, Kind};

#[tokio::test]
async fn a_component_comes_back_under_its_digest() {
    let archive = World::new().await.store.archive();
    let component = Bytes::from_static(b"\0asm");
    let digest = Digest::of(&component);
    assert_eq!(archive.get(&digest).await.unwrap(), None);
    archive.put(&digest, component.clone()).await.unwrap();
    archive.put(&digest, component.clone()).await.unwrap();
    assert_eq!(archive.get(&digest).await.unwrap(), Some(component));
}

#[tokio::test]
async fn a_component_under_a_wrong_digest_is_refused() {
    let archive = World::new().await.store.archive();
    let wrong = Digest::of(b"something else");
    assert!(archive.put(&wrong, Bytes::from_static(b"\0asm")).await.is_err());
    assert_eq!(archive.get(&wrong).await.unwrap(), None);
}

#[tokio::test]
async fn a_component_that_breaks_off_is_an_error() {
    let world = World::new().await;
    let archive = world.store.archive();
    let component = Bytes::from(vec![7; 1000]);
    let digest = Digest::of(&component);
    archive.put(&digest, component).await.unwrap();
    world.proxy.plan(Kind::Get, Fault::CutAnswer(10));
    assert!(archive.get(&digest).await.is_err());
}
