//! A host goes on with what it creates: it holds that from the commit on, and nobody is rung for it.

use std::cell::RefCell;

use lockgate_core::claim::{Aggregate, Claim, ClaimOrigin, Room};
use lockgate_core::delivery::DeliveryState;
use lockgate_core::hook::{FailureMode, Hook};
use lockgate_core::notification::{Notification, NotificationState};
use lockgate_core::pipeline::WorkEnd;
use lockgate_core::policy::{Owner, Side};
use lockgate_core::time::SOON;
use lockgate_core::transfer::TransferState;

use crate::notifying::message;
use crate::stage::{Stage, binding, csv};

impl Stage {
    /// Works on what rings and on all that comes of it, with room for that; how many were rung for, and what was kept.
    async fn run_with_room(&self, room: Room) -> (usize, Vec<Claim>) {
        let (mut rung, kept) = (0, RefCell::new(vec![]));
        while let Some(claim) = self.store.ring(self.host) {
            rung += 1;
            let mut waiting = vec![claim];
            while let Some(claim) = waiting.pop() {
                if let WorkEnd::Onward(onward) = self.pipeline.work(claim, || room).await {
                    kept.borrow_mut().extend(onward.clone());
                    waiting.extend(onward);
                }
            }
        }
        (rung, kept.into_inner())
    }
}

#[tokio::test]
async fn a_transfer_is_rung_for_once_and_everything_after_is_kept() {
    let stage = Stage::new().await;
    stage.destination(stage.globex, "erp", false).await;
    stage.destination(stage.initech, "erp", false).await;
    let transfer = stage.receive(&[stage.globex, stage.initech], "people.csv", "id,name\n1,ann\n").await;
    let (rung, kept) = stage.run_with_room(Room::of_each(2)).await;
    assert_eq!((rung, stage.get(transfer).state), (1, TransferState::Finished));
    assert_eq!(stage.connector.seen().len(), 2);
    let consignments = kept.iter().filter(|it| matches!(it.aggregate, Aggregate::Consignment(_))).count();
    let deliveries = kept.iter().filter(|it| matches!(it.aggregate, Aggregate::Delivery(_))).count();
    assert_eq!((consignments, deliveries, kept.len()), (2, 2, 4));
    assert!(kept.iter().all(|it| it.host == stage.host && it.origin == ClaimOrigin::Onward));
}

#[tokio::test]
async fn without_room_for_all_anybody_is_rung_for_each() {
    let stage = Stage::new().await;
    stage.destination(stage.globex, "erp", false).await;
    stage.destination(stage.initech, "erp", false).await;
    let transfer = stage.receive(&[stage.globex, stage.initech], "people.csv", "id,name\n1,ann\n").await;
    // Two consignments find no room; the one delivery of each does.
    let (rung, kept) = stage.run_with_room(Room { judging: 1, deliveries: 1, messages: 0 }).await;
    assert_eq!((rung, kept.len(), stage.get(transfer).state), (3, 2, TransferState::Finished));
}

#[tokio::test]
async fn what_stands_in_line_is_rung_for() {
    let stage = Stage::new().await;
    stage.destination(stage.globex, "ledger", true).await;
    stage.receive(&[stage.globex], "people.csv", "id,name\n1,ann\n").await;
    let (rung, kept) = stage.run_with_room(Room::of_each(10)).await;
    assert_eq!((rung, kept.len()), (2, 1), "the transfer and its delivery; the consignment is kept");
    assert_eq!(stage.deliveries()[0].state, DeliveryState::Delivered);
}

/// A received transfer, each event of which is told by three messages.
async fn with_three_messages_each() -> Stage {
    let stage = Stage::new().await;
    stage.channel("hook", vec![]).await;
    stage
        .runner
        .notifies("tell", |_| Ok(vec![message("hook", "one"), message("hook", "two"), message("hook", "three")]));
    let tell = binding(Hook::Notify, "tell", csv(), FailureMode::Skip);
    stage.policy(Owner::Partner(stage.acme), Side::Inbound, vec![tell]);
    stage.receive(&[stage.globex], "people.csv", "id,name\n1,ann\n").await;
    stage
}

#[tokio::test]
async fn the_parts_of_a_notification_are_kept_with_the_first() {
    let stage = with_three_messages_each().await;
    let (_, kept) = stage.run_with_room(Room::of_each(10)).await;
    let events = stage.notifications().len() / 3;
    let messages = kept.iter().filter(|it| matches!(it.aggregate, Aggregate::Notification(_))).count();
    assert!(events > 0 && messages == 3 * events, "{messages} messages of {events} events");
    assert!(stage.notifications().iter().all(|it| it.state == NotificationState::Sent));
}

#[tokio::test]
async fn parts_without_room_are_rung_for_nowhere_and_looked_for_by_whoever_has_some() {
    let stage = with_three_messages_each().await;
    stage.run_with_room(Room { messages: 1, ..Room::of_each(10) }).await;
    let waits = |it: &&Notification| it.state == NotificationState::Scheduled && it.due_at > it.updated_at;
    let (all, sent) = (stage.notifications(), stage.messenger.seen().len());
    assert!(sent > 0 && all.iter().filter(waits).count() == 2 * sent, "the first of each three is sent: {all:?}");

    stage.clock.advance(SOON);
    stage.run_due().await;
    assert_eq!(stage.messenger.seen().len(), 3 * sent);
}

#[tokio::test]
async fn room_is_filled_by_kind_and_kinds_with_little_of_it_do_not_count() {
    let stage = Stage::new().await;
    stage.receive(&[stage.globex], "people.csv", "id,name\n1,ann\n").await;
    let claims = [stage.store.ring(stage.host).expect("a transfer")];
    let room = Room { judging: 1, deliveries: 8, messages: 3 };
    assert_eq!(room.without(&claims), Room { judging: 0, ..room });
    assert!(room.is_filled_by(&claims), "one more transfer has no room");
    assert_eq!(room.of_at_least(3), Room { judging: 0, ..room });
    assert!(!room.of_at_least(3).is_filled_by(&claims), "transfers did not count");
    assert!(room.of_at_least(9).is_none() && !room.of_at_least(8).is_none());
}
