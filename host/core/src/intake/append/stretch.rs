//! One request's stretch of an upload: bytes become parts, parts become steps of the row, and what no part holds is set
//! down at the end.
//!
//! *Invariant:* before a stretch sends a part it has taken the upload over, which leaves every earlier writer stale and
//! gives this one part numbers of its own: two writers never write the same part, whatever they send.

use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, select};
use futures::{FutureExt as _, StreamExt as _};

use super::checksum::{Checksum, Summing};
use super::{BodyError, BodyStream, too_long};
use crate::intake::{Intake, IntakeError, media_type_of};
use crate::ports::{Advance, PayloadError, Stir, UploadWriter};
use crate::transfer::Transfer;
use crate::upload::{Upload, UploadProgress};
use crate::viewer::Viewer;

/// So many bytes at a time: less than a part, so that each part is followed by a step.
const PIECE: usize = 1 << 20;

/// How long an upload that gave its memory to others should stay away.
const PAUSE: Duration = Duration::from_secs(5);

/// Why a body was not taken to its end.
enum Broken {
    /// The connection broke.
    Connection(String),
    /// The host is short of memory.
    Crowded(Duration),
}

impl Broken {
    /// The error, with what is kept all the same.
    fn kept(self, kept: u64) -> IntakeError {
        match self {
            Self::Connection(cause) => IntakeError::Interrupted { kept, cause },
            Self::Crowded(retry_after) => IntakeError::Crowded { kept, retry_after },
        }
    }
}

/// A request at work on an upload.
pub(super) struct Stretch<'a> {
    intake: &'a Intake,
    transfer: Option<Transfer>,
    /// As the row has it, but with the length that this request declared.
    upload: Upload,
    /// The most bytes that the upload may have.
    limit: u64,
    checksum: Option<(Checksum, Summing)>,
    /// Where this request stands; ahead of the row.
    offset: u64,
    /// What the row does not know yet: bytes, or a length.
    unsaved: bool,
    taken_over: bool,
    writer: Box<dyn UploadWriter>,
}

impl<'a> Stretch<'a> {
    pub(super) async fn begin(
        intake: &'a Intake,
        upload: Upload,
        transfer: Option<Transfer>,
        checksum: Option<Checksum>,
        limit: u64,
        unsaved: bool,
    ) -> Result<Self, IntakeError> {
        let progress = upload.progress.clone();
        let writer = intake.ports.payloads.upload(upload.owner(), media_type_of(transfer.as_ref()), progress).await?;
        let checksum = checksum.map(|wanted| (wanted, Summing::new(wanted)));
        let offset = upload.offset;
        Ok(Self { intake, transfer, upload, limit, checksum, offset, unsaved, taken_over: false, writer })
    }

    /// Takes the body to its end, or to where it breaks.
    pub(super) async fn run(mut self, viewer: &Viewer, mut body: BodyStream) -> Result<Upload, IntakeError> {
        let broken = loop {
            let chunk = match select(body.next(), self.writer.stir().boxed()).await {
                Either::Left((None, _)) => break None,
                Either::Left((Some(Ok(chunk)), _)) => chunk,
                Either::Left((Some(Err(BodyError(cause))), _)) => break Some(Broken::Connection(cause)),
                Either::Right((Stir::Landed, _)) => Bytes::new(),
                Either::Right((Stir::Wanted, _)) => break Some(Broken::Crowded(PAUSE)),
            };
            match self.take(chunk).await {
                Ok(()) => {}
                Err(IntakeError::Payload(PayloadError::Crowded { retry_after })) => {
                    break Some(Broken::Crowded(retry_after));
                }
                Err(error) => return Err(error),
            }
        };
        self.end(viewer, broken).await
    }

    /// Takes bytes, and the steps that they or those before them led to.
    async fn take(&mut self, mut chunk: Bytes) -> Result<(), IntakeError> {
        let end = self.offset + chunk.len() as u64;
        if end > self.limit {
            return Err(too_long(&self.upload, self.limit, end));
        }
        while !chunk.is_empty() {
            let piece = chunk.split_to(chunk.len().min(PIECE));
            if let Some((_, summing)) = &mut self.checksum {
                summing.update(&piece);
            }
            if self.writer.sends_part(piece.len()) {
                self.take_over().await?;
            }
            let size = piece.len() as u64;
            self.writer.push(piece).await?;
            self.offset += size;
            self.unsaved = true;
            self.step().await?;
        }
        self.step().await
    }

    /// Leaves every other writer stale. Whoever loses the race is told so before it has sent a part.
    async fn take_over(&mut self) -> Result<(), IntakeError> {
        if !self.taken_over {
            let progress = self.upload.progress.taken_over();
            let first = progress.next;
            self.advance(self.upload.offset, progress).await?;
            self.writer.take_over(first);
            self.taken_over = true;
        }
        Ok(())
    }

    /// Acknowledges what became durable. Bytes under a checksum are not acknowledged yet; that their parts' numbers are
    /// used up is kept all the same.
    async fn step(&mut self) -> Result<(), IntakeError> {
        let Some(progress) = self.writer.step() else { return Ok(()) };
        if self.checksum.is_none() {
            return self.advance(progress.size(), progress).await;
        }
        let used = UploadProgress { next: progress.next, ..self.upload.progress.clone() };
        self.advance(self.upload.offset, used).await
    }

    async fn end(mut self, viewer: &Viewer, broken: Option<Broken>) -> Result<Upload, IntakeError> {
        if let Some((wanted, summing)) = self.checksum.take() {
            let at = self.upload.offset;
            if let Some(broken) = broken {
                return Err(broken.kept(at));
            }
            if summing.finish() != wanted {
                return Err(IntakeError::Checksum { algorithm: wanted.algorithm(), at });
            }
        }
        if self.upload.length == Some(self.offset) {
            return self.complete(viewer).await;
        }
        if self.unsaved {
            let progress = self.writer.pause().await?;
            self.upload = advance(self.intake, self.upload, self.offset, progress).await?;
        }
        match broken {
            Some(broken) => Err(broken.kept(self.upload.offset)),
            None => Ok(self.upload),
        }
    }

    /// The last bytes came. An upload that the row knows bytes of is acknowledged to its end first: should this host die
    /// between S3's completion and ours, any node finds all bytes there and finishes the commit.
    async fn complete(mut self, viewer: &Viewer) -> Result<Upload, IntakeError> {
        if self.upload.progress.payload.is_none() {
            let payload = self.writer.seal().await?.payload;
            let upload = Upload { offset: self.offset, ..self.upload };
            return self.intake.acknowledge(viewer, upload, self.transfer, payload).await;
        }
        if self.writer.has_parts() {
            self.take_over().await?;
        }
        let progress = self.writer.finish().await?;
        let upload = advance(self.intake, self.upload, self.offset, progress).await?;
        self.intake.complete(viewer, upload, self.transfer).await
    }

    async fn advance(&mut self, offset: u64, progress: UploadProgress) -> Result<(), IntakeError> {
        self.upload = advance(self.intake, self.upload.clone(), offset, progress).await?;
        Ok(())
    }
}

/// Moves the row on: only then is the offset acknowledged.
async fn advance(
    intake: &Intake,
    upload: Upload,
    offset: u64,
    progress: UploadProgress,
) -> Result<Upload, IntakeError> {
    let (version, length) = (upload.version, upload.length);
    Ok(intake.ports.uploads.advance(&Advance { upload: upload.id, version, offset, length, progress }).await?)
}
