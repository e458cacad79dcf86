//! Announces a transfer once per sender and idempotency key, however many ask at the same time.

use lockgate_core::digest::Digest;
use lockgate_core::id::{PartnerId, SecureUrlId};
use lockgate_core::ports::{AnnounceOutcome, Announcement, Earlier};
use lockgate_core::transfer::Transfer;
use sqlx::PgConnection;

use crate::column::{bigint, digest, document, integer, optional_document, optional_text, text, word};
use crate::commit::ring;
use crate::error::Failure;
use crate::provenance::{Audience, Head, linked};
use crate::secure_url;
use crate::store::PgStore;
use crate::usage;

/// Creates the transfer with its upload and first entry, or finds the one announced before.
pub(crate) async fn announce(store: &PgStore, announcement: &Announcement) -> Result<AnnounceOutcome, Failure> {
    retried!(run(store, announcement))
}

/// Nothing is locked that a second statement would need: where neither quota nor use has to be counted, one statement is
/// the whole transaction, and the way to the database is gone once.
async fn run(store: &PgStore, announcement: &Announcement) -> Result<AnnounceOutcome, Failure> {
    let alone = !announcement.quota.is_limited() && announcement.commands.is_empty() && announcement.by.is_none();
    // Where another announcement under the same key is under way, this waits for how it ends.
    let created = match alone {
        true => insert(&mut *store.worker.acquire().await?, announcement).await?,
        false => match counted(store, announcement).await? {
            Counted::Created(created) => created,
            Counted::Refused(outcome) => return Ok(outcome),
        },
    };
    if created {
        store.nudged.notify_one();
        return Ok(AnnounceOutcome::Created);
    }
    found(&mut *store.worker.acquire().await?, &announcement.transfer, announcement.fingerprint).await
}

/// What came of an announcement that something else goes with.
enum Counted {
    Created(bool),
    Refused(AnnounceOutcome),
}

async fn counted(store: &PgStore, announcement: &Announcement) -> Result<Counted, Failure> {
    let mut transaction = store.begin().await?;
    let created = insert(&mut transaction, announcement).await?;
    if created {
        ring(&mut transaction, &announcement.commands, &[]).await?;
        if let Some(url) = announcement.by
            && !secure_url::count_use(&mut transaction, url, announcement.transfer.created_at).await?
        {
            transaction.rollback().await?;
            return Ok(Counted::Refused(AnnounceOutcome::UrlEnded));
        }
        if let Some(over) = usage::count(&mut transaction, announcement).await? {
            transaction.rollback().await?;
            return Ok(Counted::Refused(AnnounceOutcome::OverQuota(over)));
        }
    }
    transaction.commit().await?;
    Ok(Counted::Created(created))
}

/// Writes the transfer with its upload, its first entry and a nudge, unless its key is taken; says whether it did.
async fn insert(connection: &mut PgConnection, announcement: &Announcement) -> Result<bool, Failure> {
    let Announcement { transfer: it, upload, fingerprint, .. } = announcement;
    let receivers: Vec<_> = it.receivers.iter().copied().map(PartnerId::uuid).collect();
    let assembles: Vec<_> = upload.assembles.iter().map(|id| id.uuid()).collect();
    let audience = Audience::of(&announcement.entry, it.sender.uuid(), None);
    let (entry, head) = linked(Head { length: 0, link: Digest::default() }, &announcement.entry);
    let done = sqlx::query_scalar!(
        r#"with announced as (
             insert into transfers (id, version, state, sender, receivers, file_name, media_type, source, pins, facts,
                                    planned, adoptions, provenance_length, provenance_head, trace, idempotency_key,
                                    fingerprint, created_at, updated_at, due_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19)
             on conflict (sender, idempotency_key) where idempotency_key is not null do nothing
             returning id
           ), uploading as (
             insert into uploads (id, version, transfer, sender, length, received, progress, complete, patience,
                                  expires_at, assembles, deferred, secure_url)
             select $20, $21, id, $4, $22, $23, $24, false, $25::timestamptz - $18::timestamptz, $25,
                    nullif($26::uuid[], '{}'), $22::bigint is null, $34
             from announced
           ), proving as (
             insert into provenance (transfer, sequence, kind, actor, details, trace_id, at, link, sender, receiver)
             select id, $13, $27, $28, $29, $30, $31, $14, $32, $33 from announced
           ), nudging as (
             insert into nudges (transfer, partners) select id, array[$4::uuid] from announced
           )
           select count(*) as "count!" from announced"#,
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
        bigint(head.length)?,
        &head.link.0[..],
        it.trace.0,
        optional_text(it.idempotency_key.as_ref()),
        &fingerprint.0[..],
        it.created_at,
        it.updated_at,
        upload.id.uuid(),
        upload.version,
        upload.length.map(bigint).transpose()?,
        bigint(upload.offset)?,
        document(&upload.progress)?,
        upload.expires_at,
        &assembles,
        text(entry.kind.name()),
        document(&entry.actor)?,
        entry.details,
        optional_text(entry.trace_id.as_ref()),
        entry.at,
        audience.sender.map(PartnerId::uuid),
        audience.receiver.map(PartnerId::uuid),
        announcement.by.map(SecureUrlId::uuid),
    )
    .fetch_one(connection)
    .await?;
    Ok(done == 1)
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
