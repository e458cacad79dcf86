//! Quotas: how much a partner may hand in within a day. Counted by the store in the announcement's own transaction, so
//! that a repeat costs nothing and two hosts never count past each other.

use std::time::Duration;

/// What a partner may hand in within a day (UTC); `None` is no limit and costs nothing to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quota {
    /// Transfers announced.
    pub transfers_per_day: Option<u64>,
    /// Bytes announced; of transfers whose length is not known before they came, bytes that came.
    pub bytes_per_day: Option<u64>,
}

impl Quota {
    /// Whether anything has to be counted.
    pub const fn is_limited(&self) -> bool {
        self.transfers_per_day.is_some() || self.bytes_per_day.is_some()
    }

    /// The part of the quota that this use goes beyond.
    pub fn exceeded(&self, transfers: u64, bytes: u64) -> Option<Exceeded> {
        let beyond =
            |unit, used, limit: Option<u64>| limit.filter(|limit| used > *limit).map(|limit| Exceeded { unit, limit });
        beyond("transfers", transfers, self.transfers_per_day).or_else(|| beyond("bytes", bytes, self.bytes_per_day))
    }
}

/// A part of a quota that is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    /// `transfers` or `bytes`.
    pub unit: &'static str,
    /// How many of them a day has.
    pub limit: u64,
}

/// How long a day lasts.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);
