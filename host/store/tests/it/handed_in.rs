//! Uses of secure URLs to hand in: counted with the announcement, given back once with a transfer that never came in,
//! whichever host notices, and whatever died before.

use std::sync::Arc;

use lockgate_core::claim::Aggregate;
use lockgate_core::command::Work;
use lockgate_core::desk::Desk;
use lockgate_core::id::{PartnerId, SecureUrlId};
use lockgate_core::ports::{AnnounceOutcome, Announcement, CommitError, SecureUrlStore, TransferStore, UploadStore};
use lockgate_core::quota::Quota;
use lockgate_core::state::{TransferMove, transfer};
use lockgate_core::time::{Clock, Timestamp};
use lockgate_store::{PgStore, StoreConfig};

use crate::world::{World, key, now};

/// The time, told by the machine.
#[derive(Debug)]
struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        now()
    }
}

impl World {
    async fn uses(&self, id: SecureUrlId) -> u32 {
        self.store.find_url(id).await.expect("an answer").expect("the URL").uses
    }

    async fn handed_in(&self, from: PartnerId, to: PartnerId, by: SecureUrlId) -> Announcement {
        let it = Announcement { by: Some(by), ..self.announcement(from, &[to], None) };
        let outcome = self.store.announce(&it).await.expect("an outcome");
        assert!(matches!(outcome, AnnounceOutcome::Created), "{outcome:?}");
        it
    }

    fn desk(&self) -> Desk {
        Desk::new(Arc::new(self.store.clone()), Arc::new(WallClock))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_at_once_announce_as_often_as_the_url_opens_and_leave_nothing_of_the_rest() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let by = world.upload_url(alice, 3).await;
    let other = PgStore::connect(&StoreConfig::new(world.url.clone(), key())).await.expect("another node");
    let announcing = (0..12).map(|number| {
        let it = Announcement { by: Some(by), ..world.announcement(alice, &[bob], None) };
        let store = if number % 2 == 0 { world.store.clone() } else { other.clone() };
        tokio::spawn(async move { store.announce(&it).await.expect("an outcome") })
    });
    let (mut created, mut ended) = (0, 0);
    for outcome in futures::future::join_all(announcing.collect::<Vec<_>>()).await {
        match outcome.expect("no panic") {
            AnnounceOutcome::Created => created += 1,
            AnnounceOutcome::UrlEnded => ended += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((created, ended, world.uses(by).await), (3, 9, 3));
    assert_eq!(world.number("select count(*) from transfers").await, 3);
}

#[tokio::test]
async fn what_a_quota_refuses_uses_nothing_up() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let by = world.upload_url(alice, 1).await;
    let quota = Quota { stored_bytes: Some(10), ..Quota::default() };
    let it = Announcement { by: Some(by), quota, ..world.announcement(alice, &[bob], None) };
    assert!(matches!(world.store.announce(&it).await, Ok(AnnounceOutcome::OverQuota(_))));
    assert_eq!(world.uses(by).await, 0);
}

#[tokio::test]
async fn a_use_whose_host_died_is_given_back_once_when_its_transfer_expires() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let by = world.upload_url(alice, 1).await;
    let dead = world.handed_in(alice, bob, by).await;
    assert_eq!(world.desk().expire(world.host, 10).await.expect("an answer"), 0);
    assert_eq!(world.uses(by).await, 1, "it may still be under way");
    let late = transfer::apply(&dead.transfer, TransferMove::Expire, &world.stamp()).expect("a legal move");

    world.run("update uploads set expires_at = now() - interval '1 second'").await;
    let (one, other) = (world.desk(), world.desk());
    let (one, other) = tokio::join!(one.expire(world.host, 10), other.expire(world.host, 10));
    assert_eq!(one.expect("an answer") + other.expect("an answer"), 1);
    assert_eq!(world.uses(by).await, 0);

    world.handed_in(alice, bob, by).await;
    assert!(matches!(world.store.commit(&late).await, Err(CommitError::Stale(_))));
    assert_eq!(world.desk().expire(world.host, 10).await.expect("an answer"), 0);
    assert_eq!(world.uses(by).await, 1, "the second use is not given back for the first");
}

#[tokio::test]
async fn a_file_that_came_whole_and_was_never_acknowledged_gives_its_use_back_too() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let by = world.upload_url(alice, 1).await;
    let it = world.handed_in(alice, bob, by).await;
    world.receiving(&it).await;
    let ordinary = world.announced(alice, &[bob]).await;
    world.receiving(&ordinary).await;
    world.run("update uploads set expires_at = now() - interval '1 second'").await;
    assert_eq!(
        world.desk().expire(world.host, 10).await.expect("an answer"),
        1,
        "the ordinary one is finished by its sender"
    );
    assert_eq!(world.uses(by).await, 0);
    let swept: Vec<_> = world
        .store
        .sweepable(10, std::time::Duration::ZERO)
        .await
        .expect("rows")
        .into_iter()
        .map(|it| it.key)
        .collect();
    assert_eq!(swept.len(), 1, "its bytes are removed: {swept:?}");
}

#[tokio::test]
async fn a_file_that_came_whole_in_one_request_is_taken_back_or_expires_and_leaves_nothing() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let mut once = vec![];
    for _ in 0..2 {
        let mut it = world.announcement(alice, &[bob], None);
        it.upload.once = true;
        world.store.announce(&it).await.expect("an outcome");
        let receipt = world.receiving(&it).await;
        once.push((it, receipt));
    }
    let (taken_back, receipt) = &once[0];
    let cancel = TransferMove::Cancel { reason: "a test".to_owned() };
    let change = transfer::apply(&taken_back.transfer, cancel, &world.stamp()).expect("a legal move");
    world.store.commit(&change).await.expect("cancelled");
    world.store.terminate(taken_back.upload.id).await.expect("ended");
    let late = world.store.receive(taken_back.upload.id, receipt).await;
    assert!(matches!(late, Err(CommitError::Stale(_))), "the receipt that was on its way is written no more: {late:?}");

    assert_eq!(world.desk().expire(world.host, 10).await.expect("an answer"), 0, "the other may still be under way");
    world.run("update uploads set expires_at = now() - interval '1 second'").await;
    assert_eq!(world.desk().expire(world.host, 10).await.expect("an answer"), 1);
    let swept = world.store.sweepable(10, std::time::Duration::ZERO).await.expect("rows");
    assert_eq!(swept.len(), 2, "the bytes of both are removed: {swept:?}");
}

#[tokio::test]
async fn what_came_in_keeps_its_use_even_if_it_is_cancelled_and_what_did_not_gives_it_back() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let by = world.upload_url(alice, 2).await;
    let (came, broke) = (world.handed_in(alice, bob, by).await, world.handed_in(alice, bob, by).await);
    let change = world.receiving(&came).await;
    world.store.receive(came.upload.id, &change).await.expect("received");
    for it in [&came, &broke] {
        let Aggregate::Transfer(it) = world.load(Work::Transfer(it.transfer.id)).await else { panic!("a transfer") };
        let cancel = TransferMove::Cancel { reason: "a test".to_owned() };
        let change = transfer::apply(&it, cancel, &world.stamp()).expect("a legal move");
        world.store.commit(&change).await.expect("cancelled");
    }
    assert_eq!(world.uses(by).await, 1);
}
