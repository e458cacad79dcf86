//! Claims: a host's right to work on something, fenced by its version.

mod duty;
mod room;

pub use duty::Duty;
pub use room::Room;

use crate::command::{Ring, Work};
use crate::consignment::Consignment;
use crate::delivery::Delivery;
use crate::id::{HostId, PartnerId};
use crate::notification::Notification;
use crate::time::Timestamp;
use crate::trace::TraceContext;
use crate::transfer::{Transfer, Version};

/// What a host holds while it works. The aggregate's version is the one after the claim: only a change that still
/// finds it can commit.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// What is worked on, as it was when claimed.
    pub aggregate: Aggregate,
    /// By whom.
    pub host: HostId,
    /// How the host came by it.
    pub origin: ClaimOrigin,
    /// When, by the database's clock.
    pub at: Timestamp,
}

/// How a host came by a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimOrigin {
    /// Kafka rang.
    Rung(Ring),
    /// Nobody rang, or nobody answered in time, or its due time came.
    Polled,
    /// The host created it, or brought it where it is, and goes on with it.
    Onward,
    /// Its host died while working on it.
    Adopted,
}

/// Any of the things that have a state and a version.
#[expect(clippy::large_enum_variant, reason = "a transfer is the usual case, and few of these live at a time")]
#[derive(Debug, Clone, PartialEq)]
pub enum Aggregate {
    /// A transfer.
    Transfer(Transfer),
    /// A consignment.
    Consignment(Consignment),
    /// A delivery.
    Delivery(Delivery),
    /// A notification.
    Notification(Notification),
}

impl Aggregate {
    /// What it is.
    pub const fn work(&self) -> Work {
        match self {
            Self::Transfer(it) => Work::Transfer(it.id),
            Self::Consignment(it) => Work::Consignment(it.id),
            Self::Delivery(it) => Work::Delivery(it.id),
            Self::Notification(it) => Work::Notification(it.id),
        }
    }

    /// Its version.
    pub const fn version(&self) -> Version {
        match self {
            Self::Transfer(it) => it.version,
            Self::Consignment(it) => it.version,
            Self::Delivery(it) => it.version,
            Self::Notification(it) => it.version,
        }
    }

    /// Whose work it is: the sender's on the inbound side, the receiver's afterwards.
    pub const fn partner(&self) -> PartnerId {
        match self {
            Self::Transfer(it) => it.sender,
            Self::Consignment(it) => it.receiver,
            Self::Delivery(it) => it.receiver,
            Self::Notification(it) => it.event.partner,
        }
    }

    /// The trace it belongs to.
    pub const fn trace(&self) -> &TraceContext {
        match self {
            Self::Transfer(it) => &it.trace,
            Self::Consignment(it) => &it.trace,
            Self::Delivery(it) => &it.trace,
            Self::Notification(it) => &it.trace,
        }
    }

    /// How often it was adopted.
    pub const fn adoptions(&self) -> u32 {
        match self {
            Self::Transfer(it) => it.adoptions,
            Self::Consignment(it) => it.adoptions,
            Self::Delivery(it) => it.adoptions,
            Self::Notification(it) => it.adoptions,
        }
    }
}
