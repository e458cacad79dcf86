//! Brings nudges from the store to Kafka: at once what this process wrote, soon what a dead one left.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::ports::{NudgeBus, NudgeStore, StoreError};
use tokio::sync::Notify;

/// Nudges handed over at a time.
const LIMIT: usize = 500;
const LATER: Duration = Duration::from_secs(1);
/// So long nudges gather once one is there: whoever follows looks with eyes, and a busy host asks for hundreds at once.
const GATHER: Duration = Duration::from_millis(20);

/// Empties the store of nudges.
#[derive(Debug, Clone)]
pub struct NudgeRelay {
    store: Arc<dyn NudgeStore>,
    bus: Arc<dyn NudgeBus>,
    wake: Arc<Notify>,
}

impl NudgeRelay {
    /// A relay between a store and a bus, woken by whoever writes nudges in this process.
    pub fn new(store: Arc<dyn NudgeStore>, bus: Arc<dyn NudgeBus>, wake: Arc<Notify>) -> Self {
        Self { store, bus, wake }
    }

    /// Relays for ever; trouble is logged and tried again.
    pub async fn run(self) {
        loop {
            if let Err(error) = self.flush().await {
                tracing::warn!(error = %error, "Nudges wait in the database; subscriptions hear of changes later.");
            }
            tokio::select! {
                () = self.wake.notified() => tokio::time::sleep(GATHER).await,
                () = tokio::time::sleep(LATER) => {}
            }
        }
    }

    /// Relays until nothing is left, or only what came meanwhile; says how many nudges there were.
    pub async fn flush(&self) -> Result<usize, StoreError> {
        let mut total = 0;
        loop {
            let sent = self.store.relay_nudges(LIMIT, self.bus.as_ref()).await?;
            total += sent;
            if sent < LIMIT {
                return Ok(total);
            }
        }
    }
}
