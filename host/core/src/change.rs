//! Changes: all that one legal move writes, in one transaction, only if the version still matches.
//!
//! *Invariant:* only [`crate::state`] makes a `Change`; the store writes it and adds nothing of its own but sequence
//! numbers and links.

use crate::claim::{Aggregate, Room};
use crate::command::{Command, Work};
use crate::consignment::Consignment;
use crate::decision::Decision;
use crate::delivery::{Attempt, Delivery};
use crate::destination::Endpoint;
use crate::id::{DestinationId, HostId, PayloadId, TransferId};
use crate::notification::{Channel, ChannelHealth, Event, Notification};
use crate::provenance::Entry;
use crate::time::{SOON, Timestamp};
use crate::transfer::Version;

/// All that one legal move writes.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub(crate) expected: Version,
    pub(crate) next: Aggregate,
    pub(crate) transfer: TransferId,
    pub(crate) entries: Vec<Entry>,
    pub(crate) rings: bool,
    pub(crate) goes_on: bool,
    pub(crate) keeper: Option<HostId>,
    pub(crate) consignments: Vec<Consignment>,
    pub(crate) deliveries: Vec<NewDelivery>,
    pub(crate) notifications: Vec<Notification>,
    pub(crate) decision: Option<Decision>,
    pub(crate) attempt: Option<Attempt>,
    pub(crate) events: Vec<Event>,
    pub(crate) promotes: Vec<PayloadId>,
    pub(crate) discards: Vec<PayloadId>,
    pub(crate) disables: Option<Disabling>,
    pub(crate) channel: Option<(Channel, ChannelHealth)>,
    pub(crate) turns_off: Option<TurningOff>,
    pub(crate) at: Timestamp,
}

/// A delivery to create; an ordered one gets its position under the destination's row lock.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDelivery {
    /// The delivery, without a position.
    pub delivery: Delivery,
    /// Whether the destination keeps order.
    pub ordered: bool,
}

impl NewDelivery {
    /// Whether it may be worked on as soon as it is there: one that stands in line waits for those before it.
    pub const fn has_its_turn(&self) -> bool {
        !self.ordered
    }
}

/// A destination to turn off, unless it leads elsewhere by now: the answer is older than that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disabling {
    /// Which.
    pub destination: DestinationId,
    /// Where it led when it was asked.
    pub endpoint: Endpoint,
    /// Why, in one sentence.
    pub reason: String,
}

/// What tells of a destination or channel that a host turned off. Written only where it was still on: of two hosts that
/// hear at once that it is gone, one turns it off.
#[derive(Debug, Clone, PartialEq)]
pub struct TurningOff {
    /// The provenance entry, at the transfer whose delivery or message was refused.
    pub entry: Entry,
    /// The event, told to its owner.
    pub event: Event,
}

impl Change {
    /// What changes.
    pub const fn work(&self) -> Work {
        self.next.work()
    }

    /// The version that must still be found; committing makes it one higher.
    pub const fn expected(&self) -> Version {
        self.expected
    }

    /// The aggregate afterwards; its version is `expected + 1`. Its claim, if any, ends with the commit, unless it goes on.
    pub const fn next(&self) -> &Aggregate {
        &self.next
    }

    /// Whether the claim outlives the commit: whoever composed a notification sends it, and nobody needs to be rung for.
    pub const fn goes_on(&self) -> bool {
        self.goes_on
    }

    /// The host that goes on with what is created, if one does: that is born as its claim, and nobody is rung for it.
    pub const fn keeper(&self) -> Option<HostId> {
        self.keeper
    }

    /// Lets a host go on with what is created, if it has room for all of it. Parts for which it has none are rung for
    /// nowhere either, as they are many: whoever has room looks for them.
    pub fn keep(&mut self, host: HostId, room: Room) {
        let fits = self.consignments.len() <= room.judging
            && self.deliveries.len() <= room.deliveries
            && self.notifications.len() <= room.messages;
        self.keeper = Some(host).filter(|_| fits);
        if !fits {
            self.notifications.iter_mut().for_each(|part| part.due_at = part.updated_at + SOON);
        }
    }

    /// What whoever commits the change holds afterwards, and works on next.
    pub fn onward(self) -> Vec<Aggregate> {
        let kept = self.keeper.is_some();
        let deliveries = self.deliveries.into_iter().filter(NewDelivery::has_its_turn).map(|it| it.delivery);
        let consignments = self.consignments.into_iter().map(Aggregate::Consignment);
        let notifications = self.notifications.into_iter().map(Aggregate::Notification);
        let created = consignments.chain(deliveries.map(Aggregate::Delivery)).chain(notifications);
        Some(self.next).filter(|_| self.goes_on).into_iter().chain(created.filter(|_| kept)).collect()
    }

    /// The transfer in whose chain the entries are placed.
    pub const fn transfer(&self) -> TransferId {
        self.transfer
    }

    /// The provenance entries, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The commands to put in the outbox: for the aggregate itself, if it has work left, and for all that is created and
    /// that nobody goes on with.
    pub fn commands(&self) -> Vec<Command> {
        let rung = self.keeper.is_none();
        let own = self.rings.then(|| command(&self.next));
        let consignments = self.consignments.iter().filter(|_| rung).cloned().map(Aggregate::Consignment);
        let deliveries = self.deliveries.iter().filter(|it| rung || !it.has_its_turn());
        let deliveries = deliveries.map(|it| Aggregate::Delivery(it.delivery.clone()));
        let notifications = self.notifications.iter().filter(|it| rung && it.due_at <= it.updated_at);
        let notifications = notifications.cloned().map(Aggregate::Notification);
        let created = consignments.chain(deliveries).chain(notifications);
        own.into_iter().chain(created.map(|it| command(&it))).collect()
    }

    /// The consignments to create, at version 0.
    pub fn consignments(&self) -> &[Consignment] {
        &self.consignments
    }

    /// The deliveries to create, at version 0.
    pub fn deliveries(&self) -> &[NewDelivery] {
        &self.deliveries
    }

    /// The further parts of a notification that was composed, to create at version 0.
    pub fn notifications(&self) -> &[Notification] {
        &self.notifications
    }

    /// The decision to keep.
    pub const fn decision(&self) -> Option<&Decision> {
        self.decision.as_ref()
    }

    /// The attempt to keep, of the delivery that changes.
    pub const fn attempt(&self) -> Option<&Attempt> {
        self.attempt.as_ref()
    }

    /// What to notify. For each event the store creates one pending notification (and its command) per notify binding
    /// of the house's and the event's partner's active revisions; unique per event and binding.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Payload rows that become live.
    pub fn promotes(&self) -> &[PayloadId] {
        &self.promotes
    }

    /// Payload rows that nobody needs any more; the sweeper removes their objects.
    pub fn discards(&self) -> &[PayloadId] {
        &self.discards
    }

    /// A destination that said it is gone; turned off only where it still leads where it was asked.
    pub const fn disables(&self) -> Option<&Disabling> {
        self.disables.as_ref()
    }

    /// A channel as it was read before it was asked, and how it fares from now on: so only where nobody else found or made
    /// it otherwise meanwhile.
    pub const fn channel(&self) -> Option<&(Channel, ChannelHealth)> {
        self.channel.as_ref()
    }

    /// What is written besides if [`Self::disables`] or [`Self::channel`] turns off what was still on.
    pub const fn turns_off(&self) -> Option<&TurningOff> {
        self.turns_off.as_ref()
    }

    /// When the move was made.
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}

fn command(aggregate: &Aggregate) -> Command {
    Command {
        work: aggregate.work(),
        version: aggregate.version(),
        partner: aggregate.partner(),
        trace: aggregate.trace().clone(),
    }
}
