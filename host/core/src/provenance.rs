//! Provenance: the ordered, hash-chained record of everything that happened to a transfer.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::digest::Digest;
use crate::id::{ConsignmentId, DeliveryId, HostId, TransferId};
use crate::time::{Timestamp, rfc3339};

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "id")]
pub enum Actor {
    /// A running host.
    Host(HostId),
    /// A person or program with a token, by its subject.
    Person(String),
}

/// One step, not yet placed in a chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What happened.
    pub kind: EntryKind,
    /// To which consignment, if to one.
    pub consignment: Option<ConsignmentId>,
    /// To which delivery, if to one.
    pub delivery: Option<DeliveryId>,
    /// Who did it.
    pub actor: Actor,
    /// Details: revisions, plugin digests, Kafka position, reasons. A JSON object; never payload bytes.
    pub details: serde_json::Value,
    /// The trace it belongs to.
    pub trace_id: Option<String>,
    /// When.
    #[serde(with = "::time::serde::rfc3339")]
    pub at: Timestamp,
}

/// A step in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct ChainedEntry {
    /// The transfer whose chain it is in.
    pub transfer: TransferId,
    /// Its place, from 1.
    pub sequence: u64,
    /// The step.
    pub entry: Entry,
    /// Hash over the link before, the sequence and the step.
    pub link: Digest,
}

macro_rules! entry_kinds {
    ($($(#[$doc:meta])* $name:ident $text:literal;)*) => {
        /// What can happen to a transfer.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum EntryKind { $($(#[$doc])* #[serde(rename = $text)] $name,)* }

        impl EntryKind {
            /// The name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Reads a name from the store.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

entry_kinds! {
    /// Announced by its sender.
    Announced "announced";
    /// The bytes are safe.
    Received "received";
    /// A host took it on; Kafka's position in the details, or `adopted`.
    Claimed "claimed";
    /// A side's policy decided.
    Judged "judged";
    /// Routing chose receivers.
    Routed "routed";
    /// Waits for a person.
    Held "held";
    /// A person let it go on.
    Released "released";
    /// A person or the expiry of a hold refused it.
    Refused "refused";
    /// Refused by policy.
    Rejected "rejected";
    /// Passed the sender's side.
    Accepted "accepted";
    /// Taken back by the sender.
    Cancelled "cancelled";
    /// The bytes never came.
    Expired "expired";
    /// An attempt failed and another is due.
    AttemptFailed "attempt-failed";
    /// A receiver took it.
    Delivered "delivered";
    /// Given up.
    DeadLettered "dead-lettered";
    /// A person sent it on its way again.
    Redriven "redriven";
    /// A redriven delivery was judged anew and other bytes leave, under another key.
    Rekeyed "rekeyed";
    /// A person sent a finished delivery once more, as a delivery of its own.
    Replayed "replayed";
    /// A message about it was taken by a channel.
    Notified "notified";
    /// A host turned off the destination of a delivery.
    DestinationDisabled "destination-disabled";
    /// A host turned off the channel of a message about it.
    ChannelDisabled "channel-disabled";
    /// Somebody fetched the released payload.
    Fetched "fetched";
    /// A partner let others in to fetch it, by a secure URL.
    UrlCreated "url-created";
    /// Somebody used such a URL; what it led to is told by the fetches.
    UrlUsed "url-used";
    /// The partner, or an operator, took that back.
    UrlRevoked "url-revoked";
    /// Every consignment is settled.
    Finished "finished";
}

/// The link of an entry: SHA-256 over the link before, the sequence and the entry's canonical JSON.
pub fn link(before: Digest, sequence: u64, entry: &Entry) -> Digest {
    let mut hash = Sha256::new();
    hash.update(before.0);
    hash.update(sequence.to_be_bytes());
    // Field by field: the form must not change when serde's does.
    for part in [
        entry.kind.name().to_owned(),
        entry.consignment.map_or_else(String::new, |id| id.to_string()),
        entry.delivery.map_or_else(String::new, |id| id.to_string()),
        match &entry.actor {
            Actor::Host(id) => format!("host:{id}"),
            Actor::Person(subject) => format!("person:{subject}"),
        },
        canonical(&entry.details),
        entry.trace_id.clone().unwrap_or_default(),
        rfc3339(entry.at),
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    Digest(hash.finalize().into())
}

/// A chain that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenChain {
    /// An entry is missing, doubled or out of order.
    #[error("entry {found} stands where entry {wanted} belongs")]
    Gap {
        /// The sequence that belongs there.
        wanted: u64,
        /// The sequence that stands there.
        found: u64,
    },
    /// An entry or a link was changed.
    #[error("entry {0} is not the one that its link was made of")]
    Forged(u64),
    /// The entries belong to several transfers.
    #[error("entry {0} belongs to another transfer")]
    Foreign(u64),
}

/// Checks a whole chain from its first entry and returns its head, to be compared with the transfer's.
pub fn verify(entries: &[ChainedEntry]) -> Result<Digest, BrokenChain> {
    let mut head = Digest::default();
    for (wanted, it) in (1..).zip(entries) {
        if it.sequence != wanted {
            return Err(BrokenChain::Gap { wanted, found: it.sequence });
        }
        if it.transfer != entries[0].transfer {
            return Err(BrokenChain::Foreign(wanted));
        }
        if link(head, it.sequence, &it.entry) != it.link {
            return Err(BrokenChain::Forged(wanted));
        }
        head = it.link;
    }
    Ok(head)
}

/// JSON with sorted keys and no blanks: the same text whichever way the details travelled.
fn canonical(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by_key(|(key, _)| *key);
            let members: Vec<_> =
                members.into_iter().map(|(k, v)| format!("{}:{}", Value::from(k.as_str()), canonical(v))).collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
