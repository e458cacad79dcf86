//! Other programs: run in sight, with an error that says which step failed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// A command whose output goes to the terminal.
#[derive(Debug)]
pub(crate) struct Step(Command);

/// The cargo that runs us.
pub(crate) fn cargo<const N: usize>(root: &Path, arguments: [&str; N]) -> Step {
    program(root, std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), arguments)
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

/// Any program, run in the repository's root.
pub(crate) fn program<const N: usize>(root: &Path, name: impl AsRef<OsStr>, arguments: [&str; N]) -> Step {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(root);
    Step(command)
}

impl Step {
    pub(crate) fn args(mut self, arguments: &[String]) -> Self {
        self.0.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    /// Runs to the end; `failure` says what a bad end means.
    pub(crate) fn run(mut self, failure: &str) -> Result<()> {
        let status = self.0.status().with_context(|| format!("{:?} did not run", self.0.get_program()))?;
        if !status.success() {
            bail!("{failure} ({:?} ended with {status})", self.0.get_program());
        }
        Ok(())
    }
}
