//! Multipart uploads that something else removed from the bucket, as lifecycle rules do, while their objects were under way.

use lockgate_core::digest::Digest;
use lockgate_core::id::TransferId;
use lockgate_core::ports::{PayloadError, UploadWriter};
use lockgate_core::upload::UploadProgress;
use lockgate_testkit::s3_proxy::{Fault, Kind};

use crate::world::{MIB, World, begin, content, transfer};

impl World {
    /// Ends every multipart upload under way; the rows know nothing of it.
    async fn tidied_up(&self) {
        let rows = self.rows.objects.lock().unwrap().clone();
        self.rows.loose.lock().unwrap().extend(rows.into_iter().filter(|row| row.multipart.is_some()));
        self.store.sweeper().sweep().await.unwrap();
    }

    fn noted(&self) -> Vec<String> {
        self.rows.objects.lock().unwrap().iter().filter_map(|row| row.multipart.clone()).collect()
    }

    /// An upload of a thousand acknowledged bytes, and a multipart upload that its host began before it died.
    async fn begun_in_vain(&self, transfer: TransferId) -> UploadProgress {
        let mut writer = begin(&self.store, transfer, UploadProgress::default()).await;
        writer.push(content(1000)).await.unwrap();
        let progress = writer.pause().await.unwrap();
        let mut dying = begin(&self.store, transfer, progress.clone()).await;
        dying.push(content(20 * MIB).slice(1000..9 * MIB)).await.unwrap();
        assert_eq!(self.noted().len(), 1);
        progress.taken_over()
    }
}

async fn sealed(mut writer: Box<dyn UploadWriter>, size: usize, from: usize) -> Digest {
    writer.push(content(size).slice(from..)).await.unwrap();
    writer.seal().await.unwrap().payload.digest
}

#[tokio::test]
async fn an_upload_of_which_no_part_was_acknowledged_goes_on_in_another_multipart_upload() {
    let (world, transfer) = (World::new().await, transfer());
    let progress = world.begun_in_vain(transfer).await;
    let before = world.noted();
    world.tidied_up().await;
    let writer = begin(&world.other, transfer, progress.clone()).await;
    assert_eq!(sealed(writer, 20 * MIB, 1000).await, Digest::of(&content(20 * MIB)));
    assert_ne!(world.noted(), before);
}

#[tokio::test]
async fn of_writers_that_replace_it_at_once_all_use_the_first_ones() {
    let (world, transfer) = (World::new().await, transfer());
    let progress = world.begun_in_vain(transfer).await;
    world.tidied_up().await;
    let begun = world.proxy.seen(Kind::Create);
    let mut writers = vec![];
    for turn in 0..3 {
        let node = if turn % 2 == 0 { &world.store } else { &world.other };
        let taken = (0..turn).fold(progress.clone(), |it, _| it.taken_over());
        writers.push(begin(node, transfer, taken).await);
    }
    let bytes = content(20 * MIB).slice(1000..9 * MIB);
    let pushes = writers.iter_mut().map(|writer| writer.push(bytes.clone()));
    futures::future::try_join_all(pushes).await.unwrap();
    let mut kept = vec![];
    for writer in writers {
        kept.push(writer.pause().await.unwrap());
    }
    assert_eq!(world.proxy.seen(Kind::Create) - begun, 3, "each began one");
    assert!(kept.iter().all(|it| it.multipart == kept[0].multipart), "{kept:?}");
    assert_eq!(world.noted(), [kept[0].multipart.clone().unwrap()]);
    let writer = begin(&world.store, transfer, kept.remove(2)).await;
    assert_eq!(sealed(writer, 20 * MIB, 9 * MIB).await, Digest::of(&content(20 * MIB)));
}

#[tokio::test]
async fn acknowledged_parts_that_are_gone_are_missing_and_nothing_takes_their_place() {
    let (world, transfer) = (World::new().await, transfer());
    let mut writer = begin(&world.store, transfer, UploadProgress::default()).await;
    writer.push(content(9 * MIB)).await.unwrap();
    let progress = writer.pause().await.unwrap();
    let before = world.noted();
    world.tidied_up().await;
    let mut writer = begin(&world.other, transfer, progress.clone()).await;
    // It may be seen while later bytes are pushed, or at the end.
    let _ = writer.push(content(9 * MIB)).await;
    let lost = writer.pause().await.unwrap_err();
    assert!(matches!(lost, PayloadError::Missing(id) if Some(id) == progress.payload), "{lost}");
    let lost = begin(&world.store, transfer, progress.clone()).await.seal().await.unwrap_err();
    assert!(matches!(lost, PayloadError::Missing(id) if Some(id) == progress.payload), "{lost}");
    assert_eq!(world.noted(), before);
}

#[tokio::test]
async fn parts_that_became_the_object_are_not_missing() {
    let (world, transfer) = (World::new().await, transfer());
    let mut writer = begin(&world.store, transfer, UploadProgress::default()).await;
    writer.push(content(9 * MIB)).await.unwrap();
    let progress = writer.pause().await.unwrap();
    let mut stale = begin(&world.other, transfer, progress.clone()).await;
    let payload = begin(&world.store, transfer, progress).await.seal().await.unwrap().payload;
    let _ = stale.push(content(9 * MIB)).await;
    let refused = stale.pause().await.unwrap_err();
    assert!(matches!(refused, PayloadError::Unavailable(_)), "{refused}");
    assert_eq!(payload.digest, Digest::of(&content(9 * MIB)));
}

#[tokio::test]
async fn what_s3_cannot_say_is_not_taken_for_a_loss() {
    let (world, transfer) = (World::new().await, transfer());
    let mut writer = begin(&world.store, transfer, UploadProgress::default()).await;
    writer.push(content(9 * MIB)).await.unwrap();
    let progress = writer.pause().await.unwrap();
    world.tidied_up().await;
    for _ in 0..4 {
        world.proxy.plan(Kind::Other, Fault::Refuse(503));
    }
    let refused = begin(&world.store, transfer, progress).await.seal().await.unwrap_err();
    assert!(matches!(refused, PayloadError::Unavailable(_)), "{refused}");
}
