//! Keeps plugin components in the bucket, each under its digest.

use async_trait::async_trait;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use lockgate_core::digest::Digest;
use lockgate_core::plugin::PluginDigest;
use lockgate_core::ports::PluginArchive;

use crate::bucket::Bucket;
use crate::failure::Failure;

/// The archive of plugin components on S3.
#[derive(Debug, Clone)]
pub struct S3PluginArchive {
    bucket: Bucket,
}

impl S3PluginArchive {
    pub(crate) fn new(bucket: Bucket) -> Self {
        Self { bucket }
    }
}

#[async_trait]
impl PluginArchive for S3PluginArchive {
    async fn put(&self, digest: &PluginDigest, component: Bytes) -> Result<(), String> {
        let given = Digest::of(&component);
        if given != *digest {
            return Err(format!("the component's digest is {given}, not {digest}"));
        }
        let putting = self.bucket.client.put_object().bucket(&self.bucket.name).key(key(digest));
        let putting = putting.content_type("application/wasm").if_none_match("*");
        match putting.body(ByteStream::from(component)).send().await {
            Ok(_) => Ok(()),
            Err(error) => match Failure::of("PutObject", &error) {
                // Equal names are equal bytes.
                failure if failure.is_taken() => Ok(()),
                failure => Err(failure.to_string()),
            },
        }
    }

    async fn get(&self, digest: &PluginDigest) -> Result<Option<Bytes>, String> {
        let got = self.bucket.client.get_object().bucket(&self.bucket.name).key(key(digest)).send().await;
        let got = match got.map_err(|error| Failure::of("GetObject", &error)) {
            Err(failure) if failure.is_missing() => return Ok(None),
            Err(failure) => return Err(failure.to_string()),
            Ok(got) => got,
        };
        let read = tokio::time::timeout(self.bucket.patience, got.body.collect()).await;
        let read = read.map_err(|_| format!("component {digest} did not come in time"))?;
        let component = read.map_err(|error| format!("component {digest} broke off: {error}"))?.into_bytes();
        let found = Digest::of(&component);
        if found != *digest {
            return Err(format!("component {digest} is corrupt: its digest is {found}"));
        }
        Ok(Some(component))
    }
}

fn key(digest: &PluginDigest) -> String {
    format!("plugins/{}.wasm", digest.hex())
}
