//! Quotas: counted exactly by hosts that do not know of each other, and only where there is one.

use std::time::Duration;

use lockgate_core::claim::Aggregate;
use lockgate_core::command::Work;
use lockgate_core::digest::Digest;
use lockgate_core::id::{PartnerId, TransferId, UploadId};
use lockgate_core::ports::{AnnounceOutcome, Announcement, Registry, TransferStore, UploadStore};
use lockgate_core::quota::{Bound, DAY, Exceeded, OverQuota, Quota};
use lockgate_core::state::{Stamp, TransferMove, transfer};
use lockgate_core::time::Timestamp;
use lockgate_core::upload::Upload;
use lockgate_core::viewer::Role;
use lockgate_store::{PgStore, StoreConfig};

use crate::world::{World, key, now, partial, payload};

fn bound(outcome: &AnnounceOutcome) -> Option<Bound> {
    match outcome {
        AnnounceOutcome::OverQuota(over) => Some(over.exceeded.bound),
        _ => None,
    }
}

fn limited(announcement: Announcement, transfers: u64, bytes: u64) -> Announcement {
    let quota = Quota { transfers_per_day: Some(transfers), bytes_per_day: Some(bytes), stored_bytes: None };
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
            AnnounceOutcome::OverQuota(it) => refused.push((it.exceeded, it.ends_in.expect("a day ends"))),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((created, refused.len()), (25, 15));
    let full = Exceeded { bound: Bound::TransfersPerDay, limit: 25, used: 25, asked: 1 };
    assert!(refused.iter().all(|it| it.0 == full && it.1 <= DAY && it.1 > Duration::ZERO), "{refused:?}");
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
    assert!(matches!(world.store.announce(&second).await, Ok(AnnounceOutcome::OverQuota(_))));
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
    assert_eq!(bound(&outcome), Some(Bound::BytesPerDay), "{outcome:?}");
    assert_eq!(bytes().await, 22, "what was refused is not counted");
}

#[tokio::test]
async fn bytes_that_come_after_midnight_are_counted_in_the_new_day() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let mut it = limited(world.announcement(alice, &[bob], None), 10, 20);
    it.upload.length = None;
    assert!(matches!(world.store.announce(&it).await, Ok(AnnounceOutcome::Created)));
    let part = partial(alice, None);
    let over = world.store.begin_partial(&part, now(), it.quota.of_bytes()).await.expect("an outcome");
    assert_eq!(over, None);
    world.run("update partner_usage set day = day - 1").await;
    let today = async || {
        let sum = |what| format!("select coalesce(sum({what}), 0)::bigint from partner_usage where day = current_date");
        (world.number(&sum("transfers")).await, world.number(&sum("bytes")).await)
    };
    world.store.sealed(it.upload.id, it.upload.version, &payload(it.transfer.id)).await.expect("sealed");
    assert_eq!(today().await, (0, 11));
    world.store.sealed(part.id, part.version, &payload(TransferId::generate(now()))).await.expect("sealed");
    assert_eq!(today().await, (0, 22));
    assert_eq!(world.number("select counted from uploads where transfer is null").await, 11, "kept with the part");
    let before = "select bytes from partner_usage where day < current_date";
    assert_eq!(world.number(before).await, 0, "yesterday is over");
    let mut next = limited(world.announcement(alice, &[bob], None), 10, 20);
    next.upload.length = Some(1);
    let outcome = world.store.announce(&next).await.expect("an outcome");
    assert_eq!(bound(&outcome), Some(Bound::BytesPerDay), "{outcome:?}");
}

#[tokio::test]
async fn bytes_of_a_sender_who_was_not_counted_since_the_upload_began_are_not_counted() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let counted = limited(world.announcement(alice, &[bob], None), 10, 100);
    assert!(matches!(world.store.announce(&counted).await, Ok(AnnounceOutcome::Created)));
    // It had a quota then, and has none now.
    world.run("update partner_usage set day = day - 9").await;
    let mut free = world.announcement(alice, &[bob], None);
    free.upload.length = None;
    assert!(matches!(world.store.announce(&free).await, Ok(AnnounceOutcome::Created)));
    world.store.sealed(free.upload.id, free.upload.version, &payload(free.transfer.id)).await.expect("sealed");
    assert_eq!(world.number("select count(*) from partner_usage where day = current_date").await, 0);
}

#[tokio::test]
async fn without_a_quota_nothing_is_counted() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let free = Announcement { fingerprint: Digest::of(b"free"), ..world.announcement(alice, &[bob], None) };
    assert!(matches!(world.store.announce(&free).await, Ok(AnnounceOutcome::Created)));
    assert_eq!(world.number("select count(*) from partner_usage").await, 0);
}

fn stores(bytes: u64) -> Quota {
    Quota { stored_bytes: Some(bytes), ..Quota::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_at_once_store_as_many_bytes_as_the_partners_own_terms_have() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    world.store.set_quota(alice, &stores(100)).await.expect("terms");
    let other = PgStore::connect(&StoreConfig::new(world.url.clone(), key())).await.expect("another node");
    let announcing = (0..20).map(|number| {
        let mut it = world.announcement(alice, &[bob], None);
        it.upload.length = Some(11);
        it.quota = stores(100);
        let store = if number % 2 == 0 { world.store.clone() } else { other.clone() };
        tokio::spawn(async move { store.announce(&it).await.expect("an outcome") })
    });
    let (mut created, mut refused) = (0, 0);
    for outcome in futures::future::join_all(announcing.collect::<Vec<_>>()).await {
        match outcome.expect("no panic") {
            AnnounceOutcome::Created => created += 1,
            AnnounceOutcome::OverQuota(OverQuota { exceeded, ends_in }) => {
                refused += 1;
                assert_eq!(exceeded, Exceeded { bound: Bound::StoredBytes, limit: 100, used: 99, asked: 11 });
                assert_eq!(ends_in, None, "no time helps");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((created, refused), (9, 11));
    let mut bobs = world.announcement(bob, &[alice], None);
    bobs.upload.length = Some(1_000);
    assert!(matches!(world.store.announce(&bobs).await, Ok(AnnounceOutcome::Created)), "another partner has no bound");
    for (role, sees) in [(Role::Operator, 99), (Role::Partner(alice), 99), (Role::Partner(bob), 0)] {
        let standings = world.view(role).await.standings_of(&[alice]).await.expect("an answer");
        assert_eq!(standings[0].counted.stored, sees, "{role:?}");
        assert_eq!(standings[0].terms.stored_bytes, (sees > 0).then_some(100), "{role:?}");
    }
}

#[tokio::test]
async fn what_is_used_is_seen_though_no_limit_counts_it() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let announce = async |length, at: Timestamp, quota: Quota| {
        let mut it = world.announcement(alice, &[bob], None);
        (it.upload.id, it.upload.length, it.quota) = (UploadId::generate(at), Some(length), quota);
        assert!(matches!(world.store.announce(&it).await, Ok(AnnounceOutcome::Created)));
    };
    let free = Quota::default();
    announce(1_000, now() - DAY, free).await;
    announce(20, now(), free).await;
    announce(3, now(), free).await;
    let part = partial(alice, Some(100));
    assert_eq!(world.store.begin_partial(&part, now(), free).await.expect("it is begun"), None);
    let used = async |role, installation: Quota| {
        let standings = world.view(role).await.standings_of(&[alice]).await.expect("an answer");
        let used = standings[0].used(installation);
        (used.transfers, used.bytes)
    };
    assert_eq!(used(Role::Partner(alice), free).await, (2, 123), "today's, and parts that no transfer took yet");
    assert_eq!(used(Role::Operator, free).await, (2, 123));
    assert_eq!(used(Role::Partner(bob), free).await, (0, 0), "nobody else's affair");
    let ten = Quota { transfers_per_day: Some(10), ..free };
    assert_eq!(used(Role::Operator, ten).await, (0, 0), "what a limit counts began with it");
    announce(7, now(), ten).await;
    assert_eq!(used(Role::Operator, ten).await, (1, 7));
    world.store.set_quota(alice, &ten).await.expect("terms");
    assert_eq!(used(Role::Operator, free).await, (1, 7), "its own terms count as well");
}

#[tokio::test]
async fn what_is_stored_is_given_back_when_its_bytes_are_removed_or_will_never_come() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    world.store.set_quota(alice, &stores(30)).await.expect("terms");
    let stored = async || {
        let standings = world.view(Role::Operator).await.standings_of(&[alice]).await.expect("an answer");
        standings[0].counted.stored
    };
    let kept = world.received(alice, &[bob]).await;
    assert_eq!(stored().await, 11, "what was received stays in store");

    let mut given_up = world.announcement(alice, &[bob], None);
    given_up.upload.length = Some(19);
    given_up.quota = stores(30);
    assert!(matches!(world.store.announce(&given_up).await, Ok(AnnounceOutcome::Created)));
    let mut next = world.announcement(alice, &[bob], None);
    next.upload.length = Some(1);
    next.quota = stores(30);
    let outcome = world.store.announce(&next).await.expect("an outcome");
    assert_eq!(bound(&outcome), Some(Bound::StoredBytes), "announced bytes have their place already");
    let Aggregate::Transfer(it) = world.load(Work::Transfer(given_up.transfer.id)).await else { panic!("a transfer") };
    let expired = transfer::apply(&it, TransferMove::Expire, &Stamp::of_host(world.host, now())).expect("a legal move");
    world.store.commit(&expired).await.expect("it expired");
    assert_eq!(stored().await, 11);

    let source = kept.source.expect("it was received").id;
    world.run("update payload_objects set state = 'discarded', sweep_after = now()").await;
    assert_eq!(stored().await, 11, "what is to be removed is still there");
    world.store.swept(source).await.expect("swept");
    assert_eq!(stored().await, 0);
    assert!(matches!(world.store.announce(&next).await, Ok(AnnounceOutcome::Created)));
}

fn of_parts(world: &World, to: PartnerId, parts: &[&Upload], quota: Quota) -> Announcement {
    let mut it = world.announcement(parts[0].sender, &[to], None);
    it.upload.length = parts.iter().map(|part| part.length).sum();
    it.upload.assembles = parts.iter().map(|part| part.id).collect();
    Announcement { quota, ..it }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_at_once_begin_as_many_partial_uploads_as_the_bound_has_room_for() {
    let world = World::new().await;
    let alice = world.partner("alice").await;
    world.store.set_quota(alice, &stores(100)).await.expect("terms");
    let found = world.store.addressing(alice, &[]).await.expect("an answer").expect("a sender");
    assert_eq!(found.terms, stores(100), "terms are found though nobody is addressed");
    let other = PgStore::connect(&StoreConfig::new(world.url.clone(), key())).await.expect("another node");
    let beginning = (0..20).map(|number| {
        let store = if number % 2 == 0 { world.store.clone() } else { other.clone() };
        tokio::spawn(async move { store.begin_partial(&partial(alice, Some(11)), now(), stores(100)).await })
    });
    let mut refused = vec![];
    for outcome in futures::future::join_all(beginning.collect::<Vec<_>>()).await {
        refused.extend(outcome.expect("no panic").expect("an outcome"));
    }
    assert_eq!(refused.len(), 11);
    let full = Exceeded { bound: Bound::StoredBytes, limit: 100, used: 99, asked: 11 };
    assert!(refused.iter().all(|it| it.exceeded == full && it.ends_in.is_none()), "{refused:?}");
    assert_eq!(world.number("select count(*) from uploads").await, 9, "nothing is left of the rest");
    assert_eq!(world.number("select count(*) from partner_usage").await, 0, "the day is not bounded");
}

#[tokio::test]
async fn parts_make_room_for_what_is_assembled_of_them_and_for_nothing_else() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let quota = stores(100);
    let (one, two) = (partial(alice, Some(40)), partial(alice, Some(20)));
    for part in [&one, &two] {
        assert_eq!(world.store.begin_partial(part, now(), quota).await.expect("an outcome"), None);
    }
    let mut stranger = world.announcement(alice, &[bob], None);
    (stranger.upload.length, stranger.quota) = (Some(60), quota);
    let outcome = world.store.announce(&stranger).await.expect("an outcome");
    assert_eq!(bound(&outcome), Some(Bound::StoredBytes), "parts are in store");
    let whole = of_parts(&world, bob, &[&one, &two], quota);
    assert!(matches!(world.store.announce(&whole).await, Ok(AnnounceOutcome::Created)));
    let again = of_parts(&world, bob, &[&two, &one], quota);
    let outcome = world.store.announce(&again).await.expect("an outcome");
    let AnnounceOutcome::OverQuota(OverQuota { exceeded, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(
        exceeded,
        Exceeded { bound: Bound::StoredBytes, limit: 100, used: 60, asked: 60 },
        "the first is in store"
    );
    let over = world.store.begin_partial(&partial(alice, Some(1)), now(), quota).await.expect("an outcome");
    assert_eq!(over.expect("parts and whole are in store").exceeded.used, 120);
    for part in [&one, &two] {
        world.store.terminate(part.id).await.expect("an end");
    }
    assert_eq!(world.store.begin_partial(&partial(alice, Some(1)), now(), quota).await.expect("an outcome"), None);
}

#[tokio::test]
async fn bytes_of_parts_are_counted_in_the_day_once_for_what_is_assembled_of_them_first() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let quota = Quota { transfers_per_day: Some(9), bytes_per_day: Some(100), stored_bytes: None };
    let (known, mut unknown) = (partial(alice, Some(49)), partial(alice, None));
    for part in [&known, &unknown] {
        let over = world.store.begin_partial(part, now(), quota.of_bytes()).await.expect("an outcome");
        assert_eq!(over, None);
    }
    let today = async || {
        let (transfers, bytes) = ("select transfers from partner_usage", "select bytes from partner_usage");
        (world.number(transfers).await, world.number(bytes).await)
    };
    assert_eq!(today().await, (0, 49));
    world.store.sealed(unknown.id, 0, &payload(TransferId::generate(now()))).await.expect("sealed");
    unknown.length = Some(11);
    assert_eq!(today().await, (0, 60));
    let over = world.store.begin_partial(&partial(alice, Some(41)), now(), quota.of_bytes()).await;
    let over = over.expect("an outcome").expect("a refusal");
    assert_eq!(over.exceeded, Exceeded { bound: Bound::BytesPerDay, limit: 100, used: 60, asked: 41 });
    assert!(over.ends_in.is_some_and(|it| it <= DAY));
    let first = of_parts(&world, bob, &[&known, &unknown], quota);
    assert!(matches!(world.store.announce(&first).await, Ok(AnnounceOutcome::Created)));
    assert_eq!(today().await, (1, 60), "they were counted as they came");
    let second = of_parts(&world, bob, &[&unknown, &known], quota);
    let outcome = world.store.announce(&second).await.expect("an outcome");
    assert_eq!(bound(&outcome), Some(Bound::BytesPerDay), "the same parts for another transfer are counted");
    assert_eq!(today().await, (1, 60));
}
