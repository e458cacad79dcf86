//! Listens to Kafka on a thread of its own and turns commands into claims.

mod claimer;
mod thread;

use std::sync::Arc;

use lockgate_core::claim::Claim;
use lockgate_core::trace::Tracer;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

pub use claimer::Claimer;

use crate::config::BusConfig;
use crate::listening::{ListenError, Listening};
use crate::metrics::BusMetrics;

/// Starts listening for commands. Claims go to the queue; while it is full, partitions are paused.
///
/// # Errors
///
/// When the thread cannot start.
pub fn listen(
    config: &BusConfig,
    claimer: Arc<dyn Claimer>,
    tracer: Arc<dyn Tracer>,
    queue: mpsc::Sender<Claim>,
) -> Result<Listening, ListenError> {
    let (config, runtime) = (config.clone(), Handle::current());
    Listening::start("kafka-listener", move |stop| {
        thread::ListenerThread { config, claimer, tracer, queue, runtime, stop, metrics: BusMetrics::new() }.run()
    })
}
