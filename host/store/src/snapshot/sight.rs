//! What a viewer sees of a row that it may see: rows are shared by two sides, some of their columns are not.
//!
//! Receivers do not see what the sender's side found or whom else it addressed; senders see of a consignment how it
//! stands and why it ended, not what the receiver's side found or where it goes. Provenance follows core's table.

use lockgate_core::consignment::Consignment;
use lockgate_core::provenance::{ChainedEntry, EntryKind};
use lockgate_core::transfer::Transfer;
use lockgate_core::viewer::Role;
use lockgate_core::visibility::{self, Party};
use sqlx::types::Uuid;

/// A transfer; its sender and operators see all of it.
pub(super) fn transfer(role: Role, it: Transfer) -> Transfer {
    match role.partner() {
        Some(partner) if partner != it.sender => Transfer {
            receivers: it.receivers.into_iter().filter(|receiver| *receiver == partner).collect(),
            source: None,
            candidate: None,
            released: None,
            pins: vec![],
            facts: vec![],
            planned: vec![],
            hold: None,
            idempotency_key: None,
            ..it
        },
        _ => it,
    }
}

/// A consignment; its receiver and operators see all of it.
pub(super) fn consignment(role: Role, it: Consignment) -> Consignment {
    match role.partner() {
        Some(partner) if partner != it.receiver => {
            Consignment { destinations: vec![], candidate: None, released: None, pins: vec![], hold: None, ..it }
        }
        _ => it,
    }
}

/// A provenance entry that row-level security lets it read; `receiver` is the one that may, if any. Nothing if core's
/// table says so.
pub(super) fn entry(role: Role, receiver: Option<Uuid>, it: ChainedEntry) -> Option<ChainedEntry> {
    // Only whoever's binding sent the message, or whose channel it is, can read these at all.
    if matches!(it.entry.kind, EntryKind::Notified | EntryKind::ChannelDisabled) {
        return Some(it);
    }
    let party = match role.partner() {
        None => Party::Operator,
        Some(partner) if receiver == Some(partner.uuid()) => Party::Receiver,
        Some(_) => Party::Sender,
    };
    Some(ChainedEntry { entry: visibility::seen(it.entry.clone(), party)?, ..it })
}
