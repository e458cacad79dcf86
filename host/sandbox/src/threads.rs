//! The sandbox threads: plugins never run on the threads that serve requests.

mod queue;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use lockgate_core::policy::Owner;
use lockgate_core::ports::PluginError;
use tokio::sync::oneshot;

use crate::config::SandboxConfig;
use queue::{Queue, Role};

/// Big enough for the guest's stack and the host functions below it.
const STACK: usize = 4 * 1024 * 1024;

/// The threads and their queue; dropping it lets the calls under way end and joins the threads.
#[derive(Debug)]
pub(crate) struct Threads {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
}

impl Threads {
    pub(crate) fn start(config: &SandboxConfig) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::new(config.waiting_per_owner, config.waiting));
        let mut pool = Self { queue, threads: vec![] };
        for index in 0..config.threads.max(1) {
            pool.spawn(format!("sandbox-{index}"), Role::Any)?;
        }
        for index in 0..config.reserve_threads {
            pool.spawn(format!("sandbox-reserve-{index}"), Role::IdleOwners)?;
        }
        Ok(pool)
    }

    /// Runs `job` on a sandbox thread, in its owner's turn. A caller that goes away does not stop the job.
    pub(crate) async fn run<T, F>(&self, owner: Owner, job: F) -> Result<T, PluginError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let span = tracing::Span::current();
        let job = Box::new(move || {
            let result = span.in_scope(job);
            // Nobody waits any more: the result, instance included, is dropped here.
            let _ = answer.send(result);
        });
        self.queue.push(owner, job).map_err(|_full| PluginError::Busy)?;
        answered.await.map_err(|_gone| PluginError::Host("a sandbox thread failed during the call".to_owned()))
    }

    /// How many calls wait.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.waiting()
    }

    fn spawn(&mut self, name: String, role: Role) -> std::io::Result<()> {
        let queue = Arc::clone(&self.queue);
        let thread = std::thread::Builder::new().name(name).stack_size(STACK).spawn(move || work(&queue, role))?;
        self.threads.push(thread);
        Ok(())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            // Jobs are caught one by one, so a thread does not panic.
            let _ = thread.join();
        }
    }
}

fn work(queue: &Queue, role: Role) {
    while let Some((owner, job)) = queue.pop(role) {
        let started = Instant::now();
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("a sandbox job panicked; its caller was told that the host failed");
        }
        queue.done(owner, started.elapsed());
    }
}
