//! Housekeeping: holds and announcements that expired are ended, objects and rows that nobody needs are removed.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::desk::Desk;
use lockgate_core::id::HostId;
use lockgate_payloads::Sweeper;
use lockgate_store::PgStore;
use tokio::time::{MissedTickBehavior, interval};

/// How many expired things are ended, and rows of a kind removed, at a time.
const ROOM: usize = 100;

/// Tidies up; every host does, and none waits for another.
#[derive(Debug)]
pub(crate) struct Housekeeping {
    pub(crate) desk: Desk,
    pub(crate) sweeper: Sweeper,
    pub(crate) store: Arc<PgStore>,
    pub(crate) host: HostId,
    pub(crate) every: Duration,
}

impl Housekeeping {
    /// Tidies for ever.
    pub(crate) async fn run(self) {
        let mut ticks = interval(self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match self.desk.expire(self.host, ROOM).await {
                Ok(0) => {}
                Ok(ended) => tracing::info!(count = ended, "Expired holds and announcements were ended."),
                Err(error) => tracing::warn!(error = %error, "Expired things could not be looked for."),
            }
            match self.sweeper.sweep().await {
                Ok(0) => {}
                Ok(swept) => tracing::info!(count = swept, "Objects that nobody needs were removed."),
                Err(error) => tracing::warn!(error = %error, "Objects could not be swept."),
            }
            match self.store.tidy(ROOM).await {
                Ok(0) => {}
                Ok(gone) => tracing::info!(count = gone, "Rows that nobody needs were removed."),
                Err(error) => tracing::warn!(error = %error, "Rows that nobody needs could not be removed."),
            }
        }
    }
}
