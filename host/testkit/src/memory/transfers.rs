//! The transfer store in memory: claims fenced by version, announcements by idempotency key.

use super::MemoryStore;
use super::snapshot::MemorySnapshot;
use super::world::State;
use async_trait::async_trait;
use lockgate_core::change::Change;
use lockgate_core::claim::{Aggregate, Claim, ClaimOrigin, Room};
use lockgate_core::command::{RungCommand, Work};
use lockgate_core::delivery::{DeliveryState, Wait};
use lockgate_core::destination::Destination;
use lockgate_core::digest::Digest;
use lockgate_core::id::{ChannelId, DestinationId, HostId, NotificationId, PartnerId, RevisionId, TransferId};
use lockgate_core::notification::{Channel, NotificationState};
use lockgate_core::partner::Partner;
use lockgate_core::policy::{Owner, Revision, RevisionPin, Rollout, Side};
use lockgate_core::ports::{
    Addressing, Admission, AnnounceOutcome, Announcement, Blame, CommitError, Earlier, Relayed, Snapshot, StoreError,
    TransferBus, TransferStore,
};
use lockgate_core::provenance::Entry;
use lockgate_core::time::Clock;
use lockgate_core::transfer::{Transfer, TransferState};
use lockgate_core::viewer::Viewer;
use std::sync::Arc;
use std::time::Duration;

#[async_trait]
impl TransferStore for MemoryStore {
    async fn heartbeat(&self, _host: HostId, _alive_for: Duration) -> Result<(), StoreError> {
        Ok(())
    }

    async fn claim(&self, host: HostId, commands: &[RungCommand]) -> Result<Vec<Claim>, StoreError> {
        let at = self.clock.now();
        let mut state = self.state();
        let claims = commands.iter().filter_map(|it| {
            let origin = ClaimOrigin::Rung(it.ring.clone());
            state.claim(host, it.command.work, it.command.version, origin, at)
        });
        Ok(claims.collect())
    }

    /// Only what is due, whatever it is: nobody dies in memory.
    async fn adopt(&self, host: HostId, most: usize, _room: Room, _late: Duration) -> Result<Vec<Claim>, StoreError> {
        let at = self.clock.now();
        let mut state = self.state();
        let due = |it: &Aggregate| match it {
            Aggregate::Delivery(it) => it.state == DeliveryState::Scheduled && it.due_at <= at,
            Aggregate::Notification(it) => match it.state {
                NotificationState::Scheduled => it.due_at <= at && !state.is_parked(it),
                // One that was put off; the others were rung for.
                NotificationState::Pending => it.due_at <= at && it.due_at > it.updated_at,
                _ => false,
            },
            Aggregate::Transfer(_) | Aggregate::Consignment(_) => false,
        };
        let free = |it: &&Aggregate| due(it) && !state.claims.contains_key(&it.work());
        let mut due: Vec<_> =
            state.aggregates.values().filter(free).map(|it| (it.work(), it.version())).take(most).collect();
        due.extend(state.take_up(at));
        due.sort_by_key(|(work, _)| work.uuid());
        let claims =
            due.into_iter().filter_map(|(work, version)| state.claim(host, work, version, ClaimOrigin::Polled, at));
        Ok(claims.collect())
    }

    /// Breakers only: in memory one attempt is made at a time.
    async fn admit(&self, claim: &Claim, destination: &Destination) -> Result<Admission, StoreError> {
        let now = self.clock.now();
        let Work::Delivery(delivery) = claim.aggregate.work() else { return Ok(Admission::Stale) };
        let mut state = self.state();
        let breaker = state.breakers.entry(destination.id).or_default();
        Ok(match breaker.admit(delivery, now) {
            Ok(admitted) => {
                *breaker = admitted;
                Admission::Go
            }
            Err(until) => Admission::Wait { until, waits: Wait::Breaker },
        })
    }

    async fn ask(&self, channel: ChannelId, message: NotificationId) -> Result<bool, StoreError> {
        let at = self.clock.now();
        Ok(self.state().ask(channel, message, at))
    }

    async fn suspect(&self, claim: &Claim) -> Result<(), CommitError> {
        self.state().suspects.push(claim.aggregate.work());
        Ok(())
    }

    async fn relinquish(&self, claim: &Claim, after: Duration, blame: Blame) -> Result<(), StoreError> {
        let (work, mut state) = (claim.aggregate.work(), self.state());
        state.claims.remove(&work);
        state.returned.push((work, after, blame));
        Ok(())
    }

    async fn commit(&self, change: &Change) -> Result<(), CommitError> {
        self.state().write(change)
    }

    async fn pin(&self, claim: &Claim, side: Side) -> Result<Vec<Revision>, CommitError> {
        let mut state = self.state();
        let work = claim.aggregate.work();
        let active = |state: &State, owner| {
            let found = |it: &&Revision| it.owner == owner && it.side == side && it.rollout == Rollout::Active;
            state.revisions.iter().rev().find(found).cloned()
        };
        let found: Vec<_> = [Owner::House, Owner::Partner(claim.aggregate.partner())]
            .into_iter()
            .filter_map(|owner| active(&state, owner))
            .collect();
        let pins: Vec<_> =
            found.iter().map(|it| RevisionPin { owner: it.owner, revision: it.id, number: it.number }).collect();
        let kept = match state.aggregates.get_mut(&work) {
            Some(it) if it.version() != claim.aggregate.version() => return Err(CommitError::Stale(work)),
            Some(Aggregate::Transfer(it)) if it.pins.is_empty() => {
                it.pins = pins;
                it.pins.clone()
            }
            Some(Aggregate::Consignment(it)) if it.pins.is_empty() => {
                it.pins = pins;
                it.pins.clone()
            }
            // Judged anew: nothing is kept.
            Some(Aggregate::Delivery(_)) => return Ok(found),
            Some(Aggregate::Transfer(it)) => it.pins.clone(),
            Some(Aggregate::Consignment(it)) => it.pins.clone(),
            _ => return Err(CommitError::Stale(work)),
        };
        Ok(kept.iter().filter_map(|pin| state.revisions.iter().find(|it| it.id == pin.revision).cloned()).collect())
    }

    async fn announce(&self, announcement: &Announcement) -> Result<AnnounceOutcome, StoreError> {
        let mut state = self.state();
        let transfer = &announcement.transfer;
        if let Some(key) = &transfer.idempotency_key {
            let key = (transfer.sender, key.clone());
            if let Some((fingerprint, known)) = state.keyed(&key) {
                if fingerprint != announcement.fingerprint {
                    return Ok(AnnounceOutcome::Conflict { transfer: known });
                }
                let upload = state.uploads.values().find(|it| it.transfer == Some(known)).cloned();
                if let (Some(Aggregate::Transfer(it)), Some(upload)) =
                    (state.aggregates.get(&Work::Transfer(known)), upload)
                {
                    return Ok(AnnounceOutcome::Repeated { transfer: Box::new(it.clone()), upload: Box::new(upload) });
                }
            }
            state.fingerprints.insert(key, (announcement.fingerprint, transfer.id));
        }
        if let Some(over) = state.over(&announcement.upload, announcement.quota) {
            if let Some(key) = &transfer.idempotency_key {
                state.fingerprints.remove(&(transfer.sender, key.clone()));
            }
            return Ok(AnnounceOutcome::OverQuota(over));
        }
        if let Some(url) = announcement.by {
            if state.count_use(url, transfer.created_at).is_none() {
                return Ok(AnnounceOutcome::UrlEnded);
            }
            state.handed_in.insert(transfer.id, url);
        }
        state.aggregates.insert(Work::Transfer(transfer.id), Aggregate::Transfer(transfer.clone()));
        state.uploads.insert(announcement.upload.id, announcement.upload.clone());
        state.chain(transfer.id, &announcement.entry);
        Ok(AnnounceOutcome::Created)
    }

    async fn announced_under(&self, sender: PartnerId, key: &str) -> Result<Option<Earlier>, StoreError> {
        let state = self.state();
        let Some((fingerprint, known)) = state.keyed(&(sender, key.to_owned())) else { return Ok(None) };
        let upload = state.uploads.values().find(|it| it.transfer == Some(known)).cloned();
        Ok(match (state.aggregates.get(&Work::Transfer(known)), upload) {
            (Some(Aggregate::Transfer(it)), Some(upload)) => {
                Some(Earlier { transfer: it.clone(), upload, fingerprint })
            }
            _ => None,
        })
    }

    async fn load(&self, work: Work) -> Result<Option<Aggregate>, StoreError> {
        Ok(self.get(work))
    }

    async fn append(&self, transfer: TransferId, entry: &Entry) -> Result<(), StoreError> {
        self.state().chain(transfer, entry);
        Ok(())
    }

    async fn expired(&self, room: usize) -> Result<Vec<Aggregate>, StoreError> {
        let at = self.clock.now();
        let state = self.state();
        let overdue = |it: &&Aggregate| match it {
            Aggregate::Transfer(it) if it.state == TransferState::Announced => state.uploads.values().any(|upload| {
                let ends = !upload.complete || upload.once;
                upload.transfer == Some(it.id) && ends && upload.expires_at <= at
            }),
            Aggregate::Transfer(it) => it.hold.as_ref().is_some_and(|hold| hold.expires_at <= at),
            Aggregate::Consignment(it) => it.hold.as_ref().is_some_and(|hold| hold.expires_at <= at),
            Aggregate::Delivery(_) | Aggregate::Notification(_) => false,
        };
        Ok(state.aggregates.values().filter(overdue).take(room).cloned().collect())
    }

    async fn twin(&self, transfer: &Transfer, digest: &Digest) -> Result<Option<TransferId>, StoreError> {
        let state = self.state();
        let earlier = state.receipts.iter().take_while(|id| **id != transfer.id);
        let earlier = earlier.filter_map(|id| state.aggregates.get(&Work::Transfer(*id)));
        let twin = earlier.filter_map(|it| match it {
            Aggregate::Transfer(it)
                if it.sender == transfer.sender
                    && it.file_name == transfer.file_name
                    && !matches!(it.state, TransferState::Rejected | TransferState::Cancelled)
                    && it.source.as_ref().is_some_and(|source| source.digest == *digest) =>
            {
                Some(it.id)
            }
            _ => None,
        });
        Ok(twin.last())
    }

    async fn revision(&self, id: RevisionId) -> Result<Option<Revision>, StoreError> {
        Ok(self.state().revisions.iter().find(|it| it.id == id).cloned())
    }

    async fn partner(&self, id: PartnerId) -> Result<Option<Partner>, StoreError> {
        Ok(self.state().partners.iter().find(|it| it.id == id).cloned())
    }

    async fn destinations(&self, partner: PartnerId) -> Result<Vec<Destination>, StoreError> {
        let state = self.state();
        Ok(state.destinations.iter().filter(|it| it.partner == partner).cloned().collect())
    }

    async fn destination(&self, id: DestinationId) -> Result<Option<Destination>, StoreError> {
        Ok(self.state().destinations.iter().find(|it| it.id == id).cloned())
    }

    async fn first_unfinished(&self, destination: DestinationId) -> Result<Option<i64>, StoreError> {
        let state = self.state();
        let positions = state.aggregates.values().filter_map(|it| match it {
            Aggregate::Delivery(it) if it.destination == destination && it.state == DeliveryState::Scheduled => {
                it.position
            }
            _ => None,
        });
        Ok(positions.min())
    }

    async fn channel(&self, partner: PartnerId, name: &str) -> Result<Option<Channel>, StoreError> {
        let state = self.state();
        let found = state.channels.iter().find(|it| it.partner == partner && it.name == name).cloned();
        Ok(found.map(|mut it| {
            it.health.waited_for = state.is_waited_for(it.id);
            it
        }))
    }

    async fn channels(&self, partner: PartnerId, names: &[String]) -> Result<Vec<Channel>, StoreError> {
        let state = self.state();
        let all = state.channels.iter().filter(|it| it.partner == partner && names.contains(&it.name));
        Ok(all.cloned().collect())
    }

    async fn agreed_receivers(&self, sender: PartnerId) -> Result<Vec<Partner>, StoreError> {
        let state = self.state();
        let agreed = |it: &&Partner| {
            state.agreements.iter().any(|agreement| {
                agreement.sender == sender
                    && agreement.receiver == it.id
                    && agreement.status == lockgate_core::agreement::AgreementStatus::Active
            })
        };
        Ok(state.partners.iter().filter(agreed).cloned().collect())
    }

    async fn addressing(&self, sender: PartnerId, named: &[String]) -> Result<Option<Addressing>, StoreError> {
        let state = self.state();
        let Some(it) = state.partners.iter().find(|it| it.id == sender) else { return Ok(None) };
        let is_named = |it: &Partner| named.iter().any(|named| *named == it.slug || *named == it.id.to_string());
        let agreement = |to: &Partner| {
            let active = lockgate_core::agreement::AgreementStatus::Active;
            let mut all = state.agreements.iter();
            all.find(|it| it.sender == sender && it.receiver == to.id && it.status == active).cloned()
        };
        let named = state.partners.iter().filter(|it| is_named(it));
        let agreed = named.filter_map(|it| Some((it.clone(), agreement(it)?))).collect();
        let terms = state.quotas.get(&sender).copied().unwrap_or_default();
        Ok(Some(Addressing { sender: it.clone(), terms, agreed }))
    }

    async fn relay(&self, limit: usize, bus: &dyn TransferBus) -> Result<Relayed, StoreError> {
        let commands: Vec<_> = self.state().outbox.iter().take(limit).cloned().collect();
        bus.publish(&commands).await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let mut state = self.state();
        state.outbox.drain(..commands.len());
        Ok(Relayed { commands: commands.len(), more: !state.outbox.is_empty() })
    }

    async fn snapshot(&self, viewer: &Viewer) -> Result<Box<dyn Snapshot>, StoreError> {
        Ok(Box::new(MemorySnapshot::open(self.state().clone(), viewer, Arc::clone(&self.reads))))
    }
}
