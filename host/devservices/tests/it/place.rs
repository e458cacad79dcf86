//! Where the tests' services live, and waiting without sleeping.

use std::path::Path;
use std::time::{Duration, Instant};

use lockgate_devservices::{Options, Progress};

/// Services whose data stays in `dir` between starts.
pub(crate) fn kept_in(dir: &Path) -> Options {
    Options { progress: Progress::silent(), ..Options::new(dir.join("data")) }
}

/// Looks again and again until `condition` holds.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < deadline, "still not so after a minute: {what}");
        tokio::task::yield_now().await;
    }
}

/// Whether a process with this id runs (and is not merely waiting to be reaped).
pub(crate) fn runs(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

/// All running processes whose command line names `dir`.
pub(crate) fn naming(dir: &Path) -> Vec<u32> {
    let dir = dir.display().to_string();
    let pids = std::fs::read_dir("/proc").expect("Linux").flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            runs(*pid) && String::from_utf8_lossy(&command).contains(&dir)
        })
        .collect()
}
