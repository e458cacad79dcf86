//! The legal moves of a delivery.

mod judge;

use serde_json::json;

use crate::change::{Change, Disabling, TurningOff};
use crate::claim::Aggregate;
use crate::command::Work;
use crate::decision::Decision;
use crate::delivery::{Answer, Attempt, Cause, Delivery, DeliveryState, Wait};
use crate::destination::Destination;
use crate::id::RedriveId;
use crate::notification::EventKind;
use crate::payload::Payload;
use crate::provenance::{Entry, EntryKind};
use crate::state::{IllegalMove, Stamp, change, placed};
use crate::time::{Timestamp, rfc3339};

/// What can be done with a delivery.
#[derive(Debug, Clone)]
pub enum DeliveryMove {
    /// An attempt was made; `next` is when another is due, if the schedule has one left.
    Attempt {
        /// The attempt with its answer.
        attempt: Attempt,
        /// When to try again.
        next: Option<Timestamp>,
        /// The destination as it was when it was asked.
        destination: Box<Destination>,
    },
    /// It cannot be attempted now, for a reason that is not the receiver's (the destination is disabled, its breaker is
    /// open, an earlier position is unfinished): due again later, without counting as an attempt.
    Postpone {
        /// Until when.
        until: Timestamp,
        /// For what.
        waits: Wait,
    },
    /// It is given up without another attempt: three hosts died over it, or its destination is gone.
    GiveUp {
        /// Why.
        reason: String,
        /// The class of it.
        cause: Cause,
    },
    /// A person sends it on its way again, under the same id.
    Redrive {
        /// Why.
        reason: String,
        /// By which redrive, if it is one of many.
        redrive: Option<RedriveId>,
        /// Whether the current policy judges it before it leaves.
        judged_again: bool,
    },
    /// The current policy judged it anew before its next attempt.
    Judge(Box<Rejudgement>),
}

/// What came of judging a redriven delivery by the current policy.
#[derive(Debug, Clone)]
pub struct Rejudgement {
    /// The decision to keep; anything but an acceptance makes it a dead letter again.
    pub decision: Decision,
    /// What would leave now.
    pub outcome: Option<Payload>,
    /// Whether the outcome is an object of its own.
    pub masked: bool,
    /// What left, or would have left, so far.
    pub before: Payload,
    /// One sentence, when it may not leave.
    pub refusal: Option<String>,
}

/// All legal moves of a delivery, and nothing else.
pub fn apply(delivery: &Delivery, wanted: DeliveryMove, stamp: &Stamp) -> Result<Change, IllegalMove> {
    match (delivery.state, wanted) {
        (DeliveryState::Scheduled, DeliveryMove::Attempt { attempt, next, destination }) => {
            Ok(attempted(delivery, attempt, next, &destination, stamp))
        }
        (DeliveryState::Scheduled, DeliveryMove::Postpone { until, waits }) => {
            let mut change = moved(delivery, DeliveryState::Scheduled, stamp);
            change.entries.clear();
            set(&mut change, |next| {
                next.due_at = until;
                next.waits = Some(waits);
            });
            Ok(change)
        }
        (DeliveryState::Scheduled, DeliveryMove::GiveUp { reason, cause }) => {
            Ok(given_up(delivery, reason, cause, stamp))
        }
        (DeliveryState::Scheduled, DeliveryMove::Judge(judgement)) if delivery.judges => {
            Ok(judge::judged(delivery, *judgement, stamp))
        }
        (DeliveryState::DeadLettered, DeliveryMove::Redrive { reason, redrive, judged_again }) => {
            let mut change = moved(delivery, DeliveryState::Scheduled, stamp);
            let mut details = json!({ "reason": reason });
            if let Some(redrive) = redrive {
                details["redrive"] = json!(redrive);
            }
            if judged_again {
                details["judged_again"] = json!(true);
            }
            push(&mut change, delivery, stamp.entry(EntryKind::Redriven, details));
            change.rings = true;
            set(&mut change, |next| {
                next.due_at = stamp.at;
                next.attempts = 0;
                next.adoptions = 0;
                next.waits = None;
                next.judges = judged_again;
                next.redrive = redrive;
            });
            Ok(change)
        }
        (state, wanted) => Err(IllegalMove {
            work: Work::Delivery(delivery.id),
            state: name(state),
            wanted: match wanted {
                DeliveryMove::Attempt { .. } => "attempted",
                DeliveryMove::Postpone { .. } => "postponed",
                DeliveryMove::GiveUp { .. } => "given up",
                DeliveryMove::Redrive { .. } => "redriven",
                DeliveryMove::Judge(_) => "judged again",
            },
        }),
    }
}

fn given_up(delivery: &Delivery, reason: String, cause: Cause, stamp: &Stamp) -> Change {
    let mut change = moved(delivery, DeliveryState::DeadLettered, stamp);
    let details = json!({ "reason": reason, "cause": cause.name() });
    push(&mut change, delivery, stamp.entry(EntryKind::DeadLettered, details));
    set(&mut change, |next| {
        next.last_error = Some(reason);
        next.cause = Some(cause);
        next.waits = None;
    });
    change
}

fn attempted(
    delivery: &Delivery,
    attempt: Attempt,
    due: Option<Timestamp>,
    destination: &Destination,
    stamp: &Stamp,
) -> Change {
    let number = attempt.number;
    let (state, kind, mut details, failure) = match (&attempt.answer, due) {
        (Answer::Taken { receipt }, _) => {
            let details = json!({ "attempt": number, "receipt": receipt, "key": delivery.key() });
            (DeliveryState::Delivered, EntryKind::Delivered, details, None)
        }
        (Answer::Failed { error, cause, .. }, Some(due)) => (
            DeliveryState::Scheduled,
            EntryKind::AttemptFailed,
            json!({ "attempt": number, "error": error, "cause": cause.name(), "next": rfc3339(due) }),
            Some((error.clone(), *cause)),
        ),
        (Answer::Failed { error, cause, .. } | Answer::Refused { error, cause, .. }, _) => (
            DeliveryState::DeadLettered,
            EntryKind::DeadLettered,
            json!({ "attempt": number, "error": error, "cause": cause.name() }),
            Some((error.clone(), *cause)),
        ),
    };
    let (error, cause) = failure.unzip();
    if let Some(offset) = attempt.from_offset {
        details["from_offset"] = json!(offset);
    }
    let mut change = moved(delivery, state, stamp);
    push(&mut change, delivery, stamp.entry(kind, details));
    if let Answer::Refused { disable: true, error, .. } = &attempt.answer {
        let (id, endpoint) = (delivery.destination, destination.endpoint.clone());
        change.disables = Some(Disabling { destination: id, endpoint, reason: error.clone() });
        change.turns_off = Some(turned_off(delivery, &destination.name, error, stamp));
    }
    set(&mut change, |next| {
        next.attempts = number;
        next.last_error = error;
        next.cause = cause;
        next.waits = None;
        next.due_at = due.unwrap_or(next.due_at);
        next.adoptions = 0;
    });
    change.attempt = Some(attempt);
    change
}

/// Tells the receiver, whose destination it is.
fn turned_off(delivery: &Delivery, name: &str, reason: &str, stamp: &Stamp) -> TurningOff {
    let id = delivery.destination.to_string();
    let about = [("destination.name", name), ("destination.id", &id), ("reason", reason)];
    let kinds = (EntryKind::DestinationDisabled, EventKind::DestinationDisabled);
    let mut off = stamp.turning_off(kinds, delivery.transfer, delivery.receiver, about);
    off.entry = placed(off.entry, Some(delivery.consignment), Some(delivery.id));
    off
}

fn moved(delivery: &Delivery, state: DeliveryState, stamp: &Stamp) -> Change {
    let next = Delivery { version: delivery.version + 1, state, updated_at: stamp.at, ..delivery.clone() };
    let mut change = change(delivery.version, Aggregate::Delivery(next), delivery.transfer, stamp);
    for entry in &mut change.entries {
        (entry.consignment, entry.delivery) = (Some(delivery.consignment), Some(delivery.id));
    }
    change
}

fn push(change: &mut Change, delivery: &Delivery, entry: Entry) {
    change.entries.push(placed(entry, Some(delivery.consignment), Some(delivery.id)));
}

fn set(change: &mut Change, edit: impl FnOnce(&mut Delivery)) {
    if let Aggregate::Delivery(next) = &mut change.next {
        edit(next);
    }
}

/// The state as a word in sentences and on the wire.
pub const fn name(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Scheduled => "scheduled",
        DeliveryState::Delivered => "delivered",
        DeliveryState::DeadLettered => "dead-lettered",
    }
}
