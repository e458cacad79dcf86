//! Uploads: the bytes of an announced transfer on their way in, continued by any node.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{PartnerId, PayloadId, TransferId, UploadId};
use crate::payload::ObjectOwner;
use crate::time::Timestamp;
use crate::transfer::Version;

/// An upload as the store remembers it. Offset, parts, tail and hash state advance together in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its id, the last segment of its URL.
    pub id: UploadId,
    /// Its version: of two writers one advances, the other learns that it is stale.
    pub version: Version,
    /// Of which transfer; a partial upload, which others are assembled from, has none.
    pub transfer: Option<TransferId>,
    /// The partial uploads that this one is assembled from, in order; empty for all others.
    pub assembles: Vec<UploadId>,
    /// Who sends.
    pub sender: PartnerId,
    /// The announced size in bytes; deferred when absent.
    pub length: Option<u64>,
    /// How many bytes are acknowledged; all of them are durable.
    pub offset: u64,
    /// What its client said of it when it began, as it was sent: the same is said again to whoever asks where it stands.
    pub metadata: Option<String>,
    /// Whether it comes in one request that nobody can repeat or go on with: if that fails, whole or not, nobody asks after it.
    pub once: bool,
    /// Where the bytes stand in the payload store.
    pub progress: UploadProgress,
    /// When it expires if no bytes come.
    pub expires_at: Timestamp,
    /// Whether all bytes came and the payload is sealed.
    pub complete: bool,
}

impl Upload {
    /// One of which no byte came yet, of no transfer; it lasts for `lifetime` without bytes.
    pub fn begun(sender: PartnerId, length: Option<u64>, at: Timestamp, lifetime: Duration) -> Self {
        Self {
            id: UploadId::generate(at),
            version: 0,
            transfer: None,
            assembles: vec![],
            sender,
            length,
            offset: 0,
            metadata: None,
            once: false,
            progress: UploadProgress::default(),
            expires_at: at + lifetime,
            complete: false,
        }
    }

    /// To what its objects belong.
    pub fn owner(&self) -> ObjectOwner {
        self.transfer.map_or(ObjectOwner::Upload(self.id), ObjectOwner::Transfer)
    }
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
    /// The number of the next part. Whoever took the upload over last may have sent parts from here up to
    /// [`UploadProgress::REACH`] further that nobody acknowledged.
    #[serde(default)]
    pub next: i32,
    /// Whether somebody took it over and has not paused since: a writer at work, or one whose host died.
    #[serde(default)]
    pub open: bool,
}

impl UploadProgress {
    /// How many part numbers a writer may use beyond the acknowledged ones.
    pub const REACH: i32 = 8;

    /// How many bytes are in it.
    pub fn size(&self) -> u64 {
        self.parts.iter().map(|part| part.size).sum::<u64>() + self.tail.as_ref().map_or(0, |tail| tail.size)
    }

    /// The number from which a writer that takes it over may go on.
    pub fn free_number(&self) -> i32 {
        let known = self.next.max(self.parts.last().map_or(1, |part| part.number + 1));
        if self.open { known + Self::REACH } else { known }
    }

    /// As a writer finds it that is about to send parts: its numbers lie behind all that another one may still send, so
    /// that no two writers ever write one part.
    #[must_use]
    pub fn taken_over(&self) -> Self {
        Self { next: self.free_number(), open: true, ..self.clone() }
    }
}

#[cfg(test)]
mod tests;

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
