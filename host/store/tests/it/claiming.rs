//! Claims are fenced by the version.

use std::time::Duration;

use lockgate_core::claim::ClaimOrigin;
use lockgate_core::command::Work;
use lockgate_core::policy::{Owner, Side};
use lockgate_core::ports::{Blame, CommitError, TransferStore};

use crate::world::World;

#[tokio::test]
async fn a_command_claims_once_however_often_it_rings() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let transfer = world.received(alice, &[bob]).await;
    let rung = world.rung(Work::Transfer(transfer.id)).await;

    let first = world.store.claim(world.host, &[rung.clone(), rung.clone()]).await.expect("an answer");
    assert_eq!(first.len(), 1, "twice in one batch is one claim");
    assert_eq!(first[0].aggregate.version(), transfer.version + 1);
    assert_eq!(first[0].origin, ClaimOrigin::Rung(rung.ring.clone()));

    let again = world.store.claim(world.host, &[rung]).await.expect("an answer");
    assert!(again.is_empty(), "a repeat claimed: {again:?}");
}

#[tokio::test]
async fn of_many_hosts_that_claim_at_once_each_work_goes_to_one() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let mut commands = vec![];
    for _ in 0..12 {
        let transfer = world.received(alice, &[bob]).await;
        commands.push(world.rung(Work::Transfer(transfer.id)).await);
    }
    let mut hosts = vec![];
    for turn in 0..6 {
        let host = world.host(Duration::from_secs(60)).await;
        let mut commands = commands.clone();
        commands.rotate_left(turn * 2);
        let store = world.store.clone();
        hosts.push(tokio::spawn(async move { store.claim(host, &commands).await.expect("an answer") }));
    }
    let mut claimed = vec![];
    for host in hosts {
        claimed.extend(host.await.expect("no panic").into_iter().map(|claim| claim.aggregate.work().uuid()));
    }
    claimed.sort_unstable();
    let mut distinct = claimed.clone();
    distinct.dedup();
    assert_eq!((claimed.len(), distinct.len()), (12, 12));
}

#[tokio::test]
async fn a_zombie_cannot_commit_what_another_host_took_over() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let transfer = world.received(alice, &[bob]).await;
    let zombie = world.claim(Work::Transfer(transfer.id)).await;
    world.run("update hosts set alive_until = now() - interval '1 second'").await;
    let host = world.host(Duration::from_secs(60)).await;
    let adopted = world.adopt(host, 8, Duration::from_secs(600)).await;
    assert_eq!(adopted.len(), 1);

    let late = world.store.commit(&world.accepting(&zombie)).await;
    assert!(matches!(late, Err(CommitError::Stale(Work::Transfer(id))) if id == transfer.id), "{late:?}");
    world.store.commit(&world.accepting(&adopted[0])).await.expect("the living host commits");
    let twice = world.store.commit(&world.accepting(&adopted[0])).await;
    assert!(matches!(twice, Err(CommitError::Stale(_))), "a change was written twice");
}

#[tokio::test]
async fn a_claim_given_back_is_polled_when_its_time_comes_and_fences_its_former_host() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let transfer = world.received(alice, &[bob]).await;
    let claim = world.claim(Work::Transfer(transfer.id)).await;
    world.store.relinquish(&claim, Duration::from_secs(600), Blame::Nobody).await.expect("an answer");
    let overdue = Duration::from_secs(3600);
    assert!(world.adopt(world.host, 8, overdue).await.is_empty(), "its time has not come");

    world
        .run("update transfers set due_at = now() - interval '1 microsecond', updated_at = now() - interval '1 hour'")
        .await;
    let polled = world.adopt(world.host, 8, overdue).await;
    assert_eq!(polled.len(), 1);
    assert_eq!(polled[0].origin, ClaimOrigin::Polled);
    assert_eq!(polled[0].aggregate.adoptions(), 0, "giving back is no death");
    assert!(matches!(world.store.commit(&world.accepting(&claim)).await, Err(CommitError::Stale(_))));
}

#[tokio::test]
async fn work_that_is_to_blame_counts_as_adopted_when_it_is_given_back() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let transfer = world.received(alice, &[bob]).await;
    let claim = world.claim(Work::Transfer(transfer.id)).await;
    world.store.relinquish(&claim, Duration::ZERO, Blame::Work).await.expect("an answer");
    world.run("update transfers set due_at = now() - interval '1 hour', updated_at = now() - interval '2 hours'").await;
    let polled = world.adopt(world.host, 8, Duration::from_secs(60)).await;
    assert_eq!(polled.iter().map(|it| it.aggregate.adoptions()).collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn the_revisions_that_judge_are_picked_at_the_first_claim_and_kept() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let house = world.active(Owner::House, Side::Inbound, vec![]).await;
    let before = world.active(Owner::Partner(alice), Side::Inbound, vec![]).await;
    world.active(Owner::Partner(bob), Side::Inbound, vec![]).await;
    let transfer = world.received(alice, &[bob]).await;
    let claim = world.claim(Work::Transfer(transfer.id)).await;
    let picked = world.store.pin(&claim, Side::Inbound).await.expect("revisions");
    assert_eq!(picked.iter().map(|it| it.id).collect::<Vec<_>>(), [house.id, before.id]);

    world.active(Owner::Partner(alice), Side::Inbound, vec![]).await;
    world.run("update hosts set alive_until = now() - interval '1 second'").await;
    let host = world.host(Duration::from_secs(60)).await;
    let adopted = world.adopt(host, 1, Duration::from_secs(600)).await;
    let kept = world.store.pin(&adopted[0], Side::Inbound).await.expect("revisions");
    assert_eq!(kept.iter().map(|it| it.id).collect::<Vec<_>>(), [house.id, before.id]);
    assert!(matches!(world.store.pin(&claim, Side::Inbound).await, Err(CommitError::Stale(_))));

    world.store.commit(&world.accepting(&adopted[0])).await.expect("an accepted transfer");
    let pins = world.transfer(transfer.id).await.pins;
    assert_eq!(pins.iter().map(|pin| pin.revision).collect::<Vec<_>>(), [house.id, before.id]);
}
