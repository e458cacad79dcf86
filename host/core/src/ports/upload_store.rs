//! The upload store: how far uploads have come.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::change::Change;
use crate::id::{PayloadId, UploadId};
use crate::payload::{ObjectOwner, Payload};
use crate::ports::{CommitError, StoreError};
use crate::quota::{OverQuota, Quota};
use crate::time::Timestamp;
use crate::transfer::Version;
use crate::upload::{Upload, UploadProgress};

/// Remembers uploads and payload objects.
#[async_trait]
pub trait UploadStore: Send + Sync + Debug {
    /// Begins a partial upload, one without a transfer, at that time, unless it goes beyond the sender's quota.
    async fn begin_partial(
        &self,
        upload: &Upload,
        at: Timestamp,
        quota: Quota,
    ) -> Result<Option<OverQuota>, StoreError>;

    /// Gives partial uploads their whole time again, as they are about to be read.
    async fn renew(&self, ids: &[UploadId]) -> Result<(), StoreError>;

    /// Finds an upload.
    async fn upload(&self, id: UploadId) -> Result<Option<Upload>, StoreError>;

    /// Finds an upload, once no writer is at it or that time has passed. A store whose writers are all its own has nothing
    /// to wait for.
    async fn at_rest(&self, id: UploadId, _patience: Duration) -> Result<Option<Upload>, StoreError> {
        self.upload(id).await
    }

    /// Moves an upload on, if its version still matches.
    async fn advance(&self, advance: &Advance) -> Result<Upload, UploadError>;

    /// Marks the upload complete with its sealed payload, before the transfer is received: offset and length become the
    /// payload's size. Repeating it is harmless.
    async fn sealed(&self, id: UploadId, version: Version, payload: &Payload) -> Result<Upload, UploadError>;

    /// Commits the change that makes the transfer `Received`; the upload must be sealed.
    async fn receive(&self, upload: UploadId, change: &Change) -> Result<(), CommitError>;

    /// The sealed payload of a complete upload, to finish a commit that a dead host began.
    async fn sealed_payload(&self, id: UploadId) -> Result<Option<Payload>, StoreError>;

    /// Ends an upload; its objects are swept.
    async fn terminate(&self, id: UploadId) -> Result<(), StoreError>;

    /// Commits the row of an object about to be written. Uploads write at version 0, their tail objects (keys under
    /// `uploads/`) have rows of their own.
    async fn begin_object(
        &self,
        id: PayloadId,
        owner: ObjectOwner,
        key: &str,
        version: Version,
    ) -> Result<(), StoreError>;

    /// Whether the row of an object that is in place by now still stands, and the sweeper has not begun with it. Else it is
    /// written again, as discarded: whoever wrote the object was late, and it is removed once more.
    async fn landed(&self, id: PayloadId, owner: ObjectOwner, key: &str, version: Version) -> Result<bool, StoreError>;

    /// Notes S3's multipart id, so that the sweeper can abort it, unless another writer noted one before that is not `gone`.
    /// Answers with the one that is noted: all writers of an object send their parts to it.
    async fn note_multipart(&self, id: PayloadId, multipart: &str, gone: Option<&str>) -> Result<String, StoreError>;

    /// Rows whose objects nobody needs (discarded, or still `writing` with no living claim), at most `room`:
    /// id, keys, multipart id. While an upload is neither complete nor ended it may need every `writing` row of its
    /// transfer; once complete it needs only the sealed payload's, so that its tail objects are swept too. What belongs
    /// to a partial upload is needed until that expires or ends. They are given to nobody else before `again_after` has
    /// passed, so that sweepers share them, and one that cannot be removed steps back behind others.
    async fn sweepable(&self, room: usize, again_after: Duration) -> Result<Vec<Sweepable>, StoreError>;

    /// Forgets a swept row, unless its object landed again meanwhile.
    async fn swept(&self, id: PayloadId) -> Result<(), StoreError>;
}

/// An object that nobody needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweepable {
    /// Its row.
    pub id: PayloadId,
    /// Its key.
    pub key: String,
    /// Its unfinished multipart upload, if any.
    pub multipart: Option<String>,
}

/// An upload's step.
#[derive(Debug, Clone)]
pub struct Advance {
    /// Which upload.
    pub upload: UploadId,
    /// At which version.
    pub version: Version,
    /// The new offset.
    pub offset: u64,
    /// The length, where it was deferred and is known now.
    pub length: Option<u64>,
    /// The new progress.
    pub progress: UploadProgress,
}

/// An upload could not be moved on.
#[derive(Debug, Clone, thiserror::Error)]
pub enum UploadError {
    /// Another writer was faster.
    #[error("upload {0} was continued by another writer")]
    Stale(UploadId),
    /// It does not exist or ended.
    #[error("there is no upload {0}")]
    Unknown(UploadId),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
