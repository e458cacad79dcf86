//! A change is written as a whole or not at all.

use lockgate_core::claim::Aggregate;
use lockgate_core::command::Work;
use lockgate_core::delivery::{Answer, Cause};
use lockgate_core::destination::DestinationStatus;
use lockgate_core::id::{PartnerId, PayloadId};
use lockgate_core::ports::{CommitError, DestinationChange, Registry, StoreError, TransferStore, Turned, UploadStore};
use lockgate_core::state::{Stamp, TransferMove, transfer};
use lockgate_core::transfer::TransferState;

use crate::world::{World, endpoint, now};

/// Everything that a commit may write, counted.
async fn everything(world: &World) -> Vec<i64> {
    let mut counts = vec![];
    for table in
        ["consignments", "deliveries", "attempts", "decisions", "provenance", "events", "notifications", "outbox"]
    {
        counts.push(world.number(&format!("select count(*) from {table}")).await);
    }
    counts.push(world.number("select coalesce(sum(version + provenance_length), 0)::bigint from transfers").await);
    counts
}

#[tokio::test]
async fn an_accepted_transfer_is_written_with_all_that_follows() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let received = world.received(alice, &[bob]).await;
    let claim = world.claim(Work::Transfer(received.id)).await;
    let change = world.accepting(&claim);
    world.store.commit(&change).await.expect("an accepted transfer");

    let it = world.transfer(received.id).await;
    let Aggregate::Transfer(next) = change.next() else { panic!("not a transfer") };
    assert_eq!((it.state, it.version), (TransferState::Accepted, next.version));
    assert_eq!((&it.released, &it.planned), (&next.released, &next.planned));
    assert_eq!(it.provenance_length, received.provenance_length + change.entries().len() as u64);
    assert_eq!(world.consignment(change.consignments()[0].id).await, change.consignments()[0]);
    assert_eq!(world.number("select count(*) from transfers where claimed_by is not null").await, 0);
    assert_eq!(world.number("select count(*) from payload_objects where state = 'live'").await, 1);
}

#[tokio::test]
async fn a_change_that_fails_in_the_middle_leaves_nothing() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let received = world.received(alice, &[bob, PartnerId::generate(now())]).await;
    let claim = world.claim(Work::Transfer(received.id)).await;
    let before = everything(&world).await;
    // The second consignment names a receiver that does not exist, after the first was inserted.
    let failed = world.store.commit(&world.accepting(&claim)).await;
    assert!(matches!(failed, Err(CommitError::Store(StoreError::Unexpected(_)))), "{failed:?}");
    assert_eq!(everything(&world).await, before);
}

#[tokio::test]
async fn a_payload_that_is_not_being_written_cannot_become_live() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let it = world.announced(alice, &[bob]).await;
    let change = world.receiving(&it).await;
    let before = everything(&world).await;
    world.run("update payload_objects set state = 'discarded'").await;
    let failed = world.store.receive(it.upload.id, &change).await;
    assert!(matches!(failed, Err(CommitError::Store(StoreError::Unexpected(_)))), "{failed:?}");
    assert_eq!(everything(&world).await, before);
    assert_eq!(world.transfer(it.transfer.id).await.state, TransferState::Announced);
}

#[tokio::test]
async fn a_transfer_is_received_only_with_the_payload_that_its_upload_sealed() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let it = world.announced(alice, &[bob]).await;
    world.receiving(&it).await;
    let mut other = crate::world::payload(it.transfer.id);
    other.id = PayloadId::generate(now());
    other.key = "payloads/other".into();
    world.store.begin_object(other.id, it.transfer.id.into(), &other.key, 0).await.expect("an object's row");
    let stamp = Stamp::of_host(world.host, now());
    let change = transfer::apply(&it.transfer, TransferMove::Receive(other), &stamp).expect("a legal move");
    let failed = world.store.receive(it.upload.id, &change).await;
    assert!(matches!(failed, Err(CommitError::Store(StoreError::Unexpected(_)))), "{failed:?}");
    assert_eq!(world.transfer(it.transfer.id).await.state, TransferState::Announced);
}

#[tokio::test]
async fn a_destination_that_says_it_is_gone_is_disabled_with_the_attempt() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let destination = world.destination(bob, "inbox", false).await;
    let share = world.accepted(alice, &[bob]).await.remove(0);
    let delivery = world.released(&share, &[&destination]).await.remove(0);
    let claim = world.claim(Work::Delivery(delivery.id)).await;
    let change = world.attempting(
        &claim,
        Answer::Refused { cause: Cause::Gone, error: "410 Gone".to_owned(), disable: true, response: None },
    );
    world.store.commit(&change).await.expect("an attempt");
    let destination = world.store.destination(destination.id).await.expect("an answer").expect("a destination");
    assert_eq!(destination.status, DestinationStatus::Disabled);
    assert_eq!(world.number("select count(*) from attempts").await, 1);
    assert_eq!(world.number("select count(*) from events where kind = 'destination.disabled'").await, 1);
    assert_eq!(world.number("select count(*) from provenance where kind = 'destination-disabled'").await, 1);
}

#[tokio::test]
async fn an_old_address_that_is_gone_does_not_turn_off_the_one_that_was_set_since() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let old = world.destination(bob, "inbox", false).await;
    let mut asking = vec![];
    for _ in 0..2 {
        let share = world.accepted(alice, &[bob]).await.remove(0);
        let delivery = world.released(&share, &[&old]).await.remove(0);
        asking.push(world.claim(Work::Delivery(delivery.id)).await);
    }
    let gone = Answer::Refused { cause: Cause::Gone, error: "410 Gone".to_owned(), disable: true, response: None };
    let answered = async |at: usize| {
        world.store.commit(&world.attempting_at(&old, &asking[at], gone.clone())).await.expect("an attempt");
        world.store.destination(old.id).await.expect("an answer").expect("a destination").status
    };
    assert_eq!(answered(0).await, DestinationStatus::Disabled);
    let mended = DestinationChange {
        endpoint: Some(endpoint("https://new.example/")),
        turned: Some(Turned::On),
        ..DestinationChange::default()
    };
    world.store.update_destination(old.id, &mended).await.expect("it is there");
    assert_eq!(answered(1).await, DestinationStatus::Active);
    assert_eq!(world.number("select count(*) from attempts").await, 2);
    assert_eq!(world.number("select count(*) from events where kind = 'destination.disabled'").await, 1);
}

#[tokio::test]
async fn an_endpoint_that_was_kept_before_an_option_was_known_is_still_the_same() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let inbox = world.destination(bob, "inbox", false).await;
    world.run("update destinations set endpoint = endpoint - 'options'").await;
    let share = world.accepted(alice, &[bob]).await.remove(0);
    let delivery = world.released(&share, &[&inbox]).await.remove(0);
    let claim = world.claim(Work::Delivery(delivery.id)).await;
    let gone = Answer::Refused { cause: Cause::Gone, error: "410 Gone".to_owned(), disable: true, response: None };
    let asked = world.store.destination(inbox.id).await.expect("an answer").expect("a destination");
    world.store.commit(&world.attempting_at(&asked, &claim, gone)).await.expect("an attempt");
    assert_eq!(world.number("select count(*) from destinations where status = 'disabled'").await, 1);
}

#[tokio::test]
async fn expired_holds_and_announcements_are_found_once_their_time_passed() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let it = world.announced(alice, &[bob]).await;
    assert!(world.store.expired(8).await.expect("an answer").is_empty());
    world.run("update uploads set expires_at = now() - interval '1 second'").await;
    let expired = world.store.expired(8).await.expect("an answer");
    assert_eq!(expired.iter().map(Aggregate::work).collect::<Vec<_>>(), [Work::Transfer(it.transfer.id)]);
}

#[tokio::test]
async fn of_two_twins_the_one_received_first_is_the_first_whichever_was_announced_first() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let early = world.announced(alice, &[bob]).await;
    let quick = world.received(alice, &[bob]).await;
    let digest = quick.source.as_ref().expect("a payload").digest;
    world.store.receive(early.upload.id, &world.receiving(&early).await).await.expect("a received transfer");
    let slow = world.transfer(early.transfer.id).await;
    assert_eq!(world.store.twin(&slow, &digest).await.expect("an answer"), Some(quick.id));
    assert_eq!(world.store.twin(&quick, &digest).await.expect("an answer"), None);
}

#[tokio::test]
async fn a_twin_is_an_earlier_transfer_with_name_and_digest_that_was_not_refused() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let first = world.received(alice, &[bob]).await;
    let digest = first.source.as_ref().expect("a payload").digest;
    let second = world.received(alice, &[bob]).await;
    assert_eq!(world.store.twin(&second, &digest).await.expect("an answer"), Some(first.id));
    assert_eq!(world.store.twin(&first, &digest).await.expect("an answer"), None, "it is not its own twin");
    let stamp = Stamp::of_person("test", now(), None);
    let cancel = transfer::apply(&first, TransferMove::Cancel { reason: "wrong file".into() }, &stamp);
    world.store.commit(&cancel.expect("a legal move")).await.expect("a cancelled transfer");
    assert_eq!(world.store.twin(&second, &digest).await.expect("an answer"), None);
}
