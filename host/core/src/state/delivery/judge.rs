//! A redriven delivery that the current policy judged anew: what leaves now, and under which key.

use serde_json::json;

use super::{Rejudgement, given_up, moved, push, set};
use crate::change::Change;
use crate::delivery::{Cause, Delivery, DeliveryState};
use crate::finding::Verdict;
use crate::provenance::EntryKind;
use crate::state::{Stamp, placed, transfer};

/// Accepted with the same bytes it goes on under its key; with other bytes, under another. Otherwise it is a dead letter
/// again, and the bytes that passed the earlier policy stay where they are.
pub(super) fn judged(delivery: &Delivery, judgement: Rejudgement, stamp: &Stamp) -> Change {
    let Rejudgement { decision, outcome, masked, before, refusal } = judgement;
    let own = outcome.as_ref().filter(|_| masked).map(|it| it.id);
    let accepted = outcome.filter(|_| decision.verdict == Verdict::Accept);
    let mut change = match accepted {
        Some(outcome) => {
            let mut change = moved(delivery, DeliveryState::Scheduled, stamp);
            change.rings = true;
            let differs = outcome.digest != before.digest;
            let mut next = Delivery { judges: false, due_at: stamp.at, waits: None, ..delivery.clone() };
            if differs {
                next.generation += 1;
                next.released = Some(outcome.clone());
                let details = json!({
                    "why": "the current policy lets other bytes out than those that were released before",
                    "key_before": delivery.key(), "key": next.key(),
                    "digest_before": before.digest, "digest": outcome.digest,
                });
                push(&mut change, delivery, stamp.entry(EntryKind::Rekeyed, details));
            }
            match differs {
                true => change.promotes.extend(own),
                false => change.discards.extend(own),
            }
            set(&mut change, |it| {
                *it = Delivery { version: it.version, state: it.state, updated_at: it.updated_at, ..next };
            });
            change
        }
        None => {
            let why = refusal.unwrap_or_else(|| "the current policy does not let it out".to_owned());
            let mut change = given_up(delivery, why, Cause::Policy, stamp);
            change.discards.extend(own);
            set(&mut change, |next| next.judges = false);
            change
        }
    };
    // How it was claimed and judged comes before what followed from it.
    let judged = placed(transfer::judged(&decision, stamp), Some(delivery.consignment), Some(delivery.id));
    change.entries.insert(usize::from(stamp.claim.is_some()), judged);
    change.decision = Some(decision);
    change
}
