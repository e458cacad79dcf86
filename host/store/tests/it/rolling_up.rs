//! Shares that settle at once roll up once.

use lockgate_core::command::Work;
use lockgate_core::consignment::ConsignmentState;
use lockgate_core::delivery::{Answer, Cause};
use lockgate_core::ports::TransferStore;
use lockgate_core::state::{DeliveryMove, Stamp, delivery};
use lockgate_core::transfer::TransferState;

use crate::world::{World, now};

#[tokio::test]
async fn two_shares_that_settle_at_once_finish_their_transfer_once() {
    let world = World::new().await;
    let (alice, bob, carol) = (world.partner("alice").await, world.partner("bob").await, world.partner("carol").await);
    let inboxes = [world.destination(bob, "inbox", false).await, world.destination(carol, "inbox", false).await];
    for round in 0..8 {
        let shares = world.accepted(alice, &[bob, carol]).await;
        let mut settling = vec![];
        for (share, inbox) in shares.iter().zip(&inboxes) {
            let delivery = world.released(share, &[inbox]).await.remove(0);
            let claim = world.claim(Work::Delivery(delivery.id)).await;
            settling.push(world.attempting(&claim, Answer::Taken { receipt: "200".into() }));
        }
        let (one, two) = tokio::join!(world.store.commit(&settling[0]), world.store.commit(&settling[1]));
        one.and(two).expect("both settle");
        let id = shares[0].transfer;
        assert_eq!(world.transfer(id).await.state, TransferState::Finished, "round {round}");
        let finished =
            format!("select count(*) from provenance where transfer = '{}' and kind = 'finished'", id.uuid());
        assert_eq!(world.number(&finished).await, 1, "round {round}");
    }
}

#[tokio::test]
async fn a_redriven_dead_letter_puts_its_consignment_and_transfer_under_way_again() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let inbox = world.destination(bob, "inbox", false).await;
    let share = world.accepted(alice, &[bob]).await.remove(0);
    let sent = world.released(&share, &[&inbox]).await.remove(0);
    let claim = world.claim(Work::Delivery(sent.id)).await;
    let refused = world.attempting(&claim, Answer::refused(Cause::Refused, "404"));
    world.store.commit(&refused).await.expect("an attempt");
    assert_eq!(world.consignment(share.id).await.state, ConsignmentState::DeadLettered);
    assert_eq!(world.transfer(share.transfer).await.state, TransferState::Finished);

    let dead = world.delivery(sent.id).await;
    let redrive = DeliveryMove::Redrive { reason: "they fixed it".into(), redrive: None, judged_again: false };
    let change = delivery::apply(&dead, redrive, &Stamp::of_person("test", now(), None)).expect("a legal move");
    world.store.commit(&change).await.expect("a redrive");
    assert_eq!(world.consignment(share.id).await.state, ConsignmentState::Released);
    assert_eq!(world.transfer(share.transfer).await.state, TransferState::Accepted);

    world.delivered(sent.id).await;
    assert_eq!(world.consignment(share.id).await.state, ConsignmentState::Delivered);
    assert_eq!(world.transfer(share.transfer).await.state, TransferState::Finished);
}
