//! Listens to Kafka on a thread of its own and turns commands into claims.

mod claimer;
mod thread;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lockgate_core::claim::Claim;
use lockgate_core::trace::Tracer;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

pub use claimer::Claimer;

use crate::config::BusConfig;
use crate::metrics::BusMetrics;

/// Listening ended although nobody stopped it.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The thread could not start.
    #[error("the thread that listens to Kafka could not start: {0}")]
    Thread(#[from] std::io::Error),
    /// The consumer cannot be made: its settings are wrong.
    #[error("the Kafka consumer could not be made: {0}; check `kafka.properties`")]
    Consumer(String),
    /// The thread panicked.
    #[error("the thread that listens to Kafka panicked")]
    Panicked,
}

/// A host that listens to Kafka.
#[derive(Debug)]
pub struct Listener {
    stop: Arc<AtomicBool>,
    done: oneshot::Receiver<Result<(), ListenError>>,
}

impl Listener {
    /// Starts listening. Claims go to the queue; while it is full, partitions are paused.
    pub fn start(
        config: &BusConfig,
        claimer: Arc<dyn Claimer>,
        tracer: Arc<dyn Tracer>,
        queue: mpsc::Sender<Claim>,
    ) -> Result<Self, ListenError> {
        let stop = Arc::new(AtomicBool::new(false));
        let (tell, done) = oneshot::channel();
        let mut work = thread::ListenerThread {
            config: config.clone(),
            claimer,
            tracer,
            queue,
            runtime: Handle::current(),
            stop: Arc::clone(&stop),
            metrics: BusMetrics::new(),
        };
        std::thread::Builder::new().name("kafka-listener".to_owned()).spawn(move || {
            let _ = tell.send(work.run());
        })?;
        Ok(Self { stop, done })
    }

    /// What stops the thread: it leaves the group and ends soon after.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Waits for the thread's end.
    pub async fn ended(&mut self) -> Result<(), ListenError> {
        (&mut self.done).await.unwrap_or(Err(ListenError::Panicked))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop();
    }
}
