//! The query side in memory: a copy of the world, filtered by what its viewer may see, with every read counted.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use lockgate_core::agreement::Agreement;
use lockgate_core::breaker::Breaker;
use lockgate_core::claim::Aggregate;
use lockgate_core::consignment::Consignment;
use lockgate_core::decision::Decision;
use lockgate_core::delivery::{Attempt, Delivery, DeliveryState};
use lockgate_core::destination::Destination;
use lockgate_core::id::{
    AgreementId, ChannelId, ConsignmentId, DeliveryId, DestinationId, PartnerId, PolicyId, RedriveId, RevisionId,
    SecureUrlId, TransferId, UploadId,
};
use lockgate_core::notification::{Channel, Notification};
use lockgate_core::partner::Partner;
use lockgate_core::plugin::{PluginDigest, PluginVersion};
use lockgate_core::policy::{Owner, Policy, Revision};
use lockgate_core::ports::{
    ConsignmentFilter, DeliveryFilter, Page, PageRequest, PartnerFilter, PolicyFilter, Snapshot, StoreError,
    TransferFilter,
};
use lockgate_core::provenance::ChainedEntry;
use lockgate_core::quota::Standing;
use lockgate_core::redrive::{Group, Lane, Redrive, RedriveFilter, RedriveKind};
use lockgate_core::secure_url::SecureUrl;
use lockgate_core::transfer::Transfer;
use lockgate_core::upload::Upload;
use lockgate_core::viewer::Viewer;

use super::paging::{by_id, by_sequence};
use super::reads::Reads;
use super::redrives::groups;
use super::world::State;

/// A view as one viewer.
#[derive(Debug)]
pub(super) struct MemorySnapshot {
    state: State,
    viewer: Viewer,
    reads: Arc<Reads>,
}

impl MemorySnapshot {
    pub(super) fn open(state: State, viewer: &Viewer, reads: Arc<Reads>) -> Self {
        reads.opened.fetch_add(1, Ordering::SeqCst);
        Self { state, viewer: viewer.clone(), reads }
    }

    /// The world, for one read.
    pub(super) fn read(&self) -> &State {
        self.reads.made.fetch_add(1, Ordering::SeqCst);
        &self.state
    }

    /// Whether the viewer is an operator or acts for one of these.
    pub(super) fn is_any_of(&self, partners: &[PartnerId]) -> bool {
        self.viewer.role.partner().is_none_or(|own| partners.contains(&own))
    }

    fn owns(&self, owner: Owner) -> bool {
        owner.partner().map_or_else(|| self.is_any_of(&[]), |partner| self.is_any_of(&[partner]))
    }

    fn partners<'a>(&'a self, state: &'a State) -> impl Iterator<Item = &'a Partner> {
        let known = |id: PartnerId| {
            self.is_any_of(&[id])
                || state
                    .agreements
                    .iter()
                    .any(|it| (it.sender == id || it.receiver == id) && self.is_any_of(&[it.sender, it.receiver]))
        };
        state.partners.iter().filter(move |it| known(it.id))
    }

    fn consignments<'a>(&'a self, state: &'a State) -> impl Iterator<Item = &'a Consignment> {
        let all = state.aggregates.values().filter_map(|it| match it {
            Aggregate::Consignment(it) => Some(it),
            _ => None,
        });
        all.filter(|it| self.is_any_of(&[it.sender, it.receiver]))
    }

    fn transfers<'a>(&'a self, state: &'a State) -> impl Iterator<Item = &'a Transfer> {
        let all = state.aggregates.values().filter_map(|it| match it {
            Aggregate::Transfer(it) => Some(it),
            _ => None,
        });
        all.filter(|it| self.is_any_of(&[it.sender]) || self.consignments(state).any(|own| own.transfer == it.id))
    }

    fn deliveries<'a>(&'a self, state: &'a State) -> impl Iterator<Item = &'a Delivery> {
        let all = state.aggregates.values().filter_map(|it| match it {
            Aggregate::Delivery(it) => Some(it),
            _ => None,
        });
        all.filter(|it| self.is_any_of(&[it.receiver]))
    }

    fn dead_letters(&self, state: &State, of: TransferId) -> u64 {
        let dead = |it: &&Delivery| it.transfer == of && it.state == DeliveryState::DeadLettered;
        self.deliveries(state).filter(dead).count() as u64
    }

    /// What a redrive of that kind and filter would send, as far as the viewer sees it.
    fn chosen<'a>(&self, state: &'a State, kind: RedriveKind, filter: &RedriveFilter) -> Vec<&'a Delivery> {
        let chosen = state.chosen(kind, filter).into_iter();
        chosen.filter(|it| self.is_any_of(&[it.receiver])).collect()
    }

    fn sees(&self, redrive: &Redrive) -> bool {
        redrive.partner.map_or_else(|| self.is_any_of(&[]), |partner| self.is_any_of(&[partner]))
    }

    fn revisions<'a>(&'a self, state: &'a State) -> impl Iterator<Item = &'a Revision> {
        state.revisions.iter().filter(|it| self.owns(it.owner))
    }

    fn policies(&self, state: &State) -> Vec<Policy> {
        let mut policies: Vec<Policy> = Vec::new();
        for it in self.revisions(state) {
            if !policies.iter().any(|known| known.id == it.policy) {
                policies.push(Policy { id: it.policy, owner: it.owner, side: it.side });
            }
        }
        policies
    }

    fn plugins<'a>(&'a self, state: &'a State) -> impl Iterator<Item = &'a PluginVersion> {
        state.plugins.iter().filter(|it| it.owner == Owner::House || self.owns(it.owner))
    }
}

/// Oldest first.
fn sorted<T: Clone>(items: impl Iterator<Item = T>, key: impl Fn(&T) -> uuid::Uuid) -> Vec<T> {
    let mut items: Vec<_> = items.collect();
    items.sort_by_key(key);
    items
}

#[async_trait]
impl Snapshot for MemorySnapshot {
    async fn partners(&self, filter: &PartnerFilter, page: &PageRequest) -> Result<Page<Partner>, StoreError> {
        let prefix = filter.slug_prefix.as_deref().unwrap_or_default();
        let found = self
            .partners(self.read())
            .filter(|it| filter.status.is_none_or(|status| it.status == status) && it.slug.starts_with(prefix));
        Ok(by_id(found.cloned().collect(), page, |it| it.id.uuid()))
    }

    async fn partners_by_id(&self, ids: &[PartnerId]) -> Result<Vec<Partner>, StoreError> {
        Ok(self.partners(self.read()).filter(|it| ids.contains(&it.id)).cloned().collect())
    }

    async fn partner_by_slug(&self, slug: &str) -> Result<Option<Partner>, StoreError> {
        Ok(self.partners(self.read()).find(|it| it.slug == slug).cloned())
    }

    async fn agreements_by_id(&self, ids: &[AgreementId]) -> Result<Vec<Agreement>, StoreError> {
        let all = self.read().agreements.iter().filter(|it| self.is_any_of(&[it.sender, it.receiver]));
        Ok(all.filter(|it| ids.contains(&it.id)).cloned().collect())
    }

    async fn agreements(&self, of: Option<PartnerId>, page: &PageRequest) -> Result<Page<Agreement>, StoreError> {
        let all = self.read().agreements.iter().filter(|it| self.is_any_of(&[it.sender, it.receiver]));
        let named = all.filter(|it| of.is_none_or(|of| it.sender == of || it.receiver == of));
        Ok(by_id(named.cloned().collect(), page, |it| it.id.uuid()))
    }

    async fn destinations_of(&self, partners: &[PartnerId]) -> Result<Vec<Destination>, StoreError> {
        let all = self.read().destinations.iter().filter(|it| self.is_any_of(&[it.partner]));
        Ok(all.filter(|it| partners.contains(&it.partner)).cloned().collect())
    }

    async fn destinations_by_id(&self, ids: &[DestinationId]) -> Result<Vec<Destination>, StoreError> {
        let all = self.read().destinations.iter().filter(|it| self.is_any_of(&[it.partner]));
        Ok(all.filter(|it| ids.contains(&it.id)).cloned().collect())
    }

    async fn channels_of(&self, partners: &[PartnerId]) -> Result<Vec<Channel>, StoreError> {
        let all = self.read().channels.iter().filter(|it| self.is_any_of(&[it.partner]));
        Ok(all.filter(|it| partners.contains(&it.partner)).cloned().collect())
    }

    async fn channels_by_id(&self, ids: &[ChannelId]) -> Result<Vec<Channel>, StoreError> {
        let all = self.read().channels.iter().filter(|it| self.is_any_of(&[it.partner]));
        Ok(all.filter(|it| ids.contains(&it.id)).cloned().collect())
    }

    async fn plugins(&self, page: &PageRequest) -> Result<Page<PluginVersion>, StoreError> {
        Ok(by_id(self.plugins(self.read()).cloned().collect(), page, |it| it.plugin.uuid()))
    }

    async fn plugins_by_digest(&self, digests: &[PluginDigest]) -> Result<Vec<PluginVersion>, StoreError> {
        Ok(self.plugins(self.read()).filter(|it| digests.contains(&it.digest)).cloned().collect())
    }

    async fn policies(&self, filter: &PolicyFilter, page: &PageRequest) -> Result<Page<Policy>, StoreError> {
        let mut found = self.policies(self.read());
        found.retain(|it| {
            filter.owner.is_none_or(|owner| it.owner == owner) && filter.side.is_none_or(|side| it.side == side)
        });
        Ok(by_id(found, page, |it| it.id.uuid()))
    }

    async fn policies_by_id(&self, ids: &[PolicyId]) -> Result<Vec<Policy>, StoreError> {
        Ok(self.policies(self.read()).into_iter().filter(|it| ids.contains(&it.id)).collect())
    }

    async fn revisions_of(
        &self,
        policies: &[PolicyId],
        page: &PageRequest,
    ) -> Result<Vec<(PolicyId, Page<Revision>)>, StoreError> {
        let state = self.read();
        let of = |id: PolicyId| self.revisions(state).filter(|it| it.policy == id).cloned().collect();
        Ok(policies.iter().map(|id| (*id, by_id(of(*id), page, |it| it.id.uuid()))).collect())
    }

    async fn revisions_by_id(&self, ids: &[RevisionId]) -> Result<Vec<Revision>, StoreError> {
        Ok(self.revisions(self.read()).filter(|it| ids.contains(&it.id)).cloned().collect())
    }

    async fn transfers(&self, filter: &TransferFilter, page: &PageRequest) -> Result<Page<Transfer>, StoreError> {
        let state = self.read();
        let receives = |it: &Transfer, receiver: PartnerId| {
            self.consignments(state).any(|own| own.transfer == it.id && own.receiver == receiver)
                || (self.is_any_of(&[it.sender]) && it.receivers.contains(&receiver))
        };
        let found = self.transfers(state).filter(|it| {
            (filter.states.is_empty() || filter.states.contains(&it.state))
                && filter.sender.is_none_or(|sender| it.sender == sender)
                && filter.receiver.is_none_or(|receiver| receives(it, receiver))
                && filter.file_name.as_ref().is_none_or(|name| it.file_name == *name)
                && filter.since.is_none_or(|since| it.created_at >= since)
                && filter.until.is_none_or(|until| it.created_at < until)
                && filter.dead_lettered.is_none_or(|wanted| wanted == (self.dead_letters(state, it.id) > 0))
        });
        Ok(by_id(found.cloned().collect(), page, |it| it.id.uuid()))
    }

    async fn transfers_by_id(&self, ids: &[TransferId]) -> Result<Vec<Transfer>, StoreError> {
        Ok(self.transfers(self.read()).filter(|it| ids.contains(&it.id)).cloned().collect())
    }

    async fn dead_letters_of(&self, transfers: &[TransferId]) -> Result<Vec<(TransferId, u64)>, StoreError> {
        let state = self.read();
        Ok(transfers.iter().map(|id| (*id, self.dead_letters(state, *id))).collect())
    }

    async fn uploads_of(&self, transfers: &[TransferId]) -> Result<Vec<(TransferId, Upload)>, StoreError> {
        let all = self.read().uploads.values().filter(|it| self.is_any_of(&[it.sender]));
        let of_transfer = |it: &Upload| Some((it.transfer.filter(|of| transfers.contains(of))?, it.clone()));
        Ok(all.filter_map(of_transfer).collect())
    }

    async fn upload(&self, id: UploadId) -> Result<Option<Upload>, StoreError> {
        Ok(self.read().uploads.get(&id).filter(|it| self.is_any_of(&[it.sender])).cloned())
    }

    async fn consignments_of(&self, transfers: &[TransferId]) -> Result<Vec<Consignment>, StoreError> {
        let found = self.consignments(self.read()).filter(|it| transfers.contains(&it.transfer));
        Ok(sorted(found.cloned(), |it| it.id.uuid()))
    }

    async fn consignments_by_id(&self, ids: &[ConsignmentId]) -> Result<Vec<Consignment>, StoreError> {
        Ok(self.consignments(self.read()).filter(|it| ids.contains(&it.id)).cloned().collect())
    }

    async fn consignments(
        &self,
        filter: &ConsignmentFilter,
        page: &PageRequest,
    ) -> Result<Page<Consignment>, StoreError> {
        let own = self.consignments(self.read()).filter(|it| self.is_any_of(&[it.receiver]));
        let found = own.filter(|it| {
            (filter.states.is_empty() || filter.states.contains(&it.state))
                && filter.sender.is_none_or(|sender| it.sender == sender)
                && filter.receiver.is_none_or(|receiver| it.receiver == receiver)
                && filter.transfer.is_none_or(|transfer| it.transfer == transfer)
        });
        Ok(by_id(found.cloned().collect(), page, |it| it.id.uuid()))
    }

    async fn decisions_of(&self, transfers: &[TransferId]) -> Result<Vec<Decision>, StoreError> {
        let state = self.read();
        let seen = |it: &Decision| match it.consignment {
            None => self.transfers(state).any(|of| of.id == it.transfer && self.is_any_of(&[of.sender])),
            Some(id) => self.consignments(state).any(|of| of.id == id && self.is_any_of(&[of.receiver])),
        };
        Ok(state.decisions.iter().filter(|it| transfers.contains(&it.transfer) && seen(it)).cloned().collect())
    }

    async fn deliveries_of(&self, consignments: &[ConsignmentId]) -> Result<Vec<Delivery>, StoreError> {
        let found = self.deliveries(self.read()).filter(|it| consignments.contains(&it.consignment));
        Ok(sorted(found.cloned(), |it| it.id.uuid()))
    }

    async fn deliveries_by_id(&self, ids: &[DeliveryId]) -> Result<Vec<Delivery>, StoreError> {
        Ok(self.deliveries(self.read()).filter(|it| ids.contains(&it.id)).cloned().collect())
    }

    async fn deliveries(&self, filter: &DeliveryFilter, page: &PageRequest) -> Result<Page<Delivery>, StoreError> {
        let found = self.deliveries(self.read()).filter(|it| {
            (filter.states.is_empty() || filter.states.contains(&it.state))
                && filter.receiver.is_none_or(|receiver| it.receiver == receiver)
                && filter.destination.is_none_or(|destination| it.destination == destination)
                && filter.transfer.is_none_or(|transfer| it.transfer == transfer)
        });
        Ok(by_id(found.cloned().collect(), page, |it| it.id.uuid()))
    }

    async fn dead_letter_groups(&self, filter: &RedriveFilter) -> Result<Vec<Group>, StoreError> {
        Ok(groups(&self.chosen(self.read(), RedriveKind::DeadLetters, filter), true))
    }

    async fn replay_groups(&self, filter: &RedriveFilter) -> Result<Vec<Group>, StoreError> {
        Ok(groups(&self.chosen(self.read(), RedriveKind::Replay, filter), false))
    }

    async fn dead_letters(&self, filter: &RedriveFilter, page: &PageRequest) -> Result<Page<Delivery>, StoreError> {
        let chosen = self.chosen(self.read(), RedriveKind::DeadLetters, filter);
        Ok(by_id(chosen.into_iter().cloned().collect(), page, |it| it.id.uuid()))
    }

    async fn redrives(&self, page: &PageRequest) -> Result<Page<Redrive>, StoreError> {
        let state = self.read();
        let seen = state.redrives.iter().filter(|it| self.sees(it)).filter_map(|it| state.redrive(it.id));
        Ok(by_id(seen.collect(), page, |it| it.id.uuid()))
    }

    async fn redrives_by_id(&self, ids: &[RedriveId]) -> Result<Vec<Redrive>, StoreError> {
        let state = self.read();
        Ok(ids.iter().filter_map(|id| state.redrive(*id)).filter(|it| self.sees(it)).collect())
    }

    async fn lanes_of(&self, redrives: &[RedriveId]) -> Result<Vec<Lane>, StoreError> {
        let state = self.read();
        let seen = |id| state.redrive(id).is_some_and(|it| self.sees(&it));
        let lanes = state.lanes.iter().map(|it| it.lane.clone());
        Ok(lanes.filter(|it| redrives.contains(&it.redrive) && seen(it.redrive)).collect())
    }

    async fn secure_urls(&self, of: Option<TransferId>, page: &PageRequest) -> Result<Page<SecureUrl>, StoreError> {
        Ok(by_id(self.urls(of), page, |it| it.id.uuid()))
    }

    async fn secure_urls_by_id(&self, ids: &[SecureUrlId]) -> Result<Vec<SecureUrl>, StoreError> {
        Ok(self.urls(None).into_iter().filter(|it| ids.contains(&it.id)).collect())
    }

    async fn breakers_of(&self, destinations: &[DestinationId]) -> Result<Vec<(DestinationId, Breaker)>, StoreError> {
        Ok(self.breakers(destinations))
    }

    async fn attempts_of(&self, deliveries: &[DeliveryId]) -> Result<Vec<(DeliveryId, Attempt)>, StoreError> {
        let state = self.read();
        let seen = |id: DeliveryId| deliveries.contains(&id) && self.deliveries(state).any(|it| it.id == id);
        Ok(state.attempts.iter().filter(|(id, _)| seen(*id)).cloned().collect())
    }

    async fn standings_of(&self, partners: &[PartnerId]) -> Result<Vec<Standing>, StoreError> {
        Ok(self.read().standings(partners))
    }

    async fn notifications_of(&self, transfers: &[TransferId]) -> Result<Vec<Notification>, StoreError> {
        let all = self.read().aggregates.values().filter_map(|it| match it {
            Aggregate::Notification(it) => Some(it),
            _ => None,
        });
        let found = all.filter(|it| transfers.contains(&it.event.transfer) && self.owns(it.owner));
        Ok(sorted(found.cloned(), |it| it.id.uuid()))
    }

    async fn provenance_of(
        &self,
        transfers: &[TransferId],
        page: &PageRequest,
    ) -> Result<Vec<(TransferId, Page<ChainedEntry>)>, StoreError> {
        let state = self.read();
        let seen = |it: &ChainedEntry| super::sight::entry(it, &self.viewer, state);
        let of = |id: TransferId| state.entries.iter().filter(|it| it.transfer == id).filter_map(seen).collect();
        Ok(transfers.iter().map(|id| (*id, by_sequence(of(*id), page))).collect())
    }

    async fn close(self: Box<Self>) {
        self.reads.closed.fetch_add(1, Ordering::SeqCst);
    }
}
