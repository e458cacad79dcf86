//! The ledger of rate limits in memory, which counts how often it was asked.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use lockgate_core::digest::Digest;
use lockgate_core::ports::{Lease, RateLedger, StoreError};
use lockgate_core::time::{Clock, Timestamp};

/// Windows in memory.
#[derive(Debug)]
pub struct MemoryRateLedger {
    clock: Arc<dyn Clock>,
    windows: Mutex<HashMap<Digest, (Timestamp, u32)>>,
    asked: AtomicUsize,
    answers: bool,
}

impl MemoryRateLedger {
    /// An empty ledger.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, windows: Mutex::default(), asked: AtomicUsize::new(0), answers: true }
    }

    /// A ledger that never answers.
    pub fn away(clock: Arc<dyn Clock>) -> Self {
        Self { answers: false, ..Self::new(clock) }
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl RateLedger for MemoryRateLedger {
    async fn lease(&self, subject: Digest, window: Duration, limit: u32, wanted: u32) -> Result<Lease, StoreError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if !self.answers {
            return Err(StoreError::Unavailable("as planned".to_owned()));
        }
        let now = self.clock.now();
        let mut windows = self.windows.lock().expect("no test panics while it counts");
        let open = windows.entry(subject).or_insert((now + window, 0));
        if open.0 <= now {
            *open = (now + window, 0);
        }
        let granted = wanted.min(limit.saturating_sub(open.1));
        open.1 += granted;
        Ok(Lease { granted, taken: open.1, ends_in: (open.0 - now).try_into().unwrap_or_default() })
    }
}
