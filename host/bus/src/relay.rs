//! The relay: brings commands from the outbox to Kafka, as soon as something in this process wrote one, and soon in any case.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::ports::{StoreError, TransferBus, TransferStore};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Commands that are handed over at a time.
const LIMIT: usize = 200;
const SOON: Duration = Duration::from_millis(200);
const LATER: Duration = Duration::from_secs(1);
/// Between two looks: what is committed meanwhile goes out together.
const GATHER: Duration = Duration::from_millis(10);

/// Empties the outbox.
#[derive(Debug, Clone)]
pub struct Relay {
    store: Arc<dyn TransferStore>,
    bus: Arc<dyn TransferBus>,
    wake: Arc<Notify>,
}

impl Relay {
    /// A relay between a store and a bus, woken by whoever writes to the outbox in this process.
    pub fn new(store: Arc<dyn TransferStore>, bus: Arc<dyn TransferBus>, wake: Arc<Notify>) -> Self {
        Self { store, bus, wake }
    }

    /// Relays for ever; trouble is logged and tried again.
    pub async fn run(&self) {
        let mut pause = SOON;
        loop {
            let begun = Instant::now();
            match self.flush().await {
                Ok(0) => pause = (pause * 2).min(LATER),
                Ok(_) => pause = SOON,
                Err(error) => {
                    tracing::warn!(error = %error, "Commands wait in the outbox; the relay tries again.");
                    pause = LATER;
                }
            }
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
            tokio::time::sleep_until(begun + GATHER).await;
        }
    }

    /// Relays until every lane is empty or taken by another host; says how many commands went out.
    pub async fn flush(&self) -> Result<usize, StoreError> {
        let mut total = 0;
        loop {
            let relayed = self.store.relay(LIMIT, self.bus.as_ref()).await?;
            total += relayed.commands;
            if !relayed.more {
                return Ok(total);
            }
        }
    }
}
