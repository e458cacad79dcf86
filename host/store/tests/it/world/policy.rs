//! Policies of the world.

use lockgate_core::digest::Digest;
use lockgate_core::framing::Framing;
use lockgate_core::hook::{FailureMode, Hook};
use lockgate_core::id::{BindingId, PluginId, RevisionId};
use lockgate_core::limits::Limits;
use lockgate_core::plugin::{Manifest, PluginVersion, Scope};
use lockgate_core::policy::{Binding, Owner, Revision, Side};
use lockgate_core::ports::{NewRevision, Registry};

use super::{World, now};

/// A binding that is good for nothing but being kept.
pub(crate) fn binding(owner: Owner, hook: Hook) -> Binding {
    Binding {
        id: BindingId::generate(now()),
        name: format!("{}-it", hook.name()),
        hook,
        plugin: Digest::of(b"plugin"),
        owner,
        settings: serde_json::json!({ "columns": ["iban"] }),
        framing: Framing::Lines { max_record: 1024 },
        media_types: vec![],
        events: vec![],
        grants: vec![],
        limits: Limits::default(),
        failure_mode: if hook == Hook::Notify { FailureMode::Skip } else { FailureMode::Hold },
    }
}

impl World {
    /// A published revision.
    pub(crate) async fn revision(&self, owner: Owner, side: Side, bindings: Vec<Binding>) -> Revision {
        let (id, at) = (RevisionId::generate(now()), now());
        let (note, author) = ("a test".into(), "test".into());
        let new = NewRevision { id, owner, side, bindings, note, author, at };
        self.store.publish_revision(&new).await.expect("a revision")
    }

    /// A revision that judges from now on.
    pub(crate) async fn active(&self, owner: Owner, side: Side, bindings: Vec<Binding>) -> Revision {
        let revision = self.revision(owner, side, bindings).await;
        self.store.activate_revision(revision.id, now()).await.expect("an active revision")
    }

    /// A published plugin version.
    pub(crate) async fn plugin(&self, owner: Owner, name: &str) -> PluginVersion {
        let manifest = Manifest {
            name: name.into(),
            version: "1.0.0".into(),
            description: String::new(),
            hooks: vec![Hook::Mask],
            scope: Scope::Record,
            framings: vec!["lines".into()],
            capabilities: vec![],
            settings_schema: serde_json::json!({}),
        };
        let version = PluginVersion {
            plugin: PluginId::generate(now()),
            owner,
            digest: Digest::of(name.as_bytes()),
            size: 7,
            manifest,
            published_at: now(),
        };
        self.store.add_plugin(&version).await.expect("a plugin version").version
    }
}
