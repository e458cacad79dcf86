//! Partial uploads: begun without a transfer but within the sender's quota, kept while they may be assembled.

use lockgate_core::id::{TransferId, UploadId};
use lockgate_core::quota::{OverQuota, Quota};
use lockgate_core::time::Timestamp;
use lockgate_core::upload::Upload;
use sqlx::PgConnection;

use crate::column::{bigint, document, optional_text};
use crate::error::Failure;
use crate::store::PgStore;
use crate::usage;

/// Writes a partial upload, begun then, unless its bytes go beyond what the sender may hand in and keep.
pub(super) async fn begin(
    store: &PgStore,
    it: &Upload,
    at: Timestamp,
    quota: Quota,
) -> Result<Option<OverQuota>, Failure> {
    if !quota.is_limited() {
        insert(&mut *store.worker.acquire().await?, it, at).await?;
        return Ok(None);
    }
    retried!(counted(store, it, at, quota))
}

async fn counted(store: &PgStore, it: &Upload, at: Timestamp, quota: Quota) -> Result<Option<OverQuota>, Failure> {
    let mut transaction = store.begin().await?;
    insert(&mut transaction, it, at).await?;
    let over = usage::count_partial(&mut transaction, it, quota).await?;
    match over {
        Some(_) => transaction.rollback().await?,
        None => transaction.commit().await?,
    }
    Ok(over)
}

async fn insert(connection: &mut PgConnection, it: &Upload, at: Timestamp) -> Result<(), Failure> {
    let assembles: Vec<_> = it.assembles.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "insert into uploads (id, version, transfer, sender, length, received, progress, complete, patience, expires_at,
                              assembles, deferred, metadata)
         values ($1, $2, $3, $4, $5, $6, $7, false, $8::timestamptz - $9::timestamptz, $8, nullif($10::uuid[], '{}'),
                 $5::bigint is null, $11)",
        it.id.uuid(),
        it.version,
        it.transfer.map(TransferId::uuid),
        it.sender.uuid(),
        it.length.map(bigint).transpose()?,
        bigint(it.offset)?,
        document(&it.progress)?,
        it.expires_at,
        at,
        &assembles,
        optional_text(it.metadata.as_ref()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives uploads their whole time again.
pub(super) async fn renew(store: &PgStore, ids: &[UploadId]) -> Result<(), Failure> {
    let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query!("update uploads set expires_at = now() + patience where id = any($1) and not ended", &ids)
        .execute(&store.worker)
        .await?;
    Ok(())
}
