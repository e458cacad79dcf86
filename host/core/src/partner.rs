//! Partners: the companies on either end, and the unit of tenancy.

use serde::{Deserialize, Serialize};

use crate::finding::Severity;
use crate::id::PartnerId;
use crate::time::Timestamp;

/// The most bytes of a slug; an id has fewer, so what is longer names no partner.
pub const LONGEST_SLUG: usize = 40;

/// A company on either end of transfers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    /// Its id.
    pub id: PartnerId,
    /// Its unique short name in lower-case letters, digits and hyphens, such as `globex`.
    pub slug: String,
    /// Its name as people write it.
    pub name: String,
    /// Whether it may take part.
    pub status: PartnerStatus,
    /// What happens to a transfer with the digest and name of an earlier one of this sender.
    pub duplicates: DuplicateRule,
    /// When it was created.
    pub created_at: Timestamp,
}

/// Whether a partner may send and receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartnerStatus {
    /// It may.
    Active,
    /// Neither intake nor delivery; what was acknowledged waits.
    Suspended,
}

/// The duplicate-file rule of a sender. It guards the sender against its own mistakes, an invoice sent twice, so the
/// sender's people may release what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DuplicateRule {
    /// A note in the decision.
    Note,
    /// A person must look.
    Hold,
    /// Rejected.
    Refuse,
}

impl DuplicateRule {
    /// The severity of the host's finding `intake/duplicate-file`.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Note => Severity::Note,
            Self::Hold => Severity::Hold,
            Self::Refuse => Severity::Refuse,
        }
    }
}
