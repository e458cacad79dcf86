//! Reading: ranges, and content that is not what was sealed.

use futures::StreamExt as _;
use lockgate_core::digest::Digest;
use lockgate_core::ports::{PayloadError, PayloadStore as _};
use rstest::rstest;

use crate::world::{MIB, World, content};

#[rstest]
#[case::beginning(0, 10)]
#[case::across_windows(16 * MIB as u64 - 5, 16 * MIB as u64 + 5)]
#[case::end(17 * MIB as u64 - 1, 17 * MIB as u64)]
#[case::empty(7, 7)]
#[case::beyond_the_end_is_cut(17 * MIB as u64 - 3, 99 * MIB as u64)]
#[tokio::test]
async fn ranges_give_exactly_their_bytes(#[case] from: u64, #[case] to: u64) {
    let world = World::new().await;
    let bytes = content(17 * MIB);
    let payload = world.write(&bytes).await.unwrap();
    let end = usize::try_from(to).unwrap().min(bytes.len());
    assert!(world.range(&payload, from, to).await.unwrap() == bytes[usize::try_from(from).unwrap()..end]);
}

#[tokio::test]
async fn content_with_another_digest_never_looks_whole() {
    let world = World::new().await;
    let bytes = content(300_000);
    let mut payload = world.write(&bytes).await.unwrap();
    payload.digest = Digest::of(b"what was sealed");
    let mut stream = world.store.read(&payload, 0..payload.size).await.unwrap();
    let mut came = 0;
    let error = loop {
        match stream.next().await {
            Some(Ok(bytes)) => came += bytes.len(),
            Some(Err(error)) => break error,
            None => panic!("{came} bytes passed for whole"),
        }
    };
    assert!(matches!(error, PayloadError::Corrupt { .. }), "{error}");
    assert!(came < bytes.len(), "the last bytes are held back until the digest is compared");
}

#[rstest]
#[case::shorter(-1)]
#[case::longer(1)]
#[tokio::test]
async fn an_object_of_another_size_is_corrupt(#[case] difference: i64) {
    let world = World::new().await;
    let mut payload = world.write(&content(1000)).await.unwrap();
    payload.size = payload.size.checked_add_signed(difference).unwrap();
    assert!(matches!(world.range(&payload, 0, 10).await, Err(PayloadError::Corrupt { .. })));
}

#[tokio::test]
async fn a_missing_object_is_named() {
    let world = World::new().await;
    let mut payload = world.write(&content(1000)).await.unwrap();
    payload.key = "payloads/nobody/1".to_owned();
    assert!(matches!(world.read(&payload).await, Err(PayloadError::Missing(id)) if id == payload.id));
}
