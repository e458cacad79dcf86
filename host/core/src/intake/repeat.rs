//! Repeats: a request that is sent once more, as it was, passes over what is there already. Other bytes under the same
//! idempotency key are another request, and are told so.

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use sha2::{Digest as _, Sha256};

use super::{BodyStream, Intake, IntakeError};
use crate::midstate;
use crate::upload::Upload;

impl Intake {
    /// The body behind the bytes that the upload has, if it begins with those very bytes. Of a complete upload nothing may
    /// be left.
    pub async fn pass_over(&self, upload: &Upload, mut body: BodyStream) -> Result<BodyStream, IntakeError> {
        if upload.offset == 0 && !upload.complete {
            return Ok(body);
        }
        let interrupted = |cause: String| IntakeError::Interrupted { kept: upload.offset, cause };
        let (mut hash, mut left, mut rest) = (Sha256::new(), upload.offset, Bytes::new());
        while left > 0 {
            let next = body.next().await.ok_or_else(|| interrupted("the body ended early".to_owned()))?;
            let mut chunk = next.map_err(|error| interrupted(error.0))?;
            let cut = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
            rest = chunk.split_off(cut);
            hash.update(&chunk);
            left -= cut as u64;
        }
        let same = if upload.complete {
            let sealed = self.ports.uploads.sealed_payload(upload.id).await?;
            sealed.is_none_or(|it| it.digest == midstate::finish(hash)) && rest.is_empty() && ends(&mut body).await
        } else {
            upload.progress.midstate == midstate::put_aside(&hash)
        };
        match (same, upload.transfer) {
            (false, Some(transfer)) => Err(IntakeError::IdempotencyConflict { transfer }),
            _ => Ok(Box::pin(stream::iter((!rest.is_empty()).then_some(Ok(rest))).chain(body))),
        }
    }
}

/// Whether nothing more comes.
async fn ends(body: &mut BodyStream) -> bool {
    while let Some(Ok(chunk)) = body.next().await {
        if !chunk.is_empty() {
            return false;
        }
    }
    true
}
