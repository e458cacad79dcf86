//! What a host does with claims for which it has no place.

use std::time::Duration;

use lockgate_core::claim::{Aggregate, Claim, Duty, Room};
use lockgate_core::delivery::{Delivery, DeliveryState, Wait};
use lockgate_core::hook::{FailureMode, Hook};
use lockgate_core::notification::{Notification, NotificationState};
use lockgate_core::pipeline::{NoPlace, WorkEnd};
use lockgate_core::policy::{Owner, Side};
use lockgate_core::time::{Clock, SOON};

use crate::notifying::message;
use crate::stage::{Stage, binding, csv};

#[tokio::test]
async fn who_finds_no_place_is_due_later_and_nothing_counts_as_an_attempt() {
    let stage = Stage::new().await;
    stage.channel("hook", vec![]).await;
    let erp = stage.destination(stage.globex, "erp", false).await;
    stage.runner.notifies("tell", |_| Ok(vec![message("hook", "told")]));
    let tell = binding(Hook::Notify, "tell", csv(), FailureMode::Skip);
    stage.policy(Owner::Partner(stage.acme), Side::Inbound, vec![tell]);
    stage.receive(&[stage.globex], "people.csv", "id,name\n1,ann\n").await;
    let (mut delivering, mut sending) = (0, 0);
    while let Some(claim) = stage.store.ring(stage.host) {
        match claim.duty() {
            Duty::Judge(_) => assert_eq!(stage.work(claim).await, WorkEnd::Done),
            Duty::Deliver(_, destination) => {
                assert_eq!((destination, stage.pipeline.put_off(claim, NoPlace::InVain).await), (erp, WorkEnd::Done));
                delivering += 1;
            }
            Duty::Compose(_) => {
                let end = stage.pipeline.work(claim, Room::default).await;
                let WorkEnd::Onward(mut onward) = end else { panic!("it goes on to send: {end:?}") };
                let next = onward.remove(0);
                assert_eq!(next.duty(), Duty::Send(stage.acme, "hook".to_owned()));
                assert_eq!(stage.pipeline.put_off(next, NoPlace::InVain).await, WorkEnd::Done);
                sending += 1;
            }
            Duty::Send(..) => panic!("nobody rings for the message of whoever composed it"),
        }
    }
    assert!(delivering == 1 && sending > 0, "{delivering} deliveries, {sending} messages");
    assert!(stage.connector.seen().is_empty() && stage.messenger.seen().is_empty());
    let now = stage.clock.now();
    let delivery = stage.deliveries().remove(0);
    assert_eq!((delivery.state, delivery.waits, delivery.attempts), (DeliveryState::Scheduled, Some(Wait::Slot), 0));
    assert!(delivery.due_at > now);
    let waiting = |it: &Notification| it.state == NotificationState::Scheduled && it.attempts == 0 && it.due_at > now;
    assert!(stage.notifications().iter().all(waiting), "{:?}", stage.notifications());

    stage.clock.advance(Duration::from_secs(10));
    stage.run_due().await;
    assert_eq!((stage.connector.seen().len(), stage.messenger.seen().len()), (1, sending));
}

#[tokio::test]
async fn what_is_judged_anew_waits_beside_judgements_and_keeps_no_delivery_from_its_place() {
    let stage = Stage::new().await;
    let erp = stage.destination(stage.globex, "erp", false).await;
    stage.receive(&[stage.globex], "people.csv", "id,name\n1,ann\n").await;
    let mut duties = vec![];
    while let Some(claim) = stage.store.ring(stage.host) {
        let Aggregate::Delivery(delivery) = &claim.aggregate else {
            assert_eq!(stage.work(claim).await, WorkEnd::Done);
            continue;
        };
        let anew = Aggregate::Delivery(Delivery { judges: true, ..delivery.clone() });
        duties.extend([claim.duty(), Claim { aggregate: anew, ..claim }.duty()]);
    }
    assert_eq!(duties, [Duty::Deliver(stage.globex, erp), Duty::Judge(stage.globex)]);
}

/// A transfer of which everything was done but to compose its messages, for which there was no place; how many there are.
async fn with_nothing_composed(why: NoPlace) -> (Stage, usize) {
    let stage = Stage::new().await;
    stage.channel("hook", vec![]).await;
    stage.runner.notifies("tell", |_| Ok(vec![message("hook", "told")]));
    let tell = binding(Hook::Notify, "tell", csv(), FailureMode::Skip);
    stage.policy(Owner::Partner(stage.acme), Side::Inbound, vec![tell]);
    stage.receive(&[stage.globex], "people.csv", "id,name\n1,ann\n").await;
    let mut put_off = 0;
    while let Some(claim) = stage.store.ring(stage.host) {
        if matches!(claim.duty(), Duty::Compose(_)) {
            assert_eq!(stage.pipeline.put_off(claim, why).await, WorkEnd::Done);
            put_off += 1;
        } else {
            assert_eq!(stage.work(claim).await, WorkEnd::Done);
        }
    }
    assert!(put_off > 0 && stage.messenger.seen().is_empty());
    (stage, put_off)
}

#[tokio::test]
async fn a_message_that_nobody_could_compose_is_composed_later() {
    let (stage, put_off) = with_nothing_composed(NoPlace::InVain).await;
    let now = stage.clock.now();
    let waiting = |it: &Notification| it.state == NotificationState::Pending && it.due_at > now;
    assert!(stage.notifications().iter().all(waiting), "{:?}", stage.notifications());

    stage.clock.advance(Duration::from_secs(10));
    stage.run_due().await;
    assert_eq!(stage.messenger.seen().len(), put_off);
}

#[tokio::test]
async fn a_message_for_which_there_is_no_room_may_be_taken_at_once() {
    let (stage, put_off) = with_nothing_composed(NoPlace::NoRoom).await;
    stage.clock.advance(SOON);
    stage.run_due().await;
    assert_eq!(stage.messenger.seen().len(), put_off);
}

#[tokio::test]
async fn what_is_to_be_judged_is_given_back() {
    let stage = Stage::new().await;
    stage.receive(&[stage.globex], "people.csv", "id,name\n1,ann\n").await;
    let claim = stage.store.ring(stage.host).expect("it was rung for");
    let end = stage.pipeline.put_off(claim, NoPlace::InVain).await;
    assert!(matches!(&end, WorkEnd::Retry { after: Duration::ZERO, why } if why.contains("no place")), "{end:?}");
}
