//! Runs a transaction again when Postgres says that only its timing was bad.

use std::time::Duration;

/// How often a transaction is run in all.
pub(crate) const TRIES: u32 = 6;

/// Runs it until it succeeds, fails for another reason than a deadlock or a serialization failure, or was run
/// [`TRIES`] times. A macro, because the transaction's future must stay `Send`.
macro_rules! retried {
    ($transaction:expr) => {{
        let mut tried = 1;
        loop {
            match $transaction.await {
                Err(failure) if failure.is_contention() && tried < $crate::transient::TRIES => {
                    tracing::debug!(tried, "A transaction met another one and runs again.");
                    tokio::time::sleep($crate::transient::pause(tried)).await;
                    tried += 1;
                }
                other => break other,
            }
        }
    }};
}

/// A little longer each time, by a random share, so that two do not meet again.
pub(crate) fn pause(tried: u32) -> Duration {
    let share = u64::from(sqlx::types::Uuid::new_v4().as_bytes()[0]);
    Duration::from_millis((1 << tried) * (share + 64) / 128)
}
