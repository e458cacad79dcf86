//! The legal moves of a consignment.

use serde_json::json;

use crate::change::{Change, NewDelivery};
use crate::claim::Aggregate;
use crate::command::Work;
use crate::consignment::{Consignment, ConsignmentState, DeliveryOrder};
use crate::decision::Decision;
use crate::delivery::{Delivery, DeliveryState};
use crate::finding::Verdict;
use crate::hold::{Hold, OnRelease};
use crate::id::{DeliveryId, PayloadId, RedriveId};
use crate::notification::EventKind;
use crate::payload::Payload;
use crate::provenance::{Entry, EntryKind};
use crate::state::{IllegalMove, Stamp, change, placed, transfer};

/// What can be done with a consignment.
#[derive(Debug, Clone)]
pub enum ConsignmentMove {
    /// The receiver's side decided.
    Judge(Box<Judgement>),
    /// Three hosts died over it: it waits for a person.
    Poison(Hold),
    /// A person lets a held consignment go on.
    Release {
        /// Why.
        reason: String,
        /// Where it goes, if its bytes are promoted.
        orders: Vec<DeliveryOrder>,
    },
    /// A person refuses a held consignment.
    Refuse {
        /// Why.
        reason: String,
    },
    /// Nobody decided about a held consignment in time.
    Expire,
    /// A person sends what was delivered once more, as a delivery of its own.
    Replay(Box<Replay>),
}

/// A delivery to repeat.
#[derive(Debug, Clone)]
pub struct Replay {
    /// Which one.
    pub of: Delivery,
    /// Whether its destination keeps order.
    pub ordered: bool,
    /// By which redrive.
    pub redrive: RedriveId,
    /// Why.
    pub reason: String,
}

/// What came of judging the receiver's side.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The decision to keep; its verdict moves the consignment.
    pub decision: Decision,
    /// What would leave: the masked object, or the transfer's released payload where nothing masks.
    pub outcome: Option<Payload>,
    /// Objects that were written and are not wanted.
    pub discards: Vec<PayloadId>,
    /// Whether the outcome is an object of its own, to be promoted.
    pub masked: bool,
    /// Where it goes if accepted; none means that the receiver fetches it.
    pub orders: Vec<DeliveryOrder>,
    /// Why a person must look, when the verdict is hold.
    pub hold: Option<Hold>,
    /// One sentence for both sides, when the verdict is reject.
    pub reason: Option<String>,
}

/// All legal moves of a consignment, and nothing else.
pub fn apply(consignment: &Consignment, wanted: ConsignmentMove, stamp: &Stamp) -> Result<Change, IllegalMove> {
    use ConsignmentState::{DeadLettered, Delivered, Held, Pending, Released};
    match (consignment.state, wanted) {
        (Pending, ConsignmentMove::Judge(judgement)) => Ok(judge(consignment, *judgement, stamp)),
        (Pending, ConsignmentMove::Poison(hold)) => Ok(poison(consignment, hold, stamp)),
        (Held, ConsignmentMove::Release { reason, orders }) => Ok(release(consignment, &reason, &orders, stamp)),
        (Held, ConsignmentMove::Refuse { reason }) => Ok(refuse(consignment, &reason, stamp)),
        (Held, ConsignmentMove::Expire) => Ok(refuse(consignment, "nobody released it in time", stamp)),
        (Delivered | DeadLettered | Released, ConsignmentMove::Replay(wanted)) => {
            Ok(replay(consignment, &wanted, stamp))
        }
        (state, wanted) => Err(IllegalMove {
            work: Work::Consignment(consignment.id),
            state: name(state),
            wanted: match wanted {
                ConsignmentMove::Judge(_) => "judged",
                ConsignmentMove::Poison(_) => "held",
                ConsignmentMove::Release { .. } => "released",
                ConsignmentMove::Refuse { .. } => "refused",
                ConsignmentMove::Expire => "expired",
                ConsignmentMove::Replay(_) => "replayed",
            },
        }),
    }
}

/// The move that follows from where the deliveries stand, replays left aside: delivered or dead-lettered when none is under
/// way, released again when one was redriven.
pub fn roll_up(consignment: &Consignment, deliveries: &[DeliveryState], stamp: &Stamp) -> Option<Change> {
    let under_way = deliveries.contains(&DeliveryState::Scheduled);
    let given_up = deliveries.iter().filter(|it| **it == DeliveryState::DeadLettered).count();
    let (state, kind, reason) = match (consignment.state, under_way, given_up) {
        (ConsignmentState::Released, false, 0) => {
            (ConsignmentState::Delivered, Some(EventKind::ConsignmentDelivered), None)
        }
        (ConsignmentState::Released, false, given_up) => {
            let reason = not_taken(given_up, deliveries.len());
            (ConsignmentState::DeadLettered, Some(EventKind::ConsignmentDeadLettered), Some(reason))
        }
        (ConsignmentState::DeadLettered, true, _) => (ConsignmentState::Released, None, None),
        _ => return None,
    };
    let mut change = moved(consignment, state, stamp);
    change.entries = vec![];
    if let Some(kind) = kind {
        tell(&mut change, kind, consignment, stamp, reason.as_deref());
    }
    set(&mut change, |next| next.reason = reason);
    Some(change)
}

/// Why is the receiver's affair; that not all of it arrived, and how much, is the sender's as well.
fn not_taken(given_up: usize, all: usize) -> String {
    match all {
        1 => "its destination did not take it".to_owned(),
        all => format!("{given_up} of {all} destinations did not take it"),
    }
}

fn judge(consignment: &Consignment, judgement: Judgement, stamp: &Stamp) -> Change {
    let Judgement { decision, outcome, discards, masked, orders, hold, reason } = judgement;
    let own = outcome.as_ref().filter(|_| masked).map(|payload| payload.id);
    let mut change = match decision.verdict {
        Verdict::Accept => {
            let mut change = released(consignment, &orders, stamp);
            change.promotes.extend(own);
            change
        }
        Verdict::Hold => {
            let mut change = moved(consignment, ConsignmentState::Held, stamp);
            change.promotes.extend(own);
            let explanation = hold.as_ref().map(|hold| hold.explanation.clone());
            push(&mut change, consignment, stamp.entry(EntryKind::Held, json!({ "explanation": explanation })));
            tell(&mut change, EventKind::ConsignmentHeld, consignment, stamp, explanation.as_deref());
            change
        }
        Verdict::Reject => {
            let mut change = moved(consignment, ConsignmentState::Rejected, stamp);
            change.discards.extend(own);
            push(&mut change, consignment, stamp.entry(EntryKind::Rejected, json!({ "reason": reason })));
            tell(&mut change, EventKind::ConsignmentRejected, consignment, stamp, reason.as_deref());
            change
        }
    };
    // How it was claimed and judged comes before what followed from it.
    let judged = placed(transfer::judged(&decision, stamp), Some(consignment.id), None);
    let after_claim = usize::from(stamp.claim.is_some());
    change.entries.insert(after_claim, judged);
    change.discards.extend(discards);
    let verdict = decision.verdict;
    set(&mut change, |next| match verdict {
        Verdict::Accept => next.released = outcome,
        Verdict::Hold => {
            next.candidate = outcome;
            next.hold = hold.map(|hold| Hold { object: own, ..hold });
        }
        Verdict::Reject => next.reason = reason,
    });
    change.decision = Some(decision);
    change
}

fn released(consignment: &Consignment, orders: &[DeliveryOrder], stamp: &Stamp) -> Change {
    let state = if orders.is_empty() { ConsignmentState::Available } else { ConsignmentState::Released };
    let mut change = moved(consignment, state, stamp);
    push(&mut change, consignment, stamp.entry(EntryKind::Accepted, json!({ "deliveries": orders.len() })));
    change.deliveries = orders.iter().map(|order| new_delivery(consignment, order, stamp)).collect();
    tell(&mut change, EventKind::ConsignmentReleased, consignment, stamp, None);
    change
}

fn new_delivery(consignment: &Consignment, order: &DeliveryOrder, stamp: &Stamp) -> NewDelivery {
    let delivery = Delivery {
        id: DeliveryId::generate(stamp.at),
        version: 0,
        state: DeliveryState::Scheduled,
        consignment: consignment.id,
        transfer: consignment.transfer,
        receiver: consignment.receiver,
        destination: order.destination,
        position: None,
        due_at: stamp.at,
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
        trace: consignment.trace.clone(),
        created_at: stamp.at,
        updated_at: stamp.at,
    };
    NewDelivery { delivery, ordered: order.ordered }
}

/// The same bytes once more, under a new key: whoever asks for them wants them although they came before. The share stays
/// where it stands, and its sender hears nothing.
fn replay(consignment: &Consignment, wanted: &Replay, stamp: &Stamp) -> Change {
    let order = DeliveryOrder { destination: wanted.of.destination, ordered: wanted.ordered };
    let mut new = new_delivery(consignment, &order, stamp);
    new.delivery.released = wanted.of.released.clone();
    new.delivery.redrive = Some(wanted.redrive);
    new.delivery.replay_of = Some(wanted.of.id);
    let mut change = moved(consignment, consignment.state, stamp);
    let details = json!({
        "reason": wanted.reason, "redrive": wanted.redrive, "replay_of": wanted.of.id, "delivery": new.delivery.id,
    });
    push(&mut change, consignment, stamp.entry(EntryKind::Replayed, details));
    change.deliveries = vec![new];
    change
}

fn poison(consignment: &Consignment, hold: Hold, stamp: &Stamp) -> Change {
    let mut change = moved(consignment, ConsignmentState::Held, stamp);
    let details = json!({ "explanation": hold.explanation, "adoptions": consignment.adoptions });
    push(&mut change, consignment, stamp.entry(EntryKind::Held, details));
    tell(&mut change, EventKind::ConsignmentHeld, consignment, stamp, Some(&hold.explanation));
    set(&mut change, |next| next.hold = Some(hold));
    change
}

fn release(consignment: &Consignment, reason: &str, orders: &[DeliveryOrder], stamp: &Stamp) -> Change {
    let promotes = consignment.hold.as_ref().is_some_and(|hold| hold.on_release == OnRelease::Promote);
    let mut change = if promotes {
        released(consignment, orders, stamp)
    } else {
        let mut change = moved(consignment, ConsignmentState::Pending, stamp);
        change.rings = true;
        change.discards.extend(own_candidate(consignment));
        change
    };
    let entry = placed(stamp.entry(EntryKind::Released, json!({ "reason": reason })), Some(consignment.id), None);
    change.entries.insert(0, entry);
    set(&mut change, |next| {
        next.hold = None;
        let candidate = next.candidate.take();
        if promotes {
            next.released = candidate;
        } else {
            next.pins = vec![];
            next.adoptions = 0;
        }
    });
    change
}

fn refuse(consignment: &Consignment, reason: &str, stamp: &Stamp) -> Change {
    let mut change = moved(consignment, ConsignmentState::Rejected, stamp);
    push(&mut change, consignment, stamp.entry(EntryKind::Refused, json!({ "reason": reason })));
    tell(&mut change, EventKind::ConsignmentRejected, consignment, stamp, Some(reason));
    change.discards.extend(own_candidate(consignment));
    set(&mut change, |next| {
        next.reason = Some(reason.to_owned());
        next.candidate = None;
        next.hold = None;
    });
    change
}

/// The object that was masked for this receiver alone; a side without maskers holds the transfer's own object, which
/// other consignments still need.
fn own_candidate(consignment: &Consignment) -> Option<PayloadId> {
    consignment.hold.as_ref().and_then(|hold| hold.object)
}

fn moved(consignment: &Consignment, state: ConsignmentState, stamp: &Stamp) -> Change {
    let next = Consignment { version: consignment.version + 1, state, updated_at: stamp.at, ..consignment.clone() };
    let mut change = change(consignment.version, Aggregate::Consignment(next), consignment.transfer, stamp);
    for entry in &mut change.entries {
        entry.consignment = Some(consignment.id);
    }
    change
}

fn push(change: &mut Change, consignment: &Consignment, entry: Entry) {
    change.entries.push(placed(entry, Some(consignment.id), None));
}

fn set(change: &mut Change, edit: impl FnOnce(&mut Consignment)) {
    if let Aggregate::Consignment(next) = &mut change.next {
        edit(next);
    }
}

/// Tells the receiver, and the sender what a sender may know: that it ended, not what the receiver's policy found.
fn tell(change: &mut Change, kind: EventKind, consignment: &Consignment, stamp: &Stamp, reason: Option<&str>) {
    let attributes = vec![
        ("sender".to_owned(), consignment.sender.to_string()),
        ("receiver".to_owned(), consignment.receiver.to_string()),
    ];
    let ended = matches!(
        kind,
        EventKind::ConsignmentDelivered | EventKind::ConsignmentRejected | EventKind::ConsignmentDeadLettered
    );
    if ended {
        change.events.push(stamp.event(kind, consignment.transfer, consignment.sender, attributes.clone()));
    }
    let mut attributes = attributes;
    attributes.extend(reason.map(|reason| ("reason".to_owned(), reason.to_owned())));
    change.events.push(stamp.event(kind, consignment.transfer, consignment.receiver, attributes));
}

/// The state as a word in sentences and on the wire.
pub const fn name(state: ConsignmentState) -> &'static str {
    match state {
        ConsignmentState::Pending => "pending",
        ConsignmentState::Held => "held",
        ConsignmentState::Released => "released",
        ConsignmentState::Rejected => "rejected",
        ConsignmentState::Available => "available",
        ConsignmentState::Delivered => "delivered",
        ConsignmentState::DeadLettered => "dead-lettered",
    }
}
