//! Appending: the bytes of an upload, request by request, on whichever node they arrive.
//!
//! Offsets advance in the upload's row only, under its version: of two writers one advances and the other learns that
//! it was late. Bytes under a checksum are acknowledged all or not at all.

mod checksum;
mod stretch;

use std::pin::Pin;

use bytes::Bytes;
use futures::Stream;
use tracing::Instrument;

use crate::id::UploadId;
use crate::intake::{Intake, IntakeError};
use crate::transfer::{Transfer, TransferState};
use crate::upload::Upload;
use crate::viewer::Viewer;

pub use checksum::Checksum;
use stretch::Stretch;

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

impl Intake {
    /// Takes the bytes of one request. The answer says where the upload stands; complete means that the transfer is
    /// acknowledged. A zero-byte file is complete with an append of nothing.
    pub async fn append(&self, viewer: &Viewer, append: Append) -> Result<Upload, IntakeError> {
        let upload = self.own(viewer, append.upload).await?;
        if !upload.assembles.is_empty() {
            return Err(IntakeError::Assembled(upload.id));
        }
        self.take(viewer, upload, append).await
    }

    /// Takes bytes, whoever sends them: a client, or partial uploads that are assembled.
    pub(super) async fn take(&self, viewer: &Viewer, upload: Upload, append: Append) -> Result<Upload, IntakeError> {
        let transfer = self.transfer(&upload).await?;
        let Some(it) = &transfer else {
            return self.append_to(viewer, upload, None, append).await;
        };
        // Requests come one by one, each in a trace of the sender's; what they bring belongs to the transfer's trace.
        let span = tracing::info_span!("upload", transfer.id = %it.id, upload.id = %upload.id);
        self.ports.tracer.adopt(&span, &it.trace);
        self.append_to(viewer, upload, transfer, append).instrument(span).await
    }

    async fn append_to(
        &self,
        viewer: &Viewer,
        upload: Upload,
        transfer: Option<Transfer>,
        append: Append,
    ) -> Result<Upload, IntakeError> {
        self.may_go_on(upload.sender).await?;
        if upload.complete && transfer.as_ref().is_some_and(|it| it.state == TransferState::Announced) {
            // Whoever hears that it is complete must not find it expired later.
            return Err(IntakeError::Complete(self.complete(viewer, upload, transfer).await?.id));
        }
        self.takes_bytes(&upload, transfer.as_ref())?;
        if upload.offset != append.offset {
            return Err(IntakeError::Offset { at: upload.offset, given: append.offset });
        }
        let declared = upload.length.is_none() && append.length.is_some();
        let (upload, limit) = self.with_length(upload, transfer.as_ref(), append.length).await?;
        let would_be = append.offset.saturating_add(append.content_length.unwrap_or(0));
        if would_be > limit {
            return Err(too_long(&upload, limit, would_be));
        }
        let (id, offset) = (upload.id, upload.offset);
        let taken = async {
            let stretch = Stretch::begin(self, upload, transfer, append.checksum, limit, declared).await?;
            stretch.run(viewer, append.body).await
        };
        match taken.await {
            Ok(upload) => Ok(upload),
            Err(error) => Err(self.loss(id, offset, error).await),
        }
    }

    /// Whether the upload takes bytes at all.
    pub(super) fn takes_bytes(&self, upload: &Upload, transfer: Option<&Transfer>) -> Result<(), IntakeError> {
        if upload.complete {
            return Err(IntakeError::Complete(upload.id));
        }
        let state = transfer.map_or(TransferState::Announced, |it| it.state);
        if state == TransferState::Expired || upload.expires_at <= self.ports.clock.now() {
            return Err(IntakeError::Expired(upload.id));
        }
        if state != TransferState::Announced {
            return Err(IntakeError::Unknown(upload.id));
        }
        Ok(())
    }

    /// The upload with the length that this request declares, if it does, and the most bytes that it may have.
    async fn with_length(
        &self,
        upload: Upload,
        transfer: Option<&Transfer>,
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
}

/// Past an announced length the sender contradicts itself; past a limit the payload is too large.
fn too_long(upload: &Upload, limit: u64, would_be: u64) -> IntakeError {
    match upload.length {
        Some(length) => IntakeError::TooLong { length, would_be },
        None => IntakeError::TooLarge { size: would_be, limit },
    }
}
