//! The real time and the real dice, for the parts that may only ask.

use lockgate_core::time::{Clock, Timestamp};

/// The system's clock, cut to the microseconds that Postgres keeps: what is written is what is read again.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now_utc();
        now.replace_nanosecond(now.nanosecond() / 1_000 * 1_000).unwrap_or(now)
    }
}
