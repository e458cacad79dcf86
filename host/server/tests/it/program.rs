//! Runs the binary in a directory and an environment of its own.

use std::io::PipeWriter;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A place to run the binary in, with no variable of ours set but those given.
pub(crate) struct Program {
    pub(crate) dir: TempDir,
    variables: Vec<(String, String)>,
}

impl Program {
    pub(crate) fn new() -> Self {
        Self { dir: TempDir::new().expect("a temporary directory can be made"), variables: vec![] }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn with_file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.dir.path().join(name), text).expect("a file can be written");
        self
    }

    /// The command, to be started by the caller.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockgate"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LOCKGATE_") || name.starts_with("OTEL_"))
        {
            command.env_remove(name);
        }
        command.args(arguments).current_dir(self.dir.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary can be started")
    }

    /// What it printed, when it ended well.
    pub(crate) fn printed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("it prints UTF-8").trim().to_owned()
    }

    /// What it complained, when it did not.
    pub(crate) fn complaint(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?} ended well");
        String::from_utf8(output.stderr).expect("it complains in UTF-8").trim().to_owned()
    }
}

/// A standard error that its reader has closed.
pub(crate) fn unread() -> PipeWriter {
    let (_, writer) = std::io::pipe().expect("the system has pipes");
    writer
}
