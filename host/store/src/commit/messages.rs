//! Commits what becomes of notifications and their messages together: they are many, small, and end at the same time, and
//! each for itself would cost a transaction and the lock of its transfer.
//!
//! The order of locks is that of every commit: transfers, by their ids, then notifications.

use std::collections::{BTreeMap, HashSet};

use futures::{StreamExt as _, stream};
use lockgate_core::change::Change;
use lockgate_core::claim::Aggregate;
use lockgate_core::id::PartnerId;
use lockgate_core::notification::Notification;
use lockgate_core::ports::{CommitError, StoreError};
use lockgate_core::time::Timestamp;
use lockgate_core::transfer::Version;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::{create, ring};
use crate::column::{digest, document, integer, optional_text, unsigned, word};
use crate::error::Failure;
use crate::provenance::{Audience, Head, Rows};
use crate::store::PgStore;
use crate::together::{APART, Together, broke_off};

/// Changes of messages that are written together.
pub(crate) type Messages = Together<Change, Result<(), CommitError>>;

/// Whether the change is of a notification and its parts alone: it tells nothing and turns nothing off.
pub(super) fn is_small(change: &Change) -> bool {
    matches!(change.next(), Aggregate::Notification(_))
        && change.events().is_empty()
        && change.channel().is_none()
        && change.turns_off().is_none()
}

/// Writes the change beside others of its kind. Once it waits it is written, whatever becomes of its task: it says what
/// happened, and its version whether it may still be said.
pub(super) async fn commit(store: &PgStore, change: &Change) -> Result<(), CommitError> {
    let own = store.clone();
    let round = move |changes| write_all(own.clone(), changes);
    store.asked.messages.ask(change.clone(), round).await.unwrap_or_else(|| Err(CommitError::Store(broke_off())))
}

async fn write_all(store: PgStore, changes: Vec<Change>) -> Vec<Result<(), CommitError>> {
    let mut known = HashSet::new();
    // Of two changes of one notification at most one finds its version.
    let is_first: Vec<_> = changes.iter().map(|it| known.insert(it.work())).collect();
    let batch: Vec<_> = changes.iter().zip(&is_first).filter(|(_, first)| **first).map(|(it, _)| it).collect();
    let written = match retried!(run(&store, &batch)) {
        Ok(written) => Ok(Some(written)),
        // One of them is to blame: each for itself.
        Err(failure) if failure.is_of_one() => Ok(None),
        Err(failure) => Err(StoreError::from(failure)),
    };
    let answers = changes.into_iter().zip(is_first).map(|(change, is_first)| {
        let known = match &written {
            Ok(Some(written)) if is_first && written.contains(&change.work().uuid()) => Some(Ok(())),
            Ok(Some(_)) if is_first => Some(Err(CommitError::Stale(change.work()))),
            Ok(_) => None,
            Err(error) => Some(Err(CommitError::Store(error.clone()))),
        };
        let store = store.clone();
        async move {
            match known {
                Some(answer) => answer,
                None => super::alone(&store, &change).await,
            }
        }
    });
    stream::iter(answers.collect::<Vec<_>>()).buffered(APART).collect().await
}

/// Writes the changes whose versions still match, and says of which notifications they are.
async fn run(store: &PgStore, changes: &[&Change]) -> Result<HashSet<Uuid>, Failure> {
    let mut transaction = store.begin().await?;
    let connection = &mut *transaction;
    let mut heads = lock(connection, changes).await?;
    let written = write(connection, changes).await?;
    let moved: Vec<_> = changes.iter().copied().filter(|it| written.contains(&it.work().uuid())).collect();
    create::parts(connection, &moved).await?;
    let mut rows = Rows::default();
    let mut commands = vec![];
    for change in moved {
        commands.extend(change.commands());
        let Aggregate::Notification(next) = change.next() else { continue };
        for entry in change.entries() {
            let (sender, head) = heads
                .get_mut(&change.transfer().uuid())
                .ok_or_else(|| Failure::broken("entries without their transfer"))?;
            let audience = next.owner.partner().map(|owner| Audience::of_owner(owner, *sender)).unwrap_or_default();
            *head = rows.push(change.transfer(), *head, entry, audience)?;
        }
    }
    rows.insert(connection).await?;
    ring(connection, &commands, &[]).await?;
    transaction.commit().await?;
    if !commands.is_empty() {
        store.wake.notify_one();
    }
    Ok(written)
}

/// The transfers in whose chains something is placed, locked: their senders and where their chains end.
async fn lock(
    connection: &mut PgConnection,
    changes: &[&Change],
) -> Result<BTreeMap<Uuid, (PartnerId, Head)>, Failure> {
    let placed = changes.iter().filter(|it| !it.entries().is_empty());
    let mut transfers: Vec<_> = placed.map(|it| it.transfer().uuid()).collect();
    transfers.sort_unstable();
    transfers.dedup();
    if transfers.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = sqlx::query!(
        "select id, sender, provenance_length, provenance_head from transfers where id = any($1) order by id for update",
        &transfers
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let head = Head { length: unsigned(row.provenance_length)?, link: digest(&row.provenance_head)? };
            Ok((row.id, (PartnerId::from_uuid(row.sender), head)))
        })
        .collect()
}

/// Writes the notifications whose versions still match, and says which.
async fn write(connection: &mut PgConnection, changes: &[&Change]) -> Result<HashSet<Uuid>, Failure> {
    let mut columns = Columns::default();
    for change in changes {
        if let Aggregate::Notification(next) = change.next() {
            columns.push(change.expected(), next, change.goes_on())?;
        }
    }
    let written = sqlx::query_scalar!(
        "update notifications n set
            version = k.version, state = k.state, sent = k.sent, due_at = k.due_at, attempts = k.attempts,
            last_error = k.last_error, adoptions = k.adoptions, updated_at = k.updated_at, waits = k.waits, rung = false,
            messages = coalesce(k.messages, n.messages), claimed_by = case when k.goes_on then n.claimed_by end,
            claimed_at = case when k.goes_on then now() end
         from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::integer[], $6::timestamptz[], $7::integer[],
                     $8::text[], $9::integer[], $10::timestamptz[], $11::uuid[], $12::jsonb[], $13::boolean[])
              k(id, expected, version, state, sent, due_at, attempts, last_error, adoptions, updated_at, waits, messages,
                goes_on)
         where n.id = k.id and n.version = k.expected
         returning n.id",
        &columns.ids,
        &columns.expected,
        &columns.versions,
        &columns.states,
        &columns.sent,
        &columns.due,
        &columns.attempts,
        &columns.errors as &[Option<String>],
        &columns.adoptions,
        &columns.updated,
        &columns.waits as &[Option<Uuid>],
        &columns.messages as &[Option<serde_json::Value>],
        &columns.go_on,
    )
    .fetch_all(connection)
    .await?;
    Ok(written.into_iter().collect())
}

/// What changes of notifications, column by column.
#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    expected: Vec<i64>,
    versions: Vec<i64>,
    states: Vec<String>,
    sent: Vec<i32>,
    due: Vec<Timestamp>,
    attempts: Vec<i32>,
    errors: Vec<Option<String>>,
    adoptions: Vec<i32>,
    updated: Vec<Timestamp>,
    waits: Vec<Option<Uuid>>,
    /// Of those that were composed; the others keep theirs.
    messages: Vec<Option<serde_json::Value>>,
    go_on: Vec<bool>,
}

impl Columns {
    fn push(&mut self, expected: Version, it: &Notification, goes_on: bool) -> Result<(), Failure> {
        self.ids.push(it.id.uuid());
        self.expected.push(expected);
        self.versions.push(it.version);
        self.states.push(word(&it.state)?);
        self.sent.push(integer(it.sent)?);
        self.due.push(it.due_at);
        self.attempts.push(integer(it.attempts)?);
        self.errors.push(optional_text(it.last_error.as_ref()));
        self.adoptions.push(integer(it.adoptions)?);
        self.updated.push(it.updated_at);
        self.waits.push(it.waits.map(|id| id.uuid()));
        // Who composed goes on with the first part.
        self.messages.push(goes_on.then(|| document(&it.messages)).transpose()?);
        self.go_on.push(goes_on);
        Ok(())
    }
}
