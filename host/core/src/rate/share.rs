//! What one host may still give out of one subject's window.

use std::time::Duration;

use super::{RateLimit, RateLimited, Standing};
use crate::ports::Lease;
use crate::time::Timestamp;

/// So long a share lasts that was given without the ledger.
const WITHOUT_LEDGER: Duration = Duration::from_secs(1);

/// A share of a window; none is leased at first.
#[derive(Debug, Default)]
pub(super) struct Share {
    left: u32,
    /// What all hosts have taken, when this one last asked.
    taken: u32,
    /// Until then the share is good, and an empty window stays empty.
    ends: Option<Timestamp>,
    /// The ledger had nothing left.
    empty: bool,
}

impl Share {
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.ends.is_none_or(|ends| now >= ends)
    }

    pub(super) fn needs_lease(&self, now: Timestamp) -> bool {
        self.is_over(now) || (self.left == 0 && !self.empty)
    }

    /// Whether nothing more is given before the window is over.
    pub(super) fn is_spent(&self, now: Timestamp) -> bool {
        self.left == 0 && self.empty && !self.is_over(now)
    }

    pub(super) fn leased(&mut self, lease: Lease, now: Timestamp) {
        let Lease { granted, taken, ends_in } = lease;
        *self = Self { left: granted, taken, ends: Some(now + ends_in), empty: granted == 0 };
    }

    pub(super) fn without_ledger(&mut self, limit: RateLimit, now: Timestamp) {
        let taken = limit.requests;
        *self = Self { left: limit.share(), taken, ends: Some(now + WITHOUT_LEDGER), empty: true };
    }

    pub(super) fn take(&mut self, limit: RateLimit, now: Timestamp) -> Result<Standing, RateLimited> {
        let reset = self.ends.map_or(limit.window, |ends| (ends - now).try_into().unwrap_or_default());
        let standing = |remaining| Standing { limit, remaining, reset };
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Ok(standing(limit.requests.saturating_sub(self.taken).saturating_add(left)))
            }
            None => Err(RateLimited(standing(0))),
        }
    }
}
