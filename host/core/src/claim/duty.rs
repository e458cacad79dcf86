//! Duties: what a claim keeps a host busy with, and for whom, so that a host can give everybody a turn.

use super::{Aggregate, Claim};
use crate::id::{DestinationId, PartnerId};
use crate::notification::NotificationState;

/// What a host does while it works on a claim.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Duty {
    /// It judges a transfer or a consignment.
    Judge,
    /// It waits for a receiver.
    Deliver(DestinationId),
    /// It has a plugin compose messages.
    Compose,
    /// It waits for a channel, by its owner and name.
    Send(PartnerId, String),
}

impl Claim {
    /// What a host will do for it.
    pub fn duty(&self) -> Duty {
        match &self.aggregate {
            Aggregate::Transfer(_) | Aggregate::Consignment(_) => Duty::Judge,
            Aggregate::Delivery(it) => Duty::Deliver(it.destination),
            Aggregate::Notification(it) => match it.next_message() {
                Some(message) if it.state == NotificationState::Scheduled => {
                    Duty::Send(it.speaker(), message.channel.clone())
                }
                _ => Duty::Compose,
            },
        }
    }
}
