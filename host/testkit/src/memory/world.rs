//! What the in-memory stores remember, behind one lock: the transaction of a test.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use lockgate_core::agreement::Agreement;
use lockgate_core::breaker::Breaker;
use lockgate_core::claim::{Aggregate, Claim, ClaimOrigin};
use lockgate_core::command::{Command, Ring, Work};
use lockgate_core::decision::Decision;
use lockgate_core::delivery::Attempt;
use lockgate_core::destination::Destination;
use lockgate_core::digest::Digest;
use lockgate_core::id::{
    ChannelId, DeliveryId, DestinationId, HostId, NotificationId, PartnerId, PayloadId, SecureUrlId, TransferId,
    UploadId,
};
use lockgate_core::notification::Channel;
use lockgate_core::partner::Partner;
use lockgate_core::payload::Payload;
use lockgate_core::plugin::PluginVersion;
use lockgate_core::policy::Revision;
use lockgate_core::ports::Blame;
use lockgate_core::provenance::ChainedEntry;
use lockgate_core::quota::{Bound, Counted, DAY, OverQuota, Quota, Standing};
use lockgate_core::redrive::Redrive;
use lockgate_core::time::{Clock, Timestamp};
use lockgate_core::upload::Upload;

use super::redrives::KeptLane;
use super::secure_urls::KeptUrl;
use super::{Reads, VirtualClock};

/// Remembers everything; implements the transfer, upload and registry ports.
#[derive(Debug)]
pub struct MemoryStore {
    pub(super) clock: Arc<VirtualClock>,
    state: Mutex<State>,
    pub(super) reads: Arc<Reads>,
}

#[derive(Debug, Default, Clone)]
pub(super) struct State {
    pub(super) aggregates: HashMap<Work, Aggregate>,
    pub(super) claims: HashMap<Work, HostId>,
    pub(super) entries: Vec<ChainedEntry>,
    pub(super) outbox: VecDeque<Command>,
    pub(super) rung: i64,
    /// In the order in which they were received.
    pub(super) receipts: Vec<TransferId>,
    pub(super) decisions: Vec<Decision>,
    pub(super) attempts: Vec<(DeliveryId, Attempt)>,
    pub(super) live: Vec<PayloadId>,
    pub(super) discarded: Vec<PayloadId>,
    /// Of which it was asked whether their rows still stand.
    pub(super) landed: Vec<PayloadId>,
    pub(super) positions: i64,
    pub(super) fingerprints: HashMap<(PartnerId, String), (Digest, TransferId)>,
    pub(super) uploads: HashMap<UploadId, Upload>,
    pub(super) sealed: HashMap<UploadId, Payload>,
    /// Of how many receipts more the answer gets lost.
    pub(super) lost_answers: usize,
    /// How many receipts more fail.
    pub(super) lost_receipts: usize,
    pub(super) partners: Vec<Partner>,
    pub(super) agreements: Vec<Agreement>,
    pub(super) destinations: Vec<Destination>,
    pub(super) channels: Vec<Channel>,
    pub(super) quotas: HashMap<PartnerId, Quota>,
    pub(super) plugins: Vec<PluginVersion>,
    pub(super) revisions: Vec<Revision>,
    pub(super) redrives: Vec<Redrive>,
    pub(super) lanes: Vec<KeptLane>,
    pub(super) secure_urls: Vec<KeptUrl>,
    /// By which URLs transfers came.
    pub(super) handed_in: HashMap<TransferId, SecureUrlId>,
    pub(super) breakers: HashMap<DestinationId, Breaker>,
    pub(super) asking: HashMap<ChannelId, (Option<NotificationId>, Timestamp)>,
    /// What was written down before a plugin began to work on it.
    pub(super) suspects: Vec<Work>,
    /// What hosts gave back.
    pub(super) returned: Vec<(Work, Duration, Blame)>,
    /// Messages that waited for a channel and do not any more.
    pub(super) on_their_way: HashSet<NotificationId>,
}

impl MemoryStore {
    /// An empty world on that clock.
    pub fn new(clock: Arc<VirtualClock>) -> Self {
        Self { clock, state: Mutex::default(), reads: Arc::default() }
    }

    /// How the query side was used.
    pub fn reads(&self) -> Arc<Reads> {
        Arc::clone(&self.reads)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics inside a store")
    }

    /// Claims the oldest command that still matches, as if Kafka had rung.
    pub fn ring(&self, host: HostId) -> Option<Claim> {
        let at = self.clock.now();
        let mut state = self.state();
        while let Some(command) = state.outbox.pop_front() {
            state.rung += 1;
            let ring = Ring { topic: "lockgate.commands".to_owned(), partition: 0, offset: state.rung };
            if let Some(claim) = state.claim(host, command.work, command.version, ClaimOrigin::Rung(ring), at) {
                return Some(claim);
            }
        }
        None
    }

    /// Adds a revision as it is, active or not.
    pub fn put_revision(&self, revision: Revision) {
        self.state().revisions.push(revision);
    }

    /// Adds any aggregate as it is.
    pub fn put(&self, aggregate: Aggregate) {
        self.state().aggregates.insert(aggregate.work(), aggregate);
    }

    /// The objects of which it was asked whether their rows still stand.
    pub fn landed(&self) -> Vec<PayloadId> {
        self.state().landed.clone()
    }

    /// An aggregate as it stands now.
    pub fn get(&self, work: Work) -> Option<Aggregate> {
        self.state().aggregates.get(&work).cloned()
    }

    /// All aggregates of a kind that `pick` chooses, oldest first.
    pub fn all<T>(&self, pick: impl Fn(&Aggregate) -> Option<T>) -> Vec<T> {
        let state = self.state();
        let mut all: Vec<_> = state.aggregates.iter().collect();
        all.sort_by_key(|(work, _)| work.uuid());
        all.into_iter().filter_map(|(_, aggregate)| pick(aggregate)).collect()
    }

    /// A transfer's provenance.
    pub fn provenance(&self, transfer: TransferId) -> Vec<ChainedEntry> {
        self.state().entries.iter().filter(|it| it.transfer == transfer).cloned().collect()
    }

    /// The decisions, oldest first.
    pub fn decisions(&self) -> Vec<Decision> {
        self.state().decisions.clone()
    }

    /// What was written down as suspect, oldest first.
    pub fn suspects(&self) -> Vec<Work> {
        self.state().suspects.clone()
    }

    /// What was given back, how soon others may have it, and what was to blame.
    pub fn returned(&self) -> Vec<(Work, Duration, Blame)> {
        self.state().returned.clone()
    }

    /// The attempts, oldest first.
    pub fn attempts(&self) -> Vec<(DeliveryId, Attempt)> {
        self.state().attempts.clone()
    }

    /// The payload objects that were promoted, and those that nobody needs any more.
    pub fn objects(&self) -> (Vec<PayloadId>, Vec<PayloadId>) {
        let state = self.state();
        (state.live.clone(), state.discarded.clone())
    }
}

impl State {
    /// What is announced under a key: one that ended without being received is not any more.
    pub(super) fn keyed(&self, key: &(PartnerId, String)) -> Option<(Digest, TransferId)> {
        let known = self.fingerprints.get(key).copied()?;
        match self.aggregates.get(&Work::Transfer(known.1)) {
            Some(Aggregate::Transfer(it)) if it.idempotency_key.is_none() => None,
            _ => Some(known),
        }
    }

    /// Where partners stand.
    pub(super) fn standings(&self, partners: &[PartnerId]) -> Vec<Standing> {
        let terms = |id: &PartnerId| self.quotas.get(id).copied().unwrap_or_default();
        let standing = |id: &PartnerId| {
            let counted = self.counted(*id);
            Standing { partner: *id, terms: terms(id), counted, begun: counted }
        };
        partners.iter().map(standing).collect()
    }

    /// What a partner handed in: in memory it is always the same day, and nothing is swept.
    pub(super) fn counted(&self, partner: PartnerId) -> Counted {
        let mut counted = Counted::default();
        self.uploads.values().filter(|it| it.sender == partner).for_each(|it| add(&mut counted, taken(it)));
        counted
    }

    /// Whether another upload goes beyond its sender's quota; the parts of an assembled one make room for it.
    pub(super) fn over(&self, upload: &Upload, quota: Quota) -> Option<OverQuota> {
        let (mut counted, asked) = (self.counted(upload.sender), taken(upload));
        let parts = upload.assembles.iter().filter_map(|id| self.uploads.get(id));
        let room: u64 = parts.map(|it| taken(it).stored).sum();
        counted.stored = counted.stored.saturating_sub(room);
        add(&mut counted, asked);
        let exceeded = quota.exceeded(counted, asked)?;
        Some(OverQuota { exceeded, ends_in: (exceeded.bound != Bound::StoredBytes).then_some(DAY) })
    }

    pub(super) fn claim(
        &mut self,
        host: HostId,
        work: Work,
        version: i64,
        origin: ClaimOrigin,
        at: Timestamp,
    ) -> Option<Claim> {
        let aggregate = self.aggregates.get_mut(&work).filter(|it| it.version() == version)?;
        match aggregate {
            Aggregate::Transfer(it) => it.version += 1,
            Aggregate::Consignment(it) => it.version += 1,
            Aggregate::Delivery(it) => it.version += 1,
            Aggregate::Notification(it) => it.version += 1,
        }
        self.claims.insert(work, host);
        Some(Claim { aggregate: aggregate.clone(), host, origin, at })
    }
}

/// What an upload takes of its sender's quota. In memory parts are assembled once: the day has their bytes already.
fn taken(upload: &Upload) -> Counted {
    let bytes = upload.length.unwrap_or(0);
    Counted {
        transfers: u64::from(upload.transfer.is_some()),
        bytes: if upload.assembles.is_empty() { bytes } else { 0 },
        stored: bytes.max(upload.offset),
    }
}

fn add(sum: &mut Counted, more: Counted) {
    sum.transfers += more.transfers;
    sum.bytes += more.bytes;
    sum.stored += more.stored;
}
