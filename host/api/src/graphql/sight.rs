//! Who sees which part of a transfer: the first key, at the API. Row-level security is the second.

use lockgate_core::consignment::Consignment;
use lockgate_core::transfer::Transfer;

use super::asking::Asking;

impl Asking {
    /// Source, findings, facts, holds and uploads of a transfer are its sender's.
    pub(super) fn sees_inbound(&self, transfer: &Transfer) -> bool {
        self.is_for(transfer.sender)
    }

    /// Deliveries are their receivers' affair; whoever only sent sees none of them.
    pub(super) fn sees_deliveries(&self, transfer: &Transfer) -> bool {
        let is_addressed = |own| own != transfer.sender || transfer.receivers.contains(&own);
        self.viewer.role.partner().is_none_or(is_addressed)
    }

    /// What a receiver's policy found, released and delivered is the receiver's.
    pub(super) fn sees_outbound(&self, consignment: &Consignment) -> bool {
        self.is_for(consignment.receiver)
    }
}
