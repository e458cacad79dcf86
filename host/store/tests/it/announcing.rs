//! Announcing is idempotent per sender and key.

use futures::future::join_all;
use lockgate_core::digest::Digest;
use lockgate_core::id::{PartnerId, UploadId};
use lockgate_core::ports::{AnnounceOutcome, Announcement, StoreError, TransferStore, UploadStore};
use lockgate_core::state::{self, TransferMove};
use lockgate_core::transfer::Transfer;

use crate::world::{World, now};

#[tokio::test]
async fn of_many_equal_announcements_at_once_one_creates_and_all_name_the_same_transfer() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let mut racers = vec![];
    for _ in 0..8 {
        let (store, it) = (world.store.clone(), world.announcement(alice, &[bob], Some("order-7")));
        racers.push(tokio::spawn(async move { (store.announce(&it).await.expect("an outcome"), it) }));
    }
    let (mut created, mut repeated) = (vec![], vec![]);
    for racer in racers {
        match racer.await.expect("no panic") {
            (AnnounceOutcome::Created, it) => created.push(it.transfer.id),
            (AnnounceOutcome::Repeated { transfer, upload }, _) => {
                assert_eq!(upload.transfer, Some(transfer.id));
                repeated.push(transfer.id);
            }
            (AnnounceOutcome::Conflict { transfer }, _) => panic!("{transfer} in conflict with itself"),
            (AnnounceOutcome::UrlEnded, it) => panic!("{} came by no URL", it.transfer.id),
            (AnnounceOutcome::OverQuota(_), it) => panic!("{} has no quota", it.transfer.id),
        }
    }
    assert_eq!(created.len(), 1);
    assert_eq!(repeated, vec![created[0]; 7]);
    assert_eq!(world.number("select count(*) from transfers").await, 1);
    assert_eq!(world.number("select count(*) from uploads").await, 1);
    assert_eq!(world.number("select count(*) from provenance").await, 1);
}

#[tokio::test]
async fn announcements_at_once_are_written_as_they_are_and_one_that_cannot_be_costs_no_other() {
    let world = World::new().await;
    let (alice, bob, carol) = (world.partner("alice").await, world.partner("bob").await, world.partner("carol").await);
    let stranger = PartnerId::generate(now());
    let senders = [alice, bob, stranger];
    let announcements = (0_usize..30).map(|number| {
        let receivers = [alice, bob, carol];
        let to = &receivers[..number % 3 + 1];
        let mut it = world.announcement(senders[number % 3], to, (number % 2 == 0).then_some("order"));
        it.transfer.idempotency_key = it.transfer.idempotency_key.map(|key| format!("{key}-{number}"));
        it.transfer.file_name = format!("{number}.csv\0");
        (it.upload.length, it.upload.assembles) = match number % 4 {
            0 => (None, vec![]),
            1 => (Some(0), vec![UploadId::generate(now()), UploadId::generate(now())]),
            _ => (Some(number as u64), vec![]),
        };
        it
    });
    let announced = join_all(announcements.map(async |it| (world.store.announce(&it).await, it))).await;
    for (outcome, Announcement { transfer: it, upload, entry, .. }) in announced {
        if it.sender == stranger {
            assert!(matches!(outcome, Err(StoreError::Unexpected(_))), "{outcome:?}");
            continue;
        }
        assert!(matches!(outcome, Ok(AnnounceOutcome::Created)), "{outcome:?}");
        let kept = world.transfer(it.id).await;
        let expected = Transfer {
            file_name: it.file_name.replace('\0', "\u{fffd}"),
            provenance_length: 1,
            provenance_head: kept.provenance_head,
            ..it.clone()
        };
        assert_eq!(kept, expected);
        assert_eq!(world.store.upload(upload.id).await.expect("an answer"), Some(upload));
        let kinds = format!(
            "select count(*) from provenance where transfer = '{}' and kind = '{}'",
            it.id.uuid(),
            entry.kind.name()
        );
        assert_eq!(world.number(&kinds).await, 1);
    }
    assert_eq!(world.number("select count(*) from nudges").await, 20);
}

#[tokio::test]
async fn the_same_key_with_another_input_is_a_conflict() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let first = world.announcement(alice, &[bob], Some("order-7"));
    world.store.announce(&first).await.expect("an outcome");
    let other =
        Announcement { fingerprint: Digest::of(b"other input"), ..world.announcement(alice, &[bob], Some("order-7")) };
    let outcome = world.store.announce(&other).await.expect("an outcome");
    assert!(matches!(outcome, AnnounceOutcome::Conflict { transfer } if transfer == first.transfer.id), "{outcome:?}");
}

#[tokio::test]
async fn keys_belong_to_their_sender_and_no_key_never_repeats() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    for (from, to, key) in [(alice, bob, Some("7")), (bob, alice, Some("7")), (alice, bob, None), (alice, bob, None)] {
        let outcome = world.store.announce(&world.announcement(from, &[to], key)).await.expect("an outcome");
        assert!(matches!(outcome, AnnounceOutcome::Created), "{outcome:?}");
    }
}

#[tokio::test]
async fn what_ended_without_being_received_frees_its_key() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let first = world.announcement(alice, &[bob], Some("7"));
    world.store.announce(&first).await.expect("an outcome");
    let cancel = TransferMove::Cancel { reason: "not needed".into() };
    let ended =
        state::transfer::apply(&world.transfer(first.transfer.id).await, cancel, &world.stamp()).expect("a legal move");
    world.store.commit(&ended).await.expect("an end");
    assert!(world.store.announced_under(alice, "7").await.expect("an answer").is_none());
    let anew = world.store.announce(&world.announcement(alice, &[bob], Some("7"))).await.expect("an outcome");
    assert!(matches!(anew, AnnounceOutcome::Created), "{anew:?}");
}

#[tokio::test]
async fn a_repeat_finds_the_transfer_as_it_is_now() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let it = world.announcement(alice, &[bob], Some("order-7"));
    world.store.announce(&it).await.expect("an outcome");
    let change = world.receiving(&it).await;
    UploadStore::receive(&world.store, it.upload.id, &change).await.expect("a received transfer");
    let outcome = world.store.announce(&it).await.expect("an outcome");
    let AnnounceOutcome::Repeated { transfer, upload } = outcome else { panic!("{outcome:?}") };
    assert_eq!(*transfer, world.transfer(it.transfer.id).await);
    assert!(upload.complete);
}
