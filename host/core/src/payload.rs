//! Payloads: the bytes of a transfer with media type, size and digest.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::id::{PayloadId, TransferId, UploadId};

/// Sealed bytes in the payload store. Only what stands here is ever logged, never the bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// Its id; names the row that the sweeper acts on.
    pub id: PayloadId,
    /// The object's key in the store.
    pub key: String,
    /// What the bytes are, as the sender declared.
    pub media_type: String,
    /// Number of content bytes, whatever the object format adds.
    pub size: u64,
    /// SHA-256 of the content bytes.
    pub digest: Digest,
    /// How the object is laid out; readers dispatch on it.
    pub format: ObjectFormat,
}

/// To what a payload object belongs, and so how long it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectOwner {
    /// A transfer.
    Transfer(TransferId),
    /// A partial upload, until it expires.
    Upload(UploadId),
}

impl From<TransferId> for ObjectOwner {
    fn from(id: TransferId) -> Self {
        Self::Transfer(id)
    }
}

/// The layout of a payload object. A new layout is a new variant, old objects stay readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectFormat {
    /// The content bytes, nothing else.
    Plain1,
}
