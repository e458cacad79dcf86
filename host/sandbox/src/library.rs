//! The library: plugin versions ready to run, each inspected and compiled once.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use lockgate_core::digest::Digest;
use lockgate_core::hook::Hook;
use lockgate_core::plugin::{CapabilityName, PluginDigest};
use lockgate_core::ports::{PluginArchive, PrepareError};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::cache::Cache;
use crate::compile::compile;
use crate::config::{Compiler, SandboxConfig};
use crate::inspect::{self, Facts};
use crate::linked::Linked;

/// A hook and what is granted: components are linked once for each.
type Use = (Hook, BTreeSet<CapabilityName>);

/// A plugin version that can be linked and run.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) facts: Facts,
    component: Component,
    linked: Mutex<HashMap<Use, Arc<Linked>>>,
}

/// Prepares plugin versions and keeps them.
#[derive(Debug)]
pub(crate) struct Library {
    engine: Engine,
    archive: Arc<dyn PluginArchive>,
    cache: Arc<Cache>,
    compiler: Compiler,
    component_bytes: u64,
    room: usize,
    shelf: Mutex<Shelf>,
    // One compilation at a time leaves the other cores to the transfers under way.
    compiling: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Shelf {
    prepared: HashMap<PluginDigest, (u64, Arc<Prepared>)>,
    clock: u64,
}

impl Library {
    pub(crate) fn new(engine: Engine, archive: Arc<dyn PluginArchive>, cache: Cache, config: &SandboxConfig) -> Self {
        Self {
            engine,
            archive,
            cache: Arc::new(cache),
            compiler: config.compiler.clone(),
            component_bytes: config.component_bytes,
            room: config.prepared.max(1),
            shelf: Mutex::default(),
            compiling: tokio::sync::Mutex::default(),
        }
    }

    /// Looks at a component on a thread where that may take its time.
    pub(crate) async fn inspect(&self, component: Bytes) -> Result<Facts, PrepareError> {
        let limit = self.component_bytes;
        blocking(move || inspect::inspect(&component, limit)).await?
    }

    /// The plugin version, prepared now if it was not yet.
    pub(crate) async fn get(&self, digest: &PluginDigest) -> Result<Arc<Prepared>, PrepareError> {
        if let Some(prepared) = self.shelf().find(digest) {
            return Ok(prepared);
        }
        let component = self.archive.get(digest).await.map_err(PrepareError::Host)?;
        let component = component.ok_or(PrepareError::Unknown(*digest))?;
        if Digest::of(&component) != *digest {
            return Err(PrepareError::Host(format!("the archive holds other bytes under {digest}")));
        }
        let facts = self.inspect(component.clone()).await?;
        if let Some(component) = self.cached(digest).await? {
            return Ok(self.keep(digest, facts, component));
        }
        let _turn = self.compiling.lock().await;
        if let Some(prepared) = self.shelf().find(digest) {
            return Ok(prepared);
        }
        tracing::info!(plugin.digest = %digest, plugin.name = %facts.manifest().name, "compiling a plugin");
        let compiled = compile(&self.compiler, component).await?;
        let (engine, cache, digest) = (self.engine.clone(), Arc::clone(&self.cache), *digest);
        let component = blocking(move || {
            cache.write(&digest, &compiled);
            load(&engine, &compiled)
        })
        .await?
        .map_err(|error| PrepareError::Compile(format!("{error:#}")))?;
        Ok(self.keep(&digest, facts, component))
    }

    async fn cached(&self, digest: &PluginDigest) -> Result<Option<Component>, PrepareError> {
        let (engine, cache, digest) = (self.engine.clone(), Arc::clone(&self.cache), *digest);
        blocking(move || {
            let compiled = cache.read(&digest)?;
            load(&engine, &compiled)
                .inspect_err(|error| {
                    tracing::warn!(plugin.digest = %digest, error = %error, "a cached plugin does not fit and is compiled again");
                })
                .ok()
        })
        .await
    }

    fn keep(&self, digest: &PluginDigest, facts: Facts, component: Component) -> Arc<Prepared> {
        let prepared = Arc::new(Prepared { facts, component, linked: Mutex::default() });
        self.shelf().put(*digest, Arc::clone(&prepared), self.room);
        prepared
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // No code that can panic runs under the lock.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn find(&mut self, digest: &PluginDigest) -> Option<Arc<Prepared>> {
        self.clock += 1;
        let (used, prepared) = self.prepared.get_mut(digest)?;
        *used = self.clock;
        Some(Arc::clone(prepared))
    }

    fn put(&mut self, digest: PluginDigest, prepared: Arc<Prepared>, room: usize) {
        self.clock += 1;
        self.prepared.insert(digest, (self.clock, prepared));
        while self.prepared.len() > room {
            let oldest = self.prepared.iter().min_by_key(|(_, (used, _))| *used).map(|(digest, _)| *digest);
            if let Some(oldest) = oldest {
                self.prepared.remove(&oldest);
            }
        }
    }
}

impl Prepared {
    /// The component linked for a hook with these grants.
    pub(crate) fn linked(&self, hook: Hook, granted: &BTreeSet<CapabilityName>) -> Result<Arc<Linked>, PrepareError> {
        let mut all = self.linked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(linked) = all.get(&(hook, granted.clone())) {
            return Ok(Arc::clone(linked));
        }
        if let Some(missing) = self.facts.imports.iter().find(|capability| !granted.contains(capability)) {
            return Err(PrepareError::Import {
                import: format!("lockgate:host/{}", missing.name()),
                why: "the binding does not grant".to_owned(),
            });
        }
        let linked = Linked::new(self.component.engine(), &self.component, hook, granted)
            .map_err(|error| PrepareError::Contract(format!("{error:#}")))?;
        let linked = Arc::new(linked);
        all.insert((hook, granted.clone()), Arc::clone(&linked));
        Ok(linked)
    }
}

/// From compiled form to component.
#[allow(unsafe_code)]
fn load(engine: &Engine, compiled: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: these bytes are machine code that will run. They come from our own compile child in this very call, or
    // from a file whose HMAC under the installation's key was checked over the bytes in memory.
    unsafe { Component::deserialize(engine, compiled) }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, PrepareError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| PrepareError::Host(error.to_string()))
}
