//! Ends what a killed previous run left behind, and nothing else.
//!
//! A pid alone proves nothing, since it may have been given to someone else. A process is ours
//! when its pid *and* start time are those we recorded and its command line names our directory.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde::{Deserialize, Serialize};

/// A child as the state file remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recorded {
    pub(crate) pid: u32,
    /// When it was started, in the unit of the system at hand; compared, never computed with.
    pub(crate) started: String,
    /// A directory that its command line names.
    pub(crate) dir: String,
}

impl Recorded {
    /// Notes a running child; `None` when it has already ended.
    pub(crate) fn new(pid: u32, dir: &Path) -> Option<Self> {
        Some(Self { pid, started: started(pid)?, dir: dir.display().to_string() })
    }

    fn still_runs(&self) -> bool {
        started(self.pid).is_some_and(|now| now == self.started) && command_line(self.pid).contains(&self.dir)
    }
}

/// Ends the recorded processes that still run: asked first, killed after five seconds.
pub(crate) async fn end_leftovers(recorded: &[Recorded]) {
    for leftover in recorded.iter().filter(|leftover| leftover.still_runs()) {
        tracing::warn!(process.pid = leftover.pid, "ending a service that a killed previous run left");
        // SIGQUIT makes Postgres end at once with all its backends, but only prints stacks of a JVM.
        for signal in [Signal::QUIT, Signal::TERM, Signal::KILL] {
            let deadline = Instant::now() + Duration::from_secs(if signal == Signal::QUIT { 1 } else { 5 });
            send(leftover.pid, signal);
            while leftover.still_runs() && Instant::now() < deadline {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            if !leftover.still_runs() {
                break;
            }
        }
    }
}

/// Whether a process with this id exists (it may be anyone's).
pub(crate) fn is_alive(pid: u32) -> bool {
    pid_of(pid).is_some_and(|pid| !matches!(test_kill_process(pid), Err(rustix::io::Errno::SRCH)))
}

fn send(pid: u32, signal: Signal) {
    if let Some(pid) = pid_of(pid) {
        let _ = kill_process(pid, signal);
    }
}

fn pid_of(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

#[cfg(target_os = "linux")]
fn started(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may itself hold spaces and parentheses. After it: state (a zombie has
    // ended), and start time as field 22 of the whole line, the 20th from here.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    (state != "Z" && state != "X").then(|| fields.nth(18).map(str::to_owned)).flatten()
}

#[cfg(target_os = "linux")]
fn command_line(pid: u32) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

#[cfg(not(target_os = "linux"))]
fn started(pid: u32) -> Option<String> {
    ps(pid, "lstart=")
}

#[cfg(not(target_os = "linux"))]
fn command_line(pid: u32) -> String {
    ps(pid, "command=").unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
fn ps(pid: u32, column: &str) -> Option<String> {
    let output = std::process::Command::new("ps").args(["-ww", "-o", column, "-p", &pid.to_string()]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests;
