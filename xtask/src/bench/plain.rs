//! The peers: the programs of `host/store/examples/plain`, built optimised and run as processes of their own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::client::Client;
use crate::shell::{cargo, target_dir};
use crate::stage::Stage;

/// Connections of the gate for what people read, by default; the peer has as many.
const CONNECTIONS: &str = "16";

/// The built peers.
#[derive(Debug)]
pub(super) struct Plain {
    program: PathBuf,
    statements: PathBuf,
}

/// The peer as it serves; ends with this.
#[derive(Debug)]
pub(super) struct Serving {
    pub(super) client: Client,
    child: Child,
}

impl Plain {
    pub(super) fn build(root: &Path) -> Result<Self> {
        cargo(root, ["build", "--quiet", "--release", "--example", "plain"]).run("the peer did not build")?;
        Ok(Self { program: target_dir(root).join("release/examples/plain"), statements: root.join(".sqlx") })
    }

    /// Serves the list.
    pub(super) fn list(&self, stage: &Stage) -> Result<Serving> {
        let mut list = Command::new(&self.program);
        Serving::start(list.args(["list", database(stage)?, CONNECTIONS]).arg(&self.statements))
    }

    /// Serves single inserts, by as many connections as there are clients.
    pub(super) fn inserts(&self, stage: &Stage, clients: usize) -> Result<Serving> {
        Serving::start(Command::new(&self.program).args(["inserts", database(stage)?, &clients.to_string()]))
    }

    /// Commits a second of single inserts by so many clients.
    pub(super) fn commits(&self, stage: &Stage, clients: usize, turn: Duration) -> Result<f64> {
        self.number(&["commits", database(stage)?, &clients.to_string(), &turn.as_secs().to_string()], "")
    }

    /// Messages a second of a loop that keeps each in a row, by so many clients. A message is a line: where it goes, its
    /// headers and its body.
    pub(super) fn kept(&self, stage: &Stage, clients: usize, messages: &str) -> Result<f64> {
        self.number(&["kept", database(stage)?, &clients.to_string()], messages)
    }

    /// What a peer prints that is given so much to read.
    fn number(&self, arguments: &[&str], input: &str) -> Result<f64> {
        let mut peer = Command::new(&self.program);
        peer.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut peer = peer.spawn().context("the peer did not start")?;
        peer.stdin
            .take()
            .context("the peer reads nothing")?
            .write_all(input.as_bytes())
            .context("the peer went away")?;
        let output = peer.wait_with_output().context("the peer cannot be waited for")?;
        ensure!(output.status.success(), "the peer failed: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout)?.trim().parse().context("the peer prints a number")
    }
}

impl Serving {
    /// Starts a peer that prints its address first.
    fn start(peer: &mut Command) -> Result<Self> {
        let mut child = peer.stdout(Stdio::piped()).spawn().context("the peer did not start")?;
        let mut address = String::new();
        BufReader::new(child.stdout.take().context("the peer says nothing")?).read_line(&mut address)?;
        Ok(Self { client: Client::new(format!("http://{}", address.trim()), ""), child })
    }
}

fn database(stage: &Stage) -> Result<&str> {
    stage.services.endpoints().postgres_url.as_deref().context("no Postgres was started")
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}
