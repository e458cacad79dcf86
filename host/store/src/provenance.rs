//! Appends to a transfer's provenance: sequence and link are drawn under the transfer's row lock, so the chain has no
//! gap and no fork.

use std::collections::BTreeMap;

use lockgate_core::digest::Digest;
use lockgate_core::id::TransferId;
use lockgate_core::provenance::{Entry, link};
use lockgate_core::time::Timestamp;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::column::{bigint, clean, digest, document, optional_text, text, unsigned};
use crate::error::Failure;
use crate::store::PgStore;

mod audience;

pub(crate) use audience::Audience;

/// Where a chain ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    /// How many entries it has.
    pub(crate) length: u64,
    /// The link of the last.
    pub(crate) link: Digest,
}

/// A timestamp as the database keeps it, so that links recompute.
pub(crate) fn micros(at: Timestamp) -> Timestamp {
    at.replace_nanosecond(at.nanosecond() / 1_000 * 1_000).unwrap_or(at)
}

/// An entry as the database keeps it, and the head once it stands behind the one given.
pub(crate) fn linked(head: Head, entry: &Entry) -> (Entry, Head) {
    let mut entry = entry.clone();
    entry.at = micros(entry.at);
    clean(&mut entry.details);
    let length = head.length + 1;
    let link = link(head.link, length, &entry);
    (entry, Head { length, link })
}

/// Puts the entries behind the head, and moves the head of the transfer's row, which must be locked.
pub(crate) async fn chain(
    connection: &mut PgConnection,
    transfer: TransferId,
    mut head: Head,
    entries: &[(Entry, Audience)],
) -> Result<(), Failure> {
    let mut rows = Rows::default();
    for (entry, audience) in entries {
        head = rows.push(transfer, head, entry, *audience)?;
    }
    rows.insert(connection).await
}

/// Entries column by column, to be written in one statement, and where their chains end then.
#[derive(Default)]
pub(crate) struct Rows {
    transfers: Vec<Uuid>,
    sequences: Vec<i64>,
    kinds: Vec<String>,
    consignments: Vec<Option<Uuid>>,
    deliveries: Vec<Option<Uuid>>,
    actors: Vec<serde_json::Value>,
    details: Vec<serde_json::Value>,
    traces: Vec<Option<String>>,
    times: Vec<Timestamp>,
    links: Vec<Vec<u8>>,
    senders: Vec<Option<Uuid>>,
    receivers: Vec<Option<Uuid>>,
    heads: BTreeMap<Uuid, Head>,
}

impl Rows {
    /// Puts an entry behind the head of a transfer's chain; gives the new one.
    pub(crate) fn push(
        &mut self,
        transfer: TransferId,
        head: Head,
        entry: &Entry,
        audience: Audience,
    ) -> Result<Head, Failure> {
        let (entry, head) = linked(head, entry);
        self.transfers.push(transfer.uuid());
        self.sequences.push(bigint(head.length)?);
        self.kinds.push(text(entry.kind.name()));
        self.consignments.push(entry.consignment.map(|id| id.uuid()));
        self.deliveries.push(entry.delivery.map(|id| id.uuid()));
        self.actors.push(document(&entry.actor)?);
        self.details.push(entry.details);
        self.traces.push(optional_text(entry.trace_id.as_ref()));
        self.times.push(entry.at);
        self.links.push(head.link.0.to_vec());
        self.senders.push(audience.sender.map(|id| id.uuid()));
        self.receivers.push(audience.receiver.map(|id| id.uuid()));
        self.heads.insert(transfer.uuid(), head);
        Ok(head)
    }

    /// Writes them and moves the heads of their transfers, whose rows must be locked.
    pub(crate) async fn insert(&self, connection: &mut PgConnection) -> Result<(), Failure> {
        if self.heads.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = self.heads.keys().copied().collect();
        let lengths = self.heads.values().map(|it| bigint(it.length)).collect::<Result<Vec<_>, _>>()?;
        let links: Vec<_> = self.heads.values().map(|it| it.link.0.to_vec()).collect();
        sqlx::query!(
            "with proving as (
               insert into provenance (transfer, sequence, kind, consignment, delivery, actor, details, trace_id, at,
                                       link, sender, receiver)
               select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::uuid[], $5::uuid[], $6::jsonb[],
                                    $7::jsonb[], $8::text[], $9::timestamptz[], $10::bytea[], $11::uuid[],
                                    $12::uuid[]))
             update transfers t set provenance_length = h.length, provenance_head = h.link
             from unnest($13::uuid[], $14::bigint[], $15::bytea[]) h(id, length, link) where t.id = h.id",
            &self.transfers,
            &self.sequences,
            &self.kinds,
            &self.consignments as &[Option<Uuid>],
            &self.deliveries as &[Option<Uuid>],
            &self.actors,
            &self.details,
            &self.traces as &[Option<String>],
            &self.times,
            &self.links,
            &self.senders as &[Option<Uuid>],
            &self.receivers as &[Option<Uuid>],
            &ids,
            &lengths,
            &links,
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// Appends one entry outside of a change.
pub(crate) async fn append(store: &PgStore, transfer: TransferId, entry: &Entry) -> Result<(), Failure> {
    retried!(append_once(store, transfer, entry))
}

async fn append_once(store: &PgStore, transfer: TransferId, entry: &Entry) -> Result<(), Failure> {
    let mut transaction = store.begin().await?;
    append_in(&mut transaction, transfer, entry).await?;
    transaction.commit().await?;
    Ok(())
}

/// Appends one entry in a transaction under way.
pub(crate) async fn append_in(
    connection: &mut PgConnection,
    transfer: TransferId,
    entry: &Entry,
) -> Result<(), Failure> {
    let row = sqlx::query!(
        r#"select t.sender, t.provenance_length, t.provenance_head,
                  (select c.receiver from consignments c where c.id = $2) as receiver
           from transfers t where t.id = $1 for update of t"#,
        transfer.uuid(),
        entry.consignment.map(|id| id.uuid())
    )
    .fetch_optional(&mut *connection)
    .await?
    .ok_or_else(|| Failure::broken(format!("there is no transfer {transfer} to append to")))?;
    let head = Head { length: unsigned(row.provenance_length)?, link: digest(&row.provenance_head)? };
    let audience = Audience::of(entry, row.sender, row.receiver);
    chain(connection, transfer, head, &[(entry.clone(), audience)]).await
}
