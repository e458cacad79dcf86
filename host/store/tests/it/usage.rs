//! Quotas: counted exactly by hosts that do not know of each other, and only where there is one.

use std::time::Duration;

use lockgate_core::digest::Digest;
use lockgate_core::ports::{AnnounceOutcome, Announcement, TransferStore, UploadStore};
use lockgate_core::quota::{DAY, Quota};
use lockgate_store::{PgStore, StoreConfig};

use crate::world::{World, key, payload};

fn limited(announcement: Announcement, transfers: u64, bytes: u64) -> Announcement {
    let quota = Quota { transfers_per_day: Some(transfers), bytes_per_day: Some(bytes) };
    Announcement { quota, ..announcement }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_at_once_create_as_many_transfers_as_the_quota_has_and_leave_nothing_of_the_rest() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let other = PgStore::connect(&StoreConfig::new(world.url.clone(), key())).await.expect("another node");
    let announcing = (0..40).map(|number| {
        let it = limited(world.announcement(alice, &[bob], None), 25, u64::MAX);
        let store = if number % 2 == 0 { world.store.clone() } else { other.clone() };
        tokio::spawn(async move { store.announce(&it).await.expect("an outcome") })
    });
    let outcomes = futures::future::join_all(announcing.collect::<Vec<_>>()).await;
    let (mut created, mut refused) = (0, vec![]);
    for outcome in outcomes {
        match outcome.expect("no panic") {
            AnnounceOutcome::Created => created += 1,
            AnnounceOutcome::OverQuota { exceeded, ends_in } => refused.push((exceeded.unit, exceeded.limit, ends_in)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((created, refused.len()), (25, 15));
    assert!(refused.iter().all(|it| (it.0, it.1) == ("transfers", 25) && it.2 <= DAY && it.2 > Duration::ZERO));
    assert_eq!(world.number("select count(*) from transfers").await, 25);
    assert_eq!(world.number("select transfers from partner_usage").await, 25);
    let bobs = limited(world.announcement(bob, &[alice], None), 25, u64::MAX);
    assert!(matches!(world.store.announce(&bobs).await, Ok(AnnounceOutcome::Created)), "another partner has its own");
}

#[tokio::test]
async fn a_repeat_is_not_counted_and_a_new_day_begins_at_nothing() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let first = limited(world.announcement(alice, &[bob], Some("order-7")), 1, u64::MAX);
    assert!(matches!(world.store.announce(&first).await, Ok(AnnounceOutcome::Created)));
    assert!(matches!(world.store.announce(&first).await, Ok(AnnounceOutcome::Repeated { .. })));
    let second = limited(world.announcement(alice, &[bob], Some("order-8")), 1, u64::MAX);
    assert!(matches!(world.store.announce(&second).await, Ok(AnnounceOutcome::OverQuota { .. })));
    world.run("update partner_usage set day = day - 1").await;
    assert!(matches!(world.store.announce(&second).await, Ok(AnnounceOutcome::Created)));
}

#[tokio::test]
async fn bytes_are_counted_when_they_are_announced_or_else_when_they_have_come() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let mut known = limited(world.announcement(alice, &[bob], None), 10, 100);
    known.upload.length = Some(11);
    let mut unknown = limited(world.announcement(alice, &[bob], None), 10, 100);
    unknown.upload.length = None;
    for it in [&known, &unknown] {
        assert!(matches!(world.store.announce(it).await, Ok(AnnounceOutcome::Created)));
    }
    let bytes = async || world.number("select bytes from partner_usage").await;
    assert_eq!(bytes().await, 11);
    for it in [&known, &unknown] {
        let payload = payload(it.transfer.id);
        assert_eq!(payload.size, 11);
        world.store.sealed(it.upload.id, it.upload.version, &payload).await.expect("sealed");
    }
    assert_eq!(bytes().await, 22, "the announced ones are not counted again");
    let mut large = limited(world.announcement(alice, &[bob], None), 10, 100);
    large.upload.length = Some(79);
    let outcome = world.store.announce(&large).await.expect("an outcome");
    assert!(matches!(outcome, AnnounceOutcome::OverQuota { exceeded, .. } if exceeded.unit == "bytes"), "{outcome:?}");
    assert_eq!(bytes().await, 22, "what was refused is not counted");
}

#[tokio::test]
async fn without_a_quota_nothing_is_counted() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let free = Announcement { fingerprint: Digest::of(b"free"), ..world.announcement(alice, &[bob], None) };
    assert!(matches!(world.store.announce(&free).await, Ok(AnnounceOutcome::Created)));
    assert_eq!(world.number("select count(*) from partner_usage").await, 0);
}
