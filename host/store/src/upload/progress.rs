//! Moves uploads on: offset, parts, tail and hash state in one row, fenced by its version.

use std::time::{Duration, Instant};

use lockgate_core::id::{PayloadId, UploadId};
use lockgate_core::payload::Payload;
use lockgate_core::ports::{Advance, UploadError};
use lockgate_core::transfer::Version;
use lockgate_core::upload::Upload;
use sqlx::PgConnection;
use sqlx::types::{Json, Uuid};

use crate::column::{bigint, document};
use crate::error::Failure;
use crate::row::one;
use crate::store::PgStore;
use crate::usage;

/// An upload that did not end.
pub(super) async fn find(store: &PgStore, id: UploadId) -> Result<Option<Upload>, Failure> {
    one(uploads!("select", "from uploads t where t.id = $1 and not t.ended", id.uuid())
        .fetch_optional(&store.worker)
        .await?)
}

/// The upload, asked for again and again, less and less often, while a writer is at it and patience lasts.
pub(super) async fn at_rest(store: &PgStore, id: UploadId, patience: Duration) -> Result<Option<Upload>, Failure> {
    let end = Instant::now() + patience;
    let mut pause = Duration::from_millis(10);
    loop {
        let found = find(store, id).await?;
        let at_work = found.as_ref().is_some_and(|it| it.progress.open && !it.complete);
        if !at_work || Instant::now() + pause > end {
            return Ok(found);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

/// Moves an upload on. The tail that it leaves behind is given to the sweeper; every step renews its patience.
pub(super) async fn advance(store: &PgStore, advance: &Advance) -> Result<Upload, UploadError> {
    let moved = retried!(advance_once(store, advance))?;
    told(store, moved, advance.upload).await
}

async fn advance_once(store: &PgStore, advance: &Advance) -> Result<Option<Upload>, Failure> {
    let mut transaction = store.begin().await?;
    let id = advance.upload;
    let keep = advance.progress.tail.as_ref().map(|tail| tail.key.as_str());
    discard_tail(&mut transaction, id, advance.version, keep).await?;
    let row = uploads!(
        "update uploads t set version = t.version + 1, received = $3, length = coalesce(t.length, $4), progress = $5,
             expires_at = now() + t.patience
         where t.id = $1 and t.version = $2 and not t.ended and not t.complete returning",
        "",
        id.uuid(),
        advance.version,
        bigint(advance.offset)?,
        advance.length.map(bigint).transpose()?,
        document(&advance.progress)?
    )
    .fetch_optional(&mut *transaction)
    .await?;
    // Where nothing matched, the tail of the winner must stay.
    if row.is_some() {
        transaction.commit().await?;
    }
    one(row)
}

/// Marks the upload complete. Repeating it with the same payload finds it done.
pub(super) async fn seal(
    store: &PgStore,
    id: UploadId,
    version: Version,
    payload: &Payload,
) -> Result<Upload, UploadError> {
    let sealed = retried!(seal_once(store, id, version, payload))?;
    if sealed.is_none()
        && let Some(upload) = find(store, id).await?
        && upload.complete
        && sealed_payload(store, id).await?.is_some_and(|it| it.id == payload.id)
    {
        return Ok(upload);
    }
    told(store, sealed, id).await
}

async fn seal_once(
    store: &PgStore,
    id: UploadId,
    version: Version,
    payload: &Payload,
) -> Result<Option<Upload>, Failure> {
    let mut transaction = store.begin().await?;
    discard_tail(&mut transaction, id, version, None).await?;
    let row = uploads!(
        "update uploads t set version = t.version + 1, complete = true, payload = $3, received = $4, length = $4,
             expires_at = now() + t.patience
         where t.id = $1 and t.version = $2 and not t.ended and not t.complete returning",
        "",
        id.uuid(),
        version,
        document(payload)?,
        bigint(payload.size)?
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let upload: Option<Upload> = one(row)?;
    if let Some(upload) = &upload {
        usage::came(&mut transaction, upload.sender, id, payload.size).await?;
        transaction.commit().await?;
    }
    Ok(upload)
}

/// Tells an upload that moved on from one that another writer moved, and from one that is not there.
async fn told(store: &PgStore, moved: Option<Upload>, id: UploadId) -> Result<Upload, UploadError> {
    match moved {
        Some(upload) => Ok(upload),
        None if find(store, id).await?.is_some() => Err(UploadError::Stale(id)),
        None => Err(UploadError::Unknown(id)),
    }
}

/// The sealed payload of a complete upload.
pub(super) async fn sealed_payload(store: &PgStore, id: UploadId) -> Result<Option<Payload>, Failure> {
    let payload = sqlx::query_scalar!(
        r#"select payload as "payload: Json<Payload>" from uploads where id = $1 and not ended"#,
        id.uuid()
    )
    .fetch_optional(&store.worker)
    .await?;
    Ok(payload.flatten().map(|Json(payload)| payload))
}

/// Ends an upload and gives what it wrote to the sweeper; what became live with its transfer stays.
pub(super) async fn terminate(store: &PgStore, id: UploadId) -> Result<(), Failure> {
    retried!(terminate_once(store, id))
}

async fn terminate_once(store: &PgStore, id: UploadId) -> Result<(), Failure> {
    let mut transaction = store.begin().await?;
    let ended = sqlx::query!(
        "update uploads set version = version + 1, ended = true where id = $1 and not ended returning transfer, version",
        id.uuid()
    )
    .fetch_optional(&mut *transaction)
    .await?;
    if let Some(upload) = ended {
        discard_tail(&mut transaction, id, upload.version, None).await?;
        sqlx::query!(
            "update payload_objects set state = 'discarded' where (transfer = $1 or upload = $2) and state = 'writing'",
            upload.transfer,
            id.uuid()
        )
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Gives the upload's side object a row for the sweeper, unless it is the one to keep.
async fn discard_tail(
    connection: &mut PgConnection,
    id: UploadId,
    version: Version,
    keep: Option<&str>,
) -> Result<(), Failure> {
    sqlx::query!(
        "insert into payload_objects (id, key, transfer, upload, version, state)
         select $4, progress #>> '{tail,key}', transfer, case when transfer is null then id end, version, 'discarded'
         from uploads
         where id = $1 and version = $2 and progress #>> '{tail,key}' is not null
           and progress #>> '{tail,key}' is distinct from $3
         on conflict (key) do update set state = 'discarded'",
        id.uuid(),
        version,
        keep,
        // Nobody asks for the row by its id before the sweeper reads it.
        PayloadId::from_uuid(Uuid::now_v7()).uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
