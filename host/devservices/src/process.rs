//! A child process of ours: observed, signalled and ended without ever touching a recycled pid.

mod leftover;
mod spawner;

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

pub(crate) use leftover::{Recorded, end_leftovers, is_alive};
pub(crate) use rustix::process::Signal;
pub(crate) use spawner::Spawner;

const POLL: Duration = Duration::from_millis(20);

/// A running (or ended) child and the file that holds what it printed.
#[derive(Debug)]
pub(crate) struct Process {
    child: Mutex<Child>,
    pid: u32,
}

impl Process {
    /// Spawns `command` in its own process group with its output appended to `log`.
    pub(crate) fn spawn(spawner: &Spawner, mut command: Command, death: Signal, log: &Path) -> io::Result<Self> {
        let output = append(log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = spawner.spawn(command, death)?;
        Ok(Self { pid: child.id(), child: Mutex::new(child) })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// How it ended, if it did.
    pub(crate) fn exited(&self) -> Option<ExitStatus> {
        self.child().try_wait().ok().flatten()
    }

    /// Sends a signal unless the process has ended; an ended one is reaped, so the pid is still ours.
    pub(crate) fn signal(&self, signal: Signal) {
        let mut child = self.child();
        if matches!(child.try_wait(), Ok(None))
            && let Some(pid) = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw)
        {
            // It may end between the two calls; being gone is what the signal was to achieve.
            let _ = rustix::process::kill_process(pid, signal);
        }
    }

    /// Waits for the end, at most this long.
    pub(crate) async fn wait(&self, at_most: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + at_most;
        loop {
            let exited = self.exited();
            if exited.is_some() || Instant::now() >= deadline {
                return exited;
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Asks it to end, and kills it when it has not after `grace`.
    pub(crate) async fn end(&self, signal: Signal, grace: Duration) {
        self.signal(signal);
        if self.wait(grace).await.is_none() {
            tracing::warn!(process.pid = self.pid, "a local service did not stop in time and is killed");
            self.signal(Signal::KILL);
            self.wait(Duration::from_secs(10)).await;
        }
    }

    /// [`Process::end`] for places that cannot await, such as `Drop`.
    pub(crate) fn end_blocking(&self, signal: Signal, grace: Duration) {
        self.signal(signal);
        let deadline = Instant::now() + grace;
        while self.exited().is_none() {
            if Instant::now() >= deadline {
                self.signal(Signal::KILL);
                let _ = self.child().wait();
                return;
            }
            std::thread::sleep(POLL);
        }
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The place of a service's current process: empty while it is stopped.
#[derive(Debug, Default)]
pub(crate) struct Slot(Mutex<Option<std::sync::Arc<Process>>>);

impl Slot {
    pub(crate) fn put(&self, process: std::sync::Arc<Process>) {
        *self.inner() = Some(process);
    }

    pub(crate) fn take(&self) -> Option<std::sync::Arc<Process>> {
        self.inner().take()
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.inner().as_ref().map(|process| process.pid())
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Option<std::sync::Arc<Process>>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn append(log: &Path) -> io::Result<File> {
    if let Some(dir) = log.parent() {
        std::fs::create_dir_all(dir)?;
    }
    OpenOptions::new().create(true).append(true).open(log)
}

/// The last 20 lines of a log, for errors.
pub(crate) fn tail(log: &Path) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
