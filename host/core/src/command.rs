//! Commands: what Kafka rings with, naming work by aggregate and expected version.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::{ConsignmentId, DeliveryId, NotificationId, PartnerId, TransferId};
use crate::trace::TraceContext;
use crate::transfer::Version;

/// Something that hosts work on; each has a version that fences claims and changes.
///
/// Their order is that in which rows of several kinds are locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "id")]
pub enum Work {
    /// Judge a received transfer.
    Transfer(TransferId),
    /// Judge a pending consignment.
    Consignment(ConsignmentId),
    /// Attempt a delivery.
    Delivery(DeliveryId),
    /// Compose or send a notification.
    Notification(NotificationId),
}

impl Work {
    /// The aggregate's UUID: the Kafka key.
    pub const fn uuid(self) -> Uuid {
        match self {
            Self::Transfer(id) => id.uuid(),
            Self::Consignment(id) => id.uuid(),
            Self::Delivery(id) => id.uuid(),
            Self::Notification(id) => id.uuid(),
        }
    }

    /// `transfer`, `consignment`, `delivery` or `notification`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Transfer(_) => "transfer",
            Self::Consignment(_) => "consignment",
            Self::Delivery(_) => "delivery",
            Self::Notification(_) => "notification",
        }
    }

    /// The work of that kind and UUID, for stores that keep the two apart.
    pub fn from_parts(kind: &str, uuid: Uuid) -> Option<Self> {
        Some(match kind {
            "transfer" => Self::Transfer(TransferId::from_uuid(uuid)),
            "consignment" => Self::Consignment(ConsignmentId::from_uuid(uuid)),
            "delivery" => Self::Delivery(DeliveryId::from_uuid(uuid)),
            "notification" => Self::Notification(NotificationId::from_uuid(uuid)),
            _ => return None,
        })
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transfer(id) => id.fmt(f),
            Self::Consignment(id) => id.fmt(f),
            Self::Delivery(id) => id.fmt(f),
            Self::Notification(id) => id.fmt(f),
        }
    }
}

/// "Come and work on this, if it is still at that version."
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// On what.
    pub work: Work,
    /// At which version; a claim matches only this.
    pub version: Version,
    /// Whose work it is, so that partners share hosts fairly.
    pub partner: PartnerId,
    /// The trace it belongs to.
    #[serde(default)]
    pub trace: TraceContext,
}

/// Where in Kafka a command was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ring {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

/// A command as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RungCommand {
    /// The command.
    pub command: Command,
    /// Where it was read.
    pub ring: Ring,
}
