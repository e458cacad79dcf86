//! Removes objects that nobody needs, as rows name them.

use std::collections::BTreeSet;
use std::sync::Arc;

use lockgate_core::ports::{StoreError, Sweepable, UploadStore};

use crate::bucket::Bucket;
use crate::failure::Failure;

/// Rows handled in one go.
const ROOM: usize = 100;

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

    /// Sweeps once and says how many objects are gone; a full hundred means that there may be more.
    ///
    /// # Errors
    ///
    /// When the rows cannot be read or nothing could be removed.
    pub async fn sweep_once(&self) -> Result<usize, SweepError> {
        let mut gone = 0;
        let mut trouble = None;
        for row in self.uploads.sweepable(ROOM).await? {
            match self.remove(&row).await {
                Ok(()) => {
                    self.uploads.swept(row.id).await?;
                    gone += 1;
                }
                Err(failure) => {
                    tracing::warn!(payload.id = %row.id, error = %failure, "An object could not be swept and stays for the next time");
                    trouble = Some(failure);
                }
            }
        }
        match trouble {
            Some(failure) if gone == 0 => Err(SweepError::Unavailable(failure.to_string())),
            _ => Ok(gone),
        }
    }

    async fn remove(&self, row: &Sweepable) -> Result<(), Failure> {
        let Bucket { client, name, .. } = &self.bucket;
        // Also those that no row names: a host died, or S3's answer was lost, between beginning and noting.
        let listed = client.list_multipart_uploads().bucket(name).prefix(&row.key).send().await;
        let listed = listed.map_err(|error| Failure::of("ListMultipartUploads", &error))?;
        let ours = listed.uploads().iter().filter(|upload| upload.key() == Some(&row.key));
        let found = ours.filter_map(|upload| upload.upload_id().map(str::to_owned));
        let unfinished: BTreeSet<String> = row.multipart.iter().cloned().chain(found).collect();
        for multipart in unfinished {
            let aborted = client.abort_multipart_upload().bucket(name).key(&row.key).upload_id(multipart).send().await;
            match aborted.map_err(|error| Failure::of("AbortMultipartUpload", &error)) {
                Err(failure) if !failure.is_missing() => return Err(failure),
                // Completed or aborted before.
                _ => {}
            }
        }
        let deleted = client.delete_object().bucket(name).key(&row.key).send().await;
        match deleted.map_err(|error| Failure::of("DeleteObject", &error)) {
            Err(failure) if !failure.is_missing() => Err(failure),
            _ => Ok(()),
        }
    }
}
