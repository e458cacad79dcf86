//! The stage: real services and hosts as child processes, for the demo and for proofs.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use axum::body::Bytes;
use hyper::Method;
use lockgate_devservices::{Options, Services};

use crate::client::Client;
use crate::shell::cargo;

/// Services and hosts that end with it.
#[derive(Debug)]
pub(crate) struct Stage {
    // Dropped in this order: hosts end before what they stand on.
    pub(crate) hosts: Vec<Host>,
    pub(crate) services: Services,
    binary: PathBuf,
    dir: PathBuf,
    settings: BTreeMap<String, String>,
}

/// One `lockgate serve`.
#[derive(Debug)]
pub(crate) struct Host {
    /// `http://127.0.0.1:port` of the API.
    pub(crate) base: String,
    /// The same of the admin port.
    pub(crate) admin: String,
    name: String,
    child: Option<Child>,
}

impl Host {
    /// The process, while it runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }
}

/// What a stage is made of.
#[derive(Debug)]
pub(crate) struct Plot {
    /// How many hosts.
    pub(crate) hosts: usize,
    /// The services: kept or thrown away.
    pub(crate) services: Options,
    /// Whether the binary is optimised.
    pub(crate) release: bool,
    /// Further settings, as environment of the hosts.
    pub(crate) settings: Vec<(&'static str, String)>,
}

impl Stage {
    /// Builds the binary, starts the services, migrates, and starts the hosts.
    pub(crate) async fn set(root: &Path, dir: &Path, plot: Plot) -> Result<Self> {
        let binary = build(root, plot.release)?;
        std::fs::create_dir_all(dir).with_context(|| format!("{} cannot be made", dir.display()))?;
        let services = Services::start(plot.services).await?;
        let endpoints = services.endpoints().clone();
        let s3 = endpoints.s3.context("no S3 was started")?;
        let mut settings = BTreeMap::from([
            ("LOCKGATE_ENVIRONMENT".to_owned(), "development".to_owned()),
            ("LOCKGATE_IDENTITY__MODE".to_owned(), "development".to_owned()),
            ("LOCKGATE_DATA_DIR".to_owned(), dir.join("data").display().to_string()),
            ("LOCKGATE_KAFKA__BROKERS".to_owned(), endpoints.kafka_brokers.context("no Kafka was started")?),
            ("LOCKGATE_DATABASE__URL".to_owned(), endpoints.postgres_url.context("no Postgres was started")?),
            ("LOCKGATE_S3__ENDPOINT".to_owned(), s3.endpoint),
            ("LOCKGATE_S3__REGION".to_owned(), s3.region),
            ("LOCKGATE_S3__ACCESS_KEY".to_owned(), s3.access_key),
            ("LOCKGATE_S3__SECRET_KEY".to_owned(), s3.secret_key),
            ("LOCKGATE_SECRETS__KEY".to_owned(), secrets_key(dir)?),
            ("LOCKGATE_CONNECTORS__ALLOW_PRIVATE_ADDRESSES".to_owned(), "true".to_owned()),
            // One sender and one operator stand for everybody here.
            ("LOCKGATE_LIMITS__REQUESTS_PER_MINUTE".to_owned(), "10000000".to_owned()),
        ]);
        settings.extend(plot.settings.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let mut stage = Self { hosts: vec![], services, binary, dir: dir.to_owned(), settings };
        stage.run(&["migrate"])?;
        for number in 1..=plot.hosts {
            let host =
                Host { base: free_address()?, admin: free_address()?, name: format!("host-{number}"), child: None };
            stage.hosts.push(host);
        }
        for index in 0..plot.hosts {
            stage.start_host(index)?;
        }
        for index in 0..plot.hosts {
            stage.ready(index).await?;
        }
        Ok(stage)
    }

    /// Starts one more host, with settings of its own besides those of all; gives its index.
    pub(crate) async fn add_host(&mut self, own: &[(&str, String)]) -> Result<usize> {
        let index = self.hosts.len();
        let name = format!("host-{}", index + 1);
        self.hosts.push(Host { base: free_address()?, admin: free_address()?, name, child: None });
        self.launch(index, own)?;
        self.ready(index).await?;
        Ok(index)
    }

    /// Starts a host that does not run.
    pub(crate) fn start_host(&mut self, index: usize) -> Result<()> {
        self.launch(index, &[])
    }

    fn launch(&mut self, index: usize, own: &[(&str, String)]) -> Result<()> {
        let host = &mut self.hosts[index];
        let log = self.dir.join(format!("{}.log", host.name));
        let log = File::options().create(true).append(true).open(&log).context("no log file")?;
        let child = Command::new(&self.binary)
            .arg("serve")
            .current_dir(&self.dir)
            .envs(&self.settings)
            .envs(own.iter().map(|(name, value)| (name, value)))
            .env("LOCKGATE_HTTP__LISTEN", host.base.trim_start_matches("http://"))
            .env("LOCKGATE_HTTP__PUBLIC_URL", self.settings.get("LOCKGATE_HTTP__PUBLIC_URL").unwrap_or(&host.base))
            .env("LOCKGATE_ADMIN__LISTEN", host.admin.trim_start_matches("http://"))
            .env("OTEL_SERVICE_NAME", "lockgate")
            .env("OTEL_RESOURCE_ATTRIBUTES", format!("service.instance.id={}", host.name))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} did not start", self.binary.display()))?;
        host.child = Some(child);
        Ok(())
    }

    /// Waits until a host is ready.
    pub(crate) async fn ready(&mut self, index: usize) -> Result<()> {
        let until = Instant::now() + Duration::from_secs(60);
        let client = Client::new(&self.hosts[index].admin, "");
        while Instant::now() < until {
            let answer = client.send(Method::GET, "/readyz", &[], Bytes::new()).await;
            if answer.is_ok_and(|(status, _)| status.is_success()) {
                return Ok(());
            }
            let host = &mut self.hosts[index];
            if let Some(status) = host.child.as_mut().and_then(|it| it.try_wait().ok().flatten()) {
                bail!("{} ended with {status}; see {}/{}.log", host.name, self.dir.display(), host.name);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("{} is not ready after a minute; see its log in {}", self.hosts[index].name, self.dir.display())
    }

    /// Ends a host as a power cut would.
    pub(crate) fn kill_host(&mut self, index: usize) -> Result<()> {
        if let Some(mut child) = self.hosts[index].child.take() {
            child.kill().context("the host could not be killed")?;
            child.wait().context("the killed host left no status")?;
        }
        Ok(())
    }

    /// A client of the first host in a role; `partner` is a slug or empty for operators.
    pub(crate) fn client(&self, role: &str, partner: &str) -> Result<Client> {
        let mut arguments = vec!["token", "--role", role, "--ttl", "12h"];
        if !partner.is_empty() {
            arguments.extend(["--partner", partner]);
        }
        let token = self.run(&arguments)?;
        Ok(Client::new(&self.hosts[0].base, token.trim()))
    }

    /// Ends hosts in order, then the services.
    pub(crate) async fn strike(mut self) {
        for host in &mut self.hosts {
            if let Some(child) = &host.child {
                terminate(child.id());
            }
        }
        for host in &mut self.hosts {
            if let Some(mut child) = host.child.take() {
                let _ended = tokio::task::spawn_blocking(move || child.wait()).await;
            }
        }
        self.services.stop().await;
    }

    /// Runs a short command of the binary and gives back what it printed.
    fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new(&self.binary)
            .args(arguments)
            .current_dir(&self.dir)
            .envs(&self.settings)
            .output()
            .with_context(|| format!("{} did not run", self.binary.display()))?;
        if !output.status.success() {
            bail!("`lockgate {}` failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        String::from_utf8(output.stdout).context("the binary printed something that is not UTF-8")
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _killed = child.kill();
            let _ended = child.wait();
        }
    }
}

fn terminate(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) {
        let _sent = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
}

fn build(root: &Path, release: bool) -> Result<PathBuf> {
    let profile: &[String] = if release { &["--release".to_owned()] } else { &[] };
    cargo(root, ["build", "--quiet", "--bin", "lockgate"]).args(profile).run("the host did not build")?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join(if release { "release" } else { "debug" }).join("lockgate"))
}

fn free_address() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free port")?;
    Ok(format!("http://{}", listener.local_addr()?))
}

/// The key that seals secrets: made once per directory, so that kept data stays readable.
fn secrets_key(dir: &Path) -> Result<String> {
    let file = dir.join("secrets.key");
    if let Ok(key) = std::fs::read_to_string(&file) {
        return Ok(key);
    }
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("no randomness"))?;
    let key: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    std::fs::write(&file, &key).with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(key)
}
