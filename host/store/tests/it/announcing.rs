//! Announcing is idempotent per sender and key.

use lockgate_core::digest::Digest;
use lockgate_core::ports::{AnnounceOutcome, Announcement, TransferStore};
use lockgate_core::state::{self, TransferMove};

use crate::world::World;

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
    lockgate_core::ports::UploadStore::receive(&world.store, it.upload.id, &change).await.expect("a received transfer");
    let outcome = world.store.announce(&it).await.expect("an outcome");
    let AnnounceOutcome::Repeated { transfer, upload } = outcome else { panic!("{outcome:?}") };
    assert_eq!(*transfer, world.transfer(it.transfer.id).await);
    assert!(upload.complete);
}
