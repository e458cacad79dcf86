//! PostgreSQL as a child process on loopback, with a random password, never as root.

mod cluster;
mod install;
mod probe;
mod user;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::control::{Ending, Managed};
use crate::error::At;
use crate::process::{Process, Signal, Slot, tail};
use crate::progress::Report;
use crate::services::Context;
use crate::{Service, StartError, port};
use cluster::Cluster;
use user::User;

/// Recovery of a large write-ahead log after a crash is what takes longest.
const PATIENCE: Duration = Duration::from_secs(120);
/// Starts that lost a port to someone else are tried again with another port.
const ATTEMPTS: usize = 3;

/// A Postgres of ours.
#[derive(Debug)]
pub(crate) struct Postgres {
    context: Context,
    bin: PathBuf,
    cluster: Cluster,
    user: Option<User>,
    port: u16,
    process: Slot,
}

impl Postgres {
    pub(crate) async fn start(context: &Context, report: &Report) -> Result<Self, StartError> {
        let user = User::to_run_as()?;
        let cluster = Cluster::open(context, user.as_ref())?;
        let bin = install::bin(context, cluster.version(), user.as_ref(), report).await?;
        let mut postgres = Self { context: context.clone(), bin, cluster, user, port: 0, process: Slot::default() };
        let mut previous = context.state.read().postgres_port;
        for attempt in 1.. {
            [postgres.port] = port::choose([previous])?;
            match postgres.launch(report).await {
                Err(StartError::Service { tail, .. })
                    if attempt < ATTEMPTS && tail.contains("Address already in use") =>
                {
                    previous = None;
                }
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        context.state.change(|state| state.postgres_port = Some(postgres.port))?;
        report.ready();
        Ok(postgres)
    }

    pub(crate) fn url(&self) -> String {
        // The password is hexadecimal: nothing in it needs escaping.
        format!("postgres://{}:{}@127.0.0.1:{}/postgres", cluster::SUPERUSER, self.cluster.password(), self.port)
    }

    async fn launch(&self, report: &Report) -> Result<(), StartError> {
        if self.cluster.version().is_none() {
            report.step("creating the database cluster");
            self.initialise().await?;
        }
        report.step("starting");
        self.cluster.end_previous().await?;
        let log = self.context.dir.log("postgres.log");
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.cluster.data());
        for setting in cluster::settings(self.port, self.context.dir.durability()) {
            command.args(["-c", &setting]);
        }
        // SIGQUIT, should we die: the postmaster takes its backends with it at once.
        let process = self.spawn(command, Signal::QUIT, &log)?;
        if let Err(reason) = probe::wait(&process, self.port, PATIENCE).await {
            process.end(Signal::QUIT, Duration::from_secs(5)).await;
            self.context.state.forget(Service::Postgres);
            return Err(failed(reason, &log));
        }
        self.process.put(process);
        Ok(())
    }

    async fn initialise(&self) -> Result<(), StartError> {
        let new = self.cluster.prepare_new()?;
        let log = self.context.dir.log("initdb.log");
        let mut command = self.command("initdb");
        command.args(self.cluster.initdb_arguments(self.major(), self.context.dir.durability())).arg("-D").arg(&new);
        let process = self.spawn(command, Signal::TERM, &log)?;
        let ended = process.wait(PATIENCE).await;
        self.context.state.forget(Service::Postgres);
        match ended {
            Some(status) if status.success() => self.cluster.adopt_new(&new),
            Some(status) => Err(failed(format!("initdb ended with {status}"), &log)),
            None => {
                process.end(Signal::TERM, Duration::from_secs(5)).await;
                Err(failed("initdb did not end".into(), &log))
            }
        }
    }

    fn major(&self) -> u32 {
        install::major_version(&self.bin.join("postgres")).unwrap_or(install::OLDEST)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command.env("LC_ALL", "C").current_dir(self.cluster.root());
        if let Some(user) = &self.user {
            user.apply(&mut command);
        }
        command
    }

    fn spawn(&self, command: Command, death: Signal, log: &Path) -> Result<Arc<Process>, StartError> {
        let process =
            Process::spawn(&self.context.spawner, command, death, log).at("run the programs in", &self.bin)?;
        self.context.state.remember(Service::Postgres, process.pid(), self.cluster.root())?;
        Ok(Arc::new(process))
    }
}

#[async_trait]
impl Managed for Postgres {
    fn which(&self) -> Service {
        Service::Postgres
    }

    fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    async fn up(&self) -> Result<(), StartError> {
        if self.pid().is_some() {
            return Ok(());
        }
        self.launch(&crate::Progress::silent().begin(Service::Postgres)).await
    }

    async fn down(&self, ending: Ending) {
        if let Some(process) = self.process.take() {
            process.end(signal(ending), Duration::from_secs(60)).await;
            self.context.state.forget(Service::Postgres);
        }
    }

    fn down_blocking(&self, ending: Ending) {
        if let Some(process) = self.process.take() {
            process.end_blocking(signal(ending), Duration::from_secs(10));
            self.context.state.forget(Service::Postgres);
        }
    }

    fn wipe(&self) -> Result<(), StartError> {
        self.cluster.wipe()
    }

    fn discard(&self) {
        self.cluster.remove();
    }
}

/// Fast shutdown (clients are disconnected, a checkpoint is written), or immediate.
fn signal(ending: Ending) -> Signal {
    match ending {
        Ending::Orderly => Signal::INT,
        Ending::Abrupt => Signal::QUIT,
    }
}

fn failed(reason: String, log: &Path) -> StartError {
    StartError::Service { service: Service::Postgres, reason, log: log.to_owned(), tail: tail(log) }
}
