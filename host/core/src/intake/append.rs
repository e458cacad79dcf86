//! Appending: the bytes of an upload, request by request, on whichever node they arrive.
//!
//! Offsets advance in the upload's row only, under its version: of two writers one advances and the other learns that
//! it was late. Bytes under a checksum are acknowledged all or not at all.

use std::pin::Pin;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use sha2::Digest as _;
use tracing::Instrument;

use crate::id::UploadId;
use crate::intake::{Intake, IntakeError};
use crate::ports::{Advance, UploadWriter};
use crate::transfer::{Transfer, TransferState};
use crate::upload::Upload;
use crate::viewer::Viewer;

/// The bytes of one request.
pub type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>;

/// The sender's connection broke.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct BodyError(pub String);

/// One request's share of an upload.
pub struct Append {
    /// Which upload.
    pub upload: UploadId,
    /// Where the sender believes it stands.
    pub offset: u64,
    /// The length, where it was deferred and is known now.
    pub length: Option<u64>,
    /// How many bytes this request says it has.
    pub content_length: Option<u64>,
    /// What these bytes must hash to.
    pub checksum: Option<Checksum>,
    /// The bytes.
    pub body: BodyStream,
}

impl std::fmt::Debug for Append {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Append")
            .field("upload", &self.upload)
            .field("offset", &self.offset)
            .field("length", &self.length)
            .field("content_length", &self.content_length)
            .field("checksum", &self.checksum)
            .finish_non_exhaustive()
    }
}

/// A checksum over the bytes of one request; tus demands SHA-1, we prefer SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// SHA-1.
    Sha1([u8; 20]),
    /// SHA-256.
    Sha256([u8; 32]),
}

impl Checksum {
    /// The algorithms, as the `Tus-Checksum-Algorithm` header names them.
    pub const ALGORITHMS: &'static str = "sha256,sha1";

    /// The checksum of that algorithm, or `None` if the name is unknown or the value of another size.
    pub fn from_parts(algorithm: &str, value: &[u8]) -> Option<Self> {
        match algorithm {
            "sha1" => value.try_into().ok().map(Self::Sha1),
            "sha256" => value.try_into().ok().map(Self::Sha256),
            _ => None,
        }
    }

    const fn algorithm(self) -> &'static str {
        match self {
            Self::Sha1(_) => "sha1",
            Self::Sha256(_) => "sha256",
        }
    }
}

/// A checksum in the making.
enum Summing {
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
}

impl Summing {
    fn new(wanted: Checksum) -> Self {
        match wanted {
            Checksum::Sha1(_) => Self::Sha1(sha1::Sha1::new()),
            Checksum::Sha256(_) => Self::Sha256(sha2::Sha256::new()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hash) => hash.update(bytes),
            Self::Sha256(hash) => hash.update(bytes),
        }
    }

    fn finish(self) -> Checksum {
        match self {
            Self::Sha1(hash) => Checksum::Sha1(hash.finalize().into()),
            Self::Sha256(hash) => Checksum::Sha256(hash.finalize().into()),
        }
    }
}

impl Intake {
    /// Takes the bytes of one request. The answer says where the upload stands; complete means that the transfer is
    /// acknowledged. A zero-byte file is complete with an append of nothing.
    pub async fn append(&self, viewer: &Viewer, append: Append) -> Result<Upload, IntakeError> {
        let upload = self.own(viewer, append.upload).await?;
        let transfer = self.transfer(&upload).await?;
        // Requests come one by one, each in a trace of the sender's; what they bring belongs to the transfer's trace.
        let span = tracing::info_span!("upload", transfer.id = %transfer.id, upload.id = %upload.id);
        self.ports.tracer.adopt(&span, &transfer.trace);
        self.append_to(viewer, upload, transfer, append).instrument(span).await
    }

    async fn append_to(
        &self,
        viewer: &Viewer,
        upload: Upload,
        transfer: Transfer,
        append: Append,
    ) -> Result<Upload, IntakeError> {
        self.check(&upload, &transfer, &append)?;
        let declared = upload.length.is_none() && append.length.is_some();
        let (mut upload, limit) = self.with_length(upload, &transfer, append.length).await?;
        let would_be = append.offset.saturating_add(append.content_length.unwrap_or(0));
        if would_be > limit {
            return Err(too_long(&upload, limit, would_be));
        }
        let start = upload.clone();
        let mut body = append.body;
        let mut summing = append.checksum.map(Summing::new);
        let mut writer = self.writer(&upload, &transfer).await?;
        let (mut offset, mut unsaved) = (upload.offset, 0u64);
        let mut broken = None;
        while let Some(chunk) = body.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => {
                    broken = Some(error.0);
                    break;
                }
            };
            let size = chunk.len() as u64;
            if offset + size > limit {
                return Err(too_long(&upload, limit, offset + size));
            }
            if let Some(summing) = &mut summing {
                summing.update(&chunk);
            }
            writer.push(chunk).await?;
            offset += size;
            unsaved += size;
            // Only acknowledged bytes may be made durable, and bytes under a checksum are not acknowledged yet.
            if unsaved >= self.settings.checkpoint && summing.is_none() && upload.length != Some(offset) {
                upload = self.pause(writer, upload, offset).await?;
                writer = self.writer(&upload, &transfer).await?;
                unsaved = 0;
            }
        }
        if let Some((wanted, summing)) = append.checksum.zip(summing) {
            if let Some(cause) = broken {
                return Err(IntakeError::Interrupted { kept: start.offset, cause });
            }
            if summing.finish() != wanted {
                return Err(IntakeError::Checksum { algorithm: wanted.algorithm(), at: start.offset });
            }
        }
        if upload.length == Some(offset) {
            return self.last(viewer, writer, upload, transfer, offset).await;
        }
        let upload = if unsaved > 0 || declared { self.pause(writer, upload, offset).await? } else { upload };
        match broken {
            Some(cause) => Err(IntakeError::Interrupted { kept: upload.offset, cause }),
            None => Ok(upload),
        }
    }

    fn check(&self, upload: &Upload, transfer: &Transfer, append: &Append) -> Result<(), IntakeError> {
        if upload.complete {
            return Err(IntakeError::Complete(upload.id));
        }
        if transfer.state == TransferState::Expired || upload.expires_at <= self.ports.clock.now() {
            return Err(IntakeError::Expired(upload.id));
        }
        if transfer.state != TransferState::Announced {
            return Err(IntakeError::Unknown(upload.id));
        }
        if upload.offset != append.offset {
            return Err(IntakeError::Offset { at: upload.offset, given: append.offset });
        }
        Ok(())
    }

    /// The upload with the length that this request declares, if it does, and the most bytes that it may have.
    async fn with_length(
        &self,
        upload: Upload,
        transfer: &Transfer,
        declared: Option<u64>,
    ) -> Result<(Upload, u64), IntakeError> {
        match (upload.length, declared) {
            (Some(length), Some(given)) if given != length => {
                Err(IntakeError::Length { given, why: format!("was announced with {length} bytes") })
            }
            (Some(length), _) => Ok((upload, length)),
            (None, None) => {
                let limit = self.limit(transfer).await?;
                Ok((upload, limit))
            }
            (None, Some(given)) => {
                let limit = self.limit(transfer).await?;
                if given > limit {
                    return Err(IntakeError::TooLarge { size: given, limit });
                }
                if given < upload.offset {
                    return Err(IntakeError::Length { given, why: format!("already has {} bytes", upload.offset) });
                }
                Ok((Upload { length: Some(given), ..upload }, given))
            }
        }
    }

    async fn writer(&self, upload: &Upload, transfer: &Transfer) -> Result<Box<dyn UploadWriter>, IntakeError> {
        Ok(self.ports.payloads.upload(transfer.id, &transfer.media_type, upload.progress.clone()).await?)
    }

    /// Makes durable what came and moves the row on: only then is the offset acknowledged.
    async fn pause(&self, writer: Box<dyn UploadWriter>, upload: Upload, offset: u64) -> Result<Upload, IntakeError> {
        let progress = writer.pause().await?;
        let (version, length) = (upload.version, upload.length);
        Ok(self.ports.uploads.advance(&Advance { upload: upload.id, version, offset, length, progress }).await?)
    }

    /// The last bytes came. An upload that other requests began is paused at its end first: should this host die
    /// between S3's completion and ours, any node finds all bytes acknowledged and finishes the commit.
    async fn last(
        &self,
        viewer: &Viewer,
        writer: Box<dyn UploadWriter>,
        upload: Upload,
        transfer: Transfer,
        offset: u64,
    ) -> Result<Upload, IntakeError> {
        if upload.progress.payload.is_some() {
            let upload = self.pause(writer, upload, offset).await?;
            return self.complete(viewer, upload, transfer).await;
        }
        let payload = writer.seal().await?.payload;
        self.acknowledge(viewer, Upload { offset, ..upload }, transfer, payload).await
    }
}

/// Past an announced length the sender contradicts itself; past a limit the payload is too large.
fn too_long(upload: &Upload, limit: u64, would_be: u64) -> IntakeError {
    match upload.length {
        Some(length) => IntakeError::TooLong { length, would_be },
        None => IntakeError::TooLarge { size: would_be, limit },
    }
}
