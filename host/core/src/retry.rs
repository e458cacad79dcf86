//! Retries: when the next attempt is due; pure arithmetic.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::Timestamp;

/// The pauses between attempts; after the last of them the work is given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RetrySchedule {
    seconds: Vec<u64>,
}

impl Default for RetrySchedule {
    /// The schedule that the webhook world settled on: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h.
    fn default() -> Self {
        Self { seconds: vec![5, 300, 1_800, 7_200, 18_000, 36_000, 36_000] }
    }
}

/// No wait that a receiver asks for is longer than a day.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

impl RetrySchedule {
    /// A schedule of these pauses in seconds.
    pub const fn of_seconds(seconds: Vec<u64>) -> Self {
        Self { seconds }
    }

    /// How many attempts there are in all.
    pub fn attempts(&self) -> u32 {
        u32::try_from(self.seconds.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Whether a destination may have it: no more pauses than a person could follow, none longer than a week.
    pub fn is_sensible(&self) -> bool {
        self.seconds.len() <= 20 && self.seconds.iter().all(|pause| *pause <= 7 * 24 * 3_600)
    }

    /// The pauses in seconds.
    pub fn seconds(&self) -> &[u64] {
        &self.seconds
    }

    /// When the next attempt is due after `attempt` (from 1) failed at `at`, or `None` if it was the last.
    ///
    /// `chance` in `0.0..=1.0` spreads each pause over 90 to 110 % of itself, so that what failed together does not
    /// come back together. A receiver's `retry_after` is a floor, a day at most.
    pub fn next(&self, attempt: u32, at: Timestamp, retry_after: Option<Duration>, chance: f64) -> Option<Timestamp> {
        let pause = Duration::from_secs(*self.seconds.get(attempt.checked_sub(1)? as usize)?);
        let spread = pause.mul_f64(0.9 + 0.2 * chance.clamp(0.0, 1.0));
        let floor = retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER);
        Some(at + spread.max(floor))
    }
}

/// Where in `0.0..=1.0` an attempt's pause lies: the same for the same work and attempt, whichever host asks, and spread
/// evenly over many. FNV-1a with a finish, so that neighbours differ.
pub fn spread(work: Uuid, attempt: u32) -> f64 {
    let bytes = work.into_bytes().into_iter().chain(attempt.to_be_bytes());
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let top = u32::try_from((mixed ^ (mixed >> 33)) >> 32).unwrap_or(u32::MAX);
    f64::from(top) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests;
