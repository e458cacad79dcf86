//! Transfers: one object that a sender hands in for one or more receivers.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::fact::Fact;
use crate::hold::Hold;
use crate::id::{PartnerId, TransferId};
use crate::payload::Payload;
use crate::policy::RevisionPin;
use crate::route::PlannedRoute;
use crate::time::Timestamp;
use crate::trace::TraceContext;

/// The version of an aggregate: grows with every claim and every change, and fences both.
pub type Version = i64;

/// A transfer as the store remembers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Transfer {
    /// Its id.
    pub id: TransferId,
    /// Its version, the fencing token.
    pub version: Version,
    /// Where it stands.
    pub state: TransferState,
    /// Who sends.
    pub sender: PartnerId,
    /// Whom the sender addressed, each under an agreement.
    pub receivers: Vec<PartnerId>,
    /// The file's name as the sender gave it; never a path.
    pub file_name: String,
    /// What the sender says the bytes are.
    pub media_type: String,
    /// The bytes as they came.
    pub source: Option<Payload>,
    /// The masked bytes of a held transfer, which approval would release.
    pub candidate: Option<Payload>,
    /// What passed the sender's side; may be the source itself.
    pub released: Option<Payload>,
    /// The revisions that judge it, picked at the first claim and kept.
    pub pins: Vec<RevisionPin>,
    /// Named values that validators extracted.
    pub facts: Vec<Fact>,
    /// Where it would go once a person releases it.
    pub planned: Vec<PlannedRoute>,
    /// Why it waits for a person.
    pub hold: Option<Hold>,
    /// Why it ended without being accepted, in one sentence that both sides may read.
    pub reason: Option<String>,
    /// How often another host took it over from a dead one.
    pub adoptions: u32,
    /// Entries in its provenance.
    pub provenance_length: u64,
    /// The link of the last entry.
    pub provenance_head: Digest,
    /// The trace it belongs to.
    pub trace: TraceContext,
    /// The sender's idempotency key, unique per sender.
    pub idempotency_key: Option<String>,
    /// When it was announced.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Transfer {
    /// A transfer of which nothing is known yet but what its sender says of it.
    pub fn announced(
        sender: PartnerId,
        receivers: Vec<PartnerId>,
        file_name: impl Into<String>,
        media_type: impl Into<String>,
        at: Timestamp,
    ) -> Self {
        Self {
            id: TransferId::generate(at),
            version: 0,
            state: TransferState::Announced,
            sender,
            receivers,
            file_name: file_name.into(),
            media_type: media_type.into(),
            source: None,
            candidate: None,
            released: None,
            pins: vec![],
            facts: vec![],
            planned: vec![],
            hold: None,
            reason: None,
            adoptions: 0,
            provenance_length: 0,
            provenance_head: Digest::default(),
            trace: TraceContext::default(),
            idempotency_key: None,
            created_at: at,
            updated_at: at,
        }
    }
}

/// Where a transfer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransferState {
    /// Announced; the bytes are still to come.
    Announced,
    /// Acknowledged: the bytes are safe and will be judged.
    Received,
    /// Waits for a person.
    Held,
    /// Passed the sender's side; its consignments are under way.
    Accepted,
    /// Refused by policy or by a person.
    Rejected,
    /// Taken back by the sender.
    Cancelled,
    /// The bytes never came.
    Expired,
    /// Every consignment is settled.
    Finished,
}
