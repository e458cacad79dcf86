//! The query side: one consistent, read-only view per request, within what its viewer may see.
//!
//! Every method takes many keys at once, so that a page of any size costs a constant number of statements.

use std::fmt::Debug;

use async_trait::async_trait;
use uuid::Uuid;

use crate::agreement::Agreement;
use crate::breaker::Breaker;
use crate::consignment::{Consignment, ConsignmentState};
use crate::decision::Decision;
use crate::delivery::{Attempt, Delivery, DeliveryState};
use crate::destination::Destination;
use crate::id::{
    AgreementId, ChannelId, ConsignmentId, DeliveryId, DestinationId, PartnerId, PolicyId, RedriveId, RevisionId,
    SecureUrlId, TransferId, UploadId,
};
use crate::notification::{Channel, Notification};
use crate::partner::{Partner, PartnerStatus};
use crate::plugin::{PluginDigest, PluginVersion};
use crate::policy::{Owner, Policy, Revision, Side};
use crate::ports::StoreError;
use crate::provenance::ChainedEntry;
use crate::quota::Standing;
use crate::redrive::{Group, Lane, Redrive, RedriveFilter};
use crate::secure_url::SecureUrl;
use crate::time::Timestamp;
use crate::transfer::{Transfer, TransferState};
use crate::upload::Upload;

/// A read-only view as one viewer, at one moment. What the viewer may not see is not there.
#[async_trait]
pub trait Snapshot: Send + Sync + Debug {
    /// Partners, newest first: all for an operator, otherwise the viewer's own and those it has agreements with.
    async fn partners(&self, filter: &PartnerFilter, page: &PageRequest) -> Result<Page<Partner>, StoreError>;
    /// Partners by id; unseen ones are missing.
    async fn partners_by_id(&self, ids: &[PartnerId]) -> Result<Vec<Partner>, StoreError>;
    /// A partner by slug.
    async fn partner_by_slug(&self, slug: &str) -> Result<Option<Partner>, StoreError>;
    /// Where the partners stand with their quotas.
    async fn standings_of(&self, partners: &[PartnerId]) -> Result<Vec<Standing>, StoreError>;
    /// Agreements by id.
    async fn agreements_by_id(&self, ids: &[AgreementId]) -> Result<Vec<Agreement>, StoreError>;
    /// Agreements that name the partner, or all that the viewer may see, newest first.
    async fn agreements(&self, of: Option<PartnerId>, page: &PageRequest) -> Result<Page<Agreement>, StoreError>;
    /// Destinations of the partners.
    async fn destinations_of(&self, partners: &[PartnerId]) -> Result<Vec<Destination>, StoreError>;
    /// Destinations by id.
    async fn destinations_by_id(&self, ids: &[DestinationId]) -> Result<Vec<Destination>, StoreError>;
    /// Channels of the partners.
    async fn channels_of(&self, partners: &[PartnerId]) -> Result<Vec<Channel>, StoreError>;
    /// Channels by id.
    async fn channels_by_id(&self, ids: &[ChannelId]) -> Result<Vec<Channel>, StoreError>;

    /// Plugin versions, newest first: the house's and the viewer's own.
    async fn plugins(&self, page: &PageRequest) -> Result<Page<PluginVersion>, StoreError>;
    /// Plugin versions by digest; the viewer's own before the house's where both published the same build.
    async fn plugins_by_digest(&self, digests: &[PluginDigest]) -> Result<Vec<PluginVersion>, StoreError>;
    /// Policies of the viewer (or of all, for an operator), newest first.
    async fn policies(&self, filter: &PolicyFilter, page: &PageRequest) -> Result<Page<Policy>, StoreError>;
    /// Policies by id.
    async fn policies_by_id(&self, ids: &[PolicyId]) -> Result<Vec<Policy>, StoreError>;
    /// The same page of each policy's revisions, newest first; a policy without any may be missing.
    async fn revisions_of(
        &self,
        policies: &[PolicyId],
        page: &PageRequest,
    ) -> Result<Vec<(PolicyId, Page<Revision>)>, StoreError>;
    /// Revisions by id.
    async fn revisions_by_id(&self, ids: &[RevisionId]) -> Result<Vec<Revision>, StoreError>;

    /// Transfers that the viewer sent or receives, newest first.
    async fn transfers(&self, filter: &TransferFilter, page: &PageRequest) -> Result<Page<Transfer>, StoreError>;
    /// Transfers by id.
    async fn transfers_by_id(&self, ids: &[TransferId]) -> Result<Vec<Transfer>, StoreError>;
    /// How many dead letters each of the transfers has, of those that the viewer sees; one without any may be missing.
    async fn dead_letters_of(&self, transfers: &[TransferId]) -> Result<Vec<(TransferId, u64)>, StoreError>;
    /// Uploads of the transfers.
    async fn uploads_of(&self, transfers: &[TransferId]) -> Result<Vec<(TransferId, Upload)>, StoreError>;
    /// An upload by id.
    async fn upload(&self, id: UploadId) -> Result<Option<Upload>, StoreError>;
    /// Consignments of the transfers, oldest first.
    async fn consignments_of(&self, transfers: &[TransferId]) -> Result<Vec<Consignment>, StoreError>;
    /// Consignments by id.
    async fn consignments_by_id(&self, ids: &[ConsignmentId]) -> Result<Vec<Consignment>, StoreError>;
    /// Consignments that name the viewer as receiver (all, for an operator), newest first.
    async fn consignments(
        &self,
        filter: &ConsignmentFilter,
        page: &PageRequest,
    ) -> Result<Page<Consignment>, StoreError>;
    /// Decisions on the transfers, oldest first: the inbound ones to the sender, the outbound ones to the receiver.
    async fn decisions_of(&self, transfers: &[TransferId]) -> Result<Vec<Decision>, StoreError>;
    /// Deliveries of the consignments, oldest first; to the receiver only.
    async fn deliveries_of(&self, consignments: &[ConsignmentId]) -> Result<Vec<Delivery>, StoreError>;
    /// Deliveries by id.
    async fn deliveries_by_id(&self, ids: &[DeliveryId]) -> Result<Vec<Delivery>, StoreError>;
    /// Deliveries to the viewer (all, for an operator), newest first.
    async fn deliveries(&self, filter: &DeliveryFilter, page: &PageRequest) -> Result<Page<Delivery>, StoreError>;
    /// Dead letters by destination and cause, the largest group first.
    async fn dead_letter_groups(&self, filter: &RedriveFilter) -> Result<Vec<Group>, StoreError>;
    /// What a replay would send, by destination, the largest group first.
    async fn replay_groups(&self, filter: &RedriveFilter) -> Result<Vec<Group>, StoreError>;
    /// Dead letters that the filter chooses, newest first.
    async fn dead_letters(&self, filter: &RedriveFilter, page: &PageRequest) -> Result<Page<Delivery>, StoreError>;
    /// Redrives that the viewer or its partner started (all, for an operator), newest first.
    async fn redrives(&self, page: &PageRequest) -> Result<Page<Redrive>, StoreError>;
    /// Redrives by id.
    async fn redrives_by_id(&self, ids: &[RedriveId]) -> Result<Vec<Redrive>, StoreError>;
    /// The lanes of the redrives.
    async fn lanes_of(&self, redrives: &[RedriveId]) -> Result<Vec<Lane>, StoreError>;
    /// Secure URLs of the viewer's partner (all, for an operator), newest first; of one transfer only, if one is named.
    async fn secure_urls(&self, of: Option<TransferId>, page: &PageRequest) -> Result<Page<SecureUrl>, StoreError>;
    /// Secure URLs by id.
    async fn secure_urls_by_id(&self, ids: &[SecureUrlId]) -> Result<Vec<SecureUrl>, StoreError>;
    /// The breakers of the destinations; a destination that never failed may be missing.
    async fn breakers_of(&self, destinations: &[DestinationId]) -> Result<Vec<(DestinationId, Breaker)>, StoreError>;
    /// Attempts of the deliveries, oldest first.
    async fn attempts_of(&self, deliveries: &[DeliveryId]) -> Result<Vec<(DeliveryId, Attempt)>, StoreError>;
    /// Notifications about the transfers that the viewer's policy sent.
    async fn notifications_of(&self, transfers: &[TransferId]) -> Result<Vec<Notification>, StoreError>;
    /// The same page of each transfer's provenance, from its beginning, within the viewer's sight; a transfer without
    /// any may be missing.
    async fn provenance_of(
        &self,
        transfers: &[TransferId],
        page: &PageRequest,
    ) -> Result<Vec<(TransferId, Page<ChainedEntry>)>, StoreError>;

    /// Ends the view.
    async fn close(self: Box<Self>);
}

/// Which transfers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransferFilter {
    /// In one of these states; empty means any.
    pub states: Vec<TransferState>,
    /// From this sender.
    pub sender: Option<PartnerId>,
    /// With a consignment for, or addressed to, this receiver.
    pub receiver: Option<PartnerId>,
    /// With exactly this file name.
    pub file_name: Option<String>,
    /// Announced at or after.
    pub since: Option<Timestamp>,
    /// Announced before.
    pub until: Option<Timestamp>,
    /// With dead letters that the viewer sees, or without.
    pub dead_lettered: Option<bool>,
}

/// Which consignments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConsignmentFilter {
    /// In one of these states; empty means any.
    pub states: Vec<ConsignmentState>,
    /// From this sender.
    pub sender: Option<PartnerId>,
    /// For this receiver.
    pub receiver: Option<PartnerId>,
    /// Of this transfer.
    pub transfer: Option<TransferId>,
}

/// Which deliveries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// In one of these states; empty means any.
    pub states: Vec<DeliveryState>,
    /// To this receiver.
    pub receiver: Option<PartnerId>,
    /// To this destination.
    pub destination: Option<DestinationId>,
    /// Of this transfer.
    pub transfer: Option<TransferId>,
}

/// Which partners.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartnerFilter {
    /// In this status.
    pub status: Option<PartnerStatus>,
    /// Whose slug begins so.
    pub slug_prefix: Option<String>,
}

/// Which policies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyFilter {
    /// Of this owner.
    pub owner: Option<Owner>,
    /// For this side.
    pub side: Option<Side>,
}

/// A place in a list; lists are ordered by age, so it is the id, or the provenance sequence, of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cursor {
    /// After or before this id.
    Id(Uuid),
    /// After or before this sequence.
    Sequence(u64),
}

/// Which part of a list, in Relay's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageRequest {
    /// At most this many items.
    pub limit: usize,
    /// Only what follows.
    pub after: Option<Cursor>,
    /// Only what precedes.
    pub before: Option<Cursor>,
    /// Take from the end (`last`) instead of the beginning (`first`); the order of the items stays.
    pub backward: bool,
    /// Lists that show the newest first show the oldest first instead; cursors hold in either order.
    pub oldest_first: bool,
}

impl PageRequest {
    /// The first items.
    pub const fn first(limit: usize) -> Self {
        Self { limit, after: None, before: None, backward: false, oldest_first: false }
    }
}

/// Part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items with their cursors.
    pub edges: Vec<Edge<T>>,
    /// Whether there is more before.
    pub has_previous: bool,
    /// Whether there is more after.
    pub has_next: bool,
}

/// One item of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge<T> {
    /// Where it is.
    pub cursor: Cursor,
    /// What it is.
    pub node: T,
}
