//! Prepares the plugins of active revisions before a transfer needs them: at the start, and whenever they change.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lockgate_core::plugin::PluginDigest;
use lockgate_core::ports::{PluginRunner, Registry, StoreError};

/// How often active revisions are looked at.
const EVERY: Duration = Duration::from_secs(2);
/// How soon a plugin that could not be prepared is tried again.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// Prepares plugins.
#[derive(Debug)]
pub(crate) struct Preparer {
    registry: Arc<dyn Registry>,
    runner: Arc<dyn PluginRunner>,
    prepared: HashSet<PluginDigest>,
    failed: HashMap<PluginDigest, Instant>,
}

impl Preparer {
    /// Nothing is prepared yet.
    pub(crate) fn new(registry: Arc<dyn Registry>, runner: Arc<dyn PluginRunner>) -> Self {
        Self { registry, runner, prepared: HashSet::new(), failed: HashMap::new() }
    }

    /// Looks for ever.
    pub(crate) async fn run(mut self) {
        loop {
            if let Err(error) = self.look().await {
                tracing::debug!(error = %error, "Active revisions could not be looked at.");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    async fn look(&mut self) -> Result<(), StoreError> {
        let active: HashSet<PluginDigest> = self
            .registry
            .active_revisions()
            .await?
            .iter()
            .flat_map(|revision| revision.bindings.iter().map(|binding| binding.plugin))
            .collect();
        for digest in active.difference(&self.prepared.clone()) {
            if self.failed.get(digest).is_some_and(|at| at.elapsed() < AFTER_FAILURE) {
                continue;
            }
            match self.runner.prepare(digest).await {
                Ok(()) => {
                    tracing::info!(plugin.digest = %digest, "A plugin is prepared.");
                    self.prepared.insert(*digest);
                    self.failed.remove(digest);
                }
                Err(error) => {
                    tracing::warn!(plugin.digest = %digest, error = %error, "A plugin could not be prepared yet.");
                    self.failed.insert(*digest, Instant::now());
                }
            }
        }
        self.prepared.retain(|digest| active.contains(digest));
        self.failed.retain(|digest, _| active.contains(digest));
        Ok(())
    }
}
