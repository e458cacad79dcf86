//! Writes a large object in parts, two of them under way while the next is filled.

use aws_sdk_s3::primitives::ByteStream as Body;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use lockgate_core::ports::{ByteStream, Consigned};
use tokio::task::JoinSet;

use super::failure::Failure;
use super::object::{Object, PART, metadata};
use crate::answer::{failed, ours};

const UNDER_WAY: usize = 2;
const PARTS: u64 = 10_000;

pub(super) async fn write(object: &Object, consigned: &Consigned, bytes: ByteStream) -> Result<String, Failure> {
    let mut creating = object.client.create_multipart_upload().bucket(&object.bucket).key(&object.key);
    creating = creating.content_type(&consigned.payload.media_type);
    for (name, value) in metadata(consigned) {
        creating = creating.metadata(name, value);
    }
    let (encryption, kms) = object.encryption();
    creating = creating.set_tagging(object.tagging()).set_server_side_encryption(encryption).set_ssekms_key_id(kms);
    let created = creating.send().await.map_err(|error| Failure::of("CreateMultipartUpload", &error))?;
    let Some(upload) = created.upload_id else { return Err(lost("S3 gave no upload id")) };
    let written = fill(object, &upload, consigned.payload.size, bytes).await;
    if written.is_err() {
        // What stays in the receiver's bucket costs the receiver; a completed upload is not harmed.
        let aborting = object.client.abort_multipart_upload().bucket(&object.bucket).key(&object.key);
        if let Err(error) = aborting.upload_id(&upload).send().await {
            let failure = Failure::of("AbortMultipartUpload", &error);
            tracing::debug!(delivery.id = %consigned.delivery.id, ?failure, "An unfinished multipart upload stays behind");
        }
    }
    written
}

async fn fill(object: &Object, upload: &str, size: u64, mut bytes: ByteStream) -> Result<String, Failure> {
    let part = usize::try_from(size.div_ceil(PARTS)).unwrap_or(usize::MAX).max(PART);
    let (mut buffer, mut number) = (BytesMut::with_capacity(part), 0);
    let (mut under_way, mut done) = (JoinSet::new(), vec![]);
    loop {
        let next = bytes.next().await.transpose().map_err(|error| Failure::Other(ours(error.to_string())))?;
        let ended = next.is_none();
        let mut next = next.unwrap_or_default();
        while !next.is_empty() || (ended && !buffer.is_empty()) {
            let room = part - buffer.len();
            buffer.extend_from_slice(&next.split_to(next.len().min(room)));
            if buffer.len() == part || ended {
                number += 1;
                if under_way.len() >= UNDER_WAY {
                    done.push(collect(&mut under_way).await?);
                }
                let body = std::mem::replace(&mut buffer, BytesMut::with_capacity(if ended { 0 } else { part }));
                under_way.spawn(send(object.clone(), upload.to_owned(), number, body.freeze()));
            }
        }
        if ended {
            break;
        }
    }
    while !under_way.is_empty() {
        done.push(collect(&mut under_way).await?);
    }
    done.sort_by_key(CompletedPart::part_number);
    let parts = CompletedMultipartUpload::builder().set_parts(Some(done)).build();
    let joining = object.client.complete_multipart_upload().bucket(&object.bucket).key(&object.key);
    let joined = joining.upload_id(upload).multipart_upload(parts).if_none_match("*").send().await;
    match joined.map_err(|error| Failure::of("CompleteMultipartUpload", &error)) {
        Ok(joined) => Ok(object.receipt(joined.e_tag.as_deref())),
        // A repeat after a lost answer finds the upload gone: whether it was completed, the object tells.
        Err(Failure::Missing(_)) => Err(Failure::Taken),
        Err(failure) => Err(failure),
    }
}

async fn collect(under_way: &mut JoinSet<Result<CompletedPart, Failure>>) -> Result<CompletedPart, Failure> {
    match under_way.join_next().await {
        Some(Ok(part)) => part,
        Some(Err(error)) => Err(lost(&error.to_string())),
        None => Err(lost("no part is under way")),
    }
}

async fn send(object: Object, upload: String, number: i32, body: Bytes) -> Result<CompletedPart, Failure> {
    let sending = object.client.upload_part().bucket(&object.bucket).key(&object.key).upload_id(upload);
    let sent = sending.part_number(number).body(Body::from(body)).send().await;
    let sent = sent.map_err(|error| Failure::of("UploadPart", &error))?;
    Ok(CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag).build())
}

fn lost(what: &str) -> Failure {
    Failure::Other(failed(format!("writing in parts: {what}")))
}
