//! Announces a transfer once per sender and idempotency key, however many ask at the same time.

use lockgate_core::digest::Digest;
use lockgate_core::id::{PartnerId, TransferId};
use lockgate_core::nudge::Nudge;
use lockgate_core::ports::{AnnounceOutcome, Announcement, Earlier};
use lockgate_core::time::Timestamp;
use lockgate_core::transfer::Transfer;
use lockgate_core::upload::Upload;
use sqlx::PgConnection;

use crate::column::{bigint, digest, document, integer, optional_document, optional_text, text, word};
use crate::commit::ring;
use crate::error::Failure;
use crate::nudge;
use crate::provenance::{Audience, Head, chain};
use crate::store::PgStore;
use crate::usage;

/// Creates the transfer with its upload and first entry, or finds the one announced before.
pub(crate) async fn announce(store: &PgStore, announcement: &Announcement) -> Result<AnnounceOutcome, Failure> {
    retried!(run(store, announcement))
}

async fn run(store: &PgStore, announcement: &Announcement) -> Result<AnnounceOutcome, Failure> {
    let mut transaction = store.worker.begin().await?;
    let transfer = &announcement.transfer;
    // Where another announcement under the same key is under way, this waits for how it ends.
    if !insert_transfer(&mut transaction, transfer, announcement.fingerprint).await? {
        let outcome = found(&mut transaction, transfer, announcement.fingerprint).await?;
        transaction.commit().await?;
        return Ok(outcome);
    }
    insert_upload(&mut transaction, &announcement.upload, transfer.created_at).await?;
    let head = Head { length: 0, link: Digest::default() };
    let audience = Audience::of(&announcement.entry, transfer.sender.uuid(), None);
    chain(&mut transaction, transfer.id, head, &[(announcement.entry.clone(), audience)]).await?;
    ring(&mut transaction, &announcement.commands).await?;
    if let Some(over) = usage::count(&mut transaction, announcement).await? {
        transaction.rollback().await?;
        return Ok(over);
    }
    let nudge = Nudge { transfer: transfer.id, delivery: None, partners: vec![transfer.sender] };
    nudge::keep(&mut transaction, &[nudge]).await?;
    transaction.commit().await?;
    store.nudged.notify_one();
    Ok(AnnounceOutcome::Created)
}

async fn insert_transfer(connection: &mut PgConnection, it: &Transfer, print: Digest) -> Result<bool, Failure> {
    let receivers: Vec<_> = it.receivers.iter().copied().map(PartnerId::uuid).collect();
    let done = sqlx::query!(
        "insert into transfers (id, version, state, sender, receivers, file_name, media_type, source, pins, facts, planned,
                                adoptions, provenance_length, provenance_head, trace, idempotency_key, fingerprint,
                                created_at, updated_at, due_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $14, $15, $16, $17, $18, $18)
         on conflict (sender, idempotency_key) where idempotency_key is not null do nothing",
        it.id.uuid(),
        it.version,
        word(&it.state)?,
        it.sender.uuid(),
        &receivers,
        text(&it.file_name),
        text(&it.media_type),
        optional_document(it.source.as_ref())?,
        document(&it.pins)?,
        document(&it.facts)?,
        document(&it.planned)?,
        integer(it.adoptions)?,
        &Digest::default().0[..],
        it.trace.0,
        optional_text(it.idempotency_key.as_ref()),
        &print.0[..],
        it.created_at,
        it.updated_at,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes an upload that was announced then; partial ones stand alone.
pub(crate) async fn insert_upload(connection: &mut PgConnection, it: &Upload, at: Timestamp) -> Result<(), Failure> {
    let assembles: Vec<_> = it.assembles.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "insert into uploads (id, version, transfer, sender, length, received, progress, complete, patience, expires_at,
                              assembles, deferred)
         values ($1, $2, $3, $4, $5, $6, $7, false, $8::timestamptz - $9::timestamptz, $8, nullif($10::uuid[], '{}'),
                 $5::bigint is null)",
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
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn found(connection: &mut PgConnection, asked: &Transfer, print: Digest) -> Result<AnnounceOutcome, Failure> {
    let key = optional_text(asked.idempotency_key.as_ref()).unwrap_or_default();
    let Earlier { transfer, upload, fingerprint } = under(connection, asked.sender, &key)
        .await?
        .ok_or_else(|| Failure::broken("an announcement under a key that was taken is gone"))?;
    if fingerprint != print {
        return Ok(AnnounceOutcome::Conflict { transfer: transfer.id });
    }
    Ok(AnnounceOutcome::Repeated { transfer: Box::new(transfer), upload: Box::new(upload) })
}

/// What the sender announced under that key.
pub(crate) async fn earlier(store: &PgStore, sender: PartnerId, key: &str) -> Result<Option<Earlier>, Failure> {
    let mut connection = store.worker.acquire().await?;
    under(&mut connection, sender, key).await
}

async fn under(connection: &mut PgConnection, sender: PartnerId, key: &str) -> Result<Option<Earlier>, Failure> {
    let row = sqlx::query!(
        "select id, fingerprint from transfers where sender = $1 and idempotency_key = $2",
        sender.uuid(),
        key
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let transfer = transfers!("select", "from transfers t where t.id = $1", row.id).fetch_one(&mut *connection).await?;
    let upload = uploads!("select", "from uploads t where t.transfer = $1", row.id).fetch_one(connection).await?;
    Ok(Some(Earlier {
        transfer: transfer.try_into()?,
        upload: upload.try_into()?,
        fingerprint: digest(&row.fingerprint)?,
    }))
}
