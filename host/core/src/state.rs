//! States: one function of legal moves for each aggregate, whose only product is a [`Change`].
//!
//! *Invariant:* no other module makes a `Change`, and no move is made without a [`Stamp`] that says who and when.

pub mod consignment;
pub mod delivery;
pub mod notification;
pub mod transfer;

use serde_json::{Value, json};

use crate::change::{Change, TurningOff};
use crate::claim::{Aggregate, Claim, ClaimOrigin};
use crate::command::Work;
use crate::id::{ConsignmentId, DeliveryId, EventId, PartnerId, TransferId};
use crate::notification::{Event, EventKind};
use crate::provenance::{Actor, Entry, EntryKind};
use crate::time::{Timestamp, rfc3339};

pub use consignment::ConsignmentMove;
pub use delivery::DeliveryMove;
pub use notification::NotificationMove;
pub use transfer::TransferMove;

/// How often a thing may be adopted before it must not kill another host.
pub const ADOPTIONS: u32 = 3;

/// Who moves something, when, and under which claim.
#[derive(Debug, Clone)]
pub struct Stamp {
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// How the claim came about, if the move is made under one.
    pub claim: Option<(ClaimOrigin, Timestamp)>,
    /// The trace of the move.
    pub trace_id: Option<String>,
}

impl Stamp {
    /// The stamp of a host that moves what it claimed.
    pub fn of_claim(claim: &Claim, at: Timestamp) -> Self {
        Self {
            actor: Actor::Host(claim.host),
            at,
            claim: Some((claim.origin.clone(), claim.at)),
            trace_id: claim.aggregate.trace().trace_id().map(str::to_owned),
        }
    }

    /// The stamp of a person's move.
    pub fn of_person(subject: &str, at: Timestamp, trace_id: Option<String>) -> Self {
        Self { actor: Actor::Person(subject.to_owned()), at, claim: None, trace_id }
    }

    /// A host's move on something that nobody claimed, such as an expiry.
    pub fn of_host(host: crate::id::HostId, at: Timestamp) -> Self {
        Self { actor: Actor::Host(host), at, claim: None, trace_id: None }
    }

    fn entry(&self, kind: EntryKind, details: Value) -> Entry {
        Entry {
            kind,
            consignment: None,
            delivery: None,
            actor: self.actor.clone(),
            details,
            trace_id: self.trace_id.clone(),
            at: self.at,
        }
    }

    /// The entry that says how the host came by the work, with Kafka's position.
    fn claimed(&self) -> Option<Entry> {
        let (origin, at) = self.claim.as_ref()?;
        let details = match origin {
            ClaimOrigin::Rung(ring) => json!({
                "origin": "kafka", "topic": ring.topic, "partition": ring.partition, "offset": ring.offset,
                "claimed_at": rfc3339(*at),
            }),
            ClaimOrigin::Polled => json!({ "origin": "poll", "claimed_at": rfc3339(*at) }),
            ClaimOrigin::Onward => json!({ "origin": "onward", "claimed_at": rfc3339(*at) }),
            ClaimOrigin::Adopted => json!({ "origin": "adoption", "claimed_at": rfc3339(*at) }),
        };
        Some(self.entry(EntryKind::Claimed, details))
    }

    fn event(
        &self,
        kind: EventKind,
        transfer: TransferId,
        partner: PartnerId,
        attributes: Vec<(String, String)>,
    ) -> Event {
        Event { id: EventId::generate(self.at), kind, transfer, partner, attributes, at: self.at }
    }

    /// The proof and the event of a destination or channel that is turned off.
    fn turning_off(
        &self,
        (entry, event): (EntryKind, EventKind),
        transfer: TransferId,
        partner: PartnerId,
        about: [(&str, &str); 3],
    ) -> TurningOff {
        let details: serde_json::Map<_, _> = about
            .iter()
            .map(|(name, value)| (name.trim_end_matches(".name").replace('.', "_"), Value::from(*value)))
            .collect();
        let attributes = about.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        TurningOff {
            entry: self.entry(entry, Value::Object(details)),
            event: self.event(event, transfer, partner, attributes),
        }
    }
}

/// The move is not legal from where the aggregate stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{work} is {state} and cannot be {wanted}")]
pub struct IllegalMove {
    /// What was to be moved.
    pub work: Work,
    /// Where it stands.
    pub state: &'static str,
    /// What was wanted, as a participle: "released", "cancelled", ...
    pub wanted: &'static str,
}

/// A change that does nothing yet but move the version on.
fn change(expected: i64, next: Aggregate, transfer: TransferId, stamp: &Stamp) -> Change {
    Change {
        expected,
        next,
        transfer,
        entries: stamp.claimed().into_iter().collect(),
        rings: false,
        goes_on: false,
        keeper: None,
        consignments: vec![],
        deliveries: vec![],
        notifications: vec![],
        decision: None,
        attempt: None,
        events: vec![],
        promotes: vec![],
        discards: vec![],
        disables: None,
        channel: None,
        turns_off: None,
        at: stamp.at,
    }
}

/// Places entries at a consignment or delivery.
fn placed(mut entry: Entry, consignment: Option<ConsignmentId>, delivery: Option<DeliveryId>) -> Entry {
    entry.consignment = consignment;
    entry.delivery = delivery;
    entry
}

#[cfg(test)]
mod tests;
