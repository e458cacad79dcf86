//! The legal moves of a delivery.

use serde_json::json;

use crate::change::Change;
use crate::claim::Aggregate;
use crate::command::Work;
use crate::delivery::{Answer, Attempt, Delivery, DeliveryState};
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
    },
    /// It cannot be attempted now, for a reason that is not the receiver's (the destination is disabled, its breaker is
    /// open, an earlier position is unfinished): due again later, without counting as an attempt.
    Postpone {
        /// Until when.
        until: Timestamp,
    },
    /// It is given up without another attempt: three hosts died over it, or its destination is gone.
    GiveUp {
        /// Why.
        reason: String,
    },
    /// A person sends it on its way again, under the same id.
    Redrive {
        /// Why.
        reason: String,
    },
}

/// All legal moves of a delivery, and nothing else.
pub fn apply(delivery: &Delivery, wanted: DeliveryMove, stamp: &Stamp) -> Result<Change, IllegalMove> {
    match (delivery.state, wanted) {
        (DeliveryState::Scheduled, DeliveryMove::Attempt { attempt, next }) => {
            Ok(attempted(delivery, attempt, next, stamp))
        }
        (DeliveryState::Scheduled, DeliveryMove::Postpone { until }) => {
            let mut change = moved(delivery, DeliveryState::Scheduled, stamp);
            change.entries.clear();
            set(&mut change, |next| next.due_at = until);
            Ok(change)
        }
        (DeliveryState::Scheduled, DeliveryMove::GiveUp { reason }) => {
            let mut change = moved(delivery, DeliveryState::DeadLettered, stamp);
            push(&mut change, delivery, stamp.entry(EntryKind::DeadLettered, json!({ "reason": reason })));
            set(&mut change, |next| next.last_error = Some(reason));
            Ok(change)
        }
        (DeliveryState::DeadLettered, DeliveryMove::Redrive { reason }) => {
            let mut change = moved(delivery, DeliveryState::Scheduled, stamp);
            push(&mut change, delivery, stamp.entry(EntryKind::Redriven, json!({ "reason": reason })));
            change.rings = true;
            set(&mut change, |next| {
                next.due_at = stamp.at;
                next.attempts = 0;
                next.adoptions = 0;
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
            },
        }),
    }
}

fn attempted(delivery: &Delivery, attempt: Attempt, due: Option<Timestamp>, stamp: &Stamp) -> Change {
    let number = attempt.number;
    let (state, kind, details, error) = match (&attempt.answer, due) {
        (Answer::Taken { receipt }, _) => {
            (DeliveryState::Delivered, EntryKind::Delivered, json!({ "attempt": number, "receipt": receipt }), None)
        }
        (Answer::Failed { error, .. }, Some(due)) => (
            DeliveryState::Scheduled,
            EntryKind::AttemptFailed,
            json!({ "attempt": number, "error": error, "next": rfc3339(due) }),
            Some(error.clone()),
        ),
        (Answer::Failed { error, .. } | Answer::Refused { error, .. }, _) => (
            DeliveryState::DeadLettered,
            EntryKind::DeadLettered,
            json!({ "attempt": number, "error": error }),
            Some(error.clone()),
        ),
    };
    let mut change = moved(delivery, state, stamp);
    push(&mut change, delivery, stamp.entry(kind, details));
    if let Answer::Refused { disable: true, .. } = attempt.answer {
        change.disables = Some(delivery.destination);
    }
    set(&mut change, |next| {
        next.attempts = number;
        next.last_error = error;
        next.due_at = due.unwrap_or(next.due_at);
        next.adoptions = 0;
    });
    change.attempt = Some(attempt);
    change
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
