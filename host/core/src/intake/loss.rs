//! Loss: bytes that were acknowledged are gone from the payload store. Whoever sends is told so, and what to do.

use super::{Intake, IntakeError};
use crate::id::UploadId;
use crate::ports::PayloadError;
use crate::upload::Upload;

impl Intake {
    /// What a failure over an upload comes to that stood at that offset. What is missing of one that still stands there and
    /// takes bytes is lost; otherwise it was removed because nobody needs it any more.
    pub(super) async fn loss(&self, id: UploadId, offset: u64, error: IntakeError) -> IntakeError {
        let IntakeError::Payload(PayloadError::Missing(_)) = error else { return error };
        match self.still_takes_bytes(id).await {
            Ok(upload) if upload.offset != offset => IntakeError::Busy(id),
            Ok(upload) => {
                tracing::error!(
                    upload.id = %id, received = upload.offset,
                    "Acknowledged bytes of an upload were removed from the bucket: does a lifecycle rule end uploads too early?"
                );
                IntakeError::Lost(id)
            }
            Err(ended) => ended,
        }
    }

    async fn still_takes_bytes(&self, id: UploadId) -> Result<Upload, IntakeError> {
        let upload = self.ports.uploads.upload(id).await?.ok_or(IntakeError::Unknown(id))?;
        let transfer = self.transfer(&upload).await?;
        self.takes_bytes(&upload, transfer.as_ref())?;
        Ok(upload)
    }
}
