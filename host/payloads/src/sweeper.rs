//! Removes objects that nobody needs, as rows name them.

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use lockgate_core::ports::{StoreError, Sweepable, UploadStore};

use crate::bucket::Bucket;
use crate::failure::Failure;

/// Rows handled in one go.
const ROOM: usize = 100;
/// Goes of one sweep, so that whoever sweeps has time for other things.
const GOES: usize = 20;
/// Objects removed at the same time.
const AT_ONCE: usize = 8;
/// So long a go has for its rows; what is left after that is found again, by whoever sweeps then.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// The sweep could not go on; rows that were not reached stay for the next one.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The rows cannot be read or forgotten.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// None of the objects could be removed.
    #[error("no object could be removed: {0}")]
    Unavailable(String),
}

/// Sweeps one bucket. The server runs it now and then; any number of hosts may.
#[derive(Debug, Clone)]
pub struct Sweeper {
    bucket: Bucket,
    uploads: Arc<dyn UploadStore>,
}

impl Sweeper {
    pub(crate) fn new(bucket: Bucket, uploads: Arc<dyn UploadStore>) -> Self {
        Self { bucket, uploads }
    }

    /// Removes what is found, and says how many objects are gone.
    ///
    /// # Errors
    ///
    /// When the rows cannot be read or nothing could be removed.
    pub async fn sweep(&self) -> Result<usize, SweepError> {
        let mut gone = 0;
        for _ in 0..GOES {
            let (found, removed) = self.go().await?;
            gone += removed;
            if found < ROOM {
                break;
            }
        }
        Ok(gone)
    }

    /// How many rows were found, and how many of their objects are gone.
    async fn go(&self) -> Result<(usize, usize), SweepError> {
        let rows = self.uploads.sweepable(ROOM, AGAIN_AFTER).await?;
        let found = rows.len();
        let removals = stream::iter(rows).map(|row| async move {
            match self.remove(&row).await {
                Ok(()) => self.uploads.swept(row.id).await.map(|()| None),
                Err(failure) => {
                    tracing::warn!(payload.id = %row.id, error = %failure, "An object could not be swept and stays for the next time");
                    Ok(Some(failure))
                }
            }
        });
        let outcomes: Vec<_> = removals.buffer_unordered(AT_ONCE).try_collect().await?;
        let removed = outcomes.iter().filter(|it| it.is_none()).count();
        match outcomes.into_iter().flatten().next() {
            Some(failure) if removed == 0 => Err(SweepError::Unavailable(failure.to_string())),
            _ => Ok((found, removed)),
        }
    }

    async fn remove(&self, row: &Sweepable) -> Result<(), Failure> {
        // Also those that no row names: a host died, or S3's answer was lost, between beginning and noting.
        let mut unfinished = self.bucket.unfinished(&row.key).await?;
        unfinished.extend(row.multipart.clone());
        for multipart in unfinished {
            self.bucket.end(&row.key, &multipart).await?;
        }
        let Bucket { client, name, .. } = &self.bucket;
        let deleted = client.delete_object().bucket(name).key(&row.key).send().await;
        match deleted.map_err(|error| Failure::of("DeleteObject", &error)) {
            Err(failure) if !failure.is_missing() => Err(failure),
            _ => Ok(()),
        }
    }
}
