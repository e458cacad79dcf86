//! What a partner handed in today and has in store: counted where it has a quota, within the transaction that makes use of
//! it.
//!
//! What is in store is the sum of what the partner's uploads hold, so it follows every write of theirs and no counter can
//! part from it. Announcements of a partner with such a bound follow one another, so that two never see the same room.

use std::time::Duration;

use lockgate_core::id::{PartnerId, UploadId};
use lockgate_core::ports::{AnnounceOutcome, Announcement};
use lockgate_core::quota::{Bound, Counted, Quota, Standing};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::column::{bigint, unsigned};
use crate::error::Failure;

/// Counts an announcement; the outcome is that of a sender whose quota does not bear it. What is locked stays so until the
/// transaction ends, so this comes last in it.
pub(crate) async fn count(
    connection: &mut PgConnection,
    announcement: &Announcement,
) -> Result<Option<AnnounceOutcome>, Failure> {
    let sender = announcement.transfer.sender;
    let quota = announcement.quota;
    let bytes = announcement.upload.length.unwrap_or(0);
    let (mut counted, mut ends_in) = (Counted::default(), Duration::ZERO);
    if quota.is_daily() {
        (counted, ends_in) = today(connection, sender, bytes).await?;
    }
    if quota.stored_bytes.is_some() {
        counted.stored = stored(connection, sender).await?;
    }
    Ok(quota.exceeded(counted, bytes).map(|exceeded| AnnounceOutcome::OverQuota {
        exceeded,
        ends_in: (exceeded.bound != Bound::StoredBytes).then_some(ends_in),
    }))
}

/// Terms as a row has them.
pub(crate) fn quota(transfers: Option<i64>, bytes: Option<i64>, stored: Option<i64>) -> Result<Quota, Failure> {
    let bound = |it: Option<i64>| it.map(unsigned).transpose();
    Ok(Quota { transfers_per_day: bound(transfers)?, bytes_per_day: bound(bytes)?, stored_bytes: bound(stored)? })
}

/// Counts one more transfer of today; how long today lasts.
async fn today(connection: &mut PgConnection, sender: PartnerId, bytes: u64) -> Result<(Counted, Duration), Failure> {
    let row = sqlx::query!(
        r#"insert into partner_usage as u (partner, day, transfers, bytes) values ($1, current_date, 1, $2)
           on conflict (partner, day) do update set transfers = u.transfers + 1, bytes = u.bytes + excluded.bytes
           returning transfers, bytes,
                     extract(epoch from (current_date + 1)::timestamptz - now())::double precision as "ends_in!""#,
        sender.uuid(),
        bigint(bytes)?,
    )
    .fetch_one(connection)
    .await?;
    let counted = Counted { transfers: unsigned(row.transfers)?, bytes: unsigned(row.bytes)?, stored: 0 };
    Ok((counted, Duration::from_secs_f64(row.ends_in.max(1.0))))
}

/// What a partner has in store, with what this transaction announced; others wait with theirs until it ends.
async fn stored(connection: &mut PgConnection, sender: PartnerId) -> Result<u64, Failure> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", format!("stored/{sender}"))
        .execute(&mut *connection)
        .await?;
    let held = sqlx::query_scalar!(
        r#"select coalesce(sum(held), 0)::bigint as "held!" from uploads
           where sender = $1 and held > 0 and (transfer is not null or complete or expires_at > now())"#,
        sender.uuid()
    )
    .fetch_one(connection)
    .await?;
    unsigned(held)
}

/// Where partners stand, as the viewer of the connection may see it.
pub(crate) async fn standings(connection: &mut PgConnection, partners: &[Uuid]) -> Result<Vec<Standing>, Failure> {
    let rows = sqlx::query!(
        r#"select p.id as "id!", q.transfers_per_day as "transfers_per_day?", q.bytes_per_day as "bytes_per_day?",
                  q.stored_bytes as "stored_bytes?", u.transfers as "transfers?", u.bytes as "bytes?",
                  coalesce((select sum(t.held) from uploads t
                            where t.sender = p.id and t.held > 0
                              and (t.transfer is not null or t.complete or t.expires_at > now())), 0)::bigint as "held!"
           from unnest($1::uuid[]) p(id)
                left join partner_quotas q on q.partner = p.id
                left join partner_usage u on u.partner = p.id and u.day = current_date"#,
        partners
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let of_today = |it: Option<i64>| unsigned(it.unwrap_or(0));
            Ok(Standing {
                partner: PartnerId::from_uuid(row.id),
                terms: quota(row.transfers_per_day, row.bytes_per_day, row.stored_bytes)?,
                used: Counted {
                    transfers: of_today(row.transfers)?,
                    bytes: of_today(row.bytes)?,
                    stored: unsigned(row.held)?,
                },
                daily: row.transfers.is_some(),
            })
        })
        .collect()
}

/// Counts the bytes of a payload whose length was not announced, if its sender is counted at all today.
pub(crate) async fn came(
    connection: &mut PgConnection,
    sender: PartnerId,
    upload: UploadId,
    bytes: u64,
) -> Result<(), Failure> {
    sqlx::query!(
        "update partner_usage u set bytes = u.bytes + $3
         where u.partner = $1 and u.day = current_date
           and exists (select from uploads t where t.id = $2 and t.deferred)",
        sender.uuid(),
        upload.uuid(),
        bigint(bytes)?,
    )
    .execute(connection)
    .await?;
    Ok(())
}
