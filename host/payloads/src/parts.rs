//! Cuts a payload into parts and brings several of them to S3 at once, with bounded memory.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use aws_sdk_s3::primitives::ByteStream;
use bytes::{Bytes, BytesMut};
use lockgate_core::id::PayloadId;
use lockgate_core::payload::ObjectOwner;
use lockgate_core::ports::{PayloadError, Stir, StoreError, UploadStore};
use lockgate_core::transfer::Version;
use lockgate_core::upload::UploadedPart;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::bucket::Bucket;
use crate::budget::{Budget, Hold};
use crate::failure::Failure;
use crate::multipart;
use crate::part_size::{LAST_NUMBER, largest, part_size};

/// Bytes of one object that may be under way to S3 at once, besides the part that is being filled; one part always may.
const UNDER_WAY: usize = 24 * 1024 * 1024;

/// How far, in part numbers, one part may be ahead of another that is still under way.
const WINDOW: i32 = 4;

/// What writers share.
#[derive(Debug, Clone)]
pub(crate) struct Workshop {
    pub(crate) bucket: Bucket,
    pub(crate) uploads: Arc<dyn UploadStore>,
    /// Parts under way in the whole host.
    pub(crate) slots: Arc<Semaphore>,
    /// Memory for all of them.
    pub(crate) budget: Arc<Budget>,
}

impl Workshop {
    /// To be asked once an object is in place. Whoever was thought dead may have put it there after it was swept: then it is
    /// given to the sweeper again, and nobody may count on it.
    pub(crate) async fn landed(
        &self,
        id: PayloadId,
        owner: ObjectOwner,
        key: &str,
        version: Version,
    ) -> Result<(), PayloadError> {
        match self.uploads.landed(id, owner, key, version).await.map_err(truth)? {
            true => Ok(()),
            false => Err(PayloadError::Unavailable(format!("`{key}` was given up before it was in place"))),
        }
    }
}

/// The object that parts become.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) payload: PayloadId,
    pub(crate) key: String,
    pub(crate) media_type: String,
}

/// An object on its way.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) workshop: Workshop,
    pub(crate) target: Target,
    pub(crate) multipart: Option<String>,
    /// Whether the multipart upload holds parts that were acknowledged before.
    pub(crate) acknowledged: bool,
    /// Finished parts; in order once [`Parts::settle`] returned.
    pub(crate) done: Vec<UploadedPart>,
    /// Bytes after the last part, and the memory that they take.
    pub(crate) buffer: BytesMut,
    hold: Hold,
    /// When the part that is being filled began.
    began: Instant,
    pub(crate) next: i32,
    /// The first number that is not this writer's.
    bound: i32,
    /// Bytes in parts, sent or under way.
    sent: u64,
    under_way: JoinSet<Result<UploadedPart, PayloadError>>,
    /// The parts under way: number and size, oldest first.
    numbers: VecDeque<(i32, usize)>,
    failed: Option<PayloadError>,
}

impl Parts {
    pub(crate) fn new(workshop: Workshop, target: Target) -> Self {
        Self { bound: LAST_NUMBER + 1, ..Self::resume(workshop, target, None, vec![]) }
    }

    /// An upload's object as it was left. Only what [`Parts::take_over`] allots may be sent.
    pub(crate) fn resume(
        workshop: Workshop,
        target: Target,
        multipart: Option<String>,
        done: Vec<UploadedPart>,
    ) -> Self {
        let next = done.last().map_or(1, |part| part.number + 1);
        let sent = done.iter().map(|part| part.size).sum();
        let hold = Hold::nothing(Arc::clone(&workshop.budget));
        Self {
            workshop,
            target,
            multipart,
            acknowledged: !done.is_empty(),
            done,
            buffer: BytesMut::new(),
            hold,
            began: Instant::now(),
            next,
            bound: 0,
            sent,
            under_way: JoinSet::new(),
            numbers: VecDeque::new(),
            failed: None,
        }
    }

    /// Parts from here on have these numbers.
    pub(crate) fn take_over(&mut self, first: i32, bound: i32) {
        self.next = self.next.max(first);
        self.bound = bound.min(LAST_NUMBER + 1);
    }

    /// How many bytes fit in the part that is being filled.
    pub(crate) fn room(&self) -> usize {
        part_size(self.sent).map_or(0, |size| size.saturating_sub(self.buffer.len()))
    }

    /// Gathers the parts that arrived, without waiting. What failed is said by the next push.
    pub(crate) fn gather(&mut self) {
        while let Some(ended) = self.under_way.try_join_next() {
            let gathered = self.gathered(ended);
            let _kept = self.remember(gathered);
        }
    }

    /// Waits for the next part under way to arrive, or for others to want the memory of one that does not come to its end;
    /// for ever, if there is neither. Nothing is lost if it is given up.
    pub(crate) async fn stir(&mut self) -> Stir {
        let (budget, began, holds) = (self.hold.budget(), self.began, !self.hold.is_empty());
        tokio::select! {
            Some(ended) = self.under_way.join_next() => {
                let gathered = self.gathered(ended);
                let _kept = self.remember(gathered);
                Stir::Landed
            }
            () = budget.wanted(began), if holds => Stir::Wanted,
            else => std::future::pending().await,
        }
    }

    /// Takes memory for so many bytes more, before any of them is taken; a refusal leaves everything as it was.
    pub(crate) async fn grow(&mut self, bytes: usize, for_ever: bool) -> Result<(), PayloadError> {
        if self.hold.is_empty() {
            self.began = Instant::now();
        }
        self.hold.grow(bytes, for_ever).await
    }

    /// Takes the next bytes, for which there is memory. After a failure nothing more is taken: a gap must never be sealed.
    pub(crate) async fn push(&mut self, bytes: Bytes) -> Result<(), PayloadError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let pushed = self.fill(bytes).await;
        self.remember(pushed)
    }

    /// Waits until every part under way has arrived.
    pub(crate) async fn settle(&mut self) -> Result<(), PayloadError> {
        while self.failed.is_none() && !self.under_way.is_empty() {
            let collected = self.collect().await;
            self.remember(collected)?;
        }
        self.done.sort_by_key(|part| part.number);
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// Sends what is buffered as a part, however small: only the last may be.
    pub(crate) async fn send_last(&mut self) -> Result<(), PayloadError> {
        let sent = if self.buffer.is_empty() { Ok(()) } else { self.send().await };
        self.remember(sent)
    }

    /// Removes from S3 what is there of an object that is given up.
    pub(crate) async fn abandon(mut self) {
        self.under_way.shutdown().await;
        let Some(multipart) = &self.multipart else { return };
        if let Err(failure) = self.workshop.bucket.end(&self.target.key, multipart).await {
            tracing::debug!(payload.id = %self.target.payload, error = %failure, "An abandoned object is left to the sweeper");
        }
    }

    async fn fill(&mut self, mut bytes: Bytes) -> Result<(), PayloadError> {
        while !bytes.is_empty() {
            let size = part_size(self.sent).ok_or_else(|| {
                PayloadError::Unavailable(format!("a payload of more than {} bytes does not fit in S3", largest()))
            })?;
            let piece = bytes.split_to(bytes.len().min(size - self.buffer.len()));
            if self.buffer.is_empty() && self.sent > 0 {
                self.buffer.reserve(size);
            }
            self.buffer.extend_from_slice(&piece);
            if self.buffer.len() == size {
                self.send().await?;
            }
        }
        Ok(())
    }

    async fn send(&mut self) -> Result<(), PayloadError> {
        if self.next >= self.bound {
            let (number, bound) = (self.next, self.bound);
            return Err(PayloadError::Unavailable(format!(
                "part {number} is not this writer's, whose end before {bound}"
            )));
        }
        let multipart = self.begin().await?;
        let body = mem::take(&mut self.buffer).freeze();
        let held = self.hold.part(body.len());
        self.began = Instant::now();
        while self.is_far_ahead(body.len()) {
            self.collect().await?;
        }
        let number = self.next;
        self.next += 1;
        self.sent += body.len() as u64;
        self.numbers.push_back((number, body.len()));
        let slot = Arc::clone(&self.workshop.slots).acquire_owned().await;
        let slot = slot.map_err(|_| PayloadError::Unavailable("the host is shutting down".to_owned()))?;
        let (bucket, target, acknowledged) = (self.workshop.bucket.clone(), self.target.clone(), self.acknowledged);
        self.under_way.spawn(
            async move {
                let sent = send_part(&bucket, &target.key, multipart, number, body).await;
                drop((slot, held));
                match sent {
                    Ok(part) => Ok(part),
                    Err(failure) => Err(multipart::refused(&bucket, &target, failure, acknowledged).await),
                }
            }
            .in_current_span(),
        );
        Ok(())
    }

    /// Whether another part of that size must wait for one under way.
    fn is_far_ahead(&self, size: usize) -> bool {
        let bytes: usize = self.numbers.iter().map(|(_, size)| size).sum();
        let far = self.numbers.front().is_some_and(|(oldest, _)| self.next - oldest >= WINDOW);
        !self.under_way.is_empty() && (far || bytes + size > UNDER_WAY)
    }

    /// Begins the multipart upload at the first full part, so that small payloads never have one.
    async fn begin(&mut self) -> Result<String, PayloadError> {
        if let Some(multipart) = &self.multipart {
            return Ok(multipart.clone());
        }
        let multipart = multipart::begin(&self.workshop, &self.target).await?;
        self.multipart = Some(multipart.clone());
        Ok(multipart)
    }

    async fn collect(&mut self) -> Result<(), PayloadError> {
        let Some(ended) = self.under_way.join_next().await else { return Ok(()) };
        self.gathered(ended)
    }

    fn gathered(&mut self, ended: Result<Result<UploadedPart, PayloadError>, JoinError>) -> Result<(), PayloadError> {
        let part = ended.map_err(|error| Failure::new("UploadPart", error.to_string()))??;
        self.numbers.retain(|(number, _)| *number != part.number);
        self.done.push(part);
        Ok(())
    }

    fn remember(&mut self, result: Result<(), PayloadError>) -> Result<(), PayloadError> {
        if let Err(error) = &result {
            self.failed.get_or_insert_with(|| error.clone());
        }
        result
    }
}

async fn send_part(
    bucket: &Bucket,
    key: &str,
    multipart: String,
    number: i32,
    body: Bytes,
) -> Result<UploadedPart, Failure> {
    let size = body.len() as u64;
    let sending = bucket.client.upload_part().bucket(&bucket.name).key(key).upload_id(multipart).part_number(number);
    let sent = sending.body(ByteStream::from(body)).send().await;
    let sent = sent.map_err(|error| Failure::of("UploadPart", &error))?;
    let etag = sent.e_tag.ok_or_else(|| Failure::new("UploadPart", "S3 gave no ETag"))?;
    Ok(UploadedPart { number, etag, size })
}

/// The row of an object could not be written, so its bytes must not be.
pub(crate) fn truth(error: StoreError) -> PayloadError {
    PayloadError::Unavailable(format!("no bytes are written without their row: {error}"))
}
