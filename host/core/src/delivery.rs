//! Deliveries and attempts: handing a consignment to one destination.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{AttemptId, ConsignmentId, DeliveryId, DestinationId, HostId, PartnerId, TransferId};
use crate::time::Timestamp;
use crate::trace::TraceContext;
use crate::transfer::Version;

/// A delivery as the store remembers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its id; also the idempotency key that the receiver sees, the same over all attempts and redrives.
    pub id: DeliveryId,
    /// Its version, the fencing token.
    pub version: Version,
    /// Where it stands.
    pub state: DeliveryState,
    /// Whose share.
    pub consignment: ConsignmentId,
    /// Of which transfer.
    pub transfer: TransferId,
    /// Who receives.
    pub receiver: PartnerId,
    /// Where to.
    pub destination: DestinationId,
    /// Place in an ordered destination's line.
    pub position: Option<i64>,
    /// When the next attempt is due.
    pub due_at: Timestamp,
    /// Attempts since it was created or last redriven.
    pub attempts: u32,
    /// What the last failed attempt said.
    pub last_error: Option<String>,
    /// How often another host took it over.
    pub adoptions: u32,
    /// The trace it belongs to.
    pub trace: TraceContext,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryState {
    /// An attempt is due at `due_at`.
    Scheduled,
    /// The receiver took it.
    Delivered,
    /// The schedule is exhausted or the receiver refused for good.
    DeadLettered,
}

/// One try of a delivery or of a notification's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// Which try it was, from 1.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// Which host tried.
    pub host: HostId,
    /// What came of it.
    pub answer: Answer,
}

/// What a destination or channel answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Answer {
    /// Taken; `receipt` is what the other side gave as proof (status, ETag, topic-partition-offset).
    Taken {
        /// The proof.
        receipt: String,
    },
    /// Failed, worth another try.
    Failed {
        /// What happened, in one sentence, without payload or secrets.
        error: String,
        /// When the other side asked to come back.
        retry_after: Option<Duration>,
    },
    /// Refused for good (a 410, a wrong credential): another try would not help.
    Refused {
        /// What happened.
        error: String,
        /// The destination or channel itself is gone and is disabled.
        disable: bool,
    },
}
