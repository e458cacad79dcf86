//! The sandbox as the port sees it.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use lockgate_core::fault::Fault;
use lockgate_core::notification::{Event, Message};
use lockgate_core::plugin::PluginDigest;
use lockgate_core::policy::Binding;
use lockgate_core::ports::{
    Checked, Inspected, Masking, PluginArchive, PluginError, PluginRunner, PrepareError, Subject, Validating, Vault,
};
use lockgate_core::route::Target;

use crate::cache::Cache;
use crate::check;
use crate::config::SandboxConfig;
use crate::engine::{self, Ticker};
use crate::hook::{mask::MaskSession, notify, route, validate::ValidateSession};
use crate::library::Library;
use crate::quarantine::{Quarantine, Quarantined};
use crate::reuse::Idle;
use crate::session::{Purpose, Session, Shared};
use crate::threads::Threads;

/// Runs plugins on wasmtime.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

/// The sandbox cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The engine refuses its profile on this machine.
    #[error("the WebAssembly engine cannot be set up: {0}; is the address space limited (`ulimit -v`)?")]
    Engine(String),
    /// Threads or the cache folder could not be made.
    #[error("the sandbox cannot be set up: {0}")]
    Io(#[from] std::io::Error),
}

/// How the sandbox is doing; for metrics and operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Calls that wait for a thread.
    pub waiting: usize,
    /// Instances kept to be used again.
    pub idle: usize,
    /// Bindings that are not run for now.
    pub quarantined: Vec<Quarantined>,
}

impl Sandbox {
    /// Sets up engine, ticker, threads and cache.
    pub fn new(
        config: SandboxConfig,
        archive: Arc<dyn PluginArchive>,
        vault: Arc<dyn Vault>,
    ) -> Result<Self, SandboxError> {
        let engine =
            engine::serving(config.instances.max(1)).map_err(|error| SandboxError::Engine(format!("{error:#}")))?;
        let compatibility = engine::compatibility(&engine);
        let cache = Cache::open(config.cache.clone(), config.cache_key.as_ref(), compatibility)?;
        let ticker = Ticker::start(&engine)?;
        let shared = Shared {
            library: Library::new(engine, archive, cache, &config),
            threads: Threads::start(&config)?,
            idle: Idle::new(config.reuse),
            quarantine: Quarantine::new(config.quarantine, Arc::clone(&config.clock)),
            vault,
            _ticker: ticker,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    #[cfg(feature = "measure")]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// How it is doing.
    pub fn status(&self) -> Status {
        Status {
            waiting: self.shared.threads.waiting(),
            idle: self.shared.idle.len(),
            quarantined: self.shared.quarantine.list(),
        }
    }
}

#[async_trait]
impl PluginRunner for Sandbox {
    async fn inspect(&self, component: Bytes) -> Result<Inspected, PrepareError> {
        self.shared.library.inspect(component).await.map(|facts| facts.inspected)
    }

    async fn prepare(&self, plugin: &PluginDigest) -> Result<(), PrepareError> {
        self.shared.library.get(plugin).await.map(|_| ())
    }

    async fn check(&self, binding: &Binding) -> Result<Checked, PrepareError> {
        let prepared = self.shared.library.get(&binding.plugin).await?;
        let manifest = prepared.facts.manifest().clone();
        check::check(binding, &manifest)?;
        let granted = binding.grants.iter().map(lockgate_core::policy::Grant::capability).collect();
        prepared.linked(binding.hook, &granted)?;
        match Session::open(&self.shared, binding, binding.hook, Purpose::Trial).await {
            Ok(_configured) => Ok(Checked { manifest }),
            Err(PluginError::Fault(Fault::Configure { message })) => Err(PrepareError::Settings(message)),
            Err(PluginError::Fault(fault)) => Err(PrepareError::Settings(format!("with them, {fault}"))),
            Err(error) => Err(PrepareError::Host(error.to_string())),
        }
    }

    async fn validate(&self, binding: &Binding, subject: &Subject) -> Result<Box<dyn Validating>, PluginError> {
        Ok(Box::new(ValidateSession::open(&self.shared, binding, subject).await?))
    }

    async fn mask(&self, binding: &Binding, subject: &Subject) -> Result<Box<dyn Masking>, PluginError> {
        Ok(Box::new(MaskSession::open(&self.shared, binding, subject).await?))
    }

    async fn route(&self, binding: &Binding, subject: &Subject) -> Result<Vec<Target>, PluginError> {
        route::decide(&self.shared, binding, subject).await
    }

    async fn notify(&self, binding: &Binding, event: &Event) -> Result<Vec<Message>, PluginError> {
        notify::compose(&self.shared, binding, event).await
    }

    fn report(&self, binding: &Binding, fault: &Fault) {
        self.shared.quarantine.record(binding.id, fault);
    }
}
