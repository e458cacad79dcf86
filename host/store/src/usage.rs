//! What a partner handed in today: counted where it has a quota, within the transaction that makes use of it.

use std::time::Duration;

use lockgate_core::id::{PartnerId, UploadId};
use lockgate_core::ports::{AnnounceOutcome, Announcement};
use sqlx::PgConnection;

use crate::column::bigint;
use crate::error::Failure;

/// Counts an announcement; the outcome is that of a sender whose quota does not bear it. The row stays locked until the
/// transaction ends, so this comes last in it.
pub(crate) async fn count(
    connection: &mut PgConnection,
    announcement: &Announcement,
) -> Result<Option<AnnounceOutcome>, Failure> {
    if !announcement.quota.is_limited() {
        return Ok(None);
    }
    let bytes = bigint(announcement.upload.length.unwrap_or(0))?;
    let row = sqlx::query!(
        r#"insert into partner_usage as u (partner, day, transfers, bytes) values ($1, current_date, 1, $2)
           on conflict (partner, day) do update set transfers = u.transfers + 1, bytes = u.bytes + excluded.bytes
           returning transfers, bytes,
                     extract(epoch from (current_date + 1)::timestamptz - now())::double precision as "ends_in!""#,
        announcement.transfer.sender.uuid(),
        bytes,
    )
    .fetch_one(connection)
    .await?;
    let natural = |value: i64| u64::try_from(value).unwrap_or(0);
    let ends_in = Duration::from_secs_f64(row.ends_in.max(1.0));
    let exceeded = announcement.quota.exceeded(natural(row.transfers), natural(row.bytes));
    Ok(exceeded.map(|exceeded| AnnounceOutcome::OverQuota { exceeded, ends_in }))
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
