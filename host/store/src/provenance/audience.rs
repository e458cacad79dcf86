//! Who may read a provenance entry besides operators: decided when it is written, kept with it, enforced by
//! row-level security.

use lockgate_core::id::PartnerId;
use lockgate_core::policy::Owner;
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

    /// That a message was taken concerns whoever's policy sent it, and nobody else.
    pub(crate) fn of_notice(owner: Owner, sender: PartnerId) -> Self {
        match owner {
            Owner::House => Self::default(),
            Owner::Partner(partner) if partner == sender => Self { sender: Some(partner), receiver: None },
            Owner::Partner(partner) => Self { sender: None, receiver: Some(partner) },
        }
    }
}
