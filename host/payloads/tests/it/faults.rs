//! S3 misbehaves: what can be repaired is, and what cannot is never acknowledged.

use lockgate_core::ports::{PayloadError, PayloadStore as _};
use lockgate_core::upload::UploadProgress;
use rstest::rstest;

use crate::world::{MIB, World, begin, content, intent, transfer};
use lockgate_testkit::s3_proxy::{Fault, Kind};

#[rstest]
#[case::busy(Kind::Part, Fault::Refuse(503))]
#[case::broken_connection(Kind::Part, Fault::Cut)]
#[case::part_arrived_but_its_answer_did_not(Kind::Part, Fault::LoseAnswer)]
#[case::cannot_begin(Kind::Create, Fault::Refuse(503))]
#[case::begun_but_the_answer_is_lost(Kind::Create, Fault::LoseAnswer)]
#[case::cannot_complete(Kind::Complete, Fault::Refuse(500))]
#[case::completed_but_the_answer_is_lost(Kind::Complete, Fault::LoseAnswer)]
#[tokio::test]
async fn a_large_payload_survives(#[case] kind: Kind, #[case] fault: Fault) {
    let world = World::new().await;
    let bytes = content(18 * MIB);
    world.proxy.plan(kind, fault);
    let payload = world.write(&bytes).await.unwrap();
    assert!(world.proxy.is_done());
    assert!(world.read(&payload).await.unwrap() == bytes);
}

#[rstest]
#[case::busy(Fault::Refuse(503))]
#[case::broken_connection(Fault::Cut)]
#[case::written_but_the_answer_is_lost(Fault::LoseAnswer)]
#[tokio::test]
async fn a_small_payload_survives(#[case] fault: Fault) {
    let world = World::new().await;
    let bytes = content(1000);
    world.proxy.plan(Kind::Put, fault);
    let payload = world.write(&bytes).await.unwrap();
    assert!(world.proxy.is_done());
    assert!(world.read(&payload).await.unwrap() == bytes);
}

#[rstest]
#[case::before_the_first_byte(Fault::Cut)]
#[case::within_the_body(Fault::CutAnswer(5_000_000))]
#[case::busy(Fault::Refuse(503))]
#[tokio::test]
async fn a_read_goes_on_where_it_broke(#[case] fault: Fault) {
    let world = World::new().await;
    let bytes = content(18 * MIB);
    let payload = world.write(&bytes).await.unwrap();
    world.proxy.plan(Kind::Get, fault);
    world.proxy.plan(Kind::Get, fault);
    assert!(world.read(&payload).await.unwrap() == bytes);
    assert!(world.proxy.is_done());
}

#[tokio::test]
async fn a_read_that_never_gets_on_fails() {
    let world = World::new().await;
    let payload = world.write(&content(1000)).await.unwrap();
    for _ in 0..100 {
        world.proxy.plan(Kind::Get, Fault::CutAnswer(0));
    }
    assert!(matches!(world.read(&payload).await, Err(PayloadError::Unavailable(_))));
}

#[tokio::test]
async fn a_refused_part_seals_nothing() {
    let world = World::new().await;
    world.proxy.plan(Kind::Part, Fault::Refuse(403));
    let mut writer = world.store.write(intent()).await.unwrap();
    // The refusal may be seen while later parts are pushed, or at the end.
    let _ = writer.push(content(40 * MIB)).await;
    let refused = writer.seal().await.unwrap_err();
    assert!(refused.to_string().contains("403"), "{refused}");
    assert_eq!(world.proxy.seen(Kind::Complete), 0);
}

#[tokio::test]
async fn a_refused_part_of_an_upload_is_not_acknowledged_and_can_be_sent_again() {
    let world = World::new().await;
    let (bytes, transfer) = (content(20 * MIB), transfer());
    let mut writer = begin(&world.store, transfer, UploadProgress::default()).await;
    writer.push(bytes.slice(..9 * MIB)).await.unwrap();
    let before = writer.pause().await.unwrap();

    world.proxy.plan(Kind::Part, Fault::Refuse(403));
    let mut writer = begin(&world.other, transfer, before.clone()).await;
    let _ = writer.push(bytes.slice(9 * MIB..)).await;
    assert!(writer.pause().await.is_err());

    let mut writer = begin(&world.store, transfer, before).await;
    writer.push(bytes.slice(9 * MIB..)).await.unwrap();
    let payload = writer.seal().await.unwrap().payload;
    assert!(world.read(&payload).await.unwrap() == bytes);
}

#[tokio::test]
async fn a_silent_service_is_given_up_in_time() {
    let world = World::new().await;
    let config = lockgate_payloads::S3Config {
        patience: std::time::Duration::from_secs(1),
        ..crate::world::config(world.proxy.url()).await
    };
    let store = lockgate_payloads::S3PayloadStore::connect(&config, world.rows.clone()).await.unwrap();
    for _ in 0..10 {
        world.proxy.plan(Kind::Put, Fault::Silence);
    }
    let mut writer = store.write(intent()).await.unwrap();
    writer.push(content(10)).await.unwrap();
    assert!(matches!(writer.seal().await, Err(PayloadError::Unavailable(_))));
}
