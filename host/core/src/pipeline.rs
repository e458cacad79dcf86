//! The pipeline: what a host does with what it claimed. It reads like the life of a transfer: judged on the sender's
//! side, routed, judged on each receiver's side, delivered, told.

mod deliver;
mod inbound;
mod judge;
mod mask;
mod notify;
mod orders;
mod outbound;
mod put_off;
mod report;
mod route;
mod seat;
mod trail;
mod validate;

use std::sync::Arc;
use std::time::Duration;

use tracing::{Instrument, Span};

use crate::change::Change;
use crate::claim::{Aggregate, Claim, ClaimOrigin, Room};
use crate::hold::{Hold, HoldCause, OnRelease};
use crate::id::PartnerId;
use crate::partner::Partner;
use crate::payload::Payload;
use crate::policy::{Binding, Owner, Revision, RevisionPin};
use crate::ports::{
    Blame, CommitError, Connector, Messenger, PayloadError, PayloadStore, PluginRunner, StoreError, TransferStore,
};
use crate::retry::RetrySchedule;
use crate::state::IllegalMove;
use crate::time::{Clock, Timestamp};
use crate::trace::Tracer;
use crate::transfer::Transfer;
use judge::Scene;

pub(crate) use orders::orders;
pub use put_off::NoPlace;

/// The installation's terms for the pipeline.
#[derive(Debug, Clone)]
pub struct PipelineSettings {
    /// The pauses between attempts of a delivery.
    pub deliveries: RetrySchedule,
    /// The pauses between attempts of a notification's message.
    pub notifications: RetrySchedule,
    /// For how long a channel may take nothing before it is turned off.
    pub channel_patience: Duration,
    /// How long a held thing waits for a person.
    pub hold_lifetime: Duration,
    /// After how many refusals reading stops.
    pub refusals: u64,
    /// How soon a host may try again what it gave back for its own troubles.
    pub relinquish: Duration,
    /// How soon a delivery is looked at again that must let others pass; a multiple of it, what found no place.
    pub postpone: Duration,
}

impl Default for PipelineSettings {
    fn default() -> Self {
        Self {
            deliveries: RetrySchedule::default(),
            notifications: RetrySchedule::default(),
            channel_patience: Duration::from_secs(5 * 24 * 60 * 60),
            hold_lifetime: Duration::from_secs(7 * 24 * 60 * 60),
            refusals: 100,
            relinquish: Duration::from_secs(2),
            postpone: Duration::from_secs(1),
        }
    }
}

/// The ports that the pipeline works over.
#[derive(Debug, Clone)]
pub struct PipelinePorts {
    /// The truth.
    pub store: Arc<dyn TransferStore>,
    /// The bytes.
    pub payloads: Arc<dyn PayloadStore>,
    /// The plugins.
    pub runner: Arc<dyn PluginRunner>,
    /// The destinations.
    pub connector: Arc<dyn Connector>,
    /// The notification channels.
    pub messenger: Arc<dyn Messenger>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The traces.
    pub tracer: Arc<dyn Tracer>,
}

/// Works on claims.
#[derive(Debug, Clone)]
pub struct Pipeline {
    ports: PipelinePorts,
    settings: PipelineSettings,
}

/// How work on a claim ended.
#[derive(Debug, Clone, PartialEq)]
pub enum WorkEnd {
    /// Its result is committed.
    Done,
    /// Its result is committed, and the host holds what follows.
    Onward(Vec<Claim>),
    /// Somebody else moved on first; what was done here is dropped.
    Stale,
    /// The host or a service could not; the claim was given back already, and anybody may adopt it `after` that time.
    Retry {
        /// How soon.
        after: Duration,
        /// What was the matter, for the log.
        why: String,
    },
    /// The same, but the store does not answer, so the claim is still held: the caller must relinquish it when the store
    /// is back, or nobody will adopt it while this host lives.
    Stuck {
        /// What was the matter, for the log.
        why: String,
    },
}

/// Why work on a claim has no result.
#[derive(Debug)]
enum Abort {
    /// Somebody else moved on first.
    Stale,
    /// The host or a service could not; it says why.
    Retry(String),
    /// A plugin missed its deadline for the first time: judge once more.
    Again,
    /// The store contradicts itself.
    Broken(&'static str),
}

impl Pipeline {
    /// A pipeline over these ports.
    pub fn new(ports: PipelinePorts, settings: PipelineSettings) -> Self {
        Self { ports, settings }
    }

    /// Works on one claim to its end and commits the result. The host goes on with what comes of it if, by then, it has
    /// room for all of it; else anybody is rung for them.
    pub async fn work(&self, claim: Claim, room: impl Fn() -> Room) -> WorkEnd {
        let span = span(&claim.aggregate);
        // Under a host's `claim` span this one is its child; alone it joins the trace that the work came with.
        if Span::current().is_none() {
            self.ports.tracer.adopt(&span, claim.aggregate.trace());
        }
        let change = self.change(&claim).instrument(span.clone()).await;
        let change = change.map(|mut it| {
            it.keep(claim.host, room());
            it
        });
        self.conclude(claim, change).instrument(span).await
    }

    /// Commits what came of the work, or gives it back.
    async fn conclude(&self, claim: Claim, change: Result<Change, Abort>) -> WorkEnd {
        let committed = async {
            let change = change?;
            self.ports.store.commit(&change).await?;
            let (host, at) = (claim.host, change.at());
            let onward = |aggregate| Claim { aggregate, host, origin: ClaimOrigin::Onward, at };
            Ok(change.onward().into_iter().map(onward).collect::<Vec<_>>())
        };
        match committed.await {
            Ok(onward) if onward.is_empty() => WorkEnd::Done,
            Ok(onward) => WorkEnd::Onward(onward),
            Err(Abort::Stale) => WorkEnd::Stale,
            Err(Abort::Retry(why)) => self.give_back(&claim, why, Blame::Nobody).await,
            Err(Abort::Again) => self.give_back(&claim, "a plugin missed its deadline".to_owned(), Blame::Nobody).await,
            Err(Abort::Broken(why)) => {
                tracing::error!(work = %claim.aggregate.work(), why, "The store contradicts itself.");
                self.give_back(&claim, why.to_owned(), Blame::Work).await
            }
        }
    }

    async fn change(&self, claim: &Claim) -> Result<Change, Abort> {
        match &claim.aggregate {
            Aggregate::Transfer(transfer) => self.inbound(claim, transfer).await,
            Aggregate::Consignment(consignment) => self.outbound(claim, consignment).await,
            Aggregate::Delivery(delivery) => self.deliver(claim, delivery).await,
            Aggregate::Notification(notification) => self.notify(claim, notification).await,
        }
    }

    async fn give_back(&self, claim: &Claim, why: String, blame: Blame) -> WorkEnd {
        self.relinquish(claim, self.settings.relinquish, why, blame).await
    }

    async fn relinquish(&self, claim: &Claim, after: Duration, why: String, blame: Blame) -> WorkEnd {
        match self.ports.store.relinquish(claim, after, blame).await {
            Ok(()) => WorkEnd::Retry { after, why },
            Err(error) => WorkEnd::Stuck { why: format!("{why}; and the claim could not be given back: {error}") },
        }
    }

    async fn partner(&self, id: PartnerId) -> Result<Partner, Abort> {
        self.ports.store.partner(id).await?.ok_or(Abort::Broken("work of a partner that does not exist"))
    }
}

impl From<StoreError> for Abort {
    fn from(error: StoreError) -> Self {
        Self::Retry(error.to_string())
    }
}

impl From<PayloadError> for Abort {
    fn from(error: PayloadError) -> Self {
        Self::Retry(error.to_string())
    }
}

impl From<CommitError> for Abort {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Stale(_) => Self::Stale,
            CommitError::Store(error) => error.into(),
        }
    }
}

impl From<IllegalMove> for Abort {
    /// The claim was made on something that has no work left; whoever finished it moved on.
    fn from(error: IllegalMove) -> Self {
        tracing::warn!(work = %error.work, state = error.state, "There was nothing left to do on a claim.");
        Self::Stale
    }
}

fn span(aggregate: &Aggregate) -> Span {
    match aggregate {
        Aggregate::Transfer(it) => {
            tracing::info_span!("judge inbound", transfer.id = %it.id, partner.id = %it.sender)
        }
        Aggregate::Consignment(it) => tracing::info_span!(
            "judge outbound", transfer.id = %it.transfer, consignment.id = %it.id, partner.id = %it.receiver
        ),
        Aggregate::Delivery(it) => tracing::info_span!(
            "deliver", transfer.id = %it.transfer, delivery.id = %it.id, partner.id = %it.receiver,
            destination.id = %it.destination, delivery.answer = tracing::field::Empty
        ),
        Aggregate::Notification(it) => tracing::info_span!(
            "notify", transfer.id = %it.event.transfer, notification.id = %it.id, partner.id = %it.event.partner
        ),
    }
}

/// The bindings of the pinned revisions that judge such payloads: the house's first, then the partner's, each in its
/// own order.
fn bindings(revisions: &[Revision], media_type: &str) -> Vec<Binding> {
    let all = ordered(revisions).flat_map(|revision| &revision.bindings);
    all.filter(|binding| binding.applies_to(media_type)).cloned().collect()
}

fn pins(revisions: &[Revision]) -> Vec<RevisionPin> {
    let pin = |it: &Revision| RevisionPin { owner: it.owner, revision: it.id, number: it.number };
    ordered(revisions).map(pin).collect()
}

fn ordered(revisions: &[Revision]) -> impl Iterator<Item = &Revision> {
    let of = |house: bool| revisions.iter().filter(move |it| (it.owner == Owner::House) == house);
    of(true).chain(of(false))
}

/// What plugins are told about the payload.
fn attributes(
    transfer: &Transfer,
    sender: &Partner,
    receiver: Option<&Partner>,
    source: &Payload,
) -> Vec<(String, String)> {
    let mut attributes = vec![
        ("sender", sender.slug.clone()),
        ("sender.id", sender.id.to_string()),
        ("file.name", transfer.file_name.clone()),
        ("file.media-type", source.media_type.clone()),
        ("file.size", source.size.to_string()),
    ];
    if let Some(receiver) = receiver {
        attributes.push(("receiver", receiver.slug.clone()));
        attributes.push(("receiver.id", receiver.id.to_string()));
    }
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The hold of work over which three hosts ended.
fn poison(at: Timestamp, lifetime: Duration) -> Hold {
    Hold {
        cause: HoldCause::Poison,
        by: Owner::House,
        explanation: "three hosts ended while they worked on it; look at their logs before releasing it".to_owned(),
        on_release: OnRelease::JudgeAgain,
        expires_at: at + lifetime,
        object: None,
    }
}
