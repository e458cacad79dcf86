//! Completes objects; when S3's answer got lost, looks whether the object is there before saying so.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use lockgate_core::ports::PayloadError;

use crate::bucket::Bucket;
use crate::failure::Failure;
use crate::multipart;
use crate::parts::{Parts, Target, Workshop};

/// Completes an object of that many bytes: in one request when it never came to a full part.
pub(crate) async fn complete(mut parts: Parts, size: u64) -> Result<(), PayloadError> {
    let outcome = if parts.multipart.is_none() {
        let body = std::mem::take(&mut parts.buffer).freeze();
        put_once(&parts.workshop.bucket, &parts.target, body).await
    } else {
        parts.send_last().await?;
        parts.settle().await?;
        join(&parts).await
    };
    match outcome {
        Ok(()) => Ok(()),
        Err(failure) => settle(&parts, size, failure).await,
    }
}

/// Writes a whole object unless its key is taken.
async fn put_once(bucket: &Bucket, target: &Target, body: Bytes) -> Result<(), Failure> {
    let putting = bucket.client.put_object().bucket(&bucket.name).key(&target.key).content_type(&target.media_type);
    let put = putting.if_none_match("*").body(ByteStream::from(body)).send().await;
    put.map(drop).map_err(|error| Failure::of("PutObject", &error))
}

async fn join(parts: &Parts) -> Result<(), Failure> {
    let Bucket { client, name, .. } = &parts.workshop.bucket;
    let listed = parts
        .done
        .iter()
        .map(|part| CompletedPart::builder().part_number(part.number).e_tag(&part.etag).build())
        .collect();
    let joining = client
        .complete_multipart_upload()
        .bucket(name)
        .key(&parts.target.key)
        .set_upload_id(parts.multipart.clone())
        .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(listed)).build())
        .if_none_match("*");
    joining.send().await.map(drop).map_err(|error| Failure::of("CompleteMultipartUpload", &error))
}

/// The key is unique per claim, so an object of the right size under it is ours: an answer that was lost on its way,
/// or a repeat that found the first try's success.
async fn settle(parts: &Parts, size: u64, failure: Failure) -> Result<(), PayloadError> {
    let Workshop { bucket, .. } = &parts.workshop;
    let key = &parts.target.key;
    match bucket.size(key).await {
        Ok(Some(found)) if found == size => {
            tracing::info!(object.key = key, cause = %failure, "An object whose completion was in doubt is in place");
            Ok(())
        }
        Ok(Some(_)) => Err(Failure::new("HeadObject", format!("`{key}` is taken by an object of another size")).into()),
        Ok(None) | Err(_) => Err(multipart::refused(bucket, &parts.target, failure, parts.acknowledged).await),
    }
}
