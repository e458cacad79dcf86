//! The payload store in memory: small chunks on purpose, so that every border is met.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream;
use lockgate_core::digest::Digest;
use lockgate_core::id::PayloadId;
use lockgate_core::payload::{ObjectFormat, ObjectOwner, Payload};
use lockgate_core::ports::{
    ByteStream, PayloadError, PayloadStore, PayloadWriter, Sealed, Stir, UploadWriter, WriteIntent,
};
use lockgate_core::upload::{TailObject, UploadProgress};

type Objects = Arc<Mutex<HashMap<String, Bytes>>>;

/// Keeps payload objects.
#[derive(Debug)]
pub struct MemoryPayloadStore {
    objects: Objects,
    chunk: usize,
    abandoned: Arc<Mutex<u32>>,
    tails: Mutex<u64>,
    room: Arc<Mutex<usize>>,
}

impl Default for MemoryPayloadStore {
    fn default() -> Self {
        Self::with_chunks_of(7)
    }
}

impl MemoryPayloadStore {
    /// A store whose reads come in chunks of that many bytes.
    pub fn with_chunks_of(chunk: usize) -> Self {
        let room = Arc::new(Mutex::new(usize::MAX));
        Self { objects: Objects::default(), chunk, abandoned: Arc::default(), tails: Mutex::default(), room }
    }

    /// Stores an object as it is.
    pub fn put(&self, id: PayloadId, media_type: &str, bytes: impl Into<Bytes>) -> Payload {
        let bytes = bytes.into();
        let payload = describe(id, format!("payloads/{id}/0"), media_type, &bytes);
        lock(&self.objects).insert(payload.key.clone(), bytes);
        payload
    }

    /// An object's bytes.
    pub fn get(&self, payload: &Payload) -> Option<Bytes> {
        lock(&self.objects).get(&payload.key).cloned()
    }

    /// Changes or removes an object behind the back of whoever sealed it.
    pub fn tamper(&self, payload: &Payload, bytes: Option<Bytes>) {
        let mut objects = lock(&self.objects);
        match bytes {
            Some(bytes) => objects.insert(payload.key.clone(), bytes),
            None => objects.remove(&payload.key),
        };
    }

    /// Removes everything that is there, as somebody does who tidies the bucket up.
    pub fn lose_everything(&self) {
        lock(&self.objects).clear();
    }

    /// Lets uploads take so many bytes more; the next is refused.
    pub fn leave_room(&self, bytes: usize) {
        *self.room.lock().expect("no test panics inside a store") = bytes;
    }

    /// How many objects were given up while they were written.
    pub fn abandoned(&self) -> u32 {
        *self.abandoned.lock().expect("no test panics inside a store")
    }
}

fn lock(objects: &Objects) -> std::sync::MutexGuard<'_, HashMap<String, Bytes>> {
    objects.lock().expect("no test panics inside a store")
}

fn describe(id: PayloadId, key: String, media_type: &str, bytes: &[u8]) -> Payload {
    Payload {
        id,
        key,
        media_type: media_type.to_owned(),
        size: bytes.len() as u64,
        digest: Digest::of(bytes),
        format: ObjectFormat::Plain1,
    }
}

#[async_trait]
impl PayloadStore for MemoryPayloadStore {
    async fn write(&self, intent: WriteIntent) -> Result<Box<dyn PayloadWriter>, PayloadError> {
        let objects = self.objects.clone();
        Ok(Box::new(Writer { objects, intent, bytes: vec![], abandoned: self.abandoned.clone() }))
    }

    async fn read(&self, payload: &Payload, range: Range<u64>) -> Result<ByteStream, PayloadError> {
        let bytes = self.get(payload).ok_or(PayloadError::Missing(payload.id))?;
        let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let whole = range.start == 0 && range.end == payload.size;
        let mut chunks: Vec<_> = bytes[at(range.start)..at(range.end)]
            .chunks(self.chunk)
            .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
            .collect();
        if whole && Digest::of(&bytes) != payload.digest {
            let explanation = "its digest is another".to_owned();
            chunks.push(Err(PayloadError::Corrupt { payload: payload.id, explanation }));
        }
        Ok(Box::pin(stream::iter(chunks)))
    }

    async fn upload(
        &self,
        owner: ObjectOwner,
        media_type: &str,
        progress: UploadProgress,
    ) -> Result<Box<dyn UploadWriter>, PayloadError> {
        // Two writers that both begin have objects of their own, as on S3.
        let mut begun = self.tails.lock().expect("no test panics inside a store");
        *begun += 1;
        let of = match owner {
            ObjectOwner::Transfer(id) => id.uuid(),
            ObjectOwner::Upload(id) => id.uuid(),
        };
        let first = || PayloadId::from_uuid(uuid::Uuid::from_u128(of.as_u128() ^ u128::from(*begun)));
        let id = progress.payload.unwrap_or_else(first);
        let kept = |tail: &TailObject| lock(&self.objects).get(&tail.key).cloned().ok_or(PayloadError::Missing(id));
        let bytes = progress.tail.as_ref().map(kept).transpose()?.unwrap_or_default().to_vec();
        Ok(Box::new(Uploading {
            objects: self.objects.clone(),
            id,
            media_type: media_type.to_owned(),
            stepped: bytes.len(),
            bytes,
            tail: format!("uploads/{id}/{begun}"),
            next: progress.next.max(1),
            bound: 0,
            room: self.room.clone(),
        }))
    }
}

struct Writer {
    objects: Objects,
    intent: WriteIntent,
    bytes: Vec<u8>,
    abandoned: Arc<Mutex<u32>>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("intent", &self.intent).finish_non_exhaustive()
    }
}

#[async_trait]
impl PayloadWriter for Writer {
    async fn push(&mut self, bytes: Bytes) -> Result<(), PayloadError> {
        self.bytes.extend_from_slice(&bytes);
        Ok(())
    }

    async fn seal(self: Box<Self>) -> Result<Sealed, PayloadError> {
        let key = format!("payloads/{}/{}", self.intent.payload, self.intent.version);
        let payload = describe(self.intent.payload, key, &self.intent.media_type, &self.bytes);
        lock(&self.objects).insert(payload.key.clone(), Bytes::from(self.bytes));
        Ok(Sealed { payload })
    }

    async fn abandon(self: Box<Self>) {
        *self.abandoned.lock().expect("no test panics inside a store") += 1;
    }
}

/// A part of an upload in memory has that many bytes, so that small tests send some.
const PART: usize = 4;

struct Uploading {
    objects: Objects,
    id: PayloadId,
    media_type: String,
    bytes: Vec<u8>,
    /// How many of the bytes are in parts or were kept before.
    stepped: usize,
    tail: String,
    next: i32,
    bound: i32,
    room: Arc<Mutex<usize>>,
}

impl Uploading {
    fn progress(&self, open: bool) -> UploadProgress {
        let key = format!("{}/{}", self.tail, self.bytes.len());
        lock(&self.objects).insert(key.clone(), Bytes::from(self.bytes.clone()));
        let tail = Some(TailObject { key, size: self.bytes.len() as u64 });
        let midstate = lockgate_core::midstate::after(&self.bytes);
        UploadProgress { payload: Some(self.id), tail, midstate, next: self.next, open, ..UploadProgress::default() }
    }
}

impl fmt::Debug for Uploading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uploading").field("id", &self.id).finish_non_exhaustive()
    }
}

#[async_trait]
impl UploadWriter for Uploading {
    fn sends_part(&self, bytes: usize) -> bool {
        self.bytes.len() - self.stepped + bytes >= PART
    }

    fn has_parts(&self) -> bool {
        false
    }

    fn take_over(&mut self, first: i32) {
        (self.next, self.bound) = (first, first + UploadProgress::REACH);
    }

    async fn push(&mut self, bytes: Bytes) -> Result<(), PayloadError> {
        {
            let mut room = self.room.lock().expect("no test panics inside a store");
            let crowded = PayloadError::Crowded { retry_after: Duration::from_secs(7) };
            *room = room.checked_sub(bytes.len()).ok_or(crowded)?;
        }
        self.bytes.extend_from_slice(&bytes);
        if self.sends_part(0) {
            assert!(self.next < self.bound, "part {} was sent by a writer that did not take over", self.next);
            let part = format!("parts/{}/{}", self.id, self.next);
            assert!(lock(&self.objects).insert(part, bytes).is_none(), "two writers sent part {}", self.next);
            self.next += 1;
        }
        Ok(())
    }

    async fn stir(&mut self) -> Stir {
        std::future::pending().await
    }

    fn step(&mut self) -> Option<UploadProgress> {
        self.sends_part(0).then(|| {
            self.stepped = self.bytes.len();
            self.bound = self.next + UploadProgress::REACH;
            self.progress(true)
        })
    }

    async fn pause(self: Box<Self>) -> Result<UploadProgress, PayloadError> {
        Ok(self.progress(false))
    }

    async fn finish(self: Box<Self>) -> Result<UploadProgress, PayloadError> {
        self.pause().await
    }

    async fn seal(self: Box<Self>) -> Result<Sealed, PayloadError> {
        let payload = describe(self.id, format!("payloads/{}/0", self.id), &self.media_type, &self.bytes);
        lock(&self.objects).insert(payload.key.clone(), Bytes::from(self.bytes));
        Ok(Sealed { payload })
    }
}
