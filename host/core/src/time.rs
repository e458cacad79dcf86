//! Time: a timestamp is always handed in; core never reads a clock.

use std::time::Duration;

use ::time::OffsetDateTime;
use ::time::format_description::well_known::Rfc3339;

/// A point in time, UTC.
pub type Timestamp = OffsetDateTime;

/// Just later than now: what is due then is looked for by whoever has room, and nobody rings for it.
pub const SOON: Duration = Duration::from_millis(1);

/// The clock that use cases read; adapters give the real one, tests a virtual one.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// Milliseconds since 1970, 0 for anything earlier.
pub fn unix_millis(at: Timestamp) -> u64 {
    u64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(0)
}

/// The timestamp as RFC 3339 text, as every API shows it.
pub fn rfc3339(at: Timestamp) -> String {
    at.format(&Rfc3339).expect("years of the database's range have an RFC 3339 form")
}
