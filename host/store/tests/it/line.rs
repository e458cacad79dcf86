//! Ordered destinations: positions are drawn without gap or double, and only the lowest unfinished is worked on.

use std::time::Duration;

use lockgate_core::command::Work;
use lockgate_core::delivery::{Answer, Cause, Delivery};
use lockgate_core::id::DeliveryId;
use lockgate_core::ports::TransferStore;

use crate::world::World;

async fn line(world: &World, length: usize) -> Vec<Delivery> {
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let destination = world.destination(bob, "inbox", true).await;
    let mut changes = vec![];
    for _ in 0..length {
        let share = world.accepted(alice, &[bob]).await.remove(0);
        let claim = world.claim(Work::Consignment(share.id)).await;
        changes.push(world.releasing(&claim, &[&destination]));
    }
    let mut commits = vec![];
    for change in changes {
        let store = world.store.clone();
        commits.push(tokio::spawn(async move {
            store.commit(&change).await.expect("a released consignment");
            change.deliveries()[0].delivery.id
        }));
    }
    let mut line = vec![];
    for commit in commits {
        line.push(world.delivery(commit.await.expect("no panic")).await);
    }
    line.sort_by_key(|it| it.position);
    line
}

async fn claimed(world: &World, id: DeliveryId) -> bool {
    let rung = world.rung(Work::Delivery(id)).await;
    !world.store.claim(world.host, &[rung]).await.expect("an answer").is_empty()
}

#[tokio::test]
async fn positions_have_neither_gap_nor_double_however_many_commit_at_once() {
    let world = World::new().await;
    let positions: Vec<_> = line(&world, 10).await.iter().map(|it| it.position).collect();
    assert_eq!(positions, (1..=10).map(Some).collect::<Vec<_>>());
}

#[tokio::test]
async fn only_the_first_of_the_line_is_claimed_and_the_next_is_rung_for_when_it_is_settled() {
    let world = World::new().await;
    let line = line(&world, 3).await;
    assert!(!claimed(&world, line[1].id).await, "the second overtook the first");
    let due = world.adopt(world.host, 8, Duration::ZERO).await;
    assert_eq!(due.iter().map(|it| it.aggregate.work()).collect::<Vec<_>>(), [Work::Delivery(line[0].id)]);
    assert_eq!(
        world.store.first_unfinished(line[0].destination).await.expect("an answer"),
        Some(1),
        "the pipeline sees the same line"
    );

    let dead = world.attempting(&due[0], Answer::refused(Cause::Refused, "404"));
    world.run("delete from outbox").await;
    world.store.commit(&dead).await.expect("an attempt");
    let rung = world
        .number(&format!("select count(*) from outbox where aggregate = '{}' and version = 0", line[1].id.uuid()))
        .await;
    assert_eq!(rung, 1, "a dead letter no longer holds up the line");
    world.delivered(line[1].id).await;
    assert!(claimed(&world, line[2].id).await);
}
