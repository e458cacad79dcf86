//! The payload store on S3.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use lockgate_core::payload::{ObjectOwner, Payload};
use lockgate_core::ports::{
    ByteStream, PayloadError, PayloadStore, PayloadWriter, UploadStore, UploadWriter, WriteIntent,
};
use lockgate_core::upload::UploadProgress;
use tokio::sync::Semaphore;

use crate::archive::S3PluginArchive;
use crate::bucket::{Bucket, ConnectError};
use crate::budget::Budget;
use crate::config::S3Config;
use crate::format;
use crate::object_writer::ObjectWriter;
use crate::parts::{Parts, Target, Workshop, truth};
use crate::sweeper::Sweeper;
use crate::upload_writer::Continuation;

/// Parts that the whole host may have under way to S3 at once.
const SLOTS: usize = 12;

/// Keeps payloads in one bucket; cheap to clone.
#[derive(Debug, Clone)]
pub struct S3PayloadStore {
    workshop: Workshop,
}

impl S3PayloadStore {
    /// Reaches the bucket, creating it if that is allowed.
    ///
    /// # Errors
    ///
    /// When the bucket is missing or S3 refuses or does not answer.
    pub async fn connect(config: &S3Config, uploads: Arc<dyn UploadStore>) -> Result<Self, ConnectError> {
        let bucket = Bucket::connect(config).await?;
        let (slots, budget) = (Arc::new(Semaphore::new(SLOTS)), Arc::new(Budget::new(config.budget)));
        Ok(Self { workshop: Workshop { bucket, uploads, slots, budget } })
    }

    /// The same bucket and memory, with its rows written by another store.
    #[must_use]
    pub fn over(&self, uploads: Arc<dyn UploadStore>) -> Self {
        Self { workshop: Workshop { uploads, ..self.workshop.clone() } }
    }

    /// Whether the bucket answers, for readiness checks.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub async fn ready(&self) -> Result<(), PayloadError> {
        Ok(self.workshop.bucket.ready().await?)
    }

    /// Bytes on their way to S3 that this host holds in memory.
    pub fn held(&self) -> usize {
        self.workshop.budget.held()
    }

    /// The archive of plugins in the same bucket.
    pub fn archive(&self) -> S3PluginArchive {
        S3PluginArchive::new(self.workshop.bucket.clone())
    }

    /// The sweeper of the same bucket.
    pub fn sweeper(&self) -> Sweeper {
        Sweeper::new(self.workshop.bucket.clone(), Arc::clone(&self.workshop.uploads))
    }
}

#[async_trait]
impl PayloadStore for S3PayloadStore {
    async fn write(&self, intent: WriteIntent) -> Result<Box<dyn PayloadWriter>, PayloadError> {
        let WriteIntent { payload, transfer, version, media_type } = intent;
        let key = format!("payloads/{payload}/{version}");
        self.workshop.uploads.begin_object(payload, transfer.into(), &key, version).await.map_err(truth)?;
        let parts = Parts::new(self.workshop.clone(), Target { payload, key, media_type });
        Ok(Box::new(ObjectWriter::new(transfer, version, parts)))
    }

    async fn read(&self, payload: &Payload, range: Range<u64>) -> Result<ByteStream, PayloadError> {
        let end = range.end.min(payload.size);
        Ok(format::content(self.workshop.bucket.clone(), payload, range.start.min(end)..end))
    }

    async fn upload(
        &self,
        owner: ObjectOwner,
        media_type: &str,
        progress: UploadProgress,
    ) -> Result<Box<dyn UploadWriter>, PayloadError> {
        Ok(Box::new(Continuation::begin(self.workshop.clone(), owner, media_type, progress).await?))
    }
}
