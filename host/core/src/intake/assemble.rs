//! Assembling: a transfer whose bytes came as partial uploads, side by side over several connections.
//!
//! A partial upload has no transfer and no receiver; it waits until it is named, or expires. Assembling reads each part once
//! more, compares its digest, and writes the whole as any upload is written: so the payload's digest covers every byte, and
//! a host that dies half-way leaves an upload that a repeat of the request finishes.

mod places;

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{Announced, Append, BodyError, BodyStream, Intake, IntakeError, NewTransfer, sender};
use crate::digest::Digest;
use crate::id::UploadId;
use crate::payload::Payload;
use crate::ports::PayloadError;
use crate::upload::Upload;
use crate::viewer::Viewer;

pub(super) use places::Places;

/// How many partial uploads one transfer may be assembled from.
const MOST: usize = 1_000;

/// How long whoever finds the line full should stay away.
const PAUSE: Duration = Duration::from_secs(5);

impl Intake {
    /// Begins a partial upload, within what its sender may hand in and keep.
    pub async fn begin_partial(
        &self,
        viewer: &Viewer,
        length: Option<u64>,
        metadata: Option<String>,
    ) -> Result<Upload, IntakeError> {
        let sender = sender(viewer)?;
        let quota = self.terms(sender).await?.of_bytes();
        let limit = self.settings.max_size;
        if let Some(size) = length.filter(|size| *size > limit) {
            return Err(IntakeError::TooLarge { size, limit });
        }
        let at = self.ports.clock.now();
        let upload = Upload { metadata, ..Upload::begun(sender, length, at, self.settings.upload_lifetime) };
        let over = self.ports.uploads.begin_partial(&upload, at, quota).await?;
        over.map_or(Ok(upload), |over| Err(IntakeError::OverQuota(over)))
    }

    /// Announces a transfer of complete partial uploads and assembles it, when it is its turn on this host. The same request
    /// again, even without an idempotency key of its own, goes on with the same transfer.
    pub async fn assemble(&self, viewer: &Viewer, mut new: NewTransfer) -> Result<Announced, IntakeError> {
        let _place = self.places.take(sender(viewer)?).await.ok_or(IntakeError::Queue { retry_after: PAUSE })?;
        let parts = self.parts(viewer, &new.assembles).await?;
        new.size = parts.iter().try_fold(0u64, |sum, part| sum.checked_add(part.size));
        new.idempotency_key = Some(new.idempotency_key.take().unwrap_or_else(|| key(&new)));
        let announced = self.announce(viewer, new).await?;
        let upload = announced.upload.clone();
        if upload.complete {
            return Ok(announced);
        }
        self.ports.uploads.renew(&upload.assembles).await?;
        let append = Append {
            upload: upload.id,
            offset: upload.offset,
            length: None,
            content_length: None,
            checksum: None,
            body: self.bytes(parts, upload.offset),
        };
        match self.take(viewer, upload, append).await {
            Ok(upload) => Ok(Announced { upload, ..announced }),
            // Nobody's connection broke: the parts could not be read.
            Err(IntakeError::Interrupted { cause, .. }) => Err(PayloadError::Unavailable(cause).into()),
            Err(error) => Err(error),
        }
    }

    /// A partial upload, finished first if only that is missing.
    pub(super) async fn find_partial(&self, upload: Upload) -> Result<Upload, IntakeError> {
        if upload.expires_at <= self.ports.clock.now() {
            return Err(IntakeError::Expired(upload.id));
        }
        if !upload.complete && upload.length == Some(upload.offset) {
            return self.seal_partial(upload).await;
        }
        Ok(upload)
    }

    /// The payloads of the parts, each the sender's own, partial, complete and named once: a short request must not make
    /// work out of the same bytes over and over.
    async fn parts(&self, viewer: &Viewer, ids: &[UploadId]) -> Result<Vec<Payload>, IntakeError> {
        if ids.is_empty() || ids.len() > MOST {
            return Err(IntakeError::Parts(format!("name 1 to {MOST} partial uploads, not {}", ids.len())));
        }
        let mut named = HashSet::with_capacity(ids.len());
        if let Some(twice) = ids.iter().find(|id| !named.insert(**id)) {
            return Err(IntakeError::Parts(format!("{twice} is named twice; name each partial upload once")));
        }
        let mut payloads = Vec::with_capacity(ids.len());
        for id in ids {
            let upload = self.own(viewer, *id).await?;
            if upload.transfer.is_some() {
                return Err(IntakeError::Parts(format!("{id} is not a partial upload")));
            }
            let upload = self.find_partial(upload).await?;
            match self.ports.uploads.sealed_payload(*id).await? {
                Some(payload) => payloads.push(payload),
                None => return Err(IntakeError::Unfinished { id: *id, at: upload.offset }),
            }
        }
        Ok(payloads)
    }

    /// The bytes of all parts behind the first `skip`. Each part is read as a whole, so that its digest is compared.
    fn bytes(&self, parts: Vec<Payload>, skip: u64) -> BodyStream {
        let payloads = std::sync::Arc::clone(&self.ports.payloads);
        let mut left = skip;
        let wanted: Vec<_> = parts
            .into_iter()
            .filter_map(|part| {
                let before = left.min(part.size);
                left -= before;
                (before < part.size).then_some((part, before))
            })
            .collect();
        let read = move |(part, before): (Payload, u64)| {
            let payloads = std::sync::Arc::clone(&payloads);
            async move { Ok(after(payloads.read(&part, 0..part.size).await?, before)) }
        };
        let bytes = stream::iter(wanted).then(read).try_flatten();
        Box::pin(bytes.map_err(|error: PayloadError| BodyError(error.to_string())))
    }
}

/// A stream without its first bytes.
fn after(
    bytes: crate::ports::ByteStream,
    mut skip: u64,
) -> impl futures::Stream<Item = Result<Bytes, PayloadError>> + Send {
    bytes.map_ok(move |mut chunk| {
        let cut = usize::try_from(skip).unwrap_or(usize::MAX).min(chunk.len());
        skip -= cut as u64;
        chunk.split_off(cut)
    })
}

/// What names a request that brings no key: everything in it.
fn key(new: &NewTransfer) -> String {
    let input = serde_json::json!([new.assembles, new.receivers, new.file_name, new.media_type]);
    format!("assembled-{}", Digest::of(input.to_string().as_bytes()).hex())
}
