//! Lanes: for whom a claim keeps a worker busy, so that a host can give everybody a turn.

use super::{Aggregate, Claim};
use crate::id::{DestinationId, PartnerId};
use crate::notification::NotificationState;

/// For whom a host works while it works on a claim.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Lane {
    /// For itself: it judges.
    Judging,
    /// For a receiver that it waits for.
    Destination(DestinationId),
    /// For a plugin that composes messages.
    Composing,
    /// For a channel that it waits for, by its owner and name.
    Channel(PartnerId, String),
}

impl Claim {
    /// For whom a host will work.
    pub fn lane(&self) -> Lane {
        match &self.aggregate {
            Aggregate::Transfer(_) | Aggregate::Consignment(_) => Lane::Judging,
            Aggregate::Delivery(it) => Lane::Destination(it.destination),
            Aggregate::Notification(it) => match it.next_message() {
                Some(message) if it.state == NotificationState::Scheduled => {
                    Lane::Channel(it.speaker(), message.channel.clone())
                }
                _ => Lane::Composing,
            },
        }
    }
}
