//! Writes one payload object, front to back.

use async_trait::async_trait;
use bytes::Bytes;
use lockgate_core::id::TransferId;
use lockgate_core::midstate;
use lockgate_core::payload::{ObjectFormat, Payload};
use lockgate_core::ports::{PayloadError, PayloadWriter, Sealed};
use lockgate_core::transfer::Version;
use sha2::{Digest as _, Sha256};

use crate::complete::complete;
use crate::parts::Parts;

/// Memory is asked for by so many bytes at a time.
const PIECE: usize = 1 << 20;

/// A payload on its way, hashed and counted as it passes.
#[derive(Debug)]
pub(crate) struct ObjectWriter {
    transfer: TransferId,
    version: Version,
    parts: Parts,
    hash: Sha256,
    size: u64,
}

impl ObjectWriter {
    pub(crate) fn new(transfer: TransferId, version: Version, parts: Parts) -> Self {
        Self { transfer, version, parts, hash: Sha256::new(), size: 0 }
    }
}

#[async_trait]
impl PayloadWriter for ObjectWriter {
    async fn push(&mut self, bytes: Bytes) -> Result<(), PayloadError> {
        self.hash.update(&bytes);
        self.size += bytes.len() as u64;
        // What is judged holds no client up, so it waits its time; piece by piece, so that no piece asks for more than there is.
        let mut bytes = bytes;
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(PIECE));
            self.parts.grow(piece.len(), true).await?;
            self.parts.push(piece).await?;
        }
        Ok(())
    }

    async fn seal(self: Box<Self>) -> Result<Sealed, PayloadError> {
        let Self { transfer, version, parts, hash, size } = *self;
        let workshop = parts.workshop.clone();
        let sealed = seal(parts, hash, size).await?;
        workshop.landed(sealed.payload.id, transfer.into(), &sealed.payload.key, version).await?;
        Ok(sealed)
    }

    async fn abandon(self: Box<Self>) {
        self.parts.abandon().await;
    }
}

/// Completes the object and says what it is.
pub(crate) async fn seal(mut parts: Parts, hash: Sha256, size: u64) -> Result<Sealed, PayloadError> {
    parts.settle().await?;
    let target = parts.target.clone();
    complete(parts, size).await?;
    let payload = Payload {
        id: target.payload,
        key: target.key,
        media_type: target.media_type,
        size,
        digest: midstate::finish(hash),
        format: ObjectFormat::Plain1,
    };
    Ok(Sealed { payload })
}
