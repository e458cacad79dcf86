//! The registry: partners, agreements, destinations, channels, plugins and policy revisions.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::agreement::Agreement;
use crate::destination::{Destination, DestinationSettings, Disabled, Endpoint};
use crate::id::{AgreementId, ChannelId, DestinationId, PartnerId, PluginId, RevisionId};
use crate::notification::{Channel, ChannelKind, EventKind};
use crate::partner::Partner;
use crate::plugin::{PluginDigest, PluginVersion, Published};
use crate::policy::{Binding, Owner, Revision, Side};
use crate::ports::StoreError;
use crate::quota::Quota;
use crate::time::Timestamp;

/// Keeps everything that operators and integrators set up.
#[async_trait]
pub trait Registry: Send + Sync + Debug {
    /// Adds a partner; its slug must be new.
    async fn add_partner(&self, partner: &Partner) -> Result<(), RegistryError>;
    /// Changes a partner's name, status and duplicate rule.
    async fn update_partner(&self, partner: &Partner) -> Result<(), RegistryError>;
    /// Sets a partner's own terms.
    async fn set_quota(&self, partner: PartnerId, terms: &Quota) -> Result<(), RegistryError>;
    /// Finds a partner by id.
    async fn find_partner(&self, id: PartnerId) -> Result<Option<Partner>, StoreError>;
    /// Finds a partner by slug.
    async fn partner_by_slug(&self, slug: &str) -> Result<Option<Partner>, StoreError>;

    /// Adds an agreement; there is at most one active per sender and receiver.
    async fn add_agreement(&self, agreement: &Agreement) -> Result<(), RegistryError>;
    /// Ends an agreement.
    async fn end_agreement(&self, id: AgreementId) -> Result<Agreement, RegistryError>;
    /// The active agreement of a pair.
    async fn agreement(&self, sender: PartnerId, receiver: PartnerId) -> Result<Option<Agreement>, StoreError>;

    /// Adds a destination; its name must be new for the partner.
    async fn add_destination(&self, destination: &Destination) -> Result<(), RegistryError>;
    /// Changes what is given of a destination, and says how it stands then.
    async fn update_destination(
        &self,
        id: DestinationId,
        change: &DestinationChange,
    ) -> Result<Destination, RegistryError>;
    /// Finds a destination.
    async fn find_destination(&self, id: DestinationId) -> Result<Option<Destination>, StoreError>;
    /// Adds a channel; its name must be new for the partner.
    async fn add_channel(&self, channel: &Channel) -> Result<(), RegistryError>;
    /// Changes what is given of a channel, and says how it stands then. One that is turned on or off begins anew.
    async fn update_channel(&self, id: ChannelId, change: &ChannelChange) -> Result<Channel, RegistryError>;
    /// Makes due again what the channel did not take since that moment; how many notifications.
    async fn recover_channel(&self, channel: &Channel, since: Timestamp) -> Result<u64, RegistryError>;
    /// Finds a channel.
    async fn find_channel(&self, id: ChannelId) -> Result<Option<Channel>, StoreError>;

    /// Adds a plugin version; adding the same digest for the same owner again returns what is there.
    async fn add_plugin(&self, version: &PluginVersion) -> Result<Published, RegistryError>;
    /// The id of an owner's plugin of that name, if it exists.
    async fn plugin_id(&self, owner: Owner, name: &str) -> Result<Option<PluginId>, StoreError>;
    /// A plugin version that the owner may bind: its own or the house's.
    async fn bindable(&self, owner: Owner, digest: &PluginDigest) -> Result<Option<PluginVersion>, StoreError>;

    /// Adds a revision as the next number of its policy, as draft.
    async fn publish_revision(&self, revision: &NewRevision) -> Result<Revision, RegistryError>;
    /// Makes a revision the active one and retires the one before, in one transaction.
    async fn activate_revision(&self, id: RevisionId, at: Timestamp) -> Result<Revision, RegistryError>;
    /// Every active revision, so that a host can prepare its plugins.
    async fn active_revisions(&self) -> Result<Vec<Revision>, StoreError>;
    /// A revision by id.
    async fn find_revision(&self, id: RevisionId) -> Result<Option<Revision>, StoreError>;
}

/// What to change on a destination. What is absent stays as it is by then: a host may turn it off meanwhile.
#[derive(Debug, Clone, Default)]
pub struct DestinationChange {
    /// What it is and where.
    pub endpoint: Option<Endpoint>,
    /// Whether deliveries keep order.
    pub ordered: Option<bool>,
    /// How it is treated.
    pub settings: Option<DestinationSettings>,
    /// Whether deliveries are made.
    pub turned: Option<Turned>,
}

/// Which way somebody turns a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turned {
    /// Deliveries are made.
    On,
    /// None is, and why.
    Off(Disabled),
}

/// What to change on a channel; what is absent stays as it is by then.
#[derive(Debug, Clone, Default)]
pub struct ChannelChange {
    /// What it is and where.
    pub kind: Option<ChannelKind>,
    /// Of which events it is told; of all when empty.
    pub events: Option<Vec<EventKind>>,
    /// Whether messages are sent.
    pub enabled: Option<bool>,
}

/// A revision to publish.
#[derive(Debug, Clone)]
pub struct NewRevision {
    /// Its id.
    pub id: RevisionId,
    /// Whose policy.
    pub owner: Owner,
    /// For which side.
    pub side: Side,
    /// What runs, checked.
    pub bindings: Vec<Binding>,
    /// Why it is made.
    pub note: String,
    /// Who makes it.
    pub author: String,
    /// When.
    pub at: Timestamp,
}

/// The registry did not take something.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RegistryError {
    /// The name is taken.
    #[error("the {kind} `{name}` is there already; change or end that one, or choose another name")]
    Taken {
        /// What kind of thing.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// It does not exist.
    #[error("there is no {kind} `{id}`")]
    Unknown {
        /// What kind of thing.
        kind: &'static str,
        /// What was asked for.
        id: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
