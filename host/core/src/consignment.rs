//! Consignments: one transfer's share for one receiver.

use serde::{Deserialize, Serialize};

use crate::hold::Hold;
use crate::id::{ConsignmentId, DestinationId, PartnerId, TransferId};
use crate::payload::Payload;
use crate::policy::RevisionPin;
use crate::time::Timestamp;
use crate::trace::TraceContext;
use crate::transfer::Version;

/// A consignment as the store remembers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Consignment {
    /// Its id.
    pub id: ConsignmentId,
    /// Its version, the fencing token.
    pub version: Version,
    /// Where it stands.
    pub state: ConsignmentState,
    /// The transfer it is a share of.
    pub transfer: TransferId,
    /// Who sends.
    pub sender: PartnerId,
    /// Who receives.
    pub receiver: PartnerId,
    /// The names of the receiver's destinations that routing chose; empty means all active ones.
    pub destinations: Vec<String>,
    /// The masked bytes of a held consignment.
    pub candidate: Option<Payload>,
    /// What leaves for this receiver.
    pub released: Option<Payload>,
    /// The revisions that judge it.
    pub pins: Vec<RevisionPin>,
    /// Why it waits for a person.
    pub hold: Option<Hold>,
    /// How it ended, in one sentence that both sides may read.
    pub reason: Option<String>,
    /// How often another host took it over.
    pub adoptions: u32,
    /// The trace it belongs to.
    pub trace: TraceContext,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Where a consignment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsignmentState {
    /// To be judged by the receiver's policy.
    Pending,
    /// Waits for a person.
    Held,
    /// Passed; its deliveries are under way.
    Released,
    /// Refused by the receiver's policy or by a person.
    Rejected,
    /// Passed, and the receiver has no destination: it may fetch the payload.
    Available,
    /// Every delivery arrived.
    Delivered,
    /// At least one delivery was given up.
    DeadLettered,
}

impl ConsignmentState {
    /// Whether nothing is left to do, short of a redrive.
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Rejected | Self::Available | Self::Delivered | Self::DeadLettered)
    }
}

/// A destination as a released consignment's deliveries need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryOrder {
    /// Where to.
    pub destination: DestinationId,
    /// Its position among the ordered destination's deliveries is drawn by the store; unordered ones have none.
    pub ordered: bool,
}
