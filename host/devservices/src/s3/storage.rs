//! `s3s-fs` made dependable: what it lacks or does loosely, and Lockgate's payload store relies on.
//!
//! Added to it: `If-None-Match: *` that holds when clients race, unknown buckets and uploads that
//! are refused by their proper codes, upload lists, gaps between part numbers, and no stale
//! checksums under a reused key.
//! Everything else is passed on.

use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;

use super::conditional::KeyLocks;
use super::{parts, uploads};

type Answer<T> = S3Result<S3Response<T>>;

/// Buckets below one directory.
#[derive(Debug)]
pub(super) struct Storage {
    files: FileSystem,
    root: PathBuf,
    writing: KeyLocks,
}

impl Storage {
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let files = FileSystem::new(root).map_err(|error| io::Error::other(format!("{error:?}")))?;
        Ok(Self { files, root: root.canonicalize()?, writing: KeyLocks::default() })
    }

    fn bucket_exists(&self, bucket: &str) -> S3Result {
        if self.root.join(bucket).is_dir() { Ok(()) } else { Err(s3_error!(NoSuchBucket)) }
    }

    fn upload_exists(&self, upload: &str) -> S3Result {
        if uploads::exists(&self.root, upload) { Ok(()) } else { Err(s3_error!(NoSuchUpload)) }
    }

    /// Removes the notes that `s3s-fs` keeps beside an object (metadata, checksums) and forgets to
    /// remove with it: they would be taken for those of the next object under the key.
    fn remove_notes(&self, bucket: &str, key: &str) {
        let object = format!(".bucket-{}.object-{}", URL_SAFE_NO_PAD.encode(bucket), URL_SAFE_NO_PAD.encode(key));
        for kind in ["internal", "metadata"] {
            // Most objects lack one of them.
            let _ = std::fs::remove_file(self.root.join(format!("{object}.{kind}.json")));
        }
    }
}

#[async_trait::async_trait]
impl S3 for Storage {
    async fn put_object(&self, req: S3Request<PutObjectInput>) -> Answer<PutObjectOutput> {
        self.bucket_exists(&req.input.bucket)?;
        // Held while the body arrives: the check and the write must be one.
        let _alone = self.writing.lock(&req.input.bucket, &req.input.key).await;
        self.files.put_object(req).await
    }

    async fn complete_multipart_upload(
        &self,
        mut req: S3Request<CompleteMultipartUploadInput>,
    ) -> Answer<CompleteMultipartUploadOutput> {
        let (bucket, key) = (req.input.bucket.clone(), req.input.key.clone());
        let _alone = self.writing.lock(&bucket, &key).await;
        self.upload_exists(&req.input.upload_id)?;
        if self.root.join(&bucket).join(&key).exists() {
            return self.files.complete_multipart_upload(req).await;
        }
        self.remove_notes(&bucket, &key);
        let upload = req.input.upload_id.clone();
        let listed = req.input.multipart_upload.as_mut().and_then(|it| it.parts.as_mut());
        parts::close_gaps(&self.root, &upload, listed.ok_or_else(|| s3_error!(InvalidPart))?)?;
        let answer = self.files.complete_multipart_upload(req).await?;
        parts::forget(&self.root, &upload);
        Ok(answer)
    }

    async fn delete_object(&self, req: S3Request<DeleteObjectInput>) -> Answer<DeleteObjectOutput> {
        let (bucket, key) = (req.input.bucket.clone(), req.input.key.clone());
        let _alone = self.writing.lock(&bucket, &key).await;
        let answer = self.files.delete_object(req).await?;
        self.remove_notes(&bucket, &key);
        Ok(answer)
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> Answer<CreateMultipartUploadOutput> {
        self.bucket_exists(&req.input.bucket)?;
        self.files.create_multipart_upload(req).await
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> Answer<UploadPartOutput> {
        self.upload_exists(&req.input.upload_id)?;
        self.files.upload_part(req).await
    }

    async fn upload_part_copy(&self, req: S3Request<UploadPartCopyInput>) -> Answer<UploadPartCopyOutput> {
        self.upload_exists(&req.input.upload_id)?;
        self.files.upload_part_copy(req).await
    }

    async fn list_parts(&self, req: S3Request<ListPartsInput>) -> Answer<ListPartsOutput> {
        self.upload_exists(&req.input.upload_id)?;
        let mut answer = self.files.list_parts(req).await?;
        if let Some(parts) = &mut answer.output.parts {
            parts.sort_by_key(|part| part.part_number);
        }
        Ok(answer)
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> Answer<AbortMultipartUploadOutput> {
        self.upload_exists(&req.input.upload_id)?;
        self.files.abort_multipart_upload(req).await
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> Answer<ListMultipartUploadsOutput> {
        let input = req.input;
        self.bucket_exists(&input.bucket)?;
        let under_way = uploads::under_way(&self.root, &input.bucket, input.prefix.as_deref().unwrap_or_default())
            .map_err(|error| s3_error!(error, InternalError))?;
        Ok(S3Response::new(ListMultipartUploadsOutput {
            bucket: Some(input.bucket),
            prefix: input.prefix,
            is_truncated: Some(false),
            uploads: Some(under_way),
            ..Default::default()
        }))
    }

    async fn create_bucket(&self, req: S3Request<CreateBucketInput>) -> Answer<CreateBucketOutput> {
        self.files.create_bucket(req).await
    }

    async fn delete_bucket(&self, req: S3Request<DeleteBucketInput>) -> Answer<DeleteBucketOutput> {
        self.files.delete_bucket(req).await
    }

    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> Answer<HeadBucketOutput> {
        self.files.head_bucket(req).await
    }

    async fn list_buckets(&self, req: S3Request<ListBucketsInput>) -> Answer<ListBucketsOutput> {
        self.files.list_buckets(req).await
    }

    async fn get_bucket_location(&self, req: S3Request<GetBucketLocationInput>) -> Answer<GetBucketLocationOutput> {
        self.files.get_bucket_location(req).await
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> Answer<GetObjectOutput> {
        self.files.get_object(req).await
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> Answer<HeadObjectOutput> {
        self.files.head_object(req).await
    }

    async fn copy_object(&self, req: S3Request<CopyObjectInput>) -> Answer<CopyObjectOutput> {
        self.files.copy_object(req).await
    }

    async fn delete_objects(&self, req: S3Request<DeleteObjectsInput>) -> Answer<DeleteObjectsOutput> {
        self.files.delete_objects(req).await
    }

    async fn list_objects(&self, req: S3Request<ListObjectsInput>) -> Answer<ListObjectsOutput> {
        self.files.list_objects(req).await
    }

    async fn list_objects_v2(&self, req: S3Request<ListObjectsV2Input>) -> Answer<ListObjectsV2Output> {
        self.files.list_objects_v2(req).await
    }
}
