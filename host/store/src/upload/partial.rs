//! Partial uploads: begun without a transfer, kept while they may be assembled.

use lockgate_core::id::UploadId;
use lockgate_core::time::Timestamp;
use lockgate_core::upload::Upload;

use crate::announce::insert_upload;
use crate::error::Failure;
use crate::store::PgStore;

/// Writes a partial upload.
pub(super) async fn begin(store: &PgStore, upload: &Upload, at: Timestamp) -> Result<(), Failure> {
    let mut connection = store.worker.acquire().await?;
    insert_upload(&mut connection, upload, at).await
}

/// Gives uploads their whole time again.
pub(super) async fn renew(store: &PgStore, ids: &[UploadId]) -> Result<(), Failure> {
    let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query!("update uploads set expires_at = now() + patience where id = any($1) and not ended", &ids)
        .execute(&store.worker)
        .await?;
    Ok(())
}
