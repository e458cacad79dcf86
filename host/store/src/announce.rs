//! Announces transfers, each once per sender and idempotency key, however many ask at the same time. Those that come at the
//! same time are written together.

use lockgate_core::digest::Digest;
use lockgate_core::id::{PartnerId, SecureUrlId, TransferId};
use lockgate_core::ports::{AnnounceOutcome, Announcement, Earlier, StoreError};
use lockgate_core::time::Timestamp;
use lockgate_core::transfer::Transfer;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::column::{bigint, digest, document, optional_text, text};
use crate::commit::ring;
use crate::error::Failure;
use crate::provenance::{Audience, Head, linked};
use crate::secure_url;
use crate::store::PgStore;
use crate::usage;

/// Creates the transfer with its upload and first entry, or finds the one announced before.
pub(crate) async fn announce(store: &PgStore, announcement: &Announcement) -> Result<AnnounceOutcome, StoreError> {
    // Where another announcement under the same key is under way, this waits for how it ends.
    let created = match is_alone(announcement) {
        true => beside_others(store, announcement).await?,
        false => match retried!(counted(store, announcement))? {
            Counted::Created(created) => created,
            Counted::Refused(outcome) => return Ok(outcome),
        },
    };
    if created {
        store.nudged.notify_one();
        return Ok(AnnounceOutcome::Created);
    }
    let mut connection = store.worker.acquire().await.map_err(Failure::from)?;
    Ok(found(&mut connection, &announcement.transfer, announcement.fingerprint).await?)
}

/// Whether nothing has to be counted with it: then nothing is locked that a second statement would need, and one statement
/// is the whole transaction.
fn is_alone(announcement: &Announcement) -> bool {
    !announcement.quota.is_limited() && announcement.commands.is_empty() && announcement.by.is_none()
}

/// Whether it was written, together with those that come at the same time.
async fn beside_others(store: &PgStore, it: &Announcement) -> Result<bool, StoreError> {
    let is_about = |it: &Announcement, written: &TransferId| it.transfer.id == *written;
    Ok(store.asked.announcements.row(store, it.clone(), write, is_about).await?.is_some())
}

async fn write(store: PgStore, announcements: Vec<Announcement>) -> Result<Vec<TransferId>, Failure> {
    retried!(async { insert(&mut *store.worker.acquire().await?, &announcements).await })
}

/// What came of an announcement that something else goes with.
enum Counted {
    Created(bool),
    Refused(AnnounceOutcome),
}

async fn counted(store: &PgStore, announcement: &Announcement) -> Result<Counted, Failure> {
    let mut transaction = store.begin().await?;
    let created = !insert(&mut transaction, std::slice::from_ref(announcement)).await?.is_empty();
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

/// Writes the transfers with their uploads, their first entries and a nudge each, except those whose keys are taken; says
/// which it did write.
async fn insert(connection: &mut PgConnection, announcements: &[Announcement]) -> Result<Vec<TransferId>, Failure> {
    let mut rows = Rows::default();
    let mut announcements: Vec<_> = announcements.iter().collect();
    // In one order on all hosts, so that two that repeat the same keys do not wait for each other crosswise.
    announcements.sort_by_key(|it| (it.transfer.sender, &it.transfer.idempotency_key));
    for it in announcements {
        rows.push(it)?;
    }
    let done = sqlx::query_scalar!(
        r#"with asked as materialized (
             select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::text[],
                                  $8::text[], $9::bytea[], $10::timestamptz[], $11::uuid[], $12::bigint[],
                                  $13::jsonb[], $14::timestamptz[], $15::text[], $16::uuid[], $17::text[], $18::jsonb[],
                                  $19::jsonb[], $20::text[], $21::timestamptz[], $22::uuid[], $23::uuid[], $24::text[], $25::boolean[])
                  a(id, sender, receivers, file_name, media_type, head, trace, key, fingerprint, created_at, upload, length,
                    progress, expires_at, assembles, secure_url, kind, actor, details, trace_id, at, proof_sender,
                    proof_receiver, metadata, once)
           ), announced as (
             insert into transfers (id, version, state, sender, receivers, file_name, media_type, pins, facts, planned,
                                    adoptions, provenance_length, provenance_head, trace, idempotency_key, fingerprint,
                                    created_at, updated_at, due_at)
             select id, 0, 'announced', sender, receivers::uuid[], file_name, media_type, '[]', '[]', '[]', 0, 1, head,
                    trace, key, fingerprint, created_at, created_at, created_at
             from asked
             on conflict (sender, idempotency_key) where idempotency_key is not null do nothing
             returning id, sender
           ), uploading as (
             insert into uploads (id, version, transfer, sender, length, received, progress, complete, patience,
                                  expires_at, assembles, deferred, secure_url, metadata,
                                  once)
             select upload, 0, id, asked.sender, length, 0, progress, false, expires_at - created_at, expires_at,
                    nullif(assembles::uuid[], '{}'), length is null, secure_url, metadata, once
             from asked join announced using (id)
           ), proving as (
             insert into provenance (transfer, sequence, kind, actor, details, trace_id, at, link, sender, receiver)
             select id, 1, kind, actor, details, trace_id, at, head, proof_sender, proof_receiver
             from asked join announced using (id)
           ), nudging as (
             insert into nudges (transfer, partners) select id, array[sender] from announced
           )
           select id as "id!" from announced"#,
        &rows.ids,
        &rows.senders,
        &rows.receivers,
        &rows.file_names,
        &rows.media_types,
        &rows.heads,
        &rows.traces as &[Option<String>],
        &rows.keys as &[Option<String>],
        &rows.fingerprints,
        &rows.created,
        &rows.uploads,
        &rows.lengths as &[Option<i64>],
        &rows.progress,
        &rows.expires,
        &rows.assembles,
        &rows.secure_urls as &[Option<Uuid>],
        &rows.kinds,
        &rows.actors,
        &rows.details,
        &rows.trace_ids as &[Option<String>],
        &rows.times,
        &rows.proof_senders as &[Option<Uuid>],
        &rows.proof_receivers as &[Option<Uuid>],
        &rows.metadata as &[Option<String>],
        &rows.once,
    )
    .fetch_all(connection)
    .await?;
    Ok(done.into_iter().map(TransferId::from_uuid).collect())
}

/// Announcements, column by column. What all have in common stands in the statement: they are new, nothing of their bytes
/// is there, and nobody has judged or planned anything.
#[derive(Default)]
struct Rows {
    ids: Vec<Uuid>,
    senders: Vec<Uuid>,
    /// Arrays of ids, written as Postgres reads them: there are no arrays of arrays of several lengths.
    receivers: Vec<String>,
    file_names: Vec<String>,
    media_types: Vec<String>,
    heads: Vec<Vec<u8>>,
    traces: Vec<Option<String>>,
    keys: Vec<Option<String>>,
    fingerprints: Vec<Vec<u8>>,
    created: Vec<Timestamp>,
    uploads: Vec<Uuid>,
    lengths: Vec<Option<i64>>,
    progress: Vec<serde_json::Value>,
    expires: Vec<Timestamp>,
    /// Arrays of ids, as above.
    assembles: Vec<String>,
    secure_urls: Vec<Option<Uuid>>,
    kinds: Vec<String>,
    actors: Vec<serde_json::Value>,
    details: Vec<serde_json::Value>,
    trace_ids: Vec<Option<String>>,
    times: Vec<Timestamp>,
    proof_senders: Vec<Option<Uuid>>,
    proof_receivers: Vec<Option<Uuid>>,
    metadata: Vec<Option<String>>,
    once: Vec<bool>,
}

impl Rows {
    fn push(&mut self, announcement: &Announcement) -> Result<(), Failure> {
        let Announcement { transfer: it, upload, fingerprint, .. } = announcement;
        let audience = Audience::of(&announcement.entry, it.sender.uuid(), None);
        let (entry, head) = linked(Head { length: 0, link: Digest::default() }, &announcement.entry);
        self.ids.push(it.id.uuid());
        self.senders.push(it.sender.uuid());
        self.receivers.push(array(it.receivers.iter().map(|id| id.uuid())));
        self.file_names.push(text(&it.file_name));
        self.media_types.push(text(&it.media_type));
        self.heads.push(head.link.0.to_vec());
        self.traces.push(it.trace.0.clone());
        self.keys.push(optional_text(it.idempotency_key.as_ref()));
        self.fingerprints.push(fingerprint.0.to_vec());
        self.created.push(it.created_at);
        self.uploads.push(upload.id.uuid());
        self.lengths.push(upload.length.map(bigint).transpose()?);
        self.progress.push(document(&upload.progress)?);
        self.expires.push(upload.expires_at);
        self.assembles.push(array(upload.assembles.iter().map(|id| id.uuid())));
        self.secure_urls.push(announcement.by.map(SecureUrlId::uuid));
        self.kinds.push(text(entry.kind.name()));
        self.actors.push(document(&entry.actor)?);
        self.details.push(entry.details);
        self.trace_ids.push(optional_text(entry.trace_id.as_ref()));
        self.times.push(entry.at);
        self.proof_senders.push(audience.sender.map(PartnerId::uuid));
        self.proof_receivers.push(audience.receiver.map(PartnerId::uuid));
        self.metadata.push(optional_text(upload.metadata.as_ref()));
        self.once.push(upload.once);
        Ok(())
    }
}

/// Ids as Postgres reads an array of them.
fn array(ids: impl Iterator<Item = Uuid>) -> String {
    let ids: Vec<_> = ids.map(|id| id.to_string()).collect();
    format!("{{{}}}", ids.join(","))
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
