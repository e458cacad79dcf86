//! Who may read a provenance entry besides operators: decided when it is written, kept with it, enforced by
//! row-level security.

use lockgate_core::id::PartnerId;
use lockgate_core::provenance::Entry;
use lockgate_core::visibility::{self, Party, Sight};
use sqlx::types::Uuid;

/// The sides that may read an entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Audience {
    /// The transfer's sender, if it may.
    pub(crate) sender: Option<PartnerId>,
    /// The consignment's receiver, if it may.
    pub(crate) receiver: Option<PartnerId>,
}

impl Audience {
    /// Whom core's table lets see the entry, at least in summary.
    pub(crate) fn of(entry: &Entry, sender: Uuid, receiver: Option<Uuid>) -> Self {
        let at_consignment = entry.consignment.is_some();
        let sees = |party| visibility::of_entry(entry.kind, at_consignment, party) != Sight::Nothing;
        Self {
            sender: sees(Party::Sender).then(|| PartnerId::from_uuid(sender)),
            receiver: receiver.filter(|_| sees(Party::Receiver)).map(PartnerId::from_uuid),
        }
    }

    /// What concerns one partner and nobody else: that a message of its policy was taken, that its channel or
    /// destination was turned off.
    pub(crate) fn of_owner(owner: PartnerId, sender: PartnerId) -> Self {
        if owner == sender {
            Self { sender: Some(owner), receiver: None }
        } else {
            Self { sender: None, receiver: Some(owner) }
        }
    }
}
