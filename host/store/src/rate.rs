//! The ledger of rate limits: one row per subject, taken from by one statement.

use std::time::Duration;

use async_trait::async_trait;
use lockgate_core::digest::Digest;
use lockgate_core::ports::{Lease, RateLedger, StoreError};

use crate::error::Failure;
use crate::store::PgStore;

#[async_trait]
impl RateLedger for PgStore {
    async fn lease(&self, subject: Digest, window: Duration, limit: u32, wanted: u32) -> Result<Lease, StoreError> {
        let lease = lease(self, subject, window, limit, wanted).await?;
        // A window's first lease is rare enough to tidy up after it.
        if lease.granted > 0 && lease.taken == lease.granted {
            forget(self).await?;
        }
        Ok(lease)
    }
}

/// The row's lock makes leases of one subject come one after the other; only the database's clock counts.
async fn lease(store: &PgStore, subject: Digest, window: Duration, limit: u32, wanted: u32) -> Result<Lease, Failure> {
    let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    let row = sqlx::query!(
        r#"insert into rate_windows as w (subject, ends_at, taken, granted)
           values ($1, now() + make_interval(secs => $2), least($4::integer, $3::integer),
                   least($4::integer, $3::integer))
           on conflict (subject) do update set
               ends_at = case when w.ends_at > now() then w.ends_at else excluded.ends_at end,
               granted = case when w.ends_at > now() then greatest(0, least($4, $3 - w.taken))
                         else excluded.granted end,
               taken = case when w.ends_at > now() then w.taken + greatest(0, least($4, $3 - w.taken))
                       else excluded.taken end
           returning granted, taken,
                     greatest(extract(epoch from ends_at - now()), 0)::double precision as "ends_in!""#,
        &subject.0[..],
        window.as_secs_f64(),
        number(limit),
        number(wanted),
    )
    .fetch_one(&store.worker)
    .await?;
    let natural = |value: i32| u32::try_from(value).unwrap_or(0);
    Ok(Lease {
        granted: natural(row.granted),
        taken: natural(row.taken),
        ends_in: Duration::from_secs_f64(row.ends_in),
    })
}

/// Forgets some windows that are long over; rows that somebody works on are left to the next.
async fn forget(store: &PgStore) -> Result<(), Failure> {
    sqlx::query!(
        "delete from rate_windows where subject in
             (select subject from rate_windows where ends_at < now() - interval '1 hour'
              limit 100 for update skip locked)"
    )
    .execute(&store.worker)
    .await?;
    Ok(())
}
