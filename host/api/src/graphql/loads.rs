//! The loaders: many keys, one statement, always through the request's own view.

use std::collections::HashMap;
use std::sync::Arc;

use lockgate_core::agreement::Agreement;
use lockgate_core::breaker::Breaker;
use lockgate_core::consignment::Consignment;
use lockgate_core::decision::Decision;
use lockgate_core::delivery::{Attempt, Delivery};
use lockgate_core::destination::Destination;
use lockgate_core::digest::Digest;
use lockgate_core::id::{
    AgreementId, ChannelId, ConsignmentId, DeliveryId, DestinationId, PartnerId, PolicyId, RedriveId, RevisionId,
    SecureUrlId, TransferId,
};
use lockgate_core::notification::{Channel, Notification};
use lockgate_core::partner::Partner;
use lockgate_core::plugin::PluginVersion;
use lockgate_core::policy::{Policy, Revision};
use lockgate_core::ports::{Page, PageRequest, StoreError};
use lockgate_core::provenance::ChainedEntry;
use lockgate_core::quota::Standing;
use lockgate_core::redrive::{Lane, Redrive};
use lockgate_core::secure_url::SecureUrl;
use lockgate_core::transfer::Transfer;
use lockgate_core::upload::Upload;

use super::batches::Load;
use super::view::View;

/// Loads what fields ask for.
#[derive(Debug)]
pub(crate) struct Loads {
    view: Arc<View>,
}

impl Loads {
    pub(super) const fn new(view: Arc<View>) -> Self {
        Self { view }
    }
}

/// One thing by its own key.
macro_rules! one {
    ($($key:ty => $value:ty, $method:ident by $field:ident;)*) => {$(
        impl Load<$key> for Loads {
            type Value = $value;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, $value>, StoreError> {
                let found = self.view.read().await?.$method(keys).await?;
                Ok(found.into_iter().map(|it| (it.$field, it)).collect())
            }
        }
    )*};
}

one! {
    PartnerId => Partner, partners_by_id by id;
    AgreementId => Agreement, agreements_by_id by id;
    DestinationId => Destination, destinations_by_id by id;
    ChannelId => Channel, channels_by_id by id;
    Digest => PluginVersion, plugins_by_digest by digest;
    PolicyId => Policy, policies_by_id by id;
    RevisionId => Revision, revisions_by_id by id;
    TransferId => Transfer, transfers_by_id by id;
    ConsignmentId => Consignment, consignments_by_id by id;
    DeliveryId => Delivery, deliveries_by_id by id;
    RedriveId => Redrive, redrives_by_id by id;
    SecureUrlId => SecureUrl, secure_urls_by_id by id;
}

/// What belongs to a parent, all of it.
macro_rules! children {
    ($($(#[$doc:meta])* $name:ident($parent:ty) => $value:ty, $method:ident, |$it:ident| $of:expr, $child:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) struct $name(pub(crate) $parent);

        impl Load<$name> for Loads {
            type Value = Vec<$value>;

            async fn load(&self, keys: &[$name]) -> Result<HashMap<$name, Vec<$value>>, StoreError> {
                let parents: Vec<_> = keys.iter().map(|key| key.0).collect();
                let mut found: HashMap<_, Vec<_>> = HashMap::new();
                for $it in self.view.read().await?.$method(&parents).await? {
                    found.entry($name($of)).or_default().push($child);
                }
                Ok(found)
            }
        }
    )*};
}

children! {
    /// The uploads of a transfer.
    UploadsOf(TransferId) => Upload, uploads_of, |it| it.0, it.1;
    /// How many dead letters a transfer has.
    DeadLettersOf(TransferId) => u64, dead_letters_of, |it| it.0, it.1;
    /// The consignments of a transfer.
    ConsignmentsOf(TransferId) => Consignment, consignments_of, |it| it.transfer, it;
    /// The decisions on a transfer and its consignments.
    DecisionsOf(TransferId) => Decision, decisions_of, |it| it.transfer, it;
    /// The deliveries of a consignment.
    DeliveriesOf(ConsignmentId) => Delivery, deliveries_of, |it| it.consignment, it;
    /// The attempts of a delivery.
    AttemptsOf(DeliveryId) => Attempt, attempts_of, |it| it.0, it.1;
    /// The lanes of a redrive.
    LanesOf(RedriveId) => Lane, lanes_of, |it| it.redrive, it;
    /// The breaker of a destination.
    BreakerOf(DestinationId) => Breaker, breakers_of, |it| it.0, it.1;
    /// The destinations of a partner.
    DestinationsOf(PartnerId) => Destination, destinations_of, |it| it.partner, it;
    /// The channels of a partner.
    ChannelsOf(PartnerId) => Channel, channels_of, |it| it.partner, it;
    /// Where a partner stands with its quotas.
    StandingOf(PartnerId) => Standing, standings_of, |it| it.partner, it;
    /// The notifications about a transfer.
    NotificationsOf(TransferId) => Notification, notifications_of, |it| it.event.transfer, it;
}

/// The same page of what belongs to each parent. Keys of one field share their page, so they share a statement.
macro_rules! pages {
    ($($(#[$doc:meta])* $name:ident($parent:ty) => $value:ty, $method:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) struct $name(pub(crate) $parent, pub(crate) PageRequest);

        impl Load<$name> for Loads {
            type Value = Page<$value>;

            async fn load(&self, keys: &[$name]) -> Result<HashMap<$name, Page<$value>>, StoreError> {
                let mut by_page: HashMap<PageRequest, Vec<$parent>> = HashMap::new();
                for key in keys {
                    by_page.entry(key.1).or_default().push(key.0);
                }
                let view = self.view.read().await?;
                let mut found = HashMap::new();
                for (request, parents) in by_page {
                    let pages = view.$method(&parents, &request).await?;
                    found.extend(pages.into_iter().map(|(parent, page)| ($name(parent, request), page)));
                }
                Ok(found)
            }
        }
    )*};
}

pages! {
    /// A page of a policy's revisions.
    RevisionsOf(PolicyId) => Revision, revisions_of;
    /// A page of a transfer's provenance.
    ProvenanceOf(TransferId) => ChainedEntry, provenance_of;
}
