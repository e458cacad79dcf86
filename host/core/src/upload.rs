//! Uploads: the bytes of an announced transfer on their way in, continued by any node.

use serde::{Deserialize, Serialize};

use crate::id::{PartnerId, PayloadId, TransferId, UploadId};
use crate::time::Timestamp;
use crate::transfer::Version;

/// An upload as the store remembers it. Offset, parts, tail and hash state advance together in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its id, the last segment of its URL.
    pub id: UploadId,
    /// Its version: of two writers one advances, the other learns that it is stale.
    pub version: Version,
    /// Of which transfer.
    pub transfer: TransferId,
    /// Who sends.
    pub sender: PartnerId,
    /// The announced size in bytes; deferred when absent.
    pub length: Option<u64>,
    /// How many bytes are acknowledged; all of them are durable.
    pub offset: u64,
    /// Where the bytes stand in the payload store.
    pub progress: UploadProgress,
    /// When it expires if no bytes come.
    pub expires_at: Timestamp,
    /// Whether all bytes came and the payload is sealed.
    pub complete: bool,
}

/// Where an unfinished payload object stands: enough for any node to go on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UploadProgress {
    /// The payload row, once writing began.
    pub payload: Option<PayloadId>,
    /// The object's key.
    pub key: String,
    /// S3's id of the multipart upload.
    pub multipart: Option<String>,
    /// The finished parts, in order.
    pub parts: Vec<UploadedPart>,
    /// The bytes after the last part, too few for a part of their own: a durable side object.
    pub tail: Option<TailObject>,
    /// SHA-256 midstate over all acknowledged bytes, serialized by `sha2`.
    #[serde(with = "hex::serde")]
    pub midstate: Vec<u8>,
}

/// One finished part of a multipart upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadedPart {
    /// From 1.
    pub number: i32,
    /// What S3 answered.
    pub etag: String,
    /// Bytes in it.
    pub size: u64,
}

/// The side object that holds the tail of an unfinished upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TailObject {
    /// Its key; a new one for every advance, so that a stale writer never overwrites it.
    pub key: String,
    /// Bytes in it.
    pub size: u64,
}
