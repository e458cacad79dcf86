//! Apache Kafka from its published jars, as a single KRaft node on loopback.

mod config;
mod install;
mod probe;
mod secured;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;

use crate::control::{Ending, Managed};
use crate::error::At;
use crate::process::{Process, Signal, Slot, tail};
use crate::progress::Report;
use crate::services::Context;
use crate::{SecuredKafka, Service, StartError, port, tools};

/// A cold JVM on a busy two-core machine takes 15 s; after a crash the controller adds the old
/// broker session's timeout.
const PATIENCE: Duration = Duration::from_secs(120);
/// Starts that lost a port to someone else are tried again with other ports.
const ATTEMPTS: usize = 3;

/// A Kafka of ours.
#[derive(Debug)]
pub(crate) struct Kafka {
    context: Context,
    java: PathBuf,
    libs: PathBuf,
    dir: PathBuf,
    ports: config::Ports,
    secured: bool,
    process: Slot,
}

impl Kafka {
    pub(crate) async fn start(context: &Context, secured: bool, report: &Report) -> Result<Self, StartError> {
        let java = tools::java()?;
        let libs = install::libs(context, report).await?;
        let state = context.state.read();
        let mut kafka = Self {
            dir: context.dir.path().join("kafka"),
            context: context.clone(),
            java,
            libs,
            ports: config::Ports::default(),
            secured,
            process: Slot::default(),
        };
        let mut previous = [state.kafka_port, state.kafka_controller_port];
        for attempt in 1.. {
            let [broker, controller, tls, sasl_tls, sasl] = port::choose([previous[0], previous[1], None, None, None])?;
            let secured = kafka.secured.then_some(secured::Ports { tls, sasl_tls, sasl });
            kafka.ports = config::Ports { broker, controller, secured };
            match kafka.launch(report).await {
                Err(StartError::Service { tail, .. })
                    if attempt < ATTEMPTS && tail.contains("Address already in use") =>
                {
                    previous = [None, None];
                }
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        context.state.change(|state| {
            state.kafka_port = Some(kafka.ports.broker);
            state.kafka_controller_port = Some(kafka.ports.controller);
        })?;
        report.ready();
        Ok(kafka)
    }

    pub(crate) fn brokers(&self) -> String {
        format!("127.0.0.1:{}", self.ports.broker)
    }

    pub(crate) fn secured(&self) -> Option<SecuredKafka> {
        self.ports.secured.map(secured::endpoints)
    }

    fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    async fn launch(&self, report: &Report) -> Result<(), StartError> {
        std::fs::create_dir_all(&self.dir).at("create", &self.dir)?;
        let properties = self.dir.join("server.properties");
        let mut settings = config::properties(self.ports, &self.data());
        if self.ports.secured.is_some() {
            settings.push_str(&secured::properties(&secured::certificates(&self.dir)?));
        }
        std::fs::write(&properties, settings).at("write", &properties)?;
        if !self.data().join("meta.properties").exists() {
            report.step("formatting its storage");
            self.format(&properties).await?;
        }
        report.step("starting");
        let mut command = self.java_command();
        command.arg("kafka.Kafka").arg(&properties);
        let log = self.context.dir.log("kafka.log");
        let process = self.spawn(command, &log)?;
        if let Err(reason) = probe::wait(&process, self.ports.broker, PATIENCE).await {
            process.end(Signal::KILL, Duration::from_secs(5)).await;
            self.context.state.forget(Service::Kafka);
            return Err(failed(reason, &log));
        }
        self.process.put(process);
        Ok(())
    }

    async fn format(&self, properties: &Path) -> Result<(), StartError> {
        let log = self.context.dir.log("kafka-format.log");
        let mut command = self.java_command();
        command.args(["kafka.tools.StorageTool", "format", "--cluster-id", &cluster_id(), "--config"]).arg(properties);
        if self.ports.secured.is_some() {
            command.args(secured::users());
        }
        let process = self.spawn(command, &log)?;
        let ended = process.wait(PATIENCE).await;
        self.context.state.forget(Service::Kafka);
        match ended {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(failed(format!("formatting its storage ended with {status}"), &log)),
            None => {
                process.end(Signal::KILL, Duration::from_secs(5)).await;
                Err(failed("formatting its storage did not end".into(), &log))
            }
        }
    }

    fn java_command(&self) -> Command {
        let mut command = Command::new(&self.java);
        command.current_dir(&self.dir).args(config::JVM).arg("-cp").arg(self.libs.join("*"));
        command
    }

    fn spawn(&self, command: Command, log: &Path) -> Result<Arc<Process>, StartError> {
        // SIGTERM, should we die: half a second later Kafka is gone, and its next start need not
        // wait until the session of the vanished broker has timed out.
        let process = Process::spawn(&self.context.spawner, command, Signal::TERM, log).at("run", &self.java)?;
        self.context.state.remember(Service::Kafka, process.pid(), &self.dir)?;
        Ok(Arc::new(process))
    }
}

#[async_trait]
impl Managed for Kafka {
    fn which(&self) -> Service {
        Service::Kafka
    }

    fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    async fn up(&self) -> Result<(), StartError> {
        if self.pid().is_some() {
            return Ok(());
        }
        self.launch(&crate::Progress::silent().begin(Service::Kafka)).await
    }

    async fn down(&self, ending: Ending) {
        if let Some(process) = self.process.take() {
            process.end(signal(ending), Duration::from_secs(15)).await;
            self.context.state.forget(Service::Kafka);
        }
    }

    fn down_blocking(&self, ending: Ending) {
        if let Some(process) = self.process.take() {
            process.end_blocking(signal(ending), Duration::from_secs(5));
            self.context.state.forget(Service::Kafka);
        }
    }

    fn wipe(&self) -> Result<(), StartError> {
        let data = self.data();
        if data.exists() { std::fs::remove_dir_all(&data).at("remove", data) } else { Ok(()) }
    }
}

fn signal(ending: Ending) -> Signal {
    match ending {
        Ending::Orderly => Signal::TERM,
        Ending::Abrupt => Signal::KILL,
    }
}

fn failed(reason: String, log: &Path) -> StartError {
    StartError::Service { service: Service::Kafka, reason, log: log.to_owned(), tail: tail(log) }
}

/// Kafka's ids are 16 bytes in URL-safe base64; one that begins with `-` would read as an option.
fn cluster_id() -> String {
    loop {
        let id = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(uuid::Uuid::new_v4().as_bytes());
        if !id.starts_with('-') {
            return id;
        }
    }
}
