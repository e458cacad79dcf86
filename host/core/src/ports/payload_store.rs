//! The payload store: the bytes.

use std::fmt::Debug;
use std::ops::Range;
use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::Stream;

use crate::code::Code;
use crate::id::{PayloadId, TransferId};
use crate::payload::{ObjectOwner, Payload};
use crate::transfer::Version;
use crate::upload::UploadProgress;

/// Payload bytes on their way.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>> + Send>>;

/// Says what is about to be written and for whom; its row is committed before the first byte leaves.
#[derive(Debug, Clone)]
pub struct WriteIntent {
    /// The payload's id.
    pub payload: PayloadId,
    /// For which transfer.
    pub transfer: TransferId,
    /// Under which claim: the object's key is unique per claim version, so a zombie never overwrites its successor.
    pub version: Version,
    /// What the bytes are.
    pub media_type: String,
}

/// Reads and writes payload objects.
#[async_trait]
pub trait PayloadStore: Send + Sync + Debug {
    /// Begins a new object.
    async fn write(&self, intent: WriteIntent) -> Result<Box<dyn PayloadWriter>, PayloadError>;

    /// Reads content bytes. A read of the whole checks the digest on the way: a wrong byte ends the stream with
    /// [`PayloadError::Corrupt`] at the latest instead of its end.
    async fn read(&self, payload: &Payload, range: Range<u64>) -> Result<ByteStream, PayloadError>;

    /// Begins or continues an upload at the given progress.
    async fn upload(
        &self,
        owner: ObjectOwner,
        media_type: &str,
        progress: UploadProgress,
    ) -> Result<Box<dyn UploadWriter>, PayloadError>;
}

/// Writes one object, front to back, with bounded memory.
#[async_trait]
pub trait PayloadWriter: Send + Debug {
    /// Takes the next bytes; waits while too many parts are under way.
    async fn push(&mut self, bytes: Bytes) -> Result<(), PayloadError>;
    /// Completes the object; it is in S3 but not live until a change promotes it.
    async fn seal(self: Box<Self>) -> Result<Sealed, PayloadError>;
    /// Gives the object up; what S3 holds of it is removed now or by the sweeper.
    async fn abandon(self: Box<Self>);
}

/// Writes one stretch of an upload; the bytes it took are durable once a step or `pause` says so.
#[async_trait]
pub trait UploadWriter: Send + Debug {
    /// Whether taking that many bytes would send a part. Before it does, the writer must have taken the upload over.
    fn sends_part(&self, bytes: usize) -> bool;
    /// Whether it holds an unfinished multipart upload, so that finishing it would send a part.
    fn has_parts(&self) -> bool;
    /// From now on this writer's parts have the numbers from `first`.
    fn take_over(&mut self, first: i32);
    /// Takes the next bytes, all or none; waits while too many parts are under way or the host is short of memory. After
    /// [`PayloadError::Crowded`] it can still be paused.
    async fn push(&mut self, bytes: Bytes) -> Result<(), PayloadError>;
    /// Waits until there is something to do besides taking bytes. It may be given up at any time.
    async fn stir(&mut self) -> Stir;
    /// What has become durable since the last step, front to back without a gap; the writer goes on meanwhile.
    fn step(&mut self) -> Option<UploadProgress>;
    /// Makes all bytes taken so far durable (full parts as parts, the rest as tail object) and says where it stands.
    async fn pause(self: Box<Self>) -> Result<UploadProgress, PayloadError>;
    /// The same for an upload whose last byte came: where there are parts, the rest becomes the last of them.
    async fn finish(self: Box<Self>) -> Result<UploadProgress, PayloadError>;
    /// Completes the object: last part, completion, digest.
    async fn seal(self: Box<Self>) -> Result<Sealed, PayloadError>;
}

/// What an upload's writer has to say between bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stir {
    /// Something became durable: a step may be taken.
    Landed,
    /// Others have waited too long for memory that it holds without using it: it should be paused.
    Wanted,
}

/// A complete object that is not live yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// What it is.
    pub payload: Payload,
}

/// The payload store failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PayloadError {
    /// S3 does not answer or refuses; worth another try.
    #[error("the payload store is unavailable: {0}")]
    Unavailable(String),
    /// The host holds as many bytes on their way to S3 as it may.
    #[error("the host holds as many bytes of uploads in memory as it may; go on in {} s", .retry_after.as_secs())]
    Crowded {
        /// When to try again.
        retry_after: Duration,
    },
    /// The object is gone, or what was kept of an unfinished one.
    #[error("payload {0} is missing from the payload store")]
    Missing(PayloadId),
    /// The bytes are not those that were sealed.
    #[error("payload {payload} is corrupt: {explanation}")]
    Corrupt {
        /// Which payload.
        payload: PayloadId,
        /// What does not match.
        explanation: String,
    },
}

impl PayloadError {
    /// The public code.
    pub const fn code(&self) -> Code {
        match self {
            Self::Unavailable(_) => Code::TemporarilyUnavailable,
            Self::Crowded { .. } => Code::UploadsCrowded,
            Self::Missing(_) | Self::Corrupt { .. } => Code::Internal,
        }
    }
}
