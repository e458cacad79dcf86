//! The ledger of rate limits: how much of a subject's window all hosts together have taken.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::digest::Digest;
use crate::ports::StoreError;

/// What a host may give out of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// How much was granted; less than wanted, or nothing, when little is left.
    pub granted: u32,
    /// What all hosts have taken of the window, this lease included.
    pub taken: u32,
    /// How long the window still lasts.
    pub ends_in: Duration,
}

/// Keeps one window per subject, the same for all hosts.
#[async_trait]
pub trait RateLedger: Send + Sync + Debug {
    /// Takes up to `wanted` out of the subject's window, which begins now if none is open. Never grants more than `limit`
    /// in one window, whoever asks at the same time.
    async fn lease(&self, subject: Digest, window: Duration, limit: u32, wanted: u32) -> Result<Lease, StoreError>;
}
