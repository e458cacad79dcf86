//! Stories of messages: composed once, sent to channels that want them, never waited for.

use std::time::Duration;

use lockgate_core::claim::Aggregate;
use lockgate_core::delivery::{Answer, Cause};
use lockgate_core::fault::Fault;
use lockgate_core::hook::{FailureMode, Hook};
use lockgate_core::id::ChannelId;
use lockgate_core::notification::{Channel, ChannelHealth, ChannelKind, EventKind, Message, NotificationState};
use lockgate_core::policy::{Owner, Side};
use lockgate_core::ports::{ChannelChange, PluginError, Registry};
use lockgate_core::provenance::EntryKind;
use lockgate_core::time::{Clock, SOON};
use lockgate_core::transfer::TransferState;

use crate::stage::{Stage, binding, csv};

const FILE: &str = "id,name\n1,ann\n2,bob\n";

impl Stage {
    /// A channel of Acme's.
    pub(crate) async fn channel(&self, name: &str, events: Vec<EventKind>) -> Channel {
        let channel = Channel {
            id: ChannelId::generate(self.clock.now()),
            partner: self.acme,
            name: name.to_owned(),
            kind: ChannelKind::Webhook { url: "http://127.0.0.1/".to_owned(), signing_secret: "s".to_owned() },
            events,
            enabled: true,
            health: ChannelHealth::default(),
            created_at: self.clock.now(),
        };
        self.store.add_channel(&channel).await.expect("the name is new");
        channel
    }
}

impl Stage {
    /// The channel, turned on again by its owner.
    pub(crate) async fn turn_on(&self, it: &Channel) -> Channel {
        let on = ChannelChange { enabled: Some(true), ..ChannelChange::default() };
        self.store.update_channel(it.id, &on).await.expect("it is there")
    }
}

/// A message to the channel of that name.
pub(crate) fn message(channel: &str, title: &str) -> Message {
    Message {
        channel: channel.to_owned(),
        title: title.to_owned(),
        media_type: "text/plain".to_owned(),
        text: String::new(),
    }
}

#[tokio::test]
async fn one_message_an_event_and_binding_reaches_the_channel() {
    let stage = Stage::new().await;
    stage.channel("hook", vec![]).await;
    stage.runner.notifies("tell", |event| {
        if event.kind.name() != "consignment.delivered" {
            return Ok(vec![]);
        }
        let receiver = event.attributes.iter().find(|(name, _)| name == "receiver.slug").map(|(_, slug)| slug.clone());
        Ok(vec![message("hook", &format!("{} has it", receiver.unwrap_or_default()))])
    });
    stage.destination(stage.globex, "erp", false).await;
    let tell = binding(Hook::Notify, "tell", csv(), FailureMode::Skip);
    stage.policy(Owner::Partner(stage.acme), Side::Inbound, vec![tell]);
    stage.messenger.will_answer(Answer::failed(Cause::ServerError, "500 Internal Server Error"));
    stage.receive(&[stage.globex], "people.csv", FILE).await;
    stage.run().await;
    stage.clock.advance(Duration::from_secs(6));
    stage.run_due().await;
    let notices = stage.messenger.seen();
    assert_eq!(notices.len(), 2);
    assert_eq!((notices[0].message.title.as_str(), notices[0].event), ("globex has it", "consignment.delivered"));
    assert_eq!(notices[0].notification, notices[1].notification);
    let states: Vec<_> = stage.notifications().iter().map(|it| it.state).collect();
    assert_eq!(states.iter().filter(|state| **state == NotificationState::Sent).count(), 1);
}

#[tokio::test]
async fn what_may_have_ended_hosts_is_written_down_before_it_is_tried_a_last_time_and_then_passed_over() {
    let stage = Stage::new().await;
    stage.channel("hook", vec![]).await;
    stage.runner.notifies("tell", |event| Ok(vec![message("hook", event.kind.name())]));
    let mut tell = binding(Hook::Notify, "tell", csv(), FailureMode::Skip);
    tell.events = vec![EventKind::TransferReceived];
    stage.policy(Owner::Partner(stage.acme), Side::Inbound, vec![tell]);
    for (adoptions, suspects, state) in
        [(1, 0, NotificationState::Sent), (2, 1, NotificationState::Sent), (3, 0, NotificationState::Skipped)]
    {
        stage.receive(&[stage.globex], "people.csv", FILE).await;
        let mut told =
            stage.notifications().into_iter().find(|it| it.state == NotificationState::Pending).expect("one");
        told.adoptions = adoptions;
        let id = told.id;
        stage.store.put(Aggregate::Notification(told));
        let before = stage.store.suspects().len();
        stage.run().await;
        let told = stage.notifications().into_iter().find(|it| it.id == id).expect("it is kept");
        assert_eq!((stage.store.suspects().len() - before, told.state), (suspects, state), "{adoptions} adoptions");
    }
}

#[tokio::test]
async fn a_channel_is_told_of_the_events_that_it_chose() {
    let stage = Stage::new().await;
    for (name, events) in [("all", vec![]), ("ends", vec![EventKind::TransferFinished])] {
        stage.channel(name, events).await;
    }
    stage
        .runner
        .notifies("tell", |event| Ok(["all", "ends"].map(|channel| message(channel, event.kind.name())).into()));
    let tell = binding(Hook::Notify, "tell", csv(), FailureMode::Skip);
    stage.policy(Owner::Partner(stage.acme), Side::Inbound, vec![tell]);
    stage.receive(&[stage.globex], "people.csv", FILE).await;
    stage.run().await;
    // Without room here, the second parts are looked for.
    stage.clock.advance(SOON);
    stage.run_due().await;
    let told = |name: &str| -> Vec<_> {
        let notices = stage.messenger.seen();
        notices.iter().filter(|it| it.channel.name == name).map(|it| it.message.title.clone()).collect()
    };
    assert_eq!(told("ends"), ["transfer.finished"]);
    assert!(told("all").len() > 2 && told("all").contains(&"transfer.received".to_owned()), "{:?}", told("all"));
}

#[tokio::test]
async fn a_channel_that_is_gone_is_turned_off_and_recovers_what_it_missed() {
    let stage = Stage::new().await;
    let channel = stage.channel("hook", vec![EventKind::TransferReceived]).await;
    stage.runner.notifies("tell", |event| Ok(vec![message("hook", event.kind.name())]));
    let tell = binding(Hook::Notify, "tell", csv(), FailureMode::Skip);
    stage.policy(Owner::Partner(stage.acme), Side::Inbound, vec![tell]);
    let gone = Answer::Refused { cause: Cause::Refused, error: "410 Gone".to_owned(), disable: true, response: None };
    stage.messenger.will_answer(gone);
    let begun = stage.clock.now();
    for name in ["one.csv", "two.csv"] {
        stage.receive(&[stage.globex], name, FILE).await;
        stage.run().await;
    }
    assert_eq!(stage.messenger.seen().len(), 1, "the second passed a channel by that was turned off");
    let found = stage.store.find_channel(channel.id).await.expect("an answer").expect("the channel");
    assert!(!found.enabled);
    assert_eq!(found.health.disabled.as_ref().map(|it| it.reason.as_str()), Some("410 Gone"));
    let found = stage.turn_on(&found).await;
    assert_eq!(stage.store.recover_channel(&found, begun).await.expect("an answer"), 2);
    stage.run_due().await;
    let told = stage.messenger.seen();
    assert_eq!(told.len(), 3);
    assert!(told[1..].iter().any(|it| it.notification == told[0].notification), "the same id for the same message");
}

#[tokio::test]
async fn a_channel_that_fails_keeps_no_other_message_of_the_same_event_waiting() {
    let stage = Stage::new().await;
    for name in ["bad", "good"] {
        stage.channel(name, vec![EventKind::TransferReceived]).await;
    }
    stage.runner.notifies("tell", |_| Ok(["bad", "good"].map(|channel| message(channel, "x")).into()));
    let tell = binding(Hook::Notify, "tell", csv(), FailureMode::Skip);
    stage.policy(Owner::Partner(stage.acme), Side::Inbound, vec![tell]);
    stage.messenger.will_answer(Answer::failed(Cause::ServerError, "500 Internal Server Error"));
    stage.receive(&[stage.globex], "people.csv", FILE).await;
    stage.run().await;
    // Without room here, the second parts are looked for.
    stage.clock.advance(SOON);
    stage.run_due().await;
    let seen: Vec<_> = stage.messenger.seen().iter().map(|it| it.channel.name.clone()).collect();
    assert_eq!(seen, ["bad", "good"], "the second did not wait for the first one's schedule");
}

#[tokio::test]
async fn the_other_channels_of_a_partner_are_told_that_one_is_turned_off() {
    let stage = Stage::new().await;
    stage.channel("hook", vec![]).await;
    stage.channel("operations", vec![EventKind::ChannelDisabled]).await;
    stage.channel("busy", vec![EventKind::TransferReceived]).await;
    stage.runner.notifies("tell", |event| {
        let first: &[&str] = if event.kind == EventKind::TransferReceived { &["hook"] } else { &[] };
        let off: &[&str] = if event.kind == EventKind::ChannelDisabled { &["hook", "operations", "busy"] } else { &[] };
        let why = event.attribute("reason").unwrap_or_default();
        Ok(first.iter().chain(off).map(|channel| message(channel, &format!("{}: {why}", event.kind.name()))).collect())
    });
    let tell = binding(Hook::Notify, "tell", csv(), FailureMode::Skip);
    stage.policy(Owner::Partner(stage.acme), Side::Inbound, vec![tell]);
    let gone = Answer::Refused { cause: Cause::Refused, error: "410 Gone".to_owned(), disable: true, response: None };
    stage.messenger.will_answer(gone);
    let id = stage.receive(&[stage.globex], "people.csv", FILE).await;
    stage.run().await;
    let told: Vec<_> =
        stage.messenger.seen().iter().map(|it| (it.channel.name.clone(), it.message.title.clone())).collect();
    let to = |channel: &str, title: &str| (channel.to_owned(), title.to_owned());
    assert_eq!(told, [to("hook", "transfer.received: "), to("operations", "channel.disabled: 410 Gone")]);
    let off: Vec<_> =
        stage.store.provenance(id).into_iter().filter(|it| it.entry.kind == EntryKind::ChannelDisabled).collect();
    assert_eq!(off.len(), 1);
    assert_eq!(
        (&off[0].entry.details["channel"], &off[0].entry.details["reason"]),
        (&"hook".into(), &"410 Gone".into())
    );
}

#[tokio::test]
async fn transfers_never_wait_for_a_notify_plugin_that_fails() {
    let stage = Stage::new().await;
    stage.runner.notifies("tell", |_| Err(PluginError::Fault(Fault::Trap { message: "unreachable".to_owned() })));
    let tell = binding(Hook::Notify, "tell", csv(), FailureMode::Skip);
    stage.policy(Owner::House, Side::Inbound, vec![tell]);
    let id = stage.receive(&[stage.globex], "people.csv", FILE).await;
    stage.run().await;
    assert_eq!(stage.get(id).state, TransferState::Finished);
    assert!(stage.notifications().iter().all(|it| it.state == NotificationState::Skipped));
}
