//! The multipart upload that an object's parts go to: all writers of the object share one, which its row names.
//!
//! *Invariant:* a multipart upload that is gone is replaced in the row only by a writer that needs no part of it.

use lockgate_core::ports::PayloadError;

use crate::bucket::Bucket;
use crate::failure::Failure;
use crate::parts::{Target, Workshop, truth};

/// Begins one, unless a writer before did: its id. What was begun in vain is removed.
pub(crate) async fn begin(workshop: &Workshop, target: &Target) -> Result<String, PayloadError> {
    let ours = create(&workshop.bucket, target).await?;
    let agreed = agree(workshop, target, &ours).await;
    if agreed.as_ref().ok() != Some(&ours)
        && let Err(failure) = workshop.bucket.end(&target.key, &ours).await
    {
        // It is not paid for: nothing was sent to it.
        tracing::warn!(object.key = target.key, cause = %failure, "A multipart upload that nobody uses stays behind.");
    }
    agreed
}

/// What becomes of a request that S3 refused. Parts that were acknowledged are missing where their multipart upload is gone
/// and did not become the object.
pub(crate) async fn refused(bucket: &Bucket, target: &Target, failure: Failure, acknowledged: bool) -> PayloadError {
    if acknowledged && failure.has_code(&["NoSuchUpload"]) && matches!(bucket.size(&target.key).await, Ok(None)) {
        return PayloadError::Missing(target.payload);
    }
    failure.into()
}

async fn create(bucket: &Bucket, target: &Target) -> Result<String, Failure> {
    let creating = bucket.client.create_multipart_upload().bucket(&bucket.name).key(&target.key);
    let begun = creating.content_type(&target.media_type).send().await;
    let begun = begun.map_err(|error| Failure::of("CreateMultipartUpload", &error))?;
    begun.upload_id.ok_or_else(|| Failure::new("CreateMultipartUpload", "S3 gave no upload id"))
}

/// Which one all writers use: the one that was noted first. Who comes here has no part in it, so where somebody else removed
/// it, as lifecycle rules do, the first that sees so puts its own in its place.
async fn agree(workshop: &Workshop, target: &Target, ours: &str) -> Result<String, PayloadError> {
    let note = async |gone| workshop.uploads.note_multipart(target.payload, ours, gone).await.map_err(truth);
    let noted = note(None).await?;
    if noted == ours || workshop.bucket.unfinished(&target.key).await?.contains(&noted) {
        return Ok(noted);
    }
    tracing::warn!(
        payload.id = %target.payload, object.key = target.key,
        "A multipart upload under way was removed from the bucket; another one is begun."
    );
    note(Some(&noted)).await
}
