//! The registry in memory.

use async_trait::async_trait;
use lockgate_core::agreement::{Agreement, AgreementStatus};
use lockgate_core::claim::Aggregate;
use lockgate_core::destination::{Destination, DestinationStatus};
use lockgate_core::id::{AgreementId, ChannelId, DestinationId, PartnerId, PluginId, PolicyId, RevisionId};
use lockgate_core::notification::{Channel, ChannelHealth, NotificationState};
use lockgate_core::partner::Partner;
use lockgate_core::plugin::{PluginDigest, PluginVersion, Published};
use lockgate_core::policy::{Owner, Revision, Rollout};
use lockgate_core::ports::{
    ChannelChange, DestinationChange, NewRevision, Registry, RegistryError, StoreError, Turned,
};
use lockgate_core::quota::Quota;
use lockgate_core::time::{Clock as _, Timestamp};

use super::MemoryStore;

fn taken(kind: &'static str, name: &str) -> RegistryError {
    RegistryError::Taken { kind, name: name.to_owned() }
}

fn unknown(kind: &'static str, id: impl ToString) -> RegistryError {
    RegistryError::Unknown { kind, id: id.to_string() }
}

#[async_trait]
impl Registry for MemoryStore {
    async fn add_partner(&self, partner: &Partner) -> Result<(), RegistryError> {
        let mut state = self.state();
        if state.partners.iter().any(|it| it.slug == partner.slug) {
            return Err(taken("partner", &partner.slug));
        }
        state.partners.push(partner.clone());
        Ok(())
    }

    async fn update_partner(&self, partner: &Partner) -> Result<(), RegistryError> {
        let mut state = self.state();
        let known = state.partners.iter_mut().find(|it| it.id == partner.id);
        *known.ok_or_else(|| unknown("partner", partner.id))? = partner.clone();
        Ok(())
    }

    async fn find_partner(&self, id: PartnerId) -> Result<Option<Partner>, StoreError> {
        Ok(self.state().partners.iter().find(|it| it.id == id).cloned())
    }

    async fn partner_by_slug(&self, slug: &str) -> Result<Option<Partner>, StoreError> {
        Ok(self.state().partners.iter().find(|it| it.slug == slug).cloned())
    }

    async fn add_agreement(&self, agreement: &Agreement) -> Result<(), RegistryError> {
        let mut state = self.state();
        let same = |it: &Agreement| {
            (it.sender, it.receiver, it.status) == (agreement.sender, agreement.receiver, AgreementStatus::Active)
        };
        if state.agreements.iter().any(same) {
            return Err(taken("agreement", "of these partners"));
        }
        state.agreements.push(agreement.clone());
        Ok(())
    }

    async fn end_agreement(&self, id: AgreementId) -> Result<Agreement, RegistryError> {
        let mut state = self.state();
        let agreement = state.agreements.iter_mut().find(|it| it.id == id).ok_or_else(|| unknown("agreement", id))?;
        agreement.status = AgreementStatus::Ended;
        Ok(agreement.clone())
    }

    async fn agreement(&self, sender: PartnerId, receiver: PartnerId) -> Result<Option<Agreement>, StoreError> {
        let wanted = (sender, receiver, AgreementStatus::Active);
        Ok(self.state().agreements.iter().find(|it| (it.sender, it.receiver, it.status) == wanted).cloned())
    }

    async fn add_destination(&self, destination: &Destination) -> Result<(), RegistryError> {
        let mut state = self.state();
        if state.destinations.iter().any(|it| it.partner == destination.partner && it.name == destination.name) {
            return Err(taken("destination", &destination.name));
        }
        state.destinations.push(destination.clone());
        Ok(())
    }

    async fn update_destination(
        &self,
        id: DestinationId,
        change: &DestinationChange,
    ) -> Result<Destination, RegistryError> {
        let mut state = self.state();
        let known = state.destinations.iter_mut().find(|it| it.id == id);
        let it = known.ok_or_else(|| unknown("destination", id))?;
        let DestinationChange { endpoint, ordered, settings, turned } = change.clone();
        it.endpoint = endpoint.unwrap_or_else(|| it.endpoint.clone());
        it.ordered = ordered.unwrap_or(it.ordered);
        it.settings = settings.unwrap_or_else(|| it.settings.clone());
        match turned {
            Some(Turned::On) => (it.status, it.disabled) = (DestinationStatus::Active, None),
            Some(Turned::Off(why)) => (it.status, it.disabled) = (DestinationStatus::Disabled, Some(why)),
            None => {}
        }
        Ok(it.clone())
    }

    async fn find_destination(&self, id: DestinationId) -> Result<Option<Destination>, StoreError> {
        Ok(self.state().destinations.iter().find(|it| it.id == id).cloned())
    }

    async fn set_quota(&self, partner: PartnerId, terms: &Quota) -> Result<(), RegistryError> {
        self.state().quotas.insert(partner, *terms);
        Ok(())
    }

    async fn update_channel(&self, id: ChannelId, change: &ChannelChange) -> Result<Channel, RegistryError> {
        let mut state = self.state();
        state.asking.remove(&id);
        let it = state.channels.iter_mut().find(|it| it.id == id).ok_or_else(|| unknown("channel", id))?;
        let ChannelChange { kind, events, enabled } = change.clone();
        if let Some(kind) = kind.filter(|kind| *kind != it.kind) {
            (it.kind, it.health.failing_since) = (kind, None);
        }
        it.events = events.unwrap_or_else(|| it.events.clone());
        if let Some(enabled) = enabled {
            (it.enabled, it.health) = (enabled, ChannelHealth::default());
        }
        Ok(it.clone())
    }

    async fn recover_channel(&self, channel: &Channel, since: Timestamp) -> Result<u64, RegistryError> {
        let (mut state, at, mut count) = (self.state(), self.clock.now(), 0);
        for it in state.aggregates.values_mut() {
            let Aggregate::Notification(it) = it else { continue };
            let lost = matches!(it.state, NotificationState::DeadLettered | NotificationState::Skipped);
            let next = it.messages.get(it.sent as usize);
            let own = it.owner.partner().unwrap_or(it.event.partner) == channel.partner;
            if lost && own && it.updated_at >= since && next.is_some_and(|message| message.channel == channel.name) {
                (it.state, it.due_at, it.attempts, it.updated_at) = (NotificationState::Scheduled, at, 0, at);
                it.version += 1;
                count += 1;
            }
        }
        Ok(count)
    }

    async fn find_channel(&self, id: ChannelId) -> Result<Option<Channel>, StoreError> {
        Ok(self.state().channels.iter().find(|it| it.id == id).cloned())
    }

    async fn add_channel(&self, channel: &Channel) -> Result<(), RegistryError> {
        let mut state = self.state();
        if state.channels.iter().any(|it| it.partner == channel.partner && it.name == channel.name) {
            return Err(taken("channel", &channel.name));
        }
        state.channels.push(channel.clone());
        Ok(())
    }

    async fn add_plugin(&self, version: &PluginVersion) -> Result<Published, RegistryError> {
        let mut state = self.state();
        let same = |it: &&PluginVersion| it.digest == version.digest && it.owner == version.owner;
        if let Some(known) = state.plugins.iter().find(same) {
            return Ok(Published { version: known.clone(), repeated: true });
        }
        state.plugins.push(version.clone());
        Ok(Published { version: version.clone(), repeated: false })
    }

    async fn plugin_id(&self, owner: Owner, name: &str) -> Result<Option<PluginId>, StoreError> {
        let state = self.state();
        Ok(state.plugins.iter().find(|it| it.owner == owner && it.manifest.name == name).map(|it| it.plugin))
    }

    async fn bindable(&self, owner: Owner, digest: &PluginDigest) -> Result<Option<PluginVersion>, StoreError> {
        let state = self.state();
        let may = |it: &&PluginVersion| it.digest == *digest && (it.owner == owner || it.owner == Owner::House);
        Ok(state.plugins.iter().find(may).cloned())
    }

    async fn publish_revision(&self, new: &NewRevision) -> Result<Revision, RegistryError> {
        let mut state = self.state();
        let before: Vec<_> = state.revisions.iter().filter(|it| it.owner == new.owner && it.side == new.side).collect();
        let policy = before.first().map_or_else(|| PolicyId::generate(new.at), |it| it.policy);
        let revision = Revision {
            id: new.id,
            policy,
            owner: new.owner,
            side: new.side,
            number: u32::try_from(before.len()).unwrap_or(u32::MAX).saturating_add(1),
            rollout: Rollout::Draft,
            bindings: new.bindings.clone(),
            note: new.note.clone(),
            author: new.author.clone(),
            created_at: new.at,
            activated_at: None,
        };
        state.revisions.push(revision.clone());
        Ok(revision)
    }

    async fn activate_revision(&self, id: RevisionId, at: Timestamp) -> Result<Revision, RegistryError> {
        let mut state = self.state();
        let found = state.revisions.iter().find(|it| it.id == id).ok_or_else(|| unknown("policy revision", id))?;
        let policy = found.policy;
        let mut active = None;
        for it in state.revisions.iter_mut().filter(|it| it.policy == policy) {
            if it.id == id {
                (it.rollout, it.activated_at) = (Rollout::Active, Some(at));
                active = Some(it.clone());
            } else if it.rollout == Rollout::Active {
                it.rollout = Rollout::Retired;
            }
        }
        active.ok_or_else(|| unknown("policy revision", id))
    }

    async fn active_revisions(&self) -> Result<Vec<Revision>, StoreError> {
        Ok(self.state().revisions.iter().filter(|it| it.rollout == Rollout::Active).cloned().collect())
    }

    async fn find_revision(&self, id: RevisionId) -> Result<Option<Revision>, StoreError> {
        Ok(self.state().revisions.iter().find(|it| it.id == id).cloned())
    }
}
