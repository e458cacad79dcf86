//! The sweeper removes what rows let go of, and nothing else.

use std::sync::atomic::Ordering;

use lockgate_core::digest::Digest;
use lockgate_core::id::UploadId;
use lockgate_core::payload::{ObjectFormat, ObjectOwner, Payload};
use lockgate_core::ports::{PayloadError, PayloadStore as _};
use lockgate_core::upload::UploadProgress;
use rstest::rstest;
use time::OffsetDateTime;

use crate::world::{MIB, World, content, intent, transfer};
use lockgate_testkit::s3_proxy::{Fault, Kind};

#[tokio::test]
async fn removes_what_rows_let_go_of_and_nothing_else() {
    let world = World::new().await;
    let kept = world.write(&content(1000)).await.unwrap();
    let gone = world.write(&content(9 * MIB)).await.unwrap();
    world.rows.loosen(|row| row.id == gone.id);
    assert_eq!(world.store.sweeper().sweep().await.unwrap(), 1);
    assert!(matches!(world.read(&gone).await, Err(PayloadError::Missing(_))));
    assert_eq!(world.read(&kept).await.unwrap(), content(1000));
    assert_eq!(world.store.sweeper().sweep().await.unwrap(), 0);
}

#[tokio::test]
async fn ends_what_a_dead_writer_left_half_done() {
    let world = World::new().await;
    let mut writer = world.store.write(intent()).await.unwrap();
    writer.push(content(9 * MIB)).await.unwrap();
    world.rows.loosen(|_| true);
    // The host died before it could note the multipart upload: the sweeper finds it by the row's key.
    world.rows.loose.lock().unwrap()[0].multipart = None;
    assert_eq!(world.store.sweeper().sweep().await.unwrap(), 1);
    let zombie = writer.seal().await;
    assert!(zombie.is_err(), "its multipart upload is gone: {zombie:?}");
}

#[tokio::test]
async fn tails_of_a_finished_upload_are_swept_by_their_own_rows() {
    let world = World::new().await;
    let mut progress = UploadProgress::default();
    for _ in 0..3 {
        let mut writer = world.store.upload(transfer().into(), "text/csv", progress).await.unwrap();
        writer.push(content(1000)).await.unwrap();
        progress = writer.pause().await.unwrap();
    }
    let sealed = world.store.upload(transfer().into(), "text/csv", progress).await.unwrap().seal().await.unwrap();
    world.rows.loosen(|row| row.key.starts_with("uploads/"));
    assert_eq!(world.store.sweeper().sweep().await.unwrap(), 3);
    assert_eq!(world.read(&sealed.payload).await.unwrap().len(), 3000);
}

#[tokio::test]
async fn a_row_stays_until_its_object_is_gone() {
    let world = World::new().await;
    let gone = world.write(&content(1000)).await.unwrap();
    world.rows.loosen(|row| row.id == gone.id);
    for _ in 0..4 {
        world.proxy.plan(Kind::Other, Fault::Refuse(503));
    }
    assert!(world.store.sweeper().sweep().await.is_err());
    assert_eq!(world.rows.loose.lock().unwrap().len(), 1);
    assert_eq!(world.store.sweeper().sweep().await.unwrap(), 1);
}

#[tokio::test]
async fn a_backlog_is_removed_in_one_go() {
    let world = World::new().await;
    let mut progress = UploadProgress::default();
    for _ in 0..130 {
        let mut writer = world.store.upload(transfer().into(), "text/csv", progress).await.unwrap();
        writer.push(content(10)).await.unwrap();
        progress = writer.pause().await.unwrap();
    }
    world.rows.loosen(|row| row.key.starts_with("uploads/"));
    assert_eq!(world.store.sweeper().sweep().await.unwrap(), 130);
}

/// Whether there is an object of a thousand bytes under that key.
async fn is_there(world: &World, key: &str) -> bool {
    let payload = Payload {
        id: intent().payload,
        key: key.to_owned(),
        media_type: "text/csv".to_owned(),
        size: 1000,
        digest: Digest::of(&content(1000)),
        format: ObjectFormat::Plain1,
    };
    match world.read(&payload).await {
        Ok(_) => true,
        Err(PayloadError::Missing(_)) => false,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_masking_that_lands_after_it_was_swept_is_refused_and_swept_again() {
    let world = World::new().await;
    let intent = intent();
    let key = format!("payloads/{}/{}", intent.payload, intent.version);
    let mut writer = world.store.write(intent).await.unwrap();
    writer.push(content(1000)).await.unwrap();
    world.rows.loosen(|_| true);
    assert_eq!(world.store.sweeper().sweep().await.unwrap(), 1);
    let late = writer.seal().await.unwrap_err();
    assert!(matches!(&late, PayloadError::Unavailable(why) if why.contains(&key)), "{late}");
    assert!(is_there(&world, &key).await);
    assert_eq!(world.store.sweeper().sweep().await.unwrap(), 1);
    assert!(!is_there(&world, &key).await);
}

#[rstest]
#[case::a_tail(ObjectOwner::Transfer(transfer()), false)]
#[case::a_partial_upload(ObjectOwner::Upload(UploadId::generate(OffsetDateTime::now_utc())), true)]
#[tokio::test]
async fn what_is_left_of_an_upload_that_was_swept_meanwhile_is_swept_again(
    #[case] owner: ObjectOwner,
    #[case] sealed: bool,
) {
    let world = World::new().await;
    world.rows.swept.store(true, Ordering::SeqCst);
    let mut writer = world.store.upload(owner, "text/csv", UploadProgress::default()).await.unwrap();
    writer.push(content(1000)).await.unwrap();
    let late = if sealed { writer.seal().await.map(drop) } else { writer.pause().await.map(drop) };
    assert!(matches!(late, Err(PayloadError::Unavailable(_))), "{late:?}");
    let key = world.rows.loose.lock().unwrap()[0].key.clone();
    assert!(is_there(&world, &key).await);
    assert_eq!(world.store.sweeper().sweep().await.unwrap(), 1);
    assert!(!is_there(&world, &key).await);
}
