//! The legal moves of a transfer.

use serde_json::json;

use crate::change::Change;
use crate::claim::Aggregate;
use crate::command::Work;
use crate::consignment::{Consignment, ConsignmentState};
use crate::decision::Decision;
use crate::finding::Verdict;
use crate::hold::{Hold, HoldCause, OnRelease};
use crate::id::ConsignmentId;
use crate::notification::EventKind;
use crate::payload::Payload;
use crate::provenance::{Entry, EntryKind};
use crate::route::PlannedRoute;
use crate::state::{IllegalMove, Stamp, change};
use crate::transfer::{Transfer, TransferState};

/// What can be done with a transfer.
#[derive(Debug, Clone)]
pub enum TransferMove {
    /// The bytes are complete and sealed.
    Receive(Payload),
    /// The sender's side decided.
    Judge(Box<Judgement>),
    /// Three hosts died over it: it waits for a person.
    Poison(Hold),
    /// A person lets a held transfer go on.
    Release {
        /// Why.
        reason: String,
    },
    /// A person refuses a held transfer.
    Refuse {
        /// Why.
        reason: String,
    },
    /// Nobody decided about a held transfer in time, or the bytes of an announced one never came.
    Expire,
    /// The sender takes it back.
    Cancel {
        /// Why.
        reason: String,
    },
}

/// What came of judging the sender's side.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The decision to keep; its verdict moves the transfer.
    pub decision: Decision,
    /// What would leave: the masked object, or the source where nothing masks. Absent when no complete judgement
    /// exists (a fault, or reading stopped early).
    pub outcome: Option<Payload>,
    /// Objects that were written and are not wanted.
    pub discards: Vec<crate::id::PayloadId>,
    /// Why a person must look, when the verdict is hold.
    pub hold: Option<Hold>,
    /// One sentence for both sides, when the verdict is reject.
    pub reason: Option<String>,
}

/// All legal moves of a transfer, and nothing else.
pub fn apply(transfer: &Transfer, wanted: TransferMove, stamp: &Stamp) -> Result<Change, IllegalMove> {
    use TransferState::{Announced, Held, Received};
    match (transfer.state, wanted) {
        (Announced, TransferMove::Receive(payload)) => Ok(receive(transfer, payload, stamp)),
        (Announced, TransferMove::Expire) => {
            Ok(end(transfer, TransferState::Expired, EntryKind::Expired, "the bytes never came", stamp))
        }
        (Received, TransferMove::Judge(judgement)) => Ok(judge(transfer, *judgement, stamp)),
        (Received, TransferMove::Poison(hold)) => Ok(poison(transfer, hold, stamp)),
        (Held, TransferMove::Release { reason }) => Ok(release(transfer, &reason, stamp)),
        (Held, TransferMove::Refuse { reason }) => {
            Ok(end(transfer, TransferState::Rejected, EntryKind::Refused, &reason, stamp))
        }
        (Held, TransferMove::Expire) => {
            Ok(end(transfer, TransferState::Rejected, EntryKind::Refused, "nobody released it in time", stamp))
        }
        (Announced | Received | Held, TransferMove::Cancel { reason }) => {
            Ok(end(transfer, TransferState::Cancelled, EntryKind::Cancelled, &reason, stamp))
        }
        (state, wanted) => Err(IllegalMove {
            work: Work::Transfer(transfer.id),
            state: name(state),
            wanted: match wanted {
                TransferMove::Receive(_) => "received",
                TransferMove::Judge(_) => "judged",
                TransferMove::Poison(_) => "held",
                TransferMove::Release { .. } => "released",
                TransferMove::Refuse { .. } => "refused",
                TransferMove::Expire => "expired",
                TransferMove::Cancel { .. } => "cancelled",
            },
        }),
    }
}

/// The move that follows from where the consignments stand: finished when all are settled, under way again when one
/// was redriven.
pub fn roll_up(transfer: &Transfer, consignments: &[ConsignmentState], stamp: &Stamp) -> Option<Change> {
    let settled = !consignments.is_empty() && consignments.iter().all(|state| state.is_settled());
    match (transfer.state, settled) {
        (TransferState::Accepted, true) => {
            let mut change = moved(transfer, TransferState::Finished, stamp);
            change.entries = vec![stamp.entry(EntryKind::Finished, json!({}))];
            tell(&mut change, EventKind::TransferFinished, transfer, stamp, None);
            Some(change)
        }
        (TransferState::Finished, false) => {
            let mut change = moved(transfer, TransferState::Accepted, stamp);
            change.entries = vec![];
            Some(change)
        }
        _ => None,
    }
}

/// The entry that begins a transfer's provenance.
pub fn announced(transfer: &Transfer, stamp: &Stamp) -> Entry {
    stamp.entry(EntryKind::Announced, json!({ "file_name": transfer.file_name, "receivers": transfer.receivers }))
}

fn receive(transfer: &Transfer, payload: Payload, stamp: &Stamp) -> Change {
    let mut change = moved(transfer, TransferState::Received, stamp);
    change.entries.push(stamp.entry(EntryKind::Received, json!({ "size": payload.size, "digest": payload.digest })));
    change.promotes.push(payload.id);
    change.rings = true;
    set(&mut change, |next| next.source = Some(payload));
    tell(&mut change, EventKind::TransferReceived, transfer, stamp, None);
    change
}

fn judge(transfer: &Transfer, judgement: Judgement, stamp: &Stamp) -> Change {
    let Judgement { decision, outcome, discards, hold, reason } = judgement;
    let verdict = decision.verdict;
    let state = match verdict {
        Verdict::Accept => TransferState::Accepted,
        Verdict::Hold => TransferState::Held,
        Verdict::Reject => TransferState::Rejected,
    };
    let mut change = moved(transfer, state, stamp);
    change.entries.push(judged(&decision, stamp));
    change.discards = discards;
    let masked = outcome.as_ref().map(|payload| payload.id).filter(|id| Some(*id) != source(transfer));
    let (facts, routes) = (decision.facts.clone(), decision.routes.clone());
    match verdict {
        Verdict::Accept => {
            change.promotes.extend(masked);
            change.entries.push(stamp.entry(EntryKind::Accepted, json!({})));
            consign(&mut change, transfer, &routes, stamp);
            tell(&mut change, EventKind::TransferAccepted, transfer, stamp, None);
        }
        Verdict::Hold => {
            change.promotes.extend(masked);
            let explanation = hold.as_ref().map(|hold| hold.explanation.clone());
            change.entries.push(stamp.entry(EntryKind::Held, json!({ "explanation": explanation })));
            tell(&mut change, EventKind::TransferHeld, transfer, stamp, explanation.as_deref());
        }
        Verdict::Reject => {
            change.discards.extend(masked);
            change.entries.push(stamp.entry(EntryKind::Rejected, json!({ "reason": reason })));
            tell(&mut change, EventKind::TransferRejected, transfer, stamp, reason.as_deref());
        }
    }
    set(&mut change, |next| {
        next.facts = facts;
        next.planned = routes;
        match verdict {
            Verdict::Accept => next.released = outcome,
            Verdict::Hold => (next.candidate, next.hold) = (outcome, hold),
            Verdict::Reject => next.reason = reason,
        }
    });
    change.decision = Some(decision);
    change
}

fn poison(transfer: &Transfer, hold: Hold, stamp: &Stamp) -> Change {
    let mut change = moved(transfer, TransferState::Held, stamp);
    debug_assert_eq!(hold.cause, HoldCause::Poison);
    let details = json!({ "explanation": hold.explanation, "adoptions": transfer.adoptions });
    change.entries.push(stamp.entry(EntryKind::Held, details));
    tell(&mut change, EventKind::TransferHeld, transfer, stamp, Some(&hold.explanation));
    set(&mut change, |next| next.hold = Some(hold));
    change
}

fn release(transfer: &Transfer, reason: &str, stamp: &Stamp) -> Change {
    let promotes = transfer.hold.as_ref().is_some_and(|hold| hold.on_release == OnRelease::Promote);
    let state = if promotes { TransferState::Accepted } else { TransferState::Received };
    let mut change = moved(transfer, state, stamp);
    change.entries.push(stamp.entry(EntryKind::Released, json!({ "reason": reason })));
    if promotes {
        change.entries.push(stamp.entry(EntryKind::Accepted, json!({})));
        consign(&mut change, transfer, &transfer.planned, stamp);
        tell(&mut change, EventKind::TransferAccepted, transfer, stamp, Some(reason));
        set(&mut change, |next| {
            next.released = next.candidate.take();
            next.hold = None;
        });
    } else {
        change.rings = true;
        change.discards.extend(transfer.candidate.as_ref().map(|it| it.id).filter(|id| Some(*id) != source(transfer)));
        set(&mut change, |next| {
            next.candidate = None;
            next.hold = None;
            next.pins = vec![];
            next.adoptions = 0;
        });
    }
    change
}

fn end(transfer: &Transfer, state: TransferState, kind: EntryKind, reason: &str, stamp: &Stamp) -> Change {
    let mut change = moved(transfer, state, stamp);
    change.entries.push(stamp.entry(kind, json!({ "reason": reason })));
    change.discards.extend(transfer.candidate.as_ref().map(|it| it.id).filter(|id| Some(*id) != source(transfer)));
    if state == TransferState::Rejected {
        tell(&mut change, EventKind::TransferRejected, transfer, stamp, Some(reason));
    }
    set(&mut change, |next| {
        next.reason = Some(reason.to_owned());
        next.candidate = None;
        next.hold = None;
        // Nothing was received under it: whoever announces the same anew begins anew.
        if transfer.state == TransferState::Announced {
            next.idempotency_key = None;
        }
    });
    change
}

fn consign(change: &mut Change, transfer: &Transfer, routes: &[PlannedRoute], stamp: &Stamp) {
    let receivers: Vec<_> = routes.iter().map(|route| route.receiver).collect();
    change.entries.push(stamp.entry(EntryKind::Routed, json!({ "receivers": receivers })));
    change.consignments = routes
        .iter()
        .map(|route| Consignment {
            id: ConsignmentId::generate(stamp.at),
            version: 0,
            state: ConsignmentState::Pending,
            transfer: transfer.id,
            sender: transfer.sender,
            receiver: route.receiver,
            destinations: route.destinations.clone(),
            candidate: None,
            released: None,
            pins: vec![],
            hold: None,
            reason: None,
            adoptions: 0,
            trace: transfer.trace.clone(),
            created_at: stamp.at,
            updated_at: stamp.at,
        })
        .collect();
}

/// The entry about a decision, for both sides' moves.
pub(super) fn judged(decision: &Decision, stamp: &Stamp) -> Entry {
    let plugins: Vec<_> = decision
        .outcomes
        .iter()
        .map(|it| json!({ "binding": it.name, "plugin": it.plugin, "fault": it.fault.as_ref().map(|f| f.kind()) }))
        .collect();
    let details = json!({
        "decision": decision.id, "side": decision.side, "verdict": decision.verdict, "revisions": decision.pins,
        "findings": decision.findings.items.len(), "dropped": decision.findings.dropped, "plugins": plugins,
    });
    stamp.entry(EntryKind::Judged, details)
}

fn source(transfer: &Transfer) -> Option<crate::id::PayloadId> {
    transfer.source.as_ref().map(|payload| payload.id)
}

fn moved(transfer: &Transfer, state: TransferState, stamp: &Stamp) -> Change {
    let next = Transfer { version: transfer.version + 1, state, updated_at: stamp.at, ..transfer.clone() };
    change(transfer.version, Aggregate::Transfer(next), transfer.id, stamp)
}

fn set(change: &mut Change, edit: impl FnOnce(&mut Transfer)) {
    if let Aggregate::Transfer(next) = &mut change.next {
        edit(next);
    }
}

fn tell(change: &mut Change, kind: EventKind, transfer: &Transfer, stamp: &Stamp, reason: Option<&str>) {
    let mut attributes =
        vec![("file.name".to_owned(), transfer.file_name.clone()), ("sender".to_owned(), transfer.sender.to_string())];
    attributes.extend(reason.map(|reason| ("reason".to_owned(), reason.to_owned())));
    change.events.push(stamp.event(kind, transfer.id, transfer.sender, attributes));
}

/// The state as a word in sentences and on the wire.
pub const fn name(state: TransferState) -> &'static str {
    match state {
        TransferState::Announced => "announced",
        TransferState::Received => "received",
        TransferState::Held => "held",
        TransferState::Accepted => "accepted",
        TransferState::Rejected => "rejected",
        TransferState::Cancelled => "cancelled",
        TransferState::Expired => "expired",
        TransferState::Finished => "finished",
    }
}
