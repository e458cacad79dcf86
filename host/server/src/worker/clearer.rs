//! Clearing what attempts left at destinations: apart from other housekeeping, because a destination may hang.

use std::time::Duration;

use lockgate_core::clearing::Clearing;
use tokio::time::{MissedTickBehavior, interval};

/// How many passages are cleared side by side.
const ROOM: usize = 16;

/// Clears for ever; every host does, and none waits for another.
#[derive(Debug)]
pub(crate) struct Clearer {
    pub(crate) clearing: Clearing,
    pub(crate) every: Duration,
}

impl Clearer {
    /// Clears for ever.
    pub(crate) async fn run(self) {
        let mut ticks = interval(self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match self.clearing.clear(ROOM).await {
                Ok(0) => {}
                Ok(cleared) => tracing::info!(count = cleared, "Unfinished uploads at destinations were looked after."),
                Err(error) => tracing::warn!(error = %error, "Unfinished uploads could not be looked for."),
            }
        }
    }
}
