//! Agreements: who may send what to whom; without one nothing can be addressed or routed.

use serde::{Deserialize, Serialize};

use crate::id::{AgreementId, PartnerId};
use crate::media;
use crate::time::Timestamp;

/// Leave for one partner to send to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// Its id.
    pub id: AgreementId,
    /// Who may send.
    pub sender: PartnerId,
    /// Who receives.
    pub receiver: PartnerId,
    /// The media types that may be sent, `text/csv` or `image/*`; empty means any.
    pub media_types: Vec<String>,
    /// The largest payload in bytes, if it is narrower than the installation's limit.
    pub max_size: Option<u64>,
    /// Whether it is in force.
    pub status: AgreementStatus,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Whether an agreement is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgreementStatus {
    /// In force.
    Active,
    /// Over: nothing new can be addressed under it.
    Ended,
}

impl Agreement {
    /// Whether a payload of this media type and size (if known) may travel under this agreement.
    pub fn admits(&self, media_type: &str, size: Option<u64>) -> bool {
        self.status == AgreementStatus::Active
            && (self.media_types.is_empty() || self.media_types.iter().any(|wanted| media::fits(wanted, media_type)))
            && size.zip(self.max_size).is_none_or(|(size, max)| size <= max)
    }
}
