//! Who may read a provenance entry besides operators: decided when it is written, kept with it, enforced by
//! row-level security.

use lockgate_core::id::PartnerId;
use lockgate_core::policy::Owner;
use lockgate_core::provenance::{Entry, EntryKind};
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
    /// Entries of the transfer are the sender's; those of a consignment or delivery are its receiver's, and how it
    /// ended also the sender's.
    pub(crate) fn of(entry: &Entry, sender: Uuid, receiver: Option<Uuid>) -> Self {
        let own = entry.consignment.is_none() && entry.delivery.is_none();
        Self {
            sender: (own || is_coarse(entry.kind)).then(|| PartnerId::from_uuid(sender)),
            receiver: receiver.filter(|_| !own).map(PartnerId::from_uuid),
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

/// What a sender may know of a consignment: that it passed or not and that it arrived or not. The details are not
/// among it; the snapshot leaves them out.
const fn is_coarse(kind: EntryKind) -> bool {
    matches!(
        kind,
        EntryKind::Accepted
            | EntryKind::Held
            | EntryKind::Released
            | EntryKind::Rejected
            | EntryKind::Refused
            | EntryKind::Delivered
            | EntryKind::DeadLettered
            | EntryKind::Fetched
    )
}
