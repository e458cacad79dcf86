//! Deliveries and notifications.

use proptest::prelude::*;
use time::Duration;
use uuid::Uuid;

use super::{at, check, decision, payload, stamp};
use crate::claim::Aggregate;
use crate::delivery::{Answer, Attempt, Cause, Delivery, DeliveryState, Wait};
use crate::destination::{Destination, DestinationSettings, DestinationStatus, Endpoint, KafkaOptions};
use crate::digest::Digest;
use crate::finding::Verdict;
use crate::id::{
    AttemptId, BindingId, ConsignmentId, DeliveryId, DestinationId, EventId, HostId, NotificationId, PartnerId,
    RevisionId, TransferId,
};
use crate::notification::{Event, EventKind, Message, Notification, NotificationState};
use crate::policy::{Owner, Side};
use crate::state::delivery::Rejudgement;
use crate::state::{DeliveryMove, NotificationMove, delivery, notification};
use crate::trace::TraceContext;

fn scheduled() -> Delivery {
    Delivery {
        id: DeliveryId::from_uuid(Uuid::new_v4()),
        version: 0,
        state: DeliveryState::Scheduled,
        consignment: ConsignmentId::from_uuid(Uuid::new_v4()),
        transfer: TransferId::from_uuid(Uuid::new_v4()),
        receiver: PartnerId::from_uuid(Uuid::new_v4()),
        destination: DestinationId::from_uuid(Uuid::new_v4()),
        position: None,
        due_at: at(),
        attempts: 0,
        last_error: None,
        cause: None,
        waits: None,
        generation: 1,
        released: None,
        judges: false,
        redrive: None,
        replay_of: None,
        adoptions: 0,
        trace: TraceContext::default(),
        created_at: at(),
        updated_at: at(),
    }
}

fn inbox(of: &Delivery) -> Destination {
    Destination {
        id: of.destination,
        partner: of.receiver,
        name: "inbox".to_owned(),
        endpoint: Endpoint::Kafka { topic: "inbox".to_owned(), brokers: None, options: KafkaOptions::default() },
        ordered: false,
        status: DestinationStatus::Active,
        disabled: None,
        settings: DestinationSettings::default(),
        created_at: at(),
    }
}

fn pending() -> Notification {
    Notification {
        id: NotificationId::from_uuid(Uuid::new_v4()),
        version: 0,
        state: NotificationState::Pending,
        event: Event {
            id: EventId::from_uuid(Uuid::new_v4()),
            kind: EventKind::TransferReceived,
            transfer: TransferId::from_uuid(Uuid::new_v4()),
            partner: PartnerId::from_uuid(Uuid::new_v4()),
            attributes: vec![],
            at: at(),
        },
        owner: Owner::House,
        revision: RevisionId::from_uuid(Uuid::new_v4()),
        binding: BindingId::from_uuid(Uuid::new_v4()),
        part: 0,
        messages: vec![],
        sent: 0,
        due_at: at(),
        attempts: 0,
        waits: None,
        last_error: None,
        adoptions: 0,
        trace: TraceContext::default(),
        updated_at: at(),
    }
}

fn answers() -> impl Strategy<Value = Answer> {
    prop_oneof![
        Just(Answer::Taken { receipt: "200".to_owned() }),
        Just(Answer::failed(Cause::ServerError, "500")),
        any::<bool>().prop_map(|disable| Answer::Refused {
            cause: Cause::Gone,
            error: "410".to_owned(),
            disable,
            response: None,
        }),
    ]
}

fn attempt(number: u32, answer: Answer) -> Attempt {
    let id = AttemptId::from_uuid(Uuid::new_v4());
    let host = HostId::from_uuid(Uuid::new_v4());
    Attempt { id, number, started_at: at(), took: std::time::Duration::ZERO, host, from_offset: None, answer }
}

fn rejudged(it: &Delivery, verdict: Verdict, same: bool) -> Rejudgement {
    let before = it.released.clone().unwrap_or_else(payload);
    let mut outcome = payload();
    outcome.digest = if same { before.digest } else { Digest::of(outcome.id.to_string().as_bytes()) };
    Rejudgement {
        decision: decision(it.transfer, Side::Outbound, verdict),
        outcome: Some(outcome),
        masked: true,
        before,
        refusal: None,
    }
}

#[derive(Debug, Clone)]
enum Wanted {
    Attempt(Answer, bool),
    Postpone,
    GiveUp,
    Redrive(bool),
    Judge(Verdict, bool),
    Compose(usize),
    Skip,
}

fn wanted() -> impl Strategy<Value = Wanted> {
    prop_oneof![
        (answers(), any::<bool>()).prop_map(|(answer, again)| Wanted::Attempt(answer, again)),
        Just(Wanted::Postpone),
        Just(Wanted::GiveUp),
        any::<bool>().prop_map(Wanted::Redrive),
        (super::verdicts(), any::<bool>()).prop_map(|(verdict, same)| Wanted::Judge(verdict, same)),
        (0usize..3).prop_map(Wanted::Compose),
        Just(Wanted::Skip),
    ]
}

proptest! {
    #[test]
    fn deliveries_keep_the_promises(moves in proptest::collection::vec(wanted(), 0..20)) {
        let mut it = scheduled();
        for wanted in moves {
            let later = at() + Duration::seconds(5);
            let reason = "because".to_owned();
            let made = match wanted.clone() {
                Wanted::Attempt(answer, again) => {
                    DeliveryMove::Attempt {
                        attempt: attempt(it.attempts + 1, answer),
                        next: again.then_some(later),
                        destination: Box::new(inbox(&it)),
                    }
                }
                Wanted::Postpone => DeliveryMove::Postpone { until: later, waits: Wait::Slot },
                Wanted::GiveUp => DeliveryMove::GiveUp { reason, cause: Cause::Disabled },
                Wanted::Redrive(judged_again) => DeliveryMove::Redrive { reason, redrive: None, judged_again },
                Wanted::Judge(verdict, same) => DeliveryMove::Judge(Box::new(rejudged(&it, verdict, same))),
                Wanted::Compose(_) | Wanted::Skip => continue,
            };
            let redrives = matches!(made, DeliveryMove::Redrive { .. });
            let judges = matches!(made, DeliveryMove::Judge(_));
            let postpones = matches!(made, DeliveryMove::Postpone { .. });
            let Ok(change) = delivery::apply(&it, made, &stamp()) else { continue };
            prop_assert_ne!(it.state, DeliveryState::Delivered);
            prop_assert!(redrives == (it.state == DeliveryState::DeadLettered));
            let Aggregate::Delivery(next) = change.next().clone() else { panic!("a delivery stays one") };
            check(it.version, &change, next.state == DeliveryState::Scheduled);
            prop_assert_eq!((next.id, next.destination), (it.id, it.destination));
            prop_assert!(!postpones || (next.attempts == it.attempts && change.entries().is_empty()));
            prop_assert_eq!(change.disables().is_some(), matches!(
                wanted, Wanted::Attempt(Answer::Refused { disable: true, .. }, _)
            ));
            prop_assert_eq!(change.turns_off().is_some(), change.disables().is_some());
            prop_assert!(change.disables().is_none_or(|off| off.endpoint == inbox(&it).endpoint));
            // The key follows the bytes: other bytes, another key, and nothing else changes it.
            prop_assert_eq!(next.key() != it.key(), next.released != it.released);
            prop_assert!(next.generation == it.generation || judges);
            prop_assert!(!judges || it.judges, "judged although nobody asked");
            it = next;
        }
    }

    #[test]
    fn notifications_keep_the_promises(moves in proptest::collection::vec(wanted(), 0..20)) {
        let mut it = pending();
        for wanted in moves {
            let message = || Message {
                channel: "hook".to_owned(),
                title: String::new(),
                media_type: "text/plain".to_owned(),
                text: String::new(),
            };
            let made = match wanted {
                Wanted::Attempt(answer, again) => NotificationMove::Attempt {
                    channel: None,
                    attempt: attempt(it.attempts + 1, answer),
                    next: again.then(|| at() + Duration::seconds(5)),
                },
                Wanted::Compose(count) => NotificationMove::Compose((0..count).map(|_| message()).collect()),
                Wanted::Skip => NotificationMove::Skip { reason: "because".to_owned() },
                Wanted::Postpone => NotificationMove::Postpone { until: at() + Duration::seconds(5) },
                Wanted::GiveUp | Wanted::Redrive(_) | Wanted::Judge(..) => continue,
            };
            let composed = if let NotificationMove::Compose(messages) = &made { messages.len() } else { 0 };
            let Ok(change) = notification::apply(&it, made, &stamp()) else { continue };
            prop_assert!(matches!(it.state, NotificationState::Pending | NotificationState::Scheduled));
            let Aggregate::Notification(next) = change.next().clone() else { panic!("a notification stays one") };
            check(it.version, &change, next.state == NotificationState::Scheduled);
            prop_assert!(next.sent as usize <= next.messages.len());
            // Each message is a part of its own; the first goes on where it is, each other one is rung for.
            prop_assert!(next.messages.len() <= 1);
            prop_assert_eq!(change.notifications().len(), composed.saturating_sub(1));
            prop_assert_eq!(change.goes_on(), composed > 0);
            prop_assert_eq!(change.commands().len(), usize::from(change.rings) + change.notifications().len());
            for (part, it) in (1..).zip(change.notifications()) {
                prop_assert_eq!((it.part, it.version, it.state), (part, 0, NotificationState::Scheduled));
                prop_assert!(it.messages.len() == 1 && it.event == next.event && it.binding == next.binding);
            }
            prop_assert!(next.state != NotificationState::Sent || next.sent as usize == next.messages.len());
            it = next;
        }
    }
}
