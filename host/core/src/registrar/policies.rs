//! Policies: publishing a revision as draft, with every binding checked, and making it active.

use std::collections::HashSet;

use crate::framing::Framing;
use crate::hook::{FailureMode, Hook};
use crate::id::{BindingId, RevisionId};
use crate::limits::Limits;
use crate::media;
use crate::notification::EventKind;
use crate::plugin::PluginDigest;
use crate::policy::{Binding, Grant, Owner, Revision, Rollout, Side};
use crate::ports::NewRevision;
use crate::registrar::{Registrar, RegistrarError, names, rights};
use crate::viewer::Viewer;

/// How many bindings a revision may have.
const BINDINGS: usize = 50;

/// A revision to publish.
#[derive(Debug, Clone)]
pub struct NewPolicy {
    /// Whose policy.
    pub owner: Owner,
    /// For which side.
    pub side: Side,
    /// What is to run, in order.
    pub bindings: Vec<NewBinding>,
    /// Why it is made.
    pub note: String,
}

/// A binding to make.
#[derive(Debug, Clone)]
pub struct NewBinding {
    /// Its name, unique within the revision.
    pub name: String,
    /// Where it runs.
    pub hook: Hook,
    /// What runs.
    pub plugin: PluginDigest,
    /// The plugin's settings, a JSON object.
    pub settings: serde_json::Value,
    /// How the payload is cut for it.
    pub framing: Framing,
    /// What it may use.
    pub grants: Vec<Grant>,
    /// How much it may use; the installation's default when absent.
    pub limits: Option<Limits>,
    /// What follows when it faults; the strictest of the hook when absent.
    pub failure_mode: Option<FailureMode>,
    /// The media types that it judges; empty means all.
    pub media_types: Vec<String>,
    /// The events that it tells of; empty means all.
    pub events: Vec<EventKind>,
}

impl Registrar {
    /// Publishes a revision as draft: it judges nothing until it is activated.
    pub async fn publish_policy(&self, viewer: &Viewer, new: NewPolicy) -> Result<Revision, RegistrarError> {
        rights::policies(viewer, new.owner)?;
        let (given, limit) = (new.bindings.len(), BINDINGS);
        if given > limit {
            return Err(RegistrarError::TooManyBindings { given, limit });
        }
        if new.note.chars().count() > 500 {
            return Err(RegistrarError::Name { what: "note", why: "it has more than 500 characters" });
        }
        let at = self.clock.now();
        let mut seen = HashSet::new();
        let mut bindings = Vec::with_capacity(given);
        for binding in new.bindings {
            names::handle("binding's name", &binding.name)?;
            if !seen.insert(binding.name.clone()) {
                return Err(RegistrarError::BindingNameTaken(binding.name));
            }
            bindings.push(self.bind(new.owner, new.side, binding, BindingId::generate(at)).await?);
        }
        let (id, author) = (RevisionId::generate(at), viewer.subject.clone());
        let revision = NewRevision { id, owner: new.owner, side: new.side, bindings, note: new.note, author, at };
        let revision = self.registry.publish_revision(&revision).await?;
        tracing::info!(revision.id = %revision.id, revision.number = revision.number, "A policy revision was published.");
        Ok(revision)
    }

    /// Makes a revision the active one, once its plugins are ready to run here; the one before retires.
    pub async fn activate(&self, viewer: &Viewer, id: RevisionId) -> Result<Revision, RegistrarError> {
        let unknown = || RegistrarError::Unknown { kind: "policy revision", id: id.to_string() };
        let revision = self.registry.find_revision(id).await?.ok_or_else(unknown)?;
        rights::policies(viewer, revision.owner).map_err(|error| error.hidden_as(unknown()))?;
        if revision.rollout == Rollout::Active {
            return Ok(revision);
        }
        for binding in &revision.bindings {
            self.runner.prepare(&binding.plugin).await?;
        }
        let revision = self.registry.activate_revision(id, self.clock.now()).await?;
        tracing::info!(revision.id = %revision.id, revision.number = revision.number, "A policy revision is active.");
        Ok(revision)
    }

    async fn bind(&self, owner: Owner, side: Side, new: NewBinding, id: BindingId) -> Result<Binding, RegistrarError> {
        let failure_mode = new.failure_mode.unwrap_or(strictest(new.hook));
        if !failure_mode.fits(new.hook) {
            return Err(RegistrarError::FailureMode {
                binding: new.name,
                hook: new.hook.name(),
                mode: failure_mode.name(),
                known: known(new.hook),
            });
        }
        if new.hook == Hook::Route && side == Side::Outbound {
            let why = "routing happens on the sender's side; bind it in an inbound policy".to_owned();
            return Err(RegistrarError::Binding { binding: new.name, why });
        }
        if let Err(why) = new.framing.check() {
            return Err(RegistrarError::Binding { binding: new.name, why });
        }
        if let Some(wrong) = new.media_types.iter().find(|it| !media::is_pattern(it)) {
            let why = format!("`{wrong}` is not a media type such as `text/csv` or `image/*`");
            return Err(RegistrarError::Binding { binding: new.name, why });
        }
        if !new.events.is_empty() && new.hook != Hook::Notify {
            let why = format!("`{}` hears of no events; leave out `events`, or bind to `notify`", new.hook.name());
            return Err(RegistrarError::Binding { binding: new.name, why });
        }
        let limits = new.limits.unwrap_or_default();
        if let Some(limit) = limits.above_ceiling() {
            return Err(RegistrarError::Limit { binding: new.name, limit });
        }
        if !new.settings.is_object() {
            let why = "its settings must be a JSON object".to_owned();
            return Err(RegistrarError::Binding { binding: new.name, why });
        }
        let known = self.registry.bindable(owner, &new.plugin).await?;
        let version = known.ok_or_else(|| RegistrarError::Unknown { kind: "plugin", id: new.plugin.to_string() })?;
        if !version.manifest.hooks.contains(&new.hook) {
            let why = format!("the plugin `{}` does not serve the hook `{}`", version.manifest.name, new.hook.name());
            return Err(RegistrarError::Binding { binding: new.name, why });
        }
        let binding = Binding {
            id,
            name: new.name,
            hook: new.hook,
            plugin: new.plugin,
            owner,
            settings: new.settings,
            framing: new.framing,
            grants: new.grants,
            limits,
            failure_mode,
            media_types: new.media_types,
            events: new.events,
        };
        match self.runner.check(&binding).await {
            Ok(_) => Ok(binding),
            Err(cause) => Err(RegistrarError::Unfit { binding: binding.name, cause }),
        }
    }
}

/// What a binding gets that does not choose: nothing passes unjudged or unmasked.
const fn strictest(hook: Hook) -> FailureMode {
    match hook {
        Hook::Validate | Hook::Mask => FailureMode::Reject,
        Hook::Route => FailureMode::Hold,
        Hook::Notify => FailureMode::Skip,
    }
}

const fn known(hook: Hook) -> &'static str {
    match hook {
        Hook::Validate => "`reject`, `hold` and `skip`",
        Hook::Mask => "`reject` and `hold`",
        Hook::Route => "`hold` and `default`",
        Hook::Notify => "`skip`",
    }
}
