//! Uploads move on by one writer at a time, and the sweeper is told of every object that nobody needs.

use lockgate_core::command::Work;
use lockgate_core::digest::Digest;
use lockgate_core::id::{PayloadId, TransferId, UploadId};
use lockgate_core::ports::{Advance, Blame, TransferStore, UploadError, UploadStore};
use lockgate_core::quota::Quota;
use lockgate_core::upload::{TailObject, Upload, UploadProgress, UploadedPart};

use crate::world::{World, now, partial, payload};

fn step(upload: &Upload, offset: u64, tail: Option<&str>) -> Advance {
    let progress = UploadProgress {
        payload: Some(PayloadId::generate(now())),
        key: "payloads/it/0".into(),
        multipart: Some("mp-1".into()),
        parts: vec![UploadedPart { number: 1, etag: "\"e\"".into(), size: offset }],
        tail: tail.map(|key| TailObject { key: key.into(), size: 3 }),
        midstate: vec![1, 2, 3],
        ..UploadProgress::default()
    };
    Advance { upload: upload.id, version: upload.version, offset, length: None, progress }
}

async fn swept(world: &World) -> Vec<String> {
    let rows = world.store.sweepable(50, std::time::Duration::ZERO).await.expect("rows");
    let mut keys: Vec<_> = rows.into_iter().map(|row| row.key).collect();
    keys.sort();
    keys
}

#[tokio::test]
async fn of_two_writers_at_one_offset_one_advances_and_the_other_learns_that_it_is_stale() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let upload = world.announced(alice, &[bob]).await.upload;
    let (one, two) = (step(&upload, 5, Some("uploads/1")), step(&upload, 7, Some("uploads/2")));
    let (one, two) = tokio::join!(world.store.advance(&one), world.store.advance(&two));
    let (winner, loser) = if one.is_ok() { (one, two) } else { (two, one) };
    let winner = winner.expect("one advances");
    assert!(matches!(loser, Err(UploadError::Stale(id)) if id == upload.id), "{loser:?}");
    let found = world.store.upload(upload.id).await.expect("an answer").expect("an upload");
    assert_eq!(found, winner);
    assert_eq!((found.version, found.progress.midstate.clone()), (1, vec![1, 2, 3]));
    let nobody = UploadId::generate(now());
    let unknown = world.store.advance(&Advance { upload: nobody, ..step(&upload, 5, None) }).await;
    assert!(matches!(unknown, Err(UploadError::Unknown(id)) if id == nobody), "{unknown:?}");
}

#[tokio::test]
async fn the_tail_that_an_advance_leaves_behind_is_swept_and_the_one_it_keeps_is_not() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let upload = world.announced(alice, &[bob]).await.upload;
    let upload = world.store.advance(&step(&upload, 5, Some("uploads/1"))).await.expect("an advance");
    assert!(swept(&world).await.is_empty());
    let upload = world.store.advance(&step(&upload, 6, Some("uploads/1"))).await.expect("an advance");
    assert!(swept(&world).await.is_empty(), "the same tail is still needed");
    let stale = step(&Upload { version: 0, ..upload.clone() }, 9, Some("uploads/9"));
    world.store.advance(&stale).await.expect_err("a stale writer");
    assert!(swept(&world).await.is_empty(), "a stale writer took the tail away");
    world.store.advance(&step(&upload, 8, Some("uploads/2"))).await.expect("an advance");
    assert_eq!(swept(&world).await, ["uploads/1"]);
}

#[tokio::test]
async fn sealing_again_with_the_same_payload_is_harmless_and_with_another_is_stale() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let it = world.announced(alice, &[bob]).await;
    let sealed = payload(it.transfer.id);
    let first = world.store.sealed(it.upload.id, 0, &sealed).await.expect("a sealed upload");
    assert_eq!((first.complete, first.offset), (true, sealed.size));
    assert_eq!(world.store.sealed(it.upload.id, 0, &sealed).await.expect("a repeat"), first);
    let other = world.store.sealed(it.upload.id, 0, &payload(it.transfer.id)).await;
    assert!(matches!(other, Err(UploadError::Stale(_))), "{other:?}");
    assert_eq!(world.store.sealed_payload(it.upload.id).await.expect("an answer"), Some(sealed));
}

#[tokio::test]
async fn an_unfinished_upload_keeps_its_objects_and_a_terminated_one_gives_them_to_the_sweeper() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let it = world.announced(alice, &[bob]).await;
    let id = PayloadId::generate(now());
    world.store.begin_object(id, it.transfer.id.into(), "payloads/it/0", 0).await.expect("a row");
    world.store.begin_object(id, it.transfer.id.into(), "payloads/it/0", 0).await.expect("a repeat is harmless");
    assert_eq!(world.store.note_multipart(id, "mp-1", None).await.expect("a note"), "mp-1");
    world.store.advance(&step(&it.upload, 5, Some("uploads/1"))).await.expect("an advance");
    assert!(swept(&world).await.is_empty());

    world.store.terminate(it.upload.id).await.expect("an end");
    assert_eq!(world.store.upload(it.upload.id).await.expect("an answer"), None);
    assert_eq!(swept(&world).await, ["payloads/it/0", "uploads/1"]);
    let rows = world.store.sweepable(50, std::time::Duration::ZERO).await.expect("rows");
    assert!(rows.iter().any(|row| row.multipart.as_deref() == Some("mp-1")));
    assert!(world.store.note_multipart(id, "mp-2", None).await.is_err(), "its writer goes on");
    for row in rows {
        world.store.swept(row.id).await.expect("a swept row");
    }
    assert!(swept(&world).await.is_empty());
}

#[tokio::test]
async fn the_first_multipart_upload_is_noted_and_another_one_only_in_place_of_one_that_is_gone() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let it = world.announced(alice, &[bob]).await;
    let id = PayloadId::generate(now());
    world.store.begin_object(id, it.transfer.id.into(), "payloads/it/0", 0).await.expect("a row");
    let note = async |own, gone| world.store.note_multipart(id, own, gone).await.expect("an answer");
    assert_eq!(note("mp-1", None).await, "mp-1");
    assert_eq!(note("late", None).await, "mp-1");
    assert_eq!(note("mp-2", Some("another")).await, "mp-1", "that one is not noted");
    let (one, other) = tokio::join!(note("mp-2", Some("mp-1")), note("mp-3", Some("mp-1")));
    assert!(one == other && one != "mp-1", "{one} {other}");
    assert_eq!(note("mp-4", Some("mp-1")).await, one, "it was replaced already");
}

#[tokio::test]
async fn an_object_that_lands_after_its_row_was_swept_is_swept_again() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let it = world.announced(alice, &[bob]).await;
    let (id, owner) = (PayloadId::generate(now()), it.transfer.id.into());
    let landed = async || world.store.landed(id, owner, "payloads/it/0", 0).await.expect("an answer");
    world.store.begin_object(id, owner, "payloads/it/0", 0).await.expect("a row");
    assert!(landed().await, "it is being written");
    assert!(swept(&world).await.is_empty(), "asking changes nothing");

    world.store.terminate(it.upload.id).await.expect("an end");
    let minute = std::time::Duration::from_secs(60);
    assert_eq!(world.store.sweepable(50, minute).await.expect("rows").len(), 1);
    assert!(!landed().await, "a sweeper is at it, and may have been too early");
    world.store.swept(id).await.expect("an answer");
    assert_eq!(swept(&world).await, ["payloads/it/0"], "it begins anew");
    world.store.swept(id).await.expect("an answer");
    assert!(swept(&world).await.is_empty());

    assert!(!landed().await, "its row is gone");
    assert_eq!(swept(&world).await, ["payloads/it/0"]);
}

#[tokio::test]
async fn an_object_that_became_live_stays_whoever_asks_late() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let transfer = world.received(alice, &[bob]).await;
    let live = transfer.source.expect("a payload");
    assert!(world.store.landed(live.id, transfer.id.into(), &live.key, 0).await.expect("an answer"));
    assert!(swept(&world).await.is_empty());
}

#[tokio::test]
async fn sweepers_share_what_there_is_and_what_could_not_be_removed_comes_again() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    world.received(alice, &[bob]).await;
    world.received(alice, &[bob]).await;
    world.run("update payload_objects set state = 'discarded'").await;
    let minute = std::time::Duration::from_secs(60);
    let mut ids = vec![];
    for _ in 0..3 {
        ids.push(world.store.sweepable(1, minute).await.expect("rows").into_iter().map(|it| it.id).collect::<Vec<_>>());
    }
    assert!(ids[0].len() == 1 && ids[1].len() == 1 && ids[0] != ids[1] && ids[2].is_empty(), "{ids:?}");
    world.run("update payload_objects set sweep_after = now() - interval '1 second'").await;
    assert_eq!(world.store.sweepable(10, minute).await.expect("rows").len(), 2);
}

#[tokio::test]
async fn an_object_of_a_claim_is_swept_when_the_claim_is_over_and_never_while_it_lasts() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let transfer = world.received(alice, &[bob]).await;
    let claim = world.claim(Work::Transfer(transfer.id)).await;
    let masked = PayloadId::generate(now());
    world
        .store
        .begin_object(masked, transfer.id.into(), "payloads/m/2", claim.aggregate.version())
        .await
        .expect("a row");
    assert!(swept(&world).await.is_empty(), "it may yet be promoted");
    world.store.relinquish(&claim, std::time::Duration::ZERO, Blame::Nobody).await.expect("an answer");
    assert_eq!(swept(&world).await, ["payloads/m/2"]);
    let live = transfer.source.expect("a payload");
    world.store.swept(live.id).await.expect("an answer");
    assert_eq!(world.number("select count(*) from payload_objects where state = 'live'").await, 1);
    assert_eq!(live.digest, Digest::of(transfer.id.to_string().as_bytes()));
}

#[tokio::test]
async fn what_belongs_to_a_partial_upload_is_kept_until_it_expires_and_can_be_renewed() {
    let world = World::new().await;
    let alice = world.partner("alice").await;
    let upload = partial(alice, Some(5));
    world.store.begin_partial(&upload, now(), Quota::default()).await.expect("a partial upload");
    let owner = upload.owner();
    let sealed = payload(TransferId::generate(now()));
    world.store.begin_object(sealed.id, owner, &sealed.key, 0).await.expect("a row");
    let advanced = world.store.advance(&step(&upload, 3, Some("uploads/1"))).await.expect("an advance");
    let other = PayloadId::generate(now());
    world.store.begin_object(other, owner, "uploads/2", 0).await.expect("a row");
    assert!(swept(&world).await.is_empty(), "it is under way");
    let complete = world.store.sealed(upload.id, advanced.version, &sealed).await.expect("a sealed upload");
    assert_eq!((complete.transfer, complete.complete), (None, true));
    assert_eq!(swept(&world).await, ["uploads/1", "uploads/2"], "only the sealed payload is needed");

    world.run("update uploads set expires_at = now() - interval '1 second'").await;
    assert!(swept(&world).await.contains(&sealed.key));
    world.store.renew(&[upload.id]).await.expect("an answer");
    assert!(!swept(&world).await.contains(&sealed.key));
    world.store.terminate(upload.id).await.expect("an end");
    assert!(swept(&world).await.contains(&sealed.key));
}

#[tokio::test]
async fn whoever_asks_waits_for_a_writer_that_sets_down_what_it_has() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let upload = world.announced(alice, &[bob]).await.upload;
    let taken = Advance { progress: upload.progress.taken_over(), ..step(&upload, 0, None) };
    let upload = world.store.advance(&taken).await.expect("an advance");
    // Without a limit that matters: only the pause can end the wait.
    let asking = world.store.at_rest(upload.id, std::time::Duration::from_secs(600));
    let pausing = step(&upload, 7, Some("uploads/1"));
    let (found, paused) = tokio::join!(asking, world.store.advance(&pausing));
    assert_eq!(found.expect("an answer").expect("an upload").offset, paused.expect("an advance").offset);
    // A dead writer costs the patience and no more.
    let dead = Advance { progress: pausing.progress.taken_over(), version: upload.version + 1, ..pausing };
    let upload = world.store.advance(&dead).await.expect("an advance");
    let found = world.store.at_rest(upload.id, std::time::Duration::ZERO).await.expect("an answer");
    assert_eq!(found, Some(upload));
}

#[tokio::test]
async fn what_a_client_said_of_its_upload_is_kept_word_for_word() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let said = |words: &str| Some(words.to_owned());
    let mut announcement = world.announcement(alice, &[bob], None);
    announcement.upload.metadata = said("to Ym9i,filename  YS50eHQ=,mine");
    world.store.announce(&announcement).await.expect("an announcement");
    let part = Upload { metadata: said("filename YS50eHQ="), ..partial(alice, Some(5)) };
    world.store.begin_partial(&part, now(), Quota::default()).await.expect("a partial upload");
    let silent = world.announced(alice, &[bob]).await.upload;
    for upload in [announcement.upload, part, silent] {
        let advanced = world.store.advance(&step(&upload, 3, None)).await.expect("an advance");
        assert_eq!(advanced.metadata, upload.metadata);
        let found = world.store.upload(upload.id).await.expect("an answer").expect("an upload");
        assert_eq!(found.metadata, upload.metadata);
    }
}
