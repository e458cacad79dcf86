//! The rows that stand for payload objects before they exist.

use lockgate_core::id::PayloadId;
use lockgate_core::payload::ObjectOwner;
use lockgate_core::transfer::Version;
use sqlx::types::Uuid;

use crate::error::Failure;
use crate::store::PgStore;

/// Commits the row of an object about to be written. Repeating it is harmless while the object is being written.
pub(super) async fn begin(
    store: &PgStore,
    id: PayloadId,
    owner: ObjectOwner,
    key: &str,
    version: Version,
) -> Result<(), Failure> {
    let (transfer, upload) = columns(owner);
    let done = sqlx::query!(
        "insert into payload_objects as o (id, key, transfer, upload, version, state)
         values ($1, $2, $3, $4, $5, 'writing')
         on conflict (id) do update set state = 'writing'
         where o.key = $2 and coalesce(o.transfer, o.upload) = coalesce($3, $4) and o.state = 'writing'",
        id.uuid(),
        key,
        transfer,
        upload,
        version
    )
    .execute(&store.worker)
    .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Failure::broken(format!("payload {id} was begun under another key, or is not being written any more")))
    }
}

/// Whether the row stands; else it is written as discarded. Where a sweeper is about to forget it, it starts over: it may
/// have removed the object before this one landed.
pub(super) async fn landed(
    store: &PgStore,
    id: PayloadId,
    owner: ObjectOwner,
    key: &str,
    version: Version,
) -> Result<bool, Failure> {
    let (transfer, upload) = columns(owner);
    let late = sqlx::query!(
        "insert into payload_objects as o (id, key, transfer, upload, version, state)
         select $1, $2, $3, $4, $5, 'discarded'
         where not exists (select from payload_objects
                           where id = $1 and (state = 'live' or (state = 'writing' and sweep_after is null)))
         on conflict (id) do update set state = 'discarded', sweep_after = null
         where o.state = 'discarded' or (o.state = 'writing' and o.sweep_after is not null)",
        id.uuid(),
        key,
        transfer,
        upload,
        version
    )
    .execute(&store.worker)
    .await?;
    Ok(late.rows_affected() == 0)
}

fn columns(owner: ObjectOwner) -> (Option<Uuid>, Option<Uuid>) {
    match owner {
        ObjectOwner::Transfer(id) => (Some(id.uuid()), None),
        ObjectOwner::Upload(id) => (None, Some(id.uuid())),
    }
}

/// Notes the multipart id of whoever comes first, or first after the one that is gone, and answers with it. Where the row is
/// gone or no longer `writing`, the writer must not go on.
pub(super) async fn note_multipart(
    store: &PgStore,
    id: PayloadId,
    multipart: &str,
    gone: Option<&str>,
) -> Result<String, Failure> {
    let noted = sqlx::query_scalar!(
        r#"update payload_objects set multipart = coalesce(nullif(multipart, $3), $2) where id = $1 and state = 'writing'
           returning multipart as "multipart!""#,
        id.uuid(),
        multipart,
        gone
    )
    .fetch_optional(&store.worker)
    .await?;
    noted.ok_or_else(|| {
        Failure::broken(format!("payload {id} is not being written any more: its work ended or went elsewhere"))
    })
}
