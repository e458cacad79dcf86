//! Says that this host is alive, and notices when nobody can have heard it for too long.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::id::HostId;
use lockgate_core::ports::TransferStore;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// The host's pulse.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    pub(crate) store: Arc<dyn TransferStore>,
    pub(crate) host: HostId,
    pub(crate) alive_for: Duration,
    /// Whether the others still count this host as alive, as far as it can know.
    pub(crate) alive: watch::Sender<bool>,
}

impl Heartbeat {
    /// Beats for ever. The host counts itself as dead no later than the others do: time runs from before each beat.
    pub(crate) async fn run(self) {
        let rhythm = self.alive_for / 3;
        let mut ticks = interval(rhythm);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            ticks.tick().await;
            let asked = Instant::now();
            match timeout(rhythm, self.store.heartbeat(self.host, self.alive_for)).await {
                Ok(Ok(())) => {
                    heard = asked;
                    self.set(true);
                }
                Ok(Err(error)) => tracing::warn!(error = %error, "The host could not say that it is alive."),
                Err(_) => tracing::warn!("The database did not take note in time that the host is alive."),
            }
            if heard.elapsed() + rhythm >= self.alive_for {
                self.set(false);
            }
        }
    }

    fn set(&self, alive: bool) {
        self.alive.send_if_modified(|it| std::mem::replace(it, alive) != alive);
    }
}
