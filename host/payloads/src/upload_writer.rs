//! Writes one stretch of an upload, on whatever node its bytes happen to arrive.

use async_trait::async_trait;
use aws_sdk_s3::primitives::ByteStream;
use bytes::{Bytes, BytesMut};
use lockgate_core::id::{PayloadId, TransferId};
use lockgate_core::ports::{PayloadError, Sealed, UploadWriter};
use lockgate_core::upload::{TailObject, UploadProgress};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use crate::failure::Failure;
use crate::midstate;
use crate::object_writer::seal;
use crate::parts::{Parts, Target, Workshop, truth};

/// An upload under way. Parts, tail and hash move on together: what `pause` returns is durable as a whole.
#[derive(Debug)]
pub(crate) struct Continuation {
    transfer: TransferId,
    parts: Parts,
    hash: Sha256,
    size: u64,
    /// The tail that was continued; still right when no byte came.
    tail: Option<TailObject>,
    grown: bool,
}

impl Continuation {
    pub(crate) async fn begin(
        workshop: Workshop,
        transfer: TransferId,
        media_type: &str,
        progress: UploadProgress,
    ) -> Result<Self, PayloadError> {
        let (payload, key) = match progress.payload {
            Some(payload) => (payload, progress.key.clone()),
            None => first(&workshop, transfer).await?,
        };
        let hash = midstate::take_up(&progress.midstate)
            .ok_or_else(|| corrupt(payload, "the upload's hash state cannot be read".to_owned()))?;
        let tail = match &progress.tail {
            Some(tail) => load(&workshop, payload, tail).await?,
            None => BytesMut::new(),
        };
        let size = progress.parts.iter().map(|part| part.size).sum::<u64>() + tail.len() as u64;
        let target = Target { payload, key, media_type: media_type.to_owned() };
        let parts = Parts::resume(workshop, target, progress.multipart, progress.parts, tail);
        Ok(Self { transfer, parts, hash, size, tail: progress.tail, grown: false })
    }

    /// Keeps the bytes after the last part as an object under a fresh key, named by a row of its own before.
    async fn keep_tail(&self) -> Result<Option<TailObject>, PayloadError> {
        let Parts { workshop, target, buffer, .. } = &self.parts;
        if !self.grown || buffer.is_empty() {
            return Ok(if buffer.is_empty() { None } else { self.tail.clone() });
        }
        let id = PayloadId::generate(OffsetDateTime::now_utc());
        let key = format!("uploads/{}/{}", target.payload, id.uuid().simple());
        workshop.uploads.begin_object(id, self.transfer, &key, 0).await.map_err(truth)?;
        let body = Bytes::copy_from_slice(buffer);
        let size = body.len() as u64;
        let putting = workshop.bucket.client.put_object().bucket(&workshop.bucket.name).key(&key);
        let put = putting.body(ByteStream::from(body)).send().await;
        put.map_err(|error| Failure::of("PutObject of an upload's tail", &error))?;
        Ok(Some(TailObject { key, size }))
    }
}

#[async_trait]
impl UploadWriter for Continuation {
    async fn push(&mut self, bytes: Bytes) -> Result<(), PayloadError> {
        self.grown |= !bytes.is_empty();
        self.hash.update(&bytes);
        self.size += bytes.len() as u64;
        self.parts.push(bytes).await
    }

    async fn pause(mut self: Box<Self>) -> Result<UploadProgress, PayloadError> {
        self.parts.settle().await?;
        let tail = self.keep_tail().await?;
        Ok(UploadProgress {
            payload: Some(self.parts.target.payload),
            key: self.parts.target.key,
            multipart: self.parts.multipart,
            parts: self.parts.done,
            tail,
            midstate: midstate::put_aside(&self.hash),
        })
    }

    async fn seal(self: Box<Self>) -> Result<Sealed, PayloadError> {
        let Self { parts, hash, size, .. } = *self;
        seal(parts, hash, size).await
    }
}

async fn first(workshop: &Workshop, transfer: TransferId) -> Result<(PayloadId, String), PayloadError> {
    let payload = PayloadId::generate(OffsetDateTime::now_utc());
    let key = format!("payloads/{payload}/0");
    workshop.uploads.begin_object(payload, transfer, &key, 0).await.map_err(truth)?;
    Ok((payload, key))
}

async fn load(workshop: &Workshop, payload: PayloadId, tail: &TailObject) -> Result<BytesMut, PayloadError> {
    let bucket = &workshop.bucket;
    let got = bucket.client.get_object().bucket(&bucket.name).key(&tail.key).send().await;
    let got = match got.map_err(|error| Failure::of("GetObject of an upload's tail", &error)) {
        Err(failure) if failure.is_missing() => return Err(PayloadError::Missing(payload)),
        other => other?,
    };
    let read = tokio::time::timeout(bucket.patience, got.body.collect()).await;
    let read = read.map_err(|_| Failure::new("GetObject of an upload's tail", "the bytes did not come in time"))?;
    let bytes = read.map_err(|error| Failure::new("GetObject of an upload's tail", error.to_string()))?.into_bytes();
    if bytes.len() as u64 != tail.size {
        return Err(corrupt(payload, format!("its tail has {} bytes instead of {}", bytes.len(), tail.size)));
    }
    Ok(BytesMut::from(bytes))
}

fn corrupt(payload: PayloadId, explanation: String) -> PayloadError {
    PayloadError::Corrupt { payload, explanation }
}
