//! Redriving: works on one lane of a redrive at a time, whichever is due, beside the host's other work.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::id::HostId;
use lockgate_core::ports::TransferStore;
use lockgate_core::redriver::Redriver;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

/// Looks for lanes; every host does, and a lane is one host's at a time.
#[derive(Debug)]
pub(crate) struct Redriving {
    pub(crate) redriver: Redriver,
    pub(crate) store: Arc<dyn TransferStore>,
    pub(crate) host: HostId,
    pub(crate) alive: watch::Receiver<bool>,
    pub(crate) every: Duration,
}

impl Redriving {
    /// Works for ever.
    pub(crate) async fn run(mut self) {
        let mut ticks = interval(self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if self.alive.wait_for(|it| *it).await.is_err() {
                return std::future::pending().await;
            }
            while self.work().await {}
        }
    }

    /// Works on one lane; true if others may be due.
    async fn work(&self) -> bool {
        match self.redriver.work(self.host, &*self.store).await {
            Ok(worked) => worked,
            Err(error) => {
                tracing::warn!(error = %error, "A redrive could not be worked on; it is tried again.");
                false
            }
        }
    }
}
