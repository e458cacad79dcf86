//! Shares that settle at once roll up once, and replays roll up nothing.

use lockgate_core::command::Work;
use lockgate_core::consignment::ConsignmentState;
use lockgate_core::delivery::{Answer, Cause, DeliveryState};
use lockgate_core::id::{DeliveryId, RedriveId};
use lockgate_core::ports::TransferStore;
use lockgate_core::state::consignment::Replay;
use lockgate_core::state::{ConsignmentMove, DeliveryMove, Stamp, consignment, delivery};
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

/// What everybody was told of shares and transfers that ended.
const ENDS: &str = "select count(*) from events where kind in
                    ('consignment.delivered', 'consignment.dead-lettered', 'transfer.finished')";

async fn replayed(world: &World, of: DeliveryId) -> DeliveryId {
    let of = world.delivery(of).await;
    let share = world.consignment(of.consignment).await;
    let wanted = Replay { of, ordered: false, redrive: RedriveId::generate(now()), reason: "they lost a day".into() };
    let stamp = Stamp::of_person("bob", now(), None);
    let change = consignment::apply(&share, ConsignmentMove::Replay(Box::new(wanted)), &stamp).expect("a legal move");
    world.store.commit(&change).await.expect("a replay");
    change.deliveries()[0].delivery.id
}

#[tokio::test]
async fn a_replay_moves_neither_its_share_nor_its_transfer_and_tells_nobody() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let inbox = world.destination(bob, "inbox", false).await;
    let share = world.accepted(alice, &[bob]).await.remove(0);
    let sent = world.released(&share, &[&inbox]).await.remove(0);
    world.delivered(sent.id).await;
    let stands = async |when: &str| {
        assert_eq!(world.consignment(share.id).await.state, ConsignmentState::Delivered, "{when}");
        assert_eq!(world.transfer(share.transfer).await.state, TransferState::Finished, "{when}");
        assert_eq!(world.number(ENDS).await, 3, "{when}");
    };
    stands("told once: both of the share, the sender of the transfer").await;

    let again = replayed(&world, sent.id).await;
    stands("replayed").await;
    let claim = world.claim(Work::Delivery(again)).await;
    world.store.commit(&world.attempting(&claim, Answer::refused(Cause::Refused, "422"))).await.expect("an attempt");
    let dead = world.delivery(again).await;
    assert_eq!((dead.state, dead.replay_of), (DeliveryState::DeadLettered, Some(sent.id)));
    stands("the replay is a dead letter").await;

    let redrive = DeliveryMove::Redrive { reason: "they fixed it".into(), redrive: None, judged_again: false };
    let change = delivery::apply(&dead, redrive, &Stamp::of_person("bob", now(), None)).expect("a legal move");
    world.store.commit(&change).await.expect("a redrive");
    stands("the replay is redriven").await;
    world.delivered(again).await;
    assert_eq!(world.delivery(again).await.state, DeliveryState::Delivered);
    stands("the replay arrived").await;
    let finished = "select count(*) from provenance where kind = 'finished'";
    assert_eq!(world.number(finished).await, 1);
}

#[tokio::test]
async fn a_share_that_is_under_way_or_dead_is_not_moved_by_a_replay_of_what_arrived_of_it() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let inboxes = [world.destination(bob, "inbox", false).await, world.destination(bob, "archive", false).await];
    let share = world.accepted(alice, &[bob]).await.remove(0);
    let sent = world.released(&share, &[&inboxes[0], &inboxes[1]]).await;
    world.delivered(sent[0].id).await;
    let early = replayed(&world, sent[0].id).await;
    assert_eq!(world.consignment(share.id).await.state, ConsignmentState::Released);
    let claim = world.claim(Work::Delivery(sent[1].id)).await;
    world.store.commit(&world.attempting(&claim, Answer::refused(Cause::Refused, "422"))).await.expect("an attempt");
    let dead = world.consignment(share.id).await;
    assert_eq!(dead.state, ConsignmentState::DeadLettered, "it waits for no replay");
    assert_eq!(dead.reason.as_deref(), Some("1 of 2 destinations did not take it"));
    let told = world.number(ENDS).await;
    for replay in [early, replayed(&world, sent[0].id).await] {
        world.delivered(replay).await;
        let share = world.consignment(share.id).await;
        assert_eq!((share.state, share.reason), (dead.state, dead.reason.clone()));
        assert_eq!(world.transfer(share.transfer).await.state, TransferState::Finished);
    }
    assert_eq!(world.number(ENDS).await, told);
}
