//! Writes the next state of an aggregate over the expected version, and ends its claim.

use lockgate_core::change::Change;
use lockgate_core::claim::Aggregate;
use lockgate_core::consignment::{Consignment, ConsignmentState};
use lockgate_core::delivery::Delivery;
use lockgate_core::notification::Notification;
use lockgate_core::transfer::{Transfer, TransferState, Version};
use sqlx::PgConnection;

use crate::column::{document, integer, optional_document, optional_text, word};
use crate::error::Failure;
use crate::secure_url;

/// Writes `next` where the version is still the expected one.
pub(super) async fn write(connection: &mut PgConnection, change: &Change) -> Result<(), Failure> {
    let expected = change.expected();
    let written = match change.next() {
        Aggregate::Transfer(next) => transfer(connection, next, expected).await?,
        Aggregate::Consignment(next) => consignment(connection, next, expected).await?,
        Aggregate::Delivery(next) => delivery(connection, next, expected).await?,
        Aggregate::Notification(next) => notification(connection, next, expected, change.goes_on()).await?,
    };
    if written == 1 { Ok(()) } else { Err(Failure::Stale) }
}

/// Provenance length and head are not written here: the chain moves them.
async fn transfer(connection: &mut PgConnection, next: &Transfer, expected: Version) -> Result<u64, Failure> {
    if matches!(next.state, TransferState::Expired | TransferState::Cancelled) {
        // What never came in whole is not kept; what did is, until its object is swept.
        sqlx::query!("update uploads set released = true where transfer = $1 and not complete", next.id.uuid())
            .execute(&mut *connection)
            .await?;
        if next.source.is_none() {
            secure_url::give_back(connection, next.id).await?;
        }
    }
    let received = next.state == TransferState::Received;
    if let (true, Some(source)) = (received, &next.source) {
        // Receipts of the same file are drawn one transaction after the other: whoever judges the later sees the earlier.
        let same_file = format!("{}/{}/{}", next.sender, source.digest, next.file_name);
        sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", same_file)
            .execute(&mut *connection)
            .await?;
    }
    let done = sqlx::query!(
        "update transfers set
            version = $3, state = $4, source = $5, candidate = $6, released = $7,
            pins = case when $8 or $9 <> '[]'::jsonb then $9 else pins end, pinned = pinned and not $8,
            facts = $10, planned = $11, hold = $12, hold_expires_at = $13, reason = $14, adoptions = $15, trace = $16,
            receipt = coalesce(receipt, case when $8 then nextval('receipts') end),
            idempotency_key = case when state = 'announced' and not $8 then null else idempotency_key end,
            updated_at = $17, due_at = $17, claimed_by = null, claimed_at = null
         where id = $1 and version = $2",
        next.id.uuid(),
        expected,
        next.version,
        word(&next.state)?,
        optional_document(next.source.as_ref())?,
        optional_document(next.candidate.as_ref())?,
        optional_document(next.released.as_ref())?,
        received,
        document(&next.pins)?,
        document(&next.facts)?,
        document(&next.planned)?,
        optional_document(next.hold.as_ref())?,
        next.hold.as_ref().map(|hold| hold.expires_at),
        optional_text(next.reason.as_ref()),
        integer(next.adoptions)?,
        next.trace.0,
        next.updated_at,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

async fn consignment(connection: &mut PgConnection, next: &Consignment, expected: Version) -> Result<u64, Failure> {
    let judged_again = next.state == ConsignmentState::Pending;
    let done = sqlx::query!(
        "update consignments set
            version = $3, state = $4, candidate = $5, released = $6,
            pins = case when $7 or $8 <> '[]'::jsonb then $8 else pins end, pinned = pinned and not $7,
            hold = $9, hold_expires_at = $10, reason = $11, adoptions = $12, trace = $13,
            updated_at = $14, due_at = $14, claimed_by = null, claimed_at = null
         where id = $1 and version = $2",
        next.id.uuid(),
        expected,
        next.version,
        word(&next.state)?,
        optional_document(next.candidate.as_ref())?,
        optional_document(next.released.as_ref())?,
        judged_again,
        document(&next.pins)?,
        optional_document(next.hold.as_ref())?,
        next.hold.as_ref().map(|hold| hold.expires_at),
        optional_text(next.reason.as_ref()),
        integer(next.adoptions)?,
        next.trace.0,
        next.updated_at,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

async fn delivery(connection: &mut PgConnection, next: &Delivery, expected: Version) -> Result<u64, Failure> {
    let done = sqlx::query!(
        "update deliveries set
            version = $3, state = $4, due_at = $5, attempts = $6, last_error = $7, adoptions = $8, trace = $9,
            updated_at = $10, cause = $11, waits = $12, generation = $13, released = $14, judges = $15, redrive = $16,
            attempting = false, claimed_by = null, claimed_at = null
         where id = $1 and version = $2",
        next.id.uuid(),
        expected,
        next.version,
        word(&next.state)?,
        next.due_at,
        integer(next.attempts)?,
        optional_text(next.last_error.as_ref()),
        integer(next.adoptions)?,
        next.trace.0,
        next.updated_at,
        next.cause.as_ref().map(word).transpose()?,
        next.waits.as_ref().map(word).transpose()?,
        integer(next.generation)?,
        optional_document(next.released.as_ref())?,
        next.judges,
        next.redrive.map(|id| id.uuid()),
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

async fn notification(
    connection: &mut PgConnection,
    next: &Notification,
    expected: Version,
    goes_on: bool,
) -> Result<u64, Failure> {
    let done = sqlx::query!(
        "update notifications set
            version = $3, state = $4, messages = $5, sent = $6, due_at = $7, attempts = $8, last_error = $9,
             adoptions = $10, trace = $11, updated_at = $12, waits = $14, rung = false,
             claimed_by = case when $13 then claimed_by end, claimed_at = case when $13 then now() end
         where id = $1 and version = $2",
        next.id.uuid(),
        expected,
        next.version,
        word(&next.state)?,
        document(&next.messages)?,
        integer(next.sent)?,
        next.due_at,
        integer(next.attempts)?,
        optional_text(next.last_error.as_ref()),
        integer(next.adoptions)?,
        next.trace.0,
        next.updated_at,
        goes_on,
        next.waits.map(|id| id.uuid()),
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
