//! Messages for a channel that fails: one asks, the others wait and cost nothing, and none is forgotten.

use std::time::Duration;

use lockgate_core::delivery::{Answer, Cause};
use lockgate_core::hook::{FailureMode, Hook};
use lockgate_core::id::NotificationId;
use lockgate_core::notification::{ASKING, Channel, EventKind, LEFT_ALONE, Notification, NotificationState};
use lockgate_core::policy::{Owner, Side};
use lockgate_core::ports::{Registry, TransferStore};
use lockgate_core::time::Clock;

use crate::notifying::message;
use crate::stage::{Stage, binding, csv};

const FILE: &str = "id,name\n1,ann\n";

/// A channel that failed once, that another host asks just now, and so many messages for it.
async fn failing(messages: usize) -> (Stage, Channel) {
    let stage = Stage::new().await;
    let channel = stage.channel("hook", vec![EventKind::TransferReceived]).await;
    stage.runner.notifies("tell", |event| Ok(vec![message("hook", event.kind.name())]));
    let tell = binding(Hook::Notify, "tell", csv(), FailureMode::Skip);
    stage.policy(Owner::Partner(stage.acme), Side::Inbound, vec![tell]);
    stage.messenger.will_answer(Answer::failed(Cause::TimedOut, "no answer"));
    stage.receive(&[stage.globex], "first.csv", FILE).await;
    stage.run().await;
    assert!(stage.store.ask(channel.id, elsewhere(&stage)).await.expect("an answer"));
    for _ in 1..messages {
        stage.receive(&[stage.globex], "next.csv", FILE).await;
    }
    stage.run().await;
    assert_eq!(stage.messenger.seen().len(), 1, "somebody else asks");
    (stage, channel)
}

fn elsewhere(stage: &Stage) -> NotificationId {
    NotificationId::generate(stage.clock.now())
}

impl Stage {
    fn told(&self, state: NotificationState) -> Vec<Notification> {
        let mut told = self.notifications();
        told.retain(|it| it.state == state && !it.messages.is_empty());
        told
    }
}

#[tokio::test]
async fn parked_messages_are_not_looked_at_and_all_arrive_once_the_channel_takes_one() {
    let (stage, channel) = failing(30).await;
    // The first one's own schedule: it finds that the channel is being asked.
    stage.clock.advance(Duration::from_secs(10));
    stage.run_due().await;
    let parked = stage.told(NotificationState::Scheduled);
    assert_eq!(parked.len(), 30);
    assert!(parked.iter().all(|it| it.waits == Some(channel.id) && it.attempts <= 1), "{parked:?}");
    for _ in 0..5 {
        stage.clock.advance(Duration::from_secs(20));
        assert_eq!(stage.run_due().await, [], "nobody is looked at while the channel is asked");
    }
    assert_eq!(stage.told(NotificationState::Scheduled), parked);

    // Whoever asked died with its host.
    stage.clock.advance(ASKING);
    assert_eq!(stage.run_due().await.len(), 1, "one goes on in its place");
    assert_eq!(stage.messenger.seen().len(), 2);
    stage.run().await;
    assert_eq!(stage.told(NotificationState::Sent).len(), 30, "each that was taken rang for others");
    assert_eq!(stage.messenger.seen().len(), 31);
    assert!(stage.notifications().iter().all(|it| it.waits.is_none()));
}

#[tokio::test]
async fn a_channel_that_fails_again_is_left_alone_for_a_while_and_then_asked_by_one_of_those_that_wait() {
    let (stage, _) = failing(10).await;
    for _ in 0..2 {
        stage.messenger.will_answer(Answer::failed(Cause::ServerError, "503 Service Unavailable"));
    }
    // The first one by its own schedule, after it one of those that wait.
    stage.clock.advance(ASKING);
    stage.run_due().await;
    assert_eq!(stage.messenger.seen().len(), 3);
    stage.run().await;
    stage.run_due().await;
    assert_eq!(stage.messenger.seen().len(), 3, "nobody was rung for, and nobody asks so soon");
    stage.clock.advance(LEFT_ALONE);
    stage.run_due().await;
    stage.run().await;
    assert_eq!(stage.told(NotificationState::Sent).len(), 9, "all but the first, which waits for its own time");
}

#[tokio::test]
async fn those_that_wait_for_a_channel_that_is_turned_off_are_passed_over_and_recovered() {
    let (stage, channel) = failing(12).await;
    let gone = Answer::Refused { cause: Cause::Gone, error: "410 Gone".to_owned(), disable: true, response: None };
    stage.messenger.will_answer(gone);
    let begun = stage.clock.now();
    stage.clock.advance(ASKING);
    stage.run_due().await;
    stage.run_due().await;
    assert_eq!(stage.told(NotificationState::Skipped).len() + stage.told(NotificationState::DeadLettered).len(), 12);
    let found = stage.turn_on(&channel).await;
    assert_eq!(stage.store.recover_channel(&found, begun).await.expect("an answer"), 12);
    stage.clock.advance(Duration::from_secs(2));
    stage.run_due().await;
    stage.run().await;
    assert_eq!(stage.told(NotificationState::Sent).len(), 12);
}

#[tokio::test]
async fn an_answer_that_is_not_the_channels_lets_another_message_ask_at_once() {
    let (stage, channel) = failing(1).await;
    stage.messenger.will_answer(Answer::failed(Cause::OurTrouble, "the vault does not answer"));
    stage.clock.advance(ASKING);
    stage.run_due().await;
    assert_eq!(stage.messenger.seen().len(), 2);
    assert!(stage.store.ask(channel.id, elsewhere(&stage)).await.expect("an answer"));
    let now = stage.store.find_channel(channel.id).await.expect("an answer").expect("the channel");
    assert!(now.health.failing_since.is_some() && now.enabled, "it says nothing of the channel");
}
