//! One delivery's object: whether it is there, and writing it.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream as Body;
use aws_sdk_s3::types::ServerSideEncryption;
use bytes::BytesMut;
use futures::StreamExt as _;
use lockgate_core::delivery::{Answer, Cause};
use lockgate_core::destination::{S3Encryption, S3Options};
use lockgate_core::payload::Payload;
use lockgate_core::ports::{ByteStream, Consigned};

use super::failure::Failure;
use crate::answer::ours;

/// Payloads up to this size go in one request.
pub(super) const PART: usize = 8 * 1024 * 1024;
const DIGEST: &str = "lockgate-sha256";

#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) client: Client,
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) options: S3Options,
}

impl Object {
    /// What the object that is there means: ours is taken, another is in the way, none says nothing.
    pub(super) async fn present(&self, payload: &Payload) -> Result<Option<Answer>, Failure> {
        let head = self.client.head_object().bucket(&self.bucket).key(&self.key).send().await;
        let head = match head.map_err(|error| Failure::of("HeadObject", &error)) {
            Ok(head) => head,
            Err(Failure::Missing(_)) => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let size = head.content_length.and_then(|length| u64::try_from(length).ok());
        let digest = head.metadata.as_ref().and_then(|metadata| metadata.get(DIGEST));
        if size != Some(payload.size) || digest != Some(&payload.digest.hex()) {
            let why = format!("another object is in place under `{}`", self.key);
            return Ok(Some(Answer::refused(Cause::Conflict, why)));
        }
        Ok(Some(Answer::Taken { receipt: self.receipt(head.e_tag.as_deref()) }))
    }

    /// The same before anything is written. Who may only write is not told, and learns it by the condition on writing.
    pub(super) async fn seen(&self, payload: &Payload) -> Result<Option<Answer>, Failure> {
        match self.present(payload).await {
            Err(Failure::Forbidden(_)) => Ok(None),
            seen => seen,
        }
    }

    /// Writes the payload in one request under a condition and gives the receipt.
    pub(super) async fn write(&self, consigned: &Consigned, bytes: ByteStream) -> Result<String, Failure> {
        let body = collect(bytes).await?;
        let mut putting = self.client.put_object().bucket(&self.bucket).key(&self.key).if_none_match("*");
        putting = putting.content_type(&consigned.payload.media_type).body(Body::from(body.freeze()));
        for (name, value) in metadata(consigned) {
            putting = putting.metadata(name, value);
        }
        let (encryption, kms) = self.encryption();
        putting = putting.set_tagging(self.tagging()).set_server_side_encryption(encryption).set_ssekms_key_id(kms);
        let put = putting.send().await.map_err(|error| Failure::of("PutObject", &error))?;
        Ok(self.receipt(put.e_tag.as_deref()))
    }

    /// Tags as a query string, as the header has them.
    pub(super) fn tagging(&self) -> Option<String> {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        pairs.extend_pairs(&self.options.tags);
        let text = pairs.finish();
        (!text.is_empty()).then_some(text)
    }

    /// How the other side encrypts, and with which key of its KMS.
    pub(super) fn encryption(&self) -> (Option<ServerSideEncryption>, Option<String>) {
        match &self.options.encryption {
            None => (None, None),
            Some(S3Encryption::Aes256) => (Some(ServerSideEncryption::Aes256), None),
            Some(S3Encryption::Kms { key }) => (Some(ServerSideEncryption::AwsKms), Some(key.clone())),
        }
    }

    pub(super) fn receipt(&self, etag: Option<&str>) -> String {
        format!("s3://{}/{} etag={}", self.bucket, self.key, etag.unwrap_or("unknown"))
    }
}

/// What the receiver can read off the object.
pub(super) fn metadata(consigned: &Consigned) -> [(&'static str, String); 3] {
    [
        (DIGEST, consigned.payload.digest.hex()),
        ("lockgate-transfer", consigned.transfer.to_string()),
        ("lockgate-sender", consigned.sender.clone()),
    ]
}

async fn collect(mut bytes: ByteStream) -> Result<BytesMut, Failure> {
    let mut whole = BytesMut::new();
    while let Some(next) = bytes.next().await {
        whole.extend_from_slice(&next.map_err(|error| Failure::Other(ours(error.to_string())))?);
    }
    Ok(whole)
}
