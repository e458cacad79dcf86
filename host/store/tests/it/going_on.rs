//! What a host keeps of what it creates is its claim from the commit on: nobody is rung for it, and it is no more lost with
//! its host than any other claim.

use std::time::Duration;

use lockgate_core::claim::{Aggregate, Claim, ClaimOrigin, Room};
use lockgate_core::command::Work;
use lockgate_core::ports::{CommitError, TransferStore};

use crate::world::World;

const LATER: Duration = Duration::from_secs(3600);

/// A consignment that its host kept when it judged the transfer.
async fn kept(world: &World) -> Claim {
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let transfer = world.received(alice, &[bob]).await;
    let claim = world.claim(Work::Transfer(transfer.id)).await;
    world.run("delete from outbox").await;
    let mut change = world.accepting(&claim);
    change.keep(world.host, Room { judging: 1, ..Room::default() });
    world.store.commit(&change).await.expect("the claim still holds");
    let aggregate = change.onward().remove(0);
    assert_eq!(world.number("select count(*) from outbox where kind in ('consignment', 'delivery')").await, 0);
    Claim { aggregate, origin: ClaimOrigin::Onward, ..claim }
}

#[tokio::test]
async fn the_host_works_on_without_a_ring_and_nobody_else_does_while_it_lives() {
    let world = World::new().await;
    let claim = kept(&world).await;
    let Aggregate::Consignment(consignment) = &claim.aggregate else { panic!("{claim:?}") };
    world
        .run("update consignments set due_at = now() - interval '2 hours', updated_at = now() - interval '2 hours'")
        .await;
    let other = world.host(LATER).await;
    assert!(world.adopt(other, 8, Duration::ZERO).await.is_empty(), "its host lives");
    let known = [(claim.aggregate.work(), 0)];
    assert_eq!(world.store.disown(world.host, &known, Duration::ZERO).await.expect("an answer"), 0);

    let (inbox, line) = (
        world.destination(consignment.receiver, "inbox", false).await,
        world.destination(consignment.receiver, "line", true).await,
    );
    let mut change = world.releasing(&claim, &[&inbox, &line]);
    change.keep(world.host, Room { deliveries: 2, ..Room::default() });
    world.store.commit(&change).await.expect("the kept claim still holds");
    let onward = change.onward();
    let [Aggregate::Delivery(delivery)] = &onward[..] else { panic!("the one that stands in no line: {onward:?}") };
    assert_eq!(delivery.destination, inbox.id);
    assert_eq!(
        world.number("select count(*) from deliveries where claimed_by is null and position is not null").await,
        1
    );
    assert_eq!(world.number("select count(*) from outbox where kind = 'delivery'").await, 1, "the line's is rung for");
}

#[tokio::test]
async fn what_a_dead_host_kept_is_adopted_and_its_late_commit_is_stale() {
    let world = World::new().await;
    let zombie = kept(&world).await;
    world.run("update hosts set alive_until = now() - interval '1 second'").await;
    let adopted = world.adopt(world.host(LATER).await, 8, LATER).await;
    assert_eq!(adopted.iter().map(|it| it.aggregate.work()).collect::<Vec<_>>(), [zombie.aggregate.work()]);
    let late = world.store.commit(&world.releasing(&zombie, &[])).await;
    assert!(matches!(late, Err(CommitError::Stale(_))), "{late:?}");
    world.store.commit(&world.releasing(&adopted[0], &[])).await.expect("the living host commits");
}

#[tokio::test]
async fn what_its_host_does_not_know_of_is_given_back() {
    let world = World::new().await;
    kept(&world).await;
    let disowned = world.store.disown(world.host, &[], Duration::ZERO).await.expect("an answer");
    assert_eq!(disowned, 1, "the answer to the commit was lost");
}
