//! Writes one stretch of an upload, on whatever node its bytes happen to arrive.

use std::collections::VecDeque;

use async_trait::async_trait;
use aws_sdk_s3::primitives::ByteStream;
use bytes::{Bytes, BytesMut};
use lockgate_core::id::PayloadId;
use lockgate_core::midstate;
use lockgate_core::payload::ObjectOwner;
use lockgate_core::ports::{PayloadError, Sealed, Stir, UploadWriter};
use lockgate_core::upload::{TailObject, UploadProgress};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use crate::failure::Failure;
use crate::object_writer::seal;
use crate::parts::{Parts, Target, Workshop, truth};

/// An upload under way. Parts, tail and hash move on together: what `pause` returns is durable as a whole.
#[derive(Debug)]
pub(crate) struct Continuation {
    owner: ObjectOwner,
    parts: Parts,
    hash: Sha256,
    size: u64,
    /// The tail that was continued; still right when no byte came.
    tail: Option<TailObject>,
    grown: bool,
    /// The hash state at the end of each part that is not acknowledged yet: number and state, oldest first.
    ends: VecDeque<(i32, Vec<u8>)>,
    /// How many parts are acknowledged, or about to be.
    stepped: usize,
}

impl Continuation {
    pub(crate) async fn begin(
        workshop: Workshop,
        owner: ObjectOwner,
        media_type: &str,
        progress: UploadProgress,
    ) -> Result<Self, PayloadError> {
        let (payload, key) = match progress.payload {
            Some(payload) => (payload, progress.key.clone()),
            None => first(&workshop, owner).await?,
        };
        let hash = midstate::take_up(&progress.midstate)
            .ok_or_else(|| corrupt(payload, "the upload's hash state cannot be read".to_owned()))?;
        let size = progress.size();
        let target = Target { payload, key, media_type: media_type.to_owned() };
        let stepped = progress.parts.len();
        let mut parts = Parts::resume(workshop, target, progress.multipart, progress.parts);
        if let Some(tail) = &progress.tail {
            parts.grow(usize::try_from(tail.size).unwrap_or(usize::MAX), false).await?;
            parts.buffer = load(&parts.workshop, payload, tail).await?;
        }
        // To finish what came to its end takes no more than the next number, and whoever does it sends the same bytes.
        parts.take_over(progress.next, parts.next.max(progress.next) + 1);
        Ok(Self { owner, parts, hash, size, tail: progress.tail, grown: false, ends: VecDeque::new(), stepped })
    }

    fn progress(self, tail: Option<TailObject>) -> UploadProgress {
        UploadProgress {
            payload: Some(self.parts.target.payload),
            key: self.parts.target.key,
            multipart: self.parts.multipart,
            next: self.parts.next,
            parts: self.parts.done,
            tail,
            midstate: midstate::put_aside(&self.hash),
            open: false,
        }
    }

    /// Keeps the bytes after the last part as an object under a fresh key, named by a row of its own before.
    async fn keep_tail(&mut self) -> Result<Option<TailObject>, PayloadError> {
        let body = std::mem::take(&mut self.parts.buffer).freeze();
        if !self.grown || body.is_empty() {
            return Ok(if body.is_empty() { None } else { self.tail.clone() });
        }
        let Parts { workshop, target, .. } = &self.parts;
        let id = PayloadId::generate(OffsetDateTime::now_utc());
        let key = format!("uploads/{}/{}", target.payload, id.uuid().simple());
        workshop.uploads.begin_object(id, self.owner, &key, 0).await.map_err(truth)?;
        let size = body.len() as u64;
        let putting = workshop.bucket.client.put_object().bucket(&workshop.bucket.name).key(&key);
        let put = putting.body(ByteStream::from(body)).send().await;
        put.map_err(|error| Failure::of("PutObject of an upload's tail", &error))?;
        workshop.landed(id, self.owner, &key, 0).await?;
        Ok(Some(TailObject { key, size }))
    }
}

#[async_trait]
impl UploadWriter for Continuation {
    fn sends_part(&self, bytes: usize) -> bool {
        bytes >= self.parts.room()
    }

    fn has_parts(&self) -> bool {
        self.parts.multipart.is_some()
    }

    fn take_over(&mut self, first: i32) {
        self.parts.take_over(first, first + UploadProgress::REACH);
    }

    async fn push(&mut self, mut bytes: Bytes) -> Result<(), PayloadError> {
        self.parts.grow(bytes.len(), false).await?;
        self.grown |= !bytes.is_empty();
        self.size += bytes.len() as u64;
        while !bytes.is_empty() {
            let number = self.parts.next;
            let piece = bytes.split_to(bytes.len().min(self.parts.room().max(1)));
            self.hash.update(&piece);
            self.parts.push(piece).await?;
            if self.parts.next > number {
                self.ends.push_back((number, midstate::put_aside(&self.hash)));
            }
        }
        Ok(())
    }

    async fn stir(&mut self) -> Stir {
        self.parts.stir().await
    }

    fn step(&mut self) -> Option<UploadProgress> {
        self.parts.gather();
        self.parts.done.sort_unstable_by_key(|part| part.number);
        let mut midstate = None;
        while let (Some(part), Some((end, _))) = (self.parts.done.get(self.stepped), self.ends.front()) {
            if part.number != *end {
                break;
            }
            self.stepped += 1;
            midstate = self.ends.pop_front().map(|(_, state)| state);
        }
        let midstate = midstate?;
        let parts = self.parts.done[..self.stepped].to_vec();
        let next = parts.last().map_or(1, |part| part.number + 1);
        self.parts.take_over(next, next + UploadProgress::REACH);
        Some(UploadProgress {
            payload: Some(self.parts.target.payload),
            key: self.parts.target.key.clone(),
            multipart: self.parts.multipart.clone(),
            parts,
            tail: None,
            midstate,
            next,
            open: true,
        })
    }

    async fn pause(mut self: Box<Self>) -> Result<UploadProgress, PayloadError> {
        self.parts.settle().await?;
        let tail = self.keep_tail().await?;
        Ok(self.progress(tail))
    }

    async fn finish(mut self: Box<Self>) -> Result<UploadProgress, PayloadError> {
        if self.has_parts() {
            self.parts.send_last().await?;
        }
        self.pause().await
    }

    async fn seal(self: Box<Self>) -> Result<Sealed, PayloadError> {
        let Self { owner, parts, hash, size, .. } = *self;
        let workshop = parts.workshop.clone();
        let sealed = seal(parts, hash, size).await?;
        // That of a transfer is promoted by the commit that receives it, which fails where the row is gone.
        if let ObjectOwner::Upload(_) = owner {
            workshop.landed(sealed.payload.id, owner, &sealed.payload.key, 0).await?;
        }
        Ok(sealed)
    }
}

async fn first(workshop: &Workshop, owner: ObjectOwner) -> Result<(PayloadId, String), PayloadError> {
    let payload = PayloadId::generate(OffsetDateTime::now_utc());
    let key = format!("payloads/{payload}/0");
    workshop.uploads.begin_object(payload, owner, &key, 0).await.map_err(truth)?;
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
