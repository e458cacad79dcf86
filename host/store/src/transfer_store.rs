//! The transfer store over Postgres; each method's work has a file of its own.

use std::time::Duration;

use async_trait::async_trait;
use lockgate_core::change::Change;
use lockgate_core::claim::{Aggregate, Claim, Room};
use lockgate_core::command::{RungCommand, Work};
use lockgate_core::destination::Destination;
use lockgate_core::digest::Digest;
use lockgate_core::id::{ChannelId, DestinationId, HostId, NotificationId, PartnerId, RevisionId, TransferId};
use lockgate_core::notification::Channel;
use lockgate_core::partner::Partner;
use lockgate_core::policy::{Revision, Side};
use lockgate_core::ports::{
    Addressing, Admission, AnnounceOutcome, Announcement, Blame, CommitError, Earlier, Relayed, Snapshot, StoreError,
    TransferBus, TransferStore,
};
use lockgate_core::provenance::Entry;
use lockgate_core::transfer::{Transfer, Version};
use lockgate_core::viewer::Viewer;

use crate::store::PgStore;
use crate::{
    addressing, admit, adopt, announce, ask, claim, commit, host, load, pin, provenance, relay, snapshot, suspect,
};

#[async_trait]
impl TransferStore for PgStore {
    async fn heartbeat(&self, host: HostId, alive_for: Duration) -> Result<(), StoreError> {
        Ok(host::heartbeat(self, host, alive_for).await?)
    }

    async fn claim(&self, host: HostId, commands: &[RungCommand]) -> Result<Vec<Claim>, StoreError> {
        Ok(claim::claim(self, host, commands).await?)
    }

    async fn adopt(&self, host: HostId, most: usize, room: Room, overdue: Duration) -> Result<Vec<Claim>, StoreError> {
        Ok(adopt::adopt(self, host, most, room, overdue).await?)
    }

    async fn admit(&self, claim: &Claim, destination: &Destination) -> Result<Admission, StoreError> {
        Ok(admit::admit(self, claim, destination).await?)
    }

    async fn ask(&self, channel: ChannelId, message: NotificationId) -> Result<bool, StoreError> {
        Ok(ask::ask(self, channel, message).await?)
    }

    async fn suspect(&self, claim: &Claim) -> Result<(), CommitError> {
        suspect::suspect(self, claim).await
    }

    async fn relinquish(&self, claim: &Claim, after: Duration, blame: Blame) -> Result<(), StoreError> {
        Ok(host::relinquish(self, claim, after, blame).await?)
    }

    async fn disown(&self, host: HostId, known: &[(Work, Version)], settled: Duration) -> Result<usize, StoreError> {
        Ok(host::disown(self, host, known, settled).await?)
    }

    async fn commit(&self, change: &Change) -> Result<(), CommitError> {
        commit::commit(self, change).await
    }

    async fn pin(&self, claim: &Claim, side: Side) -> Result<Vec<Revision>, CommitError> {
        pin::pin(self, claim, side).await
    }

    async fn addressing(&self, sender: PartnerId, named: &[String]) -> Result<Option<Addressing>, StoreError> {
        addressing::find(self, sender, named).await
    }

    async fn announce(&self, announcement: &Announcement) -> Result<AnnounceOutcome, StoreError> {
        announce::announce(self, announcement).await
    }

    async fn announced_under(&self, sender: PartnerId, key: &str) -> Result<Option<Earlier>, StoreError> {
        Ok(announce::earlier(self, sender, key).await?)
    }

    async fn load(&self, work: Work) -> Result<Option<Aggregate>, StoreError> {
        Ok(load::aggregate(self, work).await?)
    }

    async fn append(&self, transfer: TransferId, entry: &Entry) -> Result<(), StoreError> {
        Ok(provenance::append(self, transfer, entry).await?)
    }

    async fn expired(&self, room: usize) -> Result<Vec<Aggregate>, StoreError> {
        Ok(load::expired(self, room).await?)
    }

    async fn twin(&self, transfer: &Transfer, digest: &Digest) -> Result<Option<TransferId>, StoreError> {
        Ok(load::twin(self, transfer, digest).await?)
    }

    async fn revision(&self, id: RevisionId) -> Result<Option<Revision>, StoreError> {
        load::revision(self, id).await
    }

    async fn partner(&self, id: PartnerId) -> Result<Option<Partner>, StoreError> {
        load::partner(self, id).await
    }

    async fn destinations(&self, partner: PartnerId) -> Result<Vec<Destination>, StoreError> {
        Ok(load::destinations(self, partner).await?)
    }

    async fn destination(&self, id: DestinationId) -> Result<Option<Destination>, StoreError> {
        Ok(load::destination(self, id).await?)
    }

    async fn first_unfinished(&self, destination: DestinationId) -> Result<Option<i64>, StoreError> {
        Ok(load::first_unfinished(self, destination).await?)
    }

    async fn channel(&self, partner: PartnerId, name: &str) -> Result<Option<Channel>, StoreError> {
        load::channel(self, partner, name).await
    }

    async fn channels(&self, partner: PartnerId, names: &[String]) -> Result<Vec<Channel>, StoreError> {
        load::channels(self, partner, names).await
    }

    async fn agreed_receivers(&self, sender: PartnerId) -> Result<Vec<Partner>, StoreError> {
        Ok(load::agreed_receivers(self, sender).await?)
    }

    async fn relay(&self, limit: usize, bus: &dyn TransferBus) -> Result<Relayed, StoreError> {
        Ok(relay::relay(self, limit, bus).await?)
    }

    async fn snapshot(&self, viewer: &Viewer) -> Result<Box<dyn Snapshot>, StoreError> {
        Ok(Box::new(snapshot::PgSnapshot::of(self, viewer)))
    }
}
