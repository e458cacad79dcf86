//! Work without a living host is adopted, by the database's clock.

use std::collections::HashSet;
use std::time::Duration;

use lockgate_core::claim::{Aggregate, ClaimOrigin, Room};
use lockgate_core::command::Work;
use lockgate_core::delivery::Delivery;
use lockgate_core::destination::Destination;
use lockgate_core::hook::Hook;
use lockgate_core::id::PartnerId;
use lockgate_core::policy::{Owner, Side};
use lockgate_core::ports::{Blame, CommitError, TransferStore};

use crate::world::{World, binding};

const LATER: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn every_death_over_a_transfer_counts_as_an_adoption() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let transfer = world.received(alice, &[bob]).await;
    let claim = world.claim(Work::Transfer(transfer.id)).await;
    world.store.pin(&claim, Side::Inbound).await.expect("a judgement that begins");
    for deaths in 1..=3 {
        let host = world.host(LATER).await;
        assert!(world.adopt(host, 8, LATER).await.is_empty(), "its host lives");
        world.run("update hosts set alive_until = now() - interval '1 second'").await;
        let host = world.host(LATER).await;
        let adopted = world.adopt(host, 8, LATER).await;
        assert_eq!(adopted.len(), 1);
        assert_eq!(adopted[0].origin, ClaimOrigin::Adopted);
        assert_eq!(adopted[0].aggregate.adoptions(), deaths);
    }
}

#[tokio::test]
async fn what_only_waited_in_a_host_that_died_is_not_blamed_for_it() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let inbox = world.destination(bob, "inbox", false).await;
    let share = world.accepted(alice, &[bob]).await.remove(0);
    let delivery = world.released(&share, &[&inbox]).await.remove(0);
    let transfer = world.received(alice, &[bob]).await;
    world.claim(Work::Transfer(transfer.id)).await;
    world.claim(Work::Delivery(delivery.id)).await;
    let adopted = async || {
        world.run("update hosts set alive_until = now() - interval '1 second'").await;
        let adopted = world.adopt(world.host(LATER).await, 8, LATER).await;
        let mut adoptions: Vec<_> =
            adopted.iter().map(|it| (it.aggregate.work().kind(), it.aggregate.adoptions())).collect();
        adoptions.sort_unstable();
        adoptions
    };
    assert_eq!(adopted().await, [("delivery", 0), ("transfer", 0)]);
    world.run("update deliveries set attempting = true").await;
    assert_eq!(adopted().await, [("delivery", 1), ("transfer", 0)], "this one was being attempted");
}

#[tokio::test]
async fn the_last_death_over_a_message_counts_only_if_its_plugin_had_begun() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let owner = Owner::Partner(alice);
    world.active(owner, Side::Inbound, vec![binding(owner, Hook::Notify)]).await;
    world.received(alice, &[bob]).await;
    let adopted = async || {
        world.run("update hosts set alive_until = now() - interval '1 second'").await;
        let claims = world.adopt(world.host(LATER).await, 8, Duration::ZERO).await;
        claims.into_iter().find(|it| it.aggregate.work().kind() == "notification").expect("a notification")
    };
    adopted().await;
    for counted in [1, 2, 2, 2] {
        assert_eq!(adopted().await.aggregate.adoptions(), counted, "it only waited, for all that is known");
    }
    let claim = adopted().await;
    world.store.suspect(&claim).await.expect("it is its claim");
    world.store.relinquish(&claim, Duration::ZERO, Blame::Nobody).await.expect("an answer");
    assert!(matches!(world.store.suspect(&claim).await, Err(CommitError::Stale(_))));
    world
        .run("update notifications set due_at = now() - interval '1 hour', updated_at = now() - interval '2 hours'")
        .await;
    assert_eq!(adopted().await.aggregate.adoptions(), 2, "it was given back by one that lived");
    let claim = adopted().await;
    world.store.suspect(&claim).await.expect("it is its claim");
    assert_eq!(adopted().await.aggregate.adoptions(), 3);
}

#[tokio::test]
async fn what_was_rung_for_is_polled_only_when_overdue() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    world.received(alice, &[bob]).await;
    assert!(world.adopt(world.host, 8, LATER).await.is_empty(), "Kafka gets its chance");
    let polled = world.adopt(world.host, 8, Duration::ZERO).await;
    assert_eq!(polled.iter().map(|it| it.origin.clone()).collect::<Vec<_>>(), [ClaimOrigin::Polled]);
}

#[tokio::test]
async fn hosts_that_adopt_at_once_share_the_work() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    for _ in 0..20 {
        world.received(alice, &[bob]).await;
    }
    let mut hosts = vec![];
    for _ in 0..5 {
        let (store, host) = (world.store.clone(), world.host(LATER).await);
        hosts.push(tokio::spawn(async move {
            store.adopt(host, 20, Room::of_each(20), Duration::ZERO).await.expect("an answer")
        }));
    }
    let mut adopted = vec![];
    for host in hosts {
        adopted.extend(host.await.expect("no panic").into_iter().map(|claim| claim.aggregate.work()));
    }
    let distinct: HashSet<_> = adopted.iter().collect();
    assert_eq!(adopted.len(), distinct.len(), "two hosts hold the same work");
    // What another host was looking at was skipped: one more look finds it.
    adopted.extend(world.adopt(world.host, 20, Duration::ZERO).await.iter().map(|it| it.aggregate.work()));
    assert_eq!(adopted.len(), 20);
}

#[tokio::test]
async fn one_partners_flood_does_not_hide_anothers_work() {
    let world = World::new().await;
    let (alice, bob, carol) = (world.partner("alice").await, world.partner("bob").await, world.partner("carol").await);
    for _ in 0..40 {
        world.received(alice, &[bob]).await;
    }
    let late = world.received(carol, &[bob]).await;
    let adopted = world.adopt(world.host, 4, Duration::ZERO).await;
    assert!(adopted.iter().any(|claim| claim.aggregate.work() == Work::Transfer(late.id)), "{adopted:?}");
}

/// Deliveries of a share each to a destination.
async fn sent(world: &World, from: PartnerId, to: &Destination, count: usize) -> Vec<Delivery> {
    let mut sent = vec![];
    for _ in 0..count {
        let share = world.accepted(from, &[to.partner]).await.remove(0);
        sent.extend(world.released(&share, &[to]).await);
    }
    sent
}

/// Five hundred more like those that are on their way to a destination.
async fn many(world: &World, to: &Destination) {
    let more = format!(
        "insert into deliveries (id, version, state, consignment, transfer, receiver, destination, due_at, attempts,
                                 adoptions, created_at, updated_at, replay_of)
         select gen_random_uuid(), 0, 'scheduled', d.consignment, d.transfer, d.receiver, d.destination, d.due_at, 0, 0,
                d.created_at, d.updated_at, d.id
         from deliveries d, generate_series(1, 500) where d.destination = '{}'",
        to.id.uuid()
    );
    world.run(&more).await;
}

#[tokio::test]
async fn behind_a_breaker_nobody_is_taken_until_its_time_is_over_then_one_and_others_retries_are_found() {
    let world = World::new().await;
    let (alice, bob, carol) = (world.partner("alice").await, world.partner("bob").await, world.partner("carol").await);
    let (hangs, well) = (world.destination(bob, "inbox", false).await, world.destination(carol, "inbox", false).await);
    sent(&world, alice, &hangs, 1).await;
    let retry = sent(&world, alice, &well, 1).await.remove(0);
    many(&world, &hangs).await;
    world
        .run("update deliveries set updated_at = now() - interval '2 hours', due_at = now() - interval '1 hour'")
        .await;
    world.run(&format!("update deliveries set waits = 'breaker' where destination = '{}'", hangs.id.uuid())).await;
    world.run(&format!("update deliveries set due_at = now() where id = '{}'", retry.id.uuid())).await;
    let breaker = format!(
        "insert into breakers (destination, receiver, state, failures, trips, until, probe)
         values ('{}', '{}', 'half-open', 5, 1, now() + interval '100 seconds', gen_random_uuid())",
        hangs.id.uuid(),
        bob.uuid()
    );
    world.run(&breaker).await;
    let pass = async || {
        let claims = world.adopt(world.host, 8, LATER).await;
        let deliveries = claims.into_iter().filter_map(|it| match it.aggregate {
            Aggregate::Delivery(it) => Some(it),
            _ => None,
        });
        deliveries.collect::<Vec<_>>()
    };
    let found = pass().await;
    assert_eq!(found.iter().map(|it| it.id).collect::<Vec<_>>(), [retry.id], "those behind the breaker hide nobody");
    assert!(pass().await.is_empty(), "the probe is under way");
    world.run("update breakers set until = now() - interval '1 second'").await;
    let found = pass().await;
    assert_eq!(found.iter().map(|it| it.destination).collect::<Vec<_>>(), [hangs.id], "one probes");
}

#[tokio::test]
async fn one_receivers_flood_of_retries_does_not_hide_anothers() {
    let world = World::new().await;
    let (alice, bob, carol) = (world.partner("alice").await, world.partner("bob").await, world.partner("carol").await);
    let (one, other) = (world.destination(bob, "inbox", false).await, world.destination(carol, "inbox", false).await);
    sent(&world, alice, &one, 1).await;
    many(&world, &one).await;
    let late = sent(&world, alice, &other, 1).await.remove(0);
    world
        .run("update deliveries set updated_at = now() - interval '2 hours', due_at = now() - interval '1 hour'")
        .await;
    world.run(&format!("update deliveries set due_at = now() where id = '{}'", late.id.uuid())).await;
    let adopted = world.adopt(world.host, 8, LATER).await;
    assert!(adopted.iter().any(|it| it.aggregate.work() == Work::Delivery(late.id)), "{adopted:?}");
}

#[tokio::test]
async fn of_each_kind_only_what_there_is_room_for_is_taken_and_a_full_one_keeps_back_no_other() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let inbox = world.destination(bob, "inbox", false).await;
    sent(&world, alice, &inbox, 3).await;
    for _ in 0..3 {
        world.received(alice, &[bob]).await;
    }
    world.accepted(alice, &[bob]).await;
    let adopted = async |room| {
        let claims = world.store.adopt(world.host, 20, room, Duration::ZERO).await.expect("an answer");
        let mut kinds: Vec<_> = claims.iter().map(|it| it.aggregate.work().kind()).collect();
        kinds.sort_unstable();
        kinds
    };
    let judging = Room { judging: 1, ..Room::default() };
    assert_eq!(adopted(judging).await.len(), 1, "one to be judged, whatever it is");
    let deliveries = Room { deliveries: 2, ..Room::default() };
    assert_eq!(adopted(deliveries).await, ["delivery"; 2]);
    assert!(adopted(Room::default()).await.is_empty());
    assert_eq!(adopted(Room { judging: 2, ..deliveries }).await.len(), 3);
    world.run("update hosts set alive_until = now() - interval '1 second'").await;
    let survivor = world.host(LATER).await;
    let room = Room { judging: 20, ..Room::default() };
    let claims = world.store.adopt(survivor, 20, room, Duration::ZERO).await.expect("an answer");
    assert_eq!(claims.len(), 4, "neither are the dead's deliveries taken where there is no room for them");
}
