//! The registry over Postgres; each family has a file of its own.

use async_trait::async_trait;
use lockgate_core::agreement::Agreement;
use lockgate_core::destination::Destination;
use lockgate_core::id::{AgreementId, ChannelId, DestinationId, PartnerId, PluginId, RevisionId};
use lockgate_core::notification::Channel;
use lockgate_core::partner::Partner;
use lockgate_core::plugin::{PluginDigest, PluginVersion, Published};
use lockgate_core::policy::{Owner, Revision};
use lockgate_core::ports::{ChannelChange, DestinationChange, NewRevision, Registry, RegistryError, StoreError};
use lockgate_core::quota::Quota;
use lockgate_core::time::Timestamp;

use crate::error::Failure;
use crate::load;
use crate::store::PgStore;

mod agreement;
mod endpoint;
mod partner;
mod plugin;
mod revision;

#[async_trait]
impl Registry for PgStore {
    async fn add_partner(&self, partner: &Partner) -> Result<(), RegistryError> {
        partner::add(self, partner).await
    }

    async fn update_partner(&self, partner: &Partner) -> Result<(), RegistryError> {
        partner::update(self, partner).await
    }

    async fn find_partner(&self, id: PartnerId) -> Result<Option<Partner>, StoreError> {
        Ok(load::partner(self, id).await?)
    }

    async fn partner_by_slug(&self, slug: &str) -> Result<Option<Partner>, StoreError> {
        Ok(partner::by_slug(self, slug).await?)
    }

    async fn add_agreement(&self, agreement: &Agreement) -> Result<(), RegistryError> {
        agreement::add(self, agreement).await
    }

    async fn end_agreement(&self, id: AgreementId) -> Result<Agreement, RegistryError> {
        agreement::end(self, id).await
    }

    async fn agreement(&self, sender: PartnerId, receiver: PartnerId) -> Result<Option<Agreement>, StoreError> {
        Ok(agreement::active(self, sender, receiver).await?)
    }

    async fn add_destination(&self, destination: &Destination) -> Result<(), RegistryError> {
        endpoint::add_destination(self, destination).await
    }

    async fn update_destination(
        &self,
        id: DestinationId,
        change: &DestinationChange,
    ) -> Result<Destination, RegistryError> {
        endpoint::update_destination(self, id, change).await
    }

    async fn find_destination(&self, id: DestinationId) -> Result<Option<Destination>, StoreError> {
        Ok(load::destination(self, id).await?)
    }

    async fn set_quota(&self, partner: PartnerId, terms: &Quota) -> Result<(), RegistryError> {
        partner::set_quota(self, partner, terms).await
    }

    async fn add_channel(&self, channel: &Channel) -> Result<(), RegistryError> {
        endpoint::add_channel(self, channel).await
    }

    async fn update_channel(&self, id: ChannelId, change: &ChannelChange) -> Result<Channel, RegistryError> {
        endpoint::update_channel(self, id, change).await
    }

    async fn recover_channel(&self, channel: &Channel, since: Timestamp) -> Result<u64, RegistryError> {
        endpoint::recover_channel(self, channel, since).await
    }

    async fn find_channel(&self, id: ChannelId) -> Result<Option<Channel>, StoreError> {
        Ok(load::channel_by_id(self, id).await?)
    }

    async fn add_plugin(&self, version: &PluginVersion) -> Result<Published, RegistryError> {
        plugin::add(self, version).await
    }

    async fn plugin_id(&self, owner: Owner, name: &str) -> Result<Option<PluginId>, StoreError> {
        Ok(plugin::id(self, owner, name).await?)
    }

    async fn bindable(&self, owner: Owner, digest: &PluginDigest) -> Result<Option<PluginVersion>, StoreError> {
        Ok(plugin::bindable(self, owner, digest).await?)
    }

    async fn publish_revision(&self, revision: &NewRevision) -> Result<Revision, RegistryError> {
        revision::publish(self, revision).await
    }

    async fn activate_revision(&self, id: RevisionId, at: Timestamp) -> Result<Revision, RegistryError> {
        revision::activate(self, id, at).await
    }

    async fn active_revisions(&self) -> Result<Vec<Revision>, StoreError> {
        Ok(revision::active(self).await?)
    }

    async fn find_revision(&self, id: RevisionId) -> Result<Option<Revision>, StoreError> {
        Ok(load::revision(self, id).await?)
    }
}

/// A violated constraint as a taken name.
fn taken(failure: Failure, constraint: &str, kind: &'static str, name: &str) -> RegistryError {
    if failure.violated() == Some(constraint) {
        RegistryError::Taken { kind, name: name.to_owned() }
    } else {
        failure.into()
    }
}

/// Something that is not there.
fn unknown(kind: &'static str, id: impl ToString) -> RegistryError {
    RegistryError::Unknown { kind, id: id.to_string() }
}
