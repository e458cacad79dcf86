//! Duties: what a claim keeps a host busy with, and for whom, so that a host can give everybody a turn.

use super::{Aggregate, Claim};
use crate::id::{DestinationId, PartnerId};
use crate::notification::NotificationState;

/// What a host does while it works on a claim, and whose work that is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Duty {
    /// It judges a partner's transfer or consignment, or a redriven delivery anew.
    Judge(PartnerId),
    /// It waits for a receiver's destination.
    Deliver(PartnerId, DestinationId),
    /// It has a plugin compose messages about a partner's event.
    Compose(PartnerId),
    /// It waits for a channel, by its owner and name.
    Send(PartnerId, String),
}

impl Duty {
    /// Whose work it is.
    pub const fn partner(&self) -> PartnerId {
        match self {
            Self::Judge(partner) | Self::Deliver(partner, _) | Self::Compose(partner) | Self::Send(partner, _) => {
                *partner
            }
        }
    }
}

impl Claim {
    /// What a host will do for it.
    pub fn duty(&self) -> Duty {
        let partner = self.aggregate.partner();
        match &self.aggregate {
            Aggregate::Transfer(_) | Aggregate::Consignment(_) => Duty::Judge(partner),
            Aggregate::Delivery(it) if it.judges => Duty::Judge(partner),
            Aggregate::Delivery(it) => Duty::Deliver(partner, it.destination),
            Aggregate::Notification(it) => match it.next_message() {
                Some(message) if it.state == NotificationState::Scheduled => {
                    Duty::Send(it.speaker(), message.channel.clone())
                }
                _ => Duty::Compose(partner),
            },
        }
    }
}
