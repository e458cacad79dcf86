//! Deliveries and attempts: handing a consignment to one destination.

mod answer;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{AttemptId, ConsignmentId, DeliveryId, DestinationId, HostId, PartnerId, RedriveId, TransferId};
use crate::payload::Payload;
use crate::time::Timestamp;
use crate::trace::TraceContext;
use crate::transfer::Version;

pub use answer::{Answer, Cause, Response};

/// A delivery as the store remembers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its id; see [`Delivery::key`] for what the receiver sees.
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
    /// The same as a class, which dead letters are counted by.
    pub cause: Option<Cause>,
    /// What a postponed delivery waits for, if not for its schedule.
    pub waits: Option<Wait>,
    /// Which bytes these are: 1 for those that were released first, one more whenever a redrive judged them anew and
    /// other bytes came out.
    pub generation: u32,
    /// Its own bytes, where a redrive judged them anew; otherwise the consignment's.
    pub released: Option<Payload>,
    /// Whether it is to be judged by the current policy before its next attempt.
    pub judges: bool,
    /// The redrive that sent it on its way last.
    pub redrive: Option<RedriveId>,
    /// The finished delivery that it repeats, under a key of its own.
    pub replay_of: Option<DeliveryId>,
    /// How often another host took it over.
    pub adoptions: u32,
    /// The trace it belongs to.
    pub trace: TraceContext,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Delivery {
    /// The idempotency key that the receiver sees: the same over all attempts and redrives while the bytes are the same,
    /// and another as soon as they are not.
    pub fn key(&self) -> String {
        match self.generation {
            0 | 1 => self.id.to_string(),
            generation => format!("{}-{generation}", self.id),
        }
    }
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

/// What a postponed delivery waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wait {
    /// As many deliveries as the destination takes at once are under way.
    Slot,
    /// The destination failed so often that only probes reach it for a while.
    Breaker,
    /// An earlier position of an ordered destination is unfinished.
    Line,
    /// The receiver is suspended.
    Partner,
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
    /// The first byte that it sent, where it went on from an earlier one.
    pub from_offset: Option<u64>,
    /// What came of it.
    pub answer: Answer,
}
