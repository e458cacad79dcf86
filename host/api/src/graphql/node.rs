//! The `Node` interface: whatever can be fetched again by its id.

use std::fmt::Display;

use async_graphql::{ID, Interface};

use super::agreement::Agreement;
use super::asking::Asking;
use super::channel::Channel;
use super::consignment::Consignment;
use super::delivery::Delivery;
use super::destination::Destination;
use super::inputs;
use super::partner::Partner;
use super::plugin::PluginVersion;
use super::policy::Policy;
use super::redrive::Redrive;
use super::revision::Revision;
use super::secure_url::SecureUrl;
use super::transfer::Transfer;
use crate::failure::Failure;

use lockgate_core::digest::Digest;
use lockgate_core::id::{
    AgreementId, ChannelId, ConsignmentId, DeliveryId, DestinationId, PartnerId, PolicyId, RedriveId, RevisionId,
    SecureUrlId, TransferId,
};

/// Something that can be fetched again by its id.
#[derive(Debug, Clone, Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Its id: a prefix that says what it is, and digits that sort by age."))]
#[expect(clippy::large_enum_variant, reason = "a request has few nodes, and boxes would show in every match")]
pub(super) enum Node {
    /// A partner.
    Partner(Partner),
    /// An agreement.
    Agreement(Agreement),
    /// A destination.
    Destination(Destination),
    /// A channel.
    Channel(Channel),
    /// A plugin version.
    PluginVersion(PluginVersion),
    /// A policy.
    Policy(Policy),
    /// A policy revision.
    Revision(Revision),
    /// A transfer.
    Transfer(Transfer),
    /// A consignment.
    Consignment(Consignment),
    /// A delivery.
    Delivery(Delivery),
    /// A redrive.
    Redrive(Redrive),
    /// A secure URL.
    SecureUrl(SecureUrl),
}

impl Asking {
    /// Whatever has the id that was given at that place, if the viewer may see it.
    pub(super) async fn node(&self, place: impl Display, id: &ID) -> Result<Option<Node>, Failure> {
        macro_rules! by_prefix {
            ($($prefix:expr => $key:ty, $node:ident;)*) => {
                $(if id.starts_with($prefix) {
                    return Ok(self.one(inputs::id::<$key>(place, id)?).await?.map(|it| Node::$node($node(it))));
                })*
            };
        }
        by_prefix! {
            PartnerId::PREFIX => PartnerId, Partner;
            AgreementId::PREFIX => AgreementId, Agreement;
            DestinationId::PREFIX => DestinationId, Destination;
            ChannelId::PREFIX => ChannelId, Channel;
            PolicyId::PREFIX => PolicyId, Policy;
            RevisionId::PREFIX => RevisionId, Revision;
            TransferId::PREFIX => TransferId, Transfer;
            ConsignmentId::PREFIX => ConsignmentId, Consignment;
            DeliveryId::PREFIX => DeliveryId, Delivery;
            RedriveId::PREFIX => RedriveId, Redrive;
            SecureUrlId::PREFIX => SecureUrlId, SecureUrl;
        }
        let wrong = || inputs::wrong_id(place, "the id does not begin with a prefix of something fetchable");
        let digest = id.starts_with("sha256:").then(|| id.parse::<Digest>().ok()).flatten().ok_or_else(wrong)?;
        Ok(self.one(digest).await?.map(|it| Node::PluginVersion(PluginVersion(it))))
    }
}
