//! Passages: how far a large delivery's bytes have come at a destination that lets another attempt go on from there.

use serde::{Deserialize, Serialize};

use crate::delivery::Delivery;
use crate::destination::Endpoint;
use crate::digest::Digest;
use crate::id::{DeliveryId, PartnerId, PassageId};
use crate::payload::Payload;

/// What an attempt left at a destination. It is bound to the bytes by their digest and to the place by the endpoint as it
/// was: other bytes, or another place, begin anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Its id.
    pub id: PassageId,
    /// Of which delivery.
    pub delivery: DeliveryId,
    /// Which bytes of it.
    pub generation: u32,
    /// Whose destination, and whose secrets.
    pub receiver: PartnerId,
    /// Where it leads, as it was when it began.
    pub endpoint: Endpoint,
    /// Of all bytes.
    pub digest: Digest,
    /// How many they are.
    pub size: u64,
    /// Where it stands at the destination.
    pub place: Place,
    /// How far it has come.
    pub reached: Reached,
}

impl Passage {
    /// Whether it carries these bytes to that place.
    pub fn carries(&self, payload: &Payload, delivery: &Delivery, endpoint: &Endpoint) -> bool {
        let bytes = (self.digest, self.size, self.generation);
        bytes == (payload.digest, payload.size, delivery.generation) && self.endpoint == *endpoint
    }
}

/// What a destination calls it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Place {
    /// An unfinished multipart upload.
    Multipart {
        /// Of which object.
        key: String,
        /// S3's id of it.
        upload: String,
        /// How many bytes each part but the last has.
        part_size: u64,
    },
    /// An unfinished tus upload.
    Tus {
        /// Its URL.
        url: String,
    },
}

/// How far a passage has come, from the first byte on without a gap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reached {
    /// How many bytes are there.
    pub offset: u64,
    /// SHA-256 midstate over them; empty at the beginning.
    pub midstate: Vec<u8>,
    /// The parts that hold them, in order.
    pub parts: Vec<Part>,
}

/// A finished part of a multipart upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its number, from 1.
    pub number: i32,
    /// The ETag that the destination gave for it.
    pub tag: String,
}
