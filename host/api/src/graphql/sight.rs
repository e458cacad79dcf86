//! Who sees which part of a transfer: the first key, at the API. Row-level security is the second.

use lockgate_core::consignment::Consignment;
use lockgate_core::transfer::Transfer;

use super::asking::Asking;

impl Asking {
    /// Source, findings, facts, holds and uploads of a transfer are its sender's.
    pub(super) fn sees_inbound(&self, transfer: &Transfer) -> bool {
        self.is_for(transfer.sender)
    }

    /// What a receiver's policy found, released and delivered is the receiver's.
    pub(super) fn sees_outbound(&self, consignment: &Consignment) -> bool {
        self.is_for(consignment.receiver)
    }
}
