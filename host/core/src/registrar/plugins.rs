//! Plugins: publishing a build. It changes nothing until a revision binds it.

use bytes::Bytes;

use crate::id::PluginId;
use crate::plugin::{PluginVersion, Published};
use crate::policy::Owner;
use crate::registrar::{Registrar, RegistrarError, names, rights};
use crate::viewer::Viewer;

/// A build to publish.
#[derive(Debug, Clone)]
pub struct NewPlugin {
    /// Whose; the house's plugins are for all partners.
    pub owner: Owner,
    /// The component.
    pub component: Bytes,
}

impl Registrar {
    /// Publishes a build; publishing the same again gives the version that is there.
    pub async fn publish_plugin(&self, viewer: &Viewer, new: NewPlugin) -> Result<Published, RegistrarError> {
        rights::policies(viewer, new.owner)?;
        let inspected = self.runner.inspect(new.component.clone()).await?;
        names::handle("plugin's name in its manifest", &inspected.manifest.name)?;
        // Bytes first: a version in the registry must never lack its component.
        self.archive.put(&inspected.digest, new.component).await.map_err(RegistrarError::Archive)?;
        let at = self.clock.now();
        let known = self.registry.plugin_id(new.owner, &inspected.manifest.name).await?;
        let version = PluginVersion {
            plugin: known.unwrap_or_else(|| PluginId::generate(at)),
            owner: new.owner,
            digest: inspected.digest,
            size: inspected.size,
            manifest: inspected.manifest,
            published_at: at,
        };
        let published = self.registry.add_plugin(&version).await?;
        if !published.repeated {
            let (digest, name) = (published.version.digest, &published.version.manifest.name);
            tracing::info!(plugin.digest = %digest, plugin.name = name, "A plugin was published.");
        }
        Ok(published)
    }
}
