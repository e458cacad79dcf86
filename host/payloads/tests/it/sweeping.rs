//! The sweeper removes what rows let go of, and nothing else.

use lockgate_core::ports::{PayloadError, PayloadStore as _};
use lockgate_core::upload::UploadProgress;

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
