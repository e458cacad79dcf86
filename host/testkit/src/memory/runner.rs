//! A plugin runner whose plugins are closures, by the name of their binding.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use lockgate_core::batch::Batch;
use lockgate_core::digest::Digest;
use lockgate_core::fault::Fault;
use lockgate_core::notification::{Event, Message};
use lockgate_core::plugin::{Manifest, PluginDigest};
use lockgate_core::policy::Binding;
use lockgate_core::ports::{
    Checked, Conclusion, Inspected, Masked, Masking, PluginError, PluginRunner, PrepareError, RawFindings, Subject,
    Validating,
};
use lockgate_core::route::Target;

type Check = Arc<dyn Fn(&Batch) -> Result<RawFindings, PluginError> + Send + Sync>;
type Conclude = Arc<dyn Fn() -> Result<Conclusion, PluginError> + Send + Sync>;
type Apply = Arc<dyn Fn(&Batch) -> Result<Masked, PluginError> + Send + Sync>;
type Decide = Arc<dyn Fn(&Subject) -> Result<Vec<Target>, PluginError> + Send + Sync>;
type Compose = Arc<dyn Fn(&Event) -> Result<Vec<Message>, PluginError> + Send + Sync>;

#[derive(Default)]
struct Scripts {
    checks: HashMap<String, (Check, Conclude)>,
    masks: HashMap<String, Apply>,
    routes: HashMap<String, Decide>,
    messages: HashMap<String, Compose>,
    manifest: Option<Manifest>,
    subjects: Vec<Subject>,
    tables: Vec<(String, i64)>,
    reported: Vec<(String, Fault)>,
}

/// Runs closures. A binding without one is trouble of the host.
#[derive(Default)]
pub struct ScriptedRunner(Mutex<Scripts>);

impl fmt::Debug for ScriptedRunner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScriptedRunner(..)")
    }
}

impl ScriptedRunner {
    fn scripts(&self) -> std::sync::MutexGuard<'_, Scripts> {
        self.0.lock().expect("no script panics while it is looked up")
    }

    /// What a validator says to each batch, and at the end.
    pub fn validates(
        &self,
        name: &str,
        check: impl Fn(&Batch) -> Result<RawFindings, PluginError> + Send + Sync + 'static,
        conclude: impl Fn() -> Result<Conclusion, PluginError> + Send + Sync + 'static,
    ) {
        self.scripts().checks.insert(name.to_owned(), (Arc::new(check), Arc::new(conclude)));
    }

    /// What a masker answers to each batch.
    pub fn masks(&self, name: &str, apply: impl Fn(&Batch) -> Result<Masked, PluginError> + Send + Sync + 'static) {
        self.scripts().masks.insert(name.to_owned(), Arc::new(apply));
    }

    /// What a router answers.
    pub fn routes(
        &self,
        name: &str,
        decide: impl Fn(&Subject) -> Result<Vec<Target>, PluginError> + Send + Sync + 'static,
    ) {
        self.scripts().routes.insert(name.to_owned(), Arc::new(decide));
    }

    /// What a notifier composes.
    pub fn notifies(
        &self,
        name: &str,
        compose: impl Fn(&Event) -> Result<Vec<Message>, PluginError> + Send + Sync + 'static,
    ) {
        self.scripts().messages.insert(name.to_owned(), Arc::new(compose));
    }

    /// What every component says of itself.
    pub fn describes(&self, manifest: Manifest) {
        self.scripts().manifest = Some(manifest);
    }

    /// The lookup tables that every session may read.
    pub fn reads(&self, tables: &[(&str, i64)]) {
        self.scripts().tables = tables.iter().map(|(name, version)| ((*name).to_owned(), *version)).collect();
    }

    /// The faults that the pipeline told of, by name of their binding.
    pub fn reported(&self) -> Vec<(String, Fault)> {
        self.scripts().reported.clone()
    }

    /// What plugins were told, in order.
    pub fn subjects(&self) -> Vec<Subject> {
        self.scripts().subjects.clone()
    }
}

fn missing(binding: &Binding) -> PluginError {
    PluginError::Host(format!("there is no script for binding `{}`", binding.name))
}

#[async_trait]
impl PluginRunner for ScriptedRunner {
    async fn inspect(&self, component: Bytes) -> Result<Inspected, PrepareError> {
        let manifest = self.scripts().manifest.clone();
        let manifest = manifest.ok_or_else(|| PrepareError::NotAComponent("no magic number".to_owned()))?;
        Ok(Inspected { digest: Digest::of(&component), size: component.len() as u64, manifest })
    }

    async fn prepare(&self, _plugin: &PluginDigest) -> Result<(), PrepareError> {
        Ok(())
    }

    async fn check(&self, _binding: &Binding) -> Result<Checked, PrepareError> {
        let manifest = self.scripts().manifest.clone();
        manifest.map(|manifest| Checked { manifest }).ok_or_else(|| PrepareError::Manifest("there is none".to_owned()))
    }

    async fn validate(&self, binding: &Binding, subject: &Subject) -> Result<Box<dyn Validating>, PluginError> {
        let mut scripts = self.scripts();
        scripts.subjects.push(subject.clone());
        let (check, conclude) = scripts.checks.get(&binding.name).cloned().ok_or_else(|| missing(binding))?;
        Ok(Box::new(Validation { check, conclude, tables: scripts.tables.clone() }))
    }

    async fn mask(&self, binding: &Binding, subject: &Subject) -> Result<Box<dyn Masking>, PluginError> {
        let mut scripts = self.scripts();
        scripts.subjects.push(subject.clone());
        let apply = scripts.masks.get(&binding.name).cloned().ok_or_else(|| missing(binding))?;
        Ok(Box::new(Mask { apply, tables: scripts.tables.clone() }))
    }

    async fn route(&self, binding: &Binding, subject: &Subject) -> Result<Vec<Target>, PluginError> {
        let decide = {
            let mut scripts = self.scripts();
            scripts.subjects.push(subject.clone());
            scripts.routes.get(&binding.name).cloned().ok_or_else(|| missing(binding))?
        };
        decide(subject)
    }

    async fn notify(&self, binding: &Binding, event: &Event) -> Result<Vec<Message>, PluginError> {
        let compose = self.scripts().messages.get(&binding.name).cloned().ok_or_else(|| missing(binding))?;
        compose(event)
    }

    fn report(&self, binding: &Binding, fault: &Fault) {
        self.scripts().reported.push((binding.name.clone(), fault.clone()));
    }
}

struct Validation {
    check: Check,
    conclude: Conclude,
    tables: Vec<(String, i64)>,
}

impl fmt::Debug for Validation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Validation(..)")
    }
}

#[async_trait]
impl Validating for Validation {
    async fn check(&mut self, batch: &Batch) -> Result<RawFindings, PluginError> {
        (self.check)(batch)
    }

    async fn finish(self: Box<Self>) -> Result<Conclusion, PluginError> {
        (self.conclude)()
    }

    fn tables(&self) -> Vec<(String, i64)> {
        self.tables.clone()
    }
}

struct Mask {
    apply: Apply,
    tables: Vec<(String, i64)>,
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mask(..)")
    }
}

#[async_trait]
impl Masking for Mask {
    async fn apply(&mut self, batch: &Batch) -> Result<Masked, PluginError> {
        (self.apply)(batch)
    }

    async fn finish(self: Box<Self>) -> Result<RawFindings, PluginError> {
        Ok(RawFindings::default())
    }

    fn tables(&self) -> Vec<(String, i64)> {
        self.tables.clone()
    }
}
