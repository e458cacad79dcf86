//! What a partner handed in today and has in store: counted where it has a quota, within the transaction that makes use of
//! it.
//!
//! What is in store is the sum of what the partner's uploads hold, so it follows every write of theirs and no counter can
//! part from it. Announcements and partial uploads of a partner with such a bound follow one another, so that two never see
//! the same room. Parts that are assembled make room for the whole; their bytes of the day were counted when they began.

use std::time::Duration;

use lockgate_core::id::{PartnerId, UploadId};
use lockgate_core::ports::Announcement;
use lockgate_core::quota::{Bound, Counted, OverQuota, Quota, Standing};
use lockgate_core::time::Timestamp;
use lockgate_core::upload::Upload;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::column::{bigint, unsigned};
use crate::error::Failure;

/// Counts an announcement; something is given where the sender's quota does not bear it. What is locked stays so until the
/// transaction ends, so this comes last in it.
pub(crate) async fn count(
    connection: &mut PgConnection,
    announcement: &Announcement,
) -> Result<Option<OverQuota>, Failure> {
    let (upload, quota) = (&announcement.upload, announcement.quota);
    let length = upload.length.unwrap_or(0);
    let parts: Vec<_> = upload.assembles.iter().map(|id| id.uuid()).collect();
    let spent = if quota.is_daily() && !parts.is_empty() { spend(connection, &parts).await? } else { 0 };
    let asked = Counted { transfers: 1, bytes: length.saturating_sub(spent), stored: length };
    judge(connection, upload.sender, quota, asked, &parts).await
}

/// Counts a partial upload in the same way, and keeps with it what was counted.
pub(crate) async fn count_partial(
    connection: &mut PgConnection,
    upload: &Upload,
    quota: Quota,
) -> Result<Option<OverQuota>, Failure> {
    let length = upload.length.unwrap_or(0);
    if quota.is_daily() {
        sqlx::query!("update uploads set counted = $2 where id = $1", upload.id.uuid(), bigint(length)?)
            .execute(&mut *connection)
            .await?;
    }
    judge(connection, upload.sender, quota, Counted { transfers: 0, bytes: length, stored: length }, &[]).await
}

async fn judge(
    connection: &mut PgConnection,
    sender: PartnerId,
    quota: Quota,
    asked: Counted,
    parts: &[Uuid],
) -> Result<Option<OverQuota>, Failure> {
    let (mut counted, mut ends_in) = (Counted::default(), Duration::ZERO);
    if quota.is_daily() {
        (counted, ends_in) = today(connection, sender, asked).await?;
    }
    if quota.stored_bytes.is_some() {
        counted.stored = stored(connection, sender, parts).await?;
    }
    Ok(quota
        .exceeded(counted, asked)
        .map(|exceeded| OverQuota { exceeded, ends_in: (exceeded.bound != Bound::StoredBytes).then_some(ends_in) }))
}

/// Takes what was counted with parts that are assembled for the first time. Another transfer of the same parts is counted
/// like any.
async fn spend(connection: &mut PgConnection, parts: &[Uuid]) -> Result<u64, Failure> {
    let spent = sqlx::query_scalar!(
        "with parts as (select id, counted from uploads
                        where id = any($1) and transfer is null and counted > 0 order by id for update)
         update uploads u set counted = 0 from parts p where u.id = p.id returning p.counted",
        parts
    )
    .fetch_all(connection)
    .await?;
    spent.into_iter().try_fold(0u64, |sum, it| Ok(sum.saturating_add(unsigned(it)?)))
}

/// Terms as a row has them.
pub(crate) fn quota(transfers: Option<i64>, bytes: Option<i64>, stored: Option<i64>) -> Result<Quota, Failure> {
    let bound = |it: Option<i64>| it.map(unsigned).transpose();
    Ok(Quota { transfers_per_day: bound(transfers)?, bytes_per_day: bound(bytes)?, stored_bytes: bound(stored)? })
}

/// Counts what is asked for today; how long today lasts.
async fn today(
    connection: &mut PgConnection,
    sender: PartnerId,
    asked: Counted,
) -> Result<(Counted, Duration), Failure> {
    let row = sqlx::query!(
        r#"insert into partner_usage as u (partner, day, transfers, bytes) values ($1, current_date, $2, $3)
           on conflict (partner, day)
           do update set transfers = u.transfers + excluded.transfers, bytes = u.bytes + excluded.bytes
           returning transfers, bytes,
                     extract(epoch from (current_date + 1)::timestamptz - now())::double precision as "ends_in!""#,
        sender.uuid(),
        bigint(asked.transfers)?,
        bigint(asked.bytes)?,
    )
    .fetch_one(connection)
    .await?;
    let counted = Counted { transfers: unsigned(row.transfers)?, bytes: unsigned(row.bytes)?, stored: 0 };
    Ok((counted, Duration::from_secs_f64(row.ends_in.max(1.0))))
}

/// What a partner has in store, with what this transaction began and without the parts that it assembles; others wait with
/// theirs until it ends.
async fn stored(connection: &mut PgConnection, sender: PartnerId, parts: &[Uuid]) -> Result<u64, Failure> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", format!("stored/{sender}"))
        .execute(&mut *connection)
        .await?;
    let held = sqlx::query_scalar!(
        r#"select coalesce(sum(held), 0)::bigint as "held!" from uploads
           where sender = $1 and held > 0 and (transfer is not null or complete or expires_at > now())
             and id <> all($2)"#,
        sender.uuid(),
        parts
    )
    .fetch_one(connection)
    .await?;
    unsigned(held)
}

/// Where partners stand, as the viewer of the connection may see it. What no quota counts is summed up from what was begun
/// today and is still there.
pub(crate) async fn standings(connection: &mut PgConnection, partners: &[Uuid]) -> Result<Vec<Standing>, Failure> {
    let rows = sqlx::query!(
        r#"select p.id as "id!", q.transfers_per_day as "transfers_per_day?", q.bytes_per_day as "bytes_per_day?",
                  q.stored_bytes as "stored_bytes?", u.transfers as "transfers?", u.bytes as "bytes?",
                  coalesce((select sum(t.held) from uploads t
                            where t.sender = p.id and t.held > 0
                              and (t.transfer is not null or t.complete or t.expires_at > now())), 0)::bigint as "held!",
                  b.transfers as "begun!", b.bytes as "begun_bytes!"
           from unnest($1::uuid[]) p(id)
                left join partner_quotas q on q.partner = p.id
                left join partner_usage u on u.partner = p.id and u.day = current_date
                cross join lateral (
                    select count(t.transfer) as transfers,
                           coalesce(sum(coalesce(t.length, t.received)) filter (where t.assembles is null), 0)::bigint as bytes
                    from uploads t
                    where t.sender = p.id
                      -- The first id of today: 48 bits of an id are milliseconds.
                      and t.id >= rpad(lpad(to_hex(extract(epoch from current_date::timestamptz)::bigint * 1000), 12, '0'), 32, '0')::uuid
                      and q.transfers_per_day is null and q.bytes_per_day is null
                ) b"#,
        partners
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let of_today = |it: Option<i64>| unsigned(it.unwrap_or(0));
            let stored = unsigned(row.held)?;
            Ok(Standing {
                partner: PartnerId::from_uuid(row.id),
                terms: quota(row.transfers_per_day, row.bytes_per_day, row.stored_bytes)?,
                counted: Counted { transfers: of_today(row.transfers)?, bytes: of_today(row.bytes)?, stored },
                begun: Counted { transfers: unsigned(row.begun)?, bytes: unsigned(row.begun_bytes)?, stored },
            })
        })
        .collect()
}

/// Counts the bytes of a payload whose length was not announced in the day on which they came, if its sender was counted
/// since the upload began; a partial upload keeps what was counted. A day earlier will do: an upload's id has its host's
/// clock, the counts have Postgres's.
pub(crate) async fn came(
    connection: &mut PgConnection,
    sender: PartnerId,
    upload: UploadId,
    bytes: u64,
) -> Result<(), Failure> {
    let begun = upload.uuid().get_timestamp().and_then(|it| i64::try_from(it.to_unix().0).ok());
    let begun = begun.and_then(|it| Timestamp::from_unix_timestamp(it).ok());
    sqlx::query!(
        "with came as (
           insert into partner_usage as u (partner, day, transfers, bytes)
           select $1, current_date, 0, $3 from uploads t
           where t.id = $2 and t.deferred
             and exists (select from partner_usage counted
                         where counted.partner = $1 and counted.day >= $4::timestamptz::date - 1)
           on conflict (partner, day) do update set bytes = u.bytes + excluded.bytes
           returning u.partner)
         update uploads set counted = $3 from came where id = $2 and transfer is null",
        sender.uuid(),
        upload.uuid(),
        bigint(bytes)?,
        begun.unwrap_or(Timestamp::UNIX_EPOCH),
    )
    .execute(connection)
    .await?;
    Ok(())
}
