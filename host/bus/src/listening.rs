//! A thread that listens to Kafka, seen from outside: told to stop, waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::oneshot;

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

/// A thread that listens; it stops when this is dropped.
#[derive(Debug)]
pub struct Listening {
    stop: Arc<AtomicBool>,
    done: oneshot::Receiver<Result<(), ListenError>>,
}

impl Listening {
    /// Starts a thread of that name, which ends soon after the flag that it is given turns true.
    pub(crate) fn start(
        name: &str,
        run: impl FnOnce(Arc<AtomicBool>) -> Result<(), ListenError> + Send + 'static,
    ) -> Result<Self, ListenError> {
        let stop = Arc::new(AtomicBool::new(false));
        let (tell, done) = oneshot::channel();
        let flag = Arc::clone(&stop);
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let _ = tell.send(run(flag));
        })?;
        Ok(Self { stop, done })
    }

    /// Stops the thread: it leaves its group, if it has one, and ends soon after.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Waits for the thread's end.
    pub async fn ended(&mut self) -> Result<(), ListenError> {
        (&mut self.done).await.unwrap_or(Err(ListenError::Panicked))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop();
    }
}
